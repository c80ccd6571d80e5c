package registry

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// A FirstLoadTerm is the time in which the comuni register their lists (art. 7
// c. 1): twelve months from the Ministry's communication that the service is
// active.
type FirstLoadTerm struct {
	// Announced is the day of the communication; zero while there is none.
	Announced electoral.Date
	// Months is the length of the term; zero means the decree's twelve.
	Months int
}

// Last returns the last day of the term; zero while the service has not been
// announced. A term that would end on a day that its month does not have ends
// on the month's last.
func (t FirstLoadTerm) Last() electoral.Date {
	if t.Announced.IsZero() {
		return electoral.Date{}
	}
	months := t.Months
	if months == 0 {
		months = 12
	}
	first := electoral.Date{Year: t.Announced.Year, Month: t.Announced.Month, Day: 1}.In(time.UTC).AddDate(0, months, 0)
	end := first.AddDate(0, 1, -1).Day()
	return electoral.Date{Year: first.Year(), Month: first.Month(), Day: min(t.Announced.Day, end)}
}

// LoadProgress is how far a comune is with its first load.
type LoadProgress struct {
	Comune string `json:"comune"`
	// Last is the last day of the term, DaysLeft the days until it, negative
	// after it; zero and 0 while the service has not been announced.
	Last     electoral.Date `json:"last,omitzero"`
	DaysLeft int            `json:"daysLeft"`
	// Sections counts the sections that are registered, Enrolled the electors
	// in each list.
	Sections int                    `json:"sections"`
	Enrolled map[electoral.List]int `json:"enrolled"`
	// ExpectedSections and ExpectedElectors are what the tables know of the
	// comune: the sections of the European election of 2024 and the electors
	// that it reported to ANPR. 0 where not known.
	ExpectedSections int `json:"expectedSections"`
	ExpectedElectors int `json:"expectedElectors"`
	// Loads are the first loads, in the order of their ids.
	Loads []FirstLoad `json:"loads"`
	// OpenConflicts counts the conflicts in which the comune is to act.
	OpenConflicts int `json:"openConflicts"`
}

// Progress returns how far the officer's comune is with its first load.
//
// Codes: of every service; REG-COM-01.
func (r *Registry) Progress(ctx context.Context, req electoral.Request, comune string) (LoadProgress, error) {
	r = r.made()
	a := r.begin(req, electoral.OpProgress, comune)
	p := LoadProgress{Comune: comune, Last: r.firstLoad.Last()}
	if !p.Last.IsZero() {
		p.DaysLeft = int(p.Last.In(time.UTC).Sub(a.today().In(time.UTC)) / (24 * time.Hour))
	}
	if c, ok := r.tables.Comune(comune, a.today()); ok {
		p.ExpectedSections, p.ExpectedElectors = c.Sections, c.Electors
	}
	err := a.read(ctx, a.officerOf(comune), func(*electoral.Entry) error {
		return r.store.View(ctx, func(rd Reader) error { return p.fill(ctx, rd) })
	})
	if err != nil {
		return LoadProgress{}, err
	}
	return p, nil
}

func (p *LoadProgress) fill(ctx context.Context, rd Reader) error {
	for _, err := range rd.Sections(ctx, p.Comune) {
		if err != nil {
			return err
		}
		p.Sections++
	}
	counts, err := rd.Counts(ctx, p.Comune)
	if err != nil {
		return err
	}
	p.Enrolled = map[electoral.List]int{}
	for _, c := range counts {
		if c.List != electoral.StillVotesList {
			p.Enrolled[c.List] += c.Count
		}
	}
	for rec, err := range rd.Records(ctx, RecordSearch{Book: LoadBook, Comune: p.Comune}) {
		if err != nil {
			return err
		}
		var f FirstLoad
		if err := decodeRecord(rec, &f); err != nil {
			return err
		}
		p.Loads = append(p.Loads, f)
	}
	live := RecordSearch{Book: ConflictBook, Comune: p.Comune,
		States: []string{string(ConflictOpen), string(ConflictReleased), string(ConflictRefused)}}
	for rec, err := range rd.Records(ctx, live) {
		if err != nil {
			return err
		}
		var c Conflict
		if err := decodeRecord(rec, &c); err != nil {
			return err
		}
		if (c.Holder == p.Comune) == (c.State == ConflictOpen) {
			p.OpenConflicts++
		}
	}
	return nil
}

// An UndoReport says what became of the records of a load that was undone.
type UndoReport struct {
	// Removed counts the electors who left the lists of the comune; Kept those
	// who stay, since a later operation has touched them.
	Removed int `json:"removed"`
	Kept    int `json:"kept"`
	// Sections counts the sections that were deleted: those that the load had
	// brought and in which nobody is left.
	Sections int `json:"sections"`
}

