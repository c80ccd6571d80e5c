// Package electoraltest helps to test what stands on package electoral: the
// conformance suites that every [registry.Store] and [electoral.Population]
// must pass, and a generator of made-up comuni.
package electoraltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// A storeCase is one demand of the contract of [registry.Store].
type storeCase struct {
	name string
	// reason says which sentence of the contract the case holds the store to.
	reason string
	run    func(t *testing.T, s registry.Store)
}

// TestStore holds a store to the contract of [registry.Store]. It calls open
// once for each case; each call returns an empty store.
func TestStore(t *testing.T, open func(t *testing.T) registry.Store) {
	for _, c := range slices.Concat(rollCases(), searchCases(), bookCases(), journalCases(),
		successionCases()) {
		t.Run(c.name, func(t *testing.T) {
			t.Log(c.reason)
			c.run(t, open(t))
		})
	}
}

func rollCases() []storeCase {
	return []storeCase{
		{"absent", "what is not there is ErrNotFound", storeAbsent},
		{"section", "PutSection writes every field and replaces", storeSection},
		{"elector", "PutElector writes every field, yes, no and not given apart, and replaces", storeElector},
		{"home", "an elector is under one comune, the last under which he was put", storeHome},
		{"enrolled", "Enrolled yields a list of a comune in the order of section and ANPR id", storeEnrolled},
		{"moved", "after a change no list yields the earlier place", storeMoved},
		{"atomic", "an update that fails has no effect", storeAtomic},
		{"own writes", "a writer reads its own writes, also in lists", storeOwnWrites},
		{"panic", "an update that panics has no effect and leaves the store usable", storePanic},
		{"snapshot", "a view sees one state, whatever is written meanwhile", storeSnapshot},
		{"concurrent", "updates of the same comune exclude each other", storeConcurrent},
		{"cancelled", "a cancelled context ends a call without effect", storeCancelled},
		{"aliasing", "the store keeps no reference to what it is given, nor gives one", storeAliasing},
		{"break", "a listing may be left early", storeBreak},
		{"texts", "texts are kept byte for byte", storeTexts},
		{"impossible", "what cannot be given back as it was is refused with ErrImpossible", storeImpossible},
		{"bulk", "a writer that takes many electors at once writes what PutElector would", storeBulk},
		{"moved at once", "a writer that moves many electors at once writes what PutElector would", storeMover},
		{"counted by section", "a reader that counts some sections counts what Counts does", storeCounter},
		{"moved in the loop", "an update may write in a listing's loop: who is yielded is not moved behind it", storeLoop},
		{"still votes", "each kept vote stands in its comune and section", storeStillVotes},
		{"ended", "a reader or writer that is kept after its call fails, and changes nothing", storeEnded},
		{"remove", "what is removed is in no answer; to remove what is not there is no error", storeRemove},
	}
}

const comuneA, comuneB = "A074", "H501"

func update(t *testing.T, s registry.Store, fn func(ctx context.Context, w registry.Writer)) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, s.Update(ctx, func(w registry.Writer) error { fn(ctx, w); return nil }))
}

func view(t *testing.T, s registry.Store, fn func(ctx context.Context, r registry.Reader)) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, s.View(ctx, func(r registry.Reader) error { fn(ctx, r); return nil }))
}

func ids(t *testing.T, s registry.Store, l electoral.List, comune, section string) []string {
	t.Helper()
	var out []string
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for e, err := range r.Enrolled(ctx, l, comune, section) {
			require.NoError(t, err)
			out = append(out, e.ANPRID)
		}
	})
	return out
}

