//go:build real

package difftest

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/cloudgen/cloudgen/kconfig"
)

var (
	trees = flag.Int("trees", 1000, "how many random trees to compare")
	seed  = flag.Uint64("seed", 1, "seed of the first tree; the others follow")
	store = flag.String("store", "", "folder in which every case is kept with Kconfiglib's answer, like testdata/cases")
)

// version of Kconfiglib that answers, and the SHA-256 of its wheel.
const (
	version = "14.1.0"
	wheel   = "edcd35a20e7e138a9a9e96149027f805f785e818d2eae400b6fa8b0c8845114a"
)

//go:embed referee.py
var script string

// TestAgainstKconfiglib resolves random trees here and in Kconfiglib and compares every value and visibility. The
// interpreter with Kconfiglib is $CLOUDGEN_KCONFIGLIB; without it the test makes a virtual environment in the user's cache.
func TestAgainstKconfiglib(t *testing.T) {
	python, err := interpreter()
	if err != nil {
		t.Fatal(err)
	}
	workers := runtime.GOMAXPROCS(0)
	var work sync.WaitGroup
	for worker := range workers {
		work.Go(func() {
			r, err := start(python)
			if err != nil {
				t.Error(err)
				return
			}
			for i := worker; i < *trees && !t.Failed(); i += workers {
				check(t, r, *seed+uint64(i))
			}
			if err := r.stop(); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if !t.Failed() {
		t.Logf("%d trees, seeds %d to %d, no difference", *trees, *seed, *seed+uint64(*trees)-1)
	}
}

func check(t *testing.T, r *referee, seed uint64) {
	m := generate(seed)
	want, err := r.ask(m.kconfig(), m.fragment())
	if err != nil {
		t.Errorf("seed %d: %v", seed, err)
		return
	}
	if *store != "" {
		if err := keep(filepath.Join(*store, fmt.Sprintf("seed%d.json", seed)), m, want); err != nil {
			t.Error(err)
		}
	}
	name, text := "fragment.conf", m.fragment()
	if seed%2 == 0 {
		name, text = "overlay.hcl", m.overlay()
	}
	layer, diags := kconfig.ParseOverlay(name, []byte(text))
	if diags.HasErrors() {
		t.Errorf("seed %d: %v", seed, diags)
		return
	}
	if differences := compare(m.hcl(), layer, want); len(differences) > 0 {
		t.Errorf("seed %d: %d differences", seed, len(differences))
		for _, d := range differences {
			t.Log(d)
		}
		file := filepath.Join(os.TempDir(), fmt.Sprintf("kconfig-seed%d.json", seed))
		if err := keep(file, m, want); err != nil {
			t.Error(err)
		}
		t.Logf("kept as %s; move it to testdata/cases once it is understood", file)
	}
}

// keep writes a case with Kconfiglib's answer.
func keep(file string, m *model, want *answer) error {
	data, err := json.MarshalIndent(kept{Kconfig: m.kconfig(), HCL: m.hcl(), Fragment: m.fragment(), Answer: want}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

// referee is a running Kconfiglib.
type referee struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func start(python string) (*referee, error) {
	command := exec.Command(python, "-I", "-c", script)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	return &referee{command, in, bufio.NewReaderSize(out, 1<<20)}, nil
}

func (r *referee) ask(tree, fragment string) (*answer, error) {
	request, err := json.Marshal(map[string]string{"kconfig": tree, "conf": fragment})
	if err != nil {
		return nil, err
	}
	if _, err := r.in.Write(append(request, '\n')); err != nil {
		return nil, err
	}
	line, err := r.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("no answer from Kconfiglib: %w", err)
	}
	var a answer
	return &a, json.Unmarshal(line, &a)
}

func (r *referee) stop() error {
	return errors.Join(r.in.Close(), r.command.Wait())
}

// interpreter finds or makes a Python with Kconfiglib.
func interpreter() (string, error) {
	if python := os.Getenv("CLOUDGEN_KCONFIGLIB"); python != "" {
		return python, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "cloudgen", "kconfiglib-"+version)
	python := filepath.Join(folder, "bin", "python")
	if exec.Command(python, "-c", "import kconfiglib").Run() == nil {
		return python, nil
	}
	requirements := filepath.Join(cache, "cloudgen", "kconfiglib-"+version+".txt")
	if err := os.MkdirAll(filepath.Dir(requirements), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(requirements, []byte("kconfiglib=="+version+" --hash=sha256:"+wheel+"\n"), 0o644); err != nil {
		return "", err
	}
	for _, command := range [][]string{
		{"python3", "-m", "venv", "--clear", folder},
		{python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", requirements},
	} {
		if output, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("Kconfiglib is needed (Python 3 with venv and pip): %v: %w\n%s", command, err, output)
		}
	}
	return python, nil
}
