package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
)

// An InterimRule says who acts on the lists of a comune that has ceased until its
// heir has taken them over (D.P.R. 223/1967, art. 48, gives the heir 90 days, and no
// text says who acts meanwhile).
type InterimRule struct {
	// From is the first day of the rule; zero for the earliest.
	From electoral.Date
	Who  InterimOffice
}

// An InterimOffice is the office that acts on the lists of a comune that has ceased.
type InterimOffice string

// The offices.
const (
	// InterimOpen lets the office of either comune act, and tells both by a warning
	// that no text says which.
	InterimOpen InterimOffice = ""
	// InterimHeir refuses what an officer of the comune that has ceased writes, from
	// the day on which the archive of the comuni says that it is no more.
	InterimHeir InterimOffice = "heir"
	// InterimCeased lets the office of the comune that has ceased act until the
	// succession. The heir's first load then takes none of its electors.
	InterimCeased InterimOffice = "ceased"
)

func checkInterim(list []InterimRule) error {
	for i, r := range list {
		if !slices.Contains([]InterimOffice{InterimOpen, InterimHeir, InterimCeased}, r.Who) ||
			i > 0 && !r.From.After(list[i-1].From) || !r.From.IsZero() && !r.From.Complete() {
			return fmt.Errorf("registry: interim rule %d: expected a known office, and a day after that of the rule before", i)
		}
	}
	return nil
}

func (r *Registry) interimAt(day electoral.Date) InterimOffice {
	who := InterimOpen
	for _, rule := range r.interim {
		if !rule.From.After(day) {
			who = rule.Who
		}
	}
	return who
}

// standing is what a comune is after successions.
type standing struct {
	// Heir is the comune that took its place, on Day; empty while it stands itself.
	Heir string         `json:"heir,omitzero"`
	Day  electoral.Date `json:"day,omitzero"`
	// Before are the comuni whose place it took, and those whose place they took.
	Before []string `json:"before,omitempty"`
}

// standingID is the id of the record with a comune's standing.
const standingID = "comune"

func standingOf(ctx context.Context, rd Reader, comune string) (s standing, err error) {
	rec, err := rd.Record(ctx, comune, StandingBook, standingID)
	if errors.Is(err, electoral.ErrNotFound) {
		return standing{}, nil
	}
	if err == nil {
		err = decodeRecord(rec, &s)
	}
	return s, err
}

func (a *action) putStanding(ctx context.Context, w Writer, comune string, s standing) error {
	if s.Heir == "" && len(s.Before) == 0 {
		return w.RemoveRecord(ctx, comune, StandingBook, standingID)
	}
	return putRecord(ctx, w, Record{Comune: comune, Book: StandingBook, ID: standingID, At: a.at}, s)
}

// maxHeirs bounds a chain of successions: no comune has had so many.
const maxHeirs = 100

// heirOf returns the comune that today stands in the place of another: itself, if it
// has not ceased.
func heirOf(ctx context.Context, rd Reader, comune string) (string, error) {
	for range maxHeirs {
		s, err := standingOf(ctx, rd, comune)
		if err != nil || s.Heir == "" {
			return comune, err
		}
		comune = s.Heir
	}
	return "", fmt.Errorf("registry: the successions of comune %s go round in a circle", comune)
}

// IsHeir reports whether a comune stands, by a succession, in the place of another
// that has ceased. Its officers may do what those of the other could: read the
// operation journal, the accesses on record and the certificates that it issued.
func (r *Registry) IsHeir(ctx context.Context, comune, of string) (bool, error) {
	r = r.made()
	var s standing
	err := r.store.View(ctx, func(rd Reader) (err error) { s, err = standingOf(ctx, rd, comune); return err })
	if err != nil {
		return false, named(err)
	}
	return slices.Contains(s.Before, of), nil
}

// MayReadAccesses judges whether somebody may read the accesses that stand in the
// chain of a comune: its electoral officer, or that of the comune that took its
// place. Nil means yes; faults why not; any other error, that it could not be
// judged. It reads no accesses and writes no entry: the caller puts the reading on
// record ([electoral.OpReadAccesses]).
//
// Codes: of every service; REG-COM-01.
func (r *Registry) MayReadAccesses(ctx context.Context, req electoral.Request, comune string) error {
	a := r.begin(req, electoral.OpReadAccesses, comune)
	faults := a.officerOrHeir(ctx, comune)
	return join(a.failed, faults.Err())
}

