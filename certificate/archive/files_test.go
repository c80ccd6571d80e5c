package archive_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
)

func files(t testing.TB, dir string) *archive.Files {
	t.Helper()
	a, err := archive.OpenFiles(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func newFolder(t testing.TB) string { return filepath.Join(t.TempDir(), "archive") }

// After a sweep neither the document nor its key stands anywhere, and a copy of
// the document that somebody made before cannot be read without the key.
func TestFilesLeaveNothing(t *testing.T) {
	dir := newFolder(t)
	a := files(t, dir)
	d, other := archivetest.Document(1), archivetest.Document(2)
	other.Expires = other.Expires.AddDate(1, 0, 0)
	require.NoError(t, a.Put(t.Context(), d))
	require.NoError(t, a.Put(t.Context(), other))
	keyFile, docFile := filepath.Join(dir, "keys", d.ID), filepath.Join(dir, "documents", d.ID)
	key, err := os.ReadFile(keyFile)
	require.NoError(t, err)
	require.Len(t, key, 32)
	sealed, err := os.ReadFile(docFile)
	require.NoError(t, err)
	assert.Equal(t, []string{keyFile}, holding(t, dir, key), "the search finds what is there")
	assert.Equal(t, []string{docFile}, holding(t, dir, sealed[len(sealed)-64:]))
	assert.Empty(t, holding(t, dir, d.PDF[:16]), "no document stands in the clear")
	assert.Empty(t, holding(t, dir, d.Embedded[:16]))
	// The key is destroyed in its place: another name of the file has it no more.
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Link(keyFile, link))

	n, err := a.Sweep(t.Context(), d.Expires)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	for _, what := range [][]byte{key, d.PDF[:16], d.Embedded[:16], sealed[len(sealed)-64:], []byte(d.ID), []byte(d.Owner), []byte(d.RequestKey)} {
		assert.Empty(t, holding(t, dir, what))
	}
	entries, err := os.ReadDir(filepath.Join(dir, "keys"))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
	overwritten, err := os.ReadFile(link)
	require.NoError(t, err)
	assert.Equal(t, make([]byte, 32), overwritten)

	// The copy, put back without its key, with zeros, and with another's key.
	require.NoError(t, a.Close())
	require.NoError(t, os.WriteFile(docFile, sealed, 0o600))
	otherKey, err := os.ReadFile(filepath.Join(dir, "keys", other.ID))
	require.NoError(t, err)
	for _, k := range [][]byte{nil, make([]byte, 32), otherKey} {
		if k != nil {
			require.NoError(t, os.WriteFile(keyFile, k, 0o600))
		}
		_, err = archive.OpenFiles(dir)
		require.ErrorIs(t, err, archive.ErrCorrupt)
		require.ErrorContains(t, err, "documents/"+d.ID)
	}
	// With its own it can: what was missing was the key.
	require.NoError(t, os.WriteFile(keyFile, key, 0o600))
	got, err := files(t, dir).Get(t.Context(), d.ID)
	require.NoError(t, err)
	assert.Equal(t, d, got)
}

// Each byte of a document's file is covered.
func TestFilesDamaged(t *testing.T) {
	dir := newFolder(t)
	a := files(t, dir)
	d := archivetest.Document(1)
	require.NoError(t, a.Put(t.Context(), d))
	require.NoError(t, a.Close())
	name := filepath.Join(dir, "documents", d.ID)
	good, err := os.ReadFile(name)
	require.NoError(t, err)
	head := bytes.Index(good, []byte("}")) + 1 + 32
	check := func(b []byte, atOpen bool) {
		t.Helper()
		require.NoError(t, os.WriteFile(name, b, 0o600))
		a, err := archive.OpenFiles(dir)
		if atOpen {
			require.ErrorIs(t, err, archive.ErrCorrupt)
			require.ErrorContains(t, err, d.ID)
			return
		}
		require.NoError(t, err)
		defer a.Close()
		_, err = a.Get(t.Context(), d.ID)
		require.ErrorIs(t, err, archive.ErrCorrupt)
		require.NotErrorIs(t, err, certificate.ErrNotArchived)
		_, err = a.ByRequest(t.Context(), d.RequestKey)
		require.ErrorIs(t, err, archive.ErrCorrupt)
	}
	for i := range good {
		if i > head+20 && i%37 > 0 && i < len(good)-20 {
			continue
		}
		bad := slices.Clone(good)
		bad[i] ^= 1
		check(bad, i < head)
	}
	for _, n := range []int{0, 5, 12, 40, head - 1, head, head + 10, len(good) - 1} {
		check(good[:n], n < head)
	}
	check(append(slices.Clone(good), 0), false)
	// The header of one with the content of another.
	require.NoError(t, os.WriteFile(name, good, 0o600))
	a = files(t, dir)
	other := archivetest.Document(4)
	require.NoError(t, a.Put(t.Context(), other))
	require.NoError(t, a.Close())
	second, err := os.ReadFile(filepath.Join(dir, "documents", other.ID))
	require.NoError(t, err)
	check(second, true)
	check(append(slices.Clone(good[:head]), second[head:]...), false)
}

// What a crash never leaves is not taken for its remains.
func TestFilesOpenRefuses(t *testing.T) {
	d := archivetest.Document(1)
	for name, c := range map[string]struct {
		meddle func(dir string) error
		text   string
	}{
		"no keys":          {func(dir string) error { return os.RemoveAll(filepath.Join(dir, "keys")) }, "the folder of the keys is missing"},
		"no documents":     {func(dir string) error { return os.RemoveAll(filepath.Join(dir, "documents")) }, "the folder of the documents is missing"},
		"one key less":     {func(dir string) error { return os.Remove(filepath.Join(dir, "keys", d.ID)) }, "documents/" + d.ID},
		"a document less":  {func(dir string) error { return os.Remove(filepath.Join(dir, "documents", d.ID)) }, "keys/" + d.ID},
		"a short key":      {func(dir string) error { return os.Truncate(filepath.Join(dir, "keys", d.ID), 31) }, "31 bytes"},
		"a strange file":   {func(dir string) error { return os.WriteFile(filepath.Join(dir, "documents", "x"), nil, 0o600) }, "documents/x"},
		"a strange key":    {func(dir string) error { return os.WriteFile(filepath.Join(dir, "keys", d.ID+".gone"), nil, 0o600) }, "keys/" + d.ID + ".gone"},
		"a second key":     {func(dir string) error { return os.WriteFile(filepath.Join(dir, "keys", d.ID+".new"), nil, 0o600) }, "another key"},
		"open to others":   {func(dir string) error { return os.Chmod(dir, 0o750) }, "mode 0750"},
		"another document": {func(dir string) error { return copyAs(dir, d.ID, archivetest.Document(2).ID) }, archivetest.Document(2).ID},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "open to others" && runtime.GOOS == "windows" {
				t.Skip("Windows has no modes")
			}
			dir := newFolder(t)
			a := files(t, dir)
			require.NoError(t, a.Put(t.Context(), d))
			require.NoError(t, a.Close())
			require.NoError(t, c.meddle(dir))
			_, err := archive.OpenFiles(dir)
			require.ErrorContains(t, err, c.text)
		})
	}
	_, err := archive.OpenFiles(filepath.Join(t.TempDir(), "no", "folder"))
	require.ErrorIs(t, err, os.ErrNotExist)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = archive.OpenFiles(file)
	require.ErrorContains(t, err, "not a folder")
}

