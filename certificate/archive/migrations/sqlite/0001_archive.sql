-- Issued certificates until they expire: see the one for PostgreSQL.
CREATE TABLE {certificate_documents} (
  part TEXT NOT NULL,
  id TEXT NOT NULL,
  request_key TEXT NOT NULL,
  payload_key TEXT NOT NULL,
  owner TEXT NOT NULL,
  comune TEXT NOT NULL,
  kind TEXT NOT NULL,
  issued_at INTEGER NOT NULL, -- milliseconds since 1970, UTC
  expires INTEGER NOT NULL, -- likewise
  mac BLOB NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (part, id)
) STRICT;

CREATE INDEX certificate_documents_expiry ON {certificate_documents} (part, expires);

CREATE TABLE {certificate_keys} (
  part TEXT NOT NULL,
  id TEXT NOT NULL,
  secret BLOB NOT NULL,
  PRIMARY KEY (part, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE {certificate_requests} (
  request_key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE {certificate_owners} (
  owner TEXT NOT NULL,
  issued_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (owner, issued_at, id)
) STRICT, WITHOUT ROWID;

-- Which migrations were applied.
CREATE TABLE IF NOT EXISTS {schema_migrations} (
  schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (schema, version));

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('certificate_archive', 1, '0001_archive.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
