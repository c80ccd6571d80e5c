package anprxml_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
	r := rand.New(rand.NewPCG(2022, 10))
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
