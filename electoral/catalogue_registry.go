package electoral

// registryRules are the refusals and the warnings of the services (REG). Read-only.
var registryRules = []Rule{
	{
		Code: NotCompetent, Severity: Error,
		Description: "solo l'ufficiale elettorale del comune della lista scrive",
		Message: "Chi accede è l'ufficiale elettorale del comune di {actorComune}, ma il dato è del comune di " +
			"{comune}.",
		Expected: "l'operazione dell'ufficiale elettorale del comune di {comune}",
		Citizen: "Questa operazione spetta all'ufficio elettorale di un altro comune: può chiedere all'ufficio " +
			"elettorale del suo comune.",
		Cases: []Case{
			{Name: "no-officer", Message: "Chi accede non è un ufficiale elettorale.",
				Expected: "l'accesso dell'ufficiale elettorale del comune di {comune}",
				Citizen: "Questo servizio è riservato agli uffici elettorali. Per la sua posizione può usare la sua area " +
					"personale, o rivolgersi all'ufficio elettorale del suo comune."},
			{Name: "list", Message: "La {list} non è del comune di {comune}.",
				Expected: "una lista del comune di {comune}"},
			{Name: "no-list",
				Message:  "Il soggetto non è in alcuna lista e non risulta in anagrafe o all'AIRE nel comune di {comune}.",
				Expected: "il comune di residenza o di iscrizione AIRE, oppure una lista del comune di {comune}"},
		},
		Source:   "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 1",
		ANPRCode: "EN204",
	},
	{
		Code: LevelTooLow, Severity: Error,
		Description: "l'accesso richiede credenziali di livello almeno 2",
		Message:     "Le credenziali con cui si è fatto l'accesso sono di livello troppo basso.",
		Expected:    "un nuovo accesso con credenziali di livello 2 o 3",
		Citizen: "Per questo servizio serve un accesso più sicuro: esca ed entri di nuovo con SPID di livello 2 o " +
			"superiore, con la carta d'identità elettronica (CIE) o con la CNS.",
		Source: "D.M. 17 ottobre 2022, art. 3 c. 3 e art. 4 c. 4",
	},
	{
		Code: RequestIDMissing, Severity: Error,
		Description: "ogni richiesta ha un identificativo di 1-64 caratteri stampabili",
		Message:     "Manca l'identificativo della richiesta, o non è valido.",
		Expected:    "da 1 a 64 caratteri ASCII stampabili, senza spazi",
		Citizen: "La richiesta non è arrivata completa. Torni alla pagina precedente e la invii di nuovo; se succede " +
			"ancora, lo segnali all'assistenza del portale.",
		Cases: []Case{
			{Name: "anpr", Message: "L'identificativo di un messaggio di ANPR ha solo lettere e cifre.",
				Expected: "da 1 a 30 lettere e cifre (idOperazioneComune)",
				Citizen: "La richiesta non è arrivata nella forma giusta. Torni alla pagina precedente e la invii di nuovo; se " +
					"succede ancora, lo segnali all'assistenza del portale."},
		},
		Source: "D.M. 17 ottobre 2022, all. 2, ulteriori specifiche tecniche, punto 1",
	},
	{
		Code: ActorUnknown, Severity: Error,
		Description: "il codice fiscale di chi accede e la modalità di autenticazione sono noti",
		Message:     "Il codice fiscale di chi accede manca o non è valido.",
		Expected:    "il codice fiscale di chi accede, come risulta dall'autenticazione",
		Citizen:     "Non è stato possibile riconoscere chi accede. Esca ed entri di nuovo con SPID, CIE o CNS.",
		Cases: []Case{
			{Name: "method", Message: "Non è noto come chi accede è stato autenticato.",
				Expected: "smart-card, cns, cie o spid",
				Citizen: "Non è stato possibile riconoscere il modo in cui ha fatto l'accesso. Esca ed entri di nuovo con " +
					"SPID, CIE o CNS."},
			{Name: "acting-for", Message: "Il codice fiscale di chi ha delegato non è valido.",
				Expected: "il codice fiscale dell'ufficiale elettorale che ha delegato, o nessuno",
				Citizen: "Non è stato possibile riconoscere la persona per conto della quale è stato fatto l'accesso. Esca ed " +
					"entri di nuovo con la sua identità digitale."},
		},
		Source: "D.M. 17 ottobre 2022, all. 2, ulteriori specifiche tecniche, punto 1",
	},
	{
		Code: OtherPerson, Severity: Error,
		Description: "il cittadino accede solo alla propria posizione",
		Message:     "La posizione è di un'altra persona.",
		Expected:    "la richiesta della propria posizione",
		Citizen:     "I dati chiesti sono di un'altra persona. Qui può vedere soltanto i suoi.",
		Cases: []Case{
			{Name: "role", Message: "Il ruolo di chi accede non è noto.",
				Expected: "officer, per l'ufficiale elettorale, oppure citizen, per il cittadino",
				Citizen: "Non è stato possibile riconoscere il modo in cui ha fatto l'accesso. Esca ed entri di nuovo con " +
					"SPID, CIE o CNS."},
			{Name: "no-citizen", Message: "Il servizio è del cittadino, per la propria posizione.",
				Expected: "l'accesso del cittadino; l'ufficiale elettorale consulta con i servizi per i comuni",
				Citizen:  "Questo servizio serve a vedere i propri dati: entri come cittadino, con la sua identità digitale."},
		},
		Source: "D.M. 17 ottobre 2022, art. 4 c. 2",
	},
	{
		Code: PersonUnknown, Severity: Error,
		Description: "il soggetto risulta in ANPR",
		Message:     "Il soggetto non risulta in ANPR.",
		Expected:    "l'identificativo ANPR di un soggetto che vi risulta",
		Citizen: "La persona non risulta nell'anagrafe nazionale. Controlli i dati indicati; se sono giusti, si " +
			"rivolga all'ufficio anagrafe del comune dove vive o, se vive all'estero, al consolato.",
		Cases: []Case{
			{Name: "invalid-code", Message: "Il codice fiscale non è valido.",
				Expected: "un codice fiscale di 16 caratteri, o provvisorio di 11 cifre",
				Citizen:  "Il codice fiscale non è scritto in modo corretto. Lo controlli sulla tessera sanitaria e riprovi."},
			{Name: "code", Message: "Il codice fiscale non risulta in ANPR.",
				Expected: "il codice fiscale di un soggetto che risulta in ANPR",
				Citizen: "Il codice fiscale indicato non risulta nell'anagrafe nazionale. Lo controlli; se è giusto, si " +
					"rivolga all'ufficio anagrafe del comune dove vive o, se vive all'estero, al consolato."},
			{Name: "actor", Message: "Chi accede non risulta in ANPR.",
				Expected: "l'accesso di chi risulta in ANPR con il codice fiscale con cui accede",
				Citizen: "Il codice fiscale con cui ha fatto l'accesso non risulta nell'anagrafe nazionale. Si rivolga " +
					"all'ufficio anagrafe del comune dove vive o, se vive all'estero, al consolato."},
		},
		Source:   "D.M. 17 ottobre 2022, all. 2, servizi per i cittadini, punto 1",
		ANPRCode: "EN413",
	},
	{
		Code: PersonGone, Severity: Warning,
		Description: "chi è nelle liste risulta ancora in ANPR; se non vi risulta più, la sua posizione si può " +
			"correggere e cancellare",
		Message: "Il soggetto non risulta più in ANPR: di lui non si possono controllare i dati anagrafici.",
		Expected: "un controllo in anagrafe: se il suo identificativo è stato unito a un altro, l'unione dei dati " +
			"elettorali; altrimenti la cancellazione",
		Source: "D.P.R. 20 marzo 1967, n. 223, art. 32 (nelle liste resta chi non ne è cancellato)",
	},
	{
		Code: ElectorUnknown, Severity: Error,
		Description: "i dati elettorali del soggetto sono registrati",
		Message:     "I dati elettorali del soggetto non sono registrati.",
		Expected:    "un soggetto registrato da un comune, oppure la sua iscrizione",
		Citizen: "Nessun comune ha registrato finora i suoi dati elettorali. Se pensa di dover essere nelle liste, " +
			"si rivolga all'ufficio elettorale del comune di residenza.",
		Cases: []Case{
			{Name: "no-comune", Message: "Nessun comune tiene la posizione di chi chiede.",
				Expected: "la richiesta di chi è residente, iscritto all'AIRE o in una lista elettorale",
				Citizen: "Non risultano una sua residenza in Italia né una sua iscrizione tra gli italiani all'estero, e " +
					"quindi nessun comune può rispondere. Si rivolga all'ufficio anagrafe del comune dove vive o, se vive " +
					"all'estero, al consolato."},
		},
		Source: "D.M. 17 ottobre 2022, all. 1",
	},
	{
		Code: AlreadyEnrolled, Severity: Error,
		Description: "il soggetto è già registrato: in un altro comune va prima cancellato, nello stesso si modifica",
		Message:     "I dati elettorali del soggetto sono già registrati dal comune di {comune}.",
		Expected:    "una modifica dei dati registrati",
		Cases: []Case{
			{Name: "elsewhere", Message: "I dati elettorali del soggetto sono già registrati dal comune di {comune}.",
				Expected: "la cancellazione da parte del comune di {comune}, che trova la richiesta tra i suoi conflitti"},
			{Name: "ceased",
				Message: "Il soggetto è nelle liste del comune di {comune}, che è cessato e non può cancellarlo.",
				Expected: "la successione dei comuni, con cui tutti gli elettori del comune di {comune} passano al comune che " +
					"gli è subentrato"},
			{Name: "other-id",
				Message: "La stessa persona, con lo stesso codice fiscale, è già in una lista del comune di {comune} con un " +
					"altro identificativo ANPR, {other}.",
				Expected: "la cancellazione da parte del comune di {comune}, oppure l'unione dei due identificativi"},
			{Name: "other-id-right",
				Message: "La stessa persona, con l'identificativo ANPR {other}, risulta senza capacità elettorale nel comune " +
					"di {comune}.",
				Expected: "l'unione dei due identificativi, dopo il riacquisto della capacità se vi è stato"},
			{Name: "other-id-left",
				Message: "Della stessa persona restano dati elettorali, senza liste, con un altro identificativo ANPR, " +
					"{other}, nel comune di {comune}.",
				Expected: "l'unione dei due identificativi"},
		},
		Source:   "prassi ANPR (segnalazioni 4009, 4136, 4800 e 5288)",
		ANPRCode: "EN560",
	},
	{
		Code: IDsNotMerged, Severity: Error,
		Description: "si uniscono due identificativi ANPR della stessa persona, di cui uno solo è in liste elettorali",
		Message:     "I due identificativi da unire sono lo stesso.",
		Expected:    "l'identificativo che ANPR ha chiuso e quello che conserva",
		Cases: []Case{
			{Name: "other-code", Message: "In ANPR i due identificativi sono di persone con codici fiscali diversi.",
				Expected: "due identificativi della stessa persona"},
			{Name: "lists",
				Message: "Tutti e due gli identificativi sono in liste elettorali: {from} nel comune di {comune}, {to} nel " +
					"comune di {other}.",
				Expected: "prima la cancellazione di uno dei due; un altro comune trova la richiesta tra i suoi conflitti"},
			{Name: "right",
				Message: "Uno dei due identificativi risulta senza capacità elettorale, l'altro no: {from} nel comune di " +
					"{comune}, {to} nel comune di {other}.",
				Expected: "prima la perdita della capacità registrata anche per l'altro, oppure il riacquisto"},
		},
		Source: "prassi ANPR (segnalazioni 4009, 4136, 4800 e 5288)",
	},
	{
		Code: SectionNotFound, Severity: Error,
		Description: "la sezione è registrata",
		Message:     "La sezione {section} non è registrata nel comune di {comune}.",
		Expected:    "il numero di una sezione registrata, oppure la registrazione della sezione",
		Source:      "D.M. 17 ottobre 2022, all. 1, punto 2",
		ANPRCode:    "EN557",
	},
	{
		Code: OtherComuneLoad, Severity: Error,
		Description: "il primo caricamento riguarda il solo comune dell'ufficiale elettorale",
		Message:     "La sezione è del comune di {given}, ma il primo caricamento è del comune di {comune}.",
		Expected:    "solo sezioni del comune di {comune}",
		Cases: []Case{
			{Name: "list", Message: "La {list} non è del comune di {comune}.",
				Expected: "una lista del comune di {comune}"},
			{Name: "no-list",
				Message:  "Il soggetto non è in alcuna lista e non risulta in anagrafe o all'AIRE nel comune di {comune}.",
				Expected: "il comune di residenza o di iscrizione AIRE, oppure una lista del comune di {comune}"},
		},
		Source:   "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 1",
		ANPRCode: "EN204",
	},
	{
		Code: DuplicateElector, Severity: Error,
		Description: "un soggetto compare una volta sola nel primo caricamento",
		Message:     "Il soggetto compare già nel record {record}.",
		Expected:    "un solo record per soggetto: l'altro va tolto dal file",
		Cases: []Case{
			{Name: "other-comune", Message: "Il primo caricamento del soggetto è già stato fatto dal comune di {comune}.",
				Expected: "la cancellazione da parte del comune di {comune}, oppure il file senza questo soggetto"},
			{Name: "ceased",
				Message: "Il soggetto è nelle liste del comune di {comune}, che è cessato e non può cancellarlo.",
				Expected: "la successione dei comuni, con cui tutti gli elettori del comune di {comune} passano al comune che " +
					"gli è subentrato; poi il caricamento"},
			{Name: "other-id",
				Message: "La stessa persona, con lo stesso codice fiscale, è già in una lista del comune di {comune} con un " +
					"altro identificativo ANPR, {other}.",
				Expected: "la cancellazione da parte del comune di {comune}, oppure l'unione dei due identificativi"},
			{Name: "other-id-right",
				Message: "La stessa persona, con l'identificativo ANPR {other}, risulta senza capacità elettorale nel comune " +
					"di {comune}.",
				Expected: "l'unione dei due identificativi, dopo il riacquisto della capacità se vi è stato"},
			{Name: "other-id-left",
				Message: "Della stessa persona restano dati elettorali, senza liste, con un altro identificativo ANPR, " +
					"{other}, nel comune di {comune}.",
				Expected: "l'unione dei due identificativi"},
			{Name: "other-id-file",
				Message: "La stessa persona, con lo stesso codice fiscale, compare già nel record {record} con un altro " +
					"identificativo ANPR.",
				Expected: "un solo record per persona, con l'identificativo che ANPR conserva"},
		},
		Source:   "D.M. 17 ottobre 2022, art. 7 c. 1; prassi ANPR (segnalazioni 4136 e 4242)",
		ANPRCode: "EN556",
	},
	{
		Code: DuplicateSection, Severity: Error,
		Description: "una sezione compare una volta sola nel primo caricamento",
		Message:     "La sezione {section} compare più di una volta.",
		Expected:    "un solo record per sezione: gli altri vanno tolti dal file",
		Source:      "D.M. 17 ottobre 2022, art. 7 c. 1; prassi ANPR (segnalazioni 4136 e 4242)",
	},
	{
		Code: CountMismatch, Severity: Error,
		Description: "il totale dichiarato è quello degli elementi presenti",
		Message:     "Il file dichiara {declared} elementi e ne contiene {read}.",
		Expected:    "il totale {read}, se il file è completo; altrimenti il file con tutti gli elementi",
		Source:      "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)",
	},
	{
		Code: LoadIncomplete, Severity: Error,
		Description: "il file è stato letto fino in fondo",
		Message:     "Il file non si può leggere oltre il record {read}.",
		Expected:    "un file integro, da produrre e inviare di nuovo",
		Source:      "D.M. 17 ottobre 2022, art. 7 c. 1; prassi ANPR (segnalazioni 4136 e 4242)",
	},
	{
		Code: SectionReplaced, Severity: Warning,
		Description: "la sezione era già registrata: i suoi dati sono sostituiti",
		Message:     "La sezione {section} era già registrata: i suoi dati sono sostituiti da quelli del file.",
		Expected:    "un controllo che i dati del file siano i più recenti",
		Source:      "D.M. 17 ottobre 2022, art. 7 c. 1; prassi ANPR (segnalazioni 4136 e 4242)",
	},
	{
		Code: ExtractionList, Severity: Error,
		Description: "l'estrazione indica una lista dell'allegato 1",
		Message:     "La lista non è una di quelle dell'allegato 1.",
		Expected:    "la lista generale, una delle tre liste aggiunte o una delle due liste aggiunte UE",
		Source:      "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
	{
		Code: ExtractionVote, Severity: Error,
		Description: "la consultazione è indicata con il suo giorno",
		Message:     "La consultazione è indicata senza il suo giorno, o il giorno senza la consultazione.",
		Expected:    "per una lista, una consultazione con il giorno del voto; oppure nessuno dei due",
		Cases: []Case{
			{Name: "lines", Message: "La scelta delle righe non è prevista, o non è per la lista di una votazione.",
				Expected: "le righe della copia per il seggio, quelle depennate o tutte, con una consultazione"},
		},
		Source: "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
	{
		Code: ExtractionPurpose, Severity: Error,
		Description: "l'estrazione indica la legge e la funzione per cui serve",
		Message:     "L'estrazione non indica per quale legge serve.",
		Expected:    "uno dei quattro atti dell'allegato 2, o il rilascio di copie",
		Cases: []Case{
			{Name: "function", Message: "L'estrazione non indica per quale funzione serve.",
				Expected: "la funzione, da 3 a 200 caratteri"},
		},
		Source: "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
	{
		Code: RequestIDReused, Severity: Error,
		Description: "l'identificativo di una richiesta non si usa per un'altra",
		Message:     "L'identificativo è già stato usato per una richiesta diversa.",
		Expected:    "un identificativo nuovo, oppure la stessa richiesta",
		Citizen: "Questa richiesta risulta già inviata con un contenuto diverso. Torni alla pagina precedente e ne " +
			"cominci una nuova.",
		Source: "schemi ANPR V9.2.7 (tipoDatoTestataRichiesta: idOperazioneComune)",
	},
	{
		Code: RequestIDOld, Severity: Error,
		Description: "gli identificativi numerici di un comune crescono",
		Message: "L'identificativo non è di una richiesta già inviata, e non è maggiore dell'ultimo del comune, " +
			"{last}.",
		Expected: "un numero maggiore di {last}",
		Source:   "schemi ANPR V9.2.7 (tipoDatoTestataRichiesta: idOperazioneComune)",
	},
	{
		Code: RequestIDFar, Severity: Error,
		Description: "un identificativo numerico non supera di molto l'ultimo del comune",
		Message: "L'identificativo supera di oltre {most} l'ultimo del comune, {last}: se fosse accettato per errore, nessuna " +
			"richiesta con un numero minore passerebbe più.",
		Expected: "un numero poco maggiore di {last}",
		Cases: []Case{
			{Name: "long", Message: "L'identificativo numerico ha più di {most} cifre.",
				Expected: "al massimo {most} cifre"},
			{Name: "lower", Message: "Il nuovo ultimo numero non è minore di quello del comune, {last}.",
				Expected: "un numero minore di {last}"},
			{Name: "digits", Message: "Il nuovo ultimo numero non è un numero, o l'identificativo della richiesta lo è.",
				Expected: "un numero fino a {most} cifre, in una richiesta con un identificativo che non è un numero"},
		},
		Source: "schemi ANPR V9.2.7 (tipoDatoTestataRichiesta: idOperazioneComune)",
	},
	{
		Code: AccessTextUnfit, Severity: Error,
		Description: "ciò che si registra di un accesso sta nel registro degli accessi",
		Message:     "Il testo non si può conservare nel registro degli accessi.",
		Expected:    "al massimo {most} byte, senza caratteri di controllo",
		Citizen: "Un dato tecnico dell'accesso non si può registrare, e senza registrazione il servizio non " +
			"risponde. Esca, entri di nuovo e riprovi; se succede ancora, lo segnali all'assistenza del portale.",
		Cases: []Case{
			{Name: "level", Message: "Il livello delle credenziali non è uno di quelli previsti.",
				Expected: "1, 2 o 3; 0 se non è noto",
				Citizen: "Non è stato possibile riconoscere il livello di sicurezza del suo accesso. Esca ed entri di nuovo " +
					"con SPID, CIE o CNS."},
		},
		Source: "D.M. 17 ottobre 2022, all. 3, punto 3",
	},
	{
		Code: RevisionUnknown, Severity: Error,
		Description: "il tipo di revisione è uno di quelli di ANPR",
		Message:     "Il tipo di revisione non è noto.",
		Expected:    "primo caricamento, semestrale, dinamica, straordinaria o altra",
		Citizen: "La richiesta non è arrivata in una forma riconosciuta. Torni alla pagina precedente e la invii di " +
			"nuovo; se succede ancora, lo segnali all'assistenza del portale.",
		Cases: []Case{
			{Name: "query", Message: "Il tipo di revisione non è noto.", Expected: "{expected}"},
		},
		Source:   "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolario5000mutazione.xsd)",
		ANPRCode: "EN489",
	},
	{
		Code: QueryField, Severity: Error,
		Description: "la condizione riguarda un campo dell'allegato 1",
		Message:     "La condizione riguarda un campo che non esiste.",
		Expected:    "un campo dell'allegato 1: capacity, general.section, …",
		Source:      "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
	{
		Code: QueryValue, Severity: Error,
		Description: "la condizione confronta con valori che il campo può avere",
		Message:     "La condizione non indica alcun valore.",
		Expected:    "almeno un valore",
		Cases: []Case{
			{Name: "answer", Message: "Il valore non è ammesso per il campo «{field}».",
				Expected: "si, no oppure non indicato"},
		},
		Source: "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
	{
		Code: QueryContradiction, Severity: Error,
		Description: "le condizioni si possono avverare insieme",
		Message:     "La condizione contraddice la condizione where[{other}]: nessun elettore le può soddisfare entrambe.",
		Expected:    "una sola delle due, o condizioni che si possono avverare insieme",
		Source:      "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
	{
		Code: QueryInterval, Severity: Error,
		Description: "l'intervallo finisce dopo il suo inizio",
		Message:     "L'intervallo di giorni non è valido.",
		Expected:    "due giorni, il secondo non prima del primo",
		Cases: []Case{
			{Name: "no-bound", Message: "L'intervallo di tempo non ha né inizio né fine.",
				Expected: "l'istante di inizio, quello di fine o entrambi"},
			{Name: "backwards", Message: "L'intervallo finisce prima di cominciare.",
				Expected: "una fine dopo l'inizio: {from}"},
		},
		Source: "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
	{
		Code: QueryOperation, Severity: Error,
		Description: "il tipo di operazione è uno di quelli registrati",
		Message:     "Il tipo di operazione non è uno di quelli registrati.",
		Expected:    "{expected}",
		Source:      "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
	{
		Code: QueryPaging, Severity: Error,
		Description: "la pagina ha una dimensione ammessa e comincia dopo un identificativo",
		Message:     "La dimensione della pagina non è ammessa.",
		Expected:    "da 1 a {most} righe",
		Citizen: "L'elenco non si può mostrare in una pagina di questa lunghezza. Torni all'elenco e lo scorra una " +
			"pagina alla volta.",
		Cases: []Case{
			{Name: "line", Message: "La pagina non comincia dopo una riga di questa revisione.",
				Expected: "l'identificativo di una riga della revisione"},
			{Name: "count", Message: "Il conteggio non ha pagine.", Expected: "nessuna pagina"},
			{Name: "after", Message: "La pagina non comincia dopo un identificativo ANPR.",
				Expected: "il campo Next della pagina precedente"},
			{Name: "ids", Message: "Gli identificativi sono troppi.", Expected: "al massimo {most}"},
			{Name: "since", Message: "Il numero della variazione non è ammesso.",
				Expected: "0 o il numero di una variazione del comune"},
			{Name: "forgotten", Message: "Il registro delle operazioni non conserva più tutte le variazioni successive " +
				"alla n. {value}: è completo dopo la n. {forgotten}.",
				Expected: "si riparte da un elenco completo, e poi dal numero che lo accompagna"},
			{Name: "ahead", Message: "La variazione n. {value} non esiste: l'ultima del comune è la n. {last}.",
				Expected: "il numero restituito dall'elenco precedente; se l'archivio è stato ripristinato da una copia, " +
					"si riparte da un elenco completo"},
		},
		Source: "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
	{
		Code: ConflictUnknown, Severity: Error,
		Description: "il conflitto è registrato per il comune",
		Message:     "Nessun conflitto con questo identificativo è registrato per il comune di {comune}.",
		Expected:    "l'identificativo di uno dei conflitti del comune",
		Source:      "prassi ANPR (segnalazioni 4009, 4136 e 5288)",
	},
	{
		Code: ConflictStep, Severity: Error,
		Description: "l'azione è ammessa nello stato del conflitto e per quella parte",
		Message:     "L'azione non è ammessa per il comune richiedente in un conflitto «{state}».",
		Expected: "la presa visione; il ritiro, se il conflitto non è chiuso; una nuova richiesta con una nota, dopo " +
			"un rifiuto o un ritiro",
		Cases: []Case{
			{Name: "holder",
				Message: "L'azione non è ammessa per il comune che ha iscritto il soggetto in un conflitto «{state}».",
				Expected: "la presa visione; il rifiuto con una nota, se il conflitto è in attesa; oppure la cancellazione del " +
					"soggetto"},
		},
		Source: "prassi ANPR (segnalazioni 4009, 4136 e 5288)",
	},
	{
		Code: LoadUnknown, Severity: Error,
		Description: "il primo caricamento è registrato per il comune",
		Message:     "Nessun primo caricamento con questo identificativo è registrato per il comune di {comune}.",
		Expected:    "l'identificativo di uno dei primi caricamenti del comune",
		Source:      "D.M. 17 ottobre 2022, art. 7 c. 1",
	},
	{
		Code: LoadState, Severity: Error,
		Description: "l'operazione è ammessa nello stato del primo caricamento",
		Message:     "Il registro delle operazioni non conserva più chi è stato caricato.",
		Expected:    "un primo caricamento più recente",
		Cases: []Case{
			{Name: "undone", Message: "Il primo caricamento è già stato annullato.",
				Expected: "nulla, oppure l'identificativo di un altro primo caricamento"},
			{Name: "stage", Message: "Il primo caricamento con questo identificativo è «{state}».",
				Expected: "un identificativo nuovo; oppure, se è stato interrotto, la ripresa"},
		},
		Source: "D.M. 17 ottobre 2022, art. 7 c. 1",
	},
	{
		Code: LoadOptionsDisagree, Severity: Error,
		Description: "le opzioni del primo caricamento vanno insieme",
		Message:     "Sono chieste insieme la prova e la ripresa: una prova non registra nulla, e non si riprende.",
		Expected:    "una sola delle due opzioni",
		Source:      "D.M. 17 ottobre 2022, art. 7 c. 1",
	},
	{
		Code: LoadKept, Severity: Warning,
		Description: "l'annullamento del primo caricamento lascia chi è stato modificato dopo",
		Message:     "Il soggetto è stato modificato dopo il primo caricamento e resta registrato.",
		Expected:    "un controllo del soggetto; se non doveva essere registrato, una cancellazione con motivo 8",
		Source:      "D.M. 17 ottobre 2022, art. 7 c. 1; prassi ANPR (segnalazioni 4095 e 4220)",
	},
	{
		Code: ListLetters, Severity: Warning,
		Description: "il nome è stampato come è scritto in anagrafe",
		Message:     "Il nome contiene lettere che il carattere di stampa non ha: è scritto con le lettere semplici.",
		Expected:    "un controllo a mano di come il nome è stampato",
		Cases: []Case{
			{Name: "none", Message: "Il nome contiene lettere che non si possono stampare: al suo posto sta " +
				"l'identificativo ANPR.",
				Expected: "il nome scritto a mano accanto all'identificativo"},
			{Name: "ascii", Message: "Il testo contiene caratteri che ASCII non ha: al loro posto sta un punto interrogativo.",
				Expected: "un formato che ha tutte le lettere: CSV, NDJSON o PDF"},
		},
		Source: "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
	{
		Code: SectionRefused, Severity: Error,
		Description: "gli elettori di una sezione rifiutata attendono la sezione",
		Message:     "La sezione {section} è rifiutata: {electors} che vi sono iscritti non si caricano.",
		Expected:    "la sezione corretta, con gli stessi elettori: di loro non c'è altro da correggere per questo",
		Source:      "D.M. 17 ottobre 2022, all. 1, punto 2; prassi ANPR (segnalazione 4136)",
		ANPRCode:    "EN557",
	},
	{
		Code: ExtractionScope, Severity: Error,
		Description: "l'estrazione indica una lista, oppure chi compie 18 anni, oppure chi è stato modificato in un " +
			"intervallo",
		Message:  "Non è chiaro che cosa si estrae: non è indicato nulla, o più di una cosa.",
		Expected: "una sola tra: una lista, chi compie 18 anni in un periodo, chi è stato modificato in un intervallo",
		Cases: []Case{
			{Name: "choice", Message: "L'ordine alfabetico o il tipo di operazione non vanno con ciò che si estrae.",
				Expected: "l'ordine alfabetico con una lista intera; operazioni e revisioni con chi è stato modificato in un " +
					"intervallo"},
		},
		Source: "D.M. 17 ottobre 2022, all. 2, servizi per i comuni, punto 3",
	},
}
