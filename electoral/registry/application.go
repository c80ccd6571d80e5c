package registry

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// An Application is the application of a citizen of another Member State to be
// enrolled in a list for citizens of the Union, or to leave it (art. 4 c. 3;
// d.lgs. 197/1996, art. 1; D.L. 408/1994, art. 2), or the case of an elector
// who moved and is to be enrolled ex officio by his new comune.
type Application struct {
	ID     string `json:"id"`
	ANPRID string `json:"anprId"`
	// Comune is the comune of residence, which decides.
	Comune string          `json:"comune"`
	List   electoral.List  `json:"list"`
	Kind   ApplicationKind `json:"kind"`
	// Content is what he declared; it is kept until the application is closed.
	Content ApplicationContent `json:"content,omitzero"`
	State   RequestState       `json:"state"`
	// Note is what the citizen last added, OfficerNote what the comune last
	// told him.
	Note        string `json:"note,omitzero"`
	OfficerNote string `json:"officerNote,omitzero"`
	// Submitted is the day of the application, in Italy, by which the terms are
	// judged.
	Submitted electoral.Date `json:"submitted"`
	// Opened and Changed are UTC.
	Opened  time.Time `json:"opened"`
	Changed time.Time `json:"changed"`
}

// An ApplicationKind is what an [Application] asks for.
type ApplicationKind string

// The kinds.
const (
	EnrolmentApplication  ApplicationKind = "enrolment"  // domanda di iscrizione
	WithdrawalApplication ApplicationKind = "withdrawal" // domanda di cancellazione
	// ExOfficioCase is opened when an elector who moved is removed from the
	// list of his former comune.
	ExOfficioCase ApplicationKind = "ex-officio"
)

// ApplicationContent is what the application holds, as far as the register
// does not know it (ANPR's datiRichiestaIscrizioneElettorale).
type ApplicationContent struct {
	// Citizenship is the State of the Union of which he is a citizen, ISO
	// 3166-1 alpha-3.
	Citizenship string `json:"citizenship"`
	// OriginAddress is the address in the State of origin; for the European
	// Parliament that in the list of that State in which he was.
	OriginAddress OriginAddress `json:"originAddress"`
	// Contact is where the comune reaches him ("recapito"); may be empty.
	Contact string `json:"contact,omitzero"`
	// AsksRegistration asks for the registration in the population register,
	// where it is still missing.
	AsksRegistration electoral.Answer `json:"asksRegistration,omitzero"`
	// VotesOnlyInItaly declares the will to vote in Italy alone, and KeepsRight
	// that the State of origin has not withdrawn the right to vote: for the
	// European Parliament both must be yes.
	VotesOnlyInItaly electoral.Answer `json:"votesOnlyInItaly,omitzero"`
	KeepsRight       electoral.Answer `json:"keepsRight,omitzero"`
}

// An OriginAddress is an address in the State of origin.
type OriginAddress struct {
	State    string `json:"state"` // ISO 3166-1 alpha-3
	PostCode string `json:"postCode,omitzero"`
	Place    string `json:"place"`
	Address  string `json:"address"`
}

// lateFor returns the vote, still to come, for which an application is late.
func (r *Registry) lateFor(q Application, today electoral.Date) (electoral.Vote, electoral.Date, bool) {
	for _, v := range r.called(q.Comune) {
		if last, ok := rules.ApplicationTerm(q.List, v); ok && q.Kind == EnrolmentApplication &&
			!v.Last().Before(today) &&
			q.Submitted.After(last) {
			return v, last, true
		}
	}
	return electoral.Vote{}, electoral.Date{}, false
}

func lateFault(q Application, v electoral.Vote, last electoral.Date) electoral.Fault {
	return electoral.NewFault(electoral.ApplicationLate, "submitted", q.Submitted.String(),
		electoral.Args{"vote": v.Day.Italian(), "last": last.Italian()})
}

