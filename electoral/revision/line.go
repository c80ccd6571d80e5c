package revision

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// An Effect is what a line does to the lists.
type Effect string

// The effects.
const (
	Enrol        Effect = "enrol"         // iscrizione
	Remove       Effect = "remove"        // cancellazione
	LoseRight    Effect = "lose-right"    // perdita del diritto: resta in lista, non elettore
	RecoverRight Effect = "recover-right" // riacquisto del diritto
	MoveSection  Effect = "move-section"  // cambio di sezione
	CarryOut     Effect = "carry-out"     // esecuzione di una domanda
	// Attest admits to one vote by an attestation of the mayor ("attestazione di
	// ammissione al voto", D.P.R. 223/1967, art. 32-bis). It changes no list.
	Attest Effect = "attest"
	// StrikeOff strikes somebody off the copy of a section's list for the polling
	// station ("depennamento", art. 33), which extraction does by itself: the line
	// is the officer's list of them. It changes no list.
	StrikeOff Effect = "strike-off"
)

// Effects returns the effects.
func Effects() []Effect {
	return []Effect{Enrol, Remove, LoseRight, RecoverRight, MoveSection, CarryOut, Attest, StrikeOff}
}

// lists reports whether the effect changes a list by itself.
func (e Effect) lists() bool { return e != Attest && e != StrikeOff && e != CarryOut }

// A phase is the place of a line in the order in which ANPR takes operations:
// removals before enrolments (those from the lists of the Union before the general
// list), the certifiability after its enrolment, which apply does.
func (e Effect) phase(l electoral.List) int {
	switch e {
	case Remove:
		switch l {
		case electoral.EUComunalList, electoral.EUParliamentList:
			return 1
		case electoral.GeneralList:
			return 3
		}
		return 2
	case LoseRight:
		return 4
	case RecoverRight:
		return 5
	case MoveSection:
		return 6
	case Enrol:
		if l == electoral.GeneralList {
			return 7
		}
		return 8
	}
	return 9
}

// A LineState is where a [Line] stands.
type LineState string

// The states.
const (
	LineOpen      LineState = "open"      // the officer is to decide
	LineAccepted  LineState = "accepted"  // to be applied
	LineRejected  LineState = "rejected"  // with a reason
	LineApplied   LineState = "applied"   // done
	LineWithdrawn LineState = "withdrawn" // accepted or refused, then given up with a reason
	LineLate      LineState = "late"      // its last day in this revision is over
)

// Settled reports whether nothing more is to be done with the line in this revision.
func (s LineState) Settled() bool { return s != LineOpen && s != LineAccepted }

// Italian returns the state for people.
func (s LineState) Italian() string {
	switch s {
	case LineOpen:
		return "da decidere"
	case LineAccepted:
		return "accolta, da eseguire"
	case LineRejected:
		return "respinta"
	case LineApplied:
		return "eseguita"
	case LineWithdrawn:
		return "ritirata"
	case LineLate:
		return "fuori termine"
	}
	return "stato sconosciuto: " + string(s)
}

// A Line is one change of the lists that a revision holds ("proposta di variazione").
type Line struct {
	// ID names the line within the lines of the comune; Revision is that of its
	// revision.
	ID       string `json:"id"`
	Revision string `json:"revision"`
	// Version counts what was done with the line, from 1. A decision names the
	// version that it is about.
	Version int    `json:"version"`
	ANPRID  string `json:"anprId"`
	Cause   Cause  `json:"cause"`
	// Effect is what is done. It is empty while the law leaves it open: Choices
	// then holds the effects among which the officer chooses.
	Effect  Effect   `json:"effect,omitzero"`
	Choices []Effect `json:"choices,omitempty"`
	// List is the list that it is about.
	List electoral.List `json:"list"`
	// Code is ANPR's code of a removal.
	Code electoral.RemovalCode `json:"code,omitzero"`
	// From and Section are the numbers of the section before and after; Section
	// is empty while the officer has not named it.
	From    string `json:"from,omitzero"`
	Section string `json:"section,omitzero"`
	// Law is the article.
	Law string `json:"law"`
	// Deadline is the last day for it in this revision, in Italy; zero without one.
	Deadline electoral.Date `json:"deadline,omitzero"`
	// Application is the id of the application that it carries out.
	Application string `json:"application,omitzero"`
	// Submitted is the day of the application, in Italy, by which its term is judged.
	Submitted electoral.Date `json:"submitted,omitzero"`
	// Doubts are what the officer should look at first; they are warnings.
	Doubts electoral.Faults `json:"doubts,omitempty"`
	// Added says that an officer added the line; the others were proposed.
	Added bool      `json:"added,omitzero"`
	State LineState `json:"state"`
	// Decision is what the officer decided; zero while he has not.
	Decision LineDecision `json:"decision,omitzero"`
	// Decided is the day of the decision, in Italy, by which its term is judged.
	Decided electoral.Date `json:"decided,omitzero"`
	// Refused are the faults with which the registry, or the revision, refused to
	// apply it: it is open again.
	Refused electoral.Faults `json:"refused,omitempty"`
	// Sitting is the sitting in which it was applied, rejected or withdrawn; 0 while
	// it was not.
	Sitting int `json:"sitting,omitzero"`
	// Changed is the instant of the last change, UTC.
	Changed time.Time `json:"changed"`

	// Facts digests what the line rests on; Round is the run of the proposals that
	// found it last; Step counts the operations of it that are done.
	Facts string `json:"facts,omitzero"`
	Round int    `json:"round,omitzero"`
	Step  int    `json:"step,omitzero"`
	// Found is the run of the proposals that made the line; zero for an added one.
	Found int `json:"found,omitzero"`
}

