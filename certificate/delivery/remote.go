package delivery

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// ErrRefused is wrapped by the error of [RemoteConfig.Open] if the person may
// not have the document, or the document is no longer there.
var ErrRefused = errors.New("delivery: the document is not for who asks")

// RemoteConfig configures [RemoteContent].
type RemoteConfig struct {
	Outbox Outbox
	// Key is the Key of [Config].
	Key []byte
	// APIKeyHeader and APIKey are the header and the value by which App IO
	// authenticates itself, as in the service's remote content configuration.
	// Both are required.
	APIKeyHeader, APIKey string
	// Subject and Markdown are the whole text of the message.
	Subject, Markdown string
	// Open returns a certificate for the person who asks, and records the
	// access (certificate.Issuer.Download as a citizen). Open itself must
	// decide whether the person may have the certificate.
	Open func(ctx context.Context, certificate, fiscalCode string) (Document, error)
}

// RemoteContent answers App IO's requests for the content of a message: GET
// /messages/{id} with its details, and GET /messages/{id}/{attachment} with the
// PDF, as the guide of App IO describes them. The header fiscal_code, set by
// App IO, names the person who is using the app. A person who is not the
// addressee of the message gets the answer for a message that does not exist.
// The handler is safe for concurrent use.
//
// A proxy in front must let header names with an underscore pass (nginx:
// underscores_in_headers on).
func RemoteContent(cfg RemoteConfig) (http.Handler, error) {
	if cfg.Outbox == nil || cfg.Open == nil || len(cfg.Key) < 32 || cfg.APIKeyHeader == "" || len(cfg.APIKey) < 16 {
		return nil, errors.New("delivery: RemoteConfig: expected Outbox, Open, a Key of at least 32 bytes, " +
			"APIKeyHeader, and an APIKey of at least 16 characters")
	}
	r := &remote{cfg}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /messages/{id}", r.details)
	mux.HandleFunc("GET /messages/{id}/{attachment}", r.attachment)
	return mux, nil
}

type remote struct{ cfg RemoteConfig }

// problem answers with an error in the form that App IO expects.
func problem(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "title": http.StatusText(status)})
}

// message returns the message that a request is about, if the person who asks
// is its addressee; otherwise it has answered the request.
func (r *remote) message(w http.ResponseWriter, req *http.Request) (m Message, code string, ok bool) {
	if !hmac.Equal([]byte(req.Header.Get(r.cfg.APIKeyHeader)), []byte(r.cfg.APIKey)) {
		problem(w, http.StatusUnauthorized)
		return m, "", false
	}
	codes := req.Header.Values("fiscal_code")
	if len(codes) != 1 || len(codes[0]) != 16 || !isFiscalCode(strings.ToUpper(codes[0])) {
		problem(w, http.StatusBadRequest)
		return m, "", false
	}
	code = strings.ToUpper(codes[0])
	m, err := r.cfg.Outbox.Get(req.Context(), req.PathValue("id"), AppIO)
	if err != nil && !errors.Is(err, ErrUnknown) {
		problem(w, http.StatusInternalServerError)
		return m, "", false
	}
	// The same work, in constant time, for a message that does not exist and for
	// another person's: the time must not show which of the two it is.
	addressee := m.Addressee
	if err != nil {
		addressee = strings.Repeat("-", 2*sha256.Size)
	}
	if !hmac.Equal([]byte(addressee), []byte(digest(r.cfg.Key, code))) {
		problem(w, http.StatusNotFound)
		return m, "", false
	}
	return m, code, true
}

type remoteAttachment struct {
	ID          string `json:"id"`
	ContentType string `json:"content_type"`
	Name        string `json:"name"`
	URL         string `json:"url"`
	Category    string `json:"category"`
}

func (r *remote) details(w http.ResponseWriter, req *http.Request) {
	m, _, ok := r.message(w, req)
	if !ok {
		return
	}
	name := pdfName(m.Certificate)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"details": map[string]string{"subject": r.cfg.Subject, "markdown": r.cfg.Markdown},
		"attachments": []remoteAttachment{{
			ID: m.Certificate, ContentType: "application/pdf", Name: name, URL: name, Category: "DOCUMENT",
		}},
	})
}

func (r *remote) attachment(w http.ResponseWriter, req *http.Request) {
	m, code, ok := r.message(w, req)
	if !ok {
		return
	}
	if req.PathValue("attachment") != pdfName(m.Certificate) {
		problem(w, http.StatusNotFound)
		return
	}
	d, err := r.cfg.Open(req.Context(), m.Certificate, code)
	if errors.Is(err, ErrRefused) {
		problem(w, http.StatusNotFound)
		return
	}
	if err != nil {
		problem(w, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(d.PDF)))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(d.PDF)
}
