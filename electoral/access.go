package electoral

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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
	// Level is the security level of the credentials, 1 to 3; zero means that it
	// is not known, as of a smart card. The decree wants at least 2 (art. 3 c. 3,
	// art. 4 c. 4).
	Level int
	// ActingFor is the codice fiscale of the electoral officer whose delegate the
	// actor is ("delegato dell'ufficiale elettorale"); empty for who acts in his
	// own quality.
	ActingFor FiscalCode
	// Station identifies the workstation ("postazione"), and Device the security
	// device, such as a smart card, as the channel has verified them (D.P.C.M.
	// 194/2014; circular Dait 74/2025). Empty means not known.
	Station, Device string
	// AccessPoint is where the actor came in: the comune's software, the site of
	// ANPR, the access point of art. 64-bis of the CAD. Empty means not known.
	AccessPoint string
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
	// Purpose is what the access is for ("finalità"), and Procedure the number of
	// the proceeding that it belongs to ("procedimento"), as who asks states
	// them: at most [MaxPurpose] and [MaxProcedure] bytes. Both go into the access
	// log; empty means not stated.
	Purpose, Procedure string
	// Revision is the kind of revision of the lists that a change belongs to
	// ("tipoRevisione"); empty when it is not told. It goes into the operation
	// journal.
	Revision Revision
}

// An Access is what the access log keeps of one use of a service (annex 2,
// Ulteriori specifiche tecniche 1): the six fields of the decree, the person it
// is about, and from where, in which quality and to what end it was done. A
// text that is empty, and a level that is zero, was not given.
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
	// Comune is the Belfiore code of the comune in whose chain of the log it
	// stands: of one person, the comune under which he is registered when it is
	// asked; of a list, a query or a batch, the comune of the list; else the
	// asker's. Empty for the portal's own chain.
	Comune string
	// Subject is the ANPR id of the person it is about, if it is one. Of
	// [OpDownloadCertificate] and [OpVerifyCertificate], which know no person, it
	// is "certificate:" and the id of the certificate in the archive.
	Subject string
	// ActorComune is the comune of who asks, which need not be that of the chain.
	ActorComune string
	// Role, Level, ActingFor, Station, Device and AccessPoint are the [Actor]'s,
	// Purpose and Procedure the [Request]'s.
	Role               Role
	Level              int
	ActingFor          FiscalCode
	Station, Device    string
	Purpose, Procedure string
	AccessPoint        string
	// Details say what else the entry is to tell, in ascending order of their
	// keys, which do not repeat.
	Details []Detail
}

// A Detail is one more datum of an [Access]: how many rows left, of which list.
type Detail struct {
	// Key is 1 to 32 characters of a-z, 0-9, dot and hyphen.
	Key string
	// Value is not empty.
	Value string
}

// The most bytes of what an [Actor] and a [Request] tell the access log, and of
// the value of a [Detail].
const (
	MaxStation     = 128
	MaxDevice      = 128
	MaxAccessPoint = 64
	MaxPurpose     = 256
	MaxProcedure   = 128
	MaxDetail      = 200
)

// NewAccess returns the access of a request at an instant, without outcome,
// chain and subject.
func NewAccess(req Request, op Operation, at time.Time) Access {
	actor := req.Actor
	return Access{
		FiscalCode: actor.FiscalCode, At: at.UTC().Truncate(time.Millisecond), Operation: op, RequestID: req.ID,
		Method:      actor.Method,
		ActorComune: actor.Comune, Role: actor.Role, Level: actor.Level, ActingFor: actor.ActingFor,
		Station: actor.Station, Device: actor.Device, Purpose: req.Purpose, Procedure: req.Procedure,
		AccessPoint: actor.AccessPoint,
	}
}

// Request returns the request as far as the access tells it.
func (a Access) Request() Request {
	return Request{ID: a.RequestID, Purpose: a.Purpose, Procedure: a.Procedure, Actor: Actor{
		FiscalCode: a.FiscalCode, Role: a.Role, Comune: a.ActorComune, Method: a.Method, Level: a.Level,
		ActingFor: a.ActingFor, Station: a.Station, Device: a.Device, AccessPoint: a.AccessPoint,
	}}
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
	// Unknown is written when it is not known whether what was to be written
	// stands ([ErrUnknown]).
	Unknown = "unknown"
	// Repeated is the outcome of what gave the answer of an earlier request with
	// the same id, and did nothing.
	Repeated = "repeated"
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

// Admit checks what every service asks of who calls, for a service that gives
// what the registry gave before, such as an archived certificate: an id of the
// request, a known actor and method of authentication, credentials of level 2
// at least or a smart card (D.M. 17 October 2022, art. 3 c. 3, art. 4 c. 4). It
// records nothing. The methods of [registry.Registry] do it themselves.
func Admit(req Request) Faults {
	var faults Faults
	if !printableID(req.ID) {
		faults = append(faults,
			NewFault(RequestIDMissing, "request.id", strconv.QuoteToASCII(req.ID[:min(len(req.ID), 100)]), nil))
	}
	// The code is personal data: it does not stand in the fault.
	if _, err := ParseFiscalCode(string(req.Actor.FiscalCode)); err != nil {
		faults = append(faults, NewFault(ActorUnknown, "request.actor.fiscalCode", "", nil))
	}
	if !slices.Contains([]Method{SmartCardMethod, CNSMethod, CIEMethod, SPIDMethod}, req.Actor.Method) {
		faults = append(faults,
			NewFault(ActorUnknown.In("method"), "request.actor.method", string(req.Actor.Method), nil))
	}
	if req.Actor.Level < 2 && req.Actor.Method != SmartCardMethod {
		faults = append(faults, NewFault(LevelTooLow, "request.actor.level", strconv.Itoa(req.Actor.Level), nil))
	}
	faults = append(faults, admitTexts(req)...)
	if l := req.Actor.Level; l < 0 || l > 3 {
		faults = append(faults, NewFault(AccessTextUnfit.In("level"), "request.actor.level", strconv.Itoa(l), nil))
	}
	if req.Revision != "" && !slices.Contains(Revisions(), req.Revision) {
		faults = append(faults, NewFault(RevisionUnknown, "request.revision", string(req.Revision), nil))
	}
	return faults
}

// admitTexts checks what goes into the access log as it was told: what the log
// could not keep would fail the call without a reason.
func admitTexts(req Request) (faults Faults) {
	if c := req.Actor.ActingFor; c != "" {
		if _, err := ParseFiscalCode(string(c)); err != nil {
			faults = append(faults, NewFault(ActorUnknown.In("acting-for"), "request.actor.actingFor", "", nil))
		}
	}
	for _, text := range []struct {
		path, value string
		most        int
	}{
		{"request.actor.station", req.Actor.Station, MaxStation},
		{"request.actor.device", req.Actor.Device, MaxDevice},
		{"request.actor.accessPoint", req.Actor.AccessPoint, MaxAccessPoint},
		{"request.purpose", req.Purpose, MaxPurpose},
		{"request.procedure", req.Procedure, MaxProcedure},
	} {
		if !recordable(text.value, text.most) {
			faults = append(faults,
				NewFault(AccessTextUnfit, text.path, strconv.QuoteToASCII(text.value[:min(len(text.value), 100)]),
					Args{"most": strconv.Itoa(text.most)}))
		}
	}
	return faults
}

// recordable reports whether the access log can keep a text; it keeps none of
// what is empty.
func recordable(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && (s == "" || strings.TrimSpace(s) != "") &&
		strings.IndexFunc(s, func(r rune) bool {
			return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Zl, unicode.Zp)
		}) < 0
}

func printableID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 64
}
