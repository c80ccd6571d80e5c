package verify_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

func command(t testing.TB, name string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
}

// TestForeign reads what others signed: pyHanko at every level and EU DSS,
// over files that qpdf wrote with object streams, linearised and plain. All
// are valid, at the level that they were made at.
func TestForeign(t *testing.T) {
	t.Parallel() // most of its time is that of other programs
	qpdf, dir := testenv.Tool(t, "qpdf"), t.TempDir()
	base := filepath.Join(t.TempDir(), "base.pdf")
	require.NoError(t, os.WriteFile(base, sealtest.Document("altri"), 0o600))
	forms := map[string][]string{
		"plain":         {"--object-streams=disable"},
		"streams":       {"--object-streams=generate"},
		"linear":        {"--linearize", "--object-streams=disable"},
		"linearstreams": {"--linearize", "--object-streams=generate"},
		"preserved": {"--preserve-unreferenced", "--newline-before-endstream", "--min-version=1.3",
			"--object-streams=disable"},
	}
	var bases []string
	for name, options := range forms {
		path := filepath.Join(t.TempDir(), name+".pdf")
		command(t, qpdf, append(options, base, path)...)
		bases = append(bases, path)
	}
	trust := filepath.Join(t.TempDir(), "trust.pem")
	command(t, testenv.PyHanko(t), append([]string{filepath.Join("testdata", "foreign.py"), dir, trust}, bases...)...)
	java, arguments := testenv.DSS(t, "512m")
	arguments = append(arguments, "../.ci/dss/Sign.java", filepath.Join(dir, "key.p12"), dir)
	command(t, java, append(arguments, bases...)...)

	anchors := readPEM(t, trust)
	v, err := verify.New(verify.Config{Trust: anchors, Timestamps: anchors})
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(dir, "*.pdf"))
	require.NoError(t, err)
	require.Len(t, files, len(forms)*(9+3))
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".pdf")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			r := v.PDF(t.Context(), data, time.Time{})
			checkReport(t, r)
			if !assert.True(t, r.Valid) {
				for _, c := range r.Checks {
					t.Log(c.Code, c.Outcome, c.Message, c.Evidence)
				}
			}
			_, kind, _ := strings.Cut(name, "--")
			_, level, _ := strings.Cut(kind, "-")
			want := verify.Level(level)
			switch level {
			case "twice", "certified", "certified-twice":
				want = verify.LevelBB
			case "LTA-twice", "certified-p1":
				want = verify.LevelBLTA
			}
			assert.Equal(t, want, r.Level)
		})
	}
}
