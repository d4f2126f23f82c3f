//go:build unix

package loader

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKills has a firmware that confirms itself and updates to the next version, over and over, with every third version a bad one. At random
// moments the bootloader is killed (and the firmware with it), or the firmware alone. Whenever it is started again something runs that is
// no older than what was confirmed last, and in the end updates still go through.
func TestKills(t *testing.T) {
	t.Parallel()
	d := newDevice(t, "2 0 5000", evolving(0))
	random := rand.New(rand.NewPCG(5, 27))
	confirmed, runs, started := 0, 0, time.Now()
	take := func(line string) {
		version, what, _ := strings.Cut(line, " ")
		number, err := strconv.Atoi(version)
		switch {
		case err != nil || what != "run" && what != "confirmed" && !strings.HasPrefix(what, "marked "):
			t.Fatalf("the firmware says %q", line)
		case what == "run":
			if runs++; number < confirmed {
				t.Fatalf("version %d runs, and %d was confirmed; the log:\n%s", number, confirmed, d.log.String())
			}
		case what == "confirmed":
			confirmed = max(confirmed, number)
		}
	}
	for n := range kills {
		d.start()
		moment := time.NewTimer(time.Duration(random.Int64N(int64(60 * time.Millisecond))))
		for waiting := true; waiting; {
			select {
			case line, open := <-d.lines:
				if !open {
					t.Fatalf("kill %d: the bootloader has ended by itself; the log:\n%s", n, d.ended())
				}
				take(line)
			case <-moment.C:
				waiting = false
			}
		}
		if random.IntN(3) == 0 { // the firmware alone: the bootloader goes on or ends with its status
			if pid := d.firmware(); pid > 0 {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
			timer := time.NewTimer(time.Duration(random.Int64N(int64(20 * time.Millisecond))))
			for waiting, lines := true, d.lines; waiting; {
				select {
				case line, open := <-lines:
					if !open {
						lines = nil
					} else {
						take(line)
					}
				case <-timer.C:
					waiting = false
				}
			}
		}
		if err := d.command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for line := range d.lines { // until the firmware is gone too
			take(line)
		}
		_ = d.command.Wait()
	}
	before := confirmed
	d.start()
	for deadline := time.After(patience); confirmed < before+6; {
		select {
		case line, open := <-d.lines:
			if !open {
				t.Fatalf("the bootloader has ended by itself; the log:\n%s", d.ended())
			}
			take(line)
		case <-deadline:
			t.Fatalf("updates do not go through any more; the log:\n%s", d.ended())
		}
	}
	log := d.ended() // the lines are few: nobody need read them
	t.Logf("%d kills, %d runs, version %d confirmed, %d images given up, %v", kills, runs, confirmed, strings.Count(log, "is given up"), time.Since(started).Round(time.Millisecond))
}

// firmware gives the process id of the last firmware that the log tells of, 0 where there is none.
func (d *device) firmware() int {
	text := d.log.String()
	at := strings.LastIndex(text, " pid=")
	if at < 0 {
		return 0
	}
	digits, _, _ := strings.Cut(text[at+len(" pid="):], " ")
	pid, err := strconv.Atoi(digits)
	if err != nil || strings.Contains(text[at:], "firmware ended") {
		return 0
	}
	return pid
}
