package examples

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen"
	"github.com/cloudgen/cloudgen/gen"
	"github.com/cloudgen/cloudgen/gen/outside"
	"github.com/cloudgen/cloudgen/kconfig"
)

const ownBackend = "own-backend"

// The example is a module of its own, which the tests of this one do not enter by themselves.
func TestOwnBackendPassesItsTests(t *testing.T) {
	for _, words := range [][]string{{"vet", "./..."}, {"mod", "tidy", "-diff"}, {"test", "-race", "./..."}} {
		cmd := exec.CommandContext(t.Context(), "go", words...)
		cmd.Dir = ownBackend
		cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=", "GOWORK=off")
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go %s: %v\n%s", strings.Join(words, " "), err, output)
		}
	}
}

// The firmware with the example's backend says hello to a server, and reports what it has measured.
func TestOwnBackendTalks(t *testing.T) {
	binary := buildOwnBackend(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := listener.(*net.TCPListener).SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, "-data", t.TempDir(), "-credentials", t.TempDir(), "-endpoint", listener.Addr().String())
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		ending := cmd.Process.Signal(syscall.SIGTERM)
		if err := errors.Join(ending, cmd.Wait()); err != nil {
			t.Errorf("%v\n%s", err, log.Bytes())
		}
		if !strings.Contains(log.String(), "event=CLOUD_EVT_CONNECTED") {
			t.Errorf("the module has not seen the connection:\n%s", log.Bytes())
		}
	}()
	conn, err := listener.Accept()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Error(err)
		return
	}
	lines := bufio.NewScanner(conn)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "hello ") {
		t.Errorf("the device says %q, %v", lines.Text(), lines.Err())
		return
	}
	if _, err := conn.Write([]byte("welcome\n")); err != nil {
		t.Error(err)
		return
	}
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "report ") {
		t.Errorf("the device says %q, %v", lines.Text(), lines.Err())
	}
}

// buildOwnBackend generates and builds the example's overlay with its tree.
func buildOwnBackend(t *testing.T) (binary string) {
	t.Helper()
	own, diagnostics := outside.Open(ownBackend)
	if own == nil {
		t.Fatal(diagnostics)
	}
	sources, diagnostics := outside.Join(cloudgen.Sources(), own)
	tree, found := kconfig.LoadTree(sources, append([]string{"runtime/Kconfig.hcl"}, sources.Roots()...)...)
	diagnostics = append(diagnostics, found...)
	var layers []*kconfig.Layer
	for _, overlay := range []struct {
		from fs.FS
		name string
	}{{sources, "overlays/base.hcl"}, {os.DirFS(ownBackend), "overlay-mycloud.hcl"}} {
		text, err := fs.ReadFile(overlay.from, overlay.name)
		if err != nil {
			t.Fatal(err)
		}
		layer, found := kconfig.ParseOverlay(overlay.name, text)
		layers, diagnostics = append(layers, layer), append(diagnostics, found...)
	}
	config, found := tree.Resolve(layers...)
	if diagnostics = append(diagnostics, found...); diagnostics.HasErrors() {
		t.Fatal(diagnostics)
	}
	planned, found, err := gen.Plan(config, sources, gen.Settings{Name: "mycloud", Trees: sources.Dirs()})
	if err != nil || found.HasErrors() {
		t.Fatal(found, err)
	}
	files, err := gen.Files(planned, config, sources)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := gen.Write(t.Context(), dir, files); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "off")
	if _, err := gen.Build(t.Context(), dir, planned, nil); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "bin", "firmware")
}
