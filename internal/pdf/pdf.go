// Package pdf reads PDF files (ISO 32000-2:2020, clauses 7, 12.7 and 12.8) as
// a verifier has to: strictly, within limits, and with the place of every byte
// that matters.
//
// For most uses:
//
//	f, err := pdf.Parse(ctx, data, pdf.Limits{})
//	f.Revisions            // the incremental updates, oldest first
//	f.Signatures()         // signature fields with exact byte positions
//	f.Changes(from, to)    // what later revisions did, object by object
//	f.EmbeddedFiles()
//
// # Guarantees
//
//   - A file is read through its cross-reference data or not at all: there is
//     no repair, since two repairs rarely agree on what a file says.
//     [ParseUnsealed] alone repairs, and only files without signatures.
//   - Work and memory are bounded by [Limits] and by the size of the file;
//     nothing panics, recurses without bound or loops on any input.
//   - Every error names the byte at which it was found.
//
// Encrypted files are refused. Cross-reference tables, streams and hybrid
// files, object streams, linearised files and the Flate filter with its
// predictors are read; other filters are not decoded.
package pdf

import (
	"errors"
	"fmt"

	"github.com/liste-elettorali/anpr/internal/limits"
)

// Limits bound what [Parse] accepts. A zero field means its default.
type Limits struct {
	Size      int64 // bytes of the file; default 128 MiB
	Depth     int   // nesting of arrays, dictionaries and trees; default 64
	Objects   int   // cross-reference entries of all revisions; default 500,000
	Revisions int   // default 250
	Stream    int64 // bytes of one stream after decoding; default 64 MiB
	Expanded  int64 // bytes of all streams after decoding, and at most Stream and 64 times the file; default 256 MiB

	// Values bounds the elements of arrays and dictionaries, an entry counting
	// three, beyond one for each eight bytes of the file; default 200,000.
	Values int64

	// Work bounds how often objects are asked for and values gone through, with the
	// bytes of metadata that are read, over all revisions; default 40 million.
	Work int64
}

func (l Limits) withDefaults() Limits {
	l.Size = positive(l.Size, limits.PDFBytes)
	l.Depth = positive(l.Depth, limits.PDFDepth)
	l.Objects = positive(l.Objects, limits.PDFObjects)
	l.Revisions = positive(l.Revisions, limits.PDFRevisions)
	l.Stream = positive(l.Stream, limits.PDFStream)
	l.Expanded = positive(l.Expanded, limits.PDFExpanded)
	l.Values = positive(l.Values, limits.PDFValues)
	l.Work = positive(l.Work, limits.PDFWork)
	return l
}

func positive[N int | int64](n, otherwise N) N {
	if n <= 0 {
		return otherwise
	}
	return n
}

var (
	// ErrEncrypted means that the file is encrypted, which is not read.
	ErrEncrypted = errors.New("pdf: the file is encrypted")

	// ErrNotPDF means that the data does not begin as a PDF file does.
	ErrNotPDF = errors.New("pdf: not a PDF file")

	// ErrHeader is wrapped by the errors of files that have other bytes before
	// their header.
	ErrHeader = errors.New("the header is not at the beginning")

	// ErrStart is wrapped by the errors of files whose end does not say where their
	// cross-reference data stand.
	ErrStart = errors.New("no startxref")

	// ErrFreeEntry is wrapped by the errors of files with a generation beyond the
	// greatest in a free cross-reference entry.
	ErrFreeEntry = errors.New("a free entry beyond the generations")

	// ErrSealed is wrapped by the errors of [ParseUnsealed] for files that may hold
	// a signature.
	ErrSealed = errors.New("a file that may be sealed is not repaired")

	// ErrLimit is wrapped by the errors of files that exceed a limit.
	ErrLimit = errors.New("limit exceeded")

	// ErrNotFound means that an object does not exist in a revision. A
	// reference to it is a reference to null (clause 7.3.10).
	ErrNotFound = errors.New("object not found")
)

// A SyntaxError says where a file is not well formed.
type SyntaxError struct {
	Offset int64  // byte of the file or, within an object stream, of its decoded data
	What   string // what was found and what was expected
	Err    error  // cause, or nil
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("pdf: at byte %d: %s", e.Offset, e.What)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

func syntaxf(offset int, format string, args ...any) error {
	return &SyntaxError{Offset: int64(offset), What: fmt.Sprintf(format, args...)}
}

// syntaxAs is syntaxf with the cause that programs look for.
func syntaxAs(cause error, offset int, format string, args ...any) error {
	return &SyntaxError{Offset: int64(offset), What: fmt.Sprintf(format, args...), Err: cause}
}

func limitf(offset int, format string, args ...any) error {
	return &SyntaxError{Offset: int64(offset), What: fmt.Sprintf(format, args...), Err: ErrLimit}
}
