package folder_test

import (
	"os"
	"path/filepath"
	"testing"

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
	_, err := folder.Open(dir, 0)
	require.NoError(t, err)
	_, _ = os.Stdout.WriteString("open\n")
	select {}
}

// A folder is open once, in this process or another, until it is closed or the
// process is killed.
func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	f, err := folder.Open(dir, 0o077)
	require.NoError(t, err)
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
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

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := folder.Open(file, 0)
	require.ErrorContains(t, err, "not a folder")
	_, err = folder.Open(filepath.Join(dir, "a", "b"), 0)
	require.ErrorIs(t, err, os.ErrNotExist)
	open := filepath.Join(dir, "open")
	require.NoError(t, os.Mkdir(open, 0o700))
	require.NoError(t, os.Chmod(open, 0o755))
	_, err = folder.Open(open, 0o077)
	require.ErrorContains(t, err, "mode 0755")
	f, err := folder.Open(open, 0o002)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}
