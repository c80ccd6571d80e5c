package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
	"github.com/liste-elettorali/anpr/internal/tsp"
	"github.com/liste-elettorali/anpr/seal/qualified"
)

// A Level is a level of PAdES baseline signatures (ETSI EN 319 142-1 clause 6).
type Level string

// The levels. Each includes those before it.
const (
	LevelB   Level = "B-B"   // the signature
	LevelT   Level = "B-T"   // a time-stamp proves when it existed
	LevelLT  Level = "B-LT"  // certificates and revocation data to verify it offline
	LevelLTA Level = "B-LTA" // a document time-stamp over them, to be renewed
)

var levels = []Level{LevelB, LevelT, LevelLT, LevelLTA}

// AtLeast reports whether l is the other level or a higher one.
func (l Level) AtLeast(other Level) bool {
	return slices.Index(levels, l) >= slices.Index(levels, other)
}

// A ContextSigner is a key whose use can be cancelled, such as one in a device or
// a service. If the Signer of a [PAdESConfig] is one, SignContext is called in
// place of Sign.
type ContextSigner interface {
	crypto.Signer
	SignContext(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

// PAdESConfig configures a [PAdES].
type PAdESConfig struct {
	// Signer is the key of the seal, wherever it is kept. Required: an ECDSA
	// key on P-256 or P-384, or an RSA key of 2048 to 4096 bits. It is used
	// once for each seal, and once more when a time-stamp turns out larger than
	// any before. If it is not a [ContextSigner], Seal returns when the context
	// of the call ends, and the use of the key goes on in the background until
	// the key answers.
	Signer crypto.Signer

	// Chain holds the certificate of the seal and then the intermediates, each
	// certified by the next. Required. A self-issued root at its end does not
	// go into the signature, only into the validation data from B-LT.
	Chain []*x509.Certificate

	// Level is the level of the seals. If empty, B-B. From B-T on it requires
	// Timestamp; from B-LT on also Revocation and the root, at the end of Chain
	// or in Roots.
	Level Level

	// PSS signs with RSASSA-PSS; the key must be RSA. The default is PKCS #1
	// v1.5, which every viewer knows.
	PSS bool

	// Certify makes the seal of a document without signatures a certification
	// signature that permits forms to be filled and signatures to be added
	// (DocMDP, P=2). It is not P=1, because there Acrobat and Foxit report the
	// validation data and the time-stamps that levels above B-T add later as
	// forbidden changes, although ISO 32000-2 permits them. If false, and on a
	// document that is signed already, the seal is an approval signature.
	Certify bool

	// Timestamp gives time-stamps. Required from B-T.
	Timestamp Timestamper

	// Revocation gathers certificate status. Required from B-LT.
	Revocation *Revocation

	// Roots holds root certificates, with which chains are completed.
	Roots []*x509.Certificate

	// Production says that this is a production sealer, whose certificate must
	// be a qualified one for electronic seals: see [qualified.Check]. The zero
	// value is a trial sealer: its documents must be marked as such.
	Production bool

	// Now is the clock. If nil, time.Now.
	Now func() time.Time

	// MaxSize is the size in bytes up to which documents are sealed. If zero,
	// 64 MiB.
	MaxSize int64
}

// A PAdES is a [Sealer] that makes baseline signatures of ETSI EN 319 142-1
// (SubFilter ETSI.CAdES.detached). It adds one revision with an invisible
// signature field and, from B-LT, a second one with the validation data and
// the document time-stamp. Nothing else of the document changes. A seal that is
// to be seen ([Details.Appearance]) also changes its page and, in a tagged
// document, the structure tree, to which its field is added.
//
// It seals any PDF that the SDK's strict reader reads: with cross-reference
// tables or streams, object streams, linearised. Encrypted documents, XFA
// forms, documents that a certification signature closes and those whose
// structure is damaged are refused with [ErrDocument].
//
// It is safe for concurrent use.
type PAdES struct {
	cfg   PAdESConfig
	hash  crypto.Hash
	chain []*x509.Certificate // without the root
	full  []*x509.Certificate // with it, if it is known
	ext   *Extender           // nil below B-LT
	token atomic.Int64        // size of the largest time-stamp so far
	base  int                 // size of the signature without a time-stamp
	// engine draws visible seals. It is made when the first one is asked for.
	engine func() (*tagged.Engine, error)
}

var _ Sealer = (*PAdES)(nil)

// NewPAdES checks the configuration: key, order and purpose of the
// certificates, what the level requires and, for a production sealer, whether the
// certificate is qualified. The error wraps [ErrUnsupportedKey],
// [ErrCertificate] or [ErrNotQualified], or says what is missing.
func NewPAdES(cfg PAdESConfig) (*PAdES, error) {
	if cfg.Signer == nil {
		return nil, fmt.Errorf("seal: %w: no key is configured", ErrUnsupportedKey)
	}
	if cfg.Level == "" {
		cfg.Level = LevelB
	}
	if !slices.Contains(levels, cfg.Level) {
		return nil, fmt.Errorf("seal: level %q: expected one of %v", cfg.Level, levels)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.MaxSize == 0 {
		cfg.MaxSize = defaultMaxSize
	}
	hash, err := checkKey(cfg.Signer.Public())
	if err != nil {
		return nil, err
	}
	chain, err := checkChain(cfg.Signer, cfg.Chain)
	if err != nil {
		return nil, err
	}
	s := &PAdES{cfg: cfg, hash: hash, chain: chain}
	s.engine = sync.OnceValues(func() (*tagged.Engine, error) { return tagged.New(tagged.Config{}) })
	s.full = tsp.Chain(chain[0], slices.Concat(cfg.Chain, cfg.Roots))
	if cfg.Level.AtLeast(LevelT) && cfg.Timestamp == nil {
		return nil, fmt.Errorf("seal: level %s without a time-stamping authority: set Timestamp", cfg.Level)
	}
	if cfg.Level.AtLeast(LevelLT) {
		if s.ext, err = NewExtender(ExtenderConfig{Timestamp: cfg.Timestamp, Revocation: cfg.Revocation,
			Roots: slices.Concat(cfg.Roots, cfg.Chain), Now: cfg.Now, MaxSize: cfg.MaxSize}); err != nil {
			return nil, err
		}
		if top := s.full[len(s.full)-1]; !selfIssued(top) {
			return nil, fmt.Errorf("seal: %w: level %s: the issuer of %s is neither in Chain nor in Roots",
				ErrCertificate, cfg.Level, top.Subject)
		}
	}
	if s.base, err = cms.Size(s.message(context.Background(), nil), 0); err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrUnsupportedKey, err)
	}
	if cfg.Production {
		if err := s.checkQualified(cfg.Now()); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

func (s *PAdES) checkQualified(at time.Time) error {
	if findings := qualified.Check(s.chain[0], s.chain[1:], at); len(findings) > 0 {
		return &NotQualifiedError{Subject: s.chain[0].Subject.String(), Findings: findings}
	}
	return nil
}

// Production implements [Sealer].
func (s *PAdES) Production() bool { return s.cfg.Production }

// Level returns the level of the seals.
func (s *PAdES) Level() Level { return s.cfg.Level }

// defaultToken is the room in bytes for a time-stamp until one has been seen.
const defaultToken = 8 << 10

// Seal implements [Sealer]. The error wraps [ErrDocument] if the document cannot be
// sealed, [ErrCertificate] if the certificate is not valid at the time of the seal,
// [ErrNotQualified] as a [*NotQualifiedError], [ErrTimestamp] or [ErrRevocation] if an
// authority did not answer, [ErrOutput] if the result fails its check; or it is that of
// the key or of ctx.
func (s *PAdES) Seal(ctx context.Context, doc []byte, d Details) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	if len(s.chain) == 0 {
		return nil, fmt.Errorf("seal: %w: expected a PAdES that NewPAdES has made", ErrUnsupportedKey)
	}
	if d.Time.IsZero() {
		d.Time = s.cfg.Now()
	}
	if s.cfg.Production { // first, since its findings are data; what was qualified may have expired
		if err := s.checkQualified(d.Time); err != nil {
			return nil, err
		}
	}
	if err := checkValidity(s.chain, d.Time); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"reason": d.Reason, "location": d.Location} {
		if err := plainText(text); err != nil {
			return nil, fmt.Errorf("seal: %w: %s %q: %w", ErrDocument, name, text, err)
		}
	}
	p, err := open(ctx, doc, s.cfg.MaxSize)
	if err != nil {
		return nil, err
	}
	if err := p.maySign(s.cfg.Certify); err != nil {
		return nil, err
	}
	look, err := s.look(p, d)
	if err != nil {
		return nil, err
	}
	reserve := s.reserve(0)
	for {
		out, err := s.seal(ctx, p, d, look, reserve)
		var small *reserveError
		if errors.As(err, &small) && reserve < small.need && small.need < maxReserve {
			reserve = small.need + 64
			p = p.restart()
			continue
		}
		if err != nil {
			return nil, err
		}
		return out, nil
	}
}

// maxReserve is the greatest size of a signature in bytes.
const maxReserve = 512 << 10

// reserve returns the room for the message, from the size of the chain, the
// key and the time-stamps seen so far.
func (s *PAdES) reserve(token int) int {
	if !s.cfg.Level.AtLeast(LevelT) {
		return s.base
	}
	if token == 0 {
		if token = int(s.token.Load()); token == 0 {
			token = defaultToken
		}
	}
	return s.base + token + tokenMargin
}

// tokenMargin is the number of bytes by which time-stamps of one authority differ
// (nonce, fractions, ECDSA values), with the attribute around them.
const tokenMargin = 96

type reserveError struct{ need, have int }

func (e *reserveError) Error() string {
	return fmt.Sprintf("a signature of %d bytes where %d are reserved", e.need, e.have)
}

// seal adds the revisions of the level and checks them.
func (s *PAdES) seal(ctx context.Context, p *place, d Details, look *look, reserve int) ([]byte, error) {
	u, err := p.update(2*reserve + 4096)
	if err != nil {
		return nil, err
	}
	sig, err := p.addSignature(u, s.dictionary(d), reserve, s.cfg.Certify && len(p.sigs) == 0, look)
	if err != nil {
		return nil, err
	}
	out, err := p.finish(u, sig)
	if err != nil {
		return nil, err
	}
	var token *Token
	message, err := cms.Sign(s.message(ctx, &token), sig.digest(out, s.hash))
	if err != nil {
		return nil, signError(ctx, err)
	}
	if token != nil {
		s.seen(len(token.Raw))
	}
	if err := sig.fill(out, message); err != nil {
		return nil, err
	}
	made := []placed{{ref: sig.ref, message: message}}
	if s.ext != nil {
		jobs := []job{{key: vriKey(sig.contents(out)),
			chains: [][]*x509.Certificate{s.full, s.ext.complete(token.Chain)}}}
		var stamp *placed
		if out, stamp, err = s.ext.append(ctx, p, u, jobs, s.cfg.Level, len(token.Raw)); err != nil {
			return nil, err
		}
		if stamp != nil {
			made = append(made, *stamp)
		}
	}
	if err := p.check(ctx, out, made, s.chain[0]); err != nil {
		return nil, err
	}
	return out, nil
}

// seen remembers the size of the largest time-stamp.
func (s *PAdES) seen(size int) {
	for {
		old := s.token.Load()
		if int64(size) <= old || s.token.CompareAndSwap(old, int64(size)) {
			return
		}
	}
}

func signError(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("seal: %w: %w", ctx.Err(), err)
	}
	return fmt.Errorf("seal: %w", err)
}

