package tagged

import (
	"regexp"
	"time"
	"unicode"
	"unicode/utf8"
)

// Metadata describes a document. Title, Lang and Created are required.
type Metadata struct {
	Title   string
	Lang    string // RFC 5646, such as "it-IT"
	Author  string
	Subject string
	Creator string    // the program that asked for the document
	Created time.Time // written in UTC, to the second
}

// A File is embedded in a document as machine-readable source or data of what
// the pages show (ISO 19005-3, 6.8).
type File struct {
	Name         string // ASCII, such as "certificato.json"
	MediaType    string // such as "application/json"
	Description  string
	Relationship Relationship
	Modified     time.Time
	Data         []byte // not modified
	// Compressed is what [Compress] made of Data, for a file that many documents
	// embed; nil to compress it here.
	Compressed []byte
}

// A Relationship says what an embedded file is to the document (AFRelationship).
type Relationship string

// The relationships of ISO 19005-3.
const (
	DataRelationship        Relationship = "Data"
	SourceRelationship      Relationship = "Source"
	SupplementRelationship  Relationship = "Supplement"
	AlternativeRelationship Relationship = "Alternative"
	UnspecifiedRelationship Relationship = "Unspecified"
)

// A Document is one PDF in the making. Its first error sticks: later calls do
// nothing, and [Document.Err], [Document.Bytes] and [Document.Close] return it.
// It is not safe for concurrent use.
type Document struct {
	engine   *Engine
	meta     Metadata
	root     *Element
	elements []*Element
	pages    []*Page
	files    []File
	heading  int
	fontTop  [faces]int // highest CID used of each font
	shapes   []shaped
	stream   *writer // nil unless it is written while it is made
	scratch  *scratch
	err      error
	done     bool
}

// NewDocument begins a document.
func (e *Engine) NewDocument(m Metadata) *Document {
	d := &Document{engine: e, meta: m}
	d.root = &Element{doc: d, tag: DocumentTag}
	d.elements = append(make([]*Element, 0, 32), d.root)
	switch {
	case m.Title == "":
		d.fail(errorf("the document has no title (ISO 14289-1, 7.1)"))
	case !validLang(m.Lang):
		d.fail(errorf("language %q is no language tag (RFC 5646), such as it-IT", m.Lang))
	case m.Created.IsZero() || m.Created.Year() < 1900 || m.Created.Year() > 9999:
		d.fail(errorf("creation time %v, expected an instant between the years 1900 and 9999", m.Created))
	}
	d.meta.Created = m.Created.UTC().Truncate(time.Second)
	for _, s := range []string{m.Title, m.Author, m.Subject, m.Creator} {
		if err := plainText(s); err != nil {
			d.fail(err)
		}
	}
	return d
}

// Root returns the root of the structure tree.
func (d *Document) Root() *Element { return d.root }

// Err returns the first error.
func (d *Document) Err() error { return d.err }

func (d *Document) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// AddPage appends a page; the sizes are in points.
func (d *Document) AddPage(width, height float64) *Page {
	p := &Page{doc: d, width: width, height: height}
	if !(width >= 3 && width <= 14400 && height >= 3 && height <= 14400) {
		d.fail(errorf("a page of %v by %v points, expected 3 to 14400 (ISO 32000-1, annex C)", width, height))
	}
	if s := d.borrow(); s != nil && len(d.pages) == 0 {
		p.content = s.content[:0]
	}
	d.pages = append(d.pages, p)
	return p
}

var (
	fileName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	mediaType = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]{1,100}$`)
)

// Attach embeds a file.
func (d *Document) Attach(f File) {
	switch {
	case !fileName.MatchString(f.Name):
		d.fail(errorf("embedded file %q: expected a name of at most 100 ASCII letters, digits, '.', '_' and '-'", f.Name))
	case !mediaType.MatchString(f.MediaType):
		d.fail(errorf("embedded file %s: %q is no media type", f.Name, f.MediaType))
	case f.Modified.IsZero():
		d.fail(errorf("embedded file %s has no modification time (ISO 19005-3, 6.8)", f.Name))
	}
	switch f.Relationship {
	case DataRelationship, SourceRelationship, SupplementRelationship, AlternativeRelationship, UnspecifiedRelationship:
	default:
		d.fail(errorf("embedded file %s: relationship %q is none of ISO 19005-3", f.Name, f.Relationship))
	}
	for _, other := range d.files {
		if other.Name == f.Name {
			d.fail(errorf("embedded file %s appears twice", f.Name))
		}
	}
	if err := plainText(f.Description); err != nil {
		d.fail(err)
	}
	d.files = append(d.files, f)
}

// plainText refuses what neither XMP nor a screen reader can carry.
func plainText(s string) error {
	if !utf8.ValidString(s) {
		return errorf("%q is not valid UTF-8", s)
	}
	n := 0
	for _, r := range s {
		n++
		if unicode.IsControl(r) || r == 0xfffe || r == 0xffff || r == utf8.RuneError {
			return errorf("character U+%04X at position %d of a description cannot be written", r, n)
		}
	}
	return nil
}

// Fail makes err the document's error, unless it has one already.
func (d *Document) Fail(err error) { d.fail(err) }
