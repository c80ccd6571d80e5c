package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"regexp"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var columnName = regexp.MustCompile(`[a-z_]+`)

// qualified puts a table's alias before each column.
func qualified(alias, columns string) string {
	return columnName.ReplaceAllString(columns, alias+".$0")
}

// A Population keeps persons. It implements [electoral.Population].
type Population struct{ db *sqldb.DB }

const personColumns = `comune, anpr_id, fiscal_code, surname, name, sex, birth, citizenships, residence, abroad, death`

// ByANPRID implements [electoral.Population].
func (p *Population) ByANPRID(ctx context.Context, anprID string) (electoral.Person, error) {
	person, err := scanPerson(p.db.Read.QueryRowContext(ctx, `SELECT `+qualified("p", personColumns)+` FROM person_routes AS r
		JOIN persons AS p ON p.comune = r.comune AND p.anpr_id = r.anpr_id WHERE r.anpr_id = ?`, anprID))
	if errors.Is(err, sql.ErrNoRows) {
		err = electoral.ErrNotFound
	}
	if err != nil {
		return electoral.Person{}, fmt.Errorf("sqlstore: person %s: %w", anprID, err)
	}
	return person, nil
}

// ByFiscalCode implements [electoral.Population].
func (p *Population) ByFiscalCode(ctx context.Context, code electoral.FiscalCode) (electoral.Person, error) {
	var id string
	err := p.db.Read.QueryRowContext(ctx, `SELECT anpr_id FROM person_codes WHERE fiscal_code = ?`, string(code)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = electoral.ErrNotFound
	}
	if err != nil {
		// The code is personal data: it stays out of the error.
		return electoral.Person{}, fmt.Errorf("sqlstore: person by fiscal code: %w", err)
	}
	return p.ByANPRID(ctx, id)
}

func scanPerson(row scanner) (electoral.Person, error) {
	var p electoral.Person
	var comune, birth, citizenships, death string
	var residence, abroad sql.NullString
	if err := row.Scan(&comune, &p.ANPRID, &p.FiscalCode, &p.Surname, &p.Name, &p.Sex, &birth, &citizenships, &residence, &abroad, &death); err != nil {
		return electoral.Person{}, err
	}
	err := errors.Join(json.Unmarshal([]byte(birth), &p.Birth), json.Unmarshal([]byte(citizenships), &p.Citizenships), p.Death.UnmarshalText([]byte(death)))
	if residence.Valid {
		err = errors.Join(err, json.Unmarshal([]byte(residence.String), &p.Residence))
	}
	if abroad.Valid {
		err = errors.Join(err, json.Unmarshal([]byte(abroad.String), &p.Abroad))
	}
	return p, err
}

// Put writes persons, each in place of the one with his ANPR id: all of them,
// or none if persons yields an error or one has the fiscal code of another. It
// returns how many. What it wrote is durable when it returns.
func (p *Population) Put(ctx context.Context, persons iter.Seq2[electoral.Person, error]) (int, error) {
	tx, err := p.db.Write.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("sqlstore: %w", err)
	}
	defer tx.Rollback()
	t := &transaction{tx: tx}
	n := 0
	for person, err := range persons {
		if err == nil {
			err = t.putPerson(ctx, person)
		}
		if err != nil {
			return 0, err
		}
		n++
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("sqlstore: %w", err)
	}
	return n, nil
}

func (t *transaction) putPerson(ctx context.Context, p electoral.Person) error {
	if !electoral.ValidANPRID(p.ANPRID) {
		return fmt.Errorf("sqlstore: person with ANPR id %q: expected 1 to 16 digits", p.ANPRID)
	}
	var old, oldCode string
	err := t.one(ctx, `SELECT r.comune, p.fiscal_code FROM person_routes AS r
		JOIN persons AS p ON p.comune = r.comune AND p.anpr_id = r.anpr_id WHERE r.anpr_id = ?`, []any{p.ANPRID}, &old, &oldCode)
	switch {
	case err == nil:
		if err := errors.Join(
			t.exec(ctx, `DELETE FROM persons WHERE comune = ? AND anpr_id = ?`, old, p.ANPRID),
			t.exec(ctx, `DELETE FROM person_routes WHERE anpr_id = ?`, p.ANPRID),
			t.exec(ctx, `DELETE FROM person_codes WHERE fiscal_code = ? AND anpr_id = ?`, oldCode, p.ANPRID),
		); err != nil {
			return err
		}
	case !errors.Is(err, electoral.ErrNotFound):
		return err
	}
	comune := ""
	if p.Residence != nil {
		comune = p.Residence.Comune
	} else if p.Abroad != nil {
		comune = p.Abroad.Comune
	}
	birth, err1 := json.Marshal(p.Birth)
	citizenships, err2 := json.Marshal(p.Citizenships)
	residence, err3 := optionalJSON(p.Residence)
	abroad, err4 := optionalJSON(p.Abroad)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return fmt.Errorf("sqlstore: %w", err)
	}
	if err := t.exec(ctx, `INSERT INTO persons (`+personColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		comune, p.ANPRID, string(p.FiscalCode), p.Surname, p.Name, string(p.Sex), string(birth), string(citizenships), residence, abroad, p.Death.String()); err != nil {
		return err
	}
	if err := t.exec(ctx, `INSERT INTO person_routes (anpr_id, comune) VALUES (?, ?)`, p.ANPRID, comune); err != nil {
		return err
	}
	if p.FiscalCode == "" {
		return nil
	}
	var other string
	switch err := t.one(ctx, `SELECT anpr_id FROM person_codes WHERE fiscal_code = ?`, []any{string(p.FiscalCode)}, &other); {
	case err == nil:
		return fmt.Errorf("sqlstore: person %s has the fiscal code of person %s", p.ANPRID, other)
	case !errors.Is(err, electoral.ErrNotFound):
		return err
	}
	return t.exec(ctx, `INSERT INTO person_codes (fiscal_code, anpr_id) VALUES (?, ?)`, string(p.FiscalCode), p.ANPRID)
}

func optionalJSON[T any](v *T) (any, error) {
	if v == nil {
		return nil, nil
	}
	data, err := json.Marshal(v)
	return string(data), err
}
