-- Each primary key begins with the comune, but those of the tables that route
-- a person to his comune: elector_routes, person_routes, person_codes.
-- Answers are 1 (yes), 0 (no) or NULL (not given).

CREATE TABLE {sections} (
  comune TEXT NOT NULL,
  number TEXT NOT NULL,
  seat_name TEXT NOT NULL,
  seat TEXT NOT NULL, -- JSON: the address
  european_constituency TEXT NOT NULL,
  regional_constituency TEXT NOT NULL,
  district_constituency TEXT NOT NULL,
  chamber_college TEXT NOT NULL,
  senate_college TEXT NOT NULL,
  translations TEXT NOT NULL, -- JSON
  PRIMARY KEY (comune, number)
) WITHOUT ROWID;

CREATE TABLE {electors} (
  comune TEXT NOT NULL, -- the one that registered him
  anpr_id TEXT NOT NULL,
  capacity INTEGER,
  general_comune TEXT, general_section TEXT,
  bolzano INTEGER, bolzano_comune TEXT, bolzano_section TEXT,
  trento INTEGER, trento_comune TEXT, trento_section TEXT,
  aosta_valley INTEGER, aosta_valley_comune TEXT, aosta_valley_section TEXT,
  eu_comunal INTEGER, eu_comunal_comune TEXT, eu_comunal_section TEXT,
  eu_parliament INTEGER, eu_parliament_comune TEXT, eu_parliament_section TEXT,
  national_referendums INTEGER,
  european_parliament INTEGER,
  senate INTEGER, senate_constituency TEXT NOT NULL,
  chamber INTEGER, chamber_constituency TEXT NOT NULL,
  regional INTEGER,
  comunal INTEGER,
  district INTEGER,
  certifiability INTEGER,
  PRIMARY KEY (comune, anpr_id)
) WITHOUT ROWID;

-- Where an elector is enrolled: what a section's list is read from.
CREATE TABLE {enrolments} (
  comune TEXT NOT NULL, -- of the list
  list TEXT NOT NULL,
  section TEXT NOT NULL,
  anpr_id TEXT NOT NULL,
  home TEXT NOT NULL, -- electors.comune
  PRIMARY KEY (comune, list, section, anpr_id)
) WITHOUT ROWID;

CREATE TABLE {elector_routes} (
  anpr_id TEXT NOT NULL PRIMARY KEY,
  comune TEXT NOT NULL
) WITHOUT ROWID;

-- Which migrations were applied.
CREATE TABLE IF NOT EXISTS {schema_migrations} (
  schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (schema, version));

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 1, '0001_registry.sql', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'));
