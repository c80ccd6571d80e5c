package refdata

import "slices"

// A Language is a language that is in force in a comune beside Italian, or an
// entry of ANPR's table of languages.
type Language struct {
	// Code is ANPR's (table 14): IT, DE, FR, SL; or LLD (ISO 639-2), Ladin,
	// which ANPR's table does not have.
	Code string
	// Name is the Italian name of the language.
	Name string
	// InANPR is set if the code is in ANPR's table, so that a text in that
	// language can be sent.
	InANPR bool
	// OtherName is the comune's name in that language; empty if not known, or
	// if the official name is in that language already (Valle d'Aosta).
	OtherName string
	// Certainty says how well it is known that the language is in force and
	// that the name is right.
	Certainty Certainty
}

var languageColumns = []string{"code", "name", "in_anpr"}

func (t *Tables) readLanguages(tab *table) error {
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		l := Language{Code: r.must(0), Name: r.must(1), InANPR: r.flag(2), Certainty: Sourced}
		if slices.ContainsFunc(t.languages, func(o Language) bool { return o.Code == l.Code }) {
			r.fail(0, "a code that no other row has")
		}
		if r.err != nil {
			return r.err
		}
		t.languages = append(t.languages, l)
	}
}

var spokenColumns = []string{"belfiore", "language", "name", "certainty"}

func (t *Tables) readSpoken(tab *table) error {
	t.spoken = map[string][]Language{}
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		b := r.match(0, "A999", false)
		if len(t.history(b)) == 0 {
			r.fail(0, "a code of the table comuni")
		}
		i := slices.IndexFunc(t.languages, func(l Language) bool { return l.Code == r.text(1) })
		if i < 0 || r.text(1) == "IT" {
			r.fail(1, "a code of the table languages other than IT")
		} else {
			l := t.languages[i]
			l.OtherName, l.Certainty = r.text(2), r.certainty(3)
			if slices.ContainsFunc(t.spoken[b], func(o Language) bool { return o.Code == l.Code }) {
				r.fail(1, "a language that the comune has once")
			}
			t.spoken[b] = append(t.spoken[b], l)
		}
		if r.err != nil {
			return r.err
		}
	}
}

// Languages returns the languages in force in a comune beside Italian: German
// in the province of Bolzano, French in Valle d'Aosta, Slovene in Friuli, and
// Ladin; nil elsewhere. The slice is the caller's own.
func (t *Tables) Languages(belfiore string) []Language { return slices.Clone(t.spoken[belfiore]) }

// LanguageTable returns the languages of ANPR's table 14 and, marked by InANPR
// unset, those that it lacks. The slice is the caller's own.
func (t *Tables) LanguageTable() []Language { return slices.Clone(t.languages) }

// A StreetKind is the kind of a street ("specie del toponimo", ANPR's table),
// such as VIA.
type StreetKind struct {
	ID   string // ANPR's number
	Name string // in capitals
}

var streetColumns = []string{"id", "name"}

func (t *Tables) readStreets(tab *table) error {
	t.streetsByName = map[string]int{}
	ids := map[string]bool{}
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		k := StreetKind{ID: r.must(0), Name: r.must(1)}
		if ids[k.ID] {
			r.fail(0, "an id that no other row has")
		}
		if r.err != nil {
			return r.err
		}
		ids[k.ID] = true
		if _, seen := t.streetsByName[Fold(k.Name)]; !seen {
			t.streetsByName[Fold(k.Name)] = len(t.streets)
		}
		t.streets = append(t.streets, k)
	}
}

// StreetKinds returns ANPR's kinds of streets in the order of the table. The
// slice is the caller's own.
func (t *Tables) StreetKinds() []StreetKind { return slices.Clone(t.streets) }

// StreetKind returns the kind of street with a name, compared with [Fold].
func (t *Tables) StreetKind(name string) (StreetKind, bool) {
	i, ok := t.streetsByName[Fold(name)]
	if !ok {
		return StreetKind{}, false
	}
	return t.streets[i], true
}
