package verify

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/internal/cms"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal/qualified"
)

// examine checks the integrity and the coverage of one signature or
// time-stamp: what does not depend on the others.
func (j *judgement) examine(s *pdf.Signature) part {
	p := part{s: s, out: Signature{Field: s.Field, SubFilter: string(s.SubFilter), Timestamp: s.IsTimestamp(),
		Revision: -1}}
	var check, coverage Check
	p.sd, p.res, check = j.integrity(s)
	if p.res != nil {
		p.out.Certificate = p.res.Certificate
		p.out.Signer = signerName(p.res.Certificate)
	}
	coverage, p.out.Revision = j.coverage(s)
	p.covered = coverage.Outcome == Passed
	p.out.Checks = append(p.out.Checks, check, coverage)
	if p.out.Timestamp {
		p.out.Time = timestampTime(p.sd)
	}
	return p
}

// signature judges a signature: its certificate at the time that is proved,
// revocation, time and level.
func (j *judgement) signature(p *part) {
	if p.out.Timestamp {
		return // whether its issuer is trusted is part of the proof of time
	}
	out := &p.out
	out.Time = claimedTime(p.s, p.res)
	inside := j.insideStamps(p)
	at, proof := j.proved(p, inside)
	trust, chain, anchor := j.trust(p.sd, p.res, at)
	if chain != nil {
		out.Qualified = qualified.CheckVerified(chain[0], chain[1:], at) // by buildChains
		out.Trusted, out.Anchor = true, *anchor
	}
	if proof != nil {
		out.Proved = proof.time
	}
	var levelCheck Check
	out.Level, levelCheck = j.level(p, chain, inside, at)
	out.Checks = append(out.Checks, trust, j.revocation(chain, at, proof), j.time(out.Time, inside, proof), levelCheck)
}

