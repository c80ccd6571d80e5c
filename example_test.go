package anpr_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/filestore"
	"github.com/liste-elettorali/anpr/audit/recorder"
	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
	"github.com/liste-elettorali/anpr/electoral/rules"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// The whole flow: a made-up comune's lists in ANPR's XML are loaded, a citizen
// asks for a certificate, and whoever gets it verifies it.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "anpr")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	sections, electors, persons := madeUpComune()

	// Where the lists and the access log are kept.
	db, err := sqlstore.OpenSQLite(ctx, filepath.Join(dir, "registry.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	files, err := filestore.Open(filepath.Join(dir, "audit"), filestore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer files.Close()
	accesses, err := audit.New(audit.Config{Store: files})
	if err != nil {
		log.Fatal(err)
	}
	rec, err := recorder.New(accesses, recorder.Config{})
	if err != nil {
		log.Fatal(err)
	}
	rolls, err := registry.New(registry.Config{Store: db.Store(), Population: db.Population(), Recorder: rec})
	if err != nil {
		log.Fatal(err)
	}

	// The first load, from ANPR's own files.
	if _, err := db.Population().Put(ctx, electoral.ReadPersons(persons)); err != nil {
		log.Fatal(err)
	}
	sectionFile, err := anprxml.ReadSections(ctx, sections, anprxml.ReadConfig{})
	if err != nil {
		log.Fatal(err)
	}
	electorFile, err := anprxml.ReadElectors(ctx, electors, anprxml.ReadConfig{})
	if err != nil {
		log.Fatal(err)
	}
	officer := electoral.Actor{FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: "E388", Method: electoral.CIEMethod, Level: 3}
	report, err := rolls.Load(ctx, electoral.Request{ID: "1", Actor: officer}, "E388", sectionFile, electorFile, registry.LoadOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("electors:", report.Electors.Accepted, "of", report.Electors.Read)

	// The certificate, sealed by a throw-away authority.
	ca, err := sealtest.NewCA(sealtest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	sealer, err := ca.Sealer()
	if err != nil {
		log.Fatal(err)
	}
	issuer, err := certificate.NewIssuer(certificate.Config{
		Sealer: sealer, Source: rolls, Recorder: rec,
		Key: bytes.Repeat([]byte{7}, 32), BaseURL: "https://verifica.example.it",
	})
	if err != nil {
		log.Fatal(err)
	}
	issued, err := issuer.Issue(ctx, certificate.Request{
		Request: electoral.Request{ID: "2", Actor: officer}, ANPRID: "042021000000001",
		Kind: certificate.EnrolmentCertificate, Use: certificate.ElectoralUse,
	})
	if err != nil {
		log.Fatal(err)
	}

	// Who gets it asks nobody.
	v, err := verify.New(verify.Config{Trust: []*x509.Certificate{ca.Root()}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("certificate valid:", v.PDF(ctx, issued.PDF, time.Now()).Valid)
	logReport, err := v.Log(ctx, os.DirFS(filepath.Join(dir, "audit")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("log valid:", logReport.Valid)
	// Output:
	// electors: 300 of 300
	// certificate valid: true
	// log valid: true
}

func madeUpComune() (sections, electors, persons *bytes.Buffer) {
	sections, electors, persons = new(bytes.Buffer), new(bytes.Buffer), new(bytes.Buffer)
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "E388", Electors: 300})
	if err != nil {
		log.Fatal(err)
	}
	sw, err := anprxml.NewSectionWriter(sections, anprxml.WriteConfig{Total: len(g.Sections())})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range g.Sections() {
		if err := sw.Write(s); err != nil {
			log.Fatal(err)
		}
	}
	ew, err := anprxml.NewElectorWriter(electors, anprxml.WriteConfig{Total: g.Electors()})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := electoral.WritePersons(persons, func(yield func(electoral.Person) bool) {
		for in := range g.Inhabitants() {
			if err := ew.Write(in.Elector); err != nil {
				log.Fatal(err)
			}
			if !yield(in.Person) {
				return
			}
		}
	}); err != nil {
		log.Fatal(err)
	}
	if sw.Close() != nil || ew.Close() != nil {
		log.Fatal("close")
	}
	return sections, electors, persons
}

// Example_registry keeps lists in a database: the same calls on SQLite and on
// PostgreSQL.
func Example_registry() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "anpr")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sqlstore.OpenSQLite(ctx, filepath.Join(dir, "registry.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := keepLists(ctx, db); err != nil {
		log.Fatal(err)
	}
	// Output:
	// a trial: 40 sections, 300 electors, 0 refused
	// stored: true
	// Il soggetto risulta ancora residente o iscritto all'AIRE nel comune di Jesi (E388).
	// removed for: trasferimento di residenza
	// in section 1 of E388 and entitled to vote for the Camera: 7
	// touched since: 1
	// all applied: true
}

// TestRegistryOnPostgres runs the registry example on the other database.
func TestRegistryOnPostgres(t *testing.T) {
	db, err := sqlstore.OpenPostgres(t.Context(), testenv.Postgres(t))
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, keepLists(t.Context(), db))
}

// TestRegistryOnPool runs it in a product's own database, on its own pool, as the README
// has it.
func TestRegistryOnPool(t *testing.T) {
	dsn := testenv.PostgresDatabase(t)
	role, _ := testenv.PostgresRole(t, dsn)
	pool, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	defer pool.Close()
	require.NoError(t, keepListsOnPool(t.Context(), pool, role))
}

func keepListsOnPool(ctx context.Context, pool *pgxpool.Pool, application string) error {
	config := sqlstore.PostgresConfig{Pool: pool} // or DSN, Schema, MoveFrom
	if err := config.Migrate(ctx); err != nil {   // as the owner of the tables, at deployment
		return err // what is missing or in the way, before anything is changed
	}
	grants, err := sqlstore.Grants("anpr", application, sqlstore.ApplicationRole) // to run after it
	if err != nil {
		return err
	}
	db, err := config.Open(ctx) // changes nothing; sqlstore.ErrNotMigrated says what is missing
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range grants {
		if _, err := pool.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return keepLists(ctx, db)
}

type silent struct{}

func (silent) Record(context.Context, electoral.Access) error { return nil }

func keepLists(ctx context.Context, db *sqlstore.DB) error {
	sections, electors, persons := madeUpComune()
	if _, err := db.Population().Put(ctx, electoral.ReadPersons(persons)); err != nil {
		return err
	}
	rolls, err := registry.New(registry.Config{Store: db.Store(), Population: db.Population(), Recorder: silent{}})
	if err != nil {
		return err
	}
	officer := electoral.Actor{FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: "E388", Method: electoral.CIEMethod, Level: 3}
	for _, opts := range []registry.LoadOptions{{DryRun: true}, {}} {
		sectionFile, err := anprxml.ReadSections(ctx, bytes.NewReader(sections.Bytes()), anprxml.ReadConfig{})
		if err != nil {
			return err
		}
		electorFile, err := anprxml.ReadElectors(ctx, bytes.NewReader(electors.Bytes()), anprxml.ReadConfig{})
		if err != nil {
			return err
		}
		report, err := rolls.Load(ctx, electoral.Request{ID: "1", Actor: officer}, "E388", sectionFile, electorFile, opts)
		if err != nil {
			return err
		}
		if opts.DryRun {
			fmt.Println("a trial:", report.Sections.Accepted, "sections,", report.Electors.Accepted, "electors,", report.Electors.Refused, "refused")
		} else {
			fmt.Println("stored:", report.Stored)
		}
	}
	loaded := time.Now()

	// He moves to another comune; the next one may enrol him now.
	req := electoral.Request{ID: "2", Actor: officer, Revision: electoral.DynamicRevision}
	elector, warnings, err := rolls.Remove(ctx, req, registry.RemovalRequest{
		ANPRID: "042021000000001", List: electoral.GeneralList, Cause: electoral.CauseMoved,
	})
	if err != nil {
		return err // electoral.Faults: every reason, with field, value, what was expected and the law
	}
	for _, w := range warnings {
		fmt.Println(w.Message)
	}
	fmt.Println("removed for:", elector.Removals[0].Italian())

	// By fields of annex 1 and their combinations; by time and kind of operation.
	n, err := rolls.Count(ctx, electoral.Request{ID: "3", Actor: officer}, registry.Query{Comune: "E388", Where: []registry.Condition{
		{Field: electoral.ListField(electoral.GeneralList, electoral.ListSection), In: []string{"1"}},
		{Field: electoral.ChamberField, In: []string{"si"}},
	}})
	if err != nil {
		return err
	}
	fmt.Println("in section 1 of E388 and entitled to vote for the Camera:", n)
	page, err := rolls.Query(ctx, electoral.Request{ID: "4", Actor: officer}, registry.Query{Comune: "E388", From: loaded, Operations: []electoral.Operation{electoral.OpRemove}})
	if err != nil {
		return err
	}
	fmt.Println("touched since:", len(page.Found))

	// The first round of the dynamic revision: what register and lists propose.
	revisions, err := revision.New(revision.Config{Registry: rolls})
	if err != nil {
		return err
	}
	round, _, err := revisions.Open(ctx, electoral.Request{ID: "5", Actor: officer}, revision.Opening{
		Comune: "E388", Kind: revision.DynamicFirst, Year: 2026, Half: 1})
	if err != nil {
		return err
	}
	lines, err := revisions.Lines(ctx, electoral.Request{ID: "6", Actor: officer}, "E388", round.ID, revision.LineFilter{})
	if err != nil {
		return err
	}
	for _, v := range lines { // cause, article, ANPR's code, last day, evidence, doubts
		accept := revision.Ruling{Line: v.Line.ID, Version: v.Line.Version,
			Decision: revision.LineDecision{Verdict: revision.Accept, Section: "1"}}
		req := electoral.Request{ID: "d-" + v.Line.ANPRID + string(v.Line.List), Actor: officer}
		if _, _, err := revisions.Decide(ctx, req, "E388", round.ID, []revision.Ruling{accept}); err != nil {
			return err
		}
	}
	applied, err := revisions.Apply(ctx, electoral.Request{ID: "7", Actor: officer}, "E388", round.ID)
	if err != nil {
		return err
	}
	fmt.Println("all applied:", applied.Applied == len(lines))
	return nil
}

// The example of the README.
func Example_rules() {
	checker, err := rules.NewChecker(rules.Config{})
	if err != nil {
		log.Fatal(err)
	}
	elector := electoral.Elector{
		ANPRID:   "1234567",
		Capacity: electoral.Yes,
		General:  &electoral.Enrolment{Comune: "E388", Section: "12"},
		Status: electoral.Status{
			NationalReferendums: electoral.Yes, EuropeanParliament: electoral.Yes,
			Senate: electoral.Yes, SenateConstituency: "Marche",
			Chamber:  electoral.Yes,
			Regional: electoral.Yes, Comunal: electoral.Yes, District: electoral.No,
		},
	}
	today := rules.Circumstances{At: electoral.Date{Year: 2026, Month: 11, Day: 22}}
	for _, f := range checker.CheckElector(elector, today) {
		fmt.Printf("%s <%s> %q: expected %s [%s]\n", f.Code, f.Tag, f.Value, f.Expected, f.Source)
	}
	// Output:
	// ELE-STA-06 <listaSoggetto/lista/circoscrsenatorepubblica> "Marche": expected MARCHE [prassi ANPR (segnalazione 4050)]
	// ELE-STA-03 <listaSoggetto/lista/circoscrcameradeputati> "": expected la circoscrizione del territorio nazionale o la ripartizione della circoscrizione Estero, perché listaSoggetto/lista/cameradeputati è «si» [D.M. 17 ottobre 2022, all. 1, punto 5]
}

// TestReadme holds every Go snippet of the README to the code of this file,
// which is compiled and run.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	fold := func(s string) string {
		var lines []string
		for line := range strings.Lines(s) {
			if line = strings.Join(strings.Fields(line), " "); line != "" {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "\n")
	}
	parts := strings.Split(string(readme), "```go\n")
	require.Greater(t, len(parts), 1, "the README has a Go snippet")
	for _, part := range parts[1:] {
		snippet, _, found := strings.Cut(part, "```")
		require.True(t, found)
		assert.Contains(t, fold(string(source)), fold(snippet))
	}
}
