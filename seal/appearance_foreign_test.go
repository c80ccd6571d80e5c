package seal_test

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
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

const minutes = `<!doctype html><html lang="it"><head><title>Verbale di prova</title></head><body><h1>Verbale</h1><p>Testo di prova.</p>
<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>
<p style="page-break-before:always">Seconda pagina, <a href="https://example.it">con un collegamento</a>.</p></body></html>`

// TestAppearanceForeign puts a visible seal on tagged documents as other
// programs write them: a browser's, and ours with object streams and linearised.
func TestAppearanceForeign(t *testing.T) {
	chromium, qpdf, pdfsig, vera := testenv.Tool(t, "chromium"), testenv.Tool(t, "qpdf"), testenv.Tool(t, "pdfsig"),
		testenv.Tool(t, "verapdf")
	pdfinfo := testenv.Tool(t, "pdfinfo")
	ca := newCA(t, sealtest.Config{})
	v, err := verify.New(verify.Config{Trust: pool(t, writeTrust(t, ca))})
	require.NoError(t, err)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(path("a.html"), []byte(minutes), 0o600))
	command(t, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
		"--user-data-dir="+path("profile"),
		"--print-to-pdf="+path("browser.pdf"), path("a.html"))
	require.NoError(t, os.WriteFile(path("ours.pdf"), page(t), 0o600))
	for name, args := range map[string][]string{
		"ours-streams":    {"--object-streams=generate", path("ours.pdf")},
		"ours-linear":     {"--linearize", path("ours.pdf")},
		"browser-streams": {"--object-streams=generate", path("browser.pdf")},
	} {
		command(t, qpdf, append(args, path(name+".pdf"))...)
	}
	var standard []string
	for _, name := range []string{"browser", "browser-streams", "ours", "ours-streams", "ours-linear"} {
		doc, err := os.ReadFile(path(name + ".pdf"))
		require.NoError(t, err)
		out, err := newPAdES(t, padesConfig(t, ca, seal.LevelLTA)).Seal(t.Context(), doc,
			seal.Details{Time: time.Now(), Appearance: framed(-1)})
		require.NoError(t, err, name)
		r := v.PDF(t.Context(), out, time.Time{})
		assert.True(t, r.Valid, "%s: %+v", name, r.Checks)
		sealed := path(name + "-sealed.pdf")
		require.NoError(t, os.WriteFile(sealed, out, 0o600))
		assert.Contains(t, command(t, qpdf, "--check", sealed), "No syntax or stream encoding errors", name)
		said, _ := exec.CommandContext(t.Context(), pdfsig, "-nocert", sealed).CombinedOutput()
		assert.Contains(t, string(said), "Signature is Valid", name)
		assert.Contains(t, command(t, pdfinfo, "-struct", sealed), "Form", name)
		if strings.HasPrefix(name, "ours") {
			standard = append(standard, sealed)
		}
	}
	// As it leaves qpdf it is no PDF/A any more (6.1.7.1), whatever is added.
	said := command(t, vera, append([]string{"-f", "ua1", "--format", "text"}, standard...)...)
	for _, p := range standard {
		assert.Contains(t, said, "PASS "+p)
	}
	if !t.Failed() {
		testenv.Verdict(t,
			"visible seal on 2 tagged documents of a browser: verify, qpdf, pdfsig; on 3 forms of ours also veraPDF ua1")
	}
}
