package electoral

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain returns the fields of annex 1 as the person whom they are about reads
// them: answers as «sì», «no» and «non indicato», constituencies in the case in
// which names are written («Piemonte 1»), colleges by what they are («Senato,
// collegio uninominale Marche 2»). A field without a value is left out. The names
// of the fields stay those of the decree. What a program compares is in
// [AnnexRecord.Fields].
func (r AnnexRecord) Plain() []AnnexField {
	var out []AnnexField
	for _, f := range r.Fields() {
		switch f.Name {
		case senateCollegeName:
			f.Value = plainCollege("Senato", f.Value)
		case chamberCollegeName:
			f.Value = plainCollege("Camera", f.Value)
		default:
			if f.Value = plainAnswer(f.Value); strings.HasPrefix(f.Name, "Circoscrizione") {
				f.Value = plainConstituency(f.Value)
			}
		}
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

// Plain returns a value of the field as people read it, as [AnnexRecord.Plain]
// does. Of a comune it is the Belfiore code still: its name stands in the tables.
func (f FieldInfo) Plain(value string) string {
	switch f.Field {
	case SenateCollegeField:
		return plainCollege("Senato", value)
	case ChamberCollegeField:
		return plainCollege("Camera", value)
	case SenateConstituencyField, ChamberConstituencyField, EuropeanConstituencyField, RegionalConstituencyField,
		DistrictConstituencyField:
		return plainConstituency(value)
	}
	if f.Answer {
		return plainAnswer(value)
	}
	return value
}

func plainAnswer(value string) string {
	if value == Yes.String() {
		return "sì"
	}
	return value
}

func plainConstituency(name string) string {
	return PlainName(europeanNumber.ReplaceAllString(name, ""))
}

// europeanNumber is the number before the name of a constituency of the European
// Parliament: "I : ITALIA NORD-OCCIDENTALE".
var europeanNumber = regexp.MustCompile(`^[IV]+ : `)

// plainCollege returns ANPR's text of a college in words. A text of another form
// stays as it is.
func plainCollege(house, text string) string {
	c, err := ParseCollege(text)
	if err != nil {
		return text
	}
	place := PlainName(c.Constituency)
	named := func(kind, number string) string {
		number = strings.TrimLeft(number[1:], "0")
		if last, _ := utf8.DecodeLastRuneInString(place); unicode.IsDigit(last) {
			// «Piemonte 1 2» would be read as one number.
			return "collegio " + kind + " n. " + number + " della circoscrizione " + place
		}
		return "collegio " + kind + " " + place + " " + number
	}
	s := house + ", " + named("uninominale", c.SingleMember)
	if c.MultiMember != "" {
		s += "; " + named("plurinominale", c.MultiMember)
	}
	return s
}

// lowerWords are the words that a name has in lower case after its first word.
// Read-only.
var lowerWords = map[string]bool{
	"e": true, "ed": true, "di": true, "a": true, "in": true, "del": true, "della": true, "dei": true, "degli": true,
	"delle": true, "d": true, "dell": true, "nell": true, "nel": true, "nella": true, "occidentale": true,
	"orientale": true, "centrale": true, "meridionale": true, "settentrionale": true, "insulare": true,
}

// romanNumber matches the numbers of districts: "MUNICIPIO XV".
var romanNumber = regexp.MustCompile(`^[IVX]+$`)

// PlainName returns a name that stands in capitals in ANPR's messages as it is
// written otherwise: "FRIULI-VENEZIA GIULIA" is «Friuli-Venezia Giulia», "ITALIA
// NORD-OCCIDENTALE" «Italia nord-occidentale». A name that has a lower-case letter
// already is returned as it is.
func PlainName(name string) string {
	if strings.ToUpper(name) != name {
		return name
	}
	var b strings.Builder
	rest, first := name, true
	for rest != "" {
		n := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) })
		if n < 0 {
			n = len(rest)
		}
		word, sign := rest[:n], ""
		if rest = rest[n:]; rest != "" {
			_, size := utf8.DecodeRuneInString(rest)
			sign, rest = rest[:size], rest[size:]
		}
		b.WriteString(plainWord(word, sign+rest, first))
		b.WriteString(sign)
		first = first && word == "" || sign == "/"
	}
	return b.String()
}

// plainWord returns a word of a name in capitals as it is written otherwise.
func plainWord(word, after string, first bool) string {
	lower := strings.ToLower(word)
	// «nord-occidentale» is an adjective, «Nord» alone a name.
	compound := lower == "nord" || lower == "sud"
	compound = compound && strings.HasPrefix(after, "-")
	switch {
	case romanNumber.MatchString(word) && !first:
		return word
	case !first && (lowerWords[lower] || compound):
		return lower
	}
	_, size := utf8.DecodeRuneInString(word)
	return word[:size] + lower[min(len(lower), size):]
}
