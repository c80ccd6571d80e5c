package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Conflict is a disagreement of two comuni over an elector: one wants him in
// a list in which the other has him ("soggetto non cancellando", ANPR's EN560;
// first load already done, EN556, about which ANPR sends both comuni the notice
// N017). It opens when an enrolment or a first load is refused for that reason,
// also if the other has him under another ANPR id with the same codice fiscale.
// Both comuni find it among their conflicts, and each sees the steps of the
// other. There is one for each person, list and pair of comuni.
//
// The holder answers by removing the person ([Registry.Remove]), upon which
// the claimant may enrol him, or refuses with a reason. The claimant may
// withdraw, or ask again.
type Conflict struct {
	ID     string         `json:"id"`
	ANPRID string         `json:"anprId"`
	List   electoral.List `json:"list"`
	// HolderANPRID is the ANPR id under which the holder has him, if it is another
	// than ANPRID: one codice fiscale stands under both. It is empty otherwise.
	HolderANPRID string `json:"holderAnprId,omitzero"`
	// Claimant is the comune that wants to enrol him, Holder the one in whose
	// list he is: Belfiore codes.
	Claimant string        `json:"claimant"`
	Holder   string        `json:"holder"`
	State    ConflictState `json:"state"`
	// Cause is [electoral.AlreadyEnrolled], [electoral.DuplicateElector] or
	// [electoral.IDsNotMerged].
	Cause electoral.Code `json:"cause"`
	// Opened and Changed are UTC.
	Opened  time.Time `json:"opened"`
	Changed time.Time `json:"changed"`
	// Note is the last note of each side, up to 2,000 characters.
	ClaimantNote string `json:"claimantNote,omitzero"`
	HolderNote   string `json:"holderNote,omitzero"`
	// SeenByClaimant and SeenByHolder are when each side acknowledged the
	// present state; zero if it did not.
	SeenByClaimant time.Time `json:"seenByClaimant,omitzero"`
	SeenByHolder   time.Time `json:"seenByHolder,omitzero"`
}

// A ConflictState is where a [Conflict] stands.
type ConflictState string

// The states. Resolved and withdrawn are closed.
const (
	ConflictOpen      ConflictState = "open"      // the holder is to act
	ConflictReleased  ConflictState = "released"  // the holder has removed him: the claimant may enrol
	ConflictRefused   ConflictState = "refused"   // the holder says why not: the claimant is to act
	ConflictResolved  ConflictState = "resolved"  // he is in the claimant's list
	ConflictWithdrawn ConflictState = "withdrawn" // the claimant gave up
)

// Italian returns the state for people.
func (s ConflictState) Italian() string {
	switch s {
	case ConflictOpen:
		return "in attesa del comune che ha iscritto il soggetto"
	case ConflictReleased:
		return "soggetto cancellato: il comune richiedente può iscriverlo"
	case ConflictRefused:
		return "cancellazione rifiutata"
	case ConflictResolved:
		return "risolto"
	case ConflictWithdrawn:
		return "ritirato"
	}
	return "stato sconosciuto: " + string(s)
}

// A ConflictAction is what a comune does in a [Conflict].
type ConflictAction string

// The actions.
const (
	// AcknowledgeConflict is open to either side, in any state.
	AcknowledgeConflict ConflictAction = "acknowledge"
	// RefuseConflict is the holder's, with a note.
	RefuseConflict ConflictAction = "refuse"
	// WithdrawConflict and ReopenConflict are the claimant's; the latter with a
	// note, after a refusal or a withdrawal.
	WithdrawConflict ConflictAction = "withdraw"
	ReopenConflict   ConflictAction = "reopen"
)

// A ConflictFilter selects conflicts of a comune, whether it is the claimant or
// the holder.
type ConflictFilter struct {
	// States selects conflicts in one of these states; empty means all.
	States []ConflictState
	// After is the id after which the answers begin; Limit how many, 1 to
	// 1,000; zero means 100.
	After string
	Limit int
}

