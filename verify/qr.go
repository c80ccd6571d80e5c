package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// readQR reads the one QR code of a picture.
func readQR(m *meter, data []byte, maxBytes, maxPixels int64) (string, *FindError) {
	img, err := decodePicture(m, data, maxBytes, maxPixels)
	if err != nil {
		return "", err
	}
	r, err := newReading(m, toGray(img))
	if err != nil {
		return "", err
	}
	if text, ok := r.quick(); ok {
		return text, nil
	}
	if text, ok := r.deep(); ok {
		return text, nil
	}
	return "", r.failed()
}

func interruptedReading(ctx context.Context) *FindError {
	return findError(FindInterrupted, ctx.Err(), "la lettura è stata interrotta")
}

// A reading is the search for a code in one picture: first a quick look, which
// suffices for a scan or a good photograph, then whatever else there is.
type reading struct {
	m           *meter
	full, small gray
	seen        map[[sha256.Size]byte]bool
}

// newReading prepares a picture. The error says that not even that is affordable.
func newReading(m *meter, g gray) (*reading, *FindError) {
	r := &reading{m: m, seen: map[[sha256.Size]byte]bool{}}
	if !m.take(2 * costScale * int64(len(g.pix))) {
		return nil, r.failed()
	}
	r.full = g.fit(4000) // 35 mm on a whole A4 page are then 470 points
	r.small = r.full.fit(1600)
	return r, nil
}

// failed says why nothing was read.
func (r *reading) failed() *FindError {
	switch {
	case r.m.ctx.Err() != nil:
		return interruptedReading(r.m.ctx)
	case r.m.out:
		return findError(FindWork, nil, "l'immagine richiede troppo lavoro, e la ricerca di un codice QR si è fermata "+
			"prima della fine")
	}
	return findError(FindNoCode, nil, "non vi si riconosce alcun codice QR")
}

func (r *reading) quick() (string, bool) { return r.try(r.small) }

// try lets the library read a picture that it has not read yet.
func (r *reading) try(g gray) (string, bool) {
	key := sha256.Sum256(g.pix) // small pictures come back unchanged
	if r.seen[key] {
		return "", false
	}
	r.seen[key] = true
	for _, b := range []struct {
		cost int64
		make func(gozxing.LuminanceSource) gozxing.Binarizer
	}{{costHybrid, gozxing.NewHybridBinarizer}, {costHistogram, gozxing.NewGlobalHistgramBinarizer}} {
		if !r.m.take(b.cost * int64(len(g.pix))) {
			return "", false
		}
		if text, ok := tryQR(r.m, g, b.make); ok {
			return text, true
		}
	}
	return "", false
}

// deep is what follows a quick look in vain.
func (r *reading) deep() (string, bool) {
	type attempt struct {
		cost int64
		make func() gray
	}
	full, small := int64(len(r.full.pix)), int64(len(r.small.pix))
	for _, a := range []attempt{
		{0, func() gray { return r.full }},
		{costTurn * 2 * small, func() gray { return r.small.rotate(math.Pi / 4) }}, // the finder is weak on diagonals
		{costMeans * small, func() gray { return r.small.threshold() }},
		{costScale * full, func() gray { return r.full.fit(800) }},
		{(costScale + costMeans) * small, func() gray { return r.small.negative().threshold() }}, // light on dark
		{(costMeans + costTurn*2) * small, func() gray { return r.small.threshold().rotate(math.Pi / 4) }},
		{costScale * full, func() gray { return r.full.fit(1150) }},
	} {
		if !r.m.take(a.cost) {
			return "", false
		}
		if text, ok := r.try(a.make()); ok {
			return text, true
		}
	}
	return r.fitted()
}

// fitted lays the code on the picture where it fits best, for pictures in which
// the library does not find it.
func (r *reading) fitted() (string, bool) {
	full := r.full
	larger := r.small
	if max(full.w, full.h) <= 800 { // its modules may be of few points
		if !r.m.take(4 * costTurn * int64(len(full.pix))) {
			return "", false
		}
		larger = full.double()
	}
	for i, most := range []int{800, 400, 0} {
		if i == 1 && max(full.w, full.h) <= 400 {
			continue // the same again
		}
		g := larger
		if most > 0 {
			if !r.m.take(costScale * int64(len(full.pix))) {
				return "", false
			}
			g = full.fit(most)
		}
		if !r.m.take(costMeans * int64(len(g.pix))) {
			return "", false
		}
		f := newFitter(r.m, g)
		for _, look := range []struct {
			smooth int // radius
			window int // share of the picture
			part   int // hundredths of the mean under which it is dark
		}{{0, 24, 90}, {1, 24, 90}, {1, 8, 90}, {2, 12, 90}, {1, 40, 98}} {
			if !r.m.take((2*costMeans + costFinders) * int64(len(g.pix))) {
				return "", false
			}
			if text, ok := f.read(g.smooth(look.smooth).thresholdAt(look.window, look.part)); ok {
				return text, true
			}
		}
	}
	return "", false
}