// Apply registers an application of the citizen about himself, to the comune
// where he lives, and returns it with its id. kind is [EnrolmentApplication],
// or [WithdrawalApplication] with an empty content. An application made after
// the term of a vote is accepted with the warning [electoral.ApplicationLate],
// and decided after that vote.
//
// Codes: of every service, of a change; REG-ELE-01, REG-PER-01, REG-UE-02/03/04/05/06.
func (r *Registry) Apply(ctx context.Context, req electoral.Request, kind ApplicationKind, l electoral.List,
	content ApplicationContent) (Application, electoral.Faults, error) {
	a, person, faults := r.citizen(ctx, req, electoral.OpApply)
	q := Application{ANPRID: person.ANPRID, Comune: a.comune, List: l, Kind: kind, Content: content, State: RequestOpen,
		Submitted: a.today(), Opened: a.at, Changed: a.at}
	if faults.Err() == nil {
		faults = append(faults, a.checkApplication(q, person)...)
	}
	payload := struct {
		Kind    ApplicationKind
		List    electoral.List
		Content ApplicationContent
	}{kind, l, content}
	a.takes("", payload)
	return perform(ctx, a, faults, payload, func(w Writer) (Application, electoral.Faults, error) {
		if err := a.mayApply(ctx, w, &q); err != nil {
			return q, nil, err
		}
		q.ID = newRecordID(a.at)
		var warnings electoral.Faults
		if v, last, late := r.lateFor(q, a.today()); late {
			f := lateFault(q, v, last)
			f.Severity = electoral.Warning
			warnings = electoral.Faults{f}
		}
		return q, warnings, a.putApplication(ctx, w, q)
	})
}

func (a *action) checkApplication(q Application, p electoral.Person) electoral.Faults {
	var faults electoral.Faults
	fault := func(c electoral.Cause, path, value string, args electoral.Args) {
		faults = append(faults, electoral.NewFault(c, path, value, args))
	}
	if q.List != electoral.EUComunalList && q.List != electoral.EUParliamentList || q.Kind != EnrolmentApplication &&
		q.Kind != WithdrawalApplication {
		fault(electoral.ApplicationList, "list", string(q.List), nil)
	}
	if q.Kind == WithdrawalApplication {
		if q.Content != (ApplicationContent{}) {
			fault(electoral.ApplicationIncomplete, "content", "", nil)
		}
		return faults
	}
	switch {
	case p.Residence == nil:
		fault(electoral.ApplicationNotEntitled, "anprId", p.ANPRID, nil)
	case p.IsItalian(a.today()) || !p.IsEUCitizen(a.r.tables, a.today()):
		fault(electoral.ApplicationNotEntitled.In("citizenship"), "anprId", p.ANPRID, nil)
	case !p.HasCitizenship(q.Content.Citizenship, a.today()) ||
		!a.r.tables.EUMember(q.Content.Citizenship, a.today()):
		fault(electoral.ApplicationNotEntitled.In("declared"), "content.citizenship", q.Content.Citizenship, nil)
	}
	return append(faults, q.Content.check(q.List)...)
}

func (c ApplicationContent) check(l electoral.List) electoral.Faults {
	var faults electoral.Faults
	const required = 4 // the first of them
	for i, f := range []struct{ path, value, italian string }{
		{"citizenship", c.Citizenship, "la cittadinanza"},
		{"originAddress.state", c.OriginAddress.State, "lo Stato di origine"},
		{"originAddress.place", c.OriginAddress.Place, "la località di origine"},
		{"originAddress.address", c.OriginAddress.Address, "l'indirizzo di origine"},
		{"originAddress.postCode", c.OriginAddress.PostCode, "il codice postale di origine"},
		{"contact", c.Contact, "il recapito"},
	} {
		n := utf8.RuneCountInString(strings.TrimSpace(f.value))
		if i < required && n == 0 || n > electoral.MaxText {
			faults = append(faults,
				electoral.NewFault(electoral.ApplicationIncomplete.In("text"), "content."+f.path, f.value,
					electoral.Args{"item": f.italian}))
		}
	}
	if l == electoral.EUParliamentList {
		if c.VotesOnlyInItaly != electoral.Yes {
			faults = append(faults,
				electoral.NewFault(electoral.ApplicationIncomplete.In("only-italy"), "content.votesOnlyInItaly",
					c.VotesOnlyInItaly.String(), nil))
		}
		if c.KeepsRight != electoral.Yes {
			faults = append(faults,
				electoral.NewFault(electoral.ApplicationIncomplete.In("keeps-right"), "content.keepsRight",
					c.KeepsRight.String(), nil))
		}
	}
	return faults
}

// mayApply refuses a second application, and one that asks for what already is
// so.
func (a *action) mayApply(ctx context.Context, w Writer, q *Application) error {
	e, _, err := w.Elector(ctx, q.ANPRID)
	if err != nil && !errors.Is(err, electoral.ErrNotFound) {
		return err
	}
	if en, in := e.EnrolmentIn(q.List); in && q.Kind == WithdrawalApplication {
		q.Comune = en.Comune // wherever he lives now
	}
	if _, in := e.EnrolmentIn(q.List); in != (q.Kind == WithdrawalApplication) {
		return electoral.Faults{electoral.NewFault(electoral.ApplicationTwice, "list", string(q.List),
			electoral.Args{"list": q.List.Italian()})}
	}
	for rec, err := range w.Records(ctx, RecordSearch{Book: ApplicationBook, Subject: q.ANPRID}) {
		if err != nil {
			return err
		}
		var other Application
		if err := decodeRecord(rec, &other); err != nil {
			return err
		}
		if other.List == q.List && !other.State.Closed() && other.State != RequestDraft && other.ID != q.ID {
			return electoral.Faults{electoral.NewFault(electoral.ApplicationTwice.In("open"), "list", string(q.List),
				electoral.Args{"list": q.List.Italian(), "request": other.ID})}
		}
	}
	return hasKeeper(q.Comune)
}

