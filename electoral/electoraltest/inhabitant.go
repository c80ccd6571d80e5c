package electoraltest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// territories are where the electors of the added lists live: a comune of each
// territory.
var territories = [3]struct {
	list   electoral.List
	comune string
	sigla  string
}{
	{electoral.BolzanoList, "A952", "BZ"},
	{electoral.TrentoList, "L378", "TN"},
	{electoral.AostaValleyList, "A326", "AO"},
}

func (g *Generator) inhabitant(r *rand.Rand, i int) Inhabitant {
	var in Inhabitant
	in.Person.ANPRID = fmt.Sprintf("%s%09d", g.comune.ISTAT, i+1)
	in.Elector.ANPRID = in.Person.ANPRID
	in.Elector.Capacity = electoral.Yes
	full := electoral.FullyCertifiable
	in.Elector.Certifiability = &full
	section := g.sections[i*len(g.sections)/g.cfg.Electors]
	place := &electoral.Enrolment{Comune: g.comune.Belfiore, Section: section.Number}
	residence := &electoral.Residence{Comune: g.comune.Belfiore, Since: g.since(r)}
	italian := []electoral.Citizenship{{State: electoral.ItalianState}}
	switch kind := r.IntN(1000); {
	case kind < 10 && len(g.eu) > 0:
		in.Person.Residence, in.Person.Citizenships = residence, []electoral.Citizenship{{State: pick(r, g.eu).ISO3}}
		in.Elector.EU.Comunal = electoral.AddedList{Enrolled: electoral.Yes, Enrolment: place}
		in.Elector.EU.Parliament = electoral.AddedList{Enrolled: electoral.AnswerOf(kind < 6)}
		if kind < 6 {
			own := *place
			in.Elector.EU.Parliament.Enrolment = &own
		}
		in.Elector.Status = euStatus(kind < 6)
	case kind < 50:
		state := pick(r, g.states)
		in.Person.Abroad = &electoral.Abroad{Comune: g.comune.Belfiore, State: state.ISO3, Since: g.since(r)}
		in.Person.Citizenships = italian
		in.Elector.General = place
		in.Elector.Status = g.status(state.AbroadDivision, state.AbroadDivision)
	case kind < 53 && territories[kind%3].sigla != g.comune.ProvinceSigla:
		// moved a few months ago, and not yet in the new comune's lists
		t := territories[kind%3]
		since := electoral.Date{Year: g.cfg.At.Year, Month: time.January, Day: 1 + r.IntN(28)}
		in.Person.Residence = &electoral.Residence{Comune: t.comune, Since: since,
			Earlier: []electoral.ResidencePeriod{{Comune: g.comune.Belfiore, From: g.since(r), To: since}}}
		in.Person.Citizenships = italian
		in.Elector.General = place
		own := *place
		added := electoral.AddedList{Enrolled: electoral.Yes, Enrolment: &own}
		switch t.list {
		case electoral.BolzanoList:
			in.Elector.Added.Bolzano = added
		case electoral.TrentoList:
			in.Elector.Added.Trento = added
		default:
			in.Elector.Added.AostaValley = added
		}
		in.Elector.Status = g.status(g.senate, g.chamber)
	default:
		in.Person.Residence, in.Person.Citizenships = residence, italian
		in.Elector.General = place
		in.Elector.Status = g.status(g.senate, g.chamber)
	}
	g.draw(r, &in.Person)
	return in
}

func (g *Generator) status(senate, chamber string) electoral.Status {
	return electoral.Status{
		NationalReferendums: electoral.Yes, EuropeanParliament: electoral.Yes,
		Senate: electoral.Yes, SenateConstituency: senate, Chamber: electoral.Yes, ChamberConstituency: chamber,
		Regional: electoral.Yes, Comunal: electoral.Yes, District: electoral.No,
	}
}

func euStatus(parliament bool) electoral.Status {
	return electoral.Status{
		NationalReferendums: electoral.No, EuropeanParliament: electoral.AnswerOf(parliament),
		Senate: electoral.No, Chamber: electoral.No,
		Regional: electoral.No, Comunal: electoral.Yes, District: electoral.No,
	}
}

// draw gives a person name, sex, birth with its deed, codice fiscale and abode.
func (g *Generator) draw(r *rand.Rand, p *electoral.Person) {
	p.Sex, p.Name = electoral.Female, g.women.draw(r)
	if r.IntN(1000) < 485 {
		p.Sex, p.Name = electoral.Male, g.men.draw(r)
	}
	p.Surname = pick(r, g.family)
	if r.IntN(10) < 7 {
		p.Surname = pick(r, g.national)
	}
	p.Birth.Date = g.birthDate(r)
	p.Birth.Place, p.Birth.PlaceName = g.birthPlace(r, p), ""
	code, err := electoral.ComputeFiscalCode(p.Surname, p.Name, p.Sex, p.Birth.Date, p.Birth.Place)
	if err != nil {
		// The names of the list are all of letters that the rule knows.
		code = ""
	}
	p.FiscalCode = code
	p.Birth.Deed = &electoral.BirthDeed{Number: strconv.Itoa(1 + r.IntN(999)), Part: pick(r, []string{"I", "II"}),
		Series: pick(r, []string{"A", "B"})}
	if p.Residence != nil {
		p.Residence.Abode = "VIA " + pick(r, g.national) + " " + strconv.Itoa(1+r.IntN(120))
	}
}

// birthDate makes the ages of an electorate: from 18, fewer above 75.
func (g *Generator) birthDate(r *rand.Rand) electoral.Date {
	age := 18 + r.IntN(58)
	if r.IntN(100) < 16 {
		age = 76 + min(r.IntN(13), r.IntN(24))
	}
	born := time.Date(g.cfg.At.Year-age-1, g.cfg.At.Month, g.cfg.At.Day+1+r.IntN(364), 0, 0, 0, 0, time.UTC)
	return electoral.Date{Year: born.Year(), Month: born.Month(), Day: born.Day()}
}

// birthPlace draws a comune that was there at the birth, or a State.
func (g *Generator) birthPlace(r *rand.Rand, p *electoral.Person) string {
	if len(p.Citizenships) == 1 && p.Citizenships[0].State != electoral.ItalianState {
		if s, ok := g.tables.State(p.Citizenships[0].State); ok {
			return s.Belfiore
		}
	}
	for range 50 {
		code := pick(r, g.births)
		if _, ok := g.tables.Comune(code, p.Birth.Date); ok {
			return code
		}
	}
	return "H501" // Roma, there at any birth of an elector
}

func (g *Generator) since(r *rand.Rand) electoral.Date {
	return electoral.Date{Year: g.cfg.At.Year - 1 - r.IntN(30), Month: time.Month(1 + r.IntN(12)), Day: 1 + r.IntN(28)}
}
