package revision

import (
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Kind is a revision of the lists, with its round.
type Kind string

// The kinds.
const (
	// Semestral is the "revisione semestrale" (D.P.R. 223/1967, art. 7-31).
	Semestral Kind = "semestral"
	// DynamicFirst and DynamicSecond are the rounds ("tornate") of the "revisione
	// dinamica ordinaria" (art. 32): the first removes, the second enrols.
	DynamicFirst  Kind = "dynamic-first"
	DynamicSecond Kind = "dynamic-second"
	// Extraordinary is the "revisione dinamica straordinaria" before a vote (art.
	// 32 c. 4, art. 33).
	Extraordinary Kind = "extraordinary"
)

// Kinds returns the kinds.
func Kinds() []Kind { return []Kind{Semestral, DynamicFirst, DynamicSecond, Extraordinary} }

// Known reports whether k is one of [Kinds].
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }

// Revision returns the kind as ANPR's messages name it.
func (k Kind) Revision() electoral.Revision {
	switch k {
	case Semestral:
		return electoral.SemestralRevision
	case DynamicFirst, DynamicSecond:
		return electoral.DynamicRevision
	case Extraordinary:
		return electoral.ExtraordinaryRevision
	}
	return electoral.OtherRevision
}

// Italian returns the kind for people.
func (k Kind) Italian() string {
	switch k {
	case Semestral:
		return "revisione semestrale"
	case DynamicFirst:
		return "revisione dinamica ordinaria, prima tornata"
	case DynamicSecond:
		return "revisione dinamica ordinaria, seconda tornata"
	case Extraordinary:
		return "revisione dinamica straordinaria"
	}
	return "revisione sconosciuta: " + string(k)
}

// A Cause is why a line stands in a revision ("causa", art. 32 c. 1 n. 1-5).
type Cause string

// The causes.
const (
	TurnsEighteen   Cause = "turns-eighteen"   // compimento del diciottesimo anno
	Untraceable     Cause = "untraceable"      // irreperibilità
	Death           Cause = "death"            // decesso (n. 1)
	CitizenshipLost Cause = "citizenship-lost" // perdita della cittadinanza (n. 2)
	RightLost       Cause = "right-lost"       // perdita del diritto elettorale (n. 3)
	MovedOut        Cause = "moved-out"        // trasferimento in altro comune (n. 4)
	MovedIn         Cause = "moved-in"         // immigrazione da altro comune (n. 4)
	// RightAcquired is the acquisition of the right other than by age, of
	// citizenship, or its recovery (n. 5).
	RightAcquired Cause = "right-acquired"
	// Restored is the restoration of the previous registry position ("ripristino
	// della posizione anagrafica precedente", D.L. 5/2012, art. 5 c. 5-bis).
	Restored Cause = "restored"
	// TermEnded ends the enrolment in an added list of Bolzano, Trento or Valle
	// d'Aosta: the residence is reached.
	TermEnded Cause = "term-ended"
	// OtherSection is a change of abode into another section.
	OtherSection Cause = "other-section"
	// EUApplication is the application of a citizen of another Member State, and
	// EUEnded the end of his enrolment other than by death, a move or at his wish.
	EUApplication Cause = "eu-application"
	EUEnded       Cause = "eu-ended"
	// SectionsRedrawn is the re-drawing of the sections.
	SectionsRedrawn Cause = "sections-redrawn"
	// UnderAge strikes who is not yet 18 off the copy for the polling station (art.
	// 33); the general list keeps him.
	UnderAge Cause = "under-age"
	// CourtOrder is what a court or the circondariale commission orders.
	CourtOrder Cause = "court-order"
)

// Causes returns the causes.
func Causes() []Cause {
	return []Cause{TurnsEighteen, Untraceable, Death, CitizenshipLost, RightLost, MovedOut, MovedIn, RightAcquired,
		Restored, TermEnded, OtherSection, EUApplication, EUEnded, SectionsRedrawn, UnderAge, CourtOrder}
}

// Italian returns the cause for people.
func (c Cause) Italian() string {
	switch c {
	case TurnsEighteen:
		return "compimento del diciottesimo anno di età"
	case Untraceable:
		return "irreperibilità"
	case Death:
		return "decesso"
	case CitizenshipLost:
		return "perdita della cittadinanza italiana"
	case RightLost:
		return "perdita del diritto elettorale"
	case MovedOut:
		return "trasferimento in altro comune"
	case MovedIn:
		return "immigrazione da altro comune"
	case RightAcquired:
		return "acquisto o riacquisto del diritto elettorale"
	case Restored:
		return "ripristino della posizione anagrafica precedente"
	case TermEnded:
		return "periodo di residenza compiuto"
	case OtherSection:
		return "cambio di abitazione in altra sezione"
	case EUApplication:
		return "domanda di un cittadino dell'Unione europea"
	case EUEnded:
		return "fine dell'iscrizione di un cittadino dell'Unione europea"
	case SectionsRedrawn:
		return "revisione delle sezioni"
	case UnderAge:
		return "età inferiore a diciotto anni nel giorno della votazione"
	case CourtOrder:
		return "decisione di un giudice o della commissione circondariale"
	}
	return "causa sconosciuta: " + string(c)
}

// A Basis says how well a date or an answer of the law is known. Only what is
// [Sourced] refuses; anything else warns.
type Basis string

// The bases, as the research notes mark them.
const (
	Sourced    Basis = "sourced"    // read in a source
	Unverified Basis = "unverified" // general knowledge
	Inferred   Basis = "inferred"   // deduced from what was read
	Open       Basis = "open"       // sources contradict each other, or none was found
)
