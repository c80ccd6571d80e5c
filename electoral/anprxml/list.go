package anprxml

import (
	"errors"
	"io"

	"github.com/liste-elettorali/anpr/electoral"
)

// A ListWriter writes an extracted list with ANPR's element names, as a file
// subentroListe. It implements [electoral.ListWriter]. A list without electors
// is an error: the schema wants one at least.
type ListWriter struct {
	out io.Writer
	cfg WriteConfig
	w   *ElectorWriter
}

// NewListWriter returns a writer to w. The list's own total takes the place of
// cfg.Total.
func NewListWriter(w io.Writer, cfg WriteConfig) (*ListWriter, error) {
	if w == nil {
		return nil, errors.New("anprxml: the writer is nil")
	}
	cfg.Total = 1
	if _, err := NewElectorWriter(io.Discard, cfg); err != nil {
		return nil, err
	}
	return &ListWriter{out: w, cfg: cfg}, nil
}

var errNotBegun = errors.New("anprxml: the list has not begun")

// Begin implements [electoral.ListWriter].
func (l *ListWriter) Begin(h electoral.ExtractHeader) (err error) {
	if l.out == nil {
		return errNotMade
	}
	if h.Total == 0 {
		return errors.New("anprxml: the list holds no elector: expected at least one")
	}
	l.cfg.Total = h.Total
	l.w, err = NewElectorWriter(l.out, l.cfg)
	return err
}

// Write implements [electoral.ListWriter].
func (l *ListWriter) Write(e electoral.ExtractedElector) error {
	if l.w == nil {
		return errNotBegun
	}
	return l.w.Write(e.Elector)
}

// Warnings returns what the file cannot carry of its electors
// ([ElectorWriter.Warnings]).
func (l *ListWriter) Warnings() []electoral.Fault {
	if l.w == nil {
		return nil
	}
	return l.w.Warnings()
}

// End implements [electoral.ListWriter].
func (l *ListWriter) End() error {
	if l.w == nil {
		return errNotBegun
	}
	return l.w.Close()
}
