-- An elector keeps one removal for each list that he left, each vote beside it,
-- and the loss of the right to vote. The reason 5, which stood for every added
-- list, becomes 5, 6 or 7 by the list; a removal from a list that he is in again
-- goes, and its vote stays.

ALTER TABLE {electors}
  ADD removal_codes TEXT COLLATE "C", -- a digit or a blank for each list of annex 1
  ADD removals TEXT, -- JSON: an array
  ADD kept_votes TEXT, -- JSON: an array
  ADD loss TEXT; -- JSON

ALTER TABLE {electors} ALTER removal_codes SET STATISTICS 0, ALTER removals SET STATISTICS 0,
  ALTER kept_votes SET STATISTICS 0, ALTER loss SET STATISTICS 0;

-- The JSON is taken apart as text, in the order in which it was always written:
-- the functions for JSON refuse a note with an escaped U+0000.
UPDATE {electors} SET removal_reason = CASE substring(removal from '"list":"([^"]*)"')
  WHEN 'eu-parliament' THEN 6 WHEN 'bolzano' THEN 7 WHEN 'trento' THEN 7 WHEN 'aosta-valley' THEN 7 ELSE 5 END
WHERE removal_reason = 5;

UPDATE {electors} SET kept_votes = '[{"comune":"' || substring(removal from '^\{"comune":"([^"]*)"') || '",' ||
  substring(removal from ',"stillVotes":\{(.*)\}\}$') || '}]'
WHERE removal ~ ',"stillVotes":\{.*\}\}$';

UPDATE {electors} SET loss = '{"comune":"' || substring(removal from '^\{"comune":"([^"]*)"') || '","day":"' ||
  COALESCE(substring(removal from '^\{"comune":"[^"]*","list":"[^"]*","reason":9,"day":"([^"]*)"'), '') || '"}'
WHERE removal_reason = 9 AND capacity = 0;

UPDATE {electors} SET removals = '[' || regexp_replace(regexp_replace(removal, ',"stillVotes":\{.*\}\}$', '}'),
    '^(\{"comune":"[^"]*","list":"[^"]*",)"reason":[0-9]+', '\1"code":' || removal_reason::text) || ']',
  removal_codes = CASE substring(removal from '"list":"([^"]*)"')
    WHEN 'general' THEN removal_reason::text || '     '
    WHEN 'bolzano' THEN ' ' || removal_reason::text || '    '
    WHEN 'trento' THEN '  ' || removal_reason::text || '   '
    WHEN 'aosta-valley' THEN '   ' || removal_reason::text || '  '
    WHEN 'eu-comunal' THEN '    ' || removal_reason::text || ' '
    ELSE '     ' || removal_reason::text END
WHERE removal IS NOT NULL
  AND NOT (general_comune IS NOT NULL AND substring(removal from '"list":"([^"]*)"') = 'general');

ALTER TABLE {electors} DROP removal_reason, DROP removal;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 4, '0004_removals.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
