package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/filestore"
	"github.com/liste-elettorali/anpr/audit/recorder"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/lists"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
)

// nation is how many electors the comuni reported to ANPR.
const nation = 51_800_000

// A result is what a run measured. Times are in seconds, rates per second.
type result struct {
	Database    string  `json:"database"`
	Comuni      int     `json:"comuni"`
	Sections    int     `json:"sections"`
	Electors    int     `json:"electors"`
	Refused     int     `json:"refused"`
	PersonsTime float64 `json:"personsSeconds"`
	LoadTime    float64 `json:"loadSeconds"`
	LoadRate    float64 `json:"loadRate"`
	// PointRead is the reading of one elector by his officer, through the
	// registry and the access log. The other times are those of one call each.
	PointRead   quantiles `json:"pointReadMs"`
	SectionPage quantiles `json:"sectionQueryMs"`
	Journal     quantiles `json:"journalQueryMs"`
	CountTime   float64   `json:"countLargestSeconds"`
	// ExtractTime is the time to extract the general lists of all comuni, as
	// CSV.
	ExtractTime float64 `json:"extractSeconds"`
	ExtractRate float64 `json:"extractRate"`
	Bytes       int64   `json:"bytes"`
	HeapMax     uint64  `json:"heapBytes"`
}

// quantiles are in milliseconds.
type quantiles struct {
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	P99    float64 `json:"p99"`
}

func quantilesOf(times []time.Duration) quantiles {
	if len(times) == 0 {
		return quantiles{}
	}
	slices.Sort(times)
	at := func(q float64) float64 {
		return float64(times[int(q*float64(len(times)-1))].Microseconds()) / 1000
	}
	return quantiles{at(0.5), at(0.95), at(0.99)}
}

func runNational(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("load national", flag.ContinueOnError)
	flags.SetOutput(stderr)
	factor := flags.Float64("factor", 0.001, "`parte` degli elettori reali di ogni comune, da 0 a 1")
	comuni := flags.Int("comuni", 0, "`numero` di comuni, i più grandi per primi; 0: tutti")
	seed := flags.Uint64("seed", 1, "`seme`: lo stesso seme dà gli stessi dati")
	file := flags.String("db", "", "`file` SQLite da creare; senza, PostgreSQL se ANPR_DSN lo indica, "+
		"altrimenti un file temporaneo")
	asJSON := flags.Bool("json", false, "risultati come JSON")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if *factor <= 0 || *factor > 1 || *comuni < 0 || flags.NArg() > 0 {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
		return 2
	}
	ctx := context.Background()
	n, err := newNational(ctx, *file, *factor, *comuni, *seed)
	if err == nil {
		err = n.run(ctx, stderr)
		err = errors.Join(err, n.close())
	}
	if err != nil {
		fmt.Fprintln(stderr, "load:", err)
		return 1
	}
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		_ = e.Encode(n.result)
		return 0
	}
	n.print(stdout)
	return 0
}

// A national is one run over the whole country, scaled by a factor.
type national struct {
	result
	db       *sqlstore.DB
	store    *sqlstore.Store
	people   *sqlstore.Population
	registry *registry.Registry
	log      *filestore.Store
	dir      string // temporary
	file     string
	factor   float64
	seed     uint64
	comuni   []refdata.Comune
	workers  int

	mu    sync.Mutex
	ids   []place // some electors, to be read
	codes map[uint64]bool
	hash  maphash.Seed
}

type place struct{ comune, section, id string }

func newNational(ctx context.Context, file string, factor float64, comuni int, seed uint64) (*national, error) {
	dir, err := os.MkdirTemp("", "anpr-load-")
	if err != nil {
		return nil, err
	}
	n := &national{dir: dir, factor: factor, seed: seed, workers: 1, codes: map[uint64]bool{}, hash: maphash.MakeSeed()}
	// The connection string may hold a password, so it is not an argument.
	dsn := os.Getenv("ANPR_DSN")
	switch {
	case file == "" && dsn != "":
		n.result.Database, n.workers = "PostgreSQL", max(2, runtime.NumCPU())
		n.db, err = sqlstore.OpenPostgres(ctx, dsn)
	default:
		if n.file = file; file == "" {
			n.file = filepath.Join(dir, "registro.db")
		}
		if _, statErr := os.Stat(n.file); statErr == nil {
			return nil, fmt.Errorf("%s: il file esiste già", n.file)
		}
		n.result.Database = "SQLite"
		n.db, err = sqlstore.OpenSQLite(ctx, n.file)
	}
	if err != nil {
		return nil, err
	}
	n.store, n.people = n.db.Store(), n.db.Population()
	if n.log, err = filestore.Open(filepath.Join(dir, "audit"), filestore.Config{}); err != nil {
		return nil, err
	}
	log, err := audit.New(audit.Config{Store: n.log})
	if err != nil {
		return nil, err
	}
	rec, err := recorder.New(log, recorder.Config{})
	if err != nil {
		return nil, err
	}
	n.registry, err = registry.New(registry.Config{Store: n.store, Population: n.people, Recorder: rec})
	if err != nil {
		return nil, err
	}
	tables, err := refdata.Embedded()
	if err != nil {
		return nil, err
	}
	for c := range tables.Comuni(refdata.DateOf(time.Now())) {
		if c.Electors > 0 && c.Sections > 0 {
			n.comuni = append(n.comuni, c)
		}
	}
	slices.SortFunc(n.comuni, func(a, b refdata.Comune) int { return b.Electors - a.Electors })
	if comuni > 0 && comuni < len(n.comuni) {
		n.comuni = n.comuni[:comuni]
	}
	return n, nil
}

