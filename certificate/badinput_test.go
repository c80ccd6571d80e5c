package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// TestNamesAsTheyCome: a name gives the page with that name or a refusal that
// says why, never another page; alone and among others.
func TestNamesAsTheyCome(t *testing.T) {
	for name, c := range map[string]struct {
		surname, given string
		want           Code   // empty if it is printed
		printed        string // if not as it came
	}{
		"plain":               {"ROSSI", "ANNA", "", ""},
		"200 characters":      {strings.Repeat("À", 200), strings.Repeat("B", 200), "", ""},
		"201 characters":      {strings.Repeat("À", 201), "ANNA", TextTooLong, ""},
		"Czech and Polish":    {"DVOŘÁKOVÁ-ŁĘCKA", "ŽOFIE", "", ""},
		"Romanian and German": {"ȘTEFĂNESCU", "JÜRGEN", "", ""},
		"Turkish, Maltese":    {"ĞÜNEŞ", "ĦAŻ", "", ""},
		"decomposed":          {"KOVA\u0301CS", "E\u0300VA", "", "KOVÁCS ÈVA"},
		"apostrophes":         {"D'ALÒ", "L’ANNA", "", ""},
		"spaces around":       {"  ROSSI ", "ANNA ", "", "ROSSI ANNA"},
		"no surname":          {"", "ANNA", "", "ANNA"},
		"no name":             {"ROSSI", "", "", "ROSSI"},
		"neither":             {"", " ", DataMissing, ""},
		"Greek":               {"ΠΑΠΑΔΟΠΟΥΛΟΣ", "A", CharacterNotPrintable, ""},
		"Cyrillic":            {"ИВАНОВ", "A", CharacterNotPrintable, ""},
		"Hebrew":              {"כהן", "A", CharacterNotPrintable, ""},
		"Arabic":              {"محمد", "A", CharacterNotPrintable, ""},
		"override":            {"ROSSI\u202eIHCNAIB", "A", CharacterNotPrintable, ""},
		"zero width":          {"RO\u200bSSI", "A", CharacterNotPrintable, ""},
		"soft hyphen":         {"RO\u00adSSI", "A", CharacterNotPrintable, ""},
		"escape":              {"RO\x1b[31mSSI", "A", CharacterNotPrintable, ""},
		"null":                {"ROSSI\x00", "A", CharacterNotPrintable, ""},
		"line":                {"ROSSI\nBIANCHI", "A", CharacterNotPrintable, ""},
		"not UTF-8":           {"ROSS\xcc", "A", CharacterNotPrintable, ""},
		"emoji":               {"ROSSI 🙂", "A", CharacterNotPrintable, ""},
		"private use":         {"ROSSI \ue000", "A", CharacterNotPrintable, ""},
		"markup":              {"<b>ROSSI</b>", `\(x) Tj`, "", ""},
	} {
		f := facts()
		f.Person.FiscalCode = "SPSMGR84C48F839A"
		f.Person.Surname, f.Person.Name = c.surname, c.given
		archive := &shelf{}
		i, j := newIssuer(t, f, func(cfg *Config) { cfg.Archive = archive })
		r, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, PrivateUse))
		finder := &crowd{map[string]electoral.CertificateFacts{f.Person.ANPRID: f}, map[electoral.FiscalCode]string{f.Person.FiscalCode: f.Person.ANPRID}, nil}
		many, _ := newIssuer(t, f, func(cfg *Config) { cfg.Source = finder })
		all, errAll := many.Collective(t.Context(), finder.collective(), strings.NewReader(string(f.Person.FiscalCode)))
		if c.want != "" {
			require.ErrorIs(t, err, c.want, name)
			assert.Nil(t, r.PDF, name)
			assert.Empty(t, archive.docs, name)
			assert.Equal(t, []string{electoral.Requested, string(c.want)}, j.outcomes(), name)
			require.ErrorIs(t, errAll, NobodyCertified, name)
			assert.Equal(t, c.want, all.Report[0].Reasons[0].Code, name)
			continue
		}
		require.NoError(t, err, name)
		require.NoError(t, errAll, name)
		want := c.printed
		if want == "" {
			want = c.surname + " " + c.given
		}
		assert.Equal(t, want, r.Data.Subject.fullName(), name)
		assert.Equal(t, r.Data.Subject, all.Data.Groups[0].Entries[0].Subject, name)
		for _, doc := range [][]byte{r.PDF, all.PDF} {
			text := strings.Join(strings.Fields(tool(t, "pdftotext", "-raw", save(t, doc), "-")), "")
			assert.Contains(t, text, strings.ReplaceAll(want, " ", ""), name)
		}
	}
}

