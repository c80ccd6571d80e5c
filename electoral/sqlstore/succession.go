package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var _ registry.SuccessionWriter = (*transaction)(nil)

// Guests implements [registry.SuccessionWriter].
func (t *transaction) Guests(ctx context.Context, comune string) ([]string, error) {
	if !storable(comune) {
		return nil, nil
	}
	if err := t.lock(ctx, comune); err != nil {
		return nil, err
	}
	id := func(r sqldb.Rows) (s string, err error) { return s, r.Scan(&s) }
	list, err := collect(sqldb.All(ctx, t.tx, id,
		`SELECT anpr_id FROM {enrolments} WHERE comune = $1 AND home <> comune ORDER BY anpr_id`, comune))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return slices.Compact(list), nil // one may be in several lists
}

// movePage is how many electors a move reads at once.
const movePage = 5000

// MoveElectors implements [registry.SuccessionWriter]. A row never changes its
// comune: it is read, deleted and copied anew, and only the columns that name the
// comune or a section of it are looked at.
func (t *transaction) MoveElectors(ctx context.Context, m registry.ElectorMove) (int, error) {
	if err := registry.Storable(&m); err != nil {
		return 0, fmt.Errorf("sqlstore: move: %w", err)
	}
	if m.From == m.To {
		return 0, fmt.Errorf("sqlstore: move from comune %q to %q: expected two comuni", m.From, m.To)
	}
	if err := t.lock(ctx, m.From, m.To); err != nil {
		return 0, err
	}
	t.last = lastElector{}
	v := mover{t: t, ctx: ctx, move: m, columns: newElectorColumns()}
	moved := 0
	for {
		n, err := v.page()
		if err != nil {
			return moved, fmt.Errorf("sqlstore: move of the electors of %s: %w", m.From, err)
		}
		if moved += n; n < movePage {
			break
		}
	}
	// What is left under the comune are places for kept votes.
	return moved, t.tx.Exec(ctx,
		sqldb.Statement{Text: `DELETE FROM {enrolments} WHERE comune = $1 AND home = $2 AND list <> $3`,
			Args: []any{m.From, m.From, string(electoral.StillVotesList)}},
		sqldb.Statement{Text: `UPDATE {enrolments} SET home = $1 WHERE comune = $2 AND home = $3`,
			Args: []any{m.To, m.From, m.From}})
}

// electorColumns says where the columns of an elector's row are that a move looks at.
type electorColumns struct {
	lists map[electoral.List]int // of the comune; the section follows it
	votes int
}

func newElectorColumns() electorColumns {
	c := electorColumns{lists: map[electoral.List]int{}, votes: slices.Index(electors.columns, "kept_votes")}
	for _, l := range electoral.Lists() {
		name := strings.ReplaceAll(string(l), "-", "_") + "_comune"
		c.lists[l] = slices.Index(electors.columns, name)
	}
	return c
}

// mover is one run of MoveElectors.
type mover struct {
	t       *transaction
	ctx     context.Context
	move    registry.ElectorMove
	columns electorColumns
	// Of the page at hand: the rows as the database gives them, their ANPR ids, the
	// new rows of enrolments, and changes of those in other comuni.
	rows   [][]any
	ids    []string
	places [][]any
	others []sqldb.Statement
}

