package captcha

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/cmplx"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
)

var words = [10]string{"zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"}

// voices are two Italian voices of Festival, a man's and a woman's: another
// synthesizer, made of recorded speech, than the one that speaks here.
var voices = []string{"voice_pc_diphone", "voice_lp_diphone"}

// A listener knows the ten words from voices that it was taught, and compares
// what it hears by the shape of its spectrum over time, as speech recognisers
// of isolated words do (mel cepstra, dynamic time warping).
type listener struct{ words [10][][][]float64 }

func newListener(t *testing.T, hearing func([]float64) [][]float64) *listener {
	t.Helper()
	tool, dir := testenv.Tool(t, "text2wave"), t.TempDir()
	l := &listener{}
	for d, word := range words {
		for _, voice := range voices {
			text, out := filepath.Join(dir, word+".txt"), filepath.Join(dir, word+voice+".wav")
			require.NoError(t, os.WriteFile(text, []byte(word), 0o600))
			b, err := exec.CommandContext(t.Context(), tool, "-eval", "("+voice+")", "-o", out, text).CombinedOutput()
			require.NoError(t, err, "%s", b)
			for _, x := range hearing(resampled(t, out)) {
				l.words[d] = append(l.words[d], cepstra(x))
			}
		}
	}
	return l
}

// resampled reads a WAV of 16 bits at the rate of ours.
func resampled(t *testing.T, path string) []float64 {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	rate := float64(binary.LittleEndian.Uint32(data[24:]))
	at := bytes.Index(data, []byte("data")) + 8
	in := make([]float64, (len(data)-at)/2)
	for i := range in {
		in[i] = float64(int16(binary.LittleEndian.Uint16(data[at+2*i:]))) / 32768
	}
	out := make([]float64, int(float64(len(in))*sampleRate/rate))
	step := rate / sampleRate
	for i := range out {
		// The mean of what a sample stands for keeps higher tones out.
		sum, n := 0.0, 0
		for k := int(float64(i) * step); k < len(in) && k <= int(float64(i+1)*step); k++ {
			sum, n = sum+in[k], n+1
		}
		out[i] = sum / float64(max(n, 1))
	}
	return out
}

func loudness(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum / float64(max(len(x), 1)))
}

const frame = sampleRate / 100 // 10 ms

// trim leaves out what is much softer than the loudest at both ends.
func trim(x []float64) []float64 {
	var levels []float64
	top := 0.0
	for i := 0; i+frame <= len(x); i += frame {
		levels = append(levels, loudness(x[i:i+frame]))
		top = max(top, levels[len(levels)-1])
	}
	first, last := len(levels), 0
	for i, v := range levels {
		if v > top/40 {
			first, last = min(first, i), i
		}
	}
	if first > last {
		return x
	}
	return x[first*frame : min(len(x), (last+1)*frame)]
}

// cepstra describes a sound by twelve numbers each ten milliseconds.
func cepstra(x []float64) [][]float64 {
	const size, bands, kept = 512, 24, 12
	mel := func(f float64) float64 { return 1127 * math.Log(1+f/700) }
	hertz := func(m float64) float64 { return 700 * (math.Exp(m/1127) - 1) }
	var edges [bands + 2]float64
	for i := range edges {
		edges[i] = hertz(mel(120)+(mel(5000)-mel(120))*float64(i)/(bands+1)) * size / sampleRate
	}
	var out [][]float64
	for at := 0; at+frame < len(x); at += frame {
		buf := make([]complex128, size)
		for i := range 2*frame + frame/2 {
			if at+i < len(x) {
				prev := 0.0
				if at+i > 0 {
					prev = x[at+i-1]
				}
				w := .54 - .46*math.Cos(2*math.Pi*float64(i)/float64(2*frame+frame/2))
				buf[i] = complex((x[at+i]-.95*prev)*w, 0)
			}
		}
		fft(buf)
		var logs [bands]float64
		for b := range bands {
			sum := 1e-6
			for k := int(edges[b]); k <= int(edges[b+2])+1 && k < size/2; k++ {
				f := float64(k)
				weight := min((f-edges[b])/(edges[b+1]-edges[b]), (edges[b+2]-f)/(edges[b+2]-edges[b+1]))
				if weight > 0 {
					sum += weight * cmplx.Abs(buf[k])
				}
			}
			logs[b] = math.Log(sum)
		}
		row := make([]float64, kept)
		for c := range kept {
			for b, v := range logs {
				row[c] += v * math.Cos(math.Pi*float64(c+1)*(float64(b)+.5)/bands)
			}
		}
		out = append(out, row)
	}
	for c := range kept { // what is the same throughout is the channel's, not the word's
		mean := 0.0
		for _, row := range out {
			mean += row[c] / float64(len(out))
		}
		for _, row := range out {
			row[c] -= mean
		}
	}
	// How each changes tells as much as what it is.
	for i := range out {
		for c := range kept {
			before, after := out[max(0, i-2)][c], out[min(len(out)-1, i+2)][c]
			out[i] = append(out[i], 1.5*(after-before))
		}
	}
	return out
}

func fft(x []complex128) {
	n := len(x)
	if n == 1 {
		return
	}
	even, odd := make([]complex128, n/2), make([]complex128, n/2)
	for i := range n / 2 {
		even[i], odd[i] = x[2*i], x[2*i+1]
	}
	fft(even)
	fft(odd)
	for i := range n / 2 {
		w := cmplx.Rect(1, -2*math.Pi*float64(i)/float64(n)) * odd[i]
		x[i], x[i+n/2] = even[i]+w, even[i]-w
	}
}

