package sqlstore_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
)

type silent struct{}

func (silent) Record(context.Context, electoral.Access) error { return nil }

// TestNoHistory changes data through the services and looks for the earlier
// values in every file (annex 2, services for the comuni 5): what repeated
// requests, conflicts and rectifications keep must not bring them back.
func TestNoHistory(t *testing.T) {
	dir := t.TempDir()
	db, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(dir, "r.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	ctx, now := t.Context(), time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)

	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "A074", Electors: 300})
	require.NoError(t, err)
	population := memory.NewPopulation()
	var electors []electoral.Elector
	for in := range g.Inhabitants() {
		population.Put(in.Person)
		electors = append(electors, in.Elector)
	}
	r, err := registry.New(registry.Config{Store: db.Store(), Population: population, Recorder: silent{}, Now: func() time.Time { return now }})
	require.NoError(t, err)
	officer := func() electoral.Request {
		return electoral.Request{ID: rand.Text(), Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: "A074", Method: electoral.CIEMethod, Level: 3}}
	}
	// The section's number is the value to be looked for.
	section := g.Sections()[0]
	old, later := "OLD"+rand.Text(), "NEW"+rand.Text()
	t.Logf("marks %s, %s", old, later)
	for _, number := range []string{old, later} {
		section.Number = number
		_, err := r.PutSection(ctx, officer(), section)
		require.NoError(t, err)
	}
	enrol, change := officer(), officer()
	var moved []electoral.Elector
	for i := range electors {
		e := electors[i]
		if e.General == nil || e.Capacity != electoral.Yes {
			continue
		}
		e = e.Clone()
		e.Added, e.EU = electoral.AddedLists{}, electoral.EULists{}
		e.General = &electoral.Enrolment{Comune: "A074", Section: old}
		if len(moved) > 0 {
			enrol = officer()
		}
		if _, err := r.Enrol(ctx, enrol, e); err != nil {
			continue // made up with an added list
		}
		moved = append(moved, e)
	}
	require.Greater(t, len(moved), 100)
	// A citizen asks for the change; a refused request quotes the old value.
	me, err := population.ByANPRID(ctx, moved[0].ANPRID)
	require.NoError(t, err)
	self := officer()
	self.Actor = electoral.Actor{FiscalCode: me.FiscalCode, Role: electoral.CitizenRole, Method: electoral.CIEMethod, Level: 3}
	asked, err := r.AskRectification(ctx, self, registry.RectificationRequest{Field: electoral.ListField(electoral.GeneralList, electoral.ListSection), Asked: later, Note: "non " + old})
	require.NoError(t, err)
	require.Equal(t, old, asked.Present)
	wrong := moved[1].Clone()
	wrong.Status.ChamberConstituency = old
	_, err = r.Change(ctx, officer(), wrong)
	require.ErrorIs(t, err, electoral.ConstituencyUnknown)

	for i := range moved {
		moved[i].General.Section = later
		_, err := r.Change(ctx, change, moved[i])
		require.NoError(t, err)
		change = officer()
	}
	for _, state := range []registry.RequestState{registry.RequestInProgress, registry.RequestDone} {
		_, err = r.AnswerRectification(ctx, officer(), asked.ID, state, "")
		require.NoError(t, err)
	}
	require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error { return w.RemoveSection(ctx, "A074", old) }))
	require.NotEmpty(t, holding(t, dir, old), "a change alone leaves bytes")
	_, err = db.Purge(ctx, erasure.Config{})
	require.NoError(t, err)
	assert.Empty(t, holding(t, dir, old), "not even in the answers that are kept for retries")
	assert.NotEmpty(t, holding(t, dir, later))
	now = now.AddDate(1, 0, 0)
	n, err := r.Expire(ctx, "A074")
	require.NoError(t, err)
	assert.Greater(t, n.Records, 2*len(moved))
}
