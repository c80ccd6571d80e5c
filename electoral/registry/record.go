package registry

import (
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Book is one of the registry's own books, beside the lists: what it must
// remember of its work, each entry with the time at which it is forgotten.
type Book string

// The books.
const (
	// ReplyBook keeps answers, so that a repeated request has no second effect.
	ReplyBook Book = "reply"
	// ConflictBook keeps the conflicts between two comuni over an elector.
	ConflictBook Book = "conflict"
	// RectificationBook keeps what citizens ask to rectify.
	RectificationBook Book = "rectification"
	// ApplicationBook keeps the applications of citizens of the Union.
	ApplicationBook Book = "application"
	// LoadBook keeps what became of first loads.
	LoadBook Book = "load"
	// ChoiceBook keeps how persons chose to vote in one vote.
	ChoiceBook Book = "choice"
	// NumberingBook keeps the numbers of a section's list for one vote.
	NumberingBook Book = "numbering"
	// SuccessionBook keeps the successions of a comune, on each side.
	SuccessionBook Book = "succession"
	// StandingBook keeps which comune took the place of another, and for a time what
	// takes that back.
	StandingBook Book = "standing"
	// RevisionBook, RevisionLineBook and RevisionEvidenceBook keep the revisions
	// of package revision, their lines, and what these rest on.
	RevisionBook         Book = "revision"
	RevisionLineBook     Book = "revision-line"
	RevisionEvidenceBook Book = "revision-evidence"
)

// A Record is one entry of a [Book]. Comune, Book and ID are its key.
type Record struct {
	Comune string
	Book   Book
	// ID is 1 to 200 printable ASCII characters.
	ID string
	// Subject is the ANPR id of the person it is about, or empty. It does not
	// change: a store may refuse it.
	Subject string
	State   string
	// At is the instant of the last change; Expires the instant from which the
	// record counts as gone, zero for never. Both are UTC and kept to the
	// millisecond.
	At, Expires time.Time
	// Body is for the registry alone to read.
	Body []byte
}

// A RecordSearch selects records of a book: those of a comune, or those about
// a person, or those about a person in a comune.
type RecordSearch struct {
	Book Book
	// Comune and Subject: at least one is given, or nothing is found.
	Comune, Subject string
	// States selects records in one of these states; empty means all.
	States []string
	// After is the id after which the answers begin; it goes with a Comune.
	After string
}

// A JournalEntry is one entry of the operation journal ("per tipo di
// operazione", "per intervalli temporali": annex 2, services for the comuni
// 3): who was touched, by which operation, when, and no value.
type JournalEntry struct {
	// Comune is the Belfiore code of the comune that did it.
	Comune string `json:"comune"`
	// Seq is the number of the change in its comune, from 1, one for each update of
	// the store: what was committed later has a higher one, whatever the clock says.
	// The store gives it.
	Seq    int64  `json:"seq"`
	ANPRID string `json:"anprId"`
	// At is UTC; a store cuts it to the millisecond.
	At        time.Time           `json:"at"`
	Operation electoral.Operation `json:"operation"`
	// Revision is the kind of revision of the lists, if it was stated.
	Revision electoral.Revision `json:"revision,omitzero"`
}

// A JournalSearch selects entries of the journal of a comune.
type JournalSearch struct {
	Comune string
	// Since and Until bound the numbers of the changes: Since is not included, Until
	// is. Zero does not bound them. A program that follows a comune asks for what is
	// since the last number that it has seen: it is told of each change once.
	Since, Until int64
	// From and To bound the instants: From is included, To is not. A zero time
	// does not bound them. They are for what people ask: a change that was begun
	// before To may be committed after it.
	From, To time.Time
	// Operations, Revisions and ANPRIDs select entries with one of them; empty
	// means all.
	Operations []electoral.Operation
	Revisions  []electoral.Revision
	ANPRIDs    []string
	// After is the entry after which the answers begin, by its Seq, ANPRID and
	// Operation; nil for the first.
	After *JournalEntry
}

// A Sequence is how far the numbers of the changes of a comune have come.
type Sequence struct {
	// Last is the number of the last change; 0 if there was none.
	Last int64 `json:"last"`
	// Forgotten is the highest number of an entry that the journal has forgotten: who
	// has not seen it yet must begin with a whole list. 0 if it has all.
	Forgotten int64 `json:"forgotten"`
}

// A ListCount is how many electors are in a list's section.
type ListCount struct {
	List    electoral.List `json:"list"`
	Section string         `json:"section"`
	Count   int            `json:"count"`
}

// Clone returns a copy that shares nothing with r.
func (r Record) Clone() Record {
	r.Body = slices.Clone(r.Body)
	return r
}
