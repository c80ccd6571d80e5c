package certificate

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files")
	keep   = flag.String("keep", "", "folder in which TestStandards leaves its documents, to be looked at")
)

func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(testenv.Tool(t, name), args...).CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return string(out)
}

func save(t *testing.T, pdf []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.pdf")
	require.NoError(t, os.WriteFile(path, pdf, 0o600))
	return path
}

// livesIn makes the person live, be born and be enrolled in a comune.
func livesIn(comune, section string) func(*electoral.CertificateFacts) {
	return func(f *electoral.CertificateFacts) {
		f.Person.Residence = &electoral.Residence{Comune: comune}
		f.Person.Birth.Place = comune
		f.Elector.General = &electoral.Enrolment{Comune: comune, Section: section}
		f.Section = &electoral.Section{Comune: comune, Number: section, SeatName: "SCUOLA DI PROVA"}
	}
}

func visible(c *Config) { c.VisibleSeal = true }

func inLanguage(r Request, language string) Request {
	r.Language = language
	return r
}

// pages are one document of each sort, with fixed data.
func pages(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, c := range map[string]struct {
		req     Request
		facts   func(f *electoral.CertificateFacts)
		config  func(c *Config)
		preview bool
	}{
		"iscrizione-portale":    {req: citizen(EnrolmentCertificate, ElectoralUse)},
		"iscrizione-comune":     {req: officer(EnrolmentCertificate, PrivateUse), config: func(c *Config) { c.Logo = logoPNG(t) }},
		"diritti-portale":       {req: citizen(PoliticalRightsCertificate, PrivateUse)},
		"diritti-prova":         {req: citizen(PoliticalRightsCertificate, ElectoralUse), config: func(c *Config) { c.Sealer = plainSealer{} }},
		"iscrizione-ue":         {req: citizen(EnrolmentCertificate, ElectoralUse), facts: foreigner},
		"anteprima":             {req: citizen(EnrolmentCertificate, ElectoralUse), preview: true},
		"anteprima-prova":       {req: officer(EnrolmentCertificate, PrivateUse), preview: true, config: func(c *Config) { c.Sealer = plainSealer{} }},
		"combinato-portale":     {req: citizen(CombinedCertificate, PrivateUse)},
		"combinato-comune":      {req: officer(CombinedCertificate, PrivateUse)},
		"bolzano-iscrizione":    {req: citizen(EnrolmentCertificate, ElectoralUse), facts: livesIn("A952", "4")},
		"bolzano-comune":        {req: officer(CombinedCertificate, PrivateUse), facts: livesIn("A952", "4")},
		"bolzano-anteprima":     {req: citizen(CombinedCertificate, PrivateUse), facts: livesIn("A952", "4"), preview: true},
		"bolzano-solo-italiano": {req: inLanguage(citizen(EnrolmentCertificate, ElectoralUse), "it"), facts: livesIn("A952", "4")},
		"aosta-iscrizione":      {req: citizen(EnrolmentCertificate, PrivateUse), facts: livesIn("A326", "12")},
		"aosta-anteprima-prova": {req: officer(PoliticalRightsCertificate, PrivateUse), facts: livesIn("A326", "12"), preview: true, config: func(c *Config) { c.Sealer = plainSealer{} }},
		"duino-diritti":         {req: citizen(PoliticalRightsCertificate, PrivateUse), facts: livesIn("D383", "3")},
		"duino-combinato-prova": {req: officer(CombinedCertificate, PrivateUse), facts: livesIn("D383", "3"), config: func(c *Config) { c.Sealer = plainSealer{} }},
		"visibile-portale":      {req: citizen(EnrolmentCertificate, PrivateUse), config: visible},
		"visibile-comune":       {req: officer(CombinedCertificate, PrivateUse), facts: livesIn("A952", "4"), config: visible},
		"visibile-anteprima":    {req: officer(EnrolmentCertificate, PrivateUse), config: visible, preview: true},
		"nomi-lunghi": {req: officer(EnrolmentCertificate, PrivateUse), facts: func(f *electoral.CertificateFacts) {
			f.Person.Surname = strings.Repeat("ŻÓŁĆ-ȘTEFĂNESCU ", 12) + "KOVAČEVI"
			f.Person.Name = strings.Repeat("X", 200)
			f.Person.Birth = electoral.Birth{Date: day("1950"), Place: "Z129", PlaceName: strings.Repeat("BUCUREȘTI ", 19) + "BUCUREȘTI"}
			f.Section.SeatName = strings.Repeat("PALAZZO ", 24) + "PALAZZO"
			f.Section.Number = strings.Repeat("9", 200)
			f.Elector.General.Section = f.Section.Number
		}, config: func(c *Config) { c.Sealer = plainSealer{} }},
	} {
		f := facts()
		if c.facts != nil {
			c.facts(&f)
		}
		i, _ := newIssuer(t, f, c.config)
		d, err := i.compose(f, c.req, i.calendar.Day(noon))
		require.NoError(t, err, name)
		d.IssuedAt, d.Trial = noon, !i.cfg.Sealer.Production()
		if c.preview {
			out[name], err = i.render(d, nil, nil)
			require.NoError(t, err, name)
			continue
		}
		d.Protocol = "20261122000417"
		embedded, err := d.Encode()
		require.NoError(t, err, name)
		mark, err := contrassegno.New(testBase, testKey, embedded)
		require.NoError(t, err, name)
		out[name], err = i.render(d, embedded, &mark)
		require.NoError(t, err, name)
	}
	return out
}