// TestSealsThatFail: whatever is wrong with the seal, nothing is issued, and the
// log says so.
func TestSealsThatFail(t *testing.T) {
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	stamped := func(fault sealtest.Fault) seal.Sealer {
		tsa, err := ca.NewTSA(sealtest.TSAConfig{Fault: fault})
		require.NoError(t, err)
		cfg, err := ca.PAdESConfig(seal.LevelT)
		require.NoError(t, err)
		patience := time.Duration(0) // the usual: no answer may be cut on a busy machine
		if fault == sealtest.Hanging {
			patience = 50 * time.Millisecond
		}
		cfg.Timestamp, err = seal.NewTSA(seal.TSAConfig{Roots: []*x509.Certificate{ca.Root()}, Timeout: patience,
			Servers: []seal.TSAServer{{URL: "tsa", Exchange: tsa.Respond}}})
		require.NoError(t, err)
		s, err := seal.NewPAdES(cfg)
		require.NoError(t, err)
		return s
	}
	old, err := sealtest.NewCA(sealtest.Config{Now: func() time.Time { return time.Now().AddDate(-3, 0, 0) }})
	require.NoError(t, err)
	cfg, err := old.PAdESConfig(seal.LevelB)
	require.NoError(t, err)
	cfg.Now = time.Now
	expired, err := seal.NewPAdES(cfg)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		sealer seal.Sealer
		want   error
		says   string
	}{
		"expired":         {expired, seal.ErrCertificate, "valid"},
		"time-stamp lies": {stamped(sealtest.WrongImprint), seal.ErrTimestamp, "another digest"},
		"of another time": {stamped(sealtest.OldTime), seal.ErrTimestamp, "expected at most"},
		"of a stranger":   {stamped(sealtest.Stranger), seal.ErrTimestamp, "unknown authority"},
		"it hangs":        {stamped(sealtest.Hanging), seal.ErrTimestamp, "deadline exceeded"},
	} {
		archive := &shelf{}
		i, j := newIssuer(t, facts(), func(cfg *Config) { cfg.Sealer, cfg.Archive, cfg.Now = c.sealer, archive, time.Now })
		r, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, PrivateUse))
		require.ErrorIs(t, err, c.want, name)
		assert.ErrorContains(t, err, c.says, name)
		assert.Nil(t, r.PDF, name)
		assert.Empty(t, archive.docs, name)
		assert.Equal(t, []string{electoral.Requested, electoral.Failed}, j.outcomes(), name)
	}
	// A certificate for another purpose is refused before anything is sealed.
	chain, err := ca.Issue(ca.Signer().Public(), func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
	require.NoError(t, err)
	_, err = seal.NewPAdES(seal.PAdESConfig{Signer: ca.Signer(), Chain: chain})
	assert.ErrorIs(t, err, seal.ErrCertificate)
}

// TestLogosThatAreNone refuses, when the issuer is made, what cannot be drawn.
func TestLogosThatAreNone(t *testing.T) {
	var good bytes.Buffer
	require.NoError(t, png.Encode(&good, image.NewGray(image.Rect(0, 0, 40, 40))))
	huge := bytes.Clone(good.Bytes())
	binary.BigEndian.PutUint32(huge[16:], 1<<30)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for name, logo := range map[string][]byte{
		"empty": {}, "text": []byte("logo"), "SVG": []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "GIF": []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
		"half": good.Bytes()[:good.Len()/2], "only a signature": good.Bytes()[:8], "JPEG without end": {0xff, 0xd8, 0xff, 0xe0, 0, 16}, "huge": huge,
		"too many bytes": append(bytes.Clone(good.Bytes()), make([]byte, 3<<20)...),
	} {
		_, err := NewIssuer(Config{Sealer: plainSealer{}, Source: source{}, Recorder: &journal{}, Key: testKey, BaseURL: testBase, Logo: logo})
		assert.ErrorContains(t, err, "certificate: logo: ", name)
	}
}
