-- The order of the journal is no clock: the number of a change in its comune,
-- which is taken under the comune's lock. What an earlier version has written is
-- numbered by its instants.
ALTER TABLE {comune_locks} ADD seq BIGINT NOT NULL DEFAULT 0; -- of the last change
ALTER TABLE {comune_locks} ADD forgotten BIGINT NOT NULL DEFAULT 0; -- up to here the journal has gaps

ALTER TABLE {comune_locks} ALTER seq SET STATISTICS 0, ALTER forgotten SET STATISTICS 0;

CREATE TABLE {journal} (
  comune TEXT COLLATE "C" NOT NULL, -- the one that did it
  seq BIGINT NOT NULL,
  anpr_id TEXT COLLATE "C" NOT NULL,
  operation TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL, -- milliseconds since 1970, UTC
  revision TEXT NOT NULL,
  PRIMARY KEY (comune, seq, anpr_id, operation)
);

ALTER TABLE {journal}
  ALTER anpr_id SET STATISTICS 0, ALTER seq SET STATISTICS 0, ALTER at SET STATISTICS 0,
  ALTER operation SET STATISTICS 0, ALTER revision SET STATISTICS 0;

INSERT INTO {journal} (comune, seq, anpr_id, operation, at, revision)
SELECT comune, dense_rank() OVER (PARTITION BY comune ORDER BY at), anpr_id, operation, at, revision
FROM {operations};

DROP TABLE {operations};

CREATE INDEX journal_person ON {journal} (comune, anpr_id, seq);

CREATE INDEX journal_time ON {journal} (comune, at);

INSERT INTO {comune_locks} (comune, seq)
SELECT comune, max(seq) FROM {journal} GROUP BY comune
ON CONFLICT (comune) DO UPDATE SET seq = excluded.seq;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 6, '0006_order.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
