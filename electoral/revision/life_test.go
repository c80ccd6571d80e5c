package revision_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// A lifeCase is a situation of the life cases with what a revision is to propose.
type lifeCase struct {
	number string // of the list of life cases
	name   string
	setup  func(w *world)
	at     string
	kind   revision.Kind
	comune string // empty is Agliè
	// want are the lines: person, cause, effect, list, state, doubts.
	want []string
	// told are the cases of the warnings about the whole: whom nothing is proposed for.
	told []string
	// then, if not nil, goes on from the proposals.
	then func(w *world, h revision.Header)
}

// wanted writes a line as a lifeCase wants it.
func wanted(l revision.Line) string {
	effect := string(l.Effect)
	if effect == "" {
		effect = fmt.Sprint(l.Choices)
	}
	text := []string{l.ANPRID, string(l.Cause), effect, string(l.List), string(l.State)}
	for _, f := range l.Doubts {
		text = append(text, strings.TrimPrefix(string(f.Code), "REV-"))
	}
	return strings.Join(text, " ")
}

// all returns the lines of a revision in their order.
func (w *world) all(h revision.Header) []revision.Line {
	w.t.Helper()
	list, err := w.engine.Lines(w.t.Context(), officer(h.Comune), h.Comune, h.ID, revision.LineFilter{Limit: 1000})
	require.NoError(w.t, err)
	out := make([]revision.Line, 0, len(list))
	for _, v := range list {
		out = append(out, v.Line)
	}
	return out
}

// done accepts every line, applies them and requires that none is refused.
func (w *world) done(h revision.Header) {
	w.t.Helper()
	lines := w.all(h)
	for _, l := range lines {
		w.accept(h, l)
	}
	report := w.apply(h)
	require.Equal(w.t, len(lines), report.Applied, "%v", report.Faulty)
}

func (w *world) removed(comune, id string, l electoral.List, c electoral.RemovalCause) {
	w.t.Helper()
	_, _, err := w.registry.Remove(w.t.Context(), officer(comune), registry.RemovalRequest{ANPRID: id, List: l, Cause: c})
	require.NoError(w.t, err)
}

func citizen(states ...electoral.Citizenship) func(*electoral.Person) {
	return func(p *electoral.Person) { p.Citizenships = states }
}

// union puts a citizen of France into both lists for citizens of the Union.
func (w *world) union(id, comune string) {
	w.t.Helper()
	w.person(id, comune, "1980-01-01", citizen(electoral.Citizenship{State: "FRA"}))
	for _, l := range []electoral.List{electoral.EUComunalList, electoral.EUParliamentList} {
		require.NoError(w.t, w.store.Update(w.t.Context(), func(wr registry.Writer) error {
			e, _, err := wr.Elector(w.t.Context(), id)
			if err != nil {
				e = electoral.Elector{ANPRID: id, Capacity: electoral.Yes}
			}
			e.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes,
				Enrolment: &electoral.Enrolment{Comune: comune, Section: "1"}})
			return wr.PutElector(w.t.Context(), comune, e)
		}))
	}
}

func lost(day electoral.Date) func(*electoral.Person) {
	return citizen(electoral.Citizenship{State: electoral.ItalianState, To: day}, electoral.Citizenship{State: "ARG"})
}

// noRight takes the right of somebody in a list.
func (w *world) noRight(comune, id string) {
	w.t.Helper()
	_, _, err := w.registry.SetCapacity(w.t.Context(), officer(comune),
		registry.CapacityChange{ANPRID: id, Capacity: electoral.No})
	require.NoError(w.t, err)
}

const (
	first     = revision.DynamicFirst
	second    = revision.DynamicSecond
	semestral = revision.Semestral
	before    = revision.Extraordinary
)

func lifeCases() []lifeCase {
	return slices.Concat(ageCases(), moveCases(), mendedCases(), rightCases(), citizenshipCases(), unionCases(),
		successionCases())
}

func abroad(comune string) func(*electoral.Person) {
	return func(p *electoral.Person) {
		p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: comune, State: "FRA", Since: day("2025-12-01")}
	}
}

