// Package testenv finds what a test needs from outside the repository: the
// shared material, foreign programs and services.
//
// On a user's machine a test whose need is not met skips. In CI (the
// environment variable CI is set and not "false") it fails, so that a check
// can never be lost silently.
//
// Foreign programs (pyHanko, EU DSS, veraPDF, zbar, Chromium, ...) take minutes,
// and few machines have them all. Tests that ask one run only with
// $ANPR_JUDGES=1, and then fail if it is missing; without it they skip and name
// the program, in CI too. CI's step "judges" sets it.
package testenv

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// Judges reports whether the tests that ask foreign programs run.
func Judges() bool { return os.Getenv("ANPR_JUDGES") == "1" }

// Judge ends the test with a skip unless foreign programs are asked. name is the
// program that it is about to ask.
//
// If $ANPR_JUDGED names a file, the package and the test are appended to it, by
// which CI runs in its step "judges" all that was skipped, and nothing else.
func Judge(t testing.TB, name string) {
	t.Helper()
	if Judges() {
		return
	}
	if path := os.Getenv("ANPR_JUDGED"); path != "" {
		test, _, _ := strings.Cut(t.Name(), "/")
		if err := appendLine(path, packagePath(t)+" "+test+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	t.Skipf("foreign judge %s: it is asked with ANPR_JUDGES=1", name)
}

// missing ends a test that a judge is missing for, which was asked for.
func missing(t testing.TB, what string) {
	t.Helper()
	t.Fatalf("ANPR_JUDGES=1, and this machine has no %s: .ci/setup installs it", what)
}

// Tool returns the path of a foreign program, which is a [Judge].
func Tool(t testing.TB, name string) string {
	t.Helper()
	Judge(t, name)
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, "program "+name)
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
// folder, $ANPR_CI_CACHE or /var/cache/anpr-ci: it is, or belongs to, a [Judge].
func Cached(t testing.TB, elem ...string) string {
	t.Helper()
	Judge(t, elem[0])
	dir := os.Getenv("ANPR_CI_CACHE")
	if dir == "" {
		dir = "/var/cache/anpr-ci"
	}
	path := filepath.Join(append([]string{dir}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		missing(t, path)
	}
	return path
}

// PyHanko returns the Python interpreter that has pyHanko.
func PyHanko(t testing.TB) string { t.Helper(); return Cached(t, "pyhanko", "bin", "python") }

// DSS returns the arguments of java that precede a program of .ci/dss: the class
// path of EU DSS.
func DSS(t testing.TB, memory string) (java string, arguments []string) {
	t.Helper()
	lib := Cached(t, "dss", "lib")
	return Tool(t, "java"), []string{"-Xmx" + memory, "-cp", filepath.Join(lib, "*")}
}

// packagePath returns the folder of the package under test, from the root of the
// module: "./verify".
func packagePath(t testing.TB) string {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		t.Fatal(err)
	}
	return "./" + filepath.ToSlash(rel)
}

// appendLine appends a line with one write, whole beside those of other programs.
func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}
