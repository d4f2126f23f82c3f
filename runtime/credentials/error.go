package credentials

import (
	"crypto/x509"
	"fmt"
	"io/fs"
	"time"
)

// Kind tells which part of the credentials is at fault.
type Kind int

// The kinds. They follow the connect results of the Cloud API.
const (
	KindPrivateKey      Kind = iota + 1 // key.pem (CLOUD_CONNECT_RES_ERR_PRV_KEY)
	KindCertificate                     // ca.pem or cert.pem (CLOUD_CONNECT_RES_ERR_CERT)
	KindCertificateMisc                 // a sound certificate that cannot be used, as an expired one (CLOUD_CONNECT_RES_ERR_CERT_MISC)
	KindPreSharedKey                    // psk_id or psk
)

// Error tells what is wrong with one file of a security tag.
type Error struct {
	_       incomparable
	Kind    Kind
	Path    string // the file
	Problem string // what is wrong with it
	Fix     string // what to do
	Err     error  // the cause, or nil

	missing bool // the file is not there
}

// Error gives path, problem, cause and fix as one line.
func (e *Error) Error() string {
	text := "credentials: " + e.Path + ": " + e.Problem
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is tells that a missing file is fs.ErrNotExist, which the text says already.
func (e *Error) Is(target error) bool { return e.missing && target == fs.ErrNotExist }

func validityError(path, what string, c *x509.Certificate, now time.Time) error {
	const form = "2006-01-02 15:04:05 MST"
	e := &Error{Kind: KindCertificateMisc, Path: path}
	if now.Before(c.NotBefore) {
		e.Problem = fmt.Sprintf("the %s of %q is valid from %s on; this device's clock says %s",
			what, c.Subject, c.NotBefore.UTC().Format(form), now.UTC().Format(form))
		e.Fix = "set the clock, or wait"
		return e
	}
	e.Problem = fmt.Sprintf("the %s of %q was valid until %s; this device's clock says %s",
		what, c.Subject, c.NotAfter.UTC().Format(form), now.UTC().Format(form))
	e.Fix = "put a new one in its place, or set the clock if it is wrong"
	return e
}

// incomparable stands in structs that nobody compares, for which the compiler makes no function then.
type incomparable [0]func()
