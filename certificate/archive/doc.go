// Package archive keeps issued certificates until they expire: [Files] in a
// folder, [SQL] in SQLite or PostgreSQL. Both implement [certificate.Archive]
// and pass the suite of package archivetest.
//
// # What is kept
//
// Each document is encrypted with a key of its own (AES-256-GCM). The key
// stands apart from the document: in another folder, or in another table. Only
// the header can be read without the key: the ID, the digests of request,
// payload and owner, the comune, the kind, the two instants. The key also
// authenticates the header: reading a document whose header was changed, or
// exchanged with that of another document, is an error ([ErrCorrupt]).
//
// # Deletion
//
// «lo stesso sarà cancellato» (D.M. 17 October 2022, annex 2, services for the
// citizens 3 d): a sweep destroys the key first. From then on no copy of the
// document can be read, be it in a backup or on a block that the file system
// has freed. This does not hold for a copy of the key: keep the keys out of the
// backups of the documents, or let those backups end with the documents. A disk
// that writes each block elsewhere (flash, copy-on-write) may keep an
// overwritten key until it uses the block again: such a disk should be
// encrypted.
//
// In a folder, keys are overwritten in place. SQLite overwrites them in its
// file and truncates its log; the file system frees the blocks of that log
// without erasing them. PostgreSQL keeps
// keys in its write-ahead log: see [SQL.PurgeLog]. A server that logs
// statements with their parameters logs keys: set log_parameter_max_length to 0
// there.
//
// # In a vendor's database
//
// On PostgreSQL the tables stand in a schema of their own, on the program's own pool if
// it has one; to make them ([PostgresConfig.Migrate], or the scripts of [Migrations]) and
// to use them ([PostgresConfig.Open]) are apart, and [Grants] says which rights each role
// needs: as in package electoral/sqlstore, with which they may share schema and pool.
package archive
