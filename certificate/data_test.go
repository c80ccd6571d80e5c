package certificate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

func enrolmentData() Data {
	return Data{
		Kind: EnrolmentCertificate, Trial: true, Protocol: "20261122000417", IssuedAt: noon, ValidUntil: day("2027-05-22"), Use: ElectoralUse,
		Subject: Subject{
			Surname: "ESPOSITO <PROVA> & \"FIGLI\"", Name: "MARIA", Sex: electoral.Female,
			Birth: Birth{Date: day("1984-03"), Place: "Napoli", Province: "NA"},
		},
		Enrolment: &Enrolment{List: electoral.GeneralList, Comune: Comune{Code: "H501", Name: "Roma"}, Section: "1024", Seat: "Scuola d'Òr"},
		Statement: Statement{EnrolledGeneral, "it"},
		Issuer:    Authority{Channel: ComuneChannel, Name: defaultAuthority, Comune: &Comune{Code: "F205", Name: "Milano"}, Signer: &Signer{Role: Mayor}},
		Nonce:     Nonce{1, 2, 3},
	}
}

func rightsData() Data {
	d := enrolmentData()
	d.Kind, d.Enrolment, d.Statement.Code, d.Use = PoliticalRightsCertificate, nil, PoliticalRights, PrivateUse
	d.Subject = Subject{Name: "Ștefan", Sex: electoral.SexUnknown, Birth: Birth{Date: day("1950"), State: "ROMANIA"}}
	d.Issuer = Authority{Channel: PortalChannel, Name: defaultAuthority}
	return d
}

func TestDataIsCanonical(t *testing.T) {
	got, err := enrolmentData().Encode()
	require.NoError(t, err)
	const want = `{"version":1,"kind":"enrolment","trial":true,"protocol":"20261122000417","issuedAt":"2026-11-22T09:41:07.123Z","validUntil":"2027-05-22","use":"electoral",` +
		`"subject":{"surname":"ESPOSITO <PROVA> & \"FIGLI\"","name":"MARIA","sex":"F","birth":{"date":"1984-03","place":"Napoli","province":"NA"}},` +
		`"enrolment":{"list":"general","comune":{"code":"H501","name":"Roma"},"section":"1024","seat":"Scuola d'Òr"},"statement":{"code":"enrolled-general","language":"it"},` +
		`"issuer":{"channel":"comune","name":"Direzione centrale per i servizi elettorali","comune":{"code":"F205","name":"Milano"},"signer":{"role":"mayor"}},"nonce":"01020300000000000000000000000000"}`
	assert.Equal(t, want, string(got))
}

func TestDataRoundTrip(t *testing.T) {
	for _, d := range []Data{enrolmentData(), rightsData()} {
		b, err := d.Encode()
		require.NoError(t, err)
		got, err := ParseData(b)
		require.NoError(t, err)
		assert.Equal(t, d, got)
	}
}