// UndoLoad takes back a first load, even one that was interrupted, as the
// officer of its comune. The electors whom nobody has touched since leave the
// lists of the comune. An elector left in no list of any comune is deleted,
// unless another comune had registered or removed him before; one who was
// registered before leaves only the lists that the load brought. The electors
// who were touched since stay, each named by a warning, [electoral.LoadKept],
// up to 1,000. No earlier value is needed: the operation journal says whom the
// load registered. UndoLoad does all or nothing.
//
// Codes: of every service, of a change; REG-CAR-07/08/10, REG-COM-01.
func (r *Registry) UndoLoad(ctx context.Context, req electoral.Request,
	comune, loadID string) (UndoReport, electoral.Faults, error) {
	a := r.begin(req, electoral.OpUndoLoad, comune)
	a.takes("id", loadID)
	return perform(ctx, a, a.officerOf(comune), loadID, func(w Writer) (UndoReport, electoral.Faults, error) {
		var first loadRecord
		rec, err := w.Record(ctx, comune, LoadBook, loadID)
		if err == nil {
			err = decodeRecord(rec, &first)
		}
		if err == nil {
			err = first.number(ctx, w)
		}
		switch {
		case errors.Is(err, electoral.ErrNotFound):
			return UndoReport{}, nil, electoral.Faults{electoral.NewFault(electoral.LoadUnknown, "id",
				strconv.QuoteToASCII(loadID), electoral.Args{"comune": r.label(comune)})}
		case err != nil:
			return UndoReport{}, nil, err
		case r.retention.Journal > 0 && !first.At.After(a.at.Add(-r.retention.Journal)):
			return UndoReport{}, nil, electoral.Faults{electoral.NewFault(electoral.LoadState, "id", loadID, nil)}
		case first.State == LoadUndone:
			return UndoReport{}, nil, electoral.Faults{electoral.NewFault(electoral.LoadState.In("undone"),
				"id", loadID, nil)}
		}
		u := undoer{action: a, ctx: ctx, w: w, first: first}
		if err := u.run(); err != nil {
			return UndoReport{}, nil, err
		}
		first.State, first.Joined = LoadUndone, nil
		return u.report, u.kept,
			putRecord(ctx, w, Record{Comune: comune, Book: LoadBook, ID: loadID, State: string(first.State), At: a.at},
				first)
	})
}

type undoer struct {
	action *action
	ctx    context.Context
	w      Writer
	first  loadRecord
	report UndoReport
	kept   electoral.Faults
}

func (u *undoer) run() error {
	var after *JournalEntry
	for {
		batch := make([]JournalEntry, 0, loadBatch)
		q := u.first.between()
		q.After = after
		if len(u.first.Changes) > 0 {
			for entry, err := range u.w.Journal(u.ctx, q) {
				if err != nil {
					return err
				}
				if u.first.has(entry.Seq) {
					batch = append(batch, entry)
				}
				if len(batch) == loadBatch {
					break
				}
			}
		}
		if len(batch) == 0 {
			return join(u.action.settleAllConflicts(u.ctx, u.w), u.sections())
		}
		if err := u.batch(batch); err != nil {
			return err
		}
		after = &batch[len(batch)-1]
	}
}

func (u *undoer) batch(batch []JournalEntry) error {
	ids := make([]string, len(batch))
	loaded := make(map[string]int64, len(batch))
	for i, entry := range batch {
		ids[i] = entry.ANPRID
		loaded[entry.ANPRID] = entry.Seq
	}
	touched := map[string]bool{}
	later := JournalSearch{Comune: u.action.comune, Since: batch[0].Seq, ANPRIDs: ids}
	for entry, err := range u.w.Journal(u.ctx, later) {
		if err != nil {
			return err
		}
		if entry.Seq > loaded[entry.ANPRID] {
			touched[entry.ANPRID] = true
		}
	}
	for _, id := range ids {
		passed, err := u.passed(id)
		if err != nil {
			return err
		}
		if touched[id] || passed {
			u.report.Kept++
			if len(u.kept) < maxPage {
				u.kept = append(u.kept, electoral.NewFault(electoral.LoadKept, "anprId", id, nil))
			}
			continue
		}
		if err := u.elector(id); err != nil {
			return err
		}
	}
	return nil
}

// passed reports whether a place that the load took over from a comune that had ceased
// can no longer be given back: a succession has passed its lists on.
func (u *undoer) passed(id string) (bool, error) {
	for _, en := range u.first.Joined[id].Took {
		s, err := standingOf(u.ctx, u.w, en.Comune)
		if err != nil || s.Heir != "" {
			return true, err
		}
	}
	return false, nil
}

func (u *undoer) elector(id string) error {
	var old position
	var err error
	old.elector, old.home, err = u.w.Elector(u.ctx, id)
	if errors.Is(err, electoral.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	u.report.Removed++
	next := u.without(old)
	if next.home, err = heirOf(u.ctx, u.w, next.home); err != nil {
		return err
	}
	if next.home == "" {
		if err := u.w.RemoveElector(u.ctx, id); err != nil {
			return err
		}
	} else if err := u.w.PutElector(u.ctx, next.home, next.elector); err != nil {
		return err
	}
	return u.action.note(u.ctx, u.w, old, next)
}

// without returns what remains of an elector without the load; its home is empty
// if nothing remains.
func (u *undoer) without(old position) position {
	e, home := old.elector.Clone(), ""
	before, joined := u.first.Joined[e.ANPRID]
	for l, en := range old.elector.Enrolments() {
		switch {
		case en.Comune != u.action.comune:
			if home == "" || old.home == en.Comune {
				home = en.Comune
			}
		case joined && !slices.Contains(before.Lists, l):
		case l == electoral.GeneralList:
			e.General = nil
		default:
			e.SetListEntry(l, electoral.AddedList{})
		}
	}
	if joined {
		home = before.Home
	}
	// Another comune may have removed him, or keep him a vote.
	if !joined && home == "" {
		home = keeperBeside(e, u.action.comune)
	}
	for l, en := range before.Took {
		e.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &en})
	}
	if joined && before.Loss != nil { // the load had given the right back
		e.LoseCapacity()
		e.Loss = before.Loss
	}
	return position{elector: e, home: home}
}

// sections removes the load's own sections in which nobody is left.
func (u *undoer) sections() error {
	counts, err := u.w.Counts(u.ctx, u.action.comune)
	if err != nil {
		return err
	}
	for _, number := range u.first.NewSections {
		if slices.ContainsFunc(counts, func(c ListCount) bool { return c.Section == number }) {
			continue
		}
		if err := u.w.RemoveSection(u.ctx, u.action.comune, number); err != nil {
			return err
		}
		u.report.Sections++
	}
	return nil
}
