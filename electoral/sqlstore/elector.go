package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/liste-elettorali/anpr/electoral"
)

const electorColumns = `comune, anpr_id, capacity, general_comune, general_section,
	bolzano, bolzano_comune, bolzano_section, trento, trento_comune, trento_section,
	aosta_valley, aosta_valley_comune, aosta_valley_section,
	eu_comunal, eu_comunal_comune, eu_comunal_section, eu_parliament, eu_parliament_comune, eu_parliament_section,
	national_referendums, european_parliament, senate, senate_constituency, chamber, chamber_constituency,
	regional, comunal, district, certifiability`

const electorPlaces = `?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?`

// answerColumn reads and writes an answer: 1, 0 or NULL.
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

func placeValues(en *electoral.Enrolment) []any {
	if en == nil {
		return []any{nil, nil}
	}
	return []any{en.Comune, en.Section}
}

type storedElector struct {
	home string
	electoral.Elector
}

func scanElector(row scanner) (storedElector, error) {
	var e storedElector
	var general, bolzano, trento, aosta, comunal, parliament placeColumns
	var certifiability sql.NullInt64
	s := &e.Status
	err := row.Scan(&e.home, &e.ANPRID, answerColumn{&e.Capacity}, &general.comune, &general.section,
		answerColumn{&e.Added.Bolzano.Enrolled}, &bolzano.comune, &bolzano.section,
		answerColumn{&e.Added.Trento.Enrolled}, &trento.comune, &trento.section,
		answerColumn{&e.Added.AostaValley.Enrolled}, &aosta.comune, &aosta.section,
		answerColumn{&e.EU.Comunal.Enrolled}, &comunal.comune, &comunal.section,
		answerColumn{&e.EU.Parliament.Enrolled}, &parliament.comune, &parliament.section,
		answerColumn{&s.NationalReferendums}, answerColumn{&s.EuropeanParliament},
		answerColumn{&s.Senate}, &s.SenateConstituency, answerColumn{&s.Chamber}, &s.ChamberConstituency,
		answerColumn{&s.Regional}, answerColumn{&s.Comunal}, answerColumn{&s.District}, &certifiability)
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
	return e, nil
}

// Elector implements [electoral.Reader].
func (t *transaction) Elector(ctx context.Context, anprID string) (electoral.Elector, string, error) {
	e, err := t.elector(ctx, anprID)
	if err != nil {
		return electoral.Elector{}, "", err
	}
	return e.Elector, e.home, nil
}

func (t *transaction) elector(ctx context.Context, anprID string) (storedElector, error) {
	var home string
	if err := t.one(ctx, `SELECT comune FROM elector_routes WHERE anpr_id = ?`, []any{anprID}, &home); err != nil {
		return storedElector{}, fmt.Errorf("sqlstore: elector %s: %w", anprID, err)
	}
	stmt, err := t.prepare(ctx, `SELECT `+electorColumns+` FROM electors WHERE comune = ? AND anpr_id = ?`)
	if err != nil {
		return storedElector{}, err
	}
	e, err := scanElector(stmt.QueryRowContext(ctx, home, anprID))
	if errors.Is(err, sql.ErrNoRows) {
		// The route is written in the same transaction as the row.
		err = errors.New("the route leads to no elector: the database is damaged")
	}
	if err != nil {
		return storedElector{}, fmt.Errorf("sqlstore: elector %s: %w", anprID, err)
	}
	return e, nil
}

// Enrolled implements [electoral.Reader].
func (t *transaction) Enrolled(ctx context.Context, l electoral.List, comune, section string) iter.Seq2[electoral.Elector, error] {
	text := `SELECT ` + qualified("e", electorColumns) + ` FROM enrolments AS n
		JOIN electors AS e ON e.comune = n.home AND e.anpr_id = n.anpr_id
		WHERE n.comune = ? AND n.list = ?`
	args := []any{comune, string(l)}
	if section != "" {
		text += ` AND n.section = ?`
		args = append(args, section)
	}
	text += ` ORDER BY n.section, n.anpr_id`
	scan := func(row scanner) (electoral.Elector, error) {
		e, err := scanElector(row)
		return e.Elector, err
	}
	return query(ctx, t, scan, text, args...)
}

// PutElector implements [electoral.Writer].
func (t *transaction) PutElector(ctx context.Context, home string, e electoral.Elector) error {
	old, err := t.elector(ctx, e.ANPRID)
	switch {
	case err == nil:
		if err := t.deleteElector(ctx, old); err != nil {
			return err
		}
	case !errors.Is(err, electoral.ErrNotFound):
		return err
	}
	s := e.Status
	args := []any{home, e.ANPRID, answerValue(e.Capacity)}
	args = append(args, placeValues(e.General)...)
	for _, l := range []electoral.AddedList{e.Added.Bolzano, e.Added.Trento, e.Added.AostaValley, e.EU.Comunal, e.EU.Parliament} {
		args = append(args, answerValue(l.Enrolled))
		args = append(args, placeValues(l.Enrolment)...)
	}
	args = append(args, answerValue(s.NationalReferendums), answerValue(s.EuropeanParliament),
		answerValue(s.Senate), s.SenateConstituency, answerValue(s.Chamber), s.ChamberConstituency,
		answerValue(s.Regional), answerValue(s.Comunal), answerValue(s.District))
	if e.Certifiability == nil {
		args = append(args, nil)
	} else {
		args = append(args, int64(*e.Certifiability))
	}
	if err := t.exec(ctx, `INSERT INTO electors (`+electorColumns+`) VALUES (`+electorPlaces+`)`, args...); err != nil {
		return err
	}
	if err := t.exec(ctx, `INSERT INTO elector_routes (anpr_id, comune) VALUES (?, ?)`, e.ANPRID, home); err != nil {
		return err
	}
	for l, en := range e.Enrolments() {
		if err := t.exec(ctx, `INSERT INTO enrolments (comune, list, section, anpr_id, home) VALUES (?, ?, ?, ?, ?)`,
			en.Comune, string(l), en.Section, e.ANPRID, home); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) deleteElector(ctx context.Context, old storedElector) error {
	for l, en := range old.Enrolments() {
		if err := t.exec(ctx, `DELETE FROM enrolments WHERE comune = ? AND list = ? AND section = ? AND anpr_id = ?`,
			en.Comune, string(l), en.Section, old.ANPRID); err != nil {
			return err
		}
	}
	if err := t.exec(ctx, `DELETE FROM electors WHERE comune = ? AND anpr_id = ?`, old.home, old.ANPRID); err != nil {
		return err
	}
	return t.exec(ctx, `DELETE FROM elector_routes WHERE anpr_id = ?`, old.ANPRID)
}
