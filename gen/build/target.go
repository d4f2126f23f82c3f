package build

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
)

// Target is what a program is built for.
type Target struct {
	OS      string // linux
	Arch    string // of GOARCH
	Variant string // of the architecture, as 7 for arm and softfloat for mipsle; "" for Go's usual one
}

// architecture is how Go names the variants of an architecture.
type architecture struct {
	variable string   // environment variable that holds the variant; "" where there is none
	usual    string   // its value without a variant
	variants []string // what is taken
}

// architectures are those of Linux that Go builds for without C (`go tool dist list`, and `go help environment` for the variants).
var architectures = map[string]architecture{
	"386":      {"GO386", "sse2", []string{"sse2", "softfloat"}},
	"amd64":    {"GOAMD64", "v1", []string{"v1", "v2", "v3", "v4"}},
	"arm":      {"GOARM", "7", []string{"5", "6", "7"}},
	"arm64":    {"GOARM64", "v8.0", []string{"v8.0", "v8.1", "v8.2", "v9.0"}},
	"loong64":  {},
	"mips":     {"GOMIPS", "hardfloat", []string{"hardfloat", "softfloat"}},
	"mipsle":   {"GOMIPS", "hardfloat", []string{"hardfloat", "softfloat"}},
	"mips64":   {"GOMIPS64", "hardfloat", []string{"hardfloat", "softfloat"}},
	"mips64le": {"GOMIPS64", "hardfloat", []string{"hardfloat", "softfloat"}},
	"ppc64le":  {"GOPPC64", "power8", []string{"power8", "power9", "power10"}},
	"riscv64":  {"GORISCV64", "rva20u64", []string{"rva20u64", "rva22u64"}},
	"s390x":    {},
}

// Architectures lists the architectures of Linux that Go builds for, sorted.
func Architectures() []string { return slices.Sorted(maps.Keys(architectures)) }

// ParseTarget reads OS/ARCH or OS/ARCH/VARIANT, as linux/arm/7.
func ParseTarget(text string) (Target, error) {
	parts := strings.Split(text, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return Target{}, fmt.Errorf("the target %q is not OS/ARCH or OS/ARCH/VARIANT, as linux/arm64 or linux/arm/7", text)
	}
	target := Target{OS: parts[0], Arch: parts[1]}
	if target.OS != "linux" {
		return Target{}, fmt.Errorf("the target %s: the firmware runs on Linux, not on %s", text, target.OS)
	}
	known, is := architectures[target.Arch]
	if !is {
		return Target{}, fmt.Errorf("the target %s: there is no architecture %s; those of Linux are %s", text, target.Arch, strings.Join(Architectures(), ", "))
	}
	if len(parts) == 3 {
		target.Variant = parts[2]
		switch {
		case len(known.variants) == 0:
			return Target{}, fmt.Errorf("the target %s: %s has no variants", text, target.Arch)
		case !slices.Contains(known.variants, target.Variant):
			return Target{}, fmt.Errorf("the target %s: the variants of %s are %s", text, target.Arch, strings.Join(known.variants, ", "))
		}
	}
	return target, nil
}

// Host is Linux on the architecture of this machine.
func Host() Target { return Target{OS: "linux", Arch: runtime.GOARCH} }

// String gives OS/ARCH or OS/ARCH/VARIANT.
func (t Target) String() string {
	if t.Variant == "" {
		return t.OS + "/" + t.Arch
	}
	return t.OS + "/" + t.Arch + "/" + t.Variant
}

// suffix is what a binary's name ends in.
func (t Target) suffix() string { return "-" + t.OS + "-" + t.Arch + t.Variant }

// environment sets every variable that picks the target, so that none of the host's counts.
func (t Target) environment() []string {
	variables := map[string]string{}
	for _, each := range architectures {
		if each.variable != "" {
			variables[each.variable] = each.usual
		}
	}
	if own := architectures[t.Arch]; own.variable != "" && t.Variant != "" {
		variables[own.variable] = t.Variant
	}
	list := []string{"GOOS=" + t.OS, "GOARCH=" + t.Arch}
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		list = append(list, name+"="+variables[name])
	}
	return list
}
