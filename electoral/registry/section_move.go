package registry

import (
	"cmp"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
)

// moveBatch is how many electors are moved together.
const moveBatch = 1000

// fewPersons is the most persons who are looked up one by one; for more the lists of
// the comune are read.
const fewPersons = 500

// between returns where the electors of a section stand while those of another come
// into theirs. No section has a number that long.
func between() string { return strings.Repeat("~", electoral.MaxText+1) }

// apply does what checkOrder found to be right; what only the electors can tell is left in
// the faults.
func (d *redrawer) apply() error {
	for i := range d.order.Put {
		s := d.order.Put[i]
		if err := d.w.PutSection(d.ctx, s); err != nil {
			return err
		}
		d.report.Put++
		if old, known := d.before[s.Number]; known {
			if err := d.staying(old, s); err != nil {
				return err
			}
		}
	}
	if err := d.movePersons(); err != nil {
		return err
	}
	if err := d.numberedLists(); err != nil {
		return err
	}
	for _, s := range d.steps() {
		if err := d.step(s); err != nil {
			return err
		}
	}
	if err := d.dropNumbers(); err != nil {
		return err
	}
	d.tellNeeds()
	if err := d.rectifications(); err != nil {
		return err
	}
	if err := d.loads(); err != nil {
		return err
	}
	return d.finish()
}

// placeLists returns all the lists in which an elector may have a place.
func placeLists() []electoral.List { return append(electoral.Lists(), electoral.StillVotesList) }

// inSection yields everybody who is in a section of the comune, or with an empty
// number in any, once: in the first of the lists in which he is there. Who is yielded
// may be moved in the loop; with an empty number he may then be yielded again, as may
// who keeps votes in several sections.
func (d *redrawer) inSection(number string) iter.Seq2[electoral.Elector, error] {
	here := func(en electoral.Enrolment) bool {
		return en.Comune == d.action.comune && (number == "" || en.Section == number)
	}
	return func(yield func(electoral.Elector, error) bool) {
		for _, l := range placeLists() {
			for e, err := range d.w.Enrolled(d.ctx, l, d.action.comune, number) {
				if err != nil {
					yield(electoral.Elector{}, err)
					return
				}
				first := electoral.List("")
				for in, en := range e.Places() {
					if here(en) {
						first = in
						break
					}
				}
				if first == l && !yield(e, nil) {
					return
				}
			}
		}
	}
}

// staying judges the electors who stay in a section that changes.
func (d *redrawer) staying(old, s electoral.Section) error {
	if sameNeeds(old, s) {
		return nil
	}
	if _, moved := d.moves[s.Number]; moved {
		return nil
	}
	changed := changesOf(old, s)
	counts := make([]int, len(changed))
	for e, err := range d.inSection(s.Number) {
		if err != nil {
			return err
		}
		if _, named := d.persons[e.ANPRID]; named {
			continue
		}
		d.judge(&e, &e)
		for i, c := range changed {
			if en, in := e.EnrolmentIn(c.list(&e)); in && en.Section == s.Number && en.Comune == s.Comune &&
				e.Status.For(c.consultation) == electoral.Yes {
				counts[i]++
			}
		}
	}
	for i, c := range changed {
		if counts[i] == 0 || c.now == "" { // of one that is gone, tellNeeds says it
			continue
		}
		d.fault(electoral.SectionDatumChanged, d.putPath(s.Number)+c.field, c.now, electoral.Args{
			"section": s.Number, "consultation": c.consultation.Italian(),
			"electors": electoral.CountOfElectors(counts[i]), "before": c.was})
	}
	return nil
}

// putPath is the path of a section that the operation puts.
func (d *redrawer) putPath(number string) string { return indexed(d.paths.put, d.put[number]) }

func sameNeeds(a, b electoral.Section) bool {
	return a.EuropeanConstituency == b.EuropeanConstituency && a.RegionalConstituency == b.RegionalConstituency &&
		a.DistrictConstituency == b.DistrictConstituency && a.ChamberCollege == b.ChamberCollege &&
		a.SenateCollege == b.SenateCollege
}

