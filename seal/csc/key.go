package csc

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/liste-elettorali/anpr/internal/remotekey"
	"github.com/liste-elettorali/anpr/internal/tsp"
	"github.com/liste-elettorali/anpr/seal"
)

// KeyConfig says which credential to use, and how it is authorised.
type KeyConfig struct {
	// CredentialID names the credential. Required.
	CredentialID string

	// AuthData returns, for each signature, the values that the service wants
	// (auth mode "explicit"): a PIN, a one-time password. They are passed on and
	// not kept. If nil, none are sent. It may be called by several goroutines at
	// a time.
	AuthData func(ctx context.Context, objects []AuthObject) ([]AuthData, error)

	// CredentialToken returns an access token with the scope "credential", good
	// for one signature with the credential and, with SCAL 2, of that hash alone
	// (auth mode "oauth2code"). If nil, the client's own Token is used, as for
	// credentials whose owner has authorised the client once and for all.
	CredentialToken func(ctx context.Context, a Authorization) (string, error)

	// SkipAuthorize leaves credentials/authorize out, whatever the auth mode: for
	// services whose access token is enough, although they do not say so.
	SkipAuthorize bool
}

// A Key is a credential of a service. It keeps what the service said of it when
// it was opened: a credential with a new certificate must be opened again. It
// is safe for concurrent use.
type Key struct {
	client *Client
	cfg    KeyConfig
	cred   Credential
	pub    crypto.PublicKey
	chain  []*x509.Certificate
}

var _ seal.ContextSigner = (*Key)(nil)

// Open asks for the credential and checks that it can sign: enabled, with a
// certificate that the service calls valid, and with a kind of key and an
// algorithm that seals use. The error wraps [ErrCredential], [ErrUnsupported],
// [ErrUnreachable] or an [Error].
func (c *Client) Open(ctx context.Context, cfg KeyConfig) (*Key, error) {
	if cfg.CredentialID == "" {
		return nil, fmt.Errorf("csc: %w: no credential is named", ErrCredential)
	}
	cred, err := c.Credential(ctx, cfg.CredentialID)
	if err != nil {
		return nil, err
	}
	k := &Key{client: c, cfg: cfg, cred: *cred}
	if err := k.check(); err != nil {
		return nil, fmt.Errorf("csc: credential %q: %w", cfg.CredentialID, err)
	}
	return k, nil
}

func (k *Key) check() error {
	cred := k.cred
	if cred.Key.Status != "enabled" {
		return fmt.Errorf("%w: its key is %q: expected enabled", ErrCredential, short(cred.Key.Status, 60))
	}
	if cred.Cert.Status != "" && cred.Cert.Status != "valid" {
		return fmt.Errorf("%w: its certificate is %q: expected valid", ErrCredential, short(cred.Cert.Status, 60))
	}
	var certs []*x509.Certificate
	for i, der := range cred.Cert.Certificates {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("%w: certificate %d: %w", ErrCredential, i, err)
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return fmt.Errorf("%w: the service gave no certificate", ErrCredential)
	}
	k.pub = certs[0].PublicKey
	k.chain = tsp.Chain(certs[0], slices.DeleteFunc(certs[1:],
		func(c *x509.Certificate) bool { return bytes.Equal(c.Raw, certs[0].Raw) }))
	if err := remotekey.CheckKey(k.pub); err != nil {
		return err
	}
	if !slices.ContainsFunc(cred.Key.Algo, func(oid string) bool { return fits(k.pub, oid) }) {
		return fmt.Errorf("%w: none of its algorithms %q is one for its key", ErrUnsupported, cred.Key.Algo)
	}
	switch cred.Auth.Mode {
	case "explicit", "implicit", "oauth2code", "":
	default:
		return fmt.Errorf("%w: authorisation %q: expected explicit, implicit or oauth2code", ErrUnsupported,
			short(cred.Auth.Mode, 60))
	}
	if cred.Auth.Mode == "explicit" && len(cred.Auth.Objects) > 0 && k.cfg.AuthData == nil && !k.cfg.SkipAuthorize {
		return fmt.Errorf("%w: its authorisation takes %q and no AuthData is configured", ErrCredential,
			cred.Auth.Objects[0].ID)
	}
	return nil
}

