package certificate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A Code names one reason to refuse a certificate. It is stable, never reused
// for something else, and an error, so that
//
//	errors.Is(err, certificate.Deceased)
//
// asks whether a [Refusal] holds that reason.
type Code string

// The reasons.
const (
	Deceased              Code = "CER-PER-01"
	NotInANPR             Code = "CER-PER-02"
	Underage              Code = "CER-PER-03"
	AgeUnknown            Code = "CER-PER-04"
	DataMissing           Code = "CER-PER-05"
	NotElector            Code = "CER-ELE-01"
	CapacityUnknown       Code = "CER-ELE-02"
	NotCertifiable        Code = "CER-ELE-03"
	OnlyPoliticalRights   Code = "CER-ELE-04"
	NotEnrolled           Code = "CER-ISC-01"
	NotInList             Code = "CER-ISC-02"
	Removed               Code = "CER-ISC-04"
	BetweenComuni         Code = "CER-ISC-05"
	ComuneUnknown         Code = "CER-ISC-03"
	NotItalian            Code = "CER-CIT-01"
	CitizenshipUnknown    Code = "CER-CIT-02"
	KindUnknown           Code = "CER-RIC-01"
	UseUnknown            Code = "CER-RIC-02"
	SignerUnknown         Code = "CER-RIC-03"
	IssuingComuneUnknown  Code = "CER-RIC-04"
	RequestReused         Code = "CER-RIC-05"
	LanguageNotInForce    Code = "CER-RIC-06"
	FiscalCodeInvalid     Code = "CER-RIC-07"
	PreviewOutdated       Code = "CER-RIC-08"
	NotYours              Code = "CER-ARC-01"
	Expired               Code = "CER-ARC-02"
	NotAuthentic          Code = "CER-ARC-03"
	PersonRepeated        Code = "CER-COL-01"
	NobodyCertified       Code = "CER-COL-02"
	CollectiveClosed      Code = "CER-COL-03"
	CharacterNotPrintable Code = "CER-TES-01"
	TextTooLong           Code = "CER-TES-02"
)

// A rule is what a code stands for.
type rule struct{ message, remedy, source, anpr string }

const (
	decree    = "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i comuni, punto 4"
	practice  = "prassi ANPR"
	sdkChoice = "scelta di questa libreria: nessuna fonte pubblica lo regola"
)

