package certificate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/internal/spreadsheet"
)

// A CollectiveRequest asks for one certificate of enrolment for many persons
// ("certificato, anche collettivo", L. 352/1970, art. 8; DL 77/2021, art.
// 38-bis), as the electoral officer. The certificate never states the political
// rights.
type CollectiveRequest struct {
	// Request is the officer's. The access to each person is on record with its
	// ID, "-" and the number of the row: at most 57 characters remain for the
	// ID.
	electoral.Request
	// Collection is what the certificate is for.
	Collection Collection
	// List is the list that is certified; empty means the general one.
	List electoral.List
	// Signer is as in [Request].
	Signer Signer
	// Language is the language beside Italian, as ISO 639-1, or "it" for none.
	// Empty means the language of the comune that issues, if it has one.
	Language string
	// People finds the persons. Required.
	People Finder
	// Workers is how many persons are looked up at once; zero means one for each
	// CPU.
	Workers int
}

// An IssuedCollective is an issued collective certificate, with the outcome of
// each row of the request.
type IssuedCollective struct {
	// PDF is the sealed document. It does not contain the persons who were
	// refused.
	PDF  []byte
	Data CollectiveData
	// Embedded are the bytes of the data in the document, to which the
	// contrassegno is bound.
	Embedded     []byte
	Contrassegno contrassegno.Mark
	Count        BatchCount
	// Report has one row for each row of the request, in the same order.
	Report []BatchRow
}

// WriteReport writes the report in the form of the esito.csv of [Issuer.Batch].
func (c IssuedCollective) WriteReport(w io.Writer) error { return writeReport(w, c.Report) }

// Collective issues one certificate for the persons whose codici fiscali a CSV
// holds, read as [Issuer.Batch] reads it, up to [MaxCollective] rows. The
// persons are listed by comune of enrolment, then by surname and name. A person
// who cannot be certified is left out, with every reason in the report. If
// nobody can be certified, the error is a [*Refusal] with [NobodyCertified],
// and the report is returned with it.
//
// Each person is found in People first. The access to each person's data is on
// record, in the chain of that person's comune, before any of the data are
// used. The request has two entries of its own: one before the first person,
// one after the document is archived and before it is released. An error of the
// log, or one about a person that is not a refusal, ends the whole call:
// nothing is released, and the request may be repeated.
//
// The other errors are the faults of [electoral.Admit]; a [*Refusal] with [NotYours],
// [UseUnknown], [NotInList], [LanguageNotInForce], [RequestReused]
// or [Expired]; a [*FileError]; and those of sealer, protocol, archive and log.
//
// With an archive, the id of an earlier request with the same rows gives the
// same document; a person who has become certifiable since then stays out, with
// [CollectiveClosed]. Later only an officer of the comune that issued the
// certificate may download it: [Issuer.Download] does not give it to the
// persons in it.
func (i *Issuer) Collective(ctx context.Context, req CollectiveRequest, codes io.Reader) (IssuedCollective, error) {
	var out IssuedCollective
	err := i.passage(ctx, req.Request, electoral.OpIssueCertificate, "").Do(ctx, func(on *electoral.Entry) error {
		at := on.Access().At
		c := collective{issuer: i, req: req, at: at, day: i.calendar.Day(at)}
		if err := c.prepare(codes); err != nil {
			return err
		}
		var repeated bool
		var err error
		out, repeated, err = c.run(ctx)
		if repeated {
			on.SetOutcome(electoral.Repeated)
		}
		on.Set("certificate", out.Contrassegno.Digest())
		on.Set("rows", strconv.Itoa(len(c.persons)))
		return err
	})
	if refusal, ok := errors.AsType[*Refusal](err); ok && errors.Is(refusal, NobodyCertified) &&
		!errors.Is(err, electoral.ErrNotRecorded) {
		return IssuedCollective{Count: out.Count, Report: out.Report}, err
	}
	if err != nil {
		return IssuedCollective{}, err
	}
	return out, nil
}

// A collective is one call of Collective in progress.
type collective struct {
	issuer  *Issuer
	req     CollectiveRequest
	at      time.Time
	day     electoral.Date
	list    electoral.List
	lang    string
	persons []*collectivePerson
	keys    keys
}

type collectivePerson struct {
	BatchRow
	code   electoral.FiscalCode
	anprID string
	comune Comune
	entry  CollectiveEntry
}

