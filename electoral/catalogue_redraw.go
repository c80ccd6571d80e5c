package electoral

// redrawRules are the registry's rules on sections: their names, their electors, and
// the mappings of a re-drawing (REG-SEZ). Read-only.
var redrawRules = []Rule{
	{
		Code: SectionOtherSpelling, Severity: Error,
		Description: "due sezioni del comune non hanno lo stesso numero scritto in modi diversi",
		Message:     "La sezione {number} è già registrata come «{registered}».",
		Expected:    "«{registered}», per modificare quella sezione; per cambiarne il numero, la rinumerazione",
		Source:      "D.M. 17 ottobre 2022, all. 1, punto 2",
	},
	{
		Code: SectionExists, Severity: Error,
		Description: "il nuovo numero di una sezione non è quello di un'altra",
		Message:     "La sezione {section} esiste già.",
		Expected:    "un numero libero; per unire due sezioni, la revisione delle sezioni",
		Cases: []Case{
			{Name: "electors",
				Message:  "La sezione {section} non è registrata, ma vi sono iscritti degli elettori.",
				Expected: "un numero con cui nessuno è iscritto"},
		},
		Source: "D.M. 17 ottobre 2022, all. 1, punto 2",
	},
	{
		Code: SectionNotEmpty, Severity: Error,
		Description: "una sezione che si cancella non ha elettori",
		Message:     "La sezione {section} ha ancora elettori: {electors}.",
		Expected:    "nessun elettore, oppure una sezione per ciascuno di loro nella stessa operazione",
		Source:      "D.P.R. n. 223 del 1967, art. 36",
		ANPRCode:    "EN562",
	},
	{
		Code: SectionNeeded, Severity: Error,
		Description: "la sezione ha i dati che lo status dei suoi elettori richiede",
		Message: "La sezione {section} ha {electors} con lo status «si» per {consultation}, ma resterebbe senza la " +
			"circoscrizione.",
		Expected: "la circoscrizione per {consultation}",
		Cases: []Case{
			{Name: "college",
				Message: "La sezione {section} ha {electors} con lo status «si» per {consultation}, ma resterebbe " +
					"senza i collegi.",
				Expected: "i collegi per {consultation}"},
			{Name: "other-constituency",
				Message: "La sezione {section} ha {electors} con una circoscrizione per {consultation} diversa da " +
					"quella dei suoi collegi.",
				Expected: "i collegi per {consultation} della circoscrizione degli elettori"},
		},
		Source: "D.M. 17 ottobre 2022, all. 1, punto 5",
	},
	{
		Code: SectionDatumChanged, Severity: Warning,
		Description: "un dato della sezione che cambia vale per tutti i suoi elettori",
		Message: "Per {consultation} cambia la circoscrizione o il collegio della sezione {section}, che ha " +
			"{electors} con lo status «si».",
		Expected: "un controllo che il cambiamento sia voluto: era «{before}»",
		Source:   "D.M. 17 ottobre 2022, all. 1, punto 5",
	},
	{
		Code: SectionSizeUnusual, Severity: Warning,
		Description: "una sezione ordinaria ha di regola da 500 a 1.200 elettori",
		Message:     "La sezione {section} ha {electors}, meno di {least}.",
		Expected: "di regola da {least} a {most} elettori; meno, se la distanza o le vie di comunicazione lo " +
			"richiedono",
		Cases: []Case{
			{Name: "large", Message: "La sezione {section} ha {electors}, più di {most}.",
				Expected: "di regola da {least} a {most} elettori"},
		},
		Source: "legge n. 449 del 1997, art. 55 c. 6; D.M. n. 117 del 1998, art. 1",
	},
	{
		Code: SectionNamed, Severity: Warning,
		Description: "ciò che è aperto e nomina una sezione che cambia va riesaminato",
		Message:     "Una richiesta di rettifica aperta chiede la sezione {section}.",
		Expected:    "una risposta alla richiesta che tenga conto del cambiamento",
		Cases: []Case{
			{Name: "numbers",
				Message: "La lista della sezione {section} per la votazione del {day} è già numerata ({list}): i " +
					"numeri di chi cambia sezione non valgono più.",
				Expected: "una nuova lista per il seggio, e un avviso a chi ha già dichiarato il suo numero"},
			{Name: "numbers-kept",
				Message: "La lista della sezione {section} per la votazione del {day} è già numerata ({list}): i " +
					"numeri restano, con il nuovo numero di sezione.",
				Expected: "una nuova stampa della lista per il seggio"},
		},
		Source: "D.P.R. n. 361 del 1957, art. 51",
	},
	{
		Code: MappingEmpty, Severity: Error,
		Description: "un'operazione sulle sezioni dice che cosa cambia",
		Message:     "L'operazione non contiene alcun cambiamento.",
		Expected:    "una sezione da registrare o da cancellare, oppure elettori da spostare",
		Source:      "D.P.R. n. 223 del 1967, art. 36",
	},
	{
		Code: MappingTwice, Severity: Error,
		Description: "ogni sezione e ogni persona sta in un'operazione una volta sola",
		Message:     "La sezione {section} è spostata due volte: non si sa dove.",
		Expected:    "una sola destinazione per la sezione; chi va altrove si indica persona per persona",
		Cases: []Case{
			{Name: "person", Message: "La stessa persona è spostata due volte.",
				Expected: "una sola destinazione per la persona"},
			{Name: "put", Message: "La sezione {section} è registrata due volte nella stessa operazione.",
				Expected: "una sola volta ogni sezione"},
			{Name: "delete", Message: "La sezione {section} è cancellata due volte nella stessa operazione.",
				Expected: "una sola volta ogni sezione"},
			{Name: "put-and-delete", Message: "La stessa operazione registra e cancella la sezione {section}.",
				Expected: "l'una o l'altra cosa"},
		},
		Source: "D.P.R. n. 223 del 1967, art. 36",
	},
	{
		Code: MappingTarget, Severity: Error,
		Description: "la sezione di destinazione è registrata, dopo l'operazione",
		Message: "La sezione di destinazione «{section}» non è registrata nel comune di {comune}, o non lo sarà " +
			"più.",
		Expected: "una sezione che c'è dopo l'operazione",
		Cases: []Case{
			{Name: "spelling",
				Message: "La sezione di destinazione «{section}» non è registrata nel comune di {comune}: c'è " +
					"«{registered}».",
				Expected: "«{registered}», come il comune l'ha registrata"},
		},
		Source:   "D.M. 17 ottobre 2022, all. 1, punto 2",
		ANPRCode: "EN557",
	},
	{
		Code: MappingItself, Severity: Error,
		Description: "una sezione non è spostata in sé stessa",
		Message:     "La sezione {section} è spostata in sé stessa.",
		Expected:    "un'altra sezione; chi resta non si indica",
		Source:      "D.P.R. n. 223 del 1967, art. 36",
	},
	{
		Code: MappingNotHere, Severity: Error,
		Description: "si spostano solo persone iscritte nelle liste del comune",
		Message:     "La persona non è in alcuna lista del comune di {comune}.",
		Expected:    "una persona iscritta in una lista del comune",
		Source:      "D.P.R. n. 223 del 1967, art. 36",
	},
	{
		Code: MappingMoved, Severity: Error,
		Description: "la persona è ancora nella sezione da cui è spostata",
		Message:     "La persona non è nella sezione {section}, ma nella sezione {present}.",
		Expected:    "la sezione in cui la persona è ora, oppure nessuna",
		Source:      "D.P.R. n. 223 del 1967, art. 36",
	},
	{
		Code: MappingFaults, Severity: Error,
		Description: "un'operazione con troppi errori è rifiutata prima di elencarli tutti",
		Message:     "Ci sono altri errori oltre ai primi {most}.",
		Expected:    "la stessa operazione senza questi errori",
		Source:      "limite di questo programma",
	},
	{
		Code: RedrawnOutOfSeason, Severity: Warning,
		Description: "le sezioni si rivedono con la revisione semestrale",
		Message: "La circoscrizione delle sezioni e l'assegnazione degli elettori si rivedono nella revisione " +
			"semestrale.",
		Expected: "la revisione semestrale, oppure un controllo che il cambiamento non possa aspettarla",
		Source:   "D.P.R. n. 223 del 1967, artt. 34-36",
	},
	{
		Code: RedrawnBeforeVote, Severity: Warning,
		Description: "a ridosso di una votazione le liste delle sezioni possono essere già stampate",
		Message: "Il {day} si vota per {consultation}: le liste delle sezioni e i numeri degli elettori possono " +
			"essere già fuori.",
		Expected: "un rinvio a dopo la votazione, oppure nuove liste per i seggi e un avviso agli elettori",
		Source:   "D.P.R. n. 361 del 1957, art. 51",
	},
	{
		Code: SeatChanged, Severity: Warning,
		Description: "se la sede cambia prima di una votazione gli elettori vanno avvisati",
		Message: "Il {day} si vota per {consultation} e cambia la sede della sezione {section}: la tessera " +
			"elettorale degli elettori indica quella di prima.",
		Expected: "un avviso agli elettori della sezione e l'aggiornamento delle tessere",
		Source:   "D.P.R. n. 299 del 2000, art. 2",
	},
	{
		Code: SectionKindUnknown, Severity: Error,
		Description: "il tipo di sezione è uno di quelli previsti",
		Message:     "Il tipo di sezione non è previsto.",
		Expected:    "nessun tipo, per una sezione ordinaria, oppure hospital o special",
		Source:      "D.P.R. n. 361 del 1957, art. 52; legge n. 136 del 1976, artt. 8 e 9",
	},
	{
		Code: SectionNotOrdinary, Severity: Error,
		Description: "i residenti all'estero si ripartiscono tra sezioni ordinarie",
		Message:     "La sezione {section} è una {kind}.",
		Expected:    "una sezione ordinaria",
		Source:      "D.P.R. n. 223 del 1967, art. 36",
	},
}
