package electoral

import (
	"time"
)

// An Act is one of the laws for whose functions lists may be extracted (annex
// 2, services for the comuni 3).
type Act string

// The four acts of annex 2, and the release of copies of D.P.R. 223/1967,
// art. 51, which is a purpose of its own.
const (
	ElectoralListsAct Act = "D.P.R. 20 marzo 1967, n. 223"
	ChamberAct        Act = "D.P.R. 30 marzo 1957, n. 361"
	SenateAct         Act = "d.lgs. 20 dicembre 1993, n. 533"
	ComunalAct        Act = "D.P.R. 16 maggio 1960, n. 570"
	ListCopiesAct     Act = "D.P.R. 20 marzo 1967, n. 223, art. 51"
)

// Acts returns every act.
func Acts() []Act {
	return []Act{ElectoralListsAct, ChamberAct, SenateAct, ComunalAct, ListCopiesAct}
}

// A Purpose says which function an extraction serves ("funzioni e compiti").
type Purpose struct {
	Act Act
	// Function names it in Italian, 3 to 200 characters: "liste per il seggio".
	Function string
}

// An Extraction asks for a list ("estrazione", annex 2, services for the comuni
// 3): the electors of one list, the citizens who turn 18, or the electors whose
// record was touched.
type Extraction struct {
	// List is a list of annex 1. It is empty with Turning18; with Touched, an
	// empty List means electors in any list or in none.
	List   List
	Comune string
	// Section is one section of the list; empty means all.
	Section string
	// Consultation and Day are given together and with a List. They restrict
	// the list to the electors who vote then through it: capacity and status
	// are yes, they are 18 and alive on the day, and they do not vote through
	// another list, as an elector in an added list does for the region. An
	// elector who was removed but still votes in that comune ([KeptVote])
	// stands in its general list, and in no other comune's. If both are zero,
	// everybody in the list is extracted.
	Consultation Consultation
	Day          Date
	// Turning18, if not nil, asks for the Italian citizens of the comune's
	// population who turn 18 within some days, whether they are in a list or
	// not. The population must be a [ResidentPopulation].
	Turning18 *DateRange
	// Touched, if not nil, restricts the rows to electors of whom the operation
	// journal has an entry in an interval. The rows hold today's values.
	Touched *Interval
	Purpose Purpose
}

// A DateRange is the days from From to To, both included.
type DateRange struct{ From, To Date }

// An Interval is the time between two instants: From is included, To is not. A
// zero instant does not bound it.
type Interval struct{ From, To time.Time }

// An ExtractedElector is one row of an extracted list.
type ExtractedElector struct {
	// Section is the number of the section in the list.
	Section string
	Elector Elector
	Person  Person
}

// An ExtractHeader is what a writer knows before the first row.
type ExtractHeader struct {
	Extraction Extraction
	// Total is the number of rows that will follow; negative for a writer that
	// does without it.
	Total int
	// Today is the day of the extraction.
	Today Date
}

// A ListWriter writes an extracted list in one format. It is used by one
// goroutine. If a writer also has a method NeedsTotal() bool that returns
// false, the rows are not counted beforehand, for which a filtered list would
// be read twice.
type ListWriter interface {
	// Begin is called once, before the rows.
	Begin(ExtractHeader) error
	// Write is called for each row: sections in the order of their numbers,
	// in each the men, then the women, then those of unknown sex, in the order
	// of surname, name and birth.
	Write(ExtractedElector) error
	// End is called after the last row, if nothing failed; it flushes.
	End() error
}
