package verify_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
)

// What cameras and scanners make of a printed contrassegno, made up: the same
// pictures at every run.

// A shot says how a picture is taken.
type shot struct {
	width, height int     // of the picture, in pixels
	module        float64 // pixels of a module of the code
	angle         float64 // degrees
	tilt          float64 // perspective: how much smaller the far side is, 0 to 1
	toward        float64 // degrees: where the far side is
	crop          float64 // modules of the quiet zone that something dark covers
	blur          float64 // modules: sigma of a Gaussian
	shake         float64 // modules: length of a motion blur
	noise         float64 // sigma, of 255
	light         float64 // how much darker the dark side is, 0 to 1
	shadow        float64 // how dark the shadow is that lies across, 0 to 1
	black, white  float64 // of ink and paper, 0 to 255
	stain         float64 // radius in modules of a blot near the middle
	lens          float64 // barrel distortion at the code's corner
	jpeg          int     // quality; 0 for PNG
}

// A plane is a picture in floating point.
type plane struct {
	w, h int
	pix  []float64
}

// a code is the contrassegno as a square of so many modules, with its quiet zone.
type code struct {
	img     *image.Gray
	modules float64
}

func distortCode(t testing.TB) (code, string) {
	t.Helper()
	mark, err := contrassegno.New("https://anpr.example", bytes.Repeat([]byte{7}, contrassegno.MinKeySize),
		[]byte(structured))
	require.NoError(t, err)
	data, err := mark.PNG(410) // ten pixels a module of version 4
	require.NoError(t, err)
	src, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	img := image.NewGray(src.Bounds())
	for y := range 410 {
		for x := range 410 {
			img.Set(x, y, src.At(x, y))
		}
	}
	return code{img, 41}, mark.String()
}

// at returns the light of the page at a place in modules from the middle of the
// code: the code, the dark thing over its quiet zone, lines of writing around.
func (c code) at(s shot, x, y float64) float64 {
	half := c.modules / 2
	inside := math.Max(math.Abs(x), math.Abs(y)) < half
	if s.stain > 0 && math.Hypot(x-4, y-3) < s.stain {
		return 40
	}
	if s.crop > 0 && (x < -half+s.crop || y > half-s.crop) && math.Max(math.Abs(x), math.Abs(y)) < half+6 {
		return 60
	}
	dark := false
	if inside {
		n := float64(c.img.Bounds().Dx())
		dark = c.img.GrayAt(int((x+half)/c.modules*n), int((y+half)/c.modules*n)).Y < 128
	} else {
		row := math.Floor(y / 2.6)
		if y-row*2.6 < 1.1 && math.Max(math.Abs(x), math.Abs(y)) > half+1 {
			word := int(math.Floor(x/.9)) + 7*int(row)
			dark = (word*word+word*5)%11 < 6
		}
	}
	if dark {
		return s.black
	}
	return s.white
}

// take makes the picture.
func (c code) take(t testing.TB, s shot, seed uint64) []byte {
	t.Helper()
	if s.white == 0 {
		s.black, s.white = 25, 235
	}
	rnd := rand.New(rand.NewPCG(seed, 2022))
	p := plane{s.width, s.height, make([]float64, s.width*s.height)}
	sin, cos := math.Sincos(s.angle * math.Pi / 180)
	tsin, tcos := math.Sincos(s.toward * math.Pi / 180)
	dx, dy := rnd.Float64()-.5, rnd.Float64()-.5
	const fine = 2 // points a side in each pixel
	for py := range p.h {
		for px := range p.w {
			sum := 0.0
			for k := range fine * fine {
				x := (float64(px) - float64(p.w)/2 + dx + (float64(k%fine)+.5)/fine) / s.module
				y := (float64(py) - float64(p.h)/2 + dy + (float64(k/fine)+.5)/fine) / s.module
				r := (x*x + y*y) / (2 * 20 * 20)
				x, y = x*(1+s.lens*r), y*(1+s.lens*r)
				// The plane leans away toward an angle; tilt is what its far side loses.
				depth := 1 - s.tilt/2*(x*tcos+y*tsin)/20
				if depth < .2 {
					sum += s.white
					continue
				}
				x, y = x/depth, y/depth
				sum += c.at(s, x*cos+y*sin, y*cos-x*sin)
			}
			p.pix[py*p.w+px] = sum / (fine * fine)
		}
	}
	p.blur(s.blur * s.module)
	p.smear(int(s.shake*s.module + .5))
	for i := range p.pix {
		x, y := float64(i%p.w)/float64(p.w), float64(i/p.w)/float64(p.h)
		v := p.pix[i] * (1 - s.light*(.7*x+.3*y))
		if x+.4*y > .62 {
			v *= 1 - s.shadow
		}
		p.pix[i] = v + s.noise*rnd.NormFloat64()
	}
	img := image.NewGray(image.Rect(0, 0, p.w, p.h))
	for i, v := range p.pix {
		img.Pix[i] = byte(min(255, max(0, math.Round(v))))
	}
	if s.jpeg > 0 {
		return encodeJPEG(t, img, s.jpeg)
	}
	return encodePNG(t, img)
}

