package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

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

// ScanInt64 lets pgx read the column without the detour by database/sql's values.
func (c answerColumn) ScanInt64(v pgtype.Int8) error {
	if !v.Valid {
		return c.Scan(nil)
	}
	return c.Scan(v.Int64)
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

// placeColumns reads an enrolment from its two columns.
type placeColumns struct{ comune, section pgtype.Text }

func (p *placeColumns) enrolment() *electoral.Enrolment {
	if !p.comune.Valid {
		return nil
	}
	return &electoral.Enrolment{Comune: p.comune.String, Section: p.section.String}
}

// An electorScan reads the electors of one query's rows. It is there once for all of
// them, and its columns are of types that both drivers fill without values between: a
// list has many rows.
type electorScan struct {
	elector                                              storedElector
	general, bolzano, trento, aosta, comunal, parliament placeColumns
	certifiability                                       pgtype.Int8
	codes, removals, votes, loss                         pgtype.Text
	dest                                                 []any
}

// newElectorScan is for rows that have the columns of an elector after some others.
func newElectorScan(others ...any) *electorScan {
	s := new(electorScan)
	e := &s.elector
	st := &e.Status
	s.dest = append(others, &e.home, &e.ANPRID, answerColumn{&e.Capacity}, &s.general.comune, &s.general.section,
		answerColumn{&e.Added.Bolzano.Enrolled}, &s.bolzano.comune, &s.bolzano.section,
		answerColumn{&e.Added.Trento.Enrolled}, &s.trento.comune, &s.trento.section,
		answerColumn{&e.Added.AostaValley.Enrolled}, &s.aosta.comune, &s.aosta.section,
		answerColumn{&e.EU.Comunal.Enrolled}, &s.comunal.comune, &s.comunal.section,
		answerColumn{&e.EU.Parliament.Enrolled}, &s.parliament.comune, &s.parliament.section,
		answerColumn{&st.NationalReferendums}, answerColumn{&st.EuropeanParliament},
		answerColumn{&st.Senate}, &st.SenateConstituency, answerColumn{&st.Chamber}, &st.ChamberConstituency,
		answerColumn{&st.Regional}, answerColumn{&st.Comunal}, answerColumn{&st.District},
		&s.certifiability, &s.codes, &s.removals, &s.votes, &s.loss)
	return s
}

// read reads a row into elector, which is whole until the next.
func (s *electorScan) read(row sqldb.Rows) error {
	e := &s.elector
	*e = storedElector{}
	if err := row.Scan(s.dest...); err != nil {
		return err
	}
	e.General = s.general.enrolment()
	e.Added.Bolzano.Enrolment = s.bolzano.enrolment()
	e.Added.Trento.Enrolment = s.trento.enrolment()
	e.Added.AostaValley.Enrolment = s.aosta.enrolment()
	e.EU.Comunal.Enrolment = s.comunal.enrolment()
	e.EU.Parliament.Enrolment = s.parliament.enrolment()
	if s.certifiability.Valid {
		c := electoral.Certifiability(s.certifiability.Int64)
		e.Certifiability = &c
	}
	if s.removals.Valid || s.votes.Valid || s.loss.Valid {
		if err := errors.Join(readJSON(s.removals, &e.Removals), readJSON(s.votes, &e.KeptVotes),
			readJSON(s.loss, &e.Loss)); err != nil {
			return fmt.Errorf("how elector %s left the lists: %w", e.ANPRID, err)
		}
	}
	return nil
}

// next is read for [sqldb.All].
func (s *electorScan) next(row sqldb.Rows) (storedElector, error) {
	err := s.read(row)
	return s.elector, err
}

func readJSON[T any](column pgtype.Text, to *T) error {
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
	for e, err := range sqldb.All(ctx, q, newElectorScan().next, text, home, anprID) {
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
