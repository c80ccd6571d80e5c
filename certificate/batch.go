package certificate

import (
	"archive/zip"
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
	"github.com/liste-elettorali/anpr/internal/spreadsheet"
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
	// Row is the number of the row, from 1; headings and empty rows are not
	// counted. FileRow is the row as a spreadsheet shows it, with them, and Column
	// the letter of the column of the codes there.
	Row     int
	FileRow int
	Column  string
	// FiscalCode is what the cell holds, cut after 64 bytes.
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

// MaxBatch is the most rows of a batch.
const MaxBatch = 1_000_000

// maxBatchFailures is how many rows may fail since the last issued row before a
// batch stops: then something that all rows need is out of order.
const maxBatchFailures = 20

// Batch issues certificates for the codici fiscali of a CSV and writes a ZIP
// archive with the documents and, last, the report esito.csv, one row for each
// row of the input, in the form in which Excel opens it: UTF-8 with a byte order
// mark, semicolons, no cell that is a formula. Memory does not grow with the number
// of rows, except for the codes, the report and the list of the archive's files.
// Names of files hold no personal data; the report holds the codici fiscali.
//
// The CSV is as a spreadsheet writes it: UTF-8 or UTF-16, cells parted by
// semicolons, tabs or commas, or by what a first line "sep=;" says, rows ended by
// CR, LF or both. The codes stand in the column with the heading "codice fiscale",
// "cod. fisc.", "CF" or another spelling of it, below titles if there are any, or,
// without a heading, in the column of the first code. A cell may say ="CODE" or
// 'CODE. Empty rows count for nothing. A workbook (.xlsx, .xls) is refused, with the
// advice to save it as CSV. A code that an earlier row holds is refused with the
// number of that row.
//
// The rows are refused or fail one by one, each on record as an issue of its
// own. Batch itself fails if the person who asks is not admitted
// ([electoral.Admit]), after 20 failures without an issue between them, when ctx is
// cancelled, if the archive cannot be written or the CSV cannot be read. It fails
// with a [*FileError], of code [FileUnreadable], if the CSV is none, breaks off, has
// a row of more than 64 KiB, more than [MaxBatch] rows or more than 256 MiB. Then the
// count and what was written so far stand, without the report.
func (i *Issuer) Batch(ctx context.Context, req BatchRequest, codes io.Reader, out io.Writer) (BatchCount, error) {
	if i.engine == nil {
		return BatchCount{}, errNotMade
	}
	if err := req.check(); err != nil {
		return BatchCount{}, err
	}
	if out == nil {
		return BatchCount{}, errNoWriter
	}
	rows, err := newCodeReader(codes)
	if err != nil {
		return BatchCount{}, err
	}
	b := batch{issuer: i, req: req, zip: zip.NewWriter(out), seen: map[electoral.FiscalCode]int{}}
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
	if err := electoral.Faults(electoral.Admit(admitted)).Err(); err != nil {
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
	seen   map[electoral.FiscalCode]int // the row of the file in which a code stood first
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
	pending := make(chan chan batchResult, b.req.Workers-1) // the loop below waits for one more
	defer func() {
		cancel()
		settle(pending)
	}()
	readErr := make(chan error, 1)
	go func() {
		defer close(pending)
		for n := 1; ; n++ {
			code, err := rows.next()
			if err == nil && n > MaxBatch {
				err = newFileError(spreadsheet.ManyRows, rows.row, rows.column, strconv.Itoa(MaxBatch), errManyRows)
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					readErr <- err
				}
				return
			}
			row := BatchRow{Row: n, FileRow: rows.row, Column: spreadsheet.ColumnName(rows.column), FiscalCode: code}
			earlier := b.repeated(row)
			done := make(chan batchResult, 1)
			select {
			case pending <- done:
			case <-ctx.Done():
				return
			}
			go func() { done <- b.one(ctx, row, earlier) }()
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

// settle waits for the rows that are still being worked on when a batch breaks off: a
// certificate that is issued after Batch has returned would be in no report. A row that
// is begun later finds the batch cancelled.
func settle(pending <-chan chan batchResult) {
	for {
		select {
		case done, more := <-pending:
			if !more {
				return
			}
			<-done
		default:
			return
		}
	}
}

// repeated returns the row of the file that has the code of a row already; 0 if none
// has. Only the goroutine that reads the rows calls it.
func (b *batch) repeated(row BatchRow) (earlier int) {
	code, err := electoral.ParseFiscalCode(row.FiscalCode)
	if err != nil {
		return 0
	}
	if earlier = b.seen[code]; earlier == 0 {
		b.seen[code] = row.FileRow
	}
	return earlier
}

// one issues the certificate of one row; earlier is the row that has the same code.
func (b *batch) one(ctx context.Context, row BatchRow, earlier int) batchResult {
	out := batchResult{BatchRow: row}
	if err := ctx.Err(); err != nil {
		out.Outcome, out.err = BatchFailed, err
		return out
	}
	parsed, err := electoral.ParseFiscalCode(row.FiscalCode)
	if err != nil {
		out.Outcome, out.Reasons = BatchRefused, []Reason{newReason(FiscalCodeInvalid, "codiceFiscale")}
		return out
	}
	if earlier > 0 {
		out.Outcome, out.Reasons = BatchRefused, []Reason{repeatedIn(earlier)}
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
	request.ID += "-" + strconv.Itoa(row.Row)
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
	out.File = fmt.Sprintf("%05d-%s.pdf", row.Row, issued.Data.Protocol)
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

var errNoWriter = errors.New("certificate: batch: the writer is nil")

func writeReport(w io.Writer, rows []BatchRow) error {
	if w == nil {
		return errNoWriter
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // by which Excel knows UTF-8
		return fmt.Errorf("certificate: batch: %w", err)
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	c.Comma = ';'
	_ = c.Write([]string{"riga", "codice fiscale", "esito", "protocollo", "file", "codici", "motivi", "rimedi",
		"riga del file", "colonna del file"})
	for _, r := range rows {
		var codes, messages, remedies []string
		for _, reason := range r.Reasons {
			codes = append(codes, string(reason.Code))
			messages, remedies = append(messages, reason.Message), append(remedies, reason.Remedy)
		}
		if r.Outcome == BatchFailed {
			messages = []string{"Errore tecnico: la richiesta si può ripetere."}
		}
		cells := []string{strconv.Itoa(r.Row), short(r.FiscalCode), string(r.Outcome), r.Protocol, r.File,
			strings.Join(codes, " "), strings.Join(messages, " "), strings.Join(remedies, " "), "", r.Column}
		if r.FileRow > 0 {
			cells[8] = strconv.Itoa(r.FileRow)
		}
		for k := range cells {
			cells[k] = spreadsheet.Safe(cells[k])
		}
		_ = c.Write(cells)
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("certificate: batch: %w", err)
	}
	return nil
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
