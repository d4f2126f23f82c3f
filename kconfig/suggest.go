package kconfig

import "strings"

// nearest gives the candidate that text was probably meant to be, or "". A
// candidate is near when few edits lead to it, compared with its length.
func nearest(text string, candidates []string) string {
	best, bestDistance := "", 1
	if len(text) > 2 {
		bestDistance += max(1, min(len(text)/5, 4))
	}
	for _, candidate := range candidates {
		if d := editDistance(text, candidate, bestDistance); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// editDistance counts insertions, deletions, replacements and swaps of
// neighbours, without regard to case. It stops at limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit+2 || len(b)-len(a) >= limit+2 {
		return limit // whatever a change of case does to their lengths
	}
	a, b = strings.ToUpper(a), strings.ToUpper(b)
	before, previous, current := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			current[j] = d
			least = min(least, d)
		}
		if least >= limit {
			return limit
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}

// list joins words as a sentence does.
func list(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
