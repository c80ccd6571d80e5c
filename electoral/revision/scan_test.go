package revision_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// crowd puts persons in every situation into a world, without asking its rules, and
// returns their ANPR ids.
func (w *world) crowd(seed uint64, count int) []string {
	w.t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	var ids []string
	require.NoError(w.t, w.store.Update(w.t.Context(), func(wr registry.Writer) error {
		for range count {
			id := fmt.Sprint(1 + r.Int64N([]int64{900, 9e15}[r.IntN(2)]))
			if slices.Contains(ids, id) {
				continue
			}
			ids = append(ids, id)
			born := time.Date(2011-r.IntN(90), time.Month(1+r.IntN(12)), 1+r.IntN(28), 0, 0, 0, 0, time.UTC)
			p := electoral.Person{ANPRID: id, Surname: "ROSSI", Name: "MARIA", Birth: electoral.Birth{Date: electoral.Date{
				Year: born.Year(), Month: born.Month(), Day: born.Day()}},
				Citizenships: []electoral.Citizenship{{State: pick("ITA", "ITA", "ITA", "ITA", "FRA", "ARG")}}}
			switch r.IntN(8) {
			case 0:
			case 1:
				p.Abroad = &electoral.Abroad{Comune: pick(aglie, airasca), State: "DEU"}
			default:
				p.Residence = &electoral.Residence{Comune: pick(aglie, aglie, aglie, airasca), Since: day("2020-01-01"),
					Abode: pick("VIA ROMA 1", "VIA VERDI 2")}
			}
			if r.IntN(10) == 0 {
				p.Death = day("2026-01-02")
			}
			if r.IntN(20) > 0 {
				w.people.Put(p)
			}
			home := pick("", aglie, aglie, airasca)
			if home == "" {
				continue
			}
			e := electorOf(id, home, pick("1", "2"))
			switch r.IntN(8) {
			case 0:
				e.Loss = &electoral.CapacityLoss{Comune: home}
				e.LoseCapacity()
			case 1:
				e.General = nil
				e.Removals = []electoral.Removal{{Comune: home, List: electoral.GeneralList, Code: electoral.Emigration}}
			case 2:
				e.EU.Comunal = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: e.General}
				e.General = nil
			}
			if err := wr.PutElector(w.t.Context(), home, e); err != nil {
				return err
			}
		}
		return nil
	}))
	return ids
}

// TestScanAgrees compares the lines that one walk through register and lists finds
// with those found person by person.
func TestScanAgrees(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, store := range []string{"memory", "sqlite"} {
		t.Run(store, func(t *testing.T) {
			vote := referendum()
			all := func(alone bool) map[string]revision.Line {
				w := newWorld(t, store)
				w.at("2026-01-30")
				w.section = func(p electoral.Person) (string, bool) {
					if p.Residence == nil {
						return "", false
					}
					return map[string]string{"VIA ROMA 1": "1", "VIA VERDI 2": "2"}[p.Residence.Abode], true
				}
				ids := w.crowd(seed, 2500)
				q := revision.Opening{Kind: revision.Extraordinary, Day: vote.Day}
				if alone {
					q.Vote, q.Persons = &vote, ids
				} else {
					w.votes = []electoral.Vote{vote}
				}
				h := w.open(q)
				if !alone { // once more: each line finds itself
					h = w.open(q)
				}
				out := map[string]revision.Line{}
				for after := ""; ; {
					list, err := w.engine.Lines(t.Context(), officer(aglie), aglie, h.ID,
						revision.LineFilter{After: after, Limit: 1000})
					require.NoError(t, err)
					for _, v := range list {
						after = v.Line.ID
						require.Equal(t, h.Round, v.Line.Round)
						v.Line.Changed, v.Line.Round = time.Time{}, 0
						out[v.Line.ID] = v.Line
					}
					if len(list) < 1000 {
						return out
					}
				}
			}
			walked, single := all(false), all(true)
			require.Greater(t, len(walked), 700, "more than one batch")
			require.Equal(t, single, walked)
			causes := map[revision.Cause]int{}
			for _, l := range walked {
				causes[l.Cause]++
			}
			for _, c := range []revision.Cause{revision.Death, revision.CitizenshipLost, revision.MovedOut,
				revision.MovedIn, revision.OtherSection, revision.EUEnded, revision.UnderAge} {
				require.NotZero(t, causes[c], "%s in %v", c, causes)
			}
		})
	}
}
