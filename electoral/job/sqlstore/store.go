package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/liste-elettorali/anpr/electoral/job"
	"github.com/liste-elettorali/anpr/internal/lease"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// Errors of the databases that a caller can do something about; the text says which
// file or volume, and what.
var (
	// ErrConflict means that other changes prevented this one at every attempt, ErrFull
	// that the volume is full, ErrReadOnly that the file or the server takes no writes,
	// ErrDenied that the user lacks a right, ErrNotDatabase that the file is no SQLite
	// database. Nothing was changed.
	ErrConflict    = sqldb.ErrConflict
	ErrFull        = sqldb.ErrFull
	ErrReadOnly    = sqldb.ErrReadOnly
	ErrDenied      = sqldb.ErrDenied
	ErrNotDatabase = sqldb.ErrNotDatabase
	// ErrNotMigrated means that the tables are not there or are of an older version,
	// ErrBadSchema that they are another program's, or not whole.
	ErrNotMigrated = sqldb.ErrNotMigrated
	ErrBadSchema   = sqldb.ErrBadSchema
	// ErrClosed is returned by the zero value, which has no database.
	ErrClosed = errors.New("sqlstore: no database is open")
)

// Store is a [job.Store] in a SQL database. It is safe for concurrent use, and several
// processes may use one database. When a call returns, what it has committed is durable.
type Store struct {
	db   *sqldb.DB
	term time.Duration // for how long a lease is held

	mu   sync.Mutex
	held *lease.Lease // by this store, in its present or last term
}

var _ job.Store = (*Store)(nil)

// Close closes the database, after the calls that are in progress.
func (s *Store) Close() error {
	if s.db == nil {
		return ErrClosed
	}
	return s.db.Close()
}

func (s *Store) lease(node string) (*lease.Lease, error) {
	return lease.New(lease.Config{
		DB: s.db, Table: "background_job_leases", Name: "jobs", Holder: node, For: s.term,
	})
}

