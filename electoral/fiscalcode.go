package electoral

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A FiscalCode is the tax code of a person ("codice fiscale", D.M. Finance
// 23 December 1976): sixteen characters made of the surname, the name, the date
// of birth, the sex, the place of birth and a check character; or the eleven
// digits of a provisional code.
//
// [ParseFiscalCode] and [ComputeFiscalCode] are the ways to get one. It is
// personal data: String and LogValue give a masked form, so that fmt and slog
// do not spill it; string(c) is the code itself. encoding/json, encoding/xml
// and database/sql take the code itself too. The methods never panic: for a
// value that did not come from [ParseFiscalCode] they return zero values.
type FiscalCode string

// Codes of a [FiscalCodeError].
const (
	FiscalCodeLength    = "length"    // neither 16 nor 11 characters
	FiscalCodeForm      = "form"      // a character that cannot stand in its place
	FiscalCodeOmocodia  = "omocodia"  // a letter in a digit's place that replaces no digit
	FiscalCodeMonth     = "month"     // not a letter of a month
	FiscalCodeDay       = "day"       // no day of that month, nor one plus 40
	FiscalCodeName      = "name"      // no surname or name gives these three letters
	FiscalCodeCheck     = "check"     // the check character or digit does not agree
	FiscalCodeUnderived = "underived" // ComputeFiscalCode: an input that gives no code
)

// A FiscalCodeError says why a text is not a fiscal code, or why none can be
// computed.
type FiscalCodeError struct {
	// Value is the normalised text (at most 32 characters of it), or the input
	// that gives no code. It is personal data, so Error leaves it out.
	Value string
	// Code is one of the constants above.
	Code string
	// Position is that of the first character at fault in Value, from 1; 0 for
	// the whole.
	Position int
	// Expected is what may stand there.
	Expected string
}

// Error implements error. It shows the character at fault, never the whole.
func (e *FiscalCodeError) Error() string {
	where := ""
	if e.Position > 0 {
		where = fmt.Sprintf(": position %d", e.Position)
		if e.Position <= len(e.Value) && e.Code != FiscalCodeUnderived {
			where += fmt.Sprintf(": found %q", e.Value[e.Position-1:e.Position])
		}
	} else if e.Code == FiscalCodeLength {
		where = fmt.Sprintf(": found %d characters", len(e.Value))
	}
	return "electoral: fiscal code: " + e.Code + where + ", expected " + e.Expected
}

const (
	fiscalCodeShape  = "AAAAAA99A99A999A" // A a letter, 9 a digit or its omocodia letter
	omocodiaLetters  = "LMNPQRSTUV"       // for 0 to 9
	monthLetters     = "ABCDEHLMPRST"     // January to December
	fiscalCodeMaxRaw = 64                 // what a text with separators may be long
)

// ParseFiscalCode reads a fiscal code. It takes lower case, and spaces and
// hyphens anywhere as separators ("CCC FBA 85 D03 L219 P"); the result has
// none. It checks, in this order: length, form, letters of omocodia, month, day
// (which must exist in one century at least), the check character, and that
// surname and name can give their three letters. It does not check that the
// place exists: see [FiscalCode.CheckPlace]. Eleven digits are taken as a
// provisional code if their check digit agrees. The error is a
// [*FiscalCodeError].
func ParseFiscalCode(s string) (FiscalCode, error) {
	v, err := normalizeFiscalCode(s)
	if err != nil {
		return "", err
	}
	if len(v) == 11 {
		if err := checkProvisional(v); err != nil {
			return "", err
		}
		return FiscalCode(v), nil
	}
	if err := checkFiscalForm(v); err != nil {
		return "", err
	}
	if want := fiscalCheck(v[:15]); v[15] != want {
		return "", &FiscalCodeError{Value: v, Code: FiscalCodeCheck, Position: 16,
			Expected: "the check character of the first fifteen"}
	}
	for _, at := range []int{0, 3} {
		if i := impossiblePart(v[at : at+3]); i >= 0 {
			return "", &FiscalCodeError{Value: v, Code: FiscalCodeName, Position: at + i + 1,
				Expected: "consonants, then vowels, then X in place of what is missing"}
		}
	}
	return FiscalCode(v), nil
}

func normalizeFiscalCode(s string) (string, error) {
	const expected = "16 characters, or 11 digits of a provisional code"
	s = strings.TrimSpace(s)
	b := make([]byte, 0, 16)
	for i := range min(len(s), fiscalCodeMaxRaw+1) {
		switch c := s[i]; {
		case c == ' ' || c == '-':
		case c >= 'a' && c <= 'z':
			b = append(b, c-'a'+'A')
		default:
			b = append(b, c)
		}
	}
	v := string(b)
	if len(s) > fiscalCodeMaxRaw || len(v) != 16 && len(v) != 11 {
		return "", &FiscalCodeError{Value: v[:min(len(v), 32)], Code: FiscalCodeLength, Expected: expected}
	}
	return v, nil
}

// checkFiscalForm checks the characters of a text of length 16, the month and
// the day.
func checkFiscalForm(v string) error {
	bad := func(code string, i int, expected string) error {
		return &FiscalCodeError{Value: v, Code: code, Position: i + 1, Expected: expected}
	}
	for i := range len(v) {
		letter, digit := v[i] >= 'A' && v[i] <= 'Z', v[i] >= '0' && v[i] <= '9'
		switch {
		case fiscalCodeShape[i] == 'A' && !letter:
			return bad(FiscalCodeForm, i, "a letter A-Z")
		case fiscalCodeShape[i] == '9' && !letter && !digit:
			return bad(FiscalCodeForm, i, "a digit or a letter that replaces one")
		}
	}
	for i := range len(v) {
		if fiscalCodeShape[i] == '9' && v[i] > '9' && strings.IndexByte(omocodiaLetters, v[i]) < 0 {
			return bad(FiscalCodeOmocodia, i, "a digit or one of "+omocodiaLetters)
		}
	}
	month := strings.IndexByte(monthLetters, v[8]) + 1
	if month == 0 {
		return bad(FiscalCodeMonth, 8, "one of "+monthLetters)
	}
	day, year := fiscalNumber(v[9:11]), fiscalNumber(v[6:8])
	for _, century := range []int{1900, 2000} {
		d := Date{Year: century + year, Month: time.Month(month), Day: day % 40}
		if day <= 71 && d.Complete() && d.Valid() {
			return nil
		}
	}
	return bad(FiscalCodeDay, 9, "a day of the month, plus 40 for a woman")
}

// checkProvisional checks an eleven-digit code: seven digits of a serial
// number, three of the office, one that makes the sum of Luhn's formula a
// multiple of ten.
func checkProvisional(v string) error {
	sum := 0
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return &FiscalCodeError{Value: v, Code: FiscalCodeForm, Position: i + 1,
				Expected: "a digit, as in all codes of 11 characters"}
		}
		d := int(v[i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	if v[:7] == "0000000" {
		return &FiscalCodeError{Value: v, Code: FiscalCodeForm, Position: 1,
			Expected: "a serial number other than zero in the first seven digits"}
	}
	if sum%10 != 0 {
		return &FiscalCodeError{Value: v, Code: FiscalCodeCheck, Position: 11,
			Expected: "the check digit of the first ten"}
	}
	return nil
}

// impossiblePart returns where three letters break the order that surname and
// name follow (consonants, vowels, X for what is missing), or -1.
func impossiblePart(part string) int {
	body := strings.TrimRight(part, "X")
	vowel := false
	for i := range len(body) {
		if strings.IndexByte("AEIOU", body[i]) >= 0 {
			vowel = true
		} else if vowel {
			return i
		}
	}
	return -1
}

// fiscalCheck returns the check character of fifteen characters of letters and
// digits.
func fiscalCheck(v string) byte {
	odd := [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i := range len(v) {
		n := int(v[i] - 'A')
		if v[i] <= '9' {
			n = int(v[i] - '0')
		}
		if i%2 == 0 { // the first, third ... character is an odd one
			n = odd[n]
		}
		sum += n
	}
	return byte('A' + sum%26)
}

// fiscalNumber reads digits and letters of omocodia.
func fiscalNumber(v string) int {
	n := 0
	for i := range len(v) {
		d := strings.IndexByte(omocodiaLetters, v[i])
		if d < 0 {
			d = int(v[i] - '0')
		}
		n = n*10 + d
	}
	return n
}

// full returns the code if it is one of sixteen characters that ParseFiscalCode
// could have returned.
func (c FiscalCode) full() (string, bool) {
	v := string(c)
	return v, len(v) == 16 && checkFiscalForm(v) == nil
}

// IsProvisional reports whether the code is one of eleven digits, given until
// the person's own is known: it says nothing about birth, sex and place.
func (c FiscalCode) IsProvisional() bool { return len(c) == 11 && checkProvisional(string(c)) == nil }

// Base returns the code without omocodia: its letters turned back into digits
// and the check character computed anew. Two persons may have one base form
// (that is why omocodia exists), so it serves to compare with data of birth,
// not to identify. A provisional code is its own base.
func (c FiscalCode) Base() FiscalCode {
	v, ok := c.full()
	if !ok {
		return c
	}
	b := []byte(v[:15])
	for i := range b {
		if fiscalCodeShape[i] == '9' && b[i] > '9' {
			b[i] = byte('0' + strings.IndexByte(omocodiaLetters, b[i]))
		}
	}
	return FiscalCode(string(b) + string(fiscalCheck(string(b))))
}

// IsOmocode returns how many digits are replaced by letters because another
// person has the same base form: 0 to 7.
func (c FiscalCode) IsOmocode() (n int) {
	v, ok := c.full()
	if !ok {
		return 0
	}
	for i := range len(v) {
		if fiscalCodeShape[i] == '9' && v[i] > '9' {
			n++
		}
	}
	return n
}

// Sex returns Male or Female, or SexUnknown for a provisional code.
func (c FiscalCode) Sex() Sex {
	v, ok := c.full()
	switch {
	case !ok:
		return SexUnknown
	case fiscalNumber(v[9:11]) > 40:
		return Female
	}
	return Male
}

// Place returns the Belfiore code of the place of birth: of a comune, or of a
// foreign state (Z and three digits). It is empty for a provisional code.
func (c FiscalCode) Place() string {
	if _, ok := c.full(); !ok {
		return ""
	}
	return string(c.Base()[11:15])
}

// BirthDates returns the dates of birth that the two digits of the year stand
// for, in the 20th century and in the 21st, the earlier first: two, or one for
// a 29 February that only one century has. None for a provisional code.
func (c FiscalCode) BirthDates() []Date {
	v, ok := c.full()
	if !ok {
		return nil
	}
	d := Date{Month: time.Month(strings.IndexByte(monthLetters, v[8]) + 1), Day: fiscalNumber(v[9:11]) % 40}
	var out []Date
	for _, century := range []int{1900, 2000} {
		if d.Year = century + fiscalNumber(v[6:8]); d.Valid() {
			out = append(out, d)
		}
	}
	return out
}

// BirthDate returns the latest of BirthDates that is not after the reference
// date: the reading under which the person is born and youngest. It is wrong
// for those older than a hundred; where that matters, compare BirthDates with
// what else is known. The zero Date if there is none, or if reference is zero.
func (c FiscalCode) BirthDate(reference Date) Date {
	var best Date
	if reference.IsZero() {
		return best
	}
	for _, d := range c.BirthDates() {
		if !d.After(reference.Latest()) {
			best = d
		}
	}
	return best
}

// A FiscalCodePlace is what [FiscalCode.CheckPlace] finds.
type FiscalCodePlace string

// The findings about the place of birth of a fiscal code.
const (
	// FiscalCodePlaceInForce: the place existed at the date of birth.
	FiscalCodePlaceInForce FiscalCodePlace = "in-force"
	// FiscalCodePlaceOtherDates: it existed, but not then. Such codes are in
	// circulation: of those born in a comune that took its code later, or
	// registered with a state or comune that had ceased. Not a fault by itself.
	FiscalCodePlaceOtherDates FiscalCodePlace = "other-dates"
	// FiscalCodePlaceUnknown: there never was such a place, as far as the
	// tables know; also of a provisional code.
	FiscalCodePlaceUnknown FiscalCodePlace = "unknown"
)

// CheckPlace looks the place of birth up in the reference tables, at each date
// of BirthDates that is not after the date of the tables.
func (c FiscalCode) CheckPlace(tables *refdata.Tables) FiscalCodePlace {
	place := c.Place()
	if place == "" || tables == nil {
		return FiscalCodePlaceUnknown
	}
	state, isState := tables.StateByBelfiore(place)
	if !isState && len(tables.ComuneHistory(place)) == 0 {
		return FiscalCodePlaceUnknown
	}
	for _, d := range c.BirthDates() {
		if d.After(tables.Date()) {
			continue
		}
		if isState && !d.Before(state.From) && (state.To.IsZero() || !d.After(state.To.Latest())) {
			return FiscalCodePlaceInForce
		}
		if _, ok := tables.Comune(place, d); ok {
			return FiscalCodePlaceInForce
		}
	}
	return FiscalCodePlaceOtherDates
}

// ComputeFiscalCode returns the base code that follows from a person's data.
// Surname or name may be empty (the part is then XXX), but not both. Letters
// lose their accents (ö is O, not OE), ligatures become two letters (ß SS, æ
// AE), and spaces, apostrophes, hyphens and dots are passed over; any other
// character is an error, also a letter of another script, which must be
// transliterated first. birth must be complete and lie between 1900 and 2099,
// place be a capital letter and three digits, sex Male or Female. The code that
// the Revenue Agency really gave may be an omocode of it: see MatchesPerson.
func ComputeFiscalCode(surname, name string, sex Sex, birth Date, place string) (FiscalCode, error) {
	bad := func(value, expected string) (FiscalCode, error) {
		return "", &FiscalCodeError{Value: value, Code: FiscalCodeUnderived, Expected: expected}
	}
	s, err := fiscalLetters(surname, "a surname")
	if err != nil {
		return "", err
	}
	n, err := fiscalLetters(name, "a name")
	if err != nil {
		return "", err
	}
	if s == "" && n == "" {
		return bad("", "a surname or a name")
	}
	day := birth.Day
	switch sex {
	case Male:
	case Female:
		day += 40
	default:
		return bad(string(sex), "the sex, M or F")
	}
	if !birth.Complete() || !birth.Valid() || birth.Year < 1900 || birth.Year > 2099 {
		return bad(birth.String(), "a complete date of birth from 1900 to 2099")
	}
	if len(place) != 4 || place[0] < 'A' || place[0] > 'Z' || strings.Trim(place[1:], "0123456789") != "" {
		return bad(place, "a place of birth as a capital letter and three digits")
	}
	v := fmt.Sprintf("%s%s%02d%c%02d%s", fiscalPart(s, false), fiscalPart(n, true), birth.Year%100,
		monthLetters[birth.Month-1], day, place)
	return FiscalCode(v + string(fiscalCheck(v))), nil
}

// fiscalLetters returns the letters A-Z of a surname or name.
func fiscalLetters(s, what string) (string, error) {
	fail := func(r rune) error {
		return &FiscalCodeError{Value: s, Code: FiscalCodeUnderived, Position: strings.IndexRune(s, r) + 1,
			Expected: what + " in Latin letters, with spaces, apostrophes, hyphens and dots only"}
	}
	for _, r := range s {
		// refdata.Fold would read other characters as spaces.
		if !unicode.In(r, unicode.L, unicode.M, unicode.Zs, unicode.Pd, unicode.Pi, unicode.Pf) &&
			!strings.ContainsRune("'.`´", r) {
			return "", fail(r)
		}
	}
	var b strings.Builder
	for _, r := range refdata.Fold(s) {
		switch {
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r)
		case r != ' ':
			return "", fail(r)
		}
	}
	return b.String(), nil
}

// fiscalPart returns three letters of a surname or name: consonants, vowels,
// X. Of a name with four consonants or more the second is left out.
func fiscalPart(letters string, name bool) string {
	var consonants, vowels []byte
	for i := range len(letters) {
		if strings.IndexByte("AEIOU", letters[i]) >= 0 {
			vowels = append(vowels, letters[i])
		} else {
			consonants = append(consonants, letters[i])
		}
	}
	if name && len(consonants) > 3 {
		consonants = append(consonants[:1], consonants[2:]...)
	}
	return string(append(append(consonants, vowels...), "XXX"...)[:3])
}

// MatchesPerson reports whether the code follows from a person's data as in
// [ComputeFiscalCode], omocodia apart. It is false for a provisional code, and
// where the data give no code.
func (c FiscalCode) MatchesPerson(surname, name string, sex Sex, birth Date, place string) bool {
	v, ok := c.full()
	if !ok || fiscalCheck(v[:15]) != v[15] {
		return false
	}
	want, err := ComputeFiscalCode(surname, name, sex, birth, place)
	return err == nil && c.Base() == want
}

// String returns a masked form that shows the length only. The code itself is
// string(c).
func (c FiscalCode) String() string {
	if c == "" {
		return ""
	}
	return strings.Repeat("*", min(len(c), 16))
}

// LogValue implements [slog.LogValuer] with the masked form of String.
func (c FiscalCode) LogValue() slog.Value { return slog.StringValue(c.String()) }
