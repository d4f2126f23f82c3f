package gnss

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

// taker is a receiver that lacks all and takes all.
type taker struct {
	given int
}

func (t *taker) AssistanceNeed(context.Context) (agnss.Need, error) {
	return agnss.Everything(false, true), nil
}

func (t *taker) Inject(context.Context, agnss.Element) error {
	t.given++
	return nil
}

func (t *taker) Cell(context.Context) (data.Cell, error) { return data.Cell{ID: 7}, nil }

func (t *taker) RequestAGNSS(context.Context, data.AGNSSRequest) error { return nil }
func (t *taker) RequestPGPS(context.Context, data.PGPSRequest) error   { return nil }

// FuzzPayloads gives both kinds of payloads to an assistant that waits for them. Whatever they are, it takes right ones afterwards.
func FuzzPayloads(f *testing.F) {
	now := time.Now()
	request := data.PGPSRequest{Predictions: 6, Interval: 4 * time.Hour, GPSDay: agnss.FromUTC(now, 18).Day()}
	whole := predictions(request)
	f.Add([]byte{}, []byte{})
	f.Add(message(now, 7, 6, 1, 2, 3, 4, 5, 8, 9), whole)
	f.Add(message(now, 2)[:200], whole[:3000])
	f.Add([]byte(`{"appId":"AGNSS","messageType":"DATA","err":40410}`), []byte(`["pgps.example.com","public/1.bin"]`))
	f.Add([]byte("{"), []byte(`{"host":"","path":""}`))
	f.Fuzz(func(t *testing.T, current, predicted []byte) {
		receiver := &taker{}
		c := parts(t, true, true)
		a := &assistant{
			Config: c, receiver: receiver, cells: receiver, cloud: receiver, logger: slog.New(slog.DiscardHandler), wake: make(chan struct{}, 1),
			leapSeconds: agnss.DefaultLeapSeconds,
		}
		state, err := durable.MakeOn(durabletest.New(), "/data")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Predicted.Open(state, a.logger); err != nil {
			t.Fatal(err)
		}
		a.Connected(true)
		a.Searching(true)
		a.follow(t.Context())
		a.TakeAGNSS(current)
		a.TakePGPS(predicted)
		a.Found(data.Fix{Latitude: 48, Longitude: 11})
		a.follow(t.Context())
		receiver.given = 0
		a.TakeAGNSS(message(now, 4))
		a.follow(t.Context())
		if receiver.given < 1 {
			t.Error("right data were not taken any more")
		}
	})
}
