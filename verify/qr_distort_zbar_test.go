package verify_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/verify"
)

// leastRead is how many of the distorted pictures must be read, zbarimg or not.
const leastRead = 130

// readDistorted takes every distorted picture into a folder and returns which
// of them are read.
func readDistorted(t *testing.T, dir string) (read []bool, want string) {
	t.Helper()
	v := verifier(t)
	c, want := distortCode(t)
	all := distortions()
	read = make([]bool, len(all))
	t.Run("pictures", func(t *testing.T) {
		for i, d := range all {
			t.Run(fmt.Sprintf("%03d", i), func(t *testing.T) {
				t.Parallel() // it takes long
				data := c.take(t, d.shot, uint64(i))
				require.NoError(t, os.WriteFile(distorted(dir, i), data, 0o600))
				report := v.Picture(t.Context(), data, nil, now)
				check, _ := report.Check(verify.CodeDecode)
				if read[i] = check.Outcome == verify.Passed; read[i] {
					assert.Contains(t, check.Message, want, "another text")
				}
			})
		}
	})
	return read, want
}

// distorted is the name of a distorted picture.
func distorted(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("%03d", i)) }

// TestReadsDistorted reads distorted pictures.
func TestReadsDistorted(t *testing.T) {
	dir := t.TempDir()
	if keep := os.Getenv("ANPR_DISTORTED"); keep != "" { // a folder to look at the pictures
		dir = keep
	}
	read, _ := readDistorted(t, dir)
	total := 0
	for _, r := range read {
		if r {
			total++
		}
	}
	t.Logf("%d of %d", total, len(read))
	assert.GreaterOrEqual(t, total, leastRead)
}

// TestReadsWhatZBarReads reads distorted pictures beside zbarimg, and must read
// as many at least of each kind.
func TestReadsWhatZBarReads(t *testing.T) {
	zbar := testenv.Tool(t, "zbarimg")
	t.Parallel() // it takes long
	dir := t.TempDir()
	read, want := readDistorted(t, dir)
	all := distortions()
	type score struct{ ours, zbar, of int }
	kinds, scores := []string{"all"}, map[string]*score{"all": {}}
	for i, d := range all {
		// Its exit code is 4 if it read nothing.
		out, _ := exec.CommandContext(t.Context(), zbar, "-q", "--raw", "-Sdisable", "-Sqrcode.enable",
			distorted(dir, i)).Output()
		theirs := strings.TrimSpace(string(out)) == want
		if scores[d.kind] == nil {
			scores[d.kind] = &score{}
			kinds = append(kinds, d.kind)
		}
		for _, s := range []*score{scores[d.kind], scores["all"]} {
			s.of++
			if read[i] {
				s.ours++
			}
			if theirs {
				s.zbar++
			}
		}
		if theirs && !read[i] {
			t.Logf("only zbarimg reads %03d: %v", i, d)
		}
	}
	for _, kind := range kinds {
		s := scores[kind]
		t.Logf("%-12s ours %3d, zbarimg %3d, of %d", kind, s.ours, s.zbar, s.of)
		assert.GreaterOrEqual(t, s.ours, s.zbar, kind)
	}
	assert.NotZero(t, scores["all"].zbar, "zbarimg reads nothing: the comparison is not one")
}
