package electoral

import (
	"strings"

	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// An AnnexField is one row of annex 1 for one person: the name of the field as
// the decree writes it and its value.
type AnnexField struct {
	// Point is the point of annex 1, 1 to 5.
	Point int `json:"point"`
	// Name is the decree's name of the field ("nome campo").
	Name string `json:"name"`
	// Value is the text of the value: for a yes-or-no field "si", "no" or
	// "non indicato"; empty for a field that the answers do not call for.
	Value string `json:"value"`
}

// An AnnexRecord is the flat view of one person's electoral data, field by
// field as annex 1 lists them ("Dati liste elettorali"). It is derived, by
// [Annex1Of], from the elector and from the sections in which he is enrolled,
// since ANPR keeps the seat, some constituencies and the colleges with the
// section.
type AnnexRecord struct {
	Capacity Answer `json:"capacity"`
	// General is point 2, Added point 3 in the order Bolzano, Trento,
	// Valle d'Aosta, EU point 4 in the order comunal, Parliament.
	General *AnnexEnrolment `json:"general"`
	Added   [3]AnnexList    `json:"added"`
	EU      [2]AnnexList    `json:"eu"`
	Status  AnnexStatus     `json:"status"`
}

// An AnnexEnrolment is the comune and the section of a list, with the seat.
type AnnexEnrolment struct {
	// Comune is the name of the comune of enrolment.
	Comune        string `json:"comune"`
	SectionNumber string `json:"sectionNumber"`
	// SectionSeat is the address and the name of the seat; empty when the
	// section is not at hand.
	SectionSeat string `json:"sectionSeat"`
}

// An AnnexList is one of the lists of points 3 and 4.
type AnnexList struct {
	List      List            `json:"list"`
	Enrolled  Answer          `json:"enrolled"`
	Enrolment *AnnexEnrolment `json:"enrolment"`
}

// An AnnexStatus is point 5 of annex 1.
type AnnexStatus struct {
	NationalReferendums  Answer `json:"nationalReferendums"`
	EuropeanParliament   Answer `json:"europeanParliament"`
	EuropeanConstituency string `json:"europeanConstituency"`
	Senate               Answer `json:"senate"`
	SenateConstituency   string `json:"senateConstituency"`
	SenateCollege        string `json:"senateCollege"`
	Chamber              Answer `json:"chamber"`
	ChamberConstituency  string `json:"chamberConstituency"`
	ChamberCollege       string `json:"chamberCollege"`
	Regional             Answer `json:"regional"`
	RegionalConstituency string `json:"regionalConstituency"`
	Comunal              Answer `json:"comunal"`
	District             Answer `json:"district"`
	DistrictConstituency string `json:"districtConstituency"`
}

// A SectionFinder looks a section up, and returns false where it is not at
// hand.
type SectionFinder func(comune, number string) (Section, bool)

// Annex1Of returns the flat view of an elector. A constituency or a college
// stands in it only where its answer is «si», as annex 1 says ("ove ... è
// «si»"); an elector who votes in a division of the constituency Estero has no
// college, although his section has one. With a nil find no section is at hand;
// comuneName gives the name of a comune from its Belfiore code, and without it the
// code stands in its place.
func Annex1Of(e Elector, find SectionFinder, comuneName func(belfiore string) string) AnnexRecord {
	if find == nil {
		find = func(string, string) (Section, bool) { return Section{}, false }
	}
	if comuneName == nil {
		comuneName = func(belfiore string) string { return belfiore }
	}
	enrolment := func(en *Enrolment) *AnnexEnrolment {
		if en == nil {
			return nil
		}
		a := &AnnexEnrolment{Comune: comuneName(en.Comune), SectionNumber: en.Section}
		if s, ok := find(en.Comune, en.Section); ok {
			a.SectionSeat = s.SeatText()
		}
		return a
	}
	list := func(l List) AnnexList {
		a := AnnexList{List: l, Enrolled: e.ListEntry(l).Enrolled}
		if en, ok := e.EnrolmentIn(l); ok {
			a.Enrolment = enrolment(&en)
		}
		return a
	}
	r := AnnexRecord{
		Capacity: e.Capacity,
		General:  enrolment(e.General),
		Added:    [3]AnnexList{list(BolzanoList), list(TrentoList), list(AostaValleyList)},
		EU:       [2]AnnexList{list(EUComunalList), list(EUParliamentList)},
	}
	r.Status = annexStatus(e, find)
	return r
}

func annexStatus(e Elector, find SectionFinder) AnnexStatus {
	s := e.Status
	a := AnnexStatus{
		NationalReferendums: s.NationalReferendums, EuropeanParliament: s.EuropeanParliament,
		Senate: s.Senate, Chamber: s.Chamber, Regional: s.Regional, Comunal: s.Comunal, District: s.District,
	}
	if s.Senate == Yes {
		a.SenateConstituency = s.SenateConstituency
	}
	if s.Chamber == Yes {
		a.ChamberConstituency = s.ChamberConstituency
	}
	// Where he votes for each kind: in the general list, and for an elector of
	// another Member State in the added list of that kind.
	national, _ := sectionIn(e, find, GeneralList)
	european, comunal, regional := national, national, national
	if e.General == nil {
		european, _ = sectionIn(e, find, EUParliamentList)
		comunal, _ = sectionIn(e, find, EUComunalList)
	}
	if l := e.RegionalList(); l != GeneralList {
		regional, _ = sectionIn(e, find, l)
		if l == BolzanoList {
			comunal = regional
		}
	}
	if s.EuropeanParliament == Yes {
		a.EuropeanConstituency = european.EuropeanConstituency
	}
	if s.Regional == Yes {
		a.RegionalConstituency = regional.RegionalConstituency
	}
	if s.District == Yes {
		a.DistrictConstituency = comunal.DistrictConstituency
	}
	if s.Senate == Yes && sameConstituency(s.SenateConstituency, national.SenateCollege) {
		a.SenateCollege = national.SenateCollege.String()
	}
	if s.Chamber == Yes && sameConstituency(s.ChamberConstituency, national.ChamberCollege) {
		a.ChamberCollege = national.ChamberCollege.String()
	}
	return a
}

// sameConstituency reports whether a college of the section is also the
// elector's, which it is not for an elector abroad, who votes in a division.
// The first half of a bilingual name equals the whole.
func sameConstituency(constituency string, c College) bool {
	first := func(s string) string { s, _, _ = strings.Cut(refdata.Fold(s), "/"); return s }
	return c.Constituency != "" && first(constituency) == first(c.Constituency)
}

func sectionIn(e Elector, find SectionFinder, l List) (Section, bool) {
	en, ok := e.EnrolmentIn(l)
	if !ok {
		return Section{}, false
	}
	return find(en.Comune, en.Section)
}

// SeatText returns the address and the name of the seat, as annex 1 wants
// them in one field ("Indirizzo e denominazione della sede").
func (s Section) SeatText() string {
	address := s.Seat.String()
	switch {
	case address == "":
		return s.SeatName
	case s.SeatName == "":
		return address
	}
	return address + " - " + s.SeatName
}

// The decree's names of the two fields that hold a college.
const (
	senateCollegeName  = "Collegio plurinominale e collegio uninominale per il Senato della Repubblica"
	chamberCollegeName = "Collegio plurinominale e collegio uninominale per la Camera dei deputati"
)

// Fields returns the record in the order and with the names of annex 1. Every
// field is there, whether it has a value or not. [AnnexRecord.Plain] is for people.
func (r AnnexRecord) Fields() []AnnexField {
	fields := []AnnexField{{1, "Elettore", r.Capacity.String()}}
	add := func(point int, name, value string) { fields = append(fields, AnnexField{point, name, value}) }
	place := func(point int, a *AnnexEnrolment, general bool) {
		if a == nil {
			a = &AnnexEnrolment{}
		}
		name := "Comune di iscrizione elettorale"
		if general {
			name += " nella lista generale ordinaria"
		}
		add(point, name, a.Comune)
		add(point, "Sezione elettorale di iscrizione (numero)", a.SectionNumber)
		add(point, "Sezione elettorale di iscrizione (sede)", a.SectionSeat)
	}
	place(2, r.General, true)
	names := [5]string{
		"Iscrizione nella lista aggiunta per i residenti in Provincia di Bolzano",
		"Iscrizione nella lista aggiunta per i residenti in Provincia di Trento",
		"Iscrizione nella lista aggiunta per i residenti in Valle d'Aosta",
		"Iscrizione nella lista aggiunta UE per le elezioni comunali e circoscrizionali",
		"Iscrizione nella lista aggiunta UE per le elezioni dei membri del Parlamento europeo spettanti all'Italia",
	}
	for i, l := range r.Added {
		add(3, names[i], l.Enrolled.String())
		place(3, l.Enrolment, false)
	}
	for i, l := range r.EU {
		add(4, names[3+i], l.Enrolled.String())
		place(4, l.Enrolment, false)
	}
	s := r.Status
	add(5, "Referendum nazionali", s.NationalReferendums.String())
	add(5, "Elezioni dei membri del Parlamento europeo spettanti all'Italia", s.EuropeanParliament.String())
	add(5, "Circoscrizione per l'elezione dei membri del Parlamento europeo spettanti all'Italia",
		s.EuropeanConstituency)
	add(5, "Senato della Repubblica", s.Senate.String())
	const constituency = "Circoscrizione del territorio nazionale/ripartizione della circoscrizione Estero per "
	add(5, constituency+"il Senato della Repubblica", s.SenateConstituency)
	add(5, senateCollegeName, s.SenateCollege)
	add(5, "Camera dei deputati", s.Chamber.String())
	add(5, constituency+"la Camera dei deputati", s.ChamberConstituency)
	add(5, chamberCollegeName, s.ChamberCollege)
	add(5, "Regionali", s.Regional.String())
	add(5, "Circoscrizione delle elezioni regionali", s.RegionalConstituency)
	add(5, "Comunali", s.Comunal.String())
	add(5, "Circoscrizionali", s.District.String())
	add(5, "Circoscrizione delle elezioni circoscrizionali", s.DistrictConstituency)
	return fields
}
