package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"sync"
)

// A device is a library with one token that does on request what no real one
// can be made to: hang, fail with a code, lie. What it signs is right.
type device struct {
	mu       sync.Mutex
	label    string
	pin      string
	gone     bool // no token is in the slot
	always   bool
	mute     bool // says of no session that it is logged in
	der      bool // gives signatures of ECDSA in DER, as some do
	wrapped  bool // gives the point in an OCTET STRING, as the standard wants
	keys     []crypto.Signer
	certs    []*x509.Certificate
	sessions map[uint]bool
	last     uint
	user     bool
	operated bool // the login for an operation was done

	fail   []Code        // of the next signatures; 0 is none
	hang   chan struct{} // if not nil, a signature waits until it is closed
	spoil  func([]byte)  // if not nil, changes signatures
	begun  func()        // if not nil, called by each signature
	stay   bool          // finalize fails
	logins []string
	inits  int
}

var _ library = (*device)(nil)

func (d *device) initialize() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inits++
	d.sessions, d.user = map[uint]bool{}, false
	return nil
}

func (d *device) finalize() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stay {
		return ckrGeneralError
	}
	d.sessions = nil
	return nil
}

func (d *device) slots() ([]slot, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return nil, nil
	}
	return []slot{{id: 3, label: d.label, serial: "0001"}}, nil
}

func (d *device) openSession(slot uint) (uint, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slot != 3 || d.gone {
		return 0, ckrTokenNotPresent
	}
	d.last++
	d.sessions[d.last] = true
	return d.last, nil
}

func (d *device) closeSession(s uint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.sessions[s] {
		return ckrSessionInvalid
	}
	delete(d.sessions, s)
	d.user = d.user && len(d.sessions) > 0
	return nil
}

func (d *device) loggedIn(s uint) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.sessions[s] {
		return false, ckrSessionInvalid
	}
	return d.user && !d.mute, nil
}

func (d *device) login(s uint, pin string, kind loginKind) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logins = append(d.logins, pin)
	switch {
	case !d.sessions[s]:
		return ckrSessionInvalid
	case pin != d.pin:
		return ckrPINIncorrect
	case kind == loginOperation:
		d.operated = true
	case d.user:
		return ckrAlreadyLoggedIn
	default:
		d.user = true
	}
	return nil
}

// Objects: certificates from 100, public keys from 200, private keys from 300.
func (d *device) find(s uint, q query) ([]uint, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.sessions[s] {
		return nil, ckrSessionInvalid
	}
	var found []uint
	count := len(d.keys)
	if q.class == ckoCertificate {
		count = len(d.certs)
	}
	if q.class == ckoPrivateKey && d.pin != "" && !d.user {
		return nil, nil
	}
	for i := range count {
		if len(q.id) == 0 || string(q.id) == string(d.id(i)) {
			found = append(found, q.class*100+uint(i))
		}
	}
	return found, nil
}

func (d *device) id(i int) []byte { return []byte{byte(i) + 1} }

func (d *device) attribute(s, object, typ uint) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.sessions[s] {
		return nil, ckrSessionInvalid
	}
	i := int(object % 100)
	if object/100 == ckoCertificate {
		switch typ {
		case ckaValue:
			return d.certs[i].Raw, nil
		case ckaCertificateType:
			return binary.NativeEndian.AppendUint64(nil, 0), nil
		}
		return nil, Code(0x12)
	}
	switch k := d.keys[i].Public().(type) {
	case *rsa.PublicKey:
		switch typ {
		case ckaKeyType:
			return binary.NativeEndian.AppendUint64(nil, ckkRSA), nil
		case ckaModulus:
			return k.N.Bytes(), nil
		case ckaPublicExponent:
			return big.NewInt(int64(k.E)).Bytes(), nil
		}
	case *ecdsa.PublicKey:
		switch typ {
		case ckaKeyType:
			return binary.NativeEndian.AppendUint32(nil, ckkEC), nil // as a 32-bit platform has it
		case ckaECParams:
			for _, c := range curves {
				if c.curve == k.Curve {
					return asn1.Marshal(c.oid)
				}
			}
			return asn1.Marshal(asn1.ObjectIdentifier{1, 3, 132, 0, 35})
		case ckaECPoint:
			if object/100 == ckoPublicKey {
				point, err := k.Bytes()
				if err != nil || !d.wrapped {
					return point, err // without the OCTET STRING, as some do
				}
				return asn1.Marshal(point)
			}
		}
	}
	switch typ {
	case ckaID:
		return d.id(i), nil
	case ckaAlwaysAuthenticate:
		if d.always {
			return []byte{1}, nil
		}
	}
	return nil, Code(0x12) // CKR_ATTRIBUTE_TYPE_INVALID
}

func (d *device) sign(s, object uint, m mechanism, between func() error, data []byte) ([]byte, error) {
	d.mu.Lock()
	hang, begun, known := d.hang, d.begun, d.sessions[s]
	var fail Code
	if len(d.fail) > 0 {
		fail, d.fail = d.fail[0], d.fail[1:]
	}
	d.operated = false
	d.mu.Unlock()
	if begun != nil {
		begun()
	}
	if hang != nil {
		<-hang
	}
	if between != nil {
		if err := between(); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case fail != 0:
		return nil, fail
	case !known:
		return nil, ckrSessionInvalid
	case !d.user && d.pin != "" || d.always && !d.operated:
		return nil, ckrNotLoggedIn
	}
	sig, err := d.signature(int(object%100), m, data)
	if err == nil && d.spoil != nil {
		d.spoil(sig)
	}
	return sig, err
}

func (d *device) signature(i int, m mechanism, data []byte) ([]byte, error) {
	switch k := d.keys[i].(type) {
	case *ecdsa.PrivateKey:
		if len(data) > (k.Curve.Params().BitSize+7)/8 {
			return nil, Code(0x21) // CKR_DATA_LEN_RANGE, as some say
		}
		sig, err := k.Sign(rand.Reader, data, nil)
		if err != nil || d.der {
			return sig, err
		}
		var rs struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(sig, &rs); err != nil {
			return nil, err
		}
		n := (k.Curve.Params().BitSize + 7) / 8
		return append(rs.R.FillBytes(make([]byte, n)), rs.S.FillBytes(make([]byte, n))...), nil
	case *rsa.PrivateKey:
		if m.id == ckmRSAPKCS {
			return rsa.SignPKCS1v15(nil, k, 0, data)
		}
		hash := map[uint]crypto.Hash{ckmSHA256: crypto.SHA256, ckmSHA384: crypto.SHA384,
			ckmSHA512: crypto.SHA512}[m.hash]
		return rsa.SignPSS(rand.Reader, k, hash, data, &rsa.PSSOptions{SaltLength: int(m.salt)})
	}
	return nil, Code(0x70)
}

func (d *device) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.sessions)
}

func (d *device) set(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

func newDevice(curve elliptic.Curve) *device {
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return &device{label: "sigilli", pin: "1234", keys: []crypto.Signer{k}}
}