// pngSize returns width and height as the header of a PNG has them, zero if it has none.
func pngSize(data []byte) (w, h int64) {
	if len(data) < 24 || string(data[12:16]) != "IHDR" {
		return 0, 0
	}
	return int64(binary.BigEndian.Uint32(data[16:])), int64(binary.BigEndian.Uint32(data[20:]))
}

// decodePicture decodes a PNG or a JPEG after looking at its size.
func decodePicture(m *meter, data []byte, maxBytes, maxPixels int64) (image.Image, *FindError) {
	if int64(len(data)) > maxBytes {
		return nil, findError(FindTooLarge, nil, "il file è di %d byte, al massimo %d", len(data), maxBytes)
	}
	decode, decodeConfig := png.Decode, png.DecodeConfig
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
	case bytes.HasPrefix(data, []byte("\xFF\xD8\xFF")):
		decode, decodeConfig = jpeg.Decode, jpeg.DecodeConfig
	default:
		if name := formatName(data); name != "" {
			return nil, findError(FindFormat, nil, "il file è %s, non un'immagine PNG né JPEG", name)
		}
		return nil, findError(FindFormat, nil, "il file non è un'immagine PNG né JPEG")
	}
	large := func(w, h int64) *FindError {
		return findError(FindTooLarge, nil, "l'immagine è di %d × %d punti, al massimo %d in tutto", w, h, maxPixels)
	}
	// More points than an int has, which are fewer on a machine of 32 bits, are no format
	// that png knows.
	if w, h := pngSize(data); w > 0 && h > maxPixels/w {
		return nil, large(w, h)
	}
	cfg, err := decodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, findError(FindMalformed, err, "l'immagine non è ben formata (%v)", err)
	}
	if cfg.Width < 21 || cfg.Height < 21 {
		return nil, findError(FindNoCode, nil, "l'immagine è di %d × %d punti, troppo pochi per un codice", cfg.Width,
			cfg.Height)
	}
	pixels := int64(cfg.Width) * int64(cfg.Height)
	if cfg.ColorModel == color.NRGBA64Model || cfg.ColorModel == color.RGBA64Model {
		pixels *= 2 // each takes as much memory as two others
	}
	if pixels > maxPixels {
		return nil, large(int64(cfg.Width), int64(cfg.Height))
	}
	isJPEG := data[0] == 0xFF
	cost := pixels * costPNG
	if isJPEG {
		cost = pdf.JPEGWork(data, pixels)
	} else if least := int64(cfg.Width) * int64(cfg.Height) / 8 / 1040; int64(len(data)) < least {
		// Deflate makes at most 1,032 bytes of one, and a point takes a bit at least.
		return nil, findError(FindMalformed, nil, "l'immagine non è ben formata: dice di essere di %d × %d punti, e ha "+
			"dati per molti di meno", cfg.Width, cfg.Height)
	}
	if !m.take(cost) {
		if m.ctx.Err() != nil {
			return nil, interruptedReading(m.ctx)
		}
		return nil, findError(FindWork, nil, "l'immagine, di %d × %d punti, richiede troppo lavoro per essere letta",
			cfg.Width, cfg.Height)
	}
	img, err := decode(bytes.NewReader(data))
	if surplus := png.FormatError("too much pixel data"); err == surplus && m.take(2*cost) {
		if again, ok := decodeSurplus(data); ok {
			return again, nil
		}
	}
	if err != nil {
		return nil, findError(FindMalformed, err, "l'immagine non è ben formata (%v)", err)
	}
	return img, nil
}

// maxCenters is how many places that look like a finder pattern an attempt of
// the library may meet: it tries all triples of them, which would never end on
// a picture full of such patterns.
const maxCenters = 150