// message configures the CMS message. If making it takes a time-stamp, that is
// stored in token.
func (s *PAdES) message(ctx context.Context, token **Token) cms.SignConfig {
	cfg := cms.SignConfig{Signer: bound{ctx, s.cfg.Signer}, Chain: s.chain, Digest: s.hash, PSS: s.cfg.PSS}
	if token == nil || !s.cfg.Level.AtLeast(LevelT) {
		return cfg
	}
	cfg.Timestamp = func(value []byte) ([]byte, error) {
		t, err := stamp(ctx, s.cfg.Timestamp, value)
		if err != nil {
			return nil, err
		}
		*token = t
		return t.Raw, nil
	}
	return cfg
}

// bound gives a key the context of one seal.
type bound struct {
	ctx    context.Context // lives for one call
	signer crypto.Signer
}

func (b bound) Public() crypto.PublicKey { return b.signer.Public() }

// Sign asks the key. A key that takes no context may be in a device that never
// answers: Sign returns when the context ends, and a later answer is thrown
// away.
func (b bound) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if err := b.ctx.Err(); err != nil {
		return nil, err
	}
	switch s := b.signer.(type) {
	case ContextSigner:
		return s.SignContext(b.ctx, rand, digest, opts)
	case *ecdsa.PrivateKey, *rsa.PrivateKey:
		return b.signer.Sign(rand, digest, opts)
	}
	if b.ctx.Done() == nil {
		return b.signer.Sign(rand, digest, opts)
	}
	type answer struct {
		value []byte
		err   error
	}
	done := make(chan answer, 1)
	digest = slices.Clone(digest) // the key may read it when nobody waits any more
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- answer{nil, fmt.Errorf("the key panics: %v", r)}
			}
		}()
		value, err := b.signer.Sign(rand, digest, opts)
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-b.ctx.Done():
		return nil, fmt.Errorf("the key did not answer: %w", b.ctx.Err())
	}
}