// SampleSection returns a section of a comune with a value in every field.
func SampleSection(comune, number string) electoral.Section {
	return electoral.Section{
		Comune: comune, Number: number, SeatName: "Scuola «Dante»", Kind: electoral.HospitalSection,
		Seat: electoral.Address{PostCode: "10011", Comune: comune, Place: "Luogo", Hamlet: "Frazione",
			Street: electoral.Street{Kind: "VIA", KindCode: "1", KindSource: "2", Name: "ROMA",
				NameCode: "A1", NameSource: "3"},
			House: electoral.House{Code: "C", Source: "1", Number: "12", Unnumbered: "2", Letter: "A", Suffix: "BIS",
				Colour: "1", Inner: electoral.Inner{Court: "1", Block: "2"}}},
		EuropeanConstituency: "I : ITALIA NORD-OCCIDENTALE", RegionalConstituency: "TORINO",
		DistrictConstituency: "Prima",
		ChamberCollege:       electoral.College{Constituency: "PIEMONTE 1", MultiMember: "P01", SingleMember: "U02"},
		SenateCollege:        electoral.College{Constituency: "VALLE D'AOSTA", SingleMember: "U01"},
		Translations: []electoral.SectionTranslation{{LanguageID: "2", SeatName: "Schule",
			StreetName: "Straße"}},
	}
}

// SampleElector returns an elector with a value of each kind: yes, no and not
// given, lists with and without a place, a list that he left.
func SampleElector(id, comune, section string) electoral.Elector {
	full := electoral.NotCertifiable
	return electoral.Elector{
		ANPRID: id, Capacity: electoral.Yes,
		General: &electoral.Enrolment{Comune: comune, Section: section},
		Added: electoral.AddedLists{
			Bolzano: electoral.AddedList{Enrolled: electoral.Yes,
				Enrolment: &electoral.Enrolment{Comune: comuneB, Section: "7"}},
			Trento: electoral.AddedList{Enrolled: electoral.No},
		},
		EU: electoral.EULists{Parliament: electoral.AddedList{Enrolled: electoral.No,
			Enrolment: &electoral.Enrolment{Comune: comune, Section: "9"}}},
		Status: electoral.Status{
			NationalReferendums: electoral.Yes, EuropeanParliament: electoral.No,
			Senate: electoral.Yes, SenateConstituency: "PIEMONTE", Chamber: electoral.No, ChamberConstituency: "",
			Regional: electoral.NotGiven, Comunal: electoral.Yes, District: electoral.No,
		},
		Certifiability: &full,
		Removals: []electoral.Removal{
			{Comune: comuneB, List: electoral.TrentoList, Code: electoral.FromTerritorialList,
				Cause: electoral.CauseResidenceReached, Day: electoral.Date{Year: 2026, Month: 3, Day: 1},
				Note: "Sentenza n. 7/2026, «Rossi c. Comune»"},
			{Comune: comuneA, List: electoral.EUParliamentList, Code: electoral.FromEUParliamentList},
		},
		KeptVotes: []electoral.KeptVote{
			{Comune: comuneB, Consultation: electoral.EuropeanElection,
				Day: electoral.Date{Year: 2026, Month: 11, Day: 22}, Section: "3"},
			{Comune: comuneB, Consultation: electoral.RegionalElection,
				Day: electoral.Date{Year: 2026, Month: 11, Day: 22}, Section: "3"},
		},
		Loss: &electoral.CapacityLoss{Day: electoral.Date{Year: 2026, Month: 2, Day: 28}, Comune: comuneB},
	}
}

func storeAbsent(t *testing.T, s registry.Store) {
	view(t, s, func(ctx context.Context, r registry.Reader) {
		_, _, err := r.Elector(ctx, "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		_, err = r.Section(ctx, comuneA, "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		for range r.Sections(ctx, comuneA) {
			t.Error("a section in an empty store")
		}
	})
	assert.Empty(t, ids(t, s, electoral.GeneralList, comuneA, ""))
}

func storeSection(t *testing.T, s registry.Store) {
	want := SampleSection(comuneA, "10")
	bare := electoral.Section{Comune: comuneA, Number: "2"}
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutSection(ctx, SampleSection(comuneB, "10")))
		require.NoError(t, w.PutSection(ctx, bare))
		old := want.Clone()
		old.SeatName, old.Translations = "altrove", nil
		require.NoError(t, w.PutSection(ctx, old))
		require.NoError(t, w.PutSection(ctx, want))
	})
	view(t, s, func(ctx context.Context, r registry.Reader) {
		got, err := r.Section(ctx, comuneA, "10")
		require.NoError(t, err)
		assert.Equal(t, want, got)
		var all []electoral.Section
		for sec, err := range r.Sections(ctx, comuneA) {
			require.NoError(t, err)
			all = append(all, sec)
		}
		assert.Equal(t, []electoral.Section{want, bare}, all, "in the order of the numbers' text")
	})
}

