package anprxml

import (
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
)

// set puts a text that is not empty into a record.
func (r *record) set(id int, text string) {
	if text != "" {
		r.values[id] = value{present: true, text: text}
	}
}

func (r *record) setAnswer(id int, a electoral.Answer) {
	switch a {
	case electoral.Yes:
		r.set(id, "S")
	case electoral.No:
		r.set(id, "N")
	}
}

// mark marks the groups of e that hold something, at any depth, as present, and
// reports whether e is one.
func mark(e *element, r *record) bool {
	if e.many {
		r.values[e.id].present = len(r.items) > 0
		return r.values[e.id].present
	}
	if e.typ != nil {
		return r.values[e.id].present
	}
	held := r.values[e.id].present
	for i := range e.children {
		held = mark(&e.children[i], r) || held
	}
	r.values[e.id].present = held
	return held
}

func (w *writer) setComune(r *record, base int, belfiore, tag, path string) electoral.Faults {
	if belfiore == "" {
		return nil
	}
	c, ok := w.tables.Comune(belfiore, w.cfg.At)
	if !ok {
		r.values[base+comuneGroup] = value{present: true, bad: true}
		f := newFault(ComuneUnknown.In("code"), path, belfiore, nil)
		return electoral.Faults{complete(f, tag)}
	}
	r.set(base+comuneName, c.ANPRName)
	r.set(base+comuneISTAT, c.ISTAT)
	r.set(base+comuneProvince, c.ProvinceSigla)
	return nil
}

func (w *writer) setEnrolment(r *record, base int, en *electoral.Enrolment, tag, path string) electoral.Faults {
	if en == nil {
		return nil
	}
	r.values[base+enrolmentGroup].present = true
	r.set(base+enrolmentSection, en.Section)
	return w.setComune(r, base+enrolmentComune, en.Comune, tag+"/comune", path+".comune")
}

func (w *writer) fromElector(r *record, e electoral.Elector) electoral.Faults {
	const list = "listaSoggetto/lista/"
	r.values[eRecord].present = true
	r.values[eList].present = true
	r.set(eID, e.ANPRID)
	r.setAnswer(eCapacity, e.Capacity)
	faults := w.setEnrolment(r, eGeneral, e.General, list+"listaGenerale", "general")
	r.setAnswer(eEUComunal, e.EU.Comunal.Enrolled)
	faults = append(faults,
		w.setEnrolment(r, eEUComunalList, e.EU.Comunal.Enrolment, list+"listaAggiuntaUE/listaAggiuntaUEComunali",
			"eu.comunal.enrolment")...)
	r.setAnswer(eEUParliament, e.EU.Parliament.Enrolled)
	faults = append(faults,
		w.setEnrolment(r, eEUParlList, e.EU.Parliament.Enrolment, list+"listaAggiuntaUE/listaAggiuntaUEParlamento",
			"eu.parliament.enrolment")...)
	faults = append(faults, w.setAdded(r, e.Added)...)
	statusIDs := [7]int{eReferendums, eEuropean, eSenate, eChamber, eRegional, eComunal, eDistrict}
	for i, flag := range e.Status.Entries() {
		id := statusIDs[i]
		r.setAnswer(id, flag.Answer)
		if flag.Answer == electoral.NotGiven {
			r.values[id].bad = true
			f := newFault(electoral.StatusNotGivenForANPR, flag.Path, "", nil)
			faults = append(faults, complete(f, electoral.Tag(flag.Path)))
		}
	}
	r.set(eSenateConst, e.Status.SenateConstituency)
	r.set(eChamberConst, e.Status.ChamberConstituency)
	if e.Certifiability != nil {
		r.set(eCertifiableCode, strconv.Itoa(int(*e.Certifiability)))
	}
	mark(&w.spec, r)
	return faults
}

// setAdded writes the three lists, which share one list record in ANPR's XML.
func (w *writer) setAdded(r *record, a electoral.AddedLists) electoral.Faults {
	const tag = "listaSoggetto/lista/listaAggiuntaComReg"
	r.setAnswer(eBolzano, a.Bolzano.Enrolled)
	r.setAnswer(eTrento, a.Trento.Enrolled)
	r.setAnswer(eAostaValley, a.AostaValley.Enrolled)
	var faults electoral.Faults
	var shared *electoral.Enrolment
	for _, l := range []struct {
		list electoral.List
		electoral.AddedList
	}{{electoral.BolzanoList, a.Bolzano}, {electoral.TrentoList, a.Trento},
		{electoral.AostaValleyList, a.AostaValley}} {
		path := l.list.Path()
		switch {
		case l.Enrolled != electoral.Yes && l.Enrolment != nil:
			f := newFault(electoral.EnrolmentWithoutAdded.In("written"), path+".enrolment",
				l.Enrolment.Comune+"/"+l.Enrolment.Section, nil)
			faults = append(faults, complete(f, tag+"/listaBolTreVal"))
		case l.Enrolled != electoral.Yes:
		case shared != nil:
			f := newFault(electoral.AddedMoreThanOne.In("written"), path+".enrolled", "si", nil)
			faults = append(faults, complete(f, tag))
		case l.Enrolment == nil:
			f := newFault(electoral.AddedWithoutEnrolment.In("written"), path+".enrolment", "", nil)
			faults = append(faults, complete(f, tag+"/listaBolTreVal"))
		default:
			shared = l.Enrolment
			faults = append(faults, w.setEnrolment(r, eAddedList, shared, tag+"/listaBolTreVal", path+".enrolment")...)
		}
	}
	return faults
}

func (w *writer) fromSection(r *record, s electoral.Section) electoral.Faults {
	r.values[sRecord].present = true
	faults := w.setComune(r, sComune, s.Comune, "sezione/comune", "comune")
	r.set(sNumber, s.Number)
	r.set(sSeatName, s.SeatName)
	r.values[sSeat].present = true
	r.set(sPostCode, s.Seat.PostCode)
	faults = append(faults,
		w.setComune(r, sSeatComune, s.Seat.Comune, "sezione/sezioneelettoraleind/comune", "seat.comune")...)
	r.set(sSeatComune+comunePlace, s.Seat.Place)
	r.set(sHamlet, s.Seat.Hamlet)
	r.values[sStreet].present = true
	for _, p := range seatTexts(&s.Seat) {
		r.set(p.id, *p.text)
	}
	r.set(sEuropean, s.EuropeanConstituency)
	r.set(sChamberCollege, s.ChamberCollege.String())
	r.set(sRegional, s.RegionalConstituency)
	r.set(sDistrict, s.DistrictConstituency)
	r.set(sSenateCollege, s.SenateCollege.String())
	for i := range s.Translations {
		item := record{values: make([]value, translationSize)}
		item.values[tRecord].present = true
		item.values[tAddress].present = true
		for _, p := range translationTexts(&s.Translations[i]) {
			item.set(p.id, *p.text)
		}
		r.items = append(r.items, item)
	}
	mark(&w.spec, r)
	return faults
}
