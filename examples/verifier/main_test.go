package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/filestore"
	"github.com/liste-elettorali/anpr/audit/recorder"
	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// register is a source with one made-up person.
type register struct{}

func (register) Home(context.Context, string) (string, error) { return "A952", nil }

func (register) HomeOf(context.Context, electoral.FiscalCode) (anprID, comune string, err error) {
	return "1", "A952", nil
}

func (register) CertificateFacts(_ context.Context, on *electoral.Entry) (electoral.CertificateFacts, error) {
	anprID := on.Access().Subject
	return electoral.CertificateFacts{
		Person: electoral.Person{
			ANPRID: anprID, Surname: "ESEMPIO", Name: "BRUNA", Sex: electoral.Female,
			Birth:        electoral.Birth{Date: electoral.Date{Year: 1971, Month: time.May, Day: 8}, Place: "L219"},
			Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}},
			Residence:    &electoral.Residence{Comune: "A952"},
		},
		Elector: electoral.Elector{ANPRID: anprID, Capacity: electoral.Yes,
			General: &electoral.Enrolment{Comune: "A952", Section: "12"}},
	}, nil
}

// documents makes in a folder what a citizen and an auditor would hold, and
// returns the folder.
func documents(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	store, err := filestore.Open(filepath.Join(dir, "audit"), filestore.Config{})
	require.NoError(t, err)
	log, err := audit.New(audit.Config{Store: store})
	require.NoError(t, err)
	rec, err := recorder.New(log, recorder.Config{})
	require.NoError(t, err)
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	sealer, err := ca.Sealer()
	require.NoError(t, err)
	issuer, err := certificate.NewIssuer(certificate.Config{
		Sealer: sealer, Source: register{}, Recorder: rec, Key: bytes.Repeat([]byte{1}, 32),
		BaseURL: "https://verifica.example.it",
	})
	require.NoError(t, err)
	req := certificate.Request{
		Request: electoral.Request{ID: "1", Actor: electoral.Actor{FiscalCode: "SMPBRN71E48L219H",
			Role: electoral.CitizenRole, Method: electoral.SPIDMethod, Level: 2}},
		ANPRID: "42", Kind: certificate.EnrolmentCertificate, Use: certificate.ElectoralUse,
	}
	issued, err := issuer.Issue(t.Context(), req)
	require.NoError(t, err)
	other, err := issuer.Issue(t.Context(), req)
	require.NoError(t, err)
	preview, err := issuer.Preview(t.Context(), req)
	require.NoError(t, err)
	picture, err := issued.Contrassegno.PNG(400)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	for name, data := range map[string][]byte{
		"certificate.pdf": issued.PDF, "other.pdf": other.PDF, "preview.pdf": preview.PDF, "contrassegno.png": picture,
		"trust.pem": ca.TrustPEM(),
		"text.txt":  []byte("a text"), "empty.pdf": nil, "cut.pdf": issued.PDF[:len(issued.PDF)/2],
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	return dir
}

func TestExitCodes(t *testing.T) {
	dir := documents(t)
	trust := filepath.Join(dir, "trust.pem")
	chain, err := filepath.Glob(filepath.Join(dir, "audit", "*"))
	require.NoError(t, err)
	require.Len(t, chain, 1)
	for _, c := range []struct {
		name string
		args []string
		want int
	}{
		{"all", []string{"-trust", trust, "certificate.pdf", "contrassegno.png", "audit"}, exitValid},
		{"one exported chain", []string{chain[0]}, exitValid},
		{"without trust", []string{"certificate.pdf"}, exitInvalid},
		{"picture alone", []string{"-trust", trust, "contrassegno.png"}, exitInvalid},
		{"picture with another document", []string{"-trust", trust, "other.pdf", "contrassegno.png"}, exitInvalid},
		{"preview", []string{"-trust", trust, "preview.pdf"}, exitInvalid},
		{"cut", []string{"-trust", trust, "cut.pdf"}, exitInvalid},
		{"before the certificate's validity", []string{"-trust", trust, "-at", "2001-01-01", "certificate.pdf"},
			exitInvalid},
		{"a text", []string{"-trust", trust, "text.txt"}, exitUnreadable},
		{"empty", []string{"-trust", trust, "empty.pdf"}, exitUnreadable},
		{"missing", []string{"-trust", trust, "missing.pdf"}, exitUnreadable},
		{"one missing among valid ones", []string{"-trust", trust, "missing.pdf", "certificate.pdf"}, exitUnreadable},
		{"no file", nil, exitUnreadable},
		{"no such flag", []string{"-x", "certificate.pdf"}, exitUnreadable},
		{"no such trust", []string{"-trust", "missing.pem", "certificate.pdf"}, exitUnreadable},
		{"trust without certificates", []string{"-trust", filepath.Join(dir, "text.txt"), "certificate.pdf"},
			exitUnreadable},
		{"on its day", []string{"-trust", trust, "-at", time.Now().Format(time.DateOnly), "certificate.pdf"},
			exitValid},
		{"help", []string{"-h"}, exitValid},
		{"a device", []string{os.DevNull}, exitUnreadable},
		{"no such time", []string{"-at", "yesterday", "certificate.pdf"}, exitUnreadable},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i, a := range c.args {
				if strings.HasSuffix(a, ".pdf") || strings.HasSuffix(a, ".png") || strings.HasSuffix(a, ".txt") ||
					a == "audit" {
					if !filepath.IsAbs(a) {
						c.args[i] = filepath.Join(dir, a)
					}
				}
			}
			var out, errs bytes.Buffer
			assert.Equal(t, c.want, run(t.Context(), c.args, &out, &errs), "%s%s", out.String(), errs.String())
			assert.NotEmpty(t, out.String()+errs.String())
		})
	}
}

