package cms

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// A Timestamp is the content of a time-stamp token (RFC 3161 clause 2.4.2).
type Timestamp struct {
	Policy  asn1.ObjectIdentifier
	Hash    crypto.Hash
	Imprint []byte // digest of what was stamped
	Serial  *big.Int
	Time    time.Time
	Nonce   *big.Int // nil if there is none
}

// Timestamp reads the token that the message carries. It does not verify the
// signature.
func (sd *SignedData) Timestamp() (*Timestamp, error) {
	if !sd.ContentType.Equal(OIDTSTInfo) || sd.Content == nil {
		return nil, fmt.Errorf("cms: content type %v: expected a time-stamp token", sd.ContentType)
	}
	bad := fmt.Errorf("cms: TSTInfo is not well formed")
	t := &Timestamp{Serial: new(big.Int)}
	in := cryptobyte.String(sd.Content)
	var seq, imprint, sum cryptobyte.String
	var version int
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Integer(&version) || version != 1 ||
		!seq.ReadASN1ObjectIdentifier(&t.Policy) || !seq.ReadASN1(&imprint, cbasn1.SEQUENCE) {
		return nil, bad
	}
	var err error
	if t.Hash, _, err = readDigestAlgorithm(&imprint); err != nil {
		return nil, fmt.Errorf("cms: messageImprint: %w", err)
	}
	if !imprint.ReadASN1(&sum, cbasn1.OCTET_STRING) || !imprint.Empty() || len(sum) != t.Hash.Size() ||
		!seq.ReadASN1Integer(t.Serial) {
		return nil, bad
	}
	t.Imprint = bytes.Clone(sum)
	if t.Time, err = readGenTime(&seq); err != nil {
		return nil, fmt.Errorf("cms: genTime: %w", err)
	}
	// accuracy, ordering, nonce, tsa and extensions follow
	for last := -1; !seq.Empty(); {
		var el cryptobyte.String
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1(&el, &tag) {
			return nil, bad
		}
		order := map[cbasn1.Tag]int{cbasn1.SEQUENCE: 0, cbasn1.BOOLEAN: 1, cbasn1.INTEGER: 2, tag0: 3, tag1: 4}
		pos, ok := order[tag]
		if !ok || pos <= last {
			return nil, bad
		}
		last = pos
		if tag == cbasn1.INTEGER {
			t.Nonce = new(big.Int)
			in := cryptobyte.String(appendElement(nil, 0x02, el))
			if !in.ReadASN1Integer(t.Nonce) {
				return nil, bad
			}
		}
	}
	return t, nil
}

// readGenTime reads a GeneralizedTime, whose fraction of a second
// encoding/asn1 and cryptobyte do not accept.
func readGenTime(in *cryptobyte.String) (time.Time, error) {
	var v cryptobyte.String
	if !in.ReadASN1(&v, cbasn1.GeneralizedTime) {
		return time.Time{}, fmt.Errorf("no GeneralizedTime")
	}
	return time.Parse("20060102150405Z0700", string(v)) // time.Parse accepts a fraction by itself
}
