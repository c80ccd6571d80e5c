package sqlstore

import (
	"context"

	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// The tables of a purge of PostgreSQL: what was changed, and what keeps a purge and those
// who write persons apart.
const (
	purgeMarks = "purge_marks"
	purgeGate  = "purge_gate"
)

// personal are the tables that hold values of persons.
func personal() []string {
	return []string{electors.name, enrolments.name, electorRoutes.name, sections.name, journal.name, records.name,
		recordRoutes.name, personsTable.name, personRoutes.name, personCodes.name}
}

// Purge leaves no byte of an earlier value in the files of tables and indexes: of what
// was replaced or deleted, by a transaction that had ended when Purge was called. What
// dies meanwhile is for the next call. (That no earlier value is served holds from the
// commit of the change on, without Purge.) It may run while others read and write, and as
// often as is wanted: it leaves tables alone in which nothing has died since the last
// time.
//
// On PostgreSQL a table of up to [erasure.Config.Rows] rows is rewritten at once, and who
// uses it waits for that. Of a larger one readers never wait; a writer waits while up to
// as many rows of it are moved in one transaction. The table grows by
// about an eighth, and the server's log by some three times its size. Values that are
// kept out of line, of rows beyond a page (8 kB), are rewritten together, and who reads
// one waits for that. It takes the owner of the tables, or from PostgreSQL 17 on MAINTAIN
// on them beside the rights to read and write (else [ErrDenied]); PostgreSQL 14.4 or
// later; and a connection of its own, beside a pool. Who needs to know which session is
// in the way grants pg_read_all_stats to the user; a member of pg_checkpoint has the files
// written at once ([erasure.Report.Unwritten]).
//
// On SQLite the file is read, and a page is written where it holds something beyond its
// content, at most [erasure.Config.Rows] rows in a transaction, for which writers wait.
// Then the write-ahead log is cut to nothing, as soon as no reader is left that began
// before. All of it happens in the folder of the file.
//
// A transaction that may still read earlier values, or that holds a lock, is waited for
// up to [erasure.Config.Wait]. If it is still open then, the report says what stays and
// because of whom, the rest is purged, and the error wraps [ErrPurgeBlocked].
func (d *DB) Purge(ctx context.Context, c erasure.Config) (erasure.Report, error) {
	if d.db == nil {
		return erasure.Report{}, errNotOpen
	}
	return d.db.Purge(ctx, sqldb.Purge{Tables: personal(), Marks: purgeMarks, Gate: purgeGate,
		Gated: []string{personsTable.name, personRoutes.name, personCodes.name}}, c)
}

// PurgeLog leaves no earlier value in the write-ahead log of PostgreSQL's server, which
// holds every row that was written until the server uses that file again; this may take
// long. Call it after [DB.Purge], which does not do it: the log is that of the whole
// server, with all its databases. It takes a superuser, or a member of pg_checkpoint and
// pg_monitor who may execute pg_switch_wal, and may write as much as max_wal_size. It
// cannot reach copies of the log in a log archive or on a replica; if the server holds
// files for them, the error wraps [ErrPurgeBlocked]. On SQLite it does nothing.
func (d *DB) PurgeLog(ctx context.Context) error {
	if d.db == nil {
		return errNotOpen
	}
	return d.db.PurgeLog(ctx)
}
