package electoral

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Role is the capacity in which somebody uses the services (annex 2, services
// for the comuni 1 and for the citizens 1).
type Role string

// The roles.
const (
	// OfficerRole is the electoral officer of a comune ("ufficiale
	// elettorale", art. 3 c. 1).
	OfficerRole Role = "officer"
	// CitizenRole is that of a citizen who asks about himself (art. 4).
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

// Nobody is authenticated where the public verifies a certificate
// ([OpVerifyCertificate]). The log requires a code and a method all the same:
// these two, which no authenticated actor can have.
const (
	// AnonymousReader stands in place of the codice fiscale of an unknown
	// reader.
	AnonymousReader FiscalCode = "ANONIMO"
	// NoMethod is the method of a reader who was not authenticated.
	NoMethod Method = "nessuna"
)

// An Actor is the person who calls a service, as the channel has authenticated
// him.
type Actor struct {
	FiscalCode FiscalCode
	Role       Role
	// Comune is the Belfiore code of the officer's comune; empty for a citizen.
	Comune string
	Method Method
	// Level is the security level of the credentials, 1 to 3; zero means not
	// known, as with a smart card. The decree wants at least 2 (art. 3 c. 3,
	// art. 4 c. 4).
	Level int
	// ActingFor is the codice fiscale of the electoral officer whose delegate
	// the actor is ("delegato dell'ufficiale elettorale"); empty if he acts for
	// nobody else.
	ActingFor FiscalCode
	// Station identifies the workstation ("postazione"), and Device the security
	// device, such as a smart card, as the channel has verified them (D.P.C.M.
	// 194/2014; circular Dait 74/2025). Empty means not known.
	Station, Device string
	// AccessPoint is the way by which the actor came in: the comune's software,
	// the site of ANPR, the access point of art. 64-bis of the CAD. Empty means
	// not known.
	AccessPoint string
}

// A Request goes with every call of a service.
type Request struct {
	// ID identifies the request ("identificativo della richiesta"); it goes
	// into the access log. Required: 1 to 64 printable ASCII characters, no
	// blanks.
	//
	// For a service that writes, it is also the key under which a retry gets
	// the earlier answer. If it is all digits, it must be higher than the last
	// such id of the comune (ANPR's idOperazioneComune).
	ID    string
	Actor Actor
	// Purpose is what the access is for ("finalità"), and Procedure the number
	// of the proceeding that it belongs to ("procedimento"), as the caller
	// states them: at most [MaxPurpose] and [MaxProcedure] bytes. Both go into
	// the access log; empty means not stated.
	Purpose, Procedure string
	// Revision is the kind of revision of the lists that a change belongs to
	// ("tipoRevisione"); empty if not stated. It goes into the operation
	// journal.
	Revision Revision
	// Recovery is the act by which a person who had lost the right to vote has
	// it again; nil if the request gives nobody the right back. It is for an
	// enrolment, a change, the recovery of the capacity and the decision on an
	// application. Its day and its act go into the access log.
	Recovery *Recovery
	// Message says that the request came as a message of ANPR's, which carries
	// no act of recovery: only from the comune that registered a loss does it
	// give the right back, with a warning.
	Message bool
}

// An Access is what the access log keeps of one use of a service (annex 2,
// Ulteriori specifiche tecniche 1): the six fields of the decree, the person it
// is about, and from where, in which role and for which purpose it was made. An
// empty text and a level of zero were not given.
type Access struct {
	// FiscalCode is that of the person who used the service ("codice fiscale").
	FiscalCode FiscalCode
	// At is the instant of the request, UTC, to the millisecond.
	At time.Time
	// Operation is what was asked ("operazione richiesta"), an [Operation].
	Operation Operation
	// Outcome is how it ended ("esito della richiesta"): [Requested] while it
	// has not, [Granted], [Failed], [Unknown], [Repeated], or the code of the
	// refusal.
	Outcome string
	// RequestID is Request.ID ("identificativo della richiesta").
	RequestID string
	// Method is how he was authenticated ("modalità di autenticazione").
	Method Method
	// Comune is the Belfiore code of the comune in whose chain of the log the
	// access stands: for an access about one person, the comune under which he
	// is registered when the call is made; for a list, a query or a batch, the
	// comune of the list; otherwise that of the caller. Empty means the
	// portal's own chain.
	Comune string
	// Subject is the ANPR id of the person whom the access is about; empty if
	// it is not about exactly one. For [OpDownloadCertificate] and
	// [OpVerifyCertificate], which know no person, it is "certificate:" and the
	// id of the certificate in the archive.
	Subject string
	// ActorComune is the caller's comune, which need not be that of the chain.
	ActorComune string
	// Role, Level, ActingFor, Station, Device and AccessPoint are the [Actor]'s,
	// Purpose and Procedure the [Request]'s.
	Role               Role
	Level              int
	ActingFor          FiscalCode
	Station, Device    string
	Purpose, Procedure string
	AccessPoint        string
	// Details are further data of the entry, in ascending order of their keys,
	// which do not repeat.
	Details []Detail
}

// A Detail is a further datum of an [Access], such as the list that was read or
// how many of its rows were given out.
type Detail struct {
	// Key is 1 to 32 characters of a-z, 0-9, dot and hyphen.
	Key string
	// Value is not empty.
	Value string
}

// Limits, in bytes, of the texts that an [Actor] and a [Request] add to the
// access log, and of the value of a [Detail].
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

// Request returns the request of which the access is the record, without its
// Revision, which the access log does not keep.
func (a Access) Request() Request {
	return Request{ID: a.RequestID, Purpose: a.Purpose, Procedure: a.Procedure, Actor: Actor{
		FiscalCode: a.FiscalCode, Role: a.Role, Comune: a.ActorComune, Method: a.Method, Level: a.Level,
		ActingFor: a.ActingFor, Station: a.Station, Device: a.Device, AccessPoint: a.AccessPoint,
	}}
}

// The outcomes of an [Access] that are not the code of a refusal.
const (
	// Requested is written before the work, so that the request is on record
	// whatever follows.
	Requested = "requested"
	// Granted is written after the work and before the answer leaves.
	Granted = "granted"
	// Failed is written when the work ended in an error that is not a refusal.
	Failed = "failed"
	// Unknown is written when it is not known whether a change took effect ([ErrUnknown]).
	Unknown = "unknown"
	// Repeated is written when a call did nothing and returned the answer to an
	// earlier request with the same id.
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
	OpRecordChoice        Operation = "choice-record"
	OpWithdrawChoice      Operation = "choice-withdraw"
	OpReadChoices         Operation = "choices-read"
	OpMergeIDs            Operation = "ids-merge"
	OpSucceed             Operation = "comune-succession"
	OpConfirmSuccession   Operation = "comune-succession-confirm"
	OpWithdrawSuccession  Operation = "comune-succession-withdraw"
	OpUndoSuccession      Operation = "comune-succession-undo"
	OpReadSuccessions     Operation = "comune-successions-read"
	OpLowerRequestID      Operation = "request-id-lower"
	OpOpenRevision        Operation = "revision-open"
	OpProposeRevision     Operation = "revision-propose"
	OpReadRevision        Operation = "revision-read"
	OpDecideLines         Operation = "revision-lines-decide"
	OpAddLine             Operation = "revision-line-add"
	OpApplyRevision       Operation = "revision-apply"
	OpCloseRevision       Operation = "revision-close"
	OpRevisionMinute      Operation = "revision-minute"
	OpListSections        Operation = "sections-list"
	OpDeleteSection       Operation = "section-delete"
	OpRenumberSection     Operation = "section-renumber"
	OpRedraw              Operation = "sections-redraw"
	OpMoveElectors        Operation = "electors-move"
	OpSpreadAbroad        Operation = "abroad-spread"
	OpDeliver             Operation = "certificate-deliver"
	OpLogIn               Operation = "log-in"
	OpLogOut              Operation = "log-out"
	OpStepUp              Operation = "step-up" // who one is, confirmed before something delicate
	OpEndSessions         Operation = "sessions-end"
)

// A Recorder writes accesses to a log. The registry and the certificate
// issuer fail closed: what cannot be recorded is neither done nor shown.
//
// When Record returns nil, the access is durable. It is called from several
// goroutines at once; the log keeps the accesses in the order in which it took
// them.
type Recorder interface {
	Record(ctx context.Context, a Access) error
}

// Admit checks what every service requires of its caller: an id of the request,
// a known actor and method of authentication, credentials of at least level 2
// or a smart card (D.M. 17 October 2022, art. 3 c. 3, art. 4 c. 4). It records
// nothing. The methods of the registry apply it themselves; it is for services
// outside the registry, such as the download of an archived certificate. The codes
// are those of requests and actors, REG-ACC; Faults(found).Err() makes them an error.
func Admit(req Request) []Fault {
	var faults Faults
	if !printableID(req.ID) {
		faults = append(faults,
			NewFault(RequestIDMissing, "request.id", strconv.QuoteToASCII(req.ID[:min(len(req.ID), 100)]), nil))
	}
	if req.Message && printableID(req.ID) && !anprID(req.ID) {
		faults = append(faults, NewFault(RequestIDMissing.In("anpr"), "request.id", req.ID, nil))
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

// admitTexts checks the texts that go into the access log unchanged: one that
// the log cannot keep would make the call fail without saying why.
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

// recordable reports whether the access log can keep a text. An empty text is
// not kept, and is right.
func recordable(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && (s == "" || strings.TrimSpace(s) != "") &&
		strings.IndexFunc(s, func(r rune) bool {
			return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Zl, unicode.Zp)
		}) < 0
}

// anprID reports whether s has the form of an id of ANPR's messages
// (idOperazioneComune): 1 to 30 letters and digits.
func anprID(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 30
}

func printableID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 64
}

// ErrNotRecorded is wrapped by the error of a call whose access, or its outcome,
// could not be written to the access log ([Passage.Do]).
var ErrNotRecorded = errors.New("electoral: access not recorded")

var (
	// ErrRequestNotRecorded means that nothing was begun: the call may be
	// repeated. It wraps [ErrNotRecorded].
	ErrRequestNotRecorded = fmt.Errorf("%w: the request, of which nothing was begun", ErrNotRecorded)
	// ErrOutcomeNotRecorded means that the work was done and that its outcome
	// is not on record. Data that were read are not returned; a change stands,
	// and a call with the same request id returns its answer. It wraps
	// [ErrNotRecorded].
	ErrOutcomeNotRecorded = fmt.Errorf("%w: the outcome of what was done", ErrNotRecorded)
	// ErrUnknown is wrapped by the error of a change that may or may not have
	// taken effect; a call with the same request id settles it. The access log
	// keeps such a change as [Unknown].
	ErrUnknown = errors.New("electoral: it is not known whether the change stands")
)

// recordTerm bounds the writing of an entry. A caller who cancels does not
// cancel the entry: what was done must be on record.
const recordTerm = 10 * time.Second

// A Passage is the one way through to electors' data: all work on them runs in
// [Passage.Do], which records it and fails closed.
type Passage struct {
	// Recorder writes the log. Required.
	Recorder Recorder
	// Access is what is asked, by whom and about whom; its Outcome is not used.
	Access Access
	// Refused is the reason why the caller is not admitted; nil if he is. If it
	// is set, no work is done and the refusal is recorded.
	Refused error
	// ReadOnly says that the work changes nothing and gives out none of what it
	// reads before it has ended. One entry then holds all that the decree
	// requires (annex 2, Ulteriori specifiche tecniche 1). Any other work has
	// two entries: [Requested] before it, so that work interrupted by a crash
	// is on record, and the outcome after it.
	ReadOnly bool
}

// An Entry is an access whose work is running. Only [Passage.Do] makes one that
// is on record, and only the goroutine of the work uses it.
type Entry struct {
	access  Access
	outcome string
	open    bool
	only    bool // ReadOnly
	// within is the outcome that stands in the transaction of the change, and receipt
	// what its log has given for it.
	within, receipt string
}

// Access returns the access as it is, or will be, on record.
func (e *Entry) Access() Access { return e.access }

// OnRecord reports whether the work is running, so that the access is on record
// or will be before any result is shown. It is false for nil, for the zero
// value and after the work.
func (e *Entry) OnRecord() bool { return e != nil && e.open }

// SetOutcome sets an outcome, such as [Repeated], in place of the one that
// follows from the work's error.
func (e *Entry) SetOutcome(outcome string) { e.outcome = outcome }

// RecordWithin has write put the outcome into the transaction of the change itself,
// where the log is in the same database: then both stand or neither. write returns
// what the log has given for the entry, or an empty text if the log is elsewhere. The
// work calls it last of all that it does in the transaction, each time that this is
// run. When the transaction is committed, and the work ends with that outcome,
// [Passage.Do] records nothing more.
func (e *Entry) RecordWithin(outcome string, write func(Access) (receipt string, err error)) error {
	e.within, e.receipt = "", ""
	if write == nil {
		return errors.New("electoral: an outcome needs a function that writes it")
	}
	a := e.access
	a.Outcome = outcome
	receipt, err := write(a)
	if err == nil && receipt != "" {
		e.within, e.receipt = outcome, receipt
	}
	return err
}

// Receipt returns what the log has given for the outcome in the transaction of the
// change; empty if it is not there.
func (e *Entry) Receipt() string { return e.receipt }

// Withdraw says that the transaction of the change was not committed: its outcome is
// not on record.
func (e *Entry) Withdraw() { e.within, e.receipt = "", "" }

// SetSubject sets the person whom a read-only access turned out to be about,
// and the comune in whose chain it stands. It does nothing for any other
// access, whose request is on record already.
func (e *Entry) SetSubject(subject, comune string) {
	if e.only {
		e.access.Subject, e.access.Comune = subject, comune
	}
}

// Set adds a detail to the outcome's entry, in place of one with the same key.
// An empty value adds nothing; one that the log could not keep, or that is
// longer than [MaxDetail] bytes, is quoted and cut.
func (e *Entry) Set(key, value string) {
	if !recordable(value, MaxDetail) {
		value = strconv.QuoteToASCII(value)
		value = value[:min(len(value), MaxDetail)]
	}
	i, found := slices.BinarySearchFunc(e.access.Details, key,
		func(d Detail, key string) int { return strings.Compare(d.Key, key) })
	switch {
	case value == "":
	case found:
		e.access.Details[i].Value = value
	default:
		e.access.Details = slices.Insert(slices.Clip(e.access.Details), i, Detail{Key: key, Value: value})
	}
}

// A PanicError is the error of work that panicked: in a store, a population, a
// sealer or another part that the caller has plugged in.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine, as runtime/debug.Stack gives it
}

func (e *PanicError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }

// Do runs the work of an access and records it. When it returns nil, the work
// was done and its outcome is durable in the log. The errors are:
//
//   - Refused, or the error of the work: its outcome is on record. A panic of the
//     work is a [*PanicError].
//   - [ErrRequestNotRecorded]: nothing was begun. So it is without a Recorder.
//   - [ErrOutcomeNotRecorded]: the work was done, and its outcome is not on record.
//   - Refused, or the error of read-only work, and [ErrNotRecorded]: the outcome
//     is not on record. The error of a change does not wrap ErrNotRecorded, since
//     a caller who finds it would take the change for done; its text says that the
//     outcome is not on record.
func (p Passage) Do(ctx context.Context, work func(on *Entry) error) error {
	if p.Recorder == nil {
		if p.Refused != nil {
			return fmt.Errorf("%w (the passage has no Recorder): %w", ErrRequestNotRecorded, p.Refused)
		}
		return fmt.Errorf("%w: the passage has no Recorder", ErrRequestNotRecorded)
	}
	e := &Entry{access: p.Access, only: p.ReadOnly}
	err := p.Refused
	if err == nil && !p.ReadOnly {
		if err := p.record(ctx, e.access, Requested); err != nil {
			return fmt.Errorf("%w: %w", ErrRequestNotRecorded, err)
		}
	}
	if err == nil {
		e.open = true
		err = safely(func() error { return work(e) })
		e.open = false
	}
	outcome := e.outcome
	if outcome == "" {
		outcome = Outcome(err)
	}
	if e.within != "" && e.within == outcome {
		return err
	}
	unrecorded := p.record(ctx, e.access, outcome)
	switch {
	case unrecorded == nil:
		return err
	case err == nil:
		return fmt.Errorf("%w: %w", ErrOutcomeNotRecorded, unrecorded)
	case p.ReadOnly || p.Refused != nil:
		return fmt.Errorf("%w (%w: %w)", err, ErrNotRecorded, unrecorded)
	}
	return fmt.Errorf("%w (this outcome is not on record: %w)", err, unrecorded)
}

func (p Passage) record(ctx context.Context, a Access, outcome string) error {
	a.Outcome = outcome
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTerm)
	defer cancel()
	return p.Recorder.Record(ctx, a)
}

func safely(work func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	return work()
}

// A refusal is an error that gives the code under which the log keeps it.
type refusal interface {
	error
	RefusalCode() string
}

// Outcome returns the outcome that the access log keeps of a call's error:
// [Granted] for nil, [Unknown], [Failed], or for a refusal the code of its
// first reason, which its method RefusalCode returns, as that of [Faults] does.
func Outcome(err error) string {
	if err == nil {
		return Granted
	}
	if errors.Is(err, ErrUnknown) {
		return Unknown
	}
	if r, ok := errors.AsType[refusal](err); ok && r.RefusalCode() != "" {
		return r.RefusalCode()
	}
	return Failed
}
