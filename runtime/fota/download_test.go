package fota_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/fotatest"
)

func folderOn(t testing.TB, disk durable.FS) *durable.Folder {
	t.Helper()
	folder, err := durable.MakeOn(disk, "/fota")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestDownload(t *testing.T) {
	image := imageOf(10_000, 1)
	d := newDevice(t, usual, serve(image, "v1"), nil)
	d.wantStory(d.download(fota.Job{URL: address, Size: 10_000}), "0% 100% FINISHED")
	d.wantImage(image)
	if len(d.events) != 102 {
		t.Errorf("%d events, want one for each whole percent and one for the end", len(d.events))
	}
	d.config.ProgressEvents, d.config.AutoSchedule, d.target.Scheduled = false, false, nil
	d.build(serve(image, "v1"), []fota.Target{d.target})
	d.wantStory(d.download(fota.Job{URL: address}), "FINISHED")
	if d.target.Scheduled != nil || !slices.Equal(d.target.Committed, image) {
		t.Error("scheduled though it was not to be, or not committed")
	}
}

// What the connection does, and what becomes of the download.
func TestTries(t *testing.T) {
	image := imageOf(10_000, 2)
	other := imageOf(9_000, 3)
	// cutAt breaks the connection once at each offset.
	cutAt := func(offsets ...int64) func(int64) error {
		return func(offset int64) error {
			if i := slices.IndexFunc(offsets, func(at int64) bool { return offset >= at }); i >= 0 {
				offsets = slices.Delete(offsets, i, i+1)
				return broken()
			}
			return nil
		}
	}
	for name, test := range map[string]struct {
		prepare func(s *server)
		story   string
		asked   []int64
		image   []byte
		problem string
	}{
		"cut in the middle":            {func(s *server) { s.cut = cutAt(5000) }, "0% 100% FINISHED", []int64{0, 5056}, image, ""},
		"cut often, with progress":     {func(s *server) { s.cut = cutAt(1000, 2000, 3000, 4000, 5000, 6000) }, "0% 100% FINISHED", []int64{0, 1024, 2048, 3008, 4032, 5056, 6016}, image, ""},
		"cut before the type is known": {func(s *server) { s.piece, s.cut = 10, cutAt(20) }, "0% 100% FINISHED", []int64{0, 0}, image, ""},
		"cut without progress":         {func(s *server) { s.cut = func(int64) error { return broken() } }, "DOWNLOAD_FAILED", []int64{0, 0, 0}, nil, "connection reset"},
		"cut for good in the middle": {func(s *server) {
			s.cut = func(offset int64) error {
				if offset >= 5000 {
					return broken()
				}
				return nil
			}
		}, "0% 50% DOWNLOAD_FAILED", []int64{0, 5056, 5056}, nil, ""},
		"no validator": {func(s *server) { s.version.Validator, s.cut = "", cutAt(5000) }, "0% 50% 0% 100% FINISHED", []int64{0, 0}, image, ""},
		"no validator, cut for ever": {func(s *server) {
			s.version.Validator = ""
			s.cut = func(offset int64) error {
				if offset >= 5000 {
					return broken()
				}
				return nil
			}
		}, "0% 50% 0% 50% 0% 50% DOWNLOAD_FAILED", []int64{0, 0, 0, 0}, nil, "changed 3 times"},
		"another file after a cut": {func(s *server) {
			s.cut = cutAt(5000)
			s.fetch = func(n int) error {
				if n == 2 {
					s.content, s.version = other, fota.Version{Size: int64(len(other)), Validator: "v2"}
				}
				return nil
			}
		}, "0% 50% 0% 100% FINISHED", []int64{0, 5056}, other, ""},
		"another file each time": {func(s *server) {
			s.fetch = func(n int) error { s.version.Validator = fmt.Sprint(n); return nil }
			s.cut = func(offset int64) error {
				if offset >= 5000 {
					return broken()
				}
				return nil
			}
		}, "0% 50% 0% 50% 0% 50% DOWNLOAD_FAILED", []int64{0, 5056, 5056, 5056}, nil, "changed 3 times"},
		"refused for good": {func(s *server) {
			s.fetch = func(int) error { return &fota.Error{Cause: fota.CauseConnectFailed, Problem: "wrong CA"} }
		}, "CONNECT_FAILED", []int64{0}, nil, "wrong CA"},
		"unreachable at first": {func(s *server) {
			s.fetch = func(n int) error {
				if n <= 2 {
					return &fota.Error{Cause: fota.CauseConnectFailed, Retry: true}
				}
				return nil
			}
		}, "0% 100% FINISHED", []int64{0, 0, 0}, image, ""},
		"ends early":                          {func(s *server) { s.content = s.content[:6000] }, "0% 60% DOWNLOAD_FAILED", []int64{0, 6000, 6000}, nil, "ended after 6000 of 10000"},
		"sends too much":                      {func(s *server) { s.version.Size = 9000 }, "0% 99% DOWNLOAD_FAILED", []int64{0}, nil, "more than the 9000"},
		"no size":                             {func(s *server) { s.version.Size = -1 }, "INTERNAL", []int64{0}, nil, "does not tell the image's size"},
		"empty":                               {func(s *server) { s.content, s.version.Size = nil, 0 }, "INVALID_UPDATE", []int64{0}, nil, "empty"},
		"no image":                            {func(s *server) { s.content[0] = 'x' }, "INVALID_UPDATE", []int64{0}, nil, "begins with 78 b8"},
		"shorter than a type":                 {func(s *server) { s.content, s.version.Size = s.content[:31], 31 }, "INVALID_UPDATE", []int64{0}, nil, "no image"},
		"type without target":                 {func(s *server) { copy(s.content, []byte{0xd2, 0x84, 0, 0}) }, "INVALID_UPDATE", []int64{0}, nil, "takes no images"},
		"source that forgets Begin and fails": {func(s *server) { s.fetch = func(int) error { return errors.New("odd") } }, "INTERNAL", []int64{0}, nil, "odd"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(slices.Clone(image), "v1")
				test.prepare(s)
				d := newDevice(t, usual, s, folderOn(t, durabletest.New()))
				d.wantStory(d.download(fota.Job{URL: address}), test.story)
				d.wantImage(test.image)
				if !slices.Equal(s.asked, test.asked) {
					t.Errorf("asked for %v, want %v", s.asked, test.asked)
				}
				if test.problem != "" && !strings.Contains(d.last().Err.Error(), test.problem) {
					t.Errorf("error: %v", d.last().Err)
				}
			})
		})
	}
}

