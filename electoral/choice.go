package electoral

import "slices"

// A ChoiceKind is another way of voting than in one's own section, which a
// person chose or was admitted to for one vote.
type ChoiceKind string

// The kinds of choice.
const (
	// OptionForItaly is the option of a resident abroad to vote in Italy
	// ("opzione", L. 459/2001, art. 1 c. 3 and art. 4), made to the consulate.
	OptionForItaly ChoiceKind = "option-for-italy"
	// TemporarilyAbroad is the vote by post of who is abroad for at least three
	// months, and of his family ("temporaneamente all'estero", art. 4-bis).
	TemporarilyAbroad ChoiceKind = "temporarily-abroad"
	// AtHome is the vote at home of who cannot be moved ("voto domiciliare").
	AtHome ChoiceKind = "at-home"
	// InHospital is the vote at the place of care (D.P.R. 361/1957, art. 51).
	InHospital ChoiceKind = "in-hospital"
	// InDetention is the vote at the place of detention (L. 136/1976, art. 8).
	InDetention ChoiceKind = "in-detention"
	// OnService is the vote where military, police and firemen serve (D.P.R.
	// 361/1957, art. 49).
	OnService ChoiceKind = "on-service"
	// AtSea is the vote of seamen and airmen where they are (art. 50).
	AtSea ChoiceKind = "at-sea"
)

// ChoiceKinds returns the kinds of choice.
func ChoiceKinds() []ChoiceKind {
	return []ChoiceKind{OptionForItaly, TemporarilyAbroad, AtHome, InHospital, InDetention, OnService, AtSea}
}

// Italian returns the kind for people.
func (k ChoiceKind) Italian() string {
	switch k {
	case OptionForItaly:
		return "voto in Italia per opzione"
	case TemporarilyAbroad:
		return "voto per corrispondenza di chi è temporaneamente all'estero"
	case AtHome:
		return "voto a domicilio"
	case InHospital:
		return "voto nel luogo di cura"
	case InDetention:
		return "voto nel luogo di detenzione"
	case OnService:
		return "voto nel luogo di servizio"
	case AtSea:
		return "voto dei naviganti nel luogo in cui si trovano"
	}
	return "modo di votare sconosciuto: " + string(k)
}

// Known reports whether k is one of [ChoiceKinds].
func (k ChoiceKind) Known() bool { return slices.Contains(ChoiceKinds(), k) }

// A VotingChoice is what an officer recorded about how a person votes in one
// vote. It holds for that vote alone; an option and a vote by post for one of the
// Chambers hold for the other too, if both are elected on that day.
type VotingChoice struct {
	// ID is given by the registry.
	ID     string     `json:"id"`
	ANPRID string     `json:"anprId"`
	Comune string     `json:"comune"`
	Kind   ChoiceKind `json:"kind"`
	// Consultation and Day, its first day of voting, name the vote.
	Consultation Consultation `json:"consultation"`
	Day          Date         `json:"day"`
	// Received is the day on which the choice reached the office that the law
	// names: the consulate for an option, the comune for the others.
	Received Date `json:"received"`
	// Withdrawn is the day on which it was withdrawn; zero while it stands.
	Withdrawn Date `json:"withdrawn,omitzero"`
}