func nowhere(p *electoral.Person) { p.Residence = nil }

// ageCases are those of the age.
func ageCases() []lifeCase {
	return []lifeCase{
		{number: "1", name: "18 on the first and the last day, the day before and after, without a day of birth",
			setup: func(w *world) {
				w.person("1", aglie, "2008-07-01")
				w.person("2", aglie, "2008-12-31")
				w.person("3", aglie, "2008-06-30")
				w.person("4", aglie, "2009-01-01")
				w.person("5", aglie, "2008-12-01", func(p *electoral.Person) { p.Birth.Date.Day = 0 })
				w.person("6", aglie, "2008-12-01", func(p *electoral.Person) { p.Birth.Date.Day, p.Birth.Date.Month = 0, 0 })
			},
			at: "2026-03-20", kind: semestral,
			want: []string{"1 turns-eighteen enrol general open",
				"2 turns-eighteen enrol general open",
				"5 turns-eighteen enrol general open DUB-10", "6 turns-eighteen enrol general open DUB-10"}},
		{number: "2", name: "born on 29 February: on 1 March, and not on 28 February",
			setup: func(w *world) {
				vote := referendum()
				vote.Day, vote.LastDay = day("2026-02-28"), day("2026-03-01")
				w.votes = []electoral.Vote{vote}
				w.at("2026-01-10")
				w.elector("1", aglie, "2008-02-29")
				w.elector("2", aglie, "2008-02-28")
			},
			at: "2026-01-10", kind: before,
			want: []string{"1 under-age strike-off general open"}},
		{number: "2", name: "born on 29 February: in the half-year of 1 March",
			setup: func(w *world) { w.person("1", aglie, "2008-02-29") },
			at:    "2025-09-20", kind: semestral,
			want: []string{"1 turns-eighteen enrol general open"}},
		{number: "1", name: "a vote: struck off the copy by the first day, and who may not be 18",
			setup: func(w *world) {
				w.votes = []electoral.Vote{referendum()}
				w.elector("1", aglie, "2008-03-22")
				w.elector("2", aglie, "2008-03-23")
				w.elector("3", aglie, "2008-03-01", func(p *electoral.Person) { p.Birth.Date.Day = 0 })
			},
			at: "2026-01-30", kind: before,
			want: []string{"2 under-age strike-off general open",
				"3 under-age strike-off general open DUB-10"}},
		{number: "1", name: "a vote: who moved too late to be removed is struck off too",
			setup: func(w *world) {
				w.votes = []electoral.Vote{referendum()}
				w.elector("1", aglie, "2008-03-23", movedTo(airasca, "2026-02-06"))
			},
			at: "2026-02-10", kind: before,
			want: []string{"1 moved-out remove general late", "1 under-age strike-off general open"}},
		{number: "1", name: "a vote: who moved in time is removed and not struck off",
			setup: func(w *world) {
				w.votes = []electoral.Vote{referendum()}
				w.elector("1", aglie, "2008-03-23", movedTo(airasca, "2026-01-06"))
			},
			at: "2026-01-30", kind: before,
			want: []string{"1 moved-out remove general open"}},
		{number: "1", name: "enrolled at 17, he moves before he is 18: the new comune enrols him",
			setup: func(w *world) {
				w.elector("1", airasca, "2008-06-01", movedTo(aglie, "2026-01-07"))
				w.removed(airasca, "1", electoral.GeneralList, electoral.CauseMoved)
				w.elector("2", airasca, "2008-06-01", movedTo(aglie, "2026-01-07"))
				w.person("3", aglie, "2008-06-01")
			},
			at: "2026-01-20", kind: second,
			want: []string{"1 moved-in enrol general open", "2 moved-in enrol general open DUB-03"},
			then: func(w *world, h revision.Header) {
				w.accept(h, w.lines(h)["1"])
				report := w.apply(h)
				require.Equal(w.t, 1, report.Applied, "%v", report.Faulty)
				require.Equal(w.t, aglie, w.stored("1").General.Comune)
			}},
		{number: "1", name: "turns 18, and the comune from which he comes has enrolled him",
			setup: func(w *world) {
				w.at("2026-03-01")
				w.elector("1", airasca, "2008-08-01", func(p *electoral.Person) {
					p.Residence = &electoral.Residence{Comune: aglie, Since: day("2026-02-10")}
				})
			},
			at: "2026-03-20", kind: semestral,
			want: []string{"1 turns-eighteen enrol general open DUB-03"}},
	}
}

