package contrassegno

import (
	"fmt"
	"strings"
	"unicode"
)

// ParseTyped reads what a person types who copies the printed code by hand: the
// whole address, or the code alone, which then leads to base. Small letters, spaces
// and line ends, missing or other dashes, a full stop at the end and the digits 0, 1
// and 8 for the letters O, I and B, which the code does not have (RFC 4648, clause
// 6), are understood. Nothing else is guessed: errors wrap [ErrInvalid].
func ParseTyped(text, base string) (Mark, error) {
	const longest = 200 // spaces and all
	if len(text) > longest {
		return Mark{}, fmt.Errorf("%w: %d bytes, expected at most %d", ErrInvalid, len(text), longest)
	}
	typed := upper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\u200b' || r == '\u00ad' {
			return -1
		}
		return r
	}, text))
	typed = strings.TrimRight(typed, ".,;")
	code := typed
	if i := strings.LastIndex(typed, Path); i >= 0 {
		base, code = typed[:i], typed[i+len(Path):]
		if !strings.Contains(base, "://") {
			base = "HTTPS://" + base
		}
	}
	code = strings.Map(func(r rune) rune {
		switch {
		case r == '-' || r >= '\u2010' && r <= '\u2015' || r == '\u2212':
			return -1
		case r == '0':
			return 'O'
		case r == '1':
			return 'I'
		case r == '8':
			return 'B'
		}
		return r
	}, code)
	if len(code) != digestChars+macChars {
		return Mark{}, fmt.Errorf("%w: a code of %d characters, expected %d", ErrInvalid, len(code), digestChars+macChars)
	}
	b, err := parseBase(base)
	if err != nil {
		return Mark{}, fmt.Errorf("%w: %v", ErrInvalid, err)
	}
	return Parse(b + Path + code[:digestChars] + "-" + code[digestChars:])
}

// At returns the same contrassegno leading to another address, such as one that a
// service had before: "https://HOST" or "https://HOST/PATH".
func (m Mark) At(base string) (Mark, error) {
	b, err := parseBase(base)
	if err != nil {
		return Mark{}, err
	}
	if m.digest == "" {
		return Mark{}, fmt.Errorf("%w: the zero value", ErrInvalid)
	}
	m.base = b
	return m, nil
}