// The waits between tries: 1 s, 2 s, 4 s, up to a minute, of each at least three quarters.
func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := usual
		config.Retries = 9
		s := serve(imageOf(1000, 1), "v1")
		var at []time.Time
		s.fetch = func(int) error { at = append(at, time.Now()); return broken() }
		d := newDevice(t, config, s, nil)
		d.wantStory(d.download(fota.Job{URL: address}), "DOWNLOAD_FAILED")
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
			want *= time.Second
			if wait := at[i+1].Sub(at[i]); wait < want*3/4 || wait > want {
				t.Errorf("wait %d is %v, want up to %v", i, wait, want)
			}
		}
	})
}

// What the job and the target say.
func TestJobs(t *testing.T) {
	image := imageOf(10_000, 4)
	errBroken := errors.New("input/output error")
	// failAt lets the nth operation of the target fail.
	failAt := func(n int) func(*device) {
		return func(d *device) {
			d.target.Step = func() error {
				if n--; n == 0 {
					return errBroken
				}
				return nil
			}
		}
	}
	for name, test := range map[string]struct {
		job     fota.Job
		prepare func(*device)
		story   string
		problem string
	}{
		"expected type":       {fota.Job{URL: address, Expected: fota.TypeMCUboot | fota.TypeFullModem}, nil, "0% 100% FINISHED", ""},
		"type mismatch":       {fota.Job{URL: address, Expected: fota.TypeModemDelta}, nil, "TYPE_MISMATCH", "is of the type DFU_TARGET_IMAGE_TYPE_MCUBOOT"},
		"size mismatch":       {fota.Job{URL: address, Size: 9_999}, nil, "INVALID_UPDATE", "10000 bytes at the server, and 9999"},
		"limit":               {fota.Job{URL: address, Limit: 9_999}, nil, "INVALID_UPDATE", "at most 9999"},
		"limit reached":       {fota.Job{URL: address, Limit: 10_000}, nil, "0% 100% FINISHED", ""},
		"no room":             {fota.Job{URL: address}, func(d *device) { d.target.Room = 9_999 }, "INVALID_UPDATE", "bigger than its place"},
		"target cannot begin": {fota.Job{URL: address}, failAt(1), "DFU", "begun"},
		"target cannot write": {fota.Job{URL: address}, failAt(30), "0% 17% DFU", "stored"},
		"target cannot take": {fota.Job{URL: address}, func(d *device) {
			d.target.Check = func([]byte) error { return errBroken }
		}, "0% 100% DFU", "taken"},
		"image is refused": {fota.Job{URL: address}, func(d *device) {
			d.target.Check = func([]byte) error { return fmt.Errorf("%w: signed by nobody", fota.ErrRefused) }
		}, "0% 100% INVALID_UPDATE", "signed by nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, usual, serve(image, "v1"), folderOn(t, durabletest.New()))
			if test.prepare != nil {
				test.prepare(d)
			}
			d.wantStory(d.download(test.job), test.story)
			if test.problem == "" {
				d.wantImage(image)
				return
			}
			if !strings.Contains(d.last().Err.Error(), test.problem) {
				t.Errorf("error: %v", d.last().Err)
			}
			d.wantImage(nil)
			if len(d.target.Content()) > 0 {
				t.Errorf("%d bytes are left at the target", len(d.target.Content()))
			}
		})
	}
}

