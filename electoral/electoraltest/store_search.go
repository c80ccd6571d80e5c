package electoraltest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

func searchCases() []storeCase {
	return []storeCase{
		{"search",
			"Search yields the electors whom a comune registered or has in a list, each once, in the order of ANPR id",
			storeSearch},
		{"search by field", "a condition compares any field that a store holds, byte by byte", storeSearchField},
		{"search by answer", "an answer is si, no or non indicato", storeSearchAnswer},
		{"search by place", "of an added list a place counts without a yes too", storeSearchPlace},
		{"search together", "every condition must hold", storeSearchTogether},
		{"search after", "After goes on where the answers before ended, whatever was written meanwhile",
			storeSearchAfter},
		{"search refused", "a condition on a field that is derived or not known is an error", storeSearchRefused},
		{"search touched", "Touched leaves those of whom the journal of the comune has an entry that it selects",
			storeSearchTouched},
		{"search own writes", "a search in an update finds what the update has written", storeSearchOwnWrites},
	}
}

// searched returns the ids of what a search yields.
func searched(ctx context.Context, t *testing.T, r registry.Reader, q registry.Search) []string {
	t.Helper()
	var out []string
	for e, err := range r.Search(ctx, q) {
		require.NoError(t, err)
		out = append(out, e.ANPRID)
	}
	return out
}

func found(t *testing.T, s registry.Store, q registry.Search) (out []string) {
	t.Helper()
	view(t, s, func(ctx context.Context, r registry.Reader) { out = searched(ctx, t, r, q) })
	return out
}

func in(f electoral.Field, values ...string) registry.Condition {
	return registry.Condition{Field: f, In: values}
}

func notIn(f electoral.Field, values ...string) registry.Condition {
	return registry.Condition{Field: f, In: values, Not: true}
}

func storeSearch(t *testing.T, s registry.Store) {
	at := func(comune, section string) *electoral.Enrolment {
		return &electoral.Enrolment{Comune: comune, Section: section}
	}
	here := []electoral.Elector{
		{ANPRID: "9"}, {ANPRID: "10", General: at(comuneA, "1")}, // its own
		{ANPRID: "100", General: at(comuneB, "1")},
	}
	guests := []electoral.Elector{
		{ANPRID: "11", General: at(comuneA, "2")},
		{ANPRID: "101",
			Added: electoral.AddedLists{Trento: electoral.AddedList{Enrolled: electoral.Yes,
				Enrolment: at(comuneA, "1")}}},
		{ANPRID: "8", General: at(comuneA, "1"),
			EU: electoral.EULists{Comunal: electoral.AddedList{Enrolled: electoral.Yes, Enrolment: at(comuneA, "1")}}},
		{ANPRID: "80", KeptVotes: []electoral.KeptVote{{Comune: comuneA, Section: "1"}}},
	}
	others := []electoral.Elector{
		{ANPRID: "7"}, {ANPRID: "12", General: at(comuneB, "1")},
		{ANPRID: "13", Removals: []electoral.Removal{{Comune: comuneA, List: electoral.GeneralList}}},
		// A place without a yes is in no list.
		{ANPRID: "14",
			EU: electoral.EULists{Comunal: electoral.AddedList{Enrolled: electoral.No, Enrolment: at(comuneA, "1")}}},
	}
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for _, e := range here {
			require.NoError(t, w.PutElector(ctx, comuneA, e))
		}
		for _, e := range slices.Concat(guests, others) {
			require.NoError(t, w.PutElector(ctx, comuneB, e))
		}
	})
	want := []string{"10", "100", "101", "11", "8", "80", "9"}
	assert.Equal(t, want, found(t, s, registry.Search{Comune: comuneA}))
	for i, id := range want[:len(want)-1] {
		assert.Equal(t, want[i+1:], found(t, s, registry.Search{Comune: comuneA, After: id}))
	}
	assert.Equal(t, []string{"100", "101", "11", "12", "13", "14", "7", "8", "80"},
		found(t, s, registry.Search{Comune: comuneB}))
	assert.Empty(t, found(t, s, registry.Search{Comune: "F205"}))
	assert.Empty(t, found(t, s, registry.Search{}))
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for e, err := range r.Search(ctx, registry.Search{Comune: comuneA, After: "101"}) {
			require.NoError(t, err)
			assert.Equal(t, guests[0], e, "with every field")
			break
		}
		_, _, err := r.Elector(ctx, "9")
		require.NoError(t, err, "a search may be left early")
	})
}

