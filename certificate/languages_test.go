package certificate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
)

// TestLanguages issues in each language and reads the sentence.
func TestLanguages(t *testing.T) {
	for name, k := range map[string]struct {
		comune, asked string
		kind          Kind
		sex           electoral.Sex
		language      string
		sentence      string
	}{
		"Roma":            {"H501", "", EnrolmentCertificate, electoral.Male, "it", "nato a Roma (RM) l'8 marzo 1984, è iscritto nelle liste elettorali del Comune di Roma."},
		"Bolzano":         {"A952", "", EnrolmentCertificate, electoral.Female, "de", "geboren in Bozen (BZ) am 8. März 1984, in die Wählerlisten der Gemeinde Bozen eingetragen ist."},
		"Bolzano, asked":  {"A952", "de", PoliticalRightsCertificate, electoral.Male, "de", "geboren in Bozen (BZ) am 8. März 1984, im Genuss der politischen Rechte ist."},
		"Bolzano, it":     {"A952", "it", EnrolmentCertificate, electoral.Female, "it", "nata a Bolzano (BZ) l'8 marzo 1984, è iscritta nelle liste elettorali del Comune di Bolzano/Bozen."},
		"Aosta":           {"A326", "", EnrolmentCertificate, electoral.Male, "fr", "né à Aoste (AO) le 8 mars 1984, est inscrit sur les listes électorales de la Commune d'Aoste."},
		"Aosta, combined": {"A326", "fr", CombinedCertificate, electoral.Female, "fr", "née à Aoste (AO) le 8 mars 1984, est inscrite sur les listes électorales de la Commune d'Aoste et jouit des droits politiques."},
		"Duino Aurisina":  {"D383", "sl", CombinedCertificate, electoral.Male, "sl", "je vpisan v volilne imenike Občine Devin Nabrežina in uživa politične pravice."},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts()
			livesIn(k.comune, "1")(&f)
			f.Person.Sex = k.sex
			i, _ := newIssuer(t, f, nil)
			out, err := i.Issue(t.Context(), inLanguage(citizen(k.kind, PrivateUse), k.asked))
			require.NoError(t, err)
			assert.Equal(t, k.language, out.Data.Statement.Language)
			assert.Contains(t, i.texts[k.language].Sentence(out.Data), k.sentence)
			again, err := ParseData(out.Embedded)
			require.NoError(t, err)
			assert.Equal(t, out.Data, again)
		})
	}
	for _, k := range []struct{ comune, asked string }{{"H501", "de"}, {"A952", "fr"}, {"A952", "sl"}, {"A326", "de"}, {"A326", "xx"}} {
		f := facts()
		livesIn(k.comune, "1")(&f)
		i, _ := newIssuer(t, f, nil)
		_, err := i.Issue(t.Context(), inLanguage(citizen(EnrolmentCertificate, PrivateUse), k.asked))
		assert.ErrorIs(t, err, LanguageNotInForce, "%+v", k)
	}
	// Who lives elsewhere gets Italian, wherever he is enrolled.
	f := facts()
	livesIn("A952", "1")(&f)
	f.Person.Residence = &electoral.Residence{Comune: "H501"}
	i, _ := newIssuer(t, f, nil)
	out, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, PrivateUse))
	require.NoError(t, err)
	assert.Equal(t, "it", out.Data.Statement.Language)
}

// TestEveryText holds the languages to each other: nothing is missing, and
// nothing is left in Italian.
func TestEveryText(t *testing.T) {
	italian := Italian()
	all := AllTexts()
	require.Len(t, all, 4)
	for _, texts := range all {
		require.NoError(t, texts.check())
		entries := texts.entries()
		require.Len(t, entries, len(italian.entries()))
		if texts.Language == "it" {
			continue
		}
		for n, e := range italian.entries() {
			if strings.Trim(placeholder.ReplaceAllString(e.text, ""), " ()") != "" {
				assert.NotEqual(t, e.text, entries[n].text, "%s of %s", e.name, texts.Language)
			}
		}
		for _, u := range DefaultRules().Formulas {
			assert.NotEmpty(t, u.Translations[texts.Language])
		}
		// A text taken away is found.
		broken := texts
		broken.Preamble = ""
		assert.ErrorContains(t, broken.check(), "Preamble")
	}
}

// TestEveryName prints the names of every comune that has two.
func TestEveryName(t *testing.T) {
	i, _ := newIssuer(t, facts(), nil)
	languages := map[string]int{}
	for c := range i.cfg.Tables.Comuni(day("2026-11-22")) {
		for _, l := range i.cfg.Tables.Languages(c.Belfiore) {
			languages[l.Code]++
			assert.NoError(t, i.engine.Check(tagged.Bold, l.OtherName), c.Name)
		}
	}
	assert.Equal(t, 116, languages["DE"])
	assert.Equal(t, 74, languages["FR"])
	assert.Equal(t, 32, languages["SL"])
}

func TestFrenchOf(t *testing.T) {
	for name, want := range map[string]string{"Aoste": "d'Aoste", "Émarèse": "d'Émarèse", "Hône": "de Hône", "Issime": "d'Issime", "Sarre": "de Sarre", "La Salle": "de La Salle"} {
		assert.Equal(t, want, frenchOf(name))
	}
}
