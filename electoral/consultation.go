package electoral

import (
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
	if i := slices.Index(Consultations(), c); i >= 0 {
		return s.Entries()[i].Answer
	}
	return NotGiven
}

// A Vote is a vote that has been called ("comizi convocati").
type Vote struct {
	Consultation Consultation `json:"consultation"`
	// Day is the first day of voting.
	Day Date `json:"day"`
	// Notice is the day on which the notice of convocation is posted
	// ("manifesto di convocazione dei comizi"); zero while it is not known.
	Notice Date `json:"notice,omitzero"`
}
