package electoral

// CertificateFacts are the data from which an electoral certificate is made.
type CertificateFacts struct {
	Person Person
	// Elector has no [CapacityLoss]: the capacity says as much as a certificate
	// needs.
	Elector Elector
	// Section is the section of the general list, or failing that of the first
	// list in which the person is; nil if he is in none.
	Section *Section
	// ClaimedBy is the Belfiore code of the comune to which another comune has
	// released the person, who is in no general list, and which may now enrol
	// him; empty if there is no such comune.
	ClaimedBy string
}
