package registry

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Succession is what an authority decides about comuni, as far as the lists follow
// it ("successione di comuni", D.P.R. 223/1967, art. 48): comuni that end in another,
// a part of a territory that passes, a change of name or of province.
type Succession struct {
	Kind SuccessionKind `json:"kind"`
	// Ceased are the Belfiore codes of the comuni that cease: one or more for a
	// merger or an incorporation, at most 50. For [TerritoryPassage] it is the one
	// that cedes territory, and stays. For a change it is the earlier code of the
	// comune, or none if the code stays the same.
	Ceased []string `json:"ceased,omitempty"`
	// Heir is the comune that is in their place from Day on.
	Heir string         `json:"heir"`
	Day  electoral.Date `json:"day"`
	Act  SuccessionAct  `json:"act"`
	// Mapping says which section of the heir each section becomes. For a change of
	// name or province with another code it may be empty, with Sections: the sections
	// then keep their numbers and data.
	Mapping []SectionMapping `json:"mapping,omitempty"`
	// Sections are sections of the heir that are not registered yet.
	Sections []electoral.Section `json:"sections,omitempty"`
	// Persons are the ANPR ids of those who pass with a part of a territory, at most
	// 100,000; empty means all of the mapped sections, which then pass as a whole.
	// Their sections must be mapped. For other kinds it is empty: all pass.
	Persons []string `json:"persons,omitempty"`
}

// A SuccessionKind is a kind of [Succession].
type SuccessionKind string

// The kinds.
const (
	// Merger makes a new comune of two or more ("fusione").
	Merger SuccessionKind = "merger"
	// Incorporation ends a comune in one that stays ("incorporazione").
	Incorporation SuccessionKind = "incorporation"
	// TerritoryPassage gives a part of a comune to another; both stay ("passaggio di
	// territorio").
	TerritoryPassage SuccessionKind = "territory"
	// NameChange and ProvinceChange concern one comune ("cambio di denominazione, di
	// provincia"). The lists move only if its Belfiore code changes.
	NameChange     SuccessionKind = "name"
	ProvinceChange SuccessionKind = "province"
)

// SuccessionKinds returns the kinds.
func SuccessionKinds() []SuccessionKind {
	return []SuccessionKind{Merger, Incorporation, TerritoryPassage, NameChange, ProvinceChange}
}

// change reports whether it is a change of one comune.
func (k SuccessionKind) change() bool { return k == NameChange || k == ProvinceChange }

// A SuccessionAct is a short reference by which the act of the authority is found
// ("estremi dell'atto"): each text 1 to 80 characters on one line.
type SuccessionAct struct {
	Authority string         `json:"authority"` // «Regione Lombardia»
	Kind      string         `json:"kind"`      // «legge regionale»
	Number    string         `json:"number"`
	Date      electoral.Date `json:"date"`
}

// A SectionMapping says what becomes of one section.
type SectionMapping struct {
	Comune string `json:"comune"` // that ceases, or cedes territory
	Number string `json:"number"`
	To     string `json:"to"` // the number in the heir
	// Joins asks that the section become one with others that have the same To, or
	// with that of the heir; each of them must ask it.
	Joins bool `json:"joins,omitzero"`
}

// A SuccessionState is where a [SuccessionReport] stands.
type SuccessionState string

// The states. A proposal is of a part of a territory.
const (
	SuccessionProposed  SuccessionState = "proposed"
	SuccessionWithdrawn SuccessionState = "withdrawn"
	SuccessionDone      SuccessionState = "done"
	SuccessionUndone    SuccessionState = "undone"
)

// Italian returns the state for people.
func (s SuccessionState) Italian() string {
	switch s {
	case SuccessionProposed:
		return "proposta"
	case SuccessionWithdrawn:
		return "ritirata"
	case SuccessionDone:
		return "eseguita"
	case SuccessionUndone:
		return "annullata"
	}
	return "stato sconosciuto: " + string(s)
}

// A SuccessionReport is a succession as it is on record, in the books of every comune
// that it concerns. One that was carried out stays there for good.
type SuccessionReport struct {
	// ID is given by the registry.
	ID         string          `json:"id"`
	State      SuccessionState `json:"state"`
	Succession Succession      `json:"succession"`
	// Hash stands for a proposal and its list of persons: 64 hexadecimal digits, which
	// the comune that cedes territory confirms.
	Hash string `json:"hash,omitzero"`
	// At is the instant of the proposal or of the succession, as the operation journal
	// has it; UTC.
	At time.Time `json:"at"`
	// Electors, Sections and Records count what became the heir's: electors, whole
	// sections, and entries of the books. Conflicts counts the conflicts that ended
	// because both sides are now one.
	Electors  int `json:"electors"`
	Sections  int `json:"sections"`
	Records   int `json:"records"`
	Conflicts int `json:"conflicts"`
	// Changes are the numbers of the succession in the operation journals of its comuni
	// ([JournalEntry].Seq), by their codes; nil while it is not done.
	Changes map[string]int64 `json:"changes,omitempty"`
}

