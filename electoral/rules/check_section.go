package rules

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// CheckSection applies every rule to a polling section and returns all the
// faults, in the order of the record's fields.
func (c *Checker) CheckSection(s electoral.Section, at electoral.Date) []electoral.Fault {
	if faults := noSuchDays([]day{{path: "at", date: at}}); len(faults) > 0 {
		return faults
	}
	c = c.made()
	k := &section{checker: c, s: s, at: at}
	k.identity()
	k.seat()
	k.european()
	k.regional()
	k.district()
	k.college(c.chamber(electoral.Status{}), s.ChamberCollege)
	k.college(c.senate(electoral.Status{}), s.SenateCollege)
	k.translations()
	return k.faults
}

// section is one run of CheckSection.
type section struct {
	checker *Checker
	s       electoral.Section
	at      electoral.Date
	comune  refdata.Comune
	known   bool // comune is the section's
	faults  electoral.Faults
}

func (k *section) fault(c electoral.Cause, path, value string, args electoral.Args) {
	k.faults = append(k.faults, electoral.NewFault(c, path, value, args))
}

func (k *section) identity() {
	k.comune, k.known = k.checker.tables.Comune(k.s.Comune, k.at)
	switch {
	case k.s.Comune == "":
		k.fault(electoral.SectionComuneMissing, "comune", "", nil)
	case !k.known:
		k.fault(electoral.SectionComuneUnknown, "comune", k.s.Comune, electoral.Args{"day": k.at.Italian()})
	}
	switch {
	case strings.TrimSpace(k.s.Number) == "":
		k.fault(electoral.SectionNumberMissing, "number", k.s.Number, nil)
	case !utf8.ValidString(k.s.Number) || strings.ContainsFunc(k.s.Number, unicode.IsControl):
		k.fault(electoral.SectionNumberMissing.In("unreadable"), "number",
			strconv.QuoteToASCII(k.s.Number[:min(len(k.s.Number), electoral.MaxText)]), nil)
	case utf8.RuneCountInString(k.s.Number) > electoral.MaxText:
		k.fault(electoral.SectionNumberTooLong, "number", k.s.Number, nil)
	default:
		if usual := electoral.CanonicalSectionNumber(k.s.Number); usual != k.s.Number {
			k.fault(electoral.SectionNumberUnusual, "number", k.s.Number,
				electoral.Args{"section": k.s.Number, "number": usual})
		}
	}
	if !k.s.Kind.Known() {
		k.fault(electoral.SectionKindUnknown, "kind", string(k.s.Kind), nil)
	}
}

func (k *section) seat() {
	switch {
	case strings.TrimSpace(k.s.SeatName) == "":
		k.fault(electoral.SeatNameMissing, "seatName", k.s.SeatName, nil)
	case utf8.RuneCountInString(k.s.SeatName) > electoral.MaxText:
		k.fault(electoral.SeatNameTooLong, "seatName", k.s.SeatName, nil)
	}
	a := k.s.Seat
	if len(a.PostCode) != 5 || !electoral.AllDigits(a.PostCode) {
		k.fault(electoral.SeatPostCode, "seat.postCode", a.PostCode, nil)
	}
	if a.Street.Name == "" && a.Street.NameCode == "" {
		k.fault(electoral.SeatStreetMissing, "seat.street", "", nil)
	}
	switch {
	case a.Comune == "":
		k.fault(electoral.SeatComuneMissing, "seat.comune", "", nil)
	case k.s.Comune != "" && a.Comune != k.s.Comune:
		k.fault(electoral.SeatOtherComune, "seat.comune", a.Comune,
			electoral.Args{"comune": k.checker.tables.ComuneLabel(k.s.Comune)})
	}
}

// european accepts the name of the law with or without its Roman number.
func (k *section) european() {
	given := k.s.EuropeanConstituency
	if given == "" {
		return // optional on the section; the electors' status asks for it
	}
	if k.tooLong("europeanConstituency", given) {
		return
	}
	name, ok := k.checker.tables.Canonical(refdata.KindEuropean, given)
	if !ok {
		var names []string
		for _, c := range k.checker.tables.EuropeanConstituencies() {
			names = append(names, c.Name)
		}
		k.fault(electoral.EuropeanUnknown, "europeanConstituency", given,
			electoral.Args{"expected": strings.Join(names, ", ")})
		return
	}
	if !k.known {
		return
	}
	v, ok := k.checker.tables.EuropeanConstituency(k.s.Comune)
	switch want := v.Name; {
	case !ok:
		k.fault(electoral.EuropeanNotCheckable, "europeanConstituency", given,
			electoral.Args{"comune": k.checker.tables.ComuneLabel(k.s.Comune)})
	case want != name:
		k.fault(electoral.EuropeanOtherComune, "europeanConstituency", given,
			electoral.Args{"comune": k.comune.Name, "expected": want})
	}
}

