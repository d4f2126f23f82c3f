package main

import (
	"context"
	"fmt"
	"slices"
)

const configurationUsage = "-overlay F [-overlay G]... [-set NAME=VALUE]... [-tree DIR]..."

var (
	configurationFlags = []string{"overlay", "set", "tree", "json"}
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
			name:    "config full",
			usage:   "config full " + configurationUsage + " [-json]",
			summary: "Print every option's value as CONFIG_NAME=value.",
			flags:   configurationFlags,
			run:     configFull,
		},
		{
			name:    "config save-min",
			usage:   "config save-min " + configurationUsage + " [-json]",
			summary: "Print the smallest overlay that gives the same configuration.",
			flags:   configurationFlags,
			run:     configSaveMin,
		},
		{
			name:    "config diff",
			usage:   "config diff A[,A2]... B[,B2]... [-tree DIR]... [-json]",
			summary: "Print which values two configurations differ in, and what that changes in the output. A and B: overlays.",
			flags:   []string{"tree", "json"},
			words:   2,
			run:     configDiff,
		},
		{
			name:    "config list",
			usage:   "config list [NAME-PATTERN]... [-changed] [-planned] [-type T] [-origin O] [-overlay F]... [-set NAME=VALUE]... [-tree DIR]... [-json]",
			summary: "Print options, one a line: name, type, value, prompt.",
			flags:   append(slices.Clone(configurationFlags), "changed", "planned", "type", "origin"),
			words:   anyWords,
			run:     configList,
		},
		{
			name:    "why",
			usage:   "why NAME[=VALUE] " + configurationUsage + " [-json]",
			summary: "Tell where an option's value comes from and what is in its way; with VALUE, the smallest edit that gives it.",
			flags:   configurationFlags,
			words:   1,
			run:     explain,
		},
		{
			name:    "import",
			usage:   "import F.conf [-json]",
			summary: "Print a fragment of the SDK as an overlay, comments kept.",
			flags:   []string{"json"},
			words:   1,
			run:     importFragment,
		},
		{
			name:    "export conf",
			usage:   "export conf " + configurationUsage + " [-json]",
			summary: "Print overlays as one fragment for the SDK, comments kept.",
			flags:   configurationFlags,
			run:     exportConf,
		},
		{
			name:    "export lwm2m-xml",
			usage:   "export lwm2m-xml " + configurationUsage + " [-all] [-o DIR] [-json]",
			summary: "Print the OMA definitions of the LwM2M objects that a server's console has to be told, or write them to DIR; -all: of all objects.",
			flags:   append(slices.Clone(configurationFlags), "all", "o"),
			run:     exportLwM2M,
		},
		{
			name:    "docs",
			usage:   "docs [-o DIR]",
			summary: "Print the option reference as Markdown, or write it to DIR/reference.md.",
			flags:   []string{"o"},
			run:     docs,
		},
		{
			name:    "keygen",
			usage:   "keygen -type ed25519|ecdsa-p256 -o K.pem [-json]",
			summary: "Make a private key for images, and K.pub.pem, the public one that devices verify with. Nothing is overwritten.",
			flags:   []string{"type", "o", "json"},
			run:     keygen,
		},
		{
			name:    "sign",
			usage:   "sign -key K.pem|-lab [-version V] [-board NAME]... [-security-counter N] -o OUT IN [-json]",
			summary: "Make a signed MCUboot image of a firmware; without -version it has the build's. -lab takes builds for the lab, and signs with its key.",
			flags:   []string{"key", "version", "board", "security-counter", "lab", "o", "json"},
			words:   1,
			run:     sign,
		},
		{
			name:    "lab",
			usage:   "lab " + configurationUsage + " [-o DIR] [-dir DIR] [-key K.pem]",
			summary: "Build the firmware and run it against a local cloud; Ctrl-C ends it. -key: of its images, where it is not the lab's.",
			flags:   []string{"overlay", "set", "tree", "o", "dir", "key"},
			run:     labRun,
		},
		{
			name:    "lab serve",
			usage:   "lab serve CLOUD [-dir DIR] [-listen HOST:PORT]",
			summary: "Run only a local cloud. CLOUD: aws or lwm2m.",
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

		later("menuconfig", 0), later("size", 0),
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
