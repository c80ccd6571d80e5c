//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package folder

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// lock fails: without a lock two processes could write at once.
func lock(*os.File) error {
	return fmt.Errorf("no lock on a folder is known for %s: %w", runtime.GOOS, errors.ErrUnsupported)
}
