package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal/sealtest"
)

var digest = sha256.Sum256([]byte("prova"))

// open opens a key of a device, with what change sets.
func open(t *testing.T, d *device, change func(*Config)) *Key {
	t.Helper()
	cfg := config(t, d)
	if change != nil {
		change(&cfg)
	}
	k, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, k.Close()) })
	return k
}

func config(t *testing.T, d *device) Config {
	t.Helper()
	m, err := newModule(d)
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close() })
	return Config{Module: m, TokenLabel: "sigilli", KeyID: []byte{1},
		PIN: func() (string, error) { return "1234", nil }}
}

func sign(k *Key) error {
	_, err := k.Sign(nil, digest[:], crypto.SHA256)
	return err
}

func TestLoadRefused(t *testing.T) {
	_, err := Load("/there/is/no/such/library.so")
	require.ErrorContains(t, err, "/there/is/no/such/library.so")
	_, err = Open(t.Context(), Config{TokenLabel: "x", KeyLabel: "y"})
	require.ErrorContains(t, err, "no module is configured")
}

// TestKinds: what the device returns becomes what crypto.Signer promises.
func TestKinds(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	sum := sha512.Sum512([]byte("prova"))
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		for _, der := range []bool{false, true} {
			d := newDevice(curve)
			d.der = der
			k := open(t, d, nil)
			pub := k.Public().(*ecdsa.PublicKey)
			require.True(t, pub.Equal(d.keys[0].Public()))
			require.Empty(t, k.Chain())
			sig, err := k.Sign(nil, sum[:], crypto.SHA512)
			require.NoError(t, err)
			require.True(t, ecdsa.VerifyASN1(pub, sum[:], sig))
		}
	}
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	chain, err := ca.Issue(rsaKey.Public(), nil)
	require.NoError(t, err)
	d := newDevice(elliptic.P256())
	d.keys = append(d.keys, rsaKey)
	// Others first, in the wrong order, and one of the same key that is older.
	old, err := ca.Issue(rsaKey.Public(), func(c *x509.Certificate) { c.NotBefore = c.NotBefore.AddDate(-1, 0, 0) })
	require.NoError(t, err)
	d.certs = append(ca.Chain(), chain[1], chain[0], old[0])
	k := open(t, d, func(c *Config) { c.KeyID = []byte{2} })
	require.Len(t, k.Chain(), 2)
	require.True(t, k.Chain()[0].Equal(chain[0]))
	require.True(t, k.Chain()[1].Equal(chain[1]))
	pub := k.Public().(*rsa.PublicKey)
	sig, err := k.Sign(nil, sum[:], crypto.SHA512)
	require.NoError(t, err)
	require.NoError(t, rsa.VerifyPKCS1v15(pub, crypto.SHA512, sum[:], sig))
	pss := &rsa.PSSOptions{Hash: crypto.SHA512, SaltLength: rsa.PSSSaltLengthEqualsHash}
	sig, err = k.Sign(nil, sum[:], pss)
	require.NoError(t, err)
	require.NoError(t, rsa.VerifyPSS(pub, crypto.SHA512, sum[:], sig, pss))
	_, err = k.Sign(nil, sum[:20], crypto.SHA1)
	require.ErrorIs(t, err, ErrUnsupported)
}

// TestPoint: a point without its OCTET STRING may read as one, if its first
// byte happens to be the right length; both forms give the same key.
func TestPoint(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		size := curve.Params().BitSize / 8
		key := ambiguous(t, curve, byte(2*size-1))
		for _, wrapped := range []bool{false, true} {
			d := &device{label: "sigilli", pin: "1234", wrapped: wrapped, keys: []crypto.Signer{key}}
			k := open(t, d, nil)
			require.True(t, key.PublicKey.Equal(k.Public()), "%s, wrapped %t", curve.Params().Name, wrapped)
		}
	}
}