// Conflicts returns conflicts of the officer's comune, in the order of their
// ids.
//
// Codes: of every service; REG-COM-01, REG-CON-06.
func (r *Registry) Conflicts(ctx context.Context, req electoral.Request, f ConflictFilter) ([]Conflict, error) {
	a := r.begin(req, electoral.OpReadConflicts, req.Actor.Comune)
	a.takes("", f)
	q := RecordSearch{Comune: a.comune, Book: ConflictBook, States: texts(f.States), After: f.After}
	return readBook[Conflict](ctx, a, a.officerOf(a.comune), q, f.Limit)
}

func texts[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// pageLimit judges the size of a page; zero means 100.
func pageLimit(n int) (int, electoral.Faults) {
	switch {
	case n == 0:
		return 100, nil
	case n < 0 || n > maxPage:
		return 0, electoral.Faults{electoral.NewFault(electoral.QueryPaging, "limit", strconv.Itoa(n),
			electoral.Args{"most": strconv.Itoa(maxPage)})}
	}
	return n, nil
}

// maxPage is the most that one answer holds.
const maxPage = 1000

// readBook returns the bodies of the records that a search selects, at most limit
// of them; zero means 100.
func readBook[T any](ctx context.Context, a *action, admitted electoral.Faults, q RecordSearch,
	limit int) ([]T, error) {
	limit, faults := pageLimit(limit)
	list := []T{}
	err := a.read(ctx, append(admitted, faults...), func(*electoral.Entry) error {
		var err error
		list, err = readRecords[T](ctx, a.r.store, q, limit, a.at)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// readRecords returns the bodies of records that have not expired.
func readRecords[T any](ctx context.Context, store Store, q RecordSearch, limit int, at time.Time) ([]T, error) {
	var list []T
	err := store.View(ctx, func(rd Reader) error {
		list = []T{}
		for rec, err := range rd.Records(ctx, q) {
			if err != nil {
				return err
			}
			if !rec.Expires.IsZero() && !rec.Expires.After(at) {
				continue
			}
			var v T
			if err := decodeRecord(rec, &v); err != nil {
				return err
			}
			if list = append(list, v); len(list) == limit {
				break
			}
		}
		return nil
	})
	return list, err
}

func decodeRecord(rec Record, v any) error {
	if err := json.Unmarshal(rec.Body, v); err != nil {
		return fmt.Errorf("registry: %s %s of %s: %w", rec.Book, rec.ID, rec.Comune, err)
	}
	return nil
}

func putRecord(ctx context.Context, w Writer, rec Record, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return named(err)
	}
	rec.Body = body
	return w.PutRecord(ctx, rec)
}

func conflictID(anprID string, l electoral.List, claimant, holder string) string {
	return strings.Join([]string{anprID, string(l), claimant, holder}, ".")
}

// openConflicts opens a conflict for each list of e in which another comune
// has the person.
func (a *action) openConflicts(ctx context.Context, w Writer, e electoral.Elector, cause electoral.Code) error {
	old, _, err := w.Elector(ctx, e.ANPRID)
	if err != nil && !errors.Is(err, electoral.ErrNotFound) {
		return err
	}
	for l, en := range e.Enrolments() {
		held, in := old.EnrolmentIn(l)
		if !in || en.Comune != a.comune || held.Comune == a.comune {
			continue
		}
		if a.isOver(held.Comune) {
			continue // nobody there would answer
		}
		c := Conflict{ID: conflictID(e.ANPRID, l, a.comune, held.Comune), ANPRID: e.ANPRID, List: l, Claimant: a.comune,
			Holder: held.Comune, State: ConflictOpen, Cause: cause, Opened: a.at}
		if err := a.openConflict(ctx, w, c); err != nil {
			return err
		}
	}
	return a.openOtherIDConflicts(ctx, w, e, cause)
}

// openConflict opens a conflict that is not open already. One that was refused is
// asked again with a note.
func (a *action) openConflict(ctx context.Context, w Writer, c Conflict) error {
	before, err := conflictOf(ctx, w, a.comune, c.ID)
	switch {
	case err == nil && (before.State == ConflictRefused || before.State == ConflictOpen):
		return nil
	case err != nil && !errors.Is(err, electoral.ErrNotFound):
		return err
	}
	return a.putConflict(ctx, w, &c)
}

func conflictOf(ctx context.Context, rd Reader, comune, id string) (Conflict, error) {
	var c Conflict
	rec, err := rd.Record(ctx, comune, ConflictBook, id)
	if err == nil {
		err = decodeRecord(rec, &c)
	}
	return c, err
}

// putConflict writes a conflict in its present state into the books of both
// comuni; the acting comune has seen it.
func (a *action) putConflict(ctx context.Context, w Writer, c *Conflict) error {
	c.Changed, c.SeenByClaimant, c.SeenByHolder = a.at, time.Time{}, time.Time{}
	c.see(a)
	return a.writeConflict(ctx, w, *c)
}

func (c *Conflict) see(a *action) {
	switch a.comune {
	case c.Claimant:
		c.SeenByClaimant = a.at
	case c.Holder:
		c.SeenByHolder = a.at
	}
}

func (a *action) writeConflict(ctx context.Context, w Writer, c Conflict) error {
	rec := Record{Book: ConflictBook, ID: c.ID, State: string(c.State), At: a.at}
	if c.State == ConflictResolved || c.State == ConflictWithdrawn {
		rec.Expires = c.Changed.Add(a.r.retention.Closed)
	}
	for _, comune := range []string{c.Claimant, c.Holder} {
		rec.Comune, rec.Subject = comune, c.idIn(comune)
		if err := putRecord(ctx, w, rec, c); err != nil {
			return err
		}
	}
	return nil
}

// settleConflicts moves the conflicts of the acting comune over a person to
// the state that his new data give them.
func (a *action) settleConflicts(ctx context.Context, w Writer, e electoral.Elector) error {
	return a.settle(ctx, w, RecordSearch{Book: ConflictBook, Comune: a.comune, Subject: e.ANPRID},
		func(string) (electoral.Elector, error) { return e, nil })
}

// settleAllConflicts does the same for every person, after many were written.
func (a *action) settleAllConflicts(ctx context.Context, w Writer) error {
	q := RecordSearch{Book: ConflictBook, Comune: a.comune,
		States: []string{string(ConflictOpen), string(ConflictRefused), string(ConflictReleased)}}
	return a.settle(ctx, w, q, func(id string) (electoral.Elector, error) {
		e, _, err := w.Elector(ctx, id)
		if errors.Is(err, electoral.ErrNotFound) {
			return electoral.Elector{ANPRID: id}, nil
		}
		return e, err
	})
}

func (a *action) settle(ctx context.Context, w Writer, q RecordSearch,
	electorOf func(id string) (electoral.Elector, error)) error {
	var list []Conflict
	for rec, err := range w.Records(ctx, q) {
		if err != nil {
			return err
		}
		var c Conflict
		if err := decodeRecord(rec, &c); err != nil {
			return err
		}
		list = append(list, c)
	}
	for _, c := range list {
		e, err := electorOf(c.idIn(a.comune))
		if err != nil {
			return err
		}
		in := c.hasIn(a.comune, e)
		live := c.State == ConflictOpen || c.State == ConflictRefused
		switch {
		case a.comune == c.Holder && live && !in:
			c.State = ConflictReleased
		case a.comune == c.Claimant && (live || c.State == ConflictReleased) && in:
			c.State = ConflictResolved
		default:
			continue
		}
		if err := a.putConflict(ctx, w, &c); err != nil {
			return err
		}
	}
	return nil
}

// claimant returns the comune to which a person whom a comune removed from its
// general list was released; empty if none waits for him.
func claimant(ctx context.Context, rd Reader, anprID, removedBy string) (string, error) {
	removedBy, err := heirOf(ctx, rd, removedBy)
	if err != nil {
		return "", err
	}
	q := RecordSearch{Book: ConflictBook, Comune: removedBy, Subject: anprID,
		States: []string{string(ConflictReleased)}}
	for rec, err := range rd.Records(ctx, q) {
		if err != nil {
			return "", err
		}
		var c Conflict
		if err := decodeRecord(rec, &c); err != nil {
			return "", err
		}
		if c.List == electoral.GeneralList {
			return c.Claimant, nil
		}
	}
	return "", nil
}

// AnswerConflict takes one step in a conflict of the officer's comune and
// returns the conflict as it then stands.
//
// Codes: of every service, of a change; REG-CNF-01/02, REG-COM-01, REG-TXT-01.
func (r *Registry) AnswerConflict(ctx context.Context, req electoral.Request, id string, action ConflictAction,
	note string) (Conflict, error) {
	a := r.begin(req, electoral.OpAnswerConflict, req.Actor.Comune)
	faults := a.officerOf(req.Actor.Comune)
	if faults.Err() == nil {
		a.routeRecord(ctx, ConflictBook, id)
	}
	a.takes("action", action)
	payload := struct{ ID, Action, Note string }{id, string(action), note}
	a.takes("", payload)
	c, _, err := perform(ctx, a, faults, payload, func(w Writer) (Conflict, electoral.Faults, error) {
		c, err := conflictOf(ctx, w, a.comune, id)
		if errors.Is(err, electoral.ErrNotFound) {
			return c, nil, electoral.Faults{electoral.NewFault(electoral.ConflictUnknown, "id",
				strconv.QuoteToASCII(id), electoral.Args{"comune": r.label(a.comune)})}
		}
		if err != nil {
			return c, nil, err
		}
		if action == AcknowledgeConflict {
			c.see(a)
			return c, nil, a.writeConflict(ctx, w, c)
		}
		if err := c.step(a.comune, action, note).Err(); err != nil {
			return c, nil, err
		}
		if action == ReopenConflict {
			e, _, err := w.Elector(ctx, c.idIn(c.Holder))
			if err != nil && !errors.Is(err, electoral.ErrNotFound) {
				return c, nil, err
			}
			if !c.hasIn(c.Holder, e) {
				c.State = ConflictReleased // the holder let him go meanwhile
			}
		}
		err = a.putConflict(ctx, w, &c)
		return c, nil, err
	})
	return c, err
}

// step changes the state by an action of one side.
func (c *Conflict) step(comune string, action ConflictAction, note string) electoral.Faults {
	claimant := comune == c.Claimant
	var faults electoral.Faults
	switch {
	case action == RefuseConflict && !claimant && c.State == ConflictOpen:
		faults = checkNote(note)
		c.State, c.HolderNote = ConflictRefused, note
	case action == WithdrawConflict && claimant &&
		slices.Contains([]ConflictState{ConflictOpen, ConflictReleased, ConflictRefused}, c.State):
		c.State = ConflictWithdrawn
	case action == ReopenConflict && claimant && (c.State == ConflictRefused || c.State == ConflictWithdrawn):
		faults = checkNote(note)
		c.State, c.ClaimantNote = ConflictOpen, note
	default:
		var cause electoral.Cause = electoral.ConflictStep
		if !claimant {
			cause = electoral.ConflictStep.In("holder")
		}
		faults = electoral.Faults{electoral.NewFault(cause, "action", string(action),
			electoral.Args{"state": c.State.Italian()})}
	}
	return faults
}

// checkNote asks for a note of 1 to 2,000 characters.
func checkNote(note string) electoral.Faults {
	if n := utf8.RuneCountInString(strings.TrimSpace(note)); n < 1 || n > maxNote {
		return electoral.Faults{electoral.NewFault(electoral.NoteMissing, "note", "", nil)}
	}
	// Somebody of the other side reads the note: it must not hide or overwrite
	// text.
	hides := func(r rune) bool { return r != '\n' && r != '\r' && r != '\t' && electoral.Unreadable(r) }
	if !utf8.ValidString(note) || strings.ContainsFunc(note, hides) {
		return electoral.Faults{electoral.NewFault(electoral.NoteMissing.In("characters"), "note", "", nil)}
	}
	return nil
}

// maxNote is the length in characters of the note of ANPR's service P003.
const maxNote = 2000
