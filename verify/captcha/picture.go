package captcha

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
)

// The size of a picture in pixels, and of a digit in it before it is distorted.
const (
	pictureWidth  = 280
	pictureHeight = 90
	digitWidth    = 25.0
	digitHeight   = 44.0
)

type point struct{ x, y float64 }

// A stroke is the path of a pen.
type stroke []point

// arc draws part of an ellipse, from an angle to another, in degrees, clockwise
// from the right.
func arc(cx, cy, rx, ry, from, to float64) stroke {
	n := int(math.Abs(to-from)/15) + 2
	out := make(stroke, n)
	for i := range out {
		sin, cos := math.Sincos((from + (to-from)*float64(i)/float64(n-1)) * math.Pi / 180)
		out[i] = point{cx + rx*cos, cy + ry*sin}
	}
	return out
}

func line(coords ...float64) stroke {
	out := make(stroke, 0, len(coords)/2)
	for i := 0; i+1 < len(coords); i += 2 {
		out = append(out, point{coords[i], coords[i+1]})
	}
	return out
}

func joined(strokes ...stroke) (out stroke) {
	for _, s := range strokes {
		out = append(out, s...)
	}
	return out
}

// glyph returns the strokes of a digit in a box of 1 by 1, in one of the forms
// in which people write it.
func glyph(digit byte, form int) []stroke {
	switch digit {
	case '0':
		return []stroke{arc(.5, .5, .46, .5, 0, 360)}
	case '1':
		foot := line(.2, 1, .9, 1)
		if form == 0 {
			foot = nil
		}
		return []stroke{line(.12, .3, .55, 0, .55, 1), foot}
	case '2':
		return []stroke{joined(arc(.5, .3, .43, .3, 190, 390), line(.06, 1, .95, 1))}
	case '3':
		if form == 0 {
			return []stroke{joined(line(.1, 0, .88, 0, .45, .4), arc(.45, .7, .45, .3, 285, 510))}
		}
		return []stroke{joined(arc(.45, .25, .4, .25, 200, 450), arc(.45, .75, .46, .25, 270, 515))}
	case '4':
		if form == 0 {
			return []stroke{line(.3, 0, .05, .62, .98, .62), line(.68, .32, .68, 1)}
		}
		return []stroke{line(.68, 1, .68, 0, .02, .68, .98, .68)}
	case '5':
		return []stroke{joined(line(.88, 0, .2, 0, .13, .45), arc(.47, .68, .46, .32, 222, 505))}
	case '6', '9':
		out := []stroke{arc(.5, .69, .43, .31, 0, 360), arc(.95, .69, .88, .69, 180, 258)}
		if digit == '9' { // upside down
			for _, s := range out {
				for i, p := range s {
					s[i] = point{1 - p.x, 1 - p.y}
				}
			}
		}
		return out
	case '7':
		bar := line(.32, .52, .92, .52)
		if form == 0 {
			bar = nil
		}
		return []stroke{line(.05, 0, .95, 0, .4, 1), bar}
	default: // 8
		return []stroke{arc(.5, .25, .37, .25, 0, 360), arc(.5, .75, .45, .25, 0, 360)}
	}
}

// A canvas says for each pixel how dark it is, from 0 to 1.
type canvas [pictureHeight][pictureWidth]float64

// segment draws a straight line of a pen with round ends.
func (c *canvas) segment(a, b point, pen, dark float64) {
	r := pen/2 + 1
	x0, x1 := max(0, int(min(a.x, b.x)-r)), min(pictureWidth-1, int(max(a.x, b.x)+r)+1)
	y0, y1 := max(0, int(min(a.y, b.y)-r)), min(pictureHeight-1, int(max(a.y, b.y)+r)+1)
	dx, dy := b.x-a.x, b.y-a.y
	length2 := dx*dx + dy*dy
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			px, py := float64(x)-a.x, float64(y)-a.y
			along := 0.0
			if length2 > 0 {
				along = min(1, max(0, (px*dx+py*dy)/length2))
			}
			distance := math.Hypot(px-along*dx, py-along*dy)
			cover := min(1, max(0, pen/2+.5-distance))
			if dark > 0 {
				c[y][x] = max(c[y][x], cover*dark)
			} else { // wipes out
				c[y][x] *= 1 - cover
			}
		}
	}
}

