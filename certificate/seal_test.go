package certificate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func TestVisibleSeal(t *testing.T) {
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	sealer, err := ca.PAdES(seal.LevelB)
	require.NoError(t, err)
	for name, req := range map[string]Request{"portal": citizen(EnrolmentCertificate, PrivateUse), "comune": officer(CombinedCertificate, PrivateUse)} {
		i, _ := newIssuer(t, facts(), func(c *Config) { c.Sealer, c.Now, c.VisibleSeal = sealer, time.Now, true })
		r, err := i.Issue(t.Context(), req)
		require.NoError(t, err)
		assert.Less(t, len(r.PDF), 70_000)
		f, err := pdf.Parse(t.Context(), r.PDF, pdf.Limits{})
		require.NoError(t, err)
		fields, err := f.Last().Fields()
		require.NoError(t, err)
		require.Len(t, fields, 1)
		o, err := f.Last().Get(fields[0].Ref)
		require.NoError(t, err)
		field := o.(pdf.Dict)
		assert.NotNil(t, field.Get("AP"), name)
		assert.Contains(t, field.Get("TU").(pdf.String).Text(), "Sigillo elettronico. PROVA", name)
		rect := field.Get("Rect").(pdf.Array)
		assert.Greater(t, rect[1].(float64), 65*mm, "above the contrassegno")
	}
	// A sealer that draws none says so, and nothing is issued.
	old, err := ca.Sealer()
	require.NoError(t, err)
	i, j := newIssuer(t, facts(), func(c *Config) { c.Sealer, c.Now, c.VisibleSeal = old, time.Now, true })
	_, err = i.Issue(t.Context(), citizen(EnrolmentCertificate, PrivateUse))
	require.ErrorContains(t, err, "no visible seal")
	assert.Equal(t, []string{"requested", "failed"}, j.outcomes())
}