// varied returns electors who differ in every field.
func varied() []electoral.Elector {
	answers := []electoral.Answer{electoral.Yes, electoral.No, electoral.NotGiven}
	comuni, sections := []string{comuneA, comuneB, "F205"}, []string{"1", "01", "10", "2 bis", "È", "e", ""}
	codes := electoral.RemovalCodes()
	r := rand.New(rand.NewPCG(1, 2))
	var list []electoral.Elector
	for i := range 60 {
		answer := func() electoral.Answer { return answers[r.IntN(3)] }
		place := func() *electoral.Enrolment {
			if r.IntN(4) == 0 {
				return nil
			}
			return &electoral.Enrolment{Comune: comuni[r.IntN(3)], Section: sections[r.IntN(len(sections))]}
		}
		added := func() electoral.AddedList {
			a := electoral.AddedList{Enrolled: answer(), Enrolment: place()}
			if a.Enrolled == electoral.Yes && a.Enrolment == nil {
				a.Enrolled = electoral.No
			}
			return a
		}
		e := electoral.Elector{ANPRID: fmt.Sprint(i + 5), Capacity: answer(), General: place(),
			Added: electoral.AddedLists{Bolzano: added(), Trento: added(), AostaValley: added()},
			EU:    electoral.EULists{Comunal: added(), Parliament: added()},
			Status: electoral.Status{NationalReferendums: answer(), EuropeanParliament: answer(), Senate: answer(),
				SenateConstituency: []string{"", "PIEMONTE", "piemonte", "EUROPA"}[r.IntN(4)], Chamber: answer(),
				ChamberConstituency: []string{"PIEMONTE 1", "", "PIEMONTE 2"}[r.IntN(3)],
				Regional:            answer(), Comunal: answer(), District: answer()}}
		if c := electoral.Certifiability(r.IntN(4)); c <= electoral.FullyCertifiable {
			e.Certifiability = &c
		}
		if d := r.IntN(len(codes) + 2); d < len(codes) {
			e.SetRemoval(electoral.Removal{Comune: comuni[r.IntN(3)], List: electoral.Lists()[r.IntN(6)],
				Code: codes[d]})
			if r.IntN(2) == 0 {
				e.SetRemoval(electoral.Removal{Comune: comuni[r.IntN(3)], List: electoral.GeneralList,
					Code: codes[r.IntN(len(codes))]})
				e.KeepVote(electoral.KeptVote{Comune: comuni[r.IntN(3)], Consultation: electoral.ComunalElection,
					Section: sections[r.IntN(len(sections))]})
			}
		}
		list = append(list, e)
	}
	return list
}

// putVaried puts varied electors, most of them under comuneA, and returns
// those whom comuneA may find, in the order of their ids.
func putVaried(t *testing.T, s registry.Store) []electoral.Elector {
	var mine []electoral.Elector
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for i, e := range varied() {
			home := comuneA
			if i%3 == 0 {
				home = comuneB
			}
			require.NoError(t, w.PutElector(ctx, home, e))
			of := home == comuneA
			for _, en := range e.Places() {
				of = of || en.Comune == comuneA
			}
			if of {
				mine = append(mine, e)
			}
		}
	})
	slices.SortFunc(mine, func(a, b electoral.Elector) int { return cmp.Compare(a.ANPRID, b.ANPRID) })
	return mine
}

// matching returns the ids of those electors who meet conditions.
func matching(list []electoral.Elector, where ...registry.Condition) []string {
	var out []string
	for _, e := range list {
		if (registry.Search{Where: where}).Matches(e) {
			out = append(out, e.ANPRID)
		}
	}
	return out
}

// fieldValues are what conditions on a field are tried with: what is there,
// what is not, and what looks like it.
func fieldValues(f electoral.FieldInfo) [][]string {
	values := []string{"", "1", "01", "2 bis", "È", "e", "2", "+1", "1.0", "9", "9999999999999999999999",
		comuneA, comuneB, "PIEMONTE", "piemonte", "PIEMONTE 1", "PIEMONTE%", "' OR 1=1 --", "\x00", "\xff"}
	if f.Answer {
		values = []string{"si", "no", "non indicato", "", "sì", "SI", "1"}
	}
	lists := [][]string{nil, {}, values}
	for i, v := range values {
		lists = append(lists, []string{v})
		if i%3 == 0 {
			lists = append(lists, []string{v, values[(i+1)%len(values)], v, "x"})
		}
	}
	return lists
}

