package verify

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/revocation"
)

// evidence is the validation data of a document (its DSS, ISO 32000-2 clause
// 12.8.4.3) and that which the caller gave.
type evidence struct {
	certs       []*x509.Certificate
	ocsps, crls [][]byte
	// inDocument is how many of each came with the document.
	documentOCSPs, documentCRLs int
	present                     bool
}

// Bounds of the validation data of a document.
const (
	maxEvidence      = 200
	maxEvidenceBytes = 8 << 20
)

// readEvidence reads the DSS of the last revision. What cannot be read is left
// out: it proves nothing.
func (j *judgement) readEvidence() {
	e := &j.evidence
	if j.file != nil {
		v := j.file.Last()
		if catalog, _, err := v.Catalog(); err == nil {
			if dss, err := v.Dict(catalog, "DSS"); err == nil && dss != nil {
				e.present = true
				left := maxEvidenceBytes
				for _, der := range streams(v, dss, "Certs", &left) {
					if c, err := x509.ParseCertificate(der); err == nil {
						e.certs = append(e.certs, c)
					}
				}
				e.ocsps, e.crls = streams(v, dss, "OCSPs", &left), streams(v, dss, "CRLs", &left)
			}
		}
	}
	e.documentOCSPs, e.documentCRLs = len(e.ocsps), len(e.crls)
	e.ocsps = append(e.ocsps, j.v.cfg.OCSPs...)
	e.crls = append(e.crls, j.v.cfg.CRLs...)
}

func streams(v pdf.View, dss pdf.Dict, key pdf.Name, left *int) (out [][]byte) {
	list, err := v.Array(dss, key)
	if err != nil {
		return nil
	}
	for _, o := range list[:min(len(list), maxEvidence)] {
		if o, err = v.Resolve(o); err != nil {
			continue
		}
		s, ok := o.(*pdf.Stream)
		if !ok {
			continue
		}
		data, err := v.Decode(s)
		if err != nil || len(data) > *left {
			continue
		}
		*left -= len(data)
		out = append(out, data)
	}
	return out
}

// A finding is what is known of the revocation of one certificate.
type finding struct {
	known bool
	// revoked is the instant of the revocation, zero if it is good.
	revoked time.Time
	// given says that it is known only from what the caller gave.
	given bool
}

// status looks for what is said of a certificate that counts at a time: signed
// by then or later, and not replaced before it.
func (j *judgement) status(c, issuer *x509.Certificate, at time.Time, depth int) (f finding) {
	take := func(s *revocation.Status, given bool) {
		if s.ThisUpdate.After(j.at.Add(maxSkew)) {
			return // of the future
		}
		if !s.Revoked.IsZero() {
			// A revocation does not grow old.
			if f.revoked.IsZero() || s.Revoked.Before(f.revoked) {
				f.revoked = s.Revoked
			}
			f.known = true
			return
		}
		if !s.NextUpdate.IsZero() && s.NextUpdate.Before(at) && s.ThisUpdate.Before(at) {
			return // replaced before the time that matters
		}
		if s.NextUpdate.IsZero() && s.ThisUpdate.Before(at) {
			return // it does not say that it still held
		}
		if r := s.Responder; r != nil && !s.NoCheck {
			if depth <= 0 {
				return
			}
			if of := j.status(r, issuer, s.ProducedAt, depth-1); !of.known || !of.revoked.IsZero() {
				return
			}
		}
		if !f.known || f.given {
			f.given = given
		}
		f.known = true
	}
	for n, s := range j.statements(c, issuer) {
		switch ocsps := len(j.evidence.ocsps); {
		case s == nil:
		case n < ocsps:
			take(s, n >= j.evidence.documentOCSPs)
		default:
			take(s, n-ocsps >= j.evidence.documentCRLs)
		}
	}
	return f
}

// A pair is a certificate and the certificate of its issuer.
type pair struct{ cert, issuer *x509.Certificate }

// statements returns what each OCSP response, then each list says of a
// certificate, nil where it says nothing: read and verified once.
func (j *judgement) statements(c, issuer *x509.Certificate) []*revocation.Status {
	key := pair{c, issuer}
	if list, ok := j.said[key]; ok {
		return list
	}
	var list []*revocation.Status
	for _, data := range j.evidence.ocsps {
		s, err := revocation.OCSP(data, c, issuer)
		if err != nil {
			s = nil
		}
		list = append(list, s)
	}
	for _, data := range j.evidence.crls {
		s, err := revocation.CRL(data, c, issuer)
		if err != nil {
			s = nil
		}
		list = append(list, s)
	}
	if j.said == nil {
		j.said = map[pair][]*revocation.Status{}
	}
	j.said[key] = list
	return list
}

