package revision

import (
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// union proposes for somebody in a list for citizens of the Union.
func (p *proposer) union(l electoral.List) {
	person := p.s.person
	end := func(cause electoral.RemovalCause, text string) {
		if !p.admits(EUEnded) {
			return
		}
		code, _ := electoral.RemovalCodeOf(l, cause)
		p.add(Line{Effect: Remove, Cause: EUEnded, List: l, Code: code},
			[]Evidence{{Source: FromPopulation, Text: text}})
	}
	switch {
	case person.IsItalian(p.today):
		end(electoral.CauseNaturalised, "ha acquistato la cittadinanza italiana")
	case len(person.Citizenships) > 0 && !person.IsEUCitizen(p.tables, p.today):
		end(electoral.CauseMembershipEnded, "non ha la cittadinanza di uno Stato dell'Unione europea")
	case p.here():
		p.section(l)
	case person.Registered() == "":
		p.vanished(l)
	default:
		p.movedOut(l)
	}
}

// added proposes for somebody in an added list of Bolzano, Trento or Valle d'Aosta.
func (p *proposer) added(l electoral.List) {
	person := p.s.person
	code, _ := electoral.RemovalCodeOf(l, electoral.CauseResidenceReached)
	line := Line{Effect: Remove, Cause: TermEnded, List: l, Code: code}
	var serves electoral.List
	if person.Residence != nil {
		serves, _ = p.checker.AddedListOf(person.Residence.Comune, p.today)
	}
	switch {
	case person.Registered() == "":
		p.vanished(l)
	case serves != l:
		p.movedOut(l)
	case p.checker.HasResidence(l, person, p.counted()) == electoral.Yes && p.admits(TermEnded):
		p.add(line, []Evidence{{Source: FromPopulation, Text: p.registeredText()}})
	}
}

func (p *proposer) counted() electoral.Date { return p.header.counted(p.today) }

// counted is the day at which the residence in a territory counts: the notice of
// the vote or, without one, today.
func (h Header) counted(today electoral.Date) electoral.Date {
	for _, v := range h.Votes {
		if !v.Notice.IsZero() {
			return v.Notice
		}
	}
	return today
}

// application proposes to carry out the application of a citizen of the Union.
func (p *proposer) application(q registry.Application) (draft, bool) {
	if !p.admits(EUApplication) {
		return draft{}, false
	}
	p.drafts = p.drafts[:0]
	line := Line{ANPRID: q.ANPRID, Effect: CarryOut, Cause: EUApplication, List: q.List, Application: q.ID,
		Submitted: q.Submitted}
	text := "domanda del " + q.Submitted.Italian()
	switch q.Kind {
	case registry.WithdrawalApplication:
		text += " di cancellazione dalla " + q.List.Italian()
		line.Code, _ = electoral.RemovalCodeOf(q.List, electoral.CauseAsked)
	case registry.ExOfficioCase:
		text = "iscrizione d'ufficio nella " + q.List.Italian() + ": si è trasferito nel comune"
	default:
		text += " di iscrizione nella " + q.List.Italian()
	}
	if q.Kind != registry.WithdrawalApplication && p.s.person != nil {
		line.Section, _ = p.abode()
	}
	var doubts electoral.Faults
	if person := p.s.person; person != nil && q.Kind != registry.WithdrawalApplication && !p.here() {
		if to := person.Registered(); to != "" {
			doubts = append(doubts, doubt(electoral.EUOtherComune, "line.list", electoral.Args{"comune": p.label(to)}))
		} else {
			doubts = append(doubts, doubt(electoral.DoubtUnregistered, "line.list", nil))
		}
	}
	p.add(line, []Evidence{{Source: FromBooks, Text: text, Reference: q.ID}}, doubts...)
	return p.drafts[0], true
}

// articleOf returns the article of a cause.
func articleOf(c Cause, l electoral.List) string {
	switch {
	case c == UnderAge:
		return lawOf("art. 33")
	case c == TermEnded && l == electoral.AostaValleyList:
		return "d.lgs. n. 320 del 1994, art. 5"
	case c == TermEnded:
		return "D.P.R. n. 50 del 1973, artt. 1 e 5"
	case (c == EUApplication || c == EUEnded) && l == electoral.EUParliamentList:
		return "D.L. 24 giugno 1994, n. 408, art. 2"
	case c == EUEnded:
		return "d.lgs. 12 aprile 1996, n. 197, art. 1"
	}
	return Admits(Semestral, c).Law
}
