package xmlsec

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/liste-elettorali/anpr/internal/limits"
)

// Limits bound what a [Reader] accepts. A zero field means the default of
// package limits; a negative one no limit.
type Limits struct {
	Bytes      int64 // of the document, as UTF-8
	Depth      int
	Elements   int64
	Attributes int // on one element, namespace declarations included
	Token      int // bytes of one tag, text, comment or instruction
}

func (l Limits) withDefaults() Limits {
	l.Bytes = cmp.Or(l.Bytes, limits.XMLBytes)
	l.Depth = cmp.Or(l.Depth, limits.XMLDepth)
	l.Elements = cmp.Or(l.Elements, limits.XMLElements)
	l.Attributes = cmp.Or(l.Attributes, limits.XMLAttributes)
	l.Token = cmp.Or(l.Token, limits.XMLToken)
	return l
}

// A Kind says what a [Token] is.
type Kind uint8

// The kinds of tokens.
const (
	StartElement Kind = iota + 1
	EndElement
	Text // character data, also of a CDATA section
	Comment
	Instruction // a processing instruction; not the XML declaration
)

// A Name is a name with its namespace resolved.
type Name struct {
	// Space is the namespace URI, empty for none.
	Space string
	// Prefix is as written.
	Prefix string
	Local  string
}

// QName returns the name as it was written.
func (n Name) QName() string {
	if n.Prefix == "" {
		return n.Local
	}
	return n.Prefix + ":" + n.Local
}

// An Attr is an attribute that is no namespace declaration; its value is
// normalised as for an attribute without a declared type.
type Attr struct {
	Name  Name
	Value string
}

// A Binding is a namespace declaration: an empty prefix is the default
// namespace, an empty URI undeclares it.
type Binding struct {
	Prefix, URI string
}

// A Position is a place in the document: Line and Column from 1, Column and
// Offset in bytes of the document as UTF-8 without byte order mark.
type Position struct {
	Line, Column int
	Offset       int64
}

// A Token is one piece of the document. Its slices are valid until the next
// call of Next.
type Token struct {
	Kind Kind
	// Name is of an element; of an instruction, Local is its target.
	Name  Name
	Attrs []Attr
	// Bindings are the namespace declarations of a StartElement.
	Bindings []Binding
	// Data is the text, with references resolved and line ends normalised; of
	// a comment or instruction its content.
	Data []byte
	// CDATA tells the text of a CDATA section.
	CDATA bool
	// Pos is where the token begins.
	Pos Position
}

// A SyntaxError says where a document is not well formed or not accepted, what
// was found and what was expected.
type SyntaxError struct {
	Pos Position
	Msg string
	// Err is what lies behind: ErrDTD, ErrLimit or the error of the source;
	// nil for plain malformedness.
	Err error
}

// Error returns the message with the position.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("xml: line %d, column %d: %s", e.Pos.Line, e.Pos.Column, e.Msg)
}

// Unwrap returns what lies behind.
func (e *SyntaxError) Unwrap() error { return e.Err }

// What a [SyntaxError] may wrap.
var (
	ErrDTD       = errors.New("xml: document type declaration")
	ErrLimit     = errors.New("xml: over the limit")
	ErrTruncated = errors.New("xml: document ends early")
)

// A known is the name of an element that was seen before, resolved. Open
// elements share it, so that its name never changes.
type known struct {
	raw  string // as written
	name Name
	// kept tells that it stands in Reader.known.
	kept bool
	// next is the element that began after this one last time: a document of
	// records repeats itself. Only those kept are linked, and only while they
	// are, or the links would hold every name of the document.
	next *known
}

type open struct {
	*known
	bindings int // length of Reader.ns before the element
	pos      Position
}

// A Reader reads one document token by token. It is for one goroutine. Its
// memory grows with the largest token and the depth, not with the document.
type Reader struct {
	ctx    context.Context
	src    io.Reader
	limits Limits

	buf    []byte
	r      int   // begin of the token in buf
	w      int   // end of the data in buf
	offset int64 // of buf[0] in the document
	srcErr error
	line   int   // of buf[r]
	begin  int64 // of that line in the document
	rooted bool  // the root element was seen
	err    error

	stack    []open
	ns       []Binding
	space    string            // the default namespace here
	names    map[string]string // interned names and URIs
	known    map[string]*known // elements by their names as written
	last     *known            // the element that began last
	elements int64
	tokens   int
	selfEnd  bool // the end of an empty element is due
	tok      Token
	scratch  []byte
	raw      []rawAttr
}

// NewReader returns a reader of a document. It reads from src as needed and
// checks ctx between tokens. It fails if the encoding is none that it knows.
func NewReader(ctx context.Context, src io.Reader, l Limits) (*Reader, error) {
	d := &Reader{ctx: ctx, limits: l.withDefaults(), buf: make([]byte, 64<<10), names: map[string]string{}, known: map[string]*known{}, line: 1}
	text, family, err := newSource(src)
	if err != nil {
		return nil, &SyntaxError{Pos: d.Pos(), Msg: err.Error(), Err: err}
	}
	d.src = text
	if err := d.declaration(family); err != nil {
		return nil, err
	}
	return d, nil
}

