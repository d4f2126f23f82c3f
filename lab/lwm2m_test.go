package lab

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	piondtls "github.com/pion/dtls/v3"
	"github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/mux"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/pkg/runner/periodic"
)

// An independent client (go-coap over pion/dtls, on real sockets) that knows nothing but what Service tells registers, is read over HTTP, and finds
// its key accepted after a restart.
func TestServeLwM2M(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lab")
	for round := range 2 {
		var mu sync.Mutex
		var kinds []string
		service, err := Serve(t.Context(), "lwm2m", ServeOptions{Dir: dir, Listen: "localhost:0", Events: func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			kinds = append(kinds, e.Kind)
		}})
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(service.CredentialsDir(), "35724861", "psk"))
		if err != nil {
			t.Fatal(err)
		}
		key, err := hex.DecodeString(string(text))
		if err != nil || len(key) != 16 {
			t.Fatalf("key of %d bytes: %v", len(key), err)
		}
		for _, file := range []string{"35724861/psk", "35724862/psk", "lwm2m.json"} {
			if info, err := os.Stat(filepath.Join(dir, file)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", file, info, err)
			}
		}
		registerAndRead(t, service, key)
		if err := service.Close(); err != nil {
			t.Fatal(err)
		}
		state, err := os.ReadFile(filepath.Join(dir, "lwm2m.json"))
		if err != nil || !strings.Contains(string(state), "urn:imei:42") {
			t.Errorf("round %d: state %s: %v", round, state, err)
		}
		if got := strings.Join(kinds, " "); !strings.Contains(got, "secured") || !strings.Contains(got, "registered") || !strings.HasSuffix(got, "stopped") {
			t.Errorf("events %s", got)
		}
	}
}

func registerAndRead(t *testing.T, service Service, key []byte) {
	t.Helper()
	router := mux.NewRouter()
	if err := router.Handle("/3/0/0", mux.HandlerFunc(func(w mux.ResponseWriter, _ *mux.Message) {
		if err := w.SetResponse(codes.Content, message.TextPlain, bytes.NewReader([]byte("cloudgen"))); err != nil {
			t.Error(err)
		}
	})); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context()) // go-coap's own ticker outlives its clients
	defer cancel()
	client, err := dtls.Dial(service.FirmwareEndpoint(), dtls.NewDTLSClientOptions(
		piondtls.WithPSK(func([]byte) ([]byte, error) { return key, nil }), piondtls.WithPSKIdentityHint([]byte("urn:imei:42")),
		piondtls.WithCipherSuites(piondtls.TLS_PSK_WITH_AES_128_CCM_8), piondtls.WithConnectionIDGenerator(piondtls.OnlySendCIDGenerator()),
	), options.WithMux(router), options.WithPeriodicRunner(periodic.New(ctx.Done(), 10*time.Millisecond)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		<-client.Done()
	}()
	request, err := client.NewPostRequest(t.Context(), "/rd", message.AppLinkFormat, strings.NewReader("</1/0>,</3/0>"),
		message.Option{ID: message.URIQuery, Value: []byte("ep=urn:imei:42")}, message.Option{ID: message.URIQuery, Value: []byte("lwm2m=1.1")})
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.Code() != codes.Created {
		t.Fatalf("Register: %v", response)
	}
	web := service.Endpoints()[2]
	answer, err := http.Post(web+"devices/"+url.PathEscape("urn:imei:42")+"/read", "application/json", strings.NewReader(`{"path":"/3/0/0"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Code  string
		Items []struct{ Path, Value string }
	}
	if err := json.Unmarshal(body, &read); err != nil || read.Code != "2.05" || len(read.Items) != 1 || read.Items[0].Value != "cloudgen" {
		t.Errorf("%s: %s, %v", answer.Status, body, err)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestServeLwM2MRefuses(t *testing.T) {
	occupied, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer occupied.Close()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "lwm2m.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	badKey := t.TempDir()
	if err := os.MkdirAll(filepath.Join(badKey, "7"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(badKey, "7", "psk"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, options := range map[string]ServeOptions{
		"in use":        {Dir: t.TempDir(), Listen: occupied.LocalAddr().String()},
		"no room":       {Dir: t.TempDir(), Listen: "localhost:65535"},
		"is a number":   {Dir: t.TempDir(), Listen: "localhost:coaps"},
		"lwm2m.json":    {Dir: broken, Listen: "localhost:0"},
		"no key in hex": {Dir: badKey, Listen: "localhost:0", Tag: 7},
	} {
		service, err := Serve(t.Context(), "lwm2m", options)
		if err == nil {
			t.Errorf("%s: served", want)
			if err := service.Close(); err != nil {
				t.Error(err)
			}
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