// tryQR makes one attempt. The library panics on some pictures; and a panic is
// the one way to stop it.
func tryQR(m *meter, g gray, binarizer func(gozxing.LuminanceSource) gozxing.Binarizer) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	centers := 0
	count := func(gozxing.ResultPoint) {
		// It will try all pairs with each new one.
		if centers++; centers > maxCenters || !m.take(int64(centers*centers)) {
			panic("too many finder patterns")
		}
	}
	src, err := gozxing.NewPlanarYUVLuminanceSource(g.pix, g.w, g.h, 0, 0, g.w, g.h, false)
	if err != nil {
		return "", false
	}
	bitmap, err := gozxing.NewBinaryBitmap(binarizer(src))
	if err != nil {
		return "", false
	}
	matrix, err := bitmap.GetBlackMatrix() // which the reader asks for again
	if err != nil || !walkable(matrix, m) {
		return "", false
	}
	res, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]interface{}{
		gozxing.DecodeHintType_TRY_HARDER:                 true,
		gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: gozxing.ResultPointCallback(count),
	})
	if err != nil {
		return "", false
	}
	return res.GetText(), true
}

// A gray is a picture in shades of gray, row by row.
type gray struct {
	pix  []byte
	w, h int
}

// toGray converts a picture, on white where it is transparent.
func toGray(img image.Image) gray {
	b := img.Bounds()
	g := gray{make([]byte, b.Dx()*b.Dy()), b.Dx(), b.Dy()}
	switch img := img.(type) {
	case *image.Gray:
		for y := range g.h {
			copy(g.pix[y*g.w:(y+1)*g.w], img.Pix[y*img.Stride:])
		}
	case *image.YCbCr:
		for y := range g.h {
			copy(g.pix[y*g.w:(y+1)*g.w], img.Y[y*img.YStride:])
		}
	case *image.NRGBA:
		for y := range g.h {
			row := img.Pix[y*img.Stride:]
			for x := range g.w {
				p := row[4*x : 4*x+4]
				g.pix[y*g.w+x] = onWhite(uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]))
			}
		}
	case *image.RGBA: // without transparency, as the PNG decoder makes it
		for y := range g.h {
			row := img.Pix[y*img.Stride:]
			for x := range g.w {
				p := row[4*x : 4*x+3]
				g.pix[y*g.w+x] = onWhite(uint32(p[0]), uint32(p[1]), uint32(p[2]), 255)
			}
		}
	case *image.Paletted:
		var palette [256]byte
		for i, c := range img.Palette {
			palette[i&255] = anyOnWhite(c)
		}
		for y := range g.h {
			for x := range g.w {
				g.pix[y*g.w+x] = palette[img.Pix[y*img.Stride+x]]
			}
		}
	default:
		for y := range g.h {
			for x := range g.w {
				g.pix[y*g.w+x] = anyOnWhite(img.At(b.Min.X+x, b.Min.Y+y))
			}
		}
	}
	return g
}

// onWhite is the light of a colour that is not premultiplied, on white.
func onWhite(r, g, b, a uint32) byte {
	lum := (19595*r + 38470*g + 7471*b + 1<<15) >> 16 // as color.Gray
	return byte((lum*a + 255*(255-a)) / 255)
}

func anyOnWhite(c color.Color) byte {
	_, _, _, a := c.RGBA()
	lum := uint32(color.Gray16Model.Convert(c).(color.Gray16).Y) // premultiplied
	return byte(min(lum+0xFFFF-a, 0xFFFF) >> 8)
}

// fit returns the picture with no side over most, each point the mean of those
// that it stands for.
func (g gray) fit(most int) gray {
	long := max(g.w, g.h)
	if long <= most {
		return g
	}
	out := gray{w: max(1, g.w*most/long), h: max(1, g.h*most/long)}
	out.pix = make([]byte, out.w*out.h)
	for y := range out.h {
		y0, y1 := y*g.h/out.h, max((y+1)*g.h/out.h, y*g.h/out.h+1)
		for x := range out.w {
			x0, x1 := x*g.w/out.w, max((x+1)*g.w/out.w, x*g.w/out.w+1)
			sum := 0
			for j := y0; j < y1; j++ {
				for _, p := range g.pix[j*g.w+x0 : j*g.w+x1] {
					sum += int(p)
				}
			}
			out.pix[y*out.w+x] = byte(sum / ((y1 - y0) * (x1 - x0)))
		}
	}
	return out
}

// A means gives the mean of any rectangle of a picture.
type means struct {
	sums []uint64 // of the rectangle above and to the left
	w, h int
}

func (g gray) means() means {
	m := means{make([]uint64, (g.w+1)*(g.h+1)), g.w, g.h}
	for y := range g.h {
		row := uint64(0)
		for x := range g.w {
			row += uint64(g.pix[y*g.w+x])
			m.sums[(y+1)*(g.w+1)+x+1] = m.sums[y*(g.w+1)+x+1] + row
		}
	}
	return m
}

