// Command quickstart does the main job of the SDK, without a service or a
// configuration: it loads a comune's electoral lists and issues sealed and
// verifiable certificates, with every access in the log.
//
//	go run ./examples/quickstart [-out DIR]
//
// It exits with 0 only if everything that it made was verified.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
	_ "time/tzdata" // the days are Italy's, wherever the program runs

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/filestore"
	"github.com/liste-elettorali/anpr/audit/recorder"
	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "", "`cartella` in cui lasciare i documenti; se manca, una nuova cartella temporanea")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintln(stderr, "uso: quickstart [-out DIR]")
		return 2
	}
	if *out == "" {
		dir, err := os.MkdirTemp("", "anpr-quickstart-")
		if err != nil {
			fmt.Fprintln(stderr, "quickstart:", err)
			return 1
		}
		*out = dir
	}
	start := time.Now()
	q := &quickstart{dir: *out, out: stdout}
	if err := errors.Join(q.run(ctx), q.close()); err != nil {
		fmt.Fprintln(stderr, "quickstart:", err)
		return 1
	}
	fmt.Fprintf(stdout, "\nTutto verificato in %.1f s. I documenti sono in %s\n", time.Since(start).Seconds(), *out)
	return 0
}

// The comune is Jesi, which has 40 sections.
const (
	comune   = "E388"
	electors = 2400
)

// A quickstart is one run of the program.
type quickstart struct {
	dir string
	out io.Writer

	tables   *refdata.Tables
	db       *sqlstore.DB
	store    *filestore.Store
	log      *audit.Log
	registry *registry.Registry
	ca       *sealtest.CA
	issuer   *certificate.Issuer
	requests int
}

func (q *quickstart) printf(format string, args ...any) { fmt.Fprintf(q.out, format+"\n", args...) }

func (q *quickstart) step(title string) { q.printf("\n== %s", title) }

// run does the steps one after the other; each makes what the next one needs.
func (q *quickstart) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{q.makeData, q.open, q.load, q.use, q.certificates, q.verify} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (q *quickstart) path(name string) string { return filepath.Join(q.dir, name) }

// open makes the registry: SQLite for the data, files for the access log.
func (q *quickstart) open(ctx context.Context) (err error) {
	if err := q.claim(); err != nil {
		return err
	}
	// A run begins with an empty registry and an empty log.
	for _, name := range []string{"registro.db", "registro.db-wal", "registro.db-shm", "audit"} {
		if err := os.RemoveAll(q.path(name)); err != nil {
			return err
		}
	}
	if q.tables, err = refdata.Embedded(); err != nil {
		return err
	}
	if q.db, err = sqlstore.OpenSQLite(ctx, q.path("registro.db")); err != nil {
		return err
	}
	if q.store, err = filestore.Open(q.path("audit"), filestore.Config{}); err != nil {
		return err
	}
	if q.log, err = audit.New(audit.Config{Store: q.store}); err != nil {
		return err
	}
	rec, err := recorder.New(q.log, recorder.Config{})
	if err != nil {
		return err
	}
	q.registry, err = registry.New(registry.Config{Store: q.db.Store(), Population: q.db.Population(), Recorder: rec})
	if err != nil {
		return err
	}
	// The certification authority lives as long as this run, and what it seals
	// is marked as a trial.
	if q.ca, err = sealtest.NewCA(sealtest.Config{}); err != nil {
		return err
	}
	sealer, err := q.ca.PAdES(seal.LevelLTA)
	if err != nil {
		return err
	}
	q.issuer, err = certificate.NewIssuer(certificate.Config{
		Sealer: sealer, Source: q.registry, Recorder: rec,
		Key: newKey(), BaseURL: "https://verifica.example.it",
	})
	if err != nil {
		return err
	}
	return os.WriteFile(q.path("trust.pem"), q.ca.TrustPEM(), 0o644)
}

// marker marks the folders that a quickstart has made; the next run may remove
// their registry and log.
const marker = ".anpr-quickstart"

