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
		Citizen: "Nell'anagrafe risulta registrato il suo decesso, e perciò il certificato non si può rilasciare. Se è " +
			"un errore, si rivolga subito all'ufficio anagrafe del comune.",
		Source:   practice + " (EN228)",
		ANPRCode: "EN228",
	},
	{
		Code: electoral.Code(NotInANPR), Severity: electoral.Error,
		Message:  "La persona è registrata in ANPR, ma non vi risulta più né residente in un comune né iscritta all'AIRE.",
		Expected: "L'iscrizione nell'anagrafe di un comune o nell'AIRE.",
		Citizen: "Non risultano una sua residenza in Italia né una sua iscrizione tra gli italiani all'estero. Si " +
			"rivolga all'ufficio anagrafe del comune dove vive o, se vive all'estero, al consolato.",
		Cases: []electoral.Case{
			{
				Name:    "nowhere",
				Message: "Il codice fiscale non risulta in ANPR.",
				Expected: "Il codice fiscale giusto; se è giusto, l'iscrizione della persona nell'anagrafe di un comune o " +
					"nell'AIRE.",
				Citizen: "Il codice fiscale non risulta nell'anagrafe nazionale. Lo controlli; se è giusto, si rivolga " +
					"all'ufficio anagrafe del comune dove vive o, se vive all'estero, al consolato.",
			},
		},
		Source:   practice + " (segnalazione 3694)",
		ANPRCode: "EN229",
	},
	{
		Code: electoral.Code(Underage), Severity: electoral.Error,
		Message:  "La persona non ha ancora compiuto diciotto anni.",
		Expected: "Il compimento del diciottesimo anno.",
		Citizen:  "Il certificato si può chiedere quando si sono compiuti diciotto anni.",
		Cases: []electoral.Case{
			{
				Name:     "dated",
				Message:  "La persona non ha ancora compiuto diciotto anni.",
				Expected: "Il compimento del diciottesimo anno, il {day}.",
				Citizen:  "Il certificato si può chiedere quando si sono compiuti diciotto anni, dal giorno {day}.",
			},
		},
		Source: practice + " (segnalazione 4143)",
	},
	{
		Code: electoral.Code(AgeUnknown), Severity: electoral.Error,
		Message:  "Non si può accertare che la persona abbia compiuto diciotto anni: la data di nascita è incompleta.",
		Expected: "La data di nascita completa nell'anagrafe.",
		Citizen: "La sua data di nascita non è registrata per intero, e così non si può accertare che abbia compiuto " +
			"diciotto anni. La può far completare all'ufficio anagrafe del comune.",
		Source: practice + " (segnalazione 4143)",
	},
	{
		Code: electoral.Code(DataMissing), Severity: electoral.Error,
		Message:  "Manca un dato anagrafico che il certificato deve riportare.",
		Expected: "La registrazione del dato nell'anagrafe.",
		Citizen: "Nei suoi dati anagrafici manca qualcosa che il certificato deve riportare, come il nome o il luogo di " +
			"nascita. Lo può far completare all'ufficio anagrafe del comune.",
		Source: decree,
	},
	{
		Code: electoral.Code(NotElector), Severity: electoral.Error,
		Message:  "La persona non gode dell'elettorato attivo.",
		Expected: "Il riacquisto della capacità elettorale, registrato dal comune.",
		Citizen: "Risulta che in questo momento non ha il diritto di voto, e perciò il certificato non si può " +
			"rilasciare. Il motivo lo conosce l'ufficio elettorale del comune: si rivolga lì, anche se pensa che sia un " +
			"errore.",
		Source: practice + " (changelog 7.1.1, segnalazione 3808)",
	},
	{
		Code: electoral.Code(CapacityUnknown), Severity: electoral.Error,
		Message:  "Non è registrato se la persona gode dell'elettorato attivo.",
		Expected: "La registrazione della capacità elettorale da parte del comune.",
		Citizen: "Il comune non ha ancora registrato se ha il diritto di voto. Si rivolga all'ufficio elettorale del " +
			"comune.",
		Source: "D.M. Interno 17 ottobre 2022, allegato 1, punto 1",
	},
	{
		Code: electoral.Code(NotCertifiable), Severity: electoral.Error,
		Message:  "La persona risulta non certificabile ai fini elettorali.",
		Expected: "La modifica della certificabilità da parte dell'ufficio elettorale del comune.",
		Citizen: "Il comune ha indicato che per lei non si rilasciano certificati elettorali. All'ufficio elettorale " +
			"del comune può chiedere perché, e farlo correggere se è un errore.",
		Source: practice + " (segnalazioni 3992 e 4654)",
	},
	{
		Code: electoral.Code(OnlyPoliticalRights), Severity: electoral.Error,
		Message: "Per la persona può essere emesso soltanto il certificato di godimento dei diritti politici.",
		Expected: "La modifica della certificabilità da parte dell'ufficio elettorale del comune; intanto si può " +
			"chiedere il certificato di godimento dei diritti politici.",
		Citizen: "Per lei si può rilasciare soltanto il certificato di godimento dei diritti politici: può chiedere " +
			"quello. Per l'altro si rivolga all'ufficio elettorale del comune.",
		Source:   practice + " (segnalazioni 3992 e 4446)",
		ANPRCode: "EN047",
	},
	{
		Code: electoral.Code(NotEnrolled), Severity: electoral.Error,
		Message: "La persona non risulta iscritta in alcuna lista elettorale.",
		Expected: "L'iscrizione nelle liste di un comune; intanto si può chiedere, se spetta, il certificato di " +
			"godimento dei diritti politici.",
		Citizen: "Il suo nome non risulta in alcuna lista elettorale. Si rivolga all'ufficio elettorale del comune di " +
			"residenza; intanto può chiedere, se le spetta, il certificato di godimento dei diritti politici.",
		Source: practice + " (segnalazione 3738)",
	},
	{
		Code: electoral.Code(Removed), Severity: electoral.Error,
		Message: "La persona è stata cancellata dalle liste elettorali e non risulta ancora iscritta altrove.",
		Expected: "L'iscrizione nelle liste del nuovo comune; intanto si può chiedere, se spetta, il certificato di " +
			"godimento dei diritti politici.",
		Citizen: "Il suo nome non è più nelle liste di un comune, e non risulta ancora in quelle di un altro. Si " +
			"rivolga all'ufficio elettorale del comune di residenza; intanto può chiedere, se le spetta, il certificato di " +
			"godimento dei diritti politici.",
		Cases: []electoral.Case{
			{
				Name: "reason",
				Message: "La persona è stata cancellata dalle liste elettorali e non risulta ancora iscritta altrove. Motivo: " +
					"{reason}.",
				Expected: "L'iscrizione nelle liste del nuovo comune; intanto si può chiedere, se spetta, il certificato di " +
					"godimento dei diritti politici.",
			},
			{
				Name: "dated",
				Message: "La persona è stata cancellata dalle liste elettorali e non risulta ancora iscritta altrove. Motivo: " +
					"{reason}, dal {day}.",
				Expected: "L'iscrizione nelle liste del nuovo comune; intanto si può chiedere, se spetta, il certificato di " +
					"godimento dei diritti politici.",
			},
		},
		Source: practice + " (segnalazione 3738)",
	},
	{
		Code: electoral.Code(BetweenComuni), Severity: electoral.Error,
		Message: "La persona è stata cancellata dalle liste di un comune, e quello che ne ha chiesto il trasferimento " +
			"non l'ha ancora iscritta.",
		Expected: "L'iscrizione da parte del comune che l'ha chiesta; intanto si può chiedere, se spetta, il certificato " +
			"di godimento dei diritti politici.",
		Citizen: "La sua iscrizione sta passando da un comune a un altro, che non l'ha ancora registrata. Per sapere " +
			"quando sarà pronta si rivolga all'ufficio elettorale del nuovo comune; intanto può chiedere, se le spetta, il " +
			"certificato di godimento dei diritti politici.",
		Cases: []electoral.Case{
			{
				Name: "claimed",
				Message: "La persona è stata cancellata dalle liste di un comune, e quello che ne ha chiesto il trasferimento " +
					"non l'ha ancora iscritta.",
				Expected: "L'iscrizione da parte del comune di {comune}; intanto si può chiedere, se spetta, il certificato di " +
					"godimento dei diritti politici.",
				Citizen: "La sua iscrizione sta passando al comune di {comune}, che non l'ha ancora registrata. Per sapere " +
					"quando sarà pronta si rivolga al suo ufficio elettorale; intanto può chiedere, se le spetta, il certificato " +
					"di godimento dei diritti politici.",
			},
		},
		Source:   practice + " (segnalazioni 3738 e 5288)",
		ANPRCode: "EN560",
	},
	{
		Code: electoral.Code(NotInList), Severity: electoral.Error,
		Message:  "La persona non risulta iscritta nella lista indicata.",
		Expected: "L'indicazione di una lista nella quale la persona è iscritta.",
		Citizen:  "Il suo nome non risulta nella lista indicata. Ne indichi una in cui è, o lasci la scelta al portale.",
		Source:   decree,
	},
	{
		Code: electoral.Code(ComuneUnknown), Severity: electoral.Error,
		Message:  "Il comune di iscrizione non è nell'archivio dei comuni.",
		Expected: "La correzione del codice del comune nella posizione elettorale.",
		Citizen: "Il comune delle sue liste elettorali è registrato in modo sbagliato. Lo può far correggere " +
			"all'ufficio elettorale del comune.",
		Source: decree,
	},
	{
		Code: electoral.Code(NotItalian), Severity: electoral.Error,
		Message: "Il certificato di godimento dei diritti politici riguarda i cittadini italiani; la persona ha altra " +
			"cittadinanza.",
		Expected: "L'acquisto della cittadinanza italiana; chi è in una lista aggiunta dell'Unione europea può chiedere " +
			"il certificato di iscrizione.",
		Citizen: "Questo certificato si rilascia ai cittadini italiani. Chi è cittadino di un altro Stato dell'Unione " +
			"europea e vota in Italia può chiedere il certificato di iscrizione. Se è cittadino italiano, si rivolga " +
			"all'ufficio anagrafe del comune.",
		Source: sdkChoice,
	},
	{
		Code: electoral.Code(CitizenshipUnknown), Severity: electoral.Error,
		Message:  "La cittadinanza della persona non è registrata.",
		Expected: "La registrazione della cittadinanza nell'anagrafe.",
		Citizen:  "La sua cittadinanza non è registrata. La può far registrare all'ufficio anagrafe del comune.",
		Source:   sdkChoice,
	},
	{
		Code: electoral.Code(KindUnknown), Severity: electoral.Error,
		Message:  "Il tipo di certificato richiesto non esiste.",
		Expected: "La scelta di uno dei certificati disponibili.",
		Citizen:  "Questo certificato non esiste. Ne scelga uno dall'elenco.",
		Source:   decree,
		ANPRCode: "EN070",
	},
	{
		Code: electoral.Code(UseUnknown), Severity: electoral.Error,
		Message:  "L'uso del certificato non è indicato o non è previsto.",
		Expected: "L'indicazione dell'uso elettorale o privato.",
		Citizen:  "Manca l'uso per il quale serve il certificato. Ne scelga uno tra quelli proposti.",
		Source:   "D.P.R. 28 dicembre 2000, n. 445, art. 40, comma 02",
	},
	{
		Code: electoral.Code(SignerUnknown), Severity: electoral.Error,
		Message:  "Chi firma per il comune non è indicato correttamente.",
		Expected: "Sindaco, Vice Sindaco o incaricato del sindaco per il comune; nessuno per il portale.",
		Citizen: "La richiesta non è arrivata in una forma riconosciuta. Torni all'elenco dei certificati e ne cominci " +
			"una nuova.",
		Source: practice + " (segnalazione 4143)",
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
		Citizen: "Questa richiesta risulta già inviata per un altro certificato. Torni all'elenco dei certificati e ne " +
			"cominci una nuova.",
		Source: "schemi ANPR V9.2.7 (tipoDatoTestataRichiesta: idOperazioneComune)",
	},
	{
		Code: electoral.Code(LanguageNotInForce), Severity: electoral.Error,
		Message:  "La lingua richiesta non è in vigore nel comune di residenza.",
		Expected: "La lingua del comune di residenza, oppure il solo italiano.",
		Citizen: "Nel comune dove risulta la sua residenza il certificato non si rilascia in questa lingua. Scelga una " +
			"di quelle proposte, oppure il solo italiano.",
		Source: "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i cittadini, punto 3, lettera b",
	},
	{
		Code: electoral.Code(FiscalCodeInvalid), Severity: electoral.Error,
		Message:  "Il codice fiscale non è valido.",
		Expected: "Un codice fiscale di 16 caratteri, o provvisorio di 11 cifre.",
		Citizen:  "Il codice fiscale non è scritto in modo corretto. Lo controlli sulla tessera sanitaria e riprovi.",
		Source:   "D.M. Finanze 23 dicembre 1976",
	},
	{
		Code: electoral.Code(PreviewOutdated), Severity: electoral.Error,
		Message:  "I dati del certificato sono cambiati dopo l'anteprima.",
		Expected: "Una nuova anteprima, da controllare e confermare.",
		Citizen:  "I suoi dati sono cambiati dopo l'anteprima. Chieda una nuova anteprima, la controlli e la confermi.",
		Source:   "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i cittadini, punto 3, lettera c",
	},
	{
		Code: electoral.Code(NotYours), Severity: electoral.Error,
		Message:  "Il certificato è di un'altra persona, o è stato rilasciato da un altro comune.",
		Expected: "L'accesso della persona a cui il certificato si riferisce o del comune che lo ha rilasciato.",
		Citizen:  "Questo certificato non è tra i suoi. Qui può vedere soltanto i certificati che la riguardano.",
		Source:   "D.M. Interno 17 ottobre 2022, art. 4, comma 2",
	},
	{
		Code: electoral.Code(Expired), Severity: electoral.Error,
		Message:  "Il certificato non è più disponibile: la sua validità è terminata, o non è mai stato rilasciato.",
		Expected: "Un nuovo certificato.",
		Citizen: "Questo certificato non è più disponibile: è scaduto, o non è mai stato rilasciato. Ne può chiedere " +
			"uno nuovo.",
		Source: "D.M. Interno 17 ottobre 2022, allegato 2, servizi per i cittadini, punto 3, lettera d",
	},
	{
		Code: electoral.Code(NotAuthentic), Severity: electoral.Error,
		Message:  "Il contrassegno non è autentico: nessun certificato emesso da questo sistema lo porta.",
		Expected: "La lettura di tutto il contrassegno; se resta non autentico, il documento non va accettato.",
		Citizen: "Il contrassegno letto non è di un certificato rilasciato da questo sistema. Lo legga di nuovo, per " +
			"intero; se il risultato non cambia, il documento non va accettato.",
		Source: "D.M. Interno 17 ottobre 2022, allegato 2, ulteriori specifiche tecniche, punto 3",
	},
	{
		Code: electoral.Code(PersonRepeated), Severity: electoral.Error,
		Message:  "La persona compare già in una riga precedente.",
		Expected: "Nulla: è certificata una volta sola.",
		Cases: []electoral.Case{{
			Name:     "row",
			Message:  "Lo stesso codice fiscale compare già nella riga {row} del file.",
			Expected: "Nulla: la persona è certificata una volta sola.",
		}},
		Source: sdkChoice,
	},
	{
		Code: electoral.Code(NobodyCertified), Severity: electoral.Error,
		Message:  "Nessuna delle persone indicate può essere certificata.",
		Expected: "Il resoconto dice per ciascuna il motivo.",
		Source:   sdkChoice,
	},
	{
		Code: electoral.Code(CollectiveClosed), Severity: electoral.Error,
		Message: "La persona ora può essere certificata, ma il certificato collettivo di questa richiesta è già stato " +
			"rilasciato senza di lei.",
		Expected: "Una nuova richiesta.",
		Source:   sdkChoice,
	},
	fileRule(),
	{
		Code: electoral.Code(CharacterNotPrintable), Severity: electoral.Error,
		Message: "Un dato contiene un carattere che il certificato non può riportare.",
		Expected: "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico " +
			"che lo comprenda.",
		Citizen: "Un suo dato contiene un carattere che il certificato non può riportare. Si rivolga all'ufficio " +
			"elettorale del comune, che sa quale dato va corretto e dove.",
		Cases: []electoral.Case{
			{
				Name:    "character",
				Message: "Il carattere {character}, in posizione {position}, non si può riportare sul certificato.",
				Expected: "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico " +
					"che lo comprenda.",
			},
			{
				Name: "right-to-left",
				Message: "Il carattere {character}, in posizione {position}, non si può riportare sul certificato: la " +
					"scrittura da destra a sinistra non è prevista.",
				Expected: "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico " +
					"che lo comprenda.",
			},
			{
				Name: "control",
				Message: "Il carattere {character}, in posizione {position}, non si può riportare sul certificato: è un " +
					"carattere di controllo.",
				Expected: "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico " +
					"che lo comprenda.",
			},
			{
				Name: "not-utf-8",
				Message: "Il carattere {character}, in posizione {position}, non si può riportare sul certificato: il testo " +
					"non è UTF-8.",
				Expected: "La correzione del dato nell'anagrafe o nella posizione elettorale, oppure un carattere tipografico " +
					"che lo comprenda.",
			},
		},
		Source: sdkChoice,
	},
	{
		Code: electoral.Code(TextTooLong), Severity: electoral.Error,
		Message:  "I dati non entrano nella pagina del certificato.",
		Expected: "Dati più brevi.",
		Citizen: "Un suo dato è troppo lungo per la pagina del certificato. Si rivolga all'ufficio elettorale del " +
			"comune, che sa quale dato va corretto e dove.",
		Cases: []electoral.Case{
			{
				Name: "field",
				Message: "Il dato non si può riportare sul certificato: al massimo {most} caratteri, senza caratteri " +
					"invisibili.",
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

// notFound returns the reason for a codice fiscale that nobody in ANPR has. Who is
// in ANPR and has left its population has another.
func notFound(field string) Reason {
	r := newCase(NotInANPR, "nowhere", field, nil)
	r.ANPRCode = "EN413"
	return r
}

// Citizen returns the reason in words for the person whom it is about: what it
// means for him and what he can do, in Italian, without codes and without law
// ([electoral.Fault.Citizen]).
func (r Reason) Citizen() string {
	i := slices.IndexFunc(reasonRules, func(x electoral.Rule) bool { return x.Code == electoral.Code(r.Code) })
	if i >= 0 {
		if text := reasonRules[i].CitizenText(r.Case, r.Args); text != "" {
			return text
		}
	}
	return electoral.Fault{Code: electoral.Code(r.Code), Case: r.Case, Args: r.Args}.Citizen()
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
