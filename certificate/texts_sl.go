package certificate

import (
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
)

// sloveneMonths are in the genitive, as dates need them.
var sloveneMonths = [...]string{"januarja", "februarja", "marca", "aprila", "maja", "junija", "julija", "avgusta",
	"septembra", "oktobra", "novembra", "decembra"}

func sloveneDay(d electoral.Date) string {
	return strconv.Itoa(d.Day) + ". " + sloveneMonths[d.Month-1] + " " + strconv.Itoa(d.Year)
}

func sloveneWhen(d electoral.Date) string {
	switch {
	case d.Month == 0:
		return "leta " + strconv.Itoa(d.Year)
	case d.Day == 0:
		return sloveneMonths[d.Month-1] + " " + strconv.Itoa(d.Year)
	}
	return "dne " + sloveneDay(d)
}

// Slovene returns the Slovene texts, for the comuni of Friuli-Venezia Giulia
// where the language is in force. Place names stand in apposition, so that they
// need no declension.
func Slovene() Texts {
	enrolled := func(rest string) Gendered {
		return Gendered{"je vpisan " + rest, "je vpisana " + rest, "je vpisan/a " + rest}
	}
	return Texts{
		Language: "sl",
		Register: "Državni register prebivalstva (ANPR)",
		Ministry: "Ministrstvo za notranje zadeve",
		Titles: map[Kind]string{
			EnrolmentCertificate:       "Potrdilo o vpisu v volilne imenike",
			PoliticalRightsCertificate: "Potrdilo o uživanju političnih pravic",
			CombinedCertificate:        "Potrdilo o vpisu v volilne imenike in o uživanju političnih pravic",
		},
		Preamble:   "Na podlagi podatkov, vpisanih v državni register prebivalstva, se potrjuje, da",
		Born:       Gendered{"rojen {place} {date}", "rojena {place} {date}", "rojen/a {place} {date}"},
		At:         "v kraju {place}",
		AtProvince: "v kraju {place} ({province})",
		AtAbroad:   "v kraju {place} ({state})",
		AtState:    "v tujini ({state})",
		When:       sloveneWhen,
		Day:        sloveneDay,
		Statements: map[StatementCode]Gendered{
			EnrolledGeneral:      enrolled("v volilne imenike Občine {comune}."),
			EnrolledAdded:        enrolled("v dodatni volilni imenik {list} Občine {comune}."),
			EnrolledEUComunal:    enrolled("v dodatni volilni imenik državljanov Evropske unije Občine {comune} za občinske in četrtne volitve."),
			EnrolledEUParliament: enrolled("v dodatni volilni imenik državljanov Evropske unije Občine {comune} za volitve poslancev Evropskega parlamenta, ki pripadajo Italiji."),
			PoliticalRights:      same("uživa politične pravice."),
		},
		Both: map[StatementCode]Gendered{
			EnrolledGeneral: enrolled("v volilne imenike Občine {comune} in uživa politične pravice."),
			EnrolledAdded:   enrolled("v dodatni volilni imenik {list} Občine {comune} in uživa politične pravice."),
		},
		Lists: map[electoral.List]string{
			electoral.BolzanoList:     "prebivalcev Pokrajine Bocen, za deželne in občinske volitve,",
			electoral.TrentoList:      "prebivalcev Pokrajine Trident, za deželne volitve,",
			electoral.AostaValleyList: "prebivalcev Doline Aoste, za deželne volitve,",
		},
		Uses: map[Use]string{ElectoralUse: "Volitve ali referendum", PrivateUse: "Razmerja med zasebniki",
			AbroadUse: "Za tujino"},
		Signers: map[SignerRole]string{Mayor: "Župan", DeputyMayor: "Podžupan", MayorDelegate: "Pooblaščenec župana"},

		VerifyTitle: "Preverjanje potrdila",
		Verify: "Koda QR omogoča preveriti, ali se ta kopija ujema z elektronskim izvirnikom (23. člen, odst. 2-bis, zakonodajne uredbe št. 82 z dne 7. marca 2005). " +
			"Posnemite jo s pametnim telefonom ali naložite njeno sliko v javnem delu strani {address} do vključno {until}. Izvirnik nosi elektronski žig urada {authority}.",
		Labels: Labels{
			Comune: "Občina vpisa", Section: "Volilni okraj", Use: "Namen", Issued: "Izdano",
			IssuedBy:   "Občina, ki izdaja",
			ValidUntil: "Velja do", Protocol: "Protokol", ProtocolPending: "določi se ob izdaji",
			IssuedAt:        "{date} ob {time}",
			Logo:            "Logotip Ministrstva za notranje zadeve",
			LogoPlaceholder: "Prostor za logotip Ministrstva za notranje zadeve",
			Contrassegno:    "Koda QR z naslovom za preverjanje potrdila",
			VerifyLink:      "Odpri stran za preverjanje potrdila",
			Seal:            "Elektronski žig", SealText: "{name}\n{organization}\nDodan {date} ob {time}\n{reason}",
		},
		Collective: sloveneCollective(),
		Marks: Marks{
			Preview: "Predogled", PreviewNote: "Predogled: ta stran ni potrdilo, nima ne kode QR ne elektronskega žiga in nima nobene vrednosti.",
			PreviewPending: "Koda QR in elektronski žig se dodata ob izdaji potrdila.",
			Trial:          "POSKUSNI DOKUMENT – BREZ VREDNOSTI",
			TrialNote:      "POSKUSNI DOKUMENT – BREZ VREDNOSTI: nima elektronskega žiga za redno uporabo.",
		},
	}
}

func sloveneCollective() CollectiveTexts {
	return CollectiveTexts{
		Title:   "Skupno potrdilo o vpisu v volilne imenike",
		One:     "je spodaj navedena oseba vpisana {lists} Občine {comune}.",
		Same:    "so spodaj navedene osebe (število: {count}) vpisane {lists} Občine {comune}.",
		Several: "so spodaj navedene osebe (število: {count}) vpisane {lists} tiste občine, pod imenom katere so navedene.",
		In: map[StatementCode]string{
			EnrolledGeneral: "v volilne imenike", EnrolledAdded: "v dodatni volilni imenik {list}",
			EnrolledEUComunal:    "v dodatni volilni imenik državljanov Evropske unije, za občinske in četrtne volitve,",
			EnrolledEUParliament: "v dodatni volilni imenik državljanov Evropske unije, za volitve poslancev Evropskega parlamenta, ki pripadajo Italiji,",
		},
		Heading: "Občina {comune}",
		Purposes: map[Collection]string{
			ListCollection:       "Vložitev kandidatnih list (zakonski dekret št. 77 z dne 31. maja 2021, člen 38‑bis)",
			ReferendumCollection: "Referendum ali ljudska zakonodajna pobuda (zakon št. 352 z dne 25. maja 1970, člen 8)",
		},
		Purpose: "Izdano za", Persons: "Potrjene osebe", Number: "Št.", Name: "Priimek in ime",
		Birth: "Kraj in datum rojstva", Section: "Okraj",
		Page: "Stran {page} od {pages}",
	}
}
