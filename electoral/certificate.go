package electoral

// CertificateFacts are what an electoral certificate is made of.
type CertificateFacts struct {
	Person  Person
	Elector Elector
	// Section is the section of the general list, or failing that of the first
	// list in which the person is; nil if he is in none.
	Section *Section
	// ClaimedBy is the Belfiore code of the comune that may now enrol in its
	// general list the person who is in none; empty without such a [registry.Conflict].
	ClaimedBy string
}
