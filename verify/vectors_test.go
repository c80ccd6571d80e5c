package verify_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/verify"
)

// A vector says what a file made by others must give: outcomes, and words of
// the message of the check that gives the cause.
type vector struct {
	outcomes   string // code=outcome, by spaces
	cause      verify.Code
	says       string
	signatures int
}

const intact = "structure=passed signature=passed coverage=passed later-revisions=passed"

var vectors = map[string]vector{
	// Attacks, each by its own cause.
	"pdf-insecurity/isa_A.pdf": {"structure=failed signature=passed coverage=failed",
		verify.CodeCoverage, "ci sono byte che non copre", 1},
	"pdf-insecurity/isa_B.pdf": {"signature=passed coverage=failed",
		verify.CodeCoverage, "Dopo l'ultima revisione ci sono 407 byte", 1},
	"pdf-insecurity/isa_F.pdf": {"signature=passed structure=failed " +
		"later-revisions=failed", verify.CodeLaterRevisions, "byte senza una tabella", 1},
	"pdf-insecurity/siwa_A.pdf": {"signature=passed coverage=failed",
		verify.CodeCoverage, "un altro oggetto è presentato come quello firmato", 1},
	"pdf-insecurity/siwa_C.pdf": {"signature=passed coverage=failed",
		verify.CodeCoverage, "un altro oggetto è presentato come quello firmato", 1},
	"pdf-insecurity/usf_01_Empty_Contents.pdf": {"signature=failed coverage=failed",
		verify.CodeSignature, "Contents manca o è vuoto", 1},
	"pdf-insecurity/usf_04_No_Contents_Value.pdf": {"signature=failed coverage=failed",
		verify.CodeSignature, "non si può leggere", 1},
	"pdf-insecurity/usf_12_Null_ByteRange.pdf": {"signature=failed coverage=failed",
		verify.CodeSignature, "ByteRange manca o è nullo", 1},
	"dss/pades-spoofing-replaced-reason.pdf": {"coverage=failed", verify.CodeCoverage,
		"un altro oggetto è presentato come quello firmato", 1},
	"dss/pdf-byterange-overlap.pdf": {"coverage=failed signature=failed",
		verify.CodeCoverage, "byte che non sono il proprio valore", 2},
	"dss/pdf-signed-added-page.pdf": {"signature=passed coverage=passed " +
		"later-revisions=failed", verify.CodeLaterRevisions, "elenco delle pagine", 1},
	"dss/pdf-signed-corrupted.pdf": {"structure=failed signature=failed",
		verify.CodeSignature, "modificato", 1},
	"dss/replace.pdf": {"signature=passed coverage=passed " +
		"later-revisions=failed", verify.CodeLaterRevisions, "sostituisce ciò che il campo «Text1» conteneva già", 1},
	"dss/pdf-eof.pdf": {"signature=passed coverage=failed",
		verify.CodeCoverage, "più byte di quanti ne ha il file", 1},
	"pyhanko/form-update-ap-indirect-sneaky-trailer.pdf": {"signature=passed later-revisions=failed",
		verify.CodeLaterRevisions, "mostrava già", 2},
	"pyhanko/form-update-override-appearance-stream-sneaky.pdf": {"signature=passed later-revisions=failed",
		verify.CodeLaterRevisions, "sostituisce l'oggetto 9", 2},
	"pyhanko/tail-uncovered.pdf": {"coverage=failed", verify.CodeCoverage,
		"ci sono byte che non copre", 1},
	"pyhanko/one-byterange.pdf": {"coverage=failed", verify.CodeCoverage,
		"due intervalli", 1},
	"pyhanko/base.pdf": {"signature=failed", verify.CodeSignature, "solo zeri",
		1},

	// Intact, though their roots are not trusted here.
	"dss/hello_signed_INCSAVE_signed.pdf": {intact, verify.CodeLaterRevisions, "un'altra firma", 2},
	"dss/pades-bes.pdf":                   {intact, "", "", 1},
	"dss/pades-ltv.pdf":                   {intact, verify.CodeLaterRevisions, "marca temporale", 3},
	"dss/pdf-signed-original.pdf":         {intact, "", "", 1},
	"dss/PAdES-LT.pdf":                    {intact, verify.CodeLaterRevisions, "dati per la verifica", 4},
	"dss/pades-t-duplicated-sigtst.pdf": {intact + " time=not-done", verify.CodeTime,
		"2 marche temporali nella stessa firma", 1},
	"pyhanko/minimal-signed-twice-both-created.pdf": {intact, verify.CodeLaterRevisions, "un'altra firma", 2},
	"pyhanko/pades-lta-dss-indirect-arrs-test.pdf":  {intact, verify.CodeLaterRevisions, "marca temporale", 2},
	"pyhanko/sig-no-signed-attrs.pdf":               {intact, "", "", 1},
	"pyhanko/sig-with-ski-sid.pdf":                  {intact, "", "", 1},

	// Not well formed.
	"dss/malformed-pades.pdf":                 {"structure=failed", verify.CodeStructure, "non è un PDF", 1},
	"dss/pades_infinite_loop.pdf":             {"structure=failed", verify.CodeStructure, "byte 29456", 1},
	"pyhanko/broken-objstream1.pdf":           {"structure=failed", verify.CodeStructure, "object stream 9", 0},
	"pyhanko/circular-page-tree.pdf":          {"structure=failed", verify.CodeStructure, "occurs twice in a tree", 0},
	"pyhanko/malformed-xref-space-padded.pdf": {"structure=failed", verify.CodeStructure, "byte 460", 0},
	"pyhanko/minimal-badxref.pdf":             {"structure=failed", verify.CodeStructure, "byte 613", 0},
	"pyhanko/minimal-startxref-hopeless.pdf":  {"structure=failed", verify.CodeStructure, "byte 100", 0},
}

