package csc_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/csc"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

var digest = sha256.Sum256([]byte("prova"))

func token(s string) csc.TokenSource {
	return func(context.Context) (string, error) { return s, nil }
}

func pin(value string) func(context.Context, []csc.AuthObject) ([]csc.AuthData, error) {
	return func(_ context.Context, objects []csc.AuthObject) ([]csc.AuthData, error) {
		var data []csc.AuthData
		for _, o := range objects {
			data = append(data, csc.AuthData{ID: o.ID, Value: value})
		}
		return data, nil
	}
}

func keyConfig() csc.KeyConfig {
	return csc.KeyConfig{CredentialID: credentialID, AuthData: pin("prova-1234")}
}

func open(t testing.TB, s *service, change func(*csc.Config, *csc.KeyConfig)) *csc.Key {
	t.Helper()
	cfg, key := s.config(), keyConfig()
	if change != nil {
		change(&cfg, &key)
	}
	c, err := csc.New(cfg)
	require.NoError(t, err)
	k, err := c.Open(t.Context(), key)
	require.NoError(t, err)
	return k
}

func sign(k *csc.Key) error {
	_, err := k.Sign(nil, digest[:], crypto.SHA256)
	return err
}

// TestSeal seals documents with each kind of key; the sealers verify what they
// made, and refuse a signature in the wrong form.
func TestSeal(t *testing.T) {
	doc := sealtest.Document("sigillo da un servizio")
	for kind := range algorithms {
		for _, p1363 := range []bool{false, true} {
			s := newService(t, kind)
			s.p1363 = p1363
			k := open(t, s, nil)
			require.True(t, k.Chain()[0].Equal(s.ca.Chain()[0]))
			require.Len(t, k.Chain(), 3)
			require.Equal(t, "eu_eidas_aeseal", k.Credential().SignatureQualifier)
			old, err := seal.NewPDFSign(seal.PDFSignConfig{Signer: k, Chain: k.Chain()})
			require.NoError(t, err)
			_, err = old.Seal(t.Context(), doc, seal.Details{})
			require.NoError(t, err, kind)
			_, isRSA := k.Public().(*rsa.PublicKey)
			for _, pss := range []bool{false, true} {
				if pss && !isRSA {
					continue
				}
				pades, err := seal.NewPAdES(seal.PAdESConfig{Signer: k, Chain: k.Chain(), PSS: pss})
				require.NoError(t, err)
				_, err = pades.Seal(t.Context(), doc, seal.Details{})
				require.NoError(t, err, "%s %v", kind, pss)
			}
		}
	}
}

func TestAlgorithms(t *testing.T) {
	sum := sha512.Sum384([]byte("prova"))
	s := newService(t, sealtest.P384)
	k := open(t, s, nil)
	sig, err := k.Sign(nil, sum[:], crypto.SHA384)
	require.NoError(t, err)
	require.True(t, ecdsa.VerifyASN1(k.Public().(*ecdsa.PublicKey), sum[:], sig))
	require.NoError(t, sign(k), "with SHA-256 too, since the credential says so")
	long := sha512.Sum512(nil)
	_, err = k.Sign(nil, long[:], crypto.SHA512)
	require.ErrorIs(t, err, csc.ErrUnsupported)
	require.ErrorContains(t, err, `expected ["1.2.840.10045.4.3.4"]`)
	_, err = k.Sign(nil, long[:], crypto.SHA256)
	require.ErrorIs(t, err, csc.ErrUnsupported)
	require.Equal(t, 2, s.count("credentials/authorize"), "nothing is asked for what cannot be signed")
}

