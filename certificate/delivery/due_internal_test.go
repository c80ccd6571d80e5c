package delivery

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/sqldb"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestDuePlan: what is due is read from an index in its order, so that a page costs
// the same whatever waits.
func TestDuePlan(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (*SQLOutbox, error){
		"sqlite": func(t *testing.T) (*SQLOutbox, error) {
			return OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "o.db"))
		},
		"postgres": func(t *testing.T) (*SQLOutbox, error) { return OpenPostgres(t.Context(), testenv.Postgres(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			o, err := open(t)
			require.NoError(t, err)
			defer o.Close()
			for i := range 200 {
				m := Message{Certificate: fmt.Sprintf("%026d", i), Channel: DigitalDomicile, State: Queued,
					Created: time.Unix(1, 0), NotBefore: time.Unix(int64(1000-i), 0), Updated: time.Unix(1, 0)}
				m.Certificate = strings.NewReplacer("0", "A", "1", "B", "8", "C", "9", "D").Replace(m.Certificate)
				require.NoError(t, o.Add(t.Context(), m))
			}
			explain := "EXPLAIN QUERY PLAN "
			if name == "postgres" {
				explain = "EXPLAIN "
			}
			var plan []string
			require.NoError(t, o.db.Lookup(t.Context(), func(q sqldb.Querier) error {
				rows, err := q.Query(t.Context(), explain+strings.Replace(dueText, "$1", "5000000", 1)+"10")
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					var a, b, c int64
					var text string
					dest := []any{&text}
					if name == "sqlite" {
						dest = []any{&a, &b, &c, &text}
					}
					if err := rows.Scan(dest...); err != nil {
						return err
					}
					plan = append(plan, text)
				}
				return rows.Err()
			}))
			all := strings.Join(plan, "\n")
			require.Contains(t, all, "delivery_messages_next")
			require.NotContains(t, strings.ToUpper(all), "SORT")
			require.NotContains(t, strings.ToUpper(all), "TEMP B-TREE")
			list, err := o.Due(t.Context(), time.Unix(5000, 0), 10)
			require.NoError(t, err)
			require.Len(t, list, 10)
			require.True(t, list[0].NotBefore.Before(list[9].NotBefore))
		})
	}
}
