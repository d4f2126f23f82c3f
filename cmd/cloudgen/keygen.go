package main

import (
	"bytes"
	"context"
	"crypto"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/gen/fault"
	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
)

// generatedKey is a pair of keys that keygen has made.
type generatedKey struct {
	Type    keyfile.Type `json:"type"`
	Private string       `json:"private"` // path
	Public  string       `json:"public"`  // path
	Hash    string       `json:"hash"`    // SHA-256 of the public key, by which images name it; hex
	Raw     string       `json:"raw"`     // the public key as a program carries it; hex
}

// keygen makes a pair of keys for images. It overwrites nothing: a private key that is gone cannot be made again.
func keygen(_ context.Context, call *invocation) int {
	of := keyfile.Type(call.ofType)
	switch {
	case !slices.Contains(keyfile.Types(), of):
		return call.usageError("-type is ed25519 or ecdsa-p256")
	case call.output == "":
		return call.usageError("give -o K.pem, the file of the private key")
	}
	r := &report{}
	made, err := writeKeys(of, call.output)
	if err != nil {
		return call.finish(nil, r, statusOf(err), err)
	}
	r.Key = made
	if !call.json {
		fmt.Fprintf(call.stdout, "%s: the private key. Keep it from devices and repositories; whoever has it makes images that devices run.\n", made.Private)
		fmt.Fprintf(call.stdout, "%s: the public key, %s, SHA-256 %s. In an overlay beside it, for the devices that verify with it:\n%s", made.Public, made.Type, made.Hash, assignments(made))
	}
	return call.finish(nil, r, exitDone, nil)
}

// writeKeys makes both files, or none.
func writeKeys(of keyfile.Type, private string) (*generatedKey, error) {
	public := publicName(private)
	for _, name := range []string{private, public} {
		if _, err := os.Lstat(name); err == nil {
			return nil, fmt.Errorf("%s is there already, and keys are not overwritten: choose another name with -o", name)
		}
	}
	key, err := keyfile.Generate(of)
	if err != nil {
		return nil, err
	}
	result, err := describeKey(of, key.Public())
	if err != nil {
		return nil, err
	}
	result.Private, result.Public = private, public
	privateText, err := keyfile.EncodePrivate(key)
	if err != nil {
		return nil, err
	}
	publicText, err := keyfile.EncodePublic(key.Public())
	if err != nil {
		return nil, err
	}
	if err := createFile(private, privateText, 0o600); err != nil {
		return nil, err
	}
	if err := createFile(public, publicText, 0o644); err != nil {
		return nil, errors.Join(err, os.Remove(private))
	}
	return result, nil
}

func describeKey(of keyfile.Type, public crypto.PublicKey) (*generatedKey, error) {
	raw, err := keyfile.Raw(public)
	if err != nil {
		return nil, err
	}
	key, err := keyfile.Public(public)
	if err != nil {
		return nil, err
	}
	return &generatedKey{Type: of, Hash: hashText(key), Raw: hex.EncodeToString(raw)}, nil
}

func hashText(key image.Key) string {
	hash := key.Hash()
	return hex.EncodeToString(hash[:])
}

// publicName names the file of the public key beside that of the private one: K.pub.pem beside K.pem.
func publicName(private string) string { return strings.TrimSuffix(private, ".pem") + ".pub.pem" }

// assignments are the lines of an overlay that have devices verify with a key.
func assignments(key *generatedKey) string {
	lines := fmt.Sprintf("    BOOT_SIGNATURE_KEY_FILE = %q\n", filepath.Base(key.Public))
	if key.Type == keyfile.ECDSAP256 {
		lines += "    BOOT_SIGNATURE_TYPE_ECDSA_P256 = y\n"
	}
	return lines
}

// createFile writes a file that is not there yet; where that fails, it is not there afterwards either.
func createFile(name string, content []byte, mode fs.FileMode) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and keys are not overwritten: choose another name with -o", name)
	}
	if err == nil {
		_, err = bytes.NewReader(content).WriteTo(file)
		if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
			err = errors.Join(err, os.Remove(name))
		}
	}
	if err != nil {
		return &fault.Environment{Problem: "cannot write " + name, Err: err, Fix: "Make room, or choose another folder with -o."}
	}
	return nil
}
