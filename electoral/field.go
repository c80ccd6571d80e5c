package electoral

import (
	"slices"
	"strconv"
)

// A Field names a field of annex 1, or another that ANPR keeps with the
// elector, by the path that faults give it: "general.section". A query compares
// fields, and a citizen asks to rectify one.
type Field string

// Fields of an [Elector]. The fields of the lists are made by [ListField].
const (
	CapacityField            Field = "capacity"
	NationalReferendumsField Field = "status.nationalReferendums"
	EuropeanParliamentField  Field = "status.europeanParliament"
	SenateField              Field = "status.senate"
	SenateConstituencyField  Field = "status.senateConstituency"
	ChamberField             Field = "status.chamber"
	ChamberConstituencyField Field = "status.chamberConstituency"
	RegionalField            Field = "status.regional"
	ComunalField             Field = "status.comunal"
	DistrictField            Field = "status.district"
	// CertifiabilityField is "0", "1", "2" or empty: ANPR has it beside annex 1.
	CertifiabilityField Field = "certifiability"
)

// Fields that annex 1 lists with the elector and that follow from his section
// and his status: see [Annex1Of].
const (
	EuropeanConstituencyField Field = "status.europeanConstituency"
	SenateCollegeField        Field = "status.senateCollege"
	ChamberCollegeField       Field = "status.chamberCollege"
	RegionalConstituencyField Field = "status.regionalConstituency"
	DistrictConstituencyField Field = "status.districtConstituency"
)

// A ListPart is a part of what annex 1 says of a list.
type ListPart string

// The parts of a list. The general list has no ListEnrolled of its own: an
// elector who is in it has a [ListComune].
const (
	ListEnrolled ListPart = "enrolled"
	ListComune   ListPart = "comune"
	ListSection  ListPart = "section"
	ListSeat     ListPart = "seat"
	// ListRemoval is the digit of the [RemovalCode] with which the elector left
	// the list; empty if he did not. ANPR has it beside annex 1.
	ListRemoval ListPart = "removal"
)

// ListField returns the field of a list: "added.bolzano.enrolment.section". The
// value of a comune is its Belfiore code.
func ListField(l List, part ListPart) Field {
	switch {
	case l == GeneralList:
		return Field("general." + string(part))
	case part == ListEnrolled, part == ListRemoval:
		return Field(l.Path() + "." + string(part))
	}
	return Field(l.Path() + ".enrolment." + string(part))
}

// A FieldInfo describes a [Field].
type FieldInfo struct {
	Field Field `json:"field"`
	// Italian is the name for people, in the words of annex 1.
	Italian string `json:"italian"`
	// Answer says whether the value is "si", "no" or "non indicato"; otherwise
	// it is a text.
	Answer bool `json:"answer"`
	// Derived says whether the value follows from the section, so that a store
	// does not hold it with the elector.
	Derived bool `json:"derived"`
	// Beside says whether ANPR has the field beside annex 1; nobody asks to
	// rectify it.
	Beside bool `json:"beside"`

	stored  func(*Elector) string
	derived func(*AnnexRecord) string
}

// InfoOf returns the description of a field, and false for a field that neither
// annex 1 nor ANPR has.
func InfoOf(f Field) (FieldInfo, bool) {
	if i := slices.IndexFunc(allFields, func(x FieldInfo) bool { return x.Field == f }); i >= 0 {
		return allFields[i], true
	}
	return FieldInfo{}, false
}

// Stored returns the value of a field that the elector's record holds; empty
// for one that is derived.
func (f FieldInfo) Stored(e *Elector) string {
	if f.stored == nil {
		return ""
	}
	return f.stored(e)
}

// OfAnnex1 returns the value of a field that is derived from the section; empty
// for one that the elector's record holds.
func (f FieldInfo) OfAnnex1(a *AnnexRecord) string {
	if f.derived == nil {
		return ""
	}
	return f.derived(a)
}

