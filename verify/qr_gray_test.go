package verify

import (
	"image"
	"image/color"
	"image/color/palette"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plain hides what kind of picture it is.
type plain struct{ image.Image }

// TestToGray: the short ways come to what the long one does.
func TestToGray(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	fill := func(pix []byte) {
		for i := range pix {
			pix[i] = byte(rnd.Uint32())
		}
	}
	bounds := image.Rect(0, 0, 31, 17)
	nrgba, rgba, paletted, gray := image.NewNRGBA(bounds), image.NewRGBA(bounds), image.NewPaletted(bounds,
		palette.Plan9[:200]), image.NewGray(bounds)
	for _, pix := range [][]byte{nrgba.Pix, rgba.Pix, paletted.Pix, gray.Pix} {
		fill(pix)
	}
	for i := 3; i < len(rgba.Pix); i += 4 {
		rgba.Pix[i] = 255
	}
	for i := range paletted.Pix {
		paletted.Pix[i] %= 200
	}
	paletted.Palette[7] = color.NRGBA{R: 10, A: 100}
	for name, img := range map[string]image.Image{"NRGBA": nrgba, "RGBA": rgba, "paletted": paletted, "gray": gray} {
		t.Run(name, func(t *testing.T) {
			quick, slow := toGray(img), toGray(plain{img})
			require.Equal(t, slow.w, quick.w)
			require.Equal(t, slow.h, quick.h)
			for i := range slow.pix {
				require.InDelta(t, slow.pix[i], quick.pix[i], 1, "point %d", i)
			}
		})
	}
	white := toGray(image.NewNRGBA(bounds))
	assert.Equal(t, byte(255), white.pix[5], "transparent is white")
}

// TestGrayPaletteIndex: an index outside the palette, which image/png refuses,
// does not cause a panic.
func TestGrayPaletteIndex(t *testing.T) {
	img := image.NewPaletted(image.Rect(0, 0, 30, 30), color.Palette{color.White})
	img.Pix[3] = 200
	require.NotPanics(t, func() { toGray(img) })
}

func TestGrayDouble(t *testing.T) {
	g := gray{[]byte{0, 200, 100, 100}, 2, 2}
	d := g.double()
	require.Equal(t, 4, d.w)
	require.Equal(t, 4, d.h)
	require.Equal(t, byte(0), d.pix[0], "a corner keeps its own")
	require.Equal(t, byte(200), d.pix[3])
	require.Equal(t, byte((12*0+4*200)/16), d.pix[1], "a quarter of the way to the neighbour")
}

func TestGraySmooth(t *testing.T) {
	g := gray{make([]byte, 25), 5, 5}
	g.pix[12] = 90
	s := g.smooth(1)
	require.Equal(t, byte(10), s.pix[12])
	require.Equal(t, byte(10), s.pix[6])
	require.Zero(t, s.pix[10])
	require.Equal(t, g, g.smooth(0))
}

// TestLikeFinder accepts runs of 1:1:3:1:1 at any size, whatever surrounds them,
// and no other proportions.
func TestLikeFinder(t *testing.T) {
	for _, runs := range [][5]int{{1, 1, 3, 1, 1}, {4, 4, 12, 4, 4}, {5, 4, 11, 4, 3}, {40, 4, 12, 4, 4},
		{4, 4, 12, 4, 30}} {
		assert.True(t, likeFinder(runs), "%v", runs)
	}
	for _, runs := range [][5]int{{}, {20, 20, 20, 20, 20}, {0, 4, 12, 4, 4}, {4, 4, 12, 4, 0}, {40, 4, 12, 4, 40},
		{4, 12, 12, 4, 4}, {1, 4, 12, 4, 4}} {
		assert.False(t, likeFinder(runs), "%v", runs)
	}
}
