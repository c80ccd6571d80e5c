package refdata

// A Kind is a kind of name that has one canonical form.
type Kind string

// The kinds of names that [Tables.Canonical] knows.
const (
	KindRegion   Kind = "region"
	KindEuropean Kind = "european" // constituency of the European Parliament
	KindChamber  Kind = "chamber"  // constituency of the Chamber of Deputies
	KindSenate   Kind = "senate"   // constituency of the Senate
	KindRegional Kind = "regional" // constituency of a regional council
	KindAbroad   Kind = "abroad"   // part of the constituency Estero
)

type aliasKey struct {
	kind Kind
	name string
}

var aliasColumns = []string{"kind", "alias", "name"}

// readAliases also enters the names themselves, which is why it comes last.
func (t *Tables) readAliases(tab *table) error {
	t.aliases = map[aliasKey]string{}
	enter := func(kind Kind, name string) { t.aliases[aliasKey{kind, Fold(name)}] = name }
	for _, g := range t.regions {
		enter(KindRegion, g.Name)
	}
	for _, c := range t.european {
		enter(KindEuropean, c.Name)
	}
	for _, name := range t.chamber.constituencies {
		enter(KindChamber, name)
	}
	for _, name := range t.senate.constituencies {
		enter(KindSenate, name)
	}
	for _, c := range t.regional {
		enter(KindRegional, c.Name)
	}
	for _, name := range t.abroad {
		enter(KindAbroad, name)
	}
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		kind, alias, name := Kind(r.must(0)), aliasKey{Kind(r.text(0)), Fold(r.must(1))}, r.must(2)
		if t.aliases[aliasKey{kind, Fold(name)}] != name {
			r.fail(2, "a name of the tables, of the kind "+string(kind))
		}
		if t.aliases[alias] != "" {
			r.fail(1, "a name that has no meaning yet")
		}
		if r.err != nil {
			return r.err
		}
		t.aliases[alias] = name
	}
}

// Canonical returns the tables' own form of a name, whatever the case, the
// accents, the punctuation ([Fold]) and, for names that are written in more
// than one way, the variant: "Trentino-Alto Adige" gives
// "TRENTINO-ALTO ADIGE/SÜDTIROL" for [KindChamber].
func (t *Tables) Canonical(kind Kind, name string) (string, bool) {
	v, ok := t.aliases[aliasKey{kind, Fold(name)}]
	return v, ok
}
