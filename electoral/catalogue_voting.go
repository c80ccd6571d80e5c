package electoral

// The sources of the rules on the vote.
const (
	listsLaw    = "D.P.R. 20 marzo 1967, n. 223"
	postalLaw   = "legge 27 dicembre 2001, n. 459"
	bolzanoLaw  = "D.P.R. 31 agosto 1972, n. 670 (statuto), artt. 25 e 63; D.P.R. n. 50 del 1973, art. 5"
	addedTables = "D.P.R. n. 50 del 1973, artt. 1 e 5; d.lgs. n. 320 del 1994, art. 5"
	annexLists  = "D.M. 17 ottobre 2022, all. 1, punti 2-5"
)

// votingRules are the rules on votes and on who votes in them (VOT). Read-only.
var votingRules = []Rule{
	{
		Code: VoteUnknown, Severity: Error,
		Description: "la consultazione è una di quelle dell'allegato 1",
		Message:     "La consultazione non è una di quelle previste.",
		Expected:    "una delle sette consultazioni dell'allegato 1, punto 5",
		Source:      annexLists,
	},
	{
		Code: VoteDay, Severity: Error,
		Description: "i giorni di una votazione esistono e stanno nell'ordine della legge",
		Message:     "Il giorno indicato manca, non esiste nel calendario o è fuori di ogni ragionevole intervallo.",
		Expected:    "un giorno completo che esiste, dal 1946 al 2200",
		Cases: []Case{
			{Name: "last", Message: "L'ultimo giorno di votazione non è il primo né quello che lo segue.",
				Expected: "il primo giorno di votazione oppure quello successivo"},
			{Name: "far", Message: "Il giorno a cui si contano l'età o i termini dista più di un mese dalla " +
				"votazione.",
				Expected: "un giorno vicino a quelli di votazione"},
			{Name: "before", Message: "Il giorno del manifesto o dell'indizione non precede la votazione, o la " +
				"precede di oltre un anno.",
				Expected: "un giorno dell'anno che precede la votazione"},
		},
		Source: listsLaw + ", artt. 32 e 33",
	},
	{
		Code: VoterNotInList, Severity: Error,
		Description: "chi vota è iscritto nella lista con cui si vota",
		Message:     "La persona non è iscritta nella {list}, con cui si vota per {consultation}.",
		Expected:    "l'iscrizione nella {list}",
		Source:      annexLists,
	},
	{
		Code: VoterElsewhere, Severity: Warning,
		Description: "chi ha conservato il voto nel comune che lo ha cancellato vota lì",
		Message:     "Per questa votazione la persona vota ancora a {comune}, sezione {section}, che l'ha cancellata.",
		Expected:    "nessun'altra iscrizione per la stessa votazione",
		Source:      "schemi ANPR V9.2.7 (tipoConsultazione e dataCancellazioneLista del servizio 5010)",
	},
	{
		Code: VoterWithoutCapacity, Severity: Error,
		Description: "vota chi gode dell'elettorato attivo",
		Message:     "La persona non gode dell'elettorato attivo.",
		Expected:    "il riacquisto del diritto, registrato dall'ufficiale elettorale",
		Source:      listsLaw + ", artt. 2 e 32, primo comma, n. 3",
	},
	{
		Code: VoterCapacityUnknown, Severity: Warning,
		Description: "il godimento dell'elettorato attivo è registrato",
		Message:     "Non è registrato se la persona gode dell'elettorato attivo.",
		Expected:    "la decisione dell'ufficiale elettorale prima della votazione",
		Source:      "D.M. 17 ottobre 2022, all. 1, punto 1",
	},
	{
		Code: VoterStatusNo, Severity: Error,
		Description: "vota chi è elettore per la consultazione",
		Message:     "La persona risulta non elettrice per {consultation}.",
		Expected:    "lo status di elettore per {consultation}",
		Source:      "D.M. 17 ottobre 2022, all. 1, punto 5",
	},
	{
		Code: VoterStatusUnknown, Severity: Warning,
		Description: "lo status per la consultazione è registrato",
		Message:     "Non è registrato se la persona è elettrice per {consultation}.",
		Expected:    "la decisione dell'ufficiale elettorale prima della votazione",
		Source:      "D.M. 17 ottobre 2022, all. 1, punto 5",
	},
	{
		Code: VoterUnderAge, Severity: Error,
		Description: "vota chi ha compiuto 18 anni al giorno stabilito per la votazione",
		Message: "La persona compie 18 anni dopo il {day}: è depennata dalla copia per il seggio e resta nella " +
			"lista generale.",
		Expected: "18 anni compiuti al {day}",
		Source:   listsLaw + ", art. 33",
	},
	{
		Code: VoterAgeUnknown, Severity: Warning,
		Description: "l'età al giorno della votazione si può calcolare",
		Message:     "Non si può dire se la persona ha 18 anni al {day}: la data di nascita registrata è «{birth}».",
		Expected:    "una data di nascita completa, dall'atto di nascita",
		Source:      listsLaw + ", art. 33",
	},
	{
		Code: VoterDead, Severity: Error,
		Description: "il deceduto resta nella lista, annotato, finché una revisione non lo cancella",
		Message:     "La persona è deceduta il {death}: la riga resta finché la revisione non la cancella.",
		Expected:    "la cancellazione per morte, possibile fino al quindicesimo giorno prima della votazione",
		Source:      listsLaw + ", art. 32, primo comma, n. 1",
	},
	{
		Code: VoterNotInPopulation, Severity: Warning,
		Description: "la persona della lista è nell'anagrafe",
		Message: "L'anagrafe non trova più questa persona: età, cittadinanza e residenza non si possono " +
			"controllare.",
		Expected: "un controllo dell'ufficiale elettorale; la riga resta finché una revisione non la cancella",
		Source:   listsLaw + ", art. 32",
	},
	{
		Code: VoterNotRegistered, Severity: Warning,
		Description: "chi è stato cancellato dall'anagrafe resta elettore finché una revisione non lo cancella",
		Message:     "La persona non risulta né residente in Italia né iscritta all'AIRE.",
		Expected:    "la cancellazione con la revisione che la legge prevede; fino ad allora il diritto di votare",
		Source:      listsLaw + ", art. 32",
	},
	{
		Code: VoterNotCitizen, Severity: Warning,
		Description: "chi ha perso la cittadinanza italiana resta nella lista, annotato, finché una revisione non " +
			"decide",
		Message: "Secondo l'anagrafe la persona non è cittadina italiana al {day}. La riga resta finché la " +
			"revisione non decide.",
		Expected: "la decisione dell'ufficiale elettorale: cancellazione (art. 32, primo comma, n. 2) oppure, " +
			"secondo la prassi ANPR, elettorato attivo «no» senza cancellazione",
		Source: listsLaw + ", art. 32, primo comma, n. 2; prassi ANPR (segnalazione 3808)",
	},
	{
		Code: VoterNotOfUnion, Severity: Warning,
		Description: "chi non è più cittadino di uno Stato membro resta nella lista aggiunta, annotato, finché " +
			"l'ufficiale non decide",
		Message:  "Secondo l'anagrafe la persona non è cittadina di uno Stato membro dell'Unione europea al {day}.",
		Expected: "la decisione dell'ufficiale elettorale sulla cancellazione dalla lista aggiunta",
		Source:   "d.lgs. 12 aprile 1996, n. 197, art. 1; D.L. 24 giugno 1994, n. 408, art. 2",
	},
	{
		Code: VoterByPost, Severity: Warning,
		Description: "il residente all'estero vota per corrispondenza ed è tolto dalla copia per il seggio",
		Message:     "La persona risiede all'estero ({state}) e vota per corrispondenza.",
		Expected:    "nessun voto al seggio, salvo l'opzione per il voto in Italia registrata in tempo",
		Source:      postalLaw + ", artt. 1 e 4",
	},
	{
		Code: VoterOptedForItaly, Severity: Warning,
		Description: "il residente all'estero che ha optato per l'Italia vota nella sua sezione",
		Message:     "La persona risiede all'estero e ha scelto di votare in Italia.",
		Expected:    "il voto nella sezione in cui è iscritta",
		Source:      postalLaw + ", art. 1, comma 3, e art. 4",
	},
	{
		Code: VoterNoPostalState, Severity: Warning,
		Description: "chi risiede in uno Stato senza voto per corrispondenza vota nella sua sezione",
		Message:     "La persona risiede in uno Stato ({state}) in cui non si vota per corrispondenza.",
		Expected:    "il voto nella sezione in cui è iscritta",
		Source:      postalLaw,
	},
	{
		Code: PostalStatesUnknown, Severity: Warning,
		Description: "gli Stati senza voto per corrispondenza sono noti",
		Message: "Non è indicato in quali Stati non si vota per corrispondenza: tutti i residenti all'estero " +
			"che non hanno optato per l'Italia risultano votare per corrispondenza.",
		Expected: "l'elenco degli Stati senza voto per corrispondenza, comunicato per la votazione",
		Source:   postalLaw,
	},
	{
		Code: VoterTemporarilyAbroad, Severity: Warning,
		Description: "chi è temporaneamente all'estero e ne ha fatto domanda vota per corrispondenza",
		Message:     "La persona è temporaneamente all'estero e vota per corrispondenza.",
		Expected:    "nessun voto al seggio",
		Source:      postalLaw + ", art. 4-bis",
	},
	{
		Code: VoterAbroadEuropean, Severity: Warning,
		Description: "dove vota per il Parlamento europeo chi risiede in un altro Stato membro è deciso dall'ufficio",
		Message: "La persona risiede in un altro Stato membro ({state}): può votare là, al seggio del consolato " +
			"o in Italia.",
		Expected: "un controllo sugli elenchi degli ammessi al voto all'estero prima di consegnare la lista al " +
			"seggio",
		Source: "D.L. 24 giugno 1994, n. 408",
	},
	{
		Code: VoterAbroadAtHome, Severity: Warning,
		Description: "chi risiede all'estero vota per questa consultazione soltanto rientrando in Italia",
		Message:     "La persona risiede all'estero ({state}): vota nella sua sezione, se rientra.",
		Expected:    "il voto nella sezione in cui è iscritta",
		Cases: []Case{
			{Name: "bolzano", Message: "La persona risiede all'estero ({state}): per le elezioni della Provincia di " +
				"Bolzano può votare per corrispondenza.",
				Expected: "un controllo sugli elenchi di chi vota per corrispondenza (L.P. Bolzano n. 14 del 2017)"},
		},
		Source: annexLists,
	},
	{
		Code: VoterTermMissing, Severity: Warning,
		Description: "chi non ha il periodo di residenza che la legge chiede vota con la lista aggiunta del comune " +
			"da cui viene",
		Message: "La persona risiede in {territory} dal {since}: al {day} non ha i {term} di residenza che la " +
			"legge chiede per {consultation}.",
		Expected: "la decisione dell'ufficiale elettorale: di norma il voto nel comune da cui la persona viene, " +
			"con la lista aggiunta",
		Cases: []Case{
			{Name: "majority", Message: "La persona ha i {term} di residenza nella Regione al {day}, ma per la " +
				"maggior parte fuori dalla {territory}.",
				Expected: "la decisione dell'ufficiale elettorale: il voto nella provincia in cui ha risieduto di più"},
			{Name: "unknown", Message: "Non si può dire se al {day} la persona ha i {term} di residenza che la " +
				"legge chiede in {territory} per {consultation}: risiede qui dal {since} e i periodi precedenti non " +
				"risultano.",
				Expected: "i periodi di residenza precedenti, dall'anagrafe"},
			{Name: "union", Message: "La persona, di altro Stato membro, risiede in {territory} dal {since}: al " +
				"{day} non ha i {term} di residenza che i comuni della provincia chiedono per {consultation}.",
				Expected: "la decisione dell'ufficiale elettorale: la fonte è la prassi dei comuni della provincia"},
			{Name: "over", Message: "La persona è in una lista aggiunta, ma al {day} ha i {term} di residenza in " +
				"{territory}: dovrebbe votare nel comune di residenza.",
				Expected: "la cancellazione dalla lista aggiunta con la revisione"},
		},
		Source: bolzanoLaw + "; " + addedTables,
	},
	{
		Code: VoterOtherWay, Severity: Warning,
		Description: "chi vota fuori dalla sua sezione resta nella lista della sezione, annotato",
		Message:     "La persona è ammessa a votare altrove: {way}.",
		Expected:    "l'attestazione rilasciata dal comune, da ritirare al seggio in cui vota",
		Source:      "D.P.R. 30 marzo 1957, n. 361, artt. 49-51; D.P.R. 16 maggio 1960, n. 570, art. 42",
	},
	{
		Code: ChoiceKindUnknown, Severity: Error,
		Description: "la scelta sul modo di votare è una di quelle previste",
		Message:     "Il modo di votare non è uno di quelli previsti.",
		Expected:    "uno dei modi che la legge prevede",
		Source:      postalLaw + "; D.P.R. 30 marzo 1957, n. 361, artt. 49-51",
	},
	{
		Code: ChoiceDay, Severity: Error,
		Description: "il giorno in cui la scelta è arrivata esiste e sta nel termine",
		Message:     "La scelta è arrivata il {received}, fuori dal termine: dal {first} al {last}.",
		Expected:    "un giorno nel termine",
		Cases: []Case{
			{Name: "missing", Message: "Il giorno in cui la scelta è arrivata manca, non esiste nel calendario o " +
				"non è ancora venuto.",
				Expected: "il giorno di arrivo, completo e non futuro"},
			{Name: "withdrawal", Message: "Il ritiro della scelta è del {received}, fuori dal termine: dal {first} al {last}.",
				Expected: "un giorno nel termine, non prima di quello in cui la scelta è arrivata"},
			{Name: "after", Message: "La scelta è arrivata il {received}, dopo la fine del termine: {last}.",
				Expected: "un giorno fino al {last}"},
		},
		Source: postalLaw + ", artt. 4 e 4-bis; D.P.R. 30 marzo 1957, n. 361, art. 51",
	},
	{
		Code: ChoiceTermUnknown, Severity: Warning,
		Description: "il termine della scelta si può calcolare",
		Message:     "Il termine per questa scelta non si può calcolare: il giorno da cui decorre non è indicato.",
		Expected:    "il giorno dell'indizione della votazione, per controllare il termine",
		Source:      postalLaw + ", art. 4",
	},
	{
		Code: ChoiceNotFitting, Severity: Error,
		Description: "la scelta è possibile per la persona e per la consultazione",
		Message:     "La scelta non è possibile per chi risiede in Italia.",
		Expected:    "l'iscrizione all'AIRE",
		Cases: []Case{
			{Name: "resident", Message: "La scelta non è possibile per chi è iscritto all'AIRE.",
				Expected: "la residenza in Italia"},
			{Name: "by-post", Message: "La persona vota per corrispondenza dall'estero: non può votare anche in Italia.",
				Expected: "prima l'opzione per il voto in Italia, nel suo termine; poi l'ammissione a votare altrove"},
			{Name: "consultation", Message: "La scelta non è prevista per {consultation}.",
				Expected: "una consultazione in cui si vota per corrispondenza"},
			{Name: "vote", Message: "La votazione indicata non è tra quelle convocate nel comune.",
				Expected: "una votazione convocata, con il suo primo giorno"},
			{Name: "over", Message: "La votazione è già passata.", Expected: "una votazione ancora da tenere"},
		},
		Source: postalLaw + ", artt. 1, 4 e 4-bis",
	},
	{
		Code: ChoiceTwice, Severity: Error,
		Description: "una sola scelta per persona e votazione",
		Message:     "Per questa votazione la persona ha già scelto: {way}.",
		Expected:    "il ritiro della prima scelta, prima di registrarne un'altra",
		Source:      postalLaw + ", art. 4",
	},
	{
		Code: ChoiceGone, Severity: Error,
		Description: "la scelta da ritirare è registrata",
		Message:     "La scelta da ritirare non risulta, o è già stata ritirata.",
		Expected:    "l'identificativo di una scelta registrata",
		Source:      postalLaw + ", art. 4",
	},
}