func TestStartRefuses(t *testing.T) {
	long := strings.Repeat("x", 600)
	d := newDevice(t, usual, serve(imageOf(1000, 1), "v1"), nil)
	for _, test := range []struct {
		job   fota.Job
		cause fota.Cause
	}{
		{fota.Job{URL: "ftp://files.example/x"}, fota.CauseProtoNotSupported},
		{fota.Job{URL: "coap://files.example/x"}, fota.CauseProtoNotSupported},
		{fota.Job{URL: ""}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: "image.bin"}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: "https:///image.bin"}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: "https://:443/image.bin"}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: "https://user:secret@files.example/x"}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: "https://files.example/secret%zz"}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: "https://files.example/x\nsecret"}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: "https://files.example/?" + long}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: "https://files.example/" + long[:128]}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: "https://" + long[:129] + "/x"}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: address, Tags: []int{1, 2, 3, 4, 5, 6}}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: address, Size: -1}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: address, ID: "a\nb"}, fota.CauseInvalidConfiguration},
		{fota.Job{URL: address, ID: long}, fota.CauseInvalidConfiguration},
	} {
		err := d.Start(t.Context(), test.job)
		e, is := errors.AsType[*fota.Error](err)
		if !is || e.Cause != test.cause || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.80q: %v", test.job.URL, err)
		}
	}
	if len(d.events) > 0 {
		t.Errorf("events: %v", d.events)
	}
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		image := imageOf(10_000, 5)
		s := serve(image, "v1")
		disk := durabletest.New()
		d := newDevice(t, usual, s, folderOn(t, disk))
		d.told = func(e fota.Event) {
			if e.Kind == fota.EventProgress && e.Percent == 50 {
				d.Cancel()
			}
		}
		d.wantStory(d.download(fota.Job{URL: address}), "0% 50% CANCELLED")
		if len(d.target.Content()) > 0 || len(disk.Names()) > 0 {
			t.Errorf("left: %d bytes, %v", len(d.target.Content()), disk.Names())
		}
		// While it waits for the next try.
		d.told = nil
		s.cut = func(int64) error { return broken() }
		if err := d.Start(t.Context(), fota.Job{URL: address}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := d.Start(t.Context(), fota.Job{URL: address}); !errors.Is(err, fota.ErrBusy) {
			t.Errorf("a second start: %v", err)
		}
		d.events = nil
		d.Cancel()
		d.Wait()
		d.wantStory(d.story(), "CANCELLED")
		d.Cancel() // nothing to cancel
		d.Wait()
		s.cut = nil
		d.wantStory(d.download(fota.Job{URL: address}), "0% 100% FINISHED")
		d.wantImage(image)
	})
}