// copyAs gives a document another ID, with its key.
func copyAs(dir, id, other string) error {
	for _, part := range []string{"keys", "documents"} {
		data, err := os.ReadFile(filepath.Join(dir, part, id))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, part, other), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// The states that a crash leaves, each in its place.
func TestFilesRecover(t *testing.T) {
	d, other := archivetest.Document(1), archivetest.Document(2)
	rename := func(part, from, to string) func(string) error {
		return func(dir string) error {
			return os.Rename(filepath.Join(dir, part, d.ID+from), filepath.Join(dir, part, d.ID+to))
		}
	}
	remove := func(part string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, part, d.ID)) }
	}
	for name, c := range map[string]struct {
		steps []func(dir string) error
		kept  bool
	}{
		"put: the key alone":                  {[]func(string) error{rename("keys", "", ".new"), remove("documents")}, false},
		"put: the document has no name yet":   {[]func(string) error{rename("keys", "", ".new"), rename("documents", "", ".new")}, false},
		"put: the key has its first name":     {[]func(string) error{rename("keys", "", ".new")}, true},
		"sweep: marked":                       {[]func(string) error{rename("documents", "", ".gone")}, false},
		"sweep: marked, key of first name":    {[]func(string) error{rename("documents", "", ".gone"), rename("keys", "", ".new")}, false},
		"sweep: the key is destroyed already": {[]func(string) error{rename("documents", "", ".gone"), remove("keys")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newFolder(t)
			a := files(t, dir)
			require.NoError(t, a.Put(t.Context(), d))
			require.NoError(t, a.Put(t.Context(), other))
			require.NoError(t, a.Close())
			for _, step := range c.steps {
				require.NoError(t, step(dir))
			}
			want := []string{other.ID}
			if c.kept {
				want = append(want, d.ID)
				slices.Sort(want)
			}
			for range 2 { // the second time there is nothing to do
				a = files(t, dir)
				_, err := a.Get(t.Context(), d.ID)
				assert.Equal(t, !c.kept, errors.Is(err, certificate.ErrNotArchived), "%v", err)
				_, err = a.Get(t.Context(), other.ID)
				require.NoError(t, err)
				require.NoError(t, a.Close())
				for _, part := range []string{"keys", "documents"} {
					entries, err := os.ReadDir(filepath.Join(dir, part))
					require.NoError(t, err)
					var names []string
					for _, e := range entries {
						names = append(names, e.Name())
					}
					assert.Equal(t, want, names)
				}
			}
		})
	}
}

func TestFilesModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	dir := newFolder(t)
	require.NoError(t, files(t, dir).Put(t.Context(), archivetest.Document(1)))
	n := 0
	require.NoError(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		want := os.FileMode(0o600)
		if err == nil && info.IsDir() {
			want = 0o700
		}
		assert.Equal(t, want, info.Mode().Perm(), path)
		n++
		return err
	}))
	assert.Equal(t, 5, n)
}

// A second user of the folder is kept out, of this process or of another.
func TestFilesLock(t *testing.T) {
	dir := newFolder(t)
	a := files(t, dir)
	_, err := archive.OpenFiles(dir)
	require.ErrorIs(t, err, archive.ErrLocked)
	require.ErrorContains(t, err, dir)
	require.NoError(t, a.Close())
	require.ErrorIs(t, a.Close(), archive.ErrClosed)
	require.ErrorIs(t, a.Put(t.Context(), archivetest.Document(1)), archive.ErrClosed)
	_, err = a.Get(t.Context(), archivetest.Document(1).ID)
	require.ErrorIs(t, err, archive.ErrClosed)
	files(t, dir)
}

// A sync that fails before the document has its name leaves nothing; one after
// it leaves it open whether it is kept, until the folder is opened again.
func TestFilesSyncFails(t *testing.T) {
	d := archivetest.Document(1)
	broken := errors.New("the disk is broken")
	for _, c := range []struct {
		at     string
		poison bool
	}{
		{"keys/" + d.ID + ".new", false}, {"/keys", false}, {"documents/" + d.ID + ".new", false}, {"/documents", true},
	} {
		t.Run(c.at, func(t *testing.T) {
			dir := newFolder(t)
			a := files(t, dir)
			failed := 0
			a.FailSync(func(name string) error {
				if strings.HasSuffix(name, c.at) && failed == 0 {
					failed++
					return broken
				}
				return nil
			})
			err := a.Put(t.Context(), d)
			require.ErrorIs(t, err, broken)
			require.Equal(t, 1, failed)
			assert.Equal(t, c.poison, errors.Is(err, archive.ErrPoisoned))
			_, err = a.Get(t.Context(), d.ID)
			require.ErrorIs(t, err, certificate.ErrNotArchived)
			err = a.Put(t.Context(), d)
			if c.poison {
				require.ErrorIs(t, err, archive.ErrPoisoned)
				_, err = a.Sweep(t.Context(), d.Expires)
				require.ErrorIs(t, err, archive.ErrPoisoned)
				require.NoError(t, a.Close())
				a = files(t, dir)
			} else {
				require.NoError(t, err)
			}
			got, err := a.Get(t.Context(), d.ID)
			require.NoError(t, err)
			assert.Equal(t, d, got)
		})
	}
}