// claim refuses a folder whose registry or log was not made by a quickstart.
func (q *quickstart) claim() error {
	if _, err := os.Stat(q.path(marker)); err == nil {
		return nil
	}
	for _, name := range []string{"registro.db", "audit"} {
		if _, err := os.Lstat(q.path(name)); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s is there already and was not made by a quickstart: give another folder", q.path(name))
		}
	}
	return os.WriteFile(q.path(marker), nil, 0o600)
}

func (q *quickstart) close() error {
	var errs []error
	if q.store != nil {
		errs = append(errs, q.store.Close())
	}
	if q.db != nil {
		errs = append(errs, q.db.Close())
	}
	return errors.Join(errs...)
}

// officer returns a request of Jesi's electoral officer, each with its own id.
func (q *quickstart) officer() electoral.Request {
	q.requests++
	return electoral.Request{
		ID: fmt.Sprintf("quickstart-%04d", q.requests),
		// A made-up person.
		Actor: electoral.Actor{
			FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: comune,
			Method: electoral.CIEMethod, Level: 3,
		},
	}
}

// load reads the persons and ANPR's two files: first all or nothing, then only
// the right records.
func (q *quickstart) load(ctx context.Context) error {
	q.step("Primo caricamento dai file di ANPR")
	file, err := os.Open(q.path("popolazione.ndjson"))
	if err != nil {
		return err
	}
	defer file.Close()
	n, err := q.db.Population().Put(ctx, electoral.ReadPersons(file))
	if err != nil {
		return err
	}
	q.printf("Popolazione: %d persone.", n)

	report, err := q.loadFiles(ctx, registry.LoadOptions{})
	if !errors.Is(err, registry.ErrLoadRefused) || report.Stored {
		return fmt.Errorf("the wrong records were not refused: %w", err)
	}
	q.printf("Caricamento completo rifiutato, nulla è stato registrato: %d record con errori su %d.",
		report.Electors.Refused, report.Electors.Read)
	for _, f := range report.Faults.Errors() {
		q.printf("  record %d, riga %d: %s\n    campo  %s  <%s>\n    valore %q, atteso: %s\n    %s  [%s]",
			f.Record, f.Position.Line, f.Message, f.Path, f.Tag, f.Value, f.Expected, f.Code, f.Source)
	}
	report, err = q.loadFiles(ctx, registry.LoadOptions{Partial: true})
	if err != nil {
		return err
	}
	q.printf("Caricamento parziale: %d sezioni, %d elettori registrati, %d rifiutati, %d letti, %d dichiarati.",
		report.Sections.Accepted, report.Electors.Accepted, report.Electors.Refused, report.Electors.Read,
		report.Electors.Declared)
	for _, l := range electoral.Lists() {
		if n := report.Enrolled[l]; n > 0 {
			q.printf("  %5d  %s", n, l.Italian())
		}
	}
	if report.Electors.Accepted+report.Electors.Refused != report.Electors.Read ||
		report.Electors.Refused != len(damages) {
		return fmt.Errorf("the count does not add up: %+v", report.Electors)
	}
	return nil
}

func (q *quickstart) loadFiles(ctx context.Context, opts registry.LoadOptions) (registry.LoadReport, error) {
	sections, err := os.Open(q.path("subentroSezioni.xml"))
	if err != nil {
		return registry.LoadReport{}, err
	}
	defer sections.Close()
	lists, err := os.Open(q.path("subentroListe.xml"))
	if err != nil {
		return registry.LoadReport{}, err
	}
	defer lists.Close()
	sectionSource, err := anprxml.ReadSections(ctx, sections, anprxml.ReadConfig{})
	if err != nil {
		return registry.LoadReport{}, err
	}
	electorSource, err := anprxml.ReadElectors(ctx, lists, anprxml.ReadConfig{})
	if err != nil {
		return registry.LoadReport{}, err
	}
	return q.registry.Load(ctx, q.officer(), comune, sectionSource, electorSource, opts)
}
