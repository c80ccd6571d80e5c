package electoral

import (
	"time"
)

// An Act is one of the laws for whose functions lists may be extracted (annex
// 2, services for the comuni 3).
type Act string

// The four acts of annex 2, and the release of copies of D.P.R. 223/1967,
// art. 51, which is a purpose of its own: a copy has all lines of a list, chosen
// neither by how they stand nor by what was done, and says of nobody how he stands.
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
	// Consultation and Day are given together and with a List; Day is the first
	// day of voting. They make the list that of a vote: who votes through another
	// list, as an elector in an added list does for the region, is not in it; an
	// elector who was removed but still votes in that comune ([KeptVote])
	// stands in its general list, and in no other comune's. The other days of the
	// vote are those of the vote called in the comune, if there is one. If both
	// are zero, everybody in the list is extracted.
	Consultation Consultation
	Day          Date
	// Lines selects rows of the list of a vote; its zero value is the copy for
	// the polling station.
	Lines LineChoice
	// Reason, if not empty, selects rows with one reason: those who are not yet
	// 18 ([VoterUnderAge], D.P.R. 223/1967, art. 33) or who vote by post.
	Reason Code
	// Turning18, if not nil, asks for the Italian citizens of the comune's
	// population who turn 18 within some days, whether they are in a list or
	// not. The population must be a [ResidentPopulation].
	Turning18 *DateRange
	// Touched, if not nil, restricts the rows to electors of whom the operation
	// journal has an entry in an interval. The rows hold today's values.
	// Operations and Revisions, which go with Touched, restrict the entries: those
	// enrolled ([OpEnrol]) or removed ([OpRemove]) by a revision. Empty means all.
	Touched    *Interval
	Operations []Operation
	Revisions  []Revision
	// Alphabetical gives the whole list in one order, with one numbering, as the
	// general list is kept; without it the rows come section by section. It goes
	// with a List and without a Section.
	Alphabetical bool
	Purpose      Purpose
}

// A DateRange is the days from From to To, both included.
type DateRange struct{ From, To Date }

// An Interval is the time between two instants: From is included, To is not. A
// zero instant does not bound it.
type Interval struct {
	From, To time.Time
	// Since is the number of a change of the comune, after which the interval begins; 0
	// does not bound it. A program that follows the lists gives the number that the
	// extraction before it returned, the first time that of a whole list: unlike an
	// instant it misses no change that was begun before and committed after. Who was
	// deleted from the lists of every comune is in no extraction: the operation journal
	// names him.
	Since int64
}

// An ExtractedElector is one row of an extracted list.
type ExtractedElector struct {
	// Section is the number of the section in the list.
	Section string
	// Number is the elector's number in the list of his section, from 1, which
	// counts those struck off too; zero in an extraction without a list. From the
	// fifteenth day before a vote to its end numbers do not change: who was
	// removed leaves a gap, and who is added gets the next. They are then the same
	// for all votes of a day.
	Number  int
	Elector Elector
	Person  Person
	// Line says how the elector stands in the list, and Reasons why if his line
	// is not a plain one, each with its law.
	Line    Line
	Reasons Faults
}

// A Line is how an elector stands in a list.
type Line string

// The lines.
const (
	PlainLine Line = ""
	// MarkedLine is the line of somebody who is in the list and about whom the
	// register says something that a revision must decide, or who votes in
	// another way; it is printed with its reasons.
	MarkedLine Line = "marked"
	// StruckLine is the line of somebody who is in the list and is struck off the
	// copy for the polling station.
	StruckLine Line = "struck"
)

// A LineChoice selects rows of the list of a vote.
type LineChoice string

// The choices.
const (
	SeatLines   LineChoice = ""       // plain and marked: the copy for the polling station
	StruckLines LineChoice = "struck" // those struck off it
	AllLines    LineChoice = "all"
)

// SingleOrder is the day from which a list is one alphabetical order with one
// numbering, without the husbands' surnames, in place of men and women apart
// (D.L. 27/2025, art. 2-bis, on D.P.R. 223/1967, art. 5; the Ministry's circular
// 62/2025: from the semestral revision of that day).
func SingleOrder() Date { return Date{Year: 2025, Month: 6, Day: 30} }

// SexesApart reports whether a list of a day has men and women apart.
func SexesApart(day Date) bool { return day.Before(SingleOrder()) }

// An ExtractHeader is what a writer knows before the first row.
type ExtractHeader struct {
	Extraction Extraction
	// Vote is the vote of the extraction, zero without one.
	Vote Vote
	// Told are the warnings about the whole list.
	Told Faults
	// Total is the number of rows that will follow; negative for a writer that
	// does without it.
	Total int
	// Today is the day of the extraction.
	Today Date
	// SexesApart says that the rows have the order before 2025: [SexesApart] of
	// the day of the extraction.
	SexesApart bool
}

// A ListWriter writes an extracted list in one format. It is used by one
// goroutine. If a writer also has a method NeedsTotal() bool that returns
// false, the rows are not counted beforehand, for which a filtered list would
// be read twice.
type ListWriter interface {
	// Begin is called once, before the rows.
	Begin(ExtractHeader) error
	// Write is called for each row: sections in the order of their numbers, in
	// each all electors in the order of surname, name and birth; where the
	// header says SexesApart the men, then the women, then those of unknown sex.
	Write(ExtractedElector) error
	// End is called after the last row, if nothing failed; it flushes.
	End() error
}
