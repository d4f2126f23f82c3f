package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"slices"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
)

// firmware is a program that is to become an image.
type firmware struct {
	content  []byte
	platform string // OS/ARCH
	lab      bool   // it carries the lab's defaults
	version  string // as the build has it, with its marks
	unknown  error  // why version is not known; nil: it is
}

// readFirmware reads a program, and what it says of its build.
func readFirmware(name string) (*firmware, error) {
	content, err := readInput(name)
	if err != nil {
		return nil, err
	}
	if image.IsImage(content) {
		return nil, fmt.Errorf("%s is an image already: sign the program that it was made of", name)
	}
	info, err := buildinfo.Read(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("%s is no program of Go: sign what cloudgen has built, DIR/bin/firmware", name)
	}
	f := &firmware{content: content}
	settings := map[string]string{}
	for _, each := range info.Settings {
		settings[each.Key] = each.Value
	}
	if settings["GOOS"] == "" || settings["GOARCH"] == "" {
		return nil, fmt.Errorf("%s does not say what it is built for: build it with the go command", name)
	}
	f.platform = settings["GOOS"] + "/" + settings["GOARCH"]
	f.version, err = buildVersion(content)
	if err != nil {
		f.unknown = fmt.Errorf("%s: %w", name, err)
	}
	f.lab = isLabVersion(f.version)
	return f, nil
}

// isLabVersion tells whether a version has the lab's mark in its build metadata (semver.org, 10).
func isLabVersion(version string) bool {
	_, metadata, _ := strings.Cut(version, "+")
	return slices.Contains(strings.Split(metadata, "."), "lab")
}

// buildMark stands before the version that the generator puts into every program, and a line end behind it.
const buildMark = "cloudgen-build:"

// longestVersion is the longest that is looked for, in bytes: what an image can hold.
const longestVersion = 150

// buildVersion gives the version of the build that a program was made of.
func buildVersion(program []byte) (string, error) {
	found := ""
	for rest := program; ; {
		_, after, has := bytes.Cut(rest, []byte(buildMark))
		if !has {
			break
		}
		rest = after
		line, _, ended := bytes.Cut(after[:min(len(after), longestVersion+1)], []byte("\n"))
		version := string(line)
		switch {
		case !ended || !isVersion(version): // the mark alone, as in cloudgen itself
		case found != "" && found != version:
			return "", fmt.Errorf("it is made of two builds, of version %s and %s", found, version)
		default:
			found = version
		}
	}
	if found == "" {
		return "", fmt.Errorf("it does not say which version it is: no option gives its build one (ASSET_TRACKER_V2_APP_VERSION), or an older cloudgen has made it")
	}
	return found, nil
}

func isVersion(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}
