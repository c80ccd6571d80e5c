package electoral

// euLists applies the rules on the lists added for citizens of another Member
// State.
func (k *elector) euLists() {
	comunal, parliament := k.e.EU.Comunal, k.e.EU.Parliament
	if comunal.Enrolled != Yes && parliament.Enrolled != Yes {
		return
	}
	first := EUComunalList
	if comunal.Enrolled != Yes {
		first = EUParliamentList
	}
	path := first.Path() + ".enrolled"
	if k.e.General != nil {
		k.fault(EUWithGeneral, path, Yes.String(), "Il soggetto risulta anche nella lista generale.", "la cancellazione da una delle due liste")
	}
	for _, l := range []List{BolzanoList, TrentoList, AostaValleyList} {
		if k.e.list(l).Enrolled == Yes {
			k.fault(EUWithAdded, l.Path()+".enrolled", Yes.String(), "Il soggetto risulta anche nella "+first.Italian()+".", "una lista aggiunta regionale/comunale oppure una lista aggiunta UE")
		}
	}
	k.euCitizenship(path, first)
	if a, b := comunal.Enrolment, parliament.Enrolment; a != nil && b != nil && a.Comune != b.Comune {
		k.fault(EUDifferentComuni, "eu.parliament.enrolment.comune", b.Comune, "Le due liste aggiunte UE sono di comuni diversi: "+a.Comune+" e "+b.Comune+".", "il comune di residenza per entrambe")
	}
	if p := k.in.Person; p != nil && p.Residence == nil {
		k.fault(EUNotResident, path, Yes.String(), "Il soggetto non risulta residente in Italia.", "la residenza in un comune italiano")
	}
	for _, l := range []List{EUComunalList, EUParliamentList} {
		if en, ok := k.e.EnrolmentIn(l); ok {
			k.registeredIn(EUOtherComune, l.Path()+".enrolment.comune", en.Comune)
		}
	}
	if k.e.General == nil {
		k.euStatus()
	}
}

func (k *elector) euCitizenship(path string, l List) {
	p := k.in.Person
	switch {
	case p == nil:
	case len(p.Citizenships) == 0:
		k.fault(CitizenshipUnknown, path, "", "La cittadinanza del soggetto non risulta: l'iscrizione nella "+l.Italian()+" non si può controllare.", "la cittadinanza di altro Stato membro nell'anagrafe")
	case p.IsItalian(k.in.At):
		k.fault(EUItalian, path, Yes.String(), "Il soggetto è cittadino italiano al "+k.in.At.String()+".", "la lista generale; alla naturalizzazione si cancella prima la lista aggiunta UE (motivo 5)")
	case !p.IsEUCitizen(k.tables, k.in.At):
		k.fault(EUNotMember, path, citizenshipsOf(p, k.in.At), "Il soggetto non è cittadino di uno Stato membro dell'Unione europea al "+k.in.At.String()+".", "la cittadinanza di uno Stato membro a quella data")
	}
}

// euStatus compares the status flags with the added lists: what follows from
// one must be said by the other.
func (k *elector) euStatus() {
	if k.e.Capacity == No {
		return // every flag must be no, and CapacityNoWithStatus says so
	}
	s := k.e.Status
	for _, f := range citizensAlone(s) {
		if f.Answer == Yes {
			k.fault(EUNationalStatus, f.Path, Yes.String(), "Un cittadino di altro Stato dell'Unione europea non è elettore per "+f.Italian+".", "no")
		}
	}
	k.follows(EUParliamentStatus, "status.europeanParliament", s.EuropeanParliament, EUParliamentList)
	k.follows(EUComunalStatus, "status.comunal", s.Comunal, EUComunalList)
	if s.District == Yes {
		// No is right too: few comuni have districts.
		k.follows(EUComunalStatus, "status.district", s.District, EUComunalList)
	}
}

func (k *elector) follows(code Code, path string, got Answer, l List) {
	want := AnswerOf(k.e.list(l).Enrolled == Yes)
	if got == NotGiven || got == want {
		return
	}
	k.fault(code, path, got.String(), "L'iscrizione nella "+l.Italian()+" è «"+want.String()+"», ma lo status è «"+got.String()+"».", want.String())
}