func storeSearchField(t *testing.T, s registry.Store) {
	mine := putVaried(t, s)
	require.Greater(t, len(mine), 40)
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for _, f := range electoral.Fields() {
			if f.Derived {
				continue
			}
			some := false
			for _, values := range fieldValues(f) {
				for _, not := range []bool{false, true} {
					c := registry.Condition{Field: f.Field, In: values, Not: not}
					want := matching(mine, c)
					some = some || len(want) > 0 && len(want) < len(mine)
					require.Equal(t, want,
						searched(ctx, t, r, registry.Search{Comune: comuneA, Where: []registry.Condition{c}}), "%+q", c)
				}
			}
			require.True(t, some, "no value of %s selects some", f.Field)
		}
	})
}

func storeSearchAnswer(t *testing.T, s registry.Store) {
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for i, a := range []electoral.Answer{electoral.Yes, electoral.No, electoral.NotGiven} {
			require.NoError(t, w.PutElector(ctx, comuneA,
				electoral.Elector{ANPRID: fmt.Sprint(i), Capacity: a, Status: electoral.Status{Senate: a}}))
		}
	})
	for _, f := range []electoral.Field{electoral.CapacityField, electoral.SenateField} {
		for _, c := range []struct {
			in        []string
			want, not []string
		}{
			{[]string{"si"}, []string{"0"}, []string{"1", "2"}},
			{[]string{"no"}, []string{"1"}, []string{"0", "2"}},
			{[]string{"non indicato"}, []string{"2"}, []string{"0", "1"}},
			{[]string{"no", "non indicato"}, []string{"1", "2"}, []string{"0"}},
			{[]string{"si", "no", "non indicato"}, []string{"0", "1", "2"}, nil},
			{[]string{"", "SI"}, nil, []string{"0", "1", "2"}},
			{nil, nil, []string{"0", "1", "2"}},
		} {
			assert.Equal(t, c.want,
				found(t, s, registry.Search{Comune: comuneA, Where: []registry.Condition{in(f, c.in...)}}),
				"%s in %q", f, c.in)
			assert.Equal(t, c.not,
				found(t, s, registry.Search{Comune: comuneA, Where: []registry.Condition{notIn(f, c.in...)}}),
				"%s not in %q", f, c.in)
		}
	}
}

func storeSearchPlace(t *testing.T, s registry.Store) {
	place := func(section string) *electoral.Enrolment {
		return &electoral.Enrolment{Comune: comuneA, Section: section}
	}
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for i, a := range []electoral.Answer{electoral.Yes, electoral.No, electoral.NotGiven} {
			e := electoral.Elector{ANPRID: fmt.Sprint(i), General: place("1"),
				EU: electoral.EULists{Comunal: electoral.AddedList{Enrolled: a, Enrolment: place("2")}}}
			require.NoError(t, w.PutElector(ctx, comuneA, e))
		}
		require.NoError(t, w.PutElector(ctx, comuneA, electoral.Elector{ANPRID: "3"}))
		require.NoError(t, w.PutElector(ctx, comuneB,
			electoral.Elector{ANPRID: "4", General: &electoral.Enrolment{Comune: comuneB, Section: "1"}}))
		require.NoError(t, w.PutElector(ctx, comuneB, electoral.Elector{ANPRID: "5", General: place("")}))
	})
	field := electoral.ListField
	for _, c := range []struct {
		where []registry.Condition
		want  []string
	}{
		{[]registry.Condition{in(field(electoral.GeneralList, electoral.ListSection), "1")}, []string{"0", "1", "2"}},
		{[]registry.Condition{in(field(electoral.GeneralList, electoral.ListSection), "1"),
			in(field(electoral.GeneralList, electoral.ListComune), comuneA)}, []string{"0", "1", "2"}},
		{[]registry.Condition{in(field(electoral.GeneralList, electoral.ListSection), ""),
			in(field(electoral.GeneralList, electoral.ListComune), comuneA)}, []string{"5"}},
		{[]registry.Condition{in(field(electoral.GeneralList, electoral.ListSection), "")}, []string{"3", "5"}},
		{[]registry.Condition{in(field(electoral.GeneralList, electoral.ListComune), "")}, []string{"3"}},
		{[]registry.Condition{in(field(electoral.GeneralList, electoral.ListComune), comuneB),
			in(field(electoral.GeneralList, electoral.ListSection), "1")}, nil},
		{[]registry.Condition{in(field(electoral.EUComunalList, electoral.ListSection), "2"),
			in(field(electoral.EUComunalList, electoral.ListComune), comuneA)}, []string{"0", "1", "2"}},
		{[]registry.Condition{in(field(electoral.EUComunalList, electoral.ListSection), "2"),
			in(field(electoral.EUComunalList, electoral.ListComune), comuneA),
			in(field(electoral.EUComunalList, electoral.ListEnrolled), "si")}, []string{"0"}},
		{[]registry.Condition{in(field(electoral.EUComunalList, electoral.ListSection), "2"),
			in(field(electoral.EUComunalList, electoral.ListComune), comuneA),
			in(field(electoral.EUComunalList, electoral.ListEnrolled), "no", "non indicato")}, []string{"1", "2"}},
		{[]registry.Condition{notIn(field(electoral.GeneralList, electoral.ListSection), "1"),
			in(field(electoral.GeneralList, electoral.ListComune), comuneA)}, []string{"5"}},
	} {
		assert.Equal(t, c.want, found(t, s, registry.Search{Comune: comuneA, Where: c.where}), "%v", c.where)
	}
	// Of two conditions on a field both hold.
	assert.Empty(t, found(t, s, registry.Search{Comune: comuneA, Where: []registry.Condition{
		in(field(electoral.GeneralList, electoral.ListComune), comuneA),
		in(field(electoral.GeneralList, electoral.ListSection), "1"),
		in(field(electoral.GeneralList, electoral.ListSection), "2"),
	}}))
}

