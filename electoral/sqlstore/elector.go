package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var (
	electors = newTable("electors", 2, "comune", "anpr_id", "capacity", "general_comune", "general_section",
		"bolzano", "bolzano_comune", "bolzano_section", "trento", "trento_comune", "trento_section",
		"aosta_valley", "aosta_valley_comune", "aosta_valley_section",
		"eu_comunal", "eu_comunal_comune", "eu_comunal_section", "eu_parliament", "eu_parliament_comune",
		"eu_parliament_section",
		"national_referendums", "european_parliament", "senate", "senate_constituency", "chamber",
		"chamber_constituency",
		"regional", "comunal", "district", "certifiability", "removal_codes", "removals", "kept_votes", "loss")
	enrolments    = newTable("enrolments", 4, "comune", "list", "section", "anpr_id", "home")
	electorRoutes = newTable("elector_routes", 1, "anpr_id", "comune")
)

// answerColumn reads an answer: 1, 0 or NULL.
type answerColumn struct{ a *electoral.Answer }

func (c answerColumn) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*c.a = electoral.NotGiven
		return nil
	case int64:
		if v == 0 || v == 1 {
			*c.a = electoral.AnswerOf(v == 1)
			return nil
		}
	}
	return fmt.Errorf("answer column holds %v: expected 1, 0 or NULL", src)
}

func answerValue(a electoral.Answer) any {
	switch a {
	case electoral.Yes:
		return int64(1)
	case electoral.No:
		return int64(0)
	}
	return nil
}

// placeColumns reads an enrolment from its two columns.
type placeColumns struct{ comune, section sql.NullString }

func (p placeColumns) enrolment() *electoral.Enrolment {
	if !p.comune.Valid {
		return nil
	}
	return &electoral.Enrolment{Comune: p.comune.String, Section: p.section.String}
}

type storedElector struct {
	home string
	electoral.Elector
}

// lastElector is the last elector that an update has read or written: most
// updates read one and write him back.
type lastElector struct {
	id    string
	valid bool
	found bool
	storedElector
}

func scanElector(row sqldb.Rows) (storedElector, error) {
	var e storedElector
	var general, bolzano, trento, aosta, comunal, parliament placeColumns
	var certifiability sql.NullInt64
	var codes, removals, votes, loss sql.NullString
	s := &e.Status
	err := row.Scan(&e.home, &e.ANPRID, answerColumn{&e.Capacity}, &general.comune, &general.section,
		answerColumn{&e.Added.Bolzano.Enrolled}, &bolzano.comune, &bolzano.section,
		answerColumn{&e.Added.Trento.Enrolled}, &trento.comune, &trento.section,
		answerColumn{&e.Added.AostaValley.Enrolled}, &aosta.comune, &aosta.section,
		answerColumn{&e.EU.Comunal.Enrolled}, &comunal.comune, &comunal.section,
		answerColumn{&e.EU.Parliament.Enrolled}, &parliament.comune, &parliament.section,
		answerColumn{&s.NationalReferendums}, answerColumn{&s.EuropeanParliament},
		answerColumn{&s.Senate}, &s.SenateConstituency, answerColumn{&s.Chamber}, &s.ChamberConstituency,
		answerColumn{&s.Regional}, answerColumn{&s.Comunal}, answerColumn{&s.District},
		&certifiability, &codes, &removals, &votes, &loss)
	if err != nil {
		return storedElector{}, err
	}
	e.General = general.enrolment()
	e.Added.Bolzano.Enrolment = bolzano.enrolment()
	e.Added.Trento.Enrolment = trento.enrolment()
	e.Added.AostaValley.Enrolment = aosta.enrolment()
	e.EU.Comunal.Enrolment = comunal.enrolment()
	e.EU.Parliament.Enrolment = parliament.enrolment()
	if certifiability.Valid {
		c := electoral.Certifiability(certifiability.Int64)
		e.Certifiability = &c
	}
	if removals.Valid || votes.Valid || loss.Valid {
		if err := errors.Join(readJSON(removals, &e.Removals), readJSON(votes, &e.KeptVotes),
			readJSON(loss, &e.Loss)); err != nil {
			return storedElector{}, fmt.Errorf("how elector %s left the lists: %w", e.ANPRID, err)
		}
	}
	return e, nil
}

func readJSON[T any](column sql.NullString, to *T) error {
	if !column.Valid {
		return nil
	}
	return json.Unmarshal([]byte(column.String), to)
}

// removalCodes writes the codes of an elector's removals, one digit for each list
// of [electoral.Lists] or a blank, as a search compares them; nil if he has none.
func removalCodes(e *electoral.Elector) any {
	if len(e.Removals) == 0 {
		return nil
	}
	var codes strings.Builder
	for _, l := range electoral.Lists() {
		code := " "
		if r, removed := e.RemovalFrom(l); removed {
			code = strconv.Itoa(int(r.Code))
		}
		codes.WriteString(code)
	}
	return codes.String()
}