// regional warns where it cannot judge: the tables' names are the regional
// laws', not ANPR's official strings, and some rest on general knowledge.
func (k *section) regional() {
	given := k.s.RegionalConstituency
	if given == "" {
		k.fault(electoral.RegionalMissing, "regionalConstituency", "", nil)
		return
	}
	if k.tooLong("regionalConstituency", given) || !k.known {
		return
	}
	v, ok := k.checker.tables.RegionalConstituency(k.s.Comune)
	if n := len(k.faults); ok && v.Law != "" {
		defer func() {
			for i := n; i < len(k.faults); i++ {
				k.faults[i].Source = v.Law
			}
		}()
	}
	name, known := k.checker.tables.Canonical(refdata.KindRegional, given)
	if ok && known && name == v.Name {
		if v.Certainty != refdata.Sourced {
			k.fault(electoral.RegionalNotCheckable, "regionalConstituency", given,
				electoral.Args{"comune": k.comune.Name})
		}
		return
	}
	if ok && known && v.Certainty == refdata.Sourced {
		k.fault(electoral.RegionalOtherComune, "regionalConstituency", given,
			electoral.Args{"comune": k.comune.Name, "expected": v.Name})
		return
	}
	if ok {
		k.fault(electoral.RegionalNotCheckable.In("proposed"), "regionalConstituency", given,
			electoral.Args{"comune": k.comune.Name, "expected": v.Name})
		return
	}
	k.fault(electoral.RegionalNotCheckable.In("no-table"), "regionalConstituency", given,
		electoral.Args{"comune": k.comune.Name})
}

func (k *section) district() {
	given := k.s.DistrictConstituency
	if given == "" || k.tooLong("districtConstituency", given) {
		return
	}
	if k.known && k.comune.Residents > 0 && k.comune.Residents <= smallComune &&
		!k.comune.InSpecialRegion() {
		k.fault(electoral.DistrictComuneSmall, "districtConstituency", given, electoral.Args{"comune": k.comune.Name})
	}
}

func (k *section) college(h house, given electoral.College) {
	if given == (electoral.College{}) {
		k.fault(electoral.CollegeMissing, h.college, "", electoral.Args{"consultation": h.italian})
		return
	}
	if k.tooLong(h.college, given.String()) {
		return
	}
	name, ok := k.checker.tables.Canonical(h.kind, given.Constituency)
	if !ok {
		k.fault(electoral.CollegeUnknown, h.college, given.String(),
			electoral.Args{"consultation": h.italian, "expected": strings.Join(h.known(), ", ")})
		return
	}
	if given.Constituency != strings.ToUpper(given.Constituency) {
		k.fault(electoral.CollegeNotExact, h.college, given.String(),
			electoral.Args{"consultation": h.italian,
				"expected": electoral.College{Constituency: name, MultiMember: given.MultiMember,
					SingleMember: given.SingleMember}.String()})
	}
	of := h.of(k.s.Comune)
	want := refdata.College{Constituency: name, MultiMember: given.MultiMember, SingleMember: given.SingleMember}
	ofComune := slices.ContainsFunc(of, func(c refdata.College) bool {
		return c.Constituency == name && c.MultiMember == given.MultiMember && c.SingleMember == given.SingleMember
	})
	switch {
	case given.MultiMember == "" && !h.exists(want):
		k.fault(electoral.CollegeMultiMemberMissing, h.college, given.String(),
			electoral.Args{"consultation": h.italian, "expected": expectedColleges(of)})
	case !h.exists(want):
		k.fault(electoral.CollegeUnknown.In("college"), h.college, given.String(),
			electoral.Args{"consultation": h.italian, "expected": expectedColleges(of)})
	case !k.known:
	case len(of) == 0:
		k.fault(electoral.CollegeNotCheckable, h.college, given.String(),
			electoral.Args{"consultation": h.italian, "comune": k.comune.Name})
	case !ofComune && of[0].Inferred:
		// The comune is newer than the colleges: its own is its predecessor's.
		k.fault(electoral.CollegeNotCheckable.In("deduced"), h.college, given.String(),
			electoral.Args{"consultation": h.italian, "comune": k.comune.Name, "expected": expectedColleges(of)})
	case !ofComune:
		k.fault(electoral.CollegeOtherComune, h.college, given.String(),
			electoral.Args{"consultation": h.italian, "comune": k.comune.Name, "expected": expectedColleges(of)})
	}
}

