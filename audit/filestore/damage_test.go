package filestore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/audittest"
	"github.com/liste-elettorali/anpr/internal/folder"
)

const chainFile = "chain-h501.log"

// smallLog returns the file of a chain of n records, and where each ends.
func smallLog(t testing.TB, n int) (file []byte, ends []int, records []audit.Record) {
	t.Helper()
	file, err := audit.FileHeader("H501")
	require.NoError(t, err)
	ends = []int{len(file)}
	records = audittest.Grow(t, "H501", audit.EmptyHead("H501"), n)
	for _, r := range records {
		file, err = r.AppendBinary(file)
		require.NoError(t, err)
		ends = append(ends, len(file))
	}
	return file, ends, records
}

func put(t testing.TB, data []byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, chainFile), data, 0o600))
	return dir
}

func verifyDir(t testing.TB, dir string) audit.Report {
	t.Helper()
	rep, err := audit.VerifyFS(t.Context(), os.DirFS(dir))
	require.NoError(t, err)
	return rep
}

// A file that ends anywhere is recovered to its whole records, what was cut is
// told, and the chain goes on from there.
func TestTruncationAtEachByte(t *testing.T) {
	data, ends, records := smallLog(t, 4)
	dir := put(t, nil)
	for n := range len(data) + 1 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, chainFile), data[:n], 0o600))
		whole := 0
		for whole < 4 && ends[whole+1] <= n {
			whole++
		}
		atEnd := whole > 0 && ends[whole] == n
		s, err := Open(dir, Config{Full: n%2 == 0})
		require.NoError(t, err, "%d bytes", n)
		if atEnd {
			require.Empty(t, s.Recoveries(), "%d bytes", n)
		} else {
			require.Len(t, s.Recoveries(), 1, "%d bytes", n)
			want := 0
			if whole > 0 {
				want = ends[whole]
			}
			rec := s.Recoveries()[0]
			require.Equal(t, Recovery{
				Chain: "H501", File: chainFile, Offset: int64(want), Cut: rec.Cut, Problem: rec.Problem,
			}, rec)
			require.True(t, bytes.HasSuffix(data[:n], rec.Cut))
			require.NotEmpty(t, rec.Problem)
		}
		h, err := s.Head(t.Context(), "H501")
		require.NoError(t, err)
		require.Equal(t, uint64(whole), h.Size, "%d bytes", n)
		if whole < 4 && n%7 == 0 {
			require.NoError(t, s.Append(t.Context(), "H501", records[whole:]))
			got, err := os.ReadFile(filepath.Join(dir, chainFile))
			require.NoError(t, err)
			require.Equal(t, data, got, "%d bytes", n)
		}
		require.NoError(t, s.Close())
	}
}

// A reader says of each cut whether it is a torn tail.
func TestTruncationIsSeenByVerify(t *testing.T) {
	data, ends, _ := smallLog(t, 3)
	at := map[int]bool{ends[1]: true, ends[2]: true, ends[3]: true}
	for n := range len(data) + 1 {
		rep, err := audit.VerifyFile(t.Context(), bytes.NewReader(data[:n]))
		require.NoError(t, err)
		require.Equal(t, at[n], rep.OK(), "%d bytes", n)
		if !at[n] {
			require.Len(t, rep.Faults, 1)
			want := audit.TornTail
			if n == ends[0] {
				want = audit.EmptyChain
			}
			require.Equal(t, want, rep.Faults[0].Code, "%d bytes", n)
		}
	}
}