func storeElector(t *testing.T, s registry.Store) {
	want := SampleElector("1", comuneA, "1")
	bare := electoral.Elector{ANPRID: "2"}
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutElector(ctx, comuneA, electoral.Elector{ANPRID: "1", Capacity: electoral.No}))
		require.NoError(t, w.PutElector(ctx, comuneA, want))
		require.NoError(t, w.PutElector(ctx, comuneA, bare))
	})
	view(t, s, func(ctx context.Context, r registry.Reader) {
		got, home, err := r.Elector(ctx, "1")
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.Equal(t, comuneA, home)
		got, _, err = r.Elector(ctx, "2")
		require.NoError(t, err)
		assert.Equal(t, bare, got)
	})
}

func storeHome(t *testing.T, s registry.Store) {
	e := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes}
	update(t, s, func(ctx context.Context, w registry.Writer) { require.NoError(t, w.PutElector(ctx, comuneA, e)) })
	update(t, s, func(ctx context.Context, w registry.Writer) { require.NoError(t, w.PutElector(ctx, comuneB, e)) })
	view(t, s, func(ctx context.Context, r registry.Reader) {
		_, home, err := r.Elector(ctx, "1")
		require.NoError(t, err)
		assert.Equal(t, comuneB, home)
	})
}

func storeEnrolled(t *testing.T, s registry.Store) {
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for _, p := range []struct{ id, section string }{{"3", "2"}, {"20", "1"}, {"1", "2"},
			{"100", "1"}, {"5", "10"}} {
			e := electoral.Elector{ANPRID: p.id, General: &electoral.Enrolment{Comune: comuneA, Section: p.section}}
			require.NoError(t, w.PutElector(ctx, comuneA, e))
		}
		require.NoError(t, w.PutElector(ctx, comuneA, SampleElector("7", comuneA, "1")))
		require.NoError(t, w.PutElector(ctx, comuneB, SampleElector("8", comuneB, "1")))
	})
	assert.Equal(t, []string{"100", "20", "7"}, ids(t, s, electoral.GeneralList, comuneA, "1"))
	assert.Equal(t, []string{"100", "20", "7", "5", "1", "3"}, ids(t, s, electoral.GeneralList, comuneA, ""))
	assert.Equal(t, []string{"7", "8"}, ids(t, s, electoral.BolzanoList, comuneB, "7"), "another comune's added list")
	assert.Empty(t, ids(t, s, electoral.TrentoList, comuneA, ""), "no is not enrolled")
	assert.Empty(t, ids(t, s, electoral.EUParliamentList, comuneA, ""), "a place without a yes is not enrolled")
	assert.Empty(t, ids(t, s, electoral.GeneralList, comuneA, "3"))
}

func storeMoved(t *testing.T, s registry.Store) {
	e := SampleElector("1", comuneA, "1")
	update(t, s, func(ctx context.Context, w registry.Writer) { require.NoError(t, w.PutElector(ctx, comuneA, e)) })
	e.General.Section = "2"
	e.Added.Bolzano = electoral.AddedList{Enrolled: electoral.No}
	e.KeptVotes = nil
	update(t, s, func(ctx context.Context, w registry.Writer) { require.NoError(t, w.PutElector(ctx, comuneA, e)) })
	assert.Empty(t, ids(t, s, electoral.GeneralList, comuneA, "1"))
	assert.Equal(t, []string{"1"}, ids(t, s, electoral.GeneralList, comuneA, "2"))
	assert.Empty(t, ids(t, s, electoral.BolzanoList, comuneB, ""))
	assert.Empty(t, ids(t, s, electoral.StillVotesList, comuneB, ""))
}

