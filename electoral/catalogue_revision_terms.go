package electoral

// The codes of the rules on the calendar of the revisions (REV-CAL).
const (
	RevisionTerm           Code = "REV-CAL-01"
	RevisionPeriod         Code = "REV-CAL-02"
	RevisionStepUnknown    Code = "REV-CAL-03"
	RevisionNoticeComputed Code = "REV-CAL-04"
	RevisionStepsDiffer    Code = "REV-CAL-05"
	RevisionCauseRefused   Code = "REV-CAL-06"
	RevisionCauseOpen      Code = "REV-CAL-07"
	RevisionCauseLate      Code = "REV-CAL-08"
	RevisionCauseMaybeLate Code = "REV-CAL-09"
)

// revisionTermsRules are the rules on the calendar of the revisions and on what
// each admits. Read-only.
var revisionTermsRules = []Rule{
	{
		Code: RevisionTerm, Severity: Error,
		Description: "i termini delle revisioni che un comune imposta sono possibili",
		Message:     "Il termine impostato è di un passo che non c'è o il cui giorno si calcola altrove.",
		Expected:    "un passo della revisione che ha un termine proprio",
		Cases: []Case{
			{Name: "half", Message: "Il termine non dice di quale semestre è, o ne dice uno che non c'è.",
				Expected: "1 o 2 per la revisione semestrale e per la dinamica ordinaria; nessun semestre per la straordinaria"},
			{Name: "anchor", Message: "Il termine decorre da un giorno da cui questo passo non può decorrere.",
				Expected: "un giorno fisso per la revisione semestrale e per la dinamica ordinaria; il manifesto o il " +
					"voto per la straordinaria"},
			{Name: "days", Message: "Il termine dista troppo dal giorno da cui decorre.",
				Expected: "da 365 giorni prima a 60 giorni dopo"},
			{Name: "day", Message: "Il giorno fisso del termine non esiste.",
				Expected: "un mese da 1 a 12 e un giorno che quel mese ha; 31 vale per l'ultimo giorno del mese"},
			{Name: "basis", Message: "Il grado di certezza della fonte del termine non è uno di quelli previsti.",
				Expected: "sourced, unverified, inferred oppure open"},
			{Name: "source", Message: "Il termine è dato per letto in una fonte, e la fonte manca.",
				Expected: "la norma o la circolare, fino a 240 caratteri"},
			{Name: "validity", Message: "Il termine vale da un giorno che non esiste o che segue l'ultimo in cui vale.",
				Expected: "due giorni completi in ordine, oppure nessuno"},
			{Name: "twice", Message: "Per lo stesso passo valgono due termini negli stessi giorni.",
				Expected: "un solo termine per passo, semestre e giorno"},
		},
		Source: listsLaw + ", artt. 4-16, 32 e 33",
	},
	{
		Code: RevisionPeriod, Severity: Error,
		Description: "la revisione è di un anno, di un semestre o di un voto che si può calcolare",
		Message:     "L'anno della revisione è fuori di ogni ragionevole intervallo.",
		Expected:    "un anno dal 1967 al 2200",
		Cases: []Case{
			{Name: "half", Message: "Il semestre della revisione non esiste.", Expected: "1 oppure 2"},
			{Name: "comune", Message: "Manca il comune della revisione straordinaria.",
				Expected: "il codice catastale del comune"},
			{Name: "votes", Message: "La revisione straordinaria non ha alcuna votazione, o ha due volte la stessa.",
				Expected: "le votazioni dello stesso giorno, ciascuna una volta"},
			{Name: "days", Message: "Le votazioni della revisione straordinaria sono di giorni diversi.",
				Expected: "una revisione straordinaria per ciascun giorno di votazione"},
			{Name: "kind", Message: "La revisione non è una di quelle previste.",
				Expected: "semestrale, dinamica ordinaria (prima o seconda tornata) o dinamica straordinaria"},
			{Name: "day", Message: "Il giorno della proposta manca o non esiste.",
				Expected: "un giorno completo che esiste"},
		},
		Source: listsLaw + ", artt. 7-16 e 32",
	},
	{
		Code: RevisionStepUnknown, Severity: Warning,
		Description: "il giorno di ciascun passo della revisione si può calcolare",
		Message:     "Il giorno di questo passo non si può calcolare e il passo manca dal calendario: {step}.",
		Expected:    "il giorno dell'indizione della votazione",
		Source:      postalLaw + ", art. 4",
	},
	{
		Code: RevisionNoticeComputed, Severity: Warning,
		Description: "il giorno del manifesto è indicato",
		Message: "Il giorno del manifesto di convocazione dei comizi non è indicato: il {notice} è calcolato, " +
			"e chi arriva dopo i termini che ne decorrono è segnalato, non rifiutato.",
		Expected: "il giorno in cui il manifesto è pubblicato",
		Source:   listsLaw + ", art. 32, quarto comma",
	},
	{
		Code: RevisionStepsDiffer, Severity: Warning,
		Description: "le votazioni di un giorno hanno gli stessi termini",
		Message: "Lo stesso passo scade in giorni diversi per le votazioni di questo giorno ({step}: {days}): " +
			"dopo l'ultimo la variazione è rifiutata, dopo gli altri c'è un avviso.",
		Expected: "una verifica con la Prefettura su quale termine vale per la lista",
		Cases: []Case{
			{Name: "under-age", Message: "Il decimo giorno dal manifesto ({list}) non è il 35° prima del voto ({count}): " +
				"l'elenco di chi non ha 18 anni segue il manifesto, il primo conteggio il voto.",
				Expected: "una verifica con la Prefettura sul giorno dell'elenco"},
		},
		Source: listsLaw + ", artt. 32 e 33",
	},
	{
		Code: RevisionCauseRefused, Severity: Error,
		Description: "in una revisione entra soltanto ciò che la legge le assegna",
		Message:     "La {kind} non ammette questa causa: {cause}.",
		Expected:    "{instead}",
		Source:      listsLaw + ", artt. 8, 16 e 32",
	},
	{
		Code: RevisionCauseOpen, Severity: Warning,
		Description: "se una revisione ammetta una causa è noto",
		Message:     "Non è accertato se la {kind} ammetta questa causa: {cause}.",
		Expected:    "la decisione dell'ufficiale elettorale: le fonti lette non bastano",
		Cases: []Case{
			{Name: "inferred", Message: "Che la {kind} ammetta questa causa è dedotto, non letto in una fonte: {cause}.",
				Expected: "la decisione dell'ufficiale elettorale"},
			{Name: "term", Message: "Il termine per questa causa non è nel calendario: {cause}.",
				Expected: "la decisione dell'ufficiale elettorale"},
		},
		Source: listsLaw + ", artt. 8, 16 e 32",
	},
	{
		Code: RevisionCauseLate, Severity: Error,
		Description: "una causa entra nella revisione entro il termine che la legge le dà",
		Message:     "Il termine per questa causa ({cause}) è scaduto il {last}; la proposta è del {day}.",
		Expected:    "un giorno fino al {last}; ora: {instead}",
		Cases: []Case{
			{Name: "blocked", Message: "Dopo il {last} le liste sono bloccate fino al voto; la proposta è del " +
				"{day} ({cause}).",
				Expected: "nessuna variazione fino al {end}; poi: {instead}"},
		},
		Source: listsLaw + ", art. 32, quarto comma",
	},
	{
		Code: RevisionCauseMaybeLate, Severity: Warning,
		Description: "una causa entra nella revisione entro il termine consueto",
		Message: "Il termine per questa causa ({cause}) risulta scaduto il {last}, ma la sua fonte non basta per " +
			"rifiutare; la proposta è del {day}.",
		Expected: "la decisione dell'ufficiale elettorale; altrimenti: {instead}",
		Cases: []Case{
			{Name: "vote", Message: "Il termine per questa causa ({cause}) è scaduto il {last} per una delle votazioni " +
				"di questo giorno ({consultation}) e non per un'altra; la proposta è del {day}.",
				Expected: "una verifica: la lista è una sola, i termini delle votazioni sono diversi"},
		},
		Source: listsLaw + ", art. 32",
	},
}