// dictionary returns the entries of the signature dictionary that describe
// the seal.
func (s *PAdES) dictionary(d Details) pdf.Dict {
	dict := pdf.Dict{
		{Key: "Type", Value: pdf.Name("Sig")}, {Key: "Filter", Value: pdf.Name("Adobe.PPKLite")},
		{Key: "SubFilter", Value: pdf.Name("ETSI.CAdES.detached")}, {Key: "M", Value: date(d.Time)},
	}
	for _, t := range []struct {
		key  pdf.Name
		text string
	}{{"Name", s.chain[0].Subject.CommonName}, {"Reason", d.Reason}, {"Location", d.Location}} {
		if t.text != "" && plainText(t.text) == nil {
			dict = append(dict, pdf.Entry{Key: t.key, Value: pdf.TextString(t.text)})
		}
	}
	return dict
}

// date writes a time with its offset (ISO 32000-2 clause 7.9.4).
func date(t time.Time) pdf.String {
	_, offset := t.Zone()
	text := t.Format("D:20060102150405")
	if offset == 0 {
		return pdf.String(text + "Z")
	}
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return pdf.String(fmt.Sprintf("%s%c%02d'%02d'", text, sign, offset/3600, offset/60%60))
}

// plainText says whether a text may stand in a signature dictionary.
func plainText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("not UTF-8")
	}
	if n := utf8.RuneCountInString(s); n > maxText {
		return fmt.Errorf("%d characters: expected at most %d", n, maxText)
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return fmt.Errorf("control character %U", r)
		}
	}
	return nil
}
