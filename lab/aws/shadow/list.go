package shadow

import (
	"errors"
	"slices"
	"time"
)

// maximumPage and defaultPage are how many names a page has (API reference, ListNamedShadowsForThing; the default is undocumented).
const (
	maximumPage = 100
	defaultPage = 25
)

// NameList is the answer to ListNamedShadowsForThing.
type NameList struct {
	Results   []string `json:"results"`
	NextToken string   `json:"nextToken,omitempty"` // of the next page; "" on the last
	Timestamp int64    `json:"timestamp"`           // seconds
}

// List gives the names of a thing's named shadows, sorted, from the one after the token on; pageSize is 1 to 100, 0: 25. The classic shadow is not
// among them, and a thing that does not exist has none (device-shadow-rest-api). The error is for the size alone: HTTP status 400.
func (s *Store) List(thing, nextToken string, pageSize int, now time.Time) (NameList, error) {
	switch {
	case pageSize == 0:
		pageSize = defaultPage
	case pageSize < 0 || pageSize > maximumPage:
		return NameList{}, errors.New("pageSize is 1 to 100")
	}
	names := []string{}
	for name := range s.documents {
		if name.Thing == thing && name.Shadow > nextToken { // the classic one is ""
			names = append(names, name.Shadow)
		}
	}
	slices.Sort(names)
	list := NameList{Results: names, Timestamp: now.Unix()}
	if len(names) > pageSize {
		list.Results, list.NextToken = names[:pageSize], names[pageSize-1]
	}
	return list, nil
}
