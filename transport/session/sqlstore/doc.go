// Package sqlstore is a [session.Store] on SQLite and on PostgreSQL: for several nodes, and
// for sessions that outlive a restart. It passes the suite of package sessiontest.
//
// What says who somebody is stands encrypted in its tables (see package session), so that
// unlike the other stores of this module it has no purge.
//
// # In a vendor's database
//
// On PostgreSQL the tables stand in a schema of their own, on the program's own pool if it
// has one; to make them ([PostgresConfig.Migrate], or the scripts of [Migrations]) and to
// use them ([PostgresConfig.Open]) are apart, and [Grants] says which rights each role needs:
// as in package electoral/sqlstore, with which they may share schema and pool. On SQLite a
// file of its own is better: each request of a person may write.
package sqlstore
