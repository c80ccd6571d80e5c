package seal

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/tsp"
)

// ExtenderConfig configures an [Extender].
type ExtenderConfig struct {
	// Timestamp gives document time-stamps. Required.
	Timestamp Timestamper

	// Revocation gathers certificate status. Required.
	Revocation *Revocation

	// Roots holds the trust anchors of the seals and of the time-stamps: only
	// chains that end there are followed, so that no document makes the
	// extender ask addresses of its own choosing. Other certificates in it
	// complete chains.
	Roots []*x509.Certificate

	// Now is the clock. If nil, time.Now.
	Now func() time.Time

	// MaxSize is the size in bytes up to which documents are read. If zero, 64
	// MiB.
	MaxSize int64
}

// An Extender brings sealed documents to a higher level and keeps them
// verifiable beyond the life of certificates. It needs no key. It is safe for
// concurrent use.
type Extender struct {
	cfg  ExtenderConfig
	last atomic.Pointer[Token] // says what the next time-stamp is like
}

// NewExtender checks the configuration.
func NewExtender(cfg ExtenderConfig) (*Extender, error) {
	switch {
	case cfg.Timestamp == nil:
		return nil, errors.New("seal: no time-stamping authority is configured: set Timestamp")
	case cfg.Revocation == nil:
		return nil, errors.New("seal: nothing gathers certificate status: set Revocation")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxSize == 0 {
		cfg.MaxSize = defaultMaxSize
	}
	return &Extender{cfg: cfg}, nil
}

// A job is a signature or time-stamp whose chains need evidence.
type job struct {
	key    pdf.Name // of its VRI entry; empty for none
	chains [][]*x509.Certificate
	at     time.Time // when it was made at the latest: zero for now
}

// append adds a revision with validation data and, for B-LTA, a document
// time-stamp behind an update that is finished.
func (e *Extender) append(
	ctx context.Context, p *place, u *pdf.Update, jobs []job, level Level, token int,
) ([]byte, *placed, error) {
	now := e.cfg.Now()
	found := make([]*evidence, len(jobs))
	size := 4096
	for i, j := range jobs {
		found[i] = &evidence{}
		for _, chain := range j.chains {
			ev, err := e.cfg.Revocation.collect(ctx, chain, j.at)
			if err != nil {
				return nil, nil, err
			}
			found[i].add(ev)
		}
		for _, c := range found[i].certs {
			size += len(c.Raw) + 64
		}
		for _, d := range slices.Concat(found[i].ocsps, found[i].crls) {
			size += len(d) + 64
		}
	}
	before := *p
	for reserve := token + tokenMargin; ; {
		*p = before
		p.names = maps.Clone(before.names)
		st := *before.store
		st.known = maps.Clone(st.known)
		p.store = &st
		next := u.Then(size + 2*reserve)
		for i, j := range jobs {
			p.store.add(next, j.key, found[i], now)
		}
		p.catalog = p.catalog.With("DSS", p.store.write(next))
		if level != LevelLTA {
			out, err := p.finish(next, nil)
			return out, nil, err
		}
		out, made, err := e.timestamp(ctx, p, next, reserve)
		var small *reserveError
		if errors.As(err, &small) && reserve < small.need && small.need < maxReserve {
			reserve = small.need + 64
			continue
		}
		return out, made, err
	}
}

// timestamp ends a revision with a document time-stamp.
func (e *Extender) timestamp(ctx context.Context, p *place, u *pdf.Update, reserve int) ([]byte, *placed, error) {
	s, err := p.addSignature(u, pdf.Dict{
		{Key: "Type", Value: pdf.Name("DocTimeStamp")}, {Key: "Filter", Value: pdf.Name("Adobe.PPKLite")},
		{Key: "SubFilter", Value: pdf.Name("ETSI.RFC3161")},
	}, reserve, false, nil)
	if err != nil {
		return nil, nil, err
	}
	out, err := p.finish(u, s)
	if err != nil {
		return nil, nil, err
	}
	t, err := stampDigest(ctx, e.cfg.Timestamp, s.digest(out, crypto.SHA256))
	if err != nil {
		return nil, nil, fmt.Errorf("seal: document time-stamp: %w", err)
	}
	e.last.Store(t)
	if err := s.fill(out, t.Raw); err != nil {
		return nil, nil, err
	}
	return out, &placed{ref: s.ref, message: t.Raw}, nil
}

// Extend returns a copy of a sealed document at level B-LT or B-LTA. It adds one
// revision, with the certificates and the current revocation data of every
// signature and time-stamp that has none under a later time-stamp and, for B-LTA,
// with a document time-stamp over everything. Extending a B-LTA document to B-LTA
// renews it: do so before the time that [TermOf] returns.
//
// A B-B seal has no time-stamp of its own, and none can be added to it later.
// The document time-stamp proves when the seal existed, which is enough for B-LTA
// (EN 319 142-1 clause 6.3; EU DSS finds the level). pyHanko's procedure for
// B-LTA requires one in the signature nevertheless: seal at B-T if the verifier
// may be like it.
//
// Each signature and time-stamp is verified first: a document with a broken
// one, or with a chain that does not end at the configured roots, is refused
// with [ErrDocument]. The error wraps [ErrTimestamp] or [ErrRevocation] if an
// authority did not answer, or if a certificate had been revoked.
func (e *Extender) Extend(ctx context.Context, doc []byte, level Level) ([]byte, error) {
	if level != LevelLT && level != LevelLTA {
		return nil, fmt.Errorf("seal: extension to level %q: expected %s or %s", level, LevelLT, LevelLTA)
	}
	p, err := open(ctx, doc, e.cfg.MaxSize)
	if err != nil {
		return nil, err
	}
	jobs, err := e.jobs(p)
	if err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrDocument, err)
	}
	size := 0
	if level == LevelLTA {
		t, err := e.sample(ctx)
		if err != nil {
			return nil, err
		}
		size = len(t.Raw)
		jobs = append(jobs, job{chains: [][]*x509.Certificate{e.complete(t.Chain)}})
	}
	u, err := p.file.NewUpdate(0, p.dangling)
	if err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrDocument, err)
	}
	out, made, err := e.append(ctx, p, u, jobs, level, size)
	if err != nil {
		return nil, err
	}
	var list []placed
	if made != nil {
		list = append(list, *made)
	}
	if err := p.check(ctx, out, list, nil); err != nil {
		return nil, err
	}
	return out, nil
}

