package verify

import "strings"

// Explain says in plain Italian what the report comes to, why, and what whoever
// holds the document can do about it: one paragraph, the same for the program
// and the page.
func (r *Report) Explain() string {
	if r.Valid {
		return r.explainValid()
	}
	c, ok := r.decisive()
	if !ok {
		return "Non è stato possibile concludere la verifica. Riprovare."
	}
	parts := []string{verdicts[r.Kind], c.Message}
	if todo := remedy(r, c); todo != "" {
		parts = append(parts, "Che cosa fare: "+todo)
	}
	return strings.Join(parts, " ")
}

var verdicts = map[Kind]string{
	KindPDF:          "Il documento non si può considerare valido.",
	KindContrassegno: "La copia non si può considerare conforme a un originale.",
	KindLog:          "Il registro non si può considerare integro.",
}

func (r *Report) explainValid() string {
	switch r.Kind {
	case KindContrassegno:
		return "Il codice QR corrisponde a un documento con un sigillo valido di «" + r.Signer +
			"». Confrontare la copia con quel documento: fa fede il documento."
	case KindLog:
		return "Il registro è integro per quanto si può vedere dal solo registro: leggere anche ciò che non è stato " +
			"verificato."
	}
	out := "Il documento è quello che «" + r.Signer + "» ha sigillato, senza modifiche."
	if c, _ := r.Check(CodeLaterRevisions); strings.Contains(c.Message, "non è garantito") {
		out = "Il documento è quello che «" + r.Signer +
			"» ha sigillato, con aggiunte ammesse che nessuna firma garantisce: " + lowerFirst(c.Message)
	}
	if c, _ := r.Check(CodeRevocation); c.Outcome != Passed {
		out += " Non si è potuto verificare che il certificato del sigillo non fosse revocato."
	}
	if c, _ := r.Check(CodeTime); c.Outcome != Passed {
		out += " Il momento del sigillo è quello dichiarato da chi l'ha apposto."
	}
	return out
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// decisive is the check that explains best why a report is not valid. Among the
// failed ones it is the one nearest to what happened to the document; if none
// failed, the first one that was required and not done.
func (r *Report) decisive() (Check, bool) {
	order := map[Kind][]Code{
		// A file that was changed is often not well formed either, and the
		// reason is the change.
		KindPDF: {CodeLaterRevisions, CodeSignature, CodeCoverage, CodeStructure, CodeRevocation, CodeTrust,
			CodeTime, CodeLevel},
		KindContrassegno: {CodeDecode, CodeMatchesDocument, CodeAuthentic},
		KindLog:          {CodeStructure, CodeChain},
	}[r.Kind]
	find := func(codes []Code, outcome Outcome) (Check, bool) {
		for _, code := range codes {
			if c, ok := r.Check(code); ok && c.Outcome == outcome {
				return c, true
			}
		}
		return Check{}, false
	}
	if c, ok := find(order, Failed); ok {
		return c, true
	}
	if r.Kind == KindPDF {
		order = requiredPDF
	}
	return find(order, NotDone)
}

// remedy says what to do.
func remedy(r *Report, c Check) string {
	const original = "non usare questo file; chiedere una nuova copia a chi ha rilasciato il documento, o scaricarla " +
		"di nuovo."
	switch c.Code {
	case CodeStructure, CodeChain:
		if r.Kind == KindLog {
			return "conservare il registro così com'è, non scrivervi più e confrontarlo con le copie e con i punti " +
				"di controllo depositati altrove."
		}
		return original
	case CodeSignature:
		if len(r.Signatures) == 0 {
			return "senza sigillo non si può sapere chi ha scritto il documento; chiedere l'originale sigillato a " +
				"chi lo ha rilasciato. Una copia stampata si verifica con il suo codice QR."
		}
		if strings.Contains(c.Message, rewrittenMessage) {
			return "usare il file com'è stato scaricato o ricevuto: un programma lo ha salvato di nuovo, come fanno la " +
				"stampa in PDF, la compressione e l'unione di più file."
		}
		if c.Outcome == NotDone {
			return "verificare il documento con un programma che conosca quell'algoritmo, o chiedere a chi l'ha " +
				"rilasciato con quale programma si verifica."
		}
		return original
	case CodeCoverage, CodeLaterRevisions:
		return original + " Può essere stato modificato dopo il sigillo."
	case CodeTrust:
		if c.Outcome == NotDone {
			return "indicare di quali autorità di certificazione ci si fida, e ripetere la verifica."
		}
		return "se il documento è vecchio, ripetere la verifica alla data in cui è stato rilasciato; altrimenti " +
			"chiedere a chi l'ha rilasciato con quale certificato sigilla."
	case CodeRevocation:
		return "non usare questo documento; chiederne uno nuovo a chi l'ha rilasciato."
	case CodeTime, CodeLevel:
		return "chiedere una nuova copia a chi ha rilasciato il documento."
	case CodeDecode:
		return "" // the message says it
	case CodeMatchesDocument:
		if c.Outcome == NotDone {
			return "verificare l'immagine insieme con il documento originale, o aprire l'indirizzo del codice QR: " +
				"da sola non prova nulla."
		}
		return "verificare l'immagine insieme con il documento da cui è stata fatta la copia; se è quello, la copia " +
			"non gli corrisponde."
	case CodeAuthentic:
		return "non fidarsi della copia; chiedere l'originale a chi risulta averla rilasciata."
	}
	return ""
}
