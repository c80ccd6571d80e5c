package xmlsec

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace = "http://www.w3.org/2000/xmlns/"
)

type rawAttr struct {
	name  []byte // in the buffer
	value string
}

// declaration reads the XML declaration, if there is one, and switches to the
// encoding that it names.
func (d *Reader) declaration(family string) error {
	if !d.need(6) || string(d.buf[d.r:d.r+5]) != "<?xml" || !isBlank(d.buf[d.r+5]) {
		return d.err // without a declaration the bytes are UTF-8
	}
	end := d.find("?>", 5)
	if end < 0 {
		return d.truncated("the XML declaration")
	}
	version, encoding, standalone, ok := parseDeclaration(d.buf[d.r+5 : d.r+end])
	switch {
	case !ok:
		return d.fail("XML declaration %s: expected version, encoding and standalone in this order", excerpt(d.buf[d.r:d.r+end+2]))
	case len(version) < 3 || !strings.HasPrefix(version, "1.") || strings.Trim(version[2:], "0123456789") != "":
		return d.fail("XML version %q: expected 1.0", version)
	case standalone != "" && standalone != "yes" && standalone != "no":
		return d.fail("standalone %q: expected yes or no", standalone)
	}
	if encoding != "" || family == "" {
		if encoding == "" {
			encoding = "UTF-8"
		}
		dec, err := declared(encoding, family)
		if err != nil {
			return d.fail("%v", err)
		}
		if dec != nil {
			d.transcode(dec, end+2)
		}
	}
	d.advance(end + 2)
	return nil
}

