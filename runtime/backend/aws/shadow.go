package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/cloudgen/cloudgen/runtime/codec/tracker"
	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/mqtt"
)

// envelope is what all messages of the shadow service have around their state (developer guide, "Device Shadow service documents").
type envelope struct {
	Version   *int64 `json:"version"`
	Timestamp *int64 `json:"timestamp"` // UNIX seconds
	Token     string `json:"clientToken"`
	Current   struct {
		Version *int64 `json:"version"`
	} `json:"current"` // update/documents alone
}

func decodeEnvelope(m mqtt.Message, what string) (envelope, error) {
	var e envelope
	if !utf8.Valid(m.Payload) {
		return e, fmt.Errorf("the %s cannot be read: it is not UTF-8", what)
	}
	if err := json.Unmarshal(m.Payload, &e); err != nil {
		return e, fmt.Errorf("the %s cannot be read: %.200s", what, err.Error()) // it may quote the document at length
	}
	return e, nil
}

// shadowVersion is the newest version of the shadow whose configuration is known.
type shadowVersion struct {
	known              bool
	version, timestamp int64
}

// news tells whether a document is newer than what is known, or, with again, as new. Versions only grow as long as a shadow lives; one that
// is lower but was made later belongs to a shadow that was deleted and made anew. A document without version is always news.
func (v *shadowVersion) news(e envelope, again bool) bool {
	if e.Version == nil || !v.known {
		return true
	}
	return *e.Version > v.version || *e.Version == v.version && again || *e.Version < v.version && e.timestamp() > v.timestamp
}

func (v *shadowVersion) note(e envelope) {
	if e.Version != nil {
		*v = shadowVersion{known: true, version: *e.Version, timestamp: e.timestamp()}
	}
}

func (e envelope) timestamp() int64 {
	if e.Timestamp == nil {
		return 0
	}
	return *e.Timestamp
}

// takeDelta handles update/delta: {"version":…,"timestamp":…,"state":{…}}. Whose update has caused it does not matter.
func (b *Backend) takeDelta(m mqtt.Message) {
	e, err := decodeEnvelope(m, "delta")
	if err != nil {
		b.reject(m.Topic, err)
		return
	}
	b.takeConfig(m, e, false, "state")
}

// takeShadow handles get/accepted, the whole document, and what a rule selects of it on get/accepted/desired/cfg.
func (b *Backend) takeShadow(m mqtt.Message, path ...string) {
	e, err := decodeEnvelope(m, "shadow")
	if err != nil {
		b.reject(m.Topic, err)
		return
	}
	b.mu.Lock()
	serial, foreign := b.requests.own(e.Token)
	b.mu.Unlock()
	if foreign {
		b.logger.Debug("the shadow is passed over: another client has asked for it", "topic", m.Topic)
		return
	}
	b.noteVersion(e)
	b.takeConfig(m, e, true, path...)
	b.mu.Lock()
	out := b.requests.accepted(operationGet, serial, time.Now())
	b.mu.Unlock()
	b.carryOut(m.Topic, out)
}

// takeUpdated handles update/accepted and update/documents, which tell the version of the shadow.
func (b *Backend) takeUpdated(to use, m mqtt.Message) {
	e, err := decodeEnvelope(m, "answer to an update")
	if err != nil {
		b.reject(m.Topic, err)
		return
	}
	if to == useUpdateDocuments {
		b.noteVersion(envelope{Version: e.Current.Version})
		return
	}
	b.noteVersion(e)
	b.mu.Lock()
	serial, foreign := b.requests.own(e.Token)
	var out outcome
	if !foreign && serial != 0 {
		out = b.requests.accepted(operationUpdate, serial, time.Now())
	}
	b.mu.Unlock()
	b.carryOut(m.Topic, out)
}

// takeDeleted handles delete/accepted: {"version":…,"timestamp":…}. The next shadow goes on counting, or, after two days, counts anew.
func (b *Backend) takeDeleted(m mqtt.Message) {
	if _, err := decodeEnvelope(m, "answer to a deletion"); err != nil {
		b.reject(m.Topic, err)
		return
	}
	b.forgetShadow()
}

