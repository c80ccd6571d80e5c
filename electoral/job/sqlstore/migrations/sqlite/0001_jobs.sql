-- Background work: see the one for PostgreSQL.
CREATE TABLE {background_jobs} (
  name TEXT NOT NULL PRIMARY KEY,
  every INTEGER NOT NULL, -- milliseconds
  due INTEGER NOT NULL, -- milliseconds since 1970, UTC; so are asked, started and ended, where 0 means none
  asked INTEGER NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  node TEXT NOT NULL,
  term INTEGER NOT NULL,
  note TEXT NOT NULL,
  code TEXT NOT NULL,
  attempts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE {background_job_leases} (
  name TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  term INTEGER NOT NULL,
  ends INTEGER NOT NULL -- milliseconds since 1970, by the clock of the machine
) STRICT, WITHOUT ROWID;

-- Which migrations were applied.
CREATE TABLE IF NOT EXISTS {schema_migrations} (
  schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (schema, version));

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('background_jobs', 1, '0001_jobs.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
