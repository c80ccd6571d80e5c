package lists_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/lists"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// The comune of the benchmarks: Torino, 920 sections.
const benchComune = "L219"

// benchSize is how many electors the benchmarks extract: ANPR_BENCH_ELECTORS,
// or few enough for a short run. The target is meant for 1,000,000:
//
//	ANPR_BENCH_ELECTORS=1000000 go test ./electoral/lists -run '^$' -bench Extract -benchtime 1x -timeout 30m
func benchSize(b *testing.B) int {
	text := os.Getenv("ANPR_BENCH_ELECTORS")
	if text == "" {
		return 20_000
	}
	n, err := strconv.Atoi(text)
	require.NoError(b, err, "ANPR_BENCH_ELECTORS")
	return n
}

func inhabitants(t testing.TB, n int) iter.Seq[electoraltest.Inhabitant] {
	t.Helper()
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: benchComune, Electors: n})
	require.NoError(t, err)
	return g.Inhabitants()
}

// extracted are rows of a list as an extraction hands them to a writer, though
// without the order of the alphabet.
func extracted(t testing.TB, n int) []electoral.ExtractedElector {
	t.Helper()
	rows := make([]electoral.ExtractedElector, 0, n)
	for in := range inhabitants(t, n) {
		if en, ok := in.Elector.EnrolmentIn(electoral.GeneralList); ok {
			rows = append(rows, electoral.ExtractedElector{Section: en.Section, Elector: in.Elector, Person: in.Person})
		}
	}
	part := func(e electoral.ExtractedElector) int {
		return slices.Index([]electoral.Sex{electoral.Male, electoral.Female, electoral.SexUnknown}, e.Person.Sex)
	}
	slices.SortStableFunc(rows, func(a, b electoral.ExtractedElector) int {
		return cmp.Or(cmp.Compare(a.Section, b.Section), part(a)-part(b))
	})
	return rows
}

// fill loads a made-up comune into a database.
func fill(t testing.TB, db *sqlstore.DB, n int) {
	t.Helper()
	ctx := context.Background()
	_, err := db.Population().Put(ctx, func(yield func(electoral.Person, error) bool) {
		for in := range inhabitants(t, n) {
			if !yield(in.Person, nil) {
				return
			}
		}
	})
	require.NoError(t, err)
	require.NoError(t, db.Store().Update(ctx, func(w registry.Writer) error {
		part := make([]electoral.Elector, 0, 5000)
		add := func() error {
			defer func() { part = part[:0] }()
			return w.(registry.BulkWriter).AddElectors(ctx, benchComune, part)
		}
		for in := range inhabitants(t, n) {
			if part = append(part, in.Elector); len(part) == cap(part) {
				if err := add(); err != nil {
					return err
				}
			}
		}
		return add()
	}))
}

// blackbox is a log of accesses that keeps none.
type blackbox struct{}

func (blackbox) Record(context.Context, electoral.Access) error { return nil }

// extractTo extracts the general list through the whole registry.
func extractTo(t testing.TB, db *sqlstore.DB, w electoral.ListWriter) int {
	t.Helper()
	r, err := registry.New(registry.Config{Store: db.Store(), Population: db.Population(), Recorder: blackbox{}, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	report, err := r.Extract(context.Background(), officer(benchComune), electoral.Extraction{List: electoral.GeneralList, Comune: benchComune, Purpose: pollsPurpose}, w)
	n := report.Rows
	require.NoError(t, err)
	return n
}

// toFile runs write with a new file, closes and removes it.
func toFile(t testing.TB, dir string, write func(io.Writer)) {
	t.Helper()
	f, err := os.CreateTemp(dir, "list")
	require.NoError(t, err)
	write(f)
	require.NoError(t, f.Close())
	require.NoError(t, os.Remove(f.Name()))
}

// fromMemory writes bytes that are there already, as a writer of a list would.
func fromMemory(t testing.TB, w io.Writer, data []byte) {
	t.Helper()
	out := bufio.NewWriterSize(w, 64<<10)
	for len(data) > 0 {
		n := min(len(data), 128) // a row
		_, err := out.Write(data[:n])
		require.NoError(t, err)
		data = data[n:]
	}
	require.NoError(t, out.Flush())
}

func textFormats() map[string]func(io.Writer) electoral.ListWriter {
	return map[string]func(io.Writer) electoral.ListWriter{
		"csv":    func(w io.Writer) electoral.ListWriter { return lists.NewCSVWriter(w) },
		"ndjson": func(w io.Writer) electoral.ListWriter { return lists.NewNDJSONWriter(w) },
		"ascii":  func(w io.Writer) electoral.ListWriter { return lists.NewASCIIWriter(w) },
	}
}

// BenchmarkListWriters measures each format beside writing the same bytes from
// memory; of-peer is how fast it is of that.
func BenchmarkListWriters(b *testing.B) {
	rows := extracted(b, 20_000)
	what := electoral.Extraction{List: electoral.GeneralList, Comune: benchComune, Purpose: pollsPurpose}
	formats := textFormats()
	formats["pdf"] = func(w io.Writer) electoral.ListWriter {
		p, err := lists.NewPDFWriter(w, lists.PDFConfig{})
		require.NoError(b, err)
		return p
	}
	for name, open := range formats {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			list := func(w io.Writer) {
				l := open(w)
				require.NoError(b, l.Begin(electoral.ExtractHeader{Extraction: what, Total: len(rows)}))
				for i := range rows {
					if err := l.Write(rows[i]); err != nil {
						b.Fatal(err)
					}
				}
				require.NoError(b, l.End())
			}
			var data bytes.Buffer
			list(&data)
			beside(b, len(rows), func() {
				toFile(b, dir, func(w io.Writer) { fromMemory(b, w, data.Bytes()) })
			}, func() { toFile(b, dir, list) })
		})
	}
}

