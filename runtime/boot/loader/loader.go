//go:build unix

// Package loader is the bootloader: it picks the slot, verifies its image, runs it as a child with the same arguments, watches it, starts it
// again when it asks for that (status 75), and goes back to the old image when a new one fails or is not confirmed in time.
//
// It decides between runs of the firmware only, so that the state of the slots has one owner at any time. It has no network code. It logs on
// standard error in the form of log/slog.
package loader

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/notify"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
)

// Config is what is compiled into a bootloader. Keys of one kind alone link the code of that kind alone.
type Config struct {
	Keys  image.KeySet `slot:"image-keys"` // an image must be signed with one of them
	Board string       `kconfig:"BOOT_IMAGE_BOARD"`
	// Starts is how often a new image is started before it is confirmed; 0 is 1, as in MCUboot: the next start after the first goes back.
	Starts uint32 `kconfig:"BOOT_TRIAL_STARTS"`
	// ConfirmWithin is how long a start of a new image may take until it is confirmed; 0: any time.
	ConfirmWithin time.Duration `kconfig:"BOOT_CONFIRM_TIMEOUT_SECONDS,unit=s"`
	// StopWithin is how long the firmware has to end when it is asked to; 0: 30 s. Then it is killed.
	StopWithin time.Duration `kconfig:"BOOT_STOP_TIMEOUT_SECONDS,unit=s"`
	// Factory is the file of the image that the device was delivered with; "": there is none. It is installed where no slot holds an image
	// that may run.
	Factory string `kconfig:"BOOT_FACTORY_IMAGE"`
}

