// Package sqlstore is a [job.Store] on SQLite and on PostgreSQL: for several nodes, of which
// one leads by a lease, and for jobs that are due as they were after a restart. It passes
// the suite of package jobtest.
//
// # In a vendor's database
//
// On PostgreSQL the tables stand in a schema of their own, on the program's own pool if it
// has one; to make them ([PostgresConfig.Migrate], or the scripts of [Migrations]) and to
// use them ([PostgresConfig.Open]) are apart, and [Grants] says which rights each role needs:
// as in package electoral/sqlstore, with which they may share schema and pool. No session of
// the server is held, so that a pooler in transaction mode may stand before it.
package sqlstore