// change returns the number of the succession in the journal of a comune, which an
// earlier version of this program has left to the instant; 0 if it is not there.
func (rep SuccessionReport) change(ctx context.Context, rd Reader, comune string) (int64, error) {
	if rep.Changes != nil {
		return rep.Changes[comune], nil
	}
	return changeAt(ctx, rd, comune, electoral.OpSucceed, rep.At)
}

// changeAt returns the number of the change that an operation has made in a comune at an
// instant, where it is the only one: that of the first version of the journal.
func changeAt(ctx context.Context, rd Reader, comune string, op electoral.Operation, at time.Time) (int64, error) {
	at = at.Truncate(time.Millisecond)
	s := JournalSearch{Comune: comune, From: at, To: at.Add(time.Millisecond), Operations: []electoral.Operation{op}}
	for e, err := range rd.Journal(ctx, s) {
		return e.Seq, err
	}
	return 0, nil
}

// proposalTerm is how long a proposal waits for the other comune: the 90 days that
// art. 48 gives for the lists of a new comune.
const proposalTerm = 90 * 24 * time.Hour

// Succeed makes the lists of comuni those of their heir, as the officer of the heir:
// one operation, all or nothing, in which every elector keeps his data and gets his
// new section. It returns what is then on record, with the warnings.
//
// Sections, electors in every list, votes kept that are still to come, conflicts,
// applications, rectifications, choices and the numbers of lists become the heir's.
// Removals, losses of the right, the operation journal, first loads and votes that
// are over stay what they were, and so do certificates, answers to earlier requests
// and the accesses on record: the heir's officers reach them ([Registry.IsHeir],
// [Registry.MayReadAccesses]). The last entry in the chain of a comune that has
// ceased names the heir. From then on its officers write nothing
// ([electoral.ComuneCeased]); a request that was answered before finds its answer, also
// when it comes from the heir.
//
// The input is held to the archive of the comuni. What the archive does not know yet
// the act decides, and a warning says so; what contradicts it is refused. The rules on
// electors are not applied anew.
//
// A part of a territory passes in two steps: Succeed registers the list of persons as
// a proposal, and the comune that cedes the territory confirms it
// ([Registry.ConfirmSuccession]) within 90 days. A change of name or province with the
// same Belfiore code moves nothing and is put on record.
//
// Codes: of every service, of a change, of a section; REG-COM-01, SUC-ATT-01,
// SUC-CES-03, SUC-COM-01/02/03/04, SUC-DAT-01/02, SUC-PER-01/02, SUC-SEZ-01/02/03,
// SUC-STA-03/04/05.
func (r *Registry) Succeed(ctx context.Context, req electoral.Request,
	s Succession) (SuccessionReport, electoral.Faults, error) {
	a := r.begin(req, electoral.OpSucceed, s.Heir)
	a.takes("", s)
	admitted := a.gated(append(a.officerOf(s.Heir), a.checkSuccession(s)...))
	return inChains(ctx, a, admitted, s, func() (SuccessionReport, electoral.Faults, error) {
		return perform(ctx, a, admitted, s, func(w Writer) (SuccessionReport, electoral.Faults, error) {
			rep := SuccessionReport{ID: newRecordID(a.at), Succession: s, At: a.at}
			if s.Kind == TerritoryPassage {
				return a.propose(ctx, w, rep)
			}
			return a.succeed(ctx, w, rep)
		})
	})
}

// sameCode reports whether the lists stay what they are.
func (s Succession) sameCode() bool {
	return s.Kind.change() && (len(s.Ceased) == 0 || len(s.Ceased) == 1 && s.Ceased[0] == s.Heir)
}

// inChains runs a succession so that the access also stands, as the last entry, in the
// chain of each comune that has not ceased yet, and names the heir there.
func inChains(ctx context.Context, a *action, admitted electoral.Faults, s Succession,
	run func() (SuccessionReport, electoral.Faults, error)) (SuccessionReport, electoral.Faults, error) {
	if admitted.Err() != nil || s.sameCode() {
		return run()
	}
	var rep SuccessionReport
	var warnings electoral.Faults
	next := func() (err error) { rep, warnings, err = run(); return err }
	var chains []string
	err := a.r.store.View(ctx, func(rd Reader) error {
		chains = chains[:0]
		for _, comune := range append(slices.Clone(s.Ceased), s.Heir) {
			there, err := standingOf(ctx, rd, comune)
			if err != nil {
				return err
			}
			if comune != a.comune && there.Heir == "" {
				chains = append(chains, comune)
			}
		}
		return nil
	})
	if err != nil {
		a.failed = err
		return run()
	}
	for _, comune := range chains {
		inner, outer := next, *a
		outer.chain = comune
		next = func() error {
			return outer.write(ctx, nil, func(on *electoral.Entry) error {
				on.Set("heir", s.Heir)
				err := inner()
				if rep.ID != "" {
					on.Set("succession", rep.ID)
				}
				return err
			})
		}
	}
	if err := next(); err != nil {
		return rep, warnings, err
	}
	return rep, warnings, nil
}

