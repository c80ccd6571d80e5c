package seal

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
)

// An Appearance asks for a seal that is seen on the page: a frame with who
// sealed, when and why. It is drawn with an embedded font. In a tagged document
// it is tagged too, as a form field with its text for assistive technology, so
// that a sealed PDF/A-3a and PDF/UA-1 document remains one. What it says proves
// nothing: its reader must still verify the seal.
type Appearance struct {
	// Page is the number of the page, from 1; -1 is the last page, -2 that before.
	Page int

	// X and Y are the top left corner, from that of the page as it is shown;
	// Width and Height the size. In points (1/72 inch). The frame must lie on the
	// page.
	X, Y, Width, Height float64

	// Text is what the frame says, the first line in bold; empty means
	// [DefaultAppearanceText]. It is set as large as fits, from 11 points down
	// to 6. {name} and {organization} are those of the certificate; {date}
	// (31/12/2026) and {time} (9.30) are [Details.Time], in its location;
	// {reason} and {location} are those of the details. A line whose placeholders
	// are all empty is left out.
	Text string

	// Lang is the language of Text (RFC 5646); empty means "it-IT".
	Lang string
}

// DefaultAppearanceText is the Italian text of a visible seal.
const DefaultAppearanceText = "Sigillo elettronico\n{name}\n{organization}\nApposto il {date}, ore {time}\n{reason}"

const (
	largestText, smallestText = 11, 6
	framePad                  = 6.0 // points, beside and above the text
	maxAppearanceText         = 2000
)

// A look is an appearance that is ready to be written.
type look struct {
	engine   *tagged.Engine
	lines    []string
	lang     string
	width    float64 // as shown
	height   float64
	quarters int // by which the page is turned clockwise
	color    tagged.Color

	page     pdf.Dict
	pageRef  pdf.Ref
	rect     [4]float64
	tree     pdf.Dict // the structure tree's root, nil in a document without tags
	treeRef  pdf.Ref
	top      pdf.Dict // the element that takes the field, nil for the root
	topRef   pdf.Ref
	replaced map[pdf.Ref]bool
}

// look reads what the appearance needs of the document, nil without one.
func (s *PAdES) look(p *place, d Details) (*look, error) {
	a := d.Appearance
	if a == nil {
		return nil, nil
	}
	refuse := func(err error) (*look, error) {
		return nil, fmt.Errorf("seal: %w: visible seal: %w", ErrDocument, err)
	}
	engine, err := s.engine()
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	l := &look{engine: engine, lang: a.Lang, width: a.Width, height: a.Height, replaced: map[pdf.Ref]bool{}}
	if l.lang == "" {
		l.lang = "it-IT"
	}
	if l.lines, err = s.lines(a, d); err != nil {
		return refuse(err)
	}
	if err := l.readPage(p, a); err != nil {
		return refuse(err)
	}
	if err := l.readTree(p); err != nil {
		return refuse(err)
	}
	if l.color = (tagged.Color{R: 0x33, G: 0x33, B: 0x33}); p.takesRGB() {
		l.color = tagged.Color{R: 0x0b, G: 0x34, B: 0x67}
	}
	// Once beforehand: what cannot be drawn must cost no use of the key.
	if _, err := l.form(1); err != nil {
		return refuse(err)
	}
	return l, nil
}

