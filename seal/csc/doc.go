// Package csc seals with a key that a trust service provider keeps, over the
// API of the Cloud Signature Consortium, version 2 (Architectures and protocols
// for remote signature applications, 2.0.0.2).
//
// For most uses:
//
//	client, err := csc.New(csc.Config{URL: "https://firma.example.it/csc/v2", Token: token})
//	key, err := client.Open(ctx, csc.KeyConfig{CredentialID: id, AuthData: pin})
//	sealer, err := seal.NewPAdES(seal.PAdESConfig{Signer: key, Chain: key.Chain()})
//
// Getting access tokens (OAuth 2.0) is for the caller, who knows which flow and
// which client authentication the provider wants.
//
// # Guarantees
//
//   - Access tokens, PINs and activation data go to the configured service
//     alone, over TLS: redirects are not followed. They are in no error.
//   - Every signature is verified with the key of the credential's certificate
//     before it is handed on.
//   - No signature is asked for twice: what a provider counts and bills it
//     counts once for each call of Sign. Only a refused access token is renewed
//     and the request, which was not carried out, sent again.
//   - A service that does not answer several times in a row counts as
//     unreachable: further calls fail at once with [ErrUnreachable] and the
//     cause, until after a while one of them goes through as a trial.
//
// Responses in parts (operation mode A, handles to be asked for again) and the
// methods of version 1 are not supported.
package csc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/liste-elettorali/anpr/internal/remotekey"
)

var (
	// ErrUnreachable means that the service does not answer as it should: no
	// connection, no answer in time, an error of its own (status 5xx or 429) or
	// nothing that can be read. A later call may succeed.
	ErrUnreachable = remotekey.ErrUnreachable

	// ErrCredential means that the credential may not be used: disabled,
	// expired, revoked, or with certificates that do not decode.
	ErrCredential = errors.New("credential cannot sign")

	// ErrSignature means that the service returned something that the key of
	// the certificate does not verify.
	ErrSignature = remotekey.ErrSignature

	// ErrUnsupported means that credential or service cannot do what is asked.
	ErrUnsupported = remotekey.ErrUnsupported
)

// A Code is an error code of the service. [Error] wraps it: errors.Is(err,
// csc.InvalidToken).
type Code string

// Some codes: those of OAuth 2.0 (RFC 6749, RFC 6750) that the API uses. A
// provider may return others.
const (
	InvalidRequest         Code = "invalid_request" // also for a wrong or expired SAD, PIN or OTP
	InvalidToken           Code = "invalid_token"   // the access token is wrong or expired
	UnauthorizedClient     Code = "unauthorized_client"
	AccessDenied           Code = "access_denied"
	InsufficientScope      Code = "insufficient_scope"
	UnsupportedOperation   Code = "unsupported_operation"
	ServerError            Code = "server_error"
	TemporarilyUnavailable Code = "temporarily_unavailable"
)

// Error returns the code.
func (c Code) Error() string { return string(c) }

// An Error is a refusal by the service.
type Error struct {
	Method      string // of the API, such as signatures/signHash
	Status      int    // of HTTP
	Code        Code   // empty if the service gave none
	Description string // for people, in the service's words, cut to 200 characters
}

// Error says what the service said.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: the service answers with status %d, error %q: %s", e.Method, e.Status, string(e.Code),
		e.Description)
}

// Unwrap returns the code.
func (e *Error) Unwrap() error { return e.Code }

// A TokenSource returns an access token (OAuth 2.0 bearer, RFC 6750). It is
// asked for each request and should keep its token until it expires; asked again
// after the service has refused one, it should return another. It may be called
// by several goroutines at a time.
type TokenSource func(ctx context.Context) (string, error)

// Config says how to reach a service.
type Config struct {
	// URL is where the methods of the API begin, with its version:
	// https://host/csc/v2, to which /info and so on are added. Required, https.
	URL string

	// Token gives access tokens with the scope "service". Required.
	Token TokenSource

	// Client sends requests, without its following redirects. If nil, one with
	// the system's trust anchors.
	Client *http.Client

	// Timeout is for each request. If zero, 20 s.
	Timeout time.Duration

	// Lang is the language for texts from the service (RFC 5646). If empty,
	// "it-IT".
	Lang string

	// Failures is after how many failures to answer in a row the service counts
	// as unreachable. If zero, 5.
	Failures int

	// Cooldown is how long it does, until the next trial. If zero, 30 s.
	Cooldown time.Duration

	// Now is the clock of the cooldown. If nil, time.Now.
	Now func() time.Time
}

// Info is what a service says of itself (clause 11.1).
type Info struct {
	Specs       string   `json:"specs"` // version of the API, such as 2.0.0.2
	Name        string   `json:"name"`
	Region      string   `json:"region"` // ISO 3166-1 alpha-2
	Lang        string   `json:"lang"`
	Description string   `json:"description"`
	AuthType    []string `json:"authType"`
	OAuth2      string   `json:"oauth2"` // where its authorization server is
	Methods     []string `json:"methods"`
}

// A Credential is a key with its certificates, as the service describes it
// (clause 11.5).
type Credential struct {
	Description        string `json:"description"`
	SignatureQualifier string `json:"signatureQualifier"` // such as eu_eidas_qeseal
	Key                struct {
		Status string   `json:"status"` // enabled or disabled
		Algo   []string `json:"algo"`   // object identifiers of its signature algorithms
		Len    int      `json:"len"`    // bits
		Curve  string   `json:"curve"`  // object identifier
	} `json:"key"`
	Cert struct {
		Status       string   `json:"status"`       // valid, expired, revoked or suspended; empty if not said
		Certificates [][]byte `json:"certificates"` // DER, that of the key first
	} `json:"cert"`
	Auth struct {
		Mode       string       `json:"mode"` // explicit, implicit (version 1) or oauth2code
		Expression string       `json:"expression"`
		Objects    []AuthObject `json:"objects"`
	} `json:"auth"`

	// SCAL is the assurance level of sole control (EN 419 241-1): with "2" an
	// authorisation holds for the named hashes alone.
	SCAL      string `json:"SCAL"`
	Multisign int    `json:"multisign"` // how many signatures one authorisation may be for
}

// An AuthObject is something that the service wants for an authorisation.
type AuthObject struct {
	Type   string `json:"type"` // such as Password
	ID     string `json:"id"`   // such as PIN or OTP
	Format string `json:"format"`
	Label  string `json:"label"`
}

// AuthData is the value for an [AuthObject].
type AuthData struct {
	ID    string `json:"id"`
	Value string `json:"value"`
}

// An Authorization is what is to be authorised: one signature.
type Authorization struct {
	CredentialID     string
	Hash             []byte
	HashAlgorithmOID string
}
