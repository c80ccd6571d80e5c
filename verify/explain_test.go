package verify_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// TestExplain tells people why and what to do.
func TestExplain(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	doc := sealWith(t, ca, sealtest.Document("spiegato", "certificato.json", structured))
	v := stampVerifier(t, nil, ca.Root())
	later := update(t, doc, map[int]string{3: "<< /Length 0 >>\nstream\n\nendstream"}, "")
	flipped := bytes.Clone(doc)
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	o, err := f.Last().Get(pdf.Ref{Num: 3})
	require.NoError(t, err)
	flipped[o.(*pdf.Stream).Offset+3] ^= 1
	mark := newMark(t, newKey(t), structured)
	for name, c := range map[string]struct {
		report verify.Report
		says   []string
	}{
		"valid": {v.PDF(t.Context(), doc, now), []string{"è quello che «PROVA", "senza modifiche",
			"non fosse revocato", "dichiarato da chi"}},
		"with time": {v.PDF(t.Context(), padesWith(t, ca, seal.LevelLTA), time.Time{}),
			[]string{"senza modifiche."}},
		"unsealed": {v.PDF(t.Context(), sealtest.Document("x"), now),
			[]string{"non ha alcun sigillo", "Che cosa fare: senza sigillo"}},
		"changed later": {v.PDF(t.Context(), later, now),
			[]string{"modifica non ammessa", "Che cosa fare: non usare questo file"}},
		"changed": {v.PDF(t.Context(), flipped, now),
			[]string{"è stato modificato", "Che cosa fare: non usare questo file"}},
		"cut": {v.PDF(t.Context(), doc[:300], now), []string{"danneggiato", "Che cosa fare"}},
		"no trust": {verifier(t).PDF(t.Context(), doc, now),
			[]string{"alcuna autorità", "indicare di quali autorità"}},
		"expired": {v.PDF(t.Context(), doc, now.AddDate(5, 0, 0)),
			[]string{"non è valido al", "ripetere la verifica alla data"}},
		"picture": {v.Picture(t.Context(), mark, []verify.Document{{Name: "a.pdf", Data: doc}}, now),
			[]string{"Il codice QR corrisponde", "fa fede il documento"}},
		"picture alone": {v.Picture(t.Context(), mark, nil, now),
			[]string{"La copia non si può", "insieme con il documento"}},
		"no picture": {v.Picture(t.Context(), []byte("<svg/>"), nil, now),
			[]string{"disegno SVG", "Inviare una fotografia"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := c.report.Explain()
			t.Log(text)
			for _, s := range c.says {
				assert.Contains(t, text, s)
			}
			assert.False(t, strings.Contains(text, "  ") || strings.Contains(text, ".."), text)
		})
	}
}
