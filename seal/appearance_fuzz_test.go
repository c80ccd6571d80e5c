package seal_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// FuzzAppearance seals visibly whatever may be a PDF: it is refused, or what
// comes out begins with it and is valid.
func FuzzAppearance(f *testing.F) {
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(f, err)
	s, err := ca.PAdES(seal.LevelB)
	require.NoError(f, err)
	v, err := verify.New(verify.Config{Trust: ca.Chain()[len(ca.Chain())-1:]})
	require.NoError(f, err)
	f.Add(sealtest.Document("di altri"), 1, 10.0, 20.0, 200.0, 60.0, "")
	f.Add(page(f), -1, 60.0, 700.0, 220.0, 64.0, "Sigillo\n{name}")
	f.Add(bytes.Replace(sealtest.Document("x"), []byte("/MediaBox [0 0 595 842] "),
		[]byte("/Rotate 90/MediaBox[0 9 595 842]"), 1), 1, 10.0, 20.0, 200.0, 60.0, "a")
	f.Fuzz(func(t *testing.T, doc []byte, page int, x, y, width, height float64, text string) {
		out, err := s.Seal(t.Context(), doc, seal.Details{Time: time.Now(),
			Appearance: &seal.Appearance{Page: page, X: x, Y: y, Width: width, Height: height, Text: text}})
		if err != nil {
			return
		}
		if !bytes.HasPrefix(out, doc) {
			t.Fatal("the document is not its beginning")
		}
		if r := v.PDF(t.Context(), out, time.Time{}); !r.Valid {
			t.Fatalf("%+v", r.Checks)
		}
	})
}
