package certificate

import (
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/liste-elettorali/anpr/electoral"
)

var frenchMonths = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
	"octobre", "novembre", "décembre"}

func frenchDay(d electoral.Date) string {
	day := strconv.Itoa(d.Day)
	if d.Day == 1 {
		day = "1er"
	}
	return day + " " + frenchMonths[d.Month-1] + " " + strconv.Itoa(d.Year)
}

func frenchWhen(d electoral.Date) string {
	switch {
	case d.Month == 0:
		return "en " + strconv.Itoa(d.Year)
	case d.Day == 0:
		return "en " + frenchMonths[d.Month-1] + " " + strconv.Itoa(d.Year)
	}
	return "le " + frenchDay(d)
}

// frenchOf writes "d'Aoste", "de Sarre", "de Hône".
func frenchOf(name string) string {
	first := strings.ToUpper(norm.NFD.String(name))
	if first != "" && strings.ContainsRune("AEIOUY", rune(first[0])) {
		return "d'" + name
	}
	return "de " + name
}

// French returns the French texts, for Valle d'Aosta.
func French() Texts {
	enrolled := func(rest string) Gendered {
		return Gendered{"est inscrit " + rest, "est inscrite " + rest, "est inscrit(e) " + rest}
	}
	return Texts{
		Language: "fr",
		Register: "Registre national de la population résidente (ANPR)",
		Ministry: "Ministère de l'Intérieur",
		Titles: map[Kind]string{
			EnrolmentCertificate:       "Certificat d'inscription sur les listes électorales",
			PoliticalRightsCertificate: "Certificat de jouissance des droits politiques",
			CombinedCertificate:        "Certificat d'inscription sur les listes électorales et de jouissance des droits politiques",
		},
		Preamble:   "Vu les données enregistrées au registre national de la population résidente, il est certifié que",
		Born:       Gendered{"né {place} {date}", "née {place} {date}", "né(e) {place} {date}"},
		At:         "à {place}",
		AtProvince: "à {place} ({province})",
		AtAbroad:   "à {place} ({state})",
		AtState:    "à l'étranger ({state})",
		When:       frenchWhen,
		Day:        frenchDay,
		OfComune:   frenchOf,
		Statements: map[StatementCode]Gendered{
			EnrolledGeneral:      enrolled("sur les listes électorales de la Commune {comune}."),
			EnrolledAdded:        enrolled("sur la liste électorale complémentaire {list} de la Commune {comune}."),
			EnrolledEUComunal:    enrolled("sur la liste électorale complémentaire des citoyens de l'Union européenne de la Commune {comune} pour les élections communales et de circonscription."),
			EnrolledEUParliament: enrolled("sur la liste électorale complémentaire des citoyens de l'Union européenne de la Commune {comune} pour l'élection des membres du Parlement européen revenant à l'Italie."),
			PoliticalRights:      same("jouit des droits politiques."),
		},
		Both: map[StatementCode]Gendered{
			EnrolledGeneral: enrolled("sur les listes électorales de la Commune {comune} et jouit des droits politiques."),
			EnrolledAdded:   enrolled("sur la liste électorale complémentaire {list} de la Commune {comune} et jouit des droits politiques."),
		},
		Lists: map[electoral.List]string{
			electoral.BolzanoList:     "des résidents de la province de Bolzano, pour les élections régionales et communales,",
			electoral.TrentoList:      "des résidents de la province de Trento, pour les élections régionales,",
			electoral.AostaValleyList: "des résidents de la Vallée d'Aoste, pour les élections régionales,",
		},
		Uses: map[Use]string{ElectoralUse: "Électoral ou référendaire", PrivateUse: "Rapports entre particuliers",
			AbroadUse: "Pour l'étranger"},
		Signers: map[SignerRole]string{Mayor: "Le Syndic", DeputyMayor: "Le Vice-Syndic",
			MayorDelegate: "Le délégué du Syndic"},

		VerifyTitle: "Vérification du certificat",
		Verify: "Le code QR permet de vérifier que cette copie correspond à l'original électronique (art. 23, alinéa 2 bis, du décret législatif n° 82 du 7 mars 2005). " +
			"La cadrer avec un smartphone, ou en charger l'image dans l'espace public de {address}, jusqu'au {until} inclus. L'original porte le cachet électronique de la {authority}.",
		Labels: Labels{
			Comune: "Commune d'inscription", Section: "Section électorale", Use: "Usage", Issued: "Délivré",
			IssuedBy:   "Commune qui délivre",
			ValidUntil: "Valable jusqu'au", Protocol: "Protocole", ProtocolPending: "attribué à la délivrance",
			IssuedAt:        "{date}, {hour} h {minute}",
			Logo:            "Logo du Ministère de l'Intérieur",
			LogoPlaceholder: "Emplacement du logo du Ministère de l'Intérieur",
			Contrassegno:    "Code QR avec l'adresse de vérification du certificat",
			VerifyLink:      "Ouvrir la page de vérification du certificat",
			Seal:            "Cachet électronique", SealText: "{name}\n{organization}\nApposé le {date}, {time} h\n{reason}",
		},
		Collective: frenchCollective(),
		Marks: Marks{
			Preview: "Aperçu", PreviewNote: "Aperçu : cette page n'est pas un certificat, ne porte ni code QR ni cachet électronique et n'a aucune valeur.",
			PreviewPending: "Le code QR et le cachet électronique sont apposés à la délivrance du certificat.",
			Trial:          "DOCUMENT D'ESSAI – SANS VALEUR",
			TrialNote:      "DOCUMENT D'ESSAI – SANS VALEUR : il ne porte pas de cachet électronique de production.",
		},
	}
}

func frenchCollective() CollectiveTexts {
	return CollectiveTexts{
		Title:   "Certificat collectif d'inscription sur les listes électorales",
		One:     "la personne indiquée ci-après est inscrite {lists} de la Commune {comune}.",
		Same:    "les {count} personnes énumérées ci-après sont inscrites {lists} de la Commune {comune}.",
		Several: "les {count} personnes énumérées ci-après sont inscrites {lists} de la Commune sous le nom de laquelle chacune est énumérée.",
		In: map[StatementCode]string{
			EnrolledGeneral:      "sur les listes électorales",
			EnrolledAdded:        "sur la liste électorale complémentaire {list}",
			EnrolledEUComunal:    "sur la liste électorale complémentaire des citoyens de l'Union européenne, pour les élections communales et de circonscription,",
			EnrolledEUParliament: "sur la liste électorale complémentaire des citoyens de l'Union européenne, pour l'élection des membres du Parlement européen revenant à l'Italie,",
		},
		Heading: "Commune {comune}",
		Purposes: map[Collection]string{
			ListCollection:       "Présentation de listes de candidats (D.L. n° 77 du 31 mai 2021, art. 38‑bis)",
			ReferendumCollection: "Référendum ou initiative législative populaire (loi n° 352 du 25 mai 1970, art. 8)",
		},
		Purpose: "Délivré pour", Persons: "Personnes certifiées", Number: "N°", Name: "Nom et prénom",
		Birth: "Lieu et date de naissance", Section: "Section",
		Page: "Page {page} sur {pages}",
	}
}
