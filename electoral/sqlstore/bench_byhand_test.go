package sqlstore_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// A spoken is what was sent to the server in one round trip.
type spoken struct {
	texts []string
	args  [][]any
}

// listener is a tracer of pgx that writes down what is said.
type listener struct {
	listening bool
	said      []spoken
}

func (l *listener) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	if l.listening {
		l.said = append(l.said, spoken{[]string{d.SQL}, [][]any{d.Args}})
	}
	return ctx
}

func (*listener) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (l *listener) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	if l.listening {
		l.said = append(l.said, spoken{})
	}
	return ctx
}

func (l *listener) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	if l.listening {
		last := &l.said[len(l.said)-1]
		last.texts, last.args = append(last.texts, d.SQL), append(last.args, d.Args)
	}
}

func (*listener) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// heard returns what two changes say to the server, to and fro.
func (l *listener) heard(o *office, comune string) (ways [2][]spoken) {
	e := o.electors[comune][0].Clone()
	from := e.General.Section
	to := o.sections[comune][0]
	if to == from {
		to = o.sections[comune][1]
	}
	for i, section := range []string{to, from} {
		e.General.Section = section
		l.said, l.listening = nil, true
		_, err := o.registry.Change(context.Background(), o.officer(comune), e)
		l.listening = false
		require.NoError(o.b, err)
		ways[i] = l.said
	}
	return ways
}

var changes atomic.Int64

// say does a change by hand: the same statements in as many round trips.
func say(b *testing.B, pool *pgxpool.Pool, way []spoken) {
	ctx := context.Background()
	tx, err := pool.Begin(ctx)
	require.NoError(b, err)
	for _, s := range way {
		var batch pgx.Batch
		for i, text := range s.texts {
			args := s.args[i]
			if strings.HasPrefix(text, `INSERT INTO "anpr"."journal"`) {
				args = append([]any{args[0], 1_000_000 + changes.Add(1)}, args[2:]...)
			}
			batch.Queue(text, args...)
		}
		results := tx.SendBatch(ctx, &batch)
		for range s.texts {
			rows, err := results.Query()
			require.NoError(b, err)
			for rows.Next() {
				_, err := rows.Values()
				require.NoError(b, err)
			}
			require.NoError(b, rows.Err())
		}
		require.NoError(b, results.Close())
	}
	require.NoError(b, tx.Commit(ctx))
}

// BenchmarkOfficersByHand has eight officers in eight comuni beside the same statements
// sent by hand, in turns.
func BenchmarkOfficersByHand(b *testing.B) {
	config, err := pgxpool.ParseConfig(testenv.PostgresDatabase(b))
	require.NoError(b, err)
	config.MaxConns = 20
	var l listener
	config.ConnConfig.Tracer = &l
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(b, err)
	defer pool.Close()
	require.NoError(b, sqlstore.PostgresConfig{Pool: pool}.Migrate(context.Background()))
	db, err := sqlstore.PostgresConfig{Pool: pool, Transactions: 10}.Open(context.Background())
	require.NoError(b, err)
	eight := []string{"L219", "H501", "F205", "E388", "A662", "D612", "G273", "A944"}
	o := newOffice(b, db, eight...)
	var ways [8][2][]spoken
	var others [8][]electoral.Elector
	for i, comune := range eight {
		ways[i] = l.heard(o, comune)
		others[i] = o.electors[comune][1:]
	}
	for i, comune := range eight { // he of the statements by hand stays apart
		o.electors[comune] = others[i]
	}
	var turn [8]int
	for b.Loop() {
		registry := atWork(b, 8, func(i int, r *rand.Rand) { o.change(eight[i], r) })
		byHand := atWork(b, 8, func(i int, _ *rand.Rand) {
			say(b, pool, ways[i][turn[i]%2])
			turn[i]++
		})
		b.ReportMetric(registry.perSecond/byHand.perSecond, "registry/by-hand")
		b.ReportMetric(byHand.perSecond, "by-hand/s")
	}
}
