-- Issued certificates until they expire. What is in certificate_documents.body
-- can be read only with the key in certificate_keys.
--
-- Each primary key begins with what the rows may be distributed by: part, the
-- first two characters of the id, or the digest that leads to the id
-- (PostgresConfig.Distribute).
--
-- Statistics keep a sample of the values that they are made of, out of the
-- reach of a purge: no column has any but part.
CREATE TABLE {certificate_documents} (
  part TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  request_key TEXT NOT NULL,
  payload_key TEXT NOT NULL,
  owner TEXT NOT NULL,
  comune TEXT NOT NULL, -- empty for the portal
  kind TEXT NOT NULL,
  issued_at BIGINT NOT NULL, -- milliseconds since 1970, UTC
  expires BIGINT NOT NULL, -- likewise
  mac BYTEA NOT NULL, -- of the columns before
  body BYTEA NOT NULL,
  PRIMARY KEY (part, id)
);

-- It is encrypted: there is nothing to compress.
ALTER TABLE {certificate_documents} ALTER body SET STORAGE EXTERNAL;

CREATE INDEX certificate_documents_expiry ON {certificate_documents} (part, expires);

ALTER TABLE {certificate_documents}
  ALTER id SET STATISTICS 0, ALTER request_key SET STATISTICS 0, ALTER payload_key SET STATISTICS 0, ALTER owner SET STATISTICS 0,
  ALTER comune SET STATISTICS 0, ALTER kind SET STATISTICS 0, ALTER issued_at SET STATISTICS 0, ALTER expires SET STATISTICS 0,
  ALTER mac SET STATISTICS 0, ALTER body SET STATISTICS 0;

CREATE TABLE {certificate_keys} (
  part TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  secret BYTEA NOT NULL,
  PRIMARY KEY (part, id)
);

ALTER TABLE {certificate_keys} ALTER id SET STATISTICS 0, ALTER secret SET STATISTICS 0;

CREATE TABLE {certificate_requests} (
  request_key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  id TEXT NOT NULL
);

ALTER TABLE {certificate_requests} ALTER request_key SET STATISTICS 0, ALTER id SET STATISTICS 0;

CREATE TABLE {certificate_owners} (
  owner TEXT COLLATE "C" NOT NULL,
  issued_at BIGINT NOT NULL, -- as in certificate_documents
  id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (owner, issued_at, id)
);

ALTER TABLE {certificate_owners} ALTER owner SET STATISTICS 0, ALTER issued_at SET STATISTICS 0, ALTER id SET STATISTICS 0;

-- Which migrations were applied.
CREATE TABLE IF NOT EXISTS {schema_migrations} (
  schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (schema, version));

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('certificate_archive', 1, '0001_archive.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
