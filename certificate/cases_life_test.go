package certificate

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// The tests of this file are named after the life cases of an electoral office
// (../shared/cases/lists/cases.md): what a certificate says of an elector of the
// registry.

// counter is an issuer over a registry, with one elector of Roma in it.
type counter struct {
	*Issuer
	t          *testing.T
	registry   *registry.Registry
	store      *memory.Store
	population *memory.Population
	now        time.Time
	requests   int
}

func newCounter(t *testing.T, day electoral.Date) *counter {
	t.Helper()
	c := &counter{t: t, store: memory.NewStore(), now: day.In(time.UTC).Add(11 * time.Hour)}
	f := facts()
	f.Person.FiscalCode = "SPSMGR84C48F839A"
	c.population = memory.NewPopulation(f.Person)
	log := &journal{}
	r, err := registry.New(registry.Config{Store: c.store, Population: c.population, Recorder: log, Now: func() time.Time { return c.now }})
	require.NoError(t, err)
	c.registry = r
	c.put(f.Elector)
	for _, comune := range []string{"H501", "A326", "A074"} {
		require.NoError(t, c.store.Update(t.Context(), func(w registry.Writer) error {
			return w.PutSection(t.Context(), electoral.Section{Comune: comune, Number: "1024", SeatName: "SCUOLA " + comune})
		}))
	}
	c.Issuer, _ = newIssuer(t, f, func(cfg *Config) {
		cfg.Source, cfg.Recorder, cfg.Now = r, log, func() time.Time { return c.now }
	})
	return c
}

func (c *counter) put(e electoral.Elector) {
	c.t.Helper()
	require.NoError(c.t, c.store.Update(c.t.Context(), func(w registry.Writer) error { return w.PutElector(c.t.Context(), "H501", e) }))
}

// person changes the person.
func (c *counter) person(change func(*electoral.Person)) {
	c.t.Helper()
	p, err := c.population.ByANPRID(c.t.Context(), "1000001")
	require.NoError(c.t, err)
	change(&p)
	c.population.Put(p)
}

// asks asks an officer of another comune for a certificate, and returns the sentence
// or the codes of the refusal.
func (c *counter) asks(kind Kind, l electoral.List) (string, []Code) {
	c.t.Helper()
	req := officer(kind, ElectoralUse)
	c.requests++
	req.ID, req.List = req.ID+"-"+string(rune('a'+c.requests)), l
	out, err := c.Issue(c.t.Context(), req)
	if err == nil {
		return Italian().Sentence(out.Data), nil
	}
	refusal := &Refusal{}
	require.ErrorAs(c.t, err, &refusal)
	var codes []Code
	for _, r := range refusal.Reasons {
		assert.NotEmpty(c.t, r.Remedy)
		codes = append(codes, r.Code)
	}
	return "", codes
}

// TestCases1And2Birthday: nobody is certified before he is 18; one born on 29
// February is on 1 March, and the remedy says that day.
func TestCases1And2Birthday(t *testing.T) {
	for birth, days := range map[string][2]string{"2008-06-14": {"2026-06-13", "2026-06-14"}, "2008-02-29": {"2026-02-28", "2026-03-01"},
		"2004-02-29": {"2022-02-28", "2022-03-01"}} {
		for i, at := range days {
			c := newCounter(t, day(at))
			c.person(func(p *electoral.Person) { p.Birth.Date = day(birth) })
			_, codes := c.asks(EnrolmentCertificate, "")
			assert.Equal(t, map[int][]Code{0: {Underage}, 1: nil}[i], codes, at)
			if i == 0 {
				_, err := c.Issue(t.Context(), officer(EnrolmentCertificate, ElectoralUse))
				assert.Contains(t, err.(*Refusal).Reasons[0].Remedy, day(days[1]).Italian())
			}
		}
	}
}