// moveCases are those of moves.
func moveCases() []lifeCase {
	return []lifeCase{
		{number: "3", name: "claimed before he is released, then released",
			setup: func(w *world) {
				w.elector("1", airasca, "1970-01-01", movedTo(aglie, "2025-12-07"))
			},
			at: "2026-01-20", kind: second,
			want: []string{"1 moved-in enrol general open DUB-03"},
			then: func(w *world, h revision.Header) {
				w.accept(h, w.lines(h)["1"])
				require.Equal(w.t, 1, w.apply(h).Refused)
				require.Equal(w.t, airasca, w.stored("1").General.Comune)
				w.removed(airasca, "1", electoral.GeneralList, electoral.CauseMoved)
				h = w.open(revision.Opening{Kind: second, Year: 2026, Half: 1})
				w.done(h)
				require.Equal(w.t, aglie, w.stored("1").General.Comune)
			}},
		{number: "3", name: "moved and came back before he was removed: nothing",
			setup: func(w *world) { w.elector("1", aglie, "1970-01-01") },
			at:    "2026-01-05", kind: first},
		{number: "3", name: "a move undone after the other comune enrolled him",
			setup: func(w *world) {
				w.at("2025-11-20")
				w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-11-02"))
				w.removed(aglie, "1", electoral.GeneralList, electoral.CauseMoved)
				w.do(w.registry.Enrol(w.t.Context(), officer(airasca), electorOf("1", airasca, "1")))
				w.person("1", aglie, "1970-01-01")
			},
			at: "2026-01-20", kind: second,
			want: []string{"1 moved-in enrol general open DUB-03"}},
		{number: "22", name: "emigrates: in the same comune's AIRE he stays, in another's he leaves",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01", abroad(aglie))
				w.elector("2", aglie, "1970-01-01", abroad(airasca))
				w.section = func(electoral.Person) (string, bool) { return "2", true } // also of those abroad
			},
			at: "2026-01-30", kind: before,
			want: []string{"2 moved-out remove general open"},
			told: []string{"constituency"}},
		{number: "46", name: "no longer in the register: nothing, and told; or untraceable in doubt",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01")
				w.people.Remove("1")
				w.elector("2", aglie, "1970-01-01", nowhere)
			},
			at: "2026-03-20", kind: semestral,
			want: []string{"2 untraceable remove general open DUB-02"},
			told: []string{""}},
	}
}

// mendedCases are those of removals that should not be.
func mendedCases() []lifeCase {
	return []lifeCase{
		{number: "4", name: "still resident: not removed as untraceable",
			setup: func(w *world) { w.elector("1", aglie, "1970-01-01") },
			at:    "2026-03-20", kind: semestral},
		{number: "5", name: "removed by mistake: enrolled again, the cause in doubt",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01")
				w.removed(aglie, "1", electoral.GeneralList, electoral.CauseOther)
			},
			at: "2026-01-20", kind: second,
			want: []string{"1 moved-in enrol general open DUB-06"},
			then: func(w *world, h revision.Header) { w.done(h) }},
		{number: "40", name: "a removal from 2099 is refused, and the line stays open",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-12-02"))
			},
			at: "2026-01-05", kind: first,
			want: []string{"1 moved-out remove general open"},
			then: func(w *world, h revision.Header) {
				w.accept(h, w.lines(h)["1"], func(d *revision.LineDecision) { d.Day = day("2099-01-01") })
				report := w.apply(h)
				require.Equal(w.t, 1, report.Refused)
				require.True(w.t, report.Faulty[0].Refused.Has(electoral.RemovalDay))
				require.Equal(w.t, revision.LineOpen, w.lines(h)["1"].State)
			}},
		{number: "40", name: "untraceable: not in a dynamic revision",
			setup: func(w *world) { w.elector("1", aglie, "1970-01-01", nowhere) },
			at:    "2026-01-05", kind: first,
			then: func(w *world, h revision.Header) {
				_, _, err := w.engine.Add(w.t.Context(), officer(aglie), aglie, h.ID, revision.Addition{ANPRID: "1",
					Cause: revision.Untraceable, Effect: revision.Remove, List: electoral.GeneralList})
				w.refused(err, electoral.RevisionCauseRefused, "")
			}},
		{number: "41", name: "alive, and removed as dead: enrolled again, the cause in doubt",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01")
				w.removed(aglie, "1", electoral.GeneralList, electoral.CauseDied)
			},
			at: "2026-01-20", kind: second,
			want: []string{"1 moved-in enrol general open DUB-06"}},
	}
}

