package coap_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
)

// sink keeps what is downloaded, up to a limit.
type sink struct {
	bytes.Buffer
	size  int64
	limit int
}

var errFull = errors.New("full")

func (s *sink) SetSize(size int64) { s.size = size }

func (s *sink) Write(part []byte) (int, error) {
	if s.Len()+len(part) > s.limit {
		return 0, errFull
	}
	return s.Buffer.Write(part)
}

func TestDownload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		image := body(300_000, 7) // more than MaxBody of the device
		version := byte(1)
		a, b := coaptest.Pipe(coaptest.Impairments{Loss: 0.05, Duplication: 0.05, Seed: 3})
		device := coap.NewConn(a, coap.Config{MaxRetransmit: 10}, nil, nil)
		server := coap.NewConn(b, coap.Config{MaxBody: 1 << 20}, serve(func(r *coap.Request) coap.Response {
			switch r.Options.Path() {
			case "/image":
				return coap.Response{Message: coap.Message{Code: coap.Content, Payload: image}}
			case "/short":
				return coap.Response{Message: coap.Message{Code: coap.Content, Payload: []byte("short")}}
			case "/fresh": // another one each time it is asked for
				version++
				return coap.Response{Message: coap.Message{Code: coap.Content, Payload: bytes.Repeat([]byte{version}, 5000)}}
			}
			return coap.Response{Message: coap.Message{Code: coap.NotFound, Payload: []byte("nothing here")}}
		}), nil)
		defer func() {
			device.Close()
			server.Close()
			time.Sleep(10 * time.Second) // what the link still holds
		}()
		get := func(path string, into *sink) (coap.Message, error) {
			return device.Download(t.Context(), request(coap.GET, path, nil), into)
		}

		whole := &sink{limit: len(image)}
		response, err := get("image", whole)
		if err != nil || response.Code != coap.Content || len(response.Payload) != 0 || !bytes.Equal(whole.Bytes(), image) {
			t.Fatalf("%v, %v, %d bytes in the response, %d of %d in the sink", response.Code, err, len(response.Payload), whole.Len(), len(image))
		}
		short := &sink{limit: 100}
		if _, err := get("short", short); err != nil || short.String() != "short" || short.size != 5 {
			t.Errorf("%v, %q of %d bytes", err, short.String(), short.size)
		}
		if response, err := get("missing", short); err != nil || response.Code != coap.NotFound || string(response.Payload) != "nothing here" {
			t.Errorf("%v, %v %q", err, response.Code, response.Payload)
		}
		if _, err := get("image", &sink{limit: 10_000}); !errors.Is(err, errFull) {
			t.Errorf("a full sink: %v", err)
		}
		if _, err := device.Do(t.Context(), request(coap.GET, "image", nil)); err == nil {
			t.Error("Do has taken more than MaxBody")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := device.Download(ctx, request(coap.GET, "nobody-answers-so-fast-for-so-much", nil), &sink{limit: 1}); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the end of the context: %v", err)
		}
	})
}
