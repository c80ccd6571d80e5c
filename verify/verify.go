// Package verify judges the seal of an electoral certificate (Regulation (EU)
// No 910/2014, article 32 and 40; ISO 32000-2 clause 12.8; ETSI EN 319 142-1),
// its contrassegno (CAD article 23 paragraph 2-bis) and the access log (D.M.
// 17 October 2022, annex 2), and says in plain Italian what it found.
//
// For most uses:
//
//	v, err := verify.New(verify.Config{Trust: anchors})
//	report := v.PDF(ctx, data, time.Now())
//	if !report.Valid { … report.Checks … }
//
// # Guarantees
//
//   - A report is always returned. It lists every check with its outcome:
//     passed, failed, or not done, and why. What was added after a seal and is
//     refused has reasons as data too ([Reason]). A document is valid only if nothing
//     failed and all the checks that its kind requires passed; what could not be
//     done is never taken for passed.
//   - Of a document with a valid report, every byte is covered by a seal whose
//     certificate leads to one of the given anchors. Two parts are outside it.
//     One is the seal's own value, which has one accepted form, but for what its
//     signature does not protect: a time-stamp that is spoiled there counts as
//     missing, and the level is lower. The other is later revisions that do
//     nothing but add validation data, timestamps or further seals or, where
//     the seals permit it (DocMDP, FieldMDP), fill in empty fields of a form or
//     add comments that hide nothing: the report says so. They may write again, in
//     another spelling of the same value, what no page draws: a title in another
//     encoding, a date, the metadata.
//   - A file that holds a seal is never repaired to be read. Scans and printed
//     copies are read as leniently as viewers do: nothing rests on them.
//   - Input is hostile: work and memory are bounded by [Limits], in what is counted
//     (points, bytes, objects) and never in time, so that the same input always
//     comes to the same answer. Nothing panics, nothing is asked of the network.
//   - An algorithm that is not supported is told as such: whether such a seal is
//     intact is then not known, and it is not valid.
//
// The time that a document claims proves nothing: certificates are judged at
// the time that a trusted time-stamp proves or, without one, at that given by
// the caller.
package verify

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/seal/qualified"
)

// An Outcome is what a check came to.
type Outcome string

// The outcomes of a check.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	NotDone Outcome = "not-done"
)

// A Kind is the kind of thing that was judged.
type Kind string

// The kinds of things that are judged.
const (
	KindPDF          Kind = "pdf"
	KindContrassegno Kind = "contrassegno"
	KindLog          Kind = "log"
)

// A Code names a check.
type Code string

// The checks of a PDF.
const (
	CodeStructure      Code = "structure"       // the file can be read, and read in one way
	CodeSignature      Code = "signature"       // the bytes covered and the signature agree
	CodeCoverage       Code = "coverage"        // the signature covers the whole file
	CodeLaterRevisions Code = "later-revisions" // what was added afterwards is permitted
	CodeTrust          Code = "trust"           // the certificate leads to an anchor
	CodeRevocation     Code = "revocation"      // it was not revoked
	CodeTime           Code = "time"            // the time is proved
	CodeLevel          Code = "level"           // PAdES level
)

// The checks of a picture of a contrassegno.
const (
	CodeDecode          Code = "decode"           // one well-formed contrassegno was read
	CodeAuthentic       Code = "authentic"        // it belongs to a validly sealed document
	CodeMatchesDocument Code = "matches-document" // one of the documents embeds its data
)

// A Level is the level of a PAdES signature (EN 319 142-1 clause 6), or legacy
// for the formats before it.
type Level string

// The levels.
const (
	LevelNone   Level = ""
	LevelLegacy Level = "legacy"
	LevelBB     Level = "B-B"
	LevelBT     Level = "B-T"
	LevelBLT    Level = "B-LT"
	LevelBLTA   Level = "B-LTA"
)

// A Check is one check of a report.
type Check struct {
	Code    Code    `json:"code"`
	Outcome Outcome `json:"outcome"`
	Message string  `json:"message"` // in Italian, for people

	// Reasons say why a later revision is refused: all those of the first revision
	// that is, at most 1,000. Other checks have none.
	Reasons []Reason `json:"reasons,omitempty"`

	// Evidence holds values for people who know the format, in English.
	Evidence []string `json:"-"`
}

// A Report says what was checked, what it came to and what was not checked.
type Report struct {
	Kind   Kind    `json:"kind"`
	Valid  bool    `json:"valid"`
	Level  Level   `json:"level"`
	Checks []Check `json:"checks"`

	// Signer names the authors of the seals, as their certificates do, whether they
	// are trusted or not.
	Signer string `json:"signer"`

	// Time is the claimed time of the first seal, zero if there is none.
	Time time.Time `json:"time,omitzero"`

	// At is the time at which certificates were judged.
	At time.Time `json:"-"`

	// Signatures holds the answer for each seal and timestamp of a PDF.
	Signatures []Signature `json:"-"`

	// Pages is the number of pages of a PDF.
	Pages int `json:"-"`
}

// A Signature is the answer for one seal or timestamp of a PDF. Its checks
// have the same codes as those of the report, which sum them up.
type Signature struct {
	Field       string
	SubFilter   string
	Timestamp   bool
	Signer      string
	Time        time.Time         // claimed
	Certificate *x509.Certificate // nil if it could not be verified
	Proved      time.Time         // at which a trusted time-stamp proves that it existed; zero if none does
	Revision    int               // that it covers, counted from 0; -1 if none
	// Trusted says that the certificate leads to an anchor, given in Anchor.
	// Qualified then lists why the certificate is not one for qualified electronic
	// seals (EN 319 412-3 and -5). A seal is qualified if the list is empty and
	// Anchor.Qualified says that its issuer was listed.
	Trusted   bool
	Anchor    Anchor
	Qualified []qualified.Finding
	Level     Level
	Checks    []Check
}

