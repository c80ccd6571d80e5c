package anprxml

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/internal/xmlsec"
)

// The namespaces of the roots.
const (
	SectionsNamespace = "http://sogei.it/ANPR/subentroSezioni"
	ElectorsNamespace = "http://sogei.it/ANPR/subentroListe"
)

// A ReadConfig says how to read a file. The zero value reads a file of at most
// 64 MiB with the embedded tables.
type ReadConfig struct {
	// Tables are the reference tables that turn names into Belfiore codes; nil
	// means those embedded in the SDK.
	Tables *refdata.Tables
	// At is the day at which the comuni are looked up; zero means that the
	// present ones are.
	At electoral.Date
	// MaxBytes bounds the file, in bytes of its text as UTF-8. Zero means
	// 64 MiB; negative means no limit: a big city's file of electors has 1.5 GB.
	MaxBytes int64
	// MaxRecords bounds the records. Zero means 5,000,000; negative no limit.
	MaxRecords int64
}

// A FormatError says what breaks the schema outside the records, where the
// reading cannot go on.
type FormatError struct {
	Pos      electoral.Position
	Tag      string // element path
	Value    string
	Expected string // in Italian
}

// Error returns the position, and what is wrong in Italian, as the faults say it.
func (e *FormatError) Error() string {
	return fmt.Sprintf("anprxml: line %d, column %d: <%s>: trovato %q; atteso: %s", e.Pos.Line, e.Pos.Column, e.Tag,
		e.Value, e.Expected)
}

// ReadSections reads a file subentroSezioni. It returns when it has read the
// head of the file; the items stream the rest of r and can be ranged over
// once. Memory does not grow with the file.
func ReadSections(ctx context.Context, r io.Reader, cfg ReadConfig) (electoral.LoadSource[electoral.Section], error) {
	f, err := open(ctx, r, cfg, SectionsNamespace, "subentroSezioni")
	if err != nil {
		return electoral.LoadSource[electoral.Section]{}, err
	}
	declared, err := f.number("numeroTotaleSezioni", numericoMax9)
	if err == nil {
		err = f.enter("sezioni")
	}
	if err != nil {
		return electoral.LoadSource[electoral.Section]{}, err
	}
	spec := sectionElement()
	return electoral.LoadSource[electoral.Section]{Declared: declared,
		Items: items(f, &spec, sectionSize, f.section)}, nil
}

// ReadElectors reads a file subentroListe. It returns when it has read the
// head of the file; the items stream the rest of r and can be ranged over
// once. Memory does not grow with the file.
func ReadElectors(ctx context.Context, r io.Reader, cfg ReadConfig) (electoral.LoadSource[electoral.Elector], error) {
	f, err := open(ctx, r, cfg, ElectorsNamespace, "subentroListe")
	if err != nil {
		return electoral.LoadSource[electoral.Elector]{}, err
	}
	declared, err := f.supply()
	if err == nil {
		err = f.enter("listeElettorali")
	}
	if err != nil {
		return electoral.LoadSource[electoral.Elector]{}, err
	}
	spec := electorElement()
	return electoral.LoadSource[electoral.Elector]{Declared: declared,
		Items: items(f, &spec, electorSize, f.elector)}, nil
}

// file is one file being read.
type file struct {
	*parser
	tables  *refdata.Tables
	at      electoral.Date
	most    int64
	root    string
	comuni  map[comuneText]comuneFound
	started bool
}

func open(ctx context.Context, r io.Reader, cfg ReadConfig, space, root string) (*file, error) {
	if r == nil {
		return nil, errors.New("anprxml: the reader is nil")
	}
	if err := checkAt(cfg.At); err != nil {
		return nil, err
	}
	f := &file{tables: cfg.Tables, at: cfg.At, most: cfg.MaxRecords, root: root, comuni: map[comuneText]comuneFound{}}
	if f.tables == nil {
		tables, err := refdata.Embedded()
		if err != nil {
			return nil, err
		}
		f.tables = tables
	}
	if f.most == 0 {
		f.most = 5_000_000
	}
	d, err := xmlsec.NewReader(ctx, r,
		xmlsec.Limits{Bytes: cfg.MaxBytes, Depth: 16, Elements: -1, Attributes: 512, Token: longest})
	if err != nil {
		return nil, err
	}
	f.parser = &parser{d: d, texts: texts{seed: maphash.MakeSeed()}}
	tok, err := f.structure()
	if err != nil {
		return nil, err
	}
	if tok.Name.Space != space || tok.Name.Local != root {
		return nil, f.formatError(tok.Pos, root, "{"+tok.Name.Space+"}"+tok.Name.Local,
			"la radice <"+root+"> nel namespace "+space)
	}
	if err := f.noAttributes(tok, root); err != nil {
		return nil, err
	}
	return f, nil
}

// checkAt refuses a day of the names that does not exist.
func checkAt(at electoral.Date) error {
	if !at.IsZero() && !at.Valid() {
		return fmt.Errorf("anprxml: At is %s: expected a date that exists, or none", at)
	}
	return nil
}

