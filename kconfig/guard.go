package kconfig

// Guard may be implemented by the file system of a tree that not every file may source from everywhere.
type Guard interface {
	// MaySource says why the file from may not source what a pattern names, both slash paths in the file system; nil if it may.
	MaySource(from, pattern string) error
}
