package remotekey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/asn1"
	"errors"
	"math/big"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func judge(err error) Verdict {
	switch {
	case err == nil:
		return Reached
	case errors.Is(err, errGaveUp):
		return Unknown
	}
	return Failed
}

var (
	errLine   = errors.New("the line is down")
	errGaveUp = errors.New("gave up")
)

func TestBreaker(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b := NewBreaker(BreakerConfig{Failures: 3, Cooldown: time.Minute, Now: func() time.Time { return now }})
	calls := 0
	call := func(err error) error {
		return b.Do(func() error { calls++; return err }, judge)
	}
	// A success in between starts the count again; giving up does not count.
	for _, err := range []error{errLine, errLine, nil, errLine, errGaveUp, errLine} {
		require.Equal(t, err, call(err))
	}
	require.Equal(t, errLine, call(errLine), "the third in a row")
	require.Equal(t, 7, calls)

	err := call(nil)
	require.ErrorIs(t, err, ErrUnreachable)
	require.ErrorIs(t, err, errLine)
	require.ErrorContains(t, err, "3 failures in a row, not tried before 2026-01-02T03:05:05Z")
	now = now.Add(time.Minute - 1)
	require.ErrorIs(t, call(nil), ErrUnreachable)
	require.Equal(t, 7, calls, "an open breaker does not call")

	// One failed trial, and it is open for another minute.
	now = now.Add(1)
	require.Equal(t, errLine, call(errLine))
	require.ErrorIs(t, call(nil), ErrUnreachable)
	require.Equal(t, 8, calls)

	// A trial that the caller gives up decides nothing: the next is one too.
	now = now.Add(time.Minute)
	require.Equal(t, errGaveUp, call(errGaveUp))
	require.Panics(t, func() { _ = b.Do(func() error { panic("x") }, judge) })
	require.NoError(t, call(nil))
	require.Equal(t, errLine, call(errLine), "closed, and counting from one")
	require.NoError(t, call(nil))
}

// TestBreakerOneTrial: of the calls that come when the cooldown is over, one
// alone goes through.
func TestBreakerOneTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBreaker(BreakerConfig{Failures: 1, Cooldown: time.Minute})
		require.Error(t, b.Do(func() error { return errLine }, judge))
		time.Sleep(time.Minute)
		var through, refused atomic.Int32
		release := make(chan struct{})
		for range 20 {
			go func() {
				err := b.Do(func() error { through.Add(1); <-release; return nil }, judge)
				if errors.Is(err, ErrUnreachable) {
					refused.Add(1)
				}
			}()
		}
		synctest.Wait()
		assert.EqualValues(t, 1, through.Load())
		assert.EqualValues(t, 19, refused.Load())
		close(release)
		synctest.Wait()
		assert.NoError(t, b.Do(func() error { return nil }, judge))
	})
}

func TestCheck(t *testing.T) {
	digest := func(h crypto.Hash) []byte { d := h.New(); d.Write([]byte("prova")); return d.Sum(nil) }
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		for _, opts := range []crypto.SignerOpts{h, &rsa.PSSOptions{Hash: h, SaltLength: rsa.PSSSaltLengthEqualsHash},
			&rsa.PSSOptions{Hash: h, SaltLength: rsa.PSSSaltLengthAuto}, &rsa.PSSOptions{Hash: h, SaltLength: 20}} {
			r, err := NewRequest(rsaKey.Public(), digest(h), opts)
			require.NoError(t, err)
			sig, err := rsaKey.Sign(rand.Reader, digest(h), opts)
			require.NoError(t, err)
			got, err := r.Check(rsaKey.Public(), sig)
			require.NoError(t, err, "%v %+v", h, opts)
			require.Equal(t, sig, got)
			_, err = r.Check(other.Public(), sig)
			require.ErrorIs(t, err, ErrSignature)
			if pss, ok := opts.(*rsa.PSSOptions); ok && pss.SaltLength == rsa.PSSSaltLengthAuto {
				require.Equal(t, 256-2-h.Size(), r.Salt, "the longest, which a device must be told")
			}
			if r.PSS { // a salt of another length is another signature than was asked for
				r.Salt--
				_, err = r.Check(rsaKey.Public(), sig)
				require.ErrorIs(t, err, ErrSignature)
			}
		}
		for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
			k, err := ecdsa.GenerateKey(curve, rand.Reader)
			require.NoError(t, err)
			r, err := NewRequest(k.Public(), digest(h), h)
			require.NoError(t, err)
			sig, err := k.Sign(rand.Reader, digest(h), h)
			require.NoError(t, err)
			got, err := r.Check(k.Public(), sig)
			require.NoError(t, err)
			require.Equal(t, sig, got)

			var rs struct{ R, S *big.Int }
			_, err = asn1.Unmarshal(sig, &rs)
			require.NoError(t, err)
			n := (curve.Params().BitSize + 7) / 8
			raw := append(rs.R.FillBytes(make([]byte, n)), rs.S.FillBytes(make([]byte, n))...)
			got, err = r.Check(k.Public(), raw)
			require.NoError(t, err)
			require.Equal(t, sig, got, "r and s become DER")
			raw[n]++
			for _, bad := range [][]byte{raw, raw[:n], nil, make([]byte, 2*n)} {
				_, err = r.Check(k.Public(), bad)
				require.ErrorIs(t, err, ErrSignature)
			}
		}
	}
}

func TestRequestRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	for _, pub := range []crypto.PublicKey{small.Public(), p224.Public(), "key", nil} {
		require.ErrorIs(t, CheckKey(pub), ErrUnsupported)
	}
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	sum := sha1.Sum(nil)
	for name, c := range map[string]struct {
		pub    crypto.PublicKey
		digest []byte
		opts   crypto.SignerOpts
	}{
		"no hash named":          {k.Public(), make([]byte, 32), nil},
		"hash SHA-1":             {k.Public(), sum[:], crypto.SHA1},
		"a digest of 31":         {k.Public(), make([]byte, 31), crypto.SHA256},
		"hash unknown":           {k.Public(), make([]byte, 32), crypto.Hash(0)},
		"with a key of type":     {p224.Public(), make([]byte, 32), &rsa.PSSOptions{Hash: crypto.SHA256}},
		"a salt of 223 bytes":    {k.Public(), make([]byte, 32), &rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: 223}},
		"a salt of -7 bytes":     {k.Public(), make([]byte, 32), &rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: -7}},
		"expected SHA-256, SHA-": {k.Public(), make([]byte, 28), crypto.SHA224},
	} {
		_, err := NewRequest(c.pub, c.digest, c.opts)
		require.ErrorIs(t, err, ErrUnsupported, name)
		if name != "no hash named" && name != "hash unknown" {
			require.ErrorContains(t, err, name)
		}
	}
}