// The program ends in the middle of a download, and begins again.
func TestGoesOnAfterARestart(t *testing.T) {
	image, other := imageOf(10_000, 6), imageOf(8_000, 7)
	for name, test := range map[string]struct {
		config func(*fota.Config)
		first  fota.Job
		second fota.Job
		serve  *server // at the second start
		lose   int     // bytes that the target has lost
		story  string
		asked  int64
	}{
		"same file":                  {nil, fota.Job{URL: address}, fota.Job{URL: address}, serve(image, "v1"), 0, "50% 100% FINISHED", 5056},
		"same job, other URL":        {nil, fota.Job{URL: address + "?sig=1", ID: "job 7"}, fota.Job{URL: address + "?sig=2", ID: "job 7"}, serve(image, "v1"), 0, "50% 100% FINISHED", 5056},
		"other job, same URL":        {nil, fota.Job{URL: address, ID: "job 7"}, fota.Job{URL: address, ID: "job 8"}, serve(image, "v1"), 0, "0% 100% FINISHED", 0},
		"other URL":                  {nil, fota.Job{URL: address}, fota.Job{URL: address + "2"}, serve(image, "v1"), 0, "0% 100% FINISHED", 0},
		"file has changed":           {nil, fota.Job{URL: address}, fota.Job{URL: address}, serve(other, "v2"), 0, "50% 0% 100% FINISHED", 5056},
		"same validator, other size": {nil, fota.Job{URL: address}, fota.Job{URL: address}, serve(other, "v1"), 0, "50% 0% 100% FINISHED", 5056},
		"target has lost it":         {nil, fota.Job{URL: address}, fota.Job{URL: address}, serve(image, "v1"), 5056, "0% 100% FINISHED", 0},
		"not kept":                   {func(c *fota.Config) { c.KeepProgress = false }, fota.Job{URL: address}, fota.Job{URL: address}, serve(image, "v1"), 0, "0% 100% FINISHED", 0},
		"type not wanted now":        {nil, fota.Job{URL: address}, fota.Job{URL: address, Expected: fota.TypeFullModem}, serve(image, "v1"), 0, "TYPE_MISMATCH", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := usual
				if test.config != nil {
					test.config(&config)
				}
				disk := durabletest.New()
				d := newDevice(t, config, serve(image, "v1"), folderOn(t, disk))
				ctx, end := context.WithCancel(t.Context())
				d.told = func(e fota.Event) {
					if e.Percent == 50 {
						end()
					}
				}
				if err := d.Start(ctx, test.first); err != nil {
					t.Fatal(err)
				}
				d.Wait()
				d.wantStory(d.story(), "0% 50%")
				if test.lose > 0 {
					d.target = &fotatest.Target{}
				}
				d.told = nil
				d.build(test.serve, []fota.Target{d.target})
				d.wantStory(d.download(test.second), test.story)
				if test.serve.asked[0] != test.asked {
					t.Errorf("asked for %v, want %d", test.serve.asked, test.asked)
				}
				if strings.HasSuffix(test.story, "FINISHED") {
					d.wantImage(test.serve.content)
					if len(disk.Names()) > 0 {
						t.Errorf("the record is still there: %v", disk.Names())
					}
				}
			})
		})
	}
}

// An image of another type than the one before leaves nothing of that one behind.
func TestTypeChangesOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		modem := imageOf(4_000, 8)
		copy(modem, []byte{0xd2, 0x84, 0, 0})
		s := serve(imageOf(10_000, 9), "v1")
		s.cut = func(offset int64) error {
			if len(s.asked) == 1 && offset > 5000 {
				return broken()
			}
			return nil
		}
		s.fetch = func(n int) error {
			if n == 2 {
				s.content, s.version = modem, fota.Version{Size: 4_000, Validator: "v2"}
			}
			return nil
		}
		d := newDevice(t, usual, s, folderOn(t, durabletest.New()))
		full := &fotatest.Target{Kinds: fota.TypeFullModem}
		d.build(s, []fota.Target{d.target, full})
		d.wantStory(d.download(fota.Job{URL: address}), "0% 50% 0% 100% FINISHED")
		if !slices.Equal(full.Scheduled, modem) || len(d.target.Content()) > 0 || d.target.IsOpen() {
			t.Error("the modem's image is not scheduled, or something of the other one is left")
		}
		if e := d.last(); e.Type != fota.TypeFullModem {
			t.Errorf("the type is %v", e.Type)
		}
	})
}