// prepare checks the request and reads the rows.
func (c *collective) prepare(codes io.Reader) error {
	r := &c.req
	switch {
	case r.People == nil:
		return errors.New("certificate: collective certificate without people")
	case r.Actor.Role != electoral.OfficerRole:
		return refuse(CollectiveCertificate, NotYours, "request.actor")
	case len(r.ID) < 1 || len(r.ID) > 57:
		return fmt.Errorf("certificate: collective certificate: request id of %d characters: expected 1 to 57",
			len(r.ID))
	case r.Collection != ListCollection && r.Collection != ReferendumCollection:
		return refuse(CollectiveCertificate, UseUnknown, "collection")
	}
	if c.list = r.List; c.list == "" {
		c.list = electoral.GeneralList
	}
	if statementOf(c.list) == "" {
		return refuse(CollectiveCertificate, NotInList, "list")
	}
	if r.Workers <= 0 {
		r.Workers = runtime.GOMAXPROCS(0)
	}
	var ok bool
	if c.lang, ok = c.issuer.languageOf(r.Actor.Comune, r.Language); !ok {
		return refuse(CollectiveCertificate, LanguageNotInForce, "language")
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
			return fmt.Errorf("certificate: collective certificate of more than %d rows: divide the request",
				MaxCollective)
		}
		fmt.Fprintf(sum, "%d\x00%s", len(code), code)
		c.persons = append(c.persons, &collectivePerson{BatchRow: BatchRow{
			Row: n, FileRow: rows.row, Column: spreadsheet.ColumnName(rows.column), FiscalCode: code}})
	}
	c.keys = keys{
		request: c.issuer.requestKey(r.Request),
		payload: c.issuer.keyed("collective", string(r.Collection), string(c.list), c.lang, string(r.Signer.Role),
			r.Signer.Name, hex.EncodeToString(sum.Sum(nil))),
		owner: c.issuer.keyed("collective owner", r.Actor.Comune), // nobody's: no codice fiscale gives this key
	}
	return nil
}

