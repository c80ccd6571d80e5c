-- What a purge needs. A row's filler is NULL: one that is as long as a page overwrites a page
-- from which the rows were moved, and is rolled back. It stands as it is, neither shortened nor
-- kept elsewhere. Rows of up to a page stay whole (toast_tuple_target): what the server keeps
-- out of line can only be rewritten all at once.
ALTER TABLE {certificate_keys} ADD filler TEXT;
ALTER TABLE {certificate_keys} SET (toast_tuple_target = 8160);
ALTER TABLE {certificate_keys} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {certificate_documents} ADD filler TEXT;
ALTER TABLE {certificate_documents} SET (toast_tuple_target = 8160);
ALTER TABLE {certificate_documents} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {certificate_requests} ADD filler TEXT;
ALTER TABLE {certificate_requests} SET (toast_tuple_target = 8160);
ALTER TABLE {certificate_requests} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {certificate_owners} ADD filler TEXT;
ALTER TABLE {certificate_owners} SET (toast_tuple_target = 8160);
ALTER TABLE {certificate_owners} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;

-- What a document's content has beyond its first 3,700 bytes, in pieces of as many. Of
-- these two fit on a page, and none is out of line.
CREATE TABLE {certificate_pieces} (
  part TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  n INTEGER NOT NULL, -- from 1 on
  body BYTEA NOT NULL,
  filler TEXT,
  PRIMARY KEY (part, id, n)
) WITH (toast_tuple_target = 8160);

ALTER TABLE {certificate_pieces}
  ALTER body SET STORAGE EXTERNAL, ALTER filler SET STORAGE PLAIN,
  ALTER id SET STATISTICS 0, ALTER n SET STATISTICS 0, ALTER body SET STATISTICS 0, ALTER filler SET STATISTICS 0;

INSERT INTO {certificate_pieces} (part, id, n, body)
SELECT part, id, n, substring(body from 3700 * n + 1 for 3700)
FROM {certificate_documents}, generate_series(1, (length(body) - 1) / 3700) AS n;

UPDATE {certificate_documents} SET body = substring(body from 1 for 3700) WHERE length(body) > 3700;

-- The tables that were changed since the last purge; what was before this version is not known.
CREATE TABLE {certificate_purge_marks} (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);
ALTER TABLE {certificate_purge_marks} ALTER name SET STATISTICS 0;
INSERT INTO {certificate_purge_marks} (name) VALUES
  ('certificate_keys'), ('certificate_documents'), ('certificate_pieces'), ('certificate_requests'),
  ('certificate_owners');

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('certificate_archive', 2, '0002_purge.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
