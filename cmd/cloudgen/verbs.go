package main

import (
	"context"
	"fmt"
	"slices"
)

const configurationUsage = "-overlay F [-overlay G]... [-set NAME=VALUE]..."

var (
	configurationFlags = []string{"overlay", "set", "json"}
	generateFlags      = append(slices.Clone(configurationFlags), "o", "target", "no-build", "package")
)

// verbTable lists what the command does, in the order of the help text.
func verbTable() []verb {
	return []verb{
		{
			usage:   configurationUsage + " [-o DIR] [-target OS/ARCH[/VARIANT]]... [-no-build] [-package] [-json]",
			summary: "Generate the cloud module and build the firmware.",
			flags:   generateFlags,
			run:     generate,
		},
		{
			name:    "check",
			usage:   "check " + configurationUsage + " [-json]",
			summary: "Resolve the options and show all that is wrong with them.",
			flags:   configurationFlags,
			run:     check,
		},
		{
			name:    "lab",
			usage:   "lab " + configurationUsage + " [-o DIR] [-dir DIR]",
			summary: "Build the firmware and run it against a local cloud; Ctrl-C ends it.",
			flags:   []string{"overlay", "set", "o", "dir"},
			run:     labRun,
		},
		{
			name:    "lab serve",
			usage:   "lab serve CLOUD [-dir DIR] [-listen HOST:PORT]",
			summary: "Run only a local cloud. CLOUD: aws.",
			flags:   []string{"dir", "listen"},
			words:   1,
			run:     labServe,
		},
		{
			name:    "version",
			usage:   "version",
			summary: "Print the version.",
			run:     version,
		},
		{
			name:    "help",
			usage:   "help",
			summary: "Print this text.",
			run: func(_ context.Context, call *invocation) int {
				printHelp(call.stdout)
				return exitDone
			},
		},
		later("why", 1), later("config full", 0), later("config save-min", 0), later("config diff", 2), later("config list", 0),
		later("import", 1), later("export conf", 0), later("docs", 0), later("keygen", 0), later("sign", 1), later("menuconfig", 0), later("size", 0),
	}
}

// later is a verb that the command is going to have.
func later(name string, words int) verb {
	return verb{
		name:  name,
		usage: name,
		flags: generateFlags,
		words: words,
		run: func(_ context.Context, call *invocation) int {
			fmt.Fprintf(call.stderr, "cloudgen: the verb %q is not part of this version\n", name)
			return exitUsage
		},
	}
}
