package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/reporting"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/tree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// zoo has a resource of every type.
var zoo = &lwm2m.Definition{ID: 26241, Name: "Zoo", URN: "urn:oma:lwm2m:x:26241", Version: "1.0", Multiple: true, Resources: []lwm2m.Resource{
	{ID: 0, Name: "Text", Operations: lwm2m.RW, Type: lwm2m.TypeString},
	{ID: 1, Name: "Integer", Operations: lwm2m.RW, Type: lwm2m.TypeInteger},
	{ID: 2, Name: "Unsigned", Operations: lwm2m.RW, Type: lwm2m.TypeUnsigned},
	{ID: 3, Name: "Float", Operations: lwm2m.R, Type: lwm2m.TypeFloat},
	{ID: 4, Name: "Boolean", Operations: lwm2m.RW, Type: lwm2m.TypeBoolean},
	{ID: 5, Name: "Opaque", Operations: lwm2m.W, Type: lwm2m.TypeOpaque},
	{ID: 6, Name: "Time", Operations: lwm2m.RW, Type: lwm2m.TypeTime},
	{ID: 7, Name: "Link", Operations: lwm2m.RW, Type: lwm2m.TypeObjlnk},
	{ID: 8, Name: "Links", Operations: lwm2m.R, Type: lwm2m.TypeCorelnk},
	{ID: 9, Name: "Run", Operations: lwm2m.E},
	{ID: 10, Name: "Many", Operations: lwm2m.RW, Multiple: true, Type: lwm2m.TypeInteger},
	{ID: 11, Name: "Level", Operations: lwm2m.RW, Type: lwm2m.TypeInteger, Range: "0..100"},
}}

// engine notes what it is asked, and fails if it is told to.
type engine struct {
	asked []string
	fails error
	waits bool // Send waits for the end of its context
}

func (e *engine) note(format string, arguments ...any) error {
	e.asked = append(e.asked, fmt.Sprintf(format, arguments...))
	return e.fails
}

func (e *engine) Start(endpoint string, bootstrap bool) error {
	return e.note("start %q %v", endpoint, bootstrap)
}
func (e *engine) Stop() error   { return e.note("stop") }
func (e *engine) Update() error { return e.note("update") }
func (e *engine) Pause() error  { return e.note("pause") }
func (e *engine) Resume() error { return e.note("resume") }

func (e *engine) Send(ctx context.Context, paths ...lwm2m.Path) error {
	if e.waits {
		<-ctx.Done()
		return ctx.Err()
	}
	return e.note("send %v", paths)
}

func (e *engine) Execute(path lwm2m.Path, arguments []lwm2m.Argument) error {
	return e.note("execute %v %v", path, arguments)
}

func (e *engine) Observations() []reporting.Observation {
	return []reporting.Observation{
		{Token: []byte{0xab, 1}, Paths: []lwm2m.Path{lwm2m.NewPath(3, 0, 9)}, Sequence: 7, InFlight: true},
		{Token: []byte{2}, Paths: []lwm2m.Path{lwm2m.NewPath(3, 0, 9), lwm2m.NewPath(1)}, Composite: true, Sequence: 1, Pending: true},
		{Paths: []lwm2m.Path{lwm2m.NewPath(5)}},
	}
}

func newShell(t testing.TB) (session, *engine) {
	objects := tree.New()
	if err := objects.Add(lwm2m.Values{Of: zoo, Instances: 1}); err != nil {
		t.Fatal(err)
	}
	e := &engine{}
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	return session{s, objects, e}, e
}

