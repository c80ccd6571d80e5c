package rules

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A Checker applies the rules on electors and sections. It is safe for
// concurrent use. The zero Checker is that of the zero [Config].
type Checker struct {
	tables      *refdata.Tables
	residences  []ResidenceRule
	sizes       []SectionSize
	withoutPost []StateTerm
	markPostal  bool
}

// A Config says with which tables a [Checker] judges.
type Config struct {
	// Tables are the reference tables; nil means those embedded in the SDK.
	Tables *refdata.Tables
	// Residences are the rules on the residence of who votes in Trentino-Alto
	// Adige and Valle d'Aosta; nil means [DefaultResidenceRules].
	Residences []ResidenceRule
	// SectionSizes say how many electors a section has as a rule; nil means
	// [DefaultSectionSizes], an empty list that no size is unusual.
	SectionSizes []SectionSize
	// WithoutPost are the States in which residents do not vote by post. Nil
	// means that they are not known, which is told; an empty list, that there is
	// none. The Ministry publishes them for each vote.
	WithoutPost []StateTerm
	// MarkPostal leaves on the copy for the polling station, marked, those who
	// vote by post; without it they are struck off.
	MarkPostal bool
}

// A StateTerm is the time in which something holds for a State.
type StateTerm struct {
	State string // ISO 3166-1 alpha-3
	// From and To are the first and the last day of voting; zero means no bound.
	From, To electoral.Date
}

// NewChecker returns a checker. It fails only if the embedded tables cannot be
// read, if a residence rule is of a list that has none, or if a date of the
// configuration does not exist.
func NewChecker(cfg Config) (*Checker, error) {
	c := &Checker{tables: cfg.Tables, residences: slices.Clone(cfg.Residences),
		withoutPost: slices.Clone(cfg.WithoutPost), markPostal: cfg.MarkPostal}
	if cfg.Residences == nil {
		c.residences = DefaultResidenceRules()
	}
	c.sizes = slices.Clone(cfg.SectionSizes)
	if cfg.SectionSizes == nil {
		c.sizes = DefaultSectionSizes()
	}
	if err := c.days(); err != nil {
		return nil, err
	}
	if err := checkResidenceRules(c.residences); err != nil {
		return nil, err
	}
	if c.tables == nil {
		tables, err := refdata.Embedded()
		if err != nil {
			return nil, err
		}
		c.tables = tables
	}
	return c, nil
}

// made returns the checker itself or, for the zero value, that of the zero Config.
// In a build whose embedded tables cannot be read, which NewChecker refuses, nothing
// is in the tables.
func (c *Checker) made() *Checker {
	if c.tables != nil {
		return c
	}
	if standard, err := NewChecker(Config{}); err == nil {
		return standard
	}
	return &Checker{tables: &refdata.Tables{}}
}

// Tables returns the reference tables that the checker judges with.
func (c *Checker) Tables() *refdata.Tables { return c.made().tables }

// Circumstances are what a check takes into account beside the record.
type Circumstances struct {
	// At is the day at which the decision is taken; citizenship, age, tables
	// and residence are judged as of that day. Required.
	At electoral.Date
	// Notice is the day on which the notice of convocation of a vote is
	// published ("manifesto di convocazione dei comizi"), at which residence
	// for the added lists is counted; zero when no vote is called.
	Notice electoral.Date
	// Person is the elector's entry in the population register; nil when it is
	// not at hand, and the rules on it are not applied.
	Person *electoral.Person
	// Choices are those recorded for the elector; an option for Italy lets a
	// resident abroad have a constituency of the national territory.
	Choices []electoral.VotingChoice
	// Section looks a section up; nil when the sections are not at hand, and
	// the rules on them are not applied. known is false for a comune whose
	// sections are not at hand (another comune's, in a comune's own copy).
	Section func(comune, number string) (s electoral.Section, found, known bool)
	// Spelling returns the number of a registered section of which number is
	// another spelling ([electoral.SameSectionNumber]), and false if there is none;
	// nil when that is not at hand. It is asked only for a number that Section does
	// not find.
	Spelling func(comune, number string) (registered string, ok bool)
}

