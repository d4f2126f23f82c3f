package coap_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
)

// serve makes a function a handler.
type serve func(*coap.Request) coap.Response

func (s serve) Serve(r *coap.Request) coap.Response { return s(r) }

func request(code coap.Code, path string, payload []byte) coap.Message {
	m := coap.Message{Code: code, Payload: payload}
	m.Options.AddString(coap.URIPath, path)
	return m
}

func body(n, seed int) []byte {
	all := make([]byte, n)
	for i := range all {
		all[i] = byte(i*31 + i>>8 + seed)
	}
	return all
}

// Whatever a link does to datagrams: no request is executed twice, every Do ends with the right answer or a timeout, and no confirmable
// notification is lost unless the sender was told so.
func TestLossyLinks(t *testing.T) {
	seeds := 150
	if testing.Short() {
		seeds = 20
	}
	for seed := range seeds {
		hard := float64(seed%5) / 10
		lossyLink(t, coaptest.Impairments{
			Loss: hard, Duplication: hard, Reordering: hard, Delay: time.Duration(seed%7) * 50 * time.Millisecond,
			Jitter: time.Duration(seed%3) * 200 * time.Millisecond, Seed: uint64(seed),
		})
	}
}

func lossyLink(t *testing.T, impairments coaptest.Impairments) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		executed, notified := make(map[string]int), make(map[string]bool)
		a, b := coaptest.Pipe(impairments)
		config := coap.Config{BlockTransfer: true, BlockSize: 64, MaxMessage: 128, RandomizeAckTimeout: true, MaxIncomingBodies: 8, MaxOutgoingBodies: 8}
		client := coap.NewConn(a, config, serve(func(r *coap.Request) coap.Response {
			mu.Lock()
			defer mu.Unlock()
			notified[r.Options.Path()] = true
			return coap.Response{Message: coap.Message{Code: coap.Changed}}
		}), nil)
		server := coap.NewConn(b, config, serve(func(r *coap.Request) coap.Response {
			mu.Lock()
			defer mu.Unlock()
			executed[r.Options.Path()]++
			return coap.Response{Message: coap.Message{Code: coap.Content, Payload: append([]byte(r.Options.Path()), r.Payload...)}}
		}), nil)
		var work sync.WaitGroup
		for worker := range 3 {
			work.Go(func() {
				for i := range 6 {
					path := fmt.Sprintf("%d-%d", worker, i)
					payload := body(i%4*100, worker)
					response, err := client.Do(t.Context(), request(coap.POST, path, payload))
					if err != nil {
						if _, is := errors.AsType[*coap.TimeoutError](err); !is {
							t.Errorf("%+v: %s: %v", impairments, path, err)
						}
						continue
					}
					if want := append([]byte("/"+path), payload...); !bytes.Equal(response.Payload, want) {
						if response.Code == coap.RequestEntityIncomplete {
							continue // the server dropped the body: a block came so late that the next was there first
						}
						t.Errorf("%+v: %s: %v with %d bytes in place of %d", impairments, path, response.Code, len(response.Payload), len(want))
					}
				}
			})
		}
		work.Go(func() { // the other direction at the same time
			for i := range 6 {
				path := fmt.Sprint("up-", i)
				_, err := server.Do(t.Context(), request(coap.PUT, path, body(i*50, 1)))
				mu.Lock()
				if err == nil && !notified["/"+path] {
					t.Errorf("%+v: %s was answered and never served", impairments, path)
				}
				mu.Unlock()
			}
		})
		work.Wait()
		client.Close()
		server.Close() // nothing is served from here on
		for path, times := range executed {
			if times > 1 {
				t.Errorf("%+v: %s was executed %d times", impairments, path, times)
			}
		}
		if impairments.Loss == 0 && len(executed) != 18 {
			t.Errorf("%+v: %d requests of 18 were executed", impairments, len(executed))
		}
		time.Sleep(10 * time.Second) // what the link still holds
	})
}

