package slots_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/boot/image"
	"github.com/cloudgen/cloudgen/runtime/boot/slots"
	"github.com/cloudgen/cloudgen/runtime/durable"
	"github.com/cloudgen/cloudgen/runtime/durable/durabletest"
)

func nothing(int64) {}

func TestImagesAreRefusedBeforeASlotIsMarked(t *testing.T) {
	good := made(2)
	damaged := bytes.Clone(good)
	damaged[40] ^= 1
	for _, test := range []struct {
		name   string
		image  []byte
		size   int64 // 0: that of the image
		reason image.Reason
	}{
		{"no image", []byte(strings.Repeat("x", 200)), 0, image.NotAnImage},
		{"short", []byte("x"), 0, image.Truncated},
		{"empty", nil, -1, image.Truncated},
		{"unsigned", madeWith(2, nil, image.Claims{}), 0, image.Unsigned},
		{"of another key", madeWith(2, testKey{2}, image.Claims{}), 0, image.UnknownKey},
		{"truncated", good[:len(good)-1], 0, image.Truncated},
		{"truncated, and more announced", good[:100], 200, image.Truncated},
		{"damaged", damaged, 0, image.Damaged},
		{"older", made(0), 0, image.Downgraded},
		{"of another board", madeWith(2, ours, image.Claims{Boards: []string{"other"}}), 0, image.WrongBoard},
		{"longer", append(bytes.Clone(good), 0xff), 0, image.TrailingGarbage},
		{"longer than announced", good, 100, image.TrailingGarbage},
		{"shorter than announced", good, int64(len(good) + 1), image.Truncated},
	} {
		t.Run(test.name, func(t *testing.T) {
			disk := installed(t)
			s, _ := boot(t, disk)
			before := s.State()
			if test.size == 0 {
				test.size = int64(len(test.image))
			}
			st, err := s.Stage("x", test.size)
			check(t, err)
			if _, err = st.Write(test.image); err == nil {
				_, err = st.Commit()
			} else {
				check(t, st.Abort())
			}
			if !errors.Is(err, test.reason) {
				t.Errorf("%v, want %v", err, test.reason)
			}
			if _, err := st.Write([]byte{1}); err == nil {
				t.Error("it can be written on")
			}
			if s.State() != before || !errors.Is(s.Mark(), slots.ErrNotStaged) {
				t.Errorf("the state is %+v", s.State())
			}
			for name := range disk.Names() {
				if strings.Contains(name, "incoming") {
					t.Errorf("%s is left", name)
				}
			}
		})
	}
}

func TestTheOnlyGoodImageIsNeverWrittenOver(t *testing.T) {
	disk := installed(t)
	s, _ := boot(t, disk)
	check(t, commit(s, "2", made(2), nothing), s.Mark())
	s, b := boot(t, disk)
	if !b.Trial || b.Start != 1 || !s.OnTrial() || s.Installed() != nil {
		t.Fatalf("%+v", b)
	}
	if _, err := s.Stage("3", 10); !errors.Is(err, slots.ErrUnconfirmed) {
		t.Errorf("staged over the confirmed image: %v", err)
	}
	check(t, s.Drop()) // nothing: it runs
	check(t, s.Confirm(), s.Confirm(), s.Installed())
	if s.OnTrial() || s.State().Last.Outcome != slots.Confirmed || s.State().Active != slots.B {
		t.Errorf("%+v", s.State())
	}
	if !errors.Is(s.Revert("x"), slots.ErrNotOnTrial) {
		t.Error("a confirmed image was reverted")
	}
	// A program that was not started by the bootloader leaves everything alone.
	alone, err := open(disk, slots.None)
	check(t, err, alone.Confirm())
	if _, err := alone.Stage("3", 10); !errors.Is(err, slots.ErrNoBootloader) {
		t.Error(err)
	}
}