// CheckElector applies every rule of annex 1 and of ANPR's practice to an
// elector and returns all the faults, in the order of the record's fields. Of a date
// that does not exist, also of the person or of the circumstances, or of a missing At,
// only that is told: [electoral.DayImpossible].
func (c *Checker) CheckElector(e electoral.Elector, in Circumstances) []electoral.Fault {
	c = c.made()
	if faults := decisionDay(in.At); len(faults) > 0 {
		return append(faults, noSuchDays(daysOf(e, in))...)
	}
	if faults := noSuchDays(daysOf(e, in)); len(faults) > 0 {
		return faults
	}
	k := &elector{checker: c, e: e, in: in, houses: [2]house{c.senate(e.Status), c.chamber(e.Status)}}
	k.identity()
	k.person()
	for _, l := range electoral.Lists() {
		k.list(l)
	}
	k.addedLists()
	k.euLists()
	k.status()
	k.constituencies()
	k.sectionFields()
	k.faults = append(k.faults, CheckCertifiability(k.e)...)
	return k.faults
}

// elector is one run of CheckElector.
type elector struct {
	checker *Checker
	e       electoral.Elector
	in      Circumstances
	houses  [2]house // Senato and Camera
	faults  electoral.Faults
}

func (k *elector) fault(c electoral.Cause, path, value string, args electoral.Args) {
	k.faults = append(k.faults, electoral.NewFault(c, path, value, args))
}

// label names a comune for people.
func (k *elector) label(belfiore string) string { return k.checker.tables.ComuneLabel(belfiore) }

func (k *elector) identity() {
	if !electoral.ValidANPRID(k.e.ANPRID) {
		k.fault(electoral.IDMalformed, "anprId", k.e.ANPRID, nil)
	}
	switch k.e.Capacity {
	case electoral.NotGiven:
		k.fault(electoral.CapacityNotGiven, "capacity", "", nil)
	case electoral.No:
		for _, f := range k.e.Status.Entries() {
			if f.Answer == electoral.Yes {
				k.fault(electoral.CapacityNoWithStatus, f.Path, electoral.Yes.String(),
					electoral.Args{"consultation": f.Italian})
			}
		}
		for l := range k.e.Enrolments() {
			k.fault(electoral.CapacityNoWithLists, l.Path(), "", electoral.Args{"list": l.Italian()})
		}
	}
}

func (k *elector) person() {
	p := k.in.Person
	if p == nil {
		return
	}
	enrolled := false
	for range k.e.Enrolments() {
		enrolled = true
	}
	dead := p.DeadAt(k.in.At)
	if !dead && enrolled && p.Residence == nil && p.Abroad == nil {
		k.fault(electoral.PersonNotRegistered, "anprId", k.e.ANPRID, nil)
	}
	if dead && (enrolled || k.e.Capacity == electoral.Yes && !removedAsDead(k.e)) {
		k.fault(electoral.DeadEnrolled, "anprId", k.e.ANPRID, electoral.Args{"death": p.Death.Italian()})
	}
	k.notItalian(p, enrolled)
	if k.e.Capacity != electoral.Yes {
		return
	}
	// The semestral revision of one half of the year enrols those who turn 18
	// in the other half: an elector may be 17.
	age, certain := p.AgeAt(k.in.At)
	switch {
	case OfAge(*p, 17, k.in.At) == electoral.No:
		k.fault(electoral.AgeTooLow, "capacity", electoral.Yes.String(),
			electoral.Args{"age": strconv.Itoa(age), "day": k.in.At.Italian()})
	case !certain && age < 18:
		k.fault(electoral.AgeUncertain, "capacity", electoral.Yes.String(),
			electoral.Args{"birth": p.Birth.Date.Italian()})
	}
}

