package captcha

import (
	"context"
	"crypto/sha256"
	"math/bits"
	"strconv"
)

const maxWorkText = 20

// Worked reports whether a text proves work on the challenge with this id: the
// SHA-256 of id, ":" and text begins with so many zero bits. The text is a
// number in decimal digits, 20 at most. It takes 2^bits hashes on average: 16
// to 18 bits is about a second in a browser. No bits, no proof needed.
func Worked(id string, work int, text string) bool {
	if work <= 0 {
		return true
	}
	if text == "" || len(text) > maxWorkText {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	sum := sha256.Sum256([]byte(id + ":" + text))
	zeros := 0
	for _, b := range sum {
		zeros += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return zeros >= work
}

// Work finds a proof of work for a challenge, as a browser's script does. It
// stops with the context's error.
func Work(ctx context.Context, c Challenge) (string, error) {
	for n := uint64(0); ; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return "", ctx.Err()
		}
		if text := strconv.FormatUint(n, 10); Worked(c.ID, c.Work, text) {
			return text, nil
		}
	}
}
