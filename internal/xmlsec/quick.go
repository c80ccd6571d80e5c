package xmlsec

import "bytes"

// quick reads the next token if it is one of the three that make up most of a
// document of records, in its plainest form and whole in the buffer: a start
// tag without attributes of an element seen before, an end tag without blanks,
// a text without anything to resolve or to refuse. Of anything else it reports
// false and has changed nothing: then the code that judges every form does its
// work. It must never accept what that code refuses, nor read it otherwise;
// read byte by byte a document never comes here, which is how the tests hold
// one to the other.
func (d *Reader) quick() bool {
	b := d.buf[d.r:d.w]
	if len(b) < 3 || len(d.stack) == 0 {
		return false
	}
	switch {
	case b[0] != '<':
		return d.quickText(b)
	case b[1] == '/':
		return d.quickEnd(b)
	}
	return d.quickStart(b)
}

func (d *Reader) quickStart(b []byte) bool {
	k := d.last.next
	if k == nil || len(b) < len(k.raw)+2 || b[len(k.raw)+1] != '>' || string(b[1:len(k.raw)+1]) != k.raw {
		end := bytes.IndexByte(b, '>')
		if end < 0 {
			return false
		}
		var ok bool
		if k, ok = d.known[string(b[1:end])]; !ok {
			return false
		}
	}
	switch {
	case k.name.Prefix != "" || k.name.Space != d.space,
		d.limits.Elements > 0 && d.elements >= d.limits.Elements,
		d.limits.Depth > 0 && len(d.stack) >= d.limits.Depth:
		return false
	}
	d.elements++
	d.reset(StartElement).Name = k.name
	d.push(k, len(d.ns))
	d.r += len(k.raw) + 2
	return true
}

// reset empties the token, field by field: that is far quicker than a copy of
// an empty one.
func (d *Reader) reset(kind Kind) *Token {
	t := &d.tok
	t.Kind, t.Name = kind, Name{}
	t.Attrs, t.Bindings = t.Attrs[:0], t.Bindings[:0]
	t.Data, t.CDATA = nil, false
	t.Pos = d.Pos()
	return t
}

func (d *Reader) quickEnd(b []byte) bool {
	raw := d.stack[len(d.stack)-1].raw
	if len(b) < len(raw)+3 || b[len(raw)+2] != '>' || string(b[2:len(raw)+2]) != raw {
		return false
	}
	d.reset(EndElement)
	d.pop()
	d.r += len(raw) + 3
	return true
}

func (d *Reader) quickText(b []byte) bool {
	lines, begin := 0, 0
	for i, c := range b {
		if plain[c] && c != '\n' {
			continue
		}
		switch c {
		case '\n':
			lines, begin = lines+1, i+1
		case '<':
			d.reset(Text).Data = b[:i:i]
			if lines > 0 {
				d.line += lines
				d.begin = d.offset + int64(d.r+begin)
			}
			d.r += i
			return true
		default:
			return false
		}
	}
	return false
}
