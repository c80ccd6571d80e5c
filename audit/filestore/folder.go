package filestore

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/liste-elettorali/anpr/internal/folder"
)

// A storage is what the store asks of the file system. Tests put one in its
// place that fails.
type storage interface {
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

// A disk is the folder on disk.
type disk struct{ *folder.Folder }

func openFolder(dir string) (*disk, error) {
	f, err := folder.Open(dir, 0o002)
	if err != nil {
		return nil, fmt.Errorf("filestore: %s: %w", dir, err)
	}
	return &disk{f}, nil
}

func (d *disk) close() error { return d.Close() }

func (d *disk) entries() ([]fs.DirEntry, error) { return d.Entries(".") }

func (d *disk) create(name string) (file, error) {
	f, err := d.Root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	return f, nil
}

func (d *disk) open(name string, write bool) (file, error) {
	// A link could lead elsewhere, and opening a pipe could block.
	info, err := d.Root.Lstat(name)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, &CorruptError{File: name, Problem: fmt.Sprintf("it is not a regular file (%v)", info.Mode().Type())}
	}
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	f, err := d.Root.OpenFile(name, flag, 0)
	if err != nil {
		return nil, fmt.Errorf("filestore: %w", err)
	}
	return f, nil
}

func (d *disk) remove(name string) error { return d.Root.Remove(name) }

func (d *disk) sync() error { return d.Sync() }

func (d *disk) same(a, b fs.FileInfo) bool { return os.SameFile(a, b) }
