package aws

import (
	"encoding/json"
	"fmt"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
)

// envelope is what all answers of the shadow service have around their state.
type envelope struct {
	Version   *int64 `json:"version"`
	Timestamp *int64 `json:"timestamp"` // UNIX seconds
}

// shadowVersion is the newest version of the shadow that a document has told.
type shadowVersion struct {
	known              bool
	version, timestamp int64
}

// admit tells whether a delta is news, and remembers it. Versions only grow as long as a shadow lives; one that is lower but was made
// later belongs to a shadow that was deleted and made anew. A delta without version is always news.
func (v *shadowVersion) admit(e envelope) bool {
	if e.Version == nil {
		return true
	}
	timestamp := int64(0)
	if e.Timestamp != nil {
		timestamp = *e.Timestamp
	}
	if v.known && (*e.Version == v.version || *e.Version < v.version && timestamp <= v.timestamp) {
		return false
	}
	*v = shadowVersion{known: true, version: *e.Version, timestamp: timestamp}
	return true
}

// takeDelta handles update/delta: {"version":…,"timestamp":…,"state":{…}}.
func (b *Backend) takeDelta(m mqtt.Message) {
	var e envelope
	if err := json.Unmarshal(m.Payload, &e); err != nil {
		b.reject(m.Topic, fmt.Errorf("the delta cannot be read: %w", err))
		return
	}
	b.mu.Lock()
	news := b.shadow.admit(e)
	b.mu.Unlock()
	if !news {
		b.logger.Debug("delta passed over: this version of the shadow, or a later one, is known", "version", *e.Version)
		return
	}
	b.takeConfig(m, "state")
}

// takeShadow handles get/accepted, the whole document, which is always the newest.
func (b *Backend) takeShadow(m mqtt.Message) {
	var e envelope
	if err := json.Unmarshal(m.Payload, &e); err != nil {
		b.reject(m.Topic, fmt.Errorf("the shadow cannot be read: %w", err))
		return
	}
	b.mu.Lock()
	b.shadow = shadowVersion{}
	b.shadow.admit(e)
	b.mu.Unlock()
	b.takeConfig(m, "state", "desired")
}

// codeNotFound is the service's code for a shadow or thing that does not exist.
const codeNotFound = 404

// meaning explains a code of the shadow service (developer guide, "Device Shadow error messages").
func meaning(code int) string {
	switch code {
	case 400:
		return "the request is malformed"
	case 401:
		return "the device is not authorised"
	case 403:
		return "the policy forbids it"
	case codeNotFound:
		return "there is no such thing or shadow"
	case 409:
		return "the version is not the current one"
	case 413:
		return "the document is too large"
	case 415:
		return "the document is not UTF-8"
	case 429:
		return "too many requests are on their way"
	case 500:
		return "the service has failed"
	}
	return "a code that is not documented"
}

// takeRejection handles get/rejected, update/rejected and delete/rejected: {"code":…,"message":…}.
func (b *Backend) takeRejection(to use, m mqtt.Message) {
	var rejection struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(m.Payload, &rejection); err != nil || rejection.Code == 0 {
		b.reject(m.Topic, fmt.Errorf("the shadow service refuses the request, and why cannot be read"))
		return
	}
	if rejection.Code == codeNotFound {
		b.mu.Lock()
		b.shadow = shadowVersion{} // a new shadow may count anew
		b.mu.Unlock()
		if to == useGetRejected {
			b.give(data.ConfigEmpty{})
			return
		}
	}
	b.reject(m.Topic, fmt.Errorf("the shadow service refuses the request: %d, %s: %.200q", rejection.Code, meaning(rejection.Code), rejection.Message))
}
