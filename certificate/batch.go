package certificate

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Finder finds a person by codice fiscale; [electoral.Population] is one.
type Finder interface {
	// ByFiscalCode returns the person with a code; an error wrapping
	// [electoral.ErrNotFound] if there is none.
	ByFiscalCode(ctx context.Context, code electoral.FiscalCode) (electoral.Person, error)
}

// A BatchRequest asks, as the electoral officer, for one certificate for each
// of many persons: the candidates and the signatories of lists, whose
// certificates the office must issue within 24 hours (DL 77/2021, art. 38-bis).
type BatchRequest struct {
	// Request is the officer's. The ID of each certificate's request is its ID,
	// "-" and the number of the row: at most 57 characters remain for the ID.
	// With an archive, the same ID with the same rows gives the same documents,
	// so that a batch that was interrupted can be run again and nothing is
	// issued twice.
	electoral.Request
	Kind   Kind
	Use    Use
	Signer Signer
	// Language is as in [Request].
	Language string
	// People finds the persons. Required.
	People Finder
	// Workers is how many certificates are made at once; zero means one for
	// each CPU.
	Workers int
	// Progress, if not nil, is called after each row, in the order of the rows,
	// from one goroutine, with the count so far.
	Progress func(BatchCount)
}

// A BatchCount counts the rows of a batch: Rows = Issued + Refused + Failed.
type BatchCount struct {
	Rows, Issued, Refused, Failed int
}

// A BatchRow is the outcome of one row.
type BatchRow struct {
	// Row is the number of the row, from 1; a heading is not counted.
	Row        int
	FiscalCode string
	// Outcome is [BatchIssued], [BatchRefused] or [BatchFailed].
	Outcome BatchOutcome
	// Reasons say why nothing was issued. File and Protocol are those of the
	// issued certificate.
	Reasons  []Reason
	File     string
	Protocol string
}

// A BatchOutcome says how a row ended.
type BatchOutcome string

// The outcomes. BatchFailed means an error that is not a refusal, such as a
// sealer that cannot be reached: the batch goes on, and can be run again.
const (
	BatchIssued  BatchOutcome = "rilasciato"
	BatchRefused BatchOutcome = "non rilasciato"
	BatchFailed  BatchOutcome = "errore"
)

// maxBatchFailures is how many rows may fail since the last issued row before a
// batch stops: then something that all rows need is out of order.
const maxBatchFailures = 20

// Batch issues certificates for the codici fiscali of a CSV and writes a ZIP
// archive with the documents and, last, the report esito.csv, one row for each
// row of the input. The code stands in the first column, or in the column with
// the heading "codice fiscale"; the separator is a comma or a semicolon. Memory
// does not grow with the number of rows, except for the list of the archive's
// files. Names of files hold no personal data; the report holds the codici
// fiscali.
//
// The rows are refused or fail one by one, each on record as an issue of its
// own. Batch itself fails if the person who asks is not admitted
// ([electoral.Admit]), if the CSV or the archive cannot be read or written, if
// a row of the CSV is longer than 64 KiB, after 20 failures without an issue
// between them, or when ctx is cancelled. Then the count and what was written
// so far stand, without the report.
func (i *Issuer) Batch(ctx context.Context, req BatchRequest, codes io.Reader, out io.Writer) (BatchCount, error) {
	if err := req.check(); err != nil {
		return BatchCount{}, err
	}
	rows, err := newCodeReader(codes)
	if err != nil {
		return BatchCount{}, err
	}
	b := batch{issuer: i, req: req, zip: zip.NewWriter(out)}
	if err := b.run(ctx, rows); err != nil {
		return b.count, err
	}
	if err := b.writeReport(); err != nil {
		return b.count, err
	}
	if err := b.zip.Close(); err != nil {
		return b.count, fmt.Errorf("certificate: batch: %w", err)
	}
	return b.count, nil
}

func (r *BatchRequest) check() error {
	// The person is admitted before the first row reveals whether somebody is
	// in ANPR. The length of the id is checked below.
	admitted := r.Request
	admitted.ID = "batch"
	if err := electoral.Admit(admitted).Err(); err != nil {
		return err
	}
	switch {
	case r.People == nil:
		return errors.New("certificate: batch without people")
	case r.Actor.Role != electoral.OfficerRole:
		return &Refusal{Kind: r.Kind, Reasons: []Reason{newReason(NotYours, "request.actor")}}
	case len(r.ID) < 1 || len(r.ID) > 57:
		return fmt.Errorf("certificate: batch: request id of %d characters: expected 1 to 57", len(r.ID))
	}
	if r.Workers <= 0 {
		r.Workers = runtime.GOMAXPROCS(0)
	}
	return nil
}

type batch struct {
	issuer *Issuer
	req    BatchRequest
	zip    *zip.Writer
	count  BatchCount
	failed int // since the last issued row
	report []BatchRow
}