// Pos returns where the reader stands: the begin of the next token.
func (d *Reader) Pos() Position {
	offset := d.offset + int64(d.r)
	return Position{Line: d.line, Column: int(offset-d.begin) + 1, Offset: offset}
}

// Depth returns how many elements are open.
func (d *Reader) Depth() int { return len(d.stack) }

// Lookup returns the URI that a prefix is bound to here.
func (d *Reader) Lookup(prefix string) (uri string, ok bool) {
	for i := len(d.ns) - 1; i >= 0; i-- {
		if d.ns[i].Prefix == prefix {
			return d.ns[i].URI, d.ns[i].URI != "" || prefix == ""
		}
	}
	if prefix == "xml" {
		return xmlSpace, true
	}
	return "", prefix == ""
}

func (d *Reader) fail(format string, args ...any) error {
	return d.failWith(nil, format, args...)
}

func (d *Reader) failWith(cause error, format string, args ...any) error {
	d.err = &SyntaxError{Pos: d.Pos(), Msg: fmt.Sprintf(format, args...), Err: cause}
	return d.err
}

// more reads more data behind buf[w]. It reports false at the end of the
// document and, with d.err set, on an error.
func (d *Reader) more() bool {
	if d.err != nil || d.srcErr != nil {
		return false
	}
	if d.r > 0 && d.w == len(d.buf) {
		d.offset += int64(d.r)
		d.w = copy(d.buf, d.buf[d.r:d.w])
		d.r = 0
	}
	if d.w == len(d.buf) {
		if d.limits.Token > 0 && len(d.buf) >= d.limits.Token {
			d.failWith(ErrLimit, "a single tag or text of more than %d bytes", d.limits.Token)
			return false
		}
		d.buf = append(d.buf, make([]byte, len(d.buf))...)
	}
	for range 100 {
		n, err := d.src.Read(d.buf[d.w:])
		d.w += n
		if err != nil {
			d.srcErr = err
		}
		if d.limits.Bytes > 0 && d.offset+int64(d.w) > d.limits.Bytes {
			d.failWith(ErrLimit, "a document of more than %d bytes", d.limits.Bytes)
			return false
		}
		if n > 0 {
			return true
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				d.failWith(err, "cannot read further: %v", err)
			}
			return false
		}
	}
	d.failWith(io.ErrNoProgress, "cannot read further: %v", io.ErrNoProgress)
	return false
}

// need makes buf hold n bytes from r and reports whether it does.
func (d *Reader) need(n int) bool {
	for d.w-d.r < n {
		if !d.more() {
			return false
		}
	}
	return true
}

// find makes buf hold the first sep at or after r+from and returns where it
// begins, counted from r; -1 if there is none.
func (d *Reader) find(sep string, from int) int {
	for {
		if d.w-d.r >= from {
			if i := bytes.Index(d.buf[d.r+from:d.w], []byte(sep)); i >= 0 {
				return from + i
			}
			from = max(from, d.w-d.r-len(sep)+1)
		}
		if !d.more() {
			return -1
		}
	}
}

// advance moves past n bytes and counts their lines.
func (d *Reader) advance(n int) {
	chunk := d.buf[d.r : d.r+n]
	if lines := bytes.Count(chunk, []byte{'\n'}); lines > 0 {
		d.line += lines
		d.begin = d.offset + int64(d.r+bytes.LastIndexByte(chunk, '\n')+1)
	}
	d.r += n
}

// truncated is the error of a document that ends inside something.
func (d *Reader) truncated(what string) error {
	if d.err != nil {
		return d.err
	}
	return d.failWith(ErrTruncated, "the document ends inside %s", what)
}

// Next returns the next token, and io.EOF after the last one of a well-formed
// document. After an error it returns the same error again.
func (d *Reader) Next() (*Token, error) {
	if d.err != nil {
		return nil, d.err
	}
	if d.tokens++; d.tokens%1024 == 0 {
		if err := d.ctx.Err(); err != nil {
			return nil, d.failWith(err, "stopped: %v", err)
		}
	}
	if !d.selfEnd && d.quick() {
		return &d.tok, nil
	}
	d.reset(0)
	if d.selfEnd {
		d.selfEnd = false
		d.pop()
		return &d.tok, nil
	}
	if !d.need(1) {
		return nil, d.end()
	}
	if d.buf[d.r] != '<' {
		return d.text()
	}
	if !d.need(2) {
		return nil, d.truncated("a tag")
	}
	switch d.buf[d.r+1] {
	case '/':
		return d.endTag()
	case '?':
		return d.instruction()
	case '!':
		return d.bang()
	}
	return d.startTag()
}

// end is reached when no data is left.
func (d *Reader) end() error {
	switch {
	case d.err != nil:
		return d.err
	case len(d.stack) > 0:
		o := d.stack[len(d.stack)-1]
		return d.failWith(ErrTruncated, "the document ends inside <%s>, opened at line %d, column %d", o.raw, o.pos.Line, o.pos.Column)
	case !d.rooted:
		return d.failWith(ErrTruncated, "the document has no root element")
	}
	d.err = io.EOF
	return io.EOF
}

