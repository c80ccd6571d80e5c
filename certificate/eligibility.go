package certificate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// A Code names one reason to refuse a certificate. It is stable and never
// reused for something else. It is also an error, so that
//
//	errors.Is(err, certificate.Deceased)
//
// asks whether a [Refusal] holds that reason.
type Code string

// The reasons.
const (
	Deceased              Code = "CER-PER-01"
	NotInANPR             Code = "CER-PER-02"
	Underage              Code = "CER-PER-03"
	AgeUnknown            Code = "CER-PER-04"
	DataMissing           Code = "CER-PER-05"
	NotElector            Code = "CER-ELE-01"
	CapacityUnknown       Code = "CER-ELE-02"
	NotCertifiable        Code = "CER-ELE-03"
	OnlyPoliticalRights   Code = "CER-ELE-04"
	NotEnrolled           Code = "CER-ISC-01"
	NotInList             Code = "CER-ISC-02"
	Removed               Code = "CER-ISC-04"
	BetweenComuni         Code = "CER-ISC-05"
	ComuneUnknown         Code = "CER-ISC-03"
	NotItalian            Code = "CER-CIT-01"
	CitizenshipUnknown    Code = "CER-CIT-02"
	KindUnknown           Code = "CER-RIC-01"
	UseUnknown            Code = "CER-RIC-02"
	SignerUnknown         Code = "CER-RIC-03"
	IssuingComuneUnknown  Code = "CER-RIC-04"
	RequestReused         Code = "CER-RIC-05"
	LanguageNotInForce    Code = "CER-RIC-06"
	FiscalCodeInvalid     Code = "CER-RIC-07"
	PreviewOutdated       Code = "CER-RIC-08"
	NotYours              Code = "CER-ARC-01"
	Expired               Code = "CER-ARC-02"
	NotAuthentic          Code = "CER-ARC-03"
	PersonRepeated        Code = "CER-COL-01"
	NobodyCertified       Code = "CER-COL-02"
	CollectiveClosed      Code = "CER-COL-03"
	FileUnreadable        Code = "CER-COL-04"
	CharacterNotPrintable Code = "CER-TES-01"
	TextTooLong           Code = "CER-TES-02"
)

// Error returns the code; a [Reason] says what it stands for.
func (c Code) Error() string { return string(c) }

// A Reason is one reason for which a certificate cannot be issued. Message and
// Remedy are Italian, for people.
type Reason struct {
	Code Code `json:"code"`
	// Field is the path of the datum that the reason is about, as in the JSON
	// of [electoral.CertificateFacts] or of the request; empty if there is
	// none.
	Field   string `json:"field,omitzero"`
	Message string `json:"message"`
	// Case names the case of the code's rule, and Args are the arguments of its
	// texts ([ReasonRules]).
	Case string         `json:"case,omitzero"`
	Args electoral.Args `json:"args,omitempty"`
	// Remedy says what would have to change for the certificate to be issued.
	Remedy string `json:"remedy"`
	Source string `json:"source"`
	// ANPRCode is the code with which ANPR refuses the same thing, where known.
	ANPRCode string `json:"anprCode,omitzero"`
}

// A Refusal is the error of a certificate that cannot be issued, with every
// reason. It unwraps to the codes.
type Refusal struct {
	Kind    Kind     `json:"kind"`
	Reasons []Reason `json:"reasons"`
}

func (r *Refusal) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "certificate: %q refused", r.Kind)
	for i, reason := range r.Reasons {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		b.WriteString(string(reason.Code) + " " + reason.Message)
		if reason.Field != "" {
			b.WriteString(" [" + reason.Field + "]")
		}
	}
	return b.String()
}

// RefusalCode returns the code of the first reason; the access log keeps the
// refusal under it.
func (r *Refusal) RefusalCode() string {
	if len(r.Reasons) == 0 {
		return ""
	}
	return string(r.Reasons[0].Code)
}

// Unwrap returns the codes of the reasons.
func (r *Refusal) Unwrap() []error {
	out := make([]error, len(r.Reasons))
	for i, reason := range r.Reasons {
		out[i] = reason.Code
	}
	return out
}

