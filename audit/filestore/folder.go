package filestore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A folder is what the store asks of the file system. Tests put one in its
// place that fails.
type folder interface {
	entries() ([]fs.DirEntry, error)
	create(name string) (file, error) // fs.ErrExist if it is there
	open(name string, write bool) (file, error)
	remove(name string) error
	sync() error
	same(a, b fs.FileInfo) bool
	close() error
}

type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
}

// A disk is the folder on disk. Its names cannot lead out of it.
type disk struct {
	root *os.Root
	dir  *os.File // the folder, locked
}

func openFolder(dir string) (_ *disk, err error) {
	fail := func(err error) error { return fmt.Errorf("filestore: %s: %w", dir, err) }
	switch err := os.Mkdir(dir, 0o700); {
	case err == nil:
		if err := syncFolder(filepath.Dir(dir)); err != nil {
			return nil, fail(err)
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, fail(err)
	}
	d := &disk{}
	defer func() {
		if err != nil {
			d.closeAll()
		}
	}()
	if d.dir, err = os.Open(dir); err != nil {
		return nil, fail(err)
	}
	info, err := d.dir.Stat()
	if err != nil {
		return nil, fail(err)
	}
	if !info.IsDir() {
		return nil, fail(errors.New("not a folder"))
	}
	if info.Mode().Perm()&0o002 != 0 {
		return nil, fail(fmt.Errorf("everybody may write in it (mode %04o), want 0700", info.Mode().Perm()))
	}
	if err := lock(d.dir); err != nil {
		return nil, fail(err)
	}
	if d.root, err = os.OpenRoot(dir); err != nil {
		return nil, fail(err)
	}
	rooted, err := d.root.Stat(".")
	if err != nil {
		return nil, fail(err)
	}
	if !os.SameFile(info, rooted) {
		return nil, fail(errors.New("the folder was replaced while it was opened"))
	}
	return d, nil
}

func (d *disk) closeAll() error {
	var errs []error
	if d.root != nil {
		errs = append(errs, d.root.Close())
	}
	if d.dir != nil {
		errs = append(errs, d.dir.Close())
	}
	return errors.Join(errs...)
}

func (d *disk) close() error { return d.closeAll() }

func (d *disk) entries() ([]fs.DirEntry, error) { return fs.ReadDir(d.root.FS(), ".") }

func (d *disk) create(name string) (file, error) {
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	return f, nil
}

func (d *disk) open(name string, write bool) (file, error) {
	// Not through a link, and not one that would wait, as a pipe.
	info, err := d.root.Lstat(name)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, &CorruptError{File: name, Problem: fmt.Sprintf("it is no regular file (%v)", info.Mode().Type())}
	}
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	f, err := d.root.OpenFile(name, flag, 0)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	return f, nil
}

func (d *disk) remove(name string) error { return d.root.Remove(name) }

func (d *disk) sync() error { return d.dir.Sync() }

func (d *disk) same(a, b fs.FileInfo) bool { return os.SameFile(a, b) }

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