// policy says which images run.
func (c Config) policy() image.Policy {
	policy := image.Policy{Board: c.Board, Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if c.Keys != nil {
		policy.Keys = c.Keys.Keys()
	}
	return policy
}

// statusFailure is the bootloader's own failure: nothing can be run.
const statusFailure = 1

const defaultStopWithin = 30 * time.Second

// Main is the whole bootloader: it gives the exit status. args are the arguments without the program's name; the firmware gets them too.
func Main(args []string, config Config) int {
	begun := time.Now()
	runtime.LockOSThread() // the firmware is killed when the thread that has started it ends
	s := parse(args)
	if config.StopWithin <= 0 {
		config.StopWithin = defaultStopWithin
	}
	l := &loader{
		config: config, args: args, data: s.data, begun: begun,
		log:     log{to: os.Stderr, json: s.json, now: time.Now},
		signals: make(chan os.Signal, 8),
	}
	signal.Notify(l.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(l.signals)
	return l.run()
}

type loader struct {
	config  Config
	args    []string
	data    string
	begun   time.Time
	log     log
	signals chan os.Signal
	folder  *durable.Folder
	pace    pace
}

// errAsked ends the bootloader because it was asked to, before there was a firmware to ask.
var errAsked = errors.New("asked to end")

func (l *loader) run() int {
	folder, err := durable.Make(filepath.Join(l.data, slots.FolderName))
	if err != nil {
		return l.failed("the folder of the boot slots cannot be made: name another data folder with -data", err)
	}
	l.folder = folder
	lock, err := l.lock(folder.Path("lock"), os.O_CREATE, waitForBootloader)
	if err != nil {
		return l.failed("the boot slots cannot be used: is there another bootloader on this data folder?", err)
	}
	defer lock.Close()
	for {
		result, err := l.once()
		if errors.Is(err, errAsked) {
			l.log.info("end")
			return 0
		}
		if err != nil {
			return l.failed("no firmware can be started", err)
		}
		if !result.restart {
			l.log.info("end", attribute{"status", strconv.Itoa(result.status)})
			return result.status
		}
	}
}

func (l *loader) failed(what string, err error) int {
	l.log.error(what, attribute{"error", err.Error()})
	return statusFailure
}

// once runs the firmware once.
func (l *loader) once() (verdict, error) {
	// A firmware that was killed with its bootloader may still be on its way out.
	if err := l.firmwareGone(); err != nil {
		return verdict{}, err
	}
	boot, err := l.decide()
	if err != nil {
		return verdict{}, err
	}
	started := time.Now()
	running, err := l.start(boot)
	if err != nil {
		return l.notStarted(boot, err)
	}
	l.log.info("firmware started", l.of(boot, attribute{"pid", strconv.Itoa(running.pid)}, attribute{"after", started.Sub(l.begun).String()})...)
	l.tell(notify.Watchdog + "\nSTATUS=running slot " + boot.Slot.String() + ", version " + boot.Info.Header.Version.String())
	end := l.watch(running, boot)
	result := end.judge(l.confirmed(boot), l.config.ConfirmWithin)
	level := levelInfo
	if result.fail != "" || result.status != 0 {
		level = levelWarn
	}
	l.log.write(level, "firmware ended", l.of(boot, attribute{"cause", end.text()}, attribute{"ran", time.Since(started).Round(time.Millisecond).String()})...)
	return l.settle(result, time.Since(started))
}

// settle keeps a verdict, and waits where the firmware ends too often.
func (l *loader) settle(result verdict, ran time.Duration) (verdict, error) {
	if result.fail != "" {
		if err := l.fail(result.fail); err != nil {
			// The start has been counted: the image has as many as are allowed and no more.
			l.log.error("that the image has failed cannot be kept", attribute{"error", err.Error()})
		} else {
			l.pace = pace{} // the other image has done nothing wrong
			l.begun = time.Now()
			return result, nil
		}
	}
	if !result.restart {
		return result, nil
	}
	if wait := l.pace.wait(ran); wait > 0 {
		l.log.warn("the firmware ends at once, again and again; it is started after a while", attribute{"wait", wait.String()})
		if err := l.pause(wait); err != nil {
			return verdict{}, err
		}
	}
	l.begun = time.Now()
	return result, nil
}

// notStarted deals with a program that the system does not run.
func (l *loader) notStarted(boot slots.Boot, cause error) (verdict, error) {
	if !boot.Trial {
		return verdict{}, cause
	}
	l.log.error("the new firmware cannot be started", l.of(boot, attribute{"error", cause.Error()})...)
	return l.settle(verdict{restart: true, fail: "it cannot be started: " + cause.Error()}, 0)
}

func (l *loader) of(boot slots.Boot, more ...attribute) []attribute {
	all := []attribute{{"slot", boot.Slot.String()}, {"version", boot.Info.Header.Version.String()}}
	if boot.Trial {
		all = append(all, attribute{"trial", strconv.FormatUint(uint64(boot.Start), 10)})
	}
	return append(all, more...)
}

func (l *loader) open() (*slots.Slots, error) {
	return slots.Open(l.folder, slots.Config{Policy: l.config.policy()}, slots.None)
}

// decide picks the slot. Where there is none it installs the image of the factory.
func (l *loader) decide() (slots.Boot, error) {
	s, err := l.open()
	if err != nil {
		return slots.Boot{}, err
	}
	boot, err := s.Boot(l.config.Starts)
	l.notes(boot.Notes)
	if errors.Is(err, slots.ErrNoImage) && l.config.Factory == "" {
		l.log.warn("this bootloader has no image of the factory to install: BOOT_FACTORY_IMAGE is not set")
	}
	if !errors.Is(err, slots.ErrNoImage) || l.config.Factory == "" {
		return boot, err
	}
	l.log.warn("no slot holds an image that may run: the one of the factory is installed", attribute{"file", l.config.Factory})
	if err := l.install(s); err != nil {
		return slots.Boot{}, err
	}
	boot, err = s.Boot(l.config.Starts)
	l.notes(boot.Notes)
	return boot, err
}

func (l *loader) install(s *slots.Slots) error {
	file, err := os.Open(l.config.Factory)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil {
		err = s.Install(file, info.Size())
	}
	return errors.Join(err, file.Close())
}

func (l *loader) notes(notes []slots.Note) {
	for _, each := range notes {
		if each.Cause != nil {
			l.log.error(each.Text, attribute{"slot", each.Slot.String()}, attribute{"error", each.Cause.Error()})
		} else {
			l.log.warn(each.Text, attribute{"slot", each.Slot.String()})
		}
	}
}

// confirmed tells whether an image that was on trial is the active one now.
func (l *loader) confirmed(boot slots.Boot) bool {
	if !boot.Trial {
		return true
	}
	state, err := slots.Peek(l.folder) // the firmware may be running
	return err == nil && state.Active == boot.Slot
}

// fail gives up the image on trial.
func (l *loader) fail(reason string) error {
	s, err := l.open()
	if err != nil {
		return err
	}
	boot, err := s.Fail(reason)
	l.notes(boot.Notes)
	return err
}

// tell speaks to the service manager; that it does not listen is worth no more than a line.
func (l *loader) tell(state string) {
	if err := notify.Send(state); err != nil {
		l.log.warn("the service manager does not listen", attribute{"error", err.Error()})
	}
}

// watch waits for the end of the firmware. It hands on signals, and ends an image that is not confirmed in time.
func (l *loader) watch(running *child, boot slots.Boot) ending {
	end := ending{trial: boot.Trial}
	var confirm, kill <-chan time.Time
	if boot.Trial && l.config.ConfirmWithin > 0 {
		timer := time.NewTimer(l.config.ConfirmWithin)
		defer timer.Stop()
		confirm = timer.C
	}
	stop := func() {
		running.signal(syscall.SIGTERM)
		if kill == nil {
			kill = time.After(l.config.StopWithin)
		}
	}
	for {
		select {
		case end.status = <-running.ended:
			return end
		case received := <-l.signals:
			number, is := received.(syscall.Signal)
			if !is {
				continue
			}
			l.log.info("signal", attribute{"signal", number.String()})
			running.signal(number)
			if asksToEnd(number) {
				end.asked = true // whoever asks also says how long it may take
			}
		case <-confirm:
			if l.confirmed(boot) {
				l.log.info("the new firmware is confirmed", l.of(boot)...)
				continue
			}
			l.log.warn("the new firmware is not confirmed in time: it is ended", l.of(boot, attribute{"within", l.config.ConfirmWithin.String()})...)
			end.late = true
			stop()
		case <-kill:
			l.log.warn("the firmware does not end: it is killed", l.of(boot)...)
			running.kill()
		}
	}
}

func asksToEnd(s syscall.Signal) bool {
	return s == syscall.SIGTERM || s == syscall.SIGINT || s == syscall.SIGQUIT
}

// pause waits, or gives errAsked.
func (l *loader) pause(wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var alive <-chan time.Time // nobody else tells the service manager now
	if interval, watched := notify.Interval(); watched {
		l.tell(notify.Watchdog)
		ticker := time.NewTicker(max(interval/2, time.Millisecond))
		defer ticker.Stop()
		alive = ticker.C
	}
	for {
		select {
		case <-timer.C:
			return nil
		case <-alive:
			l.tell(notify.Watchdog)
		case received := <-l.signals:
			if number, is := received.(syscall.Signal); is && asksToEnd(number) {
				return errAsked
			}
		}
	}
}
