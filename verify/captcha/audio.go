package captcha

import (
	"bytes"
	"embed"
	"encoding/binary"
	"fmt"
	"math"
)

// The digits, spoken in Italian: WAV, 8 bits, one channel. SOURCES.md says how
// they were made.
//
//go:embed digits/*.wav
var digitFiles embed.FS

const (
	sampleRate = 11025 // per second
	headerSize = 44
)

// spokenDigit reads one of them, from -1 to 1.
func spokenDigit(digit int) ([]float64, error) {
	name := fmt.Sprintf("digits/%d.wav", digit)
	data, err := digitFiles.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("captcha: %w", err)
	}
	if len(data) < headerSize {
		return nil, fmt.Errorf("captcha: %s: %d bytes are no WAV", name, len(data))
	}
	n := int(binary.LittleEndian.Uint32(data[headerSize-4:]))
	if n > len(data)-headerSize || !bytes.Equal(data[:headerSize], header(n)) {
		return nil, fmt.Errorf("captcha: %s: expected a WAV with one channel of 8 bits at %d Hz", name, sampleRate)
	}
	data = data[:headerSize+n] // a byte may follow, to make it even
	out := make([]float64, len(data)-headerSize)
	for i, b := range data[headerSize:] {
		out[i] = (float64(b) - 128) / 128
	}
	return out, nil
}

// header is the head of a WAV file with n samples: RIFF, PCM, one channel of 8
// bits.
func header(n int) []byte {
	h := make([]byte, 0, headerSize)
	h = append(h, "RIFF"...)
	h = binary.LittleEndian.AppendUint32(h, uint32(headerSize-8+n+n%2))
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, 16)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, 1) // channels
	h = binary.LittleEndian.AppendUint32(h, sampleRate)
	h = binary.LittleEndian.AppendUint32(h, sampleRate) // bytes a second
	h = binary.LittleEndian.AppendUint16(h, 1)          // bytes a sample
	h = binary.LittleEndian.AppendUint16(h, 8)          // bits a sample
	h = append(h, "data"...)
	return binary.LittleEndian.AppendUint32(h, uint32(n))
}

// speak says the digits, each at its own pitch, speed and loudness, with pauses
// that vary, over a noise that varies and snatches of digits played backwards,
// so that neither silences nor loudness tell where a digit begins.
func (d *Digits) speak(answer [count]byte, rnd *random) []byte {
	const second = sampleRate
	var out []float64
	silence := func(low, high float64) { out = append(out, make([]float64, int(rnd.float(low, high)*second))...) }
	silence(.4, .7)
	for _, digit := range answer {
		spoken := d.spoken[digit-'0']
		pitch, speed, loud := rnd.float(.86, 1.16), rnd.float(.8, 1), rnd.float(.6, .8)
		out = appendStretched(out, spoken, pitch, speed, loud)
		silence(.45, .95)
	}
	d.babble(out, rnd)
	hiss(out, rnd)

	wav := header(len(out))
	for _, v := range out {
		wav = append(wav, byte(math.Round(128+127*min(1, max(-1, v)))))
	}
	if len(out)%2 == 1 {
		wav = append(wav, 0)
	}
	return wav
}

// appendStretched appends a sound at another pitch and speed: short pieces,
// each resampled by pitch, laid over each other at the pace of speed, where they
// fit best what is there already (WSOLA).
func appendStretched(out, sound []float64, pitch, speed, loud float64) []float64 {
	const piece = sampleRate * 40 / 1000
	const hop = piece / 2
	const slack = sampleRate * 6 / 1000 // half a period of the voice
	sample := func(at float64) float64 {
		i := int(at)
		if at < 0 || i+1 >= len(sound) {
			return 0
		}
		f := at - float64(i)
		return sound[i]*(1-f) + sound[i+1]*f
	}
	length := int(float64(len(sound)) / speed)
	stretched := make([]float64, length+2*piece)
	for at := 0; at < length; at += hop {
		from := float64(at) * speed
		if at > 0 {
			best, bestFit := 0, math.Inf(-1)
			for shift := -slack; shift <= slack; shift++ {
				fit := 0.0
				for k := 0; k < hop; k += 3 {
					fit += stretched[at+k] * sample(from+float64(shift)+float64(k)*pitch)
				}
				if fit > bestFit {
					best, bestFit = shift, fit
				}
			}
			from += float64(best)
		}
		for k := range piece {
			window := .5 - .5*math.Cos(2*math.Pi*(float64(k)+.5)/piece)
			stretched[at+k] += window * loud * sample(from+float64(k)*pitch)
		}
	}
	return append(out, stretched...)
}

// babble lays snatches of digits, backwards and softly, over the sound.
func (d *Digits) babble(out []float64, rnd *random) {
	for at := 0; at < len(out); at += int(rnd.float(.1, .35) * sampleRate) {
		sound := d.spoken[rnd.below(10)]
		loud, pitch := rnd.float(.04, .11), rnd.float(.7, 1.4)
		for k := 0; at+k < len(out); k++ {
			i := len(sound) - 1 - int(float64(k)*pitch)
			if i < 0 {
				break
			}
			out[at+k] += loud * sound[i]
		}
	}
}

// hiss lays noise over the sound, its loudness and colour changing slowly.
func hiss(out []float64, rnd *random) {
	raw := make([]byte, len(out))
	rnd.bytes(raw)
	loud, period, phase := rnd.float(.018, .035), rnd.float(.7, 2)*sampleRate, rnd.float(0, 2*math.Pi)
	dull := rnd.float(.2, .7)
	last := 0.0
	for i, b := range raw {
		last = dull*last + (1-dull)*(float64(b)/127.5-1)
		out[i] += loud * (1 + .4*math.Sin(2*math.Pi*float64(i)/period+phase)) * last / (1 - dull)
	}
}