// Any one byte of the file matters: verification fails whatever byte changes,
// and Open neither accepts nor cuts nor changes anything.
func TestFlipOfEachByte(t *testing.T) {
	data, _, _ := smallLog(t, 3)
	dir := put(t, data)
	name := filepath.Join(dir, chainFile)
	for i := range data {
		for _, mask := range []byte{0x01, 0x80, 0x20, 0xff, data[i]} { // the last makes it zero
			if mask == 0 {
				continue
			}
			bad := bytes.Clone(data)
			bad[i] ^= mask
			rep, err := audit.VerifyFile(t.Context(), bytes.NewReader(bad))
			require.NoError(t, err)
			require.False(t, rep.OK(), "byte %d ^ %02x", i, mask)
			require.NotEqual(t, audit.TornTail, rep.Faults[0].Code, "byte %d ^ %02x", i, mask)
			if mask != 0x01 && mask != 0xff {
				continue
			}
			require.NoError(t, os.WriteFile(name, bad, 0o600))
			_, err = Open(dir, Config{})
			var corrupt *CorruptError
			require.ErrorAs(t, err, &corrupt, "byte %d ^ %02x", i, mask)
			require.Equal(t, chainFile, corrupt.File)
			require.LessOrEqual(t, corrupt.Offset, int64(i))
			got, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Equal(t, bad, got, "the evidence must stay")
		}
	}
	require.NoError(t, os.WriteFile(name, data, 0o600))
	require.True(t, verifyDir(t, dir).OK(), "the file itself is right")
}

// Bytes added or taken away within the file are found as well.
func TestInsertionAndDeletionOfEachByte(t *testing.T) {
	data, ends, _ := smallLog(t, 3)
	for i := range data {
		for _, bad := range [][]byte{
			append(append(bytes.Clone(data[:i]), 0), data[i:]...),
			append(append(bytes.Clone(data[:i]), data[i]), data[i:]...),
			append(bytes.Clone(data[:i]), data[i+1:]...),
		} {
			rep, err := audit.VerifyFile(t.Context(), bytes.NewReader(bad))
			require.NoError(t, err)
			require.False(t, rep.OK(), "byte %d", i)
		}
	}
	rep, err := audit.VerifyFile(t.Context(), bytes.NewReader(append(bytes.Clone(data), 0)))
	require.NoError(t, err)
	require.False(t, rep.OK())
	require.Equal(t, int64(ends[3]), rep.Faults[0].Offset)
}

// A wrong length of a record, its complement changed with it, must not make
// Open cut off acknowledged records as a torn tail.
func TestForgedLengthIsNoTornTail(t *testing.T) {
	data, ends, _ := smallLog(t, 3)
	for k := range 3 {
		bad := bytes.Clone(data)
		at := ends[k]
		n := uint32(16000)
		for i := range 4 {
			bad[at+i] = byte(n >> (24 - 8*i))
			bad[at+4+i] = ^bad[at+i]
		}
		dir := put(t, bad)
		_, err := Open(dir, Config{})
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt, "record %d", k)
		require.False(t, verifyDir(t, dir).OK())
	}
}

// Sectors that a crash left unwritten read as zeros. They are cut off where
// they can be a crash's, and only there.
func TestHoles(t *testing.T) {
	var data []byte
	var ends []int
	for n := 12; ; n++ { // the last record across the boundary of a sector, with enough on both sides
		data, ends, _ = smallLog(t, n)
		if after := len(data) % 512; after > 30 && after < len(data)-ends[n-1]-30 {
			break
		}
	}
	hole := func(from, to int) []byte {
		bad := bytes.Clone(data)
		clear(bad[from:to])
		return bad
	}
	last := ends[len(ends)-2]
	sector := len(data) - len(data)%512

	s, err := Open(put(t, hole(sector, len(data))), Config{})
	require.NoError(t, err, "the end of the last append was never written")
	require.Len(t, s.Recoveries(), 1)
	assert.Equal(t, int64(last), s.Recoveries()[0].Offset)
	require.NoError(t, s.Close())

	s, err = Open(put(t, append(bytes.Clone(data), make([]byte, 700)...)), Config{})
	require.NoError(t, err, "the file grew and nothing else")
	require.Len(t, s.Recoveries(), 1)
	assert.Equal(t, int64(len(data)), s.Recoveries()[0].Offset)
	require.NoError(t, s.Close())

	var corrupt *CorruptError
	_, err = Open(put(t, hole(512, 1024)), Config{})
	require.ErrorAs(t, err, &corrupt, "an append that was begun later shows that this was durable")
	_, err = Open(put(t, hole(0, 512)), Config{})
	require.ErrorAs(t, err, &corrupt, "also of the first sector")
	_, err = Open(put(t, hole(last+40, last+80)), Config{})
	require.ErrorAs(t, err, &corrupt, "no whole sector")
}