// TestCase3Between: between two comuni a citizen enjoys the right and is enrolled
// nowhere (39: so too after a removal for untraceability, asked from another
// comune).
func TestCase3Between(t *testing.T) {
	for _, code := range []electoral.RemovalCode{electoral.Emigration, electoral.Untraceable} {
		c := newCounter(t, day("2026-11-22"))
		sentence, _ := c.asks(EnrolmentCertificate, "")
		assert.Contains(t, sentence, "Roma")
		req := officer("", "").Request
		req.ID, req.Actor.Comune = "removal", "H501"
		_, _, err := c.registry.Remove(t.Context(), req, registry.RemovalRequest{ANPRID: "1000001", Code: code})
		require.NoError(t, err)
		_, codes := c.asks(EnrolmentCertificate, "")
		assert.Equal(t, []Code{Removed}, codes)
		sentence, codes = c.asks(PoliticalRightsCertificate, "")
		assert.Empty(t, codes)
		assert.NotEmpty(t, sentence)
	}
}

// TestCases6To8: the dead, who lost the right, and who is no longer Italian. The
// last is still in the list, which a certificate of enrolment says, and no longer
// enjoys political rights.
func TestCases6To8(t *testing.T) {
	c := newCounter(t, day("2026-11-22"))
	c.person(func(p *electoral.Person) {
		p.Citizenships = []electoral.Citizenship{{State: "ITA", To: day("2026-10-01")}, {State: "USA"}}
	})
	_, codes := c.asks(PoliticalRightsCertificate, "")
	assert.Equal(t, []Code{NotItalian}, codes)
	e := facts().Elector
	e.LoseCapacity()
	c.put(e)
	_, codes = c.asks(EnrolmentCertificate, "")
	assert.Contains(t, codes, NotElector)
	c.person(func(p *electoral.Person) { p.Death = day("2026-11-22") })
	_, codes = c.asks(EnrolmentCertificate, "")
	assert.Contains(t, codes, Deceased)
}

// TestCase14UnionLists: a citizen of the Union is certified as enrolled in the list
// that is asked, and in none that he is not in; political rights are of Italians.
func TestCase14UnionLists(t *testing.T) {
	c := newCounter(t, day("2026-11-22"))
	f := facts()
	foreigner(&f)
	c.put(f.Elector)
	c.person(func(p *electoral.Person) { p.Citizenships = f.Person.Citizenships })
	for _, l := range []electoral.List{"", electoral.EUComunalList, electoral.EUParliamentList} {
		sentence, codes := c.asks(EnrolmentCertificate, l)
		assert.Empty(t, codes, l)
		assert.Equal(t, l == electoral.EUParliamentList, strings.Contains(sentence, "Parlamento"), sentence)
	}
	_, codes := c.asks(EnrolmentCertificate, electoral.GeneralList)
	assert.Equal(t, []Code{NotInList}, codes)
	_, codes = c.asks(PoliticalRightsCertificate, "")
	assert.Equal(t, []Code{NotItalian}, codes)
}

// TestCase38AddedList: who is in the general list of Aosta and in the added list of
// Agliè is certified in either, as asked.
func TestCase38AddedList(t *testing.T) {
	c := newCounter(t, day("2026-11-22"))
	e := facts().Elector
	e.General.Comune = "A326"
	e.SetListEntry(electoral.AostaValleyList, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: "A074", Section: "1024"}})
	c.put(e)
	for l, name := range map[electoral.List]string{"": "Comune di Aosta", electoral.GeneralList: "Comune di Aosta", electoral.AostaValleyList: "Agliè"} {
		sentence, codes := c.asks(EnrolmentCertificate, l)
		assert.Empty(t, codes)
		assert.Contains(t, sentence, name, l)
	}
}

// TestCase52And56: without a surname, and at a hundred and one, somebody is
// certified; with the certifiability 1 of his political rights alone.
func TestCase52And56(t *testing.T) {
	c := newCounter(t, day("2026-11-22"))
	c.person(func(p *electoral.Person) { p.Surname, p.Birth.Date = "", day("1925-01-01") })
	sentence, codes := c.asks(EnrolmentCertificate, "")
	assert.Empty(t, codes)
	assert.Contains(t, sentence, "1925")
	e := facts().Elector
	e.Certifiability = ptr(electoral.OnlyPoliticalRights)
	c.put(e)
	for kind, want := range map[Kind][]Code{EnrolmentCertificate: {OnlyPoliticalRights}, CombinedCertificate: {OnlyPoliticalRights}, PoliticalRightsCertificate: nil} {
		_, codes := c.asks(kind, "")
		assert.Equal(t, want, codes, kind)
	}
}
