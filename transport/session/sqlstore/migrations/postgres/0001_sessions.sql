-- Sessions of people who use web pages, what they keep, and drafts of forms.
--
-- Nothing here belongs to a comune: the keys begin with the random id of a session or of
-- a draft, and no table is distributed. What says who somebody is, is encrypted with a key
-- that only the token in the person's browser yields (sealed); person and owner are
-- digests. So a purge has nothing to erase.
CREATE TABLE {web_sessions} (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  digest BYTEA NOT NULL, -- of the secret in the token
  person TEXT COLLATE "C" NOT NULL,
  role TEXT NOT NULL,
  method TEXT NOT NULL,
  device TEXT NOT NULL,
  began BIGINT NOT NULL, -- milliseconds since 1970, UTC
  seen BIGINT NOT NULL, -- likewise
  ends BIGINT NOT NULL, -- likewise
  revoked BIGINT NOT NULL, -- 0 or 1
  kept BIGINT NOT NULL, -- how many things it has ever kept
  sealed BYTEA NOT NULL
);

CREATE INDEX web_sessions_person ON {web_sessions} (person, began);
CREATE INDEX web_sessions_ends ON {web_sessions} (ends, revoked);

CREATE TABLE {web_session_things} (
  session TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  n BIGINT NOT NULL, -- its number within the session
  ends BIGINT NOT NULL, -- as above
  size BIGINT NOT NULL, -- of sealed, in bytes
  sealed BYTEA NOT NULL,
  PRIMARY KEY (session, id)
);

-- It is encrypted: there is nothing to compress.
ALTER TABLE {web_session_things} ALTER sealed SET STORAGE EXTERNAL;

CREATE INDEX web_session_things_ends ON {web_session_things} (ends, size);

CREATE TABLE {web_session_drafts} (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  owner TEXT COLLATE "C" NOT NULL, -- empty if nobody was known
  made BIGINT NOT NULL, -- as above
  ends BIGINT NOT NULL, -- as above
  sealed BYTEA NOT NULL
);

CREATE INDEX web_session_drafts_owner ON {web_session_drafts} (owner, made);
CREATE INDEX web_session_drafts_ends ON {web_session_drafts} (ends);

-- A row is locked by who counts what there is in all, until he has committed.
CREATE TABLE {web_session_locks} (
  comune TEXT COLLATE "C" NOT NULL PRIMARY KEY, -- what is counted
  seq BIGINT NOT NULL DEFAULT 0
);

-- Which migrations were applied.
CREATE TABLE IF NOT EXISTS {schema_migrations} (
  schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (schema, version));

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('web_sessions', 1, '0001_sessions.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
