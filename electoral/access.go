package electoral

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A Role says in which quality somebody uses the services (annex 2, services
// for the comuni 1 and for the citizens 1).
type Role string

// The roles.
const (
	// OfficerRole is the electoral officer of a comune ("ufficiale
	// elettorale", art. 3 c. 1).
	OfficerRole Role = "officer"
	// CitizenRole is a citizen about himself (art. 4).
	CitizenRole Role = "citizen"
)

// A Method is a way of authentication ("modalità di autenticazione", annex 2,
// Ulteriori specifiche tecniche 1).
type Method string

// The methods of art. 64 of the CAD and of annex 2.
const (
	SmartCardMethod Method = "smart-card"
	CNSMethod       Method = "cns"
	CIEMethod       Method = "cie"
	SPIDMethod      Method = "spid"
)

// Nobody is authenticated where the public verifies a certificate ([OpVerifyCertificate]).
// The log wants a code and a method all the same, and nothing else can have
// these.
const (
	// AnonymousReader stands for the codice fiscale of who cannot be known.
	AnonymousReader FiscalCode = "ANONIMO"
	// NoMethod is the method of authentication of the anonymous.
	NoMethod Method = "nessuna"
)

// An Actor is who asks a service, as the channel has authenticated him.
type Actor struct {
	FiscalCode FiscalCode
	Role       Role
	// Comune is the Belfiore code of the officer's comune; empty for a citizen.
	Comune string
	Method Method
	// Level is the security level of the credentials, 1 to 3; the decree wants
	// at least 2 (art. 3 c. 3, art. 4 c. 4).
	Level int
}

// A Request goes with every call of a service.
type Request struct {
	// ID identifies the request ("identificativo della richiesta"); it goes
	// into the access log. Required: 1 to 64 printable ASCII characters, no
	// blanks.
	//
	// For what writes it is also the key under which a retry gives the earlier
	// answer; if it is all digits the comune's ids must grow (ANPR's
	// idOperazioneComune).
	ID    string
	Actor Actor
	// Revision is the kind of revision of the lists that a change belongs to
	// ("tipoRevisione"); empty when it is not told. It goes into the operation
	// journal.
	Revision Revision
}

// An Access is what the access log keeps of one use of a service (annex 2,
// Ulteriori specifiche tecniche 1): the six fields of the decree, and the
// chain and the subject that they concern.
type Access struct {
	// FiscalCode is of who used the service ("codice fiscale").
	FiscalCode FiscalCode
	// At is the instant of the request, UTC, to the millisecond.
	At time.Time
	// Operation is what was asked ("operazione richiesta"), an [Operation].
	Operation Operation
	// Outcome is how it ended ("esito della richiesta"): [Requested],
	// [Granted], or the code of the refusal.
	Outcome string
	// RequestID is Request.ID ("identificativo della richiesta").
	RequestID string
	// Method is how he was authenticated ("modalità di autenticazione").
	Method Method
	// Comune is the Belfiore code of the comune whose data it is about; the log
	// keeps a chain for each. Empty for a service that is no comune's.
	Comune string
	// Subject is the ANPR id of the person it is about, if it is one. Of
	// [OpDownloadCertificate] and [OpVerifyCertificate], which know no person, it
	// is "certificate:" and the id of the certificate in the archive.
	Subject string
}

// The outcomes of an [Access] that are not the code of a refusal.
const (
	// Requested is written before the work: whatever follows, that it was asked
	// is on record.
	Requested = "requested"
	// Granted is written after the work and before the answer leaves.
	Granted = "granted"
	// Failed is written when the work ended in an error that is no refusal.
	Failed = "failed"
)

// An Operation names a service in the access log.
type Operation string

// The operations of the registry and of the certificates. Those that change an
// elector also stand in the operation journal.
const (
	OpPutSection          Operation = "section-put"
	OpReadSection         Operation = "section-read"
	OpEnrol               Operation = "elector-enrol"
	OpChange              Operation = "elector-change"
	OpReadElector         Operation = "elector-read"
	OpListSection         Operation = "section-list"
	OpLoad                Operation = "first-load"
	OpExtract             Operation = "list-extract"
	OpReadForCertificate  Operation = "certificate-facts"
	OpRemove              Operation = "elector-remove"
	OpAnnul               Operation = "elector-annul"
	OpLoseCapacity        Operation = "capacity-lose"
	OpRecoverCapacity     Operation = "capacity-recover"
	OpCertifiability      Operation = "certifiability-set"
	OpQuery               Operation = "electors-query"
	OpCount               Operation = "electors-count"
	OpJournal             Operation = "journal-read"
	OpReadConflicts       Operation = "conflicts-read"
	OpAnswerConflict      Operation = "conflict-answer"
	OpRectify             Operation = "rectification-ask"
	OpReadRectifications  Operation = "rectifications-read"
	OpAnswerRectify       Operation = "rectification-answer"
	OpApply               Operation = "application-submit"
	OpReadApplications    Operation = "applications-read"
	OpDecideApplication   Operation = "application-decide"
	OpUndoLoad            Operation = "first-load-undo"
	OpProgress            Operation = "first-load-progress"
	OpPreviewCertificate  Operation = "certificate-preview"
	OpIssueCertificate    Operation = "certificate-issue"
	OpDownloadCertificate Operation = "certificate-download"
	OpListCertificates    Operation = "certificates-list"
	OpVerifyCertificate   Operation = "certificate-verify"
	OpReadAccesses        Operation = "accesses-read"
)

// A Recorder writes accesses to a log. The registry and the certificate
// issuer fail closed: what cannot be recorded is neither done nor shown.
//
// Record makes a durable before it returns nil. It is called from several
// goroutines at once. Its order is the log's order.
type Recorder interface {
	Record(ctx context.Context, a Access) error
}

// Repeated is the outcome of an [Access] that gave the answer of an earlier
// request with the same id, and did nothing.
const Repeated = "repeated"

// ErrNotRecorded is wrapped by the error of a call whose access could not be
// written to the access log: always together with one of the two below.
var ErrNotRecorded = errors.New("electoral: access not recorded")

var (
	// ErrRequestNotRecorded means that nothing was begun: the call may be
	// repeated. It wraps [ErrNotRecorded].
	ErrRequestNotRecorded = fmt.Errorf("%w: the request, of which nothing was begun", ErrNotRecorded)
	// ErrOutcomeNotRecorded means that the call ended, and how it ended is not on
	// record: what was to be read is not shown; what was to be written stands,
	// unless the error says too why it does not, and the same id asks for the
	// answer again. It wraps [ErrNotRecorded].
	ErrOutcomeNotRecorded = fmt.Errorf("%w: the outcome", ErrNotRecorded)
)

// Rome is the name of the time zone in which the decree's days are counted.
const Rome = "Europe/Rome"

// Admit checks what every service asks of who calls, for a service that gives
// what the registry gave before, such as an archived certificate: an id of the
// request, a known actor and method of authentication, credentials of level 2
// at least or a smart card (D.M. 17 October 2022, art. 3 c. 3, art. 4 c. 4). It
// records nothing. The methods of [registry.Registry] do it themselves.
func Admit(req Request) Faults {
	var faults Faults
	if !printableID(req.ID) {
		faults = append(faults, NewFault(RequestIDMissing, "request.id", strconv.QuoteToASCII(req.ID[:min(len(req.ID), 100)]), "Manca l'identificativo della richiesta, o non è valido.", "da 1 a 64 caratteri ASCII stampabili, senza spazi"))
	}
	// The code is personal data: it does not stand in the fault.
	if _, err := ParseFiscalCode(string(req.Actor.FiscalCode)); err != nil {
		faults = append(faults, NewFault(ActorUnknown, "request.actor.fiscalCode", "", "Il codice fiscale di chi accede manca o non è valido.", "un codice fiscale"))
	}
	if !slices.Contains([]Method{SmartCardMethod, CNSMethod, CIEMethod, SPIDMethod}, req.Actor.Method) {
		faults = append(faults, NewFault(ActorUnknown, "request.actor.method", string(req.Actor.Method), "Non è noto come chi accede è stato autenticato.", "smart-card, cns, cie o spid"))
	}
	if req.Actor.Level < 2 && req.Actor.Method != SmartCardMethod {
		faults = append(faults, NewFault(LevelTooLow, "request.actor.level", strconv.Itoa(req.Actor.Level), "Le credenziali sono di livello troppo basso.", "almeno 2"))
	}
	if req.Revision != "" && !slices.Contains(Revisions(), req.Revision) {
		faults = append(faults, NewFault(RevisionUnknown, "request.revision", string(req.Revision), "Il tipo di revisione non è noto.", "primo caricamento, semestrale, dinamica, straordinaria o altra"))
	}
	return faults
}

func printableID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 64
}

// Outcome returns what the access log keeps of how a call ended: [Granted], the
// code of the first fault of a refusal, or [Failed].
func Outcome(err error) string {
	if err == nil {
		return Granted
	}
	if faults, ok := errors.AsType[Faults](err); ok && len(faults.Errors()) > 0 {
		return string(faults.Errors()[0].Code)
	}
	return Failed
}
