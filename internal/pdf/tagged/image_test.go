package tagged

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func picture(alpha bool) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 16, 12))
	for i := range 16 * 12 {
		a := uint8(255)
		if alpha {
			a = uint8(i)
		}
		img.SetNRGBA(i%16, i/16, color.NRGBA{uint8(i), 100, 50, a})
	}
	return img
}

func pngPicture(t testing.TB, alpha bool) []byte {
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, picture(alpha)))
	return b.Bytes()
}

func jpegPicture(t testing.TB) []byte {
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, picture(false), nil))
	return b.Bytes()
}

func TestParseImage(t *testing.T) {
	img, err := ParseImage(pngPicture(t, true))
	require.NoError(t, err)
	assert.Equal(t, [2]int{16, 12}, [2]int{img.Width, img.Height})
	assert.NotNil(t, img.alpha)
	img, err = ParseImage(pngPicture(t, false))
	require.NoError(t, err)
	assert.Nil(t, img.alpha)
	jpg := jpegPicture(t)
	img, err = ParseImage(jpg)
	require.NoError(t, err)
	assert.Equal(t, "DCTDecode", img.filter)
	assert.Equal(t, jpg, img.data)
	jpg[20] ^= 0xff
	assert.NotEqual(t, jpg, img.data, "the image keeps its own copy")
}

func TestWhatIsNoImage(t *testing.T) {
	good := pngPicture(t, true)
	huge := bytes.Clone(good)
	copy(huge[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0})
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":          {nil, "neither a PNG nor a JPEG"},
		"text":           {[]byte("<svg/>"), "neither a PNG nor a JPEG"},
		"truncated PNG":  {good[:len(good)-20], "cannot be read"},
		"truncated JPEG": {jpegPicture(t)[:200], "cannot be read"},
		"huge":           {huge, "image"},
		"too many bytes": {make([]byte, MaxImageBytes+1), "at most"},
	} {
		_, err := ParseImage(c.data)
		assert.ErrorContains(t, err, c.want, name)
	}
}

func FuzzParseImage(f *testing.F) {
	f.Add(pngPicture(f, true))
	f.Add(jpegPicture(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		img, err := ParseImage(data)
		if err == nil && (img.Width*img.Height > MaxImagePixels || len(img.data) == 0) {
			t.Fatalf("accepted an image of %d by %d", img.Width, img.Height)
		}
	})
}
