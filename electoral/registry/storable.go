package registry

import (
	"fmt"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/internal/gate"
)

// keeping is the gate before a store. Read-only.
var keeping = gate.New(
	gate.Enum(Books()...),
	gate.Ready[electoral.Elector](), gate.Ready[electoral.Section](), gate.Ready[electoral.Person](),
	gate.Ready[Record](), gate.Ready[JournalEntry](), gate.Ready[ElectorMove](), gate.Ready[string](),
)

// Books returns the books.
func Books() []Book {
	return []Book{ReplyBook, ConflictBook, RectificationBook, ApplicationBook, LoadBook, ChoiceBook, NumberingBook,
		SuccessionBook, StandingBook, RevisionBook, RevisionLineBook, RevisionEvidenceBook}
}

// Storable is for who writes a [Store] or an [electoral.Population]: it returns an error
// that wraps [ErrImpossible] if v, a value that such a store is given to keep or a
// pointer to it, cannot be given back as it was. Such are a text that is not UTF-8 or
// holds U+0000, a date that the calendar does not have, an instant outside the years 1
// to 9999, and a value that its enumeration does not have. The error names the fields
// and, since they may be personal data, not what is in them.
func Storable(v any) error {
	found := keeping.Unkeepable(v)
	if len(found) == 0 {
		return nil
	}
	var said []string
	for _, f := range found[:min(len(found), 10)] {
		said = append(said, strings.TrimPrefix(f.Path+": "+f.Problem.String(), ": "))
	}
	return fmt.Errorf("%w: %s", ErrImpossible, strings.Join(said, "; "))
}