// blur is a Gaussian of so many pixels, in both directions.
func (p plane) blur(sigma float64) {
	if sigma < .05 {
		return
	}
	n := int(3*sigma) + 1
	weights := make([]float64, 2*n+1)
	sum := 0.0
	for i := range weights {
		weights[i] = math.Exp(-float64((i-n)*(i-n)) / (2 * sigma * sigma))
		sum += weights[i]
	}
	for i := range weights {
		weights[i] /= sum
	}
	p.filter(weights, 1, 0)
	p.filter(weights, 0, 1)
}

// smear is a motion of so many pixels, to the right.
func (p plane) smear(n int) {
	if n < 2 {
		return
	}
	weights := make([]float64, n|1)
	for i := range weights {
		weights[i] = 1 / float64(len(weights))
	}
	p.filter(weights, 1, 0)
}

func (p plane) filter(weights []float64, dx, dy int) {
	out := make([]float64, len(p.pix))
	n := len(weights) / 2
	for y := range p.h {
		for x := range p.w {
			sum := 0.0
			for i, w := range weights {
				sx, sy := min(p.w-1, max(0, x+(i-n)*dx)), min(p.h-1, max(0, y+(i-n)*dy))
				sum += w * p.pix[sy*p.w+sx]
			}
			out[y*p.w+x] = sum
		}
	}
	copy(p.pix, out)
}

// A distortion is one of the pictures to read.
type distortion struct {
	kind string
	shot shot
}

// distortions are twelve pictures of each kind, from easy to hard.
func distortions() []distortion {
	var out []distortion
	rnd := rand.New(rand.NewPCG(17, 10))
	anyAngle := func() float64 { return 360 * rnd.Float64() }
	add := func(kind string, make func(level float64) shot) {
		const n = 12
		for i := range n {
			s := make(float64(i) / (n - 1))
			if s.width == 0 {
				s.width, s.height = 420, 420
			}
			if s.module == 0 {
				s.module = 6
			}
			out = append(out, distortion{kind, s})
		}
	}
	add("rotation", func(l float64) shot { return shot{angle: anyAngle(), module: 6 - 2.5*l} })
	add("perspective", func(l float64) shot {
		return shot{angle: 20*rnd.Float64() - 10, tilt: .1 + .6*l, toward: anyAngle()}
	})
	add("blur", func(l float64) shot { return shot{angle: 4, blur: .3 + .6*l} })
	add("motion", func(l float64) shot { return shot{angle: anyAngle(), shake: .4 + 1.4*l} })
	add("noise", func(l float64) shot { return shot{angle: 3, noise: 15 + 85*l} })
	add("jpeg", func(l float64) shot { return shot{angle: 2, module: 5, jpeg: 40 - int(36*l)} })
	add("light", func(l float64) shot {
		return shot{angle: 5, light: .3 + .5*l, shadow: .2 + .5*l, black: 60, white: 200, noise: 3}
	})
	// A contrassegno of 35 mm, with its quiet zone, at 200 down to 72 dpi.
	add("resolution", func(l float64) shot {
		dpi := 200 - 128*l
		return shot{width: 320, height: 320, angle: 3 * rnd.Float64(), module: dpi * 35 / 25.4 / 41, blur: .15,
			noise: 4, jpeg: 75}
	})
	add("quiet zone", func(l float64) shot { return shot{angle: 2, crop: .5 + 3.5*l, module: 5} })
	add("stain", func(l float64) shot { return shot{angle: 7, stain: 1 + 3.2*l} })
	add("photo", func(l float64) shot {
		return shot{width: 800, height: 600, angle: anyAngle(), module: 6 - 2*l, tilt: .1 + .4*l, toward: anyAngle(),
			blur:  .1 + .4*l,
			noise: 20 * l, light: .1 + .4*l, shadow: .3 * l, lens: .05 * l, black: 40, white: 220, jpeg: 80 - int(40*l)}
	})
	add("big photo", func(l float64) shot {
		return shot{width: 1600, height: 1200, angle: anyAngle(), module: 14 - 9*l, tilt: .3 * rnd.Float64(),
			toward: anyAngle(), blur: .3,
			noise: 14 * l, light: .3, black: 40, white: 210, jpeg: 90 - int(30*l)}
	})
	return out
}

func (d distortion) String() string { return fmt.Sprintf("%s %+v", d.kind, d.shot) }
