-- The outbox: see the one for PostgreSQL.
CREATE TABLE {delivery_messages} (
  part TEXT NOT NULL,
  certificate TEXT NOT NULL,
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  message_id TEXT NOT NULL,
  fiscal_code TEXT NOT NULL,
  address TEXT NOT NULL,
  addressee TEXT NOT NULL,
  reason TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  created INTEGER NOT NULL, -- milliseconds since 1970, UTC
  not_before INTEGER NOT NULL, -- likewise
  updated INTEGER NOT NULL, -- likewise
  version INTEGER NOT NULL,
  PRIMARY KEY (part, certificate, channel)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_messages_due ON {delivery_messages} (part, not_before) WHERE state IN ('queued', 'sending');

-- Which migrations were applied.
CREATE TABLE IF NOT EXISTS {schema_migrations} (
  schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (schema, version));

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('certificate_delivery', 1, '0001_outbox.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