// rightCases are those of death and of the right to vote.
func rightCases() []lifeCase {
	return []lifeCase{
		{number: "6", name: "the dead are removed from each list, in the order of the lists",
			setup: func(w *world) {
				w.elector("1", aglie, "1930-01-01", func(p *electoral.Person) { p.Death = day("2026-01-02") })
				w.union("2", aglie)
				w.person("2", aglie, "1980-01-01", citizen(electoral.Citizenship{State: "FRA"}),
					func(p *electoral.Person) { p.Death = day("2026-01-02") })
				w.person("3", aglie, "1930-01-01", func(p *electoral.Person) { p.Death = day("2026-01-02") })
			},
			at: "2026-01-05", kind: first,
			want: []string{"2 death remove eu-comunal open",
				"2 death remove eu-parliament open",
				"1 death remove general open"},
			then: func(w *world, h revision.Header) {
				for _, l := range w.all(h) { // each from the day of the death
					w.accept(h, l, func(d *revision.LineDecision) { d.Day = day("2026-01-05") })
				}
				w.at("2026-01-09")
				report := w.apply(h)
				require.Equal(w.t, 3, report.Applied, "%v", report.Faulty)
			}},
		{number: "6", name: "the dead stay in the lists in a semestral revision, and in a second round",
			setup: func(w *world) {
				w.elector("1", aglie, "1930-01-01", func(p *electoral.Person) { p.Death = day("2026-01-02") })
			},
			at: "2026-01-20", kind: second},
		{number: "7", name: "lost the right, then moved: the new comune does not enrol him",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-12-02"))
				w.noRight(aglie, "1")
				w.removed(aglie, "1", electoral.GeneralList, electoral.CauseMoved)
			},
			at: "2026-01-20", kind: second, comune: airasca, told: []string{"lost"}},
		{number: "7", name: "lost the right, then moved: removed",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-12-02"))
				w.noRight(aglie, "1")
			},
			at: "2026-01-05", kind: first,
			want: []string{"1 moved-out remove general open"},
			then: func(w *world, h revision.Header) {
				w.done(h)
				require.NotNil(w.t, w.stored("1").Loss)
				require.Equal(w.t, electoral.No, w.stored("1").Capacity)
			}},
		{number: "54", name: "lost the right and in the list: it does not come back by itself",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01")
				w.noRight(aglie, "1")
			},
			at: "2026-01-20", kind: second},
		{number: "55", name: "lost the right, moved away and back: told, not enrolled",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01", movedTo(airasca, "2025-12-02"))
				w.noRight(aglie, "1")
				w.removed(aglie, "1", electoral.GeneralList, electoral.CauseMoved)
				w.person("1", aglie, "1970-01-01", movedTo(aglie, "2026-01-10"))
			},
			at: "2026-01-20", kind: second, told: []string{"lost"}},
	}
}