func storeAtomic(t *testing.T, s registry.Store) {
	before := SampleElector("1", comuneA, "1")
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutElector(ctx, comuneA, before))
	})
	stop := errors.New("stop")
	err := s.Update(t.Context(), func(w registry.Writer) error {
		require.NoError(t, w.PutElector(t.Context(), comuneB, electoral.Elector{ANPRID: "1"}))
		require.NoError(t, w.PutElector(t.Context(), comuneB, electoral.Elector{ANPRID: "2"}))
		require.NoError(t, w.PutSection(t.Context(), SampleSection(comuneA, "1")))
		return stop
	})
	require.ErrorIs(t, err, stop)
	view(t, s, func(ctx context.Context, r registry.Reader) {
		got, home, err := r.Elector(ctx, "1")
		require.NoError(t, err)
		assert.Equal(t, before, got)
		assert.Equal(t, comuneA, home)
		_, _, err = r.Elector(ctx, "2")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		_, err = r.Section(ctx, comuneA, "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
	})
	require.ErrorIs(t, s.View(t.Context(), func(registry.Reader) error { return stop }), stop)
}

func storeOwnWrites(t *testing.T, s registry.Store) {
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutElector(ctx, comuneA, SampleElector("1", comuneA, "1")))
	})
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutElector(ctx, comuneA, SampleElector("1", comuneA, "2")))
		require.NoError(t, w.PutElector(ctx, comuneA, SampleElector("2", comuneA, "2")))
		require.NoError(t, w.PutSection(ctx, SampleSection(comuneA, "2")))
		_, err := w.Section(ctx, comuneA, "2")
		require.NoError(t, err)
		got, _, err := w.Elector(ctx, "1")
		require.NoError(t, err)
		assert.Equal(t, "2", got.General.Section)
		var list []string
		for e, err := range w.Enrolled(ctx, electoral.GeneralList, comuneA, "") {
			require.NoError(t, err)
			list = append(list, e.ANPRID+"/"+e.General.Section)
		}
		assert.Equal(t, []string{"1/2", "2/2"}, list)
		n := 0
		for _, err := range w.Sections(ctx, comuneA) {
			require.NoError(t, err)
			n++
		}
		assert.Equal(t, 1, n)
	})
}

func storePanic(t *testing.T, s registry.Store) {
	assert.Panics(t, func() {
		_ = s.Update(t.Context(), func(w registry.Writer) error {
			if err := w.PutElector(t.Context(), comuneA, electoral.Elector{ANPRID: "1"}); err != nil {
				return err
			}
			panic("in the update")
		})
	})
	view(t, s, func(ctx context.Context, r registry.Reader) {
		_, _, err := r.Elector(ctx, "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
	})
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutElector(ctx, comuneA, electoral.Elector{ANPRID: "1"}))
	})
}

func storeSnapshot(t *testing.T, s registry.Store) {
	put := func(section string) error {
		return s.Update(context.Background(), func(w registry.Writer) error {
			return w.PutElector(context.Background(), comuneA, SampleElector("1", comuneA, section))
		})
	}
	require.NoError(t, put("1"))
	done := make(chan error, 1)
	view(t, s, func(ctx context.Context, r registry.Reader) {
		started := make(chan struct{})
		go func() { close(started); done <- put("2") }()
		<-started
		for range 50 {
			e, _, err := r.Elector(ctx, "1")
			require.NoError(t, err)
			require.Equal(t, "1", e.General.Section)
		}
	})
	require.NoError(t, <-done)
	assert.Equal(t, []string{"1"}, ids(t, s, electoral.GeneralList, comuneA, "2"))
}

