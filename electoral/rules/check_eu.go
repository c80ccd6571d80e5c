package rules

import (
	"github.com/liste-elettorali/anpr/electoral"
)

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
			electoral.Args{"comune": a.Comune, "other": b.Comune})
	}
	if p := k.in.Person; p != nil && p.Residence == nil {
		k.fault(electoral.EUNotResident, path, electoral.Yes.String(), nil)
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
		k.fault(electoral.EUItalian, path, electoral.Yes.String(), electoral.Args{"day": k.in.At.String()})
	case !p.IsEUCitizen(k.checker.tables, k.in.At):
		k.fault(electoral.EUNotMember, path, citizenshipsOf(p, k.in.At), electoral.Args{"day": k.in.At.String()})
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
