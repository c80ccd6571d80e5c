-- What a purge needs. A row's filler is NULL: one that is as long as a page overwrites a page
-- from which the rows were moved, and is rolled back. It stands as it is, neither shortened nor
-- kept elsewhere. Rows of up to a page stay whole (toast_tuple_target): what the server keeps
-- out of line can only be rewritten all at once.
ALTER TABLE {delivery_messages} ADD filler TEXT;
ALTER TABLE {delivery_messages} SET (toast_tuple_target = 8160);
ALTER TABLE {delivery_messages} ALTER filler SET STORAGE PLAIN, ALTER filler SET STATISTICS 0;

-- The tables that were changed since the last purge; what was before this version is not known.
CREATE TABLE {delivery_purge_marks} (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);
ALTER TABLE {delivery_purge_marks} ALTER name SET STATISTICS 0;
INSERT INTO {delivery_purge_marks} (name) VALUES
  ('delivery_messages');

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('certificate_delivery', 3, '0003_purge.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
