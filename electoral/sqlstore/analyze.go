package sqlstore

import (
	"context"
	"sync"

	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// fewLoaded is how many rows are added before the engine counts for the first time; then
// as often as they have doubled.
const fewLoaded = 10_000

// loads counts the rows that bulk writes have added, so that the engine may plan queries
// on tables that were empty a moment ago. It is safe for concurrent use.
type loads struct {
	db *sqldb.DB

	mu         sync.Mutex
	rows, next int
}

// added notes rows of a committed transaction, and lets the engine count if there are many:
// after a load, whose caller waits for it some tenths of a second, never after a request.
// If it cannot, queries are planned as before.
func (l *loads) added(ctx context.Context, n int) {
	if n == 0 {
		return
	}
	l.mu.Lock()
	l.rows += n
	due := l.rows >= max(l.next, fewLoaded)
	if due {
		l.next = 2 * l.rows
	}
	l.mu.Unlock()
	if due {
		_ = l.db.Analyze(ctx, personal()...)
	}
}
