package refdata

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Date is a civil date without time zone in the proleptic Gregorian
// calendar. Day, or Day and Month, are zero where only the month or the year
// is known, as ANPR allows for a birth (senzaGiorno, senzaGiornoMese). The zero
// Date means "not given".
//
// Two Dates may be compared with == for identity. Compare, Before and After
// look only at the earliest day that each may be, so Compare may be 0 for two
// different Dates (1985 and 1985-01-01).
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

const dateForms = `a calendar date as YYYY-MM-DD, YYYY-MM or YYYY, year 0001-9999`

// ParseDate reads YYYY-MM-DD, YYYY-MM or YYYY, with ASCII digits and nothing
// around them. Each must be a real date: 2023-02-29 is an error.
func ParseDate(s string) (Date, error) {
	bad := func() (Date, error) {
		return Date{}, fmt.Errorf("refdata: date %.40q: expected %s", s, dateForms)
	}
	if len(s) != 4 && len(s) != 7 && len(s) != 10 {
		return bad()
	}
	var part [3]int
	for i, n := range []int{0, 5, 8} {
		if n >= len(s) {
			break
		}
		width := 2
		if i == 0 {
			width = 4
		} else if s[n-1] != '-' {
			return bad()
		}
		for _, c := range []byte(s[n : n+width]) {
			if c < '0' || c > '9' {
				return bad()
			}
			part[i] = part[i]*10 + int(c-'0')
		}
		if part[i] == 0 {
			return bad()
		}
	}
	d := Date{Year: part[0], Month: time.Month(part[1]), Day: part[2]}
	if !d.Valid() {
		return bad()
	}
	return d, nil
}

// NewDate returns a date that exists: a year of 1 to 9999, a month or zero, a day of
// that month or zero. A literal is not checked: what takes it in refuses it.
func NewDate(year int, month time.Month, day int) (Date, error) {
	d := Date{Year: year, Month: month, Day: day}
	if !d.Valid() {
		return Date{}, fmt.Errorf("refdata: date {%d %d %d}: expected %s", year, int(month), day, dateForms)
	}
	return d, nil
}

// DateOf returns the date that t has in t's own location. Convert t first
// (t.In) where another place's calendar matters, such as Europe/Rome. Of an instant
// before the year 1 or after 9999 it is not Valid.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: m, Day: d}
}

