// Package seal puts an electronic seal on PDF documents (Regulation (EU) No
// 910/2014, articles 3(25) and 35; D.Lgs. 82/2005, CAD, article 62 paragraph
// 3) in the signature format of ISO 32000 clause 12.8.
//
// For most uses, make one [PAdES] at start-up with the key and the certificates
// of the legal person that seals ([LoadPKCS12], [LoadPEM], or any
// crypto.Signer), and hand it on as a [Sealer].
// In tests and in programs that show how things work, take one from package
// sealtest, which makes a throw-away authority at run time.
//
// # Guarantees
//
//   - A key that does not belong to its certificate, a certificate that may
//     not seal, or one that is not valid at the time of the seal gives an
//     error, never a seal.
//   - What leaves [Sealer.Seal] has been read back by a reader of our own: the
//     signature covers every byte but its own value, it verifies, and nothing
//     of the document was changed by adding it.
//   - A sealer is a production one only if its configuration says so. A program
//     that makes documents must mark those that any other sealer seals.
//
// A [PAdES] makes the signatures of ETSI EN 319 142-1, levels B-B to B-LTA, and
// in production refuses a certificate that is not a qualified one
// ([qualified.Check]); an [Extender] raises the level of an archived document
// and renews it, before [TermOf] says that its proof ends. A [PDFSign] writes
// the format before PAdES. A seal is invisible unless [Details.Appearance] asks
// for one that is seen, which is tagged where the document is.
//
// A seal says who issued the bytes. Whether the issuer of its certificate is a
// qualified trust service provider is for the verifier to find in the trusted
// list.
package seal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/seal/qualified"
)

// A Sealer puts an electronic seal ("sigillo elettronico", CAD article 62
// paragraph 3; Regulation (EU) 910/2014, article 35) on a PDF.
//
// Implementations are safe for concurrent use.
type Sealer interface {
	// Seal returns a sealed copy of pdf as an incremental update of it: its
	// bytes are the beginning of the result. It neither modifies pdf nor keeps
	// it. When it returns an error there is no result; when ctx ends before the
	// key has been used the error is that of ctx. A call that fails may be
	// repeated: a seal has no effect outside its result.
	Seal(ctx context.Context, pdf []byte, d Details) ([]byte, error)

	// Production reports whether this sealer was configured as a production
	// one. A document sealed by any other must be marked as a trial on its face.
	Production() bool
}

// Details is what a seal says about itself, in the clear. The seal covers it, but
// nobody other than the sealer vouches for it.
type Details struct {
	// Time is the claimed time of the seal, written with the offset of its
	// location and without fractions of a second. If zero, the sealer's clock.
	Time time.Time

	// Reason and Location are shown by viewers; empty ones are left out. At
	// most 200 characters each, without control characters.
	Reason, Location string

	// Appearance asks for a seal that is seen on a page; nil means an invisible
	// one. Only a [PAdES] draws it.
	Appearance *Appearance
}

var (
	// ErrCertificate means that key and certificates may not be used to seal:
	// they do not belong together, have the wrong purpose or are not valid at
	// the time of the seal.
	ErrCertificate = errors.New("certificate cannot seal")

	// ErrUnsupportedKey means that this sealer cannot seal with a key of that
	// kind or size.
	ErrUnsupportedKey = errors.New("unsupported key")

	// ErrNotQualified means that a production sealer was given a certificate
	// that is not a qualified one for electronic seals. See [qualified.Check].
	ErrNotQualified = errors.New("certificate is not a qualified one for electronic seals")

	// ErrTimestamp means that no authority gave an acceptable time-stamp.
	ErrTimestamp = errors.New("no time-stamp")

	// ErrRevocation means that the status of a certificate could not be
	// established.
	ErrRevocation = errors.New("certificate status not available")

	// ErrRevoked means that a certificate is revoked.
	ErrRevoked = errors.New("certificate is revoked")

	// ErrDocument means that the document cannot be sealed as it is.
	ErrDocument = errors.New("document cannot be sealed")

	// ErrOutput means that the sealed document failed its own check and was
	// thrown away.
	ErrOutput = errors.New("sealed document failed its check")
)

// NotQualifiedError lists why a production sealer refuses its certificate. It
// is [ErrNotQualified] and [ErrCertificate].
type NotQualifiedError struct {
	Subject  string
	Findings []qualified.Finding
}

func (e *NotQualifiedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seal: %v (%s):", ErrNotQualified, e.Subject)
	for _, f := range e.Findings {
		fmt.Fprintf(&b, " %s: %s (%s)", f.Code, f.Message, f.Source)
	}
	return b.String()
}

// Is reports whether target is [ErrNotQualified] or [ErrCertificate].
func (e *NotQualifiedError) Is(target error) bool {
	return target == ErrNotQualified || target == ErrCertificate
}
