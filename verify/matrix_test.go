package verify_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// TestMatrix lets pyHanko, EU DSS, PDFBox and iText add to a certificate of ours
// what honest programs add, and qpdf and pdf-lib write it anew. The former are
// valid, the latter never, and for that reason. What pyHanko and DSS say of each
// file goes to the verdicts.
func TestMatrix(t *testing.T) {
	testenv.Judge(t, "pyHanko, EU DSS, PDFBox, iText, qpdf, pdf-lib")
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	dir := t.TempDir()
	path := func(name ...string) string { return filepath.Join(append([]string{dir}, name...)...) }
	at := testenv.Time(t)
	require.NoError(t, os.Mkdir(path("out"), 0o700))
	require.NoError(t, os.WriteFile(path("trust.pem"), ca.TrustPEM(), 0o600))
	require.NoError(t, os.WriteFile(path("base.pdf"), issued(t, ca, seal.LevelLTA, at), 0o600))
	require.NoError(t, os.WriteFile(path("plain.pdf"), issued(t, ca, seal.LevelB, at), 0o600))
	command(t, testenv.PyHanko(t), filepath.Join("testdata", "touch.py"), dir, path("trust.pem"), path("base.pdf"))
	t.Run("programs", func(t *testing.T) {
		for _, lib := range []string{"dss", "itext"} {
			t.Run(lib, func(t *testing.T) {
				t.Parallel() // their time is that of other programs
				command(t, testenv.Tool(t, "java"), "-Xmx512m", "-cp", filepath.Join(testenv.Cached(t, lib, "lib"), "*"),
					filepath.Join("..", ".ci", lib, "Touch.java"), dir, path("base.pdf"), path("plain.pdf"))
			})
		}
		t.Run("rewritten", func(t *testing.T) {
			t.Parallel()
			qpdf := testenv.Tool(t, "qpdf")
			command(t, qpdf, path("base.pdf"), path("out", "qpdf.pdf"))
			command(t, qpdf, "--linearize", path("base.pdf"), path("out", "qpdf-linear.pdf"))
			command(t, qpdf, "--object-streams=generate", path("base.pdf"), path("out", "qpdf-streams.pdf"))
			command(t, testenv.Tool(t, "node"), filepath.Join("testdata", "rewrite.js"),
				testenv.Cached(t, "pdf-lib", "package", "dist", "pdf-lib.min.js"), path("base.pdf"), path("out"))
		})
	})
	trust := readPEM(t, path("trust.pem"))
	v, err := verify.New(verify.Config{Trust: trust, Timestamps: trust})
	require.NoError(t, err)
	judge := func(name string) verify.Report {
		data, err := os.ReadFile(path("out", name+".pdf"))
		require.NoError(t, err)
		r := v.PDF(t.Context(), data, at)
		checkReport(t, r)
		return r
	}
	var names []string
	for _, program := range []string{"pyhanko", "dss", "pdfbox", "itext"} {
		for _, operation := range []string{"stamp", "second", "lta", "dss", "visible"} {
			name := program + "-" + operation
			names = append(names, name)
			r := judge(name)
			require.True(t, r.Valid, "%s: %+v", name, r.Checks)
			c, _ := r.Check(verify.CodeLaterRevisions)
			require.Contains(t, c.Message, "solo revisioni ammesse", name)
		}
	}
	for _, name := range []string{"qpdf", "qpdf-linear", "qpdf-streams", "pdflib-streams", "pdflib-table"} {
		names = append(names, name)
		r := judge(name)
		require.False(t, r.Valid)
		require.Equal(t, verify.Passed, outcome(r, verify.CodeStructure), "%s is well formed", name)
		c, _ := r.Check(verify.CodeCoverage)
		require.Contains(t, c.Evidence, "rewritten", name)
		require.Contains(t, r.Explain(), "riscritto per intero", name)
		require.NotContains(t, r.Explain(), "ben formato", name)
	}
	files, err := filepath.Glob(path("out", "*.pdf"))
	require.NoError(t, err)
	require.Len(t, files, len(names))

	pyHanko, dss := bothOpinions(t, path("trust.pem"), path("out"))
	disagree := map[string][]string{}
	for _, name := range names {
		ours := !strings.HasPrefix(name, "qpdf") && !strings.HasPrefix(name, "pdflib")
		p, d := pyHanko[name+".pdf"], dss[name+".pdf"]
		require.True(t, !ours || p.intact || d.intact, "%s: looser than both: %s; %s", name, p.said, d.said)
		for judge, o := range map[string]opinion{"pyHanko": p, "DSS": d} {
			if o.intact != ours {
				line := fmt.Sprintf("%s says %v, we %v", judge, o.intact, ours)
				disagree[line] = append(disagree[line], name)
			}
		}
	}
	testenv.Verdict(t, "%d files: 4 programs and 5 operations valid, 5 rewritten files not; none looser than both judges",
		len(names))
	var table []string
	for line, list := range disagree {
		table = append(table, fmt.Sprintf("  %s of %s", line, strings.Join(list, ", ")))
	}
	slices.Sort(table)
	for _, line := range table {
		testenv.Verdict(t, "%s", line)
	}
}