func TestCustomAndSMP(t *testing.T) {
	image := imageOf(1_000, 1)
	bundle := []byte("hsqs is how a RAUC bundle begins, which is a squashfs")
	for name, test := range map[string]struct {
		content  []byte
		expected fota.Type
		want     fota.Type
	}{
		"custom":                   {bundle, 0, fota.TypeCustom},
		"SMP":                      {image, fota.TypeSMP, fota.TypeSMP},
		"not SMP unless asked for": {image, fota.TypeSMP | fota.TypeMCUboot, fota.TypeMCUboot},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(test.content, "v1")
			d := newDevice(t, usual, s, nil)
			targets := []fota.Target{&fotatest.Target{}, &fotatest.Target{Kinds: fota.TypeCustom}, &fotatest.Target{Kinds: fota.TypeSMP}}
			d.build(s, targets)
			d.download(fota.Job{URL: address, Expected: test.expected})
			if target, is := fota.For(targets, test.want).(*fotatest.Target); !is || !slices.Equal(target.Scheduled, test.content) {
				t.Errorf("%s: not at the target %v", d.story(), test.want)
			}
		})
	}
}

// What a download of another type has left goes when an image comes, not before: its room may be needed then.
func TestLeftoverOfAnotherType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		modem := imageOf(10_000, 8)
		copy(modem, []byte{0xd2, 0x84, 0, 0})
		s := serve(modem, "v1")
		s.cut = func(offset int64) error {
			if offset > 5000 {
				return broken()
			}
			return nil
		}
		d := newDevice(t, usual, s, folderOn(t, durabletest.New()))
		full := &fotatest.Target{Kinds: fota.TypeFullModem}
		targets := []fota.Target{d.target, full}
		d.build(s, targets)
		d.wantStory(d.download(fota.Job{URL: address}), "0% 50% DOWNLOAD_FAILED")
		d.wantStory(d.download(fota.Job{URL: address}), "50% DOWNLOAD_FAILED") // goes on, and breaks again

		next := serve(imageOf(3_000, 9), "v1")
		next.fetch = func(n int) error {
			if n == 1 {
				return broken()
			}
			return nil
		}
		d.build(next, targets)
		next.cut = func(int64) error {
			if len(full.Content()) == 0 {
				t.Error("it is gone before anything has come")
			}
			next.cut = nil
			return nil
		}
		d.wantStory(d.download(fota.Job{URL: address + "2"}), "1% 100% FINISHED")
		d.wantImage(next.content)
		if len(full.Content()) > 0 {
			t.Errorf("%d bytes of the modem's image are left", len(full.Content()))
		}
	})
}

// What the job says now counts, not what it said when the download began.
func TestLimitsHoldForWhatIsHere(t *testing.T) {
	for name, job := range map[string]fota.Job{"size": {URL: address, Size: 9_999}, "limit": {URL: address, Limit: 9_999}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				image := imageOf(10_000, 8)
				s := serve(image, "v1")
				s.cut = func(offset int64) error {
					if offset > 5000 {
						return broken()
					}
					return nil
				}
				d := newDevice(t, usual, s, folderOn(t, durabletest.New()))
				d.wantStory(d.download(fota.Job{URL: address}), "0% 50% DOWNLOAD_FAILED")
				asked := len(s.asked)
				d.wantStory(d.download(job), "INVALID_UPDATE")
				if s.asked[asked] != 0 {
					t.Errorf("asked for %v", s.asked)
				}
			})
		})
	}
}

// eraser is a target that erases first.
type eraser struct{ fotatest.Target }

func (e *eraser) Begin(ctx context.Context, plan fota.Plan) (fota.Image, error) {
	plan.Tell(fota.EventErasePending)
	select {
	case <-time.After(61 * time.Second):
		plan.Tell(fota.EventEraseTimeout)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	plan.Tell(fota.EventEraseDone)
	return e.Target.Begin(ctx, plan)
}

func TestErase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		patch := imageOf(1_000, 1)
		copy(patch, []byte{0, 0, 0, 0, 0x6d, 0x65, 0x44, 0x75})
		d := newDevice(t, usual, serve(patch, "v1"), nil)
		target := &eraser{Target: fotatest.Target{Kinds: fota.TypeModemDelta}}
		d.build(serve(patch, "v1"), []fota.Target{target})
		d.wantStory(d.download(fota.Job{URL: address}), "ERASE_PENDING ERASE_TIMEOUT ERASE_DONE 3% 100% FINISHED")
		if !slices.Equal(target.Scheduled, patch) {
			t.Error("not scheduled")
		}
		d.told = func(e fota.Event) {
			if e.Kind == fota.EventErasePending {
				d.Cancel()
			}
		}
		d.wantStory(d.download(fota.Job{URL: address}), "ERASE_PENDING CANCELLED")
	})
}

