package lwm2m

import (
	"context"
	"io"
	"log/slog"
)

// Object is one object of a client: what it is, which instances it has from the start, and what it does. An object that only holds values
// needs nothing else; the interfaces below are for those that do more. Their methods are called one at a time, but for Reader.Read, which is
// called by whoever asks for a value, and what they return as an *Error is the answer to the server; any other error is answered with 5.00.
type Object interface {
	// Definition says what the object supports: what it does not is left out. Executable resources are there in every instance if the object is an
	// Executor, until they are unset; writable ones come into being when a server writes them.
	Definition() *Definition
	// Attach is called before all others, with the store that holds the object's values. The object makes its first instances there. It is called
	// again, with another store, where the program makes another client when one has ended: nothing of the old store counts then.
	Attach(store Store) error
}

// Store holds the values of a client's objects. Its methods may be called from any goroutine, but not from Reader.Read and Checker.Check,
// during which the store is locked.
type Store interface {
	// Create makes an instance with its first values. Servers are told with the next update of the registration.
	Create(instance Path, values ...Item) error
	// Delete removes an instance.
	Delete(instance Path) error
	// Set sets values of instances that exist, all or none; a resource, or an instance of a multiple one, comes into being by it. Whatever
	// has changed is notified to observing servers.
	Set(values ...Item) error
	// Unset removes optional resources or instances of multiple ones; what is not there is no error.
	Unset(paths ...Path) error
	// Get gives the value of a resource or resource instance, live where the object has a Reader.
	Get(path Path) (Value, bool)
	// Children gives the ids one level below a path that exist, ascending.
	Children(path Path) []uint16
}

// Reader gives values that are not kept in the store but known when they are asked for. A path for which found is false is looked up in the
// store. It is asked for single resources, whether they are in the store or not, and for those instances of multiple ones that are.
type Reader interface {
	Read(path Path) (value Value, found bool)
}

// Checker may refuse what a server wants to write before any of it is applied. The values have the right types and lie in their ranges.
// Instances of multiple resources are given one by one.
type Checker interface {
	Check(values []Item) error
}

// Writer is told what a server has written, once the answer has been sent. Instances of multiple resources are given one by one. What a server has
// taken away by not writing it is not told; the store no longer has it.
type Writer interface {
	Written(values []Item)
}

// Executor runs executable resources. What has to wait until the answer has been sent (a restart) is done by the function that it returns,
// which may be nil.
type Executor interface {
	Execute(path Path, arguments []Argument) (after func(), err error)
}

// Argument is one argument of an Execute, as 0 or 1='text'.
type Argument struct {
	Digit byte // 0 to 9
	Value string
	Given bool // a value was given
}

// Creator is an object whose instances servers may create and delete.
type Creator interface {
	// CheckCreate may refuse a new instance. The values have been checked against the definition.
	CheckCreate(instance Path, values []Item) error
	// CheckDelete may refuse to delete an instance.
	CheckDelete(instance Path) error
}

// Uploader takes large values of a writable Opaque resource as they come, without holding them in memory. It is given all values of the single
// writable Opaque resources of the object; the store does not keep them, and neither Checker nor Writer hears of them.
type Uploader interface {
	// Upload begins a value of the resource. size is the announced one in bytes, -1 if none was. An upload that was begun before and has not
	// ended has been aborted.
	Upload(path Path, size int64) (Upload, error)
}

// Upload is one value on its way.
type Upload interface {
	// Write takes the next bytes. An error ends the upload and is the answer.
	Write(part []byte) (int, error)
	// Commit ends the upload: all has come. The function that it returns, which may be nil, is called once the answer has been sent.
	Commit() (after func(), err error)
	// Abort ends the upload: the rest will not come.
	Abort(cause error)
}

// Hosted is an object that needs something of the program around it. SetHost is called before Attach, each time.
type Hosted interface {
	SetHost(host Host)
}

// Host is what the program around a client offers to its objects. Its methods may be called from any goroutine.
type Host interface {
	// Load gives what was saved under a name; fs.ErrNotExist when nothing was.
	Load(name string) ([]byte, error)
	// Save keeps a small value so that it survives a power cut at any moment.
	Save(name string, content []byte) error
	// Folder is where large things are kept: firmware images.
	Folder() string
	// Restart asks the program to restart, for the reason that is logged. It returns at once.
	Restart(reason string)
	// Go runs work in a goroutine that the client waits for when it ends; ctx ends then.
	Go(work func(ctx context.Context))
	// Fetch writes what a coap or coaps URI names to a writer, block by block. The error tells what failed: *FetchError, or that of the writer.
	// A writer with a method SetSize(bytes int64) is told the size before the first block, if the server says it.
	Fetch(ctx context.Context, uri string, into io.Writer) error
	// Firmware tells the program how an update goes on. It does not block, and does not call the object.
	Firmware(progress FirmwareProgress)
	// WatchMessages sets a function that is told the size in bytes of each datagram that the client sends or receives. It does not block.
	WatchMessages(take func(sent bool, size int))
	// Logger is never nil.
	Logger() *slog.Logger
}

// FetchError tells why Host.Fetch has failed.
type FetchError struct {
	Cause FetchCause
	Err   error
}

// FetchCause is a kind of failure of a download.
type FetchCause uint8

// The causes.
const (
	FetchUnsupported FetchCause = iota // the scheme is none that the client speaks
	FetchInvalid                       // the URI does not parse, its host does not resolve, or the server has nothing there
	FetchLost                          // the server does not answer, or stopped answering
)

func (e *FetchError) Error() string { return "download: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *FetchError) Unwrap() error { return e.Err }

// FirmwareProgress is one step of a firmware update.
type FirmwareProgress struct {
	Step    FirmwareStep
	Percent int   // FirmwareDownloading: 0 to 100
	Err     error // FirmwareFailed
}

// FirmwareStep is a kind of FirmwareProgress.
type FirmwareStep uint8

// The steps.
const (
	FirmwareStarted     FirmwareStep = iota // a download has begun
	FirmwareDownloading                     // the size is known, and so is the share that has come
	FirmwareDownloaded                      // the image is staged
	FirmwareInstalling                      // the device is about to restart into it
	FirmwareSucceeded                       // it runs
	FirmwareFailed                          // it does not, or it never came
)
