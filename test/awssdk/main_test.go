//go:build real

package awssdk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// software is what the tests run, with full paths.
type software struct {
	node     string
	driver   string // the program that carries out calls of the SDKs
	packages string // the folder of what it needs
}

// installed is set once, before the first test.
var installed software

func TestMain(m *testing.M) {
	var err error
	if installed, err = find(); err != nil {
		fmt.Fprintf(os.Stderr, "test/awssdk: %v. Run as root: scripts/install-test-deps\n", err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func find() (software, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return software{}, fmt.Errorf("Node is not installed: %w", err)
	}
	packages, err := filepath.Abs("../../build/awssdk/node_modules")
	if err != nil {
		return software{}, err
	}
	want, err := os.ReadFile("package-lock.json")
	if err != nil {
		return software{}, err
	}
	got, err := os.ReadFile(filepath.Join(filepath.Dir(packages), "package-lock.json"))
	if err != nil || string(got) != string(want) {
		return software{}, fmt.Errorf("the packages of package-lock.json are not in %s", packages)
	}
	driver, err := filepath.Abs("node/driver.js")
	return software{node: node, driver: driver, packages: packages}, err
}