// A target that has more of an image than was recorded says so, and is asked for no byte twice.
func TestTargetHasMore(t *testing.T) {
	for name, test := range map[string]struct {
		keep  bool
		job   fota.Job // the second one
		story string
		asked []int64
	}{
		"goes on":           {true, fota.Job{URL: address, ID: "7"}, "50% 100% FINISHED", []int64{0, 5056}},
		"another job":       {true, fota.Job{URL: address, ID: "8"}, "0% 100% FINISHED", []int64{0}},
		"not to be resumed": {false, fota.Job{URL: address, ID: "7"}, "0% 100% FINISHED", []int64{0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := usual
				config.KeepProgress = test.keep
				image := imageOf(10_000, 8)
				s := serve(image, "v1")
				s.cut = func(offset int64) error {
					if offset > 5000 {
						return broken()
					}
					return nil
				}
				d := newDevice(t, config, s, folderOn(t, durabletest.New()))
				d.target.Own = true
				d.wantStory(d.download(fota.Job{URL: address, ID: "7"}), "0% 50% DOWNLOAD_FAILED")
				s.cut, s.asked = nil, nil
				d.folder = folderOn(t, durabletest.New()) // the record is lost
				d.build(s, []fota.Target{d.target})
				d.wantStory(d.download(test.job), test.story)
				d.wantImage(image)
				if !slices.Equal(s.asked, test.asked) {
					t.Errorf("asked for %v, want %v", s.asked, test.asked)
				}
			})
		})
	}
}

// Who started a download can keep what must be known after the restart before the restart would run the new image.
func TestBeforeSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		image := imageOf(1_000, 8)
		s := serve(image, "v1")
		d := newDevice(t, usual, s, folderOn(t, durabletest.New()))
		called, full := 0, errors.New("the disk is full")
		d.Downloader = fota.New(usual, fota.Platform{
			Sources: map[string]fota.Source{"https": s}, Targets: []fota.Target{d.target}, Folder: d.folder,
			Tell: func(e fota.Event) { d.events = append(d.events, e) },
			BeforeSchedule: func(kind fota.Type) error {
				if called++; called == 1 {
					return full
				}
				if kind != fota.TypeMCUboot || d.target.Committed == nil || d.target.Scheduled != nil {
					t.Errorf("called for %v too early or too late", kind)
				}
				return nil
			},
		})
		d.wantStory(d.download(fota.Job{URL: address}), "3% 100% INTERNAL")
		if !errors.Is(d.last().Err, full) || d.target.Scheduled != nil {
			t.Errorf("%v, or scheduled", d.last().Err)
		}
		d.wantStory(d.download(fota.Job{URL: address}), "100% FINISHED")
		d.wantImage(image)
		if called != 2 || len(s.asked) != 1 {
			t.Errorf("called %d times, the server was asked %d times", called, len(s.asked))
		}
	})
}

// A disk on which nothing can be recorded any more does not end a download.
func TestDiskOfRecordsIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		image := imageOf(10_000, 8)
		config := usual
		config.CheckpointBytes = 500
		disk := durabletest.New()
		s := serve(image, "v1")
		d := newDevice(t, config, s, folderOn(t, disk))
		d.told = func(e fota.Event) {
			if e.Percent == 50 {
				disk.SetFault(durabletest.Fault{RefuseOperations: true})
				disk.CutAfter(0)
			}
		}
		d.wantStory(d.download(fota.Job{URL: address}), "0% 100% FINISHED")
		d.wantImage(image)
		d.told = nil
		disk.CutAfter(-1)
		d.wantStory(d.download(fota.Job{URL: address}), "46% 100% FINISHED") // from the last record on
		d.wantImage(image)
	})
}
