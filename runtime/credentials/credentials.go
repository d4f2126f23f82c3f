// Package credentials reads keys and certificates from security tags: folders DIR/TAG with ca.pem, cert.pem and key.pem, or psk_id
// and psk.
package credentials

// Store gives the credentials below one folder. It reads them anew on each use, so that files may be exchanged while the device runs.
type Store struct {
	dir string
}

// Open gives the store of a folder. That the folder is missing shows when a tag is read.
func Open(dir string) *Store { return &Store{dir: dir} }
