-- For whom a section is; empty for an ordinary one, as all were that had no kind.
ALTER TABLE {sections} ADD kind TEXT NOT NULL DEFAULT '';

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 5, '0005_section_kind.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
