//go:build real

package leshan

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Flags of the test binary (after -args).
var (
	conformanceFile = flag.String("conformance", "", "write the table of results to this `file`, if all cases were run")
	clientUnderTest = flag.String("client", "firmware", "`firmware`; leshan: Leshan's own client in its place, to test the tests; or the file of a built firmware, beside which FILE.bootloader starts it, and FILE.next is an image of its next version")
)

// software is what the tests run.
type software struct {
	m18, m15 string // class paths: the compiled fronts and Leshan's jars
	firmware string // the firmware's binary; empty with Leshan's client
	models   string // a folder with the definitions of its objects
	scratch  string // a folder for the run

	bootloader string // installs the firmware from the file of the factory's image, and starts it
	next       string // file of an image of its next version
	crashing   string // a program that crashes at its start

	server, bootstrap *server
}

// built is set once, before the first test.
var built software

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(prepareAndRun(m))
}

func prepareAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "cloudgen-leshan-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if built, err = build(dir); err != nil {
		fmt.Fprintf(os.Stderr, "test/leshan: %v\n", err)
		return 1
	}
	// Most cases wait for a timer most of the time.
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("12"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := startServers(); err != nil {
		fmt.Fprintf(os.Stderr, "test/leshan: %v\n", err)
		return 1
	}
	status := m.Run()
	if err := stopServers(); err != nil {
		fmt.Fprintf(os.Stderr, "test/leshan: %v\n", err)
		return 1
	}
	if err := writeConformance(*conformanceFile); err != nil {
		fmt.Fprintf(os.Stderr, "test/leshan: %v\n", err)
		return 1
	}
	return status
}

// logs is where the servers' logs and events are after a run.
const logs = "../../build/leshan/logs"

func startServers() error {
	var err error
	if built.server, err = startServer("Server", built.m18, built.models); err != nil {
		return err
	}
	built.bootstrap, err = startServer("Bootstrap", built.m15)
	return err
}

func stopServers() error {
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return err
	}
	return errors.Join(built.server.close(logs), built.bootstrap.close(logs))
}

// build compiles the fronts, and meanwhile the firmware.
func build(dir string) (software, error) {
	s := software{scratch: dir}
	var failures [3]error
	var work sync.WaitGroup
	work.Go(func() { s.m18, failures[0] = compile(dir, "m18") })
	work.Go(func() { s.m15, failures[1] = compile(dir, "m15") })
	work.Go(func() { failures[2] = s.useCloudgen() })
	work.Wait()
	for _, err := range failures {
		if err != nil {
			return software{}, err
		}
	}
	return s, nil
}

// compile compiles the Java sources of a class path and gives the whole of it.
func compile(dir, name string) (string, error) {
	jars, err := filepath.Glob(filepath.Join("..", "..", "build", "leshan", name, "*.jar"))
	if err != nil {
		return "", err
	}
	if len(jars) == 0 {
		return "", fmt.Errorf("the jars of Leshan are not in build/leshan/%s; run as root: scripts/install-test-deps", name)
	}
	sources, err := filepath.Glob(filepath.Join("java", name, "*.java"))
	if err != nil {
		return "", err
	}
	libraries, err := filepath.Abs(filepath.Join("..", "..", "build", "leshan", name))
	if err != nil {
		return "", err
	}
	classes := filepath.Join(dir, name)
	classPath := filepath.Join(libraries, "*") + string(filepath.ListSeparator) + classes
	command := exec.Command("javac", append([]string{"-d", classes, "-cp", classPath, filepath.Join("java", "Front.java")}, sources...)...)
	if log, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", command, err, log)
	}
	return classPath, nil
}

// useCloudgen builds the command, and uses it as users do: for the definitions of the objects that a server has to know, and for the firmware
// with the debug console, the bootloader, and the image of the next version.
func (s *software) useCloudgen() error {
	cloudgen := filepath.Join(s.scratch, "cloudgen")
	overlays := []string{"-overlay", "overlay-lwm2m.hcl", "-overlay", filepath.Join("testdata", "overlay-conformance.hcl")}
	s.models = filepath.Join(s.scratch, "models")
	commands := []*exec.Cmd{
		exec.Command("go", "build", "-o", cloudgen, "../../cmd/cloudgen"),
		exec.Command(cloudgen, append([]string{"export", "lwm2m-xml", "-all", "-o", s.models}, overlays...)...),
	}
	switch *clientUnderTest {
	case "firmware":
		factory := filepath.Join(s.scratch, "factory.img")
		s.next = filepath.Join(s.scratch, "next.img")
		for version, image := range map[string]string{"1.0.0": factory, "2.0.0": s.next} {
			output := filepath.Join(s.scratch, version)
			commands = append(commands,
				exec.Command(cloudgen, append([]string{
					"-set", "ASSET_TRACKER_V2_APP_VERSION=" + version, "-set", "BOOT_FACTORY_IMAGE=" + factory, "-o", output,
				}, overlays...)...),
				exec.Command(cloudgen, "sign", "-lab", "-o", image, filepath.Join(output, "bin", "firmware")))
		}
		s.firmware, s.bootloader = filepath.Join(s.scratch, "1.0.0", "bin", "firmware"), filepath.Join(s.scratch, "1.0.0", "bin", "bootloader")
	case "leshan":
	default:
		s.firmware, s.bootloader, s.next = *clientUnderTest, *clientUnderTest+".bootloader", *clientUnderTest+".next"
	}
	s.crashing = filepath.Join(s.scratch, "crash")
	commands = append(commands, exec.Command("go", "build", "-o", s.crashing, "../fota/testdata/crash"))
	for _, command := range commands {
		if log, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", command, err, log)
		}
	}
	return nil
}
