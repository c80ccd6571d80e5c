package registry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

func TestRegistry(t *testing.T) {
	eachStore(t, func(t *testing.T, r *registry.Registry, log *notebook, _ registry.Store) {
		ctx := t.Context()
		warnings, err := r.PutSection(ctx, officer(aglie), sectionOf(aglie, "1"))
		require.NoError(t, err)
		assert.Empty(t, warnings)
		enrolment := officer(aglie)
		_, err = r.Enrol(ctx, enrolment, electorOf("1", aglie, "1"))
		require.NoError(t, err)
		got, err := r.Elector(ctx, officer(aglie), "1")
		require.NoError(t, err)
		assert.Equal(t, electorOf("1", aglie, "1"), got)

		changed := electorOf("1", aglie, "1")
		changed.Status.Regional = electoral.No
		warnings, err = r.Change(ctx, officer(aglie), changed)
		require.NoError(t, err)
		assert.True(t, warnings.Has(electoral.StatusUnusual))
		got, err = r.Elector(ctx, citizen(people()[0]), "1")
		require.NoError(t, err)
		assert.Equal(t, changed, got)

		var listed []registry.Listed
		require.NoError(t, r.ListSection(ctx, officer(aglie), electoral.GeneralList, aglie, "1", func(l registry.Listed) error {
			listed = append(listed, l)
			return nil
		}))
		require.Len(t, listed, 1)
		assert.Equal(t, changed, listed[0].Elector)
		assert.Equal(t, people()[0], listed[0].Person)

		facts, err := certificateFacts(ctx, r, log, officer(airasca), "1")
		require.NoError(t, err, "any officer, whatever the comune")
		assert.Equal(t, changed, facts.Elector)
		require.NotNil(t, facts.Section)
		assert.Equal(t, "1", facts.Section.Number)

		sec, err := r.Section(ctx, officer(aglie), aglie, "1")
		require.NoError(t, err)
		assert.Equal(t, sectionOf(aglie, "1"), sec)

		assert.Equal(t, []string{"requested", "granted", "requested", "granted", "granted", "requested", "granted", "granted", "requested", "granted", "granted", "granted"}, log.outcomes())
		first := log.accesses[2]
		assert.Equal(t, electoral.Access{
			FiscalCode: "FFCLTR70A01H501Z", At: time.Date(2026, 11, 22, 11, 0, 0, 123_000_000, time.UTC), Operation: electoral.OpEnrol,
			Outcome: electoral.Requested, RequestID: enrolment.ID, Method: electoral.SPIDMethod, Comune: aglie, Subject: "1",
			ActorComune: aglie, Role: electoral.OfficerRole, Level: 2,
		}, first, "the six fields of the decree, and from where")
	})
}

