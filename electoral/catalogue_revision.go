package electoral

// revisionRules are the refusals and the doubts of the revisions of the lists (REV).
// Read-only.
var revisionRules = []Rule{
	{
		Code: RevisionNotFound, Severity: Error,
		Description: "la revisione è una di quelle aperte dal comune e ancora conservate",
		Message:     "La revisione indicata non c'è.",
		Expected:    "l'identificativo di una revisione del comune",
		Source:      listsLaw + ", artt. 7-33",
	},
	{
		Code: RevisionWhich, Severity: Error,
		Description: "si apre una revisione semestrale, una tornata della dinamica ordinaria o una straordinaria",
		Message:     "Il tipo di revisione non è tra quelli previsti.",
		Expected:    "semestrale, prima o seconda tornata della dinamica ordinaria, dinamica straordinaria",
		Cases: []Case{
			{Name: "year", Message: "L'anno della revisione manca o è fuori di ogni ragionevole intervallo.",
				Expected: "un anno dal 1968 al 2200"},
			{Name: "half", Message: "Il semestre della revisione non è indicato.",
				Expected: "1 per il primo semestre, 2 per il secondo"},
			{Name: "no-vote", Message: "Una revisione ordinaria non ha una votazione né un elenco di persone.",
				Expected: "anno e semestre soltanto"},
			{Name: "day", Message: "Il giorno della votazione manca o non esiste nel calendario.",
				Expected: "il primo giorno della votazione"},
			{Name: "votes", Message: "Il comune vota in quel giorno: la revisione riguarda tutti, non un elenco di " +
				"persone indicato da un altro comune.",
				Expected: "il giorno della votazione soltanto"},
			{Name: "not-called", Message: "In quel giorno il comune non vota: agisce solo per le persone indicate da " +
				"un comune che vota.",
				Expected: "la votazione dell'altro comune e le persone che esso indica, oppure il giorno di una " +
					"votazione del comune"},
			{Name: "persons", Message: "L'elenco delle persone è troppo lungo, o ha un identificativo che non è di " +
				"ANPR.",
				Expected: "fino a 10.000 identificativi ANPR"},
		},
		Source: listsLaw + ", artt. 7-33",
	},
	{
		Code: RevisionStep, Severity: Error,
		Description: "una revisione si prepara, si decide, si esegue e si chiude, in quest'ordine",
		Message:     "La revisione è nello stato «{state}»: questo ora non si può fare.",
		Expected:    "una revisione in corso",
		Cases: []Case{
			{Name: "ended", Message: "La revisione è nello stato «{state}» e non si riapre.",
				Expected: "la revisione successiva"},
			{Name: "again", Message: "Le proposte sono state rifatte nel frattempo da un'altra richiesta; la " +
				"revisione è nello stato «{state}».",
				Expected: "la lettura delle proposte più recenti"},
			{Name: "sitting", Message: "La revisione non ha questa tornata: ne ha {count}.",
				Expected: "il numero di una tornata, da 1 a {count}, oppure 0 per tutta la revisione"},
		},
		Source: listsLaw + ", artt. 7-33",
	},
	{
		Code: ProposalsLeftOut, Severity: Warning,
		Description: "le proposte dicono chi hanno lasciato fuori, perché l'ufficiale lo esamini",
		Message: "Persone nelle liste del comune che l'anagrafe non restituisce: {count}. Per loro non c'è alcuna " +
			"proposta.",
		Expected: "una verifica in anagrafe",
		Cases: []Case{
			{Name: "lost", Message: "Residenti che hanno perduto il diritto di voto: {count}. Il riacquisto si " +
				"registra con il suo atto.",
				Expected: "una riga aggiunta dall'ufficiale, con l'atto di riacquisto"},
			{Name: "unlisted", Message: "Residenti maggiorenni in nessuna lista del comune, che questa revisione non " +
				"iscrive: {count}.",
				Expected: "la seconda tornata della revisione dinamica"},
			{Name: "constituency", Message: "Elettori passati dall'estero all'Italia, o viceversa, nello stesso " +
				"comune: {count}. La circoscrizione per Camera e Senato non è più la loro.",
				Expected: "la modifica dei dati dell'elettore"},
			{Name: "heir", Message: "Elettori residenti nel comune subentrato a questo: {count}. Passano con la " +
				"successione dei comuni, non con una cancellazione.",
				Expected: "la successione dei comuni"},
		},
		Source: listsLaw + ", artt. 7-33",
	},
	{
		Code: LinesLeft, Severity: Error,
		Description: "una revisione si chiude quando ogni riga è eseguita, respinta o ritirata con un motivo",
		Message:     "Nella revisione restano righe da decidere o da eseguire: {count}.",
		Expected:    "ogni riga eseguita, respinta o ritirata con un motivo",
		Source:      listsLaw + ", artt. 7-33",
	},
	{
		Code: AppliedEarly, Severity: Warning,
		Description: "le proposte della revisione semestrale si eseguono dopo il deposito e la decisione della commissione",
		Message: "Le proposte restano depositate fino al {day}: ogni cittadino può ricorrere alla commissione elettorale " +
			"circondariale, che decide dopo.",
		Expected: "l'esecuzione dopo la decisione della commissione",
		Source:   listsLaw + ", artt. 7-31",
	},
	{
		Code: LineNotFound, Severity: Error,
		Description: "la riga è una di quelle della revisione",
		Message:     "La riga indicata non c'è in questa revisione.",
		Expected:    "l'identificativo di una riga della revisione",
		Source:      listsLaw + ", artt. 7-33",
	},
	{
		Code: LineChanged, Severity: Error,
		Description: "una decisione riguarda la riga come l'ufficiale l'ha vista",
		Message: "La riga è cambiata nel frattempo, forse per opera di un altro ufficiale: ora è alla versione " +
			"{version} ed è «{state}».",
		Expected: "la lettura della riga e una nuova decisione, con la versione {version}",
		Source:   listsLaw + ", artt. 7-33",
	},
	{
		Code: LineStep, Severity: Error,
		Description: "una riga si accoglie, si respinge, si esegue o si ritira secondo lo stato in cui è",
		Message:     "La riga è «{state}»: questa decisione ora non si può prendere.",
		Expected:    "una decisione che lo stato della riga permette",
		Cases: []Case{
			{Name: "twice", Message: "La stessa riga compare due volte nella richiesta.",
				Expected: "una decisione per riga"},
			{Name: "verdict", Message: "La decisione non è tra quelle previste.",
				Expected: "accogliere, respingere, ritirare o rimettere da decidere"},
			{Name: "there", Message: "Per questa persona, causa e lista la revisione ha già una riga, che è «{state}».",
				Expected: "una decisione su quella riga"},
		},
		Source: listsLaw + ", artt. 7-33",
	},
	{
		Code: LineIncomplete, Severity: Error,
		Description: "una decisione dice tutto ciò che serve per eseguirla",
		Message:     "La decisione non è completa.",
		Expected:    "una decisione completa",
		Cases: []Case{
			{Name: "count", Message: "La richiesta ha nessuna decisione, o troppe.",
				Expected: "da 1 a {most} decisioni"},
			{Name: "reason", Message: "Chi respinge o ritira una riga ne dice il motivo.",
				Expected: "un motivo di almeno 3 caratteri"},
			{Name: "text", Message: "Il motivo è troppo lungo o ha caratteri che non si stampano.",
				Expected: "fino a 2.000 caratteri leggibili"},
			{Name: "day", Message: "Il giorno indicato non è completo o non esiste nel calendario.",
				Expected: "un giorno completo che esiste"},
			{Name: "evidence", Message: "Un documento non è descritto, è descritto con un testo troppo lungo o " +
				"illeggibile, oppure i documenti sono troppi.",
				Expected: "fino a 20 documenti, ciascuno con un testo e un riferimento fino a 200 caratteri"},
			{Name: "choice", Message: "La legge lascia aperto che cosa fare: la scelta è dell'ufficiale e non è " +
				"indicata, o non è tra quelle possibili.",
				Expected: "uno degli effetti proposti per la riga"},
			{Name: "order", Message: "Una decisione del giudice o della commissione si esegue con i suoi estremi.",
				Expected: "il documento, con ufficio, numero e data"},
			{Name: "recovery", Message: "Chi ha perduto il diritto di voto lo riacquista con un atto.",
				Expected: "l'atto di riacquisto e il suo giorno"},
			{Name: "kept", Message: "Il voto che resta nel comune si indica solo per una cancellazione.",
				Expected: "nessun voto mantenuto"},
			{Name: "elector", Message: "I dati dell'elettore si indicano solo per un'iscrizione, e sono della persona " +
				"della riga.",
				Expected: "i dati della persona della riga"},
			{Name: "section", Message: "La sezione non è indicata.",
				Expected: "il numero di una sezione del comune"},
		},
		Source: listsLaw + ", artt. 7-33",
	},
	{
		Code: LineFit, Severity: Error,
		Description: "la causa di una riga e ciò che la riga fa vanno insieme",
		Message:     "La causa indicata non porta a questo effetto sulla lista.",
		Expected:    "un effetto che la causa può avere su quella lista",
		Cases: []Case{
			{Name: "list", Message: "La lista indicata non è una di quelle dell'allegato 1.",
				Expected: "una delle liste dell'allegato 1, punti 2-4"},
		},
		Source: listsLaw + ", art. 32",
	},
	{
		Code: LineFacts, Severity: Warning,
		Description: "una riga si esegue se la persona è come quando l'ufficiale ha deciso",
		Message: "Dopo la decisione la situazione della persona in anagrafe o nelle liste è cambiata: l'ufficiale " +
			"decide di nuovo.",
		Expected: "la verifica della situazione di oggi e una nuova decisione",
		Source:   listsLaw + ", art. 32",
	},
	{
		Code: LineBeforeLast, Severity: Error,
		Description: "un'operazione non decorre da prima dell'ultima già fatta sullo stesso elettore",
		Message:     "Il giorno di decorrenza precede l'ultima operazione sull'elettore, del {last}.",
		Expected:    "un giorno dal {last} in poi, oppure nessun giorno",
		Source:      "prassi ANPR (segnalazione 4047)",
		ANPRCode:    "EN389",
	},
	{
		Code: DoubtCitizenshipLost, Severity: Warning,
		Description: "come si registra la perdita della cittadinanza è una questione aperta",
		Message: "La legge dice di cancellare chi perde la cittadinanza (art. 32, n. 2); ANPR chiede invece di " +
			"lasciarlo in lista senza il diritto di voto.",
		Expected: "la scelta dell'ufficiale: perdita del diritto oppure cancellazione",
		Source:   listsLaw + ", art. 32, n. 2; prassi ANPR (segnalazione 3808)",
	},
	{
		Code: DoubtUnregistered, Severity: Warning,
		Description: "l'anagrafe non dice perché una persona non è più registrata",
		Message: "La persona non risulta registrata in alcun comune, ma l'anagrafe non dice se per irreperibilità o " +
			"per altra causa.",
		Expected: "il provvedimento anagrafico di cancellazione",
		Source:   listsLaw + ", art. 16",
	},
	{
		Code: DoubtStillListed, Severity: Warning,
		Description: "chi immigra si iscrive dopo la cancellazione da parte del comune di provenienza",
		Message:     "La persona è ancora nella lista generale del comune di {comune}, che deve prima cancellarla.",
		Expected:    "la cancellazione da parte del comune di {comune}",
		Source:      listsLaw + ", art. 32, n. 4",
	},
	{
		Code: DoubtRestored, Severity: Warning,
		Description: "con quale motivo ANPR registra il ripristino è una questione aperta",
		Message: "Il trasferimento sembra annullato: la persona risulta residente qui da prima della cancellazione. " +
			"Con quale motivo l'altro comune la cancelli non è stabilito.",
		Expected: "il provvedimento di ripristino della posizione anagrafica",
		Source:   "D.L. 9 febbraio 2012, n. 5, art. 5, comma 5-bis",
	},
	{
		Code: DoubtReappeared, Severity: Warning,
		Description: "chi era irreperibile e ricompare si iscrive di nuovo dopo una verifica",
		Message:     "La persona era stata cancellata per irreperibilità e ora è di nuovo registrata nel comune.",
		Expected:    "la verifica della nuova iscrizione anagrafica",
		Source:      listsLaw + ", artt. 16 e 32",
	},
	{
		Code: DoubtOrigin, Severity: Warning,
		Description: "di chi è maggiorenne e in nessuna lista si deve sapere perché",
		Message: "Di questa persona maggiorenne non si conosce alcuna iscrizione precedente: può venire da un comune " +
			"che non ha ancora caricato le liste, o aver acquistato il diritto da poco.",
		Expected: "la causa dell'iscrizione e il documento che la prova",
		Cases: []Case{
			{Name: "removed", Message: "La persona è stata cancellata dallo stesso comune di {comune} ({reason}) e l'anagrafe " +
				"la dà registrata qui: può essere un errore da riparare, e non un'immigrazione.",
				Expected: "la causa dell'iscrizione e il documento che la prova"},
		},
		Source: listsLaw + ", art. 32, nn. 4 e 5",
	},
	{
		Code: DoubtAttestation, Severity: Warning,
		Description: "dopo il trentesimo giorno si è ammessi al voto solo a domanda",
		Message: "Il termine per l'iscrizione è passato: la persona vota solo se lo chiede, con un'attestazione del " +
			"sindaco che indica la sezione. La lista si aggiorna nel mese dopo il voto.",
		Expected: "la domanda della persona e la sezione",
		Source:   listsLaw + ", art. 32-bis",
	},
	{
		Code: DoubtTerritory, Severity: Warning,
		Description: "chi non ha ancora la residenza che il territorio chiede non vota lì per la Regione",
		Message: "La residenza necessaria per votare alle elezioni regionali, e in provincia di Bolzano anche alle " +
			"comunali, non risulta raggiunta: per esse la persona può stare nella {list} di un altro comune.",
		Expected: "la verifica della residenza e delle liste aggiunte",
		Source:   addedTables,
	},
	{
		Code: DoubtCapacity, Severity: Warning,
		Description: "chi risulta non elettore, senza una perdita registrata, si iscrive dopo una verifica",
		Message: "La persona risulta non elettore, senza che sia registrata la perdita del diritto: può averlo " +
			"perduto, o aver lasciato le liste.",
		Expected: "la verifica che il diritto non sia stato perduto",
		Source:   listsLaw + ", artt. 2 e 32",
	},
	{
		Code: DoubtBirth, Severity: Warning,
		Description: "di una nascita incompleta il giorno dei diciotto anni non è certo",
		Message: "La data di nascita non è completa ({birth}): il giorno in cui la persona compie 18 anni è il più tardo " +
			"possibile.",
		Expected: "la data di nascita completa",
		Source:   listsLaw + ", art. 7",
	},
	{
		Code: DoubtReferenceDay, Severity: Warning,
		Description: "la revisione semestrale guarda ai residenti del giorno di riferimento",
		Message: "La persona risiede nel comune dal {since}, dopo il giorno di riferimento della revisione ({day}): può " +
			"iscriverla il comune in cui risiedeva allora.",
		Expected: "l'accordo con il comune di provenienza",
		Source:   listsLaw + ", art. 8",
	},
}
