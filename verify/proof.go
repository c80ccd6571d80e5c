package verify

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/tsp"
)

// A part is one signature or document time-stamp while its report is written.
type part struct {
	s   *pdf.Signature
	sd  *cms.SignedData
	res *cms.Result // nil if it is not intact
	out Signature
	// covered says that it covers a whole revision.
	covered bool
}

// A stamp is a time-stamp: of the document, or inside a signature.
type stamp struct {
	time   time.Time
	issuer string
	// revision is the last that it proves to have existed.
	revision int
	sd       *cms.SignedData
	cert     *x509.Certificate
	chain    []*x509.Certificate // to an anchor; nil if it is not trusted
	// why it proves nothing; empty if it does.
	why      string
	evidence string
	// broken says that it is over other bytes, or that its own signature is
	// wrong: somebody changed it.
	broken bool
	hashes []string // that it rests on
}

func (s *stamp) distrust(why string, err error) {
	s.chain, s.why = nil, why
	if err != nil {
		s.evidence = err.Error()
	}
}

// documentStamps judges the time-stamps of the document from the last to the
// first: the last at the time of the judgement, each other at the time that a
// later one proves (EN 319 102-1 clause 5.6.2.3).
func (j *judgement) documentStamps() {
	var list []*stamp
	for n := range j.parts {
		p := &j.parts[n]
		if !p.s.IsTimestamp() || p.res == nil || !p.covered {
			continue
		}
		ts, err := p.sd.Timestamp()
		if err != nil {
			continue // integrity has reported it
		}
		list = append(list, &stamp{time: ts.Time, issuer: signerName(p.res.Certificate), revision: p.out.Revision,
			sd: p.sd, cert: p.res.Certificate, hashes: append(hashes(p.res), ts.Hash.String())})
	}
	slices.SortStableFunc(list, func(a, b *stamp) int { return b.revision - a.revision })
	for _, s := range list {
		j.trustStamp(s, j.control(s.revision)) // by later ones: it is not in j.stamps yet
		j.stamps = append(j.stamps, s)
	}
}

// control is the earliest time at which a revision is proved to have existed,
// by the document's time-stamps that are judged already; failing one, the time
// of the judgement.
func (j *judgement) control(revision int) time.Time {
	at := j.at
	for _, s := range j.stamps {
		if s.why == "" && s.revision >= revision && s.time.Before(at) {
			at = s.time
		}
	}
	return at
}

// trustStamp decides whether a time-stamp proves its time, as of a time at
// which it is known to have existed.
func (j *judgement) trustStamp(s *stamp, at time.Time) {
	if s.time.After(at) {
		s.distrust("dichiara un momento successivo a quello della verifica", nil)
		return
	}
	if err := tsp.CheckCertificate(s.cert); err != nil {
		s.distrust("il certificato di chi l'ha emessa non è fatto per marcare il tempo", err)
		return
	}
	chain, _, err := j.chain(s.cert, slices.Concat(s.sd.Certificates, j.evidence.certs), at, PurposeTimestamp)
	switch {
	case errors.Is(err, errNoAnchors):
		s.distrust("non è stata indicata alcuna autorità affidabile per le marche temporali", nil)
		return
	case errors.Is(err, errCertWork):
		s.distrust("insieme a essa ci sono troppi certificati di firma per esaminarli", err)
		return
	case errors.Is(err, errAnchorDate):
		s.distrust("chi l'ha emessa non era affidabile in quel momento", err)
		return
	case errors.Is(err, errPolicy):
		s.distrust("chi l'ha emessa è affidabile, ma non per le politiche del suo certificato", err)
		return
	case err != nil:
		s.distrust("chi l'ha emessa non risale ad alcuna delle autorità indicate", err)
		return
	}
	if weak := j.v.weak(at, s.hashes, chain); len(weak) > 0 {
		s.distrust(fmt.Sprintf("usa algoritmi o chiavi che al %s non si consideravano più sicuri (%s)", italianTime(at),
			strings.Join(weak, ", ")), nil)
		return
	}
	if r := j.revoked(chain, at); r != nil {
		s.distrust("il certificato di chi l'ha emessa è stato revocato", r)
		return
	}
	s.chain = chain
}

