package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Exit statuses of the command.
const (
	exitDone        = 0
	exitInput       = 1 // the input is wrong; diagnostics are on standard error
	exitUsage       = 2
	exitEnvironment = 3 // no Go, no space, no permission
)

// A verb is one thing that the command does.
type verb struct {
	name    string // one or two words; "" is the verb that generates
	usage   string
	summary string   // "" hides it from the help text
	flags   []string // names of the flags that it takes
	words   int      // how many words it takes after its name, or anyWords
	run     func(context.Context, *invocation) int
}

// anyWords lets a verb take any number of words.
const anyWords = -1

// invocation is one call of the command.
type invocation struct {
	flags
	words  []string // after the verb's name
	stdout io.Writer
	stderr io.Writer
}

// flags are the values of all flags of all verbs.
type flags struct {
	overlays []string
	trees    []string
	sets     []string
	targets  []string
	output   string
	noBuild  bool
	inside   bool // -package
	json     bool
	dir      string
	listen   string
	changed  bool
	planned  bool
	all      bool
	ofType   string // -type
	origin   string
	key      string
	version  string
	lab      bool
	boards   []string
	counter  counter // -security-counter
}

func (f *flags) register(set *flag.FlagSet) {
	set.Var(list{&f.overlays}, "overlay", "")
	set.Var(list{&f.trees}, "tree", "")
	set.Var(list{&f.sets}, "set", "")
	set.Var(list{&f.targets}, "target", "")
	set.StringVar(&f.output, "o", "", "")
	set.BoolVar(&f.noBuild, "no-build", false, "")
	set.BoolVar(&f.inside, "package", false, "")
	set.BoolVar(&f.json, "json", false, "")
	set.StringVar(&f.dir, "dir", "", "")
	set.StringVar(&f.listen, "listen", "", "")
	set.BoolVar(&f.changed, "changed", false, "")
	set.BoolVar(&f.planned, "planned", false, "")
	set.BoolVar(&f.all, "all", false, "")
	set.StringVar(&f.ofType, "type", "", "")
	set.StringVar(&f.origin, "origin", "", "")
	set.StringVar(&f.key, "key", "", "")
	set.StringVar(&f.version, "version", "", "")
	set.BoolVar(&f.lab, "lab", false, "")
	set.Var(list{&f.boards}, "board", "")
	set.Var(&f.counter, "security-counter", "")
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	call := &invocation{stdout: stdout, stderr: stderr}
	set := flag.NewFlagSet("cloudgen", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	call.register(set)
	words, err := parseMixed(set, args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return call.usageError("%v", err)
	}

	chosen, words := findVerb(words)
	switch {
	case errors.Is(err, flag.ErrHelp) && (chosen == nil || chosen.name == ""):
		printHelp(stdout)
		return exitDone
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(stdout, "usage: cloudgen %s\n%s\n", chosen.usage, chosen.summary)
		return exitDone
	case chosen == nil:
		return call.usageError("there is no verb %q", words[0])
	case chosen.name == "" && len(args) == 0:
		printHelp(stderr)
		return exitUsage
	case chosen.words != anyWords && len(words) > chosen.words:
		return call.usageError("unexpected %q\nusage: cloudgen %s", words[chosen.words], chosen.usage)
	case len(words) < chosen.words:
		return call.usageError("a word is missing\nusage: cloudgen %s", chosen.usage)
	}
	var misplaced []string
	set.Visit(func(f *flag.Flag) {
		if !slices.Contains(chosen.flags, f.Name) {
			misplaced = append(misplaced, "-"+f.Name)
		}
	})
	if len(misplaced) > 0 {
		return call.usageError("%s cannot be used here\nusage: cloudgen %s", strings.Join(misplaced, " "), chosen.usage)
	}
	call.words = words
	return chosen.run(ctx, call)
}

// parseMixed parses flags that stand before, between and after the words.
func parseMixed(set *flag.FlagSet, args []string) (words []string, err error) {
	for len(args) > 0 {
		if err := set.Parse(args); err != nil {
			return words, err
		}
		rest := set.Args()
		if parsed := len(args) - len(rest); parsed > 0 && args[parsed-1] == "--" {
			return append(words, rest...), nil
		}
		if len(rest) == 0 {
			break
		}
		words, args = append(words, rest[0]), rest[1:]
	}
	return words, nil
}

// findVerb takes the longest name that the words begin with, and gives the words after it; nil where there is none.
func findVerb(words []string) (*verb, []string) {
	verbs := verbTable()
	for n := min(2, len(words)); n >= 0; n-- {
		if n == 0 && len(words) > 0 {
			break
		}
		for i := range verbs {
			if verbs[i].name == strings.Join(words[:n], " ") {
				return &verbs[i], words[n:]
			}
		}
	}
	return nil, words
}

func (call *invocation) usageError(format string, args ...any) int {
	fmt.Fprintf(call.stderr, "cloudgen: "+format+"\n`cloudgen help` lists what it does\n", args...)
	return exitUsage
}

func printHelp(w io.Writer) {
	fmt.Fprintln(w, "cloudgen turns overlays of options into the firmware of a connected device.")
	for _, v := range verbTable() {
		if v.summary == "" {
			continue
		}
		fmt.Fprintf(w, "\n  cloudgen %s\n      %s\n", v.usage, v.summary)
	}
}

// list is a flag that may be given several times.
type list struct{ values *[]string }

func (l list) String() string { return "" }

func (l list) Set(value string) error {
	if value == "" {
		return errors.New("the value is empty")
	}
	*l.values = append(*l.values, value)
	return nil
}