// officerOrHeir is officerOf, and admits the officer of the comune that took the place
// of the other.
func (a *action) officerOrHeir(ctx context.Context, comune string) electoral.Faults {
	faults := a.officerOf(comune)
	actor := a.req.Actor
	if faults.Err() == nil || actor.Role != electoral.OfficerRole || actor.Comune == "" || a.admit().Err() != nil {
		return faults
	}
	heir, err := a.r.IsHeir(ctx, actor.Comune, comune)
	if err != nil {
		a.failed = err
		return faults
	}
	if heir {
		return nil
	}
	return faults
}

// stand reads, in the update of a service that writes, what its comune is after
// successions. It returns warnings, and the refusal of a service of a comune that has
// ceased.
func (a *action) stand(ctx context.Context, rd Reader) (told, refusal electoral.Faults, err error) {
	s, err := standingOf(ctx, rd, a.comune)
	if err != nil {
		return nil, nil, err
	}
	a.before = s.Before
	if s.Heir != "" {
		return nil, electoral.Faults{electoral.NewFault(electoral.ComuneCeased, "comune", a.comune,
			electoral.Args{"comune": a.r.label(a.comune), "day": s.Day.Italian(), "heir": a.r.label(s.Heir)})}, nil
	}
	last, ended := a.r.endedBy(a.comune, a.today())
	if !ended || a.req.Actor.Role != electoral.OfficerRole {
		return nil, nil, nil
	}
	switch a.r.interimAt(a.today()) {
	case InterimHeir:
		return nil, electoral.Faults{electoral.NewFault(electoral.ComuneCeased.In("archive"), "comune", a.comune,
			electoral.Args{"comune": a.r.label(a.comune), "day": last.Italian(), "heir": a.r.heirsInArchive(a.comune)})}, nil
	case InterimOpen:
		return electoral.Faults{electoral.NewFault(electoral.ComuneCeasedOpen, "comune", a.comune,
			electoral.Args{"comune": a.r.label(a.comune), "day": last.Italian(),
				"heir": a.r.heirsInArchive(a.comune)})}, nil, nil
	}
	return nil, nil, nil
}

// endedBy returns the last day of a comune that, as the archive has it, has ceased by
// a day.
func (r *Registry) endedBy(comune string, today electoral.Date) (last electoral.Date, ended bool) {
	if _, still := r.tables.Comune(comune, today); still {
		return last, false
	}
	for _, p := range r.tables.ComuneHistory(comune) {
		if p.To.After(last) {
			last = p.To
		}
	}
	return last, !last.IsZero() && last.Before(today)
}

// heirsInArchive names the comuni that the archive has in the place of another.
func (r *Registry) heirsInArchive(comune string) string {
	var names []string
	for _, heir := range r.tables.Successors(comune) {
		names = append(names, r.label(heir))
	}
	if len(names) == 0 {
		return "non indicato nell'archivio"
	}
	return strings.Join(names, ", ")
}

// isOver reports whether nobody is left to answer for the lists of a comune: the archive
// says that it has ceased, and no setting leaves them to its officers.
func (a *action) isOver(comune string) bool {
	_, ended := a.r.endedBy(comune, a.today())
	return ended && a.r.interimAt(a.today()) != InterimCeased
}

// mayTake reports whether the first load of a comune takes the electors of another:
// nobody answers for its lists, and the archive says that it has ceased into the
// acting one.
func (a *action) mayTake(from string) bool {
	return a.isOver(from) && slices.Contains(a.r.tables.Successors(from), a.comune)
}

// isMine reports whether a comune is the acting one or one whose place it took.
func (a *action) isMine(comune string) bool {
	return comune != "" && (comune == a.comune || slices.Contains(a.before, comune))
}

// ofCeased reports whether a person is still registered under a comune whose place
// the acting one has taken, and warns of it. Without a succession on record the
// archive says so.
func (a *action) ofCeased(p electoral.Person) (electoral.Faults, bool) {
	at := p.Registered()
	if at == "" || at == a.comune || !slices.Contains(a.before, at) && !a.mayTake(at) {
		return nil, false
	}
	return electoral.Faults{electoral.NewFault(electoral.ResidentOfCeased, "anprId", p.ANPRID,
		electoral.Args{"comune": a.r.label(at), "heir": a.r.label(a.comune)})}, true
}

// rechain puts the access of a service on a comune that the archive no longer has
// into the chain of the comune that took its place: the last entry of its own chain
// is that of the succession.
func (a *action) rechain(ctx context.Context) {
	if a.chain == "" || a.failed != nil {
		return
	}
	if _, ended := a.r.endedBy(a.chain, a.today()); !ended {
		return
	}
	err := a.r.store.View(ctx, func(rd Reader) error {
		heir, err := heirOf(ctx, rd, a.chain)
		if err == nil {
			a.chain = heir
		}
		return err
	})
	if err != nil {
		a.failed = named(err)
	}
}
