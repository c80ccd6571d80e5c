package sqlstore_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
)

// distribution is the column by which each table is spread.
var distribution = map[string]string{
	"sections": "comune", "electors": "comune", "enrolments": "comune", "journal": "comune", "comune_locks": "comune", "records": "comune",
	"elector_routes": "anpr_id", "record_routes": "subject",
}

var (
	tableOf = regexp.MustCompile(`(?:FROM|INTO|^UPDATE|JOIN)\s+\{(\w+)\}`)
	// A table without braces would be looked for in search_path.
	unqualified = regexp.MustCompile(`(?:FROM|INTO|^UPDATE|JOIN)\s+[^{\s]\S*`)
	updated     = regexp.MustCompile(`(?s) SET (.*?)( WHERE|$)`)
	inserts     = regexp.MustCompile(`^INSERT INTO \{\w+\} \(([^)]*)\)`)
)

// TestStatements runs the suite and looks at each statement: an engine that
// spreads the tables must see of which comune, or person, it is, and no
// statement moves a row.
func TestStatements(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]bool{}
	electoraltest.TestStore(t, func(t *testing.T) registry.Store {
		db := open(t, filepath.Join(t.TempDir(), "r.db"))
		return sqlstore.Traced{Store: db.Store(), Say: func(text string) {
			mu.Lock()
			defer mu.Unlock()
			seen[text] = true
		}}
	})
	used := map[string]bool{}
	for text := range seen {
		text = strings.ReplaceAll(text, "FROM json_each", "FROM_json_each")
		assert.NotRegexp(t, unqualified, text)
		tables := tableOf.FindAllStringSubmatch(text, -1)
		assert.Len(t, tables, 1, "one table a statement: %s", text)
		for _, m := range tables {
			column, known := distribution[m[1]]
			used[m[1]] = true
			if !assert.True(t, known, "a table that is not known: %s", text) {
				continue
			}
			if list := inserts.FindStringSubmatch(text); list != nil {
				assert.Contains(t, strings.Split(list[1], ", "), column, text)
			} else {
				assert.Regexp(t, `WHERE (.* AND )?`+column+` (= \$\d|IN \(SELECT value)`, text)
			}
			if set := updated.FindStringSubmatch(text); set != nil {
				assert.NotRegexp(t, `\b`+column+` =`, set[1], text)
			}
		}
	}
	assert.Len(t, used, len(distribution), "a table that no statement uses: %v", used)
	assert.Greater(t, len(seen), 50)
}
