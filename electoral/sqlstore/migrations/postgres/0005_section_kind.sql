-- For whom a section is; empty for an ordinary one, as all were that had no kind.
ALTER TABLE {sections} ADD kind TEXT NOT NULL DEFAULT '';

ALTER TABLE {sections} ALTER kind SET STATISTICS 0;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 5, '0005_section_kind.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
