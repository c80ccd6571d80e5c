package certificate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/seal"
)

// A CollectiveRequest asks for one certificate of enrolment for many persons
// ("certificato, anche collettivo", L. 352/1970, art. 8; DL 77/2021, art.
// 38-bis), as the electoral officer. It never states the political rights.
type CollectiveRequest struct {
	// Request is the officer's. The accesses of the persons are on record with
	// its ID, "-" and the number of the row: at most 57 characters remain for it.
	electoral.Request
	// Collection is what the certificate is for.
	Collection Collection
	// List is the list that is certified; empty means the general one.
	List electoral.List
	// Signer is as in [Request].
	Signer Signer
	// Language is the language beside Italian, as ISO 639-1, or "it" for none;
	// empty means that of the comune that issues, if it has one.
	Language string
	// People finds the persons. Required.
	People Finder
	// Workers is how many persons are looked up at once; zero means one for each
	// CPU.
	Workers int
}

// An IssuedCollective is an issued collective certificate, with what became of
// each row of the request.
type IssuedCollective struct {
	// PDF is the sealed document: who was refused is not in it.
	PDF  []byte
	Data CollectiveData
	// Embedded are the bytes of the data in the document, to which the
	// contrassegno is bound.
	Embedded     []byte
	Contrassegno contrassegno.Mark
	Count        BatchCount
	// Report has one row for each of the request, in their order.
	Report []BatchRow
}

// WriteReport writes the report as esito.csv of [Issuer.Batch] is written.
func (c IssuedCollective) WriteReport(w io.Writer) error { return writeReport(w, c.Report) }

// Collective issues one certificate for the persons whose codici fiscali a CSV
// holds, read as [Issuer.Batch] reads it, up to [MaxCollective] rows. They are
// listed by comune of enrolment, then by surname and name. Who cannot be
// certified is left out, with every reason in the report; if nobody can be, the
// error is a [*Refusal] with [NobodyCertified], and the report stands.
//
// Each person is found in People first; his access is on record before anything
// of his enrolment is read, and its outcome after the document is archived and
// before it is released; so is that of the request itself. An error that is no refusal, of one person or of the
// log, ends the whole: nothing is released, and the request may be repeated.
//
// With an archive the id of an earlier request with the same rows gives the
// same document; a person who could be certified only now stays out, with
// [CollectiveClosed]. Only an officer of the comune that issued it may download
// it later: [Issuer.Download] gives it to nobody who is in it.
func (i *Issuer) Collective(ctx context.Context, req CollectiveRequest, codes io.Reader) (IssuedCollective, error) {
	var out IssuedCollective
	err := i.recorded(ctx, Request{Request: req.Request}, electoral.OpIssueCertificate, func(at time.Time) error {
		c := collective{Issuer: i, req: req, at: at, day: i.day(at)}
		if err := c.prepare(codes); err != nil {
			return err
		}
		var err error
		out, err = c.run(ctx)
		return err
	})
	if refusal, ok := errors.AsType[*Refusal](err); ok && errors.Is(refusal, NobodyCertified) && !errors.Is(err, electoral.ErrNotRecorded) {
		return IssuedCollective{Count: out.Count, Report: out.Report}, err
	}
	if err != nil {
		return IssuedCollective{}, err
	}
	return out, nil
}

// collective is one request in work.
type collective struct {
	*Issuer
	req     CollectiveRequest
	at      time.Time
	day     electoral.Date
	list    electoral.List
	lang    string
	persons []*collectivePerson
	payload string
}

type collectivePerson struct {
	BatchRow
	code   electoral.FiscalCode
	anprID string
	open   bool // its access is on record, without the outcome
	comune Comune
	entry  CollectiveEntry
}

