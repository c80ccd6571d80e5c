package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/delivery"
)

// inad is INAD's extraction service as AgID's OpenAPI describes it.
type inad struct {
	status int // in place of its own
	header map[string]string
	body   string
	hang   chan struct{} // ends what hangs
	hung   func()        // called when it hangs
	seen   []string
}

func (s *inad) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	problem := func(status int, kind string) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"status":"%d","type":"%s","detail":"about %s"}`, status, kind, citizen)
	}
	s.seen = append(s.seen, r.URL.String())
	if s.hang != nil {
		s.hung()
		<-s.hang
		return
	}
	code, found := strings.CutPrefix(r.URL.Path, "/rest/inad/v1/domiciliodigitale/extract/")
	switch {
	case r.Header.Get("Authorization") != "Bearer the.voucher":
		problem(401, "UNAUTHORIZED")
	case r.Method != http.MethodGet || r.URL.Query().Get("practicalReference") != "Prot. 1/2026":
		problem(400, "BAD_REQUEST")
	case s.status != 0:
		for k, v := range s.header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, s.body)
	case !found || code != citizen:
		problem(404, "NOT_FOUND")
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, s.body)
	}
}

// voucher is a source of one token.
type voucher struct {
	token string
	err   error
}

func (v voucher) Token(context.Context) (string, error) { return v.token, v.err }

func newINAD(t testing.TB, s *inad, v voucher) *delivery.INAD {
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	c, err := delivery.NewINAD(delivery.INADConfig{
		Tokens: v, Reference: "Prot. 1/2026", Base: server.URL + "/rest/inad/v1/domiciliodigitale/", Client: server.Client(), Now: func() time.Time { return noon },
	})
	require.NoError(t, err)
	return c
}

var goodVoucher = voucher{token: "the.voucher"}

// domiciles is an answer of INAD.
func domiciles(entries ...string) string {
	return `{"codiceFiscale":"` + citizen + `","since":"2026-03-22T11:00:00Z","digitalAddress":[` + strings.Join(entries, ",") + `]}`
}

func domicile(address, profession, end string) string {
	s := `{"digitalAddress":"` + address + `"`
	if profession != "" {
		s += `,"practicedProfession":"` + profession + `"`
	}
	if end != "" {
		s += `,"usageInfo":{"motivation":"CESSAZIONE_VOLONTARIA","dateEndValidity":"` + end + `"}`
	}
	return s + "}"
}

func TestINAD(t *testing.T) {
	const pec = "mario@pec.example.org"
	for name, c := range map[string]struct{ body, want string }{
		"one":                       {domiciles(domicile(pec, "", "")), pec},
		"ends later":                {domiciles(domicile(pec, "", "2026-03-22T12:00:01Z")), pec},
		"offset without colon":      {domiciles(domicile(pec, "", "2026-03-22T13:00:01+0100")), pec},
		"has ended":                 {domiciles(domicile(pec, "", "2026-03-22T12:00:00Z")), ""},
		"one ended, one not":        {domiciles(domicile("old@pec.example.org", "", "2025-01-01T00:00:00Z"), domicile(pec, "", "")), pec},
		"of a profession":           {domiciles(domicile("avv@pec.example.org", "Avvocato", "")), ""},
		"of a profession and one's": {domiciles(domicile("avv@pec.example.org", "Avvocato", ""), domicile(pec, "", "")), pec},
		"empty list":                {domiciles(), ""},
		"no list":                   {`{"codiceFiscale":"` + citizen + `"}`, ""},
		"small letters":             {strings.Replace(domiciles(domicile(pec, "", "")), citizen, strings.ToLower(citizen), 1), pec},
	} {
		t.Run(name, func(t *testing.T) {
			s := &inad{body: c.body}
			got, err := newINAD(t, s, goodVoucher).Domicile(t.Context(), strings.ToLower(citizen))
			assert.Equal(t, c.want, got)
			if c.want == "" {
				require.ErrorIs(t, err, delivery.ErrNoDomicile)
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, []string{"/rest/inad/v1/domiciliodigitale/extract/" + citizen + "?practicalReference=Prot.+1%2F2026"}, s.seen)
		})
	}
	_, err := newINAD(t, &inad{}, goodVoucher).Domicile(t.Context(), "RSSMRA70A01H501S")
	require.ErrorIs(t, err, delivery.ErrNoDomicile, "404 is an outcome")
}

func TestINADFails(t *testing.T) {
	for _, c := range []struct {
		server *inad
		token  voucher
		want   delivery.SendError
	}{
		{&inad{}, voucher{err: errors.New("PDND is down")}, delivery.SendError{Reason: "inad without voucher"}},
		{&inad{}, voucher{token: "a\r\nX: y"}, delivery.SendError{Reason: "inad without voucher"}},
		{&inad{}, voucher{token: "old"}, delivery.SendError{Reason: "inad 401"}},
		{&inad{status: 400}, goodVoucher, delivery.SendError{Reason: "inad 400", Permanent: true}},
		{&inad{status: 403}, goodVoucher, delivery.SendError{Reason: "inad 403"}},
		{&inad{status: 429, header: map[string]string{"Retry-After": "120"}}, goodVoucher, delivery.SendError{Reason: "inad 429", After: 2 * time.Minute}},
		{&inad{status: 429, header: map[string]string{"Retry-After": "Sun, 22 Mar 2026 12:30:00 GMT"}}, goodVoucher, delivery.SendError{Reason: "inad 429", After: 30 * time.Minute}},
		{&inad{status: 429, header: map[string]string{"Retry-After": "99999999999999999999"}}, goodVoucher, delivery.SendError{Reason: "inad 429"}},
		{&inad{status: 503, header: map[string]string{"Retry-After": "999999"}}, goodVoucher, delivery.SendError{Reason: "inad 503", After: 24 * time.Hour}},
		{&inad{status: 302, header: map[string]string{"Location": "/elsewhere"}}, goodVoucher, delivery.SendError{Reason: "inad 302"}},
		{&inad{status: 404, body: "<html>not here</html>"}, goodVoucher, delivery.SendError{Reason: "inad 404 of nobody we asked"}},
		{&inad{body: "<html>"}, goodVoucher, delivery.SendError{Reason: "inad answer without form"}},
		{&inad{body: domiciles(domicile("a@b.it", "", "")) + "x"}, goodVoucher, delivery.SendError{Reason: "inad answer without form"}},
		{&inad{body: domiciles(domicile("a@b.it>\\r\\nRCPT", "", ""))}, goodVoucher, delivery.SendError{Reason: "inad answer without form"}},
		{&inad{body: domiciles(domicile("a@b.it", "", "tomorrow"))}, goodVoucher, delivery.SendError{Reason: "inad answer without form"}},
		{&inad{body: strings.Replace(domiciles(domicile("a@b.it", "", "")), citizen, "RSSMRA70A01H501S", 1)}, goodVoucher, delivery.SendError{Reason: "inad answer about another person"}},
		{&inad{body: strings.Repeat(" ", 2<<20)}, goodVoucher, delivery.SendError{Reason: "inad answer cut or too long"}},
	} {
		t.Run(c.want.Reason, func(t *testing.T) {
			_, err := newINAD(t, c.server, c.token).Domicile(t.Context(), citizen)
			got, ok := errors.AsType[*delivery.SendError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, c.want, *got)
			assert.NotContains(t, fmt.Sprintf("%+v %v", *got, errors.Unwrap(err)), citizen)
			assert.LessOrEqual(t, len(c.server.seen), 1, "no redirect is followed")
		})
	}
	// A server that hangs, and none at all.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := &inad{hang: make(chan struct{}), hung: cancel}
	c := newINAD(t, s, goodVoucher)
	_, err := c.Domicile(ctx, citizen)
	close(s.hang)
	require.EqualError(t, err, "delivery: not sent: inad unreachable")
	require.ErrorIs(t, ctx.Err(), context.Canceled, "the server was reached")
	none, err := delivery.NewINAD(delivery.INADConfig{Tokens: goodVoucher, Reference: "x", Base: "https://127.0.0.1:1"})
	require.NoError(t, err)
	_, err = none.Domicile(t.Context(), citizen)
	require.EqualError(t, err, "delivery: not sent: inad unreachable")
	_, err = none.Domicile(t.Context(), "../verify/x")
	require.ErrorContains(t, err, "fiscal-code-without-form")
	for _, cfg := range []delivery.INADConfig{
		{Reference: "x"}, {Tokens: goodVoucher}, {Tokens: goodVoucher, Reference: "è"}, {Tokens: goodVoucher, Reference: "x", Base: "http://x"},
	} {
		_, err := delivery.NewINAD(cfg)
		require.Error(t, err)
	}
}

// Through the courier: none is final, a limit is obeyed.
func TestINADCourier(t *testing.T) {
	s := &inad{status: 429, header: map[string]string{"Retry-After": "7200"}}
	b := newBench(t, openOutbox(t, filepath.Join(t.TempDir(), "outbox")))
	var err error
	b.Courier, err = delivery.New(delivery.Config{
		Outbox: b.outbox, Archive: b.archive, PEC: b.pec, Domiciles: newINAD(t, s, goodVoucher), Key: bytes.Repeat([]byte{1}, 32), Domain: "anpr.example",
		Now: func() time.Time { return b.now },
	})
	require.NoError(t, err)
	m := b.order(t, 1, delivery.DigitalDomicile)
	assert.Equal(t, delivery.Report{Retried: 1}, b.run(t))
	got := b.get(t, m)
	assert.Equal(t, "inad 429", got.Reason)
	assert.Equal(t, noon.Add(2*time.Hour), got.NotBefore)
	s.status, s.body = 0, domiciles(domicile("mario@pec.example.org", "", ""))
	b.now = got.NotBefore
	assert.Equal(t, delivery.Report{Sent: 1}, b.run(t))
	assert.Equal(t, "mario@pec.example.org", b.pec.got[0].Address)
	s.body = domiciles()
	m = b.order(t, 2, delivery.DigitalDomicile)
	assert.Equal(t, delivery.Report{Failed: 1}, b.run(t))
	assert.Equal(t, delivery.NoDomicile, b.get(t, m).Reason)
}

// answering is a transport that answers with a body.
type answering []byte

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a)), Request: r}, nil
}

func FuzzINADAnswer(f *testing.F) {
	f.Add([]byte(domiciles(domicile("a@b.it", "", "2026-03-22T12:00:01Z"), domicile("c@d.it", "Avvocato", ""))))
	f.Add([]byte(`{"codiceFiscale":null,"digitalAddress":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := delivery.NewINAD(delivery.INADConfig{Tokens: goodVoucher, Reference: "x", Client: &http.Client{Transport: answering(data)}, Now: func() time.Time { return noon }})
		require.NoError(t, err)
		address, err := c.Domicile(t.Context(), citizen)
		if err != nil {
			assert.NotContains(t, err.Error(), citizen)
			return
		}
		if !strings.Contains(strings.ToUpper(string(data)), "CODICEFISCALE") && !strings.Contains(string(data), `\u`) || strings.ContainsAny(address, " \r\n<>") || !strings.Contains(address, "@") {
			t.Errorf("%q from %q", address, data)
		}
	})
}