func storeSearchTogether(t *testing.T, s registry.Store) {
	mine := putVaried(t, s)
	section := electoral.ListField(electoral.GeneralList, electoral.ListSection)
	comune := electoral.ListField(electoral.GeneralList, electoral.ListComune)
	bolzano := electoral.ListField(electoral.BolzanoList, electoral.ListEnrolled)
	all := []registry.Condition{
		in(section, "1", "01", "È", "e", ""), in(comune, comuneA), in(electoral.CapacityField, "si", "non indicato"),
		notIn(electoral.CertifiabilityField, "0"),
		notIn(electoral.ListField(electoral.GeneralList, electoral.ListRemoval), "1", ""), in(bolzano, "si", "no"),
		in(electoral.SenateConstituencyField, "PIEMONTE", ""), notIn(section, "e"),
		in(electoral.ListField(electoral.BolzanoList, electoral.ListComune), comuneA),
		in(electoral.ListField(electoral.BolzanoList, electoral.ListSection), "1", "2 bis", "10"), in(bolzano, "si"),
	}
	some := 0
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for mask := range 1 << len(all) {
			var where []registry.Condition
			for i, c := range all {
				if mask>>i&1 == 1 {
					where = append(where, c)
				}
			}
			if len(where) < 2 || len(where) > 3 {
				continue
			}
			want := matching(mine, where...)
			if len(want) > 0 {
				some++
			}
			require.Equal(t, want, searched(ctx, t, r, registry.Search{Comune: comuneA, Where: where}), "%v", where)
		}
	})
	assert.Greater(t, some, 60, "that select somebody")
}