// page moves the first electors that are still under the comune.
func (v *mover) page() (int, error) {
	t, m := v.t, v.move
	text := `SELECT ` + electors.list + ` FROM {electors} WHERE comune = $1 ORDER BY anpr_id` + size(movePage).limit()
	var err error
	if v.rows, err = collect(sqldb.All(v.ctx, t.tx, scanRow, text, m.From)); err != nil || len(v.rows) == 0 {
		return 0, err
	}
	v.ids, v.places, v.others = v.ids[:0], v.places[:0], nil
	for _, row := range v.rows {
		if err := v.elector(row); err != nil {
			return 0, err
		}
	}
	last := v.ids[len(v.ids)-1]
	d := t.tx.Dialect()
	statements := append(v.others,
		sqldb.Statement{Text: `DELETE FROM {electors} WHERE comune = $1 AND anpr_id <= $2`, Args: []any{m.From, last}},
		sqldb.Statement{Text: `UPDATE {elector_routes} SET comune = $1 WHERE ` + d.Among("anpr_id", "$2"),
			Args: []any{m.To, d.List(v.ids)}})
	if err := t.tx.Exec(v.ctx, statements...); err != nil {
		return 0, err
	}
	if err := t.tx.Copy(v.ctx, electors.name, electors.columns, len(v.rows),
		func(i int) ([]any, error) { return v.rows[i], nil }); err != nil {
		return 0, err
	}
	if err := t.tx.Copy(v.ctx, enrolments.name, enrolments.columns, len(v.places),
		func(i int) ([]any, error) { return v.places[i], nil }); err != nil {
		return 0, err
	}
	return len(v.rows), v.note()
}

func scanRow(r sqldb.Rows) ([]any, error) {
	row := make([]any, len(electors.columns))
	into := make([]any, len(row))
	for i := range row {
		into[i] = &row[i]
	}
	if err := r.Scan(into...); err != nil {
		return nil, err
	}
	for i, v := range row {
		row[i] = wide(v)
	}
	return row, nil
}

// elector changes the row of an elector into that under the new comune.
func (v *mover) elector(row []any) error {
	m := v.move
	id, _ := row[1].(string)
	row[0] = m.To
	v.ids = append(v.ids, id)
	for _, l := range electoral.Lists() {
		at := v.columns.lists[l]
		comune, _ := row[at].(string)
		section, _ := row[at+1].(string)
		switch {
		case row[at] == nil || !v.enrolled(row, l, at):
		case comune == m.From:
			to, mapped := m.Sections[section]
			if !mapped {
				return fmt.Errorf("elector %s is in section %q, which goes nowhere", id, section)
			}
			row[at], row[at+1] = m.To, to
			v.places = append(v.places, []any{m.To, string(l), to, id, m.To})
		default:
			v.elsewhere(comune, l, section, id)
		}
	}
	votes, ok := row[v.columns.votes].(string)
	if !ok {
		return nil
	}
	e := electoral.Elector{}
	if err := json.Unmarshal([]byte(votes), &e.KeptVotes); err != nil {
		return fmt.Errorf("kept votes of elector %s: %w", id, err)
	}
	for l, en := range e.Places() {
		if en.Comune != m.From {
			v.elsewhere(en.Comune, l, en.Section, id)
		}
	}
	return nil
}

// enrolled reports whether a row has its elector in a list: an added list says so
// in the column before its comune.
func (v *mover) enrolled(row []any, l electoral.List, at int) bool {
	if l == electoral.GeneralList {
		return true
	}
	var a electoral.Answer
	return answerColumn{&a}.Scan(row[at-1]) == nil && a == electoral.Yes
}

// wide returns a number of a column, which PostgreSQL gives in its own width, as a
// copy takes it.
func wide(n any) any {
	switch n := n.(type) {
	case int16:
		return int64(n)
	case int32:
		return int64(n)
	}
	return n
}

// elsewhere notes that a place in another comune is now of an elector under the new
// one.
func (v *mover) elsewhere(comune string, l electoral.List, section, id string) {
	v.others = append(v.others, sqldb.Statement{
		Text: `UPDATE {enrolments} SET home = $1 WHERE comune = $2 AND list = $3 AND section = $4 AND anpr_id = $5`,
		Args: []any{v.move.To, comune, string(l), section, id},
	})
}

func (v *mover) note() error {
	entries := make([]registry.JournalEntry, 0, len(v.ids)*len(v.move.Notes))
	for _, n := range v.move.Notes {
		for _, id := range v.ids {
			n.ANPRID = id
			entries = append(entries, n)
		}
	}
	return v.t.Note(v.ctx, entries...)
}
