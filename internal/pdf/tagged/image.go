package tagged

import (
	"bytes"
	"compress/zlib"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
)

// An Image is a picture ready to be embedded. It is immutable and may be used
// by many documents at the same time.
type Image struct {
	Width, Height int // pixels
	color         string
	filter        string
	data          []byte
	alpha         []byte // compressed soft mask, nil if opaque
}

// Limits of a picture, which is a logo.
const (
	MaxImageBytes  = 2 << 20
	MaxImagePixels = 4 << 20
)

// ParseImage reads a PNG or JPEG picture. A baseline RGB or grey JPEG is kept
// as it is; everything else is stored without loss as 8-bit RGB.
func ParseImage(data []byte) (*Image, error) {
	if len(data) > MaxImageBytes {
		return nil, errorf("image of %d bytes, at most %d are accepted", len(data), MaxImageBytes)
	}
	var decodeConfig = png.DecodeConfig
	isJPEG := false
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		isJPEG = true
	default:
		return nil, errorf("%d bytes that begin with %x are neither a PNG nor a JPEG image", len(data), data[:min(len(data), 8)])
	}
	var cfg image.Config
	var err error
	if isJPEG {
		cfg, err = jpeg.DecodeConfig(bytes.NewReader(data))
	} else {
		cfg, err = decodeConfig(bytes.NewReader(data))
	}
	if err != nil {
		return nil, errorf("image cannot be read: %w", err)
	}
	if cfg.Width < 1 || cfg.Height < 1 || cfg.Width > MaxImagePixels/cfg.Height {
		return nil, errorf("image of %d by %d pixels, at most %d in all are accepted", cfg.Width, cfg.Height, MaxImagePixels)
	}
	// The whole picture is decoded even when its bytes are kept: a truncated
	// one must not reach the page.
	var pic image.Image
	if isJPEG {
		pic, err = jpeg.Decode(bytes.NewReader(data))
	} else {
		pic, err = png.Decode(bytes.NewReader(data))
	}
	if err != nil {
		return nil, errorf("image cannot be read: %w", err)
	}
	img := &Image{Width: cfg.Width, Height: cfg.Height, color: "DeviceRGB", filter: "FlateDecode"}
	if isJPEG {
		switch pic.(type) {
		case *image.Gray:
			img.color, img.filter, img.data = "DeviceGray", "DCTDecode", bytes.Clone(data)
			return img, nil
		case *image.YCbCr:
			img.filter, img.data = "DCTDecode", bytes.Clone(data)
			return img, nil
		}
	}
	img.samples(pic)
	return img, nil
}

func (img *Image) samples(pic image.Image) {
	bounds := pic.Bounds()
	rgba := image.NewNRGBA(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	draw.Draw(rgba, rgba.Bounds(), pic, bounds.Min, draw.Src)
	n := img.Width * img.Height
	color, alpha := make([]byte, 0, 3*n), make([]byte, 0, n)
	opaque := true
	for i := range n {
		px := rgba.Pix[4*i : 4*i+4]
		color = append(color, px[:3]...)
		alpha = append(alpha, px[3])
		opaque = opaque && px[3] == 0xff
	}
	img.data = deflate(color, zlib.BestCompression)
	if !opaque {
		img.alpha = deflate(alpha, zlib.BestCompression)
	}
}

// useImage returns the number of the image among the page's resources.
func (p *Page) useImage(img *Image) int {
	for i, other := range p.images {
		if other == img {
			return i + 1
		}
	}
	p.images = append(p.images, img)
	return len(p.images)
}
