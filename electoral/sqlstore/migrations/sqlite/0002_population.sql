CREATE TABLE {persons} (
  comune TEXT NOT NULL, -- of residence or of the register of Italians abroad; empty for neither
  anpr_id TEXT NOT NULL,
  fiscal_code TEXT NOT NULL,
  surname TEXT NOT NULL,
  name TEXT NOT NULL,
  sex TEXT NOT NULL,
  birth TEXT NOT NULL, -- JSON
  citizenships TEXT NOT NULL, -- JSON
  residence TEXT, -- JSON
  abroad TEXT, -- JSON
  death TEXT NOT NULL,
  PRIMARY KEY (comune, anpr_id)
) WITHOUT ROWID;

CREATE TABLE {person_routes} (
  anpr_id TEXT NOT NULL PRIMARY KEY,
  comune TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE {person_codes} (
  fiscal_code TEXT NOT NULL PRIMARY KEY,
  anpr_id TEXT NOT NULL
) WITHOUT ROWID;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 2, '0002_population.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