// citizenshipCases are those of the citizenship.
func citizenshipCases() []lifeCase {
	return []lifeCase{
		{number: "8", name: "no longer a citizen: the officer chooses; without any citizenship in the register: nothing",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01", lost(day("2025-12-01")))
				w.elector("2", aglie, "1970-01-01", citizen())
			},
			at: "2026-01-05", kind: first,
			want: []string{"1 citizenship-lost [lose-right remove] general open DUB-01"}},
		{number: "15", name: "becomes Italian before a vote: out of the lists of the Union, into the general one",
			setup: func(w *world) {
				w.votes = []electoral.Vote{referendum()}
				w.union("1", aglie)
				w.person("1", aglie, "1980-01-01", citizen(electoral.Citizenship{State: "FRA"},
					electoral.Citizenship{State: electoral.ItalianState, From: day("2026-01-20")}))
			},
			at: "2026-01-30", kind: before,
			want: []string{"1 eu-ended remove eu-comunal open",
				"1 eu-ended remove eu-parliament open",
				"1 right-acquired enrol general open"},
			then: func(w *world, h revision.Header) {
				w.done(h)
				e := w.stored("1")
				require.Equal(w.t, "1", e.General.Section)
				require.Equal(w.t, electoral.FullyCertifiable, *e.Certifiability)
				require.Equal(w.t, electoral.Yes, e.Status.EuropeanParliament)
			}},
		{number: "15", name: "Italian after the thirtieth day: admitted on application",
			setup: func(w *world) {
				w.votes = []electoral.Vote{referendum()}
				w.person("1", aglie, "1980-01-01", citizen(electoral.Citizenship{State: electoral.ItalianState,
					From: day("2026-02-19")}))
			},
			at: "2026-02-21", kind: before,
			want: []string{"1 right-acquired attest general open DUB-07"}},
		{number: "15", name: "Italian since he was a child, in no list: his origin is in doubt",
			setup: func(w *world) {
				w.person("1", aglie, "1980-01-01", citizen(electoral.Citizenship{State: electoral.ItalianState,
					From: day("1990-02-19")}))
				w.person("2", aglie, "1980-01-01", citizen(electoral.Citizenship{State: electoral.ItalianState,
					From: day("2001-02-19")})) // a resident since 2010
			},
			at: "2026-01-20", kind: second,
			want: []string{"1 moved-in enrol general open DUB-06",
				"2 right-acquired enrol general open DUB-06"}},
		{number: "8", name: "removed for the loss of the citizenship, which he has again: by the thirtieth day",
			setup: func(w *world) {
				w.votes = []electoral.Vote{referendum()}
				w.elector("1", aglie, "1970-01-01")
				w.removed(aglie, "1", electoral.GeneralList, electoral.CauseOther)
				w.person("1", aglie, "1970-01-01", citizen(electoral.Citizenship{State: electoral.ItalianState,
					To: day("2020-01-01")}, electoral.Citizenship{State: electoral.ItalianState, From: day("2026-02-01")}))
			},
			at: "2026-02-10", kind: before,
			want: []string{"1 right-acquired enrol general open"}},
		{number: "53", name: "lost the citizenship and kept in the list, he has it again: by an act",
			setup: func(w *world) {
				w.elector("1", aglie, "1970-01-01")
				w.noRight(aglie, "1")
				w.person("1", aglie, "1970-01-01", citizen(electoral.Citizenship{State: electoral.ItalianState,
					From: day("2026-01-15")}))
			},
			at: "2026-01-20", kind: second,
			want: []string{"1 right-acquired recover-right general open"},
			then: func(w *world, h revision.Header) {
				_, err := w.decide(h, w.lines(h)["1"], revision.LineDecision{Verdict: revision.Accept})
				w.refused(err, electoral.LineIncomplete, "recovery")
				w.accept(h, w.lines(h)["1"], func(d *revision.LineDecision) {
					d.Recovery = &electoral.Recovery{Act: "giuramento n. 4/2026", Day: day("2026-01-15")}
				})
				report := w.apply(h)
				require.Equal(w.t, 1, report.Applied, "%v", report.Faulty)
				require.Nil(w.t, w.stored("1").Loss)
			}},
	}
}

