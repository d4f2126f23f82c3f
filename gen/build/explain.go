package build

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/cloudgen/cloudgen/gen/fault"
)

// shown bounds how many lines of the compiler an error shows; the rest is in the log.
const shown = 5

// CompileError is a build that failed: what the compiler said first, and where the rest is.
type CompileError struct {
	Program string
	Target  Target
	Faults  []Fault // the first few
	More    int     // lines of output that are not shown
	Log     string  // path of the whole output; "" when it could not be written
}

// Fault is one line of the compiler.
type Fault struct {
	File    string // relative to the output folder; "" where the line names none
	Line    int
	Message string
	Source  string // the line of the file
	Context string // what the generator was about there
}

// Error shows the faults with the generator's context, each on lines of its own.
func (e *CompileError) Error() string {
	var text strings.Builder
	for _, each := range e.Faults {
		text.WriteString("\n")
		if each.File == "" {
			text.WriteString("  " + each.Message)
			continue
		}
		fmt.Fprintf(&text, "  %s:%d: %s", each.File, each.Line, each.Message)
		if each.Source != "" {
			text.WriteString("\n      " + each.Source)
		}
		if each.Context != "" {
			text.WriteString("\n      " + each.Context)
		}
	}
	switch {
	case e.Log == "":
		fmt.Fprintf(&text, "\n  there are %d more lines, and they could not be written to a file", e.More)
	case e.More > 0:
		fmt.Fprintf(&text, "\n  %d more lines are in %s", e.More, e.Log)
	default:
		fmt.Fprintf(&text, "\n  the whole output is in %s", e.Log)
	}
	return text.String()
}

// remedies are what to do about failures that are not the sources' fault, by what go says.
var remedies = []struct{ says, fix string }{
	{"no space left on device", "Make room on the disk (the build cache counts: go clean -cache), and run again."},
	{"missing go.sum entry", "Run `go mod tidy` in the surrounding module, and run again."},
	{"no required module provides package", "Run `go mod tidy` in the surrounding module, and run again."},
	{"updates to go.mod needed", "Run `go mod tidy` in the surrounding module, and run again."},
	{"module lookup disabled", "The modules are not in the module cache and GOPROXY is off: run `go mod download` in the output folder with a network, or set GOPROXY."},
	{"dial tcp", "The modules are not in the module cache and the network failed: run again with a network, or set GOPROXY."},
	{"checksum mismatch", "A module in the cache or of the proxy is not the one that was tested: run `go clean -modcache`, and check GOPROXY."},
	{"requires go >=", "Install a newer Go. cloudgen does not let Go download another toolchain."},
	{"permission denied", "Make the output folder and Go's caches writable, and run again."},
}

// compilerLine is FILE:LINE:COLUMN: MESSAGE, as the compiler and go vet write it.
var compilerLine = regexp.MustCompile(`^(\S+?\.(?:go|mod|s)):(\d+)(?::\d+)?: (.*)$`)

// explain makes an error of what a failed go build printed, and keeps all of it in a file.
func (j job) explain(output []byte, cause error) error {
	failure := &CompileError{Program: j.program.Name, Target: j.target, Log: j.beside(".log")}
	if err := replace(failure.Log, output); err != nil {
		failure.Log = ""
	}
	for line := range strings.Lines(string(output)) {
		line = strings.TrimRight(line, " \r\n")
		switch {
		case line == "" || strings.HasPrefix(line, "# ") || strings.HasPrefix(line, "\t"):
		case len(failure.Faults) == shown:
			failure.More++
		default:
			failure.Faults = append(failure.Faults, j.faultIn(line))
		}
	}
	if len(failure.Faults) == 0 {
		failure.Faults = []Fault{{Message: "go build: " + cause.Error()}}
	}
	fix := "Run with -no-build to look at the generated code; if it is at fault, please report this with the log."
	for _, remedy := range remedies {
		if strings.Contains(string(output), remedy.says) {
			fix = remedy.fix
			break
		}
	}
	return &fault.Environment{Problem: fmt.Sprintf("the Go build of %s for %s failed", j.program.Name, j.target), Err: failure, Fix: fix}
}

func (j job) faultIn(line string) Fault {
	parts := compilerLine.FindStringSubmatch(line)
	if parts == nil {
		return Fault{Message: line}
	}
	found := Fault{File: filepath.ToSlash(filepath.Clean(parts[1])), Message: parts[3]}
	found.Line, _ = strconv.Atoi(parts[2]) // the pattern lets only digits through
	if filepath.IsAbs(parts[1]) {
		return found
	}
	if source, err := os.ReadFile(filepath.Join(j.request.Dir, parts[1])); err == nil {
		if lines := strings.Split(string(source), "\n"); found.Line >= 1 && found.Line <= len(lines) {
			found.Source = strings.TrimSpace(lines[found.Line-1])
		}
	}
	if j.request.Explain != nil {
		found.Context = j.request.Explain(found.File, found.Line)
	}
	return found
}
