package sqlstore_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// searchCase is a search, with the same by hand.
type searchCase struct {
	name string
	q    registry.Search
	hand string
	most int // how many answers are read
}

func searchCases() []searchCase {
	section := registry.Condition{Field: electoral.ListField(electoral.GeneralList, electoral.ListSection), In: []string{"7", "11"}}
	comune := registry.Condition{Field: electoral.ListField(electoral.GeneralList, electoral.ListComune), In: []string{"L219"}}
	abroad := registry.Condition{Field: electoral.SenateConstituencyField, In: []string{"EUROPA"}}
	since := loaded.Add(time.Hour)
	return []searchCase{
		{"whole-comune", registry.Search{Comune: "L219", Where: []registry.Condition{abroad}},
			`SELECT * FROM electors WHERE comune = 'L219' AND senate_constituency = 'EUROPA' ORDER BY anpr_id`, 0},
		{"sections", registry.Search{Comune: "L219", Where: []registry.Condition{comune, section}},
			`SELECT e.* FROM enrolments n JOIN electors e ON e.comune = n.home AND e.anpr_id = n.anpr_id
			WHERE n.comune = 'L219' AND n.list = 'general' AND n.section IN ('7', '11') ORDER BY n.anpr_id`, 0},
		{"touched", registry.Search{Comune: "L219", Touched: &registry.JournalSearch{From: since}},
			`SELECT * FROM electors WHERE comune = 'L219' AND anpr_id IN (SELECT anpr_id FROM journal WHERE comune = 'L219' AND at >= 1768467600000) ORDER BY anpr_id`, 0},
		{"page-of-100", registry.Search{Comune: "L219", After: "001272000020000"},
			`SELECT * FROM electors WHERE comune = 'L219' AND anpr_id > '001272000020000' ORDER BY anpr_id LIMIT 100`, 100},
	}
}

// BenchmarkSearch looks for electors beside the same by hand.
func BenchmarkSearch(b *testing.B) {
	list := generated(b, benchElectors)
	run := func(b *testing.B, db *sqlstore.DB, hand func(b *testing.B, text string) int) {
		load(b, db, list)
		ctx := context.Background()
		require.NoError(b, db.Store().Update(ctx, func(w registry.Writer) error {
			var entries []registry.JournalEntry
			for i := range 500 {
				entries = append(entries, registry.JournalEntry{Comune: "L219", ANPRID: list[i*97].ANPRID, At: loaded.Add(time.Hour), Operation: electoral.OpChange})
			}
			return w.Note(ctx, entries...)
		}))
		for _, c := range searchCases() {
			want := 0
			b.Run(c.name+"/hand", func(b *testing.B) {
				for b.Loop() {
					want = hand(b, c.hand)
				}
			})
			b.Run(c.name+"/store", func(b *testing.B) {
				n := 0
				for b.Loop() {
					n = 0
					require.NoError(b, db.Store().View(ctx, func(r registry.Reader) error {
						for _, err := range r.Search(ctx, c.q) {
							if err != nil {
								return err
							}
							if n++; n == c.most {
								break
							}
						}
						return nil
					}))
				}
				require.Equal(b, want, n)
				require.Positive(b, n)
			})
		}
	}
	b.Run("postgres", func(b *testing.B) {
		dsn := testenv.Postgres(b)
		conn := connect(b, dsn)
		run(b, openPostgres(b, dsn), func(b *testing.B, text string) (n int) {
			rows, err := conn.Query(context.Background(), text)
			require.NoError(b, err)
			for rows.Next() {
				_, err := rows.Values()
				require.NoError(b, err)
				n++
			}
			require.NoError(b, rows.Err())
			return n
		})
	})
	b.Run("sqlite", func(b *testing.B) {
		file := filepath.Join(b.TempDir(), "r.db")
		db := open(b, file)
		source, err := sql.Open("sqlite", "file:"+file)
		require.NoError(b, err)
		defer source.Close()
		run(b, db, func(b *testing.B, text string) (n int) {
			rows, err := source.Query(text)
			require.NoError(b, err)
			defer rows.Close()
			columns, err := rows.Columns()
			require.NoError(b, err)
			row, dest := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				dest[i] = &row[i]
			}
			for rows.Next() {
				require.NoError(b, rows.Scan(dest...))
				n++
			}
			require.NoError(b, rows.Err())
			return n
		})
	})
}
