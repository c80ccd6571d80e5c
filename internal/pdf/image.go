package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"golang.org/x/image/ccitt"
)

// ErrUnsupported is wrapped by the errors of images in a form that is not
// read.
var ErrUnsupported = errors.New("not supported")

// PageImages returns the image XObjects that the resources of a page name, and
// those of the forms within them, each once and at most most of them. Whether
// the page draws them is not looked at.
func (v View) PageImages(page Ref, most int) ([]*Stream, error) {
	res, err := v.resources(page)
	if err != nil {
		return nil, err
	}
	w := imageWalk{v: v, most: most, seen: map[int]bool{}}
	err = w.walk(res, 4)
	return w.out, err
}

// resources returns the resources of a page, its own or inherited (clause
// 7.7.3.4).
func (v View) resources(page Ref) (Dict, error) {
	var o Object = page
	for range v.f.limits.Depth {
		r, err := v.Resolve(o)
		if err != nil {
			return nil, err
		}
		d, _ := r.(Dict)
		if res, err := v.Dict(d, "Resources"); err != nil || res != nil {
			return res, err
		}
		if o = d.Get("Parent"); o == nil {
			break
		}
	}
	return nil, nil
}

type imageWalk struct {
	v    View
	most int
	seen map[int]bool // by where the data stands
	out  []*Stream
}