// A LineDecision is what an officer decides about a line.
type LineDecision struct {
	// Verdict is what becomes of the line.
	Verdict Verdict `json:"verdict"`
	// Reason is required to reject and to withdraw; up to 2,000 characters. What
	// follows it, but for Evidence, is of a line that is accepted: else it is not kept.
	Reason string `json:"reason,omitzero"`
	// Effect chooses among the line's Choices.
	Effect Effect `json:"effect,omitzero"`
	// Section is the number of the section for an enrolment, a change of section, an
	// application or an attestation; empty keeps the proposed one.
	Section string `json:"section,omitzero"`
	// District says whether he also votes for the district.
	District electoral.Answer `json:"district,omitzero"`
	// Day is the day from which a removal or a loss takes effect; zero means the day
	// on which it is applied.
	Day electoral.Date `json:"day,omitzero"`
	// Elector, for an enrolment, replaces the electoral data that would follow from
	// the population and the section. Its ANPR id is the line's.
	Elector *electoral.Elector `json:"elector,omitzero"`
	// Recovery is the act by which a right that was lost is had again.
	Recovery *electoral.Recovery `json:"recovery,omitzero"`
	// KeptVotes are the votes that somebody removed keeps in the comune.
	KeptVotes []electoral.KeptVote `json:"keptVotes,omitempty"`
	// Evidence are documents beside what the line rests on.
	Evidence []Evidence `json:"evidence,omitempty"`
}

// A Verdict is what an officer says of a line.
type Verdict string

// The verdicts.
const (
	Accept   Verdict = "accept"   // accogliere
	Reject   Verdict = "reject"   // respingere
	Withdraw Verdict = "withdraw" // ritirare
	Reopen   Verdict = "reopen"   // rimettere da decidere
)

// An Evidence is one thing on which a line rests ("documentazione"). It is kept
// apart from the line, for a time of its own.
type Evidence struct {
	Source EvidenceSource `json:"source"`
	// Text says it in Italian: «residente a Ivrea (E379) dal 3 maggio 2026».
	Text string `json:"text"`
	// Reference finds the document: office, number, date; up to 200 characters.
	Reference string `json:"reference,omitzero"`
}

// An EvidenceSource is where an [Evidence] comes from.
type EvidenceSource string

// The sources.
const (
	FromPopulation EvidenceSource = "population" // anagrafe
	FromLists      EvidenceSource = "lists"      // liste elettorali
	FromBooks      EvidenceSource = "books"      // domande e conflitti
	FromDocument   EvidenceSource = "document"   // atto o documento
)

// A Header is a revision as a whole.
type Header struct {
	// ID is unique in the comune: "semestral-2026-1", "dynamic-2026-2-1",
	// "extraordinary-2026-03-22".
	ID     string `json:"id"`
	Comune string `json:"comune"`
	Kind   Kind   `json:"kind"`
	// Year and Half are those of a semestral or dynamic revision; Vote names the
	// day of an extraordinary one.
	Year  int              `json:"year,omitzero"`
	Half  int              `json:"half,omitzero"`
	Votes []electoral.Vote `json:"votes,omitempty"`
	// Persons, if not empty, are the only persons of whom the revision may be: a
	// comune that does not vote acts only for those whom a voting one names.
	Persons []string `json:"persons,omitempty"`
	State   State    `json:"state"`
	// Round counts the runs of the proposals; Sitting the sittings.
	Round   int `json:"round"`
	Sitting int `json:"sitting"`
	// Sittings are the days of the sittings, in Italy.
	Sittings []electoral.Date `json:"sittings,omitempty"`
	// Told are warnings about the whole revision, by the last run of the proposals.
	Told   electoral.Faults `json:"told,omitempty"`
	Opened time.Time        `json:"opened"` // UTC
	Closed time.Time        `json:"closed,omitzero"`
}

// A State is where a revision stands.
type State string

// The states.
const (
	Proposing State = "proposing" // the proposals are being made
	Active    State = "active"    // the officer decides and applies
	Closing   State = "closing"   // every line is settled; retention is being set
	Ended     State = "ended"
)

// Italian returns the state for people.
func (s State) Italian() string {
	switch s {
	case Proposing:
		return "proposte in preparazione"
	case Active:
		return "in corso"
	case Closing:
		return "in chiusura"
	case Ended:
		return "chiusa"
	}
	return "stato sconosciuto: " + string(s)
}

// revisionID returns the id of a revision.
func revisionID(q Opening) string {
	switch q.Kind {
	case Semestral:
		return fmt.Sprintf("semestral-%04d-%d", q.Year, q.Half)
	case DynamicFirst, DynamicSecond:
		round := 1
		if q.Kind == DynamicSecond {
			round = 2
		}
		return fmt.Sprintf("dynamic-%04d-%d-%d", q.Year, q.Half, round)
	}
	return "extraordinary-" + q.Day.String()
}

// lineID returns the id of a line. In the order of the ids the lines of a revision
// stand together, in the order in which they are applied.
func lineID(revision string, l *Line) string {
	list := string(l.List)
	if l.Application != "" {
		list = l.Application
	}
	effect := l.Effect
	if effect == "" && len(l.Choices) > 0 {
		effect = l.Choices[0]
	}
	return strings.Join([]string{revision, strconv.Itoa(effect.phase(l.List)), pad(l.ANPRID), string(l.Cause), list}, ".")
}

func pad(id string) string { return strings.Repeat("0", max(0, 16-len(id))) + id }

// record returns the line as a record of its book.
func (l Line) record(comune string) registry.Record {
	return registry.Record{Comune: comune, Book: registry.RevisionLineBook, ID: l.ID, Subject: l.ANPRID,
		State: string(l.State), At: l.Changed}
}
