package lwm2m

import "sort"

// SortPaths brings paths into the order of Compare.
func SortPaths(paths []Path) {
	for i := 1; i < len(paths); i++ {
		if paths[i].ids < paths[i-1].ids { // most come in order: then nothing is allocated
			order := pathOrder(paths)
			sort.Sort(&order)
			return
		}
	}
}

// SortItems brings items into the order of their paths, and those of one path into that of their times.
func SortItems(items []Item) {
	for i := 1; i < len(items); i++ {
		if items[i].before(&items[i-1]) {
			order := itemOrder(items)
			sort.Sort(&order)
			return
		}
	}
}

// The orders are sort.Interfaces: package slices would be instantiated for each, which is ten times their code.
type (
	pathOrder []Path
	itemOrder []Item
)

func (p *pathOrder) Len() int           { return len(*p) }
func (p *pathOrder) Less(i, j int) bool { return (*p)[i].ids < (*p)[j].ids }
func (p *pathOrder) Swap(i, j int)      { (*p)[i], (*p)[j] = (*p)[j], (*p)[i] }

func (o *itemOrder) Len() int           { return len(*o) }
func (o *itemOrder) Less(i, j int) bool { return (*o)[i].before(&(*o)[j]) }
func (o *itemOrder) Swap(i, j int)      { (*o)[i], (*o)[j] = (*o)[j], (*o)[i] }

func (i *Item) before(other *Item) bool {
	if i.Path != other.Path {
		return i.Path.ids < other.Path.ids
	}
	return i.Time.Before(other.Time)
}
