//go:build real

package aws

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

// program is a device as users build it: cloudgen generates and builds bootloader and firmware, and signs the images with the lab's key.
type program struct {
	testing.TB
	cloud    *cloud
	cloudgen string
	folder   string
	command  *exec.Cmd
	ended    chan error
	log      *os.File
}

func buildProgram(t testing.TB, c *cloud) *program {
	t.Helper()
	p := &program{TB: t, cloud: c, folder: t.TempDir()}
	p.cloudgen = filepath.Join(p.folder, "cloudgen")
	p.run("go", "build", "-o", p.cloudgen, "../../cmd/cloudgen")
	p.run(p.cloudgen, "-overlay", "overlay-aws.hcl", "-set", "CLOUD_LAB_DEFAULTS=y", "-set", "CLOUD_CLIENT_ID_USE_CUSTOM=y", "-set", "CLOUD_CLIENT_ID="+thing,
		"-set", "BOOT_FACTORY_IMAGE="+p.image(1), "-set", "ASSET_TRACKER_V2_APP_VERSION=1.0.0", "-o", filepath.Join(p.folder, "built"))
	p.sign(1)
	log, err := os.Create(filepath.Join(p.folder, "log"))
	check(t, err)
	p.log = log
	t.Cleanup(func() {
		p.kill()
		check(t, log.Close())
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("the end of the device's log:\n%s", text[max(0, len(text)-8000):])
		}
	})
	return p
}

func (p *program) run(name string, args ...string) {
	p.Helper()
	command := exec.Command(name, args...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if log, err := command.CombinedOutput(); err != nil {
		p.Fatalf("%s: %v\n%s", command, err, log)
	}
}

func (p *program) image(version int) string {
	return filepath.Join(p.folder, fmt.Sprintf("%d.img", version))
}

// sign makes an image of a version. The program in it is the same.
func (p *program) sign(version int) []byte {
	p.Helper()
	p.run(p.cloudgen, "sign", "-lab", "-version", fmt.Sprintf("%d.0.0", version), "-o", p.image(version), filepath.Join(p.folder, "built", "bin", "firmware"))
	content, err := os.ReadFile(p.image(version))
	check(p, err)
	return content
}

func (p *program) start() {
	p.Helper()
	p.command = exec.Command(filepath.Join(p.folder, "built", "bin", "bootloader"),
		"-data", filepath.Join(p.folder, "data"), "-credentials", p.cloud.credentials, "-endpoint", p.cloud.Broker().Address())
	p.command.Stdout, p.command.Stderr = p.log, p.log
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	check(p, p.command.Start())
	p.ended = make(chan error, 1)
	go func(command *exec.Cmd, ended chan<- error) { ended <- command.Wait() }(p.command, p.ended)
}

// kill kills bootloader and firmware at once.
func (p *program) kill() {
	p.Helper()
	if p.command == nil {
		return
	}
	if err := syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		p.Error(err)
	}
	<-p.ended
	p.command = nil
}

// version is the one of the active slot.
func (p *program) version() int {
	p.Helper()
	state, err := slots.Peek(durable.Open(filepath.Join(p.folder, "data", slots.FolderName)))
	check(p, err)
	s, err := slots.Open(durable.Open(filepath.Join(p.folder, "data", slots.FolderName)), slots.Config{}, slots.None)
	check(p, err)
	version, err := s.Version(state.Active)
	check(p, err)
	return int(version.Major)
}

const (
	killedUpdates = 5
	killsOfEach   = 8
)

// TestKills: bootloader and firmware are killed at random moments of one update after the other. Each comes to its end, and is told once: a second
// outcome would be refused by the service.
func TestKills(t *testing.T) {
	config := (&device{}).shipped(t)
	c := newCloud(t, policy(config))
	p := buildProgram(t, c)
	random := rand.New(rand.NewPCG(6, 1))
	for version := 2; version < 2+killedUpdates; version++ {
		id, key := fmt.Sprintf("to-%d", version), fmt.Sprintf("app/%d.bin", version)
		c.put(key, p.sign(version))
		c.job(id, c.update(version, key))
		for range killsOfEach {
			p.start()
			time.Sleep(time.Duration(random.Int64N(int64(700 * time.Millisecond)))) // a random moment is what is wanted
			p.kill()
		}
		p.start()
		c.awaitStatus(id, "SUCCEEDED")
		p.kill()
		if got := p.version(); got != version {
			t.Errorf("version %d is the active one, want %d", got, version)
		}
	}
	t.Logf("%d updates, %d kills", killedUpdates, killedUpdates*(killsOfEach+1))
}
