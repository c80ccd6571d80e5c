package anprxml_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestAlphabetsAgreeWithXmllint puts every character of ASCII, and others that
// the schema's classes draw a line at, into every value of both files, alone
// and for the last one of the value, a record of its own line for each; xmllint must
// find the faults on the same lines. The digits of other scripts are left out:
// the schema's \d allows them and a simpleType does not.
func TestAlphabetsAgreeWithXmllint(t *testing.T) {
	of := electors(t)
	elector := of[3] // the one with an added list; with all that the others have
	elector.EU, elector.General, elector.Certifiability = of[2].EU, of[0].General, of[0].Certifiability
	alphabets(t, "subentroListe.xsd", string(writeElectors(t, []electoral.Elector{elector})), "listaSoggetto", "")
	alphabets(t, "subentroSezioni.xsd", string(writeSections(t, sections(t)[1:])), "sezione", "")
	// The number of a house and its metric number exclude each other.
	alphabets(t, "subentroSezioni.xsd", string(writeSections(t, sections(t)[:1])), "sezione", "numero")
}

var leafValue = regexp.MustCompile(`<(\w+)>([^<]+)</`)

// alphabets spoils the values of the one record of a file, or only those of
// one element.
func alphabets(t *testing.T, schema, doc, record, only string) {
	t.Helper()
	begin, end := strings.Index(doc, "<"+record+">"), strings.LastIndex(doc, "</"+record+">")+len("</"+record+">")
	head, rec, tail := doc[:begin], doc[begin:end], doc[end:]
	var chars []rune
	for c := rune(0x20); c < 0x80; c++ {
		chars = append(chars, c)
	}
	chars = append(chars, '\t', '\n', '\r', 0x80, 0x89, 0x8A, 0x8B, 0x8C, 0x8E, 0x9A, 0x9C, 0x9E, 0x9F, 0xA0, 0xBF, 0xC0, 0xD7, 0xE8, 0xF7, 0xFF,
		0x17E, 0x17F, 0x188, 0x189, 0x18A, 0x301, 0x2019, 0x2028, 0xFF21, 0x1F5F3)
	matches := leafValue.FindAllStringSubmatchIndex(rec, -1)
	if only != "" {
		matches = slices.DeleteFunc(matches, func(m []int) bool { return rec[m[2]:m[3]] != only })
	}
	require.NotEmpty(t, matches)
	var b strings.Builder
	b.WriteString(head)
	var what []string
	for _, m := range matches {
		for _, c := range chars {
			for _, kept := range []string{"", rec[m[4] : m[5]-1]} {
				if strings.HasPrefix(rec[m[5]-1:m[5]], ";") { // ends in a reference
					kept = ""
				}
				fmt.Fprintf(&b, "\n%s%s&#%d;%s", rec[:m[4]], kept, c, rec[m[5]:])
				what = append(what, fmt.Sprintf("<%s> %q with %U", rec[m[2]:m[3]], kept, c))
			}
		}
	}
	b.WriteString("\n" + tail)
	first := strings.Count(head, "\n") + 2
	want := xmllintLines(t, schema, b.String())
	got := ourLines(t, record, b.String())
	for i, w := range what {
		if want[first+i] != got[first+i] {
			assert.Fail(t, "the verdicts differ", "xmllint refuses %s: %v", w, want[first+i])
		}
	}
	assert.NotEmpty(t, want)
	assert.Less(t, len(want), len(what))
}

func xmllintLines(t *testing.T, schema, doc string) map[int]bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "doc.xml")
	require.NoError(t, os.WriteFile(path, []byte(doc), 0o600))
	xsd := filepath.Join(testenv.Shared(t), "anpr/wsdl/subentroElettorale", schema)
	out, err := exec.Command(testenv.Tool(t, "xmllint"), "--noout", "--nonet", "--schema", xsd, path).CombinedOutput()
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit) && exit.ExitCode() == 3, "%v: it is not valid", err)
	lines := map[int]bool{}
	for _, m := range regexp.MustCompile(regexp.QuoteMeta(path)+`:(\d+): `).FindAllStringSubmatch(string(out), -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		lines[n] = true
	}
	return lines
}

func ourLines(t *testing.T, record, doc string) map[int]bool {
	t.Helper()
	lines := map[int]bool{}
	note := func(faults electoral.Faults) {
		for _, f := range faults {
			switch f.Code {
			case anprxml.ComuneUnknown, anprxml.ComuneDisagrees, anprxml.PlaceNotKept, anprxml.CollegeMalformed, electoral.EnrolmentWithoutAdded:
			default:
				lines[f.Position.Line] = true
			}
		}
	}
	var faults electoral.Faults
	var err error
	if record == "sezione" {
		_, faults, err = readSections(t, strings.NewReader(doc))
	} else {
		_, faults, err = readElectors(t, strings.NewReader(doc))
	}
	require.NoError(t, err)
	note(faults)
	return lines
}