// TestTranscript is a session: lines with > are typed, the others are answered.
func TestTranscript(t *testing.T) {
	const transcript = `
> lwm2m write 26241/0/0 hello
= 0
> lwm2m read /26241/0/0
hello
= 0
> read 26241/0/0 -s
hello
= 0
> read 26241/0/0 -crc32
907060870
= 0
> read 26241/0/0 -x
68656c6c6f
= 0
> read 26241/0/0 -u8
# read /26241/0/0: not supported: a value of type String cannot be shown as -u8
= -95
> read 26241/0/0 -z
# read /26241/0/0: invalid: "-z" is no type; see help
= -22
> write 26241/0/0 "two words \"quoted\""
= 0
> read 26241/0/0
two words "quoted"
= 0
> write 26241/0/0 -s '= 0'
= 0
> read 26241/0/0
"= 0"
= 0
> write 26241/0/0 ""
= 0
> read 26241/0/0

= 0
> write 26241/0/1 -5
= 0
> read 26241/0/1
-5
= 0
> read 26241/0/1 -u16
# read /26241/0/1: out of range: -5
= -34
> read 26241/0/1 -s8
-5
= 0
> read 26241/0/1 -f
-5
= 0
> write 26241/0/1 -s8 128
# write /26241/0/1 (Integer): out of range: 128
= -34
> write 26241/0/1 -u8 200
= 0
> read 26241/0/1 -s8
# read /26241/0/1: out of range: 200
= -34
> write 26241/0/1 -u64 18446744073709551615
# write /26241/0/1 (Integer): out of range: the number does not fit type Integer
= -34
> write 26241/0/1 12x
# write /26241/0/1 (Integer): invalid: "12x" is no whole number
= -22
> write 26241/0/2 18446744073709551615
= 0
> read 26241/0/2 -u64
18446744073709551615
= 0
> write 26241/0/2 -s8 -1
# write /26241/0/2 (Unsigned): out of range: the number does not fit type Unsigned Integer
= -34
> write 26241/0/3 -f 21.5
= 0
> read 26241/0/3 -f
21.5
= 0
> read 26241/0/3
21.5
= 0
> read 26241/0/3 -s32
21
= 0
> write 26241/0/3 nan
# write /26241/0/3 (Float): invalid: "nan" is no number
= -22
> write 26241/0/4 -b 1
= 0
> read 26241/0/4
1
= 0
> write 26241/0/4 false
= 0
> read 26241/0/4 -b
0
= 0
> write 26241/0/4 2
# write /26241/0/4 (Boolean): invalid: "2" is no boolean: 0 and 1 are
= -22
> write 26241/0/5 -x 00ff10
= 0
> read 26241/0/5
00ff10
= 0
> read 26241/0/5 -crc32
1909601284
= 0
> read 26241/0/5 -s
"\x00\xff\x10"
= 0
> write 26241/0/5 key
= 0
> read 26241/0/5
6b6579
= 0
> write 26241/0/6 -t 1700000000
= 0
> read 26241/0/6 -t
1700000000
= 0
> write 26241/0/7 3:0
= 0
> read 26241/0/7
3:0
= 0
> write 26241/0/7 3
# write /26241/0/7 (Link): invalid: "3" is no link: 3:0 is
= -22
> write 26241/0/8 </3/0>;pmin=10
= 0
> read 26241/0/8
</3/0>;pmin=10
= 0
> write 26241/0/10/3 7
= 0
> create 26241/0/10/4
= 0
> create 26241/0/10/4
# create /26241/0/10/4: exists already
= -17
> read 26241/0/10
/26241/0/10/3 7
/26241/0/10/4 0
= 0
> read 26241/0/10 -u8
# read /26241/0/10: invalid: it has no value of its own, read it without a type
= -22
> delete 26241/0/10/3
= 0
> delete 26241/0/10/3
# delete /26241/0/10/3: no such path
= -2
> write 26241/0/10 7
# write /26241/0/10 (Many): invalid: it has instances, name one
= -22
> write 26241/0/1/0 7
# write /26241/0/1/0 (Integer): no such path: it has no instances
= -2
> create 26241/2
= 0
> write 26241/2/4 1
= 0
> read 26241/2
/26241/2/4 1
= 0
> delete 26241/2
= 0
> read 26241/2
# read /26241/2: no such path
= -2
> read 26241/0/11
# read /26241/0/11: no such path
= -2
> read 26241/0/99
# /26241/0/99: no such path: the object has no such resource
= -2
> read 4711/0/1
# /4711/0/1: no such path: there is no such object
= -2
> read 26241/0/9
# read /26241/0/9 (Run): operation not permitted: it has no value
= -1
> write 26241/9/1 5
# /26241/9/1: no such path: there is no such instance
= -2
> create 4711/0
# create /4711/0: no such path: there is no such object
= -2
> create 26241
# create /26241: invalid: a path of an instance is needed
= -22
> write 26241/0/11 101
# set: 4.00: resource 11 is 101: out of the range 0..100
= -22
> create 26241/0/10/5/6
# invalid: path /26241/0/10/5/6: at most 4 ids are possible
= -22
> read x/y
# invalid: path /x/y: "x" is not an id: 0 to 65534 are
= -22
> read
# read: invalid: 0 words stand behind it; see help
= -22
> reed 3/0/9
# no such command: "reed"; see help
= -38
> lwm2m
# invalid: the command is missing; see help
= -22
> read "3/0
# invalid: a quote is not closed
= -22
> read 3/0\
# invalid: nothing stands behind the backslash at the end
= -22
> 
>   	
> obs
ab01 single 7 sent /3/0/9
02 composite 1 waits /3/0/9 /1
 single 0 idle /5
= 0
`
	s, _ := newShell(t)
	var input, want strings.Builder
	for each := range strings.Lines(strings.TrimPrefix(transcript, "\n")) {
		if typed, is := strings.CutPrefix(each, "> "); is {
			input.WriteString(typed)
		}
		want.WriteString(each)
	}
	got := replay(t, s, input.String())
	if got != want.String() {
		gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want.String(), "\n")
		for i := range min(len(gotLines), len(wantLines)) {
			if gotLines[i] != wantLines[i] {
				t.Fatalf("line %d: %q, want %q", i+1, gotLines[i], wantLines[i])
			}
		}
		t.Fatalf("got:\n%s", got)
	}
}

