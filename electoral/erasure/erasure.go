// Package erasure has the words of a purge: what it may cost others, what it did, and
// what it had to leave. Packages electoral/sqlstore, certificate/archive and
// certificate/delivery purge their databases with them.
//
// Two promises are kept apart. No earlier value is served: from the moment when a change
// is committed, no read returns what it replaced (the law's: D.M. 17 October 2022, annex
// 2, services for the comuni 5). And no byte of it stays in the files of tables and
// indexes after a purge (ours, and stricter). The second takes time, and must not stop a
// busy server: this package is about that one.
package erasure

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrBlocked is wrapped by the error of a purge after which bytes of earlier values may
// stay. The report says which, and why. Purge again.
var ErrBlocked = errors.New("erasure: earlier values may stay in the files")

// Defaults of a [Config].
const (
	DefaultRows = 2000
	DefaultWait = 10 * time.Second
)

// Config says what a purge may cost others. The zero value is fit for a busy server.
type Config struct {
	// Rows is how many rows are rewritten under one lock, which writers of the same
	// table wait for, and on PostgreSQL readers of a table that has no more rows; zero
	// means [DefaultRows], which take a tenth of a second. On SQLite it bounds the pages
	// of a transaction, of 50 rows each.
	Rows int
	// Wait is how long the purge waits, in all, for transactions that may still read
	// earlier values and for locks; zero means [DefaultWait]. The context may end it
	// earlier.
	Wait time.Duration
	// All purges every table, also one in which nothing was changed since the last purge
	// as far as this module knows: after changes by other means. SQLite looks at the
	// whole file anyway.
	All bool
}

// Filled returns the configuration with its defaults, or an error for what is out of
// range: 1 to 1,000,000 rows, up to a day.
func (c Config) Filled() (Config, error) {
	if c.Rows == 0 {
		c.Rows = DefaultRows
	}
	if c.Wait == 0 {
		c.Wait = DefaultWait
	}
	if c.Rows < 1 || c.Rows > 1_000_000 {
		return c, fmt.Errorf("erasure: Rows is %d: expected 1 to 1000000", c.Rows)
	}
	if c.Wait < 0 || c.Wait > 24*time.Hour {
		return c, fmt.Errorf("erasure: Wait is %v: expected up to a day", c.Wait)
	}
	return c, nil
}

// Report is what a purge did, and what it had to leave.
type Report struct {
	// Tables are those that the purge looked at, in order; of SQLite the file.
	Tables []Table
	// Stays is what may still hold earlier values. It is empty if the purge returned nil.
	Stays []Stay
	// Unwritten reports that PostgreSQL has yet to write the clean pages from its memory
	// into its files, since the user may not make it do so (pg_checkpoint, from version 15
	// on): it does by itself within its checkpoint_timeout, five minutes as a rule.
	Unwritten bool
}

// Table is what a purge did with one table.
type Table struct {
	Name string
	// Pages is how many pages held, or may have held, earlier values and do not any
	// more; zero means that nothing was rewritten. Rows is how many rows were moved out
	// of them; a row may be moved more than once.
	Pages, Rows int
	// Locks is how many times a lock was taken for which writers wait, LongestLock how
	// long they waited at most.
	Locks       int
	LongestLock time.Duration
	// MostRows is how many rows were rewritten under one lock at most; on SQLite zero.
	MostRows int
}

// Stay is a place in which earlier values may stay.
type Stay struct {
	Table  string // as in [Table.Name]
	Node   string // host and port of a cluster's node; empty for the database itself
	Pages  int    // how many pages are concerned, as far as it is known
	Reason Reason
	// Blockers are the transactions and others that were waited for in vain, as far as
	// the database shows them to the user: on PostgreSQL a member of pg_read_all_stats
	// sees all.
	Blockers []Blocker
}

// Reason is why earlier values may stay.
type Reason string

// The reasons.
const (
	OldSnapshot Reason = "old-snapshot" // a transaction may still read them
	LockHeld    Reason = "lock-held"    // the table, or the file, is being written all the time
	OtherPurge  Reason = "other-purge"  // another purge is at work on it
	Interrupted Reason = "interrupted"  // the context has ended, or an error the purge
	Unreachable Reason = "unreachable"  // a node of a cluster does not answer
	Orphaned    Reason = "orphaned"     // a part of the table that a cluster has moved, and has yet to drop
)

// Kind is what sort of thing a blocker is.
type Kind string

// The kinds.
const (
	Session  Kind = "session"              // a transaction of a session that is connected
	Prepared Kind = "prepared-transaction" // one that waits for COMMIT PREPARED
	Slot     Kind = "replication-slot"     // a replica, or a consumer of changes
	Reader   Kind = "reader"               // SQLite: a view of this program, or of another
)

// Blocker is what a purge waited for in vain.
type Blocker struct {
	Kind Kind
	PID  int // of a session: of the server's process; else 0
	// Name is the application_name of a session, the identifier of a prepared
	// transaction, the name of a slot; empty if the database does not show it.
	Name string
	// Since is when the transaction began; zero if the database does not show it.
	Since time.Time
}

// String names the blocker for a log.
func (b Blocker) String() string {
	text := string(b.Kind)
	if b.PID != 0 {
		text += fmt.Sprintf(" %d", b.PID)
	}
	if b.Name != "" {
		text += fmt.Sprintf(" %q", b.Name)
	}
	if !b.Since.IsZero() {
		text += " since " + b.Since.UTC().Format(time.RFC3339)
	}
	return text
}

// String says in one line what stays, and why.
func (s Stay) String() string {
	text := s.Table
	if s.Node != "" {
		text += " on " + s.Node
	}
	text += ": " + string(s.Reason)
	if s.Pages > 0 {
		text += fmt.Sprintf(", %d pages", s.Pages)
	}
	if len(s.Blockers) > 0 {
		var list []string
		for _, b := range s.Blockers {
			list = append(list, b.String())
		}
		text += " (" + strings.Join(list, "; ") + ")"
	}
	return text
}

// Err returns nil if nothing stays, and else an error that wraps [ErrBlocked] and says
// what stays.
func (r Report) Err() error {
	if len(r.Stays) == 0 {
		return nil
	}
	var list []string
	for _, s := range r.Stays {
		list = append(list, s.String())
	}
	return fmt.Errorf("%w: %s", ErrBlocked, strings.Join(list, ", "))
}

// Rewritten returns how many pages were rewritten in all.
func (r Report) Rewritten() int {
	n := 0
	for _, t := range r.Tables {
		n += t.Pages
	}
	return n
}

// LongestLock returns how long a writer waited at most.
func (r Report) LongestLock() time.Duration {
	var d time.Duration
	for _, t := range r.Tables {
		d = max(d, t.LongestLock)
	}
	return d
}
