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
	cloudgen, firmware, mosquitto, mosquittoPub, mosquittoSub string
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
	installed.cloudgen, installed.firmware, err = build(dir)
	if err != nil {
		fmt.Fprintf(os.Stderr, "test/real: %v\n", err)
		return 1
	}
	return m.Run()
}

// keepAlive is short, for a lost link to be noticed within the patience of a test.
const keepAlive = "5"

// build makes the command, and with it the AWS firmware. Delays between attempts have no jitter, so that they can be compared with the table.
func build(dir string) (cloudgen, firmware string, err error) {
	cloudgen, output := filepath.Join(dir, "cloudgen"), filepath.Join(dir, "aws")
	for _, command := range []*exec.Cmd{
		exec.Command("go", "build", "-o", cloudgen, "../../cmd/cloudgen"),
		exec.Command(cloudgen, "-overlay", "overlay-aws.hcl", "-o", output, "-set", "MQTT_KEEPALIVE="+keepAlive, "-set", "CLOUD_BACKOFF_JITTER_PERCENT=0"),
	} {
		if log, err := command.CombinedOutput(); err != nil {
			return "", "", fmt.Errorf("%s: %w\n%s", command, err, log)
		}
	}
	return cloudgen, filepath.Join(output, "bin", "firmware"), nil
}