// Successions returns the successions of the officer's comune on either side, in the
// order of their ids, which is that of time; a proposal until it expires.
//
// Codes: of every service; REG-COM-01, REG-CON-06.
func (r *Registry) Successions(ctx context.Context, req electoral.Request, after string,
	limit int) ([]SuccessionReport, error) {
	a := r.begin(req, electoral.OpReadSuccessions, req.Actor.Comune)
	a.takes("after", after)
	q := RecordSearch{Comune: a.comune, Book: SuccessionBook, After: after}
	return readBook[SuccessionReport](ctx, a, a.officerOf(a.comune), q, limit)
}

// putSuccession writes a succession into the book of every comune that it concerns.
func (a *action) putSuccession(ctx context.Context, w Writer, rep SuccessionReport) error {
	rec := Record{Book: SuccessionBook, ID: rep.ID, State: string(rep.State), At: a.at}
	switch rep.State {
	case SuccessionProposed:
		rec.Expires = a.at.Add(proposalTerm)
	case SuccessionWithdrawn:
		rec.Expires = a.at.Add(a.r.retention.Closed)
	}
	comuni := append(slices.Clone(rep.Succession.Ceased), rep.Succession.Heir)
	slices.Sort(comuni)
	for _, comune := range slices.Compact(comuni) {
		rec.Comune = comune
		if err := putRecord(ctx, w, rec, rep); err != nil {
			return err
		}
	}
	return nil
}

// successionOf reads a succession of the acting comune that has not expired.
func (a *action) successionOf(ctx context.Context, rd Reader, id string) (SuccessionReport, error) {
	var rep SuccessionReport
	rec, err := rd.Record(ctx, a.comune, SuccessionBook, id)
	if err == nil && !rec.Expires.IsZero() && !rec.Expires.After(a.at) {
		err = electoral.ErrNotFound
	}
	if errors.Is(err, electoral.ErrNotFound) {
		return rep, electoral.Faults{electoral.NewFault(electoral.SuccessionUnknown, "id", strconv.QuoteToASCII(id),
			electoral.Args{"comune": a.r.label(a.comune)})}
	}
	if err == nil {
		err = decodeRecord(rec, &rep)
	}
	return rep, err
}

// checkSuccession judges by itself what is asked: what the day, the store and the
// archive say of it comes later.
func (a *action) checkSuccession(s Succession) electoral.Faults {
	var faults electoral.Faults
	if !slices.Contains(SuccessionKinds(), s.Kind) {
		faults = append(faults, electoral.NewFault(electoral.SuccessionKindUnknown, "kind", string(s.Kind), nil))
	}
	if !s.Day.Complete() || !s.Day.Valid() {
		faults = append(faults, electoral.NewFault(electoral.SuccessionDay, "day", s.Day.String(), nil))
	}
	faults = append(faults, a.checkAct(s.Act)...)
	few := len(s.Ceased) > 0 || s.Kind.change()
	single := s.Kind.change() || s.Kind == TerritoryPassage
	if !few || len(s.Ceased) > maxCeased || single && len(s.Ceased) > 1 {
		faults = append(faults, electoral.NewFault(electoral.SuccessionComuni, "ceased", strconv.Itoa(len(s.Ceased)), nil))
	}
	seen := map[string]bool{s.Heir: !s.sameCode()}
	for i, comune := range s.Ceased {
		if seen[comune] {
			faults = append(faults, electoral.NewFault(electoral.SuccessionComuni.In("cyclic"),
				"ceased["+strconv.Itoa(i)+"]", comune, electoral.Args{"comune": a.r.label(comune)}))
		}
		seen[comune] = true
	}
	for i, id := range s.Persons {
		if !electoral.ValidANPRID(id) {
			faults = append(faults, electoral.NewFault(electoral.IDMalformed, "persons["+strconv.Itoa(i)+"]", id, nil))
		}
	}
	if len(s.Persons) > 0 && s.Kind != TerritoryPassage || len(s.Persons) > maxPassing {
		faults = append(faults, electoral.NewFault(electoral.SuccessionPersons.In("unneeded"), "persons",
			strconv.Itoa(len(s.Persons)), nil))
	}
	return faults
}

const maxCeased, maxPassing = 50, 100_000

func (a *action) checkAct(act SuccessionAct) electoral.Faults {
	var faults electoral.Faults
	for _, text := range []struct{ path, value string }{
		{"act.authority", act.Authority}, {"act.kind", act.Kind}, {"act.number", act.Number},
	} {
		if !shortLine(strings.TrimSpace(text.value), 1) {
			faults = append(faults, electoral.NewFault(electoral.SuccessionActUnfit, text.path, text.value, nil))
		}
	}
	if !act.Date.Complete() || !act.Date.Valid() || act.Date.After(a.today()) {
		faults = append(faults, electoral.NewFault(electoral.SuccessionActUnfit.In("date"), "act.date",
			act.Date.String(), nil))
	}
	return faults
}
