package verify

import (
	"context"

	"github.com/makiuchi-d/gozxing"
)

// defaultWork is how much a search for a contrassegno may cost: from one to two
// seconds of a processor of 2026, depending on the picture.
const defaultWork = 1_300_000_000

// A meter counts the work on one input before it is done, in points of pictures
// that are looked at: by counting, not by time, the same input always comes to the
// same answer.
type meter struct {
	ctx  context.Context // lives for one call
	left int64
	out  bool // it did not suffice for something
}

// take takes n off what is left; it returns false, and takes nothing, if that is
// less or the context has ended.
func (m *meter) take(n int64) bool {
	if n < 0 || n > m.left {
		m.out = true
		return false
	}
	if m.ctx.Err() != nil {
		return false
	}
	m.left -= n
	return true
}

// What an operation costs for each point of a picture.
const (
	costScale     = 1  // fit, of the larger picture
	costMeans     = 6  // thresholds and the like, which take means
	costTurn      = 8  // rotate and double
	costHybrid    = 12 // an attempt of the library, by its binarizer
	costHistogram = 6
	costFinders   = 6
	costSample    = 3 // of a place between points
	costPNG       = 6 // of decoding
	costModule    = 1 // of a code that is laid on the picture, for each that it is compared with
)

// maxWalk is how many points of columns may be followed for each point of a
// picture, where rows look like a finder pattern: stripes look like it everywhere.
const maxWalk = 2

// walkable reports whether the library's search for finder patterns in a black and
// white picture stays within bounds. It follows columns through every place at
// which a row looks like a finder pattern, which nothing else bounds.
func walkable(b *gozxing.BitMatrix, m *meter) bool {
	w, h := b.GetWidth(), b.GetHeight()
	left := maxWalk * w * h
	var runs [5]int
	for y := 2; y < h; y += 3 { // the rows that the library looks at
		clear(runs[:])
		dark, start := false, 0
		for x := 0; x <= w; x++ {
			if x < w && b.Get(x, y) == dark {
				continue
			}
			copy(runs[:], runs[1:])
			runs[4] = x - start
			if dark && ratioOfFinder(runs) {
				cx := x - runs[4] - runs[3] - runs[2]/2
				for _, step := range [2]int{-1, 1} {
					for i := y; i >= 0 && i < h && b.Get(cx, i) && left >= 0; i += step {
						left--
					}
				}
				if left < 0 {
					return false
				}
			}
			dark, start = !dark, x
		}
	}
	return m.take(int64(maxWalk*w*h - left))
}

// ratioOfFinder reports whether five runs are 1:1:3:1:1 as the library has it,
// within half a module.
func ratioOfFinder(runs [5]int) bool {
	total := 0
	for _, r := range runs {
		if r == 0 {
			return false
		}
		total += r
	}
	if total < 7 {
		return false
	}
	module := float64(total) / 7
	near := func(run int, modules float64) bool {
		d := float64(run) - modules*module
		return max(d, -d) < modules*module/2
	}
	return near(runs[0], 1) && near(runs[1], 1) && near(runs[2], 3) && near(runs[3], 1) && near(runs[4], 1)
}
