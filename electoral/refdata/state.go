package refdata

import (
	"iter"
	"slices"
)

// A State is a foreign state or territory (ANPR table 2), or Italy itself.
type State struct {
	// Belfiore is the code of those born there, Z and three digits; empty for
	// Italy and where none is known.
	Belfiore string
	// ISO3 and ISO2 are ISO 3166-1 codes, except for Kosovo, whose ISO3 is
	// ANPR's KOS. They are empty for the entries that are not a place
	// (stateless, undefined). ISO3 is that of ISO 3166-3 for a state that has
	// ceased.
	ISO3, ISO2 string
	// Name is ANPR's, in capitals; for a state not in its table, ISTAT's.
	Name string
	// ANPRID, ISTAT, Foreign and Interior are the codes in ANPR's table, at
	// ISTAT, at the Foreign Ministry and at the Ministry of the Interior.
	ANPRID, ISTAT, Foreign, Interior string
	// Kind is STATO, TERRITORIO, ALTRO or CESSATO, or empty for the entries
	// that are not a place. Sovereign is the ISO3 of a territory's state.
	Kind, Sovereign string
	// Citizenship, Birth and Residence say as which of these ANPR accepts the
	// entry.
	Citizenship, Birth, Residence bool
	// From and To bound its existence; zero is open or not known. Where a state
	// followed another, the day of the change belongs to both.
	From, To Date
	// AbroadDivision is its part of the constituency Estero ("ripartizione",
	// L. 459/2001 article 6); empty for Italy and where not known.
	// AbroadCertainty is GeneralKnowledge where no elector was listed in 2022,
	// so that the part follows from the continent alone.
	AbroadDivision  string
	AbroadCertainty Certainty
}

var stateColumns = []string{"belfiore", "iso3", "iso2", "name", "anpr_id", "istat", "foreign", "interior", "kind",
	"sovereign", "citizenship", "birth", "residence", "from", "to", "abroad", "abroad_certainty"}

func (t *Tables) readStates(tab *table) error {
	t.byISO3, t.byBelfiore = map[string]int{}, map[string]int{}
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		s := State{
			Belfiore: r.match(0, "A999", true), ISO3: r.match(1, "AAA", true), ISO2: r.match(2, "AA", true),
			Name: r.must(3), ANPRID: r.text(4), ISTAT: r.text(5), Foreign: r.text(6),
			Interior: r.text(7), Kind: r.text(8),
			Sovereign: r.match(9, "AAA", true), Citizenship: r.flag(10), Birth: r.flag(11), Residence: r.flag(12),
			AbroadDivision: r.text(15),
		}
		s.From, s.To = r.period(13, 14)
		if s.Belfiore != "" && s.Belfiore[0] != 'Z' {
			r.fail(0, "Z and three digits, or nothing")
		}
		if !slices.Contains([]string{"", "STATO", "TERRITORIO", "ALTRO", "CESSATO"}, s.Kind) {
			r.fail(8, "STATO, TERRITORIO, ALTRO, CESSATO or nothing")
		}
		if s.AbroadDivision != "" {
			s.AbroadCertainty = r.certainty(16)
			if !slices.Contains(t.abroad, s.AbroadDivision) {
				r.fail(15, "a name of the table abroad")
			}
		}
		if _, seen := t.byISO3[s.ISO3]; seen && s.ISO3 != "" {
			r.fail(1, "a code that no other row has")
		}
		if _, seen := t.byBelfiore[s.Belfiore]; seen && s.Belfiore != "" {
			r.fail(0, "a code that no other row has")
		}
		if r.err != nil {
			return r.err
		}
		t.byISO3[s.ISO3], t.byBelfiore[s.Belfiore] = len(t.states), len(t.states)
		t.states = append(t.states, s)
	}
}

// State returns the state with an ISO 3166-1 alpha-3 code in capitals; a ceased
// one by its former code.
func (t *Tables) State(code string) (State, bool) { return t.stateAt(t.byISO3, code) }

// StateByBelfiore returns the state with a code such as "Z110", also one that
// has ceased.
func (t *Tables) StateByBelfiore(z string) (State, bool) { return t.stateAt(t.byBelfiore, z) }

func (t *Tables) stateAt(index map[string]int, code string) (State, bool) {
	i, ok := index[code]
	if !ok || code == "" {
		return State{}, false
	}
	return t.states[i], true
}

// States returns all states and territories, in the order of the table: ANPR's
// first, then those it lacks.
func (t *Tables) States() iter.Seq[State] { return slices.Values(t.states) }

// A Membership is the time in which a state is a member of the European Union,
// or was of the European Economic Community.
type Membership struct {
	ISO3      string
	From, To  Date // To is the last day; zero while it lasts
	Source    string
	Certainty Certainty
}

var membershipColumns = []string{"iso3", "from", "to", "source", "certainty"}

func (t *Tables) readMembers(tab *table) error {
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		m := Membership{ISO3: r.match(0, "AAA", false), Source: r.must(3), Certainty: r.certainty(4)}
		m.From, m.To = r.period(1, 2)
		if _, ok := t.byISO3[m.ISO3]; !ok {
			r.fail(0, "a code of the table states")
		}
		if m.From.IsZero() {
			r.fail(1, "the day of accession")
		}
		if r.err != nil {
			return r.err
		}
		t.members = append(t.members, m)
	}
}

// EUMember reports whether a state (ISO 3166-1 alpha-3, in capitals) is a member
// of the European Union at a date, or today if at is zero. Of a date that is not
// complete the earliest day counts. Territories are not looked up: ask for
// their sovereign state.
func (t *Tables) EUMember(iso3 string, at Date) bool {
	return slices.ContainsFunc(t.members,
		func(m Membership) bool { return m.ISO3 == iso3 && within(at.Earliest(), m.From, m.To) })
}

// EUMemberships returns all memberships, past ones too. The slice is the
// caller's own.
func (t *Tables) EUMemberships() []Membership { return slices.Clone(t.members) }

var abroadColumns = []string{"name"}

func (t *Tables) readAbroad(tab *table) error {
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		name := r.must(0)
		if slices.Contains(t.abroad, name) {
			r.fail(0, "a name that no other row has")
		}
		if r.err != nil {
			return r.err
		}
		t.abroad = append(t.abroad, name)
	}
}

// AbroadDivisions returns the four parts of the constituency Estero
// ("ripartizioni", L. 459/2001 article 6), as the Ministry of the Interior
// writes them in its results. The strings of ANPR's own table are not
// published. The slice is the caller's own.
func (t *Tables) AbroadDivisions() []string { return slices.Clone(t.abroad) }

// AbroadDivision returns the part of the constituency Estero of a state
// (ISO 3166-1 alpha-3). [State] has its certainty.
func (t *Tables) AbroadDivision(iso3 string) (string, bool) {
	s, ok := t.State(iso3)
	return s.AbroadDivision, ok && s.AbroadDivision != ""
}
