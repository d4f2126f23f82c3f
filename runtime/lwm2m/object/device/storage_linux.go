package device

import "syscall"

// storage gives the bytes that can still be stored in a folder's filesystem, and those that all of it holds.
func storage(folder string) (free, total int64, known bool) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(folder, &stat); err != nil {
		return 0, 0, false
	}
	block := int64(stat.Bsize) //nolint:unconvert // the types differ between architectures
	return int64(stat.Bavail) * block, int64(stat.Blocks) * block, true
}
