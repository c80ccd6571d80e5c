package verify

import (
	"cmp"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// When the library does not find a code, the picture is searched for one of the
// size of a contrassegno, and what is known of such a code (ISO/IEC 18004: three
// finder patterns, two timing patterns, one alignment pattern) is laid on the
// picture where it fits best, in perspective. The modules are then read in
// grays, which blur and noise harm less than black and white.

const (
	// A contrassegno holds 52 to 90 characters at level M: that is version 3 or 4.
	minVersion, maxVersion = 3, 4
	// maxFinders and maxFits bound the work on pictures full of what looks like
	// finder patterns: the fits are for each black and white version.
	maxFinders = 12
	maxFits    = 12
	// leastFit is the correlation with the known modules under which there is
	// no code; noise that can just be read comes to about a half.
	leastFit = 0.4
)

// A fitter looks for a code in one size of a picture.
type fitter struct {
	m     *meter
	flat  gray
	tried map[[3]spot]bool
}

func newFitter(m *meter, g gray) *fitter { return &fitter{m, g.flatten(), map[[3]spot]bool{}} }

// read tries the codes whose finder patterns are seen in a black and white
// version of the picture, but for those tried before.
func (f *fitter) read(binary gray) (string, bool) {
	fits := 0
	for _, c := range corners(findFinders(f.m, binary)) {
		if fits == maxFits || f.m.ctx.Err() != nil {
			break
		}
		var rough [3]spot
		for i, s := range c {
			const grid = 3 // points within which the search ends at the same place
			rough[i] = spot{math.Round(s.x / grid), math.Round(s.y / grid)}
		}
		if f.tried[rough] {
			continue
		}
		f.tried[rough] = true
		fits++
		for version := maxVersion; version >= minVersion; version-- {
			if fit := newFit(f.m, f.flat, version, c); fit.search() {
				if text, ok := fit.decode(); ok {
					return text, true
				}
			}
		}
	}
	return "", false
}

// A finder is a place that looks like a finder pattern.
type finder struct {
	x, y float64
	size float64 // of its seven modules, across
	hits int     // rows that saw it
}

// findFinders returns the likeliest finder patterns of a black and white
// picture, the likeliest first.
func findFinders(m *meter, b gray) []finder {
	var found []finder
	var runs [5]int
	left := maxWalk * len(b.pix)
	for y := range b.h {
		row := b.pix[y*b.w : (y+1)*b.w]
		clear(runs[:])
		last, start := byte(0), 0 // runs end with a dark one
		for x := 0; x <= b.w; x++ {
			if x < b.w && row[x] == last {
				continue
			}
			copy(runs[:], runs[1:])
			runs[4] = x - start
			if last == 0 && likeFinder(runs) {
				middle := float64(x-runs[4]-runs[3]) - float64(runs[2])/2
				f, steps, ok := b.crossCheck(middle, y)
				if left -= steps; left < 0 { // stripes, which are no finder patterns
					return nil
				}
				if ok {
					if !m.take(int64(len(found))) {
						return nil
					}
					found = addFinder(found, f)
				}
			}
			if x < b.w {
				last, start = row[x], x
			}
		}
	}
	slices.SortStableFunc(found, func(a, b finder) int { return cmp.Compare(b.hits, a.hits) })
	return found[:min(len(found), maxFinders)]
}

// likeFinder reports whether runs of dark and light are as of a line through
// the middle of a finder pattern, 1:1:3:1:1. The outer two may be longer: dark
// things may touch the code.
func likeFinder(runs [5]int) bool {
	inner := runs[1] + runs[2] + runs[3]
	if inner < 5 || runs[0] == 0 || runs[4] == 0 {
		return false
	}
	m := float64(inner) / 5
	slack := .5*m + .5
	return math.Abs(float64(runs[1])-m) <= slack && math.Abs(float64(runs[3])-m) <= slack &&
		math.Abs(float64(runs[2])-3*m) <= 1.2*m+.5 &&
		float64(runs[0]) >= m-slack && float64(runs[4]) >= m-slack &&
		float64(min(runs[0], runs[4])) <= m+1.5*slack
}

// crossCheck looks at the column through what a row saw. steps is how many points it
// looked at.
func (b gray) crossCheck(x float64, y int) (f finder, steps int, ok bool) {
	cx := min(b.w-1, int(x))
	dark := func(y int) bool { return b.pix[y*b.w+cx] == 0 }
	if !dark(y) {
		return finder{}, 1, false
	}
	// Runs upward and downward from the middle: dark, light, dark.
	var up, down [3]int
	for k, i := 0, y; k < 3; k++ {
		for i >= 0 && dark(i) == (k != 1) {
			up[k]++
			i--
		}
	}
	for k, i := 0, y+1; k < 3; k++ {
		for i < b.h && dark(i) == (k != 1) {
			down[k]++
			i++
		}
	}
	runs := [5]int{up[2], up[1], up[0] + down[0], down[1], down[2]}
	for _, r := range runs {
		steps += r
	}
	if !likeFinder(runs) {
		return finder{}, steps, false
	}
	middle := float64(y) + .5 + float64(down[0]-up[0]+1)/2
	return finder{x, middle, float64(runs[1]+runs[2]+runs[3]) * 7 / 5, 1}, steps, true
}

func addFinder(found []finder, f finder) []finder {
	for i := range found {
		g := &found[i]
		if math.Abs(g.x-f.x) < g.size/4 && math.Abs(g.y-f.y) < g.size/4 {
			n := float64(g.hits)
			g.x, g.y, g.size = (g.x*n+f.x)/(n+1), (g.y*n+f.y)/(n+1), (g.size*n+f.size)/(n+1)
			g.hits++
			return found
		}
	}
	const most = 500
	if len(found) == most {
		return found
	}
	return append(found, f)
}

type spot struct{ x, y float64 }

func (s spot) to(t spot) spot       { return spot{t.x - s.x, t.y - s.y} }
func (s spot) length() float64      { return math.Hypot(s.x, s.y) }
func (s spot) plus(t spot) spot     { return spot{s.x + t.x, s.y + t.y} }
func (s spot) by(f float64) spot    { return spot{s.x * f, s.y * f} }
func (s spot) cross(t spot) float64 { return s.x*t.y - s.y*t.x }

// corners returns the triples of finder patterns (top left, top right, bottom
// left) that can belong to one code, the likeliest first.
func corners(finders []finder) [][3]spot {
	type triple struct {
		at   [3]spot
		cost float64
	}
	var out []triple
	for i := range finders {
		for j := range i {
			for k := range j {
				set := [3]finder{finders[i], finders[j], finders[k]}
				for turn := range 3 {
					a, b, c := set[turn], set[(turn+1)%3], set[(turn+2)%3]
					at := [3]spot{{a.x, a.y}, {b.x, b.y}, {c.x, c.y}}
					u, v := at[0].to(at[1]), at[0].to(at[2])
					if u.cross(v) < 0 {
						at[1], at[2], u, v = at[2], at[1], v, u
					}
					sides := u.length() / v.length()
					sizes := max(a.size, b.size, c.size) / min(a.size, b.size, c.size)
					modules := (u.length() + v.length()) / 2 / ((a.size + b.size + c.size) / 21)
					sine := u.cross(v) / (u.length() * v.length())
					cosine := (u.x*v.x + u.y*v.y) / (u.length() * v.length())
					if !(sine > .4 && sides < 3 && sides > 1./3 && sizes < 3 && modules > 9 && modules < 50) {
						continue
					}
					cost := math.Abs(cosine) + math.Abs(math.Log(sides)) +
						math.Log(sizes) - .3*math.Log(float64(min(a.hits, b.hits, c.hits)))
					out = append(out, triple{at, cost})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b triple) int { return cmp.Compare(a.cost, b.cost) })
	spots := make([][3]spot, len(out))
	for i, t := range out {
		spots[i] = t.at
	}
	return spots
}

// A fit is a code laid on a picture.
type fit struct {
	m         *meter
	g         gray
	dimension int
	places    []float64 // of the known modules: x and y of each, in modules
	dark      []bool    // whether each is
	buffer    []float64
	// at is where the middles of the finder patterns (top left, top right,
	// bottom left) and of the alignment pattern are in the picture.
	at    [4]spot
	score float64
}

func newFit(m *meter, g gray, version int, c [3]spot) *fit {
	f := &fit{m: m, g: g, dimension: 17 + 4*version}
	n := f.dimension
	add := func(x, y int, dark bool) {
		f.places = append(f.places, float64(x)+.5, float64(y)+.5)
		f.dark = append(f.dark, dark)
	}
	ring := func(dx, dy int) int { return max(dx, -dx, dy, -dy) }
	for _, middle := range [3][2]int{{3, 3}, {n - 4, 3}, {3, n - 4}} {
		for y := max(0, middle[1]-4); y <= min(n-1, middle[1]+4); y++ {
			for x := max(0, middle[0]-4); x <= min(n-1, middle[0]+4); x++ {
				r := ring(x-middle[0], y-middle[1])
				add(x, y, r != 2 && r != 4)
			}
		}
	}
	for i := 8; i < n-8; i++ {
		add(i, 6, i%2 == 0)
		add(6, i, i%2 == 0)
	}
	for y := n - 9; y < n-4; y++ {
		for x := n - 9; x < n-4; x++ {
			add(x, y, ring(x-(n-7), y-(n-7)) != 1)
		}
	}
	f.buffer = make([]float64, len(f.places))
	f.at = [4]spot{c[0], c[1], c[2], {}}
	return f
}

// transform leads from modules to the picture.
func (f *fit) transform(at [4]spot) *common.PerspectiveTransform {
	low, high, align := 3.5, float64(f.dimension)-3.5, float64(f.dimension)-6.5
	return common.PerspectiveTransform_QuadrilateralToQuadrilateral(low, low, high, low, align, align, low, high,
		at[0].x, at[0].y, at[1].x, at[1].y, at[3].x, at[3].y, at[2].x, at[2].y)
}

// measure is the correlation of the picture with the known modules.
func (f *fit) measure(at [4]spot) float64 {
	if !f.m.take(costSample * int64(len(f.dark))) {
		return -1
	}
	copy(f.buffer, f.places)
	f.transform(at).TransformPoints(f.buffer)
	var sum, squares, dark float64
	count := 0
	for i, isDark := range f.dark {
		v := f.g.sample(f.buffer[2*i], f.buffer[2*i+1])
		if math.IsNaN(v) {
			return -1
		}
		sum += v
		squares += v * v
		if isDark {
			dark += v
			count++
		}
	}
	n := float64(len(f.dark))
	share := float64(count) / n
	spread := (squares/n - sum/n*sum/n) * share * (1 - share)
	if spread <= 0 {
		return -1
	}
	return (sum*share - dark) / n / math.Sqrt(spread)
}

// search looks for the alignment pattern, whose place perspective leaves open,
// then moves all four until nothing fits better.
func (f *fit) search() bool {
	span := float64(f.dimension - 7)
	u, v := f.at[0].to(f.at[1]).by(1/span), f.at[0].to(f.at[2]).by(1/span)
	base := f.at[0].plus(u.by(span - 3)).plus(v.by(span - 3))
	f.score = -1
	const reach = 10 // modules
	for i := -reach; i <= reach; i++ {
		for j := -reach; j <= reach; j++ {
			at := f.at
			at[3] = base.plus(u.by(float64(i))).plus(v.by(float64(j)))
			if score := f.measure(at); score > f.score {
				f.score, f.at[3] = score, at[3]
			}
		}
	}
	if f.score < leastFit/2 {
		return false
	}
	moves := [4]spot{u, v, u.by(-1), v.by(-1)}
	for _, step := range []float64{.6, .3, .15, .08} {
		for range 12 {
			before := f.score
			for corner := range f.at {
				for _, m := range moves {
					at := f.at
					at[corner] = at[corner].plus(m.by(step))
					if score := f.measure(at); score > f.score {
						f.score, f.at = score, at
					}
				}
			}
			if f.score == before {
				break
			}
		}
	}
	return f.score >= leastFit
}

// sample returns the light at a place of the picture, NaN outside.
func (g gray) sample(x, y float64) float64 {
	x, y = x-.5, y-.5
	if !(x >= 0 && y >= 0 && x < float64(g.w-1) && y < float64(g.h-1)) {
		if x >= -2 && y >= -2 && x <= float64(g.w+1) && y <= float64(g.h+1) { // codes at the very edge
			return float64(g.pix[min(g.h-1, max(0, int(y+.5)))*g.w+min(g.w-1, max(0, int(x+.5)))])
		}
		return math.NaN()
	}
	x0, y0 := int(x), int(y)
	fx, fy := x-float64(x0), y-float64(y0)
	p := g.pix[y0*g.w+x0:]
	top := float64(p[0])*(1-fx) + float64(p[1])*fx
	low := float64(p[g.w])*(1-fx) + float64(p[g.w+1])*fx
	return top*(1-fy) + low*fy
}

// decode reads the modules, more and more sharpened: each by how it differs
// from its neighbours, which undoes blur.
func (f *fit) decode() (string, bool) {
	const points = 5 // a side, over the middle of each module
	n := f.dimension
	t := f.transform(f.at)
	if !f.m.take(costSample * points * points * int64(n*n)) {
		return "", false
	}
	light := make([]float64, n*n)
	places := make([]float64, 0, 2*points*points)
	for i := range light {
		places = places[:0]
		for k := range points * points {
			places = append(places, float64(i%n)+.2+.6*float64(k%points)/(points-1),
				float64(i/n)+.2+.6*float64(k/points)/(points-1))
		}
		t.TransformPoints(places)
		for k := 0; k < len(places); k += 2 {
			v := f.g.sample(places[k], places[k+1])
			if math.IsNaN(v) {
				return "", false
			}
			light[i] += v / (points * points)
		}
	}
	at := func(values []float64, x, y int) float64 { return values[min(n-1, max(0, y))*n+min(n-1, max(0, x))] }
	for _, sharpen := range []float64{0, .5, 1, 2, 3} {
		sharp := make([]float64, n*n)
		for i, v := range light {
			x, y := i%n, i/n
			around := (at(light, x-1, y) + at(light, x+1, y) + at(light, x, y-1) + at(light, x, y+1)) / 4
			sharp[i] = v + sharpen*(v-around)
		}
		for _, radius := range []int{n, 5} {
			if around := int64(2*radius + 1); !f.m.take(costModule * int64(n*n) * min(int64(n*n), around*around)) {
				return "", false
			}
			if text, ok := decodeModules(sharp, n, radius); ok {
				return text, true
			}
		}
	}
	return "", false
}

// decodeModules makes each module dark that is darker than the mean of those
// within a radius. The library panics on some input.
func decodeModules(light []float64, n, radius int) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	bits, err := gozxing.NewSquareBitMatrix(n)
	if err != nil {
		return "", false
	}
	for y := range n {
		for x := range n {
			sum, count := 0.0, 0
			for j := max(0, y-radius); j <= min(n-1, y+radius); j++ {
				for i := max(0, x-radius); i <= min(n-1, x+radius); i++ {
					sum += light[j*n+i]
					count++
				}
			}
			if light[y*n+x] < sum/float64(count) {
				bits.Set(x, y)
			}
		}
	}
	res, err := decoder.NewDecoder().DecodeWithoutHint(bits)
	if err != nil {
		return "", false
	}
	return res.GetText(), true
}
