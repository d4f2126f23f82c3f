//go:build unix

package loader

import (
	"syscall"
	"testing"
	"time"
)

func TestVerdicts(t *testing.T) {
	exit := func(status int) syscall.WaitStatus { return syscall.WaitStatus(status << 8) }
	segv := syscall.WaitStatus(syscall.SIGSEGV)
	again := verdict{restart: true}
	for _, test := range []struct {
		name      string
		end       ending
		confirmed bool
		want      verdict
	}{
		{"asked, in order", ending{status: exit(0), asked: true}, true, verdict{}},
		{"asked, with a failure", ending{status: exit(1), asked: true, trial: true}, false, verdict{status: 1}},
		{"asked, wants a reboot", ending{status: exit(75), asked: true}, true, verdict{status: 75}},
		{"asked while it is late", ending{status: exit(0), asked: true, late: true, trial: true}, false, verdict{}},
		{"reboot", ending{status: exit(75)}, true, again},
		{"reboot on trial", ending{status: exit(75), trial: true}, false, again},
		{"reboot, just confirmed", ending{status: exit(75), trial: true}, true, again},
		{"ended by somebody", ending{status: exit(0), trial: true}, false, verdict{}},
		{"failed", ending{status: exit(1)}, true, verdict{status: 1}},
		{"usage", ending{status: exit(2)}, true, verdict{status: 2}},
		{"crashed", ending{status: segv}, true, verdict{status: 139}},
		{"failed on trial", ending{status: exit(1), trial: true}, false, verdict{restart: true, fail: "it has failed with exit status 1", status: 0}},
		{"crashed on trial", ending{status: segv, trial: true}, false, verdict{restart: true, fail: "it has failed with signal 11 (segmentation fault)"}},
		{"confirmed, then failed", ending{status: exit(1), trial: true}, true, verdict{status: 1}},
		{"late", ending{status: exit(0), late: true, trial: true}, false, verdict{restart: true, fail: "it was not confirmed within 1m0s"}},
		{"late, killed", ending{status: syscall.WaitStatus(syscall.SIGKILL), late: true, trial: true}, false, verdict{restart: true, fail: "it was not confirmed within 1m0s"}},
		{"late, and confirmed on the way out", ending{status: exit(0), late: true, trial: true}, true, again},
	} {
		if got := test.end.judge(test.confirmed, time.Minute); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestPace(t *testing.T) {
	var p pace
	for i, test := range []struct{ ran, want time.Duration }{
		{time.Hour, 0}, {time.Second, 0}, {time.Second, time.Second}, {0, 2 * time.Second}, {0, 4 * time.Second}, {shortRun, 0},
		{0, 0}, {0, time.Second}, {0, 2 * time.Second}, {0, 4 * time.Second}, {0, 8 * time.Second}, {0, 16 * time.Second}, {0, 32 * time.Second}, {0, time.Minute}, {0, time.Minute},
	} {
		if got := p.wait(test.ran); got != test.want {
			t.Errorf("step %d: %v, want %v", i, got, test.want)
		}
	}
	for range 100 {
		p.wait(0)
	}
	if got := p.wait(0); got != mostWait {
		t.Errorf("after a long time: %v", got)
	}
}

func TestSettingsOfTheArguments(t *testing.T) {
	for _, test := range []struct {
		args []string
		want settings
	}{
		{nil, settings{data: defaultData}},
		{[]string{"-data", "/d", "-log", "json"}, settings{data: "/d", json: true}},
		{[]string{"-credentials", "/c", "--data=/d", "--log=json"}, settings{data: "/d", json: true}},
		{[]string{"-data", "-log", "-log", "text"}, settings{data: "-log"}},
		{[]string{"-data"}, settings{data: defaultData}},
		{[]string{"--", "-data", "/d"}, settings{data: defaultData}},
		{[]string{"-data=/a", "-data", "/b"}, settings{data: "/b"}},
	} {
		if got := parse(test.args); got != test.want {
			t.Errorf("%v: %+v, want %+v", test.args, got, test.want)
		}
	}
}
