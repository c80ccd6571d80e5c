package main

import (
	"io"
	"os"

	"github.com/liste-elettorali/anpr/audit"
)

// isLog reads only the first bytes of a file: a log may be far larger than the
// files that are read as a whole.
func isLog(path string) bool {
	if st, err := os.Stat(path); err != nil || !st.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(audit.Magic))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == audit.Magic
}