func (f *file) formatError(pos xmlsec.Position, tag, value, expected string) error {
	return &FormatError{Pos: positionOf(pos), Tag: tag, Value: value, Expected: expected}
}

// structure returns the next tag, past blanks, comments and instructions.
func (f *file) structure() (*xmlsec.Token, error) {
	for {
		tok, err := f.d.Next()
		if err != nil {
			return nil, err
		}
		switch tok.Kind {
		case xmlsec.StartElement, xmlsec.EndElement:
			return tok, nil
		case xmlsec.Text:
			if text := trim(tok.Data); len(text) > 0 {
				return nil, f.formatError(tok.Pos, f.root, string(text[:min(len(text), 80)]), "solo elementi")
			}
		}
	}
}

// enter reads a start tag outside the records.
func (f *file) enter(tag string) error {
	tok, err := f.structure()
	if err != nil {
		return err
	}
	switch {
	case tok.Kind != xmlsec.StartElement:
		return f.formatError(tok.Pos, f.root, "</"+tok.Name.QName()+">", "<"+tag+">")
	case tok.Name.Local == tag && tok.Name.Space != "":
		return f.formatError(tok.Pos, tag, tok.Name.Space,
			"nessun namespace sotto la radice: xmlns=\"\", oppure un prefisso sulla sola radice")
	case tok.Name.Local != tag:
		return f.formatError(tok.Pos, f.root, "<"+tok.Name.QName()+">", "<"+tag+">")
	}
	return f.noAttributes(tok, tag)
}

func (f *file) noAttributes(tok *xmlsec.Token, tag string) error {
	for _, a := range tok.Attrs {
		if !schemaHint(a.Name) {
			return f.formatError(tok.Pos, tag, a.Name.QName()+"="+a.Value, "nessun attributo")
		}
	}
	return nil
}

func (f *file) leave(tag string) error {
	tok, err := f.structure()
	if err != nil {
		return err
	}
	if tok.Kind != xmlsec.EndElement {
		return f.formatError(tok.Pos, tag, "<"+tok.Name.QName()+">", "</"+tag+">")
	}
	return nil
}

// number reads an element outside the records that holds a number.
func (f *file) number(tag string, typ *simpleType) (int, error) {
	if err := f.enter(tag); err != nil {
		return 0, err
	}
	pos := f.d.Pos()
	e := leaf(tag, 0, typ, "")
	r := newRecord(1)
	if err := f.leaf(&e, r); err != nil {
		return 0, err
	}
	if len(f.faults) > 0 {
		f.faults = nil
		return 0, f.formatError(pos, tag, r.text(0), typ.expected)
	}
	n, err := strconv.Atoi(r.text(0))
	if err != nil {
		return 0, f.formatError(pos, tag, r.text(0), typ.expected)
	}
	return n, nil
}

// supply reads datiFornitura.
func (f *file) supply() (int, error) {
	if err := f.enter("datiFornitura"); err != nil {
		return 0, err
	}
	if _, err := f.number("versioneFornitura", numericoMax3); err != nil {
		return 0, err
	}
	total, err := f.number("numeroTotaleListe", numericoMax9)
	if err != nil {
		return 0, err
	}
	return total, f.leave("datiFornitura")
}

// items streams the records of a file and what follows them to its end.
func items[T any](f *file, spec *element, size int, convert func(*record) T) iter.Seq2[electoral.LoadItem[T], error] {
	return func(yield func(electoral.LoadItem[T], error) bool) {
		if f.started {
			yield(electoral.LoadItem[T]{}, errors.New("anprxml: the file was already read"))
			return
		}
		f.started = true
		r := newRecord(size)
		for n := 1; ; n++ {
			tok, err := f.structure()
			if err == nil && tok.Kind == xmlsec.EndElement {
				if err = f.finish(spec.tag, n-1); err == nil {
					return
				}
			}
			if err == nil && (tok.Name.Local != spec.tag || tok.Kind != xmlsec.StartElement) {
				err = f.formatError(tok.Pos, f.root, "<"+tok.Name.QName()+">", "<"+spec.tag+">")
			}
			if err == nil && f.most > 0 && int64(n) > f.most {
				err = fmt.Errorf("anprxml: line %d: more than %d records: %w", tok.Pos.Line, f.most, xmlsec.ErrLimit)
			}
			if err != nil {
				yield(electoral.LoadItem[T]{}, err)
				return
			}
			pos := electoral.Position{Line: tok.Pos.Line, Column: tok.Pos.Column, Offset: tok.Pos.Offset}
			r.reset()
			f.faults = nil
			if err := f.element(spec, r, tok); err != nil {
				yield(electoral.LoadItem[T]{}, err)
				return
			}
			rec := convert(r)
			if !yield(electoral.LoadItem[T]{Number: n, Position: pos, Record: rec, Faults: f.faults}, nil) {
				return
			}
		}
	}
}

// finish reads what follows the last record.
func (f *file) finish(tag string, records int) error {
	if records == 0 {
		return f.formatError(f.d.Pos(), f.root, "", "almeno un elemento <"+tag+">")
	}
	if err := f.leave(f.root); err != nil {
		return err
	}
	if _, err := f.structure(); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
