package revision

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/liste-elettorali/anpr/electoral"
)

// facts digests what the lines about a person rest on, so that a change between
// the decision and its application is seen.
func (p *proposer) facts() string { return factsOf(p.s) }

func factsOf(s subject) string {
	type standing struct {
		Registered   string
		Residence    *electoral.Residence
		Abroad       *electoral.Abroad
		Citizenships []electoral.Citizenship
		Birth, Death electoral.Date
		Capacity     electoral.Answer
		Loss         *electoral.CapacityLoss
		Places       map[electoral.List]electoral.Enrolment
		Removals     []electoral.Removal
	}
	var f standing
	if person := s.person; person != nil {
		f.Registered, f.Residence, f.Abroad = person.Registered(), person.Residence, person.Abroad
		f.Citizenships, f.Birth, f.Death = person.Citizenships, person.Birth.Date, person.Death
	}
	if e := s.elector; e != nil {
		f.Capacity, f.Loss, f.Removals = e.Capacity, e.Loss, e.Removals
		f.Places = map[electoral.List]electoral.Enrolment{}
		for l, en := range e.Enrolments() {
			f.Places[l] = en
		}
	}
	text, err := json.Marshal(f)
	if err != nil { // a date that cannot be written: two such are not told apart
		text = []byte(err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}