// TestText compares what pdftotext reads in the order of the content with
// testdata/<name>.txt. Run with -update after a change, and read the difference.
func TestText(t *testing.T) {
	testenv.Tool(t, "pdftotext")
	for name, pdf := range pages(t) {
		path := save(t, pdf)
		got := tool(t, "pdftotext", "-raw", "-nopgbrk", "-enc", "UTF-8", path, "-")
		assert.Contains(t, tool(t, "pdfinfo", path), "Pages:           1\n", name)
		golden := filepath.Join("testdata", name+".txt")
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		assert.Equal(t, strings.Fields(string(want)), strings.Fields(got), name)
	}
}

func TestMarksOnThePage(t *testing.T) {
	for name, pdf := range pages(t) {
		path := save(t, pdf)
		// The structure tree is what a screen reader reads: no watermark in it.
		text := strings.Join(strings.Fields(tool(t, "pdfinfo", "-struct-text", path)), " ")
		info := tool(t, "pdfinfo", path)
		attachments := tool(t, "qpdf", "--list-attachments", path)
		preview, trial := strings.Contains(name, "anteprima"), strings.HasSuffix(name, "prova") || name == "nomi-lunghi"
		assert.Equal(t, preview, strings.Contains(text, "questa pagina non è un certificato"), name)
		assert.Equal(t, preview, strings.Contains(info, "ANTEPRIMA – "), name)
		assert.Equal(t, trial, strings.Contains(text, "DOCUMENTO DI PROVA – PRIVO DI VALORE: non"), name)
		assert.Equal(t, trial, strings.Contains(info, "DOCUMENTO DI PROVA – PRIVO DI VALORE – "), name)
		assert.Equal(t, !preview, strings.Contains(attachments, dataName) && strings.Contains(attachments, schemaName), name)
		assert.Equal(t, !preview, strings.Contains(text, "Verifica del certificato"), name)
	}
}

// readQR reads a QR code with zbarimg.
func readQR(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command(testenv.Tool(t, "zbarimg"), "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
	require.NoError(t, err)
	return strings.TrimSuffix(string(out), "\n")
}

// TestReadContrassegno reads the printed contrassegno as a scanner would see it.
func TestReadContrassegno(t *testing.T) {
	testenv.Tool(t, "zbarimg")
	all := pages(t)
	for _, name := range []string{"iscrizione-portale", "diritti-prova", "nomi-lunghi"} {
		path := save(t, all[name])
		data := exec.Command(testenv.Tool(t, "qpdf"), "--show-attachment="+dataName, path)
		embedded, err := data.Output()
		require.NoError(t, err)
		for _, dpi := range []string{"300", "150"} {
			picture := strings.TrimSuffix(path, ".pdf") + dpi
			tool(t, "pdftoppm", "-r", dpi, "-png", "-singlefile", "-gray", path, picture)
			c, err := contrassegno.Parse(readQR(t, picture+".png"))
			require.NoError(t, err, "%s at %s dpi", name, dpi)
			assert.True(t, c.Matches(embedded), "%s at %s dpi", name, dpi)
			assert.True(t, c.Authentic(testKey))
		}
	}
	// Turned, and as a bad photograph of itself.
	seed := strconv.FormatUint(testenv.Seed(t, 1), 10) // of the noise
	path := save(t, all["bolzano-comune"])
	for _, dpi := range []string{"300", "150"} {
		straight := strings.TrimSuffix(path, ".pdf") + dpi
		tool(t, "pdftoppm", "-r", dpi, "-png", "-singlefile", "-gray", path, straight)
		straight += ".png"
		want := readQR(t, straight)
		read := []string{"upright"}
		for name, how := range map[string][]string{
			"90°": {"-rotate", "90"}, "180°": {"-rotate", "180"}, "12°": {"-background", "white", "-rotate", "12"},
			"noisy JPEG":   {"-seed", seed, "-attenuate", "0.2", "+noise", "Gaussian", "-quality", "50"},
			"blurred JPEG": {"-blur", "0x2", "-quality", "60"},
		} {
			if dpi == "150" && name == "blurred JPEG" {
				how = []string{"-blur", "0x1", "-quality", "60"} // as much of a module
			}
			worse := filepath.Join(t.TempDir(), "worse.jpg")
			tool(t, "convert", append(append([]string{straight}, how...), worse)...)
			if assert.Equal(t, want, readQR(t, worse), "%s at %s dpi", name, dpi) {
				read = append(read, name)
			}
		}
		slices.Sort(read)
		testenv.Verdict(t, "zbarimg, page at %s dpi: reads it %s", dpi, strings.Join(read, ", "))
	}
	picture := filepath.Join(t.TempDir(), "p")
	tool(t, "pdftoppm", "-r", "150", "-png", "-singlefile", save(t, all["anteprima"]), picture)
	out, err := exec.Command(testenv.Tool(t, "zbarimg"), "--quiet", "--raw", picture+".png").Output()
	assert.Error(t, err, "a preview has no contrassegno, and gives %q", out)
}

// TestSealed seals with each kind of key, at each level, and asks foreign
// readers.
func TestSealed(t *testing.T) {
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.P384, sealtest.RSA2048, sealtest.RSA3072} {
		now := time.Now()
		ca, err := sealtest.NewCA(sealtest.Config{Key: key})
		require.NoError(t, err)
		for _, level := range levels {
			sealer, err := ca.PAdES(level)
			require.NoError(t, err)
			i, _ := newIssuer(t, facts(), func(c *Config) { c.Sealer, c.Now = sealer, func() time.Time { return now } })
			r, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
			require.NoError(t, err)
			assert.True(t, r.Data.Trial, "whatever a test seal seals is a trial")
			if level == seal.LevelB {
				assert.Less(t, len(r.PDF), 70_000)
			}
			path := save(t, r.PDF)
			assert.Contains(t, tool(t, "qpdf", "--check", path), "No syntax or stream encoding errors")
			said := tool(t, "pdfsig", "-nocert", path)
			assert.Contains(t, said, "Signature is Valid", "%s %s", key, level)
			// The validation data of B-LT come after the seal, without a time-stamp.
			assert.Equal(t, level != seal.LevelLT, strings.Contains(said, "- Total document signed"), "%s %s", key, level)
			assert.Contains(t, said, "ETSI.CAdES.detached")
			assert.Contains(t, tool(t, "pdfinfo", path), "Tagged:          yes", "the catalog survives the update")
		}
	}
	if !t.Failed() {
		testenv.Verdict(t, "pdfsig and qpdf: certificates of 4 keys at 4 levels are valid")
	}
}

