package verify_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// oneElector is a source of one made-up elector.
type oneElector struct{}

func (oneElector) CertificateFacts(context.Context, electoral.Request, string) (electoral.CertificateFacts, error) {
	return electoral.CertificateFacts{
		Person: electoral.Person{ANPRID: "1", Surname: "ESEMPIO", Name: "BRUNA", Sex: electoral.Female,
			Birth:        electoral.Birth{Date: electoral.Date{Year: 1971, Month: 5, Day: 8}, Place: "L219"},
			Citizenships: []electoral.Citizenship{{State: "ITA"}}, Residence: &electoral.Residence{Comune: "A952"}},
		Elector: electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: "A952", Section: "12"}},
	}, nil
}

type nowhere struct{}

func (nowhere) Record(context.Context, electoral.Access) error { return nil }

// issued returns a certificate of ours, sealed at a level, now by the machine's
// clock, which pyHanko goes by.
func issued(t testing.TB, ca *sealtest.CA, level seal.Level) []byte {
	t.Helper()
	sealer, err := ca.PAdES(level)
	require.NoError(t, err)
	i, err := certificate.NewIssuer(certificate.Config{Sealer: sealer, Source: oneElector{}, Recorder: nowhere{}, Key: bytes.Repeat([]byte{1}, 32), BaseURL: "https://verifica.example.it"})
	require.NoError(t, err)
	out, err := i.Issue(t.Context(), certificate.Request{
		Request: electoral.Request{ID: "1", Actor: electoral.Actor{FiscalCode: "SMPBRN71E48L219H", Role: electoral.CitizenRole, Method: electoral.CIEMethod, Level: 3}},
		ANPRID:  "1", Kind: certificate.CombinedCertificate, Use: certificate.ElectoralUse,
	})
	require.NoError(t, err)
	return out.PDF
}

// mutations makes spoiled copies of a sealed certificate.
func mutations(t testing.TB, doc []byte, n int, seed uint64) map[string][]byte {
	rng := rand.New(rand.NewPCG(seed, 7))
	out := map[string][]byte{}
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	pages, err := f.Last().Pages()
	require.NoError(t, err)
	page, err := f.Last().Get(pages[0])
	require.NoError(t, err)
	catalog, catalogRef, err := f.Last().Catalog()
	require.NoError(t, err)
	info, err := f.Last().Resolve(f.Last().Trailer().Get("Info"))
	require.NoError(t, err)
	next := unused(t, doc)
	text := func(o pdf.Object) string { return string(pdf.AppendObject(nil, o)) }
	content := page.(pdf.Dict).Get("Contents").(pdf.Ref)
	appended := []func() map[int]string{
		func() map[int]string { // another content
			return map[int]string{int(content.Num): "<< /Length 24 >>\nstream\n0 0 1 rg 0 0 600 600 re f\nendstream"}
		},
		func() map[int]string { // a page over it
			return map[int]string{int(pages[0].Num): text(page.(pdf.Dict).With("Rotate", int64(180)))}
		},
		func() map[int]string { // a note that hides what is below
			return map[int]string{
				int(pages[0].Num): text(page.(pdf.Dict).With("Annots", pdf.Array{pdf.Ref{Num: uint32(next)}})),
				next:              "<< /Type /Annot /Subtype /FreeText /Rect [100 400 500 500] /Contents (Valido) /DA (/Helv 12 Tf) /F 4 >>",
			}
		},
		func() map[int]string { // a layer that can be switched
			return map[int]string{
				int(catalogRef.Num): text(catalog.With("OCProperties", pdf.Dict{}.With("OCGs", pdf.Array{pdf.Ref{Num: uint32(next)}}).With("D", pdf.Dict{}))),
				next:                "<< /Type /OCG /Name (nascosto) >>",
			}
		},
		func() map[int]string { // a script
			return map[int]string{int(catalogRef.Num): text(catalog.With("OpenAction", pdf.Dict{}.With("S", pdf.Name("JavaScript")).With("JS", pdf.String("app.alert(1)"))))}
		},
		func() map[int]string { // another title
			d, _ := info.(pdf.Dict)
			ref, _ := f.Last().Trailer().Get("Info").(pdf.Ref)
			return map[int]string{int(ref.Num): text(d.With("Title", pdf.String("Altro")))}
		},
	}
	for i := 0; len(out) < n; i++ {
		bad := bytes.Clone(doc)
		kind := ""
		switch i % 10 {
		case 0, 1, 2, 3, 4:
			at := rng.IntN(len(bad))
			bad[at] ^= byte(1 << rng.IntN(8))
			kind = fmt.Sprintf("flip-%06d", at)
		case 5:
			cut := 1 + rng.IntN(len(bad)/2)
			bad, kind = bad[:len(bad)-cut], fmt.Sprintf("cut-%06d", cut)
		case 6:
			a, b, size := rng.IntN(len(bad)-200), rng.IntN(len(bad)-200), 1+rng.IntN(100)
			x, y := bytes.Clone(bad[a:a+size]), bytes.Clone(bad[b:b+size])
			copy(bad[a:], y)
			copy(bad[b:], x)
			kind = fmt.Sprintf("swap-%06d-%06d-%d", a, b, size)
		case 7:
			k := rng.IntN(len(appended))
			bad, kind = update(t, doc, appended[k](), ""), fmt.Sprintf("append-%d-%d", k, i)
		case 8:
			at := bytes.Index(doc, []byte("<dc:title>"))
			if at < 0 {
				at = rng.IntN(len(bad) - 40)
			}
			at += rng.IntN(40)
			bad[at] ^= 2
			kind = fmt.Sprintf("metadata-%06d-%d", at, i)
		case 9:
			bad = append(bad, bytes.Repeat([]byte{' ', '%', 'x', '\n'}, 1+rng.IntN(50))...)
			kind = fmt.Sprintf("tail-%d", i)
		}
		if !bytes.Equal(bad, doc) {
			out[kind+".pdf"] = bad
		}
	}
	return out
}

