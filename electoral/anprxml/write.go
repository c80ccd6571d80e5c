package anprxml

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A WriteConfig says what a writer puts into the head of a file and how it
// names the comuni.
type WriteConfig struct {
	// Total is the number of records that the head announces. Close fails if
	// another number was written.
	Total int
	// Version is the version of the supply ("versioneFornitura") of a file of
	// electors, 1 to 999. Zero means 1.
	Version int
	// Tables are the reference tables that give names, provinces and ISTAT
	// codes; nil means those embedded in the SDK.
	Tables *refdata.Tables
	// At is the day of those names; zero means the present ones.
	At electoral.Date
}

// writer is what the two writers share.
type writer struct {
	w       *bufio.Writer
	cfg     WriteConfig
	tables  *refdata.Tables
	spec    element
	rec     *record
	root    string
	written int
	head    func()
	tail    string
	err     error
	closed  bool
	begun   bool
}

func newWriter(w io.Writer, cfg WriteConfig, spec element, size int, root string) (*writer, error) {
	if w == nil {
		return nil, errors.New("anprxml: the writer is nil")
	}
	if err := checkAt(cfg.At); err != nil {
		return nil, err
	}
	if cfg.Total < 1 || cfg.Total > 999_999_999 {
		return nil, fmt.Errorf("anprxml: total of %d records: expected 1 to 999999999", cfg.Total)
	}
	if cfg.Version == 0 {
		cfg.Version = 1
	}
	if cfg.Version < 1 || cfg.Version > 999 {
		return nil, fmt.Errorf("anprxml: version %d of the supply: expected 1 to 999", cfg.Version)
	}
	tables := cfg.Tables
	if tables == nil {
		var err error
		if tables, err = refdata.Embedded(); err != nil {
			return nil, err
		}
	}
	return &writer{w: bufio.NewWriterSize(w, 64<<10), cfg: cfg, tables: tables, spec: spec,
		rec: newRecord(size), root: root}, nil
}

// A SectionWriter writes a file subentroSezioni. It is for one goroutine.
type SectionWriter struct{ w *writer }

// NewSectionWriter returns a writer to w of a file of cfg.Total sections.
// Close must be called; it does not close w.
func NewSectionWriter(w io.Writer, cfg WriteConfig) (*SectionWriter, error) {
	sw, err := newWriter(w, cfg, sectionElement(), sectionSize, "subentroSezioni")
	if err != nil {
		return nil, err
	}
	sw.head = func() {
		sw.start(SectionsNamespace)
		sw.leaf("numeroTotaleSezioni", strconv.Itoa(sw.cfg.Total))
		sw.w.WriteString("<sezioni>\n")
	}
	sw.tail = "</sezioni></sub:subentroSezioni>\n"
	return &SectionWriter{sw}, nil
}

// Write adds a section. A section that the schema would refuse is not written
// and its [electoral.Faults] are returned; the writer goes on.
func (s *SectionWriter) Write(sec electoral.Section) error {
	return s.w.record(func(r *record) electoral.Faults { return s.w.fromSection(r, sec) })
}

// Close writes the end of the file.
func (s *SectionWriter) Close() error { return s.w.close() }

// An ElectorWriter writes a file subentroListe. It is for one goroutine.
type ElectorWriter struct {
	w        *writer
	warnings electoral.Faults
}

// maxWarnings is how many warnings a writer keeps: memory must not grow with the
// file.
const maxWarnings = 1000

// NewElectorWriter returns a writer to w of a file of cfg.Total electors.
// Close must be called; it does not close w.
func NewElectorWriter(w io.Writer, cfg WriteConfig) (*ElectorWriter, error) {
	ew, err := newWriter(w, cfg, electorElement(), electorSize, "subentroListe")
	if err != nil {
		return nil, err
	}
	ew.head = func() {
		ew.start(ElectorsNamespace)
		ew.w.WriteString("<datiFornitura>")
		ew.leaf("versioneFornitura", strconv.Itoa(ew.cfg.Version))
		ew.leaf("numeroTotaleListe", strconv.Itoa(ew.cfg.Total))
		ew.w.WriteString("</datiFornitura><listeElettorali>\n")
	}
	ew.tail = "</listeElettorali></sub:subentroListe>\n"
	return &ElectorWriter{w: ew}, nil
}

// Warnings returns what the electors written so far have and the file cannot
// carry: removals, votes kept after them, the loss of the right to vote. Each
// names its elector by the number of the record; there are up to 1,000.
func (e *ElectorWriter) Warnings() []electoral.Fault { return slices.Clone(e.warnings) }

// notCarried notes what the file does not say of an elector.
func (e *ElectorWriter) notCarried(el electoral.Elector) {
	warn := func(c electoral.Cause, path, value string, args electoral.Args) {
		if len(e.warnings) < maxWarnings {
			f := newFault(c, path, value, args)
			f.Record = e.w.written
			e.warnings = append(e.warnings, f)
		}
	}
	for _, r := range el.Removals {
		warn(NotCarried, "removals", r.Italian(), electoral.Args{"list": r.List.Italian()})
	}
	for _, v := range el.KeptVotes {
		vote := string(v.Consultation) + " " + v.Day.String()
		warn(NotCarried.In("vote"), "keptVotes", vote, electoral.Args{"vote": vote})
	}
	if el.Loss != nil {
		warn(NotCarried.In("loss"), "loss", el.Loss.Day.String(), electoral.Args{"capacity": el.Capacity.String()})
	}
}