// String returns YYYY-MM-DD, YYYY-MM or YYYY, and "" for the zero Date.
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.Month == 0 && d.Day == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, int(d.Month))
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// MarshalText implements [encoding.TextMarshaler]. The zero Date gives an empty
// text; a Date that is neither zero nor Valid is an error.
func (d Date) MarshalText() ([]byte, error) {
	if !d.IsZero() && !d.Valid() {
		return nil, fmt.Errorf("refdata: date {%d %d %d}: expected %s", d.Year, int(d.Month), d.Day, dateForms)
	}
	return []byte(d.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler]: an empty text gives the
// zero Date, anything else goes through [ParseDate].
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	v, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// IsZero reports whether the Date was not given.
func (d Date) IsZero() bool { return d == Date{} }

// Complete reports whether year, month and day are all given.
func (d Date) Complete() bool { return d.Year != 0 && d.Month != 0 && d.Day != 0 }

// Valid reports whether what is given is a real date: a year in 1-9999, a month
// or none, and a day of that month or none. The zero Date is not valid.
func (d Date) Valid() bool {
	switch {
	case d.Year < 1 || d.Year > 9999 || d.Month < 0 || d.Month > 12 || d.Day < 0:
		return false
	case d.Month == 0:
		return d.Day == 0
	}
	return d.Day <= daysIn(d.Year, d.Month)
}

// Earliest returns the first day that d may be; of the zero Date, the zero Date.
func (d Date) Earliest() Date {
	if d.IsZero() {
		return d
	}
	if d.Month == 0 {
		return Date{d.Year, time.January, 1}
	}
	return Date{d.Year, d.Month, max(d.Day, 1)}
}

// Latest returns the last day that d may be; of the zero Date, the zero Date.
func (d Date) Latest() Date {
	switch {
	case d.IsZero() || d.Complete():
		return d
	case d.Month == 0:
		return Date{d.Year, time.December, 31}
	}
	return Date{d.Year, d.Month, daysIn(d.Year, d.Month)}
}

// Compare orders the earliest days that d and o may be: -1, 0 or +1. The zero
// Date comes before every other.
func (d Date) Compare(o Date) int {
	a, b := d.Earliest(), o.Earliest()
	x, y := a.ordinal(), b.ordinal()
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// Before reports whether d's earliest day comes before o's.
func (d Date) Before(o Date) bool { return d.Compare(o) < 0 }

// After reports whether d's earliest day comes after o's.
func (d Date) After(o Date) bool { return d.Compare(o) > 0 }

// AddYears returns the same day n years later (earlier if n is negative). The
// 29th of February becomes the 28th in a year that has no 29th: the term ends
// on the month's last day. A part that is not known stays unknown, and the
// zero Date stays zero.
func (d Date) AddYears(n int) Date {
	if d.IsZero() {
		return d
	}
	d.Year += n
	if d.Month == time.February && d.Day == 29 {
		d.Day = daysIn(d.Year, time.February)
	}
	return d
}

// AddDays returns the date n days after d's earliest day, always complete. The
// zero Date stays zero.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	return DateOf(d.In(time.UTC).AddDate(0, 0, n))
}

// In returns midnight of d's earliest day in loc (the first instant of the day
// where a change of clock skips midnight); loc must not be nil. The zero Date
// gives the zero time.
func (d Date) In(loc *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	e := d.Earliest()
	return time.Date(e.Year, e.Month, e.Day, 0, 0, 0, 0, loc)
}

var italianMonths = [...]string{"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto",
	"settembre", "ottobre", "novembre", "dicembre"}

// Italian returns the date in words for people: "1° marzo 2027", without the day
// "marzo 2027", without day and month "2027". A date that does not exist is
// written as [Date.String] writes it.
func (d Date) Italian() string {
	if d.Year == 0 || d.Month == 0 || !d.Valid() {
		return d.String()
	}
	out := italianMonths[d.Month-1] + " " + strconv.Itoa(d.Year)
	switch d.Day {
	case 0:
		return out
	case 1:
		return "1° " + out
	}
	return strconv.Itoa(d.Day) + " " + out
}

// beforeVowel finds an article before a day whose name begins with a vowel, the eighth
// and the eleventh.
var beforeVowel = regexp.MustCompile(`\b([Ii]|[Dd]a|[Aa]|[Dd]e|[Nn]e|[Ss]u)l (8|11) (` +
	strings.Join(italianMonths[:], "|") + `)\b`)

// Elide writes a text with dates for people as Italian says it: «l'8 marzo», «dall'11
// novembre», where a fixed text and [Date.Italian] would leave «il 8 marzo».
func Elide(text string) string {
	if !strings.Contains(text, "l 8 ") && !strings.Contains(text, "l 11 ") {
		return text
	}
	return beforeVowel.ReplaceAllStringFunc(text, func(m string) string {
		article, day, _ := strings.Cut(m, " ")
		switch article {
		case "il":
			return "l'" + day
		case "Il":
			return "L'" + day
		}
		return article + "l'" + day
	})
}

func (d Date) ordinal() int { return (d.Year*16+int(d.Month))*32 + d.Day }

func daysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// within reports whether some day of at falls between from and to, both
// included. A zero from or to is open. With a zero at it reports whether the
// time still lasts.
func within(at, from, to Date) bool {
	if at.IsZero() {
		return to.IsZero()
	}
	if !from.IsZero() && at.Latest().Before(from) {
		return false
	}
	return to.IsZero() || !at.After(to.Latest())
}