// removedAsDead reports whether an elector left a list because he died: the capacity
// stays as it was.
func removedAsDead(e electoral.Elector) bool {
	return slices.ContainsFunc(e.Removals, func(r electoral.Removal) bool {
		return r.Cause == electoral.CauseDied || r.Code == electoral.DeathOfElector
	})
}

// notItalian judges the answers for national votes of a person who is in no
// list, from which his citizenship would follow.
func (k *elector) notItalian(p *electoral.Person, enrolled bool) {
	if enrolled || len(p.Citizenships) == 0 || p.IsItalian(k.in.At) || k.e.Capacity == electoral.No {
		return
	}
	for _, f := range citizensAlone(k.e.Status) {
		if f.Answer == electoral.Yes {
			k.fault(electoral.NationalStatusNotItalian, f.Path, electoral.Yes.String(),
				electoral.Args{"day": k.in.At.Italian(), "consultation": f.Italian})
		}
	}
}

// citizensAlone returns the answers for the votes of Italian citizens alone.
func citizensAlone(s electoral.Status) []electoral.StatusEntry {
	all := s.Entries()
	return []electoral.StatusEntry{all[0], all[2], all[3], all[4]}
}

// list checks one enrolment, whatever the list.
func (k *elector) list(l electoral.List) {
	a := k.e.ListEntry(l)
	if a.Enrolled != electoral.Yes && a.Enrolment == nil {
		return
	}
	enrolment := l.Path()
	if l != electoral.GeneralList {
		enrolment += ".enrolment"
		missing, undue := electoral.AddedWithoutEnrolment, electoral.EnrolmentWithoutAdded
		if l == electoral.EUComunalList || l == electoral.EUParliamentList {
			missing, undue = electoral.EUWithoutEnrolment, electoral.EnrolmentWithoutEU
		}
		switch {
		case a.Enrolled == electoral.Yes && a.Enrolment == nil:
			k.fault(missing, enrolment, "", electoral.Args{"list": l.Italian()})
		case a.Enrolled != electoral.Yes && a.Enrolment != nil:
			k.fault(undue, enrolment, a.Enrolment.Comune+"/"+a.Enrolment.Section,
				electoral.Args{"list": l.Italian(), "enrolled": a.Enrolled.String(), "tag": electoral.Tag(l.Path())})
		}
	}
	if a.Enrolment == nil {
		return
	}
	k.enrolment(enrolment, *a.Enrolment)
}

func (k *elector) enrolment(path string, en electoral.Enrolment) {
	comune, known := k.checker.tables.Comune(en.Comune, k.in.At)
	switch {
	case en.Comune == "":
		k.fault(electoral.EnrolmentComuneMissing, path+".comune", "", nil)
	case !known:
		k.fault(electoral.EnrolmentComuneUnknown, path+".comune", en.Comune, electoral.Args{"day": k.in.At.Italian()})
	}
	switch {
	case strings.TrimSpace(en.Section) == "":
		k.fault(electoral.EnrolmentSectionMissing, path+".section", en.Section, nil)
		return
	case utf8.RuneCountInString(en.Section) > electoral.MaxText:
		k.fault(electoral.EnrolmentSectionTooLong, path+".section", en.Section, nil)
		return
	}
	if k.in.Section != nil && en.Comune != "" {
		_, found, at := k.in.Section(en.Comune, en.Section)
		if at && !found {
			k.unknownSection(path+".section", en)
			return
		}
		if at {
			return // what the comune has registered is right, however high the number
		}
	}
	if n, err := strconv.Atoi(en.Section); err == nil && known && comune.Sections > 0 && n > comune.Sections {
		k.fault(electoral.SectionNumberAboveCount, path+".section", en.Section,
			electoral.Args{"sections": strconv.Itoa(comune.Sections)})
	}
}

func (k *elector) unknownSection(path string, en electoral.Enrolment) {
	if k.in.Spelling != nil {
		if registered, ok := k.in.Spelling(en.Comune, en.Section); ok {
			k.fault(electoral.SectionUnknown.In("spelling"), path, en.Section,
				electoral.Args{"section": en.Section, "comune": k.label(en.Comune), "registered": registered})
			return
		}
	}
	k.fault(electoral.SectionUnknown, path, en.Section,
		electoral.Args{"section": en.Section, "comune": k.label(en.Comune)})
}

