package electoral

// successionRules are the refusals and the warnings of the succession of comuni
// (SUC). Read-only.
var successionRules = []Rule{
	{
		Code: SuccessionKindUnknown, Severity: Error,
		Description: "la successione è una fusione, un'incorporazione, un passaggio di territorio, un cambio di " +
			"denominazione o di provincia",
		Message:  "Il tipo di successione non è noto.",
		Expected: "fusione, incorporazione, passaggio di territorio, cambio di denominazione o cambio di provincia",
		Source:   "D.P.R. 20 marzo 1967, n. 223, art. 48",
	},
	{
		Code: SuccessionComuni, Severity: Error,
		Description: "i comuni della successione sono nell'archivio, diversi fra loro, e nessuno è già cessato",
		Message:     "Non è indicato quale comune cessa, o cede territorio.",
		Expected:    "da 1 a 50 comuni; per il passaggio di territorio e per i cambi uno solo",
		Cases: []Case{
			{Name: "unknown", Message: "Il comune {comune} non è nell'archivio dei comuni.",
				Expected: "il codice catastale di un comune dell'archivio, oppure tabelle più recenti"},
			{Name: "cyclic", Message: "Il comune di {comune} compare due volte: come comune che cessa e come comune che " +
				"subentra, o due volte tra quelli che cessano.",
				Expected: "ciascun comune una volta sola"},
			{Name: "ceased", Message: "Il comune di {comune} è già cessato: gli è subentrato il comune di {heir}.",
				Expected: "un comune che non è cessato"},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 48; archivio ANPR dei comuni",
	},
	{
		Code: SuccessionNotHeir, Severity: Error,
		Description: "il comune che subentra è quello che l'archivio indica",
		Message:     "Secondo l'archivio il comune di {comune} non è fra quelli da cui è nato il comune di {heir}.",
		Expected:    "i comuni da cui è nato: {expected}",
		Source:      "archivio ANPR dei comuni",
	},
	{
		Code: SuccessionNotInArchive, Severity: Warning,
		Description: "ciò che l'archivio non sa ancora lo decide l'atto dell'autorità",
		Message:     "L'archivio non sa ancora che il comune di {comune} è cessato: fa fede l'atto.",
		Expected:    "un controllo quando l'archivio è aggiornato",
		Cases: []Case{
			{Name: "heir", Message: "L'archivio non dice quale comune sia subentrato al comune di {comune}: fa fede l'atto.",
				Expected: "un controllo quando l'archivio è aggiornato"},
			{Name: "incomplete", Message: "Il comune di {heir} è nato anche dal comune di {comune}, che qui non c'è.",
				Expected: "una seconda successione per il comune di {comune}, i cui elettori restano dove sono"},
			{Name: "change", Message: "L'archivio non conosce un cambio del comune di {comune} in quel giorno: fa fede l'atto.",
				Expected: "un controllo quando l'archivio è aggiornato"},
		},
		Source: "archivio ANPR dei comuni; prassi ANPR (segnalazione 5209)",
	},
	{
		Code: SuccessionNotAnnounced, Severity: Error,
		Description: "le liste di un comune passano a un altro se lo dice l'archivio, o se il gestore ha l'atto dell'autorità",
		Message: "L'archivio ha ancora il comune di {comune}, e il gestore del sistema non ha un atto che dal {day} metta " +
			"al suo posto il comune di {heir}.",
		Expected: "l'atto dell'autorità, registrato dal gestore del sistema, oppure l'archivio aggiornato",
		Cases: []Case{
			{Name: "heir", Message: "L'archivio non dice quale comune sia subentrato al comune di {comune}, e il gestore del " +
				"sistema non ha un atto che dal {day} metta al suo posto il comune di {heir}.",
				Expected: "l'atto dell'autorità, registrato dal gestore del sistema, oppure l'archivio aggiornato"},
		},
		Source: "archivio ANPR dei comuni; D.P.R. 20 marzo 1967, n. 223, art. 48",
	},
	{
		Code: SuccessionDay, Severity: Error,
		Description: "il giorno della successione è passato, ed è quello dell'archivio",
		Message:     "Il giorno della successione manca, o non esiste.",
		Expected:    "il giorno dal quale il comune che subentra è al posto degli altri",
		Cases: []Case{
			{Name: "future", Message: "Il comune che subentra è al posto degli altri solo dal {day}.",
				Expected: "la stessa richiesta da quel giorno"},
			{Name: "archive", Message: "Secondo l'archivio l'ultimo giorno del comune di {comune} è il {last}.",
				Expected: "il giorno dopo quello"},
			{Name: "heir", Message: "Secondo l'archivio il comune di {heir} non esiste nel giorno della successione.",
				Expected: "un giorno in cui il comune che subentra esiste"},
		},
		Source: "archivio ANPR dei comuni; D.P.R. 20 marzo 1967, n. 223, art. 48",
	},
	{
		Code: SuccessionActUnfit, Severity: Error,
		Description: "la successione ha gli estremi dell'atto: autorità, tipo, numero e data",
		Message:     "Mancano gli estremi dell'atto, o non sono leggibili su una riga.",
		Expected:    "autorità, tipo e numero dell'atto, da 1 a 80 caratteri ciascuno",
		Cases: []Case{
			{Name: "date", Message: "La data dell'atto manca, non esiste o è futura.", Expected: "la data dell'atto"},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 48",
	},
	{
		Code: SuccessionMapping, Severity: Error,
		Description: "a ogni sezione che passa ne corrisponde una del comune che subentra, una sola per ciascuna",
		Message:     "Non è indicato quali sezioni passano e quale numero avranno.",
		Expected:    "per ogni sezione il comune, il numero e il numero nuovo",
		Cases: []Case{
			{Name: "unneeded", Message: "Il codice del comune non cambia: le sezioni restano come sono.",
				Expected: "la richiesta senza sezioni"},
			{Name: "comune", Message: "Il comune {comune} non è fra quelli che cessano o che cedono territorio.",
				Expected: "solo sezioni di quei comuni"},
			{Name: "twice", Message: "La sezione {section} del comune di {comune} è indicata due volte.",
				Expected: "ciascuna sezione una volta sola"},
			{Name: "not-registered",
				Message:  "La sezione {section} non è registrata nel comune di {comune} e nessuno vi è iscritto.",
				Expected: "una sezione registrata"},
			{Name: "target",
				Message:  "La sezione {section} non è registrata nel comune di {heir}, e i suoi dati non sono indicati.",
				Expected: "una sezione registrata, oppure i dati della sezione nella stessa richiesta"},
			{Name: "joined",
				Message: "Nella sezione {section} del comune di {heir} finirebbero più sezioni, o una sezione che ha già " +
					"elettori, senza che sia chiesto.",
				Expected: "un numero per ciascuna sezione; oppure, per unirle, la conferma su ognuna"},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, artt. 34 e 48",
	},
	{
		Code: SuccessionSectionLeft, Severity: Error,
		Description: "ogni sezione di un comune che cessa passa al comune che subentra",
		Message:     "Per la sezione {section} del comune di {comune} non è indicato un numero nuovo ({electors}).",
		Expected:    "il numero nuovo della sezione",
		Source:      "D.P.R. 20 marzo 1967, n. 223, artt. 34 e 48",
	},
	{
		Code: SuccessionSectionData, Severity: Error,
		Description: "i dati delle sezioni sono del comune che subentra, e di sezioni nuove",
		Message:     "La sezione {section} non è del comune di {heir}.",
		Expected:    "sezioni del comune che subentra",
		Cases: []Case{
			{Name: "twice", Message: "I dati della sezione {section} sono indicati due volte.",
				Expected: "i dati di ciascuna sezione una volta sola"},
			{Name: "other", Message: "La sezione {section} del comune di {heir} è già registrata con altri dati.",
				Expected: "la richiesta senza i dati della sezione, che si cambiano con il loro servizio"},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, artt. 34 e 48",
	},
	{
		Code: SuccessionPersons, Severity: Error,
		Description: "chi passa con una parte di territorio è nelle liste del comune che la cede",
		Message:     "Il soggetto non è in una lista delle sezioni indicate del comune di {comune}.",
		Expected:    "un soggetto di quelle sezioni",
		Cases: []Case{
			{Name: "empty", Message: "Nessuno è nelle sezioni indicate, e nessun soggetto è indicato.",
				Expected: "le sezioni o i soggetti che passano"},
			{Name: "unneeded", Message: "Solo il passaggio di territorio ha un elenco di soggetti.",
				Expected: "la richiesta senza soggetti: passano tutti"},
			{Name: "twice", Message: "Il soggetto è indicato due volte.", Expected: "ciascun soggetto una volta sola"},
			{Name: "changed",
				Message:  "Dopo la proposta è cambiato l'elenco dei soggetti, o la posizione di qualcuno di loro.",
				Expected: "una nuova proposta, con l'elenco di oggi"},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 48",
	},
	{
		Code: SuccessionUnknown, Severity: Error,
		Description: "la successione è registrata",
		Message:     "Nessuna successione con questo identificativo è registrata per il comune di {comune}.",
		Expected:    "l'identificativo di una successione del comune",
		Source:      "D.P.R. 20 marzo 1967, n. 223, art. 48",
	},
	{
		Code: SuccessionStep, Severity: Error,
		Description: "il passo è ammesso nello stato della successione",
		Message:     "La successione è «{state}»: questo passo non è ammesso.",
		Expected:    "la conferma o il ritiro di una proposta, l'annullamento di una successione eseguita",
		Cases: []Case{
			{Name: "side", Message: "La conferma spetta al comune di {comune}, che cede il territorio.",
				Expected: "la conferma dell'ufficiale elettorale di quel comune"},
			{Name: "list", Message: "L'elenco confermato non è quello proposto.",
				Expected: "l'impronta dell'elenco proposto, dopo averlo letto"},
			{Name: "changed", Message: "Il comune di {heir} ha già cambiato qualcosa dopo la successione.",
				Expected: "un annullamento prima del primo cambiamento; poi, una nuova successione"},
			{Name: "over", Message: "Il termine per annullare la successione è passato.",
				Expected: "una nuova successione"},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 48",
	},
	{
		Code: SuccessionNothingMoves, Severity: Warning,
		Description: "se il codice catastale non cambia, le liste restano come sono",
		Message:     "Il codice del comune di {comune} resta lo stesso: il cambio è registrato e nessun dato si sposta.",
		Expected:    "nulla",
		Source:      "archivio ANPR dei comuni",
	},
	{
		Code: SuccessionInterim, Severity: Warning,
		Description: "chi agisce tra il giorno della successione e le liste del comune che subentra",
		Message: "Nessun testo dice quale ufficio agisca tra il {day} e le nuove liste: qui agisce quello del comune di " +
			"{heir}.",
		Expected: "l'accordo dei due uffici, oppure l'indicazione della prefettura",
		Source:   "D.P.R. 20 marzo 1967, n. 223, art. 48 (90 giorni per le liste del comune nuovo)",
	},
	{
		Code: SuccessionConflictClosed, Severity: Warning,
		Description: "un conflitto fra due comuni diventati uno è risolto",
		Message:     "Il conflitto fra i comuni di {comune} e {other} sul soggetto è risolto: ora sono lo stesso comune.",
		Expected:    "nulla",
		Source:      "D.P.R. 20 marzo 1967, n. 223, art. 48",
	},
	{
		Code: SuccessionDoubt, Severity: Warning,
		Description: "una persona con due identificativi resta con tutti e due, e si segnala",
		Message: "La stessa persona era nelle liste dei comuni di {comune} e {other} con due identificativi, e ora è due " +
			"volte in quelle del comune che subentra.",
		Expected: "l'unione dei due identificativi, oppure la cancellazione di uno",
		Cases: []Case{
			{Name: "found", Message: "La stessa persona è due volte nelle liste del comune di {heir}, con gli identificativi " +
				"{first} e {second}.",
				Expected: "l'unione dei due identificativi, oppure la cancellazione di uno"},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, artt. 4 e 48",
	},
	{
		Code: SuccessionNumbering, Severity: Warning,
		Description: "i numeri di lista già dati per un voto",
		Message: "Per il voto del {day} i numeri di due sezioni che diventano una sono stati dati di nuovo nella sezione " +
			"{section}.",
		Expected: "una nuova stampa della lista; chi ha già dichiarato il suo numero va avvisato",
		Source:   "D.P.R. 30 marzo 1957, n. 361, art. 51",
	},
	{
		Code: ComuneCeased, Severity: Error,
		Description: "chi era l'ufficiale elettorale di un comune cessato non scrive più",
		Message:     "Il comune di {comune} è cessato il {day}: le sue liste sono del comune di {heir}.",
		Expected:    "l'operazione dell'ufficiale elettorale del comune di {heir}",
		Citizen: "Il suo comune è confluito in un altro proprio adesso. Faccia di nuovo la richiesta: arriverà " +
			"all'ufficio giusto.",
		Cases: []Case{
			{Name: "archive", Message: "Secondo l'archivio il comune di {comune} è cessato il {day}.",
				Expected: "l'operazione dell'ufficiale elettorale del comune che gli è subentrato ({heir}), dopo la " +
					"successione",
				Citizen: "Il suo comune è confluito in un altro. Si rivolga all'ufficio elettorale del comune nuovo."},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 48",
	},
	{
		Code: ComuneCeasedOpen, Severity: Warning,
		Description: "un comune che l'archivio dà per cessato, e le cui liste nessuno ha ancora preso",
		Message: "Secondo l'archivio il comune di {comune} è cessato il {day} e le sue liste non sono ancora passate al " +
			"comune che gli è subentrato ({heir}). Nessun testo dice quale ufficio agisca intanto.",
		Expected: "la successione, da parte dell'ufficiale elettorale del comune che è subentrato",
		Citizen: "Il suo comune è confluito in un altro, e il passaggio degli elettori non è ancora concluso. Per sapere " +
			"a che punto è può chiedere all'ufficio elettorale.",
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 48 (90 giorni per le liste del comune nuovo)",
	},
	{
		Code: ResidentOfCeased, Severity: Warning,
		Description: "chi in anagrafe è ancora nel comune cessato è del comune che gli è subentrato",
		Message:     "In anagrafe il soggetto risulta ancora nel comune di {comune}, a cui è subentrato il comune di {heir}.",
		Expected:    "l'aggiornamento in ANPR, che sposta da sé i residenti",
		Source:      "prassi ANPR (segnalazioni 250, 584 e 5209)",
	},
	{
		Code: TakenFromCeased, Severity: Warning,
		Description: "il primo caricamento prende gli elettori di un comune cessato, le cui liste nessuno ha ancora preso",
		Message:     "Il soggetto era nelle liste del comune di {comune}, che è cessato, e passa con questo caricamento.",
		Expected:    "la successione, per chi resta nelle liste del comune cessato",
		Source:      "D.P.R. 20 marzo 1967, n. 223, art. 48",
	},
}