// lines fills in the text.
func (s *PAdES) lines(a *Appearance, d Details) ([]string, error) {
	text := a.Text
	if text == "" {
		text = DefaultAppearanceText
	}
	if len(text) > maxAppearanceText {
		return nil, fmt.Errorf("a text of %d bytes: expected at most %d", len(text), maxAppearanceText)
	}
	subject := s.chain[0].Subject
	values := map[string]string{
		"{name}": subject.CommonName, "{organization}": strings.Join(subject.Organization, ", "),
		"{date}": d.Time.Format("02/01/2006"), "{time}": d.Time.Format("15.04"), "{reason}": d.Reason,
		"{location}": d.Location,
	}
	if values["{organization}"] == values["{name}"] {
		values["{organization}"] = ""
	}
	var out []string
	for _, line := range strings.Split(text, "\n") {
		held, filled := 0, 0
		var pairs []string
		for key, value := range values {
			if strings.Contains(line, key) {
				held++
				pairs = append(pairs, key, value)
				if value != "" {
					filled++
				}
			}
		}
		if held > 0 && filled == 0 {
			continue
		}
		if line = strings.TrimSpace(strings.NewReplacer(pairs...).Replace(line)); line != "" {
			out = append(out, line)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("its text is empty")
	}
	return out, nil
}

// readPage finds the page and the rectangle in its coordinates.
func (l *look) readPage(p *place, a *Appearance) error {
	v := p.file.Last()
	pages, err := v.Pages()
	if err != nil {
		return err
	}
	n := a.Page - 1
	if a.Page < 0 {
		n = len(pages) + a.Page
	}
	if a.Page == 0 || n < 0 || n >= len(pages) {
		return fmt.Errorf("page %d: expected 1 to %d, or -1 for the last", a.Page, len(pages))
	}
	l.pageRef = pages[n]
	o, err := v.Get(l.pageRef)
	if err != nil {
		return err
	}
	l.page, _ = o.(pdf.Dict)
	if key, dup := l.page.Duplicate(); dup {
		return fmt.Errorf("page %d has the key %s twice", n+1, key)
	}
	box, err := v.PageBox(l.page)
	if err != nil {
		return fmt.Errorf("page %d: %w", n+1, err)
	}
	turn, err := v.Inherited(l.page, "Rotate")
	if err != nil {
		return err
	}
	degrees, _ := turn.(int64)
	if degrees%90 != 0 {
		return fmt.Errorf("page %d is turned by %d degrees: expected a multiple of 90", n+1, degrees)
	}
	l.quarters = int((degrees/90%4 + 4) % 4)
	width, height := box[2]-box[0], box[3]-box[1]
	shownWidth, shownHeight := width, height
	if l.quarters%2 == 1 {
		shownWidth, shownHeight = height, width
	}
	const slack = 0.01 // of what the page's size is rounded by
	if !(a.X >= -slack && a.Y >= -slack && a.Width >= 3 && a.Height >= 3 && a.X+a.Width <= shownWidth+slack &&
		a.Y+a.Height <= shownHeight+slack) {
		return fmt.Errorf("a frame of %g by %g points at %g, %g: expected one on page %d, which has %g by %g",
			a.Width, a.Height, a.X, a.Y, n+1, shownWidth, shownHeight)
	}
	switch x, y, w, h := a.X, a.Y, a.Width, a.Height; l.quarters {
	case 0:
		l.rect = [4]float64{x, height - y - h, x + w, height - y}
	case 1:
		l.rect = [4]float64{y, x, y + h, x + w}
	case 2:
		l.rect = [4]float64{width - x - w, y, width - x, y + h}
	case 3:
		l.rect = [4]float64{width - y - h, height - x - w, width - y, height - x}
	}
	for i := range l.rect {
		l.rect[i] += box[i%2]
	}
	return nil
}

// form draws the appearance with objects numbered from first on.
func (l *look) form(first int) (tagged.Form, error) {
	return l.engine.Form(first, l.width, l.height, l.quarters, func(d *tagged.Document, c *tagged.Canvas) {
		const bar = 2.2
		left, width := bar+framePad, l.width-bar-2*framePad
		for size := float64(largestText); ; size -= 0.5 {
			if size < smallestText || width <= 0 {
				d.Fail(fmt.Errorf("its text does not fit a frame of %g by %g points", l.width, l.height))
				return
			}
			var blocks []*tagged.Block
			height, widest := 0.0, 0.0
			for i, line := range l.lines {
				style := tagged.Style{Face: tagged.Regular, Size: size * 0.92,
					Color: tagged.Color{R: 0x22, G: 0x22, B: 0x22}}
				if i == 0 {
					style = tagged.Style{Face: tagged.Bold, Size: size, Color: l.color}
				}
				b := d.Layout(width, 1.22*style.Size, tagged.Left, tagged.Span{Style: style, Text: line})
				blocks = append(blocks, b)
				height += b.Height()
				widest = max(widest, b.WidestLine())
			}
			if d.Err() != nil {
				return
			}
			// Layout does not break a letter that is wider than the line.
			if height > l.height-framePad || widest > width+0.001 {
				continue
			}
			c.Rectangle(0.25, 0.25, l.width-0.5, l.height-0.5)
			c.Stroke(tagged.Color{R: 0xb9, G: 0xb9, B: 0xb9}, 0.5)
			c.Rectangle(0, 0, bar, l.height)
			c.Fill(l.color)
			y := (l.height - height) / 2
			for _, b := range blocks {
				c.Block(left, y, b)
				y += b.Height()
			}
			return
		}
	})
}

// tip is the text for those who do not see the page.
func (l *look) tip() string { return strings.Join(l.lines, ". ") }

// write adds the appearance, the place on the page and, in a tagged document,
// in the structure tree. It returns the field's entries.
func (l *look) write(p *place, u *pdf.Update, field pdf.Ref) (pdf.Dict, error) {
	form, err := l.form(u.Next())
	if err != nil {
		return nil, fmt.Errorf("seal: %w: visible seal: %w", ErrDocument, err)
	}
	u.Adopt(form.Text, form.Offsets)
	out := pdf.Dict{
		{Key: "P", Value: l.pageRef}, {Key: "Rect",
			Value: pdf.Array{round(l.rect[0]), round(l.rect[1]), round(l.rect[2]), round(l.rect[3])}},
		{Key: "AP", Value: pdf.Dict{{Key: "N", Value: pdf.Ref{Num: uint32(form.Object)}}}},
	}
	if l.quarters != 0 {
		out = append(out, pdf.Entry{Key: "MK", Value: pdf.Dict{{Key: "R", Value: int64(90 * l.quarters)}}})
	}
	page := l.page
	if l.tree != nil && page.Get("Tabs") == nil { // ISO 14289-1, 7.18.3
		page = page.With("Tabs", pdf.Name("S"))
	}
	page, err = l.grow(p, u, page, "Annots", field)
	if err != nil {
		return nil, err
	}
	l.replace(u, l.pageRef, page)
	if l.tree != nil {
		key, err := l.tag(p, u, field)
		if err != nil {
			return nil, err
		}
		out = append(out, pdf.Entry{Key: "StructParent", Value: key})
	}
	return out, nil
}

// round keeps three decimals.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }

func (l *look) replace(u *pdf.Update, ref pdf.Ref, o pdf.Object) {
	l.replaced[ref] = true
	u.Object(ref, o)
}

// grow appends values to the array of a key: in the dictionary, which it
// returns, or in an object of its own. A value that is not an array becomes one.
func (l *look) grow(p *place, u *pdf.Update, d pdf.Dict, key pdf.Name, add ...pdf.Object) (pdf.Dict, error) {
	was := d.Get(key)
	ref, isRef := was.(pdf.Ref)
	o, err := p.file.Last().Resolve(was)
	if err != nil {
		return nil, fmt.Errorf("seal: %w: %w", ErrDocument, err)
	}
	list, isArray := o.(pdf.Array)
	switch {
	case isRef && isArray:
		l.replace(u, ref, append(slices.Clone(list), add...))
		return d, nil
	case isArray:
		return d.With(key, append(slices.Clone(list), add...)), nil
	case o == nil:
		return d.With(key, pdf.Array(add)), nil
	}
	return d.With(key, append(pdf.Array{was}, add...)), nil
}

// checkGrown checks an object that a visible seal replaced: that it only grew,
// at its end, where a field, its element and their place in the tree go.
func checkGrown(was, is pdf.Object) error {
	oldList, isArray := was.(pdf.Array)
	newList, stillArray := is.(pdf.Array)
	if isArray && stillArray {
		if n := len(newList) - len(oldList); n < 1 || n > 2 ||
			len(oldList) > 0 && !pdf.Equal(oldList, newList[:len(oldList)]) {
			return fmt.Errorf("an array is not the one before with a new end")
		}
		return nil
	}
	old, isDict := was.(pdf.Dict)
	d, stillDict := is.(pdf.Dict)
	if !isDict || !stillDict {
		return fmt.Errorf("an object becomes another")
	}
	if key, dup := d.Duplicate(); dup {
		return fmt.Errorf("it has the key %s twice", key)
	}
	for _, e := range old {
		if d.Get(e.Key) == nil {
			return fmt.Errorf("%s is lost", e.Key)
		}
	}
	for _, e := range d {
		if err := checkGrownEntry(e.Key, old.Get(e.Key), e.Value); err != nil {
			return err
		}
	}
	return nil
}

func checkGrownEntry(key pdf.Name, was, is pdf.Object) error {
	if pdf.Equal(was, is) {
		return nil
	}
	switch key {
	case "K", "Annots", "Nums":
		if _, isArray := was.(pdf.Array); !isArray {
			if was == nil {
				was = pdf.Array{}
			} else {
				was = pdf.Array{was}
			}
		}
		return checkGrown(was, is)
	case "ParentTree":
		if was == nil {
			return nil // it had none
		}
		return checkGrown(was, is)
	case "ParentTreeNextKey":
		return nil
	case "Tabs":
		if was == nil {
			return nil
		}
	case "Limits":
		a, _ := was.(pdf.Array)
		b, _ := is.(pdf.Array)
		if len(a) == 2 && len(b) == 2 && pdf.Equal(a[0], b[0]) {
			return nil
		}
	}
	return fmt.Errorf("%s changes", key)
}
