package captcha

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const action = "verify"

var testKey = []byte("a key of the tests, 32 bytes long")

// A clock is a time that the test moves.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.at.Store(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *clock) Now() time.Time          { return time.UnixMilli(c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(d.Milliseconds()) }

func newDigits(t testing.TB, cfg Config) *Digits {
	t.Helper()
	if cfg.Key == nil {
		cfg.Key = testKey
	}
	d, err := New(cfg)
	require.NoError(t, err)
	return d
}

func newChallenge(t testing.TB, d *Digits) (Challenge, string) {
	t.Helper()
	c, err := d.New(t.Context(), action)
	require.NoError(t, err)
	return c, answerOf(t, d, c.ID)
}

func answerOf(t testing.TB, d *Digits, id string) string {
	t.Helper()
	tok, err := openToken(d.cfg.Key, id)
	require.NoError(t, err)
	return string(tok.answer[:])
}

func TestCheck(t *testing.T) {
	for name, write := range map[string]func(string) string{
		"as shown":    func(s string) string { return s },
		"in groups":   func(s string) string { return " " + s[:3] + " \t" + s[3:] + "\r\n" },
		"other blank": func(s string) string { return s[:2] + "\u00a0" + s[2:] + "\u2003" },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDigits(t, Config{})
			c, answer := newChallenge(t, d)
			require.NoError(t, d.Check(t.Context(), action, Answer{ID: c.ID, Text: write(answer)}))
			require.ErrorIs(t, d.Check(t.Context(), action, Answer{ID: c.ID, Text: answer}), ErrUsed, "replayed")
		})
	}
}

// TestCheckWrong: also a wrong answer uses the challenge up.
func TestCheckWrong(t *testing.T) {
	for name, write := range map[string]func(string) string{
		"nothing":    func(string) string { return "" },
		"blanks":     func(string) string { return "      " },
		"another":    func(s string) string { return string('0'+(s[0]-'0'+1)%10) + s[1:] },
		"less":       func(s string) string { return s[:5] },
		"more":       func(s string) string { return s + "0" },
		"twice":      func(s string) string { return s + s },
		"NUL":        func(s string) string { return s + "\x00" },
		"huge":       func(s string) string { return strings.Repeat(" ", 1<<20) + s },
		"full width": func(s string) string { return string(rune(s[0])-'0'+'０') + s[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDigits(t, Config{})
			c, answer := newChallenge(t, d)
			require.ErrorIs(t, d.Check(t.Context(), action, Answer{ID: c.ID, Text: write(answer)}), ErrWrong)
			require.ErrorIs(t, d.Check(t.Context(), action, Answer{ID: c.ID, Text: answer}), ErrUsed)
		})
	}
}

func TestCheckOtherAction(t *testing.T) {
	d := newDigits(t, Config{})
	c, answer := newChallenge(t, d)
	for _, other := range []string{"", "Verify", "verify ", "download"} {
		require.ErrorIs(t, d.Check(t.Context(), other, Answer{ID: c.ID, Text: answer}), ErrForged)
	}
	require.NoError(t, d.Check(t.Context(), action, Answer{ID: c.ID, Text: answer}))
}

// TestForged alters every character of an id, and uses ids of another key.
func TestForged(t *testing.T) {
	d := newDigits(t, Config{})
	c, answer := newChallenge(t, d)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range c.ID {
		for _, flip := range []int{1, 2, 4, 8, 16, 32} {
			b := []byte(c.ID)
			b[i] = alphabet[strings.IndexByte(alphabet, b[i])^flip]
			require.ErrorIs(t, d.Check(t.Context(), action, Answer{ID: string(b), Text: answer}), ErrForged,
				"character %d", i)
		}
	}
	other := newDigits(t, Config{Key: []byte("another key of the tests, 32 byte")})
	foreign, foreignAnswer := newChallenge(t, other)
	for _, id := range []string{"", "x", c.ID[1:], c.ID + "=", c.ID + "A", c.ID[:len(c.ID)-1] + "\n",
		strings.Repeat("A", len(c.ID)), foreign.ID, strings.Repeat("A", 1<<20)} {
		require.ErrorIs(t, d.Check(t.Context(), action, Answer{ID: id, Text: foreignAnswer}), ErrForged)
		_, err := d.Picture(t.Context(), id)
		require.ErrorIs(t, err, ErrForged)
		_, err = d.Audio(t.Context(), id)
		require.ErrorIs(t, err, ErrForged)
	}
	require.NoError(t, d.Check(t.Context(), action, Answer{ID: c.ID, Text: answer}), "forgeries leave it good")
}