// A changedDatum is a datum of a section that holds for who votes in a consultation.
type changedDatum struct {
	field, was, now string
	consultation    electoral.Consultation
	// list is the list through which an elector votes in it.
	list func(e *electoral.Elector) electoral.List
}

// changesOf returns the data that a section had and that become others.
func changesOf(old, s electoral.Section) []changedDatum {
	general := func(*electoral.Elector) electoral.List { return electoral.GeneralList }
	european := func(e *electoral.Elector) electoral.List {
		if e.General == nil {
			return electoral.EUParliamentList
		}
		return electoral.GeneralList
	}
	regional := func(e *electoral.Elector) electoral.List { return e.RegionalList() }
	list := []changedDatum{
		{field: "europeanConstituency", was: old.EuropeanConstituency, now: s.EuropeanConstituency,
			consultation: electoral.EuropeanElection, list: european},
		{field: "regionalConstituency", was: old.RegionalConstituency, now: s.RegionalConstituency,
			consultation: electoral.RegionalElection, list: regional},
		{field: "districtConstituency", was: old.DistrictConstituency, now: s.DistrictConstituency,
			consultation: electoral.DistrictElection, list: general},
		{field: "chamberCollege", was: old.ChamberCollege.String(), now: s.ChamberCollege.String(),
			consultation: electoral.ChamberElection, list: general},
		{field: "senateCollege", was: old.SenateCollege.String(), now: s.SenateCollege.String(),
			consultation: electoral.SenateElection, list: general},
	}
	return slices.DeleteFunc(list, func(c changedDatum) bool { return c.was == c.now || c.was == "" })
}

// A need is a fault that an elector would get by the operation.
type need struct {
	section, path string
	code          electoral.Code
}

// needed says how many get it.
type needed struct {
	electors int
	severity electoral.Severity
}

// judge counts the faults that an elector has in the sections as they will be and
// did not have before.
func (d *redrawer) judge(old, next *electoral.Elector) {
	checker := d.action.r.checker
	var was electoral.Faults
	for i, f := range checker.CheckPlaces(*next, d.find(d.after)) {
		if i == 0 {
			was = checker.CheckPlaces(*old, d.find(func(n string) (s electoral.Section, ok bool) {
				s, ok = d.before[n]
				return s, ok
			}))
		}
		if slices.ContainsFunc(was, func(o electoral.Fault) bool { return o.Code == f.Code && o.Path == f.Path }) {
			continue
		}
		k := need{section: f.Args["section"], path: f.Path, code: f.Code}
		d.needs[k] = needed{electors: d.needs[k].electors + 1, severity: f.Severity}
	}
}

// find looks sections up for the checker: those of the comune as they were or will
// be, those of others as they are.
func (d *redrawer) find(
	own func(number string) (electoral.Section, bool)) func(comune, number string) (electoral.Section, bool, bool) {
	return func(comune, number string) (electoral.Section, bool, bool) {
		if comune == d.action.comune {
			s, ok := own(number)
			return s, ok, true
		}
		key := [2]string{comune, number}
		s, seen := d.elsewhere[key]
		if !seen {
			found, err := d.w.Section(d.ctx, comune, number)
			switch {
			case err == nil:
				s = &found
			case !errors.Is(err, electoral.ErrNotFound):
				d.failure = join(d.failure, err)
			}
			d.elsewhere[key] = s
		}
		if s == nil {
			return electoral.Section{}, false, true
		}
		return *s, true, true
	}
}