// around returns the sum of the points within a radius, and their number.
func (m means) around(x, y, radius int) (sum, n uint64) {
	x0, x1, y0, y1 := max(0, x-radius), min(m.w, x+radius+1), max(0, y-radius), min(m.h, y+radius+1)
	top, low := m.sums[y0*(m.w+1):], m.sums[y1*(m.w+1):]
	return low[x1] - top[x1] - low[x0] + top[x0], uint64((x1 - x0) * (y1 - y0))
}

// negative turns light and dark about.
func (g gray) negative() gray {
	out := gray{make([]byte, len(g.pix)), g.w, g.h}
	for i, p := range g.pix {
		out.pix[i] = 255 - p
	}
	return out
}

// threshold makes everything black that is darker than its surroundings by a
// tenth, which undoes shadows and low contrast.
func (g gray) threshold() gray { return g.thresholdAt(24, 90) }

// thresholdAt is threshold with surroundings of a given share of the picture
// and another part of their mean. Small surroundings and nearly the whole mean
// bring out what blur has left of light between dark.
func (g gray) thresholdAt(share, part int) gray {
	m := g.means()
	out := gray{make([]byte, len(g.pix)), g.w, g.h}
	radius := max(8, max(g.w, g.h)/share)
	for y := range g.h {
		for x := range g.w {
			if sum, n := m.around(x, y, radius); uint64(g.pix[y*g.w+x])*n*100 >= sum*uint64(part) {
				out.pix[y*g.w+x] = 255
			}
		}
	}
	return out
}

// flatten evens the light out: each point by the mean of its surroundings.
func (g gray) flatten() gray {
	m := g.means()
	out := gray{make([]byte, len(g.pix)), g.w, g.h}
	radius := max(8, max(g.w, g.h)/10)
	for y := range g.h {
		for x := range g.w {
			sum, n := m.around(x, y, radius)
			out.pix[y*g.w+x] = byte(min(255, uint64(g.pix[y*g.w+x])*n*110/(sum+1)))
		}
	}
	return out
}

// smooth makes each point the mean of those within a radius.
func (g gray) smooth(radius int) gray {
	if radius == 0 {
		return g
	}
	m := g.means()
	out := gray{make([]byte, len(g.pix)), g.w, g.h}
	for y := range g.h {
		for x := range g.w {
			sum, n := m.around(x, y, radius)
			out.pix[y*g.w+x] = byte(sum / n)
		}
	}
	return out
}

// double returns the picture at twice its size.
func (g gray) double() gray {
	out := gray{make([]byte, 4*g.w*g.h), 2 * g.w, 2 * g.h}
	for y := range out.h {
		for x := range out.w {
			// A quarter of a point off the middle of its own, toward the neighbour.
			x0, y0 := x/2, y/2
			x1, y1 := min(g.w-1, max(0, x0+x%2*2-1)), min(g.h-1, max(0, y0+y%2*2-1))
			sum := 9*int(g.pix[y0*g.w+x0]) + 3*int(g.pix[y0*g.w+x1]) + 3*int(g.pix[y1*g.w+x0]) + int(g.pix[y1*g.w+x1])
			out.pix[y*out.w+x] = byte(sum / 16)
		}
	}
	return out
}

// rotate turns the picture by an angle, on white.
func (g gray) rotate(angle float64) gray {
	sin, cos := math.Sincos(angle)
	w, h := float64(g.w), float64(g.h)
	out := gray{w: int(w*cos+h*sin) + 1, h: int(w*sin+h*cos) + 1}
	out.pix = bytes.Repeat([]byte{255}, out.w*out.h)
	for y := range out.h {
		dy := float64(y) - float64(out.h)/2
		for x := range out.w {
			dx := float64(x) - float64(out.w)/2
			sx, sy := dx*cos+dy*sin+w/2, dy*cos-dx*sin+h/2
			x0, y0 := int(math.Floor(sx)), int(math.Floor(sy))
			if x0 < 0 || y0 < 0 || x0+1 >= g.w || y0+1 >= g.h {
				continue
			}
			fx, fy := sx-float64(x0), sy-float64(y0)
			row := g.pix[y0*g.w+x0:]
			top := float64(row[0])*(1-fx) + float64(row[1])*fx
			low := float64(row[g.w])*(1-fx) + float64(row[g.w+1])*fx
			out.pix[y*out.w+x] = byte(top*(1-fy) + low*fy)
		}
	}
	return out
}
