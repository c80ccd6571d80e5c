package revision_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// spoil calls a service of the engine with its input made wrong in each field, and wants
// a fault with the path and the value, on record.
func spoil[T any](w *world, name, path string, sample T, call func(ctx context.Context, req electoral.Request, v T) error) {
	w.t.Helper()
	tries := 0
	for v := range electoraltest.Spoilt(sample) {
		if slices.Contains([]string{"comune", "verdict", "effect"}, v.Path) {
			continue // the officer's; of a line that is added, not looked at
		}
		tries++
		at := strings.TrimPrefix(path+"."+v.Path, ".")
		at = strings.TrimSuffix(strings.ReplaceAll(at, ".[", "["), ".")
		what := name + ": " + at + ": " + string(v.Flaw)
		before := len(w.log.accesses)
		var err error
		require.NotPanics(w.t, func() { err = call(w.t.Context(), officer(aglie), v.Value) }, what)
		faults, ok := errors.AsType[electoral.Faults](err)
		if !assert.True(w.t, ok, "%s: %v", what, err) {
			continue
		}
		i := slices.IndexFunc(faults, func(f electoral.Fault) bool { return f.Path == at && f.Severity == electoral.Error })
		if i < 0 { // persons are judged as a whole
			i = slices.IndexFunc(faults, func(f electoral.Fault) bool {
				return f.Severity == electoral.Error && f.Path != "" && (strings.HasPrefix(at, f.Path+".") || strings.HasPrefix(at, f.Path+"["))
			})
		}
		if assert.GreaterOrEqual(w.t, i, 0, "%s: not among\n%v", what, faults) {
			assert.NotEmpty(w.t, faults[i].Value, what)
		}
		for _, f := range faults {
			assert.NotContains(w.t, f.Value+f.Message, "\u202e", what)
			assert.NotContains(w.t, f.Value+f.Message, "\x00", what)
		}
		assert.Greater(w.t, len(w.log.accesses), before, what)
	}
	require.Positive(w.t, tries, name)
}

// TestGate calls every service of the engine with each of its inputs made wrong in each
// field. A method that is not in the table fails.
func TestGate(t *testing.T) {
	rows := map[string]func(w *world, id string){
		"Open": func(w *world, _ string) {
			vote := electoral.Vote{Consultation: electoral.ChamberElection, Day: day("2026-03-22")}
			spoil(w, "Open", "revision", revision.Opening{Comune: aglie, Kind: revision.Extraordinary, Day: vote.Day, Vote: &vote,
				Persons: []string{"1"}}, func(ctx context.Context, req electoral.Request, v revision.Opening) error {
				_, _, err := w.engine.Open(ctx, req, v)
				return err
			})
		},
		"Decide": func(w *world, id string) {
			spoil(w, "Decide", "rulings", []revision.Ruling{{Line: id + ".x", Version: 1, Decision: revision.LineDecision{
				Verdict: revision.Accept, Evidence: []revision.Evidence{{Source: revision.FromDocument, Text: "atto"}}}}},
				func(ctx context.Context, req electoral.Request, v []revision.Ruling) error {
					_, _, err := w.engine.Decide(ctx, req, aglie, id, v)
					return err
				})
		},
		"Add": func(w *world, id string) {
			spoil(w, "Add", "decision", revision.LineDecision{}, func(ctx context.Context, req electoral.Request, v revision.LineDecision) error {
				v.Verdict, v.Effect = "", "" // not looked at
				_, _, err := w.engine.Add(ctx, req, aglie, id, revision.Addition{ANPRID: "1", Cause: revision.Death,
					Effect: revision.Remove, List: electoral.GeneralList, Decision: v})
				return err
			})
		},
		"Lines": func(w *world, id string) {
			spoil(w, "Lines", "filter", revision.LineFilter{}, func(ctx context.Context, req electoral.Request, v revision.LineFilter) error {
				_, err := w.engine.Lines(ctx, req, aglie, id, v)
				return err
			})
		},
	}
	for name, call := range map[string]func(w *world, ctx context.Context, req electoral.Request, id string) error{
		"Apply": func(w *world, ctx context.Context, req electoral.Request, id string) error {
			_, err := w.engine.Apply(ctx, req, aglie, id)
			return err
		},
		"Close": func(w *world, ctx context.Context, req electoral.Request, id string) error {
			_, err := w.engine.Close(ctx, req, aglie, id)
			return err
		},
		"Propose": func(w *world, ctx context.Context, req electoral.Request, id string) error {
			_, err := w.engine.Propose(ctx, req, aglie, id)
			return err
		},
		"Get": func(w *world, ctx context.Context, req electoral.Request, id string) error {
			_, err := w.engine.Get(ctx, req, aglie, id)
			return err
		},
		"Table": func(w *world, ctx context.Context, req electoral.Request, id string) error {
			_, err := w.engine.Table(ctx, req, aglie, id)
			return err
		},
		"Minute": func(w *world, ctx context.Context, req electoral.Request, id string) error {
			_, err := w.engine.Minute(ctx, req, aglie, id, 0)
			return err
		},
	} {
		rows[name] = func(w *world, id string) {
			spoil(w, name, "revision.id", id, func(ctx context.Context, req electoral.Request, v string) error { return call(w, ctx, req, v) })
		}
	}
	engine := reflect.TypeFor[*revision.Engine]()
	for i := range engine.NumMethod() {
		name := engine.Method(i).Name
		// Schedule makes days of a revision that is given, and Revisions has no input.
		if _, in := rows[name]; !in && name != "Schedule" && name != "Revisions" {
			t.Errorf("%s: add it to the table", name)
		}
	}
	eachStore(t, func(t *testing.T, w *world) {
		w.elector("1", aglie, "1970-01-01")
		id := w.open(revision.Opening{Kind: revision.DynamicFirst, Year: 2026, Half: 1}).ID
		for _, row := range rows {
			row(w, id)
		}
	})
}

// TestPrintedDays refuses to print a day that does not exist, and prints whatever text.
func TestPrintedDays(t *testing.T) {
	minute := revision.Minute{Comune: aglie, Enrolled: []revision.MinuteLine{{ANPRID: "1"}}}
	for v := range electoraltest.Spoilt(minute) {
		_, pdf := revision.WriteMinutePDF(io.Discard, v.Value, revision.MinuteConfig{})
		text := revision.WriteMinuteText(io.Discard, v.Value, revision.MinuteConfig{})
		if v.Flaw != electoraltest.NoSuchDay {
			require.NoError(t, errors.Join(pdf, text), "%s: %s", v.Path, v.Flaw)
			continue
		}
		require.ErrorIs(t, pdf, electoral.DayImpossible, v.Path)
		require.ErrorIs(t, text, electoral.DayImpossible, v.Path)
	}
	for v := range electoraltest.Spoilt([]revision.Row{{}}) {
		for _, err := range []error{revision.WriteTableJSON(io.Discard, v.Value), revision.WriteTableCSV(io.Discard, v.Value),
			revision.WriteTableText(io.Discard, v.Value)} {
			if v.Flaw == electoraltest.NoSuchDay {
				require.ErrorIs(t, err, electoral.DayImpossible, v.Path)
			}
		}
	}
}
