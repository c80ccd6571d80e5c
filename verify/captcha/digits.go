package captcha

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Config configures [Digits].
type Config struct {
	// Key, of at least [MinKeySize] random bytes, encrypts and authenticates the
	// challenges. All nodes of a service share it; it is used for nothing else.
	Key []byte
	// Life is how long a challenge is accepted: five minutes if zero, an hour at
	// most.
	Life time.Duration
	// Work is the proof of work that each answer needs, in bits (see [Worked]):
	// none if zero, 24 at most. It needs JavaScript in the browser.
	Work int
	// Effort, if not nil, adds to that for clients who have used much, such as a
	// [Rising].
	Effort Effort
	// Spent remembers the used challenges: if nil, [NewMemory] of a million. A
	// service of several nodes needs one that they share.
	Spent Spent
	// Now is the clock: time.Now if nil.
	Now func() time.Time
}

const (
	// MinKeySize is the least size in bytes of Config.Key.
	MinKeySize = 32

	count       = 6 // digits of a challenge
	defaultLife = 5 * time.Minute
	maxLife     = time.Hour
	maxWork     = 24
	maxAction   = 200
	maxText     = 100
	memorySize  = 1 << 20
)

// Digits is the [Captcha] of six digits. It keeps nothing but the list of used
// challenges: what it must know again is in the id, encrypted and authenticated.
type Digits struct {
	cfg    Config
	spoken [10][]float64
}

var _ Captcha = (*Digits)(nil)

// New makes a Captcha of six digits.
func New(cfg Config) (*Digits, error) {
	if len(cfg.Key) < MinKeySize {
		return nil, fmt.Errorf("captcha: the key has %d bytes, expected at least %d", len(cfg.Key), MinKeySize)
	}
	if cfg.Life == 0 {
		cfg.Life = defaultLife
	}
	if cfg.Life < time.Second || cfg.Life > maxLife {
		return nil, fmt.Errorf("captcha: a life of %v, expected 1s to %v", cfg.Life, maxLife)
	}
	if cfg.Work < 0 || cfg.Work > maxWork {
		return nil, fmt.Errorf("captcha: a proof of work of %d bits, expected 0 to %d", cfg.Work, maxWork)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Spent == nil {
		cfg.Spent = NewMemory(memorySize, cfg.Now)
	}
	cfg.Key = append([]byte(nil), cfg.Key...)
	d := &Digits{cfg: cfg}
	for i := range d.spoken {
		var err error
		if d.spoken[i], err = spokenDigit(i); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// New implements [Captcha].
func (d *Digits) New(ctx context.Context, action string) (Challenge, error) {
	if err := ctx.Err(); err != nil {
		return Challenge{}, err
	}
	if action == "" || len(action) > maxAction {
		return Challenge{}, fmt.Errorf("captcha: an action of %d bytes, expected 1 to %d", len(action), maxAction)
	}
	if d.cfg.Now == nil {
		return Challenge{}, errors.New("captcha: Digits without a key: expected those that New has made")
	}
	work := d.cfg.Work
	if d.cfg.Effort != nil {
		more, err := d.cfg.Effort.Work(ctx, clientOf(ctx))
		if err != nil {
			return Challenge{}, fmt.Errorf("captcha: effort: %w", err)
		}
		work = min(maxWork, max(work, more))
	}
	t := token{
		// Milliseconds: what Challenge.Expires says is exactly what Check does.
		expires: d.cfg.Now().Add(d.cfg.Life).UTC().Truncate(time.Millisecond),
		work:    work,
		action:  hashAction(action),
		answer:  randomDigits(),
	}
	_, _ = rand.Read(t.salt[:]) // never fails (crypto/rand)
	id, err := t.seal(d.cfg.Key)
	if err != nil {
		return Challenge{}, err
	}
	return Challenge{ID: id, Expires: t.expires, Work: t.work}, nil
}

// randomDigits draws each digit evenly: bytes that would favour the low digits
// are drawn again.
func randomDigits() (out [count]byte) {
	var b [1]byte
	for i := 0; i < count; {
		_, _ = rand.Read(b[:]) // never fails (crypto/rand)
		if b[0] < 250 {
			out[i] = '0' + b[0]%10
			i++
		}
	}
	return out
}

// open returns what an id holds if it is ours and not expired.
func (d *Digits) open(ctx context.Context, id string) (token, error) {
	if err := ctx.Err(); err != nil {
		return token{}, err
	}
	t, err := openToken(d.cfg.Key, id)
	if err != nil {
		return token{}, err
	}
	if !d.cfg.Now().Before(t.expires) {
		return token{}, fmt.Errorf("%w at %s", ErrExpired, t.expires.Format(time.RFC3339))
	}
	return t, nil
}

// Check implements [Captcha].
func (d *Digits) Check(ctx context.Context, action string, a Answer) error {
	t, err := d.open(ctx, a.ID)
	if err != nil {
		return err
	}
	// Neither of these says anything about the answer, so the challenge stays
	// good; and a caller that does no work cannot fill the list of used challenges.
	if want := hashAction(action); subtle.ConstantTimeCompare(t.action[:], want[:]) != 1 {
		return fmt.Errorf("%w: it is for another", ErrForged)
	}
	if !Worked(a.ID, t.work, a.Work) {
		return fmt.Errorf("%w: expected %d bits", ErrWork, t.work)
	}
	first, err := d.cfg.Spent.Spend(ctx, t.serial(), t.expires)
	if err != nil {
		return fmt.Errorf("captcha: list of used challenges: %w", err)
	}
	if !first {
		return ErrUsed
	}
	if subtle.ConstantTimeCompare(t.answer[:], typed(a.Text)) != 1 {
		return ErrWrong
	}
	return nil
}

// typed takes the blanks out of what a person typed.
func typed(text string) []byte {
	if len(text) > maxText {
		return nil
	}
	return []byte(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text))
}

// Picture implements [Captcha].
func (d *Digits) Picture(ctx context.Context, id string) ([]byte, error) {
	t, err := d.open(ctx, id)
	if err != nil {
		return nil, err
	}
	rnd, err := t.random(d.cfg.Key, "picture")
	if err != nil {
		return nil, err
	}
	return drawPNG(t.answer, rnd)
}

// Audio implements [Captcha].
func (d *Digits) Audio(ctx context.Context, id string) ([]byte, error) {
	t, err := d.open(ctx, id)
	if err != nil {
		return nil, err
	}
	rnd, err := t.random(d.cfg.Key, "audio")
	if err != nil {
		return nil, err
	}
	return d.speak(t.answer, rnd), nil
}
