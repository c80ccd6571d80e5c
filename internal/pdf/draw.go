package pdf

import (
	"bytes"
	"image"
	"math"
	"slices"
)

// A Drawing is what a page fills with straight-edged shapes, on white: enough for
// a code that a program drew as squares.
type Drawing struct {
	Image  *image.Gray
	Shapes int // dark ones: a code has hundreds
}

// Bounds of a drawing.
const (
	drawSide    = 2000 // points of its longer side
	drawForms   = 4    // forms within forms
	drawStack   = 64   // saved states
	drawOperand = 512  // operands that are kept
)

// Draw draws the filled shapes of a page: paths of lines and rectangles, in shades
// of gray; curves are taken for lines, and text, strokes, shadings, clips and
// pictures are left out. take is asked before each piece of work with its cost in
// points; if it refuses, the error wraps [ErrWork].
func (v View) Draw(page Ref, take Take) (*Drawing, error) {
	o, err := v.Resolve(page)
	if err != nil {
		return nil, err
	}
	dict, _ := o.(Dict)
	box, err := v.PageBox(dict)
	if err != nil {
		return nil, err
	}
	w, h := box[2]-box[0], box[3]-box[1]
	if !(w >= 1 && h >= 1 && w <= 20_000 && h <= 20_000) {
		return nil, syntaxf(0, "a page of %g by %g points", w, h)
	}
	scale := drawSide / max(w, h)
	d := &drawer{v: v, take: take, forms: map[int]bool{}}
	d.w, d.h = int(math.Ceil(w*scale)), int(math.Ceil(h*scale))
	if !take(int64(d.w) * int64(d.h)) {
		return nil, limitWork(0)
	}
	d.out = &Drawing{Image: image.NewGray(image.Rect(0, 0, d.w, d.h))}
	for i := range d.out.Image.Pix {
		d.out.Image.Pix[i] = 255
	}
	res, err := v.resources(page)
	if err != nil {
		return nil, err
	}
	content, err := v.content(dict)
	if err != nil {
		return nil, err
	}
	base := matrix{scale, 0, 0, -scale, -box[0] * scale, box[3] * scale}
	return d.out, d.run(content, res, drawState{ctm: base}, drawForms)
}

// content returns what the streams of a page draw, one after the other.
func (v View) content(page Dict) ([]byte, error) {
	o, err := v.Resolve(page.Get("Contents"))
	if err != nil {
		return nil, err
	}
	list, ok := o.(Array)
	if !ok {
		list = Array{o}
	}
	var out []byte
	for _, o := range list {
		if o, err = v.Resolve(o); err != nil {
			return nil, err
		}
		s, ok := o.(*Stream)
		if !ok {
			continue
		}
		data, err := v.Decode(s)
		if err != nil {
			return nil, err
		}
		if int64(len(out)+len(data)) > v.f.limits.Stream {
			return nil, limitf(s.Offset, "the content of a page is over %d bytes", v.f.limits.Stream)
		}
		out = append(append(out, data...), '\n')
	}
	return out, nil
}

// A matrix is a transformation (clause 8.3.3).
type matrix [6]float64

func (m matrix) then(n matrix) matrix {
	return matrix{m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3], m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5]}
}

func (m matrix) at(x, y float64) dot { return dot{m[0]*x + m[2]*y + m[4], m[1]*x + m[3]*y + m[5]} }

type dot struct{ x, y float64 }

type drawState struct {
	ctm  matrix
	fill byte // how light
}

type drawer struct {
	v     View
	take  Take
	out   *Drawing
	w, h  int
	forms map[int]bool // that are being drawn, by where they stand
	path  [][]dot
}

// run draws a piece of content.
func (d *drawer) run(content []byte, resources Dict, state drawState, depth int) error {
	if !d.take(int64(len(content))) {
		return limitWork(0)
	}
	values := int64(len(content)) + 16
	l := lexer{data: content, depth: 16, values: &values}
	var stack []drawState
	var args []Object
	for {
		l.skip()
		if l.pos >= len(l.data) {
			return nil
		}
		if c := l.data[l.pos]; class[c] == regular && !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.') {
			start := l.pos
			for l.pos < len(l.data) && class[l.data[l.pos]] == regular {
				l.pos++
			}
			switch op := string(l.data[start:l.pos]); op {
			case "true", "false", "null":
				continue
			case "q":
				if len(stack) < drawStack {
					stack = append(stack, state)
				}
			case "Q":
				if n := len(stack); n > 0 {
					state, stack = stack[n-1], stack[:n-1]
				}
			case "BI":
				skipInline(&l)
			case "Do":
				if err := d.form(args, resources, state, depth); err != nil {
					return err
				}
			default:
				if err := d.operate(op, numbers(args), &state); err != nil {
					return err
				}
			}
			args = args[:0]
			continue
		}
		o, err := l.object()
		if err != nil { // viewers go on as well as they can
			l.depth, l.pos = 16, l.pos+1
			continue
		}
		if len(args) < drawOperand {
			args = append(args, o)
		}
	}
}

// skipInline moves over the data of an inline image (clause 8.9.7).
func skipInline(l *lexer) {
	for {
		i := bytes.Index(l.data[l.pos:], []byte("EI"))
		if i < 0 {
			l.pos = len(l.data)
			return
		}
		at := l.pos + i
		l.pos = at + 2
		if class[l.data[at-1]] == space && (l.pos == len(l.data) || class[l.data[l.pos]] == space) {
			return
		}
	}
}

func numbers(args []Object) []float64 {
	out := make([]float64, 0, 6)
	for _, o := range args {
		if n, ok := number(o); ok {
			out = append(out, n)
		}
	}
	return out
}