// prepare checks the request and reads the rows.
func (c *collective) prepare(codes io.Reader) error {
	r := &c.req
	refuse := func(code Code, field string) error {
		return &Refusal{Kind: CollectiveCertificate, Reasons: []Reason{newReason(code, field)}}
	}
	switch {
	case r.People == nil:
		return errors.New("certificate: collective certificate without people")
	case r.Actor.Role != electoral.OfficerRole:
		return refuse(NotYours, "request.actor")
	case len(r.ID) < 1 || len(r.ID) > 57:
		return fmt.Errorf("certificate: collective certificate: request id of %d characters: expected 1 to 57", len(r.ID))
	case r.Collection != ListCollection && r.Collection != ReferendumCollection:
		return refuse(UseUnknown, "collection")
	}
	if c.list = r.List; c.list == "" {
		c.list = electoral.GeneralList
	}
	if statementOf(c.list) == "" {
		return refuse(NotInList, "list")
	}
	if r.Workers <= 0 {
		r.Workers = runtime.GOMAXPROCS(0)
	}
	var ok bool
	if c.lang, ok = c.languageOf(r.Actor.Comune, r.Language); !ok {
		return refuse(LanguageNotInForce, "language")
	}
	rows, err := newCodeReader(codes)
	if err != nil {
		return err
	}
	sum := sha256.New()
	for n := 1; ; n++ {
		code, err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if n > MaxCollective {
			return fmt.Errorf("certificate: collective certificate of more than %d rows: divide the request", MaxCollective)
		}
		fmt.Fprintf(sum, "%d\x00%s", len(code), code)
		c.persons = append(c.persons, &collectivePerson{BatchRow: BatchRow{Row: n, FiscalCode: code}})
	}
	c.payload = c.keyed("collective", string(r.Collection), string(c.list), c.lang, string(r.Signer.Role), r.Signer.Name, hex.EncodeToString(sum.Sum(nil)))
	return nil
}

// run does the work between the entries of the request. The accesses that it
// opened are closed in any case.
func (c *collective) run(ctx context.Context) (out IssuedCollective, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = IssuedCollective{}, fmt.Errorf("certificate: internal error: %v", r)
		}
		result := electoral.Granted
		if err != nil {
			result = electoral.Failed
		}
		if e := c.close(ctx, result); e != nil {
			out, err = IssuedCollective{}, unrecorded(err, e)
		}
	}()
	first, found, err := c.first(ctx)
	if err != nil {
		return out, err
	}
	if err := c.assess(ctx); err != nil {
		return out, err
	}
	if found {
		out = first
		c.reconcile(first.Data)
	} else if out, err = c.issue(ctx); err != nil && !errors.Is(err, NobodyCertified) {
		return IssuedCollective{}, err
	}
	for _, p := range c.persons {
		out.Count.Rows++
		if p.Outcome == BatchIssued {
			out.Count.Issued++
			p.Protocol = out.Data.Protocol
		} else {
			out.Count.Refused++
		}
		out.Report = append(out.Report, p.BatchRow)
	}
	return out, err
}

// first returns the document with which the request was answered before.
func (c *collective) first(ctx context.Context) (IssuedCollective, bool, error) {
	if c.cfg.Archive == nil {
		return IssuedCollective{}, false, nil
	}
	a, err := c.cfg.Archive.ByRequest(ctx, c.requestKey(c.req.Request))
	if errors.Is(err, ErrNotArchived) {
		return IssuedCollective{}, false, nil
	}
	if err != nil {
		return IssuedCollective{}, false, fmt.Errorf("certificate: %w", err)
	}
	if a.PayloadKey != c.payload {
		return IssuedCollective{}, false, &Refusal{Kind: CollectiveCertificate, Reasons: []Reason{newReason(RequestReused, "request.id")}}
	}
	if !a.Expires.After(c.at) {
		return IssuedCollective{}, false, &Refusal{Kind: CollectiveCertificate, Reasons: []Reason{newReason(Expired, "request.id")}}
	}
	d, err := ParseCollectiveData(a.Embedded)
	if err != nil {
		return IssuedCollective{}, false, err
	}
	mark, err := contrassegno.New(c.cfg.BaseURL, c.cfg.Key, a.Embedded)
	return IssuedCollective{PDF: a.PDF, Data: d, Embedded: a.Embedded, Contrassegno: mark}, err == nil, err
}

