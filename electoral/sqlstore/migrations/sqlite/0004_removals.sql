-- An elector keeps one removal for each list that he left, each vote beside it,
-- and the loss of the right to vote. The reason 5, which stood for every added
-- list, becomes 5, 6 or 7 by the list; a removal from a list that he is in again
-- goes, and its vote stays.

ALTER TABLE {electors} ADD removal_codes TEXT; -- a digit or a blank for each list of annex 1
ALTER TABLE {electors} ADD removals TEXT; -- JSON: an array
ALTER TABLE {electors} ADD kept_votes TEXT; -- JSON: an array
ALTER TABLE {electors} ADD loss TEXT; -- JSON

UPDATE {electors} SET removal_reason = CASE json_extract(removal, '$.list')
  WHEN 'eu-parliament' THEN 6 WHEN 'bolzano' THEN 7 WHEN 'trento' THEN 7 WHEN 'aosta-valley' THEN 7 ELSE 5 END
WHERE removal_reason = 5;

UPDATE {electors} SET kept_votes = json_array(json_object(
  'comune', json_extract(removal, '$.comune'),
  'consultation', json_extract(removal, '$.stillVotes.consultation'),
  'day', json_extract(removal, '$.stillVotes.day'),
  'section', json_extract(removal, '$.stillVotes.section')))
WHERE json_extract(removal, '$.stillVotes') IS NOT NULL;

UPDATE {electors} SET loss = json_object('comune', json_extract(removal, '$.comune'),
  'day', COALESCE(json_extract(removal, '$.day'), ''))
WHERE removal_reason = 9 AND capacity = 0;

UPDATE {electors} SET removals = json_array(json_remove(
    json_set(json(removal), '$.code', removal_reason), '$.reason', '$.stillVotes')),
  removal_codes = CASE json_extract(removal, '$.list')
    WHEN 'general' THEN removal_reason || '     '
    WHEN 'bolzano' THEN ' ' || removal_reason || '    '
    WHEN 'trento' THEN '  ' || removal_reason || '   '
    WHEN 'aosta-valley' THEN '   ' || removal_reason || '  '
    WHEN 'eu-comunal' THEN '    ' || removal_reason || ' '
    ELSE '     ' || removal_reason END
WHERE removal IS NOT NULL AND NOT (general_comune IS NOT NULL AND json_extract(removal, '$.list') = 'general');

ALTER TABLE {electors} DROP COLUMN removal_reason;
ALTER TABLE {electors} DROP COLUMN removal;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 4, '0004_removals.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
