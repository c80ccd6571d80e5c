//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package folder

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// lock takes the folder itself for this process until Dir is closed.
func (f *Folder) lock() error {
	for {
		err := syscall.Flock(int(f.Dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrLocked
		default:
			return err
		}
	}
}

// Sync makes durable what a file holds or, for a folder, which files there are.
func Sync(f *os.File) error { return f.Sync() }

// ReplacesOpen tells that a file may take the name of one that is open.
const ReplacesOpen = true

// Mode returns who may use a file or folder, as permission bits.
func Mode(info fs.FileInfo) fs.FileMode { return info.Mode().Perm() }
