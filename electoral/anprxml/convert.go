package anprxml

import (
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// answer reads S or N.
func answer(v *value) electoral.Answer {
	switch {
	case !v.present || v.bad:
		return electoral.NotGiven
	case v.text == "S" || v.text == "s":
		return electoral.Yes
	}
	return electoral.No
}

type comuneText struct{ name, istat, province string }

type comuneFound struct {
	belfiore string
	// disagrees says that the name is one comune's and the code another's.
	disagrees bool
	expected  string
}

// comune returns the Belfiore code of the comune whose values begin at base.
// parent is the element that has it as its child "comune", field the field that
// it belongs to, empty for the record.
func (f *file) comune(r *record, base int, parent, field string) string {
	if !r.values[base+comuneGroup].present {
		return ""
	}
	for _, id := range []int{comuneName, comuneISTAT, comuneProvince} {
		if r.values[base+id].bad {
			return "" // reported already
		}
	}
	key := comuneText{r.text(base + comuneName), r.text(base + comuneISTAT), r.text(base + comuneProvince)}
	found, ok := f.comuni[key]
	if !ok {
		found = f.lookup(key)
		if len(f.comuni) < 20_000 {
			f.comuni[key] = found
		}
	}
	if found.belfiore != "" {
		return found.belfiore
	}
	tag, path := parent+"/comune", "comune"
	if field != "" {
		path = field + ".comune"
	}
	pos := r.values[base+comuneGroup].pos
	given := strings.TrimSpace(key.name + " (" + key.province + ") " + key.istat)
	if found.disagrees {
		f.faults = append(f.faults,
			placed(newFault(ComuneDisagrees, path, given, electoral.Args{"expected": found.expected}), tag, pos))
	} else {
		f.faults = append(f.faults, placed(newFault(ComuneUnknown, path, given, nil), tag, pos))
	}
	return ""
}

func (f *file) lookup(key comuneText) comuneFound {
	byName, named := f.tables.ComuneByName(key.name, key.province, f.at)
	if key.istat == "" {
		return comuneFound{belfiore: byName.Belfiore}
	}
	byCode, coded := f.tables.ComuneByISTAT(key.istat, f.at)
	switch {
	case named && coded && byName.Belfiore == byCode.Belfiore:
		return comuneFound{belfiore: byName.Belfiore}
	case coded:
		return comuneFound{disagrees: true, expected: comuneLine(byCode)}
	case named:
		return comuneFound{disagrees: true, expected: comuneLine(byName)}
	}
	return comuneFound{}
}

func comuneLine(c refdata.Comune) string {
	return c.ANPRName + " (" + c.ProvinceSigla + ") " + c.ISTAT
}

// enrolment returns the enrolment at base; nil if it does not stand.
func (f *file) enrolment(r *record, base int, tag, path string) *electoral.Enrolment {
	if !r.values[base+enrolmentGroup].present {
		return nil
	}
	comune := base + enrolmentComune
	if place := &r.values[comune+comunePlace]; place.present {
		f.faults = append(f.faults,
			placed(newFault(PlaceNotKept, path+".comune", place.text, nil),
				tag+"/comune/descrizioneLocalita", place.pos))
	}
	return &electoral.Enrolment{
		Comune:  f.comune(r, comune, tag, path),
		Section: r.text(base + enrolmentSection),
	}
}

// elector makes the elector of a record; what cannot be converted becomes a
// fault in f.faults.
func (f *file) elector(r *record) electoral.Elector {
	const list = "listaSoggetto/lista/"
	e := electoral.Elector{
		ANPRID:   r.text(eID),
		Capacity: answer(&r.values[eCapacity]),
		General:  f.enrolment(r, eGeneral, list+"listaGenerale", "general"),
		EU: electoral.EULists{
			Comunal: electoral.AddedList{
				Enrolled: answer(&r.values[eEUComunal]),
				Enrolment: f.enrolment(r, eEUComunalList, list+"listaAggiuntaUE/listaAggiuntaUEComunali",
					"eu.comunal.enrolment"),
			},
			Parliament: electoral.AddedList{
				Enrolled: answer(&r.values[eEUParliament]),
				Enrolment: f.enrolment(r, eEUParlList, list+"listaAggiuntaUE/listaAggiuntaUEParlamento",
					"eu.parliament.enrolment"),
			},
		},
		Status: electoral.Status{
			NationalReferendums: answer(&r.values[eReferendums]),
			EuropeanParliament:  answer(&r.values[eEuropean]),
			Senate:              answer(&r.values[eSenate]),
			SenateConstituency:  r.text(eSenateConst),
			Chamber:             answer(&r.values[eChamber]),
			ChamberConstituency: r.text(eChamberConst),
			Regional:            answer(&r.values[eRegional]),
			Comunal:             answer(&r.values[eComunal]),
			District:            answer(&r.values[eDistrict]),
		},
	}
	f.added(r, &e)
	if c := &r.values[eCertifiableCode]; c.present && !c.bad {
		code := electoral.Certifiability(c.text[0] - '0')
		e.Certifiability = &code
	}
	return e
}

// added gives the one list record of the three added lists to those that are
// Yes. If none is, the record belongs to no list, which is a fault.
func (f *file) added(r *record, e *electoral.Elector) {
	const tag = "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal"
	e.Added.Bolzano.Enrolled = answer(&r.values[eBolzano])
	e.Added.Trento.Enrolled = answer(&r.values[eTrento])
	e.Added.AostaValley.Enrolled = answer(&r.values[eAostaValley])
	en := f.enrolment(r, eAddedList, tag, "added.enrolment")
	if en == nil {
		return
	}
	taken := false
	for _, l := range []*electoral.AddedList{&e.Added.Bolzano, &e.Added.Trento, &e.Added.AostaValley} {
		if l.Enrolled == electoral.Yes {
			own := *en
			l.Enrolment, taken = &own, true
		}
	}
	if !taken {
		undue := newFault(electoral.EnrolmentWithoutAdded.In("xml"), "added.enrolment", en.Comune+"/"+en.Section, nil)
		f.faults = append(f.faults, placed(undue, tag, r.values[eAddedList].pos))
	}
}

// section makes the section of a record; what cannot be converted becomes a
// fault in f.faults.
func (f *file) section(r *record) electoral.Section {
	s := electoral.Section{
		Comune:               f.comune(r, sComune, "sezione", ""),
		Number:               r.text(sNumber),
		SeatName:             r.text(sSeatName),
		EuropeanConstituency: r.text(sEuropean),
		RegionalConstituency: r.text(sRegional),
		DistrictConstituency: r.text(sDistrict),
		ChamberCollege:       f.college(r, sChamberCollege, "collegiocameradeputati", "chamberCollege"),
		SenateCollege:        f.college(r, sSenateCollege, "collegiosenatorepubblica", "senateCollege"),
	}
	s.Seat = electoral.Address{
		PostCode: r.text(sPostCode),
		Comune:   f.comune(r, sSeatComune, "sezione/sezioneelettoraleind", "seat"),
		Place:    r.text(sSeatComune + comunePlace),
		Hamlet:   r.text(sHamlet),
	}
	for _, p := range seatTexts(&s.Seat) {
		*p.text = r.text(p.id)
	}
	if v := r.values[sComune+comunePlace]; v.present {
		f.faults = append(f.faults,
			placed(newFault(PlaceNotKept.In("section"), "comune", v.text, nil),
				"sezione/comune/descrizioneLocalita", v.pos))
	}
	for i := range r.items {
		t := &r.items[i]
		var tr electoral.SectionTranslation
		for _, p := range translationTexts(&tr) {
			*p.text = t.text(p.id)
		}
		s.Translations = append(s.Translations, tr)
	}
	return s
}

func (f *file) college(r *record, id int, tag, path string) electoral.College {
	v := r.values[id]
	if !v.present || v.bad {
		return electoral.College{}
	}
	c, err := electoral.ParseCollege(v.text)
	if err != nil {
		f.faults = append(f.faults, placed(newFault(CollegeMalformed, path, v.text, nil), "sezione/"+tag, v.pos))
	}
	return c
}

// A place pairs a text field of the domain with its element.
type place struct {
	id   int
	text *string
}

// seatTexts pairs the texts of an address that are the same on both sides.
func seatTexts(a *electoral.Address) []place {
	st, h, in := &a.Street, &a.House, &a.House.Inner
	return []place{
		{sKindCode, &st.KindCode}, {sKind, &st.Kind}, {sKindSource, &st.KindSource},
		{sNameCode, &st.NameCode}, {sName, &st.Name}, {sNameSource, &st.NameSource},
		{sHouseCode, &h.Code}, {sHouseSource, &h.Source}, {sHouseNumber, &h.Number}, {sHouseMetric, &h.Metric},
		{sUnnumbered, &h.Unnumbered}, {sLetter, &h.Letter}, {sSuffix, &h.Suffix}, {sColour, &h.Colour},
		{sInnerFirst, &in.Court}, {sInnerFirst + 1, &in.Staircase}, {sInnerFirst + 2, &in.Unit},
		{sInnerFirst + 3, &in.UnitSuffix},
		{sInnerFirst + 4, &in.SubUnit}, {sInnerFirst + 5, &in.SubUnitSuffix},
		{sInnerFirst + 6, &in.OuterStaircase}, {sInnerFirst + 7, &in.Secondary},
		{sInnerFirst + 8, &in.Floor}, {sInnerFirst + 9, &in.UnitID}, {sInnerFirst + 10, &in.Block},
	}
}

// translationTexts pairs the texts of a translation.
func translationTexts(t *electoral.SectionTranslation) []place {
	return []place{
		{tSeatName, &t.SeatName}, {tLanguage, &t.LanguageID}, {tNote, &t.Note}, {tPlace, &t.Place},
		{tHamlet, &t.Hamlet}, {tKind, &t.StreetKind}, {tName, &t.StreetName}, {tCareOf, &t.CareOf},
	}
}
