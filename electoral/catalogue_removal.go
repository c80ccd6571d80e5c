package electoral

// removalRules are the refusals and the warnings of removals from the lists, and
// of the loss and the recovery of the right to vote. Read-only.
var removalRules = []Rule{
	{
		Code: RemovalNotHere, Severity: Error,
		Description: "una cancellazione si chiede con la sua causa, non con una modifica",
		Message:     "La cancellazione non si indica tra i dati dell'elettore.",
		Expected:    "l'operazione di cancellazione",
		Cases: []Case{
			{Name: "change", Message: "La modifica toglie il soggetto dalla {list} senza un motivo.",
				Expected: "l'operazione di cancellazione"},
			{Name: "vote", Message: "Il voto che resta nel comune lasciato non si indica tra i dati dell'elettore.",
				Expected: "l'operazione di cancellazione, con la consultazione"},
		},
		Source: "schemi ANPR V9.2.7 (tipoListaCancellazione)",
	},
	{
		Code: RemovalCodeUnknown, Severity: Error,
		Description: "la cancellazione ha una causa nota, oppure il codice di ANPR da 1 a 9",
		Message:     "Il codice della cancellazione non è noto.",
		Expected: "1 trasferimento, 2 irreperibilità, 3 decesso, 4 altri motivi, 5 lista UE comunali, 6 lista UE " +
			"Parlamento europeo, 7 lista aggiunta di Bolzano, Trento o Valle d'Aosta, 8 annullamento, 9 perdita " +
			"del diritto con trasferimento",
		Cases: []Case{
			{Name: "cause", Message: "La causa della cancellazione non è nota.", Expected: "una delle cause previste"},
			{Name: "missing", Message: "La cancellazione non ha una causa.",
				Expected: "la lista e la causa, oppure il codice di ANPR"},
		},
		Source:   "prassi ANPR (segnalazioni 3610, 3990 e 4358)",
		ANPRCode: "EN489",
	},
	{
		Code: RemovalList, Severity: Error,
		Description: "la cancellazione riguarda una lista in cui il soggetto è iscritto",
		Message:     "Non è chiaro da quale lista del comune di {comune} si cancella il soggetto.",
		Expected:    "una lista del comune in cui il soggetto è iscritto",
		Cases: []Case{
			{Name: "not-in", Message: "Il soggetto non è iscritto nella {list}.",
				Expected: "una lista in cui il soggetto è iscritto"},
			{Name: "removed",
				Message: "Il soggetto è già stato cancellato dalla {list} dal comune di {comune} ({reason}): " +
					"annullare una cancellazione non si può.",
				Expected: "se la cancellazione è sbagliata, una nuova iscrizione nella lista, che la toglie"},
		},
		Source: "prassi ANPR (segnalazioni 3721, 3738 e 4985)",
	},
	{
		Code: RemovalCodeOfList, Severity: Error,
		Description: "ogni lista ha i suoi codici: 1, 2, 3, 4, 8 e 9 la generale, 5 e 6 le liste UE, 7 le " +
			"aggiunte di Bolzano, Trento e Valle d'Aosta",
		Message:  "Il codice «{reason}» non è della {list}.",
		Expected: "un codice della lista: {codes}",
		Cases: []Case{
			{Name: "cause", Message: "Nessuno lascia la {list} per la causa «{reason}».",
				Expected: "una causa di quella lista"},
			{Name: "disagree", Message: "La causa «{cause}» e il codice «{reason}» non vanno insieme.",
				Expected: "la causa oppure il codice, o due che dicono lo stesso"},
		},
		Source:   "prassi ANPR (segnalazioni 3610, 3990 e 4340)",
		ANPRCode: "EN204",
	},
	{
		Code: RemovalStillVotes, Severity: Error,
		Description: "chi è cancellato dalla lista generale vi vota ancora solo per consultazioni indicate, " +
			"ognuna una volta sola",
		Message:  "Il soggetto conserva il voto nel comune di {comune} per la consultazione del {vote}.",
		Expected: "nessun'altra operazione: il voto termina con il suo giorno",
		Cases: []Case{
			{Name: "unfit", Message: "La consultazione per la quale il soggetto vota ancora nel comune non è ammessa.",
				Expected: "per chi lascia la lista generale: una consultazione, il suo giorno da oggi in poi, la " +
					"sezione che lascia"},
			{Name: "twice",
				Message:  "Per la stessa consultazione del {vote} il soggetto vota già nel comune di {comune}.",
				Expected: "la cancellazione senza quella consultazione, che resta nel comune di {comune}"},
		},
		Source: "schemi ANPR V9.2.7 (tipoListaCancellazione)",
	},
	{
		Code: RemovalNoteTooLong, Severity: Error,
		Description: "le note della cancellazione hanno al massimo 240 caratteri",
		Message:     "Le note della cancellazione sono troppo lunghe.",
		Expected:    "al massimo 240 caratteri",
		Source:      "schemi ANPR V9.2.7 (tipoNote)",
		ANPRCode:    "EN489",
	},
	{
		Code: RemovalAlive, Severity: Warning,
		Description: "si cancella per decesso chi risulta deceduto",
		Message:     "Il soggetto non risulta deceduto nell'anagrafe.",
		Expected:    "la data del decesso nell'anagrafe; se il soggetto è vivo, una nuova iscrizione nella lista",
		Source:      "prassi ANPR (segnalazioni 4096 e 4346)",
	},
	{
		Code: RemovalStillResident, Severity: Warning,
		Description: "si cancella per trasferimento o irreperibilità chi non risulta più nel comune",
		Message:     "Il soggetto risulta ancora residente o iscritto all'AIRE nel comune di {comune}.",
		Expected: "la cancellazione anagrafica; se quella dalla lista è sbagliata, una nuova iscrizione nella " +
			"lista, che la toglie",
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 32 n. 4",
	},
	{
		Code: RemovalDay, Severity: Error,
		Description: "la cancellazione ha effetto da un giorno che esiste, non prima che il soggetto potesse " +
			"essere in lista e non oltre sei mesi da oggi",
		Message:  "Il giorno da cui la cancellazione ha effetto non esiste.",
		Expected: "un giorno del calendario, completo",
		Cases: []Case{
			{Name: "far", Message: "La cancellazione avrebbe effetto oltre la revisione successiva.",
				Expected: "non oltre il {last}: le liste cambiano con una revisione, e la prossima semestrale ha " +
					"effetto entro sei mesi"},
			{Name: "early", Message: "La cancellazione avrebbe effetto prima che il soggetto potesse essere in lista.",
				Expected: "non prima del {first}, quando ha compiuto 17 anni"},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, artt. 7 e 32",
	},
	{
		Code: RemovalDayUnusual, Severity: Warning,
		Description: "la cancellazione ha effetto da oggi, o da un giorno dopo l'ultima operazione elettorale",
		Message:     "La cancellazione ha effetto prima dell'ultima operazione elettorale sul soggetto, del {last}.",
		Expected:    "un giorno non anteriore al {last}: ANPR rifiuta il messaggio",
		Cases: []Case{
			{Name: "future", Message: "La cancellazione ha effetto dal {day}, ma il soggetto lascia la lista da oggi.",
				Expected: "la cancellazione in quel giorno, se fino ad allora deve votare"},
		},
		Source:   "prassi ANPR (segnalazione 4047)",
		ANPRCode: "EN389",
	},
	{
		Code: RemovalRevision, Severity: Warning,
		Description: "chi è irreperibile si cancella nella revisione semestrale",
		Message:     "La revisione {revision} non cancella per irreperibilità.",
		Expected:    "la revisione semestrale",
		Source:      "D.P.R. 20 marzo 1967, n. 223, artt. 16 e 32",
	},
	{
		Code: RemovalVotesBeyond, Severity: Warning,
		Description: "il messaggio di ANPR porta un solo voto che resta nel comune lasciato",
		Message:     "ANPR non riceve il voto che resta nel comune di {comune} per «{consultation}» del {vote}.",
		Expected:    "una comunicazione al comune di destinazione: il voto è conservato solo qui",
		Source:      "schemi ANPR V9.2.7 (tipoListaCancellazione: tipoConsultazione, dataCancellazioneLista)",
	},
	{
		Code: CapacityUnchanged, Severity: Error,
		Description: "la capacità cambia rispetto a quella registrata",
		Message:     "Il soggetto risulta già «{capacity}», oppure la perdita è indicata con uno status.",
		Expected: "si oppure no, diverso da quello registrato; per la perdita, nessuno status e nessuna " +
			"certificabilità",
		Cases: []Case{
			{Name: "day", Message: "Il giorno della perdita non esiste, è futuro o accompagna un riacquisto.",
				Expected: "per la perdita, un giorno fino a oggi; per il riacquisto, il giorno del suo atto"},
		},
		Source: "D.M. 17 ottobre 2022, all. 1, punto 1",
	},
	{
		Code: CapacityNotRecovered, Severity: Error,
		Description: "chi ha perso il diritto elettorale torna elettore solo con il riacquisto",
		Message:     "Il soggetto ha perso il diritto elettorale{day} (registrazione del comune di {comune}).",
		Expected: "l'atto del riacquisto, con il suo giorno; altrimenti l'iscrizione con elettore «no», che lo " +
			"lascia nella lista senza voto",
		Cases: []Case{
			{Name: "message",
				Message: "Un messaggio di ANPR rende elettore chi ha perso il diritto elettorale{day} " +
					"(registrazione del comune di {comune}), senza l'atto del riacquisto.",
				Expected: "il riacquisto registrato dall'ufficiale elettorale, o il messaggio del comune di " +
					"{comune}"},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 2 e art. 32 n. 5",
	},
	{
		Code: CapacityFromMessage, Severity: Warning,
		Description: "il comune che ha registrato la perdita comunica il riacquisto in ANPR, dove l'atto non c'è",
		Message: "Il comune di {comune}, che aveva registrato la perdita del diritto, rende elettore il soggetto " +
			"senza l'atto.",
		Expected: "la verifica dell'atto del riacquisto presso quel comune",
		Source:   "D.P.R. 20 marzo 1967, n. 223, art. 2 e art. 32 n. 5",
	},
	{
		Code: CapacityOfUnknownOrigin, Severity: Warning,
		Description: "di chi risultava senza capacità elettorale non è noto se abbia perso il diritto",
		Message: "Il soggetto risultava senza capacità elettorale, per un motivo che non è registrato, e ora " +
			"l'ha.",
		Expected: "una verifica che non abbia perso il diritto; se l'ha perso, l'operazione di perdita della " +
			"capacità",
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 2",
	},
	{
		Code: RecoveryWithoutLoss, Severity: Error,
		Description: "il riacquisto riguarda chi ha perso il diritto elettorale e lo rende elettore",
		Message:     "Il soggetto non risulta aver perso il diritto elettorale: non c'è nulla da riacquistare.",
		Expected:    "la richiesta senza riacquisto",
		Cases: []Case{
			{Name: "not-yes", Message: "Il riacquisto è indicato, ma il soggetto non risulta elettore.",
				Expected: "elettore «si», oppure la richiesta senza riacquisto"},
			{Name: "absent", Message: "Il riacquisto è di un soggetto che non è nel file.",
				Expected: "i riacquisti di chi è nel file"},
			{Name: "service", Message: "Il riacquisto non riguarda questa operazione.",
				Expected: "la richiesta senza riacquisto",
				Citizen: "La richiesta contiene un dato che solo l'ufficio elettorale può indicare. Torni alla " +
					"pagina precedente e ne cominci una nuova; se succede ancora, lo segnali all'assistenza del portale."},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 2 e art. 32 n. 5",
	},
	{
		Code: RecoveryUnfit, Severity: Error,
		Description: "il riacquisto ha il suo atto e il suo giorno",
		Message:     "L'atto del riacquisto non è indicato, o non è leggibile.",
		Expected:    "un riferimento breve, da 3 a 80 caratteri su una riga: ufficio, numero e data; non il motivo",
		Citizen: "La richiesta contiene un dato che solo l'ufficio elettorale può indicare. Torni alla " +
			"pagina precedente e ne cominci una nuova; se succede ancora, lo segnali all'assistenza del portale.",
		Cases: []Case{
			{Name: "day", Message: "Il giorno del riacquisto non esiste.",
				Expected: "un giorno del calendario, completo",
				Citizen: "La richiesta contiene un dato che solo l'ufficio elettorale può indicare. Torni alla " +
					"pagina precedente e ne cominci una nuova; se succede ancora, lo segnali all'assistenza del portale."},
			{Name: "future", Message: "Il diritto non è ancora riacquistato.", Expected: "un giorno fino a oggi",
				Citizen: "La richiesta contiene un dato che solo l'ufficio elettorale può indicare. Torni alla " +
					"pagina precedente e ne cominci una nuova; se succede ancora, lo segnali all'assistenza del portale."},
			{Name: "before", Message: "Il riacquisto precede la perdita del {day}.",
				Expected: "un giorno non anteriore al {day}"},
		},
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 32 n. 5",
	},
	{
		Code: LossNotHere, Severity: Error,
		Description: "la perdita del diritto elettorale si registra con la sua operazione",
		Message:     "La perdita del diritto non si indica tra i dati dell'elettore.",
		Expected: "l'operazione di perdita della capacità, o la cancellazione per perdita del diritto con " +
			"trasferimento",
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 2 e art. 32 n. 3",
	},
}