// A budget is a context that ends after it was asked so many times whether it
// has: verification asks once for each part of its work, however fast it is.
type budget struct {
	context.Context
	left int
}

func (b *budget) Err() error {
	if b.left--; b.left < 0 {
		return context.DeadlineExceeded
	}
	return b.Context.Err()
}

func TestVectors(t *testing.T) {
	dir := filepath.Join(testenv.Shared(t), "vectors", "pdf")
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.pdf"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	v := verifier(t)
	seen := 0
	for _, path := range files {
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			work := &budget{Context: t.Context(), left: 150}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := v.PDF(work, data, now)
			runtime.ReadMemStats(&after)
			assert.GreaterOrEqual(t, work.left, 0, "work")
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20+20*len(data)), "memory")
			checkReport(t, r)
			assert.False(t, r.Valid, "nobody is trusted here")
			want, ok := vectors[filepath.ToSlash(name)]
			if !ok { // a file that came later: the rule of its kind
				for _, attack := range []string{"isa_", "siwa_", "usf_", "sneaky", "shadow", "evil", "spoofing",
					"corrupted"} {
					if strings.Contains(name, attack) {
						assert.False(t, intactReport(r), "an attack: %+v", r.Checks)
					}
				}
				return
			}
			seen++
			assert.Len(t, r.Signatures, want.signatures)
			for _, pair := range strings.Fields(want.outcomes) {
				code, outcomeWant, _ := strings.Cut(pair, "=")
				c, _ := r.Check(verify.Code(code))
				assert.Equal(t, verify.Outcome(outcomeWant), c.Outcome, "%s: %s %v", code, c.Message, c.Evidence)
			}
			if want.cause != "" {
				c, _ := r.Check(want.cause)
				assert.Contains(t, c.Message, want.says)
			}
		})
	}
	assert.Equal(t, len(vectors), seen, "a file is missing")
}

// TestVectorsTrusted trusts the roots or signers of intact files, so that
// nothing but the structure can refuse the others.
func TestVectorsTrusted(t *testing.T) {
	dir := filepath.Join(testenv.Shared(t), "vectors", "pdf")
	for name, want := range vectors {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		first := verifier(t).PDF(t.Context(), data, now)
		var trust = verifier(t)
		for _, s := range first.Signatures {
			if s.Certificate != nil && s.Certificate.Version != 0 {
				at := s.Certificate.NotAfter
				trust = verifier(t, s.Certificate)
				r := trust.PDF(t.Context(), data, at)
				checkReport(t, r)
				if !strings.HasPrefix(want.outcomes, intact) {
					assert.False(t, r.Valid, "%s is not what was signed", name)
				}
			}
		}
	}
}