func ruleOf(c Code) rule {
	switch c {
	case Deceased:
		return rule{"La persona risulta deceduta.", "Nulla, se il decesso è registrato correttamente; altrimenti la rettifica dell'atto nell'anagrafe.", practice + " (EN228)", "EN228"}
	case NotInANPR:
		return rule{"La persona è stata cancellata da ANPR: non risulta né residente né iscritta all'AIRE.", "L'iscrizione nell'anagrafe di un comune o nell'AIRE.", practice + " (segnalazione 3694)", "EN229"}
	case Underage:
		return rule{"La persona non ha ancora compiuto diciotto anni.", "Il compimento del diciottesimo anno.", practice + " (segnalazione 4143)", ""}
	case AgeUnknown:
		return rule{"Non si può accertare che la persona abbia compiuto diciotto anni: la data di nascita è incompleta.", "La data di nascita completa nell'anagrafe.", practice + " (segnalazione 4143)", ""}
	case DataMissing:
		return rule{"Manca un dato anagrafico che il certificato deve riportare.", "La registrazione del dato nell'anagrafe.", decree, ""}
	case NotElector:
		return rule{"La persona non gode dell'elettorato attivo.", "Il riacquisto della capacità elettorale, registrato dal comune.", practice + " (changelog 7.1.1, segnalazione 3808)", ""}
	case CapacityUnknown:
		return rule{"Non è registrato se la persona gode dell'elettorato attivo.", "La registrazione della capacità elettorale da parte del comune.", "D.M. Interno 17 ottobre 2022, allegato 1, punto 1", ""}
	case NotCertifiable:
		return rule{"La persona risulta non certificabile ai fini elettorali.", "La modifica della certificabilità da parte dell'ufficio elettorale del comune.", practice + " (segnalazioni 3992 e 4654)", ""}
	case OnlyPoliticalRights:
		return rule{"Per la persona può essere emesso soltanto il certificato di godimento dei diritti politici.", "La modifica della certificabilità da parte dell'ufficio elettorale del comune; intanto si può chiedere il certificato di godimento dei diritti politici.", practice + " (segnalazioni 3992 e 4446)", "EN047"}
	case NotEnrolled:
		return rule{"La persona non risulta iscritta in alcuna lista elettorale.", "L'iscrizione nelle liste di un comune; intanto si può chiedere, se spetta, il certificato di godimento dei diritti politici.", practice + " (segnalazione 3738)", ""}
	case Removed:
		return rule{"La persona è stata cancellata dalle liste elettorali e non risulta ancora iscritta altrove.", "L'iscrizione nelle liste del nuovo comune; intanto si può chiedere, se spetta, il certificato di godimento dei diritti politici.", practice + " (segnalazione 3738)", ""}
	case BetweenComuni:
		return rule{"La persona è stata cancellata dalle liste di un comune, e quello che ne ha chiesto il trasferimento non l'ha ancora iscritta.", "L'iscrizione da parte del comune che l'ha chiesta; intanto si può chiedere, se spetta, il certificato di godimento dei diritti politici.", practice + " (segnalazioni 3738 e 5288)", "EN560"}
	case NotInList:
		return rule{"La persona non risulta iscritta nella lista indicata.", "L'indicazione di una lista nella quale la persona è iscritta.", decree, ""}
	case ComuneUnknown:
		return rule{"Il comune di iscrizione non è nell'archivio dei comuni.", "La correzione del codice del comune nella posizione elettorale.", decree, ""}
	case NotItalian:
		return rule{"Il certificato di godimento dei diritti politici riguarda i cittadini italiani; la persona ha altra cittadinanza.", "L'acquisto della cittadinanza italiana; chi è in una lista aggiunta dell'Unione europea può chiedere il certificato di iscrizione.", sdkChoice, ""}
	case CitizenshipUnknown:
		return rule{"La cittadinanza della persona non è registrata.", "La registrazione della cittadinanza nell'anagrafe.", sdkChoice, ""}
	case KindUnknown:
		return rule{"Il tipo di certificato richiesto non esiste.", "La scelta di uno dei certificati disponibili.", decree, "EN070"}
	case UseUnknown:
		return rule{"L'uso del certificato non è indicato o non è previsto.", "L'indicazione dell'uso elettorale o privato.", "D.P.R. 28 dicembre 2000, n. 445, art. 40, comma 02", ""}
	case SignerUnknown:
		return rule{"Chi firma per il comune non è indicato correttamente.", "Sindaco, Vice Sindaco o incaricato del sindaco per il comune; nessuno per il portale.", practice + " (segnalazione 4143)", ""}
	case IssuingComuneUnknown:
		return rule{"Il comune che rilascia il certificato non è nell'archivio dei comuni.", "La correzione del comune dell'ufficiale elettorale.", decree, ""}
	case RequestReused:
		return rule{"L'identificativo della richiesta è già stato usato per un certificato diverso.", "Un identificativo nuovo, oppure la stessa richiesta.", "schemi ANPR V9.2.7 (tipoDatoTestataRichiesta: idOperazioneComune)", ""}
	case LanguageNotInForce:
		return rule{"La lingua richiesta non è in vigore nel comune di residenza.", "La lingua del comune di residenza, oppure il solo italiano.", "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i cittadini, punto 3, lettera b", ""}
	case FiscalCodeInvalid:
		return rule{"Il codice fiscale non è valido.", "Un codice fiscale di 16 caratteri, o provvisorio di 11 cifre.", "D.M. Finanze 23 dicembre 1976", ""}
	case PreviewOutdated:
		return rule{"I dati del certificato sono cambiati dopo l'anteprima.", "Una nuova anteprima, da controllare e confermare.", "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i cittadini, punto 3, lettera c", ""}
	case NotYours:
		return rule{"Il certificato è di un'altra persona, o è stato rilasciato da un altro comune.", "L'accesso della persona a cui il certificato si riferisce o del comune che lo ha rilasciato.", "D.M. Interno 17 ottobre 2022, art. 4, comma 2", ""}
	case Expired:
		return rule{"Il certificato non è più disponibile: la sua validità è terminata, o non è mai stato rilasciato.", "Un nuovo certificato.", "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i cittadini, punto 3, lettera d", ""}
	case NotAuthentic:
		return rule{"Il contrassegno non è autentico: nessun certificato emesso da questo sistema lo porta.", "La lettura di tutto il contrassegno; se resta non autentico, il documento non va accettato.", "D.M. Interno 17 ottobre 2022, allegato 2, ulteriori specifiche tecniche, punto 3", ""}
	case PersonRepeated:
		return rule{"La persona compare già in una riga precedente.", "Nulla: è certificata una volta sola.", sdkChoice, ""}
	case NobodyCertified:
		return rule{"Nessuna delle persone indicate può essere certificata.", "Il resoconto dice per ciascuna il motivo.", sdkChoice, ""}
	case CollectiveClosed:
		return rule{"La persona ora può essere certificata, ma il certificato collettivo di questa richiesta è già stato rilasciato senza di lei.", "Una nuova richiesta.", sdkChoice, ""}
	case CharacterNotPrintable:
		return rule{"Un dato contiene un carattere che il certificato non può riportare.", "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico che lo comprenda.", sdkChoice, ""}
	case TextTooLong:
		return rule{"I dati non entrano nella pagina del certificato.", "Dati più brevi.", sdkChoice, ""}
	}
	return rule{message: "Motivo sconosciuto."}
}