// form draws a form that is named (clause 8.10).
func (d *drawer) form(args []Object, resources Dict, state drawState, depth int) error {
	if len(args) != 1 || depth == 0 {
		return nil
	}
	name, _ := args[0].(Name)
	objects, err := d.v.Dict(resources, "XObject")
	if err != nil {
		return err
	}
	o, err := d.v.Resolve(objects.Get(name))
	if err != nil {
		return err
	}
	s, ok := o.(*Stream)
	if !ok || s.Dict.Name("Subtype") != "Form" || d.forms[s.Offset] {
		return nil
	}
	content, err := d.v.Decode(s)
	if err != nil {
		return err
	}
	inner, err := d.v.Dict(s.Dict, "Resources")
	if err != nil {
		return err
	}
	if inner == nil {
		inner = resources
	}
	if list, err := d.v.Array(s.Dict, "Matrix"); err == nil && len(list) == 6 {
		if n := numbers(list); len(n) == 6 {
			state.ctm = matrix(n).then(state.ctm)
		}
	}
	d.forms[s.Offset] = true
	defer delete(d.forms, s.Offset)
	return d.run(content, inner, state, depth-1)
}

// operate does what an operator says, if it concerns filled shapes (clauses 8.4.4,
// 8.5 and 8.6.8).
func (d *drawer) operate(op string, n []float64, s *drawState) error {
	point := func(i int) dot { return s.ctm.at(n[i], n[i+1]) }
	last := func() *[]dot { return &d.path[len(d.path)-1] }
	switch {
	case op == "cm" && len(n) == 6:
		s.ctm = matrix(n).then(s.ctm)
	case op == "m" && len(n) == 2:
		d.path = append(d.path, []dot{point(0)})
	case (op == "l" && len(n) == 2 || op == "c" && len(n) == 6 || (op == "v" || op == "y") && len(n) == 4) &&
		len(d.path) > 0:
		*last() = append(*last(), point(len(n)-2))
	case op == "re" && len(n) == 4:
		x, y, w, h := n[0], n[1], n[2], n[3]
		d.path = append(d.path, []dot{s.ctm.at(x, y), s.ctm.at(x+w, y), s.ctm.at(x+w, y+h), s.ctm.at(x, y+h)})
	case op == "g" && len(n) == 1:
		s.fill = shade(tint{components: 1}, n)
	case op == "rg" && len(n) == 3:
		s.fill = shade(tint{components: 3}, n)
	case op == "k" && len(n) == 4:
		s.fill = shade(tint{components: 4, subtracts: true}, n)
	case op == "cs":
		s.fill = 0
	case op == "sc" || op == "scn":
		switch len(n) { // that of the space is not looked at: grays, mostly
		case 1, 3, 4:
			s.fill = shade(tint{components: len(n), subtracts: len(n) == 4}, n)
		}
	case slices.Contains([]string{"f", "F", "f*", "B", "B*", "b", "b*"}, op):
		err := d.fill(op[len(op)-1] == '*', s.fill)
		d.path = d.path[:0]
		return err
	case op == "n" || op == "S" || op == "s":
		d.path = d.path[:0]
	}
	return nil
}

func shade(c tint, n []float64) byte {
	var p [4]byte
	for i := range n {
		p[i] = byte(math.Round(255 * min(1, max(0, n[i]))))
	}
	return c.light(p[:len(n)])
}

// A crossing is where an edge meets a row.
type crossing struct {
	x   float64
	dir int8
}

// fill fills the path (clause 8.5.3.3), by the middles of the points.
func (d *drawer) fill(evenOdd bool, light byte) error {
	rows := map[int][]crossing{}
	for _, p := range d.path {
		if len(p) > 2 && light < 128 {
			d.out.Shapes++
		}
		for i := range p {
			if err := d.edge(p[i], p[(i+1)%len(p)], rows); err != nil {
				return err
			}
		}
	}
	for y, list := range rows {
		slices.SortFunc(list, func(a, b crossing) int {
			switch {
			case a.x < b.x:
				return -1
			case a.x > b.x:
				return 1
			}
			return 0
		})
		winding := 0
		for i := range len(list) - 1 {
			winding += int(list[i].dir)
			if winding == 0 || evenOdd && i%2 == 1 {
				continue
			}
			from, to := clampTo(list[i].x, d.w), clampTo(list[i+1].x, d.w)
			if from >= to {
				continue
			}
			if !d.take(int64(to - from)) {
				return limitWork(0)
			}
			row := d.out.Image.Pix[y*d.out.Image.Stride:]
			for x := from; x < to; x++ {
				row[x] = light
			}
		}
	}
	return nil
}

// edge adds where an edge meets the middles of rows.
func (d *drawer) edge(a, b dot, rows map[int][]crossing) error {
	dir := int8(1)
	if a.y > b.y {
		a, b, dir = b, a, -1
	}
	from, to := clampTo(a.y, d.h), clampTo(b.y, d.h)
	if from >= to || math.IsNaN(a.x+b.x) || math.IsInf(a.x, 0) || math.IsInf(b.x, 0) {
		return nil
	}
	if !d.take(8 * int64(to-from)) { // sorting takes more than painting
		return limitWork(0)
	}
	for y := from; y < to; y++ {
		t := (float64(y) + .5 - a.y) / (b.y - a.y)
		rows[y] = append(rows[y], crossing{a.x + t*(b.x-a.x), dir})
	}
	return nil
}

// clampTo returns the first point whose middle is at or behind a place, from 0 to
// most.
func clampTo(v float64, most int) int {
	if !(v > 0) {
		return 0
	}
	if v >= float64(most) {
		return most
	}
	return int(math.Ceil(v - .5))
}
