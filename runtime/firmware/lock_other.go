//go:build !unix

package firmware

import (
	"fmt"
	"io"
	"runtime"
)

func lock(string) (io.Closer, error) {
	return nil, fmt.Errorf("%s has no lock that ends with its process: the firmware runs on Linux and other Unix systems", runtime.GOOS)
}