func expectedColleges(of []refdata.College) string {
	if len(of) == 0 {
		return "CIRCOSCRIZIONE | Pnn | Unn"
	}
	texts := make([]string, len(of))
	for i, c := range of {
		texts[i] = electoral.College{Constituency: c.Constituency, MultiMember: c.MultiMember,
			SingleMember: c.SingleMember}.String()
	}
	return strings.Join(texts, " oppure ")
}

func (k *section) translations() {
	for i, t := range k.s.Translations {
		path := "translations[" + strconv.Itoa(i) + "]"
		if len(t.LanguageID) < 1 || len(t.LanguageID) > 9 || !electoral.AllDigits(t.LanguageID) {
			k.fault(electoral.TranslationLanguage, path+".languageId", t.LanguageID, nil)
		}
		if strings.TrimSpace(t.SeatName) == "" {
			k.fault(electoral.TranslationNameMissing, path+".seatName", t.SeatName, nil)
		} else {
			k.tooLong(path+".seatName", t.SeatName)
		}
	}
	if len(k.s.Translations) > 0 && k.known && len(k.checker.tables.Languages(k.s.Comune)) == 0 {
		k.fault(electoral.TranslationNotInForce, "translations[0]", k.s.Translations[0].SeatName,
			electoral.Args{"comune": k.comune.Name})
	}
}

func (k *section) tooLong(path, value string) bool {
	if utf8.RuneCountInString(value) <= electoral.MaxText {
		return false
	}
	k.fault(electoral.FieldTooLong, path, value, nil)
	return true
}

// A SectionSize says how many electors a section has as a rule ("da 500 a 1.200
// iscritti", D.M. 117/1998, art. 1), on the days from From to To; a zero day means
// no bound. It warns and never refuses: distance and roads are for the officer to
// judge.
type SectionSize struct {
	From, To    electoral.Date
	Least, Most int
}

// DefaultSectionSizes returns what is in force: 500 to 1,200 electors from 13 May
// 1998 on (L. 449/1997, art. 55 c. 6).
func DefaultSectionSizes() []SectionSize {
	return []SectionSize{{From: electoral.Date{Year: 1998, Month: 5, Day: 13}, Least: 500, Most: 1200}}
}

// CheckSectionSize warns of an ordinary section with fewer or more electors in the
// general list than the rule of a day says ([Config.SectionSizes]).
func (c *Checker) CheckSectionSize(s electoral.Section, electors int, at electoral.Date) []electoral.Fault {
	if s.Kind != electoral.OrdinarySection {
		return nil
	}
	for _, z := range c.made().sizes {
		if !z.From.IsZero() && at.Before(z.From) || !z.To.IsZero() && at.After(z.To) {
			continue
		}
		args := electoral.Args{"section": s.Number, "electors": electoral.CountOfElectors(electors),
			"least": strconv.Itoa(z.Least), "most": strconv.Itoa(z.Most)}
		switch value := strconv.Itoa(electors); {
		case electors < z.Least:
			return electoral.Faults{electoral.NewFault(electoral.SectionSizeUnusual, "number", value, args)}
		case electors > z.Most:
			return electoral.Faults{electoral.NewFault(electoral.SectionSizeUnusual.In("large"), "number", value, args)}
		}
	}
	return nil
}

// CheckPlaces judges whether the sections in which an elector is have what his
// status requires: the part of [Checker.CheckElector] that another section may
// change. section is as in [Circumstances].
func (c *Checker) CheckPlaces(e electoral.Elector,
	section func(comune, number string) (s electoral.Section, found, known bool)) []electoral.Fault {
	c = c.made()
	k := &elector{checker: c, e: e, in: Circumstances{Section: section},
		houses: [2]house{c.senate(e.Status), c.chamber(e.Status)}}
	k.sectionFields()
	return k.faults
}