func TestParseDataIsStrict(t *testing.T) {
	good, err := enrolmentData().Encode()
	require.NoError(t, err)
	s := string(good)
	for name, c := range map[string]struct{ data, want string }{
		"empty":              {"", "byte 0"},
		"null":               {"null", "version 0"},
		"white space":        {s + "\n", "canonical form from byte 651"},
		"leading space":      {" " + s, "canonical form from byte 0"},
		"trailing data":      {s + "{}", "canonical form"},
		"unknown field":      {strings.Replace(s, `"trial"`, `"trail"`, 1), "unknown field"},
		"capitals":           {strings.Replace(s, `"trial"`, `"Trial"`, 1), "canonical form from byte 33"},
		"duplicate":          {strings.Replace(s, `"trial":true`, `"trial":false,"trial":true`, 1), "canonical form"},
		"order":              {strings.Replace(s, `"trial":true,"protocol":"20261122000417"`, `"protocol":"20261122000417","trial":true`, 1), "canonical form"},
		"escape":             {strings.Replace(s, "Roma", `\u0052oma`, 1), "canonical form"},
		"null for absent":    {strings.Replace(s, `"signer":{"role":"mayor"}`, `"signer":{"role":"mayor","name":""}`, 1), "canonical form"},
		"version":            {strings.Replace(s, `"version":1`, `"version":2`, 1), "version 2"},
		"microseconds":       {strings.Replace(s, "07.123Z", "07.123456Z", 1), "issuedAt"},
		"comma in the time":  {strings.Replace(s, "07.123Z", "07,123Z", 1), "canonical form"},
		"zone":               {strings.Replace(s, "07.123Z", "07.123+01:00", 1), "issuedAt"},
		"no such day":        {strings.Replace(s, "2027-05-22", "2027-02-30", 1), "validUntil"},
		"incomplete expiry":  {strings.Replace(s, "2027-05-22", "2027-05", 1), "validUntil"},
		"protocol":           {strings.Replace(s, `"20261122000417"`, `"20-17"`, 1), "protocol"},
		"nonce":              {strings.Replace(s, `"nonce":"01`, `"nonce":"`, 1), "nonce"},
		"nonce in capitals":  {strings.Replace(s, `"nonce":"01020300`, `"nonce":"0102030A`, 1), "canonical form"},
		"kind":               {strings.Replace(s, `"kind":"enrolment"`, `"kind":"all"`, 1), "kind"},
		"kind and statement": {strings.Replace(s, `enrolled-general`, `political-rights`, 1), "does not go with"},
		"list":               {strings.Replace(s, `"list":"general"`, `"list":"eu-comunal"`, 1), "does not go with"},
		"belfiore":           {strings.Replace(s, `H501`, `h501`, 1), "Belfiore"},
		"control character":  {strings.Replace(s, `MARIA`, `MA\u0007RIA`, 1), "subject.name: character U+0007 at position 3"},
		"not composed":       {strings.Replace(s, `MARIA`, `MARIA\u0300`, 1), "normal form C"},
		"not UTF-8":          {strings.Replace(s, `MARIA`, "MARI\xff", 1), ""},
		"long name":          {strings.Replace(s, `MARIA`, strings.Repeat("A", 201), 1), "201 characters"},
		"sex":                {strings.Replace(s, `"sex":"F"`, `"sex":"X"`, 1), "subject.sex"},
		"province abroad":    {strings.Replace(s, `"province":"NA"`, `"province":"NA","state":"FRANCIA"`, 1), "subject.birth.province"},
		"portal's signer":    {strings.Replace(s, `"channel":"comune"`, `"channel":"portal"`, 1), "neither comune nor signer"},
		"too long":           {strings.Repeat(" ", maxData+1), "at most"},
	} {
		_, err := ParseData([]byte(c.data))
		assert.ErrorContains(t, err, c.want, name)
	}
}

func TestCheckNamesEveryFault(t *testing.T) {
	err := Data{}.Check()
	for _, path := range []string{"kind", "use", "protocol", "issuedAt", "validUntil", "subject.surname", "subject.name", "subject.sex", "subject.birth.date", "subject.birth.place", "statement.code", "statement.language", "issuer.name", "issuer.channel"} {
		assert.ErrorContains(t, err, path)
	}
	d := enrolmentData()
	d.IssuedAt = d.IssuedAt.Add(time.Microsecond)
	_, err = d.Encode()
	assert.ErrorContains(t, err, "issuedAt")
}

