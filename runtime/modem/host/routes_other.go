//go:build !linux

package host

import (
	"errors"
	"fmt"
	"runtime"
)

func watchRoutes() (routes, error) {
	return nil, fmt.Errorf("only on Linux, this is %s: use another modem adapter: %w", runtime.GOOS, errors.ErrUnsupported)
}