func storeSearchAfter(t *testing.T, s registry.Store) {
	put := func(ids ...string) {
		update(t, s, func(ctx context.Context, w registry.Writer) {
			for i, id := range ids {
				home := comuneA
				if i%2 == 1 {
					home = comuneB
				}
				require.NoError(t, w.PutElector(ctx, home, SampleElector(id, comuneA, "1")))
				require.NoError(t, w.Note(ctx,
					registry.JournalEntry{Comune: comuneA, ANPRID: id, At: instant, Operation: electoral.OpChange}))
			}
		})
	}
	for name, q := range map[string]registry.Search{
		"all":   {Comune: comuneA},
		"where": {Comune: comuneA, Where: []registry.Condition{in(electoral.CapacityField, "si")}},
		"section": {Comune: comuneA,
			Where: []registry.Condition{in(electoral.ListField(electoral.GeneralList, electoral.ListComune), comuneA),
				in(electoral.ListField(electoral.GeneralList, electoral.ListSection), "1", "2")}},
		"touched": {Comune: comuneA, Touched: &registry.JournalSearch{From: instant}},
	} {
		put("10", "20", "30", "40", "50", "60")
		take := func(n int) (out []string) {
			view(t, s, func(ctx context.Context, r registry.Reader) {
				for e, err := range r.Search(ctx, q) {
					require.NoError(t, err)
					if out = append(out, e.ANPRID); len(out) == n {
						break
					}
				}
			})
			if len(out) > 0 {
				q.After = out[len(out)-1]
			}
			return out
		}
		assert.Equal(t, []string{"10", "20"}, take(2), name)
		put("15", "20", "25", "35")
		assert.Equal(t, []string{"25", "30", "35"}, take(3), name)
		update(t, s, func(ctx context.Context, w registry.Writer) {
			require.NoError(t, w.RemoveElector(ctx, "35"))
			require.NoError(t, w.RemoveElector(ctx, "50"))
		})
		assert.Equal(t, []string{"40", "60"}, take(9), name)
		assert.Empty(t, take(1), name)
		q.After = "4"
		assert.Equal(t, []string{"40", "60"}, take(9), "%s: after an id that is not there", name)
		update(t, s, func(ctx context.Context, w registry.Writer) {
			for _, id := range []string{"15", "25"} {
				require.NoError(t, w.RemoveElector(ctx, id))
			}
		})
	}
}

func storeSearchRefused(t *testing.T, s registry.Store) {
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutElector(ctx, comuneA, SampleElector("1", comuneA, "1")))
	})
	names := []electoral.Field{"", "section", "capacity; DROP TABLE electors", "anpr_id"}
	for _, f := range electoral.Fields() {
		if f.Derived {
			names = append(names, f.Field)
		}
	}
	for _, f := range names {
		for _, c := range []registry.Condition{in(f, ""), notIn(f, "x"), in(f)} {
			view(t, s, func(ctx context.Context, r registry.Reader) {
				n := 0
				for _, err := range r.Search(ctx,
					registry.Search{Comune: comuneA, Where: []registry.Condition{in(electoral.CapacityField), c}}) {
					require.ErrorContains(t, err, fmt.Sprintf("%q", f))
					n++
				}
				assert.Equal(t, 1, n, "after an error nothing more")
			})
		}
	}
}

// instant is when the entries and the records of the cases are.
var instant = time.Date(2026, time.July, 1, 10, 30, 0, 123_000_000, time.UTC)

