package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

const (
	// fewTouched is the most entries of the journal that a search holds in
	// memory.
	fewTouched = 20_000
	// fewSections is the most sections with which a search begins.
	fewSections = 8
)

// Search implements [registry.RollReader]. It begins with what selects least:
// the sections of a list, if the conditions name a few; the entries of the
// journal, if the search asks for them; or else all electors of the comune.
func (t *transaction) Search(ctx context.Context, s registry.Search) iter.Seq2[electoral.Elector, error] {
	return func(yield func(electoral.Elector, error) bool) {
		streams, err := t.streams(ctx, s)
		if err == nil {
			err = merge(streams, func(e electoral.Elector) bool { return yield(e, nil) })
		}
		if err != nil {
			yield(electoral.Elector{}, fmt.Errorf("sqlstore: search of comune %q: %w", s.Comune, err))
		}
	}
}

// page is a part of the electors that a search selects, in the order of ANPR
// id: those up to last. more says that others may come after.
type page struct {
	electors []electoral.Elector
	last     string
	more     bool
}

// batch is a part of the ids among which a search looks, likewise.
type batch struct {
	ids  []string
	last string
	more bool
}

// stream reads one page after the other.
type stream struct {
	page
	fetch func(after string, n size) (page, error)
	size  size // of the page that is next
}

// head returns the elector who comes next, nil for none.
func (s *stream) head() (*electoral.Elector, error) {
	for len(s.electors) == 0 {
		if !s.more {
			return nil, nil
		}
		var err error
		if s.page, err = s.fetch(s.last, s.size); err != nil {
			return nil, err
		}
		s.size = pageSize
	}
	return &s.electors[0], nil
}

// merge yields the electors of streams in one order until yield returns false.
func merge(streams []*stream, yield func(electoral.Elector) bool) error {
	for {
		var from *stream
		var next *electoral.Elector
		for _, s := range streams {
			e, err := s.head()
			if err != nil {
				return err
			}
			if e != nil && (next == nil || e.ANPRID < next.ANPRID) {
				from, next = s, e
			}
		}
		if next == nil {
			return nil
		}
		from.electors = from.electors[1:]
		if !yield(*next) {
			return nil
		}
	}
}

// search is a search in progress.
type search struct {
	*transaction
	comune string
	where  filter
}

// streams returns where the electors of a search come from. No elector is in
// two of them.
func (t *transaction) streams(ctx context.Context, s registry.Search) ([]*stream, error) {
	d := t.tx.Dialect()
	where, err := conditions(d, s.Where)
	if err != nil {
		return nil, err
	}
	var touched filter
	if s.Touched != nil {
		touched = entries(d, *s.Touched, byPerson)
	}
	if err := registry.Storable(s.After); err != nil {
		return nil, fmt.Errorf("after %q: %w", s.After, err)
	}
	switch {
	case where.never || touched.never || !storable(s.Comune):
		return nil, nil
	}
	if err := t.lock(ctx, s.Comune); err != nil {
		return nil, err
	}
	q := search{t, s.Comune, where}
	from := func(fetch func(ctx context.Context, after string, n size) (page, error)) *stream {
		return &stream{
			page:  page{last: s.After, more: true},
			fetch: func(after string, n size) (page, error) { return fetch(ctx, after, n) },
			size:  firstPage,
		}
	}
	if l, sections := pinned(s); len(sections) > 0 {
		var list []*stream
		for _, section := range sections {
			list = append(list, from(func(ctx context.Context, after string, n size) (page, error) {
				b, err := q.inSection(ctx, l, section, after, n)
				if err == nil && s.Touched != nil {
					b.ids, err = q.touched(ctx, touched, b.ids)
				}
				return q.selected(ctx, b, err)
			}))
		}
		return list, nil
	}
	if s.Touched == nil {
		return []*stream{from(q.scan), from(q.guests)}, nil
	}
	few, err := q.few(ctx, *s.Touched, s.After)
	if err != nil {
		return nil, err
	}
	return []*stream{from(func(ctx context.Context, after string, n size) (page, error) {
		if few == nil {
			b, err := q.noted(ctx, touched, after, n)
			return q.selected(ctx, b, err)
		}
		return q.selected(ctx, cut(few, after, n), nil)
	})}, nil
}

