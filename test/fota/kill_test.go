//go:build real

package fota

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/lab/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/image/keyfile"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
)

const (
	killDevices = 6
	killTime    = 150 * time.Second // of each device
	mostTime    = 4 * killTime      // on a machine so busy that less comes of it
)

// TestKills has a server update devices to one version after the other, by push and by pull in turn, with every fourth version a bad one, and kills
// bootloader and firmware, or the firmware alone, at random moments. Whenever all is dead the active slot holds a whole image that is no older than
// what was confirmed, and in the end an update still goes through.
func TestKills(t *testing.T) {
	var total tally
	t.Run("devices", func(t *testing.T) {
		for seed := range uint64(killDevices) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				k := &killing{device: newDevice(t, newServer(t)), t: t, random: rand.New(rand.NewPCG(5, seed)), tally: &total}
				k.run()
			})
		}
	})
	t.Logf("%d kills, %d of them of the firmware alone, %d images delivered, %d updates confirmed, %d bad images given up, %d trials cut",
		total.kills.Load(), total.alone.Load(), total.delivered.Load(), total.confirmed.Load(), total.reverted.Load(), total.onTrial.Load())
	if !total.enough() || total.reverted.Load() < 5 {
		t.Error("the moments of the kills do not reach all of it")
	}
}

type tally struct{ kills, alone, delivered, confirmed, reverted, onTrial atomic.Int64 }

// enough tells whether the kills have met each part of an update. Those that are reverted are counted at the end, and are many by then.
func (t *tally) enough() bool {
	return t.kills.Load() >= 300 && t.confirmed.Load() >= 20 && t.onTrial.Load() >= 5
}

// killing is a device that is killed.
type killing struct {
	*device
	t      *testing.T
	random *rand.Rand
	tally  *tally

	mu        sync.Mutex
	made      uint16                  // versions 2.0.N that were made
	numbers   map[slots.Digest]uint16 // of them
	confirmed uint16                  // the newest that was seen as confirmed; 0: the factory's
}

func (k *killing) run() {
	k.numbers = map[slots.Digest]uint16{}
	goOn := func(spent time.Duration) bool { return spent < killTime || spent < mostTime && !k.tally.enough() }
	for begun := time.Now(); goOn(time.Since(begun)) && !k.t.Failed(); {
		k.start()
		stop := k.serve()
		most := time.Second
		if k.random.IntN(4) == 0 {
			most = 7 * time.Second // the firmware takes its time before it restarts
		}
		k.watch(time.Duration(k.random.Int64N(int64(most))))
		k.tally.kills.Add(1)
		if k.random.IntN(3) == 0 {
			if pid := k.firmware(); pid > 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
				k.tally.alone.Add(1)
			}
			k.watch(time.Duration(k.random.Int64N(int64(200 * time.Millisecond))))
		}
		k.kill()
		stop()
		k.check()
	}
	k.finish()
}

// watch looks at the slots for a time.
func (k *killing) watch(length time.Duration) {
	for until := time.Now().Add(length); time.Now().Before(until); {
		k.look()
		time.Sleep(min(time.Until(until), 20*time.Millisecond))
	}
	k.look()
}

// look notes what is confirmed.
func (k *killing) look() slots.State {
	state, err := slots.Peek(k.slotsFolder())
	if err != nil { // there is none before the first start
		return state
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	number, known := k.numbers[state.Last.Digest]
	if state.Last.Outcome == slots.Confirmed && !known {
		k.t.Errorf("an image is confirmed that nobody has made: %+v", state)
	}
	if state.Last.Outcome == slots.Confirmed && number > k.confirmed {
		k.confirmed = number
		k.tally.confirmed.Add(1)
	}
	return state
}

// check looks at a device that is off.
func (k *killing) check() {
	state := k.look()
	if state.Active == slots.None {
		if k.made > 0 {
			k.t.Errorf("there is no active image: %+v", state)
		}
		return
	}
	if state.Trial == slots.Trying {
		k.tally.onTrial.Add(1)
	}
	version := k.bootable()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.confirmed > 0 && version.Revision < k.confirmed {
		k.t.Errorf("version %v is active, and 2.0.%d was confirmed; the slots: %+v", version, k.confirmed, state)
	}
}

// serve has the server update the device while it is on. The function that it gives ends that.
func (k *killing) serve() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		location := ""
		for ctx.Err() == nil {
			l, at, err := k.server.registration(ctx, location)
			if err != nil {
				return
			}
			if location = at; k.step(ctx, l) == nil {
				location = "" // the same registration may take the next step
			}
		}
	})
	return func() {
		cancel()
		work.Wait()
		for _, each := range k.server.Registrations() { // of a process that is dead: nobody need wait for it
			if device, found := k.server.Device(each.Endpoint); found {
				device.Forget()
			}
		}
	}
}

// step takes the next step of an update. An error is that the device does not answer, or does not take it.
func (k *killing) step(ctx context.Context, l *link) error {
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now, err := l.standing(asking)
	if err != nil {
		return err
	}
	switch now.state {
	case idle:
		content, number := k.next()
		err := k.server.deliver(asking, l, content, delivery(number%3))
		if err == nil {
			k.tally.delivered.Add(1)
		}
		return refusedOnly(err)
	case downloaded:
		return refusedOnly(l.Execute(asking, "/5/0/2", ""))
	}
	pause() // it is about to restart
	return nil
}

// refusedOnly drops an error that is an answer: the device has changed its state meanwhile, or runs a trial.
func refusedOnly(err error) error {
	if _, refused := errors.AsType[*lwm2m.CodeError](err); refused {
		pause()
		return nil
	}
	return err
}

// next makes the image of the next version.
func (k *killing) next() (content []byte, number uint16) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.made++
	program := built.new
	switch {
	case k.made%4 == 3:
		program = built.crashing
	case k.made%2 == 0:
		program = built.old
	}
	signer, err := keyfile.Signer(labKey())
	if err != nil {
		k.t.Error(err)
		return nil, 0
	}
	var out bytes.Buffer
	if err := image.Write(&out, bytes.NewReader(program), int64(len(program)), image.Description{Version: image.Version{Major: 2, Revision: k.made}}, signer); err != nil {
		k.t.Error(err)
	}
	info, err := image.Inspect(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		k.t.Error(err)
		return nil, 0
	}
	k.numbers[slots.Digest(info.Digest)] = k.made
	return out.Bytes(), k.made
}

// finish lets the device alone until another update is confirmed.
func (k *killing) finish() {
	k.mu.Lock()
	before := k.confirmed
	k.mu.Unlock()
	k.start()
	stop := k.serve()
	reverted := k.device.log
	for deadline := time.Now().Add(2 * patience); ; {
		k.look()
		k.mu.Lock()
		done := k.confirmed > before
		k.mu.Unlock()
		if done {
			break
		}
		if time.Now().After(deadline) {
			k.t.Errorf("no update goes through any more; the slots: %+v", k.state())
			break
		}
		pause()
	}
	k.kill()
	stop()
	k.check()
	k.tally.reverted.Add(int64(bytes.Count([]byte(reverted.last(1<<30)), []byte("the new image is given up"))))
}