func TestExpiry(t *testing.T) {
	for name, c := range map[string]struct {
		life time.Duration
		want time.Duration
	}{"default": {0, 5 * time.Minute}, "configured": {90 * time.Second, 90 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			for after, want := range map[time.Duration]error{c.want - time.Millisecond: nil, c.want: ErrExpired,
				c.want + time.Hour: ErrExpired} {
				clock := newClock()
				d := newDigits(t, Config{Life: c.life, Now: clock.Now})
				challenge, answer := newChallenge(t, d)
				require.Equal(t, clock.Now().Add(c.want).UTC(), challenge.Expires)
				clock.advance(after)
				_, err := d.Picture(t.Context(), challenge.ID)
				require.ErrorIs(t, err, want)
				require.ErrorIs(t, d.Check(t.Context(), action, Answer{ID: challenge.ID, Text: answer}), want)
			}
		})
	}
}

// TestOneWinner sends the right answer many times at once.
func TestOneWinner(t *testing.T) {
	d := newDigits(t, Config{})
	for range 20 {
		c, answer := newChallenge(t, d)
		var wins, used atomic.Int32
		var group sync.WaitGroup
		for range 32 {
			group.Go(func() {
				switch err := d.Check(context.Background(), action, Answer{ID: c.ID, Text: answer}); {
				case err == nil:
					wins.Add(1)
				case assert.ErrorIs(t, err, ErrUsed):
					used.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 1, wins.Load())
		require.EqualValues(t, 31, used.Load())
	}
}

func TestMemory(t *testing.T) {
	clock := newClock()
	m := NewMemory(3, clock.Now)
	spend := func(serial string, life time.Duration) (bool, error) {
		return m.Spend(t.Context(), serial, clock.Now().Add(life))
	}
	for _, serial := range []string{"a", "b", "c"} {
		first, err := spend(serial, time.Minute)
		require.NoError(t, err)
		require.True(t, first)
	}
	_, err := spend("d", time.Minute)
	require.ErrorIs(t, err, ErrFull)
	first, err := spend("a", time.Minute)
	require.NoError(t, err, "the known are known also when it is full")
	require.False(t, first)
	clock.advance(time.Minute)
	first, err = spend("d", time.Minute)
	require.NoError(t, err)
	require.True(t, first)
	require.Len(t, m.used, 1)
	require.Len(t, m.queue, 1)
}

type brokenSpent struct{}

func (brokenSpent) Spend(context.Context, string, time.Time) (bool, error) {
	return true, os.ErrDeadlineExceeded
}

// TestSpentFails: what cannot be recorded does not pass.
func TestSpentFails(t *testing.T) {
	d := newDigits(t, Config{Spent: brokenSpent{}})
	c, answer := newChallenge(t, d)
	err := d.Check(t.Context(), action, Answer{ID: c.ID, Text: answer})
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NotErrorIs(t, err, ErrWrong)
	require.Contains(t, Message(err), "non ha potuto")

	now := time.Now
	d = newDigits(t, Config{Spent: NewMemory(0, now)})
	c, answer = newChallenge(t, d)
	err = d.Check(t.Context(), action, Answer{ID: c.ID, Text: answer})
	require.ErrorIs(t, err, ErrFull)
	require.Contains(t, Message(err), "troppe richieste")
}

func TestWork(t *testing.T) {
	d := newDigits(t, Config{Work: 10})
	c, answer := newChallenge(t, d)
	require.Equal(t, 10, c.Work)
	for _, work := range []string{"", "x", "-1", " 1", strings.Repeat("1", 21)} {
		require.ErrorIs(t, d.Check(t.Context(), action, Answer{ID: c.ID, Text: answer, Work: work}), ErrWork)
	}
	other, _ := newChallenge(t, d)
	// Proof for another challenge holds here once in a thousand times: take one that does not.
	foreign, err := Work(t.Context(), other)
	require.NoError(t, err)
	if !Worked(c.ID, 10, foreign) {
		require.ErrorIs(t, d.Check(t.Context(), action, Answer{ID: c.ID, Text: answer, Work: foreign}), ErrWork)
	}
	work, err := Work(t.Context(), c)
	require.NoError(t, err)
	require.True(t, Worked(c.ID, 10, work))
	// The difficulty is that of the challenge, whatever this node is configured for.
	lax := newDigits(t, Config{Spent: d.cfg.Spent})
	require.ErrorIs(t, lax.Check(t.Context(), action, Answer{ID: c.ID, Text: answer}), ErrWork)
	require.NoError(t, d.Check(t.Context(), action, Answer{ID: c.ID, Text: answer, Work: work}))

	// A known proof: printf %s 'prova:29' | sha256sum begins with 00.
	// printf %s prova:185 | sha256sum begins with 004: nine zero bits.
	require.True(t, Worked("prova", 9, "185"))
	require.False(t, Worked("prova", 10, "185"))
	require.False(t, Worked("prova", 1, ""))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Work(ctx, Challenge{ID: c.ID, Work: 200})
	require.ErrorIs(t, err, context.Canceled)
}

func TestContext(t *testing.T) {
	d := newDigits(t, Config{})
	c, answer := newChallenge(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.New(ctx, action)
	require.ErrorIs(t, err, context.Canceled)
	_, err = d.Picture(ctx, c.ID)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, d.Check(ctx, action, Answer{ID: c.ID, Text: answer}), context.Canceled)
}

func TestConfig(t *testing.T) {
	for want, cfg := range map[string]Config{
		"31 bytes": {Key: make([]byte, 31)},
		"life":     {Key: testKey, Life: 2 * time.Hour},
		"a life":   {Key: testKey, Life: -time.Second},
		"25 bits":  {Key: testKey, Work: 25},
		"-1 bits":  {Key: testKey, Work: -1},
	} {
		_, err := New(cfg)
		require.ErrorContains(t, err, want)
	}
	d := newDigits(t, Config{})
	for _, action := range []string{"", strings.Repeat("x", 201)} {
		_, err := d.New(t.Context(), action)
		require.ErrorContains(t, err, "action")
	}
}

// TestConfigKeyIsCopied: a caller that wipes the key it gave changes nothing.
func TestConfigKeyIsCopied(t *testing.T) {
	key := bytes.Clone(testKey)
	d := newDigits(t, Config{Key: key})
	c, answer := newChallenge(t, d)
	clear(key)
	require.NoError(t, d.Check(t.Context(), action, Answer{ID: c.ID, Text: answer}))
}

// TestDistribution: each digit comes as often at each place. The bound is at
// six standard deviations: 60 counts exceed it by chance once in eight million
// runs.
func TestDistribution(t *testing.T) {
	const n = 20_000
	var counts [count][10]int
	for range n {
		for place, digit := range randomDigits() {
			counts[place][digit-'0']++
		}
	}
	for place, of := range counts {
		for digit, got := range of {
			assert.InDelta(t, n/10, got, 6*42.5, "digit %d at place %d", digit, place)
		}
	}
}

func TestIDsDiffer(t *testing.T) {
	d := newDigits(t, Config{})
	seen := map[string]bool{}
	for range 500 {
		c, answer := newChallenge(t, d)
		require.False(t, seen[c.ID])
		seen[c.ID] = true
		require.NotContains(t, c.ID, answer)
		require.Len(t, c.ID, idEncoding.EncodedLen(tokenSize))
	}
}

func TestPicture(t *testing.T) {
	d := newDigits(t, Config{})
	dir := os.Getenv("ANPR_CAPTCHA_SAMPLES") // a folder to look at the pictures and hear the sounds
	for i := range 12 {
		c, answer := newChallenge(t, d)
		data, err := d.Picture(t.Context(), c.ID)
		require.NoError(t, err)
		again, err := d.Picture(t.Context(), c.ID)
		require.NoError(t, err)
		require.Equal(t, data, again, "the same for the same id")
		require.Less(t, len(data), 40_000)
		img, err := png.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		require.Equal(t, image.Rect(0, 0, pictureWidth, pictureHeight), img.Bounds())
		dark := 0
		for _, p := range img.(*image.Gray).Pix {
			if p < 128 {
				dark++
			}
		}
		require.Greater(t, dark, pictureWidth*pictureHeight/25, "digits are drawn")
		require.Less(t, dark, pictureWidth*pictureHeight/3, "and not everything is dark")
		if dir != "" {
			sound, err := d.Audio(t.Context(), c.ID)
			require.NoError(t, err)
			name := filepath.Join(dir, string(rune('a'+i))+"-"+answer)
			require.NoError(t, os.WriteFile(name+".png", data, 0o600))
			require.NoError(t, os.WriteFile(name+".wav", sound, 0o600))
		}
	}
}

// TestPictureTellsDigits: without the disturbances, each digit is drawn unlike
// each other.
func TestPictureTellsDigits(t *testing.T) {
	for form := range 2 {
		var drawn [10]canvas
		for digit := range drawn {
			for _, s := range glyph(byte('0'+digit), form) {
				for k, p := range s {
					s[k] = point{100 + 40*p.x, 10 + 70*p.y}
				}
				drawn[digit].draw(s, 6, 1)
			}
		}
		for a := range drawn {
			for b := range a {
				differ := 0
				for y := range drawn[a] {
					for x := range drawn[a][y] {
						if (drawn[a][y][x] > .5) != (drawn[b][y][x] > .5) {
							differ++
						}
					}
				}
				assert.Greater(t, differ, 250, "%d and %d", a, b)
			}
		}
	}
}

func TestAudio(t *testing.T) {
	d := newDigits(t, Config{})
	durations := map[int]bool{}
	for range 8 {
		c, _ := newChallenge(t, d)
		data, err := d.Audio(t.Context(), c.ID)
		require.NoError(t, err)
		again, err := d.Audio(t.Context(), c.ID)
		require.NoError(t, err)
		require.Equal(t, data, again, "the same for the same id")

		le := binary.LittleEndian
		require.Equal(t, "RIFF", string(data[:4]))
		require.EqualValues(t, len(data)-8, le.Uint32(data[4:]))
		require.Equal(t, "WAVEfmt ", string(data[8:16]))
		require.EqualValues(t, 16, le.Uint32(data[16:]))
		require.EqualValues(t, 1, le.Uint16(data[20:]), "PCM")
		require.EqualValues(t, 1, le.Uint16(data[22:]), "channels")
		require.EqualValues(t, 11025, le.Uint32(data[24:]))
		require.EqualValues(t, 11025, le.Uint32(data[28:]), "bytes a second")
		require.EqualValues(t, 1, le.Uint16(data[32:]), "bytes a sample")
		require.EqualValues(t, 8, le.Uint16(data[34:]), "bits a sample")
		require.Equal(t, "data", string(data[36:40]))
		n := int(le.Uint32(data[40:]))
		require.Equal(t, len(data), headerSize+n+n%2)
		require.Zero(t, len(data)%2)
		seconds := float64(n) / 11025
		require.Greater(t, seconds, 4.5)
		require.Less(t, seconds, 14.0)
		durations[n] = true
		clipped := 0
		for _, b := range data[headerSize:] {
			if b <= 1 || b == 255 {
				clipped++
			}
		}
		require.Less(t, clipped, n/500)
	}
	require.Greater(t, len(durations), 4, "pauses and speed vary")
}

// TestSpokenDigits: each is there, not cut at its loudest, and of the length of
// a word.
func TestSpokenDigits(t *testing.T) {
	for digit := range 10 {
		sound, err := spokenDigit(digit)
		require.NoError(t, err)
		seconds := float64(len(sound)) / sampleRate
		assert.Greater(t, seconds, .25, "%d", digit)
		assert.Less(t, seconds, .8, "%d", digit)
		peak := 0.0
		for _, v := range sound {
			peak = max(peak, v, -v)
		}
		assert.Greater(t, peak, .7, "%d", digit)
		assert.InDelta(t, 0, sound[len(sound)-1], .05)
	}
}

func TestMessage(t *testing.T) {
	require.Empty(t, Message(nil))
	seen := map[string]bool{}
	for _, err := range []error{ErrWrong, ErrExpired, ErrUsed, ErrForged, ErrWork, ErrFull, os.ErrClosed} {
		m := Message(err)
		require.NotEmpty(t, m)
		require.False(t, seen[m], m)
		seen[m] = true
	}
}

func TestServe(t *testing.T) {
	clock := newClock()
	d := newDigits(t, Config{Now: clock.Now})
	mux := http.NewServeMux()
	mux.HandleFunc("/c/{id}/picture",
		func(w http.ResponseWriter, r *http.Request) { ServePicture(w, r, d, r.PathValue("id")) })
	mux.HandleFunc("/c/{id}/audio",
		func(w http.ResponseWriter, r *http.Request) { ServeAudio(w, r, d, r.PathValue("id")) })
	c, _ := newChallenge(t, d)
	get := func(method, path string, header ...string) *http.Response {
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		return w.Result()
	}
	r := get("GET", "/c/"+c.ID+"/picture")
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "image/png", r.Header.Get("Content-Type"))
	_, err := png.Decode(r.Body)
	require.NoError(t, err)
	r = get("GET", "/c/"+c.ID+"/audio", "Range", "bytes=0-3")
	require.Equal(t, 206, r.StatusCode)
	require.Equal(t, "audio/wav", r.Header.Get("Content-Type"))
	part := new(bytes.Buffer)
	_, err = part.ReadFrom(r.Body)
	require.NoError(t, err)
	require.Equal(t, "RIFF", part.String())
	require.Equal(t, 405, get("POST", "/c/"+c.ID+"/audio").StatusCode)
	require.Equal(t, 404, get("GET", "/c/x/picture").StatusCode)
	clock.advance(5 * time.Minute)
	require.Equal(t, 410, get("GET", "/c/"+c.ID+"/picture").StatusCode)
}

func FuzzCheck(f *testing.F) {
	d := newDigits(f, Config{})
	c, err := d.New(context.Background(), action)
	require.NoError(f, err)
	f.Add(c.ID, "123456", "")
	f.Add("", "", "0")
	f.Add(strings.Repeat("A", len(c.ID)), " 1 2 3 ", "99")
	f.Add(c.ID[:len(c.ID)-1]+"\n", "\xff", "1")
	f.Fuzz(func(t *testing.T, id, text, work string) {
		err := d.Check(context.Background(), action, Answer{ID: id, Text: text, Work: work})
		// The seed is genuine also in the processes that fuzz, whose list is empty.
		if tok, forged := openToken(testKey, id); forged != nil {
			require.ErrorIs(t, err, ErrForged)
		} else if err == nil {
			require.Equal(t, string(tok.answer[:]), string(typed(text)))
		}
	})
}

func BenchmarkNew(b *testing.B) {
	d := newDigits(b, Config{})
	for b.Loop() {
		if _, err := d.New(b.Context(), action); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPicture(b *testing.B) {
	benchmarkRender(b, (*Digits).Picture)
}

func BenchmarkAudio(b *testing.B) {
	benchmarkRender(b, (*Digits).Audio)
}

func benchmarkRender(b *testing.B, render func(*Digits, context.Context, string) ([]byte, error)) {
	d := newDigits(b, Config{})
	c, _ := newChallenge(b, d)
	b.ReportAllocs()
	for b.Loop() {
		data, err := render(d, b.Context(), c.ID)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(data)), "bytes")
	}
}