// transcode puts the bytes after the declaration, already read or not, through
// a decoder; the declaration itself is ASCII in any of them.
func (d *Reader) transcode(dec decoder, declared int) {
	rest := bytes.Clone(d.buf[d.r+declared : d.w])
	src := d.src
	if d.srcErr != nil {
		src = failing{d.srcErr}
		d.srcErr = nil
	}
	d.src = &transcoder{src: io.MultiReader(bytes.NewReader(rest), src), dec: dec}
	d.w = d.r + declared
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func parseDeclaration(b []byte) (version, encoding, standalone string, ok bool) {
	s := string(b)
	take := func(name string) (string, bool) {
		rest := strings.TrimLeft(s, blanks)
		if rest == s || !strings.HasPrefix(rest, name) {
			return "", false
		}
		rest = strings.TrimLeft(rest[len(name):], blanks)
		if !strings.HasPrefix(rest, "=") {
			return "", false
		}
		rest = strings.TrimLeft(rest[1:], blanks)
		if rest == "" || rest[0] != '"' && rest[0] != '\'' {
			return "", false
		}
		value, after, found := strings.Cut(rest[1:], rest[:1])
		if !found {
			return "", false
		}
		s = after
		return value, true
	}
	if version, ok = take("version"); !ok {
		return "", "", "", false
	}
	encoding, _ = take("encoding")
	standalone, _ = take("standalone")
	return version, encoding, standalone, strings.Trim(s, blanks) == ""
}

// tagEnd returns the index, from r, of the ">" that ends the tag.
func (d *Reader) tagEnd() int {
	quote := byte(0)
	for i := 1; ; i++ {
		if i == d.w-d.r && !d.more() {
			return -1
		}
		switch c := d.buf[d.r+i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		case c == '<':
			d.fail("\"<\" inside a tag")
			return -1
		}
	}
}

func (d *Reader) startTag() (*Token, error) {
	if len(d.stack) == 0 && d.rooted {
		return nil, d.fail("a second root element: expected the end of the document")
	}
	if c := d.buf[d.r+1]; c < utf8.RuneSelf && !isNameStart(rune(c)) {
		return nil, d.fail("\"<\" without a name: expected a tag, or &lt; in text")
	}
	end := d.tagEnd()
	if end < 0 {
		return nil, d.truncated("a tag")
	}
	tag := d.buf[d.r+1 : d.r+end]
	n := nameLen(tag)
	if n == 0 {
		return nil, d.fail("tag %s without a name", excerpt(tag))
	}
	rawName := tag[:n]
	attrs := tag[n:]
	empty := len(attrs) > 0 && attrs[len(attrs)-1] == '/'
	if empty {
		attrs = attrs[:len(attrs)-1]
	}
	if err := d.count(); err != nil {
		return nil, err
	}
	if err := d.attributes(rawName, attrs); err != nil {
		return nil, err
	}
	bindings, raw := len(d.ns), d.intern(rawName)
	if err := d.declare(raw); err != nil {
		return nil, err
	}
	k, err := d.element(raw)
	if err != nil {
		return nil, err
	}
	if err := d.resolveAttributes(raw); err != nil {
		return nil, err
	}
	d.push(k, bindings)
	d.rooted = true
	d.tok.Kind, d.tok.Name = StartElement, k.name
	d.selfEnd = empty
	d.advance(end + 1)
	return &d.tok, nil
}

// element resolves the name of an element.
func (d *Reader) element(raw string) (*known, error) {
	name, err := d.resolve(raw, true)
	if err != nil {
		return nil, err
	}
	old, ok := d.known[raw]
	if ok && old.name == name {
		return old, nil
	}
	k := &known{raw: raw, name: name}
	if ok {
		old.kept, old.next = false, nil
	}
	if ok || len(d.known) < mostNames && len(raw) <= longestName {
		k.kept = true
		d.known[raw] = k
	}
	return k, nil
}

// push opens an element that begins at the token.
func (d *Reader) push(k *known, bindings int) {
	n := len(d.stack)
	if n == cap(d.stack) {
		d.stack = append(d.stack, open{})
	}
	d.stack = d.stack[:n+1]
	// Field by field, as in reset.
	o := &d.stack[n]
	o.known, o.bindings, o.pos = k, bindings, d.tok.Pos
	if d.last != nil && d.last.kept && k.kept {
		d.last.next = k
	}
	d.last = k
}

func (d *Reader) count() error {
	if d.elements++; d.limits.Elements > 0 && d.elements > d.limits.Elements {
		return d.failWith(ErrLimit, "more than %d elements", d.limits.Elements)
	}
	if d.limits.Depth > 0 && len(d.stack) >= d.limits.Depth {
		return d.failWith(ErrLimit, "elements nested more than %d deep", d.limits.Depth)
	}
	return nil
}

// attributes splits the part of a tag behind its name into d.raw.
func (d *Reader) attributes(element, b []byte) error {
	d.raw = d.raw[:0]
	for {
		i := notBlank(b)
		if i < 0 {
			return nil
		}
		if i == 0 {
			return d.fail("in <%s>: expected a blank before %s", element, excerpt(b))
		}
		b = b[i:]
		n := nameLen(b)
		if n == 0 {
			return d.fail("in <%s>: expected an attribute's name, found %s", element, excerpt(b))
		}
		name := b[:n]
		b = bytes.TrimLeft(b[n:], blanks)
		if len(b) == 0 || b[0] != '=' {
			return d.fail("attribute %s of <%s> without a value", excerpt(name), element)
		}
		b = bytes.TrimLeft(b[1:], blanks)
		if len(b) == 0 || b[0] != '"' && b[0] != '\'' {
			return d.fail("the value of attribute %s of <%s> is not in quotes", excerpt(name), element)
		}
		end := bytes.IndexByte(b[1:], b[0])
		if end < 0 {
			return d.fail("the value of attribute %s of <%s> does not end", excerpt(name), element)
		}
		value, err := d.charData(b[1:1+end], inAttribute)
		if err != nil {
			return err
		}
		for _, a := range d.raw {
			if bytes.Equal(a.name, name) {
				return d.fail("attribute %s of <%s> stands twice", excerpt(name), element)
			}
		}
		if d.limits.Attributes > 0 && len(d.raw) >= d.limits.Attributes {
			return d.failWith(ErrLimit, "<%s> has more than %d attributes", element, d.limits.Attributes)
		}
		d.raw = append(d.raw, rawAttr{name, string(value)})
		b = b[end+2:]
	}
}

// declare takes the namespace declarations out of d.raw.
func (d *Reader) declare(element string) error {
	for _, a := range d.raw {
		var prefix string
		switch name := string(a.name); {
		case name == "xmlns":
		case strings.HasPrefix(name, "xmlns:"):
			prefix = d.intern(a.name[len("xmlns:"):])
			if prefix == "" || strings.ContainsRune(prefix, ':') || nameLen([]byte(prefix)) != len(prefix) {
				return d.fail("<%s> declares a prefix without a name: %s", element, excerpt(a.name))
			}
		default:
			continue
		}
		switch {
		case prefix == "xmlns",
			prefix == "xml" && a.value != xmlSpace,
			prefix != "xml" && a.value == xmlSpace,
			a.value == xmlnsSpace:
			return d.fail("<%s> declares a reserved namespace: %s=%s", element, a.name, excerpt([]byte(a.value)))
		case prefix != "" && a.value == "":
			return d.fail("<%s> undeclares the prefix %s: not allowed in Namespaces 1.0", element, prefix)
		}
		b := Binding{prefix, d.intern([]byte(a.value))}
		d.ns = append(d.ns, b)
		if prefix == "" {
			d.space = b.URI
		}
		d.tok.Bindings = append(d.tok.Bindings, b)
	}
	return nil
}

// resolve splits a name and looks its prefix up.
func (d *Reader) resolve(raw string, element bool) (Name, error) {
	i := strings.IndexByte(raw, ':')
	if i < 0 {
		n := Name{Local: raw}
		if element {
			n.Space = d.space
		}
		return n, nil
	}
	n := Name{Prefix: raw[:i], Local: raw[i+1:]}
	if i == 0 || nameLen([]byte(n.Local)) == 0 || strings.ContainsRune(n.Local, ':') {
		return n, d.fail("name %s: expected prefix:name", excerpt([]byte(raw)))
	}
	var ok bool
	if n.Space, ok = d.Lookup(n.Prefix); !ok {
		return n, d.fail("the prefix of %s is not declared", excerpt([]byte(raw)))
	}
	return n, nil
}

func (d *Reader) resolveAttributes(element string) error {
	for _, a := range d.raw {
		if string(a.name) == "xmlns" || bytes.HasPrefix(a.name, []byte("xmlns:")) {
			continue
		}
		name, err := d.resolve(d.intern(a.name), false)
		if err != nil {
			return err
		}
		for _, b := range d.tok.Attrs {
			if name.Space != "" && b.Name.Space == name.Space && b.Name.Local == name.Local {
				return d.fail("attribute {%s}%s of <%s> stands twice", name.Space, name.Local, element)
			}
		}
		d.tok.Attrs = append(d.tok.Attrs, Attr{name, a.value})
	}
	return nil
}