func TestRegistryRefuses(t *testing.T) {
	eachStore(t, func(t *testing.T, r *registry.Registry, log *notebook, _ registry.Store) {
		ctx := t.Context()
		_, err := r.PutSection(ctx, officer(aglie), sectionOf(aglie, "1"))
		require.NoError(t, err)
		_, err = r.Enrol(ctx, officer(aglie), electorOf("1", aglie, "1"))
		require.NoError(t, err)

		_, err = r.PutSection(ctx, officer(airasca), sectionOf(aglie, "2"))
		refused(t, log, err, electoral.NotCompetent)
		_, err = r.PutSection(ctx, citizen(people()[0]), sectionOf(aglie, "2"))
		refused(t, log, err, electoral.NotCompetent)
		bad := sectionOf(aglie, "")
		bad.SeatName = ""
		_, err = r.PutSection(ctx, officer(aglie), bad)
		refused(t, log, err, electoral.SectionNumberMissing)
		require.ErrorIs(t, err, electoral.SeatNameMissing, "all faults at once")

		_, err = r.Enrol(ctx, officer(airasca), electorOf("22", aglie, "1"))
		refused(t, log, err, electoral.NotCompetent)
		none := electoral.Elector{ANPRID: "22", Capacity: electoral.No}
		_, err = r.Enrol(ctx, officer(airasca), none)
		refused(t, log, err, electoral.NotCompetent)
		_, err = r.Enrol(ctx, officer(aglie), electorOf("1", aglie, "1"))
		refused(t, log, err, electoral.AlreadyEnrolled)
		_, err = r.Enrol(ctx, officer(aglie), electorOf("99", aglie, "1"))
		refused(t, log, err, electoral.PersonUnknown)
		_, err = r.Enrol(ctx, officer(aglie), electorOf("x", aglie, "1"))
		refused(t, log, err, electoral.IDMalformed)
		_, err = r.Enrol(ctx, officer(aglie), electorOf("22", aglie, "9"))
		refused(t, log, err, electoral.SectionUnknown)
		_, err = r.Enrol(ctx, officer(aglie), electorOf("44", aglie, "1"))
		refused(t, log, err, electoral.GeneralNotItalian)
		_, err = r.Change(ctx, officer(aglie), electorOf("22", aglie, "1"))
		refused(t, log, err, electoral.ElectorUnknown)
		other := electorOf("1", aglie, "1")
		other.Status.Regional = electoral.No
		_, err = r.Change(ctx, officer(airasca), other)
		refused(t, log, err, electoral.NotCompetent)
		moved := electorOf("1", airasca, "1")
		_, err = r.Change(ctx, officer(airasca), moved)
		refused(t, log, err, electoral.NotCompetent)
		_, err = r.Change(ctx, officer(aglie), moved)
		refused(t, log, err, electoral.NotCompetent)

		_, err = r.Elector(ctx, officer(airasca), "1")
		refused(t, log, err, electoral.NotCompetent)
		_, err = r.Elector(ctx, citizen(people()[1]), "1")
		refused(t, log, err, electoral.OtherPerson)
		_, err = r.Elector(ctx, officer(aglie), "22")
		refused(t, log, err, electoral.ElectorUnknown)
		_, err = certificateFacts(ctx, r, log, citizen(people()[1]), "1")
		refused(t, log, err, electoral.OtherPerson)
		_, err = certificateFacts(ctx, r, log, officer(aglie), "22")
		refused(t, log, err, electoral.ElectorUnknown)
		_, err = r.Section(ctx, officer(aglie), aglie, "9")
		refused(t, log, err, electoral.SectionNotFound)
		err = r.ListSection(ctx, officer(airasca), electoral.GeneralList, aglie, "", func(registry.Listed) error { t.Error("listed"); return nil })
		refused(t, log, err, electoral.NotCompetent)

		for _, change := range []func(*electoral.Request){
			func(q *electoral.Request) { q.Actor.FiscalCode = "nonsense" },
			func(q *electoral.Request) { q.Actor.FiscalCode = "" },
			func(q *electoral.Request) { q.Actor.Method = "telepathy" },
		} {
			q := officer(aglie)
			change(&q)
			_, err = r.Elector(ctx, q, "1")
			refused(t, log, err, electoral.ActorUnknown)
		}
		for _, id := range []string{"", "a b", "a\nb", "a\x00b", "é", strings.Repeat("x", 65)} {
			q := officer(aglie)
			q.ID = id
			_, err = r.Elector(ctx, q, "1")
			refused(t, log, err, electoral.RequestIDMissing)
		}
		weak := officer(aglie)
		weak.Actor.Level = 1
		_, err = r.Elector(ctx, weak, "1")
		refused(t, log, err, electoral.LevelTooLow)
		weak.Actor.Method = electoral.SmartCardMethod
		_, err = r.Elector(ctx, weak, "1")
		require.NoError(t, err, "a smart card is enough")
		_, err = r.Elector(ctx, electoral.Request{}, "1")
		for _, code := range []electoral.Code{electoral.RequestIDMissing, electoral.ActorUnknown, electoral.LevelTooLow} {
			require.ErrorIs(t, err, code)
		}
		// nothing of all this left a trace
		got, err := r.Elector(ctx, officer(aglie), "1")
		require.NoError(t, err)
		assert.Equal(t, electorOf("1", aglie, "1"), got)
	})
}

