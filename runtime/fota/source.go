package fota

import (
	"context"
	"io"
	"net/url"
)

// Source gives the bytes of files. It may be used by one download at a time.
type Source interface {
	// Fetch gets a file from an offset on and hands it to into: Begin once, then Write as bytes come. It returns nil when the file is
	// complete. An error of into ends it and is returned as it is; any other error is an *Error, or that of ctx.
	Fetch(ctx context.Context, request Request, into Receiver) error
}

// Request says what to fetch.
type Request struct {
	URL     *url.URL
	Tags    []int   // security tags, whose CAs the server's certificate may come from
	Offset  int64   // bytes that are here already; 0: the whole file is wanted
	Version Version // of the file that these bytes are of
}

// Version tells one state of a file from another.
type Version struct {
	Size      int64  // of the whole file in bytes; -1: not known
	Validator string // equal ones stand for equal bytes; "": the server tells none, and nothing can be resumed. Its form is the source's. No line ends
}

// Receiver takes a file as it comes.
type Receiver interface {
	// Begin tells, before the first Write, which file the bytes are of and where they start: at Request.Offset if it is the file of
	// Request.Version, else at 0.
	Begin(offset int64, version Version) error
	// Write takes the bytes that follow. It does not keep p.
	io.Writer
}
