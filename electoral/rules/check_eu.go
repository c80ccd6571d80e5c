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
		k.fault(electoral.EUWithGeneral, path, electoral.Yes.String(), "Il soggetto risulta anche nella lista generale.", "la cancellazione da una delle due liste")
	}
	for _, l := range []electoral.List{electoral.BolzanoList, electoral.TrentoList, electoral.AostaValleyList} {
		if k.e.ListEntry(l).Enrolled == electoral.Yes {
			k.fault(electoral.EUWithAdded, l.Path()+".enrolled", electoral.Yes.String(), "Il soggetto risulta anche nella "+first.Italian()+".", "una lista aggiunta regionale/comunale oppure una lista aggiunta UE")
		}
	}
	k.euCitizenship(path, first)
	if a, b := comunal.Enrolment, parliament.Enrolment; a != nil && b != nil && a.Comune != b.Comune {
		k.fault(electoral.EUDifferentComuni, "eu.parliament.enrolment.comune", b.Comune, "Le due liste aggiunte UE sono di comuni diversi: "+a.Comune+" e "+b.Comune+".", "il comune di residenza per entrambe")
	}
	if p := k.in.Person; p != nil && p.Residence == nil {
		k.fault(electoral.EUNotResident, path, electoral.Yes.String(), "Il soggetto non risulta residente in Italia.", "la residenza in un comune italiano")
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
		k.fault(electoral.CitizenshipUnknown, path, "", "La cittadinanza del soggetto non risulta: l'iscrizione nella "+l.Italian()+" non si può controllare.", "la cittadinanza di altro Stato membro nell'anagrafe")
	case p.IsItalian(k.in.At):
		k.fault(electoral.EUItalian, path, electoral.Yes.String(), "Il soggetto è cittadino italiano al "+k.in.At.String()+".", "la lista generale; alla naturalizzazione si cancella prima la lista aggiunta UE (motivo 5)")
	case !p.IsEUCitizen(k.checker.tables, k.in.At):
		k.fault(electoral.EUNotMember, path, citizenshipsOf(p, k.in.At), "Il soggetto non è cittadino di uno Stato membro dell'Unione europea al "+k.in.At.String()+".", "la cittadinanza di uno Stato membro a quella data")
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
			k.fault(electoral.EUNationalStatus, f.Path, electoral.Yes.String(), "Un cittadino di altro Stato dell'Unione europea non è elettore per "+f.Italian+".", "no")
		}
	}
	k.follows(electoral.EUParliamentStatus, "status.europeanParliament", s.EuropeanParliament, electoral.EUParliamentList)
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
	k.fault(code, path, got.String(), "L'iscrizione nella "+l.Italian()+" è «"+want.String()+"», ma lo status è «"+got.String()+"».", want.String())
}