// hasKeeper refuses a request for which no comune is responsible.
func hasKeeper(comune string) error {
	if comune == "" {
		return electoral.Faults{electoral.NewFault(electoral.ElectorUnknown.In("no-comune"), "request.actor", "", nil)}
	}
	return nil
}

func (a *action) putApplication(ctx context.Context, w Writer, q Application) error {
	rec := Record{Comune: q.Comune, Book: ApplicationBook, ID: q.ID, Subject: q.ANPRID,
		State: strconv.Itoa(int(q.State)), At: q.Changed, Expires: a.expires(q.State, q.Opened, q.Changed)}
	return putRecord(ctx, w, rec, q)
}

// Applications returns, to an officer, the applications to his comune; to a
// citizen, his own. They are in the order in which they were made.
//
// Codes: of every service; REG-COM-01, REG-CON-06, REG-PER-01.
func (r *Registry) Applications(ctx context.Context, req electoral.Request, f RequestFilter) ([]Application, error) {
	a, admitted, q := r.requestsAccess(ctx, req, electoral.OpReadApplications,
		f.search(ApplicationBook, req.Actor.Role))
	a.takes("", f)
	return readBook[Application](ctx, a, admitted, q, f.Limit)
}

// moveEuropean opens, for the comune where an elector of another Member State
// now lives, the case of enrolling him ex officio.
func (a *action) moveEuropean(ctx context.Context, w Writer, p electoral.Person) error {
	if p.Residence == nil || p.IsItalian(a.today()) || !p.IsEUCitizen(a.r.tables, a.today()) {
		return nil
	}
	comune, err := heirOf(ctx, w, p.Residence.Comune)
	if err != nil || comune == a.comune {
		return err
	}
	return a.putApplication(ctx, w,
		Application{ID: newRecordID(a.at), ANPRID: p.ANPRID, Comune: comune,
			List: electoral.EUParliamentList,
			Kind: ExOfficioCase, State: RequestOpen, Submitted: a.today(), Opened: a.at, Changed: a.at})
}

// A Decision is a step in an [Application].
type Decision struct {
	State RequestState
	// Note is required to suspend, to reject, to declare inadmissible and, for
	// the citizen, to integrate.
	Note string
	// Section and District are given with RequestDone for an enrolment: the
	// number of the section in which he is enrolled, and whether he also votes
	// for the district, where the comune has any.
	Section  string
	District electoral.Answer
}

// DecideApplication brings an application to another state; the citizen may withdraw it,
// to a draft, as long as nobody has begun to handle it, and send it again: then it counts
// as made on that day, and is late with the warning [electoral.ApplicationLate] if it comes
// after the term of a vote. [RequestDone] carries it out: an enrolment puts the elector into the list and its section,
// with the status that follows; a withdrawal takes him out of the list, and if
// he is left in no list he loses the capacity. An application made after the
// term of a vote can be carried out only after that vote. DecideApplication
// returns the warnings of the enrolment.
//
// Codes: of every service, of a change, of an elector; REG-CAN-01, REG-CAP-02/03/04/07,
// REG-COM-01, REG-ELE-01/02, REG-PER-01/02, REG-TXT-01, REG-UE-01/05/06/07/08,
// SUC-PER-03.
func (r *Registry) DecideApplication(ctx context.Context, req electoral.Request, id string,
	d Decision) (Application, electoral.Faults, error) {
	a, faults := r.requestAccess(ctx, req, electoral.OpDecideApplication, ApplicationBook, id)
	payload := struct {
		ID string
		Decision
	}{id, d}
	a.takes("", payload)
	return perform(ctx, a, faults, payload, func(w Writer) (Application, electoral.Faults, error) {
		q, err := openRequest[Application](ctx, a, w,
			requestStep{book: ApplicationBook, id: id, to: d.State, note: d.Note,
				unknown: electoral.ApplicationUnknown, refused: electoral.ApplicationAction})
		if err != nil {
			return q, nil, err
		}
		var warnings electoral.Faults
		if q.Kind == ExOfficioCase && d.State == RequestDraft { // it is not the citizen's to withdraw
			return q, nil, electoral.Faults{electoral.NewFault(electoral.ApplicationAction.In("closed"), "state",
				strconv.Itoa(int(d.State)), electoral.Args{"from": q.State.Italian(), "to": d.State.Italian()})}
		}
		if d.State == RequestOpen { // sent again, today
			again := q
			if err := a.mayApply(ctx, w, &again); err != nil {
				return q, nil, err
			}
			q.Submitted = a.today()
			if v, last, late := a.r.lateFor(q, a.today()); late {
				f := lateFault(q, v, last)
				f.Severity = electoral.Warning
				warnings = electoral.Faults{f}
			}
		}
		if d.State == RequestDone {
			if warnings, err = a.carryOut(ctx, w, q, d); err != nil {
				return q, nil, err
			}
		}
		q.State, q.Changed = d.State, a.at
		a.keepNote(d.Note, &q.Note, &q.OfficerNote)
		if q.State.Closed() {
			q.Content, q.Note = ApplicationContent{}, ""
		}
		return q, warnings, a.putApplication(ctx, w, q)
	})
}