// Fields returns every field, in the order of annex 1 and then the others.
func Fields() []FieldInfo {
	answer := func(f Field, italian string, get func(*Elector) Answer) FieldInfo {
		return FieldInfo{Field: f, Italian: italian, Answer: true,
			stored: func(e *Elector) string { return get(e).String() }}
	}
	text := func(f Field, italian string, get func(*Elector) string) FieldInfo {
		return FieldInfo{Field: f, Italian: italian, stored: get}
	}
	derived := func(f Field, italian string, get func(*AnnexRecord) string) FieldInfo {
		return FieldInfo{Field: f, Italian: italian, Derived: true, derived: get}
	}
	all := []FieldInfo{answer(CapacityField, "Elettore", func(e *Elector) Answer { return e.Capacity })}
	for _, l := range Lists() {
		all = append(all, listFields(l)...)
	}
	return append(append(all,
		answer(NationalReferendumsField, "Referendum nazionali",
			func(e *Elector) Answer { return e.Status.NationalReferendums }),
		answer(EuropeanParliamentField, "Elezioni dei membri del Parlamento europeo",
			func(e *Elector) Answer { return e.Status.EuropeanParliament }),
		derived(EuropeanConstituencyField, "Circoscrizione per il Parlamento europeo",
			func(a *AnnexRecord) string { return a.Status.EuropeanConstituency }),
		answer(SenateField, "Senato della Repubblica", func(e *Elector) Answer { return e.Status.Senate }),
		text(SenateConstituencyField, "Circoscrizione o ripartizione per il Senato della Repubblica",
			func(e *Elector) string { return e.Status.SenateConstituency }),
		derived(SenateCollegeField, "Collegio plurinominale e uninominale per il Senato della Repubblica",
			func(a *AnnexRecord) string { return a.Status.SenateCollege }),
		answer(ChamberField, "Camera dei deputati", func(e *Elector) Answer { return e.Status.Chamber }),
		text(ChamberConstituencyField, "Circoscrizione o ripartizione per la Camera dei deputati",
			func(e *Elector) string { return e.Status.ChamberConstituency }),
		derived(ChamberCollegeField, "Collegio plurinominale e uninominale per la Camera dei deputati",
			func(a *AnnexRecord) string { return a.Status.ChamberCollege }),
		answer(RegionalField, "Regionali", func(e *Elector) Answer { return e.Status.Regional }),
		derived(RegionalConstituencyField, "Circoscrizione delle elezioni regionali",
			func(a *AnnexRecord) string { return a.Status.RegionalConstituency }),
		answer(ComunalField, "Comunali", func(e *Elector) Answer { return e.Status.Comunal }),
		answer(DistrictField, "Circoscrizionali", func(e *Elector) Answer { return e.Status.District }),
		derived(DistrictConstituencyField, "Circoscrizione delle elezioni circoscrizionali",
			func(a *AnnexRecord) string { return a.Status.DistrictConstituency }),
		FieldInfo{Field: CertifiabilityField, Italian: "Certificabilità", Beside: true,
			stored: func(e *Elector) string {
				if e.Certifiability == nil {
					return ""
				}
				return strconv.Itoa(int(*e.Certifiability))
			}},
	), removalFields()...)
}

// removalFields are how the elector left each list.
func removalFields() (fields []FieldInfo) {
	for _, l := range Lists() {
		fields = append(fields, FieldInfo{Field: ListField(l, ListRemoval), Beside: true,
			Italian: "Motivo della cancellazione (" + l.Italian() + ")",
			stored: func(e *Elector) string {
				if r, removed := e.RemovalFrom(l); removed {
					return strconv.Itoa(int(r.Code))
				}
				return ""
			}})
	}
	return fields
}

func listFields(l List) []FieldInfo {
	place := func(part ListPart, italian string, get func(Enrolment) string) FieldInfo {
		return FieldInfo{Field: ListField(l, part), Italian: italian + " (" + l.Italian() + ")",
			stored: func(e *Elector) string {
				if en := e.ListEntry(l).Enrolment; en != nil {
					return get(*en)
				}
				return ""
			}}
	}
	var fields []FieldInfo
	if l != GeneralList {
		fields = append(fields,
			FieldInfo{Field: ListField(l, ListEnrolled), Italian: "Iscrizione nella " + l.Italian(), Answer: true,
				stored: func(e *Elector) string { return e.ListEntry(l).Enrolled.String() }})
	}
	return append(fields,
		place(ListComune, "Comune di iscrizione elettorale", func(en Enrolment) string { return en.Comune }),
		place(ListSection, "Sezione elettorale di iscrizione (numero)",
			func(en Enrolment) string { return en.Section }),
		FieldInfo{Field: ListField(l, ListSeat), Derived: true,
			Italian: "Sezione elettorale di iscrizione (sede) (" + l.Italian() + ")",
			derived: func(a *AnnexRecord) string {
				if en := a.enrolment(l); en != nil {
					return en.SectionSeat
				}
				return ""
			}})
}

// enrolment returns the place in a list.
func (r *AnnexRecord) enrolment(l List) *AnnexEnrolment {
	if l == GeneralList {
		return r.General
	}
	for _, list := range [][]AnnexList{r.Added[:], r.EU[:]} {
		for _, a := range list {
			if a.List == l {
				return a.Enrolment
			}
		}
	}
	return nil
}

// allFields holds what [Fields] returns, which never changes.
var allFields = Fields()