// beside runs a peer and what is measured in turns, and reports rows a second of
// what is measured and how fast it is of the peer.
func beside(b *testing.B, rows int, peer, measured func()) {
	var theirs, ours time.Duration
	for b.Loop() {
		began := time.Now()
		peer()
		theirs += time.Since(began)
		began = time.Now()
		measured()
		ours += time.Since(began)
	}
	b.ReportMetric(float64(rows)*float64(b.N)/ours.Seconds(), "rows/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "of-peer")
}

// extractQuery gives the columns of the CSV, by hand.
const extractQuery = `SELECT n.section, n.anpr_id, p.fiscal_code, p.surname, p.name, p.sex, p.birth, e.capacity,
	e.national_referendums, e.european_parliament, e.senate, e.senate_constituency, e.chamber, e.chamber_constituency,
	e.regional, e.comunal, e.district, e.certifiability
	FROM enrolments n JOIN electors e ON e.comune = n.home AND e.anpr_id = n.anpr_id
	JOIN person_routes r ON r.anpr_id = n.anpr_id JOIN persons p ON p.comune = r.comune AND p.anpr_id = r.anpr_id
	WHERE n.comune = '` + benchComune + `' AND n.list = 'general' ORDER BY n.section, n.anpr_id`

// extractRow reads a row of it.
type extractRow struct {
	texts   [9]string
	answers [9]sql.NullInt64
}

func (r *extractRow) dest() []any {
	t, a := &r.texts, &r.answers
	return []any{&t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &a[0], &a[1], &a[2], &a[3], &t[7], &a[4], &t[8], &a[5], &a[6], &a[7], &a[8]}
}

// BenchmarkExtract extracts a list as CSV, from the request to the file, beside
// the query of the same columns by hand plus writing the same bytes from
// memory. The target is of-peer 0.5 at 1,000,000 electors; heap-MiB is the
// most memory that the extraction held, which must not grow with the list.
func BenchmarkExtract(b *testing.B) {
	run := func(b *testing.B, db *sqlstore.DB, query func() int) {
		dir := b.TempDir()
		var data bytes.Buffer
		rows := extractTo(b, db, lists.NewCSVWriter(&data))
		before := heapInUse()
		sampler := &heapSampler{ListWriter: lists.NewCSVWriter(io.Discard), every: max(rows/50, 1)}
		extractTo(b, db, sampler)
		beside(b, rows, func() {
			require.Equal(b, rows, query())
			toFile(b, dir, func(w io.Writer) { fromMemory(b, w, data.Bytes()) })
		}, func() {
			toFile(b, dir, func(w io.Writer) { extractTo(b, db, lists.NewCSVWriter(w)) })
		})
		b.ReportMetric((float64(sampler.most)-float64(before))/(1<<20), "heap-MiB")
	}
	b.Run("sqlite", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "r.db")
		db, err := sqlstore.OpenSQLite(context.Background(), file)
		require.NoError(b, err)
		defer db.Close()
		fill(b, db, benchSize(b))
		raw, err := sql.Open("sqlite", "file:"+file)
		require.NoError(b, err)
		defer raw.Close()
		run(b, db, func() (n int) {
			rows, err := raw.Query(extractQuery)
			require.NoError(b, err)
			defer rows.Close()
			var row extractRow
			for dest := row.dest(); rows.Next(); n++ {
				require.NoError(b, rows.Scan(dest...))
			}
			require.NoError(b, rows.Err())
			return n
		})
	})
	b.Run("postgres", func(b *testing.B) {
		dsn, ctx := testenv.Postgres(b), context.Background()
		db, err := sqlstore.OpenPostgres(ctx, dsn)
		require.NoError(b, err)
		defer db.Close()
		fill(b, db, benchSize(b))
		raw, err := pgx.Connect(ctx, dsn)
		require.NoError(b, err)
		defer raw.Close(ctx)
		_, err = raw.Exec(ctx, "ANALYZE electors, elector_routes, enrolments, persons, person_routes")
		require.NoError(b, err)
		run(b, db, func() (n int) {
			rows, err := raw.Query(ctx, extractQuery)
			require.NoError(b, err)
			defer rows.Close()
			var row extractRow
			for dest := row.dest(); rows.Next(); n++ {
				require.NoError(b, rows.Scan(dest...))
			}
			require.NoError(b, rows.Err())
			return n
		})
	})
}

