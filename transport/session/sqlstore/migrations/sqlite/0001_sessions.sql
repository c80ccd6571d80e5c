-- Sessions of people who use web pages: see the one for PostgreSQL.
CREATE TABLE {web_sessions} (
  id TEXT NOT NULL PRIMARY KEY,
  digest BLOB NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  method TEXT NOT NULL,
  device TEXT NOT NULL,
  began INTEGER NOT NULL, -- milliseconds since 1970, UTC
  seen INTEGER NOT NULL, -- likewise
  ends INTEGER NOT NULL, -- likewise
  revoked INTEGER NOT NULL,
  kept INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX web_sessions_person ON {web_sessions} (person, began);
CREATE INDEX web_sessions_ends ON {web_sessions} (ends, revoked);

CREATE TABLE {web_session_things} (
  session TEXT NOT NULL,
  id TEXT NOT NULL,
  n INTEGER NOT NULL,
  ends INTEGER NOT NULL, -- as above
  size INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (session, id)
) STRICT;

CREATE INDEX web_session_things_ends ON {web_session_things} (ends, size);

CREATE TABLE {web_session_drafts} (
  id TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  made INTEGER NOT NULL, -- as above
  ends INTEGER NOT NULL, -- as above
  sealed BLOB NOT NULL
) STRICT;

CREATE INDEX web_session_drafts_owner ON {web_session_drafts} (owner, made);
CREATE INDEX web_session_drafts_ends ON {web_session_drafts} (ends);

CREATE TABLE {web_session_locks} (
  comune TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Which migrations were applied.
CREATE TABLE IF NOT EXISTS {schema_migrations} (
  schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (schema, version));

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('web_sessions', 1, '0001_sessions.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