// electorRow writes an elector into row, which has the length of the table.
func electorRow(row []any, home string, e *electoral.Elector) ([]any, error) {
	row = append(row[:0], home, e.ANPRID, answerValue(e.Capacity))
	place := func(en *electoral.Enrolment) {
		if en == nil {
			row = append(row, nil, nil)
		} else {
			row = append(row, en.Comune, en.Section)
		}
	}
	place(e.General)
	for _, l := range [...]*electoral.AddedList{&e.Added.Bolzano, &e.Added.Trento, &e.Added.AostaValley, &e.EU.Comunal,
		&e.EU.Parliament} {
		row = append(row, answerValue(l.Enrolled))
		place(l.Enrolment)
	}
	s := &e.Status
	row = append(row, answerValue(s.NationalReferendums), answerValue(s.EuropeanParliament),
		answerValue(s.Senate), s.SenateConstituency, answerValue(s.Chamber), s.ChamberConstituency,
		answerValue(s.Regional), answerValue(s.Comunal), answerValue(s.District))
	if e.Certifiability == nil {
		row = append(row, nil)
	} else {
		row = append(row, int64(*e.Certifiability))
	}
	removals, err1 := listJSON(e.Removals)
	votes, err2 := listJSON(e.KeptVotes)
	loss, err3 := optionalJSON(e.Loss)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	row = append(row, removalCodes(e), removals, votes, loss)
	return row, nil
}

// Elector implements [registry.Reader].
func (t *transaction) Elector(ctx context.Context, anprID string) (electoral.Elector, string, error) {
	e, err := t.elector(ctx, anprID)
	if err != nil {
		return electoral.Elector{}, "", fmt.Errorf("sqlstore: elector: %w", err)
	}
	return e.Elector, e.home, nil
}

// elector reads an elector by his route. In an update it leaves his comune
// locked, and keeps what it found.
func (t *transaction) elector(ctx context.Context, anprID string) (e storedElector, err error) {
	if !storable(anprID) {
		return storedElector{}, electoral.ErrNotFound
	}
	err = t.reread(ctx, func(q sqldb.Querier) error {
		e, err = t.electorByRoute(ctx, q, anprID)
		return err
	})
	return e, err
}

func (t *transaction) electorByRoute(ctx context.Context, q sqldb.Querier, anprID string) (storedElector, error) {
	last := ""
	for {
		var home string
		err := one(ctx, q, []any{&home}, `SELECT comune FROM {elector_routes} WHERE anpr_id = $1`, anprID)
		if errors.Is(err, electoral.ErrNotFound) && t.locked != nil {
			t.last = lastElector{id: anprID, valid: true}
		}
		if err == nil {
			err = t.lock(ctx, home)
		}
		if err != nil {
			return storedElector{}, err
		}
		e, err := electorAt(ctx, q, home, anprID)
		if err == nil && t.locked != nil {
			t.last = lastElector{id: anprID, valid: true, found: true, storedElector: storedElector{home, e.Clone()}}
		}
		if !errors.Is(err, electoral.ErrNotFound) {
			return e, err
		}
		// While an update waited for the lock he may have moved. Otherwise the
		// route was written in the same transaction as the row.
		if t.locked == nil || last == home {
			return storedElector{},
				fmt.Errorf("his route leads to comune %s, which does not have him: %w", home, errDamaged)
		}
		last = home
	}
}

func electorAt(ctx context.Context, q sqldb.Querier, home, anprID string) (storedElector, error) {
	text := `SELECT ` + electors.list + ` FROM {electors} WHERE comune = $1 AND anpr_id = $2`
	for e, err := range sqldb.All(ctx, q, scanElector, text, home, anprID) {
		return e, err
	}
	return storedElector{}, electoral.ErrNotFound
}