// A sweep that fails is gone on with by the next one, or by the next opening.
func TestFilesSweepFails(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, reopened := range []bool{false, true} {
		dir := newFolder(t)
		a := files(t, dir)
		for n := range 5 {
			require.NoError(t, a.Put(t.Context(), archivetest.Document(n)))
		}
		syncs := 0
		a.FailSync(func(name string) error {
			if strings.Contains(name, "/keys/") {
				if syncs++; syncs == 3 {
					return broken
				}
			}
			return nil
		})
		at := archivetest.Document(0).Expires
		n, err := a.Sweep(t.Context(), at)
		require.ErrorIs(t, err, broken)
		require.Equal(t, 2, n)
		for n := range 5 {
			_, err := a.Get(t.Context(), archivetest.Document(n).ID)
			require.ErrorIs(t, err, certificate.ErrNotArchived)
		}
		if reopened {
			require.NoError(t, a.Close())
			files(t, dir)
		} else {
			n, err = a.Sweep(t.Context(), at.Add(-time.Hour))
			require.NoError(t, err)
			require.Equal(t, 3, n)
		}
		for _, part := range []string{"keys", "documents"} {
			entries, err := os.ReadDir(filepath.Join(dir, part))
			require.NoError(t, err)
			require.Empty(t, entries)
		}
	}
	// If it is not known whether the documents are marked, no key is destroyed.
	dir := newFolder(t)
	a := files(t, dir)
	d := archivetest.Document(1)
	require.NoError(t, a.Put(t.Context(), d))
	a.FailSync(func(string) error { return broken })
	_, err := a.Sweep(t.Context(), d.Expires)
	require.ErrorIs(t, err, archive.ErrPoisoned)
	key, err := os.ReadFile(filepath.Join(dir, "keys", d.ID))
	require.NoError(t, err)
	assert.NotEqual(t, make([]byte, 32), key)
}

// A Put that waits for another of the same request can be given up.
func TestFilesWaitCancelled(t *testing.T) {
	a := files(t, newFolder(t))
	first, second := archivetest.Document(1), archivetest.Document(2)
	second.RequestKey = first.RequestKey
	at, on := make(chan struct{}), make(chan struct{})
	a.FailSync(func(name string) error {
		if strings.Contains(name, first.ID) && strings.Contains(name, "/keys/") {
			close(at)
			<-on
		}
		return nil
	})
	kept := make(chan error, 1)
	go func() { kept <- a.Put(context.Background(), first) }()
	<-at
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	go func() { given <- a.Put(ctx, second) }()
	cancel()
	require.ErrorIs(t, <-given, context.Canceled)
	close(on)
	require.NoError(t, <-kept)
	require.ErrorIs(t, a.Put(t.Context(), second), certificate.ErrArchived)
}

// What breaks the rules of certificate.Archived is refused, and named.
func TestInvalid(t *testing.T) {
	for _, e := range each {
		t.Run(e.name, func(t *testing.T) {
			a := e.at(t).archive(t)
			for field, change := range map[string]func(*certificate.Archived){
				"ID":         func(d *certificate.Archived) { d.ID = "../" + d.ID[3:] },
				"RequestKey": func(d *certificate.Archived) { d.RequestKey = strings.ToUpper(d.RequestKey) },
				"PayloadKey": func(d *certificate.Archived) { d.PayloadKey = "" },
				"Owner":      func(d *certificate.Archived) { d.Owner = "SPSMGR84C48F839A" },
				"Comune":     func(d *certificate.Archived) { d.Comune = "Roma" },
				"Kind":       func(d *certificate.Archived) { d.Kind = "x" },
				"IssuedAt":   func(d *certificate.Archived) { d.IssuedAt = d.IssuedAt.Add(1) },
				"Expires":    func(d *certificate.Archived) { d.Expires = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
			} {
				d := archivetest.Document(1)
				change(&d)
				err := a.Put(t.Context(), d)
				require.ErrorIs(t, err, archive.ErrInvalid)
				require.ErrorContains(t, err, ": "+field+": expected")
				require.NotContains(t, err.Error(), "SPSMGR84C48F839A")
			}
			require.NoError(t, a.Put(t.Context(), archivetest.Document(1)))
		})
	}
}