// integrity checks that the bytes covered and the signature agree.
func (j *judgement) integrity(s *pdf.Signature) (*cms.SignedData, *cms.Result, Check) {
	c := Check{Code: CodeSignature, Outcome: Failed}
	fail := func(message string, err error) (*cms.SignedData, *cms.Result, Check) {
		c.Message = message
		if err != nil {
			c.Evidence = append(c.Evidence, err.Error())
		}
		return nil, nil, c
	}
	if s.Err != nil {
		return fail("Il dizionario della firma non si può leggere.", s.Err)
	}
	if s.ByteRange == nil {
		return fail("La firma non dice quali byte copre (ByteRange manca o è nullo).", nil)
	}
	if len(s.Contents) == 0 {
		return fail("La firma è vuota (Contents manca o è vuoto).", nil)
	}
	parts := s.SignedBytes()
	if parts == nil && j.rewritten {
		return fail(rewrittenMessage, nil)
	}
	if parts == nil {
		return fail("Gli intervalli di byte che la firma dice di coprire non hanno senso.",
			fmt.Errorf("ByteRange %v", s.ByteRange))
	}
	if len(bytes.Trim(s.Contents, "\x00")) == 0 {
		return fail("La firma è vuota: al suo posto ci sono solo zeri.", nil)
	}
	message, _, err := cms.Split(s.Contents)
	if err != nil {
		return fail("Il valore della firma non è ben formato, o è seguito da altri dati.", err)
	}
	sd, err := cms.Parse(message)
	if unsupportedAlgorithm(err) != "" {
		return nil, nil, notVerified(err)
	}
	if err != nil {
		return fail("Il valore della firma non è un messaggio CMS ben formato.", err)
	}
	for _, p := range parts {
		j.digested += int64(len(p))
	}
	if most := j.v.cfg.Limits.Digested; j.digested > most {
		return fail(fmt.Sprintf("Le firme del documento coprono in tutto più di %d byte: oltre non se ne "+
			"esaminano.", most), nil)
	}
	digest := func(hash crypto.Hash) []byte {
		h := hash.New()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	res, err := verifyMessage(s, sd, digest)
	if unsupportedAlgorithm(err) != "" {
		return sd, nil, notVerified(err)
	}
	if err != nil && j.rewritten {
		_, _, c := fail(rewrittenMessage, err)
		return sd, nil, c
	}
	if err != nil {
		_, _, c := fail(integrityMessage(err), err)
		return sd, nil, c
	}
	if j.ctx.Err() != nil {
		return fail("La verifica è stata interrotta prima della fine.", j.ctx.Err())
	}
	c.Outcome = Passed
	c.Message = fmt.Sprintf("I byte coperti e la firma concordano (%s, %s).", res.Digest, res.Algorithm)
	if sd.BER {
		c.Evidence = append(c.Evidence, "the CMS message is BER, not DER")
	}
	return sd, res, c
}

// unsupportedAlgorithm names the algorithm that a signature could not be verified
// for; empty if that is not why.
func unsupportedAlgorithm(err error) string {
	var e *cms.Error
	if errors.As(err, &e) && e.Code == cms.Unsupported {
		return clean(e.Algorithm)
	}
	return ""
}

// notVerified is what is said of a signature whose algorithm is not supported:
// whether it is intact is not known.
func notVerified(err error) Check {
	return Check{Code: CodeSignature, Outcome: NotDone, Evidence: []string{err.Error()},
		Message: "Non verificato: la firma usa un algoritmo che questo programma non supporta (" +
			unsupportedAlgorithm(err) + "). Non se ne può dire se sia integra."}
}

var errSubFilter = errors.New("unsupported SubFilter")

func verifyMessage(s *pdf.Signature, sd *cms.SignedData, digest func(crypto.Hash) []byte) (*cms.Result, error) {
	switch s.SubFilter {
	case "adbe.pkcs7.detached", "ETSI.CAdES.detached":
		if !sd.ContentType.Equal(cms.OIDData) {
			return nil, fmt.Errorf("content type %v: expected data", sd.ContentType)
		}
		return sd.Verify(digest)
	case "adbe.pkcs7.sha1": // the message carries the SHA-1 of the bytes
		res, err := sd.VerifyAttached()
		if err == nil && !bytes.Equal(sd.Content, digest(crypto.SHA1)) {
			return nil, &cms.Error{Code: cms.DigestMismatch,
				What: "the SHA-1 that is signed is not that of the bytes covered"}
		}
		if res != nil {
			res.Weak = append(res.Weak, crypto.SHA1.String())
		}
		return res, err
	case "ETSI.RFC3161":
		ts, err := sd.Timestamp()
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(ts.Imprint, digest(ts.Hash)) {
			return nil, &cms.Error{Code: cms.DigestMismatch, What: "the timestamp is over other bytes"}
		}
		return sd.VerifyAttached()
	}
	return nil, fmt.Errorf("%w %q", errSubFilter, s.SubFilter)
}

func integrityMessage(err error) string {
	if errors.Is(err, errSubFilter) {
		return "Il formato della firma non è fra quelli che si sanno verificare."
	}
	var e *cms.Error
	if errors.As(err, &e) {
		switch e.Code {
		case cms.DigestMismatch:
			return "Il documento è stato modificato: i byte coperti non sono quelli firmati."
		case cms.SignatureMismatch:
			return "Il valore della firma non corrisponde alla chiave del certificato indicato."
		case cms.SignerNotFound:
			return "La firma non contiene il certificato di chi l'ha apposta."
		case cms.ESSMismatch:
			return "La firma è stata apposta con un certificato diverso da quello allegato."
		case cms.AlgorithmFault:
			return "Gli algoritmi dichiarati dalla firma non sono coerenti."
		case cms.NotSingle:
			return "La firma deve avere un solo autore."
		}
	}
	return "Gli attributi della firma non sono coerenti."
}

// rewrittenMessage is for files that a program wrote anew.
const rewrittenMessage = "Il file è stato riscritto per intero dopo la firma: i byte firmati non ci sono più, anche " +
	"se ciò che si vede può essere uguale."

var coverageMessages = map[pdf.ProblemCode]string{
	pdf.NoDictionary:      "Il valore del campo firma non è un dizionario leggibile.",
	pdf.DuplicateKey:      "Il dizionario della firma ha una voce ripetuta: programmi diversi ne leggono una diversa.",
	pdf.NoByteRange:       "La firma non dice quali byte copre (ByteRange manca o è nullo).",
	pdf.ByteRangeShape:    "La firma non indica due intervalli di byte ben formati.",
	pdf.ByteRangeStart:    "La firma non copre l'inizio del file.",
	pdf.ByteRangeEnd:      "La firma non arriva alla fine di una revisione: ci sono byte che non copre.",
	pdf.BeyondFile:        "La firma dice di coprire più byte di quanti ne ha il file.",
	pdf.NoContents:        "La firma è vuota (Contents manca o è vuoto).",
	pdf.ContentsElsewhere: "Il valore della firma non è scritto dove la firma lo lascia fuori.",
	pdf.ContentsForm:      "Il valore della firma non è una stringa esadecimale in forma regolare.",
	pdf.GapMismatch: "La firma lascia fuori byte che non sono il proprio valore: un altro oggetto è presentato " +
		"come quello firmato.",
	pdf.OtherRevision: "Il dizionario della firma non appartiene alla revisione che la firma copre: un altro " +
		"oggetto è presentato come quello firmato.",
}

// coverage checks that the signature covers a whole revision, and that no
// bytes are outside all revisions.
func (j *judgement) coverage(s *pdf.Signature) (Check, int) {
	c := Check{Code: CodeCoverage, Outcome: Failed}
	rev, problems := s.Coverage()
	for _, p := range problems {
		c.Evidence = append(c.Evidence, p.String())
	}
	if len(problems) > 0 && j.rewritten {
		c.Message, c.Evidence = rewrittenMessage, append([]string{"rewritten"}, c.Evidence...)
		return c, -1
	}
	if len(problems) > 0 && j.file == nil && problems[0].Code == pdf.ByteRangeEnd &&
		s.ByteRange[2]+s.ByteRange[3] == j.size {
		// Where revisions end is not known of a file that could not be parsed.
		c.Outcome, c.Message = NotDone, "Non verificato: la struttura del file non si può leggere."
		return c, -1
	}
	if len(problems) > 0 {
		c.Message = coverageMessages[problems[0].Code]
		return c, -1
	}
	end := s.ByteRange[2] + s.ByteRange[3]
	size := int64(len(j.file.Data()))
	if j.file.Trailing > 0 && end < size {
		c.Message = fmt.Sprintf("Dopo l'ultima revisione ci sono %d byte che nessuna firma copre.", j.file.Trailing)
		c.Evidence = append(c.Evidence, fmt.Sprintf("%d bytes behind the last revision, which ends at byte %d",
			j.file.Trailing, size-j.file.Trailing))
		return c, rev
	}
	last := len(j.file.Revisions) - 1
	if rev == last && end != size {
		c.Message = "L'ultima firma non arriva alla fine del file."
		c.Evidence = append(c.Evidence, fmt.Sprintf("ByteRange ends at byte %d, the file at %d", end, size))
		return c, rev
	}
	c.Outcome = Passed
	if rev == last {
		c.Message = "La firma copre tutto il file, tranne il proprio valore."
	} else {
		c.Message = fmt.Sprintf("La firma copre per intero la revisione %d di %d, tranne il proprio valore.", rev+1,
			last+1)
	}
	return c, rev
}

// claimedTime is the time that the signature claims: the signed attribute or,
// failing that, M (ISO 32000-2, table 255).
func claimedTime(s *pdf.Signature, res *cms.Result) time.Time {
	if res != nil && !res.SigningTime.IsZero() {
		return res.SigningTime
	}
	if m := s.Text("M"); m != "" {
		if t, err := pdf.ParseDate(m); err == nil {
			return t
		}
	}
	return time.Time{}
}

func timestampTime(sd *cms.SignedData) time.Time {
	if sd == nil {
		return time.Time{}
	}
	ts, err := sd.Timestamp()
	if err != nil {
		return time.Time{}
	}
	return ts.Time
}

// padesLevel says whether the signature has the form of PAdES B-B, or of what
// came before.
func padesLevel(s *pdf.Signature, sd *cms.SignedData, res *cms.Result) (Level, Check) {
	c := Check{Code: CodeLevel, Outcome: NotDone, Message: "Il livello della firma non si può determinare."}
	if res == nil {
		return LevelNone, c
	}
	switch s.SubFilter {
	case "adbe.pkcs7.detached", "adbe.pkcs7.sha1":
		c.Outcome, c.Message = Passed, fmt.Sprintf("La firma è nel formato precedente a PAdES (%s).", s.SubFilter)
		return LevelLegacy, c
	case "ETSI.CAdES.detached":
	default:
		return LevelNone, c
	}
	signer := &sd.Signers[0]
	var missing []string
	need := func(ok bool, what string) {
		if !ok {
			missing = append(missing, what)
		}
	}
	need(res.ESS, "no signing-certificate attribute")
	need(signer.Attribute(cms.OIDSigningTime) == nil, "a signing-time attribute")
	need(s.Text("M") != "", "no M entry")
	need(s.Dict.Get("Cert") == nil, "a Cert entry")
	need(!sd.BER, "the message is not DER")
	if len(missing) > 0 {
		c.Message = "La firma è PAdES ma non rispetta il livello di base B-B."
		c.Evidence = missing
		return LevelNone, c
	}
	c.Outcome, c.Message = Passed, "La firma rispetta il livello PAdES B-B."
	return LevelBB, c
}