// warped is how far two descriptions are apart, at the best match of their
// times.
func warped(a, b [][]float64) float64 {
	distance := func(i, j int) float64 {
		sum := 0.0
		for c := range a[i] {
			d := a[i][c] - b[j][c]
			sum += d * d
		}
		return math.Sqrt(sum)
	}
	cost := make([][]float64, len(a))
	for i := range a {
		cost[i] = make([]float64, len(b))
		for j := range b {
			d, best := distance(i, j), math.Inf(1)
			if i > 0 {
				best = cost[i-1][j] + d
			}
			if j > 0 {
				best = min(best, cost[i][j-1]+d)
			}
			if i > 0 && j > 0 {
				best = min(best, cost[i-1][j-1]+2*d) // a step in both
			}
			if i == 0 && j == 0 {
				best = d
			}
			cost[i][j] = best
		}
	}
	return cost[len(a)-1][len(b)-1] / float64(len(a)+len(b))
}

// hears returns the digit that a sound is nearest to, and how much farther the
// next is.
func (l *listener) hears(x []float64) (digit int, margin float64) {
	heard := cepstra(x)
	best, next := math.Inf(1), math.Inf(1)
	for d, list := range l.words {
		near := math.Inf(1)
		for _, w := range list {
			near = min(near, warped(heard, w))
		}
		switch {
		case near < best:
			best, next, digit = near, best, d
		case near < next:
			next = near
		}
	}
	return digit, next / best
}

// TestListenDigits: a listener who learnt the words from other voices
// understands each digit that is embedded.
func TestListenDigits(t *testing.T) {
	l := newListener(t, func(x []float64) [][]float64 { return [][]float64{trim(x)} })
	for d := range 10 {
		sound, err := spokenDigit(d)
		require.NoError(t, err)
		got, margin := l.hears(trim(sound))
		t.Logf("%s: heard %s, next %.2f times as far", words[d], words[got], margin)
		assert.Equal(t, d, got, fmt.Sprint(words[d]))
	}
}

func peakOf(x []float64) (top float64) {
	for _, v := range x {
		top = max(top, math.Abs(v))
	}
	return top
}

// islands cuts a challenge where it is loud: one piece for each digit.
func islands(x []float64) (out [][]float64) {
	var levels []float64
	top := 0.0
	for i := 0; i+frame <= len(x); i += frame {
		levels = append(levels, loudness(x[i:i+frame]))
		top = max(top, levels[len(levels)-1])
	}
	const gap, shortest = 25, 12 // frames
	from, last := -1, 0
	for i, v := range append(levels, make([]float64, gap+1)...) {
		switch {
		case v > top/5:
			if from < 0 {
				from = i
			}
			last = i
		case from >= 0 && i-last > gap:
			if last-from >= shortest {
				out = append(out, x[max(0, from-8)*frame:min(len(x), (last+8)*frame)])
			}
			from = -1
		}
	}
	return out
}

// TestListenChallenges: how much of real challenges, with their noise, two
// listeners understand: the one of other voices, who has never heard this one,
// and one who knows the very sounds that are used. The second shows that the
// noise hides no digit, and what a program can do: the audio does not resist one
// that was made for it. What bounds programs is that a challenge serves once,
// for five minutes, and the proof of work.
func TestListenChallenges(t *testing.T) {
	d, err := New(Config{Key: bytes.Repeat([]byte{5}, MinKeySize)})
	require.NoError(t, err)
	// Both learnt to listen in such a noise.
	rnd, err := (&token{}).random(d.cfg.Key, "ascolto")
	require.NoError(t, err)
	noisy := func(x []float64) (out [][]float64) {
		x = trim(x)
		for _, speed := range []float64{.8, .9, 1} {
			y := make([]float64, sampleRate/2)
			y = appendStretched(y, x, 1, speed, .7/max(.01, peakOf(x)))
			y = append(y, make([]float64, sampleRate/2)...)
			d.babble(y, rnd)
			hiss(y, rnd)
			out = append(out, islands(y)...)
		}
		return out
	}
	stranger, familiar := newListener(t, noisy), &listener{}
	for n := range familiar.words {
		for _, x := range noisy(d.spoken[n]) {
			familiar.words[n] = append(familiar.words[n], cepstra(x))
		}
	}
	const challenges = 30
	digits, cut, heard, known := 0, 0, 0, 0
	var confused [10][10]int
	for range challenges {
		c, err := d.New(t.Context(), "prova")
		require.NoError(t, err)
		tok, err := openToken(d.cfg.Key, c.ID)
		require.NoError(t, err)
		wav, err := d.Audio(t.Context(), c.ID)
		require.NoError(t, err)
		x := make([]float64, 0, len(wav))
		for _, b := range wav[headerSize:] {
			x = append(x, (float64(b)-128)/128)
		}
		pieces := islands(x)
		digits += count
		if len(pieces) != count {
			continue
		}
		cut++
		for i, p := range pieces {
			want := int(tok.answer[i] - '0')
			if got, _ := stranger.hears(p); got == want {
				heard++
			} else {
				confused[want][got]++
			}
			if got, _ := familiar.hears(p); got == want {
				known++
			}
		}
	}
	t.Logf("%d of %d challenges fall into six words; of %d digits a stranger hears %d, who knows the voice %d", cut,
		challenges, cut*count, heard, known)
	for w, row := range confused {
		for g, n := range row {
			if n > 1 {
				t.Logf("  %s heard as %s: %d", words[w], words[g], n)
			}
		}
	}
	assert.Greater(t, cut, challenges/2)
	assert.Greater(t, 10*heard, 4*cut*count, "four times what guessing gives")
	assert.Greater(t, 10*known, 9*cut*count)
}
