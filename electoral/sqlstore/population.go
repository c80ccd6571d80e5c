package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

// A Population keeps persons. It implements [electoral.Population],
// [electoral.BulkPopulation], [electoral.IdentityPopulation] and
// [electoral.ResidentPopulation]. It may be read within a view or an update of a [Store]
// and does not wait for their end.
type Population struct {
	db    *sqldb.DB
	loads *loads
}

var (
	personsTable = newTable("persons", 2, "comune", "anpr_id", "fiscal_code", "surname", "name", "sex", "birth",
		"citizenships", "residence", "abroad", "death", "born_first", "born_last")
	// personList are the columns that make a person.
	personList   = strings.Join(personsTable.columns[:11], ", ")
	personRoutes = newTable("person_routes", 1, "anpr_id", "comune")
	personCodes  = newTable("person_codes", 1, "fiscal_code", "anpr_id")
)

func (p *Population) lookup(ctx context.Context, fn func(sqldb.Querier) error) error {
	if p.db == nil {
		return errNotOpen
	}
	return p.db.Lookup(ctx, fn)
}

// ByANPRID implements [electoral.Population].
func (p *Population) ByANPRID(ctx context.Context, anprID string) (electoral.Person, error) {
	found, err := p.ByANPRIDs(ctx, []string{anprID})
	if err != nil {
		return electoral.Person{}, fmt.Errorf("sqlstore: person by ANPR id: %w", err) // servers log it: no id
	}
	person, ok := found[anprID]
	if !ok {
		return electoral.Person{}, fmt.Errorf("sqlstore: person by ANPR id: %w", electoral.ErrNotFound)
	}
	return person, nil
}

// ByANPRIDs returns the persons with some ANPR ids; those who are not there are
// not in the map. Some thousands in a call are as fast as more.
func (p *Population) ByANPRIDs(ctx context.Context, anprIDs []string) (map[string]electoral.Person, error) {
	var found map[string]electoral.Person
	err := p.lookup(ctx, func(q sqldb.Querier) error {
		found = make(map[string]electoral.Person, len(anprIDs))
		wanted := anprIDs
		if q.Dialect() != sqldb.Citus { // which does not have the tables in one place
			var err error
			if wanted, err = personsByRoute(ctx, q, anprIDs, found); err != nil {
				return err
			}
		}
		// A person who moves between the two queries is not where his route led
		// and is looked up again.
		for tries := 0; len(wanted) > 0; tries++ {
			if err := rest(ctx, max(0, tries-1)); err != nil {
				return err
			}
			homes, err := routes(ctx, q, personRoutes, wanted)
			if err != nil {
				return err
			}
			if err := personsAt(ctx, q, homes, found); err != nil {
				return err
			}
			wanted = wanted[:0:0]
			for id := range homes {
				if _, ok := found[id]; !ok {
					wanted = append(wanted, id)
				}
			}
			if tries == rereads && len(wanted) > 0 {
				return fmt.Errorf("sqlstore: %d persons are not where their routes lead: %w", len(wanted), errDamaged)
			}
		}
		return nil
	})
	return found, err
}

// homeSample is how many persons are asked where most of a list are.
const homeSample = 5