// unionCases are those of territories with an added list and of citizens of the Union.
func unionCases() []lifeCase {
	return []lifeCase{
		{number: "9", name: "in Trento for less than a year: enrolled, without the regional vote",
			setup: func(w *world) {
				w.person("1", trento, "1980-01-01", func(p *electoral.Person) {
					p.Residence = &electoral.Residence{Comune: trento, Since: day("2025-12-15"),
						Earlier: []electoral.ResidencePeriod{{Comune: aglie, From: day("2000-01-01"), To: day("2025-12-15")}}}
				})
			},
			at: "2026-01-20", kind: second, comune: trento,
			want: []string{"1 moved-in enrol general open DUB-06 DUB-08"}},
		{number: "10", name: "in Bolzano for less than four years",
			setup: func(w *world) {
				w.person("1", bolzano, "1980-01-01", func(p *electoral.Person) {
					p.Residence = &electoral.Residence{Comune: bolzano, Since: day("2025-12-15"),
						Earlier: []electoral.ResidencePeriod{{Comune: aglie, From: day("2000-01-01"), To: day("2025-12-15")}}}
				})
			},
			at: "2026-01-20", kind: second, comune: bolzano,
			want: []string{"1 moved-in enrol general open DUB-06 DUB-08"}},
		{number: "42", name: "a citizen of the Union moves, dies, stays",
			setup: func(w *world) {
				french := citizen(electoral.Citizenship{State: "FRA"})
				w.union("1", aglie)
				w.person("1", aglie, "1980-01-01", french, movedTo(airasca, "2025-12-02"))
				w.union("2", aglie)
				w.union("3", aglie)
				w.person("3", aglie, "1980-01-01", citizen(electoral.Citizenship{State: "GBR"}))
			},
			at: "2026-01-05", kind: first,
			want: []string{"1 moved-out remove eu-comunal open",
				"3 eu-ended remove eu-comunal open",
				"1 moved-out remove eu-parliament open", "3 eu-ended remove eu-parliament open"}},
	}
}

// successionCases are those of a comune that took the place of another: Alano di Piave
// is now in Setteville.
func successionCases() []lifeCase {
	setup := func(w *world) {
		w.person("1", "M437", "1970-01-01")
		require.NoError(w.t, w.store.Update(w.t.Context(), func(wr registry.Writer) error {
			return wr.PutElector(w.t.Context(), "A121", electoral.Elector{ANPRID: "1", Capacity: electoral.Yes,
				General: &electoral.Enrolment{Comune: "A121", Section: "1"}})
		}))
	}
	return []lifeCase{
		{number: "23", name: "the heir does not enrol whom nobody can remove", setup: setup,
			at: "2026-01-20", kind: second, comune: "M437", told: []string{"unlisted"}},
		{number: "23", name: "the comune that is no more does not remove him", setup: setup,
			at: "2026-01-05", kind: first, comune: "A121", told: []string{"heir"}},
	}
}

// TestLife goes through the life cases that are revisions.
func TestLife(t *testing.T) {
	eachStore(t, func(t *testing.T, w *world) {
		store := strings.TrimPrefix(t.Name(), "TestLife/")
		for _, c := range lifeCases() {
			t.Run(c.number+" "+c.name, func(t *testing.T) {
				w := newWorld(t, store)
				c.setup(w)
				w.at(c.at)
				q := revision.Opening{Comune: c.comune, Kind: c.kind, Year: w.now.Year(), Half: 1}
				if w.now.Month() > 6 {
					q.Half = 2
				}
				if c.kind == revision.Extraordinary {
					if len(w.votes) == 0 {
						w.votes = []electoral.Vote{referendum()}
					}
					q = revision.Opening{Comune: c.comune, Kind: c.kind, Day: w.votes[0].Day}
				}
				h := w.open(q)
				var got, told []string
				for _, l := range w.all(h) {
					got = append(got, wanted(l))
				}
				for _, f := range h.Told {
					if f.Code == electoral.ProposalsLeftOut {
						told = append(told, f.Case)
					}
				}
				slices.Sort(got)
				slices.Sort(c.want)
				require.Equal(t, c.want, got)
				require.Equal(t, c.told, told)
				if c.then != nil {
					c.then(w, h)
				}
			})
		}
	})
}
