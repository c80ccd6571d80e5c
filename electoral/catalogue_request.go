package electoral

// requestRules are the refusals and the warnings of the services on the requests
// of citizens (REG-TXT, REG-RET, REG-UE). Read-only.
var requestRules = []Rule{
	{
		Code: NoteMissing, Severity: Error,
		Description: "la nota è indicata e ha al massimo 2.000 caratteri",
		Message:     "La nota manca o è troppo lunga.",
		Expected:    "una nota da 1 a 2.000 caratteri",
		Citizen:     "La nota manca o è troppo lunga: la scriva in non più di 2.000 caratteri.",
		Cases: []Case{
			{Name: "characters", Message: "La nota contiene caratteri di controllo o invisibili.",
				Expected: "testo leggibile, anche su più righe",
				Citizen: "La nota contiene caratteri che non si vedono. La scriva di nuovo, senza copiarla da un altro " +
					"programma."},
		},
		Source: "schemi ANPR V9.2.7 (tipoCriteriRicercaP003: note)",
	},
	{
		Code: RectificationUnknown, Severity: Error,
		Description: "la richiesta di rettifica è registrata",
		Message: "Nessuna richiesta di rettifica con questo identificativo è registrata per il comune o per chi " +
			"chiede.",
		Expected: "l'identificativo di una richiesta registrata",
		Citizen: "Questa richiesta non si trova tra le sue. Quelle concluse restano visibili solo per un certo " +
			"tempo; se serve, ne può fare una nuova.",
		Source: "D.M. 17 ottobre 2022, art. 4 c. 1",
	},
	{
		Code: RectificationField, Severity: Error,
		Description: "la rettifica riguarda un campo dell'allegato 1",
		Message:     "Il campo non è uno di quelli dell'allegato 1.",
		Expected:    "un campo dell'allegato 1",
		Citizen: "Questo dato non si può correggere con una richiesta di rettifica. Scelga un dato dall'elenco, " +
			"oppure si rivolga all'ufficio elettorale del comune.",
		Source: "D.M. 17 ottobre 2022, all. 2, servizi per i cittadini, punto 2",
	},
	{
		Code: RectificationValue, Severity: Error,
		Description: "il valore chiesto è diverso da quello presente e ammesso per il campo",
		Message:     "Il dato ha già il valore richiesto.",
		Expected:    "un valore diverso da quello presente",
		Citizen:     "Il dato è già registrato così come lo chiede: non c'è nulla da correggere.",
		Cases: []Case{
			{Name: "field", Message: "Il valore richiesto non è ammesso per il campo «{field}».",
				Expected: "si oppure no, o un testo da 1 a 200 caratteri",
				Citizen: "Il valore chiesto non va bene per «{field}»: dove si risponde «sì» o «no» indichi una delle due " +
					"risposte, altrove un testo fino a 200 caratteri."},
		},
		Source: "D.M. 17 ottobre 2022, all. 2, servizi per i cittadini, punto 2",
	},
	{
		Code: RectificationAction, Severity: Error,
		Description: "l'azione è ammessa nello stato della richiesta e per chi la compie",
		Message:     "La richiesta di rettifica è «{from}» e non può diventare «{to}».",
		Expected:    "uno di questi stati: {expected}",
		Citizen: "La sua richiesta è «{from}», e in questo momento non può diventare «{to}». Guardi a che punto è e " +
			"segua quello che le è chiesto.",
		Cases: []Case{
			{Name: "closed", Message: "La richiesta di rettifica è «{from}» e chi accede non la può più cambiare.",
				Expected: "nessun passaggio a «{to}»; se occorre, una nuova richiesta",
				Citizen: "La sua richiesta è «{from}» e adesso non la può cambiare: non può diventare «{to}». Se è già " +
					"conclusa e serve altro, ne può fare una nuova."},
		},
		Source: "prassi ANPR (segnalazione 3332, tabella 53)",
	},
	{
		Code: RectificationNotDone, Severity: Error,
		Description: "una richiesta si chiude come evasa quando il dato ha il valore chiesto",
		Message:     "Il dato non ha ancora il valore richiesto: la richiesta non si può chiudere come evasa.",
		Expected:    "il valore {expected}, registrato con una modifica prima di chiudere la richiesta",
		Citizen: "Il dato non è ancora stato corretto: la richiesta resta aperta finché l'ufficio elettorale non lo " +
			"corregge.",
		Source: "D.M. 17 ottobre 2022, art. 4 c. 1",
	},
	{
		Code: ApplicationUnknown, Severity: Error,
		Description: "la domanda è registrata",
		Message:     "Nessuna domanda con questo identificativo è registrata per il comune o per chi chiede.",
		Expected:    "l'identificativo di una domanda registrata",
		Citizen: "Questa domanda non si trova tra le sue. Quelle concluse restano visibili solo per un certo tempo; " +
			"se serve, ne può fare una nuova.",
		Source: "D.M. 17 ottobre 2022, art. 4 c. 3",
	},
	{
		Code: ApplicationList, Severity: Error,
		Description: "la domanda riguarda una lista aggiunta UE",
		Message:     "La domanda non riguarda una lista aggiunta UE.",
		Expected: "l'iscrizione nella lista per le elezioni comunali o in quella per il Parlamento europeo, o la " +
			"cancellazione",
		Citizen: "La domanda si può fare solo per le liste dei cittadini dell'Unione europea: quella per le elezioni " +
			"comunali e quella per il Parlamento europeo. Ne scelga una.",
		Source: "D.M. 17 ottobre 2022, art. 4 c. 3",
	},
	{
		Code: ApplicationIncomplete, Severity: Error,
		Description: "la domanda contiene quanto la legge chiede",
		Message:     "La domanda di cancellazione contiene dichiarazioni, che servono solo per l'iscrizione.",
		Expected:    "una domanda di cancellazione senza dichiarazioni",
		Citizen: "Per chiedere di essere cancellati dalla lista non serve dichiarare altro: lasci vuoti gli altri " +
			"campi.",
		Cases: []Case{
			{Name: "text", Message: "Nella domanda manca {item}, o il testo è troppo lungo.",
				Expected: "un testo da 1 a 200 caratteri",
				Citizen:  "Nella domanda manca {item}, o il testo è troppo lungo: lo scriva in non più di 200 caratteri."},
			{Name: "only-italy", Message: "Manca la dichiarazione di voler votare solo in Italia.",
				Expected: "la dichiarazione, con «si»",
				Citizen: "Chi vota in Italia per il Parlamento europeo non vota anche nel suo Stato di origine: per fare la " +
					"domanda occorre dichiararlo."},
			{Name: "keeps-right", Message: "Manca la dichiarazione di non aver perso il diritto di voto nello Stato di " +
				"origine.",
				Expected: "la dichiarazione, con «si»",
				Citizen: "Per fare la domanda occorre dichiarare di non aver perso il diritto di voto nel proprio Stato di " +
					"origine."},
		},
		Source: "d.lgs. 12 aprile 1996, n. 197, art. 1; D.L. 24 giugno 1994, n. 408, art. 2",
	},
	{
		Code: ApplicationNotEntitled, Severity: Error,
		Description: "la domanda è del cittadino di altro Stato membro residente in Italia",
		Message:     "Il soggetto non risulta residente in Italia.",
		Expected:    "la residenza in un comune italiano",
		Citizen: "Questa domanda è per chi risiede in un comune italiano, e una sua residenza non risulta. Si " +
			"rivolga all'ufficio anagrafe del comune dove vive.",
		Cases: []Case{
			{Name: "citizenship",
				Message:  "Il soggetto non risulta cittadino di altro Stato membro dell'Unione europea.",
				Expected: "la cittadinanza di altro Stato membro, non quella italiana",
				Citizen: "Questa domanda è per i cittadini di un altro Stato dell'Unione europea, e l'anagrafe non registra " +
					"per lei questa cittadinanza, oppure registra quella italiana. Chi è cittadino italiano è iscritto nelle " +
					"liste senza domanda. Se il dato non è giusto, si rivolga all'ufficio anagrafe del comune."},
			{Name: "declared", Message: "La cittadinanza dichiarata non risulta dall'anagrafe.",
				Expected: "la cittadinanza di uno Stato membro registrata in anagrafe",
				Citizen: "La cittadinanza dichiarata non risulta all'anagrafe. Controlli quella che ha indicato; se è giusta, " +
					"porti all'ufficio anagrafe del comune un documento che la dimostra."},
		},
		Source: "D.M. 17 ottobre 2022, art. 4 c. 3",
	},
	{
		Code: ApplicationTwice, Severity: Error,
		Description: "per una lista c'è una sola domanda aperta, di chi non vi è già",
		Message:     "Per la {list} la posizione del soggetto è già quella che la domanda chiede.",
		Expected:    "l'iscrizione di chi non è nella lista, o la cancellazione di chi vi è",
		Citizen:     "Per la {list} la sua posizione è già quella che chiede: non serve alcuna domanda.",
		Cases: []Case{
			{Name: "open", Message: "C'è già una domanda aperta per la {list}.",
				Expected: "prima l'esito della domanda {request}",
				Citizen: "C'è già una sua domanda in corso per la {list}. Prima di farne un'altra aspetti l'esito, che può " +
					"leggere tra le sue domande."},
		},
		Source: "D.M. 17 ottobre 2022, art. 4 c. 3",
	},
	{
		Code: ApplicationLate, Severity: Error,
		Description: "la domanda vale per una consultazione se presentata entro il termine",
		Message:     "La domanda è stata presentata dopo il termine per la consultazione che si tiene il giorno {vote}.",
		Expected:    "una domanda fatta non dopo il giorno {last}; per questa, l'iscrizione dopo il voto",
		Citizen: "La domanda è arrivata dopo il termine per il voto del giorno {vote}, e per quel voto non vale: il " +
			"termine era il giorno {last}. L'ufficio elettorale la esamina dopo il voto, senza che debba rifarla.",
		Source: "d.lgs. 12 aprile 1996, n. 197, art. 3, comma 1 (elezioni comunali: quinto giorno dall'affissione " +
			"del manifesto); D.L. 24 giugno 1994, n. 408, art. 2 (Parlamento europeo: novantesimo giorno prima del voto)",
	},
	{
		Code: ApplicationAction, Severity: Error,
		Description: "l'azione è ammessa nello stato della domanda e per chi la compie",
		Message:     "La domanda è «{from}» e non può diventare «{to}».",
		Expected:    "uno di questi stati: {expected}",
		Citizen: "La sua domanda è «{from}», e in questo momento non può diventare «{to}». Guardi a che punto è e " +
			"segua quello che le è chiesto.",
		Cases: []Case{
			{Name: "closed", Message: "La domanda è «{from}» e chi accede non la può più cambiare.",
				Expected: "nessun passaggio a «{to}»; se occorre, una nuova domanda",
				Citizen: "La sua domanda è «{from}» e adesso non la può cambiare: non può diventare «{to}». Se è già conclusa " +
					"e serve altro, ne può fare una nuova."},
		},
		Source: "prassi ANPR (segnalazione 3332, tabella 53)",
	},
	{
		Code: ApplicationCapacity, Severity: Warning,
		Description: "chi risultava senza capacità elettorale la riacquista con l'iscrizione solo se non l'ha persa",
		Message:     "Il soggetto risultava senza capacità elettorale, e con l'iscrizione l'ha di nuovo.",
		Expected: "una verifica che non abbia perso il diritto di voto; se l'ha perso, l'operazione di perdita della " +
			"capacità",
		Source: "D.M. 17 ottobre 2022, all. 1, punto 1; D.P.R. 20 marzo 1967, n. 223, art. 2",
	},
}