// Error returns the code; a [Reason] says what it stands for.
func (c Code) Error() string { return string(c) }

// Codes returns every reason.
func Codes() []Code {
	return []Code{Deceased, NotInANPR, Underage, AgeUnknown, DataMissing, NotElector, CapacityUnknown, NotCertifiable,
		OnlyPoliticalRights, NotEnrolled, Removed, BetweenComuni, NotInList, ComuneUnknown, NotItalian, CitizenshipUnknown, KindUnknown, UseUnknown,
		SignerUnknown, IssuingComuneUnknown, RequestReused, LanguageNotInForce, FiscalCodeInvalid, PreviewOutdated, NotYours, Expired, NotAuthentic, PersonRepeated, NobodyCertified, CollectiveClosed,
		CharacterNotPrintable, TextTooLong}
}

// A Reason is one reason for which a certificate cannot be issued. Message and
// Remedy are Italian, for people.
type Reason struct {
	Code Code `json:"code"`
	// Field is the path of the datum that the reason is about, as in the JSON of
	// [electoral.CertificateFacts] or of the request; empty if none.
	Field   string `json:"field,omitzero"`
	Message string `json:"message"`
	// Remedy says what would change it.
	Remedy string `json:"remedy"`
	Source string `json:"source"`
	// ANPRCode is the code with which ANPR refuses the same thing, where known.
	ANPRCode string `json:"anprCode,omitzero"`
}

func newReason(c Code, field string) Reason {
	r := ruleOf(c)
	return Reason{Code: c, Field: field, Message: r.message, Remedy: r.remedy, Source: r.source, ANPRCode: r.anpr}
}

// A Refusal is the error of a certificate that cannot be issued, with every
// reason. It unwraps to the codes.
type Refusal struct {
	Kind    Kind     `json:"kind"`
	Reasons []Reason `json:"reasons"`
}

func (r *Refusal) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "certificate: %q refused", r.Kind)
	for i, reason := range r.Reasons {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		b.WriteString(string(reason.Code) + " " + reason.Message)
		if reason.Field != "" {
			b.WriteString(" [" + reason.Field + "]")
		}
	}
	return b.String()
}

// RefusalCode returns the code of the first reason, by which the access log keeps
// the refusal.
func (r *Refusal) RefusalCode() string {
	if len(r.Reasons) == 0 {
		return ""
	}
	return string(r.Reasons[0].Code)
}

// Unwrap returns the codes of the reasons.
func (r *Refusal) Unwrap() []error {
	out := make([]error, len(r.Reasons))
	for i, reason := range r.Reasons {
		out[i] = reason.Code
	}
	return out
}

