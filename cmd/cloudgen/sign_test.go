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

func TestLabVersion(t *testing.T) {
	for version, want := range map[string]bool{"1+lab": true, "1.2.3+7.lab": true, "1.2.3+lab.7": true, "1.2.3+laboratory": false, "1.2.3-lab": false, "lab": false, "": false} {
		if got := isLabVersion(version); got != want {
			t.Errorf("version %s: %v", version, got)
		}
	}
}

func TestBuildVersion(t *testing.T) {
	for program, want := range map[string]string{
		"xcloudgen-build:1.2.3+lab\nx":                                   "1.2.3+lab",
		"cloudgen-build:1\ncloudgen-build:1\n":                           "1",
		"cloudgen-build:give it a version\ncloudgen-build:2\n":           "2",
		"cloudgen-build:1\ncloudgen-build:2\n":                           "",
		"cloudgen-build:\n":                                              "",
		"cloudgen-build:1":                                               "",
		"cloudgen-build:" + strings.Repeat("1", longestVersion+1) + "\n": "",
		"": "",
	} {
		got, err := buildVersion([]byte(program))
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", program, got, err)
		}
	}
}

func TestLabKeys(t *testing.T) {
	for _, of := range keyfile.Types() {
		private, err := labKey(of)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join("..", "..", "runtime", "boot", "lab-"+string(of)+".pub.pem"))
		if err != nil {
			t.Fatal(err)
		}
		public, err := keyfile.EncodePublic(private.Public())
		if err != nil || !bytes.Equal(public, text) {
			t.Errorf("%s: the tree has another public key than that of the lab: %v", of, err)
		}
		program := append([]byte("data"), bytes.ReplaceAll(text, []byte("\n"), nil)...)
		if found, err := labKeyOf(program); err != nil || found == nil || !hasKeys(program) {
			t.Errorf("%s: the key is not found in a program that has it: %v", of, err)
		}
	}
	if found, err := labKeyOf([]byte("a program")); err != nil || found != nil {
		t.Error("a key is found where there is none")
	}
}
