package certificate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

func TestAssess(t *testing.T) {
	type f = electoral.CertificateFacts
	both := func(codes ...Code) map[Kind][]Code {
		return map[Kind][]Code{EnrolmentCertificate: codes, PoliticalRightsCertificate: codes, CombinedCertificate: codes}
	}
	// What keeps one from being issued keeps the combined one too.
	only := func(k Kind, codes ...Code) map[Kind][]Code {
		return map[Kind][]Code{k: codes, CombinedCertificate: codes}
	}
	at := "2026-11-22"
	for name, c := range map[string]struct {
		change func(x *f)
		want   map[Kind][]Code
	}{
		"all in order":             {func(*f) {}, nil},
		"certifiability not given": {func(x *f) { x.Elector.Certifiability = nil }, nil},
		"certifiability 0":         {func(x *f) { x.Elector.Certifiability = ptr(electoral.NotCertifiable) }, both(NotCertifiable)},
		"certifiability 1":         {func(x *f) { x.Elector.Certifiability = ptr(electoral.OnlyPoliticalRights) }, only(EnrolmentCertificate, OnlyPoliticalRights)},
		"certifiability unknown":   {func(x *f) { x.Elector.Certifiability = ptr(electoral.Certifiability(7)) }, both(NotCertifiable)},
		"no elector":               {func(x *f) { x.Elector.Capacity = electoral.No }, both(NotElector)},
		"capacity not given":       {func(x *f) { x.Elector.Capacity = electoral.NotGiven }, both(CapacityUnknown)},
		"between two comuni":       {func(x *f) { x.Elector.General = nil }, only(EnrolmentCertificate, NotEnrolled)},
		"removed from the lists": {func(x *f) {
			x.Elector.General = nil
			x.Elector.Removals = []electoral.Removal{{Comune: "H501", List: electoral.GeneralList, Code: electoral.Emigration, Day: day("2026-10-01")}}
		}, only(EnrolmentCertificate, Removed)},
		"dead":                    {func(x *f) { x.Person.Death = day(at) }, both(Deceased)},
		"dead tomorrow":           {func(x *f) { x.Person.Death = day("2026-11-23") }, nil},
		"removed from ANPR":       {func(x *f) { x.Person.Residence = nil }, both(NotInANPR)},
		"abroad":                  {func(x *f) { x.Person.Residence, x.Person.Abroad = nil, &electoral.Abroad{Comune: "H501", State: "FRA"} }, nil},
		"eighteen today":          {func(x *f) { x.Person.Birth.Date = day("2008-11-22") }, nil},
		"eighteen tomorrow":       {func(x *f) { x.Person.Birth.Date = day("2008-11-23") }, both(Underage)},
		"eighteen this year":      {func(x *f) { x.Person.Birth.Date = day("2008") }, both(AgeUnknown)},
		"eighteen this month":     {func(x *f) { x.Person.Birth.Date = day("2008-11") }, both(AgeUnknown)},
		"old without day":         {func(x *f) { x.Person.Birth.Date = day("1950") }, nil},
		"no birth date":           {func(x *f) { x.Person.Birth.Date = electoral.Date{} }, both(AgeUnknown)},
		"no birth place":          {func(x *f) { x.Person.Birth.Place = "" }, both(DataMissing)},
		"no name at all":          {func(x *f) { x.Person.Surname, x.Person.Name = " ", "" }, both(DataMissing)},
		"no surname":              {func(x *f) { x.Person.Surname = "" }, nil},
		"EU citizen":              {foreigner, only(PoliticalRightsCertificate, NotItalian)},
		"Italian no more":         {func(x *f) { x.Person.Citizenships[0].To = day("2020-01-01") }, only(PoliticalRightsCertificate, NotItalian)},
		"citizenship not given":   {func(x *f) { x.Person.Citizenships = nil }, only(PoliticalRightsCertificate, CitizenshipUnknown)},
		"dead and not an elector": {func(x *f) { x.Person.Death, x.Elector.Capacity = day(at), electoral.No }, both(Deceased, NotElector)},
		"removed and 1":           {func(x *f) { x.Elector.General, x.Elector.Certifiability = nil, ptr(electoral.OnlyPoliticalRights) }, only(EnrolmentCertificate, OnlyPoliticalRights, NotEnrolled)},
		"enrolled in an added list": {func(x *f) {
			x.Elector.Added.Bolzano = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: x.Elector.General}
			x.Elector.General = nil
		}, nil},
		"added list not given": {func(x *f) {
			x.Elector.Added.Bolzano = electoral.AddedList{Enrolment: x.Elector.General}
			x.Elector.General = nil
		}, only(EnrolmentCertificate, NotEnrolled)},
	} {
		for _, kind := range Kinds() {
			x := facts()
			c.change(&x)
			var got []Code
			for _, r := range Assess(x, kind, "", day(at)) {
				got = append(got, r.Code)
				assert.NotEmpty(t, r.Message)
				assert.NotEmpty(t, r.Remedy)
				assert.NotEmpty(t, r.Source)
				assert.NotEmpty(t, r.Field)
			}
			assert.Equal(t, c.want[kind], got, "%s, %s", name, kind)
		}
	}
}

func TestAssessList(t *testing.T) {
	x := facts()
	foreigner(&x)
	at := day("2026-11-22")
	assert.Empty(t, Assess(x, EnrolmentCertificate, electoral.EUParliamentList, at))
	for _, l := range []electoral.List{electoral.GeneralList, "other"} {
		reasons := Assess(x, EnrolmentCertificate, l, at)
		require.Len(t, reasons, 1)
		assert.Equal(t, NotInList, reasons[0].Code)
	}
	assert.Equal(t, KindUnknown, Assess(x, "tessera", "", at)[0].Code)
}

func TestCodes(t *testing.T) {
	seen := map[Code]bool{}
	for _, c := range Codes() {
		assert.False(t, seen[c], c)
		seen[c] = true
		assert.Regexp(t, `^CER-[A-Z]{3}-[0-9]{2}$`, string(c))
		assert.Equal(t, string(c), c.Error())
		r := newReason(c, "")
		assert.NotContains(t, r.Message, "sconosciuto", c)
		for _, text := range []string{r.Message, r.Remedy, r.Source} {
			assert.NotEmpty(t, strings.TrimSpace(text), c)
		}
	}
	for code, anpr := range map[Code]string{Deceased: "EN228", NotInANPR: "EN229", OnlyPoliticalRights: "EN047", KindUnknown: "EN070"} {
		assert.Equal(t, anpr, newReason(code, "").ANPRCode)
	}
}