// tellNeeds says of each section which datum its electors would miss.
func (d *redrawer) tellNeeds() {
	keys := make([]need, 0, len(d.needs))
	for k := range d.needs {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b need) int {
		return cmp.Or(electoral.CompareSectionNumbers(a.section, b.section), cmp.Compare(a.code, b.code),
			cmp.Compare(a.path, b.path))
	})
	for _, k := range keys {
		n := d.needs[k]
		var cause electoral.Cause = electoral.SectionNeeded
		field, consultation := "", electoral.ChamberElection
		if strings.HasPrefix(k.path, "status.senate") {
			consultation = electoral.SenateElection
		}
		switch k.code {
		case electoral.SectionLacksEuropean:
			field, consultation = "europeanConstituency", electoral.EuropeanElection
		case electoral.SectionLacksRegional:
			field, consultation = "regionalConstituency", electoral.RegionalElection
		case electoral.SectionLacksDistrict:
			field, consultation = "districtConstituency", electoral.DistrictElection
		case electoral.SectionLacksCollege:
			cause = electoral.SectionNeeded.In("college")
		default:
			cause = electoral.SectionNeeded.In("other-constituency")
		}
		if field == "" {
			field = string(consultation) + "College"
		}
		f := electoral.NewFault(cause, d.targetPath(k.section, field), k.section, electoral.Args{"section": k.section,
			"electors": electoral.CountOfElectors(n.electors), "consultation": consultation.Italian()})
		f.Severity = n.severity
		d.add(f)
	}
	clear(d.needs)
}

// targetPath is the path of a datum of a section that is put or, failing that, of the
// first move into it.
func (d *redrawer) targetPath(number, field string) string {
	if _, ok := d.put[number]; ok {
		return d.putPath(number) + field
	}
	for i, m := range d.order.Mapping.Sections {
		if m.To == number {
			return indexed(d.paths.section, i) + "to"
		}
	}
	for i, m := range d.order.Mapping.Persons {
		if m.To == number {
			return indexed(d.paths.person, i) + "to"
		}
	}
	return "mapping"
}

// movePersons moves the persons who are named.
func (d *redrawer) movePersons() error {
	b := moveList{d: d}
	if len(d.persons) > fewPersons {
		for e, err := range d.inSection("") {
			if err != nil {
				return err
			}
			if i, named := d.persons[e.ANPRID]; named && !d.found[i] {
				if err := d.movePerson(&b, i, e); err != nil {
					return err
				}
			}
		}
	} else {
		for i, m := range d.order.Mapping.Persons {
			e, _, err := d.w.Elector(d.ctx, m.ANPRID)
			if err == nil {
				err = d.movePerson(&b, i, e)
			}
			if err != nil && !errors.Is(err, electoral.ErrNotFound) {
				return err
			}
		}
	}
	if err := b.flush(); err != nil {
		return err
	}
	d.report.Persons = d.report.Moved
	for i, m := range d.order.Mapping.Persons {
		if !d.found[i] {
			d.fault(electoral.MappingNotHere, indexed(d.paths.person, i)+"anprId", m.ANPRID,
				electoral.Args{"comune": d.action.r.label(d.action.comune)})
		}
	}
	return nil
}

func (d *redrawer) movePerson(b *moveList, i int, e electoral.Elector) error {
	m := d.order.Mapping.Persons[i]
	var sections []string
	for _, en := range d.action.r.placesAt(e, d.action.today()) {
		if en.Comune == d.action.comune && !slices.Contains(sections, en.Section) {
			sections = append(sections, en.Section)
		}
	}
	if len(sections) == 0 {
		return nil // told with those who are nowhere
	}
	d.found[i] = true
	if m.From != "" && !slices.Contains(sections, m.From) {
		d.fault(electoral.MappingMoved, indexed(d.paths.person, i)+"from", shown(m.From),
			electoral.Args{"section": shown(m.From), "present": strings.Join(sections, ", ")})
		return nil
	}
	next := e.Clone()
	relocate(&next, d.action.comune, m.To, func(string) bool { return true })
	move := moved{old: e, next: next, to: m.To}
	if len(sections) == 1 {
		move.from = sections[0]
	}
	if move.from == m.To {
		return nil
	}
	d.judge(&e, &next)
	return b.add(move)
}

// relocate brings the places of an elector in some sections of a comune, and the votes
// that he keeps there, to another section.
func relocate(e *electoral.Elector, comune, to string, from func(section string) bool) {
	for l, en := range e.Enrolments() {
		if en.Comune == comune && from(en.Section) {
			e.SetListEntry(l, electoral.AddedList{Enrolled: electoral.Yes,
				Enrolment: &electoral.Enrolment{Comune: comune, Section: to}})
		}
	}
	for i, v := range e.KeptVotes {
		if v.Comune == comune && from(v.Section) {
			e.KeptVotes[i].Section = to
		}
	}
}