type batchResult struct {
	BatchRow
	pdf []byte
	at  time.Time
	err error
}

// run works on as many rows at once as there are workers and takes their
// results in order.
func (b *batch) run(ctx context.Context, rows *codeReader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pending := make(chan chan batchResult, b.req.Workers-1) // the loop below waits for one more
	readErr := make(chan error, 1)
	go func() {
		defer close(pending)
		for n := 1; ; n++ {
			code, err := rows.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					readErr <- err
				}
				return
			}
			done := make(chan batchResult, 1)
			select {
			case pending <- done:
			case <-ctx.Done():
				return
			}
			go func() { done <- b.one(ctx, n, code) }()
		}
	}()
	for done := range pending {
		if err := b.take(<-done); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("certificate: batch: %w", err)
		}
	}
	select {
	case err := <-readErr:
		return err
	default:
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("certificate: batch: %w", err)
	}
	return nil
}

// one issues the certificate of one row.
func (b *batch) one(ctx context.Context, n int, code string) batchResult {
	out := batchResult{BatchRow: BatchRow{Row: n, FiscalCode: code}}
	parsed, err := electoral.ParseFiscalCode(code)
	if err != nil {
		out.Outcome, out.Reasons = BatchRefused, []Reason{newReason(FiscalCodeInvalid, "codiceFiscale")}
		return out
	}
	person, err := b.req.People.ByFiscalCode(ctx, parsed)
	if errors.Is(err, electoral.ErrNotFound) {
		out.Outcome, out.Reasons = BatchRefused, []Reason{notFound("codiceFiscale")}
		return out
	}
	if err != nil {
		out.Outcome, out.err = BatchFailed, err
		return out
	}
	request := b.req.Request
	request.ID += "-" + strconv.Itoa(n)
	issued, err := b.issuer.Issue(ctx, Request{Request: request, ANPRID: person.ANPRID, Kind: b.req.Kind,
		Use: b.req.Use, Signer: b.req.Signer, Language: b.req.Language})
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		out.Outcome, out.Reasons = BatchRefused, refusal.Reasons
		return out
	}
	if faults, ok := errors.AsType[electoral.Faults](err); ok {
		out.Outcome, out.Reasons = BatchRefused, reasonsOf(faults)
		return out
	}
	if err != nil {
		out.Outcome, out.err = BatchFailed, err
		return out
	}
	out.Outcome, out.pdf, out.at, out.Protocol = BatchIssued, issued.PDF, issued.Data.IssuedAt, issued.Data.Protocol
	out.File = fmt.Sprintf("%05d-%s.pdf", n, issued.Data.Protocol)
	return out
}

// reasonsOf turns faults into reasons.
func reasonsOf(faults electoral.Faults) (out []Reason) {
	for _, f := range faults.Errors() {
		out = append(out, reasonOf(f))
	}
	return out
}

// take writes one result.
func (b *batch) take(r batchResult) error {
	b.count.Rows++
	switch r.Outcome {
	case BatchIssued:
		b.count.Issued++
		// A PDF is compressed already.
		w, err := b.zip.CreateHeader(&zip.FileHeader{Name: r.File, Method: zip.Store, Modified: r.at})
		if err == nil {
			_, err = w.Write(r.pdf)
		}
		if err != nil {
			return fmt.Errorf("certificate: batch: %w", err)
		}
	case BatchRefused:
		b.count.Refused++
	default:
		b.count.Failed++
	}
	b.report = append(b.report, r.BatchRow)
	if b.req.Progress != nil {
		b.req.Progress(b.count)
	}
	switch r.Outcome {
	case BatchIssued:
		b.failed = 0
		return nil
	case BatchRefused: // does not show whether the sealer works
		return nil
	}
	if b.failed++; b.failed >= maxBatchFailures {
		return fmt.Errorf("certificate: batch stopped at row %d after %d failures: %w", r.Row, b.failed, r.err)
	}
	return nil
}

// writeReport writes esito.csv.
func (b *batch) writeReport() error {
	w, err := b.zip.CreateHeader(&zip.FileHeader{Name: "esito.csv", Method: zip.Deflate,
		Modified: b.issuer.calendar.Now()})
	if err != nil {
		return fmt.Errorf("certificate: batch: %w", err)
	}
	return writeReport(w, b.report)
}

func writeReport(w io.Writer, rows []BatchRow) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	c.Comma = ';'
	_ = c.Write([]string{"riga", "codice fiscale", "esito", "protocollo", "file", "codici", "motivi", "rimedi"})
	for _, r := range rows {
		var codes, messages, remedies []string
		for _, reason := range r.Reasons {
			codes = append(codes, string(reason.Code))
			messages, remedies = append(messages, reason.Message), append(remedies, reason.Remedy)
		}
		if r.Outcome == BatchFailed {
			messages = []string{"Errore tecnico: la richiesta si può ripetere."}
		}
		_ = c.Write([]string{strconv.Itoa(r.Row), spreadsheetSafe(r.FiscalCode), string(r.Outcome), r.Protocol, r.File,
			strings.Join(codes, " "), strings.Join(messages, " "), strings.Join(remedies, " ")})
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("certificate: batch: %w", err)
	}
	return nil
}