func (w *imageWalk) walk(resources Dict, depth int) error {
	objects, err := w.v.Dict(resources, "XObject")
	if err != nil {
		return err
	}
	for _, e := range objects {
		o, err := w.v.Resolve(e.Value)
		if err != nil {
			return err
		}
		s, ok := o.(*Stream)
		if !ok || w.seen[s.Offset] || len(w.out) >= w.most || len(w.seen) > 1000 {
			continue
		}
		w.seen[s.Offset] = true
		switch s.Dict.Name("Subtype") {
		case "Image":
			w.out = append(w.out, s)
		case "Form":
			inner, err := w.v.Dict(s.Dict, "Resources")
			if err != nil {
				return err
			}
			if depth > 0 {
				if err := w.walk(inner, depth-1); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Links returns the addresses that the link annotations of a page lead to
// (clause 12.6.4.8), in their order.
func (v View) Links(page Ref) ([]string, error) {
	o, err := v.Resolve(page)
	if err != nil {
		return nil, err
	}
	d, _ := o.(Dict)
	annots, err := v.Array(d, "Annots")
	if err != nil {
		return nil, err
	}
	const most = 500
	var out []string
	for _, o := range annots[:min(len(annots), most)] {
		if o, err = v.Resolve(o); err != nil {
			return nil, err
		}
		annot, _ := o.(Dict)
		if annot.Name("Subtype") != "Link" {
			continue
		}
		action, err := v.Dict(annot, "A")
		if err != nil {
			return nil, err
		}
		uri, err := v.Resolve(action.Get("URI"))
		if err != nil {
			return nil, err
		}
		if s, ok := uri.(String); ok && action.Name("S") == "URI" {
			out = append(out, string(s))
		}
	}
	return out, nil
}

// ImageSize returns the width and the height of an image in samples. They are
// positive, and their product fits in an int.
func (v View) ImageSize(s *Stream) (w, h int, err error) {
	side := func(key Name) int {
		o, e := v.Resolve(s.Dict.Get(key))
		n, ok := o.(int64)
		if e != nil || !ok || n < 1 || n > 1<<20 {
			err = syntaxf(s.Offset, "%s of an image is %v", key, o)
			return 0
		}
		return int(n)
	}
	return side("Width"), side("Height"), err
}

// Image decodes an image (clause 8.9) to shades of gray, if it has at most
// maxPixels samples; the limits of streams hold for its data too, and take is asked
// before each step. The filters FlateDecode, DCTDecode and CCITTFaxDecode
// and the colour spaces of scanners are read; what is not read gives an error
// that wraps [ErrUnsupported]. Masks are not applied.
func (v View) Image(s *Stream, maxPixels int64, take Take) (*image.Gray, error) {
	w, h, err := v.ImageSize(s)
	if err != nil {
		return nil, err
	}
	if int64(w)*int64(h) > maxPixels {
		return nil, limitf(s.Offset, "an image of %d by %d samples, expected at most %d", w, h, maxPixels)
	}
	names, parms, err := v.filters(s)
	if err != nil {
		return nil, err
	}
	data := s.Raw
	for i, name := range names {
		last := i == len(names)-1
		switch {
		case name == "FlateDecode" || name == "Fl":
			need := v.f.limits.Stream
			if last {
				if need, err = v.sampleBytes(s, parms[i], w, h); err != nil {
					return nil, err
				}
			}
			// Deflate makes at most 1,032 bytes of one.
			if !take(min(need, satMul(int64(len(data)), 1032))) {
				return nil, limitWork(s.Offset)
			}
			if data, err = v.f.inflateSamples(data, s.Offset, need); err == nil {
				data, err = unpredict(data, parms[i], s.Offset)
			}
			if err != nil {
				return nil, err
			}
		case last && (name == "DCTDecode" || name == "DCT"):
			return v.photograph(s, data, maxPixels, take)
		case last && (name == "CCITTFaxDecode" || name == "CCF"):
			if !take(4 * int64(w) * int64(h)) {
				return nil, limitWork(s.Offset)
			}
			if data, err = fax(data, parms[i], w, h); err != nil {
				return nil, &SyntaxError{Offset: int64(s.Offset), What: "fax data", Err: err}
			}
		default:
			return nil, fmt.Errorf("pdf: filter %s of an image: %w", name, ErrUnsupported)
		}
	}
	if !take(2 * int64(w) * int64(h)) {
		return nil, limitWork(s.Offset)
	}
	return v.samples(s, data, w, h)
}

// sampleBytes returns how many bytes the samples of an image take, with the bytes
// of a predictor that name its filters.
func (v View) sampleBytes(s *Stream, parms Dict, w, h int) (int64, error) {
	bits, colors, err := v.sampleForm(s)
	if err != nil {
		return 0, err
	}
	row := (int64(w)*int64(colors.components)*int64(bits) + 7) / 8
	if p, _ := parms.Get("Predictor").(int64); p >= 10 {
		row++
	}
	return row * int64(h), nil
}

// photograph decodes a JPEG.
func (v View) photograph(s *Stream, data []byte, maxPixels int64, take Take) (*image.Gray, error) {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, &SyntaxError{Offset: int64(s.Offset), What: "JPEG data", Err: err}
	}
	if int64(cfg.Width)*int64(cfg.Height) > maxPixels {
		return nil, limitf(s.Offset, "a JPEG of %d by %d points, expected at most %d", cfg.Width, cfg.Height, maxPixels)
	}
	if !take(JPEGWork(data, int64(cfg.Width)*int64(cfg.Height))) {
		return nil, limitWork(s.Offset)
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, &SyntaxError{Offset: int64(s.Offset), What: "JPEG data", Err: err}
	}
	b := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	switch img := img.(type) {
	case *image.Gray:
		for y := range b.Dy() {
			copy(out.Pix[y*out.Stride:][:b.Dx()], img.Pix[y*img.Stride:])
		}
	case *image.YCbCr:
		for y := range b.Dy() {
			copy(out.Pix[y*out.Stride:][:b.Dx()], img.Y[y*img.YStride:])
		}
	default:
		for y := range b.Dy() {
			for x := range b.Dx() {
				out.Pix[y*out.Stride+x] = color.GrayModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y
			}
		}
	}
	list, err := v.Array(s.Dict, "Decode")
	if err != nil {
		return nil, err
	}
	// Of four components the decoder takes more to be lighter, as Adobe writes
	// them; a PDF says so by Decode.
	_, cmyk := img.(*image.CMYK)
	if (len(list) > 0 && Equal(list[0], int64(1))) != cmyk {
		for i := range out.Pix {
			out.Pix[i] = 255 - out.Pix[i]
		}
	}
	return out, nil
}

// fax decodes CCITT data to one bit a sample, 0 for black unless BlackIs1
// (clause 7.4.6).
func fax(data []byte, parms Dict, w, h int) ([]byte, error) {
	k, _ := parms.Get("K").(int64)
	columns, ok := parms.Get("Columns").(int64)
	if !ok {
		columns = 1728
	}
	format := ccitt.Group3
	switch {
	case k > 0:
		return nil, fmt.Errorf("mixed one- and two-dimensional coding: %w", ErrUnsupported)
	case k < 0:
		format = ccitt.Group4
	}
	if columns != int64(w) {
		return nil, fmt.Errorf("%d columns in an image %d wide", columns, w)
	}
	black, _ := parms.Get("BlackIs1").(bool)
	align, _ := parms.Get("EncodedByteAlign").(bool)
	gray := image.NewGray(image.Rect(0, 0, w, h))
	// Rows that are missing at the end are white, as viewers show them.
	for i := range gray.Pix {
		gray.Pix[i] = 255
	}
	err := ccitt.DecodeIntoGray(gray, bytes.NewReader(data), ccitt.MSB, format, &ccitt.Options{Align: align})
	if err != nil && allWhite(gray.Pix) {
		return nil, err
	}
	row := (w + 7) / 8
	out := make([]byte, row*h)
	for y := range h {
		for x, p := range gray.Pix[y*gray.Stride:][:w] {
			if (p >= 128) != black {
				out[y*row+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return out, nil
}

func allWhite(pix []byte) bool {
	for _, p := range pix {
		if p != 255 {
			return false
		}
	}
	return true
}

// A tint is what is needed of a colour space to say how light a colour is.
type tint struct {
	components int
	subtracts  bool   // more of it is darker
	palette    []byte // of an indexed space: the light of each index
}

func (v View) colorSpace(o Object, depth int) (tint, error) {
	o, err := v.Resolve(o)
	if err != nil {
		return tint{}, err
	}
	unsupported := func(what any) (tint, error) {
		return tint{}, fmt.Errorf("pdf: colour space %v: %w", what, ErrUnsupported)
	}
	list, ok := o.(Array)
	if n, isName := o.(Name); isName {
		list, ok = Array{n}, true
	}
	if !ok || len(list) == 0 || depth == 0 {
		return unsupported(o)
	}
	family, _ := list[0].(Name)
	switch family {
	case "DeviceGray", "G", "CalGray":
		return tint{components: 1}, nil
	case "DeviceRGB", "RGB", "CalRGB":
		return tint{components: 3}, nil
	case "DeviceCMYK", "CMYK":
		return tint{components: 4, subtracts: true}, nil
	}
	if len(list) < 2 {
		return unsupported(family)
	}
	switch family {
	case "ICCBased":
		o, err := v.Resolve(list[1])
		if err != nil {
			return tint{}, err
		}
		if profile, ok := o.(*Stream); ok {
			n, _ := profile.Dict.Get("N").(int64)
			if n == 1 || n == 3 || n == 4 {
				return tint{components: int(n), subtracts: n == 4}, nil
			}
		}
	case "Separation":
		return tint{components: 1, subtracts: true}, nil
	case "Indexed", "I":
		return v.indexed(list, depth)
	}
	return unsupported(family)
}

func (v View) indexed(list Array, depth int) (tint, error) {
	if len(list) != 4 {
		return tint{}, fmt.Errorf("pdf: indexed colour space: %w", ErrUnsupported)
	}
	base, err := v.colorSpace(list[1], depth-1)
	if err != nil {
		return tint{}, err
	}
	o, err := v.Resolve(list[3])
	if err != nil {
		return tint{}, err
	}
	var table []byte
	switch o := o.(type) {
	case String:
		table = o
	case *Stream:
		if table, err = v.Decode(o); err != nil {
			return tint{}, err
		}
	}
	if base.palette != nil || len(table) < base.components {
		return tint{}, fmt.Errorf("pdf: indexed colour space: %w", ErrUnsupported)
	}
	out := tint{components: 1}
	for i := 0; i+base.components <= len(table) && len(out.palette) < 256; i += base.components {
		out.palette = append(out.palette, base.light(table[i:i+base.components]))
	}
	return out, nil
}

// light is how light a colour of eight bits a component is.
func (c tint) light(p []byte) byte {
	switch c.components {
	case 3:
		return byte((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
	case 4:
		ink := (19595*uint32(p[0])+38470*uint32(p[1])+7471*uint32(p[2]))>>16 + uint32(p[3])
		return byte(255 - min(ink, 255))
	}
	if c.palette != nil {
		return c.palette[min(int(p[0]), len(c.palette)-1)]
	}
	if c.subtracts {
		return 255 - p[0]
	}
	return p[0]
}

// samples makes a picture of decoded samples (clause 8.9.5.2).
func (v View) samples(s *Stream, data []byte, w, h int) (*image.Gray, error) {
	bits, colors, err := v.sampleForm(s)
	if err != nil {
		return nil, err
	}
	row := (w*colors.components*bits + 7) / 8
	if len(data) < row*h {
		return nil, syntaxf(s.Offset, "%d bytes of samples, expected %d rows of %d", len(data), h, row)
	}
	decode, err := v.Array(s.Dict, "Decode")
	if err != nil {
		return nil, err
	}
	inverted := len(decode) > 0 && Equal(decode[0], int64(1)) && colors.palette == nil
	out := image.NewGray(image.Rect(0, 0, w, h))
	scale := byte(1)
	if colors.palette == nil && bits < 8 {
		scale = byte(255 / (1<<bits - 1))
	}
	var pixel [4]byte
	for y := range h {
		line := data[y*row : (y+1)*row]
		n := 0 // samples read
		for x := range w {
			for c := range colors.components {
				switch bits {
				case 8:
					pixel[c] = line[n]
				case 16:
					pixel[c] = line[2*n]
				default:
					at := n * bits
					pixel[c] = line[at/8] >> (8 - bits - at%8) & (1<<bits - 1) * scale
				}
				if n++; inverted {
					pixel[c] = 255 - pixel[c]
				}
			}
			out.Pix[y*out.Stride+x] = colors.light(pixel[:colors.components])
		}
	}
	return out, nil
}

func (v View) sampleForm(s *Stream) (bits int, colors tint, err error) {
	o, err := v.Resolve(s.Dict.Get("ImageMask"))
	if err != nil {
		return 0, tint{}, err
	}
	if mask, _ := o.(bool); mask { // 0 paints
		return 1, tint{components: 1}, nil
	}
	if o, err = v.Resolve(s.Dict.Get("BitsPerComponent")); err != nil {
		return 0, tint{}, err
	}
	n, ok := o.(int64)
	if !ok && s.Dict.Get("BitsPerComponent") == nil {
		n = 1 // of fax data it need not be said
	}
	switch n {
	case 1, 2, 4, 8, 16:
	default:
		return 0, tint{}, syntaxf(s.Offset, "an image of %v bits a sample", o)
	}
	colors, err = v.colorSpace(s.Dict.Get("ColorSpace"), 4)
	return int(n), colors, err
}