func (n *national) close() error {
	return errors.Join(n.db.Close(), n.log.Close(), os.RemoveAll(n.dir))
}

func (n *national) run(ctx context.Context, progress io.Writer) error {
	if err := n.each(func(i int, c refdata.Comune) error {
		if i%500 == 0 {
			fmt.Fprintf(progress, "carico %d di %d comuni\n", i, len(n.comuni))
		}
		return n.load(ctx, c)
	}); err != nil {
		return err
	}
	n.LoadRate = float64(n.Electors) / n.LoadTime
	n.Bytes = n.size(ctx)
	n.Comuni = len(n.comuni)
	fmt.Fprintln(progress, "leggo")
	if err := n.read(ctx); err != nil {
		return err
	}
	fmt.Fprintln(progress, "estraggo")
	return n.extract(ctx)
}

// each calls fn for every comune; if the database can, for several at once.
func (n *national) each(fn func(i int, c refdata.Comune) error) error {
	var wg sync.WaitGroup
	var once sync.Once
	var failed error
	next := make(chan int)
	stop := make(chan struct{})
	for range n.workers {
		wg.Go(func() {
			for i := range next {
				if err := fn(i, n.comuni[i]); err != nil {
					once.Do(func() { failed = fmt.Errorf("%s: %w", n.comuni[i].Belfiore, err); close(stop) })
				}
			}
		})
	}
feed:
	for i := range n.comuni {
		select {
		case next <- i:
		case <-stop:
			break feed
		}
	}
	close(next)
	wg.Wait()
	return failed
}

func officer(comune, id string) electoral.Request {
	return electoral.Request{ID: id, Actor: electoral.Actor{
		FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: comune,
		Method: electoral.CIEMethod, Level: 3,
	}}
}

// load makes up a comune and loads it.
func (n *national) load(ctx context.Context, c refdata.Comune) error {
	scaled := max(1, int(math.Round(float64(c.Electors)*n.factor)))
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{
		Comune: c.Belfiore, Electors: scaled, Seed: n.seed,
	})
	if err != nil {
		return err
	}
	var persons []electoral.Person
	var electors []electoral.Elector
	for in := range g.Inhabitants() {
		// Codes are unique within a comune, not in the country.
		if !n.unique(in.Person.FiscalCode) {
			in.Person.FiscalCode = ""
		}
		persons = append(persons, in.Person)
		electors = append(electors, in.Elector)
	}
	began := time.Now()
	if _, err := n.people.Put(ctx, func(yield func(electoral.Person, error) bool) {
		for _, p := range persons {
			if !yield(p, nil) {
				return
			}
		}
	}); err != nil {
		return err
	}
	middle := time.Now()
	report, err := n.registry.Load(ctx, officer(c.Belfiore, "load-1"), c.Belfiore, items(g.Sections()),
		items(electors), registry.LoadOptions{Partial: true})
	if err != nil {
		return err
	}
	ended := time.Now()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	n.mu.Lock()
	defer n.mu.Unlock()
	// Several workers share the time that passes.
	n.PersonsTime += middle.Sub(began).Seconds() / float64(n.workers)
	n.LoadTime += ended.Sub(middle).Seconds() / float64(n.workers)
	n.Sections += report.Sections.Accepted
	n.Electors += report.Electors.Accepted
	n.Refused += report.Electors.Refused + report.Sections.Refused
	n.HeapMax = max(n.HeapMax, mem.HeapInuse)
	for i := 0; i < len(electors); i += 1 + len(electors)/3 {
		if en := electors[i].General; en != nil {
			n.ids = append(n.ids, place{c.Belfiore, en.Section, electors[i].ANPRID})
		}
	}
	return nil
}

// unique reports whether a code was not used in another comune. It keeps a hash
// of each code: two codes with the same hash count as the same.
func (n *national) unique(code electoral.FiscalCode) bool {
	h := maphash.String(n.hash, string(code))
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.codes[h] {
		return false
	}
	n.codes[h] = true
	return true
}