// Write adds an elector. An elector that the schema would refuse is not
// written and his [electoral.Faults] are returned; the writer goes on. A
// yes-or-no field that ANPR requires and that was not given is such a fault. What
// the file cannot carry of an elector is told by [ElectorWriter.Warnings].
func (e *ElectorWriter) Write(el electoral.Elector) error {
	err := e.w.record(func(r *record) electoral.Faults { return e.w.fromElector(r, el) })
	if err == nil {
		e.notCarried(el)
	}
	return err
}

// Close writes the end of the file.
func (e *ElectorWriter) Close() error { return e.w.close() }

func (w *writer) start(space string) {
	w.w.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<sub:" + w.root + " xmlns:sub=\"" + space + "\">")
}

// errNotMade is the error of a writer that was not made by its New.
var errNotMade = errors.New("anprxml: a writer without a file: expected one that New… has made")

func (w *writer) record(fill func(*record) electoral.Faults) error {
	switch {
	case w == nil:
		return errNotMade
	case w.err != nil:
		return w.err
	case w.closed:
		return errors.New("anprxml: write after close")
	case w.written == w.cfg.Total:
		return fmt.Errorf("anprxml: more than the %d records announced", w.cfg.Total)
	}
	w.rec.reset()
	faults := fill(w.rec)
	faults = append(faults, w.validate(&w.spec, w.rec, "", "")...)
	if err := faults.Err(); err != nil {
		return err
	}
	w.begin()
	w.emit(&w.spec, w.rec)
	if err := w.w.WriteByte('\n'); err != nil {
		w.err = err
		return err
	}
	w.written++
	return nil
}

func (w *writer) begin() {
	if !w.begun {
		w.head()
		w.begun = true
	}
}

func (w *writer) close() error {
	if w == nil {
		return errNotMade
	}
	if w.err != nil || w.closed {
		return w.err
	}
	w.closed = true
	if w.written != w.cfg.Total {
		w.err = fmt.Errorf("anprxml: %d records written, %d announced: the file is not complete",
			w.written, w.cfg.Total)
		return w.err
	}
	w.w.WriteString(w.tail)
	w.err = w.w.Flush()
	return w.err
}

func (w *writer) leaf(tag, text string) {
	w.w.WriteByte('<')
	w.w.WriteString(tag)
	w.w.WriteByte('>')
	escape(w.w, text)
	w.w.WriteString("</")
	w.w.WriteString(tag)
	w.w.WriteByte('>')
}

// emit writes an element that is known to be valid.
func (w *writer) emit(e *element, r *record) {
	switch {
	case e.many:
		for i := range r.items {
			inner := element{tag: e.tag, id: tRecord, children: e.children}
			w.emit(&inner, &r.items[i])
		}
	case !r.values[e.id].present:
	case e.typ != nil:
		w.leaf(e.tag, r.text(e.id))
	default:
		w.w.WriteString("<" + e.tag + ">")
		for i := range e.children {
			w.emit(&e.children[i], r)
		}
		w.w.WriteString("</" + e.tag + ">")
	}
}

// escape writes character data. A carriage return must survive the reader's
// normalisation of line ends.
func escape(w *bufio.Writer, s string) {
	from := 0
	for i := range len(s) {
		var ref string
		switch s[i] {
		case '&':
			ref = "&amp;"
		case '<':
			ref = "&lt;"
		case '>':
			ref = "&gt;"
		case '\r':
			ref = "&#13;"
		default:
			continue
		}
		w.WriteString(s[from:i])
		w.WriteString(ref)
		from = i + 1
	}
	w.WriteString(s[from:])
}

// validate judges a record against the schema.
func (w *writer) validate(e *element, r *record, tag, path string) electoral.Faults {
	var faults electoral.Faults
	if tag != "" {
		tag += "/"
	}
	tag += e.tag
	for i := range e.children {
		c := &e.children[i]
		v := &r.values[c.id]
		at := tag + "/" + c.tag
		switch {
		case c.many:
			for k := range r.items {
				prefix := c.path + "[" + strconv.Itoa(k) + "]."
				inner := element{tag: c.tag, id: tRecord, children: c.children}
				faults = append(faults, w.validate(&inner, &r.items[k], tag, prefix)...)
			}
		case v.bad: // reported already
		case !v.present && !c.optional:
			f := newFault(ElementMissing.In("written"), path+c.path, "", electoral.Args{"element": c.tag})
			faults = append(faults, complete(f, at))
		case !v.present:
		case c.typ == nil:
			faults = append(faults, w.validate(c, r, tag, path)...)
		default:
			if !xmlText(v.text) {
				f := newFault(ValueMalformed.In("characters"), path+c.path, v.text,
					electoral.Args{"element": c.tag, "expected": c.typ.expected})
				faults = append(faults, complete(f, at))
			} else if _, ok := c.typ.check(v.text); !ok {
				f := newFault(ValueMalformed, path+c.path, v.text,
					electoral.Args{"element": c.tag, "type": c.typ.name, "expected": c.typ.expected})
				faults = append(faults, complete(f, at))
			}
		}
		if c.choice && v.present && r.values[e.children[i+1].id].present {
			f := newFault(ElementExclusive.In("written"), path+c.path, v.text,
				electoral.Args{"element": c.tag, "second": e.children[i+1].tag})
			faults = append(faults, complete(f, at))
		}
	}
	return faults
}

// complete gives a fault of this package's codes its rule and its element.
func complete(f electoral.Fault, tag string) electoral.Fault {
	f.Tag = tag
	return f
}

// xmlText reports whether XML 1.0 can carry a text.
func xmlText(s string) bool {
	for i, r := range s {
		switch {
		case r == 0xFFFD && s[i] != 0xEF, r < 0x20 && r != '\t' && r != '\n' && r != '\r', r == 0xFFFE, r == 0xFFFF:
			return false
		}
	}
	return true
}
