package coap_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	wire "github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/coap"
	"github.com/cloudgen/cloudgen/runtime/fota/fotatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type serve func(*wire.Request) wire.Response

func (s serve) Serve(r *wire.Request) wire.Response { return s(r) }

// Through the whole engine, over links that lose and double.
func TestDownloads(t *testing.T) {
	image := make([]byte, 40_000)
	for i := range image {
		image[i] = byte(i) ^ byte(i>>7)
	}
	copy(image, []byte{0x3d, 0xb8, 0xf3, 0x96})
	content := func(payload []byte) serve {
		return func(*wire.Request) wire.Response {
			return wire.Response{Message: wire.Message{Code: wire.Content, Payload: payload}}
		}
	}
	code := func(c wire.Code) serve {
		return func(*wire.Request) wire.Response {
			return wire.Response{Message: wire.Message{Code: c, Payload: []byte("no")}}
		}
	}
	for name, test := range map[string]struct {
		url      string
		serve    serve
		link     coaptest.Impairments
		cause    fota.Cause // 0: it is downloaded
		says     string
		attempts int
	}{
		"good":      {"coap://files.example/image", content(image), coaptest.Impairments{}, 0, "", 1},
		"lossy":     {"coap://files.example:1234/image", content(image), coaptest.Impairments{Loss: 0.05, Duplication: 0.05, Seed: 3}, 0, "", 1},
		"secure":    {"coaps://files.example/image", content(image), coaptest.Impairments{}, 0, "", 1},
		"empty":     {"coap://files.example/image", content(nil), coaptest.Impairments{}, fota.CauseInvalidUpdate, "empty", 1},
		"no image":  {"coap://files.example/image", content(bytes.Repeat([]byte("x"), 2000)), coaptest.Impairments{}, fota.CauseInvalidUpdate, "no image", 1},
		"not found": {"coap://files.example/image", code(wire.NotFound), coaptest.Impairments{}, fota.CauseDownloadFailed, "4.04", 1},
		"busy":      {"coap://files.example/image", code(wire.ServiceUnavailable), coaptest.Impairments{}, fota.CauseDownloadFailed, "5.03", 3},
		"silent":    {"coap://files.example/image", content(image), coaptest.Impairments{Loss: 1}, fota.CauseDownloadFailed, "lost", 3},
		"down":      {"coap://down.example/image", content(image), coaptest.Impairments{}, fota.CauseConnectFailed, "cannot be reached", 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var servers []*wire.Conn
				var asked []string
				attempts := 0
				dial := func(_ context.Context, address string) (net.Conn, error) {
					if attempts++; strings.HasPrefix(address, "down") {
						return nil, errors.New("network is unreachable")
					}
					asked = append(asked, address)
					ours, theirs := coaptest.Pipe(test.link)
					servers = append(servers, wire.NewConn(theirs, wire.Config{MaxBody: 1 << 20}, test.serve, nil))
					return ours, nil
				}
				client, err := coap.New(coap.Config{BlockSize: "DOWNLOAD_CLIENT_COAP_BLOCK_SIZE_512", MaxRetransmit: 4}, coap.Platform{
					Dial:       dial,
					DialSecure: func(ctx context.Context, address, _ string, _ []int) (net.Conn, error) { return dial(ctx, address) },
				})
				if err != nil {
					t.Fatal(err)
				}
				target := &fotatest.Target{}
				var last fota.Event
				d := fota.New(
					fota.Config{Retries: 2, AutoSchedule: true, FileNameMax: 128, HostNameMax: 128, URLMax: 512, TagsMax: 5},
					fota.Platform{
						Sources: map[string]fota.Source{"coap": client, "coaps": client}, Targets: []fota.Target{target},
						Tell: func(e fota.Event) { last = e },
					})
				if err := d.Start(t.Context(), fota.Job{URL: test.url, Tags: []int{1}}); err != nil {
					t.Fatal(err)
				}
				d.Wait()
				for _, each := range servers {
					_ = each.Close()
				}
				time.Sleep(10 * time.Minute) // what the links still hold
				switch {
				case test.cause == 0 && (last.Kind != fota.EventFinished || !slices.Equal(target.Scheduled, image)):
					t.Errorf("%v: %v", last.Kind, last.Err)
				case test.cause != 0 && (last.Err == nil || last.Err.Cause != test.cause || !strings.Contains(last.Err.Error(), test.says)):
					t.Errorf("%v, want %v: %v", last.Kind, test.cause, last.Err)
				}
				if attempts != test.attempts {
					t.Errorf("%d attempts, want %d (%v)", attempts, test.attempts, asked)
				}
			})
		})
	}
}

// What is asked for, and what is refused before anything is.
func TestRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got wire.Options
		ours, theirs := coaptest.Pipe(coaptest.Impairments{})
		server := wire.NewConn(theirs, wire.Config{}, serve(func(r *wire.Request) wire.Response {
			got = slices.Clone(r.Options)
			return wire.Response{Message: wire.Message{Code: wire.NotFound}}
		}), nil)
		var address string
		client, err := coap.New(coap.Config{BlockSize: "DOWNLOAD_CLIENT_COAP_BLOCK_SIZE_256", MaxRetransmit: 4}, coap.Platform{
			Dial: func(_ context.Context, a string) (net.Conn, error) { address = a; return ours, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		d := fota.New(fota.Config{FileNameMax: 128, HostNameMax: 128, URLMax: 512, TagsMax: 5}, fota.Platform{Sources: map[string]fota.Source{"coap": client, "coaps": client}})
		if err := d.Start(t.Context(), fota.Job{URL: "coap://Files.Example/a%20b/c?x=1+2&y"}); err != nil {
			t.Fatal(err)
		}
		d.Wait()
		_ = server.Close()
		host, _ := got.Get(wire.URIHost)
		if got.Path() != "/a b/c" || string(host) != "files.example" || address != "Files.Example:5683" {
			t.Errorf("%s of %q at %q", got.Path(), host, address)
		}
		for url, cause := range map[string]fota.Cause{"coaps://files.example/x": fota.CauseProtoNotSupported} {
			var last fota.Event
			d := fota.New(fota.Config{FileNameMax: 128, HostNameMax: 128, URLMax: 512, TagsMax: 5}, fota.Platform{
				Sources: map[string]fota.Source{"coaps": client}, Tell: func(e fota.Event) { last = e },
			})
			if err := d.Start(t.Context(), fota.Job{URL: url}); err != nil {
				t.Fatal(err)
			}
			d.Wait()
			if last.Err == nil || last.Err.Cause != cause {
				t.Errorf("%s: %+v", url, last)
			}
		}
		time.Sleep(10 * time.Second)
	})
	if _, err := coap.New(coap.Config{BlockSize: "x", MaxRetransmit: 4}, coap.Platform{}); err == nil {
		t.Error("a size of blocks that is none was taken")
	}
	if _, err := coap.New(coap.Config{BlockSize: "DOWNLOAD_CLIENT_COAP_BLOCK_SIZE_512", MaxRetransmit: 1000}, coap.Platform{}); err == nil {
		t.Error("1000 retransmissions were taken")
	}
}
