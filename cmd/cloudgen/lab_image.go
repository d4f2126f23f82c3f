package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

// labInstalled is the file in the lab's data folder that tells which build was installed there last: its SHA-256.
const labInstalled = "installed"

// installForLab signs a build and puts it into the boot slots of the lab's data folder, as a factory would. A build that was installed before stays
// as it is, so that a device that has updated itself goes on where it was.
func (call *invocation) installForLab(binary, dataDir, board string) (installed bool, err error) {
	firmware, err := readFirmware(binary)
	if err != nil {
		return false, err
	}
	data, err := durable.Make(dataDir)
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(firmware.content)
	build := hex.EncodeToString(sum[:])
	if last, err := data.Read(labInstalled); err == nil && string(last) == build {
		return false, nil
	}
	content, key, err := call.labImage(binary, board, firmware)
	if err != nil {
		return false, err
	}
	folder, err := durable.Make(filepath.Join(dataDir, slots.FolderName))
	if err != nil {
		return false, err
	}
	s, err := slots.Open(folder, slots.Config{Policy: image.Policy{Keys: []image.Key{key}, Board: board}}, slots.None)
	if err != nil {
		return false, err
	}
	if err := s.Install(bytes.NewReader(content), int64(len(content))); err != nil {
		return false, fmt.Errorf("the firmware cannot be installed in %s: %w", folder.Path(""), err)
	}
	return true, data.Write(labInstalled, []byte(build))
}

// labImage makes the image. Where the build has no version that an image can have, it has 0.0.0.
func (call *invocation) labImage(binary, board string, firmware *firmware) ([]byte, image.Key, error) {
	private, err := call.signingKey(binary, firmware)
	if err != nil {
		return nil, nil, err
	}
	if !verifiesWith(firmware.content, private.Public()) {
		return nil, nil, fmt.Errorf("the firmware does not verify images with the key of %s: give the private half of its BOOT_SIGNATURE_KEY_FILE with -key", call.key)
	}
	signer, err := keyfile.Signer(private)
	if err != nil {
		return nil, nil, err
	}
	d := image.Description{Claims: image.Claims{Platform: firmware.platform, FirmwareVersion: firmware.version}}
	if board != "" {
		d.Boards = []string{board}
	}
	if version, err := image.FirmwareVersion(firmware.version); err == nil {
		d.Version = version
	}
	var content bytes.Buffer
	err = image.Write(&content, bytes.NewReader(firmware.content), int64(len(firmware.content)), d, signer)
	return content.Bytes(), signer, err
}
