package electoral

// inputRules are the refusals of values that no service can take, whatever they mean
// (REG-DAT). Read-only.
var inputRules = []Rule{
	{
		Code: TextUnfit, Severity: Error,
		Description: "ogni testo si può leggere e conservare",
		Message:     "Il testo contiene caratteri di controllo o invisibili.",
		Expected:    "testo leggibile, su una riga",
		Citizen: "Un testo contiene caratteri che non si vedono. Lo scriva di nuovo, senza copiarlo da un altro " +
			"programma.",
		Cases: []Case{
			{Name: "lines", Message: "Il testo contiene caratteri di controllo o invisibili.",
				Expected: "testo leggibile, anche su più righe"},
			{Name: "encoding", Message: "Il testo non è codificato in UTF-8, o contiene il carattere U+0000.",
				Expected: "testo in UTF-8 senza U+0000"},
			{Name: "long", Message: "Il testo è troppo lungo.", Expected: "al massimo {most} caratteri",
				Citizen: "Un testo è troppo lungo: lo scriva in non più di {most} caratteri."},
		},
		Source: "RFC 3629; schemi ANPR V9.2.7 (tipoDato.xsd)",
	},
	{
		Code: ValueUnknown, Severity: Error,
		Description: "un campo con valori fissati ha uno di quelli",
		Message:     "Il valore non è uno di quelli che il campo può avere.",
		Expected:    "uno di questi, o nessuno: {expected}",
		Citizen: "La richiesta non è arrivata in una forma riconosciuta. Torni alla pagina precedente e la invii di " +
			"nuovo; se succede ancora, lo segnali all'assistenza del portale.",
		Source: "D.M. 17 ottobre 2022, all. 1 e 2; schemi ANPR V9.2.7 (tipoDato.xsd)",
	},
}
