package anprxml

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/xmlsec"
)

// placed returns a fault with the element and the place in the file to which it
// belongs.
func placed(f electoral.Fault, tag string, pos xmlsec.Position) electoral.Fault {
	at := positionOf(pos)
	f.Tag, f.Position = tag, &at
	return f
}

func positionOf(pos xmlsec.Position) electoral.Position {
	return electoral.Position{Line: pos.Line, Column: pos.Column, Offset: pos.Offset}
}

// newFault is [electoral.NewFault] for the codes of this package too.
func newFault(c electoral.Cause, path, value string, args electoral.Args) electoral.Fault {
	f := electoral.NewFault(c, path, value, args)
	if i := slices.IndexFunc(rules, func(r electoral.Rule) bool { return r.Code == f.Code }); i >= 0 {
		return rules[i].Fault(f.Case, path, value, args)
	}
	return f
}

// A value is one element of a record.
type value struct {
	present bool
	// bad says that a fault already tells what is wrong with it.
	bad  bool
	text string
	pos  xmlsec.Position
}

// A record is the elements of one record by their ids.
type record struct {
	values []value
	// items are the occurrences of the element that may stand many times.
	items []record
	// right holds, by id, the values of earlier records that needed neither
	// change nor fault: the same value is right again.
	right []string
}

func newRecord(size int) *record {
	return &record{values: make([]value, size), right: make([]string, size)}
}

func (r *record) reset() {
	clear(r.values)
	r.items = r.items[:0]
}

func (r *record) text(id int) string { return r.values[id].text }

// parser fills records from a reader.
type parser struct {
	d      *xmlsec.Reader
	faults electoral.Faults
	tags   []string // of the open elements of the record
	texts  texts
	buf    []byte
}

// texts shares texts that recur in a file. It forgets as it learns, so that its
// memory does not grow and the first texts do not keep out later ones.
type texts struct {
	seed  maphash.Seed
	known [2048]string
}

// share returns the string of b.
func (t *texts) share(b []byte) string {
	if len(b) < 2 || len(b) > 64 {
		return string(b) // of one byte it takes no memory
	}
	s := &t.known[maphash.Bytes(t.seed, b)%uint64(len(t.known))]
	if *s != string(b) {
		*s = string(b)
	}
	return *s
}

func (p *parser) fault(c electoral.Cause, path, value string, args electoral.Args, pos xmlsec.Position) {
	p.faults = append(p.faults, placed(newFault(c, path, value, args), strings.Join(p.tags, "/"), pos))
}

// element reads the content of an element whose start tag was read.
func (p *parser) element(e *element, r *record, start *xmlsec.Token) error {
	p.tags = append(p.tags, e.tag)
	r.values[e.id] = value{present: true, pos: start.Pos}
	p.start(e, start)
	var err error
	if e.typ != nil {
		err = p.leaf(e, r)
	} else {
		err = p.group(e, r)
	}
	p.tags = p.tags[:len(p.tags)-1]
	return err
}

const xsiSpace = "http://www.w3.org/2001/XMLSchema-instance"

// schemaHint reports whether an attribute may stand on any element, as those
// that say where a schema is.
func schemaHint(n xmlsec.Name) bool {
	return n.Space == xsiSpace && (n.Local == "schemaLocation" || n.Local == "noNamespaceSchemaLocation")
}

// blank reports whether r is white space of XML; other scripts' blanks are
// text.
func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }

// start judges the start tag of an element of a record.
func (p *parser) start(e *element, start *xmlsec.Token) {
	if start.Name.Space != "" {
		p.fault(ElementNamespace, e.path, start.Name.Space, electoral.Args{"element": start.Name.QName()}, start.Pos)
	}
	for _, a := range start.Attrs {
		if !schemaHint(a.Name) {
			p.fault(AttributeUnknown, e.path, a.Name.QName()+"="+a.Value, electoral.Args{"parent": e.tag}, start.Pos)
		}
	}
}

// longest bounds a text, and a value that is made of many.
const longest = 1 << 20

// leaf reads the text of an element up to its end tag.
func (p *parser) leaf(e *element, r *record) error {
	p.buf = p.buf[:0]
	for {
		tok, err := p.d.Next()
		if err != nil {
			return err
		}
		switch tok.Kind {
		case xmlsec.Text:
			p.buf = append(p.buf, tok.Data...)
			if len(p.buf) > longest {
				return fmt.Errorf("anprxml: line %d, column %d: a value of <%s> of more than %d bytes: %w",
					tok.Pos.Line, tok.Pos.Column, e.tag, longest, xmlsec.ErrLimit)
			}
		case xmlsec.StartElement:
			p.fault(ElementUnknown.In("in-text"), e.path, tok.Name.QName(), electoral.Args{"parent": e.tag}, tok.Pos)
			if err := p.skip(); err != nil {
				return err
			}
		case xmlsec.EndElement:
			p.judge(e, r)
			return nil
		}
	}
}

