package revision

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// Get returns a revision.
//
// Codes: of every service; REG-COM-01, REV-RIV-01.
func (e *Engine) Get(ctx context.Context, req electoral.Request, comune, id string) (Header, error) {
	var h Header
	err := e.inspect(ctx, req, comune, func(on *electoral.Entry, rd registry.Reader) error {
		var err error
		if h, err = headerOf(ctx, rd, comune, id); err == nil {
			on.Set("revision", h.ID)
		}
		return err
	})
	if err != nil {
		return Header{}, err
	}
	return h, nil
}

// inspect runs a reading service on one state of the store.
func (e *Engine) inspect(ctx context.Context, req electoral.Request, comune string,
	fn func(on *electoral.Entry, rd registry.Reader) error) error {
	return e.look(ctx, registry.Call{Request: req, Operation: electoral.OpReadRevision, Comune: comune}, fn)
}

// look runs a call that reads.
func (e *Engine) look(ctx context.Context, call registry.Call,
	fn func(on *electoral.Entry, rd registry.Reader) error) error {
	return registry.Inspect(ctx, e.made().registry, call, func(on *electoral.Entry) error {
		return e.cfg.Store.View(ctx, func(rd registry.Reader) error { return fn(on, rd) })
	})
}

// Revisions returns the revisions of a comune that are still kept, in the order of
// their ids.
//
// Codes: of every service; REG-COM-01.
func (e *Engine) Revisions(ctx context.Context, req electoral.Request, comune string) ([]Header, error) {
	var out []Header
	err := e.inspect(ctx, req, comune, func(_ *electoral.Entry, rd registry.Reader) error {
		out = nil
		for rec, err := range rd.Records(ctx, registry.RecordSearch{Book: registry.RevisionBook, Comune: comune}) {
			if err != nil {
				return err
			}
			var h Header
			if err := decode(rec, &h); err != nil {
				return err
			}
			out = append(out, h)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// A LineFilter selects lines of a revision.
type LineFilter struct {
	// States and Causes select lines with one of them; empty means all.
	States []LineState
	Causes []Cause
	// After is the id after which the answers begin; Limit how many, 1 to 1,000; zero
	// means 100.
	After string
	Limit int
}

// check returns how many lines are asked for of a revision, and what is wrong with the
// filter.
func (f LineFilter) check(id string) (int, electoral.Faults) {
	var wrong electoral.Faults
	limit := f.Limit
	switch {
	case limit == 0:
		limit = 100
	case limit < 0 || limit > 1_000:
		wrong = append(wrong, electoral.NewFault(electoral.QueryPaging, "filter.limit", strconv.Itoa(f.Limit),
			electoral.Args{"most": "1000"}))
	}
	if f.After != "" && (!validID(f.After) || !strings.HasPrefix(f.After, id+".")) {
		wrong = append(wrong, electoral.NewFault(electoral.QueryPaging.In("line"), "filter.after", f.After, nil))
	}
	return limit, unfit(wrong, "filter", f)
}

// A LineView is a line with its person and with what it rests on.
type LineView struct {
	Line Line `json:"line"`
	// Person is nil if the population does not hold him.
	Person   *electoral.Person `json:"person,omitzero"`
	Evidence []Evidence        `json:"evidence,omitempty"`
}

// Lines returns lines of a revision, in the order in which they are applied.
//
// Codes: of every service; REG-COM-01, REG-CON-06, REV-RIV-01.
func (e *Engine) Lines(ctx context.Context, req electoral.Request, comune, id string,
	f LineFilter) ([]LineView, error) {
	limit, wrong := f.check(id)
	var out []LineView
	call := registry.Call{Request: req, Operation: electoral.OpReadRevision, Comune: comune, Refused: wrong}
	err := e.look(ctx, call, func(on *electoral.Entry, rd registry.Reader) error {
		h, err := headerOf(ctx, rd, comune, id)
		if err != nil {
			return err
		}
		on.Set("revision", h.ID)
		out = nil
		for l, err := range lines(ctx, rd, h, f.After, f.States...) {
			if err != nil {
				return err
			}
			if len(f.Causes) > 0 && !slices.Contains(f.Causes, l.Cause) {
				continue
			}
			v, err := e.viewOf(ctx, rd, h, l)
			if err != nil {
				return err
			}
			if out = append(out, v); len(out) == limit {
				break
			}
		}
		if err := e.persons(ctx, out); err != nil {
			return err
		}
		on.Set("rows", strconv.Itoa(len(out)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (e *Engine) viewOf(ctx context.Context, rd registry.Reader, h Header, l Line) (LineView, error) {
	list, err := evidenceOf(ctx, rd, h.Comune, l)
	return LineView{Line: l, Evidence: list}, err
}

// persons gives views their persons.
func (e *Engine) persons(ctx context.Context, list []LineView) error {
	for part := range slices.Chunk(list, lookupMax) {
		ids := make([]electoral.Elector, len(part))
		for i, v := range part {
			ids[i].ANPRID = v.Line.ANPRID
		}
		found, err := personsOf(ctx, e.cfg.Population, ids)
		if err != nil {
			return err
		}
		for i := range part {
			if person, ok := found[part[i].Line.ANPRID]; ok {
				part[i].Person = &person
			}
		}
	}
	return nil
}

// Table returns the days of a revision as they stand today, with the lines of each
// cause: what is late, what is blocked, and what may still be done until when.
//
// Codes: of every service; REG-COM-01, REV-CAL-01/02/03/04/05, REV-RIV-01,
// VOT-DAT-01/02.
func (e *Engine) Table(ctx context.Context, req electoral.Request, comune, id string) ([]Row, error) {
	var rows []Row
	err := e.inspect(ctx, req, comune, func(on *electoral.Entry, rd registry.Reader) error {
		h, err := headerOf(ctx, rd, comune, id)
		if err != nil {
			return err
		}
		on.Set("revision", h.ID)
		s, err := e.Schedule(h)
		if err != nil {
			return err
		}
		counts := map[Cause]RowCount{}
		for l, err := range lines(ctx, rd, h, "") {
			if err != nil {
				return err
			}
			n := counts[l.Cause]
			switch l.State {
			case LineOpen:
				n.Open++
			case LineAccepted:
				n.Accepted++
			case LineApplied:
				n.Applied++
			case LineLate:
				n.Late++
			}
			if !l.State.Settled() && !l.Deadline.IsZero() && l.Deadline.Before(e.calendar.Today()) {
				n.Late++
			}
			counts[l.Cause] = n
		}
		rows = s.Table(e.calendar.Today())
		for i := range rows {
			for _, c := range rows[i].Step.Causes {
				if n, ok := counts[c]; ok {
					if rows[i].Counts == nil {
						rows[i].Counts = map[Cause]RowCount{}
					}
					rows[i].Counts[c] = n
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}