func TestNotificationsOnALossyLink(t *testing.T) {
	for seed := range 60 {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			got := make(map[string]bool)
			impairments := coaptest.Impairments{Loss: 0.4, Duplication: 0.3, Jitter: 100 * time.Millisecond, Seed: uint64(seed)}
			a, b := coaptest.Pipe(impairments)
			device := coap.NewConn(a, coap.Config{}, nil, nil)
			var peer sync.WaitGroup
			peer.Go(func() { // acknowledges every confirmable message
				buffer := make([]byte, 2000)
				for {
					n, err := b.Read(buffer)
					if err != nil {
						return
					}
					mu.Lock()
					got[string(buffer[bytes.LastIndexByte(buffer[:n], 0xff)+1:n])] = true
					mu.Unlock()
					if _, err := b.Write([]byte{0x60, 0, buffer[2], buffer[3]}); err != nil {
						t.Error(err)
					}
				}
			})
			var done sync.WaitGroup
			for i := range 10 {
				payload := fmt.Sprint("value ", i)
				done.Add(1)
				device.Notify(coap.Notification{
					Message: coap.Message{Code: coap.Content, Payload: []byte(payload)}, Token: []byte{1}, Confirmable: true,
					Done: func(outcome coap.NotifyOutcome) {
						defer done.Done()
						mu.Lock()
						defer mu.Unlock()
						if (outcome != coap.NotifyAcknowledged || !got[payload]) && outcome != coap.NotifyTimedOut {
							t.Errorf("seed %d: %s: %v", seed, payload, outcome)
						}
					},
				})
			}
			done.Wait()
			device.Close()
			b.Close()
			peer.Wait()
			time.Sleep(time.Second)
		})
	}
}

// firmware takes a body part by part.
type firmware struct {
	serve
	mu       sync.Mutex
	received int
	bad      bool
	done     bool
}

func (f *firmware) Stream(*coap.Request) coap.Upload { return f }

func (f *firmware) Write(part []byte) *coap.Response {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, each := range part {
		at := f.received + i
		f.bad = f.bad || each != byte(at*31+at>>8)
	}
	f.received += len(part)
	return nil
}

func (f *firmware) Commit() coap.Response {
	f.done = true
	return coap.Response{Message: coap.Message{Code: coap.Changed}}
}

func (f *firmware) Abort(error) { f.bad = true }

func TestTwoMebibytesOnALossyLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := coaptest.Pipe(coaptest.Impairments{Loss: 0.02, Duplication: 0.02, Delay: 20 * time.Millisecond, Jitter: 20 * time.Millisecond, Seed: 5})
		device := &firmware{}
		server := coap.NewConn(a, coap.Config{BlockTransfer: true, BlockSize: 1024}, nil, nil)
		client := coap.NewConn(b, coap.Config{BlockSize: 512, MaxBody: 1024}, device, nil)
		began := time.Now()
		response, err := server.Do(t.Context(), request(coap.PUT, "5", body(2<<20, 0)))
		if err != nil || response.Code != coap.Changed {
			t.Error(response.Code, err)
		}
		if device.received != 2<<20 || device.bad || !device.done {
			t.Errorf("%d bytes, bad: %v, done: %v", device.received, device.bad, device.done)
		}
		t.Logf("2 MiB in %v of the link's time", time.Since(began))
		if quiet := time.Since(client.LastActivity()); quiet > time.Second {
			t.Error("last activity", quiet)
		}
		server.Close()
		client.Close()
		time.Sleep(time.Second)
	})
}

func TestDoEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := coaptest.Pipe(coaptest.Impairments{})
		defer b.Close()
		conn := coap.NewConn(a, coap.Config{}, nil, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := conn.Do(ctx, request(coap.GET, "a", nil)); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		sent := make([]byte, 100)
		n, _ := b.Read(sent)
		_, _ = b.Read(make([]byte, 100)) // the copy after 2 s
		late := append([]byte{0x48, 0x45, 0, 1}, sent[4:12]...)
		if _, err := b.Write(late); err != nil || n < 12 {
			t.Fatal(n, err)
		}
		if n, _ := b.Read(sent); n != 4 || sent[0] != 0x70 || sent[3] != 1 {
			t.Errorf("a late response was answered %x", sent[:n])
		}
		time.Sleep(time.Minute)
		if err := b.SetReadDeadline(time.Now()); err != nil {
			t.Error(err)
		}
		if _, err := b.Read(sent); err == nil {
			t.Error("still sending")
		}
		conn.Close()
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := coaptest.Pipe(coaptest.Impairments{})
		defer b.Close()
		conn := coap.NewConn(a, coap.Config{}, nil, nil)
		var work sync.WaitGroup
		for i := range 5 {
			work.Go(func() {
				if _, err := conn.Do(t.Context(), request(coap.GET, fmt.Sprint(i), nil)); !errors.Is(err, coap.ErrClosed) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		outcomes := make(chan coap.NotifyOutcome, 2)
		note := coap.Notification{Message: coap.Message{Code: coap.Content}, Confirmable: true, Done: func(o coap.NotifyOutcome) { outcomes <- o }}
		conn.Notify(note)
		if conn.Err() != nil {
			t.Error(conn.Err())
		}
		conn.Close()
		conn.Close()
		work.Wait()
		conn.Notify(note)
		if first, second := <-outcomes, <-outcomes; first != coap.NotifyClosed || second != coap.NotifyClosed {
			t.Error(first, second)
		}
		if _, err := conn.Do(t.Context(), request(coap.GET, "a", nil)); !errors.Is(err, coap.ErrClosed) || !errors.Is(conn.Err(), coap.ErrClosed) {
			t.Error(err)
		}
		<-conn.Done()
	})
}

// faulty is a link that fails when it is told to.
type faulty struct {
	net.Conn
	mu          sync.Mutex
	write, read []error // of the next calls
}

func (f *faulty) next(from *[]error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(*from) == 0 {
		return nil
	}
	err := (*from)[0]
	*from = (*from)[1:]
	return err
}

func (f *faulty) Write(p []byte) (int, error) {
	if err := f.next(&f.write); err != nil {
		return 0, err
	}
	return f.Conn.Write(p)
}

func (f *faulty) Read(p []byte) (int, error) {
	if err := f.next(&f.read); err != nil {
		return 0, err
	}
	return f.Conn.Read(p)
}

func TestLinkErrors(t *testing.T) {
	refused := &net.OpError{Op: "write", Net: "udp", Err: syscall.ECONNREFUSED}
	synctest.Test(t, func(t *testing.T) {
		a, b := coaptest.Pipe(coaptest.Impairments{})
		peer := coap.NewConn(b, coap.Config{}, nil, nil)
		conn := coap.NewConn(&faulty{Conn: a, write: []error{refused, refused}, read: []error{refused, refused}}, coap.Config{}, nil, nil)
		began := time.Now()
		response, err := conn.Do(t.Context(), request(coap.GET, "a", nil))
		if err != nil || response.Code != coap.NotFound || time.Since(began) != 6*time.Second {
			t.Error(response.Code, err, time.Since(began))
		}
		conn.Close()
		peer.Close()
	})
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("the session is over")
		a, _ := coaptest.Pipe(coaptest.Impairments{})
		conn := coap.NewConn(&faulty{Conn: a, read: []error{broken}}, coap.Config{}, nil, nil)
		<-conn.Done()
		if !errors.Is(conn.Err(), broken) || !errors.Is(conn.Err(), coap.ErrClosed) {
			t.Error(conn.Err())
		}
		conn.Close()
	})
}

// What the Conn calls back may notify: that is how an Observe request gets its first notification after its answer.
func TestNotifyFromTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := coaptest.Pipe(coaptest.Impairments{})
		var device *coap.Conn
		ready, done := make(chan struct{}), make(chan coap.NotifyOutcome, 1)
		device = coap.NewConn(a, coap.Config{}, serve(func(r *coap.Request) coap.Response {
			<-ready
			return coap.Response{Message: coap.Message{Code: coap.Content}, After: func() {
				device.Notify(coap.Notification{Message: coap.Message{Code: coap.Content, Payload: []byte("n")}, Token: r.Token, Done: func(o coap.NotifyOutcome) { done <- o }})
			}}
		}), nil)
		close(ready)
		peer := coap.NewConn(b, coap.Config{}, nil, nil)
		if response, err := peer.Do(t.Context(), request(coap.GET, "a", nil)); err != nil || response.Code != coap.Content {
			t.Error(response, err)
		}
		if outcome := <-done; outcome != coap.NotifySent {
			t.Error(outcome)
		}
		device.Close()
		peer.Close()
	})
}

func TestDialUDP(t *testing.T) {
	listener, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	link, err := coap.DialUDP(t.Context(), listener.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn := coap.NewConn(link, coap.Config{}, nil, nil)
	defer conn.Close()
	go func() {
		buffer := make([]byte, 100)
		n, from, err := listener.ReadFrom(buffer)
		if err != nil || n < 12 {
			return
		}
		buffer[0], buffer[1] = 0x68, byte(coap.Content)
		_, _ = listener.WriteTo(buffer[:12], from)
	}()
	if response, err := conn.Do(t.Context(), request(coap.GET, "a", nil)); err != nil || response.Code != coap.Content {
		t.Error(response, err)
	}
	if _, err := coap.DialUDP(t.Context(), "no port"); err == nil {
		t.Error("no error")
	}
}