// TestSchema holds the published schema and the parser together: what one
// accepts the other does, on good data and on data that breaks one rule each.
func TestSchema(t *testing.T) {
	var schema map[string]any
	require.NoError(t, json.Unmarshal(DataSchema(), &schema))
	valid := func(data []byte) error {
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			return err
		}
		return validate(schema, schema, v, "$")
	}
	for _, d := range []Data{enrolmentData(), rightsData()} {
		b, err := d.Encode()
		require.NoError(t, err)
		assert.NoError(t, valid(b))
	}
	b, err := enrolmentData().Encode()
	require.NoError(t, err)
	for _, change := range [][2]string{
		{`"version":1`, `"version":2`}, {`"enrolment",`, `"none",`}, {`true`, `"true"`}, {`"20261122000417"`, `""`}, {`07.123Z`, `07Z`}, {`2027-05-22`, `2027-13-22`},
		{`"electoral"`, `"public"`}, {`"sex":"F"`, `"sex":""`}, {`1984-03`, `84-03`}, {`"NA"`, `"Na"`}, {`"list":"general"`, `"list":"x"`}, {`H501`, `H5010`},
		{`"section":"1024"`, `"section":""`}, {`"language":"it"`, `"language":"ita"`}, {`"channel":"comune"`, `"channel":"x"`}, {`"role":"mayor"`, `"role":"x"`},
		{`"nonce":"01`, `"nonce":"0Z`}, {`"trial":true,`, ``}, {`"sex":"F",`, ``}, {`"role":"mayor"`, ``}, {`"trial"`, `"extra":1,"trial"`},
		{`"surname":"ESPOSITO <PROVA> & \"FIGLI\"","name":"MARIA",`, ``}, {`"place":"Napoli",`, ``},
	} {
		bad := []byte(strings.Replace(string(b), change[0], change[1], 1))
		require.NotEqual(t, string(b), string(bad), change[0])
		assert.Error(t, valid(bad), "the schema, %s", change[1])
		_, err := ParseData(bad)
		assert.Error(t, err, "the parser, %s", change[1])
	}
}

// validate is the part of JSON Schema that the schema uses. A keyword that it
// does not know is an error.
func validate(root, schema map[string]any, v any, path string) error {
	if ref, ok := schema["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/$defs/")
		return validate(root, root["$defs"].(map[string]any)[name].(map[string]any), v, path)
	}
	bad := func(keyword string) error { return fmt.Errorf("%s: %s", path, keyword) }
	object, _ := v.(map[string]any)
	text, isText := v.(string)
	for keyword, want := range schema {
		ok := true
		switch keyword {
		case "$schema", "$id", "$defs", "title", "description":
		case "type":
			switch want {
			case "object":
				ok = object != nil
			case "string":
				ok = isText
			case "boolean":
				_, ok = v.(bool)
			case "integer":
				n, isNumber := v.(float64)
				ok = isNumber && n == math.Trunc(n)
			case "array":
				_, ok = v.([]any)
			default:
				return bad("unknown type")
			}
		case "const":
			ok = v == want
		case "enum":
			ok = slices.Contains(want.([]any), v)
		case "pattern":
			ok = isText && regexp.MustCompile(want.(string)).MatchString(text)
		case "minLength":
			ok = float64(utf8.RuneCountInString(text)) >= want.(float64)
		case "maxLength":
			ok = float64(utf8.RuneCountInString(text)) <= want.(float64)
		case "minimum":
			n, isNumber := v.(float64)
			ok = isNumber && n >= want.(float64)
		case "minItems":
			list, isList := v.([]any)
			ok = isList && float64(len(list)) >= want.(float64)
		case "items":
			list, _ := v.([]any)
			for n, value := range list {
				if err := validate(root, want.(map[string]any), value, fmt.Sprintf("%s[%d]", path, n)); err != nil {
					return err
				}
			}
		case "required":
			for _, name := range want.([]any) {
				if _, there := object[name.(string)]; !there {
					ok = false
				}
			}
		case "anyOf":
			ok = slices.ContainsFunc(want.([]any), func(s any) bool { return validate(root, s.(map[string]any), v, path) == nil })
		case "additionalProperties":
			for name := range object {
				if _, known := schema["properties"].(map[string]any)[name]; !known {
					return bad("unknown property " + name)
				}
			}
		case "properties":
			for name, sub := range want.(map[string]any) {
				if value, there := object[name]; there {
					if err := validate(root, sub.(map[string]any), value, path+"."+name); err != nil {
						return err
					}
				}
			}
		default:
			return bad("keyword " + keyword + " is not known to this test")
		}
		if !ok {
			return bad(keyword)
		}
	}
	return nil
}

func FuzzParseData(f *testing.F) {
	for _, d := range []Data{enrolmentData(), rightsData()} {
		b, err := d.Encode()
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseData(b)
		if err != nil {
			return
		}
		again, err := d.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("accepted %q, which is written %q (%v)", b, again, err)
		}
	})
}