func TestRegistryFailsClosed(t *testing.T) {
	eachStore(t, func(t *testing.T, r *registry.Registry, log *notebook, store registry.Store) {
		ctx := t.Context()
		log.failAt[electoral.Requested] = true
		_, err := r.PutSection(ctx, officer(aglie), sectionOf(aglie, "1"))
		require.ErrorIs(t, err, electoral.ErrRequestNotRecorded)
		require.ErrorIs(t, err, electoral.ErrNotRecorded)
		require.NotErrorIs(t, err, electoral.ErrOutcomeNotRecorded)
		require.NoError(t, store.View(ctx, func(rd registry.Reader) error {
			_, err := rd.Section(ctx, aglie, "1")
			require.ErrorIs(t, err, electoral.ErrNotFound, "nothing is done before it is on record")
			return nil
		}))
		called := false
		err = r.ListSection(ctx, officer(aglie), electoral.GeneralList, aglie, "", func(registry.Listed) error { called = true; return nil })
		require.ErrorIs(t, err, electoral.ErrNotRecorded)
		assert.False(t, called)

		log.failAt = map[string]bool{electoral.Granted: true}
		_, err = r.PutSection(ctx, officer(aglie), sectionOf(aglie, "1"))
		require.NotErrorIs(t, err, electoral.ErrRequestNotRecorded)
		require.ErrorIs(t, err, electoral.ErrOutcomeNotRecorded, "done, but the caller is told that its outcome is not on record")
		assert.Equal(t, []string{electoral.Requested}, log.outcomes(), "the open pair shows")
		sec, err := r.Section(ctx, officer(aglie), aglie, "1")
		require.ErrorIs(t, err, electoral.ErrNotRecorded)
		assert.Empty(t, sec, "what cannot be recorded is not shown")

		log.failAt = map[string]bool{string(electoral.ElectorUnknown): true}
		_, err = r.Elector(ctx, officer(aglie), "1")
		require.ErrorIs(t, err, electoral.ErrNotRecorded)
		require.ErrorIs(t, err, electoral.ElectorUnknown, "both are told")
	})
}

func source[T any](declared int, records ...T) electoral.LoadSource[T] {
	return electoral.LoadSource[T]{Declared: declared, Items: func(yield func(electoral.LoadItem[T], error) bool) {
		for i, rec := range records {
			if !yield(electoral.LoadItem[T]{Number: i + 1, Position: electoral.Position{Line: i + 10, Column: 1}, Record: rec}, nil) {
				return
			}
		}
	}}
}

func broken[T any](src electoral.LoadSource[T], err error) electoral.LoadSource[T] {
	return electoral.LoadSource[T]{Declared: src.Declared, Items: func(yield func(electoral.LoadItem[T], error) bool) {
		for item, e := range src.Items {
			if !yield(item, e) {
				return
			}
		}
		yield(electoral.LoadItem[T]{}, err)
	}}
}

