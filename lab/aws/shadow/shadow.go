// Package shadow is the Device Shadow service of AWS IoT Core as a pure data structure: requests and a time in, messages out.
//
// Source, unless a line names another: AWS IoT Core developer guide, "AWS IoT Device Shadow service" (pages device-shadow-document,
// device-shadow-mqtt, device-shadow-data-flow, device-shadow-rest-api, device-shadow-error-messages) and "AWS IoT Core endpoints and quotas". What the guide leaves open is marked
// "undocumented" and says what was chosen.
package shadow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Limits of the service (AWS IoT Core endpoints and quotas, "AWS IoT Device Shadow service limits and quotas").
const (
	maximumState       = 8 << 10 // bytes of state, names and values; metadata does not count
	maximumDepth       = 8       // levels in desired or reported; the error message still says 6
	maximumClientToken = 64      // bytes
)

// tombstoneLife is how long a deleted shadow's version counter is kept: 48 hours (device-shadow-data-flow, "DELETE"). The page has a new shadow begin
// at version 0 then; that is before its first update, which makes it 1.
const tombstoneLife = 48 * time.Hour

// Name names a shadow. Shadow "" is the classic one of the thing.
type Name struct {
	Thing  string
	Shadow string
}

// text is the name as error messages of the live service print it.
func (n Name) text() string {
	if n.Shadow == "" {
		return n.Thing
	}
	return n.Thing + "~" + n.Shadow
}

// Message is something that the service publishes.
type Message struct {
	Topic   string // below the prefix of the shadow: "update/accepted"
	Payload []byte // JSON
}

// Store holds the shadows of an account. The zero value is empty and ready. It is not safe for concurrent use.
type Store struct {
	documents  map[Name]document
	tombstones map[Name]tombstone
}

// document is one shadow. Its trees are never changed in place: an update makes new ones.
type document struct {
	desired, reported section
	version           int64
}

// section is a half of a shadow. A nil state means that there is none.
type section struct {
	state    object
	metadata object // as the state, with a leaf in the place of each value
}

type tombstone struct {
	version int64
	deleted time.Time
}

// Get answers a request on shadow/get, whose body may be empty.
func (s *Store) Get(name Name, body []byte, now time.Time) []Message {
	r, rejection := decodeShort(body)
	if rejection == nil {
		if current, ok := s.documents[name]; ok {
			return []Message{message("get/accepted", getAccepted{
				State: fullOf(current, stateOf), Metadata: fullOf(current, metadataOf),
				Version: current.version, Timestamp: now.Unix(), ClientToken: r.clientToken,
			})}
		}
		rejection = noShadow(name)
	}
	return []Message{rejection.message("get/rejected", r.clientToken, now)}
}

// Update answers a request on shadow/update.
func (s *Store) Update(name Name, body []byte, now time.Time) []Message {
	r, rejection := decodeUpdate(body)
	var previous, current document
	if rejection == nil {
		previous = s.documents[name]
		current, rejection = s.apply(name, previous, r, now)
	}
	if rejection != nil {
		return []Message{rejection.message("update/rejected", r.clientToken, now)}
	}
	if s.documents == nil {
		s.documents = map[Name]document{}
	}
	s.documents[name] = current
	delete(s.tombstones, name)

	messages := []Message{message("update/accepted", updateAccepted{
		State: r.echo(), Metadata: r.echoMetadata(now), Version: current.version, Timestamp: now.Unix(), ClientToken: r.clientToken,
	})}
	if state, metadata := current.delta(); state != nil {
		messages = append(messages, message("update/delta", updateDelta{
			Version: current.version, Timestamp: now.Unix(), State: state, Metadata: metadata, ClientToken: r.clientToken,
		}))
	}
	return append(messages, message("update/documents", updateDocuments{
		Previous: snapshotOf(previous), Current: snapshotOf(current), Timestamp: now.Unix(), ClientToken: r.clientToken,
	}))
}

// Delete answers a request on shadow/delete, whose body says nothing but a clientToken.
func (s *Store) Delete(name Name, body []byte, now time.Time) []Message {
	r, rejection := decodeIgnored(body)
	current, ok := s.documents[name]
	if rejection == nil && !ok {
		rejection = noShadow(name)
	}
	if rejection != nil {
		return []Message{rejection.message("delete/rejected", r.clientToken, now)}
	}
	delete(s.documents, name)
	if s.tombstones == nil {
		s.tombstones = map[Name]tombstone{}
	}
	for old, t := range s.tombstones {
		if now.Sub(t.deleted) >= tombstoneLife {
			delete(s.tombstones, old)
		}
	}
	s.tombstones[name] = tombstone{version: current.version, deleted: now}
	return []Message{message("delete/accepted", deleteAccepted{Version: current.version, Timestamp: now.Unix(), ClientToken: r.clientToken})}
}

