package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var (
	_ registry.SectionMover   = (*transaction)(nil)
	_ registry.SectionCounter = (*transaction)(nil)
)

// quotedLists are the names of lists as SQL has them.
func quotedLists(lists []electoral.List) string {
	quoted := make([]string, len(lists))
	for i, l := range lists {
		quoted[i] = "'" + string(l) + "'"
	}
	return strings.Join(quoted, ", ")
}

// CountsIn implements [registry.SectionCounter].
func (t *transaction) CountsIn(ctx context.Context, comune string, sections []string) ([]registry.ListCount, error) {
	sections = storables(sections)
	if !storable(comune) || len(sections) == 0 {
		return nil, nil
	}
	if err := t.lock(ctx, comune); err != nil {
		return nil, err
	}
	d := t.tx.Dialect()
	// With the lists by name an engine goes to each section by the key.
	text := `SELECT list, section, count(*) FROM {enrolments} WHERE comune = $1 AND list IN (` +
		quotedLists(append(electoral.Lists(), electoral.StillVotesList)) + `) AND ` + d.In("section", "$2") +
		` GROUP BY list, section ORDER BY list, section`
	slices.Sort(sections)
	list, err := collect(sqldb.All(ctx, t.tx, scanCount, text, comune, d.List(slices.Compact(sections))))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: counts of sections of %q: %w", comune, err)
	}
	return list, nil
}

// moveTexts change the section in the rows of electors, and in those of
// the lists' sections. $1 is their comune, $2 the ids, $3 the comune of the list, $4
// and $5 the sections.
func moveTexts(d sqldb.Dialect) (rows, places string) {
	var sets []string
	for _, l := range electoral.Lists() {
		name := strings.ReplaceAll(string(l), "-", "_")
		there := name + "_comune = $3 AND " + name + "_section = $4"
		if l != electoral.GeneralList {
			there = name + " = 1 AND " + there
		}
		sets = append(sets, name+"_section = CASE WHEN "+there+" THEN $5 ELSE "+name+"_section END")
	}
	rows = "UPDATE {electors} SET " + strings.Join(sets, ", ") + " WHERE comune = $1 AND " + d.Among("anpr_id", "$2")
	places = "UPDATE {enrolments} SET section = $5 WHERE comune = $3 AND list IN (" + quotedLists(electoral.Lists()) +
		") AND section = $4 AND " + d.Among("anpr_id", "$2") + " AND home = $1"
	return rows, places
}

// MoveEnrolled implements [registry.SectionMover]. Some thousands of electors in a
// call are as fast as more.
func (t *transaction) MoveEnrolled(ctx context.Context, home, comune, from, to string, anprIDs []string) error {
	ids := storables(anprIDs)
	if len(ids) == 0 || !storable(home) || !storable(comune) || !storable(from) {
		return nil
	}
	if err := registry.Storable(to); err != nil {
		return fmt.Errorf("sqlstore: section of a move: %w", err)
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
