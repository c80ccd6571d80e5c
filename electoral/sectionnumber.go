package electoral

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A SectionKind says for whom a section is ("tipo di sezione").
type SectionKind string

// The kinds of section. The size of a section (D.M. 117/1998) is asked of
// ordinary ones alone, and residents abroad are spread over them alone.
const (
	// OrdinarySection is a section of those who live near it ("sezione
	// ordinaria").
	OrdinarySection SectionKind = ""
	// HospitalSection is the section of a hospital of at least 200 beds ("sezione
	// ospedaliera", D.P.R. 361/1957, art. 52).
	HospitalSection SectionKind = "hospital"
	// SpecialSection is a place with a special or a flying seat: a hospital of
	// fewer beds, a place of detention ("seggio speciale", L. 136/1976, art. 8 and
	// 9).
	SpecialSection SectionKind = "special"
)

// SectionKinds returns the kinds of section.
func SectionKinds() []SectionKind {
	return []SectionKind{OrdinarySection, HospitalSection, SpecialSection}
}

// Known reports whether k is one of [SectionKinds].
func (k SectionKind) Known() bool { return slices.Contains(SectionKinds(), k) }

// Italian returns the kind for people.
func (k SectionKind) Italian() string {
	switch k {
	case OrdinarySection:
		return "sezione ordinaria"
	case HospitalSection:
		return "sezione ospedaliera"
	case SpecialSection:
		return "sezione con seggio speciale"
	}
	return "tipo di sezione sconosciuto: " + string(k)
}

// CanonicalSectionNumber returns the usual spelling of the number of a section:
// without blanks at the ends, with one between words, without leading zeros and
// invisible characters, in Unicode's composed form. Upper and lower case stay. A
// number in another spelling is still that section's name as the comune writes it.
func CanonicalSectionNumber(number string) string { return plainNumber(norm.NFC.String(number)) }

// SameSectionNumber reports whether two texts are spellings of one number: their
// usual spellings are the same but for upper and lower case and for compatible
// characters of Unicode, such as digits of full width.
func SameSectionNumber(a, b string) bool { return SectionNumberKey(a) == SectionNumberKey(b) }

// SectionNumberKey returns the form in which all the spellings of a number are
// equal ([SameSectionNumber]). It takes any bytes, and is for comparison only.
func SectionNumberKey(number string) string {
	return plainNumber(strings.ToUpper(norm.NFKC.String(strings.ToValidUTF8(number, "\ufffd"))))
}

// plainNumber drops what the eye does not see, and leading zeros.
func plainNumber(s string) string {
	if digits(s) == len(s) && s != "" && s[0] != '0' {
		return s // nearly all
	}
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if !strings.Contains(s, "0") {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		n := digits(s)
		if n == 0 {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		if number := strings.TrimLeft(s[:n], "0"); number != "" {
			b.WriteString(number)
		} else {
			b.WriteByte('0')
		}
		s = s[n:]
	}
	return b.String()
}

// digits returns how many of the first bytes of a text are digits.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// CompareSectionNumbers orders the numbers of sections as people do: 2 comes
// before 10, and 10 before 10 BIS. Only equal texts compare equal.
func CompareSectionNumbers(a, b string) int {
	x, y := SectionNumberKey(a), SectionNumberKey(b)
	for x != "" && y != "" {
		n, m := digits(x), digits(y)
		if n > 0 && m > 0 {
			if n != m { // without leading zeros the longer is the higher
				return n - m
			}
			if c := strings.Compare(x[:n], y[:m]); c != 0 {
				return c
			}
			x, y = x[n:], y[m:]
			continue
		}
		if x[0] != y[0] {
			return int(x[0]) - int(y[0])
		}
		x, y = x[1:], y[1:]
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(a, b)
}

// CountOfElectors says how many electors there are, for people: "1 elettore", "12
// elettori".
func CountOfElectors(n int) string {
	if n == 1 {
		return "1 elettore"
	}
	return strconv.Itoa(n) + " elettori"
}
