package aws

import (
	"errors"
	"testing"
	"time"
)

// TestCodes: what each documented code of the shadow service (and one that is not) does to each kind of request.
func TestCodes(t *testing.T) {
	const (
		done   = "done"            // as good as accepted
		given  = "given up"        // and told
		pause  = "made again soon" // after a pause
		fetch  = "made again with the version"
		forget = "nothing waits"
	)
	document := []byte(`{"state":{"reported":{}}`)
	for _, c := range []struct {
		code                        int
		get, configuration, samples string
	}{
		{400, given, given, given}, {401, given, given, given}, {403, given, given, given},
		{codeNotFound, done, given, given},
		{codeConflict, given, fetch, given},
		{413, given, given, given}, {415, given, given, given},
		{codeThrottled, pause, pause, given}, {codeInternal, pause, pause, given},
		{418, given, given, given}, {0, given, given, given}, {-1, given, given, given},
	} {
		for name, kind := range map[string]struct {
			op       operation
			document []byte
			want     string
		}{
			"get": {operationGet, nil, c.get}, "configuration": {operationUpdate, document, c.configuration}, "samples": {operationUpdate, nil, c.samples},
		} {
			now := time.Unix(1735689600, 0)
			r := requests{prefix: "ABCDEFGH"}
			serial := r.begin(kind.op, kind.document, now)
			if _, known := r.rejected(1-kind.op, serial, c.code, now); known {
				t.Errorf("%d, %s: an answer to the other operation is taken", c.code, name)
			}
			out, known := r.rejected(kind.op, serial, c.code, now)
			got := forget
			q := r.find(serial)
			switch {
			case !known:
			case out.fetch && q != nil && q.phase == phaseVersion:
				got = fetch
			case out.err == nil && q != nil && q.phase == phasePause:
				got = pause
			case errors.Is(out.err, errRefused) && q == nil:
				got = given
			case out.err == nil && q == nil:
				got = done
			}
			if got != kind.want {
				t.Errorf("%d, %s: %s, want %s", c.code, name, got, kind.want)
			}
			if _, known := r.rejected(kind.op, serial, c.code, now); known && q == nil {
				t.Errorf("%d, %s: the answer that comes again is taken", c.code, name)
			}
		}
	}
}

// TestPort443: there the service speaks MQTT only to who names it by ALPN.
func TestPort443(t *testing.T) {
	for _, c := range []struct {
		port     int
		alpn     bool
		endpoint string
		want     bool
	}{{8883, false, "", false}, {443, false, "", true}, {8883, true, "", true}, {8883, false, "broker.example:443", true}, {443, false, "broker.example:8883", false}} {
		config := shipped
		config.MQTT.Port, config.MQTT.ALPN = c.port, c.alpn
		backend, err := New(config, deviceAt(c.endpoint))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(backend.target.ALPN) == 1 && backend.target.ALPN[0] == "x-amzn-mqtt-ca"; got != c.want {
			t.Errorf("%+v: offers %q", c, backend.target.ALPN)
		}
	}
}
