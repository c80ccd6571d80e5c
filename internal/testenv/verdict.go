package testenv

import (
	"fmt"
	"os"
	"testing"
)

// Verdict logs what a foreign judge said. go test shows the log of a test that
// passes only with -v: if $ANPR_VERDICTS names a file, the line is appended to
// it, and .ci/run prints them all.
func Verdict(t testing.TB, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	path := os.Getenv("ANPR_VERDICTS")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(f, "%s: %s\n", t.Name(), line)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		t.Fatal(err)
	}
}