// judge makes p.buf the value of a leaf.
func (p *parser) judge(e *element, r *record) {
	v, right := &r.values[e.id], &r.right[e.id]
	if *right != "" && string(p.buf) == *right {
		v.text = *right
		return
	}
	var given string
	if e.distinct {
		given = string(p.buf)
	} else {
		given = p.texts.share(p.buf)
	}
	var ok bool
	switch v.text, ok = e.typ.check(given); {
	case !ok:
		v.bad = true
		p.fault(ValueMalformed, e.path, v.text,
			electoral.Args{"element": e.tag, "type": e.typ.name, "expected": e.typ.expected}, v.pos)
	case v.text == given:
		*right = given
	}
}

// group reads the children of an element up to its end tag.
func (p *parser) group(e *element, r *record) error {
	next := 0
	for {
		tok, err := p.d.Next()
		if err != nil {
			return err
		}
		switch tok.Kind {
		case xmlsec.Text:
			if text := trim(tok.Data); len(text) > 0 {
				p.fault(TextUnexpected, e.path, string(text[:min(len(text), 80)]),
					electoral.Args{"parent": e.tag}, tok.Pos)
			}
		case xmlsec.EndElement:
			p.missing(e, r, tok.Pos)
			return nil
		case xmlsec.StartElement:
			if next, err = p.child(e, r, next, tok); err != nil {
				return err
			}
		}
	}
}

// child reads one child and returns the index from which the next may come.
func (p *parser) child(e *element, r *record, next int, tok *xmlsec.Token) (int, error) {
	i := indexOf(e.children, next, tok.Name.Local)
	switch {
	case i < 0:
		p.fault(ElementUnknown, e.path, tok.Name.QName(),
			electoral.Args{"element": tok.Name.QName(), "parent": e.tag,
				"expected": expectedChildren(e.children[min(next, len(e.children)):])}, tok.Pos)
		return next, p.skip()
	case i < next:
		if r.values[e.children[i].id].present {
			p.fault(ElementRepeated, e.children[i].path, tok.Name.QName(),
				electoral.Args{"element": e.children[i].tag, "parent": e.tag,
					"expected": expectedChildren(e.children[next:])}, tok.Pos)
			return next, p.skip()
		}
		p.fault(ElementRepeated.In("order"), e.children[i].path, tok.Name.QName(),
			electoral.Args{"element": e.children[i].tag, "parent": e.tag,
				"expected": expectedChildren(e.children[next:])}, tok.Pos)
		// Its value is read all the same, so that its own faults are reported.
		return next, p.element(&e.children[i], r, tok)
	}
	c := &e.children[i]
	if c.many {
		pos := tok.Pos
		item := newRecord(translationSize)
		p.tags = append(p.tags, c.tag)
		p.start(c, tok)
		inner := element{tag: c.tag, id: tRecord, path: c.path + "[" + strconv.Itoa(len(r.items)) + "]",
			children: c.children}
		before := len(p.faults)
		err := p.group(&inner, item)
		for k := range p.faults[before:] {
			if f := &p.faults[before+k]; !strings.HasPrefix(f.Path, c.path) {
				f.Path = inner.path + "." + f.Path
			}
		}
		p.tags = p.tags[:len(p.tags)-1]
		r.values[c.id] = value{present: true, pos: pos}
		r.items = append(r.items, *item)
		return i, err
	}
	if i > 0 && e.children[i-1].choice && r.values[e.children[i-1].id].present {
		p.fault(ElementExclusive, c.path, c.tag,
			electoral.Args{"parent": e.tag, "first": e.children[i-1].tag, "element": c.tag}, tok.Pos)
	}
	return i + 1, p.element(c, r, tok)
}

// missing adds a fault for each required child that is not there.
func (p *parser) missing(e *element, r *record, pos xmlsec.Position) {
	for i := range e.children {
		c := &e.children[i]
		if !c.optional && !r.values[c.id].present {
			p.tags = append(p.tags, c.tag)
			p.fault(ElementMissing, c.path, "", electoral.Args{"element": c.tag, "parent": e.tag}, pos)
			p.tags = p.tags[:len(p.tags)-1]
			r.values[c.id].bad = true
		}
	}
}

// skip reads to the end of an element whose start tag was read.
func (p *parser) skip() error {
	for depth := 1; depth > 0; {
		tok, err := p.d.Next()
		if err != nil {
			return err
		}
		switch tok.Kind {
		case xmlsec.StartElement:
			depth++
		case xmlsec.EndElement:
			depth--
		}
	}
	return nil
}

// indexOf looks from next on first, where the tag should be.
func indexOf(children []element, next int, tag string) int {
	for i := next; i < len(children); i++ {
		if children[i].tag == tag {
			return i
		}
	}
	for i := range children[:min(next, len(children))] {
		if children[i].tag == tag {
			return i
		}
	}
	return -1
}

// trim cuts XML's blanks off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && blank(rune(b[0])) {
		b = b[1:]
	}
	for len(b) > 0 && blank(rune(b[len(b)-1])) {
		b = b[:len(b)-1]
	}
	return b
}

// expectedChildren names what may stand: up to the first required element.
func expectedChildren(children []element) string {
	var names []string
	for _, c := range children {
		names = append(names, "<"+c.tag+">")
		if !c.optional {
			break
		}
	}
	if len(names) == 0 {
		return "la fine dell'elemento"
	}
	return strings.Join(names, ", ")
}