// BenchmarkExtractCitus extracts the same list from a cluster, beside a plain server.
func BenchmarkExtractCitus(b *testing.B) {
	ctx, dir := context.Background(), b.TempDir()
	c := sqlstore.PostgresConfig{DSN: testenv.Citus(b)}
	require.NoError(b, c.Migrate(ctx))
	require.NoError(b, c.Distribute(ctx))
	cluster, err := c.Open(ctx)
	require.NoError(b, err)
	defer cluster.Close()
	plain, err := sqlstore.OpenPostgres(ctx, testenv.Postgres(b))
	require.NoError(b, err)
	defer plain.Close()
	n := benchSize(b)
	began := time.Now()
	fill(b, plain, n)
	loaded := time.Since(began)
	began = time.Now()
	fill(b, cluster, n)
	ratio := loaded.Seconds() / time.Since(began).Seconds()
	extract := func(db *sqlstore.DB) (rows int) {
		toFile(b, dir, func(w io.Writer) { rows = extractTo(b, db, lists.NewCSVWriter(w)) })
		return rows
	}
	rows := extract(plain)
	beside(b, rows, func() { extract(plain) }, func() { require.Equal(b, rows, extract(cluster)) })
	b.ReportMetric(ratio, "load-of-peer")
}

// heapSampler is a list writer that looks at the heap after a collection now and
// then.
type heapSampler struct {
	electoral.ListWriter
	every, rows int
	most        uint64
}

func (h *heapSampler) Write(e electoral.ExtractedElector) error {
	if h.rows++; h.rows%h.every == 0 {
		h.most = max(h.most, heapInUse())
	}
	return h.ListWriter.Write(e)
}

func (h *heapSampler) NeedsTotal() bool { return false }

func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// endless is a store and a population of made-up electors in sections of 1,000,
// who are there only while they are looked at.
type endless struct {
	registry.Store
	electoral.Population
	electors int
}

func (s endless) View(_ context.Context, fn func(registry.Reader) error) error {
	return fn(endlessReader{electors: s.electors})
}

type endlessReader struct {
	registry.Reader
	electors int
}

func (endlessReader) Sequence(context.Context, string) (registry.Sequence, error) {
	return registry.Sequence{}, nil
}

func (r endlessReader) Enrolled(context.Context, electoral.List, string, string) iter.Seq2[electoral.Elector, error] {
	return func(yield func(electoral.Elector, error) bool) {
		for n := range r.electors {
			if !yield(electorOf(strconv.Itoa(n), aglie, strconv.Itoa(n/1000)), nil) {
				return
			}
		}
	}
}

func (s endless) ByANPRID(_ context.Context, id string) (electoral.Person, error) {
	return voter("", 0, electoral.Female, "ROSSI "+id, "ANNA").Person, nil
}

// TestExtractMemory fails if the memory of an extraction grows with the list,
// even by a word for each elector.
func TestExtractMemory(t *testing.T) {
	for name, open := range textFormats() {
		t.Run(name, func(t *testing.T) {
			most := func(n int) int64 {
				store := endless{electors: n}
				r, err := registry.New(registry.Config{Store: store, Population: store, Recorder: blackbox{}, Now: func() time.Time { return noon }})
				require.NoError(t, err)
				before := heapInUse()
				h := &heapSampler{ListWriter: open(io.Discard), every: n / 20}
				report, err := r.Extract(t.Context(), officer(aglie), electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose}, h)
				rows := report.Rows
				require.NoError(t, err)
				require.Equal(t, n, rows)
				return int64(h.most) - int64(before)
			}
			small, large := most(20_000), most(200_000)
			assert.Less(t, large, small+1<<20)
		})
	}
}