func TestLoad(t *testing.T) {
	truncated := errors.New("xml: line 12: the document ends early")
	good := source(2, sectionOf(aglie, "1"), sectionOf(aglie, "2"))
	wrong := electorOf("22", aglie, "1")
	wrong.Capacity, wrong.Status.ChamberConstituency = electoral.NotGiven, "PIEMONTE 9"
	cases := []struct {
		name     string
		sections electoral.LoadSource[electoral.Section]
		electors electoral.LoadSource[electoral.Elector]
		partial  bool
		err      error
		codes    []electoral.Code
		counts   [4]int // sections and electors: accepted, refused
		stored   int    // electors in the store afterwards
	}{
		{"whole", good, source(2, electorOf("1", aglie, "1"), electorOf("22", aglie, "2")), false, nil, nil, [4]int{2, 0, 2, 0}, 2},
		{"only sections", good, electoral.LoadSource[electoral.Elector]{}, false, nil, nil, [4]int{2, 0, 0, 0}, 0},
		{"one wrong, atomic", good, source(2, electorOf("1", aglie, "1"), wrong), false, registry.ErrLoadRefused,
			[]electoral.Code{electoral.CapacityNotGiven, electoral.ConstituencyUnknown}, [4]int{2, 0, 1, 1}, 0},
		{"one wrong, partial", good, source(2, electorOf("1", aglie, "1"), wrong), true, nil,
			[]electoral.Code{electoral.CapacityNotGiven, electoral.ConstituencyUnknown}, [4]int{2, 0, 1, 1}, 1},
		{"twice", good, source(2, electorOf("1", aglie, "1"), electorOf("1", aglie, "2")), true, nil, []electoral.Code{electoral.DuplicateElector}, [4]int{2, 0, 1, 1}, 1},
		{"section twice", source(2, sectionOf(aglie, "1"), sectionOf(aglie, "1")), electoral.LoadSource[electoral.Elector]{Declared: -1}, true, nil,
			[]electoral.Code{electoral.DuplicateSection}, [4]int{1, 1, 0, 0}, 0},
		{"unknown section", good, source(1, electorOf("1", aglie, "3")), true, nil, []electoral.Code{electoral.SectionUnknown}, [4]int{2, 0, 0, 1}, 0},
		{"section refused, its electors too", source(1, electoral.Section{Comune: aglie, Number: "1"}), source(1, electorOf("1", aglie, "1")), true, nil,
			[]electoral.Code{electoral.SeatNameMissing, electoral.SeatPostCode, electoral.SeatStreetMissing, electoral.SeatComuneMissing, electoral.RegionalMissing,
				electoral.CollegeMissing, electoral.CollegeMissing, electoral.SectionRefused}, [4]int{0, 1, 0, 1}, 0},
		{"unknown person", good, source(1, electorOf("99", aglie, "1")), true, nil, []electoral.Code{electoral.PersonUnknown}, [4]int{2, 0, 0, 1}, 0},
		{"other comune's section", source(1, sectionOf(airasca, "1")), electoral.LoadSource[electoral.Elector]{Declared: -1}, true, nil, []electoral.Code{electoral.OtherComuneLoad}, [4]int{0, 1, 0, 0}, 0},
		{"other comune's elector", good, source(1, electorOf("1", airasca, "1")), true, nil, []electoral.Code{electoral.GeneralOtherComune, electoral.OtherComuneLoad}, [4]int{2, 0, 0, 1}, 0},
		{"wrong total, atomic", good, source(3, electorOf("1", aglie, "1")), false, registry.ErrLoadRefused, []electoral.Code{electoral.CountMismatch}, [4]int{2, 0, 1, 0}, 0},
		{"truncated, atomic", good, broken(source(2, electorOf("1", aglie, "1")), truncated), false, truncated, []electoral.Code{electoral.LoadIncomplete}, [4]int{2, 0, 1, 0}, 0},
		{"truncated, partial", good, broken(source(2, electorOf("1", aglie, "1")), truncated), true, truncated, []electoral.Code{electoral.LoadIncomplete}, [4]int{2, 0, 1, 0}, 1},
		{"truncated sections, atomic", broken(good, truncated), source(1, electorOf("1", aglie, "1")), false, truncated, []electoral.Code{electoral.LoadIncomplete}, [4]int{2, 0, 0, 0}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			eachStore(t, func(t *testing.T, r *registry.Registry, log *notebook, store registry.Store) {
				report, err := r.Load(t.Context(), officer(aglie), aglie, c.sections, c.electors, registry.LoadOptions{Partial: c.partial})
				if c.err != nil {
					require.ErrorIs(t, err, c.err)
				} else {
					require.NoError(t, err)
				}
				var codes []electoral.Code
				for _, f := range report.Faults {
					codes = append(codes, f.Code)
					if f.Record > 0 {
						require.NotNil(t, f.Position)
						assert.Equal(t, f.Record+9, f.Position.Line)
					}
				}
				assert.Equal(t, c.codes, codes)
				assert.Equal(t, c.counts, [4]int{report.Sections.Accepted, report.Sections.Refused, report.Electors.Accepted, report.Electors.Refused})
				for _, n := range []registry.LoadCount{report.Sections, report.Electors} {
					assert.Equal(t, n.Read, n.Accepted+n.Refused, "the count adds up")
				}
				n := 0
				require.NoError(t, store.View(t.Context(), func(rd registry.Reader) error {
					for _, err := range rd.Enrolled(t.Context(), electoral.GeneralList, aglie, "") {
						require.NoError(t, err)
						n++
					}
					return nil
				}))
				assert.Equal(t, c.stored, n)
				if c.stored > 0 {
					assert.True(t, report.Stored)
					assert.Equal(t, n, report.Enrolled[electoral.GeneralList])
				}
				require.Len(t, log.accesses, 2, "request and outcome")
			})
		})
	}
}