func TestClient(t *testing.T) {
	s := newService(t, sealtest.P256)
	s.pages = 2
	c, err := csc.New(s.config())
	require.NoError(t, err)
	info, err := c.Info(t.Context())
	require.NoError(t, err)
	require.Equal(t, "2.0.0.2", info.Specs)
	require.Contains(t, info.Methods, "signatures/signHash")
	ids, err := c.Credentials(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{credentialID, credentialID + "+", credentialID + "++"}, ids)
	s.set(func() { s.pages = 1 << 20 })
	_, err = c.Credentials(t.Context())
	require.ErrorContains(t, err, "more than 100 pages")
	cred, err := c.Credential(t.Context(), credentialID)
	require.NoError(t, err)
	require.Len(t, cred.Cert.Certificates, 3)
	require.Equal(t, []csc.AuthObject{{Type: "Password", ID: "PIN", Format: "A", Label: "PIN"}}, cred.Auth.Objects)

	for _, u := range []string{"", "http://example.it/csc/v2", "https:///csc", "https://u:p@example.it/",
		"https://example.it/?x", ":"} {
		cfg := s.config()
		cfg.URL = u
		_, err := csc.New(cfg)
		require.ErrorContains(t, err, "csc: URL", u)
		require.NotContains(t, err.Error(), "u:p")
	}
	cfg := s.config()
	cfg.Token = nil
	_, err = csc.New(cfg)
	require.ErrorContains(t, err, "no source of access tokens")
}

func TestOpenRefused(t *testing.T) {
	for name, c := range map[string]struct {
		service func(*service)
		key     func(*csc.KeyConfig)
		is      error
	}{
		`its key is "disabled"`: {service: func(s *service) { s.status["key"] = "disabled" },
			is: csc.ErrCredential},
		`its certificate is "revoked"`: {service: func(s *service) { s.status["cert"] = "revoked" },
			is: csc.ErrCredential},
		"none of its algorithms": {service: func(s *service) {
			s.algos = []string{"1.2.840.113549.1.1.11", "1.2.840.113549.1.1.5"}
		}, is: csc.ErrUnsupported},
		`authorisation "biometric"`:   {service: func(s *service) { s.mode = "biometric" }, is: csc.ErrUnsupported},
		`takes "PIN" and no AuthData`: {key: func(k *csc.KeyConfig) { k.AuthData = nil }, is: csc.ErrCredential},
		"no credential is named":      {key: func(k *csc.KeyConfig) { k.CredentialID = "" }, is: csc.ErrCredential},
		"Invalid parameter credential": {key: func(k *csc.KeyConfig) { k.CredentialID = "altra" },
			is: csc.InvalidRequest},
		"The access token expired": {service: func(s *service) { delete(s.tokens, "token-1") },
			is: csc.InvalidToken},
		"gave no certificate": {service: body("credentials/info", `{"key":{"status":"enabled"}}`),
			is: csc.ErrCredential},
		"certificate 0": {service: body("credentials/info",
			`{"key":{"status":"enabled"},"cert":{"certificates":["AAAA"]}}`), is: csc.ErrCredential},
		"a value that does not decode": {service: body("credentials/info", `{"cert":{"certificates":["*"]}}`),
			is: csc.ErrUnreachable},
		`field "cert.certificates": e`: {service: body("credentials/info", `{"cert":{"certificates":"segreto"}}`),
			is: csc.ErrUnreachable},
		"no JSON at byte": {service: body("credentials/info", `{"segreto`), is: csc.ErrUnreachable},
		"more than 1048576 bytes": {service: body("credentials/info", strings.Repeat(" ", 1<<20)+"{}"),
			is: csc.ErrUnreachable},
		"redirects are not followed": {service: func(s *service) {
			s.fault = func(_ string, w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, "/altrove", http.StatusTemporaryRedirect)
				return true
			}
		}, is: csc.ErrUnreachable},
	} {
		s := newService(t, sealtest.P256)
		if c.service != nil {
			c.service(s)
		}
		key := keyConfig()
		if c.key != nil {
			c.key(&key)
		}
		client, err := csc.New(s.config())
		require.NoError(t, err)
		_, err = client.Open(t.Context(), key)
		require.ErrorIs(t, err, c.is, name)
		require.ErrorContains(t, err, name)
		require.NotContains(t, err.Error(), "segreto")
		require.LessOrEqual(t, len(s.requests), 1)
	}
}

// body makes a service answer a method so.
func body(method, text string) func(*service) {
	return func(s *service) {
		s.fault = func(m string, w http.ResponseWriter, _ *http.Request) bool {
			if m != method {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, text)
			return true
		}
	}
}

