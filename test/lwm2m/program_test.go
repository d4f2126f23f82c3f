package lwm2m

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"
	"sync"

	"github.com/cloudgen/cloudgen/runtime/coap"
	"github.com/cloudgen/cloudgen/runtime/lwm2m"
	"github.com/cloudgen/cloudgen/runtime/lwm2m/client"
)

// program is what a device's objects and its client are given: storage in memory, which a restart leaves, or that of the device's board.
type program struct {
	device  *device
	restart chan string

	mu       sync.Mutex
	kept     map[string][]byte
	progress []lwm2m.FirmwareStep
}

var _ client.Program = (*program)(nil)

func (p *program) Load(name string) ([]byte, error) {
	if p.device.board != nil {
		return p.device.board.state.Read(name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if content, found := p.kept[name]; found {
		return bytes.Clone(content), nil
	}
	return nil, fs.ErrNotExist
}

func (p *program) Save(name string, content []byte) error {
	if p.device.board != nil {
		return p.device.board.state.Write(name, content)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept[name] = bytes.Clone(content)
	return nil
}

// Folder implements client.Program: nothing here keeps large files.
func (p *program) Folder() string { return "" }

func (p *program) Restart(reason string) {
	select {
	case p.restart <- reason:
	default: // it is about to restart
	}
}

func (p *program) Firmware(progress lwm2m.FirmwareProgress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress = append(p.progress, progress.Step)
}

// accounts is the program's storage for what a bootstrap server has written.
type accounts struct{ *program }

func (a accounts) Load() ([]byte, error)     { return a.program.Load("accounts") }
func (a accounts) Save(content []byte) error { return a.program.Save("accounts", content) }

// Fetch downloads by coap.
func (p *program) Fetch(ctx context.Context, uri string, into io.Writer) error {
	target, err := url.Parse(uri)
	if err != nil || target.Host == "" {
		return &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: fmt.Errorf("%q: %w", uri, err)}
	}
	if target.Scheme != "coap" {
		return &lwm2m.FetchError{Cause: lwm2m.FetchUnsupported, Err: fmt.Errorf("scheme %s", target.Scheme)}
	}
	link, err := p.device.open(ctx, target.Host)
	if err != nil {
		return err
	}
	conn := coap.NewConn(link, coap.Config{BlockSize: p.device.config.BlockSize}, nil, nil)
	request := coap.Message{Code: coap.GET}
	for segment := range strings.SplitSeq(strings.Trim(target.Path, "/"), "/") {
		request.Options.AddString(coap.URIPath, segment)
	}
	sink := &download{Writer: into}
	response, err := conn.Download(ctx, request, sink)
	if err := conn.Close(); err != nil { // then nothing writes to the sink any more
		p.device.t.Error(err)
	}
	switch {
	case sink.err != nil:
		return sink.err
	case err != nil:
		return &lwm2m.FetchError{Cause: lwm2m.FetchLost, Err: err}
	case response.Code != coap.Content:
		return &lwm2m.FetchError{Cause: lwm2m.FetchInvalid, Err: fmt.Errorf("%s: %v", uri, response.Code)}
	}
	return nil
}

// download keeps the error of who takes it.
type download struct {
	io.Writer
	err error
}

func (d *download) Write(part []byte) (int, error) {
	n, err := d.Writer.Write(part)
	d.err = err
	return n, err
}

func (d *download) SetSize(size int64) {
	if sized, is := d.Writer.(interface{ SetSize(size int64) }); is {
		sized.SetSize(size)
	}
}
