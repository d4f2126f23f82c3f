package lwm2m

import "sort"

// SortPaths brings paths into the order of Compare.
func SortPaths(paths []Path) {
	for i := 1; i < len(paths); i++ {
		if paths[i].ids < paths[i-1].ids { // most come in order: then nothing is allocated
			sort.Sort(pathOrder(paths))
			return
		}
	}
}

// SortItems brings items into the order of their paths, and those of one path into that of their times.
func SortItems(items []Item) {
	for i := 1; i < len(items); i++ {
		if itemOrder(items).Less(i, i-1) {
			sort.Sort(itemOrder(items))
			return
		}
	}
}

// The orders are sort.Interfaces: package slices would be instantiated for each, which is ten times their code.
type (
	pathOrder []Path
	itemOrder []Item
)

func (p pathOrder) Len() int           { return len(p) }
func (p pathOrder) Less(i, j int) bool { return p[i].ids < p[j].ids }
func (p pathOrder) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }

func (o itemOrder) Len() int { return len(o) }
func (o itemOrder) Less(i, j int) bool {
	if o[i].Path != o[j].Path {
		return o[i].Path.ids < o[j].Path.ids
	}
	return o[i].Time.Before(o[j].Time)
}
func (o itemOrder) Swap(i, j int) { o[i], o[j] = o[j], o[i] }
