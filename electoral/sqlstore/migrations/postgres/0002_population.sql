CREATE TABLE {persons} (
  comune TEXT COLLATE "C" NOT NULL, -- of residence or of the register of Italians abroad; empty for neither
  anpr_id TEXT COLLATE "C" NOT NULL,
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
) WITH (fillfactor = 90);

ALTER TABLE {persons}
  ALTER comune SET STATISTICS 0, ALTER anpr_id SET STATISTICS 0, ALTER fiscal_code SET STATISTICS 0, ALTER surname SET STATISTICS 0,
  ALTER name SET STATISTICS 0, ALTER sex SET STATISTICS 0, ALTER birth SET STATISTICS 0,
  ALTER citizenships SET STATISTICS 0, ALTER residence SET STATISTICS 0, ALTER abroad SET STATISTICS 0,
  ALTER death SET STATISTICS 0;

CREATE TABLE {person_routes} (
  anpr_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  comune TEXT COLLATE "C" NOT NULL
);

ALTER TABLE {person_routes} ALTER anpr_id SET STATISTICS 0, ALTER comune SET STATISTICS 0;

CREATE TABLE {person_codes} (
  fiscal_code TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  anpr_id TEXT COLLATE "C" NOT NULL
);

ALTER TABLE {person_codes} ALTER fiscal_code SET STATISTICS 0, ALTER anpr_id SET STATISTICS 0;

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 2, '0002_population.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
