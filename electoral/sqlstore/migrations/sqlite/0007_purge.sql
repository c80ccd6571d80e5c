-- A purge of a SQLite file needs nothing of its own.
INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 7, '0007_purge.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
