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
		{"Collective.Title", c.Title, "", ""},
		{"Collective.One", c.One, "{lists} {comune}", "{lists} {comune}"},
		{"Collective.Same", c.Same, "{count} {lists} {comune}", "{count} {lists} {comune}"},
		{"Collective.Several", c.Several, "{count} {lists}", "{count} {lists}"},
		{"Collective.Heading", c.Heading, "{comune}", "{comune}"}, {"Collective.Purpose", c.Purpose, "", ""}, {"Collective.Persons", c.Persons, "", ""},
		{"Collective.Number", c.Number, "", ""}, {"Collective.Name", c.Name, "", ""}, {"Collective.Birth", c.Birth, "", ""},
		{"Collective.Section", c.Section, "", ""}, {"Collective.Page", c.Page, "{page} {pages}", "{page} {pages}"},
	}
	for _, code := range StatementCodes() {
		switch code {
		case PoliticalRights:
		case EnrolledAdded:
			out = append(out, entry{"Collective.In[" + string(code) + "]", c.In[code], "{list}", "{list}"})
		default:
			out = append(out, entry{"Collective.In[" + string(code) + "]", c.In[code], "", ""})
		}
	}
	for _, p := range []Collection{ListCollection, ReferendumCollection} {
		out = append(out, entry{"Collective.Purposes[" + string(p) + "]", c.Purposes[p], "", ""})
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
		Purpose: "Rilasciato per", Persons: "Persone certificate", Number: "N.", Name: "Cognome e nome", Birth: "Luogo e data di nascita", Section: "Sezione",
		Page: "Pagina {page} di {pages}",
	}
}
