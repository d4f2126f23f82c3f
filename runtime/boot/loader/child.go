//go:build unix

package loader

import (
	"errors"
	"os"
	"strings"
	"syscall"

	"github.com/cloudgen/cloudgen/runtime/boot/slots"
)

// child is a firmware that runs.
type child struct {
	pid   int
	ended chan syscall.WaitStatus // gets one
}

// start runs the program of a slot with the bootloader's arguments, in a group of its own: what a terminal sends to the group of the
// bootloader comes to it once, handed on, and not twice.
func (l *loader) start(boot slots.Boot) (*child, error) {
	pid, _, err := syscall.StartProcess(boot.Path, append([]string{boot.Path}, l.args...), &syscall.ProcAttr{
		Env:   environment(os.Environ(), boot.Slot),
		Files: []uintptr{0, 1, 2},
		Sys:   attributes(),
	})
	if err != nil {
		return nil, &os.PathError{Op: "start", Path: boot.Path, Err: err}
	}
	c := &child{pid: pid, ended: make(chan syscall.WaitStatus, 1)}
	go c.reap()
	return c, nil
}

// environment is that of the bootloader, with the slot. The service manager watches the bootloader's process and listens to the firmware as
// well: without WATCHDOG_PID it takes the watchdog for its own.
func environment(of []string, slot slots.Slot) []string {
	kept := make([]string, 0, len(of)+1)
	for _, each := range of {
		if !strings.HasPrefix(each, slots.Variable+"=") && !strings.HasPrefix(each, "WATCHDOG_PID=") {
			kept = append(kept, each)
		}
	}
	return append(kept, slots.Variable+"="+slot.String())
}

// reap waits for the child. As the first process of a container it meets those whose parents are gone as well, and buries them.
func (c *child) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil: // there is no child: nobody else can have waited for it
			c.ended <- syscall.WaitStatus(statusFailure << 8)
			return
		case pid == c.pid && (status.Exited() || status.Signaled()):
			c.ended <- status
			return
		}
	}
}

// signal sends a signal to the firmware. That it is gone shows in ended.
func (c *child) signal(number syscall.Signal) { _ = syscall.Kill(c.pid, number) }

// kill ends the firmware and what it has started.
func (c *child) kill() { _ = syscall.Kill(-c.pid, syscall.SIGKILL) }
