-- What a purge needs. A row's filler is NULL: one that is as long as a page overwrites a page
-- from which the rows were moved, and is rolled back. It stands as it is, neither shortened nor
-- kept elsewhere. Rows of up to a page stay whole (toast_tuple_target): what the server keeps
-- out of line can only be rewritten all at once.
ALTER TABLE {sections} ADD filler TEXT;
ALTER TABLE {sections} SET (toast_tuple_target = 8160);
ALTER TABLE {sections} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {electors} ADD filler TEXT;
ALTER TABLE {electors} SET (toast_tuple_target = 8160);
ALTER TABLE {electors} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {enrolments} ADD filler TEXT;
ALTER TABLE {enrolments} SET (toast_tuple_target = 8160);
ALTER TABLE {enrolments} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {elector_routes} ADD filler TEXT;
ALTER TABLE {elector_routes} SET (toast_tuple_target = 8160);
ALTER TABLE {elector_routes} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {journal} ADD filler TEXT;
ALTER TABLE {journal} SET (toast_tuple_target = 8160);
ALTER TABLE {journal} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {records} ADD filler TEXT;
ALTER TABLE {records} SET (toast_tuple_target = 8160);
ALTER TABLE {records} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {record_routes} ADD filler TEXT;
ALTER TABLE {record_routes} SET (toast_tuple_target = 8160);
ALTER TABLE {record_routes} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {persons} ADD filler TEXT;
ALTER TABLE {persons} SET (toast_tuple_target = 8160);
ALTER TABLE {persons} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {person_routes} ADD filler TEXT;
ALTER TABLE {person_routes} SET (toast_tuple_target = 8160);
ALTER TABLE {person_routes} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;
ALTER TABLE {person_codes} ADD filler TEXT;
ALTER TABLE {person_codes} SET (toast_tuple_target = 8160);
ALTER TABLE {person_codes} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;

-- The tables that were changed since the last purge; what was before this version is not known.
CREATE TABLE {purge_marks} (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);
ALTER TABLE {purge_marks} ALTER name SET STATISTICS 0;
INSERT INTO {purge_marks} (name) VALUES
  ('sections'), ('electors'), ('enrolments'), ('elector_routes'),
  ('journal'), ('records'), ('record_routes'), ('persons'),
  ('person_routes'), ('person_codes');

-- It has no rows: it is locked, by who writes persons and by a purge while it moves some.
CREATE TABLE {purge_gate} (
  nothing SMALLINT NOT NULL PRIMARY KEY
);
ALTER TABLE {purge_gate} ALTER nothing SET STATISTICS 0;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 7, '0007_purge.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