func TestMarkedImageThatIsDamagedIsRefusedAtTheBoot(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(*durable.Folder) error
	}{
		{"a byte", func(f *durable.Folder) error { return at(f, "b", 3, "x") }},
		{"the end", func(f *durable.Folder) error { return at(f, "b", 180, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") }},
		{"gone", func(f *durable.Folder) error { return f.Remove("b") }},
		{"another", func(f *durable.Folder) error { return f.Rename("a", "b") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			disk := installed(t)
			s, _ := boot(t, disk)
			check(t, commit(s, "2", made(2), nothing))
			marked := s.Mark()
			check(t, marked)
			folder := durable.OpenOn(disk, folder)
			check(t, test.spoil(folder))
			if err := s.Mark(); err == nil {
				t.Error("it can be marked")
			}
			if test.name == "another" { // then only this one is left
				loader, err := open(disk, slots.None)
				check(t, err)
				if b, err := loader.Boot(limit); err != nil || b.Slot != slots.B || b.Trial || versionOf(b) != 1 {
					t.Errorf("%+v, %v", b, err)
				}
				return
			}
			s, b := boot(t, disk)
			if b.Slot != slots.A || b.Trial || len(b.Notes) == 0 || s.State().Last.Outcome != slots.Refused || s.Installed() == nil {
				t.Errorf("%+v, %+v", b, s.State())
			}
			check(t, commit(s, "2", made(2), nothing), s.Mark()) // once more
		})
	}
}

func at(f *durable.Folder, name string, offset int64, text string) error {
	file, err := f.Edit(name)
	if err != nil {
		return err
	}
	_, err = file.WriteAt([]byte(text), offset)
	return errors.Join(err, file.Close())
}

func TestAStateThatIsLostIsMadeAnew(t *testing.T) {
	for _, test := range []struct {
		name     string
		has      string // slots that have good images; a: version 1, b: version 2
		lose     func(*durable.Folder) error
		versions []uint8 // that the boots start
	}{
		{"missing, both", "ab", func(f *durable.Folder) error { return f.Remove("state") }, []uint8{2, 2, 2, 1, 1}},
		{"damaged, both", "ab", func(f *durable.Folder) error { return at(f, "state", 30, "#") }, []uint8{2, 2, 2, 1, 1}},
		{"of another version, both", "ab", func(f *durable.Folder) error { return f.Write("state", []byte("cloudgen boot state 2\n")) }, []uint8{2, 2, 2, 1, 1}},
		{"missing, the old one", "a", func(f *durable.Folder) error { return f.Remove("state") }, []uint8{1, 1}},
		{"missing, the new one", "b", func(f *durable.Folder) error { return f.Remove("state") }, []uint8{2, 2}},
		{"missing, none", "", func(f *durable.Folder) error { return f.Remove("state") }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			disk := installed(t)
			s, _ := boot(t, disk)
			check(t, commit(s, "2", made(2), nothing))
			data := durable.OpenOn(disk, folder)
			for _, each := range []string{"a", "b"} {
				if !strings.Contains(test.has, each) {
					check(t, data.Remove(each))
				}
			}
			check(t, test.lose(data))
			if _, err := open(disk, slots.A); err == nil {
				t.Error("the firmware has opened a lost state")
			}
			for i, want := range test.versions {
				loader, err := open(disk, slots.None)
				check(t, err)
				if lost := loader.Broken() != nil; lost != (i == 0) {
					t.Errorf("boot %d: %v", i, loader.Broken())
				}
				if b, err := loader.Boot(limit); err != nil || versionOf(b) != want {
					t.Errorf("boot %d starts %+v, %v; want version %d", i, b, err, want)
				}
			}
			if test.versions == nil {
				loader, err := open(disk, slots.None)
				check(t, err)
				if _, err := loader.Boot(limit); !errors.Is(err, slots.ErrNoImage) {
					t.Error(err)
				}
			}
		})
	}
}

// full is a disk on which nothing new can be written.
type full struct{ *durabletest.Disk }

func (full) Create(string, fs.FileMode) (durable.File, error) { return nil, durabletest.ErrRefused }

func TestAStateThatCannotBeKeptIsNoReasonNotToStart(t *testing.T) {
	disk := installed(t)
	s, _ := boot(t, disk)
	check(t, commit(s, "2", made(2), nothing), s.Mark())
	start := func(on durable.FS) (slots.Boot, *slots.Slots) {
		loader, err := open(on, slots.None)
		check(t, err)
		b, err := loader.Boot(limit)
		check(t, err)
		return b, loader
	}
	// A start that cannot be counted does not happen.
	if b, _ := start(full{disk}); versionOf(b) != 1 || b.Trial || len(b.Notes) != 1 || !errors.Is(b.Notes[0].Cause, durabletest.ErrRefused) {
		t.Errorf("%+v", b)
	}
	for range limit {
		if b, _ := start(disk); versionOf(b) != 2 {
			t.Errorf("%+v", b)
		}
	}
	// An end that cannot be kept counts all the same.
	for range 2 {
		b, loader := start(full{disk})
		if versionOf(b) != 1 || b.Trial || loader.State().Last.Outcome != slots.Reverted {
			t.Errorf("%+v, %+v", b, loader.State())
		}
	}
	if b, _ := start(disk); versionOf(b) != 1 || b.Trial {
		t.Errorf("%+v", b)
	}
}

func TestADamagedActiveImageGivesWay(t *testing.T) {
	disk := installed(t)
	s, _ := boot(t, disk)
	check(t, commit(s, "2", made(2), nothing), s.Mark())
	s, _ = boot(t, disk)
	check(t, s.Confirm())
	check(t, at(durable.OpenOn(disk, folder), "b", 1, "#"))
	s, b := boot(t, disk)
	if versionOf(b) != 1 || b.Trial || !s.OnTrial() {
		t.Fatalf("%+v", b)
	}
	if _, err := s.Stage("3", 100); !errors.Is(err, slots.ErrUnconfirmed) {
		t.Error(err)
	}
	check(t, s.Confirm(), commit(s, "3", made(3), nothing), s.Mark())
	if _, b := boot(t, disk); versionOf(b) != 3 || b.Slot != slots.B {
		t.Errorf("%+v", b)
	}
}

func TestRoomIsMade(t *testing.T) {
	disk := installed(t)
	s, _ := boot(t, disk)
	check(t, commit(s, "2", made(2), nothing), s.Drop())
	used := int64(0)
	for _, each := range disk.Names() {
		used += int64(len(each))
	}
	size := int64(len(made(3)))
	has := func() bool { _, is := disk.Names()[folder+"/b"]; return is }

	disk.SetRoom(used + size + 1000)
	st, err := s.Stage("", size)
	check(t, err, st.Abort())
	if !has() {
		t.Fatal("the old image is gone, and there was room")
	}
	disk.SetRoom(used + size/2)
	st, err = s.Stage("", size)
	check(t, err)
	if has() {
		t.Error("no room was made")
	}
	check(t, st.Abort())
	disk.SetRoom(used - 100)
	if _, err := s.Stage("", 10*size); !errors.Is(err, slots.ErrNoSpace) {
		t.Errorf("%v", err)
	}
}

// TestPiecesOfAnySize stages images with all kinds of headers in pieces of all sizes, interrupted at any byte.
func TestPiecesOfAnySize(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 300 {
		disk := installed(t)
		payload := bytes.Repeat([]byte("payload "), 1+random.IntN(30))
		payload = payload[:1+random.IntN(len(payload))]
		var out bytes.Buffer
		description := image.Description{Version: image.Version{Major: 2}, HeaderSize: 32 + random.IntN(100), Claims: image.Claims{FirmwareVersion: strings.Repeat("v", 1+random.IntN(64))}}
		check(t, image.Write(&out, bytes.NewReader(payload), int64(len(payload)), description, ours))
		whole := out.Bytes()
		size := int64(len(whole))
		if random.IntN(4) == 0 {
			size = -1
		}
		config := config()
		config.Checkpoint = 1 + random.Int64N(100)
		s, err := slots.Open(durable.OpenOn(disk, folder), config, slots.A)
		check(t, err)
		st, err := s.Stage("id", size)
		check(t, err)
		for resumed := 0; st.Offset() < int64(len(whole)); {
			n := min(1+random.Int64N(70), int64(len(whole))-st.Offset())
			_, err := st.Write(whole[st.Offset() : st.Offset()+n])
			check(t, err)
			if random.IntN(5) == 0 && resumed < 20 {
				before := st.Offset()
				if random.IntN(2) == 0 {
					check(t, st.Close())
				}
				resumed++
				st, err = s.Stage("id", size)
				check(t, err)
				if st.Offset() > before {
					t.Fatalf("goes on at %d, and %d had come", st.Offset(), before)
				}
			}
		}
		info, err := st.Commit()
		check(t, err)
		if _, err := s.Stage("id", size); !errors.Is(err, slots.ErrStaged) {
			t.Fatal(err)
		}
		check(t, s.Mark())
		_, b := boot(t, disk)
		if !b.Trial || b.Info.Digest != info.Digest {
			t.Fatalf("round %d: %+v", round, b)
		}
		if file := disk.Names()[b.Path]; !strings.HasPrefix(file, string(payload)) {
			t.Fatalf("round %d: the program does not begin the file", round)
		}
	}
}

func TestOnlyTheLastStagingWrites(t *testing.T) {
	disk := installed(t)
	s, _ := boot(t, disk)
	first, err := s.Stage("1", -1)
	check(t, err)
	second, err := s.Stage("2", -1)
	check(t, err)
	if _, err := first.Write(made(2)); err == nil {
		t.Error("the first one writes")
	}
	if _, err := first.Commit(); err == nil {
		t.Error("the first one is committed")
	}
	check(t, first.Close(), first.Abort())
	_, err = second.Write(made(2))
	check(t, err)
	_, err = second.Commit()
	check(t, err, second.Close(), second.Abort(), s.Discard(), s.Mark())
}

func TestOnTheOperatingSystem(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "boot")
	data, err := durable.Make(dir)
	check(t, err)
	loader, err := slots.Open(data, config(), slots.None)
	check(t, err, loader.Install(bytes.NewReader(made(1)), -1))
	b, err := loader.Boot(1)
	check(t, err)
	info, err := os.Stat(b.Path)
	check(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v", info.Mode())
	}
	s, err := slots.Open(data, config(), b.Slot)
	check(t, err, commit(s, "2", made(2), nothing), s.Mark())
	state, err := slots.Peek(data)
	check(t, err)
	if state != s.State() || state.Trial != slots.Marked {
		t.Errorf("%+v", state)
	}
	entries, err := os.ReadDir(dir)
	check(t, err)
	var names []string
	for _, each := range entries {
		names = append(names, each.Name())
	}
	if !slices.Equal(names, []string{"a", "b", "state"}) {
		t.Errorf("files: %v", names)
	}
	if version, err := s.Version(slots.B); err != nil || version.Major != 2 {
		t.Errorf("%v, %v", version, err)
	}
}
