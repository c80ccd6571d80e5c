package certificate

// Each test here fails for one small change of the code that lets something out,
// or says something untrue: it was written after such a change went unnoticed.

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

// TestOfficerOfNoComune: an officer who is of no comune is not the officer of the
// portal, whose certificates are of no comune either.
func TestOfficerOfNoComune(t *testing.T) {
	now := noon
	i, _, _ := archived(t, &now)
	out, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
	require.NoError(t, err)
	nobody := officer(EnrolmentCertificate, ElectoralUse).Request
	nobody.Actor.Comune = ""
	got, err := i.Download(t.Context(), nobody, out.Contrassegno.Digest())
	require.ErrorIs(t, err, NotYours)
	assert.Empty(t, got)
	for _, comune := range []string{"F205", "H501"} {
		other := nobody
		other.Actor.Comune = comune
		_, err = i.Download(t.Context(), other, out.Contrassegno.Digest())
		require.ErrorIs(t, err, NotYours, "a certificate of the portal is no comune's")
	}
}

// TestSameIDOtherRequest: whatever is asked differently under the id of an earlier
// request is refused, and never answered with the earlier document.
func TestSameIDOtherRequest(t *testing.T) {
	now := noon
	f := facts()
	f.Person.FiscalCode = "SPSMGR84C48F839A"
	f.Person.Residence.Comune = "A952" // Italian and German
	i, _ := newIssuer(t, f, func(c *Config) { c.Archive, c.Now = &shelf{}, clock(&now) })
	req := officer(EnrolmentCertificate, ElectoralUse)
	req.Language = "de"
	first, err := i.Issue(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, "de", first.Data.Statement.Language)
	for name, change := range map[string]func(r *Request){
		"person":      func(r *Request) { r.ANPRID = "2" },
		"kind":        func(r *Request) { r.Kind = PoliticalRightsCertificate },
		"use":         func(r *Request) { r.Use = PrivateUse },
		"list":        func(r *Request) { r.List = electoral.GeneralList },
		"language":    func(r *Request) { r.Language = "it" },
		"no language": func(r *Request) { r.Language = "" },
		"signer":      func(r *Request) { r.Signer.Name = "ANNA PROVA" },
		"office":      func(r *Request) { r.Signer.Role = DeputyMayor },
	} {
		other := req
		change(&other)
		out, err := i.Issue(t.Context(), other)
		require.ErrorIs(t, err, RequestReused, name)
		assert.Empty(t, out, name)
	}
	again, err := i.Issue(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, first, again)
}

// TestOnePersonTwoCodes: who is asked for under two codici fiscali stands in a
// collective certificate once.
func TestOnePersonTwoCodes(t *testing.T) {
	c, codes := newCrowd(t, 3)
	c.ids[electoral.FiscalCode("RSSMRA80A01H501U")] = c.ids[electoral.FiscalCode(codes[1])]
	i, _ := newIssuer(t, facts(), func(cfg *Config) { cfg.Source, cfg.Archive = c, &shelf{} })
	rows := strings.Join(append(codes, "RSSMRA80A01H501U"), "\n")
	out, err := i.Collective(t.Context(), c.collective(), strings.NewReader(rows))
	require.NoError(t, err)
	assert.Equal(t, BatchCount{Rows: 4, Issued: 3, Refused: 1}, out.Count)
	require.Equal(t, BatchRefused, out.Report[3].Outcome)
	assert.Equal(t, PersonRepeated, out.Report[3].Reasons[0].Code)
	assert.Equal(t, 3, out.Data.Persons())
}

// TestCollectiveExpired: when its validity is over a collective certificate is
// handed out no more, before it is swept too.
func TestCollectiveExpired(t *testing.T) {
	now := noon
	c, codes := newCrowd(t, 3)
	i, _ := newIssuer(t, facts(), func(cfg *Config) { cfg.Source, cfg.Archive, cfg.Now = c, &shelf{}, clock(&now) })
	rows := strings.Join(codes, "\n")
	out, err := i.Collective(t.Context(), c.collective(), strings.NewReader(rows))
	require.NoError(t, err)
	now = i.expires(out.Data.ValidUntil).Add(-1e6)
	again, err := i.Collective(t.Context(), c.collective(), strings.NewReader(rows))
	require.NoError(t, err)
	assert.Equal(t, out.PDF, again.PDF)
	now = i.expires(out.Data.ValidUntil)
	again, err = i.Collective(t.Context(), c.collective(), strings.NewReader(rows))
	require.ErrorIs(t, err, Expired)
	assert.Empty(t, again)
	_, err = i.Download(t.Context(), c.collective().Request, out.Contrassegno.Digest())
	require.ErrorIs(t, err, Expired)
	_, err = i.Original(t.Context(), "v-1", out.Contrassegno)
	require.ErrorIs(t, err, ErrNotArchived)
}
