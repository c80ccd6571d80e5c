// Package testenv finds what a test needs from outside the repository: the
// shared material, foreign programs and services.
//
// On a user's machine a test whose need is not met skips. In CI (the
// environment variable CI is set and not "false") it fails, so that a check
// can never be lost silently.
package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// CI reports whether the tests run in continuous integration.
func CI() bool {
	v := os.Getenv("CI")
	return v != "" && v != "false"
}

// Need ends the test because what is missing: it fails in CI and skips elsewhere.
func Need(t testing.TB, what string) {
	t.Helper()
	if CI() {
		t.Fatalf("CI must provide %s", what)
	}
	t.Skipf("this machine has no %s", what)
}

// Shared returns the absolute path of the folder with the shared material:
// $ANPR_SHARED or, failing that, the folder "shared" beside the repository.
func Shared(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("ANPR_SHARED"); dir != "" {
		if st, err := os.Stat(dir); err == nil && st.IsDir() {
			return dir
		}
		t.Fatalf("ANPR_SHARED=%s is no folder", dir)
	}
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(filepath.Dir(root), "shared")
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		Need(t, "shared material ("+dir+" or $ANPR_SHARED)")
	}
	return dir
}

// Tool returns the path of a foreign program.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Need(t, "program "+name)
	}
	return path
}

// Env returns the value of an environment variable that names a service.
func Env(t testing.TB, name string) string {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		Need(t, "service: $"+name+" is not set")
	}
	return v
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", os.ErrNotExist
		}
		dir = parent
	}
}

// Cached returns the path of something that .ci/setup installs in its own
// folder: $ANPR_CI_CACHE or /var/cache/anpr-ci.
func Cached(t testing.TB, elem ...string) string {
	t.Helper()
	dir := os.Getenv("ANPR_CI_CACHE")
	if dir == "" {
		dir = "/var/cache/anpr-ci"
	}
	path := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		Need(t, path)
	}
	return path
}