// pinned returns a list and the only sections of it in which the conditions can
// find somebody, if these are few and of the comune. An added list may have a
// place without a yes, which is not in the list.
func pinned(s registry.Search) (electoral.List, []string) {
	only := func(l electoral.List, part electoral.ListPart, values ...string) bool {
		return slices.ContainsFunc(s.Where, func(c registry.Condition) bool {
			return c.Field == electoral.ListField(l, part) && !c.Not && slices.Equal(c.In, values)
		})
	}
	for _, l := range electoral.Lists() {
		if !only(l, electoral.ListComune, s.Comune) || l != electoral.GeneralList &&
			!only(l, electoral.ListEnrolled, electoral.Yes.String()) {
			continue
		}
		for _, c := range s.Where {
			if c.Field == electoral.ListField(l, electoral.ListSection) && !c.Not && len(c.In) <= fewSections {
				sections := storables(c.In)
				slices.Sort(sections)
				return l, slices.Compact(sections)
			}
		}
	}
	return "", nil
}

// selected returns those of a batch whom the search selects.
func (q search) selected(ctx context.Context, b batch, err error) (page, error) {
	if err != nil {
		return page{}, err
	}
	p := page{last: b.last, more: b.more}
	if len(b.ids) == 0 {
		return p, nil
	}
	if p.electors, err = q.at(ctx, q.comune, b.ids); err != nil {
		return page{}, err
	}
	d := q.tx.Dialect()
	text := `SELECT anpr_id, home FROM {enrolments} WHERE comune = $1 AND home <> comune AND ` + d.Among("anpr_id", "$2")
	guests, err := collect(sqldb.All(ctx, q.tx, scanGuest, text, q.comune, d.List(b.ids)))
	if err != nil {
		return page{}, err
	}
	more, err := q.atHomes(ctx, guests)
	p.electors = append(p.electors, more...)
	slices.SortFunc(p.electors, byID)
	return p, err
}

func byID(a, b electoral.Elector) int { return cmp.Compare(a.ANPRID, b.ANPRID) }

// at returns, of some electors of one home, those whom the conditions select.
func (q search) at(ctx context.Context, home string, ids []string) ([]electoral.Elector, error) {
	d := q.tx.Dialect()
	f := q.where.and(`comune = `+q.where.place(0)+` AND `+d.Among("anpr_id", q.where.place(1)), home, d.List(ids))
	return rollOf(ctx, q.tx, `SELECT `+electors.list+` FROM {electors} WHERE `+f.text, f.args...)
}

// rollOf reads the electors of one query.
func rollOf(ctx context.Context, q sqldb.Querier, text string, args ...any) ([]electoral.Elector, error) {
	s := newElectorScan()
	return collect(sqldb.All(ctx, q, func(r sqldb.Rows) (electoral.Elector, error) {
		err := s.read(r)
		return s.elector.Elector, err
	}, text, args...))
}

// scan returns the next electors of the comune itself.
func (q search) scan(ctx context.Context, after string, n size) (page, error) {
	f := q.where.filtered(q.tx.Dialect())
	f = f.and(`comune = `+f.place(0)+` AND anpr_id > `+f.place(1), q.comune, after)
	text := `SELECT ` + electors.list + ` FROM {electors} WHERE ` + f.text + ` ORDER BY anpr_id` + n.limit()
	list, err := rollOf(ctx, q.tx, text, f.args...)
	if len(list) < int(n) || err != nil {
		return page{electors: list}, err
	}
	return page{list, list[len(list)-1].ANPRID, true}, nil
}

// guest is an elector of another comune who is in a list of this one.
type guest struct{ id, home string }

func scanGuest(r sqldb.Rows) (g guest, err error) { return g, r.Scan(&g.id, &g.home) }

// guests returns the next electors of other comuni.
func (q search) guests(ctx context.Context, after string, n size) (page, error) {
	text := `SELECT anpr_id, home FROM {enrolments}
		WHERE comune = $1 AND home <> comune AND anpr_id > $2 ORDER BY anpr_id` + n.limit()
	list, err := collect(sqldb.All(ctx, q.tx, scanGuest, text, q.comune, after))
	if err != nil {
		return page{}, err
	}
	var p page
	if len(list) == int(n) {
		p.last, p.more = list[len(list)-1].id, true
	}
	p.electors, err = q.atHomes(ctx, list)
	slices.SortFunc(p.electors, byID)
	return p, err
}

