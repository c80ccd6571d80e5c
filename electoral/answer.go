package electoral

import (
	"bytes"
	"fmt"
)

// An Answer is the value of a yes-or-no field of annex 1 ("si/no", D.M.
// 17 October 2022). Its zero value is NotGiven: unknown is never "no".
//
// In JSON it is true, false or null (or absent, with omitzero); in SQL 1, 0
// or NULL; in ANPR's XML S, N or no element.
type Answer uint8

// The three values of an Answer.
const (
	NotGiven Answer = iota
	Yes
	No
)

// AnswerOf returns Yes for true and No for false.
func AnswerOf(b bool) Answer {
	if b {
		return Yes
	}
	return No
}

// String returns the Italian word for people: "si", "no" or "non indicato".
func (a Answer) String() string {
	switch a {
	case Yes:
		return "si"
	case No:
		return "no"
	case NotGiven:
		return "non indicato"
	}
	return fmt.Sprintf("Answer(%d)", uint8(a))
}

// IsZero reports whether the field was not given, for omitzero.
func (a Answer) IsZero() bool { return a == NotGiven }

// MarshalJSON writes true, false or null.
func (a Answer) MarshalJSON() ([]byte, error) {
	switch a {
	case Yes:
		return []byte("true"), nil
	case No:
		return []byte("false"), nil
	case NotGiven:
		return []byte("null"), nil
	}
	return nil, fmt.Errorf("electoral: %d is not an answer", uint8(a))
}

// UnmarshalJSON reads true, false or null; anything else is an error.
func (a *Answer) UnmarshalJSON(data []byte) error {
	switch string(bytes.TrimSpace(data)) {
	case "true":
		*a = Yes
	case "false":
		*a = No
	case "null":
		*a = NotGiven
	default:
		return fmt.Errorf("electoral: answer %s: expected true, false or null", data)
	}
	return nil
}
