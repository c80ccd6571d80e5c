-- The order of the journal is no clock: the number of a change in its comune,
-- which is taken under the comune's lock. What an earlier version has written is
-- numbered by its instants.
CREATE TABLE {comune_locks} (
  comune TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL DEFAULT 0, -- of the last change
  forgotten INTEGER NOT NULL DEFAULT 0 -- up to here the journal has gaps
) WITHOUT ROWID;

CREATE TABLE {journal} (
  comune TEXT NOT NULL, -- the one that did it
  seq INTEGER NOT NULL,
  anpr_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  at INTEGER NOT NULL, -- milliseconds since 1970, UTC
  revision TEXT NOT NULL,
  PRIMARY KEY (comune, seq, anpr_id, operation)
) WITHOUT ROWID;

INSERT INTO {journal} (comune, seq, anpr_id, operation, at, revision)
SELECT comune, dense_rank() OVER (PARTITION BY comune ORDER BY at), anpr_id, operation, at, revision
FROM {operations};

DROP TABLE {operations};

CREATE INDEX journal_person ON {journal} (comune, anpr_id, seq);

CREATE INDEX journal_time ON {journal} (comune, at);

INSERT INTO {comune_locks} (comune, seq)
SELECT comune, max(seq) FROM {journal} GROUP BY comune;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 6, '0006_order.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
