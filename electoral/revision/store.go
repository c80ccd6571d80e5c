package revision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// headerOf reads a revision; an unknown one is a fault.
func headerOf(ctx context.Context, rd registry.Reader, comune, id string) (Header, error) {
	var h Header
	if !validID(id) {
		return h, electoral.Faults{noRevision(id)}
	}
	rec, err := rd.Record(ctx, comune, registry.RevisionBook, id)
	if errors.Is(err, electoral.ErrNotFound) {
		return h, electoral.Faults{noRevision(id)}
	}
	if err != nil {
		return h, err
	}
	return h, decode(rec, &h)
}

func noRevision(id string) electoral.Fault {
	return electoral.NewFault(electoral.RevisionNotFound, "revision.id", shown(id), nil)
}

// validID reports whether a text may be the key of a record.
func validID(id string) bool {
	return id != "" && len(id) <= 200 && strings.IndexFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// shown returns what somebody sent as a fault may show it: short and legible.
func shown(s string) string {
	if legible(s, electoral.MaxText) && !strings.Contains(s, "\n") {
		return s
	}
	s = strconv.QuoteToASCII(s)
	return s[:min(len(s), electoral.MaxText)]
}

func decode(rec registry.Record, v any) error {
	if err := json.Unmarshal(rec.Body, v); err != nil {
		// Errors go to logs: the id of a line names its person.
		return fmt.Errorf("revision: a record of book %s of %s: %w", rec.Book, rec.Comune, err)
	}
	return nil
}

func put(ctx context.Context, w registry.Writer, rec registry.Record, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("revision: %w", err)
	}
	rec.Body = body
	return w.PutRecord(ctx, rec)
}

func putHeader(ctx context.Context, w registry.Writer, h Header, expires time.Time) error {
	at := h.Closed
	if at.IsZero() {
		at = h.Opened
	}
	return put(ctx, w, registry.Record{Comune: h.Comune, Book: registry.RevisionBook, ID: h.ID, State: string(h.State),
		At: at, Expires: expires}, h)
}

func putLine(ctx context.Context, w registry.Writer, comune string, l Line, expires time.Time) error {
	rec := l.record(comune)
	rec.Expires = expires
	return put(ctx, w, rec, l)
}

// lineOf reads a line of a revision; an unknown one is a fault.
func lineOf(ctx context.Context, rd registry.Reader, h Header, id string) (Line, error) {
	var l Line
	if !validID(id) || !strings.HasPrefix(id, h.ID+".") {
		return l, electoral.Faults{noLine(id)}
	}
	rec, err := rd.Record(ctx, h.Comune, registry.RevisionLineBook, id)
	if errors.Is(err, electoral.ErrNotFound) {
		return l, electoral.Faults{noLine(id)}
	}
	if err != nil {
		return l, err
	}
	return l, decode(rec, &l)
}

func noLine(id string) electoral.Fault {
	return electoral.NewFault(electoral.LineNotFound, "line.id", shown(id), nil)
}

// lines yields the lines of a revision in some states, in the order in which they
// are applied, after one of them; no states means all.
func lines(ctx context.Context, rd registry.Reader, h Header, after string,
	states ...LineState) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		q := registry.RecordSearch{Book: registry.RevisionLineBook, Comune: h.Comune, After: after}
		if q.After == "" {
			q.After = h.ID + "."
		}
		for _, s := range states {
			q.States = append(q.States, string(s))
		}
		for rec, err := range rd.Records(ctx, q) {
			if err != nil {
				yield(Line{}, err)
				return
			}
			if !strings.HasPrefix(rec.ID, h.ID+".") {
				return
			}
			var l Line
			if err := decode(rec, &l); err != nil {
				yield(l, err)
				return
			}
			if !yield(l, nil) {
				return
			}
		}
	}
}

