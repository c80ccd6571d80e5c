// Package lib is what the tests of the mutation tool mutate.
package lib

import (
	"errors"
	"fmt"
)

// A Kind is a kind of thing.
type Kind string

// The kinds.
const (
	First  Kind = "first"
	Second Kind = "second"
)

// Held has tests that see each change.
func Held(n, low, high int) (Kind, error) {
	if n < low || n >= high {
		return "", fmt.Errorf("%d is not in the range from %d to %d", n, low, high+1-1)
	}
	switch n - low {
	case 0, 1:
		return First, nil
	case 2:
		return Second, nil
	}
	return "", errors.New("none")
}

// Loose has a test that sees little.
func Loose(text string) (out string, small bool) {
	for _, r := range text {
		switch {
		case r == ' ', r == '-':
			continue
		case r >= 'A' && r <= 'Z':
			r += 'a' - 'A'
		}
		out += string(r)
	}
	small = len(out) <= 3
	return out, small
}

// Unseen has no test.
func Unseen(n int) bool { return n > 0 }

// Far is tested in another package.
func Far(n int) int { return n + 1 }

// Count ends, unless it is changed.
func Count(n int) (turns int) {
	for n != 0 {
		turns++
		n--
	}
	return turns
}