// sample returns a time-stamp of the authority from before: the data to verify
// the next one must be in the document before the next one is made.
func (e *Extender) sample(ctx context.Context) (*Token, error) {
	if t := e.last.Load(); t != nil && e.cfg.Now().Before(t.Chain[0].NotAfter) {
		return t, nil
	}
	t, err := stamp(ctx, e.cfg.Timestamp, []byte("anpr"))
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	e.last.Store(t)
	return t, nil
}

// complete adds the root to a chain.
func (e *Extender) complete(chain []*x509.Certificate) []*x509.Certificate {
	return tsp.Chain(chain[0], slices.Concat(chain, e.cfg.Roots))
}

// jobs returns the signatures and time-stamps of a document that need evidence.
func (e *Extender) jobs(p *place) ([]job, error) {
	if !slices.ContainsFunc(p.sigs, func(s *pdf.Signature) bool { return !s.IsTimestamp() }) {
		return nil, errors.New("it is not sealed")
	}
	var jobs []job
	for _, s := range p.sigs {
		found, err := inspect(s)
		if err != nil {
			return nil, fmt.Errorf("signature %q: %w", s.Field, err)
		}
		settled, err := p.settled(s)
		if err != nil {
			return nil, err
		}
		if settled {
			continue
		}
		j := job{key: vriKey(s.Contents), at: e.proof(p, s, found)}
		for _, leaf := range found.leaves {
			chain, ok := e.trusted(p, leaf, found)
			if !ok {
				return nil, fmt.Errorf("signature %q: the chain of %s ends at %s, which is not a configured root",
					s.Field, leaf.Subject, chain[len(chain)-1].Subject)
			}
			j.chains = append(j.chains, chain)
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// settled reports whether a later document time-stamp covers the evidence of
// a signature.
func (p *place) settled(s *pdf.Signature) (bool, error) {
	for _, t := range p.sigs {
		if !t.IsTimestamp() || t.Revision <= s.Revision {
			continue
		}
		v := p.file.At(t.Revision)
		cat, _, err := v.Catalog()
		if err != nil {
			return false, err
		}
		dss, err := v.Dict(cat, "DSS")
		if err != nil {
			return false, err
		}
		vri, err := v.Dict(dss, "VRI")
		if err != nil {
			return false, err
		}
		if vri.Get(vriKey(s.Contents)) != nil {
			return true, nil
		}
	}
	return false, nil
}

// trusted returns the chain of a certificate in a document, and whether it ends
// at a configured root.
func (e *Extender) trusted(p *place, leaf *x509.Certificate, found *inspected) ([]*x509.Certificate, bool) {
	chain := tsp.Chain(leaf, slices.Concat(found.certs, p.store.held, e.cfg.Roots))
	return chain, slices.ContainsFunc(e.cfg.Roots, chain[len(chain)-1].Equal)
}

// proof returns the earliest time at which a signature is proven to have
// existed, by an authority that is trusted; zero if there is none.
func (e *Extender) proof(p *place, s *pdf.Signature, found *inspected) time.Time {
	at := found.time // its authority is judged with the signature
	for _, t := range p.sigs {
		if t == s || !t.IsTimestamp() || t.Revision < s.Revision {
			continue
		}
		i, err := inspect(t)
		if err != nil || !at.IsZero() && !i.time.Before(at) {
			continue
		}
		if _, ok := e.trusted(p, i.stamp, i); ok {
			at = i.time
		}
	}
	return at
}

// inspected holds what a signature in a document contains.
type inspected struct {
	time   time.Time           // of its time-stamp
	leaves []*x509.Certificate // of the signer and of its time-stamp's
	certs  []*x509.Certificate // all
	stamp  *x509.Certificate   // of its time-stamp's authority
}

// inspect verifies a signature as far as its own bytes go.
func inspect(s *pdf.Signature) (*inspected, error) {
	if rev, problems := s.Coverage(); rev < 0 {
		return nil, fmt.Errorf("it covers no revision: %v", problems)
	}
	message, _, err := cms.Split(s.Contents)
	if err != nil {
		return nil, err
	}
	sd, err := cms.Parse(message)
	if err != nil {
		return nil, err
	}
	digest := func(hash crypto.Hash) []byte {
		h := hash.New()
		for _, part := range s.SignedBytes() {
			h.Write(part)
		}
		return h.Sum(nil)
	}
	out := &inspected{certs: valid(sd)}
	if s.IsTimestamp() {
		return out, out.token(sd, digest)
	}
	res, err := sd.Verify(digest)
	if err != nil {
		return nil, err
	}
	out.leaves = append(out.leaves, res.Certificate)
	if stamps := sd.Signers[0].UnsignedAttribute(cms.OIDSignatureTimestamp); len(stamps) > 0 {
		// Further ones would have been added later, by anybody.
		token, err := cms.Parse(stamps[0])
		if err != nil {
			return nil, fmt.Errorf("its time-stamp: %w", err)
		}
		out.certs = append(out.certs, valid(token)...)
		if err := out.token(token, func(hash crypto.Hash) []byte {
			h := hash.New()
			h.Write(sd.Signers[0].Signature)
			return h.Sum(nil)
		}); err != nil {
			return nil, fmt.Errorf("its time-stamp: %w", err)
		}
	}
	return out, nil
}

// valid returns the certificates on which chains may be built.
func valid(sd *cms.SignedData) []*x509.Certificate {
	return slices.DeleteFunc(slices.Clone(sd.Certificates),
		func(c *x509.Certificate) bool { return sd.Malformed[c] != nil })
}

func (i *inspected) token(sd *cms.SignedData, digest func(crypto.Hash) []byte) error {
	ts, err := sd.Timestamp()
	if err != nil {
		return err
	}
	if string(ts.Imprint) != string(digest(ts.Hash)) {
		return errors.New("it is over other bytes")
	}
	res, err := sd.VerifyAttached()
	if err != nil {
		return err
	}
	if err := tsp.CheckCertificate(res.Certificate); err != nil {
		return err
	}
	i.time, i.stamp = ts.Time, res.Certificate
	i.leaves = append(i.leaves, res.Certificate)
	return nil
}

// A Term says how long a sealed document can be verified as it stands.
type Term struct {
	// Level is the lowest level of its seals, by what they contain: whether they
	// are to be trusted is not judged. It is empty if one of them is not PAdES.
	Level Level

	// Until is when the first certificate ends that now carries the proof of a
	// seal: that of the authority of the last time-stamp over the document or,
	// for a seal that none covers, that of the authority of its own time-stamp
	// or else its own. From then on nothing in the document proves that the seal
	// was made in time. Extend the document before.
	Until time.Time

	// By is the certificate that ends.
	By *x509.Certificate
}

// TermOf returns the level of a sealed document and until when its proof holds.
// Each signature is verified as far as its own bytes go; trust is not judged. The
// error wraps [ErrDocument].
func TermOf(ctx context.Context, doc []byte) (Term, error) {
	p, err := open(ctx, doc, defaultMaxSize)
	if err != nil {
		return Term{}, err
	}
	var last *pdf.Signature // the last time-stamp over the document
	found := map[*pdf.Signature]*inspected{}
	for _, s := range p.sigs {
		if found[s], err = inspect(s); err != nil {
			return Term{}, fmt.Errorf("seal: %w: signature %q: %w", ErrDocument, s.Field, err)
		}
		if s.IsTimestamp() && (last == nil || s.Revision > last.Revision) {
			last = s
		}
	}
	var t Term
	for _, s := range p.sigs {
		if s.IsTimestamp() {
			continue
		}
		level, err := p.level(s, found[s])
		if err != nil {
			return Term{}, fmt.Errorf("seal: %w: %w", ErrDocument, err)
		}
		if t.By == nil || !level.AtLeast(t.Level) {
			t.Level = level
		}
		by := found[s].leaves[len(found[s].leaves)-1]
		if last != nil && last.Revision > s.Revision {
			by = found[last].stamp
		}
		if t.By == nil || by.NotAfter.Before(t.Until) {
			t.By, t.Until = by, by.NotAfter
		}
	}
	if t.By == nil {
		return Term{}, fmt.Errorf("seal: %w: it is not sealed", ErrDocument)
	}
	return t, nil
}

// level returns the level of one seal by what the document contains.
func (p *place) level(s *pdf.Signature, found *inspected) (Level, error) {
	if s.SubFilter != "ETSI.CAdES.detached" {
		return "", nil
	}
	settled, err := p.settled(s)
	if err != nil {
		return "", err
	}
	stamped := found.stamp != nil || slices.ContainsFunc(p.sigs,
		func(t *pdf.Signature) bool { return t.IsTimestamp() && t.Revision > s.Revision })
	switch {
	case settled && stamped:
		return LevelLTA, nil
	case stamped && p.store.vri.Get(vriKey(s.Contents)) != nil:
		return LevelLT, nil
	case stamped:
		return LevelT, nil
	}
	return LevelB, nil
}

// stamp returns a time-stamp over data.
func stamp(ctx context.Context, t Timestamper, data []byte) (*Token, error) {
	sum := sha256.Sum256(data)
	return stampDigest(ctx, t, sum[:])
}

func stampDigest(ctx context.Context, t Timestamper, sum []byte) (*Token, error) {
	token, err := t.Timestamp(ctx, crypto.SHA256, sum)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	return token, nil
}
