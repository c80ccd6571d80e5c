package certificate

import (
	"errors"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

// TestCitizenReasons: every reason that the portal can give has a text for the
// citizen, without the words of the office.
func TestCitizenReasons(t *testing.T) {
	officers := map[Code]bool{ // of documents that only a comune asks for
		IssuingComuneUnknown: true, PersonRepeated: true, NobodyCertified: true, CollectiveClosed: true,
		FileUnreadable: true,
	}
	forbidden := regexp.MustCompile(`(?i)CER-|\bart\.|D\.M\.|D\.P\.R\.|\bEN\d{3}|soggetto|allegato|AIRE\b|ANPR|\{`)
	for _, r := range ReasonRules() {
		assert.Equal(t, officers[Code(r.Code)], r.Citizen == "", r.Code)
		for _, c := range append([]electoral.Case{{}}, r.Cases...) {
			args := electoral.Args{"day": "1° marzo 2026", "comune": "Agliè (A074)"}
			text := newCase(Code(r.Code), c.Name, "x", args).Citizen()
			assert.NotRegexp(t, forbidden, text, "%s %s", r.Code, c.Name)
			assert.NotContains(t, text, "A074")
			assert.Regexp(t, `^[A-Z].*\.$`, text, r.Code)
		}
	}
	assert.Contains(t, newCase(Underage, "dated", "", electoral.Args{"day": "1° marzo 2026"}).Citizen(), "dal giorno 1° marzo 2026")
	fault := reasonOf(electoral.NewFault(electoral.LevelTooLow, "", "", nil))
	assert.Contains(t, fault.Citizen(), "SPID", "of a fault of the registry, its text")
}

// TestNotInANPR: a code that nobody has was never cancelled; who is registered and
// lives nowhere has left.
func TestNotInANPR(t *testing.T) {
	nowhere := notFound("codiceFiscale")
	assert.Equal(t, "Il codice fiscale non risulta in ANPR.", nowhere.Message)
	assert.Equal(t, "EN413", nowhere.ANPRCode)
	x := facts()
	x.Person.Residence = nil
	left := Assess(x, PoliticalRightsCertificate, "", day("2026-11-22"))
	require.Len(t, left, 1)
	assert.Equal(t, nowhere.Code, left[0].Code)
	assert.Contains(t, left[0].Message, "non vi risulta più")
	assert.Equal(t, "EN229", left[0].ANPRCode)
	for _, r := range append(left, nowhere) {
		assert.NotContains(t, r.Message+r.Remedy+r.Citizen(), "cancellat")
	}
}

// TestClaimedByName: who waits between two comuni is told which one is to enrol
// him, by name.
func TestClaimedByName(t *testing.T) {
	x := facts()
	x.Elector.General, x.ClaimedBy = nil, "A074"
	i, _ := newIssuer(t, x, nil)
	_, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
	refusal, ok := errors.AsType[*Refusal](err)
	require.True(t, ok, "%v", err)
	require.Len(t, refusal.Reasons, 1)
	assert.Contains(t, refusal.Reasons[0].Remedy, "del comune di Agliè (A074)")
	assert.Contains(t, refusal.Reasons[0].Citizen(), "sta passando al comune di Agliè, che")
}
