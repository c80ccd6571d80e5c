package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// ioBase is the address of App IO's services.
const ioBase = "https://api.io.pagopa.it/api/v1"

// IO is the [Sender] of [AppIO]. It asks App IO whether the citizen accepts
// messages of the service, then sends a message without the certificate. The
// app fetches the certificate from [RemoteContent] when he opens the message.
// The fiscal code stands only in the bodies of requests. IO is safe for
// concurrent use.
//
// By App IO's guide attachments are for bodies with the Premium agreement.
// After an attempt of unknown outcome the citizen may see the message twice,
// because App IO has no key by which it would recognise the second one.
type IO struct {
	// Key is the service's API key (header Ocp-Apim-Subscription-Key).
	Key string
	// Base is the address of the services; empty means that of production.
	Base string
	// Configuration is the id of the remote content configuration.
	Configuration string
	// Subject has 10 to 120 characters, Markdown 80 to 10,000. They must hold no
	// personal data.
	Subject, Markdown string
	// Client sends the requests; a copy of it that follows no redirects is
	// used. Nil means a plain client.
	Client *http.Client
}

// NewIO checks a configuration.
func NewIO(s IO) (*IO, error) {
	if n := utf8.RuneCountInString(s.Subject); n < 10 || n > 120 {
		return nil, fmt.Errorf("delivery: IO.Subject has %d characters, expected 10 to 120", n)
	}
	if n := utf8.RuneCountInString(s.Markdown); n < 80 || n > 10_000 {
		return nil, fmt.Errorf("delivery: IO.Markdown has %d characters, expected 80 to 10,000", n)
	}
	if s.Key == "" || s.Configuration == "" {
		return nil, errors.New("delivery: IO: expected a Key and a Configuration")
	}
	if s.Base == "" {
		s.Base = ioBase
	}
	if !strings.HasPrefix(s.Base, "https://") {
		return nil, errors.New("delivery: IO.Base: expected https")
	}
	s.Base = strings.TrimSuffix(s.Base, "/")
	s.Client = withoutRedirects(s.Client)
	return &s, nil
}

type ioThirdParty struct {
	ID            string `json:"id"`
	Configuration string `json:"configuration_id"`
	Remote        bool   `json:"has_remote_content"`
	Attachments   bool   `json:"has_attachments"`
}

type ioContent struct {
	Subject    string       `json:"subject"`
	Markdown   string       `json:"markdown"`
	ThirdParty ioThirdParty `json:"third_party_data"`
}

type ioMessage struct {
	FeatureLevel string    `json:"feature_level_type"`
	FiscalCode   string    `json:"fiscal_code"`
	Content      ioContent `json:"content"`
}

// Send implements [Sender].
func (s *IO) Send(ctx context.Context, m Message, _ Document) error {
	if s.Client == nil {
		return &SendError{Reason: "io not configured"} // NewIO has not made it
	}
	var profile struct {
		Allowed *bool `json:"sender_allowed"`
	}
	status, after, err := s.post(ctx, "profiles", map[string]string{"fiscal_code": m.FiscalCode}, &profile)
	switch {
	case err != nil:
		return &SendError{Reason: "io unreachable at profiles"}
	case status == http.StatusNotFound:
		return &SendError{Reason: NotOnIO, Permanent: true}
	case status != http.StatusOK || profile.Allowed == nil:
		return ioFailed("profiles", status, after)
	case !*profile.Allowed:
		return &SendError{Reason: NotAllowed, Permanent: true}
	}
	var created struct {
		ID string `json:"id"`
	}
	status, after, err = s.post(ctx, "messages", ioMessage{
		FeatureLevel: "ADVANCED", FiscalCode: m.FiscalCode,
		Content: ioContent{s.Subject, s.Markdown, ioThirdParty{
			ID: m.Certificate, Configuration: s.Configuration, Remote: true, Attachments: true,
		}},
	}, &created)
	switch {
	case err != nil:
		return &SendError{Reason: "io unreachable at messages", Unknown: true}
	case status == http.StatusCreated:
		return nil
	}
	return ioFailed("messages", status, after)
}

// ioFailed returns the error for an answer. A failure that only the operator
// can put right (a key, a right, a limit) is tried again.
func ioFailed(at string, status int, after time.Duration) *SendError {
	return &SendError{
		Reason: fmt.Sprintf("io %d at %s", status, at), After: after,
		Permanent: status == http.StatusBadRequest || status == http.StatusNotFound ||
			status == http.StatusUnprocessableEntity,
		Unknown: status >= 500 && at == "messages",
	}
}

// maxAnswer bounds how much of an answer is read, in bytes.
const maxAnswer = 1 << 20

// post sends JSON, and reads the JSON of an answer whose status means success.
func (s *IO) post(ctx context.Context, path string, in, out any) (status int, after time.Duration, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Base+"/"+path, bytes.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Ocp-Apim-Subscription-Key", s.Key)
	res, err := s.Client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	after = retryAfter(res.Header, time.Now())
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err == nil && res.StatusCode/100 == 2 && json.Unmarshal(data, out) != nil {
		// The status alone says whether the message was accepted.
		return res.StatusCode, after, nil
	}
	return res.StatusCode, after, err
}
