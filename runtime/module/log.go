package module

import (
	"context"
	"log/slog"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
)

// log writes one record of an event, with what its type sets.
func (o *owner) log(event *Event) {
	record(o.logger, level(event), "cloud module", attributes(event))
}

// record is Logger.LogAttrs by way of Logger.Log, which is in every program that logs at all.
func record(logger *slog.Logger, level slog.Level, message string, attributes []slog.Attr) {
	if !logger.Enabled(context.Background(), level) {
		return
	}
	arguments := make([]any, len(attributes))
	for i, each := range attributes {
		arguments[i] = each
	}
	logger.Log(context.Background(), level, message, arguments...)
}

func level(event *Event) slog.Level {
	switch event.Type {
	case EventError:
		return slog.LevelError
	case EventConnectFailed, EventTimeWait, EventMessageDiscarded, EventSendFailed, EventInputRejected, EventBackendError,
		EventFOTAError, EventCloudLocationError:
		return slog.LevelWarn
	case EventDisconnected:
		if event.Reason != cloud.DisconnectUserRequest {
			return slog.LevelWarn
		}
	}
	return slog.LevelInfo
}

// list is what a record says. Its methods are calls, because they stand at many places.
type list []slog.Attr

//go:noinline
func (l *list) text(key, value string) { *l = append(*l, slog.String(key, value)) }

//go:noinline
func (l *list) number(key string, value int) { *l = append(*l, slog.Int(key, value)) }

//go:noinline
func (l *list) real(key string, value float64) { *l = append(*l, slog.Float64(key, value)) }

func (l *list) failure(err error) {
	if err != nil {
		l.text("error", err.Error())
	}
}

func attributes(event *Event) []slog.Attr {
	l := list{slog.String("event", event.Type.String())}
	if event.Attempt != 0 {
		l.number("attempt", event.Attempt)
	}
	switch event.Type {
	case EventConnected:
		l = append(l, slog.Bool("persistent_session", event.PersistentSession))
	case EventConnectFailed:
		l.text("result", event.Result.String())
	case EventDisconnected:
		l.text("reason", event.Reason.String())
	case EventConfigReceived:
		l = append(l, slog.GroupAttrs("config", configAttributes(&event.Config)...))
	case EventCloudLocationReceived:
		l.real("latitude", event.Location.Latitude)
		l.real("longitude", event.Location.Longitude)
		l.real("accuracy", event.Location.Accuracy)
	case EventDataSendQoS, EventDataSent, EventMessageDiscarded, EventSendFailed:
		if event.MessageID != 0 {
			l.number("message_id", int(event.MessageID))
		}
		l.text("message_type", event.MessageType.String())
		if event.Count != 0 {
			l.number("count", event.Count)
		}
	case EventDataReceived, EventAGNSSReceived, EventPGPSReceived:
		l.number("bytes", len(event.Payload))
	}
	if event.Source != "" {
		l.text("source", event.Source)
	}
	if event.Delay != 0 {
		switch event.Type {
		case EventUserAssociationRequest, EventTimeWait:
			l.delay("at_most", event.Delay)
		case EventConnecting, EventConnectFailed, EventDisconnected:
			l.delay("next_in", event.Delay)
		}
	}
	l.failure(event.Err)
	return l
}

// delay writes a delay so that it can be read and sorted: to the millisecond.
func (l *list) delay(key string, delay time.Duration) {
	l.text(key, delay.Round(time.Millisecond).String())
}

// configAttributes gives the members that a change sets.
func configAttributes(change *data.ConfigurationChange) []slog.Attr {
	var l list
	if change.ActiveMode != nil {
		l = append(l, slog.Bool("active_mode", *change.ActiveMode))
	}
	for _, d := range []struct {
		key   string
		value *time.Duration
	}{
		{"location_timeout", change.LocationTimeout}, {"active_wait", change.ActiveWait},
		{"movement_resolution", change.MovementResolution}, {"movement_timeout", change.MovementTimeout},
	} {
		if d.value != nil {
			l = append(l, slog.Duration(d.key, *d.value))
		}
	}
	for _, f := range []struct {
		key   string
		value *float64
	}{
		{"accelerometer_activity", change.AccelerometerActivity}, {"accelerometer_inactivity", change.AccelerometerInactivity},
		{"accelerometer_inactivity_timeout", change.AccelerometerInactivityTimeout},
	} {
		if f.value != nil {
			l.real(f.key, *f.value)
		}
	}
	if change.NoData != nil {
		l = append(l, slog.Any("no_data", *change.NoData))
	}
	return l
}

// backendAttributes describes an event of the backend, without what a message holds.
func backendAttributes(event *cloud.Event) []slog.Attr {
	l := list{slog.String("backend_event", event.Type.String())}
	switch event.Type {
	case cloud.EventDisconnected:
		l.text("reason", event.Reason.String())
	case cloud.EventDataSent:
		l.number("message_id", int(event.Message.ID))
	case cloud.EventDataReceived:
		l.text("source", event.Message.Endpoint.Name)
		l.number("bytes", len(event.Message.Payload))
	case cloud.EventFOTADLProgress:
		l.number("percent", event.FOTAProgress)
	}
	l.failure(event.Err)
	return l
}
