-- What is due is read in the order of its time, whatever the certificate: by the
-- first index all that waits was read and sorted for each page.
CREATE INDEX delivery_messages_next ON {delivery_messages} (not_before, certificate, channel)
  WHERE state IN ('queued', 'sending');
DROP INDEX {delivery_messages_due};

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('certificate_delivery', 2, '0002_due.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
