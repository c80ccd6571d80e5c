package registry_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// crowd fills the store of a town with electors of two comuni, some of whom
// have an added list in the other, and writes the journal of what was done.
func (c *town) crowd(n int) []placed {
	c.t.Helper()
	rng := rand.New(rand.NewPCG(testenv.Seed(c.t, 1), 2))
	answer := func() electoral.Answer { return electoral.Answer(rng.IntN(3)) }
	var list []placed
	require.NoError(c.t, c.store.Update(c.ctx(), func(w registry.Writer) error {
		for i := range n {
			home, other := aglie, airasca
			if rng.IntN(3) == 0 {
				home, other = other, home
			}
			e := electorOf(strconv.Itoa(100+i), home, strconv.Itoa(1+rng.IntN(2)))
			e.Capacity, e.Status.Regional, e.Status.District = answer(), answer(), answer()
			if rng.IntN(4) == 0 {
				e.General = nil
			}
			if rng.IntN(4) == 0 {
				e.Added.Trento = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: other, Section: "1"}}
			}
			if rng.IntN(3) == 0 {
				cert := electoral.Certifiability(rng.IntN(3))
				e.Certifiability = &cert
			}
			if rng.IntN(5) == 0 {
				e.SetRemoval(electoral.Removal{Comune: home, List: electoral.BolzanoList, Code: electoral.FromTerritorialList})
			}
			list = append(list, placed{home, e})
			if err := w.PutElector(c.ctx(), home, e); err != nil {
				return err
			}
			for range rng.IntN(3) {
				if err := w.Note(c.ctx(), registry.JournalEntry{Comune: home, ANPRID: e.ANPRID, At: noon.Add(time.Duration(rng.IntN(10)) * time.Second).UTC().Truncate(time.Millisecond),
					Operation: registry.JournalOperations()[rng.IntN(3)], Revision: electoral.Revisions()[rng.IntN(2)]}); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	return list
}

// TestQuery compares random queries, page by page, with a plain look at every
// record.
func TestQuery(t *testing.T) {
	inTown(t, func(c *town) {
		list := c.crowd(400)
		var journal []registry.JournalEntry
		require.NoError(c.t, c.store.View(c.ctx(), func(r registry.Reader) error {
			for _, comune := range []string{aglie, airasca} {
				for e, err := range r.Journal(c.ctx(), registry.JournalSearch{Comune: comune}) {
					require.NoError(c.t, err)
					journal = append(journal, e)
				}
			}
			return nil
		}))
		rng := rand.New(rand.NewPCG(testenv.Seed(c.t, 3), 4))
		nonEmpty := 0
		for range 150 {
			q := registry.Query{Comune: []string{aglie, airasca}[rng.IntN(2)]}
			for range rng.IntN(4) {
				q.Where = append(q.Where, randomCondition(rng))
			}
			if rng.IntN(3) == 0 {
				q.From = noon.Add(time.Duration(rng.IntN(5)) * time.Second)
				q.To = q.From.Add(time.Duration(1+rng.IntN(5)) * time.Second)
			}
			if rng.IntN(4) == 0 {
				q.Operations = registry.JournalOperations()[:1+rng.IntN(2)]
				q.Revisions = electoral.Revisions()[:1]
			}
			var want []string
			for _, e := range list {
				if e.of(q.Comune) && touchedBy(journal, e.ANPRID, q) && matches(e.Elector, q.Where) {
					want = append(want, e.ANPRID)
				}
			}
			slices.Sort(want)
			q.Limit = 1 + rng.IntN(60)
			var got []string
			for {
				page, err := c.Query(c.ctx(), officer(q.Comune), q)
				if contradictory(err) {
					want, got = nil, nil
					break
				}
				require.NoError(c.t, err, "%+v", q)
				for _, l := range page.Found {
					got = append(got, l.Elector.ANPRID)
				}
				if page.Next == "" {
					break
				}
				require.Len(c.t, page.Found, q.Limit)
				q.After = page.Next
			}
			require.Equal(c.t, want, got, "%+v", q)
			if len(got) > 0 {
				nonEmpty++
				q.After, q.Limit = "", 0
				n, err := c.Count(c.ctx(), officer(q.Comune), q)
				require.NoError(c.t, err)
				require.Equal(c.t, len(want), n)
			}
		}
		assert.Greater(c.t, nonEmpty, 30, "the queries find something")
	})
}

func contradictory(err error) bool {
	for _, f := range electoralFaults(err) {
		if f.Code == electoral.QueryContradiction {
			return true
		}
	}
	return false
}

func electoralFaults(err error) electoral.Faults {
	faults, _ := err.(electoral.Faults)
	return faults
}

// placed is an elector with the comune that registered him.
type placed struct {
	home string
	electoral.Elector
}

func (p placed) of(comune string) bool {
	if p.home == comune {
		return true
	}
	for _, en := range p.Places() {
		if en.Comune == comune {
			return true
		}
	}
	return false
}

func touchedBy(journal []registry.JournalEntry, id string, q registry.Query) bool {
	if q.From.IsZero() && q.To.IsZero() && len(q.Operations) == 0 {
		return true
	}
	return slices.ContainsFunc(journal, func(e registry.JournalEntry) bool {
		return e.Comune == q.Comune && e.ANPRID == id &&
			(q.From.IsZero() || !e.At.Before(q.From.Truncate(time.Millisecond))) && (q.To.IsZero() || e.At.Before(q.To.Truncate(time.Millisecond))) &&
			(len(q.Operations) == 0 || slices.Contains(q.Operations, e.Operation)) && (len(q.Revisions) == 0 || slices.Contains(q.Revisions, e.Revision))
	})
}

// A looked field is one that the random queries compare, read in the plainest
// way.
var looked = []struct {
	field  electoral.Field
	values []string
	of     func(e electoral.Elector, a electoral.AnnexRecord) string
}{
	{electoral.CapacityField, []string{"si", "no", "non indicato"}, func(e electoral.Elector, _ electoral.AnnexRecord) string { return e.Capacity.String() }},
	{electoral.DistrictField, []string{"si", "no", "non indicato"}, func(e electoral.Elector, _ electoral.AnnexRecord) string { return e.Status.District.String() }},
	{electoral.ListField(electoral.GeneralList, electoral.ListComune), []string{aglie, airasca, ""}, func(e electoral.Elector, _ electoral.AnnexRecord) string {
		if e.General == nil {
			return ""
		}
		return e.General.Comune
	}},
	{electoral.ListField(electoral.GeneralList, electoral.ListSection), []string{"1", "2", ""}, func(e electoral.Elector, _ electoral.AnnexRecord) string {
		if e.General == nil {
			return ""
		}
		return e.General.Section
	}},
	{electoral.ListField(electoral.TrentoList, electoral.ListEnrolled), []string{"si", "no", "non indicato"}, func(e electoral.Elector, _ electoral.AnnexRecord) string { return e.Added.Trento.Enrolled.String() }},
	{electoral.CertifiabilityField, []string{"0", "1", "2", "", "x"}, func(e electoral.Elector, _ electoral.AnnexRecord) string {
		if e.Certifiability == nil {
			return ""
		}
		return strconv.Itoa(int(*e.Certifiability))
	}},
	{electoral.ListField(electoral.BolzanoList, electoral.ListRemoval), []string{"7", "1", ""}, func(e electoral.Elector, _ electoral.AnnexRecord) string {
		if r, removed := e.RemovalFrom(electoral.BolzanoList); removed {
			return strconv.Itoa(int(r.Code))
		}
		return ""
	}},
	{electoral.SenateConstituencyField, []string{"PIEMONTE", ""}, func(e electoral.Elector, _ electoral.AnnexRecord) string { return e.Status.SenateConstituency }},
	{electoral.ListField(electoral.TrentoList, electoral.ListSeat), []string{"VIA ROMA - Scuola", ""}, func(_ electoral.Elector, a electoral.AnnexRecord) string {
		if a.Added[1].Enrolment == nil {
			return ""
		}
		return a.Added[1].Enrolment.SectionSeat
	}},
	{electoral.RegionalConstituencyField, []string{"TORINO", ""}, func(_ electoral.Elector, a electoral.AnnexRecord) string { return a.Status.RegionalConstituency }},
}

func randomCondition(rng *rand.Rand) registry.Condition {
	f := looked[rng.IntN(len(looked))]
	c := registry.Condition{Field: f.field, Not: rng.IntN(3) == 0}
	for _, v := range f.values {
		if rng.IntN(2) == 0 {
			c.In = append(c.In, v)
		}
	}
	if len(c.In) == 0 {
		c.In = f.values[:1]
	}
	return c
}

func matches(e electoral.Elector, where []registry.Condition) bool {
	find := func(comune, number string) (electoral.Section, bool) { return sectionOf(comune, number), true }
	annex := electoral.Annex1Of(e, find, func(string) string { return "" })
	for _, c := range where {
		for _, f := range looked {
			if f.field == c.Field && slices.Contains(c.In, f.of(e, annex)) == c.Not {
				return false
			}
		}
	}
	return true
}

func TestQueryRefused(t *testing.T) {
	inTown(t, func(c *town) {
		is := func(f electoral.Field, values ...string) registry.Condition {
			return registry.Condition{Field: f, In: values}
		}
		not := func(f electoral.Field, values ...string) registry.Condition {
			return registry.Condition{Field: f, In: values, Not: true}
		}
		for name, k := range map[string]struct {
			q     registry.Query
			codes []electoral.Code
		}{
			"unknown field":   {registry.Query{Where: []registry.Condition{is("capacity; DROP TABLE electors", "si")}}, []electoral.Code{electoral.QueryField}},
			"no value":        {registry.Query{Where: []registry.Condition{is(electoral.CapacityField)}}, []electoral.Code{electoral.QueryValue}},
			"no answer":       {registry.Query{Where: []registry.Condition{is(electoral.CapacityField, "true")}}, []electoral.Code{electoral.QueryValue}},
			"contradiction":   {registry.Query{Where: []registry.Condition{is(electoral.CapacityField, "si"), is(electoral.CapacityField, "no")}}, []electoral.Code{electoral.QueryContradiction}},
			"contradiction 2": {registry.Query{Where: []registry.Condition{not(electoral.CapacityField, "si"), is(electoral.CapacityField, "si")}}, []electoral.Code{electoral.QueryContradiction}},
			"interval":        {registry.Query{From: noon, To: noon}, []electoral.Code{electoral.QueryInterval}},
			"operation":       {registry.Query{Operations: []electoral.Operation{electoral.OpReadElector}}, []electoral.Code{electoral.QueryOperation}},
			"revision":        {registry.Query{Revisions: []electoral.Revision{"third"}}, []electoral.Code{electoral.RevisionUnknown}},
			"page":            {registry.Query{Limit: 1001}, []electoral.Code{electoral.QueryPaging}},
			"negative page":   {registry.Query{Limit: -1}, []electoral.Code{electoral.QueryPaging}},
			"after":           {registry.Query{After: "' OR 1=1"}, []electoral.Code{electoral.QueryPaging}},
			"all at once": {registry.Query{Limit: -1, After: "x", From: noon, To: noon, Where: []registry.Condition{is("x", "y")}},
				[]electoral.Code{electoral.QueryPaging, electoral.QueryInterval, electoral.QueryPaging, electoral.QueryField}},
		} {
			k.q.Comune = aglie
			_, err := c.Query(c.ctx(), officer(aglie), k.q)
			var codes []electoral.Code
			for _, f := range electoralFaults(err) {
				codes = append(codes, f.Code)
				assertTold(c.t, f)
			}
			assert.Equal(c.t, k.codes, codes, name)
		}
		_, err := c.Query(c.ctx(), officer(airasca), registry.Query{Comune: aglie})
		refused(c.t, c.log, err, electoral.NotCompetent)
		page, err := c.Query(c.ctx(), officer(aglie), registry.Query{Comune: aglie, After: "9999999999999999"})
		require.NoError(c.t, err, "past the end there is nothing")
		assert.Empty(c.t, page.Found)
		assert.Empty(c.t, page.Next)
	})
}

// TestFieldsAreAnnex1 holds the fields to annex 1: each of its fields can be
// asked for.
func TestFieldsAreAnnex1(t *testing.T) {
	e := electorOf("1", aglie, "1")
	annex := electoral.Annex1Of(e, func(comune, number string) (electoral.Section, bool) { return sectionOf(comune, number), true }, func(s string) string { return s })
	seen := map[electoral.Field]bool{}
	for _, f := range electoral.Fields() {
		assert.False(t, seen[f.Field], f.Field)
		assert.NotEmpty(t, f.Italian)
		seen[f.Field] = true
	}
	// Beside annex 1 there are the certifiability and how he left each list.
	assert.Len(t, seen, len(annex.Fields())+1+len(electoral.Lists()))
}
