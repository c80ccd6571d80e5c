package seal_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// TestSealForeign seals what another program wrote.
func TestSealForeign(t *testing.T) {
	pdfsig, qpdf := testenv.Tool(t, "pdfsig"), testenv.Tool(t, "qpdf")
	ca := newCA(t, sealtest.Config{})
	s, err := ca.Sealer()
	require.NoError(t, err)
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	require.NoError(t, os.WriteFile(in, sealtest.Document("di altri", "a.json", "{}"), 0o600))
	for name, args := range map[string][]string{
		"plain": {"--object-streams=disable"}, "object streams": {"--object-streams=generate"},
		"QDF": {"--qdf", "--no-original-object-ids"},
	} {
		t.Run(name, func(t *testing.T) {
			mid, out := filepath.Join(t.TempDir(), "mid.pdf"), filepath.Join(t.TempDir(), "out.pdf")
			text, err := exec.CommandContext(t.Context(), qpdf, append(args, in, mid)...).CombinedOutput()
			require.NoError(t, err, "%s", text)
			doc, err := os.ReadFile(mid)
			require.NoError(t, err)
			sealed, err := s.Seal(t.Context(), doc, seal.Details{})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(out, sealed, 0o600))
			text, err = exec.CommandContext(t.Context(), pdfsig, "-nocert", out).CombinedOutput()
			require.NoError(t, err, "%s", text)
			assert.Contains(t, string(text), "Signature is Valid")
			assert.Contains(t, string(text), "Total document signed")
		})
	}
}