func (k *elector) addedLists() {
	var first electoral.List
	var of territory
	for _, t := range territories() {
		if k.e.ListEntry(t.list).Enrolled != electoral.Yes {
			continue
		}
		if first != "" {
			k.fault(electoral.AddedMoreThanOne, t.list.Path()+".enrolled", electoral.Yes.String(),
				electoral.Args{"list": first.Italian()})
		}
		if first == "" {
			first, of = t.list, t
		}
		k.addedList(t)
	}
	if first == "" && k.e.General != nil {
		k.noAddedList()
	}
	if first != "" {
		k.onlyItalian(electoral.AddedNotItalian, first.Path()+".enrolled", first)
	}
	if k.e.General != nil {
		k.onlyItalian(electoral.GeneralNotItalian, "general", electoral.GeneralList)
		if first == "" {
			k.registeredIn(electoral.GeneralOtherComune, "general.comune", k.e.General.Comune)
		}
	}
	if first != "" && k.e.Capacity == electoral.Yes && k.e.Status.Regional == electoral.No {
		k.territoryFault(of, electoral.AddedRegionalStatus, "status.regional", electoral.No.String(),
			electoral.Args{"list": first.Italian()})
	}
}

// registeredIn compares the comune of a list with the one of residence or of
// the register of Italians abroad.
func (k *elector) registeredIn(code electoral.Code, path, comune string) {
	p := k.in.Person
	if p == nil || comune == "" {
		return
	}
	where := ""
	switch {
	case p.Residence != nil:
		where = p.Residence.Comune
	case p.Abroad != nil:
		where = p.Abroad.Comune
	}
	if where != "" && where != comune {
		k.fault(code, path, comune, electoral.Args{"comune": k.label(where)})
	}
}

func (k *elector) onlyItalian(code electoral.Code, path string, l electoral.List) {
	p := k.in.Person
	switch {
	case p == nil || p.IsItalian(k.in.At):
	case len(p.Citizenships) == 0:
		k.fault(electoral.CitizenshipUnknown, path, "", electoral.Args{"list": l.Italian()})
	default:
		k.fault(code, path, citizenshipsOf(p, k.in.At), electoral.Args{"day": k.in.At.Italian(), "list": l.Italian()})
	}
}

func citizenshipsOf(p *electoral.Person, at electoral.Date) string {
	s := ""
	for _, c := range p.Citizenships {
		if c.HeldAt(at) {
			if s != "" {
				s += " "
			}
			s += c.State
		}
	}
	return s
}

// territoryFault adds a fault with the law of one territory alone.
func (k *elector) territoryFault(t territory, c electoral.Cause, path, value string, args electoral.Args) {
	k.fault(c, path, value, args)
	k.faults[len(k.faults)-1].Source = t.law
}

func (k *elector) addedList(t territory) {
	en := k.e.ListEntry(t.list).Enrolment
	if en != nil {
		if c, ok := k.checker.tables.Comune(en.Comune, k.in.At); ok && c.ProvinceSigla == t.province {
			k.territoryFault(t, electoral.AddedComuneInTerritory, t.list.Path()+".enrolment.comune", en.Comune,
				electoral.Args{"territory": t.name})
		}
	}
	p := k.in.Person
	if p == nil || p.Residence == nil {
		return // an Italian abroad may be in an added list too
	}
	if en != nil && en.Comune == p.Residence.Comune {
		k.territoryFault(t, electoral.AddedSameComune, t.list.Path()+".enrolment.comune", en.Comune, nil)
	}
	if c, ok := k.checker.tables.Comune(p.Residence.Comune, k.in.At); ok && c.ProvinceSigla != t.province {
		k.territoryFault(t, electoral.AddedOtherProvince, t.list.Path()+".enrolled", electoral.Yes.String(),
			electoral.Args{"comune": c.Name, "province": c.ProvinceSigla, "territory": t.name})
		return
	}
	k.addedTerm(t)
}

