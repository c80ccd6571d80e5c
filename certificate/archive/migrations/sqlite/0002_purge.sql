-- What a document's content has beyond its first 3,700 bytes: see the one for PostgreSQL.
CREATE TABLE {certificate_pieces} (
  part TEXT NOT NULL,
  id TEXT NOT NULL,
  n INTEGER NOT NULL, -- from 1 on
  body BLOB NOT NULL,
  PRIMARY KEY (part, id, n)
) STRICT;

INSERT INTO {certificate_pieces} (part, id, n, body)
WITH RECURSIVE piece (part, id, n) AS (
  SELECT part, id, 1 FROM {certificate_documents} WHERE length(body) > 3700
  UNION ALL
  SELECT p.part, p.id, p.n + 1 FROM piece p
  JOIN {certificate_documents} d ON d.part = p.part AND d.id = p.id WHERE length(d.body) > 3700 * (p.n + 1)
)
SELECT p.part, p.id, p.n, substr(d.body, 3700 * p.n + 1, 3700)
FROM piece p JOIN {certificate_documents} d ON d.part = p.part AND d.id = p.id;

UPDATE {certificate_documents} SET body = substr(body, 1, 3700) WHERE length(body) > 3700;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('certificate_archive', 2, '0002_purge.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
