package coap

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestConfig(t *testing.T) {
	if err := (Config{}).Check(); err != nil {
		t.Error(err)
	}
	for want, config := range map[string]Config{
		"COAP_INIT_ACK_TIMEOUT_MS":  {AckTimeout: -time.Second},
		"COAP_ACK_RANDOM_PERCENT":   {AckRandomPercent: 99},
		"COAP_MAX_RETRANSMIT":       {MaxRetransmit: 101},
		"COAP_BACKOFF_PERCENT":      {BackoffPercent: 50},
		"power of two":              {BlockSize: 500},
		"size of a block":           {BlockSize: 2048},
		"size of a message":         {MaxMessage: 20},
		"number of incoming bodies": {MaxIncomingBodies: -1},
	} {
		if err := config.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want something about %s", err, want)
		}
	}
	for _, config := range []Config{
		{},
		{AckTimeout: -1, AckRandomPercent: -1, MaxRetransmit: -1, BackoffPercent: -1, BlockSize: -1, MaxMessage: -1, MaxBody: -1, MaxIncomingBodies: -1, MaxOutgoingBodies: -1, MaxQueue: -1},
		{AckTimeout: 1 << 62, AckRandomPercent: 1 << 30, MaxRetransmit: 1 << 30, BackoffPercent: 1 << 30, BlockSize: 1 << 30, MaxMessage: 1 << 30},
		{BlockSize: 500},
	} {
		if err := config.complete().Check(); err != nil {
			t.Error(err)
		}
	}
	if size := (Config{BlockSize: 500}).complete().BlockSize; size != 256 {
		t.Error(size)
	}
}

func TestWhatCannotBeEncoded(t *testing.T) {
	var e encoder
	long := newMessage(GET, "/a", Option{ID: 2000, Value: make([]byte, 65805)})
	many := Message{Code: GET, Options: make(Options, 65)}
	for want, d := range map[string]datagram{
		"token of 9":      {token: make([]byte, 9)},
		"option 2000 has": {Message: long},
		"65 options":      {Message: many},
	} {
		if _, err := e.encode(&d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want something about %s", err, want)
		}
	}
	longest := datagram{Message: newMessage(GET, "/a", Option{ID: 65535, Value: make([]byte, 65804)})}
	raw, err := e.encode(&longest)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := decode(raw); err != nil || len(d.Options[1].Value) != 65804 {
		t.Error(err)
	}
	// Options that were not put in order are put in order, those of one id as they came.
	mixed := datagram{Message: Message{Code: GET, Options: Options{{URIQuery, []byte("q")}, {URIPath, []byte("b")}, {URIPath, []byte("a")}}}}
	if raw, err = e.encode(&mixed); err != nil {
		t.Fatal(err)
	}
	if d, err := decode(raw); err != nil || d.Options.Path() != "/b/a" || d.Options.Strings(URIQuery)[0] != "q" {
		t.Error(d, err)
	}

	b := newBench(t, Config{BlockTransfer: true}, &served{answer: func(*Request) Response { return Response{Message: long} }})
	b.in(datagram{id: 1, Message: newMessage(GET, "/a")})
	b.want("ACK 5.00")
	if r := b.call(long); r.err == nil || r.calls != 1 {
		t.Error(r)
	}
	if r := b.call(Message{Code: Content}); r.err == nil || len(b.calls) != 0 {
		t.Error("a response is no request", r)
	}
	if r := b.call(Message{Code: GET, Options: make(Options, 65)}); r.err == nil || len(b.calls) != 0 {
		t.Error(r)
	}
	var dropped NotifyOutcome
	b.notify(b.now, &Notification{Token: make([]byte, 9), Done: func(o NotifyOutcome) { dropped = o }})
	if dropped != NotifyDropped {
		t.Error(dropped)
	}
	b.none()
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	for _, each := range []struct {
		err  error
		want string
	}{
		{&TimeoutError{Transmissions: 5, Elapsed: time.Minute}, "no answer from the peer to 5 transmissions in 1m0s"},
		{&TimeoutError{Acknowledged: true, Elapsed: exchangeLifetime}, "no response within 4m7s after the peer acknowledged the request"},
		{&ResponseError{Content, "reason"}, "response 2.05 cannot be used: reason"},
		{&ResetError{}, "reset"},
		{&TooLargeError{9, 8, "body"}, "body: 9 bytes, at most 8 are possible"},
	} {
		if !strings.Contains(each.err.Error(), each.want) {
			t.Errorf("%q, want %q", each.err, each.want)
		}
	}
	if timeout, is := errors.AsType[interface {
		error
		Timeout() bool
	}](&TimeoutError{}); !is || !timeout.Timeout() {
		t.Error("no timeout")
	}
	for outcome, want := range map[NotifyOutcome]string{NotifySent: "sent", NotifyDropped: "dropped", 99: "unknown"} {
		if outcome.String() != want {
			t.Error(outcome)
		}
	}
}