func TestLoadTwice(t *testing.T) {
	eachStore(t, func(t *testing.T, r *registry.Registry, log *notebook, _ registry.Store) {
		load := func() (registry.LoadReport, error) {
			return r.Load(t.Context(), officer(aglie), aglie, source(1, sectionOf(aglie, "1")), source(1, electorOf("1", aglie, "1")), registry.LoadOptions{})
		}
		_, err := load()
		require.NoError(t, err)
		report, err := load()
		require.ErrorIs(t, err, registry.ErrLoadRefused)
		assert.True(t, report.Faults.Has(electoral.DuplicateElector), "the first load wins")
		_, err = r.Load(t.Context(), officer(airasca), aglie, source(1, sectionOf(aglie, "1")), electoral.LoadSource[electoral.Elector]{}, registry.LoadOptions{})
		refused(t, log, err, electoral.NotCompetent)
	})
}

// TestLoadCountsErrorsBeyondTheBound holds the decision apart from the faults
// that the report keeps.
func TestLoadCountsErrorsBeyondTheBound(t *testing.T) {
	eachStore(t, func(t *testing.T, r *registry.Registry, _ *notebook, _ registry.Store) {
		unusual := electorOf("1", aglie, "1")
		unusual.Status.Regional = electoral.No
		report, err := r.Load(t.Context(), officer(aglie), aglie, source(1, sectionOf(aglie, "1")), source(99, unusual), registry.LoadOptions{MaxFaults: 1})
		require.ErrorIs(t, err, registry.ErrLoadRefused)
		assert.False(t, report.Stored)
		assert.Len(t, report.Faults, 1)
		assert.Equal(t, 1, report.Errors)
	})
}

// TestTwoComuni registers a person in a general list and in an added list of
// another comune, in either order, by load and by enrolment.
func TestTwoComuni(t *testing.T) {
	const bolzano = "A952"
	mover := people()[0].Clone()
	mover.Residence = &electoral.Residence{Comune: bolzano, Since: electoral.Date{Year: 2026, Month: 3, Day: 1}, Earlier: []electoral.ResidencePeriod{{Comune: aglie, From: electoral.Date{Year: 2000, Month: 1, Day: 1}, To: electoral.Date{Year: 2026, Month: 3, Day: 1}}}}
	general := electorOf("1", bolzano, "1")
	general.Status.SenateConstituency, general.Status.ChamberConstituency = "TRENTINO-ALTO ADIGE/SÜDTIROL", "TRENTINO-ALTO ADIGE/SÜDTIROL"
	added := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, Status: electorOf("1", aglie, "1").Status,
		Added: electoral.AddedLists{Bolzano: electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}}}
	whole := general
	whole.Added = added.Added
	type move struct {
		comune string
		e      electoral.Elector
	}
	for name, moves := range map[string][]move{"general first": {{bolzano, general}, {aglie, added}}, "added first": {{aglie, added}, {bolzano, general}}} {
		for _, how := range []string{"load", "enrol"} {
			t.Run(name+"/"+how, func(t *testing.T) {
				eachStore(t, func(t *testing.T, _ *registry.Registry, log *notebook, store registry.Store) {
					r, err := registry.New(registry.Config{Store: store, Population: memory.NewPopulation(mover), Recorder: log, Now: func() time.Time { return noon }})
					require.NoError(t, err)
					do := func(m move) error {
						if how == "enrol" {
							_, err := r.PutSection(t.Context(), officer(m.comune), sectionOf(m.comune, "1"))
							require.NoError(t, err)
							_, err = r.Enrol(t.Context(), officer(m.comune), m.e)
							return err
						}
						_, err := r.Load(t.Context(), officer(m.comune), m.comune, source(1, sectionOf(m.comune, "1")), source(1, m.e), registry.LoadOptions{})
						return err
					}
					require.NoError(t, do(moves[0]))
					require.NoError(t, do(moves[1]))
					for _, comune := range []string{bolzano, aglie} {
						got, err := r.Elector(t.Context(), officer(comune), "1")
						require.NoError(t, err)
						assert.Equal(t, whole, got)
					}
					require.Error(t, do(moves[0]), "he is in that list already")
					require.Error(t, do(moves[1]))
				})
			})
		}
	}
}

