package verify_test

import (
	"bytes"
	"crypto/x509"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	qrcode "github.com/skip2/go-qrcode"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func anchors(ca *sealtest.CA) []*x509.Certificate { return []*x509.Certificate{ca.Root()} }

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func encodeJPEG(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}))
	return b.Bytes()
}

func foreignQR(t testing.TB) []byte {
	t.Helper()
	out, err := qrcode.Encode("https://example.com/altro", qrcode.Medium, 300)
	require.NoError(t, err)
	return out
}

// onPage puts the picture on a white page with some lines that are not a code.
func onPage(img image.Image, w, h int) image.Image {
	page := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(page, page.Bounds(), image.White, image.Point{}, draw.Src)
	for y := h - h/4; y < h-h/8; y += 24 {
		draw.Draw(page, image.Rect(w/8, y, w-w/8, y+3), image.Black, image.Point{}, draw.Src)
	}
	draw.Draw(page, img.Bounds().Add(image.Pt(w-img.Bounds().Dx()-w/12, h/10)), img, image.Point{}, draw.Over)
	return page
}

// onColor surrounds the picture, which has its quiet zone, with a colour.
func onColor(img image.Image, c color.Color) image.Image {
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, 2*b.Dx(), 2*b.Dy()))
	draw.Draw(out, out.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	draw.Draw(out, b.Add(image.Pt(b.Dx()/2, b.Dy()/2)), img, image.Point{}, draw.Src)
	return out
}

// turned rotates the picture around its middle, on white.
func turned(img image.Image, angle float64) image.Image {
	b := img.Bounds()
	n := 2 * max(b.Dx(), b.Dy())
	out := image.NewGray(image.Rect(0, 0, n, n))
	sin, cos := math.Sincos(angle)
	for y := range n {
		for x := range n {
			dx, dy := float64(x-n/2), float64(y-n/2)
			sx, sy := int(math.Round(dx*cos+dy*sin))+b.Dx()/2, int(math.Round(dy*cos-dx*sin))+b.Dy()/2
			c := color.Gray{Y: 255}
			if image.Pt(sx, sy).In(b) {
				c = color.GrayModel.Convert(img.At(sx, sy)).(color.Gray)
			}
			out.SetGray(x, y, c)
		}
	}
	return out
}

// transparent makes everything light transparent.
func transparent(img image.Image) image.Image {
	out := image.NewNRGBA(img.Bounds())
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if r, _, _, _ := img.At(x, y).RGBA(); r < 0x8000 {
				out.SetNRGBA(x, y, color.NRGBA{A: 255})
			}
		}
	}
	return out
}

func deep(img image.Image) image.Image {
	out := image.NewGray16(img.Bounds())
	draw.Draw(out, out.Bounds(), img, image.Point{}, draw.Src)
	return out
}

// contrast leaves grays that differ by a quarter of the scale, with a gradient
// as of uneven light.
func contrast(img image.Image) image.Image {
	b := img.Bounds()
	out := image.NewGray(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			g := color.GrayModel.Convert(img.At(x, y)).(color.Gray)
			out.SetGray(x, y, color.Gray{Y: 60 + g.Y/4 + byte(80*x/b.Dx())})
		}
	}
	return out
}