// personsByRoute reads persons where their routes lead, and returns the ids of those
// whom it has not found. Most of a long list are mostly in one comune, that of a list of
// electors: it looks there first, without a route for each. A person is in one comune
// alone, so who is found anywhere is found.
func personsByRoute(
	ctx context.Context, q sqldb.Querier, anprIDs []string, into map[string]electoral.Person,
) ([]string, error) {
	d := q.Dialect()
	read := func(text string, args ...any) error {
		for person, err := range sqldb.All(ctx, q, newPersonScan().next, text, args...) {
			if err != nil {
				return fmt.Errorf("sqlstore: %w", err)
			}
			into[person.ANPRID] = person
		}
		return nil
	}
	unfit := func(id string) bool { _, found := into[id]; return found || !storable(id) }
	ids := slices.DeleteFunc(slices.Clone(anprIDs), unfit)
	if len(ids) > 4*homeSample {
		sample := make([]string, homeSample)
		for i := range sample {
			sample[i] = ids[i*(len(ids)-1)/(homeSample-1)]
		}
		most := "(SELECT comune FROM {person_routes} WHERE " + d.In("anpr_id", "$2") +
			" GROUP BY comune ORDER BY count(*) DESC, comune LIMIT 1)"
		if err := read(d.ByKeys(personList, "{persons}", "comune = "+most, "anpr_id", "$1"), d.List(ids),
			d.List(sample)); err != nil {
			return nil, err
		}
		ids = slices.DeleteFunc(ids, unfit)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if err := read(`SELECT p.`+strings.Join(personsTable.columns[:11], ", p.")+` FROM {person_routes} r
		JOIN {persons} p ON p.comune = r.comune AND p.anpr_id = r.anpr_id WHERE `+d.Among("r.anpr_id", "$1"),
		d.List(ids)); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(ids, unfit), nil
}

// personsAt reads persons whose comuni are known.
func personsAt(ctx context.Context, q sqldb.Querier, homes map[string]string, into map[string]electoral.Person) error {
	byHome := map[string][]string{}
	for id, home := range homes {
		byHome[home] = append(byHome[home], id)
	}
	d := q.Dialect()
	text := d.ByKeys(personList, "{persons}", "comune = $1", "anpr_id", "$2")
	for home, ids := range byHome {
		for person, err := range sqldb.All(ctx, q, newPersonScan().next, text, home, d.List(ids)) {
			if err != nil {
				return err
			}
			into[person.ANPRID] = person
		}
	}
	return nil
}

// ByFiscalCode implements [electoral.Population].
func (p *Population) ByFiscalCode(ctx context.Context, code electoral.FiscalCode) (electoral.Person, error) {
	var id string
	err := electoral.ErrNotFound
	if code != "" && storable(string(code)) {
		err = p.lookup(ctx, func(q sqldb.Querier) error {
			return one(ctx, q, []any{&id}, `SELECT anpr_id FROM {person_codes} WHERE fiscal_code = $1`, string(code))
		})
	}
	if err != nil {
		// The code is personal data: it stays out of the error.
		return electoral.Person{}, fmt.Errorf("sqlstore: person by fiscal code: %w", err)
	}
	person, err := p.ByANPRID(ctx, id)
	if err == nil && person.FiscalCode != code {
		// He has got another code since the first query.
		return electoral.Person{}, fmt.Errorf("sqlstore: person by fiscal code: %w", electoral.ErrNotFound)
	}
	return person, err
}

// IDsOfCodes implements [electoral.IdentityPopulation]: no two persons of it have
// the same code.
func (p *Population) IDsOfCodes(ctx context.Context,
	codes []electoral.FiscalCode) (map[electoral.FiscalCode][]string, error) {
	keys := make([]string, len(codes))
	for i, code := range codes {
		keys[i] = string(code)
	}
	out := make(map[electoral.FiscalCode][]string, len(codes))
	err := p.lookup(ctx, func(q sqldb.Querier) error {
		clear(out)
		found, err := routes(ctx, q, personCodes, keys)
		for code, id := range found {
			out[electoral.FiscalCode(code)] = []string{id}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// A personScan reads the persons of one query's rows: see [electorScan].
type personScan struct {
	person                                        electoral.Person
	comune, code, sex, birth, citizenships, death string
	residence, abroad                             pgtype.Text
	dest                                          []any
}

func newPersonScan() *personScan {
	s := new(personScan)
	s.dest = []any{&s.comune, &s.person.ANPRID, &s.code, &s.person.Surname, &s.person.Name, &s.sex, &s.birth,
		&s.citizenships, &s.residence, &s.abroad, &s.death}
	return s
}

func (s *personScan) next(row sqldb.Rows) (electoral.Person, error) {
	p := &s.person
	*p = electoral.Person{}
	if err := row.Scan(s.dest...); err != nil {
		return electoral.Person{}, err
	}
	p.FiscalCode, p.Sex = electoral.FiscalCode(s.code), electoral.Sex(s.sex)
	err := p.Death.UnmarshalText([]byte(s.death))
	if !usualBirth(s.birth, &p.Birth) {
		p.Birth = electoral.Birth{}
		err = errors.Join(err, json.Unmarshal([]byte(s.birth), &p.Birth))
	}
	if s.citizenships == italianAlone {
		p.Citizenships = []electoral.Citizenship{{State: electoral.ItalianState}}
	} else {
		err = errors.Join(err, json.Unmarshal([]byte(s.citizenships), &p.Citizenships))
	}
	if s.residence.Valid {
		r := new(electoral.Residence)
		if usualResidence(s.residence.String, r) {
			p.Residence = r
		} else {
			err = errors.Join(err, json.Unmarshal([]byte(s.residence.String), &p.Residence))
		}
	}
	if s.abroad.Valid {
		err = errors.Join(err, json.Unmarshal([]byte(s.abroad.String), &p.Abroad))
	}
	if err != nil {
		return electoral.Person{}, fmt.Errorf("sqlstore: person %s: %w", p.ANPRID, err)
	}
	return *p, nil
}

// italianAlone is what jsonText makes of the usual citizenships.
const italianAlone = `[{"state":"` + electoral.ItalianState + `"}]`

// usualBirth and usualResidence read what jsonText makes of the usual birth and
// residence, as encoding/json would in ten times the time; they return false
// for anything else.
func usualBirth(text string, b *electoral.Birth) bool {
	p := plainJSON(text)
	ok := p.skip(`{"date":"`) && p.date(&b.Date)
	if ok && p.skip(`,"place":"`) {
		ok = p.text(&b.Place)
	}
	if ok && p.skip(`,"deed":{"number":"`) {
		b.Deed = new(electoral.BirthDeed)
		ok = p.text(&b.Deed.Number)
		if ok && p.skip(`,"part":"`) {
			ok = p.text(&b.Deed.Part)
		}
		if ok && p.skip(`,"series":"`) {
			ok = p.text(&b.Deed.Series)
		}
		ok = ok && p.skip("}")
	}
	return ok && p == "}"
}

func usualResidence(text string, r *electoral.Residence) bool {
	p := plainJSON(text)
	ok := p.skip(`{"comune":"`) && p.text(&r.Comune)
	if ok && p.skip(`,"since":"`) {
		ok = p.date(&r.Since)
	}
	if ok && p.skip(`,"abode":"`) {
		ok = p.text(&r.Abode)
	}
	return ok && p == "}"
}

// plainJSON is what is left to read of a JSON text without escapes.
type plainJSON string

func (p *plainJSON) skip(what string) bool {
	rest, ok := strings.CutPrefix(string(*p), what)
	*p = plainJSON(rest)
	return ok
}

// text reads to the closing quotation mark.
func (p *plainJSON) text(to *string) bool {
	s, rest, ok := strings.Cut(string(*p), `"`)
	*to, *p = s, plainJSON(rest)
	return ok && strings.IndexByte(s, '\\') < 0
}

func (p *plainJSON) date(to *electoral.Date) bool {
	var s string
	if !p.text(&s) {
		return false
	}
	if s == "" {
		return true
	}
	d, err := refdata.ParseDate(s)
	*to = d
	return err == nil
}

// Put writes persons, each in place of the one with the same ANPR id: all of
// them, or none if persons yields an error or one has the fiscal code of
// another. It returns their number; what it wrote is durable when it returns.
// persons is read once. On PostgreSQL several may write at once: a call that
// another one prevents fails with [ErrConflict] and may be repeated.
func (p *Population) Put(ctx context.Context, persons iter.Seq2[electoral.Person, error]) (int, error) {
	if err := callable(p.db, persons == nil); err != nil {
		return 0, err
	}
	n := 0
	err := p.db.Snapshot(ctx, func(tx sqldb.Tx) error {
		if err := gated(ctx, tx); err != nil {
			return err
		}
		c := newPersonChunk(tx)
		for person, err := range persons {
			if err == nil {
				err = c.add(ctx, person)
			}
			if err != nil {
				return err
			}
			n++
		}
		return c.flush(ctx)
	})
	if err != nil {
		return 0, err
	}
	p.loads.added(ctx, n)
	return n, nil
}

// gated keeps a purge from moving rows that this transaction, which sees one state, is
// going to replace: it would fail. The lock fixes no state yet.
func gated(ctx context.Context, tx sqldb.Tx) error {
	if tx.Dialect() == sqldb.SQLite {
		return nil
	}
	return tx.Exec(ctx, sqldb.Statement{Text: `LOCK TABLE {` + purgeGate + `} IN ROW EXCLUSIVE MODE`})
}

// personChunk gathers persons to write them together.
type personChunk struct {
	tx     sqldb.Tx
	rows   [][]any
	routes [][]any
	codes  [][]any
	ids    map[string]bool
	byCode map[string]string
}

func newPersonChunk(tx sqldb.Tx) *personChunk {
	return &personChunk{tx: tx, ids: map[string]bool{}, byCode: map[string]string{}}
}

// chunkSize is how many persons are written together.
const chunkSize = 1000

func (c *personChunk) add(ctx context.Context, p electoral.Person) error {
	if !electoral.ValidANPRID(p.ANPRID) {
		return fmt.Errorf("sqlstore: person with ANPR id %q: %w: expected 1 to 16 digits", p.ANPRID,
			registry.ErrImpossible)
	}
	if err := registry.Storable(&p); err != nil {
		return fmt.Errorf("sqlstore: person %s: %w", p.ANPRID, err)
	}
	code := string(p.FiscalCode)
	if _, twice := c.byCode[code]; twice || c.ids[p.ANPRID] || len(c.rows) == chunkSize {
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
	comune := p.Registered()
	first, last := bornColumns(p.Birth.Date)
	birth, err1 := jsonText(p.Birth)
	citizenships, err2 := jsonText(p.Citizenships)
	residence, err3 := optionalJSON(p.Residence)
	abroad, err4 := optionalJSON(p.Abroad)
	row := []any{comune, p.ANPRID, code, p.Surname, p.Name, string(p.Sex), birth, citizenships, residence, abroad,
		p.Death.String(), first, last}
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return fmt.Errorf("sqlstore: person %s: %w", p.ANPRID, err)
	}
	c.rows = append(c.rows, row)
	c.routes = append(c.routes, []any{p.ANPRID, comune})
	c.ids[p.ANPRID] = true
	if code != "" {
		c.codes = append(c.codes, []any{code, p.ANPRID})
		c.byCode[code] = p.ANPRID
	}
	return nil
}

// flush writes what was gathered in place of what is there.
func (c *personChunk) flush(ctx context.Context) error {
	if err := c.clear(ctx); err != nil {
		return err
	}
	codes := make([]string, 0, len(c.byCode))
	for code := range c.byCode {
		codes = append(codes, code)
	}
	taken, err := routes(ctx, c.tx, personCodes, codes)
	if err != nil {
		return err
	}
	for code, other := range taken {
		return fmt.Errorf("sqlstore: person %s has the fiscal code of person %s", c.byCode[code], other)
	}
	for _, part := range []struct {
		table
		rows [][]any
	}{{personsTable, c.rows}, {personRoutes, c.routes}, {personCodes, c.codes}} {
		if err := c.tx.Copy(ctx, part.name, part.columns, len(part.rows),
			func(i int) ([]any, error) { return part.rows[i], nil }); err != nil {
			return err
		}
	}
	*c = *newPersonChunk(c.tx)
	return nil
}

// clear deletes what is known of the persons gathered.
func (c *personChunk) clear(ctx context.Context) error {
	ids := make([]string, 0, len(c.ids))
	for id := range c.ids {
		ids = append(ids, id)
	}
	homes, err := routes(ctx, c.tx, personRoutes, ids)
	if err != nil || len(homes) == 0 {
		return err
	}
	old := make(map[string]electoral.Person, len(homes))
	if err := personsAt(ctx, c.tx, homes, old); err != nil {
		return err
	}
	var list []sqldb.Statement
	for id, home := range homes {
		list = append(list, personsTable.remove(home, id), personRoutes.remove(id))
		if code := old[id].FiscalCode; code != "" {
			list = append(list, personCodes.remove(string(code)))
		}
	}
	return c.tx.Exec(ctx, list...)
}
