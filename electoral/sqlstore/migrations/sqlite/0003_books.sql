-- What the registry keeps beside the lists: how electors left them, its books,
-- the operation journal; and who was born in a time. The primary key of
-- record_routes begins with the person, as those of the other tables that route
-- one to his comune.

ALTER TABLE {electors} ADD removal_reason INTEGER;
ALTER TABLE {electors} ADD removal TEXT; -- JSON

-- Who is in a list of a comune that is not his.
CREATE INDEX enrolments_guests ON {enrolments} (comune, anpr_id, home) WHERE home <> comune;

-- The operation journal: who was touched, by what, when; no value.
CREATE TABLE {operations} (
  comune TEXT NOT NULL, -- the one that did it
  anpr_id TEXT NOT NULL,
  at INTEGER NOT NULL, -- milliseconds since 1970, UTC
  operation TEXT NOT NULL,
  revision TEXT NOT NULL,
  PRIMARY KEY (comune, anpr_id, at, operation)
) WITHOUT ROWID;

CREATE INDEX operations_time ON {operations} (comune, at, anpr_id, operation);

-- The books.
CREATE TABLE {records} (
  comune TEXT NOT NULL,
  book TEXT NOT NULL,
  id TEXT NOT NULL,
  subject TEXT NOT NULL, -- the ANPR id of the person it is about, or empty
  state TEXT NOT NULL,
  at INTEGER NOT NULL, -- milliseconds since 1970, UTC
  expires INTEGER, -- likewise
  body BLOB,
  PRIMARY KEY (comune, book, id)
); -- the bodies are too long for WITHOUT ROWID

CREATE INDEX records_expiry ON {records} (comune, expires) WHERE expires IS NOT NULL;

-- Where the records about a person are.
CREATE TABLE {record_routes} (
  subject TEXT NOT NULL,
  book TEXT NOT NULL,
  comune TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (subject, book, comune, id)
) WITHOUT ROWID;

-- The first and the last day on which a person may be born, YYYY-MM-DD; NULL
-- if nothing is known. Of a month the last day that any has stands for its own.
ALTER TABLE {persons} ADD born_first TEXT;
ALTER TABLE {persons} ADD born_last TEXT;

UPDATE {persons} SET
  born_first = json_extract(birth, '$.date') || CASE length(json_extract(birth, '$.date')) WHEN 10 THEN '' WHEN 7 THEN '-01' WHEN 4 THEN '-01-01' END,
  born_last = json_extract(birth, '$.date') || CASE length(json_extract(birth, '$.date')) WHEN 10 THEN '' WHEN 7 THEN '-31' WHEN 4 THEN '-12-31' END;

CREATE INDEX persons_birth ON {persons} (comune, born_first, anpr_id);

-- Those of whom the day is not known: few.
CREATE INDEX persons_birth_unsure ON {persons} (comune, born_first, anpr_id) WHERE born_first <> born_last;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 3, '0003_books.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
