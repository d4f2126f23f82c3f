//go:build !unix

package write

import "os"

// lock does nothing: folders cannot be locked here.
func lock(*os.Root) (unlock func() error, err error) { return func() error { return nil }, nil }

// syncFolder does nothing: folders cannot be synced here.
func syncFolder(*os.File) error { return nil }
