package sqlstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// office is a registry with the electors of some comuni, whose officers change their
// sections all the time.
type office struct {
	b        testing.TB
	registry *registry.Registry
	comuni   []string
	electors map[string][]electoral.Elector
	sections map[string][]string
	requests atomic.Int64
}

// residents are how many persons each comune of an office has.
const residents = 2000

func newOffice(b testing.TB, db *sqlstore.DB, comuni ...string) *office {
	r, err := registry.New(registry.Config{Store: db.Store(), Population: db.Population(), Recorder: blackbox{}})
	require.NoError(b, err)
	o := &office{b: b, registry: r, comuni: comuni, electors: map[string][]electoral.Elector{}, sections: map[string][]string{}}
	for i, comune := range comuni {
		g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: comune, Electors: residents, Seed: uint64(i + 1)})
		require.NoError(b, err)
		var people []electoral.Person
		var list []electoral.Elector
		for in := range g.Inhabitants() {
			in.Person.FiscalCode = ""
			people, list = append(people, in.Person), append(list, in.Elector)
		}
		_, err = db.Population().Put(context.Background(), persons(people...))
		require.NoError(b, err)
		_, err = r.Load(context.Background(), o.officer(comune), comune, records(g.Sections()), records(list),
			registry.LoadOptions{Partial: true})
		require.NoError(b, err)
		for _, e := range list {
			if e.General != nil && e.General.Comune == comune && e.Status.Senate == electoral.Yes {
				o.electors[comune] = append(o.electors[comune], e)
			}
		}
		for _, s := range g.Sections() {
			o.sections[comune] = append(o.sections[comune], s.Number)
		}
	}
	return o
}

func records[T any](list []T) electoral.LoadSource[T] {
	return electoral.LoadSource[T]{Declared: -1, Items: func(yield func(electoral.LoadItem[T], error) bool) {
		for i, v := range list {
			if !yield(electoral.LoadItem[T]{Record: v, Number: i + 1}, nil) {
				return
			}
		}
	}}
}

func (o *office) officer(comune string) electoral.Request {
	return electoral.Request{ID: fmt.Sprint("o", o.requests.Add(1)), Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z",
		Role: electoral.OfficerRole, Comune: comune, Method: electoral.SPIDMethod, Level: 2}}
}

// A pace is what some workers have done.
type pace struct {
	perSecond   float64
	median, p99 time.Duration
}

// atWork lets workers do one thing after the other for a while.
func atWork(b testing.TB, workers int, work func(worker int, r *rand.Rand)) pace {
	var group sync.WaitGroup
	all := make([][]time.Duration, workers)
	began := time.Now()
	for i := range workers {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			for time.Since(began) < officersTerm {
				at := time.Now()
				work(i, r)
				all[i] = append(all[i], time.Since(at))
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	sorted := slices.Sorted(slices.Values(slices.Concat(all...)))
	require.NotEmpty(b, sorted)
	return pace{float64(len(sorted)) / took.Seconds(), sorted[len(sorted)/2], sorted[len(sorted)*99/100]}
}

// change moves somebody of a comune to another section.
func (o *office) change(comune string, r *rand.Rand) {
	e := o.electors[comune][r.IntN(len(o.electors[comune]))].Clone()
	e.General.Section = o.sections[comune][r.IntN(len(o.sections[comune]))]
	_, err := o.registry.Change(context.Background(), o.officer(comune), e)
	require.NoError(o.b, err)
}

// claim asks to enrol somebody whom the other comune has: it is refused, and both are
// told of the conflict.
func (o *office) claim(comune, other string, r *rand.Rand) {
	e := o.electors[other][r.IntN(len(o.electors[other]))].Clone()
	e.General = &electoral.Enrolment{Comune: comune, Section: o.sections[comune][0]}
	_, err := o.registry.Enrol(context.Background(), o.officer(comune), e)
	require.Error(o.b, err)
}

// officersTerm is how long each group is at work.
const officersTerm = time.Second

// BenchmarkOfficers has officers at work beside each other; what counts is how they do
// beside the same without what would hinder them.
func BenchmarkOfficers(b *testing.B) {
	for name, open := range map[string]func() *sqlstore.DB{
		"postgres": func() *sqlstore.DB {
			db, err := sqlstore.OpenPostgres(context.Background(), testenv.PostgresDatabase(b)+"&pool_max_conns=20")
			require.NoError(b, err)
			return db
		},
		"sqlite": func() *sqlstore.DB { return open(b, filepath.Join(b.TempDir(), "o.db")) },
	} {
		b.Run(name, func(b *testing.B) {
			db := open()
			defer func() { _ = db.Close() }()
			eight := []string{"L219", "H501", "F205", "E388", "A662", "D612", "G273", "A944"}
			o := newOffice(b, db, eight...)
			two := eight[:2]
			for b.Loop() {
				cross := func(percent int) pace {
					return atWork(b, 8, func(i int, r *rand.Rand) {
						if r.IntN(100) < percent {
							o.claim(two[i%2], two[1-i%2], r)
						} else {
							o.change(two[i%2], r)
						}
					})
				}
				own, others := cross(0), cross(10)
				b.ReportMetric(others.perSecond/own.perSecond, "cross/own")
				b.ReportMetric(float64(others.p99)/float64(own.p99), "cross-p99/own-p99")
				one := atWork(b, 1, func(_ int, r *rand.Rand) { o.change("L219", r) })
				many := atWork(b, 8, func(_ int, r *rand.Rand) { o.change("L219", r) })
				b.ReportMetric(many.perSecond/one.perSecond, "8-in-one/1")
				b.ReportMetric(one.perSecond, "1/s")
				apart := atWork(b, 8, func(i int, r *rand.Rand) { o.change(eight[i], r) })
				b.ReportMetric(apart.perSecond, "8-apart/s")
				o.readers(b)
			}
		})
	}
}

// readers has a hundred readers in a comune, alone and beside eight officers.
func (o *office) readers(b *testing.B) {
	read := func(_ int, r *rand.Rand) {
		e := o.electors["L219"][r.IntN(len(o.electors["L219"]))]
		_, err := o.registry.Elector(context.Background(), o.officer("L219"), e.ANPRID)
		require.NoError(b, err)
	}
	var stop atomic.Bool
	var group sync.WaitGroup
	quiet := atWork(b, 100, read)
	for i := range 8 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 9))
			for !stop.Load() {
				o.change("L219", r)
			}
		})
	}
	busy := atWork(b, 100, read)
	stop.Store(true)
	group.Wait()
	b.ReportMetric(float64(busy.p99)/float64(quiet.p99), "readers-p99/quiet")
}
