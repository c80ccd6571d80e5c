package captcha_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify/captcha"
	"github.com/liste-elettorali/anpr/verify/captcha/captchatest"
)

func TestDigits(t *testing.T) {
	for name, work := range map[string]int{"plain": 0, "with work": 6} {
		t.Run(name, func(t *testing.T) {
			captchatest.TestCaptcha(t, func(t *testing.T, now func() time.Time) (captcha.Captcha, captchatest.Solver) {
				key := make([]byte, captcha.MinKeySize)
				rand.Read(key)
				d, err := captcha.New(captcha.Config{Key: key, Now: now, Work: work})
				require.NoError(t, err)
				return d, func(t *testing.T, c captcha.Challenge) captcha.Answer {
					text, err := d.Answer(c.ID)
					require.NoError(t, err)
					proof, err := captcha.Work(t.Context(), c)
					require.NoError(t, err)
					return captcha.Answer{ID: c.ID, Text: text, Work: proof}
				}
			})
		})
	}
}

func TestMemorySuite(t *testing.T) {
	captchatest.TestSpent(t,
		func(_ *testing.T, now func() time.Time) captcha.Spent { return captcha.NewMemory(1000, now) })
}