// Lead implements [job.Store].
func (s *Store) Lead(ctx context.Context, node string, fn func(ctx context.Context, term int64) error) error {
	if s.db == nil {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if fn == nil {
		return errors.New("sqlstore: expected a function")
	}
	l, err := s.lease(node)
	if err != nil {
		return err
	}
	err = l.Hold(ctx, func(ctx context.Context, term int64) error {
		s.mu.Lock()
		s.held = l
		s.mu.Unlock()
		return fn(ctx, term)
	})
	switch {
	case errors.Is(err, lease.ErrHeld):
		return job.ErrHeld
	case errors.Is(err, lease.ErrLost):
		return fmt.Errorf("%w: %w", job.ErrLost, err)
	}
	return err
}

// Leader implements [job.Store].
func (s *Store) Leader(ctx context.Context) (job.Leader, error) {
	if s.db == nil {
		return job.Leader{}, ErrClosed
	}
	l, err := s.lease("")
	if err != nil {
		return job.Leader{}, err
	}
	state, err := l.State(ctx)
	return job.Leader{Node: state.Holder, Term: state.Term, Ends: state.Ends}, err
}

// lead changes the database as the leader of a term.
func (s *Store) lead(ctx context.Context, term int64, fn func(sqldb.Tx) error) error {
	if s.db == nil {
		return ErrClosed
	}
	s.mu.Lock()
	l := s.held
	s.mu.Unlock()
	if l == nil {
		return job.ErrLost
	}
	return s.db.Update(ctx, func(tx sqldb.Tx) error {
		if err := l.Fence(ctx, tx, term); errors.Is(err, lease.ErrLost) {
			return job.ErrLost
		} else if err != nil {
			return err
		}
		return fn(tx)
	})
}

// Plan implements [job.Store].
func (s *Store) Plan(ctx context.Context, term int64, jobs []job.Plan, at time.Time) error {
	return s.lead(ctx, term, func(tx sqldb.Tx) error {
		now := at.UnixMilli()
		var list []sqldb.Statement
		for _, j := range jobs {
			every := j.Every.Milliseconds()
			list = append(list,
				sqldb.Statement{Text: `INSERT INTO {background_jobs}
					(name, every, due, asked, started, ended, outcome, node, term, note, code, attempts)
					VALUES ($1, $2, $3, 0, 0, 0, $4, '', 0, '', '', 0) ON CONFLICT (name) DO UPDATE SET every = excluded.every`,
					Args: []any{j.Name, every, now, string(job.Never)}},
				sqldb.Statement{Text: `UPDATE {background_jobs} SET due = $2 WHERE name = $1 AND due > $2`,
					Args: []any{j.Name, now + every}})
		}
		return tx.Exec(ctx, append(list, sqldb.Statement{
			Text: `UPDATE {background_jobs} SET outcome = $1, attempts = attempts + 1 WHERE outcome = $2 AND term < $3`,
			Args: []any{string(job.Unknown), string(job.Running), term},
		})...)
	})
}

// Start implements [job.Store].
func (s *Store) Start(ctx context.Context, term int64, name, node string, at time.Time) error {
	return s.lead(ctx, term, func(tx sqldb.Tx) error {
		var outcome string
		err := sqldb.One(ctx, tx, []any{&outcome}, `SELECT outcome FROM {background_jobs} WHERE name = $1`, name)
		switch {
		case errors.Is(err, sqldb.ErrNoRow):
			return job.ErrUnknown
		case err != nil:
			return err
		case outcome == string(job.Running):
			return job.ErrRunning
		}
		return tx.Exec(ctx, sqldb.Statement{
			Text: `UPDATE {background_jobs} SET outcome = $2, node = $3, term = $4, started = $5, ended = 0, asked = 0
				WHERE name = $1`,
			Args: []any{name, string(job.Running), node, term, at.UnixMilli()},
		})
	})
}

// End implements [job.Store].
func (s *Store) End(ctx context.Context, term int64, r job.Result) error {
	return s.lead(ctx, term, func(tx sqldb.Tx) error {
		var name string
		err := sqldb.One(ctx, tx, []any{&name}, `UPDATE {background_jobs} SET outcome = $3, ended = $4, due = $5,
			attempts = $6, note = $7, code = $8 WHERE name = $1 AND term = $2 AND outcome = $9 RETURNING name`,
			r.Name, term, string(r.Outcome), r.Ended.UnixMilli(), r.Due.UnixMilli(), int64(r.Attempts), r.Note, r.Code,
			string(job.Running))
		if errors.Is(err, sqldb.ErrNoRow) {
			return job.ErrUnknown
		}
		return err
	})
}

// Ask implements [job.Store].
func (s *Store) Ask(ctx context.Context, name string, at time.Time) error {
	if s.db == nil {
		return ErrClosed
	}
	return s.db.Update(ctx, func(tx sqldb.Tx) error {
		var found string
		err := sqldb.One(ctx, tx, []any{&found}, `UPDATE {background_jobs}
			SET asked = CASE WHEN asked = 0 THEN $2 ELSE asked END WHERE name = $1 RETURNING name`, name, at.UnixMilli())
		if errors.Is(err, sqldb.ErrNoRow) {
			return job.ErrUnknown
		}
		return err
	})
}

// States implements [job.Store].
func (s *Store) States(ctx context.Context) (list []job.State, err error) {
	if s.db == nil {
		return nil, ErrClosed
	}
	err = s.db.Lookup(ctx, func(q sqldb.Querier) error {
		list = nil
		for j, err := range sqldb.All(ctx, q, scan, `SELECT name, every, due, asked, started, ended, outcome, node, term,
			note, code, attempts FROM {background_jobs} ORDER BY name`) {
			if err != nil {
				return err
			}
			list = append(list, j)
		}
		return nil
	})
	return list, err
}

func scan(r sqldb.Rows) (s job.State, err error) {
	var every, due, asked, started, ended, attempts int64
	var outcome string
	err = r.Scan(&s.Name, &every, &due, &asked, &started, &ended, &outcome, &s.Node, &s.Term, &s.Note, &s.Code, &attempts)
	s.Every, s.Outcome, s.Attempts = time.Duration(every)*time.Millisecond, job.Outcome(outcome), int(attempts)
	s.Due, s.Asked, s.Started, s.Ended = instant(due), instant(asked), instant(started), instant(ended)
	return s, err
}

// instant returns the zero time for none.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
