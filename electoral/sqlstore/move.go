package sqlstore

import (
	"context"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var _ registry.SectionMover = (*transaction)(nil)

// moveTexts change the section in the rows of electors, and in those of
// the lists' sections. $1 is their comune, $2 the ids, $3 the comune of the list, $4
// and $5 the sections.
func moveTexts(d sqldb.Dialect) (rows, places string) {
	var sets, lists []string
	for _, l := range electoral.Lists() {
		name := strings.ReplaceAll(string(l), "-", "_")
		there := name + "_comune = $3 AND " + name + "_section = $4"
		if l != electoral.GeneralList {
			there = name + " = 1 AND " + there
		}
		sets = append(sets, name+"_section = CASE WHEN "+there+" THEN $5 ELSE "+name+"_section END")
		lists = append(lists, "'"+string(l)+"'")
	}
	rows = "UPDATE electors SET " + strings.Join(sets, ", ") + " WHERE comune = $1 AND " + d.In("anpr_id", "$2")
	places = "UPDATE enrolments SET section = $5 WHERE comune = $3 AND list IN (" + strings.Join(lists, ", ") +
		") AND section = $4 AND " + d.In("anpr_id", "$2") + " AND home = $1"
	return rows, places
}

// MoveEnrolled implements [registry.SectionMover]. Some thousands of electors in a
// call are as fast as more.
func (t *transaction) MoveEnrolled(ctx context.Context, home, comune, from, to string, anprIDs []string) error {
	ids := storables(anprIDs)
	if len(ids) == 0 || !storable(home) || !storable(comune) || !storable(from) {
		return nil
	}
	if err := enrolments.check([]any{comune, "", to}); err != nil {
		return err
	}
	if err := t.lock(ctx, home, comune); err != nil {
		return err
	}
	t.last = lastElector{}
	d := t.tx.Dialect()
	rows, places := moveTexts(d)
	args := []any{home, d.List(ids), comune, from, to}
	return t.tx.Exec(ctx, sqldb.Statement{Text: rows, Args: args}, sqldb.Statement{Text: places, Args: args})
}
