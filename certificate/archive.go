package certificate

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
)

// An Archive keeps issued certificates until they expire (D.M. 17 October 2022,
// annex 2, services for the citizens 3 d). Package certificate/archive holds
// implementations on files and on SQL, its archivetest the conformance suite.
//
// It is safe for concurrent use. A cancelled context ends a call with the
// context's error and without effect. Errors hold no personal data.
type Archive interface {
	// Put keeps a document: durable when it returns. If there is one with its ID
	// or its RequestKey it does nothing and returns an error wrapping
	// [ErrArchived].
	Put(ctx context.Context, d Archived) error
	// Get returns a document by its ID, and ByRequest by its RequestKey; an error
	// wrapping [ErrNotArchived] if there is none, or it was deleted.
	Get(ctx context.Context, id string) (Archived, error)
	ByRequest(ctx context.Context, requestKey string) (Archived, error)
	// Owned yields what is kept of an owner's documents, the latest first,
	// without PDF and Embedded. After an error it yields nothing more.
	Owned(ctx context.Context, owner string) iter.Seq2[Archived, error]
	// Sweep deletes the documents whose Expires is not after an instant, so that
	// their bytes are gone, and returns how many there were.
	Sweep(ctx context.Context, at time.Time) (int, error)
}

// Errors of an [Archive].
var (
	ErrArchived    = errors.New("certificate: already in the archive")
	ErrNotArchived = errors.New("certificate: not in the archive")
)

// An Archived is an issued certificate as it is kept. Whose it is stands in it
// only as a keyed digest.
type Archived struct {
	// ID is the first group of the contrassegno: 26 characters A-Z and 2-7.
	ID string
	// RequestKey identifies the request that it answers, PayloadKey what was
	// asked; Owner the person that it is about; Comune is the Belfiore code of
	// the comune that issued it, empty for the portal. The keys and the owner
	// are 64 hexadecimal digits.
	RequestKey, PayloadKey, Owner, Comune string
	Kind                                  Kind
	// IssuedAt is the instant of issue, Expires that from which the document is
	// deleted: the end of its last day of validity in Italy. UTC, to the
	// millisecond.
	IssuedAt, Expires time.Time
	PDF               []byte
	// Embedded are the bytes of the data in the document.
	Embedded []byte
}