var levels = []seal.Level{seal.LevelB, seal.LevelT, seal.LevelLT, seal.LevelLTA}

// TestStandards asks veraPDF, whose program .ci/setup installs as "verapdf":
// every sort of page before the seal, and every kind in every language as a
// preview and sealed at every level, the last also visibly.
func TestStandards(t *testing.T) {
	testenv.Tool(t, "verapdf")
	dir := t.TempDir()
	if *keep != "" {
		dir = *keep
	}
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	all := pages(t)
	issued := func(f electoral.CertificateFacts, kind Kind, level seal.Level, change func(*Config)) []byte {
		sealer, err := ca.PAdES(level)
		require.NoError(t, err)
		i, _ := newIssuer(t, f, func(c *Config) {
			c.Sealer, c.Now = sealer, nil
			if change != nil {
				change(c)
			}
		})
		r, err := i.Issue(t.Context(), officer(kind, PrivateUse))
		require.NoError(t, err)
		return r.PDF
	}
	for language, comune := range map[string]string{"it": "H501", "de": "A952", "fr": "A326", "sl": "D383"} {
		f := facts()
		livesIn(comune, "1")(&f)
		for _, kind := range Kinds() {
			name := fmt.Sprintf("%s-%s-", kind, language)
			i, _ := newIssuer(t, f, nil)
			p, err := i.Preview(t.Context(), officer(kind, PrivateUse))
			require.NoError(t, err)
			all[name+"anteprima"] = p.PDF
			for _, level := range levels {
				all[name+string(level)] = issued(f, kind, level, nil)
			}
			all[name+"visibile-B-LTA"] = issued(f, kind, seal.LevelLTA, visible)
		}
	}
	maps.Copy(all, collectives(t))
	var paths []string
	for name, pdf := range all {
		path := filepath.Join(dir, name+".pdf")
		require.NoError(t, os.WriteFile(path, pdf, 0o600))
		paths = append(paths, path)
	}
	names := slices.Sorted(maps.Keys(all))
	for _, flavour := range []string{"3a", "ua1"} {
		out := tool(t, "verapdf", append([]string{"-f", flavour, "--format", "text"}, paths...)...)
		passed := 0
		for _, name := range names {
			verdict := fmt.Sprintf("PASS %s.pdf", filepath.Join(dir, name))
			if assert.Contains(t, out, verdict, flavour) {
				passed++
			}
		}
		testenv.Verdict(t, "veraPDF %s: %d of %d documents pass: %s", flavour, passed, len(names), strings.Join(names, " "))
	}
}
