package registry

import (
	"fmt"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Condition compares a field: it holds if the value is one of In, or, with
// Not, if it is none of them. A text that is not given is empty; an answer is
// "si", "no" or "non indicato". Values compare byte by byte.
type Condition struct {
	Field electoral.Field `json:"field"`
	In    []string        `json:"in"`
	Not   bool            `json:"not,omitzero"`
}

// A Search is what a [Store] looks for: the electors of a comune, that is
// those whom it registered or who are in one of its lists, and of them those
// for whom every condition holds.
type Search struct {
	Comune string
	// After is the ANPR id after which the answers begin; empty for the first.
	After string
	// Where are conditions on fields that are not derived.
	Where []Condition
	// Touched, if not nil, selects only electors of whom the journal of the
	// comune has an entry that it selects. Its Comune, ANPRIDs and After are
	// not used.
	Touched *JournalSearch
}

// Matches reports whether every condition of the search holds for an elector. A
// store without a better way applies it to each. A condition on a derived or
// unknown field holds for nobody.
func (s Search) Matches(e electoral.Elector) bool {
	for _, c := range s.Where {
		if !c.holds(&e, nil) {
			return false
		}
	}
	return true
}

// Check returns an error if a condition is on a field that no store holds.
func (s Search) Check() error {
	for _, c := range s.Where {
		if info, known := electoral.InfoOf(c.Field); !known || info.Derived {
			return fmt.Errorf("registry: search by field %q: expected one that a store holds", c.Field)
		}
	}
	return nil
}

// holds compares the condition's field of an elector, or of his annex 1.
func (c Condition) holds(e *electoral.Elector, a *electoral.AnnexRecord) bool {
	info, known := electoral.InfoOf(c.Field)
	switch {
	case !known, info.Derived && a == nil:
		return false
	case info.Derived:
		return slices.Contains(c.In, info.OfAnnex1(a)) != c.Not
	}
	return slices.Contains(c.In, info.Stored(e)) != c.Not
}
