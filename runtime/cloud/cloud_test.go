package cloud

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// The lists of the Cloud API, to the letter and in its order. Behind each stand the Go values with their count.
func TestNames(t *testing.T) {
	for _, list := range []struct {
		prefix, names string
		count         int
		name          func(int) string
	}{
		{
			"CLOUD_EVT_",
			"CONNECTING CONNECTED DISCONNECTED READY ERROR DATA_SENT DATA_RECEIVED PAIR_REQUEST PAIR_DONE FOTA_START FOTA_DONE " +
				"FOTA_ERASE_PENDING FOTA_ERASE_DONE FOTA_DL_PROGRESS FOTA_ERROR",
			int(EventCount), func(i int) string { return EventType(i).String() },
		},
		{
			"CLOUD_DISCONNECT_", "USER_REQUEST CLOSED_BY_REMOTE INVALID_REQUEST MISC",
			int(DisconnectCount), func(i int) string { return DisconnectReason(i).String() },
		},
		{
			"CLOUD_QOS_", "AT_MOST_ONCE AT_LEAST_ONCE EXACTLY_ONCE",
			int(QoSCount), func(i int) string { return QoS(i).String() },
		},
		{
			"CLOUD_EP_", "MSG STATE STATE_DELETE STATE_GET PAIR",
			int(EndpointCommonCount), func(i int) string { return EndpointType(i).String() },
		},
		{
			"CLOUD_CONNECT_RES_",
			"SUCCESS ERR_NOT_INITD ERR_INVALID_PARAM ERR_NETWORK ERR_BACKEND ERR_MISC ERR_NO_MEM ERR_PRV_KEY ERR_CERT ERR_CERT_MISC " +
				"ERR_TIMEOUT_NO_DATA ERR_ALREADY_CONNECTED",
			int(ConnectResultCount), func(i int) string { return ConnectResult(i).String() },
		},
	} {
		names := strings.Fields(list.names)
		if len(names) != list.count {
			t.Errorf("%s: %d values, the API has %d", list.prefix, list.count, len(names))
		}
		for i, name := range names {
			if got, want := list.name(i), list.prefix+name; got != want {
				t.Errorf("value %d is %s, want %s", i, got, want)
			}
		}
		if got, want := list.name(-1), strings.TrimSuffix(list.prefix, "_")+"(-1)"; got != want {
			t.Errorf("a value that does not exist is %s, want %s", got, want)
		}
	}
}

// The values themselves, by name: a test of the lists alone would not see two names that have changed places.
func TestValues(t *testing.T) {
	for value, want := range map[fmt.Stringer]string{
		EventReady: "CLOUD_EVT_READY", EventFOTADLProgress: "CLOUD_EVT_FOTA_DL_PROGRESS", EventPairDone: "CLOUD_EVT_PAIR_DONE",
		EventFOTAErasePending: "CLOUD_EVT_FOTA_ERASE_PENDING", DisconnectClosedByRemote: "CLOUD_DISCONNECT_CLOSED_BY_REMOTE",
		QoSExactlyOnce: "CLOUD_QOS_EXACTLY_ONCE", EndpointStateGet: "CLOUD_EP_STATE_GET",
		ConnectErrPrvKey: "CLOUD_CONNECT_RES_ERR_PRV_KEY", ConnectErrAlreadyConnected: "CLOUD_CONNECT_RES_ERR_ALREADY_CONNECTED",
		EndpointPrivStart: "CLOUD_EP_PRIV_START+0", EndpointPrivStart + 3: "CLOUD_EP_PRIV_START+3",
		EndpointPrivEnd: "CLOUD_EP_PRIV_START+32762", EndpointPrivEnd + 1: "CLOUD_EP(32768)",
	} {
		if got := value.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if EndpointPrivEnd != 1<<15-1 || EndpointPrivStart != EndpointCommonCount {
		t.Errorf("private endpoints from %d to %d", int(EndpointPrivStart), int(EndpointPrivEnd))
	}
}

// bare is a backend without optional functions.
type bare struct{}

func (bare) Init(context.Context, Handler) error            { return nil }
func (bare) Uninit() error                                  { return nil }
func (bare) Connect(context.Context) (ConnectResult, error) { return ConnectSuccess, nil }
func (bare) Disconnect() error                              { return nil }
func (bare) Send(context.Context, Message) error            { return nil }
func (bare) KeepaliveTimeLeft() time.Duration               { return -1 }
func (bare) Input() error                                   { return nil }
func (bare) SubscriptionsAdd([]Endpoint) error              { return nil }
func (bare) SubscriptionsRemove([]Endpoint) error           { return nil }
func (bare) ID() (string, error)                            { return "id", nil }

// full has them.
type full struct {
	bare
	*Notifier
	pings *int
}

func (f full) Ping(context.Context) error {
	*f.pings++
	return nil
}

func TestOptionalFunctions(t *testing.T) {
	pings := 0
	f := full{Notifier: &Notifier{}, pings: &pings}
	if err := errors.Join(Ping(t.Context(), bare{}), Ping(t.Context(), f)); err != nil || pings != 1 {
		t.Errorf("ping: %v, %d", err, pings)
	}
	if err := SetUserData(bare{}, 1); !errors.Is(err, ErrUnsupported) {
		t.Errorf("user data of a backend that takes none: %v", err)
	}
	if err := SetUserData(f, 42); err != nil {
		t.Error(err)
	}
	var given any
	f.SetHandler(func(_ Backend, _ Event, userData any) { given = userData })
	f.NotifyEvent(f, Event{})
	if given != 42 {
		t.Errorf("user data %v", given)
	}
}

func TestRegistry(t *testing.T) {
	var r Registry
	if _, err := r.Binding("AWS"); err == nil || !strings.Contains(err.Error(), "none is defined") {
		t.Errorf("binding in an empty registry: %v", err)
	}
	if err := errors.Join(r.Define("NRF_CLOUD", bare{}), r.Define("AWS_IOT", full{})); err != nil {
		t.Fatal(err)
	}
	if backend, err := r.Binding("AWS_IOT"); err != nil || backend != (full{}) {
		t.Errorf("binding: %v, %v", backend, err)
	}
	if _, err := r.Binding("AWS"); err == nil || !strings.Contains(err.Error(), "AWS_IOT, NRF_CLOUD") {
		t.Errorf("binding of an unknown name: %v", err)
	}
	for name, err := range map[string]error{
		"taken": r.Define("AWS_IOT", bare{}), "empty": r.Define("", bare{}), "there is none": r.Define("X", nil),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Events come one at a time, from whichever goroutine, and none after the handler was taken away.
func TestNotifier(t *testing.T) {
	var n Notifier
	n.NotifyEvent(bare{}, Event{}) // nobody listens
	running, seen, stopped := 0, 0, false
	n.SetHandler(func(_ Backend, event Event, _ any) {
		if running++; running != 1 || stopped {
			t.Errorf("%d handlers run, stopped %t", running, stopped)
		}
		if event.Type == EventReady {
			seen++
		}
		running--
	})
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for range 100 {
				n.NotifyEvent(bare{}, Event{Type: EventReady})
			}
		})
	}
	senders.Wait()
	if seen != 800 {
		t.Errorf("%d events", seen)
	}
	for range 8 {
		senders.Go(func() {
			for range 100 {
				n.NotifyEvent(bare{}, Event{})
			}
		})
	}
	n.SetHandler(nil)
	stopped = true // without a lock: the race detector sees a handler that still runs
	senders.Wait()
}