func storeSearchTouched(t *testing.T, s registry.Store) {
	after := func(ms int) time.Time { return instant.Add(time.Duration(ms) * time.Millisecond) }
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for _, id := range []string{"1", "2", "3", "4", "5"} {
			home := comuneA
			if id == "2" { // a guest
				home = comuneB
			}
			require.NoError(t, w.PutElector(ctx, home, SampleElector(id, comuneA, id)))
		}
		require.NoError(t, w.PutElector(ctx, "F205", electoral.Elector{ANPRID: "6"}))
		note := func(comune, id string, ms int, op electoral.Operation, r electoral.Revision) {
			require.NoError(t, w.Note(ctx,
				registry.JournalEntry{Comune: comune, ANPRID: id, At: after(ms), Operation: op, Revision: r}))
		}
		note(comuneA, "1", 0, electoral.OpLoad, electoral.FirstLoadRevision)
		note(comuneA, "2", 0, electoral.OpLoad, electoral.FirstLoadRevision)
		note(comuneA, "1", 10, electoral.OpChange, electoral.DynamicRevision)
		note(comuneA, "2", 20, electoral.OpChange, "")
		note(comuneA, "3", 30, electoral.OpChange, electoral.DynamicRevision)
		note(comuneB, "4", 10, electoral.OpChange, electoral.DynamicRevision)
		note(comuneA, "6", 10, electoral.OpChange, electoral.DynamicRevision) // not of the comune
		note(comuneA, "7", 10, electoral.OpChange, electoral.DynamicRevision) // of nobody
	})
	ops := func(list ...electoral.Operation) []electoral.Operation { return list }
	revisions := func(list ...electoral.Revision) []electoral.Revision { return list }
	for _, c := range []struct {
		name string
		j    registry.JournalSearch
		want []string
	}{
		{"any entry", registry.JournalSearch{}, []string{"1", "2", "3"}},
		{"what is not used", registry.JournalSearch{Comune: comuneB, ANPRIDs: []string{"5"},
			After: &registry.JournalEntry{Comune: comuneA, ANPRID: "9", At: after(999)}}, []string{"1", "2", "3"}},
		{"from", registry.JournalSearch{From: after(20)}, []string{"2", "3"}},
		{"to", registry.JournalSearch{To: after(20)}, []string{"1", "2"}},
		{"from is included", registry.JournalSearch{From: after(10), To: after(11)}, []string{"1"}},
		{"to is not", registry.JournalSearch{From: after(1), To: after(10)}, nil},
		{"operation", registry.JournalSearch{Operations: ops(electoral.OpLoad)}, []string{"1", "2"}},
		{"operations", registry.JournalSearch{Operations: ops(electoral.OpLoad, electoral.OpChange)},
			[]string{"1", "2", "3"}},
		{"no operation of it", registry.JournalSearch{Operations: ops(electoral.OpEnrol, "\xff\x00")}, nil},
		{"revision", registry.JournalSearch{Revisions: revisions(electoral.DynamicRevision)}, []string{"1", "3"}},
		{"no revision", registry.JournalSearch{Revisions: revisions("")}, []string{"2"}},
		{"of one entry all", registry.JournalSearch{From: after(10), Operations: ops(electoral.OpLoad)}, nil},
		{"all together", registry.JournalSearch{From: after(5), To: after(31), Operations: ops(electoral.OpChange),
			Revisions: revisions(electoral.DynamicRevision)}, []string{"1", "3"}},
	} {
		assert.Equal(t, c.want, found(t, s, registry.Search{Comune: comuneA, Touched: &c.j}), c.name)
		pinned := []registry.Condition{in(electoral.ListField(electoral.GeneralList, electoral.ListComune), comuneA),
			in(electoral.ListField(electoral.GeneralList, electoral.ListSection), "1", "2", "3", "4", "5")}
		assert.Equal(t, c.want, found(t, s, registry.Search{Comune: comuneA, Touched: &c.j, Where: pinned}),
			"%s, in sections", c.name)
	}
	any := &registry.JournalSearch{}
	assert.Equal(t, []string{"2"},
		found(t, s, registry.Search{Comune: comuneA, Touched: any, Where: []registry.Condition{
			in(electoral.ListField(electoral.GeneralList, electoral.ListSection), "2", "4")}}))
	assert.Equal(t, []string{"2", "3"}, found(t, s, registry.Search{Comune: comuneA, Touched: any, After: "1"}))
	assert.Empty(t, found(t, s, registry.Search{Comune: comuneA, Touched: any, After: "3"}))
	assert.Equal(t, []string{"4"}, found(t, s, registry.Search{Comune: comuneB, Touched: any}),
		"its journal, its electors")
}

func storeSearchOwnWrites(t *testing.T, s registry.Store) {
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for _, id := range []string{"1", "2", "3"} {
			require.NoError(t, w.PutElector(ctx, comuneA, electoral.Elector{ANPRID: id, Capacity: electoral.Yes}))
		}
	})
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.RemoveElector(ctx, "1"))
		require.NoError(t, w.PutElector(ctx, comuneA, electoral.Elector{ANPRID: "2", Capacity: electoral.No}))
		require.NoError(t, w.PutElector(ctx, comuneB, electoral.Elector{ANPRID: "3", Capacity: electoral.Yes}))
		guest := electoral.Elector{ANPRID: "4", Capacity: electoral.Yes,
			General: &electoral.Enrolment{Comune: comuneA, Section: "1"}}
		require.NoError(t, w.PutElector(ctx, comuneB, guest))
		require.NoError(t, w.Note(ctx,
			registry.JournalEntry{Comune: comuneA, ANPRID: "2", At: instant, Operation: electoral.OpChange}))
		assert.Equal(t, []string{"2", "4"}, searched(ctx, t, w, registry.Search{Comune: comuneA}))
		assert.Equal(t, []string{"4"},
			searched(ctx, t, w, registry.Search{Comune: comuneA,
				Where: []registry.Condition{in(electoral.CapacityField, "si")}}))
		assert.Equal(t, []string{"2"},
			searched(ctx, t, w, registry.Search{Comune: comuneA, Touched: &registry.JournalSearch{}}))
		require.NoError(t, w.PutElector(ctx, comuneB, electoral.Elector{ANPRID: "4"}))
		assert.Equal(t, []string{"2"}, searched(ctx, t, w, registry.Search{Comune: comuneA}))
		counts, err := w.Counts(ctx, comuneA)
		require.NoError(t, err)
		assert.Empty(t, counts)
	})
}
