package tagged

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Face is one of the engine's fonts.
type Face uint8

// The faces.
const (
	Regular Face = iota
	Bold
	// Fallback and FallbackBold draw what Regular and Bold have no glyphs for;
	// an engine need not have them.
	Fallback
	FallbackBold

	faces
)

// A Color is an sRGB colour.
type Color struct{ R, G, B uint8 }

// A Style says how a text is drawn. Size and Tracking are in points.
type Style struct {
	Face     Face
	Size     float64
	Color    Color
	Tracking float64 // space added after each character
}

// A Span is a piece of text in one style.
type Span struct {
	Style
	Text string
}

// An Align says where the lines of a block stand in its width.
type Align uint8

// The alignments. Text is never justified: even spacing reads better, and
// more so for people with dyslexia.
const (
	Left Align = iota
	Center
	Right
)

// A Block is text broken into lines, ready to be placed.
type Block struct {
	Width   float64 // the width that it was broken for
	Leading float64 // distance of the baselines
	Ascent  float64 // from the top to the first baseline
	align   Align
	doc     *Document
	glyphs  []placed
	lines   []line
}

type placed struct {
	shaped
	style   *Style
	advance float64 // points, tracking included
	kern    int16   // thousandths, before this glyph
}

type line struct {
	from, to int // glyphs, trailing space included
	width    float64
}

// Lines returns the number of lines.
func (b *Block) Lines() int { return len(b.lines) }

// Height returns the height in points.
func (b *Block) Height() float64 { return float64(len(b.lines)) * b.Leading }

// WidestLine returns the width in points of the longest line.
func (b *Block) WidestLine() (w float64) {
	for _, l := range b.lines {
		w = max(w, l.width)
	}
	return w
}

// Spans divides a text so that each character is drawn by the face of the style
// or, where that has no glyph for it and the fallback has, by its fallback.
func (e *Engine) Spans(style Style, text string) []Span {
	text = norm.NFC.String(text)
	other := style
	if other.Face += Fallback; style.Face >= Fallback || e.fonts[other.Face] == nil {
		return []Span{{style, text}}
	}
	var out []Span
	for i, r := range text {
		s := style
		if e.fonts[style.Face].lacks(r) && !e.fonts[other.Face].lacks(r) {
			s = other
		}
		if n := len(out); n == 0 || out[n-1].Style != s {
			out = append(out, Span{Style: s})
		}
		last := &out[len(out)-1]
		last.Text += text[i : i+utf8.RuneLen(r)]
	}
	return out
}

// lacks reports whether a font has no glyph for a character.
func (f *Font) lacks(r rune) bool {
	g := f.glyph(r)
	return g == 0 || f.cid[g] == 0
}

// Check returns a [CharacterError] for the first character of text that the
// face cannot draw, nil if it can draw all.
func (e *Engine) Check(face Face, text string) error {
	if int(face) >= len(e.fonts) || e.fonts[face] == nil {
		return errorf("face %d does not exist", face)
	}
	var buf [64]shaped
	_, err := e.fonts[face].shape(buf[:0], text)
	return err
}

// Layout breaks spans into lines of at most width points. Lines break at
// spaces and after hyphens; a word that is longer than a line is broken where
// the line ends. A leading of 0 means 1.35 times the largest size.
func (d *Document) Layout(width, leading float64, align Align, spans ...Span) *Block {
	b := &Block{Width: width, Leading: leading, align: align, doc: d}
	if d.err != nil {
		return b
	}
	if !(width > 0) {
		d.fail(errorf("a block of text is %v points wide", width))
		return b
	}
	total := 0
	for i := range spans {
		total += len(spans[i].Text)
	}
	b.glyphs = d.room(total)
	largest := 0.0
	for i := range spans {
		s := &spans[i]
		largest = max(largest, s.Size)
		if err := d.append(b, &s.Style, s.Text); err != nil {
			d.fail(err)
			return b
		}
	}
	if b.Leading == 0 {
		b.Leading = 1.35 * largest
	}
	// The first baseline leaves room for the accents of capitals.
	b.Ascent = b.Leading*0.5 + largest*0.34
	b.wrap()
	return b
}

func (d *Document) append(b *Block, style *Style, text string) error {
	if int(style.Face) >= len(d.engine.fonts) || d.engine.fonts[style.Face] == nil {
		return errorf("face %d does not exist", style.Face)
	}
	if !(style.Size > 0) || style.Size > 1000 {
		return errorf("text of %v points", style.Size)
	}
	f := d.engine.fonts[style.Face]
	shapes, err := f.shape(d.shapes[:0], text)
	if err != nil {
		return err
	}
	d.shapes = shapes
	var previous uint16
	for _, s := range shapes {
		p := placed{shaped: s, style: style}
		if previous != 0 && style.Tracking == 0 {
			p.kern = int16(f.kerning(previous, s.glyph) * 1000 / f.unitsPer)
		}
		p.advance = float64(f.advance(s.glyph)+int(p.kern))*style.Size/1000 + style.Tracking
		b.glyphs = append(b.glyphs, p)
		previous = s.glyph
	}
	return nil
}

// wrap fills the lines greedily.
func (b *Block) wrap() {
	start, breakAt := 0, -1
	var width, ink, breakWidth float64 // ink: without the spaces at the end
	for i := 0; i < len(b.glyphs); i++ {
		g := &b.glyphs[i]
		if g.char == ' ' {
			// Spaces may hang over the end of the line.
			breakAt, breakWidth = i+1, ink
			width += g.advance
			continue
		}
		width += g.advance
		if width > b.Width+0.001 && i > start {
			end, w := breakAt, breakWidth
			if end <= start {
				end, w = i, ink
			}
			b.lines = append(b.lines, line{from: start, to: end, width: w})
			start, breakAt, width, ink = end, -1, 0, 0
			b.glyphs[start].advance -= float64(b.glyphs[start].kern) * b.glyphs[start].style.Size / 1000
			b.glyphs[start].kern = 0
			i = start - 1
			continue
		}
		ink = width
		if (g.char == '-' || g.char == '/' || g.char == '\u2010' || g.char == '–') && i > start {
			breakAt, breakWidth = i+1, width
		}
	}
	if start < len(b.glyphs) {
		b.lines = append(b.lines, line{from: start, to: len(b.glyphs), width: ink})
	}
}

// Text returns the text of a line, as it will be extracted. It is empty once
// the document is finished.
func (b *Block) Text(n int) string {
	var out []byte
	if b.doc.done {
		return ""
	}
	for _, g := range b.glyphs[b.lines[n].from:b.lines[n].to] {
		out = utf8.AppendRune(out, g.char)
	}
	return string(out)
}

// offset returns where line l starts in the block's width.
func (b *Block) offset(l line) float64 {
	switch b.align {
	case Center:
		return (b.Width - l.width) / 2
	case Right:
		return b.Width - l.width
	default:
		return 0
	}
}

// Slice returns the lines from (included) to to (excluded) as a block of their
// own, for a text that continues on another page.
func (b *Block) Slice(from, to int) *Block {
	out := *b
	out.lines = b.lines[from:to]
	return &out
}