func (d *Reader) text() (*Token, error) {
	end := d.find("<", 0)
	if end < 0 {
		if d.err != nil {
			return nil, d.err
		}
		end = d.w - d.r
	}
	raw := d.buf[d.r : d.r+end]
	if len(d.stack) == 0 {
		if i := notBlank(raw); i >= 0 {
			d.advance(i)
			return nil, d.fail("text outside the root element: %s", excerpt(raw[i:]))
		}
		d.advance(end)
		return d.Next()
	}
	data, err := d.charData(raw, inText)
	if err != nil {
		return nil, err
	}
	d.tok.Kind, d.tok.Data = Text, data
	d.advance(end)
	return &d.tok, nil
}

func (d *Reader) endTag() (*Token, error) {
	end := d.find(">", 2)
	if end < 0 {
		return nil, d.truncated("an end tag")
	}
	name := bytes.TrimRight(d.buf[d.r+2:d.r+end], blanks)
	if len(d.stack) == 0 {
		return nil, d.fail("end tag </%s> without a start tag", excerpt(name))
	}
	if o := d.stack[len(d.stack)-1]; o.raw != string(name) {
		return nil, d.fail("end tag </%s>: expected </%s>, opened at line %d, column %d", excerpt(name), o.raw, o.pos.Line, o.pos.Column)
	}
	d.advance(end + 1)
	d.pop()
	return &d.tok, nil
}

// pop makes the token the end of the innermost element.
func (d *Reader) pop() {
	o := &d.stack[len(d.stack)-1]
	d.tok.Kind, d.tok.Name = EndElement, o.name
	if len(d.ns) > o.bindings {
		d.ns = d.ns[:o.bindings]
		d.space, _ = d.Lookup("")
	}
	d.stack = d.stack[:len(d.stack)-1]
}

func (d *Reader) bang() (*Token, error) {
	const comment, cdata, doctype = "<!--", "<![CDATA[", "<!DOCTYPE"
	d.need(len(doctype))
	head := d.buf[d.r:min(d.w, d.r+len(doctype))]
	switch {
	case bytes.HasPrefix(head, []byte(comment)):
		return d.comment()
	case string(head) == cdata:
		if len(d.stack) == 0 {
			return nil, d.fail("CDATA section outside the root element")
		}
		end := d.find("]]>", len(cdata))
		if end < 0 {
			return nil, d.truncated("a CDATA section")
		}
		data, err := d.charData(d.buf[d.r+len(cdata):d.r+end], inCDATA)
		if err != nil {
			return nil, err
		}
		d.tok.Kind, d.tok.Data, d.tok.CDATA = Text, data, true
		d.advance(end + 3)
		return &d.tok, nil
	case string(head) == doctype:
		return nil, d.failWith(ErrDTD, "document type declaration (<!DOCTYPE): not accepted in a message")
	case d.err != nil:
		return nil, d.err
	case d.w-d.r < len(doctype):
		return nil, d.truncated("a declaration")
	}
	return nil, d.fail("%s: expected a comment or a CDATA section", excerpt(head))
}

func (d *Reader) comment() (*Token, error) {
	end := d.find("--", 4)
	if end < 0 || !d.need(end+3) {
		return nil, d.truncated("a comment")
	}
	if d.buf[d.r+end+2] != '>' {
		return nil, d.fail("\"--\" inside a comment")
	}
	data, err := d.charData(d.buf[d.r+4:d.r+end], inMarkup)
	if err != nil {
		return nil, err
	}
	d.tok.Kind, d.tok.Data = Comment, data
	d.advance(end + 3)
	return &d.tok, nil
}

func (d *Reader) instruction() (*Token, error) {
	end := d.find("?>", 2)
	if end < 0 {
		return nil, d.truncated("a processing instruction")
	}
	raw := d.buf[d.r+2 : d.r+end]
	n := nameLen(raw)
	switch target := raw[:n]; {
	case n == 0:
		return nil, d.fail("processing instruction without a target: %s", excerpt(raw))
	case len(target) == 3 && bytes.EqualFold(target, []byte("xml")):
		return nil, d.fail("XML declaration not at the begin of the document")
	case bytes.IndexByte(target, ':') >= 0:
		return nil, d.fail("processing instruction target %s: a colon is not allowed", excerpt(target))
	case n < len(raw) && !isBlank(raw[n]):
		return nil, d.fail("processing instruction %s: expected a blank after the target", excerpt(raw))
	default:
		d.tok.Name = Name{Local: d.intern(target)}
	}
	data, err := d.charData(bytes.TrimLeft(raw[n:], blanks), inMarkup)
	if err != nil {
		return nil, err
	}
	d.tok.Kind, d.tok.Data = Instruction, data
	d.advance(end + 2)
	return &d.tok, nil
}

// A document of ever new names must not grow the tables of names without end.
const (
	mostNames   = 4096
	longestName = 256 // bytes
)

// intern returns the string of b, sharing it with earlier ones.
func (d *Reader) intern(b []byte) string {
	if s, ok := d.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(d.names) < mostNames && len(s) <= longestName {
		d.names[s] = s
	}
	return s
}
