package pgps

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// The files of a store in its folder.
const (
	setFile   = "pgps"       // the header as the cloud sends it, then predictions, each with its CRC-32
	stateFile = "pgps-state" // state as JSON
)

const storedSize = PredictionSize + crc32.Size

// encodeSet writes a set for the medium. The header's count is that of the whole set: fewer predictions follow while some are missing.
func encodeSet(s *Set, whole int) []byte {
	header := s.Header
	header.Count = whole
	out := header.Append(make([]byte, 0, HeaderSize+s.Count*storedSize))
	for n := range s.Count {
		out = append(out, s.bytes(n)...)
		out = le.AppendUint32(out, crc32.ChecksumIEEE(s.bytes(n)))
	}
	return out
}

// decodeSet reads what encodeSet wrote. Of a damaged file it gives the predictions before the damage, and what is wrong.
func decodeSet(file []byte) (set *Set, whole int, damage error) {
	header, err := ParseHeader(file)
	if err != nil {
		return &Set{}, 0, err
	}
	stored := file[HeaderSize:]
	set = &Set{Header: Header{Period: header.Period, Start: header.Start}, body: make([]byte, 0, min(header.Count, len(stored)/storedSize)*PredictionSize)}
	for ; set.Count < header.Count && len(stored) >= storedSize; stored = stored[storedSize:] {
		prediction := stored[:PredictionSize]
		if crc32.ChecksumIEEE(prediction) != le.Uint32(stored[PredictionSize:]) {
			damage = fmt.Errorf("prediction %d of %d is damaged", set.Count, header.Count)
			break
		}
		if _, err := parsePrediction(prediction, header.at(set.Count)); err != nil {
			damage = fmt.Errorf("prediction %d of %d: %w", set.Count, header.Count, err)
			break
		}
		set.body = append(set.body, prediction...)
		set.Count++
	}
	if damage == nil && len(stored) > 0 {
		damage = fmt.Errorf("%d bytes stand behind the predictions", len(stored))
	}
	return set, header.Count, damage
}

// state is what a store knows besides predictions.
type state struct {
	Leap     leap      `json:"leap"`
	Location *location `json:"location,omitempty"`
}

// leap is the leap seconds and their next change.
type leap struct {
	Before int           `json:"before"`
	After  int           `json:"after"`
	Change agnss.GPSTime `json:"change"` // first moment of After
}

func (l leap) at(now agnss.GPSTime) int {
	if now < l.Change {
		return l.Before
	}
	return l.After
}

// location is where the device was, in the units of assistance data.
type location struct {
	Latitude  int32         `json:"latitude"`
	Longitude int32         `json:"longitude"`
	At        agnss.GPSTime `json:"at"` // 0: not known
}

func initialState() state {
	return state{Leap: leap{Before: agnss.DefaultLeapSeconds, After: agnss.DefaultLeapSeconds}}
}

func decodeState(file []byte) (state, error) {
	read := state{}
	if err := json.Unmarshal(file, &read); err != nil {
		return initialState(), err
	}
	believed := func(seconds int) bool { return seconds >= 10 && seconds <= 30 }
	if !believed(read.Leap.Before) || !believed(read.Leap.After) {
		return initialState(), fmt.Errorf("leap seconds %d, then %d, cannot be", read.Leap.Before, read.Leap.After)
	}
	if l := read.Location; l != nil {
		if max(l.Latitude, l.Longitude) > 1<<23 || min(l.Latitude, l.Longitude) < -1<<23 {
			read.Location = nil
			return read, fmt.Errorf("latitude %d, longitude %d is not on the Earth", l.Latitude, l.Longitude)
		}
	}
	return read, nil
}

// load reads a file; a missing one is empty.
func (s *Store) load(name string) ([]byte, error) {
	content, err := s.folder.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return content, err
}