func items[T any](list []T) electoral.LoadSource[T] {
	return electoral.LoadSource[T]{Declared: len(list), Items: func(yield func(electoral.LoadItem[T], error) bool) {
		for i, r := range list {
			if !yield(electoral.LoadItem[T]{Number: i + 1, Record: r}, nil) {
				return
			}
		}
	}}
}

// read measures what an office does all day.
func (n *national) read(ctx context.Context) error {
	rng := rand.New(rand.NewPCG(n.seed, 1))
	var points, pages, journals []time.Duration
	timed := func(to *[]time.Duration, fn func() error) error {
		began := time.Now()
		err := fn()
		*to = append(*to, time.Since(began))
		return err
	}
	for i := range 1000 {
		p := n.ids[rng.IntN(len(n.ids))]
		req := officer(p.comune, fmt.Sprintf("read-%d", i))
		if err := timed(&points, func() error {
			_, err := n.registry.Elector(ctx, req, p.id)
			return err
		}); err != nil {
			return err
		}
		if i%5 != 0 {
			continue
		}
		q := registry.Query{Comune: p.comune, Where: []registry.Condition{
			{Field: electoral.ListField(electoral.GeneralList, electoral.ListComune), In: []string{p.comune}},
			{Field: electoral.ListField(electoral.GeneralList, electoral.ListSection), In: []string{p.section}},
			{Field: electoral.CapacityField, In: []string{"si"}},
		}}
		if err := timed(&pages, func() error { _, err := n.registry.Query(ctx, req, q); return err }); err != nil {
			return err
		}
		if err := timed(&journals, func() error {
			_, err := n.registry.Query(ctx, req, registry.Query{
				Comune: p.comune, Operations: []electoral.Operation{electoral.OpLoad},
				From: time.Now().Add(-24 * time.Hour),
			})
			return err
		}); err != nil {
			return err
		}
	}
	n.PointRead, n.SectionPage, n.Journal = quantilesOf(points), quantilesOf(pages), quantilesOf(journals)
	began := time.Now()
	largest := n.comuni[0].Belfiore
	_, err := n.registry.Count(ctx, officer(largest, "count"), registry.Query{
		Comune: largest, Where: []registry.Condition{{Field: electoral.ChamberField, In: []string{"no"}}},
	})
	n.CountTime = time.Since(began).Seconds()
	return err
}

// extract extracts the general lists of all comuni, as before an election day.
func (n *national) extract(ctx context.Context) error {
	began := time.Now()
	rows := 0
	err := n.each(func(_ int, c refdata.Comune) error {
		x := electoral.Extraction{List: electoral.GeneralList, Comune: c.Belfiore,
			Consultation: electoral.ChamberElection, Day: refdata.DateOf(time.Now().AddDate(0, 1, 0)),
			Purpose: electoral.Purpose{Act: electoral.ChamberAct, Function: "liste per il seggio"}}
		report, err := n.registry.Extract(ctx, officer(c.Belfiore, "extract"), x, lists.NewCSVWriter(io.Discard))
		k := report.Rows
		n.mu.Lock()
		rows += k
		n.mu.Unlock()
		return err
	})
	n.ExtractTime = time.Since(began).Seconds()
	n.ExtractRate = float64(rows) / n.ExtractTime
	return err
}

// size returns what the database takes on disk, in bytes; 0 if that is not
// known.
func (n *national) size(context.Context) (bytes int64) {
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(n.file + suffix); n.file != "" && err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

func (n *national) print(w io.Writer) {
	scale := float64(nation) / float64(max(1, n.Electors))
	fmt.Fprintf(w, `%s: %d comuni, %d sezioni, %d elettori (%d rifiutati)
  persone      %8.1f s
  caricamento  %8.1f s   %8.0f elettori/s
  lettura      %8.2f ms  (95%%: %.2f, 99%%: %.2f)
  sezione      %8.2f ms  (95%%: %.2f, 99%%: %.2f)
  intervallo   %8.2f ms  (95%%: %.2f, 99%%: %.2f)
  conteggio    %8.2f s   nel comune più grande
  estrazione   %8.1f s   %8.0f righe/s
  memoria      %8.1f MB  disco %.1f MB
In proporzione, per %d elettori: caricamento %.1f h, estrazione %.1f h, disco %.0f GB
`, n.Database, n.Comuni, n.Sections, n.Electors, n.Refused, n.PersonsTime, n.LoadTime, n.LoadRate,
		n.PointRead.Median, n.PointRead.P95, n.PointRead.P99,
		n.SectionPage.Median, n.SectionPage.P95, n.SectionPage.P99,
		n.Journal.Median, n.Journal.P95, n.Journal.P99, n.CountTime, n.ExtractTime, n.ExtractRate,
		float64(n.HeapMax)/1e6, float64(n.Bytes)/1e6,
		nation, n.LoadTime*scale/3600, n.ExtractTime*scale/3600, float64(n.Bytes)*scale/1e9)
}
