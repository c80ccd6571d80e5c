package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// inadBase is the address of INAD's services for public bodies.
const inadBase = "https://api.inad.gov.it/rest/inad/v1/domiciliodigitale"

// A TokenSource gives the access token (voucher) for a service that is reached
// through PDND. It keeps a token as long as it is valid. Errors hold no secret.
type TokenSource interface {
	Token(ctx context.Context) (string, error)
}

// INADConfig configures an [INAD].
type INADConfig struct {
	Tokens TokenSource
	// Reference identifies the administrative procedure for which INAD is asked
	// (practicalReference, required): 1 to 100 printable ASCII characters,
	// without personal data.
	Reference string
	// Base is the address of the service; empty means that of production.
	Base string
	// Client sends the requests; a copy of it that follows no redirects is
	// used. Nil means a plain client. Neither the client nor a proxy may log
	// the addresses of requests: by INAD's design they contain the fiscal code.
	Client *http.Client
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// INAD is the [DomicileResolver] of the national index of digital domiciles
// (Indice nazionale dei domicili digitali: CAD, art. 6-quater), through AgID's
// extraction service (INAD API estrazione, extract). It is safe for concurrent
// use.
//
// Only a domicile that the person has elected as such counts. One elected in
// the exercise of a profession (practicedProfession), or one that has ceased,
// does not. A failure is a [*SendError] with a reason such as "inad 429".
type INAD struct{ cfg INADConfig }

var _ DomicileResolver = (*INAD)(nil)

// NewINAD checks a configuration.
func NewINAD(cfg INADConfig) (*INAD, error) {
	if cfg.Tokens == nil {
		return nil, errors.New("delivery: INADConfig.Tokens: expected the source of PDND's vouchers")
	}
	if cfg.Reference == "" || len(cfg.Reference) > 100 ||
		strings.ContainsFunc(cfg.Reference, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, errors.New("delivery: INADConfig.Reference: expected 1 to 100 printable ASCII characters")
	}
	if cfg.Base == "" {
		cfg.Base = inadBase
	}
	if !strings.HasPrefix(cfg.Base, "https://") {
		return nil, errors.New("delivery: INADConfig.Base: expected https")
	}
	cfg.Base = strings.TrimSuffix(cfg.Base, "/")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Client = withoutRedirects(cfg.Client)
	return &INAD{cfg}, nil
}

// withoutRedirects returns a copy of a client that follows no redirects: a
// redirect would carry keys and fiscal codes elsewhere.
func withoutRedirects(c *http.Client) *http.Client {
	client := http.Client{}
	if c != nil {
		client = *c
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// Domicile implements [DomicileResolver].
func (s *INAD) Domicile(ctx context.Context, fiscalCode string) (string, error) {
	fiscalCode = strings.ToUpper(fiscalCode)
	if !isFiscalCode(fiscalCode) {
		return "", &SendError{Reason: "fiscal-code-without-form", Permanent: true}
	}
	token, err := s.cfg.Tokens.Token(ctx)
	if err != nil || token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", &SendError{Reason: "inad without voucher"}
	}
	// Errors of the client are not passed on: they contain the address.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		s.cfg.Base+"/extract/"+fiscalCode+"?practicalReference="+url.QueryEscape(s.cfg.Reference), nil)
	if err != nil {
		return "", &SendError{Reason: "inad address without form"}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	res, err := s.cfg.Client.Do(req)
	if err != nil {
		return "", &SendError{Reason: "inad unreachable"}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(body) > maxAnswer {
		return "", &SendError{Reason: "inad answer cut or too long"}
	}
	switch res.StatusCode {
	case http.StatusOK:
		return inadDomicile(body, fiscalCode, s.cfg.Now())
	case http.StatusNotFound:
		// A gateway that does not have the service answers 404 with another page.
		var problem struct {
			Status json.RawMessage `json:"status"`
			Type   string          `json:"type"`
		}
		if json.Unmarshal(body, &problem) == nil &&
			(strings.Trim(string(problem.Status), `"`) == "404" || problem.Type == "NOT_FOUND") {
			return "", ErrNoDomicile
		}
		return "", &SendError{Reason: "inad 404 of nobody we asked"}
	}
	return "", &SendError{
		Reason: fmt.Sprintf("inad %d", res.StatusCode), After: retryAfter(res.Header, s.cfg.Now()),
		Permanent: res.StatusCode == http.StatusBadRequest,
	}
}

// inadAnswer holds the fields of Response_Request_Digital_Address that are
// used.
type inadAnswer struct {
	FiscalCode string `json:"codiceFiscale"`
	Addresses  []struct {
		Address    string `json:"digitalAddress"`
		Profession string `json:"practicedProfession"`
		Usage      struct {
			Motivation string `json:"motivation"`
			End        string `json:"dateEndValidity"`
		} `json:"usageInfo"`
	} `json:"digitalAddress"`
}

// inadDomicile reads the domicile of a person at an instant.
func inadDomicile(body []byte, fiscalCode string, now time.Time) (string, error) {
	bad := &SendError{Reason: "inad answer without form"}
	var a inadAnswer
	d := json.NewDecoder(bytes.NewReader(body))
	if d.Decode(&a) != nil || d.More() {
		return "", bad
	}
	if !strings.EqualFold(a.FiscalCode, fiscalCode) {
		return "", &SendError{Reason: "inad answer about another person"}
	}
	for _, e := range a.Addresses {
		if e.Profession != "" {
			continue
		}
		if e.Usage.End != "" {
			end, err := inadTime(e.Usage.End)
			if err != nil {
				return "", bad
			}
			if !end.After(now) {
				continue
			}
		}
		if !isAddress(e.Address) {
			return "", bad
		}
		return e.Address, nil
	}
	return "", ErrNoDomicile
}

// inadTime reads an instant in each of the forms in which
// yyyy-MM-dd'T'HH:mm:ssZ, the form of the description, is written in practice.
func inadTime(s string) (t time.Time, err error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700"} {
		if t, err = time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return t, err
}

// maxPause bounds the pause that a server may ask for.
const maxPause = 24 * time.Hour

// retryAfter returns how long a server asks us to wait (RFC 9110, section
// 10.2.3); zero if it does not say.
func retryAfter(h http.Header, now time.Time) time.Duration {
	s := h.Get("Retry-After")
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(min(max(n, 0), int(maxPause/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(at.Sub(now), 0), maxPause)
	}
	return 0
}