// Public returns the public key: *rsa.PublicKey or *ecdsa.PublicKey.
func (k *Key) Public() crypto.PublicKey { return k.pub }

// Chain returns the certificate of the key and then its issuers, as far as the
// service gave them. The slice is the caller's.
func (k *Key) Chain() []*x509.Certificate { return slices.Clone(k.chain) }

// Credential returns what the service said of the credential.
func (k *Key) Credential() Credential { return k.cred }

// Sign is [Key.SignContext] without a context: the client's timeout bounds each
// request.
func (k *Key) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.SignContext(context.Background(), rand, digest, opts)
}

// SignContext has a SHA-256, SHA-384 or SHA-512 digest signed: PKCS #1 v1.5 or,
// with *rsa.PSSOptions, RSASSA-PSS; ECDSA in DER, whichever way the service
// writes it. rand is not used. The error wraps [ErrUnreachable],
// [ErrSignature], [ErrUnsupported], an [Error] or that of ctx.
func (k *Key) SignContext(ctx context.Context, _ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	req, err := remotekey.NewRequest(k.pub, digest, opts)
	if err != nil {
		return nil, fmt.Errorf("csc: %w", err)
	}
	alg, params, err := k.algorithm(req)
	if err != nil {
		return nil, fmt.Errorf("csc: %w", err)
	}
	token, sad, err := k.authorize(ctx, req)
	if err != nil {
		return nil, err
	}
	// The hash algorithm is said also where the signature algorithm implies it,
	// since services must ignore it there and some want it.
	body := map[string]any{"credentialID": k.cfg.CredentialID, "hashes": [][]byte{req.Digest},
		"hashAlgorithmOID": hashOIDs[req.Hash].String(), "signAlgo": alg, "operationMode": "S"}
	if params != nil {
		body["signAlgoParams"] = params
	}
	if sad != "" {
		body["SAD"] = sad
	}
	var out struct {
		Signatures [][]byte `json:"signatures"`
		ResponseID string   `json:"responseID"`
	}
	if err := k.client.call(ctx, "signatures/signHash", token, body, &out); err != nil {
		return nil, err
	}
	if len(out.Signatures) == 0 && out.ResponseID != "" {
		return nil, fmt.Errorf("csc: signatures/signHash: %w: the service will have the signature later (operation mode A)",
			ErrUnsupported)
	}
	if len(out.Signatures) != 1 {
		return nil, fmt.Errorf("csc: signatures/signHash: %w: %d signatures: expected 1", ErrSignature,
			len(out.Signatures))
	}
	sig, err := req.Check(k.pub, out.Signatures[0])
	if err != nil {
		return nil, fmt.Errorf("csc: signatures/signHash: %w", err)
	}
	return sig, nil
}

// authorize returns what the request for a signature is sent with: the source
// of its access token and, unless the token alone authorises it, activation
// data.
func (k *Key) authorize(ctx context.Context, req remotekey.Request) (TokenSource, string, error) {
	a := Authorization{CredentialID: k.cfg.CredentialID, Hash: req.Digest,
		HashAlgorithmOID: hashOIDs[req.Hash].String()}
	if k.cfg.CredentialToken != nil {
		// One token is for one signature: a refused one is not renewed.
		token, err := k.cfg.CredentialToken(ctx, a)
		if err != nil {
			return nil, "", fmt.Errorf("csc: authorisation of a signature: %w", err)
		}
		return func(context.Context) (string, error) { return token, nil }, "", nil
	}
	if k.cfg.SkipAuthorize || k.cred.Auth.Mode == "oauth2code" {
		return k.client.cfg.Token, "", nil
	}
	body := map[string]any{"credentialID": a.CredentialID, "numSignatures": 1, "hashes": [][]byte{a.Hash},
		"hashAlgorithmOID": a.HashAlgorithmOID}
	if k.cfg.AuthData != nil {
		data, err := k.cfg.AuthData(ctx, slices.Clone(k.cred.Auth.Objects))
		if err != nil {
			return nil, "", fmt.Errorf("csc: authorisation of a signature: %w", err)
		}
		body["authData"] = data
	}
	var out struct {
		SAD    string `json:"SAD"`
		Handle string `json:"handle"`
	}
	if err := k.client.call(ctx, "credentials/authorize", k.client.cfg.Token, body, &out); err != nil {
		return nil, "", err
	}
	switch {
	case out.SAD == "" && out.Handle != "":
		return nil, "",
			fmt.Errorf("csc: credentials/authorize: %w: the service will have the authorisation later (a handle)",
				ErrUnsupported)
	case out.SAD == "":
		return nil, "", fmt.Errorf("csc: credentials/authorize: %w: a response without SAD", ErrUnreachable)
	}
	return k.client.cfg.Token, out.SAD, nil
}

