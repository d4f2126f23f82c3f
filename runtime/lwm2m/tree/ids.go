package tree

import "sort"

// ascending gives the keys of a map in their order.
func ascending[V any](of map[uint16]V) []uint16 {
	all := make([]uint16, 0, len(of))
	for id := range of {
		all = append(all, id)
	}
	return sorted(all)
}

func sorted(all []uint16) []uint16 {
	sort.Sort((*ids)(&all))
	return all
}

// ids are a sort.Interface, which is a tenth of the code of slices.Sort.
type ids []uint16

func (s *ids) Len() int           { return len(*s) }
func (s *ids) Less(i, j int) bool { return (*s)[i] < (*s)[j] }
func (s *ids) Swap(i, j int)      { (*s)[i], (*s)[j] = (*s)[j], (*s)[i] }