// spreadsheetSafe bounds a text from the input, and keeps a spreadsheet from
// reading it as a formula in the report.
func spreadsheetSafe(s string) string {
	if len(s) > 32 {
		s = s[:32] + "…"
	}
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return strings.ToValidUTF8(s, "?")
}

// codeReader reads codici fiscali from a CSV.
type codeReader struct {
	csv    *csv.Reader
	input  *rowReader
	column int
	first  string
	begun  bool
}

const (
	// codeBuffer is how much of the CSV is read at once, and searched for the
	// separator.
	codeBuffer = 4096
	// maxCodeRow bounds a row of the CSV, with the empty lines before it, in
	// bytes: a quote that is not closed would turn the rest of the file into
	// one row.
	maxCodeRow = 64 << 10
	// maxCode bounds the part of a code that is kept, in bytes: a codice
	// fiscale has 16.
	maxCode = 64
)

var errLongRow = fmt.Errorf("a row of the CSV is longer than %d bytes: "+
	"expected one codice fiscale a row, every quote closed", maxCodeRow)

// A rowReader fails when more bytes than a row may have were read since the
// last row. A row of up to maxCodeRow bytes passes; one that is longer by two
// codeBuffer, which may have been read ahead, does not.
type rowReader struct {
	io.Reader
	n int
}

func (r *rowReader) Read(p []byte) (int, error) {
	if r.n > maxCodeRow {
		return 0, errLongRow
	}
	n, err := r.Reader.Read(p)
	r.n += n
	return n, err
}

// read returns the next record; its fields are valid until the next call.
func (c *codeReader) read() ([]string, error) {
	record, err := c.csv.Read()
	c.input.n = 0
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("certificate: batch: %w", err)
	}
	return record, err
}

// codeOf returns a field as it is kept: a copy, which does not hold the memory
// of the whole record.
func codeOf(field string) string {
	field = strings.TrimSpace(field)
	if len(field) > maxCode {
		return field[:maxCode] + "…" // too long to be a code, whatever follows
	}
	return strings.Clone(field)
}

func newCodeReader(r io.Reader) (*codeReader, error) {
	buf := bufio.NewReaderSize(r, codeBuffer)
	head, err := buf.Peek(codeBuffer)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("certificate: batch: %w", err)
	}
	if len(head) >= 3 && string(head[:3]) == "\ufeff" {
		_, _ = buf.Discard(3)
		head = head[3:]
	}
	line, _, _ := strings.Cut(string(head), "\n")
	input := &rowReader{Reader: buf}
	c := &codeReader{csv: csv.NewReader(input), input: input}
	c.csv.FieldsPerRecord, c.csv.ReuseRecord = -1, true
	if strings.Contains(line, ";") {
		c.csv.Comma = ';'
	}
	record, err := c.read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("certificate: batch: the CSV is empty: expected one codice fiscale a row")
	}
	if err != nil {
		return nil, err
	}
	for i, field := range record {
		name := strings.ToLower(strings.NewReplacer(" ", "", "_", "", ".", "").Replace(strings.TrimSpace(field)))
		if name == "codicefiscale" || name == "cf" {
			c.column, c.begun = i, true
			return c, nil
		}
	}
	c.first = codeOf(record[0])
	return c, nil
}

// next returns the next code; after the last, io.EOF. Empty rows are skipped.
func (c *codeReader) next() (string, error) {
	if !c.begun {
		c.begun = true
		return c.first, nil
	}
	for {
		record, err := c.read()
		if err != nil {
			return "", err
		}
		if len(record) <= c.column {
			return "", nil
		}
		if code := codeOf(record[c.column]); code != "" || len(record) > 1 {
			return code, nil
		}
	}
}

// A Collection is the collection of signatures for which certificates are
// asked.
type Collection string

// The collections.
const (
	// ListCollection is for lists of candidates: 24 hours (DL 77/2021, art.
	// 38-bis; D.P.R. 361/1957 and 570/1960).
	ListCollection Collection = "list"
	// ReferendumCollection is for referendums and popular initiatives: 48 hours
	// (L. 352/1970, art. 8).
	ReferendumCollection Collection = "referendum"
)

// Deadline returns the instant by which the certificates of a request must be
// issued, counted from the instant at which the request was received. The hours
// run without a break, also at night and on holidays.
func (c Collection) Deadline(received time.Time) time.Time {
	if c == ReferendumCollection {
		return received.Add(48 * time.Hour)
	}
	return received.Add(24 * time.Hour)
}