// revoked returns an error if a certificate of a chain was revoked by a time.
func (j *judgement) revoked(chain []*x509.Certificate, at time.Time) error {
	for n, c := range chain[:len(chain)-1] {
		if f := j.status(c, chain[n+1], at, 1); f.known && !f.revoked.IsZero() && !f.revoked.After(at) {
			return fmt.Errorf("%s was revoked at %s", c.Subject, f.revoked.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// complete reports whether the document holds the status of every certificate
// of a chain but the anchor.
func (j *judgement) complete(chain []*x509.Certificate, at time.Time) bool {
	for n := range max(0, len(chain)-1) {
		if f := j.status(chain[n], chain[n+1], at, 1); !f.known || f.given {
			return false
		}
	}
	return len(chain) > 0
}

// revocation says whether the certificates of a seal were revoked when it was
// made, as far as that is proved.
func (j *judgement) revocation(chain []*x509.Certificate, at time.Time, proof *stamp) Check {
	c := Check{Code: CodeRevocation, Outcome: NotDone}
	switch {
	case chain == nil:
		c.Message = "Non verificato: prima vanno verificati la firma e il suo certificato."
		return c
	case len(j.evidence.ocsps)+len(j.evidence.crls) == 0:
		c.Message = "Non è stato verificato se il certificato sia stato revocato: il documento non contiene dati di " +
			"revoca."
		return c
	}
	when := "al momento della verifica"
	if proof != nil {
		when = "quando il sigillo è stato apposto"
	}
	var unknown []string
	for n, cert := range chain[:len(chain)-1] {
		f := j.status(cert, chain[n+1], at, 1)
		switch {
		case !f.known:
			unknown = append(unknown, "«"+clean(signerName(cert))+"»")
		case !f.revoked.IsZero() && !f.revoked.After(at):
			c.Outcome = Failed
			c.Message = fmt.Sprintf("Il certificato di «%s» è stato revocato il %s.", clean(signerName(cert)),
				italianTime(f.revoked))
			return c
		case !f.revoked.IsZero():
			c.Evidence = append(c.Evidence, fmt.Sprintf("%s was revoked at %s, after the seal", cert.Subject,
				f.revoked.UTC().Format(time.RFC3339)))
		}
	}
	if len(unknown) > 0 {
		c.Message = "Non si sa se siano stati revocati i certificati di " + strings.Join(unknown, ", ") +
			": i dati disponibili non lo dicono per il momento che conta."
		return c
	}
	c.Outcome = Passed
	c.Message = "Nessuno dei certificati del sigillo era revocato " + when + "."
	return c
}

// level says which PAdES level the signature reaches (EN 319 142-1 clause 6).
func (j *judgement) level(p *part, chain []*x509.Certificate, inside []*stamp, at time.Time) (Level, Check) {
	level, c := padesLevel(p.s, p.sd, p.res)
	if level != LevelBB {
		return level, c
	}
	covering := func(revision int) (list []*stamp) {
		for _, s := range j.stamps {
			if s.revision >= revision && s.sd != nil {
				list = append(list, s)
			}
		}
		return list
	}
	stamps := covering(p.out.Revision)
	for _, s := range inside {
		if !s.broken {
			stamps = append(stamps, s)
		}
	}
	var why string
	switch dss := j.evidence.present; {
	case len(stamps) == 0 || !p.covered:
		why = "non ha marche temporali"
	default:
		level = LevelBT
		switch {
		case !dss:
			why = "il documento non contiene i dati di validazione"
		case !j.complete(chain, at):
			why = "i dati di validazione contenuti nel documento non bastano"
		case !j.stampsComplete(inside):
			why = "mancano i dati di validazione della marca temporale"
		default:
			level = LevelBLT
			if why = "nessuna marca temporale copre i dati di validazione"; j.archived(p) {
				level, why = LevelBLTA, ""
			}
		}
	}
	c.Message = fmt.Sprintf("La firma rispetta il livello PAdES %s.", level)
	if why != "" {
		c.Message = fmt.Sprintf("La firma rispetta il livello PAdES %s, non uno superiore: %s.", level, why)
	}
	return level, c
}

// stampsComplete reports whether the document has the revocation status of the
// authority that issued the time-stamp inside a signature.
func (j *judgement) stampsComplete(inside []*stamp) bool {
	for _, s := range inside {
		if s.why == "" && !j.complete(s.chain, s.time) {
			return false
		}
	}
	return true
}

// archived reports whether a document time-stamp that proves its time covers
// validation data.
func (j *judgement) archived(p *part) bool {
	for _, s := range j.stamps {
		if s.why != "" || s.revision < p.out.Revision {
			continue
		}
		if catalog, _, err := j.file.At(s.revision).Catalog(); err == nil && catalog.Get("DSS") != nil {
			return true
		}
	}
	return false
}
