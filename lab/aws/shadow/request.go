package shadow

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// request is a decoded request. An absent section is not the same as one that is null, which removes what is stored.
type request struct {
	clientToken       string
	version           *int64
	desired, reported patch
}

// patch is what a request says about a section.
type patch struct {
	present bool
	state   object // nil where the request says null
}

// decodeShort decodes the body of get: empty, or an object with a clientToken.
func decodeShort(body []byte) (request, *rejection) {
	if len(bytes.TrimSpace(body)) == 0 {
		return request{}, nil
	}
	root, rejection := decodeObject(body)
	if rejection != nil {
		return request{}, rejection
	}
	return decodeEnvelope(root)
}

// decodeIgnored decodes the body of delete. "The content of the message is ignored" (device-shadow-mqtt, "/delete"), but for the clientToken, by which
// SDKs know the answer.
func decodeIgnored(body []byte) (request, *rejection) {
	var r request
	root, rejection := decodeObject(body)
	if rejection != nil {
		return r, nil
	}
	rejection = r.takeToken(root)
	return r, rejection
}

func decodeUpdate(body []byte) (request, *rejection) {
	root, rejection := decodeObject(body)
	if rejection != nil {
		return request{}, rejection
	}
	r, rejection := decodeEnvelope(root)
	if rejection != nil {
		return r, rejection
	}
	value, ok := root["state"]
	if !ok {
		return r, reject(400, "Missing required node: state")
	}
	state, ok := value.(object)
	if !ok && value != nil { // "state": null removes nothing and counts as an update (undocumented)
		return r, reject(400, "State node must be an object")
	}
	if r.desired, rejection = decodeSection(state, "desired", "Desired"); rejection != nil {
		return r, rejection
	}
	r.reported, rejection = decodeSection(state, "reported", "Reported")
	return r, rejection
}

// decodeEnvelope decodes what stands beside the state. A valid token is given back even if the rest is refused, for the answer.
func decodeEnvelope(root object) (request, *rejection) {
	var r request
	if rejection := r.takeToken(root); rejection != nil {
		return r, rejection
	}
	if value, ok := root["version"]; ok {
		number, ok := value.(json.Number)
		version, err := strconv.ParseInt(number.String(), 10, 64)
		if !ok || err != nil || version < 0 {
			return r, reject(400, "Invalid version")
		}
		r.version = &version
	}
	return r, nil
}

func (r *request) takeToken(root object) *rejection {
	value, ok := root["clientToken"]
	if !ok {
		return nil
	}
	token, ok := value.(string)
	if !ok || len(token) > maximumClientToken {
		return reject(400, "Invalid clientToken")
	}
	r.clientToken = token
	return nil
}

func decodeSection(state object, key, title string) (patch, *rejection) {
	value, ok := state[key]
	if !ok || value == nil {
		return patch{present: ok}, nil
	}
	section, ok := value.(object)
	if !ok {
		return patch{}, reject(400, "%s node must be an object", title)
	}
	if depth(section) > maximumDepth {
		return patch{}, reject(400, "JSON contains too many levels of nesting; maximum is 6")
	}
	if !valid(section, false) {
		return patch{}, reject(400, "State contains an invalid node")
	}
	return patch{present: true, state: section}, nil
}

// decodeObject decodes JSON whose root is an object. Numbers keep their text.
func decodeObject(body []byte) (object, *rejection) {
	if !utf8.Valid(body) {
		return nil, reject(415, "Unsupported documented encoding; supported encoding is UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var root any
	if err := decoder.Decode(&root); err != nil {
		return nil, reject(400, "Invalid JSON")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, reject(400, "Invalid JSON")
	}
	o, ok := root.(object)
	if !ok {
		return nil, reject(400, "Invalid JSON")
	}
	return o, nil
}

// depth counts the levels of objects and arrays, a flat one being one level.
func depth(value any) int {
	deepest := 0
	switch value := value.(type) {
	case object:
		for _, member := range value {
			deepest = max(deepest, depth(member))
		}
	case []any:
		for _, element := range value {
			deepest = max(deepest, depth(element))
		}
	default:
		return 0
	}
	return deepest + 1
}

// valid tells whether a value may be stored: no null inside an array, and numbers that a long or a double can hold.
func valid(value any, inArray bool) bool {
	switch value := value.(type) {
	case nil:
		return !inArray
	case object:
		for _, member := range value {
			if !valid(member, inArray) {
				return false
			}
		}
	case []any:
		for _, element := range value {
			if !valid(element, true) {
				return false
			}
		}
	case json.Number:
		if _, err := strconv.ParseInt(value.String(), 10, 64); err == nil {
			return true
		}
		f, err := value.Float64()
		return err == nil && !math.IsInf(f, 0)
	}
	return true
}

// echo gives the sections of the request as update/accepted repeats them, with null where the request has null.
func (r request) echo() map[string]any {
	return r.each(func(p patch) any { return p.state })
}

func (r request) echoMetadata(now time.Time) map[string]any {
	return r.each(func(p patch) any { return metadata(p.state, now) })
}

func (r request) each(of func(patch) any) map[string]any {
	sections := map[string]any{}
	if r.desired.present {
		sections["desired"] = of(r.desired)
	}
	if r.reported.present {
		sections["reported"] = of(r.reported)
	}
	return sections
}

// sameNumber compares by value, so that 4 and 4.0 are one number (undocumented: the service keeps the text, and says nothing of how it compares).
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	if isInteger(a) && isInteger(b) {
		x, errX := a.Int64()
		y, errY := b.Int64()
		return errX == nil && errY == nil && x == y // 0 and -0; those that are too long for this differ, as their texts do
	}
	x, errX := a.Float64()
	y, errY := b.Float64()
	return errX == nil && errY == nil && x == y
}

func isInteger(n json.Number) bool { return !strings.ContainsAny(n.String(), ".eE") }