// TestAuthorization: what each auth mode takes.
func TestAuthorization(t *testing.T) {
	// A token with the scope credential, for the hash.
	s := newService(t, sealtest.P256)
	s.mode = "oauth2code"
	s.tokens["token-hash"] = true
	var asked []csc.Authorization
	k := open(t, s, func(_ *csc.Config, c *csc.KeyConfig) {
		c.AuthData = nil
		c.CredentialToken = func(_ context.Context, a csc.Authorization) (string, error) {
			asked = append(asked, a)
			return "token-hash", nil
		}
	})
	require.NoError(t, sign(k))
	require.Equal(t, []csc.Authorization{{CredentialID: credentialID, Hash: digest[:],
		HashAlgorithmOID: "2.16.840.1.101.3.4.2.1"}}, asked)
	require.Zero(t, s.count("credentials/authorize"))

	// Without one, the client's own has to do.
	k = open(t, s, func(_ *csc.Config, c *csc.KeyConfig) { c.AuthData = nil })
	require.ErrorIs(t, sign(k), csc.InvalidRequest)
	s.set(func() { s.tokens["token-1"] = true })
	require.NoError(t, sign(k))

	// Nothing to be given, as for an approval on a telephone.
	s = newService(t, sealtest.P256)
	s.mode, s.scal = "implicit", "1"
	k = open(t, s, func(_ *csc.Config, c *csc.KeyConfig) { c.AuthData = nil })
	require.NoError(t, sign(k))
	require.Equal(t, 1, s.count("credentials/authorize"))

	k = open(t, s, func(_ *csc.Config, c *csc.KeyConfig) { c.SkipAuthorize = true })
	require.ErrorIs(t, sign(k), csc.InvalidRequest)
	require.Equal(t, 1, s.count("credentials/authorize"))

	errSafe := errors.New("the safe is locked")
	for _, change := range []func(*csc.Config, *csc.KeyConfig){
		func(_ *csc.Config, c *csc.KeyConfig) {
			c.AuthData = func(context.Context, []csc.AuthObject) ([]csc.AuthData, error) { return nil, errSafe }
		},
		func(_ *csc.Config, c *csc.KeyConfig) {
			c.CredentialToken = func(context.Context, csc.Authorization) (string, error) { return "", errSafe }
		},
	} {
		require.ErrorIs(t, sign(open(t, s, change)), errSafe)
	}
}

func TestSignRefused(t *testing.T) {
	for name, c := range map[string]struct {
		service func(*service)
		key     func(*csc.KeyConfig)
		is      error
	}{
		"The PIN is not valid": {key: func(c *csc.KeyConfig) { c.AuthData = pin("prova-9999") },
			is: csc.Code("invalid_pin")},
		"Invalid parameter SAD": {service: body("credentials/authorize", `{"SAD":"prova-9999"}`),
			is: csc.InvalidRequest},
		"a response without SAD": {service: body("credentials/authorize", `{}`), is: csc.ErrUnreachable},
		"authorisation later": {service: body("credentials/authorize", `{"handle":"h"}`),
			is: csc.ErrUnsupported},
		"signature later": {service: body("signatures/signHash", `{"responseID":"r"}`),
			is: csc.ErrUnsupported},
		"0 signatures: expected 1": {service: body("signatures/signHash", `{}`), is: csc.ErrSignature},
		"2 signatures: expected 1": {service: body("signatures/signHash", `{"signatures":["AAAA","AAAA"]}`),
			is: csc.ErrSignature},
		"do not verify on P-256": {service: func(s *service) {
			s.spoil = func(sig []byte) { sig[len(sig)-1] ^= 1 }
		}, is: csc.ErrSignature},
		"3 bytes that do not verify": {service: body("signatures/signHash", `{"signatures":["AAAA"]}`),
			is: csc.ErrSignature},
		`of type "text/html"`: {service: func(s *service) {
			s.fault = func(m string, w http.ResponseWriter, _ *http.Request) bool {
				if m == "signatures/signHash" {
					w.Header().Set("Content-Type", "text/html")
					_, _ = io.WriteString(w, "{}")
				}
				return m == "signatures/signHash"
			}
		}, is: csc.ErrUnreachable},
	} {
		s := newService(t, sealtest.P256)
		k := open(t, s, func(_ *csc.Config, key *csc.KeyConfig) {
			if c.key != nil {
				c.key(key)
			}
		})
		if c.service != nil {
			s.set(func() { c.service(s) })
		}
		err := sign(k)
		require.ErrorIs(t, err, c.is, name)
		require.ErrorContains(t, err, name)
		for _, secret := range []string{"prova-9999", "prova-1234", "token-1"} {
			require.NotContains(t, err.Error(), secret)
		}
		require.LessOrEqual(t, s.count("signatures/signHash"), 1)
	}

	// A signature by another key of the same kind.
	s := newService(t, sealtest.RSA2048)
	k := open(t, s, nil)
	other, err := sealtest.NewKey(sealtest.RSA2048)
	require.NoError(t, err)
	s.set(func() { s.key = other })
	require.ErrorIs(t, sign(k), csc.ErrSignature)
}