var hashOIDs = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
	crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
	crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
}

// Signature algorithms (RFC 8017 appendix C, RFC 5758 clause 3.2). Those with a
// hash in them are preferred to those that leave it open.
const (
	oidRSA = "1.2.840.113549.1.1.1"
	oidPSS = "1.2.840.113549.1.1.10"
)

var (
	rsaOIDs = map[crypto.Hash]string{crypto.SHA256: "1.2.840.113549.1.1.11", crypto.SHA384: "1.2.840.113549.1.1.12",
		crypto.SHA512: "1.2.840.113549.1.1.13"}
	ecdsaOIDs = map[crypto.Hash]string{crypto.SHA256: "1.2.840.10045.4.3.2", crypto.SHA384: "1.2.840.10045.4.3.3",
		crypto.SHA512: "1.2.840.10045.4.3.4"}
)

// fits reports whether an algorithm can be used with a key, for some hash.
func fits(pub crypto.PublicKey, oid string) bool {
	names := ecdsaOIDs
	if _, ok := pub.(*rsa.PublicKey); ok {
		if oid == oidRSA || oid == oidPSS {
			return true
		}
		names = rsaOIDs
	}
	for _, name := range names {
		if name == oid {
			return true
		}
	}
	return false
}

// algorithm returns the identifier to sign with, one of those that the
// credential allows, and its parameters in DER if it takes any.
func (k *Key) algorithm(r remotekey.Request) (oid string, params []byte, err error) {
	var wanted []string
	switch k.pub.(type) {
	case *ecdsa.PublicKey:
		wanted = []string{ecdsaOIDs[r.Hash]}
	case *rsa.PublicKey:
		wanted = []string{rsaOIDs[r.Hash], oidRSA}
		if r.PSS {
			wanted = []string{oidPSS}
			if params, err = pssParams(r); err != nil {
				return "", nil, err
			}
		}
	}
	for _, oid := range wanted {
		if slices.Contains(k.cred.Key.Algo, oid) {
			return oid, params, nil
		}
	}
	return "", nil, fmt.Errorf("%w: the credential signs with %q: expected %q", ErrUnsupported, k.cred.Key.Algo, wanted)
}

// pssParams encodes RSASSA-PSS-params (RFC 4055 clause 3.1): hash, MGF1 with
// the same one, length of the salt.
func pssParams(r remotekey.Request) ([]byte, error) {
	hash := pkix.AlgorithmIdentifier{Algorithm: hashOIDs[r.Hash], Parameters: asn1.NullRawValue}
	inner, err := asn1.Marshal(hash)
	if err != nil {
		return nil, errors.New("RSASSA-PSS parameters do not encode")
	}
	return asn1.Marshal(struct {
		Hash pkix.AlgorithmIdentifier `asn1:"explicit,tag:0"`
		MGF  pkix.AlgorithmIdentifier `asn1:"explicit,tag:1"`
		Salt int                      `asn1:"explicit,tag:2"`
	}{hash, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8},
		Parameters: asn1.RawValue{FullBytes: inner}}, r.Salt})
}
