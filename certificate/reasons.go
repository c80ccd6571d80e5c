package certificate

import (
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

const (
	decree    = "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i comuni, punto 4"
	practice  = "prassi ANPR"
	sdkChoice = "scelta di questa libreria: nessuna fonte pubblica lo regola"
)

// reasonRules hold the texts of the codes of this package, in the order of
// [Codes]. They are only read.
var reasonRules = []electoral.Rule{
	{
		Code: electoral.Code(Deceased), Severity: electoral.Error,
		Message:  "La persona risulta deceduta.",
		Expected: "Nulla, se il decesso è registrato correttamente; altrimenti la rettifica dell'atto nell'anagrafe.",
		Source:   practice + " (EN228)",
		ANPRCode: "EN228",
	},
	{
		Code: electoral.Code(NotInANPR), Severity: electoral.Error,
		Message:  "La persona è stata cancellata da ANPR: non risulta né residente né iscritta all'AIRE.",
		Expected: "L'iscrizione nell'anagrafe di un comune o nell'AIRE.",
		Source:   practice + " (segnalazione 3694)",
		ANPRCode: "EN229",
	},
	{
		Code: electoral.Code(Underage), Severity: electoral.Error,
		Message:  "La persona non ha ancora compiuto diciotto anni.",
		Expected: "Il compimento del diciottesimo anno.",
		Cases: []electoral.Case{
			{
				Name:     "dated",
				Message:  "La persona non ha ancora compiuto diciotto anni.",
				Expected: "Il compimento del diciottesimo anno, il {day}.",
			},
		},
		Source: practice + " (segnalazione 4143)",
	},
	{
		Code: electoral.Code(AgeUnknown), Severity: electoral.Error,
		Message:  "Non si può accertare che la persona abbia compiuto diciotto anni: la data di nascita è incompleta.",
		Expected: "La data di nascita completa nell'anagrafe.",
		Source:   practice + " (segnalazione 4143)",
	},
	{
		Code: electoral.Code(DataMissing), Severity: electoral.Error,
		Message:  "Manca un dato anagrafico che il certificato deve riportare.",
		Expected: "La registrazione del dato nell'anagrafe.",
		Source:   decree,
	},
	{
		Code: electoral.Code(NotElector), Severity: electoral.Error,
		Message:  "La persona non gode dell'elettorato attivo.",
		Expected: "Il riacquisto della capacità elettorale, registrato dal comune.",
		Source:   practice + " (changelog 7.1.1, segnalazione 3808)",
	},
	{
		Code: electoral.Code(CapacityUnknown), Severity: electoral.Error,
		Message:  "Non è registrato se la persona gode dell'elettorato attivo.",
		Expected: "La registrazione della capacità elettorale da parte del comune.",
		Source:   "D.M. Interno 17 ottobre 2022, allegato 1, punto 1",
	},
	{
		Code: electoral.Code(NotCertifiable), Severity: electoral.Error,
		Message:  "La persona risulta non certificabile ai fini elettorali.",
		Expected: "La modifica della certificabilità da parte dell'ufficio elettorale del comune.",
		Source:   practice + " (segnalazioni 3992 e 4654)",
	},
	{
		Code: electoral.Code(OnlyPoliticalRights), Severity: electoral.Error,
		Message:  "Per la persona può essere emesso soltanto il certificato di godimento dei diritti politici.",
		Expected: "La modifica della certificabilità da parte dell'ufficio elettorale del comune; intanto si può chiedere il certificato di godimento dei diritti politici.",
		Source:   practice + " (segnalazioni 3992 e 4446)",
		ANPRCode: "EN047",
	},
	{
		Code: electoral.Code(NotEnrolled), Severity: electoral.Error,
		Message:  "La persona non risulta iscritta in alcuna lista elettorale.",
		Expected: "L'iscrizione nelle liste di un comune; intanto si può chiedere, se spetta, il certificato di godimento dei diritti politici.",
		Source:   practice + " (segnalazione 3738)",
	},
	{
		Code: electoral.Code(Removed), Severity: electoral.Error,
		Message:  "La persona è stata cancellata dalle liste elettorali e non risulta ancora iscritta altrove.",
		Expected: "L'iscrizione nelle liste del nuovo comune; intanto si può chiedere, se spetta, il certificato di godimento dei diritti politici.",
		Cases: []electoral.Case{
			{
				Name:     "reason",
				Message:  "La persona è stata cancellata dalle liste elettorali e non risulta ancora iscritta altrove. Motivo: {reason}.",
				Expected: "L'iscrizione nelle liste del nuovo comune; intanto si può chiedere, se spetta, il certificato di godimento dei diritti politici.",
			},
			{
				Name:     "dated",
				Message:  "La persona è stata cancellata dalle liste elettorali e non risulta ancora iscritta altrove. Motivo: {reason}, dal {day}.",
				Expected: "L'iscrizione nelle liste del nuovo comune; intanto si può chiedere, se spetta, il certificato di godimento dei diritti politici.",
			},
		},
		Source: practice + " (segnalazione 3738)",
	},
	{
		Code: electoral.Code(BetweenComuni), Severity: electoral.Error,
		Message:  "La persona è stata cancellata dalle liste di un comune, e quello che ne ha chiesto il trasferimento non l'ha ancora iscritta.",
		Expected: "L'iscrizione da parte del comune che l'ha chiesta; intanto si può chiedere, se spetta, il certificato di godimento dei diritti politici.",
		Cases: []electoral.Case{
			{
				Name:     "claimed",
				Message:  "La persona è stata cancellata dalle liste di un comune, e quello che ne ha chiesto il trasferimento non l'ha ancora iscritta.",
				Expected: "L'iscrizione da parte del comune che l'ha chiesta; intanto si può chiedere, se spetta, il certificato di godimento dei diritti politici. Comune che può iscrivere: {comune}.",
			},
		},
		Source:   practice + " (segnalazioni 3738 e 5288)",
		ANPRCode: "EN560",
	},
	{
		Code: electoral.Code(NotInList), Severity: electoral.Error,
		Message:  "La persona non risulta iscritta nella lista indicata.",
		Expected: "L'indicazione di una lista nella quale la persona è iscritta.",
		Source:   decree,
	},
	{
		Code: electoral.Code(ComuneUnknown), Severity: electoral.Error,
		Message:  "Il comune di iscrizione non è nell'archivio dei comuni.",
		Expected: "La correzione del codice del comune nella posizione elettorale.",
		Source:   decree,
	},
	{
		Code: electoral.Code(NotItalian), Severity: electoral.Error,
		Message:  "Il certificato di godimento dei diritti politici riguarda i cittadini italiani; la persona ha altra cittadinanza.",
		Expected: "L'acquisto della cittadinanza italiana; chi è in una lista aggiunta dell'Unione europea può chiedere il certificato di iscrizione.",
		Source:   sdkChoice,
	},
	{
		Code: electoral.Code(CitizenshipUnknown), Severity: electoral.Error,
		Message:  "La cittadinanza della persona non è registrata.",
		Expected: "La registrazione della cittadinanza nell'anagrafe.",
		Source:   sdkChoice,
	},
	{
		Code: electoral.Code(KindUnknown), Severity: electoral.Error,
		Message:  "Il tipo di certificato richiesto non esiste.",
		Expected: "La scelta di uno dei certificati disponibili.",
		Source:   decree,
		ANPRCode: "EN070",
	},
	{
		Code: electoral.Code(UseUnknown), Severity: electoral.Error,
		Message:  "L'uso del certificato non è indicato o non è previsto.",
		Expected: "L'indicazione dell'uso elettorale o privato.",
		Source:   "D.P.R. 28 dicembre 2000, n. 445, art. 40, comma 02",
	},
	{
		Code: electoral.Code(SignerUnknown), Severity: electoral.Error,
		Message:  "Chi firma per il comune non è indicato correttamente.",
		Expected: "Sindaco, Vice Sindaco o incaricato del sindaco per il comune; nessuno per il portale.",
		Source:   practice + " (segnalazione 4143)",
	},
	{
		Code: electoral.Code(IssuingComuneUnknown), Severity: electoral.Error,
		Message:  "Il comune che rilascia il certificato non è nell'archivio dei comuni.",
		Expected: "La correzione del comune dell'ufficiale elettorale.",
		Source:   decree,
	},
	{
		Code: electoral.Code(RequestReused), Severity: electoral.Error,
		Message:  "L'identificativo della richiesta è già stato usato per un certificato diverso.",
		Expected: "Un identificativo nuovo, oppure la stessa richiesta.",
		Source:   "schemi ANPR V9.2.7 (tipoDatoTestataRichiesta: idOperazioneComune)",
	},
	{
		Code: electoral.Code(LanguageNotInForce), Severity: electoral.Error,
		Message:  "La lingua richiesta non è in vigore nel comune di residenza.",
		Expected: "La lingua del comune di residenza, oppure il solo italiano.",
		Source:   "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i cittadini, punto 3, lettera b",
	},
	{
		Code: electoral.Code(FiscalCodeInvalid), Severity: electoral.Error,
		Message:  "Il codice fiscale non è valido.",
		Expected: "Un codice fiscale di 16 caratteri, o provvisorio di 11 cifre.",
		Source:   "D.M. Finanze 23 dicembre 1976",
	},
	{
		Code: electoral.Code(PreviewOutdated), Severity: electoral.Error,
		Message:  "I dati del certificato sono cambiati dopo l'anteprima.",
		Expected: "Una nuova anteprima, da controllare e confermare.",
		Source:   "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i cittadini, punto 3, lettera c",
	},
	{
		Code: electoral.Code(NotYours), Severity: electoral.Error,
		Message:  "Il certificato è di un'altra persona, o è stato rilasciato da un altro comune.",
		Expected: "L'accesso della persona a cui il certificato si riferisce o del comune che lo ha rilasciato.",
		Source:   "D.M. Interno 17 ottobre 2022, art. 4, comma 2",
	},
	{
		Code: electoral.Code(Expired), Severity: electoral.Error,
		Message:  "Il certificato non è più disponibile: la sua validità è terminata, o non è mai stato rilasciato.",
		Expected: "Un nuovo certificato.",
		Source:   "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i cittadini, punto 3, lettera d",
	},
	{
		Code: electoral.Code(NotAuthentic), Severity: electoral.Error,
		Message:  "Il contrassegno non è autentico: nessun certificato emesso da questo sistema lo porta.",
		Expected: "La lettura di tutto il contrassegno; se resta non autentico, il documento non va accettato.",
		Source:   "D.M. Interno 17 ottobre 2022, allegato 2, ulteriori specifiche tecniche, punto 3",
	},
	{
		Code: electoral.Code(PersonRepeated), Severity: electoral.Error,
		Message:  "La persona compare già in una riga precedente.",
		Expected: "Nulla: è certificata una volta sola.",
		Source:   sdkChoice,
	},
	{
		Code: electoral.Code(NobodyCertified), Severity: electoral.Error,
		Message:  "Nessuna delle persone indicate può essere certificata.",
		Expected: "Il resoconto dice per ciascuna il motivo.",
		Source:   sdkChoice,
	},
	{
		Code: electoral.Code(CollectiveClosed), Severity: electoral.Error,
		Message:  "La persona ora può essere certificata, ma il certificato collettivo di questa richiesta è già stato rilasciato senza di lei.",
		Expected: "Una nuova richiesta.",
		Source:   sdkChoice,
	},
	{
		Code: electoral.Code(CharacterNotPrintable), Severity: electoral.Error,
		Message:  "Un dato contiene un carattere che il certificato non può riportare.",
		Expected: "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico che lo comprenda.",
		Cases: []electoral.Case{
			{
				Name:     "character",
				Message:  "Il carattere {character}, in posizione {position}, non si può riportare sul certificato.",
				Expected: "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico che lo comprenda.",
			},
			{
				Name:     "right-to-left",
				Message:  "Il carattere {character}, in posizione {position}, non si può riportare sul certificato: la scrittura da destra a sinistra non è prevista.",
				Expected: "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico che lo comprenda.",
			},
			{
				Name:     "control",
				Message:  "Il carattere {character}, in posizione {position}, non si può riportare sul certificato: è un carattere di controllo.",
				Expected: "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico che lo comprenda.",
			},
			{
				Name:     "not-utf-8",
				Message:  "Il carattere {character}, in posizione {position}, non si può riportare sul certificato: il testo non è UTF-8.",
				Expected: "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico che lo comprenda.",
			},
		},
		Source: sdkChoice,
	},
	{
		Code: electoral.Code(TextTooLong), Severity: electoral.Error,
		Message:  "I dati non entrano nella pagina del certificato.",
		Expected: "Dati più brevi.",
		Cases: []electoral.Case{
			{
				Name:     "field",
				Message:  "Il dato non si può riportare sul certificato: al massimo {most} caratteri, senza caratteri invisibili.",
				Expected: "Dati più brevi.",
			},
		},
		Source: sdkChoice,
	},
}

// ReasonRules returns the rule of each reason: its texts, in which {name}
// stands for an argument, its cases, and its source. Expected is the remedy.
// Description is empty.
func ReasonRules() []electoral.Rule { return slices.Clone(reasonRules) }

// Codes returns every reason.
func Codes() []Code {
	codes := make([]Code, len(reasonRules))
	for i, r := range reasonRules {
		codes[i] = Code(r.Code)
	}
	return codes
}

// newReason returns the reason with a code, about a field.
func newReason(c Code, field string) Reason { return newCase(c, "", field, nil) }

// newCase is newReason for one of the cases of the code.
func newCase(c Code, name, field string, args electoral.Args) Reason {
	i := slices.IndexFunc(reasonRules, func(r electoral.Rule) bool { return r.Code == electoral.Code(c) })
	if i < 0 {
		return Reason{Code: c, Field: field, Message: "Motivo sconosciuto."}
	}
	return reasonOf(reasonRules[i].Fault(name, field, "", args))
}

// reasonOf turns a fault into a reason.
func reasonOf(f electoral.Fault) Reason {
	return Reason{
		Code: Code(f.Code), Case: f.Case, Args: f.Args, Field: f.Path,
		Message: f.Message, Remedy: f.Expected, Source: f.Source, ANPRCode: f.ANPRCode,
	}
}
