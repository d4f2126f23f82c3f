//go:build real

package real

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// software is what the tests run, with full paths.
type software struct {
	firmware, mosquitto, mosquittoPub, mosquittoSub string
}

// installed is set once, before the first test.
var installed software

func TestMain(m *testing.M) { os.Exit(prepareAndRun(m)) }

func prepareAndRun(m *testing.M) int {
	for name, path := range map[string]*string{"mosquitto": &installed.mosquitto, "mosquitto_pub": &installed.mosquittoPub, "mosquitto_sub": &installed.mosquittoSub} {
		found, err := exec.LookPath(name)
		if err != nil {
			found, err = exec.LookPath("/usr/sbin/" + name) // not on the PATH of Debian's users
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "test/real: %s is not installed. Run as root: scripts/install-test-deps\n", name)
			return 1
		}
		*path = found
	}
	dir, err := os.MkdirTemp("", "cloudgen-real-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	installed.firmware, err = build(dir)
	if err != nil {
		fmt.Fprintf(os.Stderr, "test/real: %v\n", err)
		return 1
	}
	return m.Run()
}

// keepAlive is short, for a lost link to be noticed within the patience of a test.
const keepAlive = "5"

// build makes the AWS firmware with the command. Delays between attempts have no jitter, so that they can be compared with the table.
func build(dir string) (string, error) {
	output := filepath.Join(dir, "aws")
	command := exec.Command("go", "run", "./cmd/cloudgen", "-overlay", "overlay-aws.hcl", "-o", output,
		"-set", "MQTT_KEEPALIVE="+keepAlive, "-set", "CLOUD_BACKOFF_JITTER_PERCENT=0")
	command.Dir = filepath.Join("..", "..")
	if log, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", command, err, log)
	}
	return filepath.Join(output, "bin", "firmware"), nil
}