func (b *Backend) forgetShadow() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shadow, b.version = shadowVersion{}, nil
}

// noteVersion keeps the version that the next update may be made for.
func (b *Backend) noteVersion(e envelope) {
	if e.Version == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version = e.Version
}

// takeConfig hands over the configuration of a document, unless it is old. Members that cannot be taken are reported; the others are taken.
// A document that cannot be used leaves no trace, so that the same version may come again in good order.
func (b *Backend) takeConfig(m mqtt.Message, e envelope, again bool, path ...string) {
	change, err := tracker.DecodeConfiguration(m.Payload, path...)
	if err != nil && !errors.Is(err, tracker.ErrNoConfiguration) {
		b.reject(m.Topic, err)
		return
	}
	b.mu.Lock()
	news := b.shadow.news(e, again)
	if news {
		b.shadow.note(e)
	}
	b.mu.Unlock()
	switch {
	case !news:
		b.logger.Debug("passed over: this version of the shadow, or a later one, is known", "topic", m.Topic, "version", *e.Version)
		return
	case err != nil:
		b.give(data.ConfigEmpty{})
		return
	case change.Refused != nil:
		b.reject(m.Topic, errors.Join(change.Refused...))
	}
	b.give(data.ConfigReceived{Change: change.ConfigurationChange})
}

// The codes of the shadow service that are acted upon.
const (
	codeNotFound  = 404
	codeConflict  = 409
	codeThrottled = 429
	codeInternal  = 500
)

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
	case codeConflict:
		return "the version is not the current one"
	case 413:
		return "the document is too large"
	case 415:
		return "the document is not UTF-8"
	case codeThrottled:
		return "too many requests are on their way"
	case codeInternal:
		return "the service has failed"
	}
	return "a code that is not documented"
}

// errRefused says that a request is given up because of the service's answer, which is told elsewhere.
var errRefused = errors.New("the shadow service refuses the request")

// takeRejection handles get/rejected, update/rejected and delete/rejected: {"code":…,"message":…,"clientToken":…}.
func (b *Backend) takeRejection(to use, m mqtt.Message) {
	var rejection struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Token   string `json:"clientToken"`
	}
	if err := json.Unmarshal(m.Payload, &rejection); err != nil || rejection.Code == 0 {
		b.reject(m.Topic, fmt.Errorf("%w, and why cannot be read", errRefused))
		return
	}
	b.mu.Lock()
	serial, foreign := b.requests.own(rejection.Token)
	var out outcome
	known := false
	switch {
	case foreign || to == useDeleteRejected: // deletions are the application's
	case to == useGetRejected && serial == 0 && rejection.Code == codeNotFound:
		out = b.requests.accepted(operationGet, 0, time.Now())
	case to == useGetRejected:
		out, known = b.requests.rejected(operationGet, serial, rejection.Code, time.Now())
	default:
		out, known = b.requests.rejected(operationUpdate, serial, rejection.Code, time.Now())
	}
	b.mu.Unlock()
	switch {
	case foreign:
		b.logger.Debug("a rejection is passed over: another client has made the request", "topic", m.Topic, "code", rejection.Code)
		return
	case known && out.err == nil && rejection.Code != codeNotFound:
		b.logger.Debug("the shadow service refuses a request, which is made again", "topic", m.Topic, "code", rejection.Code)
		b.carryOut(m.Topic, out)
		return
	case rejection.Code == codeNotFound:
		b.forgetShadow() // a new shadow may count anew
		if to == useGetRejected {
			b.give(data.ConfigEmpty{})
			b.carryOut(m.Topic, out)
			return
		}
	}
	b.reject(m.Topic, fmt.Errorf("%w: %d, %s: %.200q", errRefused, rejection.Code, meaning(rejection.Code), rejection.Message))
}
