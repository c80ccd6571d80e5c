package certificate

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/seal"
)

// crowd is a source and a finder of many persons.
type crowd struct {
	facts map[string]electoral.CertificateFacts
	ids   map[electoral.FiscalCode]string
	err   error
}

func (c *crowd) Home(_ context.Context, anprID string) (string, error) {
	return c.facts[anprID].Person.Registered(), nil
}

func (c *crowd) HomeOf(ctx context.Context, code electoral.FiscalCode) (anprID, comune string, err error) {
	comune, err = c.Home(ctx, c.ids[code])
	return c.ids[code], comune, err
}

func (c *crowd) CertificateFacts(_ context.Context, on *electoral.Entry) (electoral.CertificateFacts, error) {
	return c.facts[on.Access().Subject], nil
}

func (c *crowd) ByFiscalCode(_ context.Context, code electoral.FiscalCode) (electoral.Person, error) {
	id, ok := c.ids[code]
	if !ok {
		return electoral.Person{}, electoral.ErrNotFound
	}
	return c.facts[id].Person, c.err
}

// newCrowd makes n persons; every fifth has lost the right to vote.
func newCrowd(t testing.TB, n int) (*crowd, []string) {
	c := &crowd{map[string]electoral.CertificateFacts{}, map[electoral.FiscalCode]string{}, nil}
	var codes []string
	for k := range n {
		f := facts()
		f.Person.ANPRID = fmt.Sprint(5000 + k)
		f.Elector.ANPRID = f.Person.ANPRID
		f.Person.Birth.Date = electoral.Date{Year: 1950 + k%50, Month: time.Month(1 + k/50%12), Day: 1 + k/600}
		code, err := electoral.ComputeFiscalCode("ESPOSITO PROVA", "MARIA", electoral.Female, f.Person.Birth.Date, "F839")
		require.NoError(t, err)
		f.Person.FiscalCode = code
		if k%5 == 4 {
			f.Elector.Capacity = electoral.No
		}
		c.facts[f.Person.ANPRID], c.ids[code] = f, f.Person.ANPRID
		codes = append(codes, string(code))
	}
	return c, codes
}

func (c *crowd) issuer(t testing.TB, s seal.Sealer, a Archive) *Issuer {
	i, _ := newIssuer(t, facts(), func(cfg *Config) { cfg.Source, cfg.Protocol, cfg.Archive, cfg.Sealer = c, nil, a, s })
	return i
}

func (c *crowd) request() BatchRequest {
	return BatchRequest{Request: officer("", "").Request, Kind: EnrolmentCertificate, Use: ElectoralUse, Signer: Signer{Role: Mayor}, People: c}
}

func unzip(t *testing.T, data []byte) (files map[string][]byte, report [][]string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	files = map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		files[f.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
	c := csv.NewReader(bytes.NewReader(files["esito.csv"]))
	c.Comma = ';'
	report, err = c.ReadAll()
	require.NoError(t, err)
	delete(files, "esito.csv")
	return files, report
}

func TestBatch(t *testing.T) {
	c, codes := newCrowd(t, 60)
	codes = append(codes, "RSSMRA80A01H501U", "nonsense", "=1+1")
	i := c.issuer(t, plainSealer{production: true}, &shelf{})
	req := c.request()
	var progress []int
	req.Progress = func(n BatchCount) { progress = append(progress, n.Rows) }
	var out bytes.Buffer
	count, err := i.Batch(t.Context(), req, strings.NewReader("cognome;Codice Fiscale\r\nx;"+strings.Join(codes, "\r\nx;")+"\r\n"), &out)
	require.NoError(t, err)
	assert.Equal(t, BatchCount{Rows: 63, Issued: 48, Refused: 15}, count)
	require.Len(t, progress, 63)
	assert.Equal(t, 63, progress[62])
	files, report := unzip(t, out.Bytes())
	assert.Len(t, files, 48)
	require.Len(t, report, 64)
	for n, row := range report[1:] {
		assert.Equal(t, fmt.Sprint(n+1), row[0])
		switch {
		case n == 60:
			assert.Contains(t, row[5], string(NotInANPR))
			assert.Equal(t, "Il codice fiscale non risulta in ANPR.", row[6])
		case n > 60:
			assert.Contains(t, row[5], string(FiscalCodeInvalid))
		case n%5 == 4:
			assert.Equal(t, []string{codes[n], "non rilasciato", "", "", string(NotElector)}, row[1:6])
			assert.NotEmpty(t, row[6])
			assert.NotEmpty(t, row[7])
		default:
			assert.Equal(t, codes[n], row[1])
			assert.Equal(t, "rilasciato", row[2])
			assert.True(t, bytes.HasPrefix(files[row[4]], []byte("%PDF-1.7")))
			assert.NotContains(t, row[4], codes[n], "no codice fiscale in a file's name")
		}
	}
	assert.Equal(t, "'=1+1", report[63][1], "no formula")

	// The same batch once more issues nothing.
	var again bytes.Buffer
	_, err = i.Batch(t.Context(), req, strings.NewReader(strings.Join(codes, "\n")), &again)
	require.NoError(t, err)
	same, _ := unzip(t, again.Bytes())
	assert.Equal(t, files, same)
}

// TestBatchResumed breaks the seal in the middle and mends it.
func TestBatchResumed(t *testing.T) {
	c, codes := newCrowd(t, 100)
	s, a := &fragileSealer{left: 30}, &shelf{}
	i := c.issuer(t, s, a)
	var out bytes.Buffer
	count, err := i.Batch(t.Context(), c.request(), strings.NewReader(strings.Join(codes, "\n")), &out)
	require.ErrorIs(t, err, errSeal)
	assert.GreaterOrEqual(t, count.Failed, maxBatchFailures)
	issued := len(a.docs)
	assert.Equal(t, 30, issued)
	s.left = 1000
	out.Reset()
	count, err = i.Batch(t.Context(), c.request(), strings.NewReader(strings.Join(codes, "\n")), &out)
	require.NoError(t, err)
	assert.Equal(t, BatchCount{Rows: 100, Issued: 80, Refused: 20}, count)
	assert.Len(t, a.docs, 80, "nothing twice")
	assert.Equal(t, 1000-50, s.left)
}

var errSeal = errors.New("the key cannot be reached")

type fragileSealer struct {
	plainSealer
	left int
	mu   sync.Mutex
}

func (s *fragileSealer) Seal(ctx context.Context, pdf []byte, d seal.Details) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 {
		return nil, errSeal
	}
	s.left--
	return s.plainSealer.Seal(ctx, pdf, d)
}