// replay runs a shell line by line, with what was typed before each answer.
func replay(t *testing.T, s session, input string) string {
	t.Helper()
	var out strings.Builder
	for each := range strings.Lines(input) {
		out.WriteString("> " + each)
		if err := s.run(t.Context(), strings.NewReader(each), &out); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// TestEngine tries the commands that are the engine's.
func TestEngine(t *testing.T) {
	for _, c := range []struct {
		line, asked string
		code        int
	}{
		{"lwm2m start my-device", `start "my-device" false`, 0},
		{"start 'a b' -b 1", `start "a b" true`, 0},
		{"start a -b 0", `start "a" false`, 0},
		{"start a -b 2", "", -22},
		{"start a -b", "", -22},
		{"start a 1 -b", "", -22},
		{"start", "", -22},
		{`start ""`, "", -22},
		{"stop", "stop", 0},
		{"stop now", "", -22},
		{"update", "update", 0},
		{"pause", "pause", 0},
		{"resume", "resume", 0},
		{"send /3/0/9", "send [/3/0/9]", 0},
		{"lwm2m send 3/0/9 3303 1/0", "send [/3/0/9 /3303 /1/0]", 0},
		{"send", "", -22},
		{"send 3/0/9 x", "", -22},
		{"exec 26241/0/9", "execute /26241/0/9 []", 0},
		{"exec 26241/0/9 0,1='two words'  ", "execute /26241/0/9 [{0  false} {1 two words true}]", 0},
		{`exec 26241/0/9 "0='x'"`, "execute /26241/0/9 [{0 x true}]", 0},
		{"exec 26241/0/9 ''", "", -22},
		{"exec 26241/0/9 x", "", -22},
		{"exec 26241/0/98", "", -2},
		{"exec 26241/0", "", -22},
		{"help", "", 0},
	} {
		s, e := newShell(t)
		var out strings.Builder
		if err := s.run(t.Context(), strings.NewReader(c.line), &out); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(e.asked, ";"); got != c.asked || !strings.HasSuffix("\n"+out.String(), fmt.Sprintf("\n= %d\n", c.code)) {
			t.Errorf("%s: asked %s, answered %q", c.line, got, out.String())
		}
	}
}

func TestCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{EALREADY, -114},
		{fmt.Errorf("start: %w", ENOTCONN), -107},
		{Errno(61), -61},
		{Errno(-3), -5},
		{errors.New("?"), -5},
		{lwm2m.Errorf(lwm2m.StatusNotFound, "x"), -2},
		{lwm2m.Errorf(lwm2m.StatusMethodNotAllowed, "x"), -1},
		{lwm2m.Errorf(lwm2m.StatusBadRequest, "x"), -22},
		{lwm2m.Errorf(lwm2m.StatusInternalServerError, "x"), -5},
		{fmt.Errorf("send: %w", context.DeadlineExceeded), -110},
		{errLineTooLong, -90},
	} {
		if got := codeOf(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
		s, e := newShell(t)
		e.fails = c.err
		var out strings.Builder
		if err := s.run(t.Context(), strings.NewReader("update\n"), &out); err != nil || !strings.HasSuffix(out.String(), fmt.Sprintf("= %d\n", c.want)) {
			t.Errorf("%v: %q, %v", c.err, out.String(), err)
		}
	}
}

// TestLongLines: what is too long is refused whole, and the next line is read as it stands.
func TestLongLines(t *testing.T) {
	s, _ := newShell(t)
	s.config.MaxLine = 40
	fits := "write 26241/0/0 " + strings.Repeat("x", 24)
	input := fits + "\r\n" + fits + "y\n" + strings.Repeat("z", 100000) + "\nread 26241/0/0 -crc32\n" + strings.Repeat("z", 100)
	var out strings.Builder
	if err := s.run(t.Context(), iotest.OneByteReader(strings.NewReader(input)), &out); err != nil {
		t.Fatal(err)
	}
	const tooLong = "# the line is too long\n= -90\n"
	if want := "= 0\n" + tooLong + tooLong + "2808818322\n= 0\n" + tooLong; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestEnds(t *testing.T) {
	t.Run("with the context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, _ := newShell(t)
			input, typed := io.Pipe()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Minute, cancel)
			if err := s.run(ctx, input, io.Discard); err != nil {
				t.Error(err)
			}
			if _, err := typed.Write([]byte("x")); err == nil {
				t.Error("the input is still read")
			}
		})
	})
	t.Run("while a command waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s, e := newShell(t)
			e.waits = true
			input, typed := io.Pipe()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(250*time.Second, cancel)
			go func() {
				for {
					if _, err := typed.Write([]byte("send 3\n")); err != nil {
						return
					}
				}
			}()
			var out strings.Builder
			if err := s.run(ctx, input, &out); err != nil {
				t.Error(err)
			}
			if got := strings.Count(out.String(), "= -110\n"); got != 3 {
				t.Errorf("%d answers in 250 s, want 3: %s", got, out.String())
			}
		})
	})
	t.Run("with the output", func(t *testing.T) {
		s, _ := newShell(t)
		broken := errors.New("broken")
		input, typed := io.Pipe()
		go func() { _, _ = typed.Write([]byte("help\nhelp\n")) }()
		if err := s.run(t.Context(), input, writer{broken}); !errors.Is(err, broken) {
			t.Errorf("%v, want %v", err, broken)
		}
		_ = input.Close()
	})
	t.Run("with the input", func(t *testing.T) {
		s, _ := newShell(t)
		broken := errors.New("broken")
		if err := s.run(t.Context(), iotest.ErrReader(broken), io.Discard); !errors.Is(err, broken) {
			t.Errorf("%v, want %v", err, broken)
		}
	})
}

type writer struct{ err error }

func (w writer) Write([]byte) (int, error) { return 0, w.err }
