//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// lock fails: without a lock two processes could write at once.
func (f *Folder) lock() error {
	return fmt.Errorf("no lock on a folder is known for %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

// Sync makes durable what a file holds or, for a folder, which files there are.
func Sync(f *os.File) error { return f.Sync() }

// ReplacesOpen tells that a file may take the name of one that is open.
const ReplacesOpen = true

// Mode returns who may use a file or folder, as permission bits.
func Mode(info fs.FileInfo) fs.FileMode { return info.Mode().Perm() }
