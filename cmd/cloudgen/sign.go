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
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/gen/fault"
	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
)

// signedImage is an image that sign has made.
type signedImage struct {
	File            string   `json:"file"`
	Version         string   `json:"version"`                   // of the header
	FirmwareVersion string   `json:"firmwareVersion,omitempty"` // the firmware's own
	Platform        string   `json:"platform"`
	Boards          []string `json:"boards,omitempty"`
	SecurityCounter *uint32  `json:"securityCounter,omitempty"`
	Lab             bool     `json:"lab,omitempty"` // it carries the lab's defaults
	Size            int      `json:"size"`          // bytes
	Digest          string   `json:"digest"`        // SHA-256 that is signed; hex
	Key             string   `json:"key"`           // SHA-256 of the public key; hex
}

// sign makes an image of a firmware.
func sign(_ context.Context, call *invocation) int {
	switch {
	case call.key == "" && !call.lab:
		return call.usageError("give -key K.pem; cloudgen keygen makes one")
	case call.output == "":
		return call.usageError("give -o OUT, the file of the image")
	}
	var version *image.Version
	if call.version != "" {
		parsed, err := image.ParseVersion(call.version)
		if err != nil {
			return call.usageError("-version: %v", err)
		}
		version = &parsed
	}
	r := &report{}
	made, content, err := call.makeImage(r, call.words[0], version)
	if err != nil {
		return call.finish(nil, r, statusOf(err), err)
	}
	if err := replaceFile(call.output, content); err != nil {
		err = &fault.Environment{Problem: "cannot write " + call.output, Err: err, Fix: "Make room, or choose another file with -o."}
		return call.finish(nil, r, exitEnvironment, err)
	}
	r.Image = made
	if !call.json {
		fmt.Fprintf(call.stdout, "%s: version %s, %s, %.2f MB, signed with the key %.16s…\n", made.File, made.Version, made.Platform, float64(made.Size)/1e6, made.Key)
	}
	return call.finish(nil, r, exitDone, nil)
}

// makeImage makes the image in memory. Where no version is given, it takes the build's.
func (call *invocation) makeImage(r *report, name string, version *image.Version) (*signedImage, []byte, error) {
	if err := distinct(call.output, name, call.key); err != nil {
		return nil, nil, err
	}
	firmware, err := readFirmware(name)
	if err != nil {
		return nil, nil, err
	}
	private, err := call.signingKey(name, firmware)
	if err != nil {
		return nil, nil, err
	}
	if hasKeys(firmware.content) && !verifiesWith(firmware.content, private.Public()) {
		r.Notes = append(r.Notes, "the firmware itself does not know the public key of this one: once it runs, it takes no updates that are signed with it (BOOT_SIGNATURE_KEY_FILE)")
	}
	signer, err := keyfile.Signer(private)
	if err != nil {
		return nil, nil, err
	}
	if firmware.lab && !call.lab {
		return nil, nil, fmt.Errorf("%s carries the lab's defaults (its version ends in +lab): it is for no device that leaves the desk. Set CLOUD_LAB_DEFAULTS = n and build it again, or sign it with -lab for the lab", name)
	}
	d := image.Description{Claims: image.Claims{Boards: call.boards, Platform: firmware.platform, SecurityCounter: call.counter.value}}
	if version == nil {
		if firmware.unknown != nil {
			return nil, nil, fmt.Errorf("%w. Give its version: -version MAJOR.MINOR.REVISION", firmware.unknown)
		}
		parsed, err := image.FirmwareVersion(firmware.version)
		if err != nil {
			return nil, nil, fmt.Errorf("%w. Give the image one: -version MAJOR.MINOR.REVISION", err)
		}
		version = &parsed
	}
	d.Version = *version
	if firmware.unknown == nil {
		d.FirmwareVersion = firmware.version
		if strings.TrimSuffix(firmware.version, "+lab") != version.String() {
			r.Notes = append(r.Notes, fmt.Sprintf("the image has version %s, and the firmware calls itself %s: both are in it, and devices compare the numbers", version, firmware.version))
		}
	}
	var content bytes.Buffer
	content.Grow(len(firmware.content) + 1<<10)
	if err := image.Write(&content, bytes.NewReader(firmware.content), int64(len(firmware.content)), d, signer); err != nil {
		return nil, nil, err
	}
	info, err := image.Inspect(bytes.NewReader(content.Bytes()), int64(content.Len()))
	if err != nil {
		return nil, nil, err
	}
	return &signedImage{
		File: call.output, Version: version.String(), FirmwareVersion: d.FirmwareVersion, Platform: d.Platform, Boards: d.Boards, SecurityCounter: d.SecurityCounter,
		Lab: firmware.lab, Size: content.Len(), Digest: hex.EncodeToString(info.Digest[:]), Key: hashText(signer),
	}, content.Bytes(), nil
}

// signingKey gives the private key that the call names or, for the lab, the one that the firmware verifies with.
func (call *invocation) signingKey(name string, firmware *firmware) (crypto.Signer, error) {
	if call.key != "" {
		return readPrivate(call.key)
	}
	private, err := labKeyOf(firmware.content)
	if err == nil && private == nil {
		err = fmt.Errorf("%s does not verify updates with one of the lab's keys: give -key K.pem, the private half of its BOOT_SIGNATURE_KEY_FILE", name)
	}
	return private, err
}

// readPrivate reads a private key.
func readPrivate(name string) (crypto.Signer, error) {
	text, err := readInput(name)
	if err != nil {
		return nil, err
	}
	private, err := keyfile.ParsePrivate(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return private, nil
}

// distinct refuses to write over a file that is read.
func distinct(output string, inputs ...string) error {
	there, err := os.Stat(output)
	if err != nil {
		return nil // nothing is there, or the writing will tell
	}
	for _, name := range inputs {
		if info, err := os.Stat(name); err == nil && os.SameFile(there, info) {
			return fmt.Errorf("-o %s is the file %s, which is read: choose another", output, name)
		}
	}
	return nil
}

// readInput reads a file that the call names. That it is not there is the call's mistake.
func readInput(name string) ([]byte, error) {
	content, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil:
		return nil, &fault.Environment{Problem: "cannot read " + filepath.Clean(name), Err: err}
	}
	return content, nil
}

// counter is the value of -security-counter.
type counter struct{ value *uint32 }

// String gives nothing: the help text shows no defaults.
func (c *counter) String() string { return "" }

// Set reads the counter.
func (c *counter) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return errors.New("a security counter is a number from 0 to 4294967295")
	}
	value := uint32(n)
	c.value = &value
	return nil
}
