package credentials

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFileSize bounds what is read: 64 KiB hold a bundle of dozens of CA certificates.
const maxFileSize = 64 << 10

// others are the permission bits that nobody but owner and group may have on a secret (design.md 6).
const others fs.FileMode = 0o007

func (s *Store) read(tag int, name string, kind Kind) (string, []byte, error) {
	path := s.path(tag, name)
	if tag < 0 {
		return path, nil, &Error{Kind: kind, Path: s.dir, Problem: fmt.Sprintf("%d is not a security tag", tag),
			Fix: "set the option that names the tag to 0 or above"}
	}
	data, problem := readFile(path, kind == KindPrivateKey || (kind == KindPreSharedKey && name == pskFile))
	if problem == nil {
		return path, data, nil
	}
	problem.Kind, problem.Path = kind, path
	if problem.Fix == provision {
		problem.Fix = fmt.Sprintf("provision security tag %d in %s", tag, s.dir)
	}
	return path, nil, problem
}

// provision stands in place of what to do about a file that is missing or empty.
const provision = "provision"

// readFile gives an Error without Kind and Path.
func readFile(path string, secret bool) ([]byte, *Error) {
	// Opening a named pipe would wait for a writer, so the type is looked at first.
	if info, err := os.Stat(path); err != nil {
		return nil, &Error{Problem: fileProblem(err), Fix: provision, Err: pathless(err), missing: errors.Is(err, fs.ErrNotExist)}
	} else if !info.Mode().IsRegular() {
		return nil, fail("not a regular file", "put the file itself there", nil)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fail("cannot be opened", "let the user that the firmware runs as read it", pathless(err))
	}
	defer file.Close()
	if secret {
		info, err := file.Stat()
		if err != nil {
			return nil, fail("cannot be examined", "", pathless(err))
		}
		if mode := info.Mode().Perm(); mode&others != 0 {
			return nil, fail(fmt.Sprintf("a secret that others may use (mode %04o)", mode), "run: chmod o= "+path, nil)
		}
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFileSize+1))
	if err != nil {
		return nil, fail("cannot be read", "", pathless(err))
	}
	if len(data) > maxFileSize {
		return nil, fail(fmt.Sprintf("larger than %d bytes", maxFileSize), "keep only what this security tag needs", nil)
	}
	if len(data) == 0 {
		return nil, fail("empty", provision, nil)
	}
	return data, nil
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func fail(problem, fix string, err error) *Error { return &Error{Problem: problem, Fix: fix, Err: err} }

func fileProblem(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "missing"
	}
	return "cannot be examined"
}

// pathless takes the path out of an error whose path is told anyway, and leaves out what "missing" says already.
func pathless(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
