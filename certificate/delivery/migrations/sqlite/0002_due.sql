-- What is due is read in the order of its time: see the one for PostgreSQL.
CREATE INDEX delivery_messages_next ON delivery_messages (not_before, certificate, channel)
  WHERE state IN ('queued', 'sending');
DROP INDEX delivery_messages_due;
