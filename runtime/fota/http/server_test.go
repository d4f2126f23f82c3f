package http_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cloudgen/cloudgen/runtime/fota"
	"github.com/cloudgen/cloudgen/runtime/fota/fotatest"
	"github.com/cloudgen/cloudgen/runtime/fota/http"
)

// request is what a server gets.
type request struct {
	target string
	fields map[string]string // names in lower case
}

// reply is what it answers.
type reply struct {
	bytes string
	close bool          // the connection ends afterwards
	hang  bool          // nothing follows, and the connection stays
	pause time.Duration // before each piece of 100 bytes
}

// server answers requests on connections in memory.
type server struct {
	testing.TB
	answer func(n int, r request) reply // of the nth request, from 1
	refuse int                          // so many connections are refused first

	mu       sync.Mutex
	dialled  []string
	requests []request
	running  sync.WaitGroup
}

func (s *server) dial(_ context.Context, _, address string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dialled = append(s.dialled, address)
	if len(s.dialled) <= s.refuse {
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	}
	client, ours := net.Pipe()
	s.running.Go(func() { s.serve(ours) })
	return client, nil
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		r, err := readRequest(in)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.requests = append(s.requests, r)
		n := len(s.requests)
		s.mu.Unlock()
		a := s.answer(n, r)
		for part := range slices.Chunk([]byte(a.bytes), 100) {
			time.Sleep(a.pause)
			if _, err := conn.Write(part); err != nil {
				return
			}
		}
		if a.hang {
			_, _ = io.Copy(io.Discard, in) // until the client ends it
			return
		}
		if a.close {
			return
		}
	}
}

func readRequest(in *bufio.Reader) (request, error) {
	r := request{fields: map[string]string{}}
	for first := true; ; first = false {
		line, err := in.ReadString('\n')
		if err != nil {
			return r, err
		}
		line = strings.TrimSuffix(line, "\r\n")
		switch {
		case line == "":
			return r, nil
		case first:
			parts := strings.Split(line, " ")
			if len(parts) != 3 || parts[0] != "GET" || parts[2] != "HTTP/1.1" {
				return r, fmt.Errorf("%q is no request", line)
			}
			r.target = parts[1]
		default:
			name, value, _ := strings.Cut(line, ": ")
			r.fields[strings.ToLower(name)] = value
		}
	}
}

// file is a file as a good server has it.
type file struct {
	content  []byte
	etag     string // with its quotes; "": none
	modified string
}

// answer is what RFC 9110, 14 wants.
func (f file) answer(r request) reply {
	fields := "Date: Fri, 27 Nov 2026 20:00:00 GMT\r\n"
	if f.etag != "" {
		fields += "ETag: " + f.etag + "\r\n"
	}
	if f.modified != "" {
		fields += "Last-Modified: " + f.modified + "\r\n"
	}
	size := int64(len(f.content))
	first, last, ok := rangeOf(r, size)
	condition := r.fields["if-range"]
	if !ok || condition != "" && condition != f.etag && condition != f.modified {
		return reply{bytes: fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", fields, size, f.content)}
	}
	if first >= size {
		return reply{bytes: fmt.Sprintf("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */%d\r\nContent-Length: 0\r\n\r\n", size)}
	}
	return reply{bytes: fmt.Sprintf("HTTP/1.1 206 Partial Content\r\n%sContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n%s",
		fields, first, last, size, last-first+1, f.content[first:last+1])}
}

func rangeOf(r request, size int64) (first, last int64, ok bool) {
	text, ok := strings.CutPrefix(r.fields["range"], "bytes=")
	from, to, _ := strings.Cut(text, "-")
	first, err := strconv.ParseInt(from, 10, 64)
	if !ok || err != nil {
		return 0, 0, false
	}
	if last, err = strconv.ParseInt(to, 10, 64); err != nil || last >= size {
		last = size - 1
	}
	return first, last, true
}

func imageOf(size int) []byte {
	image := make([]byte, size)
	for i := range image {
		image[i] = byte(i)*7 + byte(i>>8)
	}
	copy(image, []byte{0x3d, 0xb8, 0xf3, 0x96})
	return image
}

// whole and ranged are the two ways to ask.
var (
	whole  = http.Config{Timeout: 30 * time.Second, HostNameMax: 255, FileNameMax: 255, Plain: true}
	ranged = http.Config{Timeout: 30 * time.Second, HostNameMax: 255, FileNameMax: 255, Plain: true, RangeRequests: true, FragmentSize: "DOWNLOAD_CLIENT_HTTP_FRAG_SIZE_1024"}
)

// download gets a file through the whole engine. It gives the last event, FINISHED or the error, and the target.
func (s *server) download(config http.Config, job fota.Job) (fota.Event, *fotatest.Target) {
	s.Helper()
	client, err := http.New(config, http.Platform{Dial: s.dial})
	if err != nil {
		s.Fatal(err)
	}
	target := &fotatest.Target{}
	var last fota.Event
	d := fota.New(
		fota.Config{Retries: 2, AutoSchedule: true, KeepProgress: true, FileNameMax: 512, HostNameMax: 512, URLMax: 1024, TagsMax: 5},
		fota.Platform{
			Sources: map[string]fota.Source{"http": client, "https": client},
			Targets: []fota.Target{target},
			Tell:    func(e fota.Event) { last = e },
		})
	if err := d.Start(s.Context(), job); err != nil {
		e, is := errors.AsType[*fota.Error](err)
		if !is {
			s.Fatal(err)
		}
		return fota.Event{Kind: fota.EventError, Err: e}, target
	}
	d.Wait()
	s.running.Wait()
	return last, target
}

// ranges gives the ranges that were asked for, "" for none.
func (s *server) ranges() []string {
	var all []string
	for _, r := range s.requests {
		all = append(all, strings.TrimPrefix(r.fields["range"], "bytes="))
	}
	return all
}
