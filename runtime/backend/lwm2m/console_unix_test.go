//go:build unix

package lwm2m

import (
	"os"
	"path/filepath"
	"testing"
)

// A Read of a pipe ends when the console closes its end, and the pipe itself stays open.
func TestInterruptible(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	defer reader.Close()
	input := interruptible(reader)
	ended := make(chan error)
	go func() {
		_, err := input.Read(make([]byte, 1))
		ended <- err
	}()
	if err := input.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("the Read has read something")
	}
	if _, err := writer.Write([]byte{1}); err != nil {
		t.Error(err)
	}

	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if interruptible(file) != file {
		t.Error("a file is not taken as it is")
	}
}
