package certificate

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

func TestSentences(t *testing.T) {
	const visti = "Visti i dati registrati nell'Anagrafe nazionale della popolazione residente, si certifica che ROSSI ANNA, "
	base := enrolmentData()
	base.Subject = Subject{Surname: "ROSSI", Name: "ANNA", Sex: electoral.Female, Birth: Birth{Date: day("1980-03-12"), Place: "Napoli", Province: "NA"}}
	for name, c := range map[string]struct {
		change func(d *Data)
		want   string
	}{
		"a woman": {func(*Data) {}, "nata a Napoli (NA) il 12 marzo 1980, è iscritta nelle liste elettorali del Comune di Roma."},
		"a man":   {func(d *Data) { d.Subject.Sex = electoral.Male }, "nato a Napoli (NA) il 12 marzo 1980, è iscritto nelle liste elettorali del Comune di Roma."},
		"unknown sex": {func(d *Data) { d.Subject.Sex = electoral.SexUnknown },
			"nato/a a Napoli (NA) il 12 marzo 1980, è iscritto/a nelle liste elettorali del Comune di Roma."},
		"the first":     {func(d *Data) { d.Subject.Birth.Date = day("1980-03-01") }, "nata a Napoli (NA) il 1° marzo 1980, è iscritta nelle liste elettorali del Comune di Roma."},
		"the eighth":    {func(d *Data) { d.Subject.Birth.Date = day("1980-03-08") }, "nata a Napoli (NA) l'8 marzo 1980, è iscritta nelle liste elettorali del Comune di Roma."},
		"the eleventh":  {func(d *Data) { d.Subject.Birth.Date = day("1980-11-11") }, "nata a Napoli (NA) l'11 novembre 1980, è iscritta nelle liste elettorali del Comune di Roma."},
		"without day":   {func(d *Data) { d.Subject.Birth.Date = day("1980-03") }, "nata a Napoli (NA) nel mese di marzo 1980, è iscritta nelle liste elettorali del Comune di Roma."},
		"only the year": {func(d *Data) { d.Subject.Birth.Date = day("1980") }, "nata a Napoli (NA) nell'anno 1980, è iscritta nelle liste elettorali del Comune di Roma."},
		"town abroad": {func(d *Data) {
			d.Subject.Birth.Place, d.Subject.Birth.Province, d.Subject.Birth.State = "Lione", "", "FRANCIA"
		}, "nata a Lione (FRANCIA) il 12 marzo 1980, è iscritta nelle liste elettorali del Comune di Roma."},
		"State abroad": {func(d *Data) {
			d.Subject.Birth.Place, d.Subject.Birth.Province, d.Subject.Birth.State = "", "", "FRANCIA"
		}, "nata in FRANCIA il 12 marzo 1980, è iscritta nelle liste elettorali del Comune di Roma."},
		"ceded province": {func(d *Data) { d.Subject.Birth.Province = "" }, "nata a Napoli il 12 marzo 1980, è iscritta nelle liste elettorali del Comune di Roma."},
		"Bolzano": {func(d *Data) { d.Enrolment.List, d.Statement.Code = electoral.BolzanoList, EnrolledAdded },
			"nata a Napoli (NA) il 12 marzo 1980, è iscritta nella lista elettorale aggiunta per i residenti in provincia di Bolzano, per le elezioni regionali e comunali, del Comune di Roma."},
		"EU comunal": {func(d *Data) { d.Enrolment.List, d.Statement.Code = electoral.EUComunalList, EnrolledEUComunal },
			"nata a Napoli (NA) il 12 marzo 1980, è iscritta nella lista elettorale aggiunta dei cittadini dell'Unione europea del Comune di Roma per le elezioni comunali e circoscrizionali."},
		"EU Parliament": {func(d *Data) { d.Enrolment.List, d.Statement.Code = electoral.EUParliamentList, EnrolledEUParliament },
			"nata a Napoli (NA) il 12 marzo 1980, è iscritta nella lista elettorale aggiunta dei cittadini dell'Unione europea del Comune di Roma per l'elezione dei membri del Parlamento europeo spettanti all'Italia."},
		"political rights": {func(d *Data) {
			d.Kind, d.Statement.Code, d.Enrolment = PoliticalRightsCertificate, PoliticalRights, nil
		}, "nata a Napoli (NA) il 12 marzo 1980, gode dei diritti politici."},
	} {
		d := base
		d.Enrolment = ptr(*base.Enrolment)
		c.change(&d)
		require.NoError(t, d.Check(), name)
		assert.Equal(t, visti+c.want, Italian().Sentence(d), name)
	}
}