// keyed returns the digest by which the archive knows something personal.
func (i *Issuer) keyed(what string, parts ...string) string {
	h := hmac.New(sha256.New, i.cfg.Key)
	fmt.Fprintf(h, "it.anpr.archive.v1\x00%s", what)
	for _, p := range parts {
		fmt.Fprintf(h, "\x00%d\x00%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (i *Issuer) owner(p electoral.FiscalCode) string { return i.keyed("owner", string(p)) }

// requestKey identifies a request: a citizen's ids are his own, an officer's
// those of his comune.
func (i *Issuer) requestKey(req electoral.Request) string {
	who := string(req.Actor.FiscalCode)
	if req.Actor.Role == electoral.OfficerRole {
		who = ""
	}
	return i.keyed("request", string(req.Actor.Role), req.Actor.Comune, who, req.ID)
}

func (i *Issuer) payloadKey(req Request) string {
	return i.keyed("payload", req.ANPRID, string(req.Kind), string(req.Use), string(req.List), string(req.Signer.Role), req.Signer.Name, req.Language)
}

// issued reads an archived document.
func (i *Issuer) issued(a Archived) (out Issued, err error) {
	out = Issued{PDF: a.PDF, Embedded: a.Embedded}
	if a.Kind == CollectiveCertificate {
		var d CollectiveData
		d, err = ParseCollectiveData(a.Embedded)
		out.Collective = &d
	} else {
		out.Data, err = ParseData(a.Embedded)
	}
	if err == nil {
		out.Contrassegno, err = contrassegno.New(i.cfg.BaseURL, i.cfg.Key, a.Embedded)
	}
	if err != nil {
		return Issued{}, err
	}
	return out, nil
}

// expires is the end of a day in Italy.
func (i *Issuer) expires(day electoral.Date) time.Time {
	return i.calendar.Begins(day.AddDays(1))
}

// Download returns an archived certificate to the person that it is about or
// to an officer of the comune that issued it; a collective one to the latter
// alone. Others, and who asks for one that
// is not there any more, are refused with [NotYours] or [Expired]; who is not
// admitted with the faults of [electoral.Admit].
func (i *Issuer) Download(ctx context.Context, req electoral.Request, id string) (Issued, error) {
	var out Issued
	p := i.ownPassage(ctx, req, electoral.OpDownloadCertificate)
	p.Access.Subject = CertificateSubject(id)
	err := p.Do(ctx, func(on *electoral.Entry) error {
		if i.cfg.Archive == nil {
			return errNoArchive
		}
		a, err := i.cfg.Archive.Get(ctx, id)
		if errors.Is(err, ErrNotArchived) || err == nil && !a.Expires.After(on.Access().At) {
			return refuse("", Expired, "id")
		}
		if err != nil {
			return fmt.Errorf("certificate: %w", err)
		}
		if !i.mayDownload(req.Actor, a) {
			return refuse(a.Kind, NotYours, "id")
		}
		out, err = i.issued(a)
		return err
	})
	if err != nil {
		return Issued{}, err
	}
	return out, nil
}

var errNoArchive = errors.New("certificate: the issuer has no archive")

func (i *Issuer) mayDownload(who electoral.Actor, a Archived) bool {
	switch who.Role {
	case electoral.CitizenRole:
		return who.FiscalCode != "" && hmac.Equal([]byte(i.owner(who.FiscalCode)), []byte(a.Owner))
	case electoral.OfficerRole:
		return who.Comune != "" && who.Comune == a.Comune
	}
	return false
}

// Mine returns what is kept of the certificates of the citizen who asks, the
// latest first, without the documents. It refuses as [Issuer.Download] does.
func (i *Issuer) Mine(ctx context.Context, req electoral.Request) ([]Archived, error) {
	var list []Archived
	err := i.ownPassage(ctx, req, electoral.OpListCertificates).Do(ctx, func(on *electoral.Entry) error {
		if i.cfg.Archive == nil {
			return errNoArchive
		}
		if req.Actor.Role != electoral.CitizenRole || req.Actor.FiscalCode == "" {
			return refuse("", NotYours, "request.actor")
		}
		var err error
		list, err = i.kept(ctx, req.Actor.FiscalCode, on.Access().At)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// kept returns the certificates of a citizen that have not expired.
func (i *Issuer) kept(ctx context.Context, citizen electoral.FiscalCode, at time.Time) ([]Archived, error) {
	list := []Archived{}
	for a, err := range i.cfg.Archive.Owned(ctx, i.owner(citizen)) {
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		if a.Expires.After(at) {
			list = append(list, a)
		}
	}
	return list, nil
}

// Original returns the archived certificate to which an authentic contrassegno
// leads, for the public verification: whoever holds the paper may see it
// (annex 2, Ulteriori specifiche tecniche 3), so that nobody is authenticated
// and the key in the contrassegno is what admits. One that is forged, expired or
// deleted gives an error wrapping [contrassegno.ErrInvalid] or [ErrNotArchived].
//
// requestID identifies the request, as in [electoral.Request]. The access is on
// record before it returns, as that of [electoral.AnonymousReader] about
// [CertificateSubject].
func (i *Issuer) Original(ctx context.Context, requestID string, mark contrassegno.Mark) (Issued, error) {
	if i.cfg.Archive == nil {
		return Issued{}, errNoArchive
	}
	access := electoral.Access{
		FiscalCode: electoral.AnonymousReader, At: i.calendar.Now(), Operation: electoral.OpVerifyCertificate,
		RequestID: requestID, Method: electoral.NoMethod,
	}
	var out Issued
	err := electoral.Passage{Recorder: i.cfg.Recorder, Access: access, ReadOnly: true}.Do(ctx, func(on *electoral.Entry) error {
		var err error
		out, err = i.original(ctx, mark, access.At)
		switch {
		case errors.Is(err, contrassegno.ErrInvalid): // it names no certificate
			on.SetOutcome(string(NotAuthentic))
			return err
		case errors.Is(err, ErrNotArchived):
			on.SetOutcome(string(Expired))
		}
		on.SetSubject(CertificateSubject(mark.Digest()), "")
		return err
	})
	if err != nil {
		return Issued{}, err
	}
	return out, nil
}

// CertificateSubject is the subject under which the access log keeps what was
// done with an archived certificate by those who know its id and not its person:
// downloads, and verifications by the public. id is [Archived].ID; of any other
// text it is empty.
func CertificateSubject(id string) string {
	if !contrassegno.IsDigest(id) {
		return ""
	}
	return "certificate:" + id
}

func (i *Issuer) original(ctx context.Context, mark contrassegno.Mark, at time.Time) (Issued, error) {
	if !mark.Authentic(i.cfg.Key) {
		return Issued{}, fmt.Errorf("%w: it is not authentic", contrassegno.ErrInvalid)
	}
	a, err := i.cfg.Archive.Get(ctx, mark.Digest())
	if err != nil {
		return Issued{}, fmt.Errorf("certificate: %w", err)
	}
	if !a.Expires.After(at) {
		return Issued{}, fmt.Errorf("%w: it expired on %s", ErrNotArchived, a.Expires.Format(time.RFC3339))
	}
	return i.issued(a)
}

// Sweep deletes the archived certificates whose validity is over and returns
// how many. It is meant for a daily task.
func (i *Issuer) Sweep(ctx context.Context) (int, error) {
	if i.cfg.Archive == nil {
		return 0, errNoArchive
	}
	n, err := i.cfg.Archive.Sweep(ctx, i.calendar.Now())
	if err != nil {
		return n, fmt.Errorf("certificate: %w", err)
	}
	return n, nil
}

// Recover closes what a crash left open: for each access to issue a certificate
// of which the log has the request and no outcome, it records the outcome:
// granted if the document that it issued is in the archive, where its owner
// finds it, failed if it issued nothing. A repetition issues nothing, and nothing
// left before its outcome was recorded: it failed, whether it would have got the
// earlier document or been refused. Of an entry that an earlier version wrote, and
// that does not say in which quality it was asked, the outcome is unknown. It is called once at start-up, before new requests
// are served, with what the log holds open (package audit/recorder finds it).
func (i *Issuer) Recover(ctx context.Context, open []electoral.Access) (int, error) {
	closed := 0
	for _, entry := range open {
		if entry.Outcome != electoral.Requested || entry.Operation != electoral.OpIssueCertificate && entry.Operation != electoral.OpPreviewCertificate &&
			entry.Operation != electoral.OpDownloadCertificate && entry.Operation != electoral.OpListCertificates {
			continue
		}
		entry.Outcome = electoral.Failed
		if entry.Operation == electoral.OpIssueCertificate && i.cfg.Archive != nil {
			switch a, err := i.cfg.Archive.ByRequest(ctx, i.requestKey(entry.Request())); {
			case err == nil:
				// The log does not hold what was asked, but the instant of the
				// entry is that of the issue.
				if a.IssuedAt.Equal(entry.At) {
					entry.Outcome = electoral.Granted
				}
			case !errors.Is(err, ErrNotArchived):
				return closed, fmt.Errorf("certificate: %w", err)
			case entry.Role == "":
				entry.Outcome = electoral.Unknown
			}
		}
		if err := i.cfg.Recorder.Record(ctx, entry); err != nil {
			return closed, fmt.Errorf("certificate: %w: %w", electoral.ErrOutcomeNotRecorded, err)
		}
		closed++
	}
	return closed, nil
}
