//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package archive

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// lock fails: without a lock two processes could keep two documents of one
// request.
func lock(*os.File) error {
	return fmt.Errorf("no lock on a folder is known for %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
