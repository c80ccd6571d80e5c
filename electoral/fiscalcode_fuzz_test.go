package electoral

import (
	"testing"
	"time"
)

func FuzzParseFiscalCode(f *testing.F) {
	code := mustFiscalCode(f, "Prova", "Finto", Male, Date{Year: 1985, Month: time.April, Day: 3}, "L219")
	for _, s := range []string{string(code), "PRV FNT 85 D03 L219", "12345678903", "00000000000", "", "ÀÀÀÀÀÀÀÀ", "PRVFNTLRDLPLNMV\xff", recheckFiscalCode("PRVFNTLRDLPLNMVX")} {
		f.Add(s)
	}
	tables := fiscalTables(f)
	f.Fuzz(func(t *testing.T, s string) {
		// No method may panic, whatever the value.
		raw := FiscalCode(s)
		_, _, _, _ = raw.Base(), raw.IsOmocode(), raw.BirthDates(), raw.CheckPlace(tables)
		_, _, _ = raw.Sex(), raw.IsProvisional(), raw.MatchesPerson(s, s, Male, Date{Year: 1985, Month: 1, Day: 1}, "H501")
		c, err := ParseFiscalCode(s)
		if err != nil {
			if c != "" {
				t.Fatalf("a code beside an error: %q", string(c))
			}
			return
		}
		again, err := ParseFiscalCode(string(c))
		if err != nil || again != c {
			t.Fatalf("parsing %q again gives %q, %v", string(c), string(again), err)
		}
		base, err := ParseFiscalCode(string(c.Base()))
		if err != nil || base.Base() != base || base.Place() != c.Place() || base.Sex() != c.Sex() {
			t.Fatalf("the base %q of %q: %v", string(c.Base()), string(c), err)
		}
		if !c.IsProvisional() && (len(c.BirthDates()) == 0 || c.IsOmocode() > 7) {
			t.Fatalf("%q: no date of birth or too many letters", string(c))
		}
	})
}

func FuzzComputeFiscalCode(f *testing.F) {
	f.Add("D’Àmbra-Müßig", "Łukasz", true, 1985, 3, 1, "Z127")
	f.Add("", "O", false, 2000, 2, 29, "H501")
	f.Fuzz(func(t *testing.T, surname, name string, woman bool, year, month, day int, place string) {
		sex := Male
		if woman {
			sex = Female
		}
		birth := Date{Year: year, Month: time.Month(month), Day: day}
		c, err := ComputeFiscalCode(surname, name, sex, birth, place)
		if err != nil {
			return
		}
		p, err := ParseFiscalCode(string(c))
		if err != nil || p != c || !c.MatchesPerson(surname, name, sex, birth, place) {
			t.Fatalf("%q: %v", string(c), err)
		}
	})
}
