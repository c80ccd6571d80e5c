package folder_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/folder"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

const childEnv = "ANPR_TEST_FOLDER_CHILD"

// TestChild is the program that TestLock kills.
func TestChild(t *testing.T) {
	dir := os.Getenv(childEnv)
	if dir == "" {
		return
	}
	f, err := folder.Open(dir, 0)
	require.NoError(t, err)
	_, _ = os.Stdout.WriteString("open\n")
	time.Sleep(time.Hour)
	runtime.KeepAlive(f) // a folder that nobody holds is closed
}

// A folder is open once, in this process or another, until it is closed or the
// process is killed.
func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	f, err := folder.Open(dir, 0o077)
	require.NoError(t, err)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	if runtime.GOOS != "windows" {
		assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	}
	_, err = folder.Open(dir, 0o077)
	require.ErrorIs(t, err, folder.ErrLocked)
	require.NoError(t, f.Sync())
	require.NoError(t, f.Close())

	testenv.Killed(t, "^TestChild$", []string{childEnv + "=" + dir}, 0, func(line string) bool {
		if line != "open" {
			return false
		}
		_, err := folder.Open(dir, 0o077)
		require.ErrorIs(t, err, folder.ErrLocked)
		return true
	})
	f, err = folder.Open(dir, 0o077)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// Entries passes over the lock's file, which is there or not, in the folder itself.
func TestEntries(t *testing.T) {
	dir := t.TempDir()
	f, err := folder.Open(dir, 0o002)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Root.Mkdir("within", 0o700))
	for _, name := range []string{"b", "within/" + folder.LockFile, "a"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	names := func(at string) (out []string) {
		entries, err := f.Entries(at)
		require.NoError(t, err)
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return out
	}
	require.Equal(t, []string{"a", "b", "within"}, names("."))
	if runtime.GOOS != "windows" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, folder.LockFile), nil, 0o600))
		require.Equal(t, []string{"a", "b", "within"}, names("."))
	}
	require.Equal(t, []string{folder.LockFile}, names("within"))
	_, err = f.Entries("none")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := folder.Open(file, 0)
	require.ErrorContains(t, err, "not a folder")
	_, err = folder.Open(filepath.Join(dir, "a", "b"), 0)
	require.ErrorIs(t, err, os.ErrNotExist)
	if runtime.GOOS == "windows" {
		return // it has no modes
	}
	open := filepath.Join(dir, "open")
	require.NoError(t, os.Mkdir(open, 0o700))
	require.NoError(t, os.Chmod(open, 0o755))
	_, err = folder.Open(open, 0o077)
	require.ErrorContains(t, err, "mode 0755")
	f, err := folder.Open(open, 0o002)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}
