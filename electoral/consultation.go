package electoral

import (
	"cmp"
	"slices"
)

// A Consultation is a kind of vote ("consultazione", annex 1 point 5).
type Consultation string

// The consultations of annex 1, point 5.
const (
	NationalReferendum Consultation = "national-referendum"
	EuropeanElection   Consultation = "european"
	SenateElection     Consultation = "senate"
	ChamberElection    Consultation = "chamber"
	RegionalElection   Consultation = "regional"
	ComunalElection    Consultation = "comunal"
	DistrictElection   Consultation = "district"
)

// Consultations returns every consultation in the order of annex 1.
func Consultations() []Consultation {
	return []Consultation{NationalReferendum, EuropeanElection, SenateElection, ChamberElection, RegionalElection,
		ComunalElection, DistrictElection}
}

// For returns the answer of a status for a consultation; NotGiven if c is not
// one of annex 1.
func (s Status) For(c Consultation) Answer {
	switch c {
	case NationalReferendum:
		return s.NationalReferendums
	case EuropeanElection:
		return s.EuropeanParliament
	case SenateElection:
		return s.Senate
	case ChamberElection:
		return s.Chamber
	case RegionalElection:
		return s.Regional
	case ComunalElection:
		return s.Comunal
	case DistrictElection:
		return s.District
	}
	return NotGiven
}

// Italian names what is voted for, with its article: "il Senato della
// Repubblica".
func (c Consultation) Italian() string {
	if i := slices.Index(Consultations(), c); i >= 0 {
		return Status{}.Entries()[i].Italian
	}
	return "consultazione sconosciuta: " + string(c)
}

// Path returns the path of the answer for a consultation in an [Elector]:
// "status.senate".
func (c Consultation) Path() string {
	if i := slices.Index(Consultations(), c); i >= 0 {
		return Status{}.Entries()[i].Path
	}
	return "status"
}

// A Vote is a vote that has been called ("comizi convocati"). Its days are data:
// none is inferred from another or from the day of the week, since laws on
// single votes set them apart.
type Vote struct {
	Consultation Consultation `json:"consultation"`
	// Day is the first day of voting, LastDay the last; zero means Day.
	Day     Date `json:"day"`
	LastDay Date `json:"lastDay,omitzero"`
	// AgeDay is the day at which the age counts; zero means Day, as D.P.R.
	// 223/1967, art. 33, has it. AgeLaw is the law that sets another: it stands
	// beside who is struck off for his age.
	AgeDay Date   `json:"ageDay,omitzero"`
	AgeLaw string `json:"ageLaw,omitzero"`
	// TermDay is the day from which the terms before the vote are counted
	// backwards; zero means Day. At the European election of 8 and 9 June 2024
	// it was the Sunday (D.L. 7/2024, art. 1).
	TermDay Date `json:"termDay,omitzero"`
	// Notice is the day on which the notice of convocation is posted
	// ("manifesto di convocazione dei comizi"); zero while it is not known.
	Notice Date `json:"notice,omitzero"`
	// Called is the day on which the vote is called ("indizione"); zero while
	// it is not known.
	Called Date `json:"called,omitzero"`
	// OptionUntil is the last day for the options of residents abroad, where it is
	// not the tenth after the call: at the natural end of the legislature it is
	// the 31st of December before (L. 459/2001, art. 4).
	OptionUntil Date `json:"optionUntil,omitzero"`
}

// Last returns the last day of voting.
func (v Vote) Last() Date { return orDate(v.LastDay, v.Day) }

// AgeAt returns the day at which the age counts.
func (v Vote) AgeAt() Date { return orDate(v.AgeDay, v.Day) }

// Terms returns the day from which the terms before the vote are counted.
func (v Vote) Terms() Date { return orDate(v.TermDay, v.Day) }

func orDate(d, other Date) Date {
	if d.IsZero() {
		return other
	}
	return d
}

// The years within which the days of a vote lie; outside, a day is a slip of
// the pen.
const (
	firstVoteYear = 1946
	lastVoteYear  = 2200
)

// Check returns what is wrong with the days of a vote: a day that does not exist
// or lies out of reason, voting of more than two days, an age or a term counted
// more than a month from the vote (a runoff may count the age at the first round),
// a notice or a call that is not before it.
func (v Vote) Check() []Fault {
	var out Faults
	fault := func(c Cause, path, value string) { out = append(out, NewFault(c, path, value, nil)) }
	if !slices.Contains(Consultations(), v.Consultation) {
		fault(VoteUnknown, "vote.consultation", string(v.Consultation))
	}
	exists := func(path string, d Date, required bool) bool {
		if d.IsZero() && !required {
			return false
		}
		if !d.Complete() || !d.Valid() || d.Year < firstVoteYear || d.Year > lastVoteYear {
			fault(VoteDay, path, d.String())
			return false
		}
		return true
	}
	if !exists("vote.day", v.Day, true) {
		return out
	}
	if exists("vote.lastDay", v.LastDay, false) && v.LastDay != v.Day && v.LastDay != v.Day.AddDays(1) {
		fault(VoteDay.In("last"), "vote.lastDay", v.LastDay.String())
	}
	for path, d := range map[string]Date{"vote.ageDay": v.AgeDay, "vote.termDay": v.TermDay} {
		if exists(path, d, false) && (d.Before(v.Day.AddDays(-31)) || d.After(v.Day.AddDays(31))) {
			fault(VoteDay.In("far"), path, d.String())
		}
	}
	for path, d := range map[string]Date{"vote.notice": v.Notice, "vote.called": v.Called,
		"vote.optionUntil": v.OptionUntil} {
		if exists(path, d, false) && (!d.Before(v.Day) || d.Before(v.Day.AddDays(-365))) {
			fault(VoteDay.In("before"), path, d.String())
		}
	}
	slices.SortFunc(out, func(a, b Fault) int { return cmp.Compare(a.Path, b.Path) })
	return out
}
