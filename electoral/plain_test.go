package electoral_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

func TestPlainName(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "PIEMONTE 1": "Piemonte 1", "MARCHE": "Marche", "FRIULI-VENEZIA GIULIA": "Friuli-Venezia Giulia",
		"VALLE D'AOSTA": "Valle d'Aosta", "VALLE D'AOSTA/VALLÉE D'AOSTE": "Valle d'Aosta/Vallée d'Aoste",
		"TRENTINO-ALTO ADIGE/SÜDTIROL": "Trentino-Alto Adige/Südtirol", "ITALIA NORD-OCCIDENTALE": "Italia nord-occidentale",
		"AMERICA SETTENTRIONALE E CENTRALE": "America settentrionale e centrale", "EUROPA": "Europa",
		"REGGIO NELL'EMILIA": "Reggio nell'Emilia", "L'AQUILA": "L'Aquila", "FORLÌ-CESENA": "Forlì-Cesena",
		"MONZA E DELLA BRIANZA": "Monza e della Brianza", "MUNICIPIO XV": "Municipio XV", "I": "I", "ÈA": "Èa",
		"AFRICA, ASIA, OCEANIA E ANTARTIDE": "Africa, Asia, Oceania e Antartide", "SUD": "Sud",
		"Municipio del Centro": "Municipio del Centro", "3": "3", "-D'A": "-D'a", "\xff": "\xff",
	} {
		assert.Equal(t, want, electoral.PlainName(name), "%q", name)
	}
	// Every constituency of the tables comes out without a word in capitals.
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	for _, name := range append(tables.ChamberConstituencies(), tables.SenateConstituencies()...) {
		got := electoral.PlainName(name)
		assert.NotRegexp(t, `\p{Lu}{2}`, got)
		assert.Equal(t, refdata.Fold(name), refdata.Fold(got))
	}
}

// TestPlain: the citizen reads «sì», names, and the college that he knows from the
// ballot; nothing of ANPR's notation is left.
func TestPlain(t *testing.T) {
	section := electoral.Section{Comune: "A271", Number: "7", SeatName: "Scuola", EuropeanConstituency: "III : ITALIA CENTRALE",
		RegionalConstituency: "ANCONA", SenateCollege: electoral.College{Constituency: "MARCHE", MultiMember: "P01", SingleMember: "U02"},
		ChamberCollege: electoral.College{Constituency: "PIEMONTE 1", MultiMember: "P02", SingleMember: "U10"}}
	e := electoral.Elector{Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: "A271", Section: "7"},
		Status: electoral.Status{EuropeanParliament: electoral.Yes, Senate: electoral.Yes, SenateConstituency: "MARCHE", Chamber: electoral.Yes,
			ChamberConstituency: "PIEMONTE 1", Regional: electoral.Yes, Comunal: electoral.No}}
	record := electoral.Annex1Of(e, func(string, string) (electoral.Section, bool) { return section, true }, func(string) string { return "Ancona" })
	got := map[string]string{}
	for _, f := range record.Plain() {
		require.NotEmpty(t, f.Value, f.Name)
		got[f.Name] = f.Value
	}
	for name, want := range map[string]string{
		"Elettore": "sì", "Comunali": "no", "Circoscrizionali": "non indicato",
		"Comune di iscrizione elettorale nella lista generale ordinaria":                                              "Ancona",
		"Circoscrizione per l'elezione dei membri del Parlamento europeo spettanti all'Italia":                        "Italia centrale",
		"Circoscrizione delle elezioni regionali":                                                                     "Ancona",
		"Circoscrizione del territorio nazionale/ripartizione della circoscrizione Estero per la Camera dei deputati": "Piemonte 1",
		"Collegio plurinominale e collegio uninominale per il Senato della Repubblica":                                "Senato, collegio uninominale Marche 2; collegio plurinominale Marche 1",
		"Collegio plurinominale e collegio uninominale per la Camera dei deputati":                                    "Camera, collegio uninominale n. 10 della circoscrizione Piemonte 1; collegio plurinominale n. 2 della circoscrizione Piemonte 1",
	} {
		assert.Equal(t, want, got[name], name)
	}
	for name := range got {
		assert.NotContains(t, got[name], "|")
	}
	assert.NotContains(t, got, "Circoscrizione delle elezioni circoscrizionali", "what has no value is left out")
	aosta := section
	aosta.SenateCollege = electoral.College{Constituency: "VALLE D'AOSTA", SingleMember: "U01"}
	e.Status.SenateConstituency = "VALLE D'AOSTA"
	record = electoral.Annex1Of(e, func(string, string) (electoral.Section, bool) { return aosta, true }, func(string) string { return "Aosta" })
	assert.Contains(t, record.Plain(), electoral.AnnexField{Point: 5, Name: "Collegio plurinominale e collegio uninominale per il Senato della Repubblica",
		Value: "Senato, collegio uninominale Valle d'Aosta 1"})
	for field, c := range map[electoral.Field][2]string{
		electoral.CapacityField: {"si", "sì"}, electoral.RegionalField: {"non indicato", "non indicato"},
		electoral.SenateCollegeField:  {"MARCHE | P01 | U02", "Senato, collegio uninominale Marche 2; collegio plurinominale Marche 1"},
		electoral.ChamberCollegeField: {"", ""}, electoral.EuropeanConstituencyField: {"II : ITALIA NORD-ORIENTALE", "Italia nord-orientale"},
		electoral.ListField(electoral.GeneralList, electoral.ListSection): {"si", "si"},
	} {
		info, ok := electoral.InfoOf(field)
		require.True(t, ok)
		assert.Equal(t, c[1], info.Plain(c[0]), field)
	}
	record.Status.ChamberCollege = "altro"
	assert.Contains(t, record.Plain(), electoral.AnnexField{Point: 5, Name: "Collegio plurinominale e collegio uninominale per la Camera dei deputati", Value: "altro"})
}