// addedTerm counts the residence at the notice. Without one it can only say
// which term would be over by today.
func (k *elector) addedTerm(t territory) {
	day, noticed := k.countedAt()
	path := t.list.Path() + ".enrolled"
	residence, years, known := k.checker.residence(t.list, k.in.Person, day)
	args := electoral.Args{"territory": t.name, "since": k.in.Person.Residence.Since.Italian(), "term": term(years),
		"day": day.Italian()}
	switch {
	case !known || residence.Met == electoral.NotGiven:
		k.territoryFault(t, electoral.AddedTermNotCheckable, path, electoral.Yes.String(),
			electoral.Args{"territory": t.name})
	case residence.Met == electoral.No:
	case noticed:
		k.territoryFault(t, electoral.AddedTermOver, path, electoral.Yes.String(), args)
	default:
		k.territoryFault(t, electoral.AddedTermNotCheckable.In("no-notice"), path, electoral.Yes.String(), args)
	}
}

// countedAt is the day at which residence is counted, and whether it is that of
// a notice.
func (k *elector) countedAt() (electoral.Date, bool) {
	if k.in.Notice.IsZero() {
		return k.in.At, false
	}
	return k.in.Notice, true
}

// noAddedList tells of somebody who came to a territory not long ago and is in
// no added list.
func (k *elector) noAddedList() {
	p := k.in.Person
	if p == nil || p.Residence == nil || k.e.Capacity == electoral.No || k.e.Status.Regional == electoral.No {
		return
	}
	day, _ := k.countedAt()
	for _, t := range territories() {
		if k.checker.province(p.Residence.Comune, day) != t.province || k.e.General.Comune != p.Residence.Comune {
			continue
		}
		residence, years, known := k.checker.residence(t.list, p, day)
		args := electoral.Args{"territory": t.name, "since": p.Residence.Since.Italian(), "term": term(years),
			"day": day.Italian()}
		switch {
		case !known || residence.Met == electoral.Yes || p.Residence.Since.IsZero():
		case residence.Met == electoral.No:
			k.territoryFault(t, electoral.AddedListMissing, t.list.Path()+".enrolled",
				k.e.ListEntry(t.list).Enrolled.String(), args)
		default:
			k.territoryFault(t, electoral.AddedListMissing.In("unknown"), t.list.Path()+".enrolled",
				k.e.ListEntry(t.list).Enrolled.String(), args)
		}
	}
}

// CheckCertifiability judges which certificates an elector's record says may
// be issued: the part of [Checker.CheckElector] that needs nothing else.
func CheckCertifiability(e electoral.Elector) []electoral.Fault {
	c := e.Certifiability
	if c == nil {
		return nil
	}
	k := &elector{e: e}
	value := strconv.Itoa(int(*c))
	switch {
	case *c < electoral.NotCertifiable || *c > electoral.FullyCertifiable:
		k.fault(electoral.CertifiabilityUnknown, "certifiability", value, nil)
	case *c != electoral.NotCertifiable && e.Capacity == electoral.No:
		k.fault(electoral.CertifiabilityWithoutCapacity, "certifiability", value, nil)
	}
	return k.faults
}

