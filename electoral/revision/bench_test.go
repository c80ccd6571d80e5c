package revision_test

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/revision"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

type silent struct{}

func (silent) Record(context.Context, electoral.Access) error { return nil }

// A town is a comune of generated electors on a database, of whom two of a hundred
// are to be proposed for a change.
type town struct {
	store      registry.Store
	population *sqlstore.Population
	engine     *revision.Engine
	electors   int
}

func newTown(b *testing.B, db *sqlstore.DB, electors int) town {
	now := func() time.Time { return time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC) }
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "H501", Electors: electors, Seed: 1,
		At: day("2026-01-05")})
	require.NoError(b, err)
	t := town{store: db.Store(), population: db.Population(), electors: electors}
	_, err = t.population.Put(b.Context(), func(yield func(electoral.Person, error) bool) {
		i := 0
		for in := range g.Inhabitants() {
			p := in.Person
			switch i++; i % 100 {
			case 0:
				p.Death = day("2026-01-02")
			case 50:
				p.Residence, p.Abroad = &electoral.Residence{Comune: airasca, Since: day("2025-12-01")}, nil
			}
			if !yield(p, nil) {
				return
			}
		}
	})
	require.NoError(b, err)
	next, stop := iter.Pull(g.Inhabitants())
	defer stop()
	for done := false; !done; {
		require.NoError(b, t.store.Update(b.Context(), func(w registry.Writer) error {
			var list []electoral.Elector
			for len(list) < 20_000 {
				in, ok := next()
				if !ok {
					done = true
					break
				}
				list = append(list, in.Elector)
			}
			return w.(registry.BulkWriter).AddElectors(b.Context(), "H501", list)
		}))
	}
	r, err := registry.New(registry.Config{Store: t.store, Population: t.population, Recorder: silent{}, Now: now})
	require.NoError(b, err)
	t.engine, err = revision.New(revision.Config{Registry: r})
	require.NoError(b, err)
	return t
}

// raw reads the register and the lists, and does nothing with them.
func (t town) raw(b *testing.B) {
	read := 0
	for _, err := range t.population.Born(b.Context(), "H501", electoral.Date{Year: 1800, Month: 1, Day: 1},
		day("2009-01-05")) {
		require.NoError(b, err)
		read++
	}
	require.NoError(b, t.store.View(b.Context(), func(rd registry.Reader) error {
		for _, err := range rd.Search(b.Context(), registry.Search{Comune: "H501"}) {
			if err != nil {
				return err
			}
			read++
		}
		return nil
	}))
	require.Greater(b, read, t.electors)
}

// BenchmarkProposals measures a run of the proposals beside the raw reads of the same
// register and lists: ratio is how many times as long it takes (at most 2). peak-MB
// is the most memory in use during the run. ANPR_BENCH_ELECTORS sets the size:
//
//	ANPR_BENCH_ELECTORS=2400000 go test ./electoral/revision -run '^$' -bench Proposals -benchtime 1x -timeout 60m
func BenchmarkProposals(b *testing.B) {
	electors := 30_000
	if text := os.Getenv("ANPR_BENCH_ELECTORS"); text != "" {
		var err error
		electors, err = strconv.Atoi(text)
		require.NoError(b, err, "ANPR_BENCH_ELECTORS")
	}
	for name, open := range map[string]func(b *testing.B) (*sqlstore.DB, error){
		"sqlite": func(b *testing.B) (*sqlstore.DB, error) {
			return sqlstore.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "r.db"))
		},
		"postgres": func(b *testing.B) (*sqlstore.DB, error) {
			return sqlstore.OpenPostgres(b.Context(), testenv.Postgres(b))
		},
	} {
		b.Run(name, func(b *testing.B) {
			db, err := open(b)
			require.NoError(b, err)
			defer func() { _ = db.Close() }()
			t := newTown(b, db, electors)
			t.raw(b)
			var reads, runs time.Duration
			peak := watchHeap(b)
			for b.Loop() {
				begin := time.Now()
				t.raw(b)
				reads += time.Since(begin)
				begin = time.Now()
				req := officer("H501")
				h, _, err := t.engine.Open(b.Context(), req, revision.Opening{Comune: "H501", Kind: revision.DynamicFirst,
					Year: 2026, Half: 1})
				require.NoError(b, err)
				require.Equal(b, revision.Active, h.State)
				runs += time.Since(begin)
			}
			b.ReportMetric(float64(runs)/float64(reads), "ratio")
			b.ReportMetric(peak(), "peak-MB")
		})
	}
}

// watchHeap returns a function that ends the watch and returns the most megabytes
// that were in use.
func watchHeap(b *testing.B) func() float64 {
	var most atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), m.HeapInuse))
			}
		}
	}()
	b.Cleanup(func() {
		select {
		case <-done:
		default:
			close(stop)
		}
	})
	return func() float64 {
		close(stop)
		<-done
		return float64(most.Load()) / 1e6
	}
}