// Assess returns every reason for which a certificate of a kind cannot be
// issued on a day, nil if it can. list is the list that a certificate of
// enrolment is to state; empty means the first in the order of annex 1 in which
// the person is. It is a pure function of its arguments.
//
// Certifiability that ANPR was not told is no reason by itself: capacity and
// enrolment, which the certificate states, must be recorded anyway. Political
// rights are certified of Italian citizens only; this is our choice, there is
// no public rule.
func Assess(facts electoral.CertificateFacts, kind Kind, list electoral.List, at electoral.Date) []Reason {
	var out []Reason
	add := func(c Code, field string) { out = append(out, newReason(c, field)) }
	if !slices.Contains(Kinds(), kind) {
		add(KindUnknown, "kind")
		return out
	}
	enrolment, rights := kind.states()
	assessPerson(facts.Person, at, add)
	for n := range out {
		if out[n].Code == Underage {
			out[n].Remedy = "Il compimento del diciottesimo anno, il " + facts.Person.Birth.Date.AddYears(18).String() + "."
		}
	}
	e := facts.Elector
	switch e.Capacity {
	case electoral.No:
		add(NotElector, "elector.capacity")
	case electoral.NotGiven:
		add(CapacityUnknown, "elector.capacity")
	}
	if c := e.Certifiability; c != nil {
		switch {
		case *c == electoral.FullyCertifiable:
		case *c != electoral.OnlyPoliticalRights:
			add(NotCertifiable, "elector.certifiability")
		case enrolment:
			add(OnlyPoliticalRights, "elector.certifiability")
		}
	}
	if enrolment {
		if _, _, ok := enrolmentOf(e, list); !ok {
			if list != "" && !slices.Contains(electoral.Lists(), list) || list != "" && enrolledAnywhere(e) {
				add(NotInList, "list")
			} else {
				add(NotEnrolled, "elector")
				if r := e.Removal; r != nil {
					out[len(out)-1] = removed(*r)
				}
				if facts.ClaimedBy != "" {
					out[len(out)-1] = newReason(BetweenComuni, "elector.removal")
					out[len(out)-1].Remedy += " Comune che può iscrivere: " + facts.ClaimedBy + "."
				}
			}
		}
	}
	if rights {
		if len(facts.Person.Citizenships) == 0 {
			add(CitizenshipUnknown, "person.citizenships")
		} else if !facts.Person.IsItalian(at) {
			add(NotItalian, "person.citizenships")
		}
	}
	return out
}

// removed says why somebody is in no list, with what would change it.
func removed(r electoral.Removal) Reason {
	reason := newReason(Removed, "elector.removal")
	reason.Message += " Motivo: " + r.Reason.Italian()
	if r.Day.Month != 0 && r.Day.Day != 0 {
		reason.Message += ", dal " + italianDay(r.Day)
	}
	reason.Message += "."
	return reason
}

func assessPerson(p electoral.Person, at electoral.Date, add func(Code, string)) {
	switch {
	case p.DeadAt(at):
		add(Deceased, "person.death")
	case p.Residence == nil && p.Abroad == nil:
		add(NotInANPR, "person.residence")
	}
	if years, certain := p.AgeAt(at); years < 18 {
		if certain {
			add(Underage, "person.birth.date")
		} else {
			add(AgeUnknown, "person.birth.date")
		}
	}
	if strings.TrimSpace(p.Surname) == "" && strings.TrimSpace(p.Name) == "" {
		add(DataMissing, "person.surname")
	}
	if p.Birth.Place == "" && strings.TrimSpace(p.Birth.PlaceName) == "" {
		add(DataMissing, "person.birth.place")
	}
}

func enrolledAnywhere(e electoral.Elector) bool {
	_, _, ok := enrolmentOf(e, "")
	return ok
}

// enrolmentOf returns the enrolment that a certificate states.
func enrolmentOf(e electoral.Elector, list electoral.List) (electoral.List, electoral.Enrolment, bool) {
	for l, en := range e.Enrolments() {
		if list == "" || l == list {
			return l, en, true
		}
	}
	return "", electoral.Enrolment{}, false
}

// subjectOf takes from a person what a certificate prints, with the names of
// the places as they were at the birth.
func subjectOf(p electoral.Person, tables *refdata.Tables, language string) Subject {
	s := Subject{Surname: clean(p.Surname), Name: clean(p.Name), Sex: p.Sex, Birth: Birth{Date: p.Birth.Date}}
	if s.Sex != electoral.Male && s.Sex != electoral.Female {
		s.Sex = electoral.SexUnknown
	}
	place := p.Birth.BirthPlace(tables)
	s.Birth.Place, s.Birth.Province, s.Birth.State = place.Name, place.Province, place.State
	if place.Comune != nil {
		s.Birth.OtherPlace = otherName(tables, *place.Comune, language)
	}
	return s
}

// otherName returns a comune's name in a language; empty if it has none of its
// own.
func otherName(tables *refdata.Tables, c refdata.Comune, language string) string {
	for _, l := range tables.Languages(c.Belfiore) {
		if strings.EqualFold(l.Code, language) && l.OtherName != c.Name {
			return l.OtherName
		}
	}
	return ""
}