// What is beyond the reach of an interrupted write is checked by Full, and by
// Verify.
func TestBigFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	s := openAt(t, dir)
	log, err := audit.New(audit.Config{Store: s})
	require.NoError(t, err)
	appendMany(t, log, 2500)
	require.NoError(t, s.Close())
	name := filepath.Join(dir, chainFile)
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Greater(t, len(data), maxWrite+4*audit.MaxRecord)
	for _, full := range []bool{false, true} {
		s, err := Open(dir, Config{Full: full})
		require.NoError(t, err)
		h, err := s.Head(t.Context(), "H501")
		require.NoError(t, err)
		assert.Equal(t, uint64(2500), h.Size)
		require.NoError(t, s.Close())
	}
	flip := func(at int) {
		bad := bytes.Clone(data)
		bad[at] ^= 4
		require.NoError(t, os.WriteFile(name, bad, 0o600))
		require.False(t, verifyDir(t, dir).OK())
	}
	var corrupt *CorruptError
	flip(1000)
	s, err = Open(dir, Config{})
	require.NoError(t, err, "this is why Verify is run")
	require.NoError(t, s.Close())
	_, err = Open(dir, Config{Full: true})
	require.ErrorAs(t, err, &corrupt)
	for _, back := range []int{1, 5000, 100_000, maxWrite} {
		flip(len(data) - back)
		_, err = Open(dir, Config{})
		require.ErrorAs(t, err, &corrupt, "%d bytes before the end", back)
		require.LessOrEqual(t, corrupt.Offset, int64(len(data)-back))
		require.Greater(t, corrupt.Offset, int64(len(data)-back-400), "the place is told")
	}
	require.NoError(t, os.WriteFile(name, data[:len(data)-5], 0o600))
	s, err = Open(dir, Config{})
	require.NoError(t, err)
	require.Len(t, s.Recoveries(), 1)
	require.NoError(t, s.Close())
	require.True(t, verifyDir(t, dir).OK())
}

func appendMany(t testing.TB, log *audit.Log, n int) {
	t.Helper()
	const writers = 50
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for k := i; k < n; k += writers {
				_, err := log.Append(t.Context(), "H501", audittest.Entry(k))
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
}

// The folder holds chain files and nothing else, and nobody else's.
func TestFolder(t *testing.T) {
	data, _, _ := smallLog(t, 2)
	write := func(dir, name string, b []byte) error { return os.WriteFile(filepath.Join(dir, name), b, 0o600) }
	for name, spoil := range map[string]func(dir string) error{
		"another file":  func(dir string) error { return write(dir, "notes.txt", nil) },
		"hidden file":   func(dir string) error { return write(dir, ".chain-h501.log.swp", nil) },
		"folder":        func(dir string) error { return os.Mkdir(filepath.Join(dir, "chain-f205.log"), 0o700) },
		"link":          func(dir string) error { return os.Symlink(chainFile, filepath.Join(dir, "chain-f205.log")) },
		"other's chain": func(dir string) error { return write(dir, "chain-f205.log", data) },
		"capitals":      func(dir string) error { return write(dir, "chain-F205.log", data) },
	} {
		dir := put(t, data)
		require.NoError(t, spoil(dir), name)
		if _, err := os.Lstat(filepath.Join(dir, "chain-f205.log")); err != nil && name == "link" && runtime.GOOS == "windows" {
			continue // wine says that it has made one
		}
		_, err := Open(dir, Config{})
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt, name)
		require.NotEqual(t, chainFile, corrupt.File, name)
		rep, err := audit.VerifyFS(t.Context(), os.DirFS(dir))
		require.True(t, err != nil || !rep.OK(), name)
	}
	dir := put(t, data)
	if runtime.GOOS != "windows" {
		require.NoError(t, os.Chmod(dir, 0o777))
		_, err := Open(dir, Config{})
		require.ErrorContains(t, err, "others may use it")
	}
	_, err := Open(filepath.Join(dir, chainFile), Config{})
	require.Error(t, err, "a file is no folder")
	_, err = Open(filepath.Join(dir, "no", "parent"), Config{})
	require.ErrorIs(t, err, os.ErrNotExist)

	dir = filepath.Join(t.TempDir(), "audit")
	s := openAt(t, dir)
	require.False(t, verifyDir(t, dir).OK(), "an empty folder is no log")
	require.NoError(t, s.Append(t.Context(), "H501", audittest.Grow(t, "H501", audit.EmptyHead("H501"), 1)))
	if runtime.GOOS == "windows" {
		return
	}
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	info, err = os.Stat(filepath.Join(dir, chainFile))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no lock file, no other file")
}

