package verify_test

import (
	"context"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/liste-elettorali/anpr/verify"
)

// worst are pictures without a code that give the reader much to do.
func worst() map[string]image.Image {
	const w, h = 2000, 3000
	rnd := rand.New(rand.NewPCG(1, 2))
	paint := func(light func(x, y int) byte) image.Image {
		img := image.NewGray(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				img.Pix[y*img.Stride+x] = light(x, y)
			}
		}
		return img
	}
	c := code{modules: 41}
	writing := shot{black: 25, white: 235}
	ring := func(x, n int) int { return max(x%n-n/2, n/2-x%n) }
	return map[string]image.Image{
		"white":        paint(func(int, int) byte { return 255 }),
		"noise":        paint(func(int, int) byte { return byte(rnd.Uint32()) }),
		"checkerboard": paint(func(x, y int) byte { return byte(255 * ((x/16 + y/16) % 2)) }),
		"writing":      paint(func(x, y int) byte { return byte(c.at(writing, float64(x)/14+30, float64(y)/14+30)) }),
		// Everything is a finder pattern, at distances that a code may have.
		"finders": paint(func(x, y int) byte {
			if r := max(ring(x, 112), ring(y, 112)) / 8; r <= 1 || r == 3 {
				return 20
			}
			return 235
		}),
		"small finders": paint(func(x, y int) byte {
			if r := max(ring(x, 24), ring(y, 24)) / 2; r <= 1 || r == 3 {
				return 20
			}
			return 235
		}),
		"coarse noise": paint(func(x, y int) byte {
			return byte(255 * int(math.Mod(math.Abs(math.Sin(float64(x/12)*12.9898+float64(y/12)*78.233))*43758.5453,
				2)))
		}),
	}
}

// TestNoCode: pictures of six million points without a code end, and end
// when the context does.
func TestNoCode(t *testing.T) {
	v := verifier(t)
	for name, img := range worst() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it takes long
			data := encodeJPEG(t, img, 90)
			r := v.Picture(t.Context(), data, nil, now)
			assertInvalid(t, r, verify.CodeDecode, "non vi si riconosce")

			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			r = v.Picture(ctx, data, nil, now)
			c, _ := r.Check(verify.CodeDecode)
			assert.Contains(t, c.Message, "interrotta")
		})
	}
}