func collect[T any](rows iter.Seq2[T, error]) ([]T, error) {
	var out []T
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

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
	pages := paged(func(after *listed, n size) ([]listed, error) {
		return t.enrolledPage(ctx, roll{list: l, comune: comune, section: section}, after, n)
	})
	return func(yield func(electoral.Elector, error) bool) {
		for e, err := range pages {
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

func (t *transaction) enrolledPage(ctx context.Context, of roll, after *listed, n size) ([]listed, error) {
	if !storable(of.comune) || !storable(of.section) || !storable(string(of.list)) {
		return nil, nil
	}
	if err := t.lock(ctx, of.comune); err != nil {
		return nil, err
	}
	text := `SELECT section, anpr_id, home FROM {enrolments} WHERE comune = $1 AND list = $2`
	args := []any{of.comune, string(of.list)}
	switch {
	case of.section != "" && after != nil:
		text, args = text+` AND section = $3 AND anpr_id > $4`, append(args, of.section, after.id)
	case of.section != "":
		text, args = text+` AND section = $3`, append(args, of.section)
	case after != nil:
		text, args = text+` AND (section, anpr_id) > ($3, $4)`, append(args, after.section, after.id)
	}
	page, err := collect(sqldb.All(ctx, t.tx, scanListed, text+` ORDER BY section, anpr_id`+n.limit(), args...))
	if err != nil {
		return nil, err
	}
	// An elector's comune is not always that of the list. A join of the two
	// would have to look at every comune.
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
	missing := map[string]bool{}
	for home, byID := range wanted {
		if err := t.fill(ctx, home, byID, missing); err != nil {
			return nil, err
		}
	}
	for p, first := range again {
		p.elector = first.Clone()
	}
	if len(missing) > 0 {
		return page, t.find(ctx, of, page, missing)
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
	for e, err := range sqldb.All(ctx, t.tx, scanElector, text, home, d.List(ids)) {
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

// storableUnder returns an error if electors cannot be kept under a comune.
func storableUnder(home string, list ...electoral.Elector) error {
	err := registry.Storable(home)
	for i := range list {
		if err == nil {
			err = registry.Storable(&list[i])
		}
	}
	if err != nil {
		return fmt.Errorf("sqlstore: elector: %w", err)
	}
	return nil
}

// PutElector implements [registry.Writer].
func (t *transaction) PutElector(ctx context.Context, home string, e electoral.Elector) error {
	if err := storableUnder(home, e); err != nil {
		return err
	}
	row, err := electorRow(make([]any, 0, len(electors.columns)), home, &e)
	if err != nil {
		return err
	}
	if !t.last.valid || t.last.id != e.ANPRID {
		if _, err := t.elector(ctx, e.ANPRID); err != nil && !errors.Is(err, electoral.ErrNotFound) {
			return fmt.Errorf("sqlstore: elector: %w", err)
		}
	}
	old := t.last
	t.last = lastElector{}
	comuni := []string{home}
	for _, en := range e.Places() {
		comuni = append(comuni, en.Comune)
	}
	for _, en := range old.Places() {
		comuni = append(comuni, en.Comune)
	}
	if err := t.lock(ctx, comuni...); err != nil {
		return err
	}
	if err := t.tx.Exec(ctx, replaceElector(old, home, e, row)...); err != nil {
		return err
	}
	t.last = lastElector{id: e.ANPRID, valid: true, found: true, storedElector: storedElector{home, e.Clone()}}
	return nil
}

// RemoveElector implements [registry.RollWriter].
func (t *transaction) RemoveElector(ctx context.Context, anprID string) error {
	if !t.last.valid || t.last.id != anprID {
		_, err := t.elector(ctx, anprID)
		if errors.Is(err, electoral.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sqlstore: elector: %w", err)
		}
	}
	old := t.last
	if !old.found {
		return nil
	}
	t.last = lastElector{}
	var comuni []string
	list := []sqldb.Statement{electors.remove(old.home, anprID), electorRoutes.remove(anprID)}
	for l, en := range old.Places() {
		comuni = append(comuni, en.Comune)
		list = append(list, enrolments.remove(en.Comune, string(l), en.Section, anprID))
	}
	if err := t.lock(ctx, comuni...); err != nil {
		return err
	}
	if err := t.tx.Exec(ctx, list...); err != nil {
		return err
	}
	t.last = lastElector{id: anprID, valid: true}
	return nil
}

// replaceElector returns what turns the old rows of an elector, if he has any,
// into the new ones. A row never changes its comune.
func replaceElector(old lastElector, home string, e electoral.Elector, row []any) []sqldb.Statement {
	var list []sqldb.Statement
	moved := old.found && old.home != home
	stays := func(x *electoral.Elector, l electoral.List, en electoral.Enrolment) bool {
		if !old.found || moved {
			return false
		}
		if l != electoral.StillVotesList {
			at, ok := x.EnrolmentIn(l)
			return ok && at == en
		}
		return slices.ContainsFunc(x.KeptVotes, func(v electoral.KeptVote) bool {
			return v.Comune == en.Comune && v.Section == en.Section
		})
	}
	for l, en := range old.Places() {
		if !stays(&e, l, en) {
			list = append(list, enrolments.remove(en.Comune, string(l), en.Section, e.ANPRID))
		}
	}
	switch {
	case moved:
		list = append(list, electors.remove(old.home, e.ANPRID), electorRoutes.remove(e.ANPRID),
			electors.insert(row...), electorRoutes.insert(e.ANPRID, home))
	case old.found:
		list = append(list, electors.update(row...))
	default:
		list = append(list, electors.insert(row...), electorRoutes.insert(e.ANPRID, home))
	}
	for l, en := range e.Places() {
		if !stays(&old.Elector, l, en) {
			list = append(list, enrolments.insert(en.Comune, string(l), en.Section, e.ANPRID, home))
		}
	}
	return list
}