// A folder that comes from Windows has the file by which it was held.
func TestFolderOfWindows(t *testing.T) {
	data, _, _ := smallLog(t, 2)
	dir := put(t, data)
	require.NoError(t, os.WriteFile(filepath.Join(dir, folder.LockFile), nil, 0o600))
	s := openAt(t, dir)
	require.True(t, verifyDir(t, dir).OK())
	require.NoError(t, s.Close())
	require.NoError(t, os.Remove(filepath.Join(dir, folder.LockFile)))
	require.NoError(t, os.Mkdir(filepath.Join(dir, folder.LockFile), 0o700))
	_, err := Open(dir, Config{})
	require.Error(t, err)
	require.False(t, verifyDir(t, dir).OK())
}

// A file that is changed under the store is found before the next append.
func TestFileChangedInUse(t *testing.T) {
	for name, change := range map[string]func(file string) error{
		"removed": os.Remove,
		"replaced": func(f string) error {
			data, err := os.ReadFile(f)
			return errors.Join(err, os.WriteFile(f+".new", data, 0o600), os.Rename(f+".new", f))
		},
		"shortened": func(f string) error { return os.Truncate(f, 300) },
		"extended": func(f string) error {
			h, err := os.OpenFile(f, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = h.WriteString("x")
			return errors.Join(err, h.Close())
		},
	} {
		dir := filepath.Join(t.TempDir(), "audit")
		s := openAt(t, dir)
		a := audittest.Grow(t, "H501", audit.EmptyHead("H501"), 3)
		require.NoError(t, s.Append(t.Context(), "H501", a[:2]))
		require.NoError(t, change(filepath.Join(dir, chainFile)), name)
		err := s.Append(t.Context(), "H501", a[2:])
		require.ErrorIs(t, err, ErrPoisoned, name)
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt, name)
		_, err = s.Head(t.Context(), "H501")
		require.ErrorIs(t, err, ErrPoisoned, name)
		other := audittest.Grow(t, "F205", audit.EmptyHead("F205"), 1)
		require.NoError(t, s.Append(t.Context(), "F205", other), "other chains go on")
	}
	// A file that appears where a chain was to begin.
	dir := filepath.Join(t.TempDir(), "audit")
	s := openAt(t, dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, chainFile), nil, 0o600))
	first := audittest.Grow(t, "H501", audit.EmptyHead("H501"), 1)
	require.ErrorIs(t, s.Append(t.Context(), "H501", first), ErrPoisoned)
}

// Somebody may verify the files while they are written.
func TestVerifyWhileWriting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	s := openAt(t, dir)
	log, err := audit.New(audit.Config{Store: s})
	require.NoError(t, err)
	appendMany(t, log, 1)
	done := make(chan struct{})
	var verified atomic.Int32
	written := uint64(1)
	go func() {
		defer close(done)
		// For as long as the other needs to look some times, however slow it is.
		for round := 0; round < 20 || verified.Load() < 3 && !t.Failed(); round++ {
			appendMany(t, log, 100)
			written += 100
		}
	}()
	defer func() { <-done }()
	last := uint64(0)
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		rep := verifyDir(t, dir)
		if faults := rep.AllFaults(); running && len(faults) == 1 && faults[0].Code == audit.TornTail {
			continue // a writer that had to wait for long in the middle of a record
		}
		if !assert.True(t, rep.OK(), "%v", rep.AllFaults()) || !assert.GreaterOrEqual(t, rep.Chains[0].Records, last) {
			return
		}
		last = rep.Chains[0].Records
		verified.Add(1)
	}
	assert.Equal(t, written, last)
	_, err = s.Head(t.Context(), "H501")
	require.NoError(t, err)
}
