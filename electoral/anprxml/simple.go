package anprxml

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A simpleType is a simple type of tipoDato.xsd. Its digits are those of ASCII:
// ANPR's own tables hold no others.
type simpleType struct {
	name     string // in tipoDato.xsd
	expected string // in Italian
	min, max int    // characters
	collapse bool   // white space, as xs:whiteSpace says
	allowed  func(r rune) bool
	ascii    [utf8.RuneSelf]bool // what allowed says of ASCII
}

// simple returns a type of texts of allowed characters; nil allows them all.
func simple(name, expected string, least, most int, allowed func(r rune) bool) *simpleType {
	t := &simpleType{name: name, expected: expected, min: least, max: most, allowed: allowed}
	for c := range t.ascii {
		t.ascii[c] = allowed == nil || allowed(rune(c))
	}
	return t
}

// check returns the value that s has in this type, and whether it has one.
func (t *simpleType) check(s string) (string, bool) {
	if t.collapse && strings.IndexFunc(s, blank) >= 0 {
		s = strings.Join(strings.FieldsFunc(s, blank), " ")
	}
	n := 0
	for _, r := range s {
		if n++; !t.allows(r) {
			return s, false
		}
	}
	return s, n >= t.min && n <= t.max && utf8.ValidString(s)
}

// allows reports whether r may stand in a value.
func (t *simpleType) allows(r rune) bool {
	if r < utf8.RuneSelf {
		return t.ascii[r]
	}
	return t.allowed == nil || t.allowed(r)
}

func digit(r rune) bool { return r >= '0' && r <= '9' }

func asciiAlnum(r rune) bool {
	return digit(r) || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// letter is the class of letters that the schema spells out as code points.
func letter(r rune) bool {
	switch {
	case asciiAlnum(r), r >= 192 && r <= 382, r == 393:
		return true
	}
	return r == 138 || r == 140 || r == 142 || r == 154 || r == 156 || r == 158 || r == 159
}

func lettersAnd(others string) func(rune) bool {
	return func(r rune) bool { return letter(r) || strings.ContainsRune(others, r) }
}

func alnumAnd(others string) func(rune) bool {
	return func(r rune) bool { return asciiAlnum(r) || strings.ContainsRune(others, r) }
}

func numeric(name string, least, most int) *simpleType {
	t := simple(name, lengthText(least, most, "cifre"), least, most, digit)
	t.collapse = true
	return t
}

func text(name string, most int, kind string, allowed func(rune) bool) *simpleType {
	return simple(name, lengthText(1, most, kind), 1, most, allowed)
}

func lengthText(least, most int, kind string) string {
	if least == most {
		return strconv.Itoa(most) + " " + kind
	}
	return "da " + strconv.Itoa(least) + " a " + strconv.Itoa(most) + " " + kind
}

const (
	plainChars   = "caratteri (lettere, cifre, spazi e - ' . ,)"
	slashChars   = "caratteri (lettere, cifre, spazi e - ' / . , ( ))"
	addressChars = "caratteri (lettere, cifre, spazi e segni , . - ' \" : ; ( ))"
	alnumChars   = "lettere o cifre senza accento"
)

// The simple types that the electoral schemas use. Read-only.
var (
	tipoSN1 = simple("tipoSN1", "S oppure N", 1, 1,
		func(r rune) bool { return strings.ContainsRune("SNsn", r) })
	charMax200     = text("charMax200", 200, "caratteri", nil)
	numericoMax3   = numeric("numericoMax3", 1, 3)
	numericoMax9   = numeric("numericoMax9", 1, 9)
	numerico1      = numeric("numerico1", 1, 1)
	tipoIDSoggetto = numeric("tipoIdSoggetto", 1, 16)
	nomeComune     = text("alfanumericoComune", 80, slashChars, lettersAnd("- '/.,()"))
	codiceISTAT    = simple("tipoCodiceIstatComune", "6 cifre", 6, 6, digit)
	siglaProvincia = simple("alfabeticoProvincia", "2 lettere", 2, 2,
		func(r rune) bool { return letter(r) && !digit(r) || strings.ContainsRune("- ',.", r) })
	descrizione120   = text("alfanumerico120char", 120, plainChars, lettersAnd("- '.,"))
	cap              = simple("tipoCap", "da 1 a 5 cifre", 1, 5, digit)
	frazione         = text("tipoFrazione", 80, addressChars, lettersAnd(",.-'\":; ()"))
	codSpecie        = numeric("tipoSpecieToponimo", 1, 4)
	specie           = text("tipoSpecie", 30, plainChars, lettersAnd("- '/.,"))
	fonte            = numeric("tipoSpecieFonte", 1, 1)
	codToponimo      = text("tipoCodToponimo", 6, alnumChars, asciiAlnum)
	toponimo         = text("alfanumericoIndirizzo", 100, slashChars, lettersAnd("- '/.,()"))
	codiceCivico     = text("tipoCodiceCivico", 10, alnumChars, asciiAlnum)
	numeroCiv        = numeric("tipoNumeroCiv", 1, 20)
	numericoMax6     = numeric("numericoMax6", 1, 6)
	numericoMax5     = numeric("numericoMax5", 1, 5)
	parteIndirizzo10 = text("alfanumericoParteIndirizzo10", 10, plainChars, lettersAnd("- '.,"))
	parteIndirizzo4  = text("alfanumericoParteIndirizzo4", 4, plainChars, lettersAnd("- '.,"))
	esponente1       = text("tipoEsponente1", 80, alnumChars, alnumAnd("- "))
	colore           = numeric("tipoColore", 1, 1)
	alnumSpace20     = text("tipoEspInterno1", 20, alnumChars, alnumAnd(" "))
	alnumSpace10     = text("tipoScalaEsterna", 10, alnumChars, alnumAnd(" "))
	alnumSpace1      = text("tipoSecondario", 1, alnumChars, alnumAnd(" "))
	piano            = text("tipoPiano", 5, alnumChars, alnumAnd(" -"))
	alnumSpace3      = text("tipoNui", 3, alnumChars, alnumAnd(" "))
	idLingua         = simple("tipoIdLingua", "da 1 a 9 cifre", 1, 9, digit)
	noteEstero       = text("tipoNoteIndirizzoEstero", 240, addressChars, lettersAnd(",.-'\":; "))
	descrizioneSlash = text("alfanumericoslash120char", 120, slashChars, lettersAnd("- '/.,()"))
	presso           = text("tipoPresso", 100, addressChars, lettersAnd("- ()'.,"))
)
