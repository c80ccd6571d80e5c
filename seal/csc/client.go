package csc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/internal/remotekey"
)

// maxResponse bounds responses: certificates and signatures are a few
// kilobytes.
const maxResponse = 1 << 20

// A Client speaks to one service. It is safe for concurrent use.
type Client struct {
	cfg     Config
	base    string
	http    *http.Client
	breaker *remotekey.Breaker
}

// New checks the configuration. It does not speak to the service.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("csc: URL: expected https://host/path, without query")
	}
	if u.User != nil {
		return nil, errors.New("csc: URL: it holds credentials, which would show up in errors: give them to Token")
	}
	if cfg.Token == nil {
		return nil, errors.New("csc: no source of access tokens is configured")
	}
	client := &http.Client{}
	if cfg.Client != nil {
		*client = *cfg.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if cfg.Timeout <= 0 {
		cfg.Timeout = 20 * time.Second
	}
	if cfg.Lang == "" {
		cfg.Lang = "it-IT"
	}
	return &Client{cfg: cfg, base: strings.TrimSuffix(u.String(), "/"), http: client,
		breaker: remotekey.NewBreaker(remotekey.BreakerConfig{Failures: cfg.Failures, Cooldown: cfg.Cooldown,
			Now: cfg.Now})}, nil
}

// Info asks what the service is and does. It takes no access token.
func (c *Client) Info(ctx context.Context) (*Info, error) {
	var info Info
	err := c.call(ctx, "info", nil, map[string]any{"lang": c.cfg.Lang}, &info)
	if err != nil {
		return nil, err
	}
	return &info, nil
}

// maxPages bounds how often a service may say that there is more.
const maxPages = 100

// Credentials asks for the identifiers of the credentials that the access token
// is good for.
func (c *Client) Credentials(ctx context.Context) ([]string, error) {
	var all []string
	request := map[string]any{}
	for range maxPages {
		var page struct {
			CredentialIDs []string `json:"credentialIDs"`
			Next          string   `json:"nextPageToken"` // of version 1, which some services still have in version 2
		}
		if err := c.call(ctx, "credentials/list", c.cfg.Token, request, &page); err != nil {
			return nil, err
		}
		all = append(all, page.CredentialIDs...)
		if page.Next == "" {
			return all, nil
		}
		request["pageToken"] = page.Next
	}
	return nil, fmt.Errorf("csc: credentials/list: more than %d pages", maxPages)
}

// Credential asks for a credential with its chain of certificates.
func (c *Client) Credential(ctx context.Context, id string) (*Credential, error) {
	var cred Credential
	err := c.call(ctx, "credentials/info", c.cfg.Token,
		map[string]any{"credentialID": id, "certificates": "chain", "certInfo": true, "authInfo": true,
			"lang": c.cfg.Lang}, &cred)
	if err != nil {
		return nil, err
	}
	return &cred, nil
}

// call sends a request, unless the service counts as unreachable, and reads its
// response into out.
func (c *Client) call(ctx context.Context, method string, token TokenSource, in, out any) error {
	if c.breaker == nil {
		return errors.New("csc: a Client without a service: expected one that New has made")
	}
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("csc: %s: %w", method, err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("csc: %s: %w", method, err)
	}
	err = c.breaker.Do(func() error { return c.exchange(ctx, method, token, body, out) },
		func(err error) remotekey.Verdict {
			var refusal *Error
			switch {
			case err == nil || errors.As(err, &refusal) && !errors.Is(err, ErrUnreachable):
				return remotekey.Reached
			case ctx.Err() != nil || errors.Is(err, errToken):
				return remotekey.Unknown
			}
			return remotekey.Failed
		})
	if err != nil {
		return fmt.Errorf("csc: %w", err)
	}
	return nil
}

// errToken means that there was no access token to send.
var errToken = errors.New("no access token")

// exchange sends a request and, when its access token was refused and there is
// another, sends it again.
func (c *Client) exchange(ctx context.Context, method string, source TokenSource, body []byte, out any) error {
	if source == nil {
		return c.post(ctx, method, "", body, out)
	}
	token, err := source(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", method, errToken, err)
	}
	err = c.post(ctx, method, token, body, out)
	if !errors.Is(err, InvalidToken) {
		return err
	}
	again, sourceErr := source(ctx)
	if sourceErr != nil || again == token {
		return err
	}
	return c.post(ctx, method, again, body, out)
}

func (c *Client) post(ctx context.Context, method, token string, body []byte, out any) error {
	limit, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(limit, http.MethodPost, c.base+"/"+method, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	status, header, data, err := c.send(r)
	if err != nil {
		err = fmt.Errorf("%s: %w: %w", method, ErrUnreachable, err)
	} else {
		err = understand(method, status, header, data, out)
	}
	// A server that sees its client leave may still answer, with whatever its
	// handler has by then, and net/http hands that over: it is no failure of the
	// service's own.
	switch {
	case !errors.Is(err, ErrUnreachable):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", method, ctx.Err())
	case limit.Err() != nil:
		return fmt.Errorf("%s: %w: no answer within %s", method, ErrUnreachable, c.cfg.Timeout)
	}
	return err
}

// understand decodes what a service answered into out.
func understand(method string, status int, header http.Header, data []byte, out any) error {
	if status != http.StatusOK {
		return refusal(method, status, header, data)
	}
	if typ, _, err := mime.ParseMediaType(header.Get("Content-Type")); err != nil || typ != "application/json" {
		return fmt.Errorf("%s: %w: a response of type %q: expected application/json", method, ErrUnreachable,
			header.Get("Content-Type"))
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("%s: %w: a response that is not what it should be: %w", method, ErrUnreachable, clean(err))
	}
	return nil
}

func (c *Client) send(r *http.Request) (status int, header http.Header, data []byte, err error) {
	resp, err := c.http.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	data, err = io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err == nil && len(data) > maxResponse {
		err = fmt.Errorf("a response of more than %d bytes", maxResponse)
	}
	return resp.StatusCode, resp.Header, data, err
}

// clean leaves out what an error of encoding/json quotes of the response, which
// may hold activation data.
func clean(err error) error {
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) {
		return fmt.Errorf("field %q: expected %s", typ.Field, typ.Type)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("no JSON at byte %d", syntax.Offset)
	}
	return errors.New("a value that does not decode")
}

// refusal reads the response to a request that was not carried out (clause
// 10.1: error and error_description). Those that say nothing of the request
// wrap [ErrUnreachable] too.
func refusal(method string, status int, header http.Header, data []byte) error {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	e := &Error{Method: method, Status: status}
	if json.Unmarshal(data, &said) == nil {
		e.Code, e.Description = Code(short(said.Error, 60)), short(said.Description, 200)
	}
	if e.Code == "" && status == http.StatusUnauthorized {
		// RFC 6750 clause 3: the code is in the header, or there is none because
		// the request came without a token.
		e.Code = InvalidToken
		if strings.Contains(header.Get("WWW-Authenticate"), `"`+string(InsufficientScope)+`"`) {
			e.Code = InsufficientScope
		}
	}
	switch {
	case status >= 300 && status < 400:
		return fmt.Errorf("%w: %w: redirects are not followed", ErrUnreachable, e)
	case status >= 500 || status == http.StatusTooManyRequests || status < 300:
		return fmt.Errorf("%w: %w", ErrUnreachable, e)
	}
	return e
}

// short makes a text of the service fit for an error: printable, and short.
func short(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
