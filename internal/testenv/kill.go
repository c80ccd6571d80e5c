package testenv

import (
	"bufio"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Killed starts this test program again to run those of its tests that match,
// with more environment variables (NAME=VALUE) that tell them so. Each line that
// it prints is given to heard; some time after heard has returned true for the
// first time it is killed (SIGKILL). Killed returns when the program is gone and
// all its lines were heard. It fails the test if the program ended by itself.
//
// The program writes a line with one call of write, so that it is heard as a
// whole or not at all. What it does to files is cut wherever it was: a write
// that crosses a page may be there in part.
func Killed(t testing.TB, tests string, env []string, after time.Duration, heard func(line string) bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+tests)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := make(chan error, 1)
	begun := false
	last := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		last = lines.Text()
		if heard(last) && !begun {
			begun = true
			time.AfterFunc(after, func() { killed <- cmd.Process.Kill() })
		}
	}
	err = cmd.Wait()
	ended := err == nil || !strings.Contains(err.Error(), "killed")
	if runtime.GOOS == "windows" { // which has no signals: whom it kills has status 1
		ended = err == nil || !begun || <-killed != nil
	}
	if ended {
		t.Fatalf("the program was to be killed, and ended by itself: %v; its last line: %s", err, last)
	}
}
