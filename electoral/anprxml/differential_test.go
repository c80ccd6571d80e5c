package anprxml_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestAgreesWithXmllint spoils a file in many ways and holds our verdict to
// the one of libxml2 with ANPR's schema: the reader accepts what the schema
// accepts, and nothing else. What only the reference tables can tell does not
// count.
func TestAgreesWithXmllint(t *testing.T) {
	const documents = 400
	tool, schema := testenv.Tool(t, "xmllint"), filepath.Join(testenv.Shared(t), "anpr/wsdl/subentroElettorale/subentroListe.xsd")
	base, dir := string(writeElectors(t, electors(t))), t.TempDir()
	r := rand.New(rand.NewPCG(testenv.Seed(t, 2022), 10))
	args := []string{"--noout", "--nonet", "--schema", schema}
	docs := make([]string, documents)
	for i := range docs {
		docs[i] = spoil(r, base)
		path := filepath.Join(dir, fmt.Sprintf("%d.xml", i))
		require.NoError(t, os.WriteFile(path, []byte(docs[i]), 0o600))
		args = append(args, path)
	}
	out, _ := exec.Command(tool, args...).CombinedOutput() // fails, since many are not valid
	valid := 0
	for i, doc := range docs {
		want := strings.Contains(string(out), filepath.Join(dir, fmt.Sprintf("%d.xml validates", i)))
		_, faults, err := readElectors(t, strings.NewReader(doc))
		for _, f := range faults {
			switch f.Code {
			case anprxml.ComuneUnknown, anprxml.ComuneDisagrees, anprxml.PlaceNotKept, electoral.EnrolmentWithoutAdded:
			default:
				if err == nil {
					err = f
				}
			}
		}
		assert.Equal(t, want, err == nil, "%v in %s", err, doc)
		if want {
			valid++
		}
	}
	assert.Positive(t, valid, "some are valid all the same")
	assert.Less(t, valid, documents/2)
}

// told is all that a reader says of a file: every record with its place and
// its faults, and the error.
func told[T any](read func(context.Context, io.Reader, anprxml.ReadConfig) (electoral.LoadSource[T], error), src io.Reader) string {
	var b strings.Builder
	file, err := read(context.Background(), src, anprxml.ReadConfig{})
	if err == nil {
		fmt.Fprintln(&b, file.Declared)
		for item, failed := range file.Items {
			if err = failed; err != nil {
				break
			}
			line, err := json.Marshal(item)
			fmt.Fprintf(&b, "%s %v\n", line, err)
		}
	}
	fmt.Fprintf(&b, "%v", err)
	return b.String()
}

// TestQuickAndCarefulAgree reads spoiled files whole and byte by byte: then the
// XML reader has no token at once and goes its careful way through all of them.
// Records and faults, their places and the errors must be the same.
func TestQuickAndCarefulAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(testenv.Seed(t, 5010), 5011))
	faulty, broken := 0, 0
	for _, base := range []string{string(writeElectors(t, electors(t))), string(indented(t, writeElectors(t, electors(t))))} {
		for range 1000 {
			doc := spoil(r, base)
			want := told(anprxml.ReadElectors, iotest.OneByteReader(strings.NewReader(doc)))
			require.Equal(t, want, told(anprxml.ReadElectors, strings.NewReader(doc)), doc)
			if !strings.HasSuffix(want, "<nil>") {
				broken++
			} else if strings.Contains(want, `"code"`) {
				faulty++
			}
		}
	}
	assert.Greater(t, broken, 100)
	assert.Greater(t, faulty, 100)
	for _, base := range []string{string(writeSections(t, sections(t))), string(indented(t, writeSections(t, sections(t))))} {
		for range 500 {
			doc := spoil(r, base)
			want := told(anprxml.ReadSections, iotest.OneByteReader(strings.NewReader(doc)))
			require.Equal(t, want, told(anprxml.ReadSections, strings.NewReader(doc)), doc)
		}
	}
}

// TestRecordsAreJudgedAlike gives three records in a row the same value, in
// every form a value may have, and beside them a fourth without it: what the
// reader remembers of a value must not change what it says of the next.
func TestRecordsAreJudgedAlike(t *testing.T) {
	e := electors(t)[0]
	doc := string(writeElectors(t, []electoral.Elector{e, e, e, e}))
	values := []string{"", " ", "1", " 1 ", "\n1", "1 1", "\u00a01", "S", " S", "s", "è", "AGLIE'", "AGLIE' ", "A\u0301", "&amp;", "<![CDATA[1]]>", "001001", "TO", strings.Repeat("1", 64), strings.Repeat("1", 65), strings.Repeat("x", 201), "<b/>"}
	for _, tag := range []string{"idSchedaSoggettoANPR", "elettore", "nomeComune", "codiceIstat", "siglaProvinciaIstat", "sezioneelettoralenum", "circoscrsenatorepubblica", "soggettoCertificabile"} {
		for _, value := range values {
			put := regexp.MustCompile("<"+tag+">[^<]*<").ReplaceAllLiteralString(doc, "<"+tag+">"+value+"<")
			last := strings.LastIndex(doc, "<listaSoggetto>")
			file, err := anprxml.ReadElectors(t.Context(), strings.NewReader(put[:strings.LastIndex(put, "<listaSoggetto>")]+doc[last:]), anprxml.ReadConfig{})
			require.NoError(t, err)
			type judged struct {
				Record electoral.Elector
				Faults electoral.Faults
			}
			var said []judged
			for item, err := range file.Items {
				require.NoError(t, err)
				for i := range item.Faults {
					item.Faults[i].Position = nil
				}
				said = append(said, judged{item.Record, item.Faults})
			}
			require.Len(t, said, 4)
			assert.Equal(t, said[0], said[1], "<%s>%s", tag, value)
			assert.Equal(t, said[0], said[2], "<%s>%s", tag, value)
			assert.Equal(t, judged{Record: e}, said[3], "<%s>%s", tag, value)
		}
	}
}

// spoil changes, cuts, inserts or repeats a piece of a document.
func spoil(r *rand.Rand, doc string) string {
	pieces := []string{
		"<", "</", ">", "&", "&#x41;", "]]>", "<!--x-->", "<?x y?>", "<![CDATA[", " ", "\n", "\"", "S", "N", "1", "<a/>",
		` xmlns=""`, " xmlns='u'", "\x01", "é", "\xff", "--", "<elettore>S</elettore>", "<lista>", "</lista>",
	}
	at := r.IntN(len(doc))
	end := min(len(doc), at+1+r.IntN(60))
	switch r.IntN(4) {
	case 0:
		return doc[:at] + string([]byte{byte(r.IntN(256))}) + doc[at+1:]
	case 1:
		return doc[:at] + doc[end:]
	case 2:
		return doc[:at] + pieces[r.IntN(len(pieces))] + doc[at:]
	}
	return doc[:end] + doc[at:]
}
