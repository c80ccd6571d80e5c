package certificate

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
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
	// Put keeps a document, durably when it returns. If the archive has a
	// document with the same ID or the same RequestKey, Put does nothing and
	// returns an error wrapping [ErrArchived].
	Put(ctx context.Context, d Archived) error
	// Get returns a document by its ID, and ByRequest by its RequestKey. The
	// error wraps [ErrNotArchived] if there is no such document, or it was
	// deleted.
	Get(ctx context.Context, id string) (Archived, error)
	ByRequest(ctx context.Context, requestKey string) (Archived, error)
	// Owned yields the documents of an owner, the latest first, without PDF and
	// Embedded. After an error it yields nothing more.
	Owned(ctx context.Context, owner string) iter.Seq2[Archived, error]
	// Sweep deletes the documents whose Expires is not after an instant, so
	// that their bytes are gone, and returns how many documents it deleted.
	Sweep(ctx context.Context, at time.Time) (int, error)
}

// Errors of an [Archive].
var (
	ErrArchived    = errors.New("certificate: already in the archive")
	ErrNotArchived = errors.New("certificate: not in the archive")
)

// An Archived is an issued certificate as it is kept. It names its owner only
// by a keyed digest.
type Archived struct {
	// ID is the first group of the contrassegno: 26 characters A-Z and 2-7.
	ID string
	// RequestKey identifies the request that the document answers, PayloadKey
	// the content of that request, and Owner the person that the document is
	// about: 64 hexadecimal digits each. Comune is the Belfiore code of the
	// comune that issued it, empty for the portal.
	RequestKey, PayloadKey, Owner, Comune string
	Kind                                  Kind
	// IssuedAt is the instant of issue. Expires is the instant from which the
	// document is deleted: the end of its last day of validity in Italy. Both
	// are UTC, to the millisecond.
	IssuedAt, Expires time.Time
	PDF               []byte
	// Embedded are the bytes of the data in the document.
	Embedded []byte
}

