-- A purge of a SQLite file needs nothing of its own.
INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('certificate_delivery', 3, '0003_purge.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
