package files

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// Fault is what goes wrong with the downloads of an object. Its zero value is none. Offsets count from the beginning of the object, so that they mean
// the same byte in a range.
type Fault struct {
	Truncate     *int64 `json:"truncate,omitempty"`     // the object ends after so many bytes, and all headers say so
	Corrupt      *int64 `json:"corrupt,omitempty"`      // the byte at this offset is inverted
	StallAt      *int64 `json:"stallAt,omitempty"`      // nothing comes from this offset on; the connection stays
	CutAt        *int64 `json:"cutAt,omitempty"`        // the connection is closed at this offset
	RefuseRanges bool   `json:"refuseRanges,omitempty"` // every answer is the whole object with status 200
	WrongLength  int64  `json:"wrongLength,omitempty"`  // is added to Content-Length and to the total in Content-Range
	Redirect     string `json:"redirect,omitempty"`     // a URL: answers are 307 to it
	Status       int    `json:"status,omitempty"`       // 500 to 599: answers are this
	Expire       bool   `json:"expire,omitempty"`       // answers are 403, as of a URL that has expired
	Times        int    `json:"times,omitempty"`        // requests that the fault is for; 0: all
}

func (f Fault) check() error {
	for name, offset := range map[string]*int64{"truncate": f.Truncate, "corrupt": f.Corrupt, "stallAt": f.StallAt, "cutAt": f.CutAt} {
		if offset != nil && *offset < 0 {
			return fmt.Errorf("%s is %d: an offset is not negative", name, *offset)
		}
	}
	if f.Status != 0 && (f.Status < 500 || f.Status > 599) {
		return fmt.Errorf("status is %d; 500 to 599 are the server's faults", f.Status)
	}
	if f.Times < 0 {
		return fmt.Errorf("times is %d; 0 means always", f.Times)
	}
	return nil
}

// String names the fault.
func (f Fault) String() string {
	var names []string
	for _, part := range []struct {
		name string
		on   bool
	}{
		{"truncate", f.Truncate != nil}, {"corrupt", f.Corrupt != nil}, {"stallAt", f.StallAt != nil}, {"cutAt", f.CutAt != nil}, {"refuseRanges", f.RefuseRanges},
		{"wrongLength", f.WrongLength != 0}, {"redirect", f.Redirect != ""}, {"status", f.Status != 0}, {"expire", f.Expire},
	} {
		if part.on {
			names = append(names, part.name)
		}
	}
	return strings.Join(names, ", ")
}

// SetFault gives an object a fault, in the place of the one that it has; the zero value ends it. The object need not be there yet.
func (h *Host) SetFault(key string, fault Fault) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if err := fault.check(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if fault == (Fault{}) {
		delete(h.faults, key)
		return nil
	}
	h.faults[key] = fault
	return nil
}

// ClearFaults ends all faults.
func (h *Host) ClearFaults() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.faults)
}

// fault gives the fault for the next request of an object, and counts it.
func (h *Host) fault(key string) Fault {
	h.mu.Lock()
	defer h.mu.Unlock()
	fault := h.faults[key]
	switch fault.Times {
	case 0:
	case 1:
		delete(h.faults, key)
	default:
		next := fault
		next.Times--
		h.faults[key] = next
	}
	return fault
}

// content is an object with its faults, as http.ServeContent reads it.
type content struct {
	file   *os.File
	size   int64
	fault  Fault
	offset int64
	stall  func() // waits until the client has gone
	cut    func() // ends the handler
}

func (c *content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.offset
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, os.ErrInvalid
	}
	c.offset = offset
	return offset, nil
}

func (c *content) Read(b []byte) (int, error) {
	rest := c.size - c.offset
	if rest <= 0 {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), rest)]
	for _, limit := range []struct {
		at    *int64
		reach func()
	}{{c.fault.CutAt, c.cut}, {c.fault.StallAt, c.stall}} {
		if limit.at == nil {
			continue
		}
		if c.offset >= *limit.at {
			limit.reach()
			return 0, io.ErrUnexpectedEOF
		}
		b = b[:min(int64(len(b)), *limit.at-c.offset)]
	}
	n, err := c.file.ReadAt(b, c.offset)
	if at := c.fault.Corrupt; at != nil && *at >= c.offset && *at < c.offset+int64(n) {
		b[*at-c.offset] ^= 0xff
	}
	c.offset += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}
