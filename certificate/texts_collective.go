package certificate

// CollectiveTexts are the words of a collective certificate. They are ours, as
// the other texts, because no official model is public; they may be replaced.
type CollectiveTexts struct {
	Title string
	// One, Same and Several end the sentence that the preamble of [Texts]
	// begins: for one person, for several persons of one comune, for persons of
	// several comuni. {count}, {lists}, {comune}.
	One, Same, Several string
	// In says in which lists the persons are; for an added list with {list}, as
	// in [Texts].
	In map[StatementCode]string
	// Heading stands over the table of a comune: {comune}.
	Heading string
	// Purposes say what the certificate is for, with the law.
	Purposes map[Collection]string
	// Purpose and Persons are labels; Number, Name, Birth and Section are the
	// heads of the columns.
	Purpose, Persons, Number, Name, Birth, Section string
	// Page numbers the pages: {page} and {pages}.
	Page string
}

func (c *CollectiveTexts) entries() []entry {
	out := []entry{
		{name: "Collective.Title", text: c.Title},
		{name: "Collective.One", text: c.One, allowed: "{lists} {comune}", required: "{lists} {comune}"},
		{name: "Collective.Same", text: c.Same, allowed: "{count} {lists} {comune}",
			required: "{count} {lists} {comune}"},
		{name: "Collective.Several", text: c.Several, allowed: "{count} {lists}", required: "{count} {lists}"},
		{name: "Collective.Heading", text: c.Heading, allowed: "{comune}", required: "{comune}"},
		{name: "Collective.Purpose", text: c.Purpose}, {name: "Collective.Persons", text: c.Persons},
		{name: "Collective.Number", text: c.Number}, {name: "Collective.Name", text: c.Name},
		{name: "Collective.Birth", text: c.Birth},
		{name: "Collective.Section", text: c.Section},
		{name: "Collective.Page", text: c.Page, allowed: "{page} {pages}", required: "{page} {pages}"},
	}
	for _, code := range StatementCodes() {
		switch code {
		case PoliticalRights:
		case EnrolledAdded:
			out = append(out, entry{name: "Collective.In[" + string(code) + "]", text: c.In[code], allowed: "{list}",
				required: "{list}"})
		default:
			out = append(out, entry{name: "Collective.In[" + string(code) + "]", text: c.In[code]})
		}
	}
	for _, p := range []Collection{ListCollection, ReferendumCollection} {
		out = append(out, entry{name: "Collective.Purposes[" + string(p) + "]", text: c.Purposes[p]})
	}
	return out
}

func italianCollective() CollectiveTexts {
	return CollectiveTexts{
		Title:   "Certificato collettivo di iscrizione nelle liste elettorali",
		One:     "la persona indicata di seguito è iscritta {lists} del Comune di {comune}.",
		Same:    "le {count} persone elencate di seguito sono iscritte {lists} del Comune di {comune}.",
		Several: "le {count} persone elencate di seguito sono iscritte {lists} del Comune sotto il cui nome ciascuna è elencata.",
		In: map[StatementCode]string{
			EnrolledGeneral: "nelle liste elettorali", EnrolledAdded: "nella lista elettorale aggiunta {list}",
			EnrolledEUComunal:    "nella lista elettorale aggiunta dei cittadini dell'Unione europea, per le elezioni comunali e circoscrizionali,",
			EnrolledEUParliament: "nella lista elettorale aggiunta dei cittadini dell'Unione europea, per l'elezione dei membri del Parlamento europeo spettanti all'Italia,",
		},
		Heading: "Comune di {comune}",
		Purposes: map[Collection]string{
			ListCollection:       "Presentazione di liste di candidati (D.L. 31 maggio 2021, n. 77, art. 38‑bis)",
			ReferendumCollection: "Referendum o iniziativa legislativa popolare (L. 25 maggio 1970, n. 352, art. 8)",
		},
		Purpose: "Rilasciato per", Persons: "Persone certificate", Number: "N.", Name: "Cognome e nome",
		Birth: "Luogo e data di nascita", Section: "Sezione",
		Page: "Pagina {page} di {pages}",
	}
}