// TestAgreesWithPyHanko judges spoiled copies of our certificates, and all the
// vectors, beside pyHanko. Nothing that pyHanko refuses may be valid here. What
// we alone refuse is told, with our reason, and must be of a kind that is
// known: a difference on purpose, not an accident.
func TestAgreesWithPyHanko(t *testing.T) {
	cache := os.Getenv("ANPR_CI_CACHE")
	if cache == "" {
		cache = "/var/cache/anpr-ci"
	}
	python := filepath.Join(cache, "pyhanko", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		testenv.Need(t, python)
	}
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	files := map[string][]byte{}
	for level, n := range map[seal.Level]int{seal.LevelB: 400, seal.LevelT: 100} {
		doc := issued(t, ca, level)
		files["whole-"+string(level)+".pdf"] = doc
		for name, bad := range mutations(t, doc, n, 20221017) {
			files[string(level)+"-"+name] = bad
		}
	}
	vectors, err := filepath.Glob(filepath.Join(testenv.Shared(t), "vectors", "pdf", "*", "*.pdf"))
	require.NoError(t, err)
	for _, path := range vectors {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		files["vector-"+filepath.Base(path)] = data
	}
	dir := t.TempDir()
	trust := filepath.Join(t.TempDir(), "trust.pem")
	require.NoError(t, os.WriteFile(trust, ca.TrustPEM(), 0o600))
	for name, data := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	out, err := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "verdicts.py"), trust, dir).Output()
	require.NoError(t, err)
	v, err := verify.New(verify.Config{Trust: append(ca.Chain()[1:], ca.Root()), Timestamps: append(ca.Chain()[1:], ca.Root())})
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, len(files))
	both, neither, stricter := 0, 0, map[verify.Code]int{}
	for _, line := range lines {
		field := strings.SplitN(line, "\t", 3)
		r := v.PDF(t.Context(), files[field[0]], time.Time{})
		theirs := field[1] == "1"
		switch {
		case r.Valid && theirs:
			both++
			assert.True(t, strings.HasPrefix(field[0], "whole-"), "%s is spoiled, and both accept it", field[0])
		case r.Valid:
			t.Errorf("%s: valid here, pyHanko: %s", field[0], field[2])
		case !theirs:
			neither++
		default:
			for _, c := range r.Checks {
				if c.Outcome == verify.Failed {
					stricter[c.Code]++
					t.Logf("%s: only we refuse it: %s", field[0], c.Message)
					break
				}
			}
		}
	}
	t.Logf("%d files: both accept %d, both refuse %d, only we refuse %v", len(files), both, neither, stricter)
	assert.Equal(t, 2, both, "the whole ones")
	for code := range stricter {
		assert.Contains(t, []verify.Code{verify.CodeStructure, verify.CodeCoverage, verify.CodeSignature, verify.CodeLaterRevisions}, code)
	}
}
