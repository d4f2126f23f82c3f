package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
)

// What keygen and sign write, a device takes with the public key, and it is the program whole.
func TestSignedImageVerifies(t *testing.T) {
	program, err := os.Executable() // a program of Go that is at hand
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range keyfile.Types() {
		dir := t.TempDir()
		private, signed := filepath.Join(dir, "K.pem"), filepath.Join(dir, "firmware.img")
		for _, call := range [][]string{
			{"keygen", "-type", string(of), "-o", private},
			// The tests hold the mark as text, so that to sign they look like a lab's build.
			{"sign", "-key", private, "-version", "1.2.3+4", "-board", "gateway-2", "-security-counter", "5", "-lab", "-o", signed, program},
		} {
			if status := run(context.Background(), call, io.Discard, os.Stderr); status != exitDone {
				t.Fatalf("%s: status %d", strings.Join(call, " "), status)
			}
		}
		text, err := os.ReadFile(filepath.Join(dir, "K.pub.pem"))
		if err != nil {
			t.Fatal(err)
		}
		public, err := keyfile.ParsePublic(text)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(signed)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		var payload bytes.Buffer
		policy := image.Policy{
			Keys: []image.Key{public}, Board: "gateway-2", Platform: runtime.GOOS + "/" + runtime.GOARCH, SecurityCounter: 5,
			Installed: &image.Version{Major: 1, Minor: 2, Revision: 3},
		}
		info, err := image.Extract(&payload, file, policy)
		if err != nil {
			t.Fatal(err)
		}
		if info.Header.Version != (image.Version{Major: 1, Minor: 2, Revision: 3, Build: 4}) || info.FirmwareVersion != "" || !bytes.Equal(payload.Bytes(), content) {
			t.Errorf("%+v, %d bytes of payload", info.Header, payload.Len())
		}
	}
}

func TestHasLabMark(t *testing.T) {
	for text, want := range map[string]bool{
		"ead0.0.0-development+labmovement_r": true,
		"1.2.3+lab":                          true,
		"1.2.3+7.laboratory":                 true, // texts stand together in a program: what follows is another
		"1.2.3+gab12.7.lab":                  true,
		"+lab":                               false,
		"1.2.3+l.ab":                         false,
		"x + lab":                            false,
		"1.2.3":                              false,
	} {
		if got := hasLabMark([]byte(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	for version, want := range map[string]bool{"1+lab": true, "1.2.3+7.lab": true, "1.2.3+lab.7": true, "1.2.3+laboratory": false, "1.2.3-lab": false, "lab": false, "": false} {
		if got := isLabVersion(version); got != want {
			t.Errorf("version %s: %v", version, got)
		}
	}
}

func TestVersionConstant(t *testing.T) {
	for source, want := range map[string]string{
		"package p\nconst (\n\tName = \"aws\" // x\n\tVersion = \"1.2.3+lab\" // y\n)\n": "1.2.3+lab",
		"package p\nconst Version = `1`\n":                                               "1",
		"package p\nvar Version = \"1\"\n":                                               "",
		"package p\nconst Version = 1\n":                                                 "",
		"package p\nconst Name, Version = \"a\", \"1\"\n":                                "",
		"package": "",
	} {
		got, err := versionConstant([]byte(source))
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", source, got, err)
		}
	}
}
