package rules_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

var today = electoral.Date{Year: 2026, Month: 11, Day: 22}

func voter(comune string) electoral.Elector {
	return electoral.Elector{
		ANPRID: "1", Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: comune, Section: "1"},
		Status: electoral.Status{
			NationalReferendums: electoral.Yes, EuropeanParliament: electoral.Yes, Senate: electoral.Yes, SenateConstituency: "PIEMONTE",
			Chamber: electoral.Yes, ChamberConstituency: "PIEMONTE 1", Regional: electoral.Yes, Comunal: electoral.Yes, District: electoral.No,
		},
	}
}

// TestSameComune: an added list of the comune of residence is refused in each of
// the three territories.
func TestSameComune(t *testing.T) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	for list, lives := range map[electoral.List]string{electoral.BolzanoList: "A952", electoral.TrentoList: "L378", electoral.AostaValleyList: "A326"} {
		person := electoral.Person{
			ANPRID: "1", Birth: electoral.Birth{Date: electoral.Date{Year: 1980, Month: 5, Day: 20}, Place: "A074"},
			Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}},
			Residence:    &electoral.Residence{Comune: lives, Since: today.AddYears(-1)},
		}
		for comune, same := range map[string]bool{lives: true, "A074": false} {
			e := voter("A074")
			e.SetListEntry(list, electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: comune, Section: "1"}})
			faults := checker.CheckElector(e, rules.Circumstances{At: today, Person: &person})
			assert.Equal(t, same, electoral.Faults(faults).Has(electoral.AddedSameComune), "%s, kept by %s", list, comune)
		}
	}
}

// TestListFor: through which list an elector votes, for each kind of vote.
func TestListFor(t *testing.T) {
	at := func(comune string) electoral.AddedList {
		return electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &electoral.Enrolment{Comune: comune, Section: "1"}}
	}
	italian := func(l electoral.List) electoral.Elector {
		e := electoral.Elector{General: &electoral.Enrolment{Comune: "A074", Section: "1"}}
		if l != "" {
			e.SetListEntry(l, at("A109"))
		}
		return e
	}
	european := electoral.Elector{EU: electoral.EULists{Comunal: at("A074"), Parliament: at("A074")}}
	for _, c := range []struct {
		elector                                         electoral.Elector
		national, european, regional, comunal, district electoral.List
	}{
		{italian(""), electoral.GeneralList, electoral.GeneralList, electoral.GeneralList, electoral.GeneralList, electoral.GeneralList},
		{italian(electoral.BolzanoList), electoral.GeneralList, electoral.GeneralList, electoral.BolzanoList, electoral.BolzanoList, electoral.BolzanoList},
		{italian(electoral.TrentoList), electoral.GeneralList, electoral.GeneralList, electoral.TrentoList, electoral.GeneralList, electoral.GeneralList},
		{italian(electoral.AostaValleyList), electoral.GeneralList, electoral.GeneralList, electoral.AostaValleyList, electoral.GeneralList, electoral.GeneralList},
		{european, electoral.GeneralList, electoral.EUParliamentList, electoral.GeneralList, electoral.EUComunalList, electoral.EUComunalList},
	} {
		for vote, want := range map[electoral.Consultation]electoral.List{
			electoral.NationalReferendum: c.national, electoral.ChamberElection: c.national, electoral.SenateElection: c.national,
			electoral.EuropeanElection: c.european, electoral.RegionalElection: c.regional,
			electoral.ComunalElection: c.comunal, electoral.DistrictElection: c.district,
		} {
			assert.Equal(t, want, rules.ListFor(&c.elector, vote), "%+v: %s", c.elector, vote)
		}
	}
}

// TestApplicationTerm counts the last day on which an application counts.
func TestApplicationTerm(t *testing.T) {
	day, notice := today.AddDays(100), today.AddDays(50)
	for _, c := range []struct {
		list electoral.List
		vote electoral.Vote
		want electoral.Date
		ok   bool
	}{
		{electoral.EUComunalList, electoral.Vote{Consultation: electoral.ComunalElection, Day: day, Notice: notice}, notice.AddDays(5), true},
		{electoral.EUComunalList, electoral.Vote{Consultation: electoral.DistrictElection, Day: day, Notice: notice}, notice.AddDays(5), true},
		{electoral.EUComunalList, electoral.Vote{Consultation: electoral.ComunalElection, Day: day}, electoral.Date{}, false},
		{electoral.EUComunalList, electoral.Vote{Consultation: electoral.EuropeanElection, Day: day, Notice: notice}, electoral.Date{}, false},
		{electoral.EUParliamentList, electoral.Vote{Consultation: electoral.EuropeanElection, Day: day}, day.AddDays(-90), true},
		{electoral.EUParliamentList, electoral.Vote{Consultation: electoral.EuropeanElection, Day: electoral.Date{Year: 2027, Month: 3}}, electoral.Date{}, false},
		{electoral.EUParliamentList, electoral.Vote{Consultation: electoral.ComunalElection, Day: day, Notice: notice}, electoral.Date{}, false},
		{electoral.GeneralList, electoral.Vote{Consultation: electoral.EuropeanElection, Day: day, Notice: notice}, electoral.Date{}, false},
	} {
		last, ok := rules.ApplicationTerm(c.list, c.vote)
		assert.Equal(t, c.ok, ok, "%+v", c)
		assert.Equal(t, c.want, last, "%+v", c)
	}
}

// TestResidenceRules refuses rules that no law could mean.
func TestResidenceRules(t *testing.T) {
	year := rules.Uninterrupted{Province: "TN", Term: 1}
	for _, bad := range []rules.ResidenceRule{
		{List: electoral.GeneralList, Shape: year}, {Shape: year}, {List: electoral.TrentoList},
		{List: electoral.TrentoList, Shape: rules.Uninterrupted{Province: "TN", Term: -1}},
		{List: electoral.BolzanoList, Shape: rules.GreaterPart{Term: 4}},
	} {
		_, err := rules.NewChecker(rules.Config{Residences: []rules.ResidenceRule{bad}})
		require.Error(t, err, "%+v", bad)
	}
	for _, list := range []electoral.List{electoral.BolzanoList, electoral.TrentoList, electoral.AostaValleyList, electoral.EUComunalList} {
		_, err := rules.NewChecker(rules.Config{Residences: []rules.ResidenceRule{{List: list, Shape: year}}})
		require.NoError(t, err)
	}
}

// TestLanguageID: the language of a translation is 1 to 9 digits.
func TestLanguageID(t *testing.T) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	for id, ok := range map[string]bool{"": false, "1": true, "123456789": true, "1234567890": false, "12a": false, "-1": false} {
		s := electoral.Section{Comune: "A952", Number: "1", Translations: []electoral.SectionTranslation{{LanguageID: id, SeatName: "Schule"}}}
		assert.Equal(t, !ok, electoral.Faults(checker.CheckSection(s, today)).Has(electoral.TranslationLanguage), "%q", id)
	}
}
