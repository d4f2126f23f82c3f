package pgps

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// Place is where the cloud has put the predictions that were asked for: to be fetched by HTTPS, without credentials.
type Place struct {
	Host string // name, perhaps with a port
	Path string // without a leading slash
}

// IsFile tells whether what a cloud sent begins like a file of predictions. Otherwise it may be the place of one.
func IsFile(payload []byte) bool {
	return len(payload) >= 2 && payload[0] == schemaVersion && payload[1] == arrayType
}

// ErrPlace is an answer that names no place.
var ErrPlace = errors.New("not the place of predictions")

// The longest parts of a place, in bytes.
const maxHost, maxPath = 253 + len(":65535"), 1024

// ParsePlace reads the JSON that answers a request: [host, path] over MQTT, {"host":…,"path":…} over HTTP. A refusal is an
// *agnss.CloudError; all else wraps ErrPlace.
func ParsePlace(document []byte) (Place, error) {
	if len(document) > 2*(maxHost+maxPath) {
		return Place{}, fmt.Errorf("%w: %d bytes are too many", ErrPlace, len(document))
	}
	var place Place
	if trimmed := bytes.TrimSpace(document); len(trimmed) > 0 && trimmed[0] == '[' {
		var parts []string
		if err := json.Unmarshal(trimmed, &parts); err != nil || len(parts) != 2 {
			return Place{}, fmt.Errorf("%w: want an array of host and path", ErrPlace)
		}
		place = Place{Host: parts[0], Path: parts[1]}
	} else {
		var answer struct {
			Host, Path string
			Code       *int `json:"err"`
		}
		if err := json.Unmarshal(document, &answer); err != nil {
			return Place{}, fmt.Errorf("%w: %w", ErrPlace, err)
		}
		if answer.Code != nil {
			return Place{}, &agnss.CloudError{Code: *answer.Code}
		}
		place = Place{Host: answer.Host, Path: answer.Path}
	}
	place.Path = strings.TrimPrefix(place.Path, "/")
	return place, place.Check()
}

// Check refuses what would make another request of it than one for a file on a host. It wraps ErrPlace.
func (p Place) Check() error {
	printable := func(text string) bool {
		return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
	}
	switch {
	case p.Host == "" || len(p.Host) > maxHost || !printable(p.Host) || strings.ContainsAny(p.Host, "/?#@\\"):
		return fmt.Errorf("%w: host %.80q", ErrPlace, p.Host)
	case p.Path == "" || len(p.Path) > maxPath || !printable(p.Path):
		return fmt.Errorf("%w: path %.80q", ErrPlace, p.Path)
	}
	return nil
}
