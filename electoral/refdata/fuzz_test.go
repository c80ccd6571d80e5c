package refdata

import (
	"errors"
	"testing"
	"testing/fstest"
)

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Agliè", "A'", "Bolzano / Bozen", "\xff", "\xf6è", "ﬁ", "ŉ", "İ", "ẞ", "ǆ", "a\u0300/\u0300b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		if twice := Fold(once); twice != once {
			t.Fatalf("Fold(%q) = %q, folded again %q", s, once, twice)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2024-02-29", "1985-04", "1985", "", "0000-00-00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		if err == nil && (d.String() != s || !d.Valid()) {
			t.Fatalf("%q gives %q", s, d)
		}
	})
}

func FuzzParseCollege(f *testing.F) {
	for _, s := range []string{"PIEMONTE 1 | P01 | U01", "VALLE D'AOSTA | | U01", "||", "A|P1|U1", "A|\u0660|U01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCollege(s)
		if err != nil {
			return
		}
		again, err := ParseCollege(c.String())
		if err != nil || again != c {
			t.Fatalf("%q gives %#v, and that %#v, %v", s, c, again, err)
		}
	})
}

// FuzzLoad puts any text in the place of each of the small tables.
func FuzzLoad(f *testing.F) {
	names := []string{"regions", "provinces", "predecessors", "abroad", "states", "eu", "regional", "chamber", "senate", "languages",
		"comuni_languages", "street_kinds", "aliases", "comuni", "chamber_comuni"}
	for i, name := range names {
		text, err := TableText(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), text[:min(len(text), 2000)])
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		name := names[int(which)%len(names)]
		tab, err := openTable(name, string(text), name, columnsOf(name))
		if err != nil {
			mustBeParseError(t, err)
			return
		}
		_ = tab
		if len(text) > 4000 {
			return
		}
		if _, err := Load(fstest.MapFS{name + ".tsv": {Data: text}}); err != nil {
			mustBeParseError(t, err)
		}
	})
}

func mustBeParseError(t *testing.T, err error) {
	t.Helper()
	var pe *ParseError
	if !errors.As(err, &pe) || pe.File == "" || pe.Expected == "" {
		t.Fatalf("not a complete ParseError: %v", err)
	}
}

func columnsOf(name string) []string {
	for _, r := range readers() {
		if r.name == name {
			return r.columns
		}
	}
	return nil
}