func TestBatchRefused(t *testing.T) {
	c, codes := newCrowd(t, 3)
	i := c.issuer(t, plainSealer{production: true}, &shelf{})
	for name, change := range map[string]func(*BatchRequest){
		"citizen":   func(r *BatchRequest) { r.Actor.Role = electoral.CitizenRole },
		"no people": func(r *BatchRequest) { r.People = nil },
		"no id":     func(r *BatchRequest) { r.ID = "" },
		"long id":   func(r *BatchRequest) { r.ID = strings.Repeat("x", 58) },
	} {
		req := c.request()
		change(&req)
		_, err := i.Batch(t.Context(), req, strings.NewReader(codes[0]), io.Discard)
		require.Error(t, err, name)
	}
	_, err := i.Batch(t.Context(), c.request(), strings.NewReader(""), io.Discard)
	require.ErrorContains(t, err, "empty")
	_, err = i.Batch(t.Context(), c.request(), strings.NewReader("a\n\"b"), io.Discard)
	require.Error(t, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = i.Batch(cancelled, c.request(), strings.NewReader(strings.Join(codes, "\n")), io.Discard)
	require.Error(t, err)
	_, err = i.Batch(t.Context(), c.request(), strings.NewReader(codes[0]), brokenWriter{})
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// TestBatchNotAdmitted asks nothing about a person for who is not admitted.
func TestBatchNotAdmitted(t *testing.T) {
	c, codes := newCrowd(t, 1)
	i := c.issuer(t, plainSealer{production: true}, &shelf{})
	req := c.request()
	req.Actor.Method, req.Actor.Level = electoral.SPIDMethod, 1
	var out bytes.Buffer
	count, err := i.Batch(t.Context(), req, strings.NewReader(codes[0]), &out)
	require.Equal(t, electoral.Faults(electoral.Admit(req.Request)).Err(), err)
	assert.Zero(t, count)
	assert.Zero(t, out.Len())
}

// codeBuffer is how much package spreadsheet reads at once.
const codeBuffer = 4096

// TestBatchLongRow counts how much of a row without an end is read.
func TestBatchLongRow(t *testing.T) {
	c, codes := newCrowd(t, 2)
	i := c.issuer(t, plainSealer{production: true}, &shelf{})
	long := strings.Repeat("x", 10<<20)
	for name, k := range map[string]struct {
		before, row string
		rows        int
	}{
		"first":            {"", "\"" + long + "\"", 0},
		"quoted":           {codes[0] + "\n", "\"" + long + "\"\n" + codes[1], 1},
		"quote not closed": {codes[0] + "\n", "\"" + strings.Repeat("x\n", 5<<20), 1},
		"no quotes":        {codes[0] + "\n", long, 1},
		"many fields":      {codes[0] + "\n", strings.Repeat(",", 10<<20), 1},
	} {
		in := strings.NewReader(k.before + k.row)
		count, err := i.Batch(t.Context(), c.request(), in, io.Discard)
		require.ErrorIs(t, err, errLongRow, name)
		assert.Equal(t, k.rows, count.Rows, name)
		assert.LessOrEqual(t, int(in.Size())-in.Len(), len(k.before)+maxCodeRow+3*codeBuffer, name)
	}

	// Rows as long as they may be, one after the other, and what is kept of them.
	row := codes[0] + ",\"" + strings.Repeat("x", maxCodeRow-len(codes[0])-4) + "\"\n"
	require.Len(t, row, maxCodeRow)
	rows, err := newCodeReader(strings.NewReader(strings.Repeat(row, 20) + codes[0] + strings.Repeat(" ", maxCode) + "x"))
	require.NoError(t, err)
	for range 20 {
		code, err := rows.next()
		require.NoError(t, err)
		assert.Equal(t, codes[0], code)
	}
	code, err := rows.next()
	require.NoError(t, err)
	assert.Len(t, code, maxCode+len("…"))
	_, err = electoral.ParseFiscalCode(code)
	require.Error(t, err)
	_, err = rows.next()
	require.ErrorIs(t, err, io.EOF)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestDeadline(t *testing.T) {
	at := time.Date(2026, 10, 24, 18, 0, 0, 0, time.UTC) // the clock changes that night
	assert.Equal(t, at.Add(24*time.Hour), ListCollection.Deadline(at))
	assert.Equal(t, at.Add(48*time.Hour), ReferendumCollection.Deadline(at))
}
