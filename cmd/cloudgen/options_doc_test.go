package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	pageFile    = regexp.MustCompile("(?ms)^`([a-z.]+)`:\n\n```\n(.*?)^```$")
	anyLines    = regexp.MustCompile(`(?m)^…\n`)
	pageSession = regexp.MustCompile("(?ms)^```console\n\\$ ([^\n]*)\n(.*?)^```$")
)

func TestOptionsPage(t *testing.T) { checkPage(t, "../../docs/options.md") }

func TestWhyPage(t *testing.T) { checkPage(t, "../../docs/why.md") }

// TestOwnOptionsPage runs the page beside the module that it is about.
func TestOwnOptionsPage(t *testing.T) {
	page, err := filepath.Abs("../../docs/own-options.md")
	if err != nil {
		t.Fatal(err)
	}
	module := os.DirFS("../../examples/own-backend")
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "mycloud"), module); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("GOPROXY", "off")
	checkPageHere(t, page)
}

// checkPage makes the files of a page and runs its commands as they are written. What they print has to be what the page shows; a line …
// stands for any lines, and … at the end of a line for its rest.
func checkPage(t *testing.T, name string) {
	page, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	checkPageHere(t, page)
}

// checkPageHere is checkPage in the current folder.
func checkPageHere(t *testing.T, name string) {
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range pageFile.FindAllStringSubmatch(string(page), -1) {
		if err := os.WriteFile(match[1], []byte(match[2]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sessions := pageSession.FindAllStringSubmatch(string(page), -1)
	if want := strings.Count(string(page), "```console"); len(sessions) != want {
		t.Fatalf("%d of %d sessions have one command", len(sessions), want)
	}
	for _, session := range sessions {
		t.Run(session[1], func(t *testing.T) {
			pattern := regexp.QuoteMeta(session[2])
			pattern = anyLines.ReplaceAllString(pattern, "(?s:.*\n)?")
			pattern = strings.ReplaceAll(pattern, "…\n", ".*\n") // the rest of a line
			if got := shell(t, session[1]); !regexp.MustCompile(`\A` + pattern + `\z`).MatchString(got) {
				t.Errorf("it prints\n%s\nand the page says\n%s", got, session[2])
			}
		})
	}
}

// shell runs one command of the page: cloudgen, or cat of a file. It gives what a terminal shows, standard output first.
func shell(t *testing.T, command string) string {
	t.Helper()
	command, target, redirected := strings.Cut(command, " > ")
	args := strings.Fields(strings.ReplaceAll(command, "'", ""))
	if args[0] == "cat" {
		text, err := os.ReadFile(args[1])
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if args[0] != "cloudgen" {
		t.Fatalf("the page runs %s", args[0])
	}
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), args[1:], &stdout, &stderr); status != exitDone {
		t.Fatalf("exit status %d:\n%s", status, stderr.String())
	}
	if redirected {
		if err := os.WriteFile(target, stdout.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return stderr.String()
	}
	return stdout.String() + stderr.String()
}
