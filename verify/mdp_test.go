package verify_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/verify"
)

// TestMDP judges documents that pyHanko signed under every kind of DocMDP,
// FieldMDP and Lock, with a later revision of every kind, against what the
// standard permits and beside pyHanko.
func TestMDP(t *testing.T) {
	t.Parallel() // most of its time is that of other programs
	interpreter := testenv.PyHanko(t)
	dir := t.TempDir()
	trust := filepath.Join(t.TempDir(), "trust.pem")
	out, err := exec.CommandContext(t.Context(), interpreter, filepath.Join("testdata", "forms.py"), dir,
		trust).Output()
	require.NoError(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		assert.True(t, strings.HasPrefix(line, "certified-1--") || strings.HasPrefix(line, "lock-p1"), line)
	}
	anchors := readPEM(t, trust)
	v, err := verify.New(verify.Config{Trust: anchors[:1], Timestamps: anchors[1:]})
	require.NoError(t, err)

	// What each setup permits, beside nothing at all and time-stamps.
	fills := []string{"fill-nome", "fill-group-a", "fill-group-b", "fill-group2", "fill-in-place", "tick", "sign-2",
		"sign-new-invisible", "fill-nome-sign-2", "stamp-fill-nome", "sign-2-fill-nome"}
	without := func(from []string, names ...string) []string {
		return slices.DeleteFunc(slices.Clone(from), func(n string) bool { return slices.Contains(names, n) })
	}
	nome := []string{"fill-nome", "fill-nome-sign-2", "stamp-fill-nome", "sign-2-fill-nome"}
	groupA := []string{"fill-group-a", "fill-in-place"}
	permitted := map[string][]string{
		"plain":            append(fills, "sign-new-visible"),
		"certified-1":      nil,
		"certified-2":      fills,
		"certified-3":      append(fills, "note"),
		"lock-all":         nil,
		"lock-include":     append(without(fills, nome...), "sign-new-visible"),
		"lock-exclude":     {"fill-nome", "stamp-fill-nome"},
		"lock-group":       append(without(fills, append(groupA, "fill-group-b")...), "sign-new-visible"),
		"lock-nested":      append(without(fills, groupA...), "sign-new-visible"),
		"lock-p1":          nil,
		"lock-p2":          without(fills, groupA...),
		"certified-2-lock": {"fill-group-a", "fill-group-b", "fill-in-place"},
	}
	// Where pyHanko says something else, and why: which is right.
	type difference struct {
		reason string
		ours   bool // our answer
		is     func(setup, change string) bool
	}
	differences := []difference{
		{"pyHanko does not know DocMDP level 3 (its own documentation): a note is permitted", true,
			func(s, c string) bool {
				return s == "certified-3" && c == "note"
			}},
		{"pyHanko takes the unchanged appearance of a locked field for a change of it: the field is as it was", true,
			func(s, c string) bool {
				return strings.Contains(s, "lock") && !strings.HasSuffix(s, "-bare")
			}},
		{"pyHanko compares the beginning of names: «gruppo2» does not stand below «gruppo»", true,
			func(s, c string) bool {
				return s == "lock-group-bare" && c == "fill-group2"
			}},
		{"the same: «gruppo2» is not exempt because «gruppo» is", false, func(s, c string) bool {
			return s == "certified-2-lock-bare" && c == "fill-group2"
		}},
		{"on purpose: a check box takes on a state that it could not show when it was signed", false,
			func(s, c string) bool {
				return strings.HasSuffix(s, "-bare") && c == "strange-state"
			}},
		{"on purpose: what a hidden or closed field holds was not to be filled in", false, func(s, c string) bool {
			return c == "fill-hidden" || c == "fill-read-only"
		}},
		{"on purpose: what a field held when it was signed is replaced, or shown otherwise: a shadow attack", false,
			func(s, c string) bool {
				return c == "fill-twice" || c == "fill-appearance-only" || c == "fill-veiled"
			}},
		{"on purpose: the appearance belongs to another field too, which was not filled in", false,
			func(s, c string) bool {
				return c == "fill-in-place-shared"
			}},
	}
	told := map[string]int{}
	theirs := opinions(t, exec.CommandContext(t.Context(), interpreter, filepath.Join("testdata", "verdicts.py"), trust,
		dir))
	files, err := filepath.Glob(filepath.Join(dir, "*.pdf"))
	require.NoError(t, err)
	require.Greater(t, len(files), 250)
	for _, path := range files {
		name := filepath.Base(path)
		setup, change, _ := strings.Cut(strings.TrimSuffix(name, ".pdf"), "--")
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		r := v.PDF(t.Context(), data, time.Time{})
		checkReport(t, r)
		later, _ := r.Check(verify.CodeLaterRevisions)
		list, known := permitted[strings.TrimSuffix(setup, "-bare")]
		require.True(t, known, setup)
		want := change == "none" || change == "stamp" || slices.Contains(list, change)
		assert.Equal(t, want, r.Valid, "%s: %s", name, later.Message)
		if r.Valid && change == "fill-nome" {
			assert.Contains(t, later.Message, "«nome»). Ciò che è stato compilato o annotato dopo non è garantito")
		}
		if r.Valid && change == "fill-nome-sign-2" {
			assert.NotContains(t, later.Message, "non è garantito")
		}
		pyhanko := theirs[name].accepts
		if pyhanko == r.Valid {
			continue
		}
		i := slices.IndexFunc(differences, func(d difference) bool { return d.ours == r.Valid && d.is(setup, change) })
		if assert.GreaterOrEqual(t, i, 0, "%s: here %v (%s), pyHanko %s", name, r.Valid, later.Message,
			theirs[name].said) {
			told[differences[i].reason]++
		}
	}
	for reason, n := range told {
		t.Logf("%d files: %s", n, reason)
	}
}

func readPEM(t testing.TB, path string) (certs []*x509.Certificate) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		certs = append(certs, c)
	}
	return certs
}
