package dtls

import (
	"errors"
	"net"
	"testing"

	pion "github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/protocol/alert"
)

func record(kind byte, epoch uint16, body string) string {
	return string([]byte{kind, 0xfe, 0xfd, byte(epoch >> 8), byte(epoch), 0, 0, 0, 0, 0, 1, byte(len(body) >> 8), byte(len(body))}) + body
}

func TestFit(t *testing.T) {
	for _, test := range []struct {
		name     string
		datagram string
		want     bool
	}{
		{"application data", record(23, 1, "data"), true},
		{"protected alert", record(21, 1, "12345678"), true},
		{"the server's last flight again", record(22, 0, "hello") + record(20, 0, "\x01") + record(22, 1, "finished"), true},
		{"application data in clear", record(23, 0, "data"), false},
		{"alert in clear", record(21, 0, "\x02\x28"), false},
		{"behind a good one", record(22, 0, "hello") + record(23, 0, "data"), false},
		{"wrong ChangeCipherSpec", record(20, 0, "\x02"), false},
		{"long ChangeCipherSpec", record(20, 0, "\x01\x01"), false},
		{"empty ChangeCipherSpec", record(20, 0, ""), false},
		{"ChangeCipherSpec of a later epoch", record(20, 1, "\x02\x28"), false},
		{"unknown type in clear", record(99, 0, "x"), false},
		{"cut", record(23, 1, "data")[:15], false},
		{"short", "abc", false},
		{"empty", "", true},
	} {
		if got := fit([]byte(test.datagram)); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte(record(23, 1, "data")))
	f.Add([]byte(record(22, 0, "hello") + record(20, 0, "\x01") + record(25, 1, "finished")))
	f.Add([]byte("\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff"))
	f.Fuzz(func(t *testing.T, datagram []byte) {
		_ = identified(datagram)
		if fit(datagram) && len(datagram) > 0 && datagram[3] == 0 && datagram[4] == 0 && datagram[0] != handshakeRecord && datagram[0] != changeCipherSpec {
			t.Fatalf("%x is let through", datagram)
		}
	})
}

func TestAlertHeard(t *testing.T) {
	for _, code := range []alert.Description{alert.HandshakeFailure, alert.DecryptError, alert.CloseNotify} {
		var last lastAlert
		level := alert.Fatal
		if code == alert.CloseNotify {
			level = alert.Warning
		}
		line := (&alert.Alert{Level: level, Description: code}).String()
		log := listener{&last}.NewLogger("")
		log.Tracef("%s: <- %s", "client", line)
		if last.received.Load() != nil {
			t.Error("heard during the handshake, when anybody can send it")
		}
		last.armed.Store(true)
		log.Tracef("%s: <- %s", "client", "Alert Warning: UserCanceled")
		log.Tracef("%s: <- %s", "client", line)
		if got := last.received.Load(); got == nil || got.Code != uint8(code) {
			t.Errorf("%s heard as %v", line, got)
		}
	}
}

func TestSessionsAreBounded(t *testing.T) {
	var s sessions
	for i := range byte(20) {
		if err := s.of(sessionKey{"device", string(rune('a' + i))}).Set(nil, pion.Session{ID: []byte{i}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.byKey) != maxSessions || len(s.order) != maxSessions {
		t.Error(len(s.byKey), len(s.order))
	}
	last, err := s.of(sessionKey{"device", string(rune('a' + 19))}).Get(nil)
	if err != nil || last.ID[0] != 19 {
		t.Error(last, err)
	}
}

// An error of the socket in the handshake is a loss, and is remembered for the error of Dial.
func TestSocketOutlivesErrors(t *testing.T) {
	gone, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := gone.LocalAddr().String()
	gone.Close()
	s, err := newSocket(t.Context(), openUDP, address)
	if err != nil {
		t.Fatal(err)
	}
	for s.trouble() == nil {
		if _, err := s.WriteTo([]byte("x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, _, err := s.ReadFrom(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if err := s.rebind(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
