-- What is due is read in the order of its time: see the one for PostgreSQL.
CREATE INDEX delivery_messages_next ON {delivery_messages} (not_before, certificate, channel)
  WHERE state IN ('queued', 'sending');
DROP INDEX {delivery_messages_due};

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('certificate_delivery', 2, '0002_due.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
