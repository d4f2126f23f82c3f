package modem

import (
	"context"
	"errors"

	"github.com/cloudgen/cloudgen/runtime/data"
)

// ErrNoFix is wrapped by Receiver.Fix when the search has ended without a position.
var ErrNoFix = errors.New("no position was found")

// Receiver is implemented by a modem with a GNSS receiver (ModemManager: Location.Setup with GPS raw, then GetLocation).
type Receiver interface {
	// Fix switches the receiver on, searches until there is a position or ctx ends, and switches it off. One search at a time: whoever asks
	// sees to that. Without a position the error wraps ErrNoFix, and ctx's own where that ended the search.
	Fix(ctx context.Context) (data.Fix, error)
}

// FileAssisted is implemented by a modem whose GNSS receiver takes a file of its maker's service, as Qualcomm's XTRA (ModemManager:
// Location.SupportedAssistanceData, AssistanceDataServers and InjectAssistanceData). nRF Cloud's data is no such file: a receiver that takes that
// implements gnss.Receiver.
type FileAssisted interface {
	// AssistanceServers gives the URLs from which the file is to be fetched, the preferred one first.
	AssistanceServers(ctx context.Context) ([]string, error)
	// InjectFile hands the file over, which the modem must not keep.
	InjectFile(ctx context.Context, file []byte) error
}

// Scanner is implemented by a modem, or a device, that can list the Wi-Fi access points around it.
type Scanner interface {
	// ScanWiFi ends early with ctx. A scan that hears nothing is no error: its list is empty.
	ScanWiFi(ctx context.Context) (data.WiFi, error)
}
