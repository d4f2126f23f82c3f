package module

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/hwid"
)

func TestConfigValidate(t *testing.T) {
	if err := testConfig().Validate(); err != nil {
		t.Error(err)
	}
	for option, spoil := range map[string]func(*Config){
		"CLOUD_CONNECT_RETRIES is -1":        func(c *Config) { c.ConnectRetries = -1 },
		"CLOUD_CONNECT_RETRIES is 14":        func(c *Config) { c.ConnectRetries = 14 },
		"CLOUD_BACKOFF_JITTER_PERCENT":       func(c *Config) { c.BackoffJitterPercent = 101 },
		"CLOUD_USER_ASSOCIATION_TIMEOUT_SEC": func(c *Config) { c.UserAssociationTimeout = -time.Second },
		"CLOUD_CLIENT_ID":                    func(c *Config) { c.ClientID = "" },
		"QOS_PENDING_MESSAGES_MAX":           func(c *Config) { c.QoS.PendingMax = 0 },
	} {
		config := testConfig()
		spoil(&config)
		options := Options{Modem: newScriptedModem()}
		_, newErr := New(config, &scriptedBackend{}, options)
		_, deviceErr := NewDevice(config, options)
		for _, err := range []error{config.Validate(), newErr, deviceErr} {
			if err == nil || !strings.Contains(err.Error(), option) {
				t.Errorf("%s: %v", option, err)
			}
		}
	}
	if _, err := New(testConfig(), nil, Options{Modem: newScriptedModem()}); err == nil || !strings.Contains(err.Error(), "backend") {
		t.Errorf("without a backend: %v", err)
	}
	if _, err := New(testConfig(), &scriptedBackend{}, Options{}); err == nil || !strings.Contains(err.Error(), "Modem") {
		t.Errorf("without a modem: %v", err)
	}
	if _, err := NewDevice(testConfig(), Options{}); err == nil || !strings.Contains(err.Error(), "Modem") {
		t.Errorf("a device without a modem: %v", err)
	}
}

// The table has an entry for every attempt that can be configured.
func TestBackoffTable(t *testing.T) {
	if maxConnectRetries+1 >= len(backoff) {
		t.Errorf("%d attempts, %d entries", maxConnectRetries+1, len(backoff))
	}
	for i, entry := range backoff {
		if want := 32 * time.Second << i; entry != want {
			t.Errorf("entry %d is %v, want %v", i, entry, want)
		}
	}
}

func TestClientID(t *testing.T) {
	ctx := context.Background()
	modem := newScriptedModem()
	asked := 0
	modem.imei = func(context.Context) (string, error) {
		if asked++; asked == 1 {
			return "", errTest
		}
		return "004402990000007", nil
	}
	config := testConfig()
	device, err := NewDevice(config, Options{Modem: modem, DataDir: "data", Version: "1.2.3", Endpoint: "host:1"})
	if err != nil {
		t.Fatal(err)
	}
	if id, err := device.ID(ctx); id != "device" || err != nil || asked != 0 {
		t.Errorf("custom id %q, %v, the modem was asked %d times", id, err, asked)
	}
	if device.DataDir != "data" || device.Version != "1.2.3" || device.Endpoint != "host:1" || device.Logger == nil {
		t.Errorf("device %+v", device)
	}
	config.ClientIDUseCustom, config.HardwareID = false, hwid.Config{Source: hwid.SourceIMEI}
	device, err = NewDevice(config, Options{Modem: modem})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := device.ID(ctx); !errors.Is(err, errTest) {
		t.Errorf("a modem that fails: %v", err)
	}
	for range 3 {
		if id, err := device.ID(ctx); id != "004402990000007" || err != nil {
			t.Errorf("id %q, %v", id, err)
		}
	}
	if asked != 2 {
		t.Errorf("the modem was asked %d times: an error is not remembered, an id is", asked)
	}
}

func TestEventNames(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "cloud-module.md"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for kind := range eventCount {
		name := kind.String()
		if !strings.HasPrefix(name, "CLOUD_EVT_") || seen[name] {
			t.Errorf("event %d is %q, seen %t", int(kind), name, seen[name])
		}
		seen[name] = true
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/cloud-module.md does not have %s", name)
		}
	}
	for _, kind := range []EventType{-1, eventCount} {
		if name := kind.String(); !strings.HasPrefix(name, "CLOUD_EVT(") {
			t.Errorf("event %d is %q", int(kind), name)
		}
	}
	// The SDK's events, to the letter (enum cloud_module_event_type).
	for i, name := range strings.Fields("CONNECTING CONNECTED DISCONNECTED CONNECTION_TIMEOUT LTE_CONNECT LTE_DISCONNECT " +
		"USER_ASSOCIATION_REQUEST USER_ASSOCIATED REBOOT_REQUEST CONFIG_RECEIVED CONFIG_EMPTY CLOUD_LOCATION_RECEIVED " +
		"CLOUD_LOCATION_ERROR CLOUD_LOCATION_UNKNOWN FOTA_START FOTA_DONE FOTA_ERROR DATA_SEND_QOS SHUTDOWN_READY ERROR") {
		if got := EventType(i).String(); got != "CLOUD_EVT_"+name {
			t.Errorf("event %d is %s, want %s", i, got, name)
		}
	}
}
