package rules

import (
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// smallComune is the population up to which a comune has no districts.
const smallComune = 250_000

// status applies the rules on the seven flags that need no table of
// constituencies.
func (k *elector) status() {
	for _, f := range k.e.Status.Entries() {
		if f.Answer == electoral.NotGiven {
			k.fault(electoral.StatusNotGiven, f.Path, "", electoral.Args{"consultation": f.Italian})
		}
	}
	if k.e.Status.District == electoral.Yes && k.e.General != nil {
		if c, ok := k.checker.tables.Comune(k.e.General.Comune, k.in.At); ok && c.Residents > 0 &&
			c.Residents <= smallComune && !c.InSpecialRegion() {
			k.fault(electoral.DistrictInSmallComune, "status.district", electoral.Yes.String(),
				electoral.Args{"comune": c.Name})
		}
	}
	k.usual()
	k.withoutList()
}

// withoutList faults a person who votes for something and is in no list.
func (k *elector) withoutList() {
	for _, l := range electoral.Lists() {
		if k.e.ListEntry(l).Enrolled == electoral.Yes {
			return
		}
	}
	for _, f := range k.e.Status.Entries() {
		if f.Answer == electoral.Yes && k.e.Capacity == electoral.Yes {
			k.fault(electoral.StatusWithoutList, f.Path, electoral.Yes.String(),
				electoral.Args{"consultation": f.Italian})
			return
		}
	}
}

// usual warns of what is rarely meant: an Italian resident, outside the added
// lists, who does not vote for everything.
func (k *elector) usual() {
	p := k.in.Person
	if k.e.Capacity != electoral.Yes || k.e.General == nil || p == nil || !p.IsItalian(k.in.At) || p.Residence == nil {
		return
	}
	if k.e.Added.Bolzano.Enrolled == electoral.Yes || k.e.Added.Trento.Enrolled == electoral.Yes ||
		k.e.Added.AostaValley.Enrolled == electoral.Yes {
		return
	}
	for _, f := range k.e.Status.Entries() {
		if f.Answer == electoral.No && f.Path != "status.district" {
			k.fault(electoral.StatusUnusual, f.Path, electoral.No.String(), electoral.Args{"consultation": f.Italian})
		}
	}
}

// A house is the Camera or the Senato in the rules that are the same for both.
type house struct {
	italian string
	path    string // of the flag
	value   string // path of the constituency
	college string // path of the section's college
	answer  electoral.Answer
	given   string
	kind    refdata.Kind
	known   func() []string // the constituencies
	of      func(belfiore string) []refdata.College
	exists  func(refdata.College) bool
}

func (c *Checker) chamber(s electoral.Status) house {
	return house{
		italian: "la Camera dei deputati",
		path:    "status.chamber", value: "status.chamberConstituency", college: "chamberCollege",
		answer: s.Chamber, given: s.ChamberConstituency,
		kind: refdata.KindChamber, known: c.tables.ChamberConstituencies,
		of: c.tables.ChamberColleges, exists: c.tables.ChamberCollegeExists,
	}
}

func (c *Checker) senate(s electoral.Status) house {
	return house{
		italian: "il Senato della Repubblica",
		path:    "status.senate", value: "status.senateConstituency", college: "senateCollege",
		answer: s.Senate, given: s.SenateConstituency,
		kind: refdata.KindSenate, known: c.tables.SenateConstituencies,
		of: c.tables.SenateColleges, exists: c.tables.SenateCollegeExists,
	}
}

// constituencies judges the constituencies for the Senato and the Camera.
func (k *elector) constituencies() {
	var abroad [2]string // the division of each house, if it is one
	var national [2]bool
	for i, h := range k.houses {
		switch {
		case h.answer == electoral.Yes && h.given == "":
			k.fault(electoral.ConstituencyMissing, h.value, "",
				electoral.Args{"consultation": h.italian, "tag": electoral.Tag(h.path)})
			continue
		case h.given == "":
			continue
		case h.answer != electoral.Yes:
			k.fault(electoral.ConstituencyNotDue, h.value, h.given,
				electoral.Args{"consultation": h.italian, "status": h.answer.String()})
		}
		if name, ok := k.checker.tables.Canonical(refdata.KindAbroad, h.given); ok {
			abroad[i] = name
			k.exact(h, name)
			k.abroadDivision(h, name)
			continue
		}
		name, ok := k.checker.tables.Canonical(h.kind, h.given)
		if !ok {
			k.fault(electoral.ConstituencyUnknown, h.value, h.given,
				electoral.Args{"consultation": h.italian, "expected": k.expectedConstituencies(h)})
			continue
		}
		national[i] = true
		k.exact(h, name)
		k.nationalConstituency(h, name)
	}
	if abroad[0] != "" && national[1] || abroad[1] != "" && national[0] ||
		abroad[0] != "" && abroad[1] != "" && abroad[0] != abroad[1] {
		k.fault(electoral.ConstituenciesDisagree, "status.chamberConstituency", k.e.Status.ChamberConstituency,
			electoral.Args{"senate": k.e.Status.SenateConstituency})
	}
}

// expectedConstituencies names what would be right for this elector, or all the
// constituencies if that is not known.
func (k *elector) expectedConstituencies(h house) string {
	if k.e.General != nil {
		if names := constituenciesOf(h.of(k.e.General.Comune)); len(names) > 0 {
			return strings.Join(names, " oppure ")
		}
	}
	return strings.Join(h.known(), ", ") + "; per l'estero " + strings.Join(k.checker.tables.AbroadDivisions(), ", ")
}

func (k *elector) exact(h house, name string) {
	// Another spelling in capitals may be the one of ANPR's own table, which
	// is not public: it stands.
	if h.given != strings.ToUpper(h.given) {
		k.fault(electoral.ConstituencyNotExact, h.value, h.given,
			electoral.Args{"consultation": h.italian, "expected": name})
	}
}

func (k *elector) nationalConstituency(h house, name string) {
	if p := k.in.Person; p != nil && p.Residence == nil && p.Abroad != nil && !k.opted() {
		k.fault(electoral.NationalConstituencyForAbroad, h.value, h.given,
			electoral.Args{"consultation": h.italian,
				"expected": strings.Join(k.checker.tables.AbroadDivisions(), ", ")})
		return
	}
	if k.e.General == nil {
		return
	}
	names := constituenciesOf(h.of(k.e.General.Comune))
	switch {
	case len(names) == 0:
		k.fault(electoral.ConstituencyNotCheckable, h.value, h.given,
			electoral.Args{"consultation": h.italian, "comune": k.label(k.e.General.Comune)})
	case !slices.Contains(names, name):
		k.fault(electoral.ConstituencyOtherComune, h.value, h.given,
			electoral.Args{"consultation": h.italian, "comune": k.label(k.e.General.Comune),
				"expected": strings.Join(names, " oppure ")})
	}
}

// opted reports whether an option for Italy is recorded for a vote that is not
// over.
func (k *elector) opted() bool {
	return slices.ContainsFunc(k.in.Choices, func(c electoral.VotingChoice) bool {
		return c.Kind == electoral.OptionForItaly && c.Withdrawn.IsZero() && !c.Day.Before(k.in.At)
	})
}

func (k *elector) abroadDivision(h house, name string) {
	p := k.in.Person
	switch {
	case p == nil:
	case p.Residence != nil:
		k.fault(electoral.AbroadConstituencyForResident, h.value, h.given, electoral.Args{"consultation": h.italian})
	case p.Abroad != nil:
		want, ok := k.checker.tables.AbroadDivision(p.Abroad.State)
		switch {
		case !ok:
			k.fault(electoral.AbroadDivisionNotCheckable, h.value, h.given,
				electoral.Args{"state": k.checker.stateName(p.Abroad.State)})
		case want != name:
			k.fault(electoral.AbroadDivisionOtherState, h.value, h.given,
				electoral.Args{"state": k.checker.stateName(p.Abroad.State), "expected": want})
		}
	}
}

func constituenciesOf(colleges []refdata.College) []string {
	var names []string
	for _, c := range colleges {
		if !slices.Contains(names, c.Constituency) {
			names = append(names, c.Constituency)
		}
	}
	return names
}

// sectionFields checks that the elector's section has what his status requires.
func (k *elector) sectionFields() {
	if k.in.Section == nil {
		return
	}
	s := k.e.Status
	if s.EuropeanParliament == electoral.Yes {
		l := electoral.GeneralList
		if k.e.General == nil {
			l = electoral.EUParliamentList
		}
		if sec, ok := k.sectionOf(l); ok && sec.EuropeanConstituency == "" {
			k.fault(electoral.SectionLacksEuropean, "status.europeanParliament", electoral.Yes.String(),
				electoral.Args{"section": sec.Number})
		}
	}
	sec, ok := k.sectionOf(electoral.GeneralList)
	if !ok {
		return
	}
	if regional, ok := k.sectionOf(k.e.RegionalList()); ok && s.Regional == electoral.Yes &&
		regional.RegionalConstituency == "" {
		k.fault(electoral.SectionLacksRegional, "status.regional", electoral.Yes.String(),
			electoral.Args{"section": regional.Number})
	}
	if s.District == electoral.Yes && sec.DistrictConstituency == "" {
		k.fault(electoral.SectionLacksDistrict, "status.district", electoral.Yes.String(),
			electoral.Args{"section": sec.Number})
	}
	k.sectionColleges(sec)
}

func (k *elector) sectionColleges(sec electoral.Section) {
	for _, h := range k.houses {
		if h.answer != electoral.Yes {
			continue
		}
		college := sec.SenateCollege
		if h.college == "chamberCollege" {
			college = sec.ChamberCollege
		}
		if college == (electoral.College{}) {
			k.fault(electoral.SectionLacksCollege, h.path, electoral.Yes.String(),
				electoral.Args{"section": sec.Number, "consultation": h.italian, "tag": electoral.Tag(h.college)})
			continue
		}
		mine, national := k.checker.tables.Canonical(h.kind, h.given)
		theirs, ok := k.checker.tables.Canonical(h.kind, college.Constituency)
		if national && ok && mine != theirs {
			k.fault(electoral.SectionOtherConstituency, h.value, h.given,
				electoral.Args{"section": sec.Number, "consultation": h.italian, "expected": theirs})
		}
	}
}

func (k *elector) sectionOf(l electoral.List) (electoral.Section, bool) {
	en, ok := k.e.EnrolmentIn(l)
	if !ok {
		return electoral.Section{}, false
	}
	s, found, known := k.in.Section(en.Comune, en.Section)
	return s, found && known
}
