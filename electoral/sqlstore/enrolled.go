package sqlstore

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// listed is an elector at his place in a list.
type listed struct {
	section, id, home string
	elector           electoral.Elector
	gone              bool // he is not in the list any more
}

func scanListed(r sqldb.Rows) (listed, error) {
	var l listed
	err := r.Scan(&l.section, &l.id, &l.home)
	return l, err
}

// Enrolled implements [registry.Reader].
func (t *transaction) Enrolled(ctx context.Context, l electoral.List,
	comune, section string) iter.Seq2[electoral.Elector, error] {
	of := roll{list: l, comune: comune, section: section}
	return func(yield func(electoral.Elector, error) bool) {
		var room []listed // of each page
		for e, err := range paged(func(after *listed, n size) ([]listed, error) {
			page, err := t.enrolledPage(ctx, of, after, n, room[:0])
			room = page
			return page, err
		}) {
			if err != nil {
				err = fmt.Errorf("sqlstore: list %s of %q: %w", l, comune, err)
			} else if e.gone {
				continue
			}
			if !yield(e.elector, err) {
				return
			}
		}
	}
}

// A roll is a list of a comune, or one section of it.
type roll struct {
	list            electoral.List
	comune, section string // an empty section means all
}

// enrolledPage returns the next places of a list, in the room of page: after may
// lie in it.
func (t *transaction) enrolledPage(
	ctx context.Context, of roll, after *listed, n size, page []listed,
) ([]listed, error) {
	if !storable(of.comune) || !storable(of.section) || !storable(string(of.list)) {
		return nil, nil
	}
	if err := t.lock(ctx, of.comune); err != nil {
		return nil, err
	}
	in := "n." // the enrolment's columns beside an elector's
	if t.spread {
		in = ""
	}
	which := ` WHERE ` + in + `comune = $1 AND ` + in + `list = $2`
	args := []any{of.comune, string(of.list)}
	section, id := in+"section", in+"anpr_id"
	switch {
	case of.section != "" && after != nil:
		which += ` AND ` + section + ` = $3 AND ` + id + ` > $4`
		args = append(args, of.section, after.id)
	case of.section != "":
		which += ` AND ` + section + ` = $3`
		args = append(args, of.section)
	case after != nil:
		which += ` AND (` + section + `, ` + id + `) > ($3, $4)`
		args = append(args, after.section, after.id)
	}
	which += ` ORDER BY ` + section + `, ` + id + n.limit()
	missing := map[string]bool{}
	var err error
	if t.spread {
		page, err = t.listedApart(ctx, page, missing, which, args)
	} else {
		page, err = t.listedTogether(ctx, page, missing, which, args)
	}
	if err == nil && len(missing) > 0 {
		err = t.find(ctx, of, page, missing)
	}
	if err != nil {
		return nil, err
	}
	return page, nil
}

// electorOfPlace are the columns of an elector beside those of his place: he may be
// missing, and the columns that are never NULL are then.
var electorOfPlace = func() string {
	columns := make([]string, len(electors.columns))
	for i, c := range electors.columns {
		switch c {
		case "comune":
			columns[i] = "n.home"
		case "anpr_id":
			columns[i] = "n.anpr_id"
		case "senate_constituency", "chamber_constituency":
			columns[i] = "COALESCE(e." + c + ", '')"
		default:
			columns[i] = "e." + c
		}
	}
	return strings.Join(columns, ", ")
}()

// listedTogether reads places with their electors.
func (t *transaction) listedTogether(
	ctx context.Context, page []listed, missing map[string]bool, which string, args []any,
) ([]listed, error) {
	text := `SELECT n.section, CASE WHEN e.anpr_id IS NULL THEN 1 ELSE 0 END, ` + electorOfPlace +
		` FROM {enrolments} n ` +
		t.tx.Dialect().LeftLookup("{electors}", "e", "e.comune = n.home AND e.anpr_id = n.anpr_id") + which
	rows, err := t.tx.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var section string
	var alone int64
	scan := newElectorScan(&section, &alone)
	for rows.Next() {
		if err := scan.read(rows); err != nil {
			return nil, err
		}
		e := &scan.elector
		page = append(page, listed{section: section, id: e.ANPRID, home: e.home, elector: e.Elector})
		if alone == 1 {
			missing[e.ANPRID] = true
		}
	}
	return page, rows.Err()
}

// listedApart reads places and then their electors: on a cluster an elector's comune may
// lie on another node than that of the list, and a join would look at every one.
func (t *transaction) listedApart(
	ctx context.Context, page []listed, missing map[string]bool, which string, args []any,
) ([]listed, error) {
	text := `SELECT section, anpr_id, home FROM {enrolments}` + which
	for l, err := range sqldb.All(ctx, t.tx, scanListed, text, args...) {
		if err != nil {
			return nil, err
		}
		page = append(page, l)
	}
	wanted := map[string]map[string]*electoral.Elector{}
	again := map[*listed]*electoral.Elector{} // who stands in several sections
	for i := range page {
		p := &page[i]
		if wanted[p.home] == nil {
			wanted[p.home] = make(map[string]*electoral.Elector, len(page))
		}
		if first := wanted[p.home][p.id]; first != nil {
			again[p] = first
			continue
		}
		wanted[p.home][p.id] = &p.elector
	}
	for home, byID := range wanted {
		if err := t.fill(ctx, home, byID, missing); err != nil {
			return nil, err
		}
	}
	for p, first := range again {
		p.elector = first.Clone()
	}
	return page, nil
}

// fill reads electors of one comune and adds those who are not there to the missing.
func (t *transaction) fill(
	ctx context.Context, home string, byID map[string]*electoral.Elector, missing map[string]bool,
) error {
	ids := make([]string, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	d := t.tx.Dialect()
	text := d.ByKeys(electors.list, "{electors}", "comune = $1", "anpr_id", "$2")
	for _, id := range ids {
		missing[id] = true
	}
	for e, err := range sqldb.All(ctx, t.tx, newElectorScan().next, text, home, d.List(ids)) {
		if err != nil {
			return err
		}
		if to := byID[e.ANPRID]; to != nil {
			*to = e.Elector
			delete(missing, e.ANPRID)
		}
	}
	return nil
}