// keyed returns the digest that stands for personal data in the archive.
func (i *Issuer) keyed(what string, parts ...string) string {
	h := hmac.New(sha256.New, i.cfg.Key)
	fmt.Fprintf(h, "it.anpr.archive.v1\x00%s", what)
	for _, p := range parts {
		fmt.Fprintf(h, "\x00%d\x00%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// owner returns the digest that stands for the person with an ANPR id: a codice
// fiscale changes, with a correction or with the sex, and the certificates stay
// his.
func (i *Issuer) owner(anprID string) string { return i.keyed("person", anprID) }

// owners returns the digests under which a citizen's certificates are kept: that
// of his ANPR id, if he has one, and that of his codice fiscale, under which
// versions before this one kept them.
func (i *Issuer) owners(anprID string, code electoral.FiscalCode) []string {
	byCode := i.keyed("owner", string(code))
	if anprID == "" {
		return []string{byCode}
	}
	return []string{i.owner(anprID), byCode}
}

// requestKey identifies a request. The ids of a citizen's requests are his own;
// those of officers belong to their comune.
func (i *Issuer) requestKey(req electoral.Request) string {
	who := string(req.Actor.FiscalCode)
	if req.Actor.Role == electoral.OfficerRole {
		who = ""
	}
	return i.keyed("request", string(req.Actor.Role), req.Actor.Comune, who, req.ID)
}

func (i *Issuer) payloadKey(req Request) string {
	return i.keyed("payload", req.ANPRID, string(req.Kind), string(req.Use), string(req.List),
		string(req.Signer.Role), req.Signer.Name, req.Language)
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

// expires returns the instant at which a day ends in Italy.
func (i *Issuer) expires(day electoral.Date) time.Time {
	return i.calendar.Begins(day.AddDays(1))
}

// Download returns an archived certificate to the person that it is about, or
// to an officer of the comune that issued it, or of the one that took the place of
// this comune ([HeirSource]); a collective certificate only to such an officer. Anybody else is refused with [NotYours]. If the document is
// no longer there, or has expired, the refusal is [Expired]. A person who is
// not admitted is refused with the faults of [electoral.Admit]. Other errors are
// those of the archive and of the source, an issuer without an archive, and
// [electoral.ErrNotRecorded]: then nothing is shown.
func (i *Issuer) Download(ctx context.Context, req electoral.Request, id string) (Issued, error) {
	var out Issued
	p := i.ownPassage(ctx, req, electoral.OpDownloadCertificate)
	anprID := p.Access.Subject
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
		may, err := i.mayDownload(ctx, req.Actor, anprID, a)
		if err != nil {
			return err
		}
		if !may {
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

func (i *Issuer) mayDownload(ctx context.Context, who electoral.Actor, anprID string, a Archived) (bool, error) {
	switch who.Role {
	case electoral.CitizenRole:
		return who.FiscalCode != "" && slices.ContainsFunc(i.owners(anprID, who.FiscalCode), func(o string) bool {
			return hmac.Equal([]byte(o), []byte(a.Owner))
		}), nil
	case electoral.OfficerRole:
		if who.Comune == "" || a.Comune == "" || who.Comune == a.Comune {
			return who.Comune != "" && who.Comune == a.Comune, nil
		}
		if heirs, ok := i.cfg.Source.(HeirSource); ok {
			return heirs.IsHeir(ctx, who.Comune, a.Comune)
		}
	}
	return false, nil
}

// Mine returns the archived certificates of the citizen who asks, the latest
// first, without PDF and Embedded. Its errors are those of [Issuer.Download], but
// for [Expired].
func (i *Issuer) Mine(ctx context.Context, req electoral.Request) ([]Archived, error) {
	var list []Archived
	p := i.ownPassage(ctx, req, electoral.OpListCertificates)
	err := p.Do(ctx, func(on *electoral.Entry) error {
		if i.cfg.Archive == nil {
			return errNoArchive
		}
		if req.Actor.Role != electoral.CitizenRole || req.Actor.FiscalCode == "" {
			return refuse("", NotYours, "request.actor")
		}
		var err error
		list, err = i.kept(ctx, i.owners(p.Access.Subject, req.Actor.FiscalCode), on.Access().At)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// kept returns the certificates of some owners that have not expired, the latest
// first.
func (i *Issuer) kept(ctx context.Context, owners []string, at time.Time) ([]Archived, error) {
	list := []Archived{}
	for _, owner := range owners {
		for a, err := range i.cfg.Archive.Owned(ctx, owner) {
			if err != nil {
				return nil, fmt.Errorf("certificate: %w", err)
			}
			if a.Expires.After(at) {
				list = append(list, a)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Archived) int { return b.IssuedAt.Compare(a.IssuedAt) })
	return list, nil
}

// Original returns the archived certificate to which an authentic contrassegno
// leads, for the public verification. Whoever holds the paper may see the
// original (annex 2, Ulteriori specifiche tecniche 3): nobody is authenticated,
// because the keyed code in the contrassegno is what admits. A forged
// contrassegno gives an error wrapping [contrassegno.ErrInvalid]; a certificate
// that has expired or was deleted, one wrapping [ErrNotArchived].
//
// requestID identifies the request, as in [electoral.Request]. The access is on
// record before Original returns, as an access of [electoral.AnonymousReader]
// whose subject is [CertificateSubject]; if it is not, the error wraps
// [electoral.ErrNotRecorded]. Other errors are those of the archive, and an issuer
// without one.
func (i *Issuer) Original(ctx context.Context, requestID string, mark contrassegno.Mark) (Issued, error) {
	if i.cfg.Archive == nil {
		return Issued{}, errNoArchive
	}
	access := electoral.Access{
		FiscalCode: electoral.AnonymousReader, At: i.calendar.Now(), Operation: electoral.OpVerifyCertificate,
		RequestID: requestID, Method: electoral.NoMethod,
	}
	var out Issued
	p := electoral.Passage{Recorder: i.cfg.Recorder, Access: access, ReadOnly: true}
	err := p.Do(ctx, func(on *electoral.Entry) error {
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

// CertificateSubject returns the subject under which the access log keeps
// downloads and public verifications of an archived certificate: those who ask
// know the certificate's id, not the person. id is [Archived].ID; for any other
// text the subject is empty.
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
	out, err := i.issued(a)
	if err == nil && slices.Contains(i.formerBases, mark.Base()) {
		out.Contrassegno = mark // as it is printed
	}
	return out, err
}

// Sweep deletes the archived certificates whose validity is over and returns
// how many it deleted. It is meant for a daily task. The error is that of the
// archive, with the number of those that are gone, or an issuer without one.
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

// Recover records an outcome for each access that a crash left open: an issue,
// a preview, a download or a list of documents for which the log has the
// request and no outcome. Call it once at start-up, before new requests are
// served, with the open accesses of the log (package audit/recorder finds
// them). It returns how many it closed.
//
// The outcome of an issue is granted if the document that it issued is in the
// archive, where its owner finds it, and failed otherwise. Failed is also the
// outcome of a repetition, which issues nothing: nothing leaves before the
// outcome is recorded, so the citizen got neither the earlier document nor a
// refusal. It is unknown for an entry of an earlier version that does not hold
// the role of the person who asked, if the archive does not have its document. The
// error is that of the archive or of the log; the rest may be closed by another call.
func (i *Issuer) Recover(ctx context.Context, open []electoral.Access) (int, error) {
	closed := 0
	for _, entry := range open {
		if entry.Outcome != electoral.Requested {
			continue
		}
		switch entry.Operation {
		case electoral.OpIssueCertificate, electoral.OpPreviewCertificate,
			electoral.OpDownloadCertificate, electoral.OpListCertificates:
		default:
			continue
		}
		entry.Outcome = electoral.Failed
		if entry.Operation == electoral.OpIssueCertificate && i.cfg.Archive != nil {
			switch a, err := i.cfg.Archive.ByRequest(ctx, i.requestKey(entry.Request())); {
			case err == nil:
				// The log does not hold the content of the request, but the instant of the
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
