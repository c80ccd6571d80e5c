package refdata

import "slices"

// A Region is an Italian region ("regione").
type Region struct {
	Code     string // ISTAT's, 01 to 20
	Name     string // official, both names of a bilingual one
	European string // its constituency for the European Parliament
}

// Regions returns the twenty regions by code. The slice is the caller's own.
func (t *Tables) Regions() []Region { return slices.Clone(t.regions) }

var regionColumns = []string{"code", "name", "european_code", "european", "certainty", "from", "to"}

func (t *Tables) readRegions(tab *table) error {
	t.regionIndex = map[string]int{}
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		g := Region{Code: r.match(0, "99", false), Name: r.must(1), European: r.must(3)}
		c := Constituency{Code: r.match(2, "9", false), Name: g.European, Certainty: r.certainty(4),
			Regions: []string{g.Name}}
		c.From, c.To = r.period(5, 6)
		if n := len(t.regions); n > 0 && t.regions[n-1].Code >= g.Code {
			r.fail(0, "rows in the order of code")
		}
		i := slices.IndexFunc(t.european, func(o Constituency) bool { return o.Code == c.Code })
		switch {
		case i < 0:
			t.european = append(t.european, c)
		case t.european[i].Name != c.Name:
			r.fail(3, "the name that european_code has above, "+t.european[i].Name)
		default:
			t.european[i].Regions = append(t.european[i].Regions, g.Name)
		}
		if r.err != nil {
			return r.err
		}
		t.regionIndex[g.Code] = len(t.regions)
		t.regions = append(t.regions, g)
	}
}

var provinceColumns = []string{"sigla", "name"}

func (t *Tables) readProvinces(tab *table) error {
	t.provinces = map[string]string{}
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		sigla, name := r.match(0, "AA", false), r.must(1)
		if t.provinces[sigla] != "" {
			r.fail(0, "a sigla that no other row has")
		}
		if r.err != nil {
			return r.err
		}
		t.provinces[sigla] = name
	}
}

var predecessorColumns = []string{"belfiore", "predecessor", "certainty"}

func (t *Tables) readPredecessors(tab *table) error {
	t.predecessors = map[string][]string{}
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		b, p := r.match(0, "A999", false), r.match(1, "A999", false)
		r.certainty(2)
		if b == p || len(t.history(b)) == 0 {
			r.fail(0, "a code of the table comuni, not its own predecessor")
		}
		if len(t.history(p)) == 0 {
			r.fail(1, "a code of the table comuni")
		}
		if slices.Contains(t.predecessors[b], p) {
			r.fail(1, "a pair that no other row has")
		}
		if r.err != nil {
			return r.err
		}
		t.predecessors[b] = append(t.predecessors[b], p)
	}
}

// Predecessors returns the comuni that were united into one that is newer than
// the tables of the colleges; nil for all others. The slice is the caller's own.
func (t *Tables) Predecessors(belfiore string) []string {
	return slices.Clone(t.predecessors[belfiore])
}

// Successors returns the comuni that are newer than the tables of the colleges and
// into which a comune was united, in the order of their codes; nil for all others.
func (t *Tables) Successors(belfiore string) []string {
	var out []string
	for heir, from := range t.predecessors {
		if slices.Contains(from, belfiore) {
			out = append(out, heir)
		}
	}
	slices.Sort(out)
	return out
}
