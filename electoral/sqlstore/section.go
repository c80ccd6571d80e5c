package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/sqldb"
)

var sections = newTable("sections", 2, "comune", "number", "seat_name", "seat", "european_constituency",
	"regional_constituency", "district_constituency", "chamber_college", "senate_college", "translations", "kind")

var putSectionText = func() string {
	var sets []string
	for _, c := range sections.columns[2:] {
		sets = append(sets, c+" = excluded."+c)
	}
	return sections.insertText + " ON CONFLICT (comune, number) DO UPDATE SET " + strings.Join(sets, ", ")
}()

type scanner interface{ Scan(dest ...any) error }

func scanSection(row scanner) (electoral.Section, error) {
	var s electoral.Section
	var seat, chamber, senate, translations, kind string
	if err := row.Scan(&s.Comune, &s.Number, &s.SeatName, &seat, &s.EuropeanConstituency, &s.RegionalConstituency,
		&s.DistrictConstituency, &chamber, &senate, &translations, &kind); err != nil {
		return electoral.Section{}, err
	}
	s.Kind = electoral.SectionKind(kind)
	if err := errors.Join(
		json.Unmarshal([]byte(seat), &s.Seat),
		json.Unmarshal([]byte(translations), &s.Translations),
		parseCollege(chamber, &s.ChamberCollege),
		parseCollege(senate, &s.SenateCollege),
	); err != nil {
		return electoral.Section{}, fmt.Errorf("sqlstore: section %s of %s: %w", s.Number, s.Comune, err)
	}
	return s, nil
}

func parseCollege(text string, c *electoral.College) (err error) {
	if text != "" {
		*c, err = electoral.ParseCollege(text)
	}
	return err
}

// Section implements [registry.Reader].
func (t *transaction) Section(ctx context.Context, comune, number string) (electoral.Section, error) {
	err := electoral.ErrNotFound
	if storable(comune) && storable(number) {
		if err = t.lock(ctx, comune); err == nil {
			if l := t.section; l.found && l.Comune == comune && l.Number == number && ctx.Err() == nil {
				return l.Section.Clone(), nil
			}
			text := `SELECT ` + sections.list + ` FROM {sections} WHERE comune = $1 AND number = $2`
			for s, rowErr := range sqldb.All(ctx, t.tx, sectionOf, text, comune, number) {
				if rowErr == nil {
					t.section = lastSection{Section: s.Clone(), found: true}
				}
				return s, rowErr
			}
			err = electoral.ErrNotFound
		}
	}
	return electoral.Section{}, fmt.Errorf("sqlstore: section %q of %q: %w", number, comune, err)
}

// lastSection is the last section that was read: the rules of an elector ask for his
// several times.
type lastSection struct {
	electoral.Section
	found bool
}

func sectionOf(r sqldb.Rows) (electoral.Section, error) { return scanSection(r) }

// Sections implements [registry.Reader].
func (t *transaction) Sections(ctx context.Context, comune string) iter.Seq2[electoral.Section, error] {
	return paged(func(after *electoral.Section, n size) ([]electoral.Section, error) {
		if !storable(comune) {
			return nil, nil
		}
		if err := t.lock(ctx, comune); err != nil {
			return nil, err
		}
		text, args := `SELECT `+sections.list+` FROM {sections} WHERE comune = $1`, []any{comune}
		if after != nil {
			text, args = text+` AND number > $2`, append(args, after.Number)
		}
		return collect(sqldb.All(ctx, t.tx, sectionOf, text+` ORDER BY number`+n.limit(), args...))
	})
}

// PutSection implements [registry.Writer].
func (t *transaction) PutSection(ctx context.Context, s electoral.Section) error {
	if err := registry.Storable(&s); err != nil {
		return fmt.Errorf("sqlstore: section: %w", err)
	}
	seat, err1 := jsonText(s.Seat)
	translations, err2 := jsonText(s.Translations)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	row := []any{s.Comune, s.Number, s.SeatName, seat, s.EuropeanConstituency, s.RegionalConstituency,
		s.DistrictConstituency, s.ChamberCollege.String(), s.SenateCollege.String(), translations,
		string(s.Kind)}
	if err := t.lock(ctx, s.Comune); err != nil {
		return err
	}
	t.section = lastSection{}
	return t.tx.Exec(ctx, sqldb.Statement{Text: putSectionText, Args: row})
}

// RemoveSection implements [registry.RollWriter].
func (t *transaction) RemoveSection(ctx context.Context, comune, number string) error {
	if !storable(comune) || !storable(number) {
		return nil
	}
	if err := t.lock(ctx, comune); err != nil {
		return err
	}
	t.section = lastSection{}
	return t.tx.Exec(ctx, sections.remove(comune, number))
}
