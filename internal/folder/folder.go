// Package folder opens a folder for one process alone, where what is written
// can be made durable: for stores that keep files of their own.
package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// ErrLocked: another process, or another [Folder] of this one, has it open.
var ErrLocked = errors.New("the folder is in use by another process")

// LockFile is the name of an empty file in the folder by which a process on
// Windows holds it. It stays there, and may be found elsewhere in a folder that
// comes from Windows: who lists a folder passes over it.
const LockFile = ".lock"

// A Folder is one that is open here and nowhere else. The lock is the kernel's: on
// the folder itself (flock), on Windows on a file in it (LockFileEx). It ends with
// the process, however that ends.
type Folder struct {
	Root *os.Root // whose names cannot lead out of it
	Dir  *os.File // the folder itself
	held *os.File // the locked file, on Windows
}

// Open opens a folder. One that does not exist is made with mode 0700, durably (see
// [Sync]); not so its parent. A folder of which the mode has one of the bits that
// are forbidden is refused; Windows has no such bits.
func Open(dir string, forbidden fs.FileMode) (_ *Folder, err error) {
	switch err := os.Mkdir(dir, 0o700); {
	case err == nil:
		if err := SyncPath(filepath.Dir(dir)); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	f := &Folder{}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	if f.Dir, err = os.Open(dir); err != nil {
		return nil, err
	}
	info, err := f.Dir.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, errors.New("not a folder")
	case Mode(info)&forbidden != 0:
		return nil, fmt.Errorf("others may use it (mode %04o), expected 0700", Mode(info))
	}
	if f.Root, err = os.OpenRoot(dir); err != nil {
		return nil, err
	}
	rooted, err := f.Root.Stat(".")
	if err != nil {
		return nil, err
	}
	if !os.SameFile(info, rooted) {
		return nil, errors.New("the folder was replaced while it was opened")
	}
	if err := f.lock(); err != nil {
		return nil, err
	}
	return f, nil
}

// Entries lists what is in the folder, or in one within it, by name, without
// [LockFile].
func (f *Folder) Entries(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.Root.FS(), name)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		return name == "." && e.Name() == LockFile && e.Type().IsRegular()
	}), nil
}

// Sync makes durable which files there are, as far as [Sync] can.
func (f *Folder) Sync() error { return Sync(f.Dir) }

// Close unlocks the folder.
func (f *Folder) Close() error {
	var errs []error
	if f.Root != nil {
		errs = append(errs, f.Root.Close())
	}
	for _, file := range []*os.File{f.held, f.Dir} {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	return errors.Join(errs...)
}

// SyncPath does for the folder of that name what [Sync] does.
func SyncPath(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(Sync(f), f.Close())
}
