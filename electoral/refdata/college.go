package refdata

import (
	"fmt"
	"slices"
	"strings"
)

// A College is a single-member college ("collegio uninominale") with the
// multi-member one ("collegio plurinominale") and the constituency
// ("circoscrizione") that it lies in, after D.Lgs. 23 December 2020 n. 177, in
// use since the election of 2022.
type College struct {
	Constituency string // "PIEMONTE 1"; for the Senate, the region: "PIEMONTE"
	// MultiMember is "P01"; empty in Valle d'Aosta and, for the Senate, in
	// Trentino-Alto Adige, which have none.
	MultiMember  string
	SingleMember string // "U01"
	// SingleMemberName is the place after which the college is named.
	SingleMemberName string
	// Split is set if the comune asked for lies in more than one college: then
	// the section decides, not the comune.
	Split bool
	// Inferred is set if the comune is newer than the table, and the college is
	// that of a comune from which it was made.
	Inferred bool
}

// String returns the form in which ANPR's services write a college:
// "PIEMONTE 1 | P01 | U01", "VALLE D'AOSTA | | U01".
func (c College) String() string {
	multi := ""
	if c.MultiMember != "" {
		multi = c.MultiMember + " "
	}
	return c.Constituency + " | " + multi + "| " + c.SingleMember
}

// ParseCollege reads the form of [College.String], with any spaces around the
// three parts. It checks the form only: see [Tables.ChamberCollegeExists].
func ParseCollege(s string) (College, error) {
	parts := strings.Split(s, "|")
	if len(parts) != 3 {
		return College{}, fmt.Errorf("refdata: college %.80q: expected three parts, CONSTITUENCY | Pnn | Unn", s)
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	c := College{Constituency: parts[0], MultiMember: parts[1], SingleMember: parts[2]}
	switch {
	case c.Constituency == "":
		return College{}, fmt.Errorf("refdata: college %.80q: expected a constituency before the first |", s)
	case c.MultiMember != "" && (c.MultiMember[0] != 'P' || !hasShape(c.MultiMember, "X99")):
		return College{}, fmt.Errorf("refdata: college %.80q: found %.20q, expected Pnn or nothing between the two |",
			s, c.MultiMember)
	case !hasShape(c.SingleMember, "X99") || c.SingleMember[0] != 'U':
		return College{}, fmt.Errorf("refdata: college %.80q: found %.20q, expected Unn after the second |", s,
			c.SingleMember)
	}
	return c, nil
}

// colleges are the colleges of one of the two chambers.
type colleges struct {
	all            []College
	constituencies []string
	byCode         map[string]int
	of             map[string]string // codes of a comune, parted by commas
}

var collegeColumns = []string{"code", "eligendo", "constituency", "multi_member", "single_member", "name"}

func (cs *colleges) read(tab *table) error {
	cs.byCode = map[string]int{}
	for {
		more, err := tab.next()
		if err != nil || !more {
			return err
		}
		r := row{t: tab}
		code := r.match(0, "999", false)
		r.match(1, "999999999999999999", false)
		c := College{Constituency: r.must(2), MultiMember: r.match(3, "X99", true),
			SingleMember: r.match(4, "X99", false), SingleMemberName: r.must(5)}
		if c.MultiMember != "" && c.MultiMember[0] != 'P' {
			r.fail(3, "Pnn or nothing")
		}
		if c.SingleMember != "" && c.SingleMember[0] != 'U' {
			r.fail(4, "Unn")
		}
		if _, seen := cs.byCode[code]; seen {
			r.fail(0, "a code that no other row has")
		}
		for _, o := range cs.all {
			if o.Constituency != c.Constituency {
				continue
			}
			if o.SingleMember == c.SingleMember {
				r.fail(4, "a college that the constituency has once")
			}
			if (o.MultiMember == "") != (c.MultiMember == "") {
				r.fail(3, "a multi-member college in all rows of a constituency or in none")
			}
		}
		if r.err != nil {
			return r.err
		}
		if !slices.Contains(cs.constituencies, c.Constituency) {
			cs.constituencies = append(cs.constituencies, c.Constituency)
		}
		cs.byCode[code] = len(cs.all)
		cs.all = append(cs.all, c)
	}
}

var collegePlaceColumns = []string{"belfiore", "codes"}

func (cs *colleges) readPlaces(t *Tables, tab *table) error {
	cs.of = make(map[string]string, 8000)
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
		if _, seen := cs.of[b]; seen {
			r.fail(0, "a code that no other row has")
		}
		codes := r.text(1)
		for rest, more := codes, true; more; {
			var code string
			code, rest, more = strings.Cut(rest, ",")
			if _, ok := cs.byCode[code]; !ok || strings.Count(codes, code) > 1 {
				r.fail(1, "codes of the table of colleges, parted by commas, each once")
			}
		}
		if r.err != nil {
			return r.err
		}
		cs.of[b] = codes
	}
}