// apply makes the document that the request leads to.
func (s *Store) apply(name Name, previous document, r request, now time.Time) (document, *rejection) {
	if r.version != nil && *r.version != previous.version {
		return document{}, reject(409, "Version conflict")
	}
	version := previous.version
	if t, ok := s.tombstones[name]; ok && version == 0 && now.Sub(t.deleted) < tombstoneLife {
		version = t.version
	}
	next := document{
		desired:  previous.desired.merge(r.desired, now),
		reported: previous.reported.merge(r.reported, now),
		version:  version + 1,
	}
	if next.size() > maximumState {
		return document{}, reject(413, "The payload exceeds the maximum size allowed")
	}
	return next, nil
}

// size counts the state as compact JSON, section by section.
func (d document) size() int {
	size := 0
	for _, state := range []object{d.desired.state, d.reported.state} {
		if len(state) > 0 {
			size += len(encode(state))
		}
	}
	return size
}

// delta gives what is desired and not reported, with the metadata of what is desired; nil if there is nothing.
func (d document) delta() (state, metadata object) {
	return difference(d.desired.state, d.desired.metadata, d.reported.state)
}

// The messages, with their members in the order of the guide's examples.
type (
	getAccepted struct {
		State       full   `json:"state"`
		Metadata    full   `json:"metadata"`
		Version     int64  `json:"version"`
		Timestamp   int64  `json:"timestamp"`
		ClientToken string `json:"clientToken,omitempty"`
	}
	updateAccepted struct {
		State       map[string]any `json:"state"`
		Metadata    map[string]any `json:"metadata"`
		Version     int64          `json:"version"`
		Timestamp   int64          `json:"timestamp"`
		ClientToken string         `json:"clientToken,omitempty"`
	}
	updateDelta struct {
		Version     int64  `json:"version"`
		Timestamp   int64  `json:"timestamp"`
		State       object `json:"state"`
		Metadata    object `json:"metadata"`
		ClientToken string `json:"clientToken,omitempty"`
	}
	updateDocuments struct {
		Previous    snapshot `json:"previous"`
		Current     snapshot `json:"current"`
		Timestamp   int64    `json:"timestamp"`
		ClientToken string   `json:"clientToken,omitempty"`
	}
	deleteAccepted struct {
		Version     int64  `json:"version"`
		Timestamp   int64  `json:"timestamp"`
		ClientToken string `json:"clientToken,omitempty"`
	}
	rejected struct {
		Code        int    `json:"code"`
		Message     string `json:"message"`
		Timestamp   int64  `json:"timestamp"`
		ClientToken string `json:"clientToken,omitempty"`
	}
	// full is a whole state or its metadata. Empty sections are left out (undocumented).
	full struct {
		Desired  object `json:"desired,omitempty"`
		Reported object `json:"reported,omitempty"`
		Delta    object `json:"delta,omitempty"`
	}
	// snapshot is one of the two documents of update/documents. The one before the first has version 0 (undocumented).
	snapshot struct {
		State    full  `json:"state"`
		Metadata full  `json:"metadata"`
		Version  int64 `json:"version"`
	}
)

func stateOf(state, _ object) object       { return state }
func metadataOf(_, metadata object) object { return metadata }

// fullOf gives the states or the metadata of a document, with the delta.
func fullOf(d document, pick func(state, metadata object) object) full {
	f := fullWithoutDelta(d, pick)
	f.Delta = pick(d.delta())
	return f
}

func fullWithoutDelta(d document, pick func(state, metadata object) object) full {
	return full{Desired: pick(d.desired.state, d.desired.metadata), Reported: pick(d.reported.state, d.reported.metadata)}
}

func snapshotOf(d document) snapshot {
	return snapshot{State: fullWithoutDelta(d, stateOf), Metadata: fullWithoutDelta(d, metadataOf), Version: d.version}
}

// rejection is why a request is refused: code and text of the guide's table "Device Shadow error messages".
type rejection struct {
	code int
	text string
}

func reject(code int, format string, args ...any) *rejection {
	return &rejection{code: code, text: fmt.Sprintf(format, args...)}
}

func noShadow(name Name) *rejection {
	return reject(404, "No shadow exists with name: '%s'", name.text())
}

func (r *rejection) message(topic, clientToken string, now time.Time) Message {
	return message(topic, rejected{Code: r.code, Message: r.text, Timestamp: now.Unix(), ClientToken: clientToken})
}

func message(topic string, content any) Message {
	return Message{Topic: topic, Payload: encode(content)}
}

// encode gives compact JSON. It cannot fail: everything that it is given was decoded from JSON or is a struct of numbers and strings.
func encode(content any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(content); err != nil {
		panic(fmt.Sprintf("shadow: encoding our own message: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
