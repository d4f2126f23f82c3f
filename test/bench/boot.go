package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

// bootloader is one with keys of one kind.
type bootloader struct {
	kind   keyfile.Type
	title  string
	option string // that chooses it
	most   string // bytes
}

var bootloaders = []bootloader{
	{keyfile.Ed25519, "Ed25519", "BOOT_SIGNATURE_TYPE_ED25519", "2.30 MB"},
	{keyfile.ECDSAP256, "ECDSA P-256", "BOOT_SIGNATURE_TYPE_ECDSA_P256", "3.00 MB"},
}

// script is the smallest firmware.
const script = "#!/bin/sh\nexit 0\n"

// boot measures generated bootloaders: their size, and the time from their start until the firmware is started, with an image of a few bytes and
// with the AWS firmware itself.
func (b *bench) boot(ctx context.Context) error {
	var rows []row
	for _, each := range bootloaders {
		more, err := b.bootloader(ctx, each)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	table(fmt.Sprintf("Bootloader, linux/%s (median of %d starts)", runtime.GOARCH, repeats), rows...)
	return nil
}

func (b *bench) bootloader(ctx context.Context, kind bootloader) ([]row, error) {
	private := filepath.Join(b.dir, string(kind.kind)+".pem")
	if _, err := b.run(ctx, nil, "keygen", "-type", string(kind.kind), "-o", private); err != nil {
		return nil, err
	}
	signer, err := readSigner(private)
	if err != nil {
		return nil, err
	}
	output := filepath.Join(b.dir, "boot-"+string(kind.kind))
	public := strings.TrimSuffix(private, ".pem") + ".pub.pem"
	if _, err := b.run(ctx, nil, "-overlay", overlay, "-set", kind.option+"=y", "-set", "BOOT_SIGNATURE_KEY_FILE="+public, "-o", output); err != nil {
		return nil, err
	}
	program := filepath.Join(output, "bin", "bootloader")
	info, err := os.Stat(program)
	if err != nil {
		return nil, err
	}
	firmware, err := os.ReadFile(filepath.Join(output, "bin", "firmware"))
	if err != nil {
		return nil, err
	}
	small, err := b.starts(ctx, program, output+"-small", []byte(script), signer)
	if err != nil {
		return nil, err
	}
	large, err := b.starts(ctx, program, output+"-large", firmware, signer)
	if err != nil {
		return nil, err
	}
	title := kind.title + ": "
	return []row{
		{title + "size", megabytes(info.Size()), kind.most},
		{title + "start to firmware, image of a few bytes, verification included", tenths(small.total), "30 ms"},
		{title + "start to firmware, image of " + megabytes(large.size), tenths(large.total), ""},
		{title + "verification of that image alone", tenths(large.verification), ""},
		{title + "start to firmware without verification", tenths(large.total - large.verification), "30 ms"},
	}, nil
}

// boots is what the starts with an image took: medians.
type boots struct {
	size         int64         // of the image in bytes
	total        time.Duration // from the start of the bootloader's process until the firmware's is started
	verification time.Duration // of the image alone, in this process
}

// starts installs an image in a folder, as a factory does, and starts the bootloader on it.
func (b *bench) starts(ctx context.Context, program, data string, firmware []byte, signer image.Signer) (boots, error) {
	var made bytes.Buffer
	description := image.Description{Version: image.Version{Major: 1}}
	if err := image.Write(&made, bytes.NewReader(firmware), int64(len(firmware)), description, signer); err != nil {
		return boots{}, err
	}
	folder, err := durable.Make(filepath.Join(data, slots.FolderName))
	if err != nil {
		return boots{}, err
	}
	s, err := slots.Open(folder, slots.Config{Policy: image.Policy{Keys: []image.Key{signer}}}, slots.None)
	if err != nil {
		return boots{}, err
	}
	if err := s.Install(bytes.NewReader(made.Bytes()), int64(made.Len())); err != nil {
		return boots{}, err
	}
	var totals, verifications []time.Duration
	for range repeats {
		total, err := started(ctx, "firmware started", syscall.SIGTERM, program, "-data", data)
		if err != nil {
			return boots{}, err
		}
		began := time.Now()
		if _, err := s.Verify(s.State().Active); err != nil {
			return boots{}, err
		}
		verification := time.Since(began)
		totals, verifications = append(totals, total), append(verifications, verification)
	}
	return boots{int64(made.Len()), median(totals), median(verifications)}, nil
}

func readSigner(path string) (image.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	private, err := keyfile.ParsePrivate(text)
	if err != nil {
		return nil, err
	}
	return keyfile.Signer(private)
}