// ambiguous returns a key whose point begins with 4 and the given byte.
func ambiguous(t *testing.T, curve elliptic.Curve, second byte) *ecdsa.PrivateKey {
	t.Helper()
	raw := make([]byte, curve.Params().BitSize/8)
	for i := range 1 << 16 {
		binary.BigEndian.PutUint32(raw[len(raw)-4:], uint32(i+1))
		k, err := ecdsa.ParseRawPrivateKey(curve, raw)
		require.NoError(t, err)
		point, err := k.PublicKey.Bytes()
		require.NoError(t, err)
		if point[1] == second {
			return k
		}
	}
	t.Fatal("no such key")
	return nil
}

func TestOpenRefused(t *testing.T) {
	errSafe := errors.New("the safe is locked")
	for name, c := range map[string]struct {
		change func(*Config)
		device func(*device)
		is     error
	}{
		"names none: expected a label or a serial number": {change: func(c *Config) { c.TokenLabel = "" },
			is: ErrToken},
		"names none: expected a label or an id": {change: func(c *Config) { c.KeyID = nil }, is: ErrKey},
		`the tokens are: "sigilli" (0001)`: {change: func(c *Config) { c.TokenLabel = "altro" },
			is: ErrToken},
		`serial number "0002": expected 1`: {change: func(c *Config) { c.TokenSerial = "0002" },
			is: ErrToken},
		"0 private keys with label": {change: func(c *Config) { c.KeyID = []byte{9} },
			is: ErrKey},
		"2 private keys with label": {change: func(c *Config) { c.KeyID, c.KeyLabel = nil, "x" },
			device: func(d *device) { d.keys = append(d.keys, d.keys[0]) }, is: ErrKey},
		"CKR_PIN_INCORRECT": {change: func(c *Config) {
			c.PIN = func() (string, error) { return "9876", nil }
		}, is: ErrPIN},
		"the safe is locked": {change: func(c *Config) {
			c.PIN = func() (string, error) { return "", errSafe }
		}, is: errSafe},
		"without a PIN the token may not show it": {change: func(c *Config) { c.PIN = nil }, is: ErrKey},
		"curve 1.3.132.0.35: expected P-256 or P-384": {device: func(d *device) {
			d.keys = newDevice(elliptic.P521()).keys
		}, is: ErrKey},
		"no token": {device: func(d *device) { d.gone = true }, is: ErrToken},
	} {
		d := newDevice(elliptic.P256())
		if c.device != nil {
			c.device(d)
		}
		cfg := config(t, d)
		if c.change != nil {
			c.change(&cfg)
		}
		_, err := Open(t.Context(), cfg)
		require.ErrorIs(t, err, c.is, name)
		if name != "no token" {
			require.ErrorContains(t, err, name)
		}
		require.NotContains(t, err.Error(), "9876")
		require.Zero(t, d.open(), "%s: a session was left open", name)
		require.Equal(t, 1, d.inits, "%s: opening does not disturb others", name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Open(ctx, config(t, newDevice(elliptic.P256())))
	require.ErrorIs(t, err, context.Canceled)
}

// TestReconnect: a device that forgot us is reached again within the call, by
// one attempt and not more.
func TestReconnect(t *testing.T) {
	d := newDevice(elliptic.P256())
	k := open(t, d, nil)
	for _, c := range []Code{ckrSessionInvalid, ckrDeviceRemoved, ckrDeviceError, ckrNotLoggedIn, ckrKeyHandleInvalid} {
		d.set(func() { d.fail = []Code{c} })
		require.NoError(t, sign(k), c)
		require.Equal(t, 1, d.open(), "sessions of before are closed")
	}
	require.Equal(t, 1, d.inits)

	d.set(func() { d.fail = []Code{ckrDeviceError, ckrDeviceError} })
	err := sign(k)
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorIs(t, err, ckrDeviceError)
	d.set(func() { d.fail = []Code{ckrDeviceError} })
	require.ErrorIs(t, sign(k), ErrUnreachable, "that call has connected already")
	require.NoError(t, sign(k))

	// A refusal is no reason to connect anew, but the session is not used again.
	d.set(func() { d.fail = []Code{0x70} })
	err = sign(k)
	require.ErrorIs(t, err, Code(0x70))
	require.ErrorContains(t, err, "CKR_MECHANISM_INVALID")
	require.NotErrorIs(t, err, ErrUnreachable)
	require.Zero(t, d.open())
	require.NoError(t, sign(k))

	// Another key of the same module starts the library anew: its sessions are
	// gone for both, and neither notices.
	other, err := Open(t.Context(), k.cfg)
	require.NoError(t, err)
	before := d.inits
	require.NoError(t, k.cfg.Module.restart(k.cfg.Module.current()))
	require.NoError(t, sign(other))
	require.NoError(t, sign(k))
	require.Equal(t, before+1, d.inits)
	require.NoError(t, other.Close())
	require.ErrorIs(t, sign(other), ErrClosed)
	require.NoError(t, sign(k))

	// The key of that name must be the one it was.
	d.set(func() { d.keys, d.fail = newDevice(elliptic.P256()).keys, []Code{ckrSessionInvalid} })
	err = sign(k)
	require.ErrorIs(t, err, ErrKey)
	require.ErrorContains(t, err, "is another one now")
	require.Zero(t, d.open())
}

// TestGeneration: handles of before the library was started anew are not used,
// since they may name something else now, and of several who want it started
// anew one does it.
func TestGeneration(t *testing.T) {
	d := newDevice(elliptic.P256())
	m := config(t, d).Module
	before := m.current()
	require.NoError(t, m.restart(before))
	require.NoError(t, m.restart(before))
	require.Equal(t, 2, d.inits)
	called := false
	use := func(library) error { called = true; return nil }
	require.ErrorIs(t, m.do(before, use), ckrSessionInvalid)
	require.False(t, called)
	require.NoError(t, m.do(m.current(), use))
	require.True(t, called)
	require.NoError(t, m.Close())
	require.NoError(t, m.Close())
	require.ErrorIs(t, m.restart(m.current()), ErrClosed)
	require.ErrorIs(t, m.do(m.current(), use), ErrClosed)
}

// TestGone: the token is pulled out, the key counts as unreachable, the token
// is put back.
func TestGone(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	d := newDevice(elliptic.P256())
	k := open(t, d, func(c *Config) { c.Failures, c.Cooldown, c.Now = 3, time.Minute, func() time.Time { return now } })
	require.NoError(t, sign(k))
	d.set(func() { d.gone, d.fail = true, []Code{ckrTokenNotPresent} })
	for range 3 {
		err := sign(k)
		require.ErrorIs(t, err, ErrUnreachable)
		require.ErrorIs(t, err, ErrToken)
	}
	inits := d.inits
	require.Equal(t, 1+3, inits, "started anew once for each call")
	d.set(func() { d.gone = false })
	err := sign(k)
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorIs(t, err, ErrToken, "with the cause")
	require.ErrorContains(t, err, "not tried before 2026-01-02T03:05:05Z")
	require.Equal(t, inits, d.inits)
	now = now.Add(time.Minute)
	require.NoError(t, sign(k))
	require.NoError(t, sign(k))

	// A library that cannot be started again counts too.
	d.set(func() { d.gone, d.stay, d.fail = true, true, []Code{ckrDeviceRemoved} })
	require.ErrorIs(t, sign(k), ErrUnreachable)
	d.set(func() { d.gone, d.stay = false, false })
	require.NoError(t, sign(k))

	require.NoError(t, k.cfg.Module.Close())
	require.ErrorIs(t, sign(k), ErrClosed)
}

// TestPINOnce: a PIN that was changed under us is tried once, not until the
// token locks itself.
func TestPINOnce(t *testing.T) {
	d := newDevice(elliptic.P256())
	d.always = true
	k := open(t, d, nil)
	require.NoError(t, sign(k))
	require.Equal(t, []string{"1234", "1234"}, d.logins, "one for the session, one for the signature")
	d.set(func() { d.pin, d.logins = "5678", nil })
	for range 3 {
		require.ErrorIs(t, sign(k), ErrPIN)
	}
	require.Len(t, d.logins, 1)
	d.set(func() { d.fail, d.logins = []Code{ckrSessionInvalid}, nil })
	for range 3 {
		err := sign(k)
		require.ErrorIs(t, err, ErrPIN)
		require.ErrorIs(t, err, ckrPINIncorrect)
	}
	require.Empty(t, d.logins)
	require.Zero(t, d.open())
}

// TestLoggedInAlready: the login of one session is that of all, whether or not
// the device says so.
func TestLoggedInAlready(t *testing.T) {
	d := newDevice(elliptic.P256())
	d.mute = true
	k := open(t, d, nil)
	other, err := Open(t.Context(), k.cfg)
	require.NoError(t, err)
	require.NoError(t, sign(other))
	require.NoError(t, other.Close())
	require.NoError(t, sign(k))
}

func TestSpoiled(t *testing.T) {
	d := newDevice(elliptic.P256())
	d.spoil = func(sig []byte) { sig[5] ^= 1 }
	require.ErrorIs(t, sign(open(t, d, nil)), ErrSignature)
}

// TestHang: a device that answers no more holds up nobody beyond the timeout,
// nor more calls than there are sessions.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevice(elliptic.P256())
		k := open(t, d, func(c *Config) {
			c.MaxSessions, c.Timeout, c.Failures, c.Cooldown = 2, 10*time.Second, 8, time.Minute
		})
		var calls atomic.Int32
		hang := make(chan struct{})
		d.set(func() { d.hang, d.begun = hang, func() { calls.Add(1) } })

		var all sync.WaitGroup
		began := time.Now()
		for range 7 {
			all.Go(func() {
				err := sign(k)
				assert.ErrorIs(t, err, ErrUnreachable)
				assert.ErrorContains(t, err, "no signature within 10s")
			})
		}
		all.Wait()
		require.Equal(t, 10*time.Second, time.Since(began))
		// The caller's own end is told at once and says nothing of the key.
		ctx, cancel := context.WithCancel(t.Context())
		go func() { time.Sleep(time.Second); cancel() }()
		began = time.Now()
		_, err := k.SignContext(ctx, nil, digest[:], crypto.SHA256)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, ErrUnreachable)
		require.Equal(t, time.Second, time.Since(began))

		require.ErrorContains(t, sign(k), "no signature within 10s", "the eighth, which waits for a session")
		require.EqualValues(t, 2, calls.Load(), "no more calls hang than there are sessions")
		began = time.Now()
		require.ErrorContains(t, sign(k), "8 failures in a row")
		require.Zero(t, time.Since(began), "at once")

		d.set(func() { d.hang = nil })
		close(hang)
		time.Sleep(time.Minute)
		require.NoError(t, sign(k))
		require.Equal(t, 2, d.open(), "the sessions came back")
	})
}

// TestConcurrent: many callers, few sessions, and a device that forgets us now
// and then.
func TestConcurrent(t *testing.T) {
	d := newDevice(elliptic.P256())
	var under, most atomic.Int32
	d.begun = func() {
		n := under.Add(1)
		defer under.Add(-1)
		for {
			m := most.Load()
			if n <= m || most.CompareAndSwap(m, n) {
				return
			}
		}
	}
	k := open(t, d, func(c *Config) { c.MaxSessions = 3 })
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 25 {
				if i == 0 && j%10 == 5 {
					assert.NoError(t, k.cfg.Module.restart(k.cfg.Module.current()))
				}
				// The one attempt to connect anew may meet the next restart.
				if err := sign(k); err != nil {
					assert.ErrorIs(t, err, ErrUnreachable)
				}
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, most.Load(), int32(3))
	require.LessOrEqual(t, d.open(), 3)
	require.NoError(t, k.Close())
	require.Zero(t, d.open())
}