// TestListsOfOthers tries to write another comune's list beside one's own.
func TestListsOfOthers(t *testing.T) {
	eachStore(t, func(t *testing.T, r *registry.Registry, log *notebook, store registry.Store) {
		both := electorOf("1", aglie, "1")
		both.Added.Trento = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: airasca, Section: "1"}}
		for _, comune := range []string{aglie, airasca} {
			_, err := r.PutSection(t.Context(), officer(comune), sectionOf(comune, "1"))
			require.NoError(t, err)
		}
		_, err := r.Enrol(t.Context(), officer(aglie), both)
		refused(t, log, err, electoral.NotCompetent)
		report, err := r.Load(t.Context(), officer(aglie), aglie, electoral.LoadSource[electoral.Section]{}, source(1, both), registry.LoadOptions{})
		require.ErrorIs(t, err, registry.ErrLoadRefused)
		assert.True(t, report.Faults.Has(electoral.OtherComuneLoad))
		// nor by joining
		_, err = r.Enrol(t.Context(), officer(aglie), electorOf("1", aglie, "1"))
		require.NoError(t, err)
		sneaky := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, Status: both.Status, Added: both.Added}
		sneaky.EU.Comunal = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}
		_, err = r.Enrol(t.Context(), officer(airasca), sneaky)
		require.ErrorIs(t, err, electoral.NotCompetent)
		got, err := r.Elector(t.Context(), officer(aglie), "1")
		require.NoError(t, err)
		assert.Equal(t, electorOf("1", aglie, "1"), got)
	})
}

func TestLoadBoundsItsFaults(t *testing.T) {
	eachStore(t, func(t *testing.T, r *registry.Registry, _ *notebook, _ registry.Store) {
		var bad []electoral.Elector
		for i := range 50 {
			bad = append(bad, electorOf(fmt.Sprint(1000+i), aglie, "1"))
		}
		report, err := r.Load(t.Context(), officer(aglie), aglie, source(1, sectionOf(aglie, "1")), source(50, bad...), registry.LoadOptions{MaxFaults: 7})
		require.ErrorIs(t, err, registry.ErrLoadRefused)
		assert.Len(t, report.Faults, 7)
		assert.Equal(t, 43, report.FaultsBeyond)
	})
}

func TestReaderFaultsReplaceTheCheckers(t *testing.T) {
	eachStore(t, func(t *testing.T, r *registry.Registry, _ *notebook, _ registry.Store) {
		e := electorOf("1", aglie, "1")
		e.Capacity = electoral.NotGiven
		read := electoral.NewFault(electoral.Code("XML-VAL-01"), "capacity", "X", nil)
		items := iter.Seq2[electoral.LoadItem[electoral.Elector], error](func(yield func(electoral.LoadItem[electoral.Elector], error) bool) {
			yield(electoral.LoadItem[electoral.Elector]{Number: 1, Record: e, Faults: electoral.Faults{read}}, nil)
		})
		report, err := r.Load(t.Context(), officer(aglie), aglie, source(1, sectionOf(aglie, "1")), electoral.LoadSource[electoral.Elector]{Declared: 1, Items: items}, registry.LoadOptions{Partial: true})
		require.NoError(t, err)
		require.Len(t, report.Faults, 1, "one fault for one wrong value")
		assert.Equal(t, "X", report.Faults[0].Value)
	})
}