// insideStamps reads and judges the time-stamps that a signature carries.
func (j *judgement) insideStamps(p *part) []*stamp {
	if p.sd == nil || p.res == nil || len(p.sd.Signers) != 1 {
		return nil
	}
	signer := &p.sd.Signers[0]
	var list []*stamp
	for _, raw := range signer.UnsignedAttribute(cms.OIDSignatureTimestamp) {
		s := &stamp{revision: p.out.Revision}
		list = append(list, s)
		if err := s.read(raw, signer.Signature); err != nil {
			s.broken = true
			s.distrust("è alterata, o è di un'altra firma", err)
			continue
		}
		j.trustStamp(s, j.control(p.out.Revision))
	}
	return list
}

// read reads a token over a value.
func (s *stamp) read(raw, value []byte) error {
	sd, err := cms.Parse(raw)
	if err != nil {
		return err
	}
	ts, err := sd.Timestamp()
	if err != nil {
		return err
	}
	if !ts.Hash.Available() {
		return fmt.Errorf("hash %v is not available", ts.Hash)
	}
	h := ts.Hash.New()
	h.Write(value)
	if !bytes.Equal(h.Sum(nil), ts.Imprint) {
		return errors.New("the time-stamp is over other bytes")
	}
	res, err := sd.VerifyAttached()
	if err != nil {
		return err
	}
	s.sd, s.cert, s.time, s.issuer = sd, res.Certificate, ts.Time, signerName(res.Certificate)
	s.hashes = append(hashes(res), ts.Hash.String())
	return nil
}

// proved returns the earliest time at which a signature is proved to have
// existed, and by which time-stamp; nil if by none.
func (j *judgement) proved(p *part, inside []*stamp) (time.Time, *stamp) {
	var best *stamp
	for _, s := range slices.Concat(inside, j.stamps) {
		if s.why == "" && s.revision >= p.out.Revision && p.covered && (best == nil || s.time.Before(best.time)) {
			best = s
		}
	}
	if best == nil {
		return j.at, nil
	}
	return best.time, best
}

// time says what is known of when the seal was made.
func (j *judgement) time(claimed time.Time, inside []*stamp, proof *stamp) Check {
	c := Check{Code: CodeTime, Outcome: NotDone}
	switch {
	case proof != nil:
		c.Outcome = Passed
		c.Message = fmt.Sprintf("Una marca temporale di «%s» prova che il sigillo esisteva il %s.", clean(proof.issuer),
			italianTime(proof.time))
		if !claimed.IsZero() {
			c.Message += fmt.Sprintf(" Il momento dichiarato è %s.", italianTime(claimed))
			if claimed.After(proof.time.Add(maxSkew)) {
				c.Outcome = Failed
				c.Message += " Il momento dichiarato è successivo a quello provato."
			}
		}
	case claimed.IsZero():
		c.Message = "Il sigillo non dichiara quando è stato apposto."
	default:
		c.Message = fmt.Sprintf("Il momento del sigillo, %s, è solo dichiarato da chi l'ha apposto.",
			italianTime(claimed))
	}
	var whys []string
	for _, s := range slices.Concat(inside, j.stamps) {
		if s.why == "" {
			continue
		}
		if s.broken {
			c.Outcome = Failed
		}
		if text := " Una marca temporale non prova nulla: " + s.why + "."; !slices.Contains(whys, text) {
			whys = append(whys, text)
			c.Message += text
		}
		if s.evidence != "" {
			c.Evidence = append(c.Evidence, s.evidence)
		}
	}
	if n := len(inside); n > 1 {
		c.Message += fmt.Sprintf(" Il sigillo porta %d marche temporali nella stessa firma: una è la regola, le "+
			"altre sono state aggiunte.", n)
	}
	return c
}

// maxSkew is how much later than its time-stamp a seal may claim to be: the
// clocks of two machines.
const maxSkew = 5 * time.Minute
