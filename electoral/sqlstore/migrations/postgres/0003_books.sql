-- What the registry keeps beside the lists: how electors left them, its books,
-- the operation journal; and who was born in a time.
--
-- The primary key of record_routes begins with the person, as those of the
-- other tables that route one to his comune.

ALTER TABLE {electors}
  ADD removal_reason SMALLINT,
  ADD removal TEXT; -- JSON

ALTER TABLE {electors} ALTER removal_reason SET STATISTICS 0, ALTER removal SET STATISTICS 0;

-- Who is in a list of a comune that is not his.
CREATE INDEX enrolments_guests ON {enrolments} (comune, anpr_id, home) WHERE home <> comune;

-- The operation journal: who was touched, by what, when; no value.
CREATE TABLE {operations} (
  comune TEXT COLLATE "C" NOT NULL, -- the one that did it
  anpr_id TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL, -- milliseconds since 1970, UTC
  operation TEXT COLLATE "C" NOT NULL,
  revision TEXT NOT NULL,
  PRIMARY KEY (comune, anpr_id, at, operation)
);

CREATE INDEX operations_time ON {operations} (comune, at, anpr_id, operation);

ALTER TABLE {operations}
  ALTER anpr_id SET STATISTICS 0, ALTER at SET STATISTICS 0, ALTER operation SET STATISTICS 0,
  ALTER revision SET STATISTICS 0;

-- The books.
CREATE TABLE {records} (
  comune TEXT COLLATE "C" NOT NULL,
  book TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  subject TEXT NOT NULL, -- the ANPR id of the person it is about, or empty
  state TEXT NOT NULL,
  at BIGINT NOT NULL, -- milliseconds since 1970, UTC
  expires BIGINT, -- likewise
  body BYTEA,
  PRIMARY KEY (comune, book, id)
);

CREATE INDEX records_expiry ON {records} (comune, expires) WHERE expires IS NOT NULL;

ALTER TABLE {records}
  ALTER id SET STATISTICS 0, ALTER subject SET STATISTICS 0, ALTER state SET STATISTICS 0,
  ALTER at SET STATISTICS 0, ALTER expires SET STATISTICS 0, ALTER body SET STATISTICS 0;

-- Where the records about a person are.
CREATE TABLE {record_routes} (
  subject TEXT COLLATE "C" NOT NULL,
  book TEXT COLLATE "C" NOT NULL,
  comune TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (subject, book, comune, id)
);

ALTER TABLE {record_routes}
  ALTER subject SET STATISTICS 0, ALTER book SET STATISTICS 0, ALTER comune SET STATISTICS 0, ALTER id SET STATISTICS 0;

-- The first and the last day on which a person may be born, YYYY-MM-DD; NULL
-- if nothing is known. Of a month the last day that any has stands for its own.
ALTER TABLE {persons}
  ADD born_first TEXT COLLATE "C",
  ADD born_last TEXT COLLATE "C";

ALTER TABLE {persons} ALTER born_first SET STATISTICS 0, ALTER born_last SET STATISTICS 0;

UPDATE {persons} SET
  born_first = (birth::json->>'date') || CASE length((birth::json->>'date')) WHEN 10 THEN '' WHEN 7 THEN '-01' WHEN 4 THEN '-01-01' END,
  born_last = (birth::json->>'date') || CASE length((birth::json->>'date')) WHEN 10 THEN '' WHEN 7 THEN '-31' WHEN 4 THEN '-12-31' END;

CREATE INDEX persons_birth ON {persons} (comune, born_first, anpr_id);

-- Those of whom the day is not known: few.
CREATE INDEX persons_birth_unsure ON {persons} (comune, born_first, anpr_id) WHERE born_first <> born_last;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 3, '0003_books.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
