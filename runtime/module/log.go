package module

import (
	"context"
	"log/slog"
	"time"

	"github.com/cloudgen/cloudgen/runtime/cloud"
	"github.com/cloudgen/cloudgen/runtime/data"
)

// log writes one record of an event, with what its type sets.
func (o *owner) log(event Event) {
	o.logger.LogAttrs(context.Background(), level(event), "cloud module", attributes(event)...)
}

func level(event Event) slog.Level {
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

func attributes(event Event) []slog.Attr {
	list := []slog.Attr{slog.String("event", event.Type.String())}
	add := func(when bool, attribute slog.Attr) {
		if when {
			list = append(list, attribute)
		}
	}
	add(event.Attempt != 0, slog.Int("attempt", event.Attempt))
	switch event.Type {
	case EventConnected:
		add(true, slog.Bool("persistent_session", event.PersistentSession))
	case EventConnectFailed:
		add(true, slog.String("result", event.Result.String()))
	case EventDisconnected:
		add(true, slog.String("reason", event.Reason.String()))
	case EventConfigReceived:
		list = append(list, slog.GroupAttrs("config", configAttributes(event.Config)...))
	case EventCloudLocationReceived:
		list = append(list, slog.Float64("latitude", event.Location.Latitude), slog.Float64("longitude", event.Location.Longitude),
			slog.Float64("accuracy", event.Location.Accuracy))
	case EventDataSendQoS, EventDataSent, EventMessageDiscarded, EventSendFailed:
		add(event.MessageID != 0, slog.Int("message_id", int(event.MessageID)))
		add(true, slog.String("message_type", event.MessageType.String()))
		add(event.Count != 0, slog.Int("count", event.Count))
	case EventDataReceived, EventAGNSSReceived, EventPGPSReceived:
		add(true, slog.Int("bytes", len(event.Payload)))
	}
	add(event.Source != "", slog.String("source", event.Source))
	switch event.Type {
	case EventUserAssociationRequest, EventTimeWait:
		add(event.Delay != 0, seconds("at_most", event.Delay))
	case EventConnecting, EventConnectFailed, EventDisconnected:
		add(event.Delay != 0, seconds("next_in", event.Delay))
	}
	if event.Err != nil {
		list = append(list, slog.String("error", event.Err.Error()))
	}
	return list
}

// seconds writes a delay so that it can be read and sorted: to the millisecond.
func seconds(key string, delay time.Duration) slog.Attr {
	return slog.String(key, delay.Round(time.Millisecond).String())
}

// configAttributes gives the members that a change sets.
func configAttributes(change data.ConfigurationChange) []slog.Attr {
	var list []slog.Attr
	if change.ActiveMode != nil {
		list = append(list, slog.Bool("active_mode", *change.ActiveMode))
	}
	for _, d := range []struct {
		key   string
		value *time.Duration
	}{
		{"location_timeout", change.LocationTimeout}, {"active_wait", change.ActiveWait},
		{"movement_resolution", change.MovementResolution}, {"movement_timeout", change.MovementTimeout},
	} {
		if d.value != nil {
			list = append(list, slog.Duration(d.key, *d.value))
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
			list = append(list, slog.Float64(f.key, *f.value))
		}
	}
	if change.NoData != nil {
		list = append(list, slog.Any("no_data", *change.NoData))
	}
	return list
}

// backendAttributes describes an event of the backend, without what a message holds.
func backendAttributes(event cloud.Event) []slog.Attr {
	list := []slog.Attr{slog.String("backend_event", event.Type.String())}
	switch event.Type {
	case cloud.EventDisconnected:
		list = append(list, slog.String("reason", event.Reason.String()))
	case cloud.EventDataSent:
		list = append(list, slog.Int("message_id", int(event.Message.ID)))
	case cloud.EventDataReceived:
		list = append(list, slog.String("source", event.Message.Endpoint.Name), slog.Int("bytes", len(event.Message.Payload)))
	case cloud.EventFOTADLProgress:
		list = append(list, slog.Int("percent", event.FOTAProgress))
	}
	if event.Err != nil {
		list = append(list, slog.String("error", event.Err.Error()))
	}
	return list
}