// run does the work between the two entries of the request. repeated reports
// that an earlier request with the same id already has its document.
func (c *collective) run(ctx context.Context) (out IssuedCollective, repeated bool, err error) {
	first, repeated, err := c.issuer.earlier(ctx, CollectiveCertificate, c.keys)
	if err != nil {
		return out, false, err
	}
	if err := c.assess(ctx); err != nil {
		return out, false, err
	}
	if !repeated {
		first, repeated, err = c.issue(ctx)
	}
	if err != nil && !errors.Is(err, NobodyCertified) {
		return out, false, err
	}
	if first.Collective != nil {
		out = IssuedCollective{PDF: first.PDF, Data: *first.Collective, Embedded: first.Embedded,
			Contrassegno: first.Contrassegno}
	}
	if repeated {
		c.reconcile(out.Data)
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
	return out, repeated, err
}

// reconcile brings the rows into agreement with the earlier document.
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

// assess looks up each person and notes who can be certified.
func (c *collective) assess(ctx context.Context) error {
	seen := map[electoral.FiscalCode]int{} // the row of the file
	refuse := func(p *collectivePerson, code Code) {
		p.Outcome, p.Reasons = BatchRefused, []Reason{newReason(code, "codiceFiscale")}
	}
	for _, p := range c.persons {
		code, err := electoral.ParseFiscalCode(p.FiscalCode)
		switch {
		case err != nil:
			refuse(p, FiscalCodeInvalid)
		case seen[code] > 0:
			p.Outcome, p.Reasons = BatchRefused, []Reason{repeatedIn(seen[code])}
		default:
			p.code = code
			seen[code] = p.FileRow
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
				if err := c.one(ctx, p); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("certificate: collective certificate: %w", context.Cause(ctx))
	}
	// Two codes may belong to one person, who keeps the old one after a change.
	ids := map[string]bool{}
	for _, p := range c.persons {
		if p.Outcome == BatchIssued && ids[p.anprID] {
			refuse(p, PersonRepeated)
		}
		ids[p.anprID] = true
	}
	return nil
}

// one assesses one person. It returns only errors that are not refusals.
func (c *collective) one(ctx context.Context, p *collectivePerson) error {
	person, err := c.find(ctx, p.code)
	if errors.Is(err, electoral.ErrNotFound) {
		p.Outcome, p.Reasons = BatchRefused, []Reason{notFound("codiceFiscale")}
		return nil
	}
	if err != nil {
		return err
	}
	p.anprID = person.ANPRID
	req := c.req.Request
	req.ID += "-" + strconv.Itoa(p.Row)
	pass := c.issuer.passage(ctx, req, electoral.OpReadForCertificate, person.ANPRID)
	pass.ReadOnly = true
	pass.Access.At = c.at
	err = pass.Do(ctx, func(on *electoral.Entry) error {
		on.Set("collective", c.req.ID)
		facts, err := c.issuer.cfg.Source.CertificateFacts(ctx, on)
		if err != nil {
			return err
		}
		return c.describe(facts, req, p)
	})
	if errors.Is(err, electoral.ErrNotRecorded) { // of the whole, nothing was done
		return fmt.Errorf("%w: %v", electoral.ErrRequestNotRecorded, err)
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

// find finds a person. A panic of the finder would end the program, because
// nobody could recover it in another goroutine; find makes it an error.
func (c *collective) find(ctx context.Context, code electoral.FiscalCode) (p electoral.Person, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &electoral.PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	return c.req.People.ByFiscalCode(ctx, code)
}

// describe composes what the person's own certificate would say, in the
// language of the collective one.
func (c *collective) describe(facts electoral.CertificateFacts, req electoral.Request, p *collectivePerson) error {
	d, err := c.issuer.compose(facts, Request{
		Request: req, ANPRID: facts.Person.ANPRID, Kind: EnrolmentCertificate, Use: ElectoralUse, List: c.list,
		Language: italianCode, Signer: c.req.Signer,
	}, c.day)
	if err != nil {
		return err
	}
	if c.lang != italianCode {
		comune, _ := c.issuer.cfg.Tables.Comune(d.Enrolment.Comune.Code, c.day) // known to compose
		d.Enrolment.Comune = c.issuer.comune(comune.Belfiore, comune, c.lang)
		d.Subject = subjectOf(facts.Person, c.issuer.cfg.Tables, c.lang)
		if reasons := c.issuer.unprintable(d); len(reasons) > 0 {
			return &Refusal{Kind: CollectiveCertificate, Reasons: reasons}
		}
	}
	p.comune = d.Enrolment.Comune
	p.entry = CollectiveEntry{Row: p.Row, Subject: d.Subject, Section: d.Enrolment.Section}
	return nil
}

// issue makes the document of the persons who can be certified.
func (c *collective) issue(ctx context.Context) (Issued, bool, error) {
	d := CollectiveData{
		Trial: !c.issuer.cfg.Sealer.Production(), IssuedAt: c.at, Collection: c.req.Collection, List: c.list,
		Language: c.lang,
		Groups:   c.groups(), Nonce: newNonce(),
	}
	if len(d.Groups) == 0 {
		return Issued{}, false, refuse(CollectiveCertificate, NobodyCertified, "")
	}
	comune, _ := c.issuer.cfg.Tables.Comune(c.req.Actor.Comune, c.day) // compose refuses everybody without
	signer := Signer{Role: cmp.Or(c.req.Signer.Role, Mayor), Name: clean(c.req.Signer.Name)}
	d.Issuer = Authority{
		Channel: ComuneChannel, Name: c.issuer.cfg.Authority,
		Comune: ptrTo(c.issuer.comune(c.req.Actor.Comune, comune, c.lang)), Signer: &signer,
	}
	var err error
	if d.ValidUntil, err = c.issuer.rules.ValidUntil(EnrolmentCertificate, c.day); err != nil {
		return Issued{}, false, err
	}
	if d.Protocol, err = c.issuer.protocol(ctx,
		Request{Request: c.req.Request, Kind: CollectiveCertificate, Use: ElectoralUse}, c.at); err != nil {
		return Issued{}, false, err
	}
	return c.issuer.produce(ctx, d, c.keys)
}

// groups returns the persons in the order of the document.
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
		return cmp.Or(cmp.Compare(refdata.Fold(a.Comune.Name), refdata.Fold(b.Comune.Name)),
			cmp.Compare(a.Comune.Code, b.Comune.Code))
	})
	for _, g := range out {
		slices.SortFunc(g.Entries, func(a, b CollectiveEntry) int {
			return cmp.Or(cmp.Compare(refdata.Fold(a.Subject.Surname), refdata.Fold(b.Subject.Surname)),
				cmp.Compare(refdata.Fold(a.Subject.Name), refdata.Fold(b.Subject.Name)), cmp.Compare(a.Row, b.Row))
		})
	}
	return out
}

// languageOf returns the language beside Italian of a comune that issues; false
// if the language that was asked is not in force there.
func (i *Issuer) languageOf(comune, asked string) (string, bool) {
	inhabitant := electoral.Person{Residence: &electoral.Residence{Comune: comune}}
	return i.language(electoral.CertificateFacts{Person: inhabitant}, asked)
}