func TestAnnex1(t *testing.T) {
	sections := map[string]electoral.Section{"1": sectionOf(aglie, "1")}
	find := func(comune, number string) (electoral.Section, bool) {
		s, ok := sections[number]
		return s, ok && comune == aglie
	}
	name := func(belfiore string) string { return map[string]string{aglie: "Agliè"}[belfiore] }
	fields := map[string]string{}
	record := electoral.Annex1Of(electorOf("1", aglie, "1"), find, name)
	for _, f := range record.Fields() {
		if _, twice := fields[f.Name]; !twice {
			fields[f.Name] = f.Value
		}
	}
	assert.Equal(t, "si", fields["Elettore"])
	assert.Equal(t, "Agliè", fields["Comune di iscrizione elettorale nella lista generale ordinaria"])
	assert.Equal(t, "1", fields["Sezione elettorale di iscrizione (numero)"])
	assert.Equal(t, "VIA ROMA - Scuola", fields["Sezione elettorale di iscrizione (sede)"])
	assert.Equal(t, "I : ITALIA NORD-OCCIDENTALE", fields["Circoscrizione per l'elezione dei membri del Parlamento europeo spettanti all'Italia"])
	assert.Equal(t, "PIEMONTE 1 | P02 | U04", fields["Collegio plurinominale e collegio uninominale per la Camera dei deputati"])
	assert.Equal(t, "TORINO", fields["Circoscrizione delle elezioni regionali"])
	assert.Equal(t, "no", fields["Circoscrizionali"])
	assert.Equal(t, "non indicato", fields["Iscrizione nella lista aggiunta per i residenti in Valle d'Aosta"])
	assert.Len(t, record.Fields(), 1+3+3*4+2*4+14, "every field of annex 1")

	abroad := electorOf("1", aglie, "1")
	abroad.Status.ChamberConstituency, abroad.Status.SenateConstituency, abroad.Status.Regional = "EUROPA", "EUROPA", electoral.No
	record = electoral.Annex1Of(abroad, find, name)
	assert.Equal(t, "EUROPA", record.Status.ChamberConstituency)
	assert.Empty(t, record.Status.ChamberCollege, "no college abroad, although the section has one")
	assert.Empty(t, record.Status.RegionalConstituency, "only where the answer is si")

	eu := electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, EU: electoral.EULists{Parliament: electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: aglie, Section: "1"}}},
		Status: electoral.Status{EuropeanParliament: electoral.Yes}}
	record = electoral.Annex1Of(eu, find, name)
	assert.Nil(t, record.General)
	assert.Equal(t, "VIA ROMA - Scuola", record.EU[1].Enrolment.SectionSeat)
	assert.NotEmpty(t, record.Status.EuropeanConstituency)
	data, err := json.Marshal(record)
	require.NoError(t, err)
	assert.Contains(t, string(data), `"nationalReferendums":null`, "not given is not no")
}

func TestAnswerJSON(t *testing.T) {
	for text, want := range map[string]electoral.Answer{"true": electoral.Yes, "false": electoral.No, "null": electoral.NotGiven} {
		var a electoral.Answer
		require.NoError(t, json.Unmarshal([]byte(text), &a))
		assert.Equal(t, want, a)
		data, err := json.Marshal(a)
		require.NoError(t, err)
		assert.Equal(t, text, string(data))
	}
	for _, text := range []string{`"si"`, `1`, `0`, `""`} {
		var a electoral.Answer
		assert.Error(t, json.Unmarshal([]byte(text), &a), text)
	}
	e := electorOf("1", aglie, "1")
	data, err := json.Marshal(e)
	require.NoError(t, err)
	var again electoral.Elector
	require.NoError(t, json.Unmarshal(data, &again))
	assert.Equal(t, e, again)
	assert.NotContains(t, string(data), "aostaValley", "what was not given does not stand")
}