// store writes the lines of a batch of the proposals, each beside the one that is
// there.
func (e *Engine) store(ctx context.Context, h Header, drafts []draft) error {
	for part := range slices.Chunk(drafts, linesMax) {
		err := e.cfg.Store.Update(ctx, func(w registry.Writer) error {
			now, err := headerOf(ctx, w, h.Comune, h.ID)
			if err = join(err, now.runs(h)); err != nil {
				return err
			}
			// The first run begins with no lines, and whoever began another stops it.
			q := queue{Writer: w, fresh: h.Round == 1}
			if err := q.readAhead(ctx, h, part); err != nil {
				return err
			}
			for _, d := range part {
				if err := e.storeLine(ctx, &q, h, d); err != nil {
					return err
				}
			}
			return q.flush(ctx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) storeLine(ctx context.Context, w registry.Writer, h Header, d draft) error {
	l := d.line
	l.Version, l.Round, l.Found, l.Changed = 1, h.Round, h.Round, e.calendar.Now()
	there, free, err := e.place(ctx, w, h, &l, d)
	if err != nil {
		return err
	}
	evidence := d.evidence
	if !free {
		changed, err := e.beside(ctx, w, h, &l, there, d)
		if err != nil {
			return err
		}
		if !changed {
			there.Round = h.Round
			return putLine(ctx, w, h.Comune, there, time.Time{})
		}
		kept, err := evidenceOf(ctx, w, h.Comune, there)
		if err != nil {
			return err
		}
		for _, ev := range kept { // the officer's documents are no proposal's
			if ev.Source == FromDocument {
				evidence = append(slices.Clip(evidence), ev)
			}
		}
	}
	if err := putLine(ctx, w, h.Comune, l, time.Time{}); err != nil {
		return err
	}
	return putEvidence(ctx, w, h.Comune, l, evidence, time.Time{})
}

// place finds the line beside which a proposal stands, or a free id for it: a line
// that is settled stays as it is in the minutes, and if its change is right once more
// that is another line.
func (e *Engine) place(ctx context.Context, rd registry.Reader, h Header, l *Line, d draft) (there Line, free bool,
	err error) {
	id := l.ID
	for n := 2; ; n++ {
		there, err = lineOf(ctx, rd, h, l.ID)
		if errors.Is(err, electoral.LineNotFound) {
			return there, true, nil
		}
		if err != nil {
			return there, false, err
		}
		settled := slices.Contains([]LineState{LineApplied, LineRejected, LineWithdrawn}, there.State)
		if !settled || there.Facts == l.Facts && there.State != LineApplied ||
			there.State == LineApplied && !there.Effect.lists() {
			return there, false, nil
		}
		now, err := e.factsNow(ctx, rd, subject{person: d.person}, l.ANPRID)
		if err != nil || now != l.Facts { // the lists changed while the proposals were made
			return there, false, err
		}
		l.ID = id + "." + strconv.Itoa(n)
	}
}

// beside gives a proposal what is to be kept of the line that is there, and reports
// whether it takes its place.
func (e *Engine) beside(ctx context.Context, rd registry.Reader, h Header, l *Line, there Line, d draft) (bool, error) {
	fresh := func() (bool, error) {
		now, err := e.factsNow(ctx, rd, subject{person: d.person}, l.ANPRID)
		return err == nil && now == l.Facts, err
	}
	switch {
	case there.Step > 0 && there.State != LineApplied:
		// Half done, only its certifiability was left; or he is out of the list again.
		l.Version = there.Version + 1
		if ok, err := fresh(); !ok {
			return false, err
		}
	case there.State == LineOpen || there.State == LineLate:
		l.Version, l.Refused, l.Section = there.Version, there.Refused, orText(l.Section, there.Section)
		if there.Facts != l.Facts || there.State != l.State {
			l.Version++
		}
	case there.State == LineAccepted && there.Facts != l.Facts:
		if ok, err := fresh(); !ok {
			return false, err
		}
		// What it rests on changed after the decision: the officer decides anew.
		l.Version = there.Version + 1
		l.Doubts = append(l.Doubts, doubt(electoral.LineFacts, "line", nil))
	default:
		return false, nil
	}
	l.Added, l.Found = there.Added, there.Found
	return true, nil
}

func orText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// grounds are what a line rests on, as they are kept: with the id of the person, which
// may be joined to another.
type grounds struct {
	ANPRID   string     `json:"anprId"`
	Evidence []Evidence `json:"evidence"`
}

func putEvidence(ctx context.Context, w registry.Writer, comune string, l Line, list []Evidence,
	expires time.Time) error {
	rec := l.record(comune)
	rec.Book, rec.Expires = registry.RevisionEvidenceBook, expires
	return put(ctx, w, rec, grounds{ANPRID: l.ANPRID, Evidence: list})
}

func evidenceOf(ctx context.Context, rd registry.Reader, comune string, l Line) ([]Evidence, error) {
	rec, err := rd.Record(ctx, comune, registry.RevisionEvidenceBook, l.ID)
	if errors.Is(err, electoral.ErrNotFound) {
		return nil, nil
	}
	var kept grounds
	if err == nil {
		err = decode(rec, &kept)
	}
	return kept.Evidence, err
}

// each calls fn in one update after another for the lines of a revision in some
// states, some of them at a time; fn writes what it changes.
func (e *Engine) each(ctx context.Context, h Header, states []LineState,
	fn func(w registry.Writer, l Line) error) error {
	after := ""
	for {
		var ids []string
		err := e.cfg.Store.View(ctx, func(rd registry.Reader) error {
			ids = ids[:0]
			for l, err := range lines(ctx, rd, h, after, states...) {
				if err != nil {
					return err
				}
				if ids = append(ids, l.ID); len(ids) == linesMax {
					break
				}
			}
			return nil
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		err = e.cfg.Store.Update(ctx, func(w registry.Writer) error {
			for _, id := range ids {
				l, err := lineOf(ctx, w, h, id)
				if errors.Is(err, electoral.LineNotFound) || err == nil && !slices.Contains(states, l.State) {
					continue
				}
				if err == nil {
					err = fn(w, l)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// sweep removes the undecided lines that the last run of the proposals did not find.
func (e *Engine) sweep(ctx context.Context, h Header) error {
	return e.each(ctx, h, []LineState{LineOpen, LineLate}, func(w registry.Writer, l Line) error {
		if l.Added || l.Step > 0 || l.Round >= h.Round {
			return nil
		}
		now, err := headerOf(ctx, w, h.Comune, h.ID)
		if err = join(err, now.runs(h)); err != nil {
			return err
		}
		if err := w.RemoveRecord(ctx, h.Comune, registry.RevisionLineBook, l.ID); err != nil {
			return err
		}
		return w.RemoveRecord(ctx, h.Comune, registry.RevisionEvidenceBook, l.ID)
	})
}
