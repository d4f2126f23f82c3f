package pgps

import (
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/data"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/gnss/agnss"
)

func TestPlan(t *testing.T) {
	at := func(n float64) *agnss.GPSTime { moment := start + agnss.GPSTime(n*14400); return &moment } // 0: the middle of prediction 0
	h := func(count int) Header { return Header{Count: count, Period: period, Start: start} }
	full := func(day int, second time.Duration) data.PGPSRequest {
		return data.PGPSRequest{Predictions: 40, Interval: period, GPSDay: day, TimeOfDay: second * time.Second}
	}
	after := func(stored, predictions int) data.PGPSRequest {
		r := full(h(stored).End().Day(), time.Duration(h(stored).End().SecondOfDay()))
		r.Predictions = predictions
		return r
	}
	for _, test := range []struct {
		name       string
		threshold  int
		stored     Header
		incomplete bool
		now        *agnss.GPSTime
		want       data.PGPSRequest
		reason     Reason
	}{
		{"nothing, time unknown", 0, Header{}, false, nil, full(0, 0), ReasonNoData},
		{"nothing", 0, Header{}, false, at(0), full(17000, 14400), ReasonNoData},
		{"nothing, between two", 0, Header{}, false, at(0.25), full(17000, 18000), ReasonNoData},
		{"full", 0, h(40), false, at(0), data.PGPSRequest{}, ReasonNone},
		{"full, time unknown", 0, h(40), false, nil, data.PGPSRequest{}, ReasonNone},
		{"before it", 0, h(40), false, at(-1), data.PGPSRequest{}, ReasonNone},
		{"threshold 0, last one", 0, h(40), false, at(39.49), data.PGPSRequest{}, ReasonNone},
		{"threshold 0, run out", 0, h(40), false, at(39.51), full(17006, 64944), ReasonExpired},
		{"threshold 10, 11 left", 10, h(40), false, at(29), data.PGPSRequest{}, ReasonNone},
		{"threshold 10, 10 left", 10, h(40), false, at(30), after(40, 30), ReasonThreshold},
		{"threshold 10, 9 left", 10, h(40), false, at(31), after(40, 31), ReasonThreshold},
		{"threshold 10, run out", 10, h(40), false, at(45), full(17007, 57600), ReasonExpired},
		{"half of them came", 0, h(20), true, at(0), after(20, 20), ReasonIncomplete},
		{"half of them came, some time ago", 0, h(20), true, at(5), after(20, 25), ReasonIncomplete},
		{"half of them came, time unknown", 0, h(20), true, nil, data.PGPSRequest{}, ReasonNone},
		{"the cloud has no more", 0, h(20), false, at(0), data.PGPSRequest{}, ReasonNone},
		{"as many as configured, and yet not all", 0, h(40), true, at(0), data.PGPSRequest{}, ReasonNone},
		{"more than configured", 10, h(60), false, at(0), data.PGPSRequest{}, ReasonNone},
	} {
		got, reason := Plan(config(40, test.threshold), test.stored, test.incomplete, test.now)
		if got != test.want || reason != test.reason {
			t.Errorf("%s: %+v, %v, want %+v, %v", test.name, got, reason, test.want, test.reason)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for option, c := range map[string]Config{
		"NRF_CLOUD_PGPS_PREDICTION_PERIOD":     {Predictions: 42},
		"NRF_CLOUD_PGPS_NUM_PREDICTIONS":       config(85, 0),
		"NRF_CLOUD_PGPS_NUM_PREDICTIONS = 0":   config(0, 0),
		"NRF_CLOUD_PGPS_REPLACEMENT_THRESHOLD": config(42, 42),
	} {
		if _, err := Open(durable.OpenOn(newDisk(t), folder), c, quiet); err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%s: %v", option, err)
		}
	}
	c := config(84, 0)
	c.Period = "NRF_CLOUD_PGPS_PREDICTION_PERIOD_120_MIN"
	if _, err := Open(durable.OpenOn(newDisk(t), folder), c, quiet); err != nil || c.period() != 2*time.Hour {
		t.Error(err)
	}
}