func storeConcurrent(t *testing.T, s registry.Store) {
	const writers, each = 8, 10
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutElector(ctx, comuneA, SampleElector("1", comuneA, "0")))
	})
	var group sync.WaitGroup
	errs := make(chan error, writers*each)
	for range writers {
		group.Go(func() {
			for range each {
				errs <- s.Update(t.Context(), func(w registry.Writer) error {
					e, home, err := w.Elector(t.Context(), "1")
					if err != nil {
						return err
					}
					var n int
					if _, err := fmt.Sscan(e.General.Section, &n); err != nil {
						return err
					}
					e.General.Section = fmt.Sprint(n + 1)
					return w.PutElector(t.Context(), home, e)
				})
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"1"}, ids(t, s, electoral.GeneralList, comuneA, fmt.Sprint(writers*each)),
		"no update was lost")
}

func storeCancelled(t *testing.T, s registry.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.View(ctx, func(r registry.Reader) error { _, _, err := r.Elector(ctx, "1"); return err }),
		context.Canceled)
	require.ErrorIs(t, s.Update(ctx, func(w registry.Writer) error {
		return w.PutElector(ctx, comuneA, electoral.Elector{ANPRID: "1"})
	}), context.Canceled)

	ctx, cancel = context.WithCancel(t.Context())
	err := s.Update(ctx, func(w registry.Writer) error {
		if err := w.PutElector(ctx, comuneA, electoral.Elector{ANPRID: "1"}); err != nil {
			return err
		}
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	view(t, s, func(ctx context.Context, r registry.Reader) {
		_, _, err := r.Elector(ctx, "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
	})
}

func storeAliasing(t *testing.T, s registry.Store) {
	e, sec := SampleElector("1", comuneA, "1"), SampleSection(comuneA, "1")
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutElector(ctx, comuneA, e))
		require.NoError(t, w.PutSection(ctx, sec))
	})
	e.General.Section, *e.Certifiability, sec.Translations[0].SeatName = "x", 2, "x"
	e.Removals[0].Note, e.KeptVotes[0].Section, e.Loss.Comune = "x", "x", "x"
	for range 2 {
		view(t, s, func(ctx context.Context, r registry.Reader) {
			got, _, err := r.Elector(ctx, "1")
			require.NoError(t, err)
			assert.Equal(t, SampleElector("1", comuneA, "1"), got)
			got.General.Section, got.Removals[0].Note, got.KeptVotes[0].Section = "y", "y", "y"
			got.Loss.Comune = "y"
			gotSec, err := r.Section(ctx, comuneA, "1")
			require.NoError(t, err)
			assert.Equal(t, SampleSection(comuneA, "1"), gotSec)
			gotSec.Translations[0].SeatName = "y"
		})
	}
}

func storeBreak(t *testing.T, s registry.Store) {
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for i := range 10 {
			require.NoError(t, w.PutElector(ctx, comuneA, SampleElector(fmt.Sprint(i), comuneA, "1")))
			require.NoError(t, w.PutSection(ctx, SampleSection(comuneA, fmt.Sprint(i))))
		}
	})
	view(t, s, func(ctx context.Context, r registry.Reader) {
		for _, err := range r.Enrolled(ctx, electoral.GeneralList, comuneA, "") {
			require.NoError(t, err)
			break
		}
		for _, err := range r.Sections(ctx, comuneA) {
			require.NoError(t, err)
			break
		}
		_, _, err := r.Elector(ctx, "1")
		require.NoError(t, err)
	})
}

func storeTexts(t *testing.T, s registry.Store) {
	e := SampleElector("1", comuneA, "1 bis'; DROP TABLE electors; --")
	e.Status.SenateConstituency = "TRENTINO-ALTO ADIGE/SÜDTIROL \u202e 🗳 \n"
	e.Removals[0].Note = "<b>&amp;\\u0041 \u2028 \ufffd 'note\"\r\n"
	update(t, s, func(ctx context.Context, w registry.Writer) { require.NoError(t, w.PutElector(ctx, comuneA, e)) })
	view(t, s, func(ctx context.Context, r registry.Reader) {
		got, _, err := r.Elector(ctx, "1")
		require.NoError(t, err)
		assert.Equal(t, e, got)
	})
	assert.Equal(t, []string{"1"}, ids(t, s, electoral.GeneralList, comuneA, e.General.Section))
}

