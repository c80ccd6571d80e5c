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

// inadBase is where INAD's services for public bodies are.
const inadBase = "https://api.inad.gov.it/rest/inad/v1/domiciliodigitale"

// A TokenSource gives the access token for a service that is reached through
// PDND: the voucher. It keeps one as long as it is valid. Errors hold no secret.
type TokenSource interface {
	Token(ctx context.Context) (string, error)
}

// INADConfig configures an [INAD].
type INADConfig struct {
	Tokens TokenSource
	// Reference is that of the administrative procedure for which INAD is asked
	// (practicalReference, required): 1 to 100 printable ASCII characters, without
	// personal data.
	Reference string
	// Base is the address of the service; empty is that of production.
	Base string
	// Client sends the requests, with a copy that follows no redirects; nil is a
	// plain one. What it logs, or a proxy of it, must not be the address of a
	// request: by INAD's design it holds the fiscal code.
	Client *http.Client
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// INAD is the [DomicileResolver] of the national index of digital domiciles
// (Indice nazionale dei domicili digitali: CAD, art. 6-quater), by AgID's
// extraction service (INAD API estrazione, extract). It is safe for concurrent
// use.
//
// Only the domicile that the person has elected as such counts: one elected in
// the exercise of a profession (practicedProfession), or one that has ceased, is
// none. A failure is a [*SendError] with a reason such as "inad 429".
type INAD struct{ cfg INADConfig }

var _ DomicileResolver = (*INAD)(nil)

// NewINAD checks a configuration.
func NewINAD(cfg INADConfig) (*INAD, error) {
	if cfg.Tokens == nil {
		return nil, errors.New("delivery: INADConfig.Tokens: expected the source of PDND's vouchers")
	}
	if cfg.Reference == "" || len(cfg.Reference) > 100 || strings.ContainsFunc(cfg.Reference, func(r rune) bool { return r < ' ' || r > '~' }) {
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

// withoutRedirects returns a copy of a client: a redirect would carry keys and
// fiscal codes elsewhere.
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
	// No error of the client is passed on: it would name the address.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.cfg.Base+"/extract/"+fiscalCode+"?practicalReference="+url.QueryEscape(s.cfg.Reference), nil)
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
		// Not the page of a gateway that knows no such service.
		var problem struct {
			Status json.RawMessage `json:"status"`
			Type   string          `json:"type"`
		}
		if json.Unmarshal(body, &problem) == nil && (strings.Trim(string(problem.Status), `"`) == "404" || problem.Type == "NOT_FOUND") {
			return "", ErrNoDomicile
		}
		return "", &SendError{Reason: "inad 404 of nobody we asked"}
	}
	return "", &SendError{
		Reason: fmt.Sprintf("inad %d", res.StatusCode), After: retryAfter(res.Header, s.cfg.Now()), Permanent: res.StatusCode == http.StatusBadRequest,
	}
}

// inadAnswer is Response_Request_Digital_Address, as far as it is needed.
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

// inadTime reads an instant in one of the forms that yyyy-MM-dd'T'HH:mm:ssZ, as
// the description has it, is written in.
func inadTime(s string) (t time.Time, err error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700"} {
		if t, err = time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return t, err
}

// maxPause bounds what a server may ask for.
const maxPause = 24 * time.Hour

// retryAfter returns how long a server wants to be left alone (RFC 9110, section
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
