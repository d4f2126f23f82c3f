//go:build !unix

// Package folder locks and syncs folders, where the system can.
package folder

import "os"

// Lock does nothing: folders cannot be locked here.
func Lock(*os.File) error { return nil }

// Sync does nothing: folders cannot be synced here.
func Sync(*os.File) error { return nil }