// atHomes returns those guests whom the conditions select. One may be listed
// several times.
func (q search) atHomes(ctx context.Context, list []guest) ([]electoral.Elector, error) {
	byHome := map[string][]string{}
	for _, g := range list {
		byHome[g.home] = append(byHome[g.home], g.id)
	}
	var out []electoral.Elector
	for home, ids := range byHome {
		slices.Sort(ids)
		part, err := q.at(ctx, home, slices.Compact(ids))
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
	}
	return out, nil
}

func scanText(r sqldb.Rows) (s string, err error) { return s, r.Scan(&s) }

// batchOf makes a batch of a query's rows, which are in order; an id may stand
// in several.
func batchOf(n size, rows iter.Seq2[string, error]) (batch, error) {
	ids, err := collect(rows)
	if err != nil || len(ids) == 0 {
		return batch{}, err
	}
	b := batch{last: ids[len(ids)-1], more: len(ids) == int(n)}
	b.ids = slices.Compact(ids)
	return b, nil
}

// cut returns the next batch of ids that are in memory.
func cut(ids []string, after string, n size) batch {
	i, found := slices.BinarySearch(ids, after)
	if found {
		i++
	}
	ids = ids[i:]
	if len(ids) <= int(n) {
		return batch{ids: ids}
	}
	return batch{ids[:n], ids[n-1], true}
}

// inSection returns the electors who come next in a section of a list.
func (q search) inSection(ctx context.Context, l electoral.List, section, after string, n size) (batch, error) {
	text := `SELECT anpr_id FROM {enrolments}
		WHERE comune = $1 AND list = $2 AND section = $3 AND anpr_id > $4 ORDER BY anpr_id` + n.limit()
	return batchOf(n, sqldb.All(ctx, q.tx, scanText, text, q.comune, string(l), section, after))
}

// noted returns the electors who come next in the journal.
func (q search) noted(ctx context.Context, f filter, after string, n size) (batch, error) {
	f = f.and(`comune = `+f.place(0)+` AND anpr_id > `+f.place(1), q.comune, after)
	return batchOf(n, sqldb.All(ctx, q.tx, scanText,
		`SELECT anpr_id FROM {journal} WHERE `+f.text+` ORDER BY anpr_id`+n.limit(), f.args...))
}

// touched returns the ids for which the journal has an entry.
func (q search) touched(ctx context.Context, f filter, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	d := q.tx.Dialect()
	f = f.and(`comune = `+f.place(0)+` AND `+d.Among("anpr_id", f.place(1)), q.comune, d.List(ids))
	found, err := collect(sqldb.All(ctx, q.tx, scanText, `SELECT anpr_id FROM {journal} WHERE `+f.text, f.args...))
	slices.Sort(found)
	return slices.Compact(found), err
}

// few returns, in order, the ids that the journal names after an id, or nil if
// it has too many entries that the search selects.
func (q search) few(ctx context.Context, s registry.JournalSearch, after string) ([]string, error) {
	index, order := byNumber, "seq, anpr_id, operation"
	if s.Since == 0 && !(s.From.IsZero() && s.To.IsZero()) {
		index, order = byTime, "at"
	}
	f := entries(q.tx.Dialect(), s, index)
	f = f.and(`comune = `+f.place(0)+` AND anpr_id > `+f.place(1), q.comune, after)
	text := fmt.Sprintf(`SELECT anpr_id FROM {journal} WHERE %s ORDER BY %s LIMIT %d`, f.text, order, fewTouched+1)
	ids, err := collect(sqldb.All(ctx, q.tx, scanText, text, f.args...))
	if err != nil || len(ids) > fewTouched {
		return nil, err
	}
	slices.Sort(ids)
	return append([]string{}, slices.Compact(ids)...), nil
}

// Counts implements [registry.BookReader].
func (t *transaction) Counts(ctx context.Context, comune string) ([]registry.ListCount, error) {
	if !storable(comune) {
		return nil, nil
	}
	if err := t.lock(ctx, comune); err != nil {
		return nil, err
	}
	const text = `SELECT list, section, count(*) FROM {enrolments} WHERE comune = $1
		GROUP BY list, section ORDER BY list, section`
	list, err := collect(sqldb.All(ctx, t.tx, scanCount, text, comune))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: counts of %q: %w", comune, err)
	}
	return list, nil
}

func scanCount(r sqldb.Rows) (registry.ListCount, error) {
	var list, section string
	var n int64
	err := r.Scan(&list, &section, &n)
	return registry.ListCount{List: electoral.List(list), Section: section, Count: int(n)}, err
}
