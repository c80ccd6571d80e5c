package certificate

import (
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
)

// AllTexts returns the texts of this package: Italian, and German, French and
// Slovene for the comuni where they are in force beside it. Their terms are
// those of official pages; the sentences are ours.
func AllTexts() []Texts { return []Texts{Italian(), German(), French(), Slovene()} }

var germanMonths = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
	"Oktober", "November", "Dezember"}

func germanDay(d electoral.Date) string {
	return strconv.Itoa(d.Day) + ". " + germanMonths[d.Month-1] + " " + strconv.Itoa(d.Year)
}

func germanWhen(d electoral.Date) string {
	switch {
	case d.Month == 0:
		return "im Jahr " + strconv.Itoa(d.Year)
	case d.Day == 0:
		return "im " + germanMonths[d.Month-1] + " " + strconv.Itoa(d.Year)
	}
	return "am " + germanDay(d)
}

func same(s string) Gendered { return Gendered{s, s, s} }

// German returns the German texts, for the province of Bolzano.
func German() Texts {
	return Texts{
		Language: "de",
		Register: "Nationales Melderegister der ansässigen Bevölkerung (ANPR)",
		Ministry: "Innenministerium",
		Titles: map[Kind]string{
			EnrolmentCertificate:       "Bescheinigung der Eintragung in die Wählerlisten",
			PoliticalRightsCertificate: "Bescheinigung des Genusses der politischen Rechte",
			CombinedCertificate:        "Bescheinigung der Eintragung in die Wählerlisten und des Genusses der politischen Rechte",
		},
		Preamble:   "Aufgrund der im nationalen Melderegister der ansässigen Bevölkerung eingetragenen Daten wird bescheinigt, dass",
		Born:       same("geboren {place} {date}"),
		At:         "in {place}",
		AtProvince: "in {place} ({province})",
		AtAbroad:   "in {place} ({state})",
		AtState:    "im Ausland ({state})",
		When:       germanWhen,
		Day:        germanDay,
		Statements: map[StatementCode]Gendered{
			EnrolledGeneral:      same("in die Wählerlisten der Gemeinde {comune} eingetragen ist."),
			EnrolledAdded:        same("in die Zusatzwählerliste {list} der Gemeinde {comune} eingetragen ist."),
			EnrolledEUComunal:    same("in die Zusatzwählerliste der Bürger der Europäischen Union der Gemeinde {comune} für die Gemeinde- und Stadtviertelwahlen eingetragen ist."),
			EnrolledEUParliament: same("in die Zusatzwählerliste der Bürger der Europäischen Union der Gemeinde {comune} für die Wahl der Italien zustehenden Mitglieder des Europäischen Parlaments eingetragen ist."),
			PoliticalRights:      same("im Genuss der politischen Rechte ist."),
		},
		Both: map[StatementCode]Gendered{
			EnrolledGeneral: same("in die Wählerlisten der Gemeinde {comune} eingetragen und im Genuss der politischen Rechte ist."),
			EnrolledAdded:   same("in die Zusatzwählerliste {list} der Gemeinde {comune} eingetragen und im Genuss der politischen Rechte ist."),
		},
		Lists: map[electoral.List]string{
			electoral.BolzanoList:     "für die in der Provinz Bozen Ansässigen, für die Regional- und Gemeindewahlen,",
			electoral.TrentoList:      "für die in der Provinz Trient Ansässigen, für die Regionalwahlen,",
			electoral.AostaValleyList: "für die im Aostatal Ansässigen, für die Regionalwahlen,",
		},
		Uses: map[Use]string{ElectoralUse: "Wahl oder Referendum", PrivateUse: "Verhältnisse zwischen Privaten",
			AbroadUse: "Für das Ausland"},
		Signers: map[SignerRole]string{Mayor: "Der Bürgermeister", DeputyMayor: "Der Vizebürgermeister",
			MayorDelegate: "Der Beauftragte des Bürgermeisters"},

		VerifyTitle: "Überprüfung der Bescheinigung",
		Verify: "Mit dem QR-Code kann überprüft werden, ob diese Kopie dem elektronischen Original entspricht (Art. 23 Abs. 2-bis des GvD vom 7. März 2005, Nr. 82). " +
			"Mit dem Smartphone erfassen oder das Bild im öffentlichen Bereich von {address} bis zum {until} hochladen. Das Original trägt das elektronische Siegel der {authority}.",
		Labels: Labels{
			Comune: "Gemeinde der Eintragung", Section: "Wahlsprengel", Use: "Verwendung", Issued: "Ausgestellt",
			IssuedBy:   "Ausstellende Gemeinde",
			ValidUntil: "Gültig bis", Protocol: "Protokoll", ProtocolPending: "wird bei der Ausstellung vergeben",
			IssuedAt: "{date}, {time} Uhr",
			Logo:     "Logo des Innenministeriums", LogoPlaceholder: "Platzhalter für das Logo des Innenministeriums",
			Contrassegno: "QR-Code mit der Adresse zur Überprüfung der Bescheinigung",
			VerifyLink:   "Seite zur Überprüfung der Bescheinigung öffnen",
			Seal:         "Elektronisches Siegel",
			SealText:     "{name}\n{organization}\nAngebracht am {date}, {time} Uhr\n{reason}",
		},
		Collective: germanCollective(),
		Marks: Marks{
			Preview: "Vorschau", PreviewNote: "Vorschau: Diese Seite ist keine Bescheinigung, trägt weder QR-Code noch elektronisches Siegel und hat keinerlei Wert.",
			PreviewPending: "QR-Code und elektronisches Siegel werden bei der Ausstellung der Bescheinigung angebracht.",
			Trial:          "PROBEDOKUMENT – OHNE WERT",
			TrialNote:      "PROBEDOKUMENT – OHNE WERT: Es trägt kein elektronisches Siegel für den Echtbetrieb.",
		},
	}
}

func germanCollective() CollectiveTexts {
	return CollectiveTexts{
		Title:   "Sammelbescheinigung der Eintragung in die Wählerlisten",
		One:     "die nachstehend angeführte Person {lists} der Gemeinde {comune} eingetragen ist.",
		Same:    "die {count} nachstehend angeführten Personen {lists} der Gemeinde {comune} eingetragen sind.",
		Several: "die {count} nachstehend angeführten Personen {lists} jener Gemeinde eingetragen sind, unter deren Namen sie angeführt sind.",
		In: map[StatementCode]string{
			EnrolledGeneral: "in die Wählerlisten", EnrolledAdded: "in die Zusatzwählerliste {list}",
			EnrolledEUComunal:    "in die Zusatzwählerliste der Bürger der Europäischen Union, für die Gemeinde- und Stadtviertelwahlen,",
			EnrolledEUParliament: "in die Zusatzwählerliste der Bürger der Europäischen Union, für die Wahl der Italien zustehenden Mitglieder des Europäischen Parlaments,",
		},
		Heading: "Gemeinde {comune}",
		Purposes: map[Collection]string{
			ListCollection:       "Vorlage von Kandidatenlisten (G.D. vom 31. Mai 2021, Nr. 77, Art. 38‑bis)",
			ReferendumCollection: "Referendum oder Volksbegehren (Gesetz vom 25. Mai 1970, Nr. 352, Art. 8)",
		},
		Purpose: "Ausgestellt für", Persons: "Bescheinigte Personen", Number: "Nr.", Name: "Nachname und Vorname",
		Birth: "Geburtsort und -datum", Section: "Sprengel",
		Page: "Seite {page} von {pages}",
	}
}
