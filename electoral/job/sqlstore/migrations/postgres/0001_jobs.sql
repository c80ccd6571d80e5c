-- Background work: what ran, what is due, and who leads. It is small, of no comune, and
-- holds nothing about persons. Both tables stay on the coordinator of a cluster.
CREATE TABLE {background_jobs} (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  every BIGINT NOT NULL, -- milliseconds
  due BIGINT NOT NULL, -- milliseconds since 1970, UTC; so are asked, started and ended, where 0 means none
  asked BIGINT NOT NULL,
  started BIGINT NOT NULL,
  ended BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  node TEXT NOT NULL,
  term BIGINT NOT NULL, -- of the lease, when it last began
  note TEXT NOT NULL,
  code TEXT NOT NULL,
  attempts BIGINT NOT NULL
);

-- Who leads.
CREATE TABLE {background_job_leases} (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  term BIGINT NOT NULL, -- which only grows
  ends BIGINT NOT NULL -- milliseconds since 1970, by the server's clock
);

-- Which migrations were applied.
CREATE TABLE IF NOT EXISTS {schema_migrations} (
  schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (schema, version));

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('background_jobs', 1, '0001_jobs.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
