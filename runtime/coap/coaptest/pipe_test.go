package coaptest_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/coap/coaptest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// count sends n datagrams and gives those that arrive within a minute, in order.
func count(t *testing.T, impairments coaptest.Impairments, n int) []byte {
	var got []byte
	synctest.Test(t, func(t *testing.T) {
		client, server := coaptest.Pipe(impairments)
		defer client.Close()
		defer server.Close()
		for i := range n {
			if _, err := client.Write([]byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := server.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 10)
		for {
			if _, err := server.Read(buffer); err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error(err)
				}
				return
			}
			got = append(got, buffer[0])
		}
	})
	return got
}

func TestImpairments(t *testing.T) {
	disorder := func(all []byte) int {
		n := 0
		for i := 1; i < len(all); i++ {
			if all[i] < all[i-1] {
				n++
			}
		}
		return n
	}
	if got := count(t, coaptest.Impairments{}, 200); len(got) != 200 || disorder(got) != 0 {
		t.Errorf("perfect: %d, %d out of order", len(got), disorder(got))
	}
	if got := count(t, coaptest.Impairments{Loss: 0.5, Seed: 1}, 200); len(got) < 70 || len(got) > 130 {
		t.Errorf("half lost: %d", len(got))
	}
	if got := count(t, coaptest.Impairments{Duplication: 0.5, Seed: 1}, 200); len(got) < 270 || len(got) > 330 {
		t.Errorf("half doubled: %d", len(got))
	}
	if got := count(t, coaptest.Impairments{Reordering: 0.2, Seed: 1}, 200); len(got) != 200 || disorder(got) < 20 {
		t.Errorf("reordered: %d, %d out of order", len(got), disorder(got))
	}
	if got := count(t, coaptest.Impairments{Drop: func(fromClient bool, d []byte) bool { return fromClient && d[0]%2 == 0 }}, 200); len(got) != 100 {
		t.Errorf("every other one dropped: %d", len(got))
	}
	if first, second := count(t, coaptest.Impairments{Loss: 0.5, Seed: 7}, 99), count(t, coaptest.Impairments{Loss: 0.5, Seed: 7}, 99); string(first) != string(second) {
		t.Error("the same seed does something else")
	}
}

func TestDeadlinesAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := coaptest.Pipe(coaptest.Impairments{Delay: time.Second})
		result := make(chan error)
		read := func() { _, err := client.Read(make([]byte, 1)); result <- err }
		go read()
		synctest.Wait()
		_ = client.SetDeadline(time.Now().Add(time.Hour))
		_ = client.SetDeadline(time.Now().Add(time.Minute)) // also for a Read that waits
		began := time.Now()
		if err := <-result; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Minute {
			t.Error(err, time.Since(began))
		}
		_ = client.SetReadDeadline(time.Time{})
		go read()
		if _, err := server.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		if err := <-result; err != nil || time.Since(began) != time.Minute+time.Second {
			t.Error(err)
		}
		go read()
		synctest.Wait()
		client.Close()
		client.Close()
		if err := <-result; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if _, err := client.Write(nil); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if _, err := server.Write([]byte("into the void")); err != nil {
			t.Error(err)
		}
		server.Close()
		time.Sleep(2 * time.Second) // in the link's time: what is on its way arrives nowhere
	})
}
