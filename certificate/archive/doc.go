// Package archive keeps issued certificates until they expire: [Files] in a
// folder, [SQL] in SQLite or PostgreSQL. Both implement [certificate.Archive]
// and pass the suite of package archivetest.
//
// # What is kept
//
// Each document is encrypted with a key of its own (AES-256-GCM), which stands
// apart from it: in another folder, in another table. What can be read without
// it is the header: the ID, the digests of request, payload and owner, the
// comune, the kind, the two instants. A changed header, or one that was put
// before another document, is an error when it is read ([ErrCorrupt]).
//
// # Deletion
//
// «lo stesso sarà cancellato» (D.M. 17 October 2022, annex 2, services for the
// citizens 3 d): a sweep destroys the key first, so that from then on no copy
// of the document, in a backup or on a block that the file system has freed,
// can be read. A copy of the key is another matter: keep the keys out of the
// backups of the documents, or let those end with the documents. A disk that
// writes each block elsewhere (flash, copy-on-write) may keep an overwritten
// key until it uses the block again: such a disk should be encrypted.
//
// In a folder keys are overwritten in their place. SQLite overwrites them in its
// file and cuts its log; the blocks of that, and of the temporary file of a
// rewriting, the file system frees with what stood in them. PostgreSQL keeps
// them in its write-ahead log: see [SQL.PurgeLog]. A server that logs statements
// with their parameters logs keys: set log_parameter_max_length to 0 there.
package archive
