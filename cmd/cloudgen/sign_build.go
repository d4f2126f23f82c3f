package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

// readFirmware reads a program, and what can be known of its build: what it is built for stands in the program, its version in the output
// folder that it lies in.
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
	f.version, f.unknown = buildVersion(name)
	if f.unknown == nil && !bytes.Contains(content, []byte(f.version)) {
		f.unknown = fmt.Errorf("%s is not what the sources beside it give: they have version %s, and it has not. Run cloudgen again to build it", name, f.version)
	}
	f.lab = hasLabMark(content) || isLabVersion(f.version)
	return f, nil
}

// labMark is a version with the mark of the lab's defaults, in a program's data, where texts stand without anything between them.
var labMark = regexp.MustCompile(`[0-9A-Za-z.-]{3}\+(?:[0-9A-Za-z-]+\.)*lab`)

// hasLabMark tells whether a program has a version with the lab's mark. The program itself says so, not the sources beside it: it may have
// been moved.
func hasLabMark(program []byte) bool { return labMark.Match(program) }

// isLabVersion tells whether a version has the lab's mark in its build metadata (semver.org, 10).
func isLabVersion(version string) bool {
	_, metadata, _ := strings.Cut(version, "+")
	return slices.Contains(strings.Split(metadata, "."), "lab")
}

// buildVersion gives the version that the output folder has in which a program lies as DIR/bin/NAME.
func buildVersion(program string) (string, error) {
	absolute, err := filepath.Abs(program)
	if err != nil {
		return "", err
	}
	output := filepath.Dir(filepath.Dir(absolute))
	manifest, err := os.ReadFile(filepath.Join(output, ".cloudgen-manifest"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("nothing says which version %s is: it does not lie in the output folder of cloudgen that it was built in", program)
	}
	if err != nil {
		return "", err
	}
	name := filepath.Join(output, "config.go")
	source, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(source)
	if !strings.Contains(string(manifest), hex.EncodeToString(sum[:])+"  config.go\n") {
		return "", fmt.Errorf("%s has been edited, so that it does not say which version %s is", name, program)
	}
	version, err := versionConstant(source)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return version, nil
}

// versionConstant gives the constant Version of config.go.
func versionConstant(source []byte) (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", source, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	for _, declaration := range file.Decls {
		group, is := declaration.(*ast.GenDecl)
		if !is || group.Tok != token.CONST {
			continue
		}
		for _, each := range group.Specs {
			spec := each.(*ast.ValueSpec) // of a const declaration all are
			if len(spec.Names) != 1 || spec.Names[0].Name != "Version" || len(spec.Values) != 1 {
				continue
			}
			if literal, is := spec.Values[0].(*ast.BasicLit); is && literal.Kind == token.STRING {
				return strconv.Unquote(literal.Value)
			}
		}
	}
	return "", errors.New("no option gives this build a version")
}