// TestTokenRenewed: a refused token is asked for again, once, and a signature
// is made once.
func TestTokenRenewed(t *testing.T) {
	s := newService(t, sealtest.P256)
	var n atomic.Int32
	n.Store(1)
	k := open(t, s, func(c *csc.Config, _ *csc.KeyConfig) {
		c.Token = func(context.Context) (string, error) { return fmt.Sprintf("token-%d", n.Load()), nil }
	})
	s.set(func() { s.tokens = map[string]bool{"token-2": false} })
	err := sign(k)
	require.ErrorIs(t, err, csc.InvalidToken)
	var said *csc.Error
	require.ErrorAs(t, err, &said)
	require.Equal(t, csc.Error{Method: "credentials/authorize", Status: 401, Code: csc.InvalidToken,
		Description: "The access token expired"}, *said)
	require.Equal(t, 1, s.count("credentials/authorize"), "the same token is not sent twice")

	var first atomic.Bool
	k = open(t, s, func(c *csc.Config, _ *csc.KeyConfig) {
		c.Token = func(context.Context) (string, error) {
			if first.CompareAndSwap(true, false) {
				return "token-1", nil
			}
			return "token-2", nil
		}
	})
	first.Store(true)
	require.NoError(t, sign(k))
	require.Equal(t, 3, s.count("credentials/authorize"))
	require.Equal(t, 1, s.count("signatures/signHash"))

	errVault := errors.New("the vault is sealed")
	bad := s.config()
	bad.Token = func(context.Context) (string, error) { return "", errVault }
	c, err := csc.New(bad)
	require.NoError(t, err)
	for range 10 { // that there is no token says nothing of the service
		_, err := c.Credentials(t.Context())
		require.ErrorIs(t, err, errVault)
		require.NotErrorIs(t, err, csc.ErrUnreachable)
	}

	// A code in the header alone (RFC 6750).
	s.set(func() {
		s.fault = func(_ string, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
	})
	require.ErrorIs(t, sign(k), csc.InsufficientScope)
}

// hang waits until the client is gone, which a server sees once it has read the
// request.
func hang(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// TestUnreachable: a service that fails is left alone for a while.
func TestUnreachable(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	for name, fault := range map[string]func(string, http.ResponseWriter, *http.Request) bool{
		"status 500": func(_ string, w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(500); return true },
		`status 503, error "temporarily_unavailable": manutenzione fino  alle 5`: func(_ string, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(503)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "temporarily_unavailable",
				"error_description": "manutenzione fino\r\nalle 5"})
			return true
		},
		"status 429": func(_ string, w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(429); return true },
		"EOF":        func(string, http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) },
	} {
		s := newService(t, sealtest.P256)
		k := open(t, s, func(c *csc.Config, _ *csc.KeyConfig) {
			c.Failures, c.Cooldown, c.Now = 3, time.Minute, clock
		})
		s.set(func() { s.fault = fault })
		for range 3 {
			err := sign(k)
			require.ErrorIs(t, err, csc.ErrUnreachable, name)
			require.ErrorContains(t, err, name)
		}
		before := s.count("credentials/authorize")
		require.Equal(t, 3, before, name)
		s.set(func() { s.fault = nil })
		err := sign(k)
		require.ErrorIs(t, err, csc.ErrUnreachable)
		require.ErrorContains(t, err, name, "with the cause")
		require.ErrorContains(t, err, "3 failures in a row, not tried before")
		require.Equal(t, before, s.count("credentials/authorize"))
		mu.Lock()
		now = now.Add(time.Minute)
		mu.Unlock()
		require.NoError(t, sign(k))
	}
}

