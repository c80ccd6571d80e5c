// Package lease lets one of several programs on one database lead: a row says who, until
// when, and how often it has changed hands. No session and no advisory lock is held, so
// that a pooler in transaction mode may stand before the server.
//
// # Time
//
// The row's instants are the database's own: the nodes' clocks do not matter. A holder
// measures by its monotonic clock from before it asked, so that it never believes to have
// the lease for longer than the database says, unless its clock runs slower by a tenth.
//
// # Fencing
//
// A term only grows, by one each time that somebody acquires the lease. A holder that has
// stalled learns that it lost only when it goes on. What must not be done by such a one is
// done in a transaction of the same database after [Lease.Fence], or is given the term for
// whoever receives it to compare.
//
// # The table
//
// Each package that has leases makes the table among its own:
//
//	name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, term BIGINT NOT NULL,
//	ends BIGINT NOT NULL -- milliseconds since 1970
//
// It is small and of no comune, and stays on the coordinator of a cluster.
package lease

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// Errors of a lease.
var (
	// ErrHeld means that another holder has the lease.
	ErrHeld = errors.New("lease: another holder has it")
	// ErrLost means that the lease is held no longer under that term.
	ErrLost = errors.New("lease: it is held no longer")
)

// A Config says which lease.
type Config struct {
	DB *sqldb.DB
	// Table is the name of the table, without braces.
	Table string
	// Name is that of the lease, up to 64 bytes; Holder describes this node to people, up to
	// 64 bytes. Something random is added to it: a program that is started again is another
	// holder.
	Name, Holder string
	// For is how long the lease is held without being renewed, at least 10 milliseconds;
	// zero means 30 seconds. [Lease.Hold] renews it each Every; zero means a third of For.
	For, Every time.Duration
}

// A Lease is one that this program may hold. It is safe for concurrent use.
type Lease struct {
	c      Config
	holder string
}

// New returns a lease that nobody has acquired yet.
func New(c Config) (*Lease, error) {
	if c.For == 0 {
		c.For = 30 * time.Second
	}
	if c.Every == 0 {
		c.Every = c.For / 3
	}
	const most = 64
	switch {
	case c.DB == nil:
		return nil, errors.New("lease: Config.DB: expected a database")
	case c.Table == "":
		return nil, errors.New("lease: Config.Table: expected the name of a table")
	case c.Name == "" || len(c.Name) > most:
		return nil, fmt.Errorf("lease: Config.Name: expected 1 to %d bytes", most)
	case len(c.Holder) > most || strings.Contains(c.Holder, "#"):
		return nil, fmt.Errorf("lease: Config.Holder: expected up to %d bytes without #", most)
	case c.For < 10*time.Millisecond || c.For > 24*time.Hour:
		return nil, fmt.Errorf("lease: Config.For: %v: expected 10ms to a day", c.For)
	case c.Every < time.Millisecond || c.Every >= c.For:
		return nil, fmt.Errorf("lease: Config.Every: %v: expected 1ms to less than For, %v", c.Every, c.For)
	}
	return &Lease{c: c, holder: c.Holder + "#" + rand.Text()[:8]}, nil
}

// clock is the database's time, in milliseconds since 1970.
func clock(d sqldb.Dialect) string {
	if d == sqldb.SQLite {
		return `CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)`
	}
	return `CAST(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000 AS BIGINT)`
}

func (l *Lease) table() string { return "{" + l.c.Table + "}" }

// term runs a statement that yields a term, or none.
func (l *Lease) term(ctx context.Context, tx sqldb.Tx, none error, text string, args ...any) (term int64, err error) {
	err = sqldb.One(ctx, tx, []any{&term}, text, args...)
	if errors.Is(err, sqldb.ErrNoRow) {
		err = none
	}
	return term, err
}

// Acquire takes the lease for [Config.For] if nobody has it, or if its holder has not renewed
// it in time, and returns the new term, which is higher than each before. Otherwise the
// error is [ErrHeld]; also if this program has it already.
func (l *Lease) Acquire(ctx context.Context) (term int64, err error) {
	err = l.c.DB.Update(ctx, func(tx sqldb.Tx) error {
		now := clock(tx.Dialect())
		term, err = l.term(ctx, tx, ErrHeld, `INSERT INTO `+l.table()+` AS l (name, holder, term, ends)
			VALUES ($1, $2, 1, `+now+` + $3) ON CONFLICT (name) DO UPDATE
			SET holder = excluded.holder, term = l.term + 1, ends = `+now+` + $3 WHERE l.ends <= `+now+`
			RETURNING term`, l.c.Name, l.holder, l.c.For.Milliseconds())
		return err
	})
	if err != nil {
		return 0, err
	}
	return term, nil
}

// Renew holds the lease for another [Config.For], also if its time was over and nobody has
// taken it. If somebody has, or it was released, the error is [ErrLost].
func (l *Lease) Renew(ctx context.Context, term int64) error {
	return l.c.DB.Update(ctx, func(tx sqldb.Tx) error {
		_, err := l.term(ctx, tx, ErrLost, `UPDATE `+l.table()+` SET ends = `+clock(tx.Dialect())+` + $4
			WHERE name = $1 AND holder = $2 AND term = $3 RETURNING term`, l.c.Name, l.holder, term,
			l.c.For.Milliseconds())
		return err
	})
}

// Release gives the lease back, so that another need not wait. If it is not held under that
// term any more, the error is [ErrLost].
func (l *Lease) Release(ctx context.Context, term int64) error {
	return l.c.DB.Update(ctx, func(tx sqldb.Tx) error {
		_, err := l.term(ctx, tx, ErrLost, `UPDATE `+l.table()+` SET ends = 0, holder = ''
			WHERE name = $1 AND holder = $2 AND term = $3 RETURNING term`, l.c.Name, l.holder, term)
		return err
	})
}

// Fence makes a transaction one of the holder's under a term: with another holder since,
// the error is [ErrLost], and until the transaction has ended nobody else can acquire the
// lease.
func (l *Lease) Fence(ctx context.Context, tx sqldb.Tx, term int64) error {
	_, err := l.term(ctx, tx, ErrLost, `UPDATE `+l.table()+` SET term = term
		WHERE name = $1 AND holder = $2 AND term = $3 RETURNING term`, l.c.Name, l.holder, term)
	return err
}

// A State is who has a lease.
type State struct {
	// Holder is the description of the node, empty if nobody has it now.
	Holder string
	// Term is the last that there was; zero if there was none.
	Term int64
	// Ends is the instant of the database until which it is held.
	Ends time.Time
}

// State returns who has the lease at this moment of the database.
func (l *Lease) State(ctx context.Context) (s State, err error) {
	err = l.c.DB.Lookup(ctx, func(q sqldb.Querier) error {
		var ends, now int64
		var holder string
		s = State{}
		err := sqldb.One(ctx, q, []any{&holder, &s.Term, &ends, &now},
			`SELECT holder, term, ends, `+clock(q.Dialect())+` FROM `+l.table()+` WHERE name = $1`, l.c.Name)
		if errors.Is(err, sqldb.ErrNoRow) {
			return nil
		}
		if err == nil && now < ends {
			s.Holder, _, _ = strings.Cut(holder, "#")
			s.Ends = time.UnixMilli(ends).UTC()
		}
		return err
	})
	return s, err
}