func TestTextsAreComplete(t *testing.T) {
	italian := Italian()
	require.NoError(t, italian.check())
	for name, c := range map[string]struct {
		change func(x *Texts)
		want   string
	}{
		"missing statement": {func(x *Texts) { delete(x.Statements, EnrolledAdded) }, "Statements[enrolled-added].Male is missing"},
		"missing title":     {func(x *Texts) { x.Titles = nil }, "Titles[enrolment] is missing"},
		"missing gender":    {func(x *Texts) { x.Born.Unknown = " " }, "Born.Unknown is missing"},
		"missing mark":      {func(x *Texts) { x.Marks.Trial = "" }, "Marks.Trial is missing"},
		"placeholder":       {func(x *Texts) { x.Preamble = "{name}" }, "Preamble holds {name}"},
		"lost placeholder":  {func(x *Texts) { x.At = "qui" }, "At does not hold {place}"},
		"language":          {func(x *Texts) { x.Language = "" }, "language"},
		"dates":             {func(x *Texts) { x.Day = nil }, "Day is missing"},
	} {
		x := Italian()
		c.change(&x)
		assert.ErrorContains(t, x.check(), c.want, name)
	}
}

func TestEachSexHasItsWords(t *testing.T) {
	x := Italian()
	for _, s := range []Gendered{x.Born, x.Statements[EnrolledGeneral], x.Statements[EnrolledAdded], x.Statements[EnrolledEUComunal], x.Statements[EnrolledEUParliament]} {
		assert.NotContains(t, s.Male+s.Female, "/a")
		assert.Contains(t, s.Unknown, "/a")
		assert.NotEqual(t, s.Male, s.Female)
	}
}

func TestRules(t *testing.T) {
	const formula = "Il presente certificato non può essere prodotto agli organi della pubblica amministrazione o ai privati gestori di pubblici servizi"
	r := DefaultRules()
	require.NoError(t, r.check())
	assert.Equal(t, formula, r.Formula(PrivateUse, day("2026-11-22")))
	assert.Equal(t, formula, r.Formula(PrivateUse, day("2012-01-01")))
	assert.Empty(t, r.Formula(PrivateUse, day("2011-12-31")), "not yet in force")
	assert.Empty(t, r.Formula(ElectoralUse, day("2026-11-22")), "it would contradict the use")
	assert.Contains(t, r.Stamp(ElectoralUse, day("2026-11-22")), "Esente da imposta di bollo")
	assert.NotContains(t, r.Stamp(PrivateUse, day("2026-11-22")), "Esente")

	newer := r
	newer.Formulas = []UseText{{To: day("2030-06-30"), Uses: []Use{PrivateUse}, Text: formula}, {From: day("2030-07-01"), Uses: Uses(), Text: "Altra formula"}}
	assert.Equal(t, formula, newer.Formula(PrivateUse, day("2030-06-30")))
	assert.Equal(t, "Altra formula", newer.Formula(ElectoralUse, day("2030-07-01")))

	for _, bad := range []Rules{{}, {Validities: []Validity{{Kinds: Kinds()}}}, {Validities: []Validity{{Kinds: []Kind{EnrolmentCertificate}, Months: 6}}}, {Validities: r.Validities, Stamps: []UseText{{}}}} {
		assert.Error(t, bad.check())
	}
}

// TestStampLaw: the law on stamp duty that a certificate cites is that of its day,
// and the day of the change is a setting.
func TestStampLaw(t *testing.T) {
	for _, from := range []electoral.Date{StampLaw(), day("2026-01-01")} {
		r := RulesFrom(from)
		require.NoError(t, r.check())
		for _, use := range Uses() {
			assert.Contains(t, r.Stamp(use, from.AddDays(-1)), "n. 642")
			assert.Contains(t, r.Stamp(use, from), "n. 123 del 2025")
		}
		for _, list := range [][]UseText{r.Formulas, r.Stamps} {
			for _, text := range list {
				for _, language := range []string{"de", "fr", "sl"} {
					assert.NotEmpty(t, text.Translations[language], "%s: %s", language, text.Text)
				}
			}
		}
	}
	assert.Equal(t, day("2027-01-01"), StampLaw())
	assert.Contains(t, DefaultRules().Formula(AbroadUse, day("2026-11-22")), "solo per l'estero")
	assert.Empty(t, DefaultRules().Formula(AbroadUse, day("2011-12-31")))
}