// TestContext: the caller's end is told as such and does not count.
func TestContext(t *testing.T) {
	s := newService(t, sealtest.P256)
	k := open(t, s, func(c *csc.Config, _ *csc.KeyConfig) { c.Failures = 1 })
	ctx, cancel := context.WithCancel(t.Context())
	s.set(func() {
		s.fault = func(_ string, _ http.ResponseWriter, r *http.Request) bool { cancel(); hang(r); return true }
	})
	_, err := k.SignContext(ctx, nil, digest[:], crypto.SHA256)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, csc.ErrUnreachable)
	s.set(func() { s.fault = nil })
	before := s.count("credentials/authorize")
	_, err = k.SignContext(ctx, nil, digest[:], crypto.SHA256)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, s.count("credentials/authorize"))
	require.NoError(t, sign(k))

	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				assert.NoError(t, sign(k))
			}
		})
	}
	all.Wait()
}

// inProcess carries requests to a service without a network, or holds them
// until their context ends.
type inProcess struct {
	*service
	hangs atomic.Bool
	late  *http.Response // what the end of the context brings, for an error
}

func (p *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.hangs.Load() {
		<-r.Context().Done()
		if p.late != nil {
			return p.late, nil
		}
		return nil, r.Context().Err()
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result(), nil
}

// TestHang: a service that hangs holds up nobody beyond the timeout, also when
// the end brings an answer that is none.
func TestHang(t *testing.T) {
	t.Run("silent", func(t *testing.T) { testHang(t, nil) })
	t.Run("late", func(t *testing.T) { testHang(t, &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}) })
}

func testHang(t *testing.T, late *http.Response) {
	s := newService(t, sealtest.P256)
	synctest.Test(t, func(t *testing.T) {
		p := &inProcess{service: s, late: late}
		k := open(t, s, func(c *csc.Config, _ *csc.KeyConfig) {
			c.Client, c.Timeout, c.Failures = &http.Client{Transport: p}, 10*time.Second, 4
		})
		p.hangs.Store(true)
		began := time.Now()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				err := sign(k)
				assert.ErrorIs(t, err, csc.ErrUnreachable)
				assert.ErrorContains(t, err, "no answer within 10s")
			})
		}
		all.Wait()
		require.Equal(t, 10*time.Second, time.Since(began))
		require.ErrorContains(t, sign(k), "4 failures in a row")
		require.Equal(t, 10*time.Second, time.Since(began), "at once")
		p.hangs.Store(false)
		time.Sleep(30 * time.Second)
		require.NoError(t, sign(k))

		p.hangs.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := k.SignContext(ctx, nil, digest[:], crypto.SHA256)
		require.ErrorIs(t, err, context.Canceled, "the caller's end is told as such")
		require.NotErrorIs(t, err, csc.ErrUnreachable)
	})
}

// FuzzResponse: whatever a service answers, there is an error or a signature
// that verifies.
func FuzzResponse(f *testing.F) {
	f.Add("signatures/signHash", 200, `{"signatures":["AAAA"]}`)
	f.Add("signatures/signHash", 400, `{"error":"invalid_request","error_description":"x"}`)
	f.Add("credentials/authorize", 200, `{"SAD":"x","expiresIn":1}`)
	f.Add("credentials/authorize", 401, `{"error":3}`)
	f.Add("credentials/info", 200,
		`{"key":{"status":"enabled","algo":["1"]},"cert":{"certificates":["MAA="]},"SCAL":"1"}`)
	f.Add("credentials/info", 503, "\x00")
	s := newService(f, sealtest.P256)
	f.Fuzz(func(t *testing.T, method string, status int, text string) {
		s.set(func() {
			s.fault = func(m string, w http.ResponseWriter, _ *http.Request) bool {
				if m != method {
					return false
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(200 + (status%400+400)%400)
				_, _ = io.WriteString(w, text)
				return true
			}
		})
		cfg := s.config()
		cfg.Client = &http.Client{Transport: &inProcess{service: s}}
		c, err := csc.New(cfg)
		require.NoError(t, err)
		k, err := c.Open(t.Context(), keyConfig())
		if err != nil {
			return
		}
		sig, err := k.Sign(nil, digest[:], crypto.SHA256)
		if err == nil && !ecdsa.VerifyASN1(k.Public().(*ecdsa.PublicKey), digest[:], sig) {
			t.Fatalf("a signature that does not verify: %x", sig)
		}
	})
}