func (q Application) about() (subject string, state RequestState) { return q.ANPRID, q.State }

// carryOut does what an application asks.
func (a *action) carryOut(ctx context.Context, w Writer, q Application, d Decision) (electoral.Faults, error) {
	if v, last, late := a.r.lateFor(q, a.today()); late {
		return nil, electoral.Faults{lateFault(q, v, last)}
	}
	_, old, err := a.known(ctx, w, q.ANPRID)
	if err != nil {
		return nil, err
	}
	if q.Kind == WithdrawalApplication {
		return old.stillThere(), a.withdraw(ctx, w, q, old)
	}
	e := old.elector.Clone()
	e.ANPRID, e.Capacity = q.ANPRID, electoral.Yes
	e.SetListEntry(q.List,
		electoral.AddedList{Enrolled: electoral.Yes,
			Enrolment: &electoral.Enrolment{Comune: a.comune, Section: d.Section}})
	if !old.known() {
		e.Status = electoral.Status{NationalReferendums: electoral.No, EuropeanParliament: electoral.No,
			Senate:  electoral.No,
			Chamber: electoral.No, Regional: electoral.No, Comunal: electoral.No, District: electoral.No}
	}
	if q.List == electoral.EUParliamentList {
		e.Status.EuropeanParliament = electoral.Yes
	} else {
		e.Status.Comunal, e.Status.District = electoral.Yes, electoral.AnswerOf(d.District == electoral.Yes)
	}
	if e.Certifiability == nil || *e.Certifiability == electoral.NotCertifiable {
		full := electoral.FullyCertifiable
		e.Certifiability = &full
	}
	// He may be in the other list already, here or where he lived.
	only := electoral.Elector{ANPRID: e.ANPRID, Capacity: e.Capacity, Status: e.Status,
		Certifiability: e.Certifiability, Removals: old.elector.Removals,
		KeptVotes: old.elector.KeptVotes, Loss: old.elector.Loss}
	only.SetListEntry(q.List, e.ListEntry(q.List))
	warnings, err := a.enrol(ctx, w, only)
	if err == nil && warnings.Has(electoral.CapacityOfUnknownOrigin) {
		// An elector who left his lists and one who lost the right before that
		// was recorded look the same here.
		warnings = slices.DeleteFunc(warnings,
			func(f electoral.Fault) bool { return f.Code == electoral.CapacityOfUnknownOrigin })
		f := electoral.NewFault(electoral.ApplicationCapacity, "capacity", electoral.No.String(), nil)
		f.Severity = electoral.Warning
		warnings = append(warnings, f)
	}
	return warnings, err
}

func (a *action) withdraw(ctx context.Context, w Writer, q Application, old position) error {
	en, in := old.elector.EnrolmentIn(q.List)
	if !in {
		return nil // somebody was quicker
	}
	if en.Comune != a.comune {
		return electoral.Faults{a.r.notCompetent(q.List.Path()+comuneField(q.List), en.Comune, a.req.Actor)}
	}
	code, _ := electoral.RemovalCodeOf(q.List, electoral.CauseAsked)
	e := a.without(old.elector, []departure{{list: q.List, code: code, cause: electoral.CauseAsked}}, RemovalRequest{})
	if len(listsOf(e)) == 0 {
		e.LoseCapacity()
	}
	return a.put(ctx, w, old, position{elector: e, home: old.home})
}