// TestToPlace: "nata ad Aosta", "a Torino".
func TestToPlace(t *testing.T) {
	x := Italian()
	for place, want := range map[string]string{"Aosta": "nata ad Aosta (AO) il 3 aprile 1980", "Àlimena": "nata ad Àlimena (AO) il 3 aprile 1980",
		"Torino": "nata a Torino (AO) il 3 aprile 1980", "Este": "nata a Este (AO) il 3 aprile 1980"} {
		s := Subject{Sex: electoral.Female, Birth: Birth{Date: day("1980-04-03"), Place: place, Province: "AO"}}
		assert.Equal(t, want, plain(x.birth(s)))
	}
	french := French()
	issued := plain(fill(french.Labels.IssuedAt, map[string]string{"date": "x", "hour": "11", "minute": "00"}))
	assert.Equal(t, "x, 11 h 00", issued)
	assert.Contains(t, french.Verify, "jusqu'au {until} inclus")
}

// TestLeapBirthday: who was born on 29 February is told the day on which a
// certificate will be issued (life case 2).
func TestLeapBirthday(t *testing.T) {
	p := electoral.Person{Surname: "X", Birth: electoral.Birth{Date: day("2008-02-29"), Place: "A074"}, Residence: &electoral.Residence{Comune: "A074"},
		Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}}}
	facts := electoral.CertificateFacts{Person: p, Elector: electoral.Elector{Capacity: electoral.Yes}}
	reasons := Assess(facts, PoliticalRightsCertificate, "", day("2026-02-28"))
	require.Len(t, reasons, 1)
	assert.Contains(t, reasons[0].Remedy, "1° marzo 2026")
	assert.Empty(t, Assess(facts, PoliticalRightsCertificate, "", day("2026-03-01")))

	// Of a year alone it is sure too, where no day of it would do.
	for birth, code := range map[string]Code{"2010": Underage, "2008": AgeUnknown} {
		facts.Person.Birth.Date = day(birth)
		reasons = Assess(facts, PoliticalRightsCertificate, "", day("2026-03-01"))
		require.Len(t, reasons, 1, birth)
		assert.Equal(t, code, reasons[0].Code)
	}
}

func TestValidity(t *testing.T) {
	r := DefaultRules()
	for issued, want := range map[string]string{
		"2026-11-22": "2027-05-22", "2026-08-31": "2027-02-28", "2027-08-31": "2028-02-29", "2026-08-29": "2027-02-28", "2026-10-31": "2027-04-30",
		"2026-07-01": "2027-01-01", "2026-06-30": "2026-12-30", "2026-12-31": "2027-06-30",
	} {
		got, err := r.ValidUntil(EnrolmentCertificate, day(issued))
		require.NoError(t, err)
		assert.Equal(t, want, got.String(), issued)
	}
	r.Validities = []Validity{{Kinds: []Kind{EnrolmentCertificate}, Months: 3, To: day("2026-12-31")}, {Kinds: Kinds(), Months: 12}}
	for kind, want := range map[Kind]string{EnrolmentCertificate: "2027-02-22", PoliticalRightsCertificate: "2027-11-22"} {
		got, err := r.ValidUntil(kind, day("2026-11-22"))
		require.NoError(t, err)
		assert.Equal(t, want, got.String())
	}
	_, err := r.ValidUntil("other", day("2026-11-22"))
	assert.ErrorContains(t, err, "other")
}

func TestBirthPlaces(t *testing.T) {
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		birth electoral.Birth
		want  Birth
	}{
		"comune":               {electoral.Birth{Date: day("1984-03-08"), Place: "F839"}, Birth{Date: day("1984-03-08"), Place: "Napoli", Province: "NA"}},
		"the register's case":  {electoral.Birth{Date: day("1984-03-08"), Place: "F839", PlaceName: "NAPOLI"}, Birth{Date: day("1984-03-08"), Place: "Napoli", Province: "NA"}},
		"another name of then": {electoral.Birth{Date: day("1984-03-08"), Place: "F839", PlaceName: "NAPOLI CENTRO"}, Birth{Date: day("1984-03-08"), Place: "NAPOLI CENTRO", Province: "NA"}},
		"State":                {electoral.Birth{Date: day("1984"), Place: "Z110"}, Birth{Date: day("1984"), State: "FRANCIA"}},
		"State as the place":   {electoral.Birth{Date: day("1984"), Place: "Z110", PlaceName: "Francia"}, Birth{Date: day("1984"), State: "FRANCIA"}},
		"town abroad":          {electoral.Birth{Date: day("1984"), Place: "Z110", PlaceName: " LIONE "}, Birth{Date: day("1984"), Place: "LIONE", State: "FRANCIA"}},
		"name only":            {electoral.Birth{Date: day("1984"), PlaceName: "ALTROVE"}, Birth{Date: day("1984"), Place: "ALTROVE"}},
	} {
		assert.Equal(t, c.want, subjectOf(electoral.Person{Birth: c.birth}, tables, "it").Birth, name)
	}
}
