package main

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"time"
)

// row is one figure and, where there is one, its bound.
type row struct{ what, figure, bound string }

func table(title string, rows ...row) {
	fmt.Printf("\n### %s\n\n| | measured | at most |\n|---|---|---|\n", title)
	for _, r := range rows {
		fmt.Printf("| %s | %s | %s |\n", r.what, r.figure, r.bound)
	}
	fmt.Println()
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.2f MB", float64(bytes)/1e6) }

func ratio(a, b int64) string { return fmt.Sprintf("%.3f", float64(a)/float64(b)) }

// processorName is what Linux calls the processor.
func processorName() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "an unknown processor"
	}
	match := regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`).FindSubmatch(info)
	if match == nil {
		return "an unnamed processor"
	}
	return string(match[1])
}

// median gives the middle one, and sorts them.
func median[T cmp.Ordered](all []T) T {
	slices.Sort(all)
	return all[len(all)/2]
}

func tenths(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func quotient(a, b float64) string { return fmt.Sprintf("%.2f", a/b) }