func (c *canvas) draw(s stroke, pen, dark float64) {
	for i := 1; i < len(s); i++ {
		c.segment(s[i-1], s[i], pen, dark)
	}
}

// finer puts points between those of a stroke, so that what is straight bends.
func (s stroke) finer() (out stroke) {
	const step = 0.12
	for i, p := range s {
		if i > 0 {
			q := s[i-1]
			n := int(math.Hypot(p.x-q.x, p.y-q.y)/step) + 1
			for k := 1; k < n; k++ {
				f := float64(k) / float64(n)
				out = append(out, point{q.x + (p.x-q.x)*f, q.y + (p.y-q.y)*f})
			}
		}
		out = append(out, p)
	}
	return out
}

// waves returns a function that bends the whole picture.
func waves(rnd *random) func(point) point {
	ax, px, fx := rnd.float(2, 4), rnd.float(45, 80), rnd.float(0, 2*math.Pi)
	ay, py, fy := rnd.float(3, 6), rnd.float(80, 150), rnd.float(0, 2*math.Pi)
	return func(p point) point {
		return point{p.x + ax*math.Sin(2*math.Pi*p.y/px+fx), p.y + ay*math.Sin(2*math.Pi*p.x/py+fy)}
	}
}

// draw draws the digits, each turned, slanted, sized and bent on its own, and
// close enough to touch now and then; then lines across them, dark and light.
func draw(answer [count]byte, rnd *random) *canvas {
	c := new(canvas)
	bend := waves(rnd)
	const step = (pictureWidth - 50.0) / count
	for i, digit := range answer {
		middle := point{25 + step*(float64(i)+.5) + rnd.float(-2.5, 2.5), pictureHeight/2 + rnd.float(-7, 7)}
		sin, cos := math.Sincos(rnd.float(-20, 20) * math.Pi / 180)
		slant, width, height := rnd.float(-.2, .2), digitWidth*rnd.float(.9, 1.15), digitHeight*rnd.float(.9, 1.15)
		pen := rnd.float(4.2, 6)
		for _, s := range glyph(digit, rnd.below(2)) {
			s = s.finer()
			for k, p := range s {
				x, y := (p.x-.5)*width, (p.y-.5)*height
				x -= slant * y
				s[k] = bend(point{middle.x + x*cos - y*sin, middle.y + x*sin + y*cos})
			}
			c.draw(s, pen, 1)
		}
	}
	for i := range 7 {
		from, to := rnd.float(12, pictureHeight-12), rnd.float(12, pictureHeight-12)
		height, length, phase := rnd.float(3, 12), rnd.float(90, 260), rnd.float(0, 2*math.Pi)
		s := make(stroke, 0, pictureWidth/6+2)
		for x := 0.0; x <= pictureWidth+6; x += 6 {
			s = append(s, point{x, from + (to-from)*x/pictureWidth + height*math.Sin(2*math.Pi*x/length+phase)})
		}
		if i < 3 {
			c.draw(s, rnd.float(1, 1.6), 0)
		} else {
			c.draw(s, rnd.float(1.2, 2.4), rnd.float(.7, 1))
		}
	}
	for range 220 {
		p := point{rnd.float(0, pictureWidth), rnd.float(0, pictureHeight)}
		c.segment(p, point{p.x + rnd.float(-2, 2), p.y + rnd.float(-2, 2)}, rnd.float(.8, 2), rnd.float(.3, .9))
	}
	return c
}

// drawPNG makes the picture, in grays.
func drawPNG(answer [count]byte, rnd *random) ([]byte, error) {
	c := draw(answer, rnd)
	img := image.NewGray(image.Rect(0, 0, pictureWidth, pictureHeight))
	ink, paper, tilt := rnd.float(20, 60), rnd.float(225, 240), rnd.float(-12, 12)
	grain := make([]byte, len(img.Pix))
	rnd.bytes(grain)
	for y := range pictureHeight {
		for x := range pictureWidth {
			light := paper + tilt*(float64(x)/pictureWidth-.5) + float64(grain[y*pictureWidth+x]%16) - 8
			img.Pix[y*img.Stride+x] = byte(light + (ink-light)*c[y][x])
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("captcha: picture: %w", err)
	}
	return out.Bytes(), nil
}