// reconcile makes the rows say what the earlier document says.
func (c *collective) reconcile(d CollectiveData) {
	in := rowsOf(d)
	for _, p := range c.persons {
		switch {
		case in[p.Row]:
			p.Outcome, p.Reasons = BatchIssued, nil
		case p.Outcome == BatchIssued:
			p.Outcome, p.Reasons = BatchRefused, []Reason{newReason(CollectiveClosed, "codiceFiscale")}
		}
	}
}

func rowsOf(d CollectiveData) map[int]bool {
	rows := map[int]bool{}
	for _, g := range d.Groups {
		for _, e := range g.Entries {
			rows[e.Row] = true
		}
	}
	return rows
}

// assess looks up each person and says who can be certified.
func (c *collective) assess(ctx context.Context) error {
	seen := map[electoral.FiscalCode]bool{}
	refuse := func(p *collectivePerson, code Code) {
		p.Outcome, p.Reasons = BatchRefused, []Reason{newReason(code, "codiceFiscale")}
	}
	for _, p := range c.persons {
		code, err := electoral.ParseFiscalCode(p.FiscalCode)
		switch {
		case err != nil:
			refuse(p, FiscalCodeInvalid)
		case seen[code]:
			refuse(p, PersonRepeated)
		default:
			p.code = code
			seen[code] = true
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(c.req.Workers, len(c.persons)) {
		wg.Go(func() {
			for k := next.Add(1) - 1; int(k) < len(c.persons) && ctx.Err() == nil; k = next.Add(1) - 1 {
				p := c.persons[k]
				if p.Outcome != "" {
					continue
				}
				// A panic of a plugged-in part must not end the program.
				if err := run(func(time.Time) error { return c.one(ctx, p) }, c.at); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("certificate: collective certificate: %w", context.Cause(ctx))
	}
	// Two codes may be of one person: who changed his keeps the old one.
	ids := map[string]bool{}
	for _, p := range c.persons {
		if p.Outcome == BatchIssued && ids[p.anprID] {
			refuse(p, PersonRepeated)
		}
		ids[p.anprID] = true
	}
	return nil
}

// one judges one person. An error is one that is no refusal.
func (c *collective) one(ctx context.Context, p *collectivePerson) error {
	person, err := c.req.People.ByFiscalCode(ctx, p.code)
	if errors.Is(err, electoral.ErrNotFound) {
		p.Outcome, p.Reasons = BatchRefused, []Reason{newReason(NotInANPR, "codiceFiscale")}
		return nil
	}
	if err != nil {
		return err
	}
	p.anprID = person.ANPRID
	if err := c.cfg.Recorder.Record(ctx, c.access(p, electoral.Requested)); err != nil {
		return fmt.Errorf("%w: %w", electoral.ErrRequestNotRecorded, err)
	}
	p.open = true
	req := c.req.Request
	req.ID += "-" + strconv.Itoa(p.Row)
	facts, err := c.cfg.Source.CertificateFacts(ctx, req, person.ANPRID)
	if err == nil {
		err = c.describe(facts, req, p)
	}
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		p.Outcome, p.Reasons = BatchRefused, refusal.Reasons
		return nil
	}
	if faults, ok := errors.AsType[electoral.Faults](err); ok {
		p.Outcome, p.Reasons = BatchRefused, reasonsOf(faults)
		return nil
	}
	if err != nil {
		return err
	}
	p.Outcome = BatchIssued
	return nil
}

// describe composes what a certificate of his own would say, in the language of
// this one.
func (c *collective) describe(facts electoral.CertificateFacts, req electoral.Request, p *collectivePerson) error {
	d, err := c.compose(facts, Request{
		Request: req, ANPRID: facts.Person.ANPRID, Kind: EnrolmentCertificate, Use: ElectoralUse, List: c.list, Language: italianCode, Signer: c.req.Signer,
	}, c.day)
	if err != nil {
		return err
	}
	if c.lang != italianCode {
		comune, _ := c.cfg.Tables.Comune(d.Enrolment.Comune.Code, c.day) // known to compose
		d.Enrolment.Comune = c.comune(comune.Belfiore, comune, c.lang)
		d.Subject = subjectOf(facts.Person, c.cfg.Tables, c.lang)
		if reasons := c.unprintable(d); len(reasons) > 0 {
			return &Refusal{Kind: CollectiveCertificate, Reasons: reasons}
		}
	}
	p.comune = d.Enrolment.Comune
	p.entry = CollectiveEntry{Row: p.Row, Subject: d.Subject, Section: d.Enrolment.Section}
	return nil
}

// issue makes, seals and archives the document.
func (c *collective) issue(ctx context.Context) (IssuedCollective, error) {
	d := CollectiveData{
		Trial: !c.cfg.Sealer.Production(), IssuedAt: c.at, Collection: c.req.Collection, List: c.list, Language: c.lang,
		Groups: c.groups(), Nonce: newNonce(),
	}
	if len(d.Groups) == 0 {
		return IssuedCollective{}, &Refusal{Kind: CollectiveCertificate, Reasons: []Reason{newReason(NobodyCertified, "")}}
	}
	comune, _ := c.cfg.Tables.Comune(c.req.Actor.Comune, c.day) // compose refuses everybody without
	signer := Signer{Role: cmp.Or(c.req.Signer.Role, Mayor), Name: clean(c.req.Signer.Name)}
	d.Issuer = Authority{Channel: ComuneChannel, Name: c.cfg.Authority, Comune: ptrTo(c.comune(c.req.Actor.Comune, comune, c.lang)), Signer: &signer}
	var err error
	if d.ValidUntil, err = c.rules.ValidUntil(EnrolmentCertificate, c.day); err != nil {
		return IssuedCollective{}, err
	}
	if d.Protocol, err = c.protocol(ctx, Request{Request: c.req.Request, Kind: CollectiveCertificate, Use: ElectoralUse}, c.at); err != nil {
		return IssuedCollective{}, err
	}
	out := IssuedCollective{Data: d}
	if out.Embedded, err = d.Encode(); err != nil {
		return IssuedCollective{}, err
	}
	if out.Contrassegno, err = contrassegno.New(c.cfg.BaseURL, c.cfg.Key, out.Embedded); err != nil {
		return IssuedCollective{}, err
	}
	page, frame, err := c.renderCollective(d, out.Embedded, &out.Contrassegno)
	if err != nil {
		return IssuedCollective{}, err
	}
	if out.PDF, err = c.cfg.Sealer.Seal(ctx, page, seal.Details{Time: c.at.In(c.rome), Reason: sealReason, Appearance: frame}); err != nil {
		return IssuedCollective{}, fmt.Errorf("certificate: %w", err)
	}
	return c.put(ctx, out)
}

// put archives the document. If another request with the same id was quicker,
// it returns that one's.
func (c *collective) put(ctx context.Context, out IssuedCollective) (IssuedCollective, error) {
	if c.cfg.Archive == nil {
		return out, nil
	}
	err := c.cfg.Archive.Put(ctx, Archived{
		ID: out.Contrassegno.Digest(), RequestKey: c.requestKey(c.req.Request), PayloadKey: c.payload,
		// Nobody's: no codice fiscale gives this key.
		Owner: c.keyed("collective owner", c.req.Actor.Comune), Comune: c.req.Actor.Comune,
		Kind: CollectiveCertificate, IssuedAt: c.at, Expires: c.expires(out.Data.ValidUntil), PDF: out.PDF, Embedded: out.Embedded,
	})
	if errors.Is(err, ErrArchived) {
		first, found, err := c.first(ctx)
		if err == nil && !found {
			err = fmt.Errorf("certificate: %w", ErrArchived)
		}
		c.reconcile(first.Data)
		return first, err
	}
	if err != nil {
		return IssuedCollective{}, fmt.Errorf("certificate: %w", err)
	}
	return out, nil
}

// groups puts the persons in the order of the document.
func (c *collective) groups() []CollectiveGroup {
	at := map[string]int{}
	var out []CollectiveGroup
	for _, p := range c.persons {
		if p.Outcome != BatchIssued {
			continue
		}
		n, ok := at[p.comune.Code]
		if !ok {
			n = len(out)
			at[p.comune.Code] = n
			out = append(out, CollectiveGroup{Comune: p.comune})
		}
		out[n].Entries = append(out[n].Entries, p.entry)
	}
	slices.SortFunc(out, func(a, b CollectiveGroup) int {
		return cmp.Or(cmp.Compare(refdata.Fold(a.Comune.Name), refdata.Fold(b.Comune.Name)), cmp.Compare(a.Comune.Code, b.Comune.Code))
	})
	for _, g := range out {
		slices.SortFunc(g.Entries, func(a, b CollectiveEntry) int {
			return cmp.Or(cmp.Compare(refdata.Fold(a.Subject.Surname), refdata.Fold(b.Subject.Surname)),
				cmp.Compare(refdata.Fold(a.Subject.Name), refdata.Fold(b.Subject.Name)), cmp.Compare(a.Row, b.Row))
		})
	}
	return out
}

// access is the entry of a person.
func (c *collective) access(p *collectivePerson, outcome string) electoral.Access {
	return electoral.Access{
		FiscalCode: c.req.Actor.FiscalCode, At: c.at, Operation: electoral.OpIssueCertificate, Outcome: outcome,
		RequestID: c.req.ID + "-" + strconv.Itoa(p.Row), Method: c.req.Actor.Method, Comune: c.req.Actor.Comune, Subject: p.anprID,
	}
}

// close records the outcomes: the reason of who was refused, result for the
// others.
func (c *collective) close(ctx context.Context, result string) error {
	// A cancelled request must still find its outcomes in the log.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second+time.Duration(len(c.persons))*100*time.Millisecond)
	defer cancel()
	var failed error
	for _, p := range c.persons {
		if !p.open {
			continue
		}
		outcome := result
		if p.Outcome == BatchRefused && len(p.Reasons) > 0 {
			outcome = string(p.Reasons[0].Code)
		}
		if err := c.cfg.Recorder.Record(ctx, c.access(p, outcome)); err != nil {
			failed = err
			continue
		}
		p.open = false
	}
	return failed
}

// languageOf returns the language beside Italian of a comune that issues; false
// if that which is asked is not in force there.
func (i *Issuer) languageOf(comune, asked string) (string, bool) {
	return i.language(electoral.CertificateFacts{Person: electoral.Person{Residence: &electoral.Residence{Comune: comune}}}, asked)
}

// collectiveOutcome says how the open access of a person to a collective
// certificate ended: granted if the document is archived and holds the row.
func (i *Issuer) collectiveOutcome(ctx context.Context, req electoral.Request, at time.Time) (string, error) {
	n := lastDash(req.ID)
	row, err := strconv.Atoi(req.ID[n+1:])
	if n < 1 || err != nil {
		return electoral.Failed, nil
	}
	req.ID = req.ID[:n]
	a, err := i.cfg.Archive.ByRequest(ctx, i.requestKey(req))
	if errors.Is(err, ErrNotArchived) {
		return electoral.Failed, nil
	}
	if err != nil {
		return "", fmt.Errorf("certificate: %w", err)
	}
	// Of the data only the numbers of the rows are read.
	var d struct {
		Groups []struct {
			Entries []struct {
				Row int `json:"row"`
			} `json:"entries"`
		} `json:"groups"`
	}
	if a.Kind != CollectiveCertificate || !a.IssuedAt.Equal(at) || json.Unmarshal(a.Embedded, &d) != nil {
		return electoral.Failed, nil
	}
	for _, g := range d.Groups {
		for _, e := range g.Entries {
			if e.Row == row {
				return electoral.Granted, nil
			}
		}
	}
	return electoral.Failed, nil
}

func lastDash(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '-' {
			return i
		}
	}
	return -1
}
