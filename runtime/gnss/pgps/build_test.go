package pgps

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const missingSatellite = 13

// predictionBytes is a prediction as nRF Cloud makes them: satellite 13 has no orbit and comes last.
func predictionBytes(at agnss.GPSTime) []byte {
	b := le.AppendUint16([]byte{7, 1, 0}, uint16(at.Day()))
	b = le.AppendUint32(b, uint32(at.SecondOfDay()))
	b = append(append(b, make([]byte, 10)...), 2, 32, 0)
	for sv := byte(1); sv <= 32; sv++ {
		if sv != missingSatellite {
			b = append(b, ephemerisBytes(sv, at)...)
		}
	}
	return append(append(b, missingSatellite), make([]byte, 61)...)
}

func ephemerisBytes(sv byte, at agnss.GPSTime) []byte {
	e := make([]byte, 62)
	e[0] = sv
	if sv == 32 {
		e[1] = 0x3f // unhealthy
	}
	toe := uint16(at.SecondOfWeek() / 16)
	le.PutUint16(e[2:], 0x181)
	le.PutUint16(e[4:], toe)
	le.PutUint16(e[16:], toe)
	le.PutUint32(e[32:], 98765432)
	le.PutUint32(e[38:], 2702000000)
	return e
}

// fileBytes is a file as the cloud sends it.
func fileBytes(h Header) []byte {
	b := h.Append(nil)
	for n := range h.Count {
		b = append(b, predictionBytes(h.at(n))...)
	}
	return b
}

func set(t testing.TB, h Header) *Set {
	t.Helper()
	s, err := ParseSet(fileBytes(h))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const period = 240 * time.Minute

// start is that of the vectors: day 17000, 04:00:00 GPS.
var start = agnss.NewGPSTime(17000, 14400)

func utc(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateTime, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
