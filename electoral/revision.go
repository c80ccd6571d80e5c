package electoral

// A Revision is a kind of revision of the lists ("tipoRevisione" of service
// 5010; D.P.R. 223/1967).
type Revision string

// The kinds of revision that ANPR knows.
const (
	FirstLoadRevision     Revision = "first-load"    // primo caricamento
	SemestralRevision     Revision = "semestral"     // semestrale
	DynamicRevision       Revision = "dynamic"       // dinamica
	ExtraordinaryRevision Revision = "extraordinary" // straordinaria
	OtherRevision         Revision = "other"         // altra
)

// Revisions returns the kinds of revision.
func Revisions() []Revision {
	return []Revision{FirstLoadRevision, SemestralRevision, DynamicRevision, ExtraordinaryRevision, OtherRevision}
}
