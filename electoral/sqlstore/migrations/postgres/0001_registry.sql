-- Each primary key begins with the comune, but those of the tables that route
-- a person to his comune: elector_routes, person_routes, person_codes.
-- Answers are 1 (yes), 0 (no) or NULL (not given).
--
-- The texts of keys compare byte by byte, whatever the database's locale.
--
-- Statistics keep a sample of the values that they are made of, out of the
-- reach of a purge: columns that say something of a person have none.

-- What an update locks to have a comune to itself.
CREATE TABLE {comune_locks} (
  comune TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE TABLE {sections} (
  comune TEXT COLLATE "C" NOT NULL,
  number TEXT COLLATE "C" NOT NULL,
  seat_name TEXT NOT NULL,
  seat TEXT NOT NULL, -- JSON: the address
  european_constituency TEXT NOT NULL,
  regional_constituency TEXT NOT NULL,
  district_constituency TEXT NOT NULL,
  chamber_college TEXT NOT NULL,
  senate_college TEXT NOT NULL,
  translations TEXT NOT NULL, -- JSON
  PRIMARY KEY (comune, number)
);

ALTER TABLE {sections}
  ALTER number SET STATISTICS 0, ALTER seat_name SET STATISTICS 0, ALTER seat SET STATISTICS 0,
  ALTER european_constituency SET STATISTICS 0, ALTER regional_constituency SET STATISTICS 0,
  ALTER district_constituency SET STATISTICS 0, ALTER chamber_college SET STATISTICS 0,
  ALTER senate_college SET STATISTICS 0, ALTER translations SET STATISTICS 0;

CREATE TABLE {electors} (
  comune TEXT COLLATE "C" NOT NULL, -- the one that registered him
  anpr_id TEXT COLLATE "C" NOT NULL,
  capacity SMALLINT,
  general_comune TEXT, general_section TEXT,
  bolzano SMALLINT, bolzano_comune TEXT, bolzano_section TEXT,
  trento SMALLINT, trento_comune TEXT, trento_section TEXT,
  aosta_valley SMALLINT, aosta_valley_comune TEXT, aosta_valley_section TEXT,
  eu_comunal SMALLINT, eu_comunal_comune TEXT, eu_comunal_section TEXT,
  eu_parliament SMALLINT, eu_parliament_comune TEXT, eu_parliament_section TEXT,
  national_referendums SMALLINT,
  european_parliament SMALLINT,
  senate SMALLINT, senate_constituency TEXT NOT NULL,
  chamber SMALLINT, chamber_constituency TEXT NOT NULL,
  regional SMALLINT,
  comunal SMALLINT,
  district SMALLINT,
  certifiability SMALLINT,
  PRIMARY KEY (comune, anpr_id)
) WITH (fillfactor = 90); -- room to change a row in its page, without its index

ALTER TABLE {electors}
  ALTER anpr_id SET STATISTICS 0, ALTER capacity SET STATISTICS 0,
  ALTER general_comune SET STATISTICS 0, ALTER general_section SET STATISTICS 0,
  ALTER bolzano SET STATISTICS 0, ALTER bolzano_comune SET STATISTICS 0, ALTER bolzano_section SET STATISTICS 0,
  ALTER trento SET STATISTICS 0, ALTER trento_comune SET STATISTICS 0, ALTER trento_section SET STATISTICS 0,
  ALTER aosta_valley SET STATISTICS 0, ALTER aosta_valley_comune SET STATISTICS 0, ALTER aosta_valley_section SET STATISTICS 0,
  ALTER eu_comunal SET STATISTICS 0, ALTER eu_comunal_comune SET STATISTICS 0, ALTER eu_comunal_section SET STATISTICS 0,
  ALTER eu_parliament SET STATISTICS 0, ALTER eu_parliament_comune SET STATISTICS 0, ALTER eu_parliament_section SET STATISTICS 0,
  ALTER national_referendums SET STATISTICS 0, ALTER european_parliament SET STATISTICS 0,
  ALTER senate SET STATISTICS 0, ALTER senate_constituency SET STATISTICS 0,
  ALTER chamber SET STATISTICS 0, ALTER chamber_constituency SET STATISTICS 0,
  ALTER regional SET STATISTICS 0, ALTER comunal SET STATISTICS 0, ALTER district SET STATISTICS 0,
  ALTER certifiability SET STATISTICS 0;

-- Where an elector is enrolled: what a section's list is read from.
CREATE TABLE {enrolments} (
  comune TEXT COLLATE "C" NOT NULL, -- of the list
  list TEXT COLLATE "C" NOT NULL,
  section TEXT COLLATE "C" NOT NULL,
  anpr_id TEXT COLLATE "C" NOT NULL,
  home TEXT COLLATE "C" NOT NULL, -- electors.comune
  PRIMARY KEY (comune, list, section, anpr_id)
);

ALTER TABLE {enrolments}
  ALTER section SET STATISTICS 0, ALTER anpr_id SET STATISTICS 0, ALTER home SET STATISTICS 0;

CREATE TABLE {elector_routes} (
  anpr_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  comune TEXT COLLATE "C" NOT NULL
);

ALTER TABLE {elector_routes} ALTER anpr_id SET STATISTICS 0, ALTER comune SET STATISTICS 0;

-- Which migrations were applied.
CREATE TABLE IF NOT EXISTS {schema_migrations} (
  schema TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (schema, version));

INSERT INTO {schema_migrations} (schema, version, name, applied_at)
VALUES ('electoral', 1, '0001_registry.sql', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