// TestJSONReasons prints why a later revision is refused as data.
func TestJSONReasons(t *testing.T) {
	dir := documents(t)
	data, err := os.ReadFile(filepath.Join(dir, "certificate.pdf"))
	require.NoError(t, err)
	start := bytes.LastIndex(data, []byte("startxref\n")) + len("startxref\n")
	prev := bytes.Fields(data[start:])[0]
	root := regexp.MustCompile(`/Root \d+ 0 R`).FindAll(data, -1)
	at := len(data)
	later := fmt.Appendf(data, "2 0 obj\nnull\nendobj\nxref\n2 1\n%010d 00000 n \ntrailer\n<< /Size 999 /Prev %s %s "+
		">>\nstartxref\n%d\n%%%%EOF\n",
		at, prev, root[len(root)-1], at+len("2 0 obj\nnull\nendobj\n"))
	path := filepath.Join(dir, "later.pdf")
	require.NoError(t, os.WriteFile(path, later, 0o600))
	var out, errs bytes.Buffer
	require.Equal(t, exitInvalid, run(t.Context(), []string{"-json", "-trust", filepath.Join(dir, "trust.pem"), path},
		&out, &errs))
	var got struct {
		Checks []struct {
			Code    string
			Reasons []map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &got), out.String())
	var codes []any
	for _, c := range got.Checks {
		for _, r := range c.Reasons {
			require.Equal(t, "later-revisions", c.Code)
			codes = append(codes, r["code"])
			for _, key := range []string{"revision", "path", "message", "expected", "source"} {
				require.NotEmpty(t, r[key], key)
			}
		}
	}
	require.Contains(t, codes, "identifier-changed", out.String())
}

func TestJSON(t *testing.T) {
	dir := documents(t)
	var out, errs bytes.Buffer
	args := []string{"-json", "-trust", filepath.Join(dir, "trust.pem")}
	for _, name := range []string{"certificate.pdf", "contrassegno.png", "audit", "text.txt"} {
		args = append(args, filepath.Join(dir, name))
	}
	require.Equal(t, exitUnreadable, run(t.Context(), args, &out, &errs))
	codes := map[string][]string{
		"pdf": {"structure", "signature", "coverage", "later-revisions", "trust", "revocation", "time",
			"level"},
		"contrassegno": {"decode", "authentic", "matches-document"},
		"log":          {"structure", "chain", "tree", "checkpoint", "anchor"},
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 4)
	for i, line := range lines {
		var r struct {
			File, Kind, Level, Signer, Time string
			Valid                           bool
			Checks                          []struct{ Code, Outcome, Message string }
		}
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&r), line)
		assert.Equal(t, args[3+i], r.File)
		assert.Equal(t, i < 3, r.Valid)
		var got []string
		for _, c := range r.Checks {
			got = append(got, c.Code)
			assert.Contains(t, []string{"passed", "failed", "not-done"}, c.Outcome)
			assert.NotEmpty(t, c.Message)
		}
		if i == 3 {
			assert.Equal(t, []string{"structure"}, got)
			continue
		}
		assert.Equal(t, codes[r.Kind], got)
		if r.Kind == "pdf" {
			assert.Equal(t, "legacy", r.Level)
			assert.NotEmpty(t, r.Signer)
			_, err := time.Parse(time.RFC3339, r.Time)
			require.NoError(t, err)
		}
	}
}

// TestSays gives people the reason and what to do.
func TestSays(t *testing.T) {
	dir := documents(t)
	trust := filepath.Join(dir, "trust.pem")
	heic := filepath.Join(dir, "foto.heic")
	require.NoError(t, os.WriteFile(heic, append([]byte{0, 0, 0, 24}, "ftypheic\x00\x00\x00\x00mif1heic"...), 0o600))
	for file, says := range map[string][]string{
		"certificate.pdf":  {"VALIDO", "senza modifiche"},
		"preview.pdf":      {"NON VALIDO", "non ha alcun sigillo", "Che cosa fare:"},
		"cut.pdf":          {"NON VALIDO", "Che cosa fare: non usare questo file"},
		"contrassegno.png": {"NON VALIDO", "insieme con il documento"},
		"foto.heic":        {"NON LEGGIBILE", "una fotografia HEIC", "PNG, JPEG o PDF"},
		"text.txt":         {"NON LEGGIBILE", "non è un PDF, né un'immagine"},
	} {
		var out, errs bytes.Buffer
		run(t.Context(), []string{"-trust", trust, filepath.Join(dir, file)}, &out, &errs)
		for _, s := range says {
			assert.Contains(t, out.String(), s, file)
		}
	}
}

// TestOneByte changes bytes of the log's folder, each of which must matter.
func TestOneByte(t *testing.T) {
	dir := documents(t)
	folder := filepath.Join(dir, "audit")
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	for _, path := range files {
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		for i := range whole {
			bad := bytes.Clone(whole)
			bad[i] ^= 1 << (i % 8)
			require.NoError(t, os.WriteFile(path, bad, 0o600))
			var out bytes.Buffer
			require.NotZero(t, run(t.Context(), []string{folder}, &out, &out), "byte %d of %s", i, path)
		}
		require.NoError(t, os.WriteFile(path, whole, 0o600))
	}
	var out bytes.Buffer
	require.Zero(t, run(t.Context(), []string{folder}, &out, &out))
}
