package verify_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/verify"
)

// leastRead is how many of the distorted pictures must be read, zbarimg or not.
const leastRead = 130

// TestReadsWhatZBarReads reads distorted pictures beside zbarimg, and must read
// as many at least of each kind.
func TestReadsWhatZBarReads(t *testing.T) {
	t.Parallel() // it takes long
	v := verifier(t)
	c, want := distortCode(t)
	dir := t.TempDir()
	if keep := os.Getenv("ANPR_DISTORTED"); keep != "" { // a folder to look at the pictures
		dir = keep
	}
	file := func(i int) string { return filepath.Join(dir, fmt.Sprintf("%03d", i)) }
	all := distortions()
	read := make([]bool, len(all))
	total := 0
	var slowest, took time.Duration
	for i, d := range all {
		data := c.take(t, d.shot, uint64(i))
		require.NoError(t, os.WriteFile(file(i), data, 0o600))
		start := time.Now()
		report := v.Picture(t.Context(), data, nil, now)
		elapsed := time.Since(start)
		slowest, took = max(slowest, elapsed), took+elapsed
		check, _ := report.Check(verify.CodeDecode)
		if read[i] = check.Outcome == verify.Passed; read[i] {
			total++
			assert.Contains(t, check.Message, want, "%03d: another text", i)
		}
	}
	t.Logf("ours: %d of %d, %v each, at most %v", total, len(all), took/time.Duration(len(all)), slowest)
	assert.GreaterOrEqual(t, total, leastRead)

	zbar := testenv.Tool(t, "zbarimg")
	type score struct{ ours, zbar, of int }
	kinds, scores := []string{"all"}, map[string]*score{"all": {}}
	took = 0
	for i, d := range all {
		start := time.Now()
		// Its exit code is 4 if it read nothing.
		out, _ := exec.CommandContext(t.Context(), zbar, "-q", "--raw", "-Sdisable", "-Sqrcode.enable", file(i)).Output()
		took += time.Since(start)
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
	t.Logf("zbarimg: %v each, its start included", took/time.Duration(len(all)))
	for _, kind := range kinds {
		s := scores[kind]
		t.Logf("%-12s ours %3d, zbarimg %3d, of %d", kind, s.ours, s.zbar, s.of)
		assert.GreaterOrEqual(t, s.ours, s.zbar, kind)
	}
	assert.NotZero(t, scores["all"].zbar, "zbarimg reads nothing: the comparison is not one")
}