// Assess returns every reason for which a certificate of a kind cannot be
// issued on a day, nil if it can. list is the list that a certificate of
// enrolment is to state; empty means the first, in the order of annex 1, in
// which the person is enrolled. Assess is a pure function of its arguments.
//
// A missing certifiability is not a reason by itself: capacity and enrolment,
// which the certificate states, must be recorded in any case. Political rights
// are certified for Italian citizens only; this is our choice, since there is
// no public rule.
func Assess(facts electoral.CertificateFacts, kind Kind, list electoral.List, at electoral.Date) []Reason {
	var out []Reason
	add := func(c Code, field string) { out = append(out, newReason(c, field)) }
	if !slices.Contains(Kinds(), kind) {
		add(KindUnknown, "kind")
		return out
	}
	enrolment, rights := kind.states()
	assessPerson(facts.Person, at, add)
	for n := range out {
		if out[n].Code == Underage {
			day := facts.Person.TurnsAt(18).Italian()
			out[n] = newCase(Underage, "dated", out[n].Field, electoral.Args{"day": day})
		}
	}
	e := facts.Elector
	switch e.Capacity {
	case electoral.No:
		add(NotElector, "elector.capacity")
	case electoral.NotGiven:
		add(CapacityUnknown, "elector.capacity")
	}
	if c := e.Certifiability; c != nil {
		switch {
		case *c == electoral.FullyCertifiable:
		case *c != electoral.OnlyPoliticalRights:
			add(NotCertifiable, "elector.certifiability")
		case enrolment:
			add(OnlyPoliticalRights, "elector.certifiability")
		}
	}
	if enrolment {
		if _, _, ok := enrolmentOf(e, list); !ok {
			if list != "" && !slices.Contains(electoral.Lists(), list) || list != "" && enrolledAnywhere(e) {
				add(NotInList, "list")
			} else {
				add(NotEnrolled, "elector")
				if len(e.Removals) > 0 { // that of the general list stands first
					out[len(out)-1] = removed(e.Removals[0])
				}
				if facts.ClaimedBy != "" {
					out[len(out)-1] = newCase(BetweenComuni, "claimed", "elector.removals",
						electoral.Args{"comune": facts.ClaimedBy})
				}
			}
		}
	}
	if rights {
		if len(facts.Person.Citizenships) == 0 {
			add(CitizenshipUnknown, "person.citizenships")
		} else if !facts.Person.IsItalian(at) {
			add(NotItalian, "person.citizenships")
		}
	}
	return out
}

// removed returns the reason for an elector who was removed and is in no list,
// with what would change it.
func removed(r electoral.Removal) Reason {
	if r.Day.Month == 0 || r.Day.Day == 0 {
		return newCase(Removed, "reason", "elector.removals", electoral.Args{"reason": r.Italian()})
	}
	return newCase(Removed, "dated", "elector.removals",
		electoral.Args{"reason": r.Italian(), "day": r.Day.Italian()})
}

func assessPerson(p electoral.Person, at electoral.Date, add func(Code, string)) {
	switch rules.Present(p, at) {
	case electoral.VoterDead:
		add(Deceased, "person.death")
	case electoral.VoterNotRegistered:
		add(NotInANPR, "person.residence")
	}
	switch rules.OfAge(p, 18, at) {
	case electoral.No:
		add(Underage, "person.birth.date")
	case electoral.NotGiven:
		add(AgeUnknown, "person.birth.date")
	}
	if strings.TrimSpace(p.Surname) == "" && strings.TrimSpace(p.Name) == "" {
		add(DataMissing, "person.surname")
	}
	if p.Birth.Place == "" && strings.TrimSpace(p.Birth.PlaceName) == "" {
		add(DataMissing, "person.birth.place")
	}
}

func enrolledAnywhere(e electoral.Elector) bool {
	_, _, ok := enrolmentOf(e, "")
	return ok
}

// enrolmentOf returns the enrolment that a certificate states.
func enrolmentOf(e electoral.Elector, list electoral.List) (electoral.List, electoral.Enrolment, bool) {
	for l, en := range e.Enrolments() {
		if list == "" || l == list {
			return l, en, true
		}
	}
	return "", electoral.Enrolment{}, false
}

// subjectOf takes from a person what a certificate prints, with the names that
// the places had at the birth.
func subjectOf(p electoral.Person, tables *refdata.Tables, language string) Subject {
	s := Subject{Surname: clean(p.Surname), Name: clean(p.Name), Sex: p.Sex, Birth: Birth{Date: p.Birth.Date}}
	if s.Sex != electoral.Male && s.Sex != electoral.Female {
		s.Sex = electoral.SexUnknown
	}
	place := p.Birth.BirthPlace(tables)
	s.Birth.Place, s.Birth.Province, s.Birth.State = place.Name, place.Province, place.State
	if place.Comune != nil {
		s.Birth.OtherPlace = otherName(tables, *place.Comune, language)
	}
	return s
}

// otherName returns a comune's name in a language; empty if it has no name of
// its own in that language.
func otherName(tables *refdata.Tables, c refdata.Comune, language string) string {
	for _, l := range tables.Languages(c.Belfiore) {
		if strings.EqualFold(l.Code, language) && l.OtherName != c.Name {
			return l.OtherName
		}
	}
	return ""
}
