-- The outbox.
--
-- Statistics keep a sample of the values that they are made of: no column that
-- says something of a person has any.
CREATE TABLE {delivery_messages} (
  part TEXT COLLATE "C" NOT NULL, -- the first two characters of the certificate
  certificate TEXT COLLATE "C" NOT NULL,
  channel TEXT COLLATE "C" NOT NULL,
  state TEXT NOT NULL,
  message_id TEXT NOT NULL,
  fiscal_code TEXT NOT NULL,
  address TEXT NOT NULL,
  addressee TEXT NOT NULL,
  reason TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  created BIGINT NOT NULL, -- milliseconds since 1970, UTC
  not_before BIGINT NOT NULL, -- likewise
  updated BIGINT NOT NULL, -- likewise
  version BIGINT NOT NULL,
  PRIMARY KEY (part, certificate, channel)
);

CREATE INDEX delivery_messages_due ON {delivery_messages} (part, not_before) WHERE state IN ('queued', 'sending');

ALTER TABLE {delivery_messages}
  ALTER certificate SET STATISTICS 0, ALTER message_id SET STATISTICS 0, ALTER fiscal_code SET STATISTICS 0,
  ALTER address SET STATISTICS 0, ALTER addressee SET STATISTICS 0;

-- Which migrations were applied.
CREATE TABLE IF NOT EXISTS {schema_migrations} (
  schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (schema, version));

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('certificate_delivery', 1, '0001_outbox.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