func storeBulk(t *testing.T, s registry.Store) {
	bulk := func(w registry.Writer) registry.BulkWriter {
		b, ok := w.(registry.BulkWriter)
		if !ok {
			t.Log("the store takes electors one by one: nothing to hold it to")
		}
		return b
	}
	has := false
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.PutElector(ctx, comuneB, SampleElector("1", comuneB, "1")))
		b := bulk(w)
		if has = b != nil; !has {
			return
		}
		homes, err := b.Homes(ctx, []string{"1", "2", ""})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"1": comuneB}, homes)
		require.NoError(t, b.AddElectors(ctx, comuneA,
			[]electoral.Elector{SampleElector("2", comuneA, "1"), {ANPRID: "3"}}))
		homes, err = b.Homes(ctx, []string{"3", "2"})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"2": comuneA, "3": comuneA}, homes, "its own writes")
	})
	if !has {
		return
	}
	view(t, s, func(ctx context.Context, r registry.Reader) {
		got, home, err := r.Elector(ctx, "2")
		require.NoError(t, err)
		assert.Equal(t, SampleElector("2", comuneA, "1"), got)
		assert.Equal(t, comuneA, home)
	})
	assert.Equal(t, []string{"2"}, ids(t, s, electoral.GeneralList, comuneA, "1"))
	assert.Equal(t, []string{"1", "2"}, ids(t, s, electoral.StillVotesList, comuneB, ""))
	for name, list := range map[string][]electoral.Elector{
		"one is there": {{ANPRID: "4"}, {ANPRID: "1"}}, "one twice": {{ANPRID: "4"}, {ANPRID: "4"}},
	} {
		require.Error(t, s.Update(t.Context(), func(w registry.Writer) error {
			_ = bulk(w).AddElectors(t.Context(), comuneA, list)
			return nil
		}), name)
		view(t, s, func(ctx context.Context, r registry.Reader) {
			_, _, err := r.Elector(ctx, "4")
			require.ErrorIs(t, err, electoral.ErrNotFound, name)
		})
	}
}

func storeRemove(t *testing.T, s registry.Store) {
	update(t, s, func(ctx context.Context, w registry.Writer) {
		for _, id := range []string{"1", "2"} {
			require.NoError(t, w.PutElector(ctx, comuneA, SampleElector(id, comuneA, "1")))
			require.NoError(t, w.PutSection(ctx, SampleSection(comuneA, id)))
		}
		require.NoError(t, w.PutSection(ctx, SampleSection(comuneB, "1")))
	})
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.RemoveElector(ctx, "1"))
		require.NoError(t, w.RemoveElector(ctx, "1"), "twice")
		require.NoError(t, w.RemoveElector(ctx, "3"), "none")
		require.NoError(t, w.RemoveSection(ctx, comuneA, "1"))
		require.NoError(t, w.RemoveSection(ctx, comuneA, "1"), "twice")
		require.NoError(t, w.RemoveSection(ctx, comuneA, "3"), "none")
		_, _, err := w.Elector(ctx, "1")
		require.ErrorIs(t, err, electoral.ErrNotFound, "its own writes")
		_, err = w.Section(ctx, comuneA, "1")
		require.ErrorIs(t, err, electoral.ErrNotFound, "its own writes")
	})
	for l, comune := range map[electoral.List]string{electoral.GeneralList: comuneA, electoral.BolzanoList: comuneB,
		electoral.StillVotesList: comuneB} {
		assert.Equal(t, []string{"2"}, ids(t, s, l, comune, ""), l)
	}
	assert.Equal(t, []string{"2"}, found(t, s, registry.Search{Comune: comuneA}))
	assert.Equal(t, []string{"2"}, found(t, s, registry.Search{Comune: comuneB}))
	view(t, s, func(ctx context.Context, r registry.Reader) {
		_, _, err := r.Elector(ctx, "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		_, err = r.Section(ctx, comuneA, "1")
		require.ErrorIs(t, err, electoral.ErrNotFound)
		_, err = r.Section(ctx, comuneB, "1")
		require.NoError(t, err, "another comune's section with that number")
	})
	// He may come back, also in the update that removes him, here or elsewhere.
	e := SampleElector("2", comuneA, "1")
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.RemoveElector(ctx, "2"))
		require.NoError(t, w.PutElector(ctx, comuneA, e))
	})
	assert.Equal(t, []string{"2"}, ids(t, s, electoral.GeneralList, comuneA, ""))
	e = SampleElector("2", comuneB, "5")
	update(t, s, func(ctx context.Context, w registry.Writer) {
		require.NoError(t, w.RemoveElector(ctx, "2"))
		require.NoError(t, w.PutElector(ctx, comuneB, e))
	})
	assert.Empty(t, ids(t, s, electoral.GeneralList, comuneA, ""))
	view(t, s, func(ctx context.Context, r registry.Reader) {
		got, home, err := r.Elector(ctx, "2")
		require.NoError(t, err)
		assert.Equal(t, e, got)
		assert.Equal(t, comuneB, home)
	})
}
