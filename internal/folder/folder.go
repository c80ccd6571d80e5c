// Package folder opens a folder for one process alone, where what is written
// can be made durable: for stores that keep files of their own.
package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrLocked: another process, or another [Folder] of this one, has it open.
var ErrLocked = errors.New("the folder is in use by another process")

// A Folder is one that is open here and nowhere else. The lock is the kernel's
// (flock) on the folder itself: it ends with the process, however that ends.
type Folder struct {
	Root *os.Root // whose names cannot lead out of it
	Dir  *os.File // the folder itself, locked
}

// Open opens a folder. One that does not exist is made, durably, with mode 0700;
// not so its parent. A folder of which the mode has one of the bits that are
// forbidden is refused.
func Open(dir string, forbidden fs.FileMode) (_ *Folder, err error) {
	switch err := os.Mkdir(dir, 0o700); {
	case err == nil:
		if err := sync(filepath.Dir(dir)); err != nil {
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
	case info.Mode().Perm()&forbidden != 0:
		return nil, fmt.Errorf("others may use it (mode %04o), expected 0700", info.Mode().Perm())
	}
	if err := lock(f.Dir); err != nil {
		return nil, err
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
	return f, nil
}

// Sync makes durable which files there are.
func (f *Folder) Sync() error { return f.Dir.Sync() }

// Close unlocks the folder.
func (f *Folder) Close() error {
	var errs []error
	if f.Root != nil {
		errs = append(errs, f.Root.Close())
	}
	if f.Dir != nil {
		errs = append(errs, f.Dir.Close())
	}
	return errors.Join(errs...)
}

func sync(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