// Check returns the check with a code.
func (r *Report) Check(code Code) (Check, bool) {
	i := slices.IndexFunc(r.Checks, func(c Check) bool { return c.Code == code })
	if i < 0 {
		return Check{}, false
	}
	return r.Checks[i], true
}

// conclude sets Valid: nothing failed and all of the required checks passed.
func (r *Report) conclude(required ...Code) {
	r.Valid = true
	for _, c := range r.Checks {
		r.Valid = r.Valid && c.Outcome != Failed
	}
	for _, code := range required {
		c, ok := r.Check(code)
		r.Valid = r.Valid && ok && c.Outcome == Passed
	}
}

// PDFLimits bound what is read of a PDF. A zero field means its default.
type PDFLimits struct {
	Size      int64 // bytes of the file; default 128 MiB
	Depth     int   // nesting of arrays, dictionaries and trees; default 64
	Objects   int   // cross-reference entries of all revisions; default 500,000
	Revisions int   // default 250
	Stream    int64 // bytes of one stream after decoding; default 64 MiB
	Expanded  int64 // bytes of all streams after decoding, and at most Stream and 64 times the file; default 256 MiB

	// Values bounds the elements of arrays and dictionaries, an entry counting
	// three, beyond one for each eight bytes of the file; default 200,000.
	Values int64

	// Work bounds how often objects are asked for and values gone through, with the
	// bytes of metadata that are read, over all revisions; default 40 million.
	Work int64
}

// Limits bound what is read of untrusted input. A zero field means its
// default.
type Limits struct {
	PDF        PDFLimits
	Signatures int   // of one document; default 50
	Digested   int64 // bytes that the signatures of one document cover in all; default 1 GiB
	Picture    int64 // bytes of a picture; default 16 MiB
	Pixels     int64 // of a picture, and of those of a PDF that are looked at twice; default 52 million

	// Work bounds what a search for a contrassegno may cost, in points of pictures
	// that are looked at, counted before they are: the same input always comes to the
	// same answer. Default 1,300 million, from one to two seconds of a processor.
	Work int64
}

// Config says what to trust. The zero value trusts nobody: then no document is
// valid.
type Config struct {
	// Trust holds the anchors: certificates of authorities, or of seals, that
	// the caller trusts.
	Trust []*x509.Certificate

	// Timestamps holds the anchors of time-stamping authorities. Without any, no
	// time-stamp proves anything.
	Timestamps []*x509.Certificate

	// Source gives anchors beside Trust and Timestamps, with purpose and dates:
	// an [Anchors] or a trusted list. If it fails, trust is not done, and no
	// document is valid.
	Source TrustSource

	// OCSPs and CRLs are revocation data beside those that documents contain:
	// OCSP responses and revocation lists, DER. The network is never asked.
	OCSPs, CRLs [][]byte

	// ContrassegnoKey is the issuer's key of the contrassegno. If nil, its
	// authentication code is not checked, and the document's seal alone vouches
	// for it.
	ContrassegnoKey []byte

	// Algorithms are the dates from which hashes and sizes of keys are refused,
	// at the time at which a certificate is judged. If nil, those of ETSI TS 119
	// 312: MD5 2004, SHA-1 2012, SHA-224 2029; RSA under 1,900 bits October 2019,
	// under 3,000 bits 2029; ECDSA under 256 bits October 2021.
	Algorithms []AlgorithmLimit

	// Limits bound the input.
	Limits Limits

	// Now is the clock used when a call gives no time. If nil, time.Now.
	Now func() time.Time
}

// A Verifier judges documents. It is safe for concurrent use. The zero Verifier is
// that of the zero [Config]: it trusts nobody.
type Verifier struct {
	cfg   Config
	fixed Anchors // of Trust and Timestamps
}

// made returns the verifier itself or, for the zero value, that of the zero Config.
func (v *Verifier) made() *Verifier {
	if v.cfg.Now != nil {
		return v
	}
	standard, _ := New(Config{}) // which holds nothing that New refuses
	return standard
}

// New makes a verifier. The only error is an anchor that is nil.
func New(cfg Config) (*Verifier, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Limits.Signatures <= 0 {
		cfg.Limits.Signatures = 50
	}
	if cfg.Limits.Digested <= 0 {
		cfg.Limits.Digested = 1 << 30
	}
	if cfg.Limits.Picture <= 0 {
		cfg.Limits.Picture = 16 << 20
	}
	if cfg.Limits.Pixels <= 0 {
		cfg.Limits.Pixels = 52_000_000
	}
	if cfg.Limits.Work <= 0 {
		cfg.Limits.Work = defaultWork
	}
	if cfg.Algorithms == nil {
		cfg.Algorithms = defaultAlgorithms()
	}
	v := &Verifier{cfg: cfg}
	v.cfg.Algorithms = slices.Clone(cfg.Algorithms)
	v.cfg.ContrassegnoKey = slices.Clone(cfg.ContrassegnoKey)
	for i, c := range cfg.Trust {
		if c == nil {
			return nil, fmt.Errorf("verify: trust anchor %d is nil", i)
		}
		v.fixed = append(v.fixed, Anchor{Certificate: c, Purposes: []Purpose{PurposeSeal}})
	}
	for i, c := range cfg.Timestamps {
		if c == nil {
			return nil, fmt.Errorf("verify: time-stamp anchor %d is nil", i)
		}
		v.fixed = append(v.fixed, Anchor{Certificate: c, Purposes: []Purpose{PurposeTimestamp}})
	}
	return v, nil
}
