package folder

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// lock takes the file [LockFile] for this process until it is closed: a folder
// cannot be locked. The file stays, since who removes it could take away the name
// from under another process that has just locked it.
func (f *Folder) lock() (err error) {
	if f.held, err = f.Root.OpenFile(LockFile, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	err = windows.LockFileEx(windows.Handle(f.held.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrLocked
	}
	return err
}

// Sync makes durable what a file holds. For a folder it does nothing, since Windows
// has no call for it.
func Sync(f *os.File) error {
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return err
	}
	return f.Sync()
}

// ReplacesOpen tells that a file may take the name of one that is open: not on every
// file system, nor before Windows 10.
const ReplacesOpen = false

// Mode returns 0: who may use a file or folder is in its access control list, which
// those made in it inherit, and not in the bits that Go makes up.
func Mode(fs.FileInfo) fs.FileMode { return 0 }
