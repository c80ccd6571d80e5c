package refdata

import "slices"

// A Constituency is an electoral district ("circoscrizione elettorale"): of the
// European Parliament (L. 18/1979, table A) or of a regional council (each
// region's own law).
type Constituency struct {
	Code      string   // European only: 1 to 5
	Name      string   // as written on the wire, or as the table has it
	Regions   []string // the regions, or the one region, that it belongs to
	Law       string   // regional only
	Certainty Certainty
	From, To  Date // zero is open or not known
}

// EuropeanConstituencies returns the five constituencies by code. The slice is
// the caller's own, what it refers to is not.
func (t *Tables) EuropeanConstituencies() []Constituency {
	return slices.Clone(t.european)
}

// EuropeanConstituency returns the constituency of a comune, which is that of
// its region. Past comuni have one too, if their region is known.
func (t *Tables) EuropeanConstituency(belfiore string) (Value, bool) {
	periods := t.history(belfiore)
	if len(periods) == 0 {
		return Value{}, false
	}
	i, ok := t.regionIndex[periods[len(periods)-1].RegionCode]
	if !ok {
		return Value{}, false
	}
	for _, c := range t.european {
		if c.Name == t.regions[i].European {
			return Value{Name: c.Name, Certainty: c.Certainty, From: c.From, To: c.To}, true
		}
	}
	return Value{}, false
}

// RegionalConstituencies returns the constituencies of the twenty regional
// councils (for Trentino-Alto Adige those of the two provincial councils). The
// slice is the caller's own, what it refers to is not.
func (t *Tables) RegionalConstituencies() []Constituency { return slices.Clone(t.regional) }

// RegionalConstituency returns the constituency of a comune in the election of
// its regional council. The names are those of the provinces or of the law, not
// ANPR's own table, which is not published; compare with [Fold].
func (t *Tables) RegionalConstituency(belfiore string) (Value, bool) {
	p, ok := t.regionalOf[belfiore]
	if !ok {
		return Value{}, false
	}
	c := t.regional[p.index]
	return Value{Name: c.Name, Law: c.Law, Certainty: p.certainty, From: c.From, To: c.To}, true
}

type regionalPlace struct {
	index     int
	certainty Certainty
}

var regionalColumns = []string{"code", "region", "name", "law", "from", "certainty"}

func (t *Tables) readRegional(tab *table) error {
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		c := Constituency{Code: r.match(0, "999", false), Name: r.must(2), Law: r.must(3), From: r.date(4),
			Certainty: r.certainty(5)}
		i, ok := t.regionIndex[r.text(1)]
		if !ok {
			r.fail(1, "a code of the table regions")
		}
		if n := len(t.regional); n > 0 && t.regional[n-1].Code >= c.Code {
			r.fail(0, "rows in the order of code")
		}
		if r.err != nil {
			return r.err
		}
		c.Regions = []string{t.regions[i].Name}
		t.regional = append(t.regional, c)
	}
}

var regionalPlaceColumns = []string{"belfiore", "constituency", "certainty"}

func (t *Tables) readRegionalPlaces(tab *table) error {
	t.regionalOf = make(map[string]regionalPlace, 8000)
	index := make(map[string]int, len(t.regional))
	for i, c := range t.regional {
		index[c.Code] = i
	}
	for {
		more, err := tab.next()
		if err != nil {
			return err
		}
		if !more {
			// The code is of this table alone; the API speaks of names.
			for i := range t.regional {
				t.regional[i].Code = ""
			}
			return nil
		}
		r := row{t: tab}
		b, p := r.match(0, "A999", false), regionalPlace{certainty: r.certainty(2)}
		var ok bool
		if p.index, ok = index[r.text(1)]; !ok {
			r.fail(1, "a code of the table regional")
		}
		periods := t.history(b)
		if len(periods) == 0 {
			r.fail(0, "a code of the table comuni")
		} else if ok && !slices.Contains(t.regional[p.index].Regions, periods[len(periods)-1].Region) {
			r.fail(1, "a constituency of the region "+periods[len(periods)-1].Region)
		}
		if _, seen := t.regionalOf[b]; seen {
			r.fail(0, "a code that no other row has")
		}
		if r.err != nil {
			return r.err
		}
		t.regionalOf[b] = p
	}
}