// euLists applies the rules on the lists added for citizens of another Member
// State.
func (k *elector) euLists() {
	comunal, parliament := k.e.EU.Comunal, k.e.EU.Parliament
	if comunal.Enrolled != electoral.Yes && parliament.Enrolled != electoral.Yes {
		return
	}
	first := electoral.EUComunalList
	if comunal.Enrolled != electoral.Yes {
		first = electoral.EUParliamentList
	}
	path := first.Path() + ".enrolled"
	if k.e.General != nil {
		k.fault(electoral.EUWithGeneral, path, electoral.Yes.String(), nil)
	}
	for _, l := range []electoral.List{electoral.BolzanoList, electoral.TrentoList, electoral.AostaValleyList} {
		if k.e.ListEntry(l).Enrolled == electoral.Yes {
			k.fault(electoral.EUWithAdded, l.Path()+".enrolled", electoral.Yes.String(),
				electoral.Args{"list": first.Italian()})
		}
	}
	k.euCitizenship(path, first)
	if a, b := comunal.Enrolment, parliament.Enrolment; a != nil && b != nil && a.Comune != b.Comune {
		k.fault(electoral.EUDifferentComuni, "eu.parliament.enrolment.comune", b.Comune,
			electoral.Args{"comune": k.label(a.Comune), "other": k.label(b.Comune)})
	}
	if p := k.in.Person; p != nil && p.Residence == nil {
		k.fault(electoral.EUNotResident, path, electoral.Yes.String(), nil)
	}
	if comunal.Enrolled == electoral.Yes {
		k.euTerm()
	}
	for _, l := range []electoral.List{electoral.EUComunalList, electoral.EUParliamentList} {
		if en, ok := k.e.EnrolmentIn(l); ok {
			k.registeredIn(electoral.EUOtherComune, l.Path()+".enrolment.comune", en.Comune)
		}
	}
	if k.e.General == nil {
		k.euStatus()
	}
}

func (k *elector) euCitizenship(path string, l electoral.List) {
	p := k.in.Person
	switch {
	case p == nil:
	case len(p.Citizenships) == 0:
		k.fault(electoral.CitizenshipUnknown.In("union"), path, "", electoral.Args{"list": l.Italian()})
	case p.IsItalian(k.in.At):
		k.fault(electoral.EUItalian, path, electoral.Yes.String(), electoral.Args{"day": k.in.At.Italian()})
	case !p.IsEUCitizen(k.checker.tables, k.in.At):
		k.fault(electoral.EUNotMember, path, citizenshipsOf(p, k.in.At), electoral.Args{"day": k.in.At.Italian()})
	}
}

// euStatus compares the status flags with the added lists: what follows from
// one must be said by the other.
func (k *elector) euStatus() {
	if k.e.Capacity == electoral.No {
		return // every flag must be no, and CapacityNoWithStatus says so
	}
	s := k.e.Status
	for _, f := range citizensAlone(s) {
		if f.Answer == electoral.Yes {
			k.fault(electoral.EUNationalStatus, f.Path, electoral.Yes.String(),
				electoral.Args{"consultation": f.Italian})
		}
	}
	k.follows(electoral.EUParliamentStatus, "status.europeanParliament", s.EuropeanParliament,
		electoral.EUParliamentList)
	k.follows(electoral.EUComunalStatus, "status.comunal", s.Comunal, electoral.EUComunalList)
	if s.District == electoral.Yes {
		// No is right too: few comuni have districts.
		k.follows(electoral.EUComunalStatus, "status.district", s.District, electoral.EUComunalList)
	}
}

func (k *elector) follows(code electoral.Code, path string, got electoral.Answer, l electoral.List) {
	want := electoral.AnswerOf(k.e.ListEntry(l).Enrolled == electoral.Yes)
	if got == electoral.NotGiven || got == want {
		return
	}
	k.fault(code, path, got.String(),
		electoral.Args{"list": l.Italian(), "expected": want.String(), "status": got.String()})
}

// euTerm tells of a citizen of another Member State who has not lived in
// Trentino-Alto Adige as long as comuni of Bolzano ask.
func (k *elector) euTerm() {
	p := k.in.Person
	day, _ := k.countedAt()
	if p == nil || p.Residence == nil || p.Residence.Since.IsZero() ||
		k.checker.province(p.Residence.Comune, day) != "BZ" {
		return
	}
	residence, years, known := k.checker.residence(electoral.EUComunalList, p, day)
	if known && residence.Met != electoral.Yes {
		k.fault(electoral.EUTermMissing, "eu.comunal.enrolled", electoral.Yes.String(),
			electoral.Args{"territory": "provincia di Bolzano", "since": p.Residence.Since.Italian(), "day": day.Italian(),
				"term": term(years)})
	}
}
