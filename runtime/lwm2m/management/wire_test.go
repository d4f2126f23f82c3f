package management

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Over a link that loses and doubles datagrams an image arrives whole, and what is executed is executed once.
func TestOverALossyLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		clientLink, serverLink := coaptest.Pipe(coaptest.Impairments{Loss: 0.15, Duplication: 0.2, Delay: 50 * time.Millisecond, Seed: 7})
		config := coap.Config{BlockTransfer: true, BlockSize: 64, MaxBody: 1024, MaxRetransmit: 20, Critical: Critical()}
		client := coap.NewConn(clientLink, config, f.Handler(server), nil)
		config.MaxBody = 1 << 20
		peer := coap.NewConn(serverLink, config, nil, nil)
		do := func(line, payload string) coap.Message {
			t.Helper()
			answer, err := peer.Do(t.Context(), request(line, payload).Message)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			synctest.Wait() // what follows the answer is done
			return answer
		}
		image := bytes.Repeat([]byte("0123456789abcdef"), 300) // more than MaxBody: it is not collected
		if answer := do("PUT /5/0/0 ct=42", string(image)); answer.Code != coap.Changed {
			t.Errorf("image: %v", answer.Code)
		}
		if !bytes.Equal(f.firmware.taken, image) {
			t.Errorf("%d bytes have come, want %d", len(f.firmware.taken), len(image))
		}
		if answer := do("PUT /5/0/0"+tlv, "\xD0\x00\x12\xC0"+string(image)); answer.Code != coap.RequestEntityTooLarge {
			t.Errorf("an image in TLV, which has to be collected: %v", answer.Code)
		}
		f.log = nil
		for range 20 {
			if answer := do("POST /3/0/4", ""); answer.Code != coap.Changed {
				t.Errorf("execute: %v", answer.Code)
			}
		}
		if len(f.log) != 40 {
			t.Errorf("20 executions and what follows them: %q", f.log)
		}
		if answer := do("GET /3 accept=40", ""); string(answer.Payload) != "</3>,</3/0>,</3/0/0>,</3/0/1>,</3/0/4>,</3/0/6>;dim=2,</3/0/7>;dim=2,</3/0/11>;dim=1,</3/0/16>" {
			t.Errorf("discover, in blocks: %s", answer.Payload)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if err := peer.Close(); err != nil {
			t.Error(err)
		}
	})
}