func (cs *colleges) list(t *Tables, belfiore string) []College {
	codes, known := cs.of[belfiore]
	var out []College
	add := func(codes string) {
		for code := range strings.SplitSeq(codes, ",") {
			if i, ok := cs.byCode[code]; ok && !slices.Contains(out, cs.all[i]) {
				out = append(out, cs.all[i])
			}
		}
	}
	if add(codes); !known {
		for _, p := range t.predecessors[belfiore] {
			add(cs.of[p])
		}
	}
	for i := range out {
		out[i].Split, out[i].Inferred = len(out) > 1, !known
	}
	return out
}

func (cs *colleges) exists(t *Tables, kind Kind, c College) bool {
	name, ok := t.Canonical(kind, c.Constituency)
	if !ok {
		return false
	}
	if c.MultiMember == "" && c.SingleMember == "" {
		return true
	}
	return slices.ContainsFunc(cs.all, func(o College) bool {
		return o.Constituency == name && o.MultiMember == c.MultiMember &&
			(c.SingleMember == "" || o.SingleMember == c.SingleMember)
	})
}

// ChamberColleges returns the colleges of the Chamber of Deputies that a comune
// lies in: one, or several for a comune that is split (six large ones); nil if
// unknown. A comune that has ceased since 2022 keeps its own; one that is newer
// has those of its predecessors, marked as inferred.
func (t *Tables) ChamberColleges(belfiore string) []College { return t.chamber.list(t, belfiore) }

// SenateColleges returns the colleges of the Senate that a comune lies in, as
// [Tables.ChamberColleges] does.
func (t *Tables) SenateColleges(belfiore string) []College { return t.senate.list(t, belfiore) }

// AllChamberColleges returns the 147 single-member colleges of the Chamber. The
// slice is the caller's own.
func (t *Tables) AllChamberColleges() []College { return slices.Clone(t.chamber.all) }

// AllSenateColleges returns the 74 single-member colleges of the Senate. The
// slice is the caller's own.
func (t *Tables) AllSenateColleges() []College { return slices.Clone(t.senate.all) }

// ChamberCollegeExists reports whether a college of the Chamber is in the
// table. The constituency is compared as in [Tables.Canonical], the codes as
// they are. If SingleMember is empty, the multi-member college is looked for,
// and if MultiMember is empty too, the constituency. An empty MultiMember
// beside a SingleMember is right only where there is no multi-member college.
// The other fields of c are not looked at.
func (t *Tables) ChamberCollegeExists(c College) bool { return t.chamber.exists(t, KindChamber, c) }

// SenateCollegeExists does for the Senate what [Tables.ChamberCollegeExists]
// does for the Chamber.
func (t *Tables) SenateCollegeExists(c College) bool { return t.senate.exists(t, KindSenate, c) }

// ChamberConstituencies returns the names of the 28 constituencies of the
// Chamber ("circoscrizioni", L. 165/2017) in the order of the table. The slice
// is the caller's own.
func (t *Tables) ChamberConstituencies() []string { return slices.Clone(t.chamber.constituencies) }

// SenateConstituencies returns the names of the 20 constituencies of the
// Senate, which are the regions. The slice is the caller's own.
func (t *Tables) SenateConstituencies() []string { return slices.Clone(t.senate.constituencies) }
