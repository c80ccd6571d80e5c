package electoral

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// The persons of this file are made up.

func fiscalVectors(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(filepath.Join(testenv.Shared(t), "data", "codice_fiscale", name))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	require.Greater(t, len(rows), 1)
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, c := range rows[0] {
			m[c] = row[i]
		}
		out = append(out, m)
	}
	return out
}

func fiscalTables(t testing.TB) *refdata.Tables {
	t.Helper()
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	return tables
}

func TestFiscalCodeVectorsValidation(t *testing.T) {
	tables := fiscalTables(t)
	for _, v := range fiscalVectors(t, "cf_validazione.csv") {
		code, err := ParseFiscalCode(v["codice"])
		var valid bool
		switch level := v["livello"]; level {
		case "controllo":
			// These vouch for the check character alone, of texts that break
			// other rules.
			var fe *FiscalCodeError
			valid = !errors.As(err, &fe) || fe.Code == FiscalCodeName
		case "luogo", "luogo+data":
			valid = err == nil && code.CheckPlace(tables) == FiscalCodePlaceInForce
		default:
			valid = err == nil
		}
		assert.Equal(t, v["esito"] == "valido", valid, "%s (%s): %v", v["codice"], v["livello"], err)
	}
}

func TestFiscalCodeVectorsComputation(t *testing.T) {
	for _, v := range fiscalVectors(t, "cf_calcolo.csv") {
		birth, err := refdata.ParseDate(v["data_nascita"])
		require.NoError(t, err)
		got, err := ComputeFiscalCode(v["cognome"], v["nome"], Sex(v["sesso"]), birth, v["cod_catastale"])
		require.NoError(t, err, "%v", v)
		want, err := ParseFiscalCode(v["codice_atteso"])
		require.NoError(t, err, "%v", v)
		assert.Equal(t, string(want.Base()), string(got), "%v", v)
		assert.True(t, want.MatchesPerson(v["cognome"], v["nome"], Sex(v["sesso"]), birth, v["cod_catastale"]))
		assert.False(t, want.MatchesPerson(v["cognome"], v["nome"], Sex(v["sesso"]), birth.AddDays(1), v["cod_catastale"]))
	}
}

func TestFiscalCodeVectorsDecoding(t *testing.T) {
	tables := fiscalTables(t)
	reference := Date{Year: 2026, Month: time.June, Day: 1}
	for _, v := range fiscalVectors(t, "cf_decodifica.csv") {
		code, err := ParseFiscalCode(v["codice"])
		require.NoError(t, err, v["codice"])
		assert.Equal(t, v["sesso"], string(code.Sex()), v["codice"])
		assert.Equal(t, v["cod_catastale"], code.Place(), v["codice"])
		assert.NotEqual(t, FiscalCodePlaceUnknown, code.CheckPlace(tables), v["codice"])
		if v["data_nascita"] == "" {
			continue
		}
		want, err := refdata.ParseDate(v["data_nascita"])
		require.NoError(t, err)
		assert.Contains(t, code.BirthDates(), want, v["codice"])
		if want.AddYears(100).After(reference) {
			assert.Equal(t, want, code.BirthDate(reference), v["codice"])
		}
	}
}

func TestFiscalCodeVectorsOmocodia(t *testing.T) {
	for _, v := range fiscalVectors(t, "cf_omocodie.csv") {
		code, err := ParseFiscalCode(v["codice"])
		require.NoError(t, err, v["codice"])
		assert.Equal(t, v["codice_base"], string(code.Base()), v["codice"])
		assert.Equal(t, v["n_sostituzioni"], strconv.Itoa(code.IsOmocode()), v["codice"])
		assert.Zero(t, code.Base().IsOmocode())
	}
}

func TestFiscalCodeVectorsParts(t *testing.T) {
	for _, v := range fiscalVectors(t, "cf_parti.csv") {
		letters, err := fiscalLetters(v["valore"], "a name")
		require.NoError(t, err)
		assert.Equal(t, v["codice_atteso"], fiscalPart(letters, v["parte"] == "nome"), "%v", v)
	}
}

// Every single change of a character, and every swap of two neighbours of
// different parity value, must be noticed or give another well-formed code.
func TestFiscalCodeNoticesEveryChange(t *testing.T) {
	code := mustFiscalCode(t, "Prova", "Finto", Male, Date{Year: 1985, Month: time.April, Day: 3}, "L219")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	for i := range len(code) {
		for j := range len(alphabet) {
			if alphabet[j] == code[i] {
				continue
			}
			changed := string(code[:i]) + alphabet[j:j+1] + string(code[i+1:])
			_, err := ParseFiscalCode(changed)
			var fe *FiscalCodeError
			require.ErrorAs(t, err, &fe, changed)
			assert.NotContains(t, err.Error(), changed[:6], "the error must not spill the code")
		}
	}
}

func TestFiscalCodeErrors(t *testing.T) {
	base := string(mustFiscalCode(t, "Prova", "Finto", Female, Date{Year: 1999, Month: time.December, Day: 31}, "H501"))
	with := func(i int, s string) string { return base[:i] + s + base[i+len(s):] }
	for _, c := range []struct {
		in, code string
		position int
	}{
		{"", FiscalCodeLength, 0},
		{base + "A", FiscalCodeLength, 0},
		{base[:15], FiscalCodeLength, 0},
		{strings.Repeat("A", 1<<20), FiscalCodeLength, 0},
		{strings.Repeat(" ", 65), FiscalCodeLength, 0},
		{with(0, "1"), FiscalCodeForm, 1},
		{with(15, "1"), FiscalCodeForm, 16},
		{with(6, "%"), FiscalCodeForm, 7},
		{with(6, "é"), FiscalCodeForm, 7},
		{with(12, "O"), FiscalCodeOmocodia, 13},
		{with(8, "Z"), FiscalCodeMonth, 9},
		{with(9, "72"), FiscalCodeDay, 10},
		{with(9, "00"), FiscalCodeDay, 10},
		{with(9, "32"), FiscalCodeDay, 10},
		{with(9, "40"), FiscalCodeDay, 10},
		{with(9, "80"), FiscalCodeDay, 10},
		{with(8, "B30"), FiscalCodeDay, 10},
		{with(8, "B29"), FiscalCodeDay, 10},
		{with(8, "D31"), FiscalCodeDay, 10},
		{with(15, string('A'+(base[15]-'A'+1)%26)), FiscalCodeCheck, 16},
		{recheckFiscalCode(with(0, "ABC")), FiscalCodeName, 2},
		{recheckFiscalCode(with(3, "CAB")), FiscalCodeName, 6},
		{recheckFiscalCode(with(3, "AXA")), FiscalCodeName, 5},
		{"12345678901", FiscalCodeCheck, 11},
		{"1234567890A", FiscalCodeForm, 11},
		{"00000000000", FiscalCodeForm, 1},
	} {
		_, err := ParseFiscalCode(c.in)
		var fe *FiscalCodeError
		require.ErrorAs(t, err, &fe, "%.40q", c.in)
		assert.Equal(t, c.code, fe.Code, "%.40q", c.in)
		assert.Equal(t, c.position, fe.Position, "%.40q", c.in)
		assert.NotEmpty(t, fe.Expected)
		assert.LessOrEqual(t, len(fe.Value), 32)
	}
	leap, err := ParseFiscalCode(recheckFiscalCode(base[:6] + "00B29" + base[11:]))
	require.NoError(t, err)
	assert.Equal(t, []Date{{Year: 2000, Month: time.February, Day: 29}}, leap.BirthDates())
	for _, part := range []string{"XXX", "FOX", "OXX", "AEI", "CXX", "BCA", "MAX", "AIX"} {
		_, err := ParseFiscalCode(recheckFiscalCode(part + base[3:]))
		assert.NoError(t, err, part)
	}
}

func TestFiscalCodeBirthDates(t *testing.T) {
	code := mustFiscalCode(t, "Prova", "Finto", Male, Date{Year: 1926, Month: time.May, Day: 10}, "H501")
	old, young := fiscalDay("1926-05-10"), fiscalDay("2026-05-10")
	assert.Equal(t, []Date{old, young}, code.BirthDates())
	assert.Equal(t, old, code.BirthDate(fiscalDay("2026-05-09")))
	assert.Equal(t, young, code.BirthDate(fiscalDay("2026-05-10")))
	assert.Equal(t, young, code.BirthDate(Date{Year: 2026}), "of a year alone, its last day counts")
	assert.Zero(t, code.BirthDate(fiscalDay("1910-01-01")))
	assert.Zero(t, code.BirthDate(Date{}))
}

func TestFiscalCodePlaces(t *testing.T) {
	tables := fiscalTables(t)
	for _, c := range []struct {
		year  int
		place string
		want  FiscalCodePlace
	}{
		{1985, "H501", FiscalCodePlaceInForce},
		{1985, "Z110", FiscalCodePlaceInForce},
		{1985, "Z105", FiscalCodePlaceInForce},    // Czechoslovakia
		{1999, "Z105", FiscalCodePlaceOtherDates}, // ... which had ceased
		{1999, "D620", FiscalCodePlaceOtherDates}, // Fiume, Italian until 1947
		{1931, "D620", FiscalCodePlaceInForce},
		{1999, "M439", FiscalCodePlaceOtherDates}, // a comune of 2026
		{1985, "N999", FiscalCodePlaceUnknown},
		{1985, "Z999", FiscalCodePlaceUnknown},
	} {
		code := mustFiscalCode(t, "Prova", "Finto", Male, Date{Year: c.year, Month: time.March, Day: 1}, c.place)
		assert.Equal(t, c.want, code.CheckPlace(tables), "%d %s", c.year, c.place)
	}
	assert.Equal(t, FiscalCodePlaceUnknown, FiscalCode("12345678903").CheckPlace(tables))
	assert.Equal(t, FiscalCodePlaceUnknown, FiscalCode("").CheckPlace(nil))
}

func TestFiscalCodeProvisional(t *testing.T) {
	code, err := ParseFiscalCode("123 4567 890-3")
	require.NoError(t, err)
	assert.Equal(t, "12345678903", string(code))
	assert.True(t, code.IsProvisional())
	assert.Equal(t, code, code.Base())
	assert.Equal(t, SexUnknown, code.Sex())
	assert.Empty(t, code.Place())
	assert.Nil(t, code.BirthDates())
	assert.Zero(t, code.IsOmocode())
	assert.False(t, code.MatchesPerson("Prova", "Finto", Male, fiscalDay("1985-03-01"), "H501"))
	assert.False(t, FiscalCode("12345678901").IsProvisional())
}

func TestComputeFiscalCodeRefuses(t *testing.T) {
	march := fiscalDay("1985-03-01")
	for _, c := range []struct {
		surname, name string
		sex           Sex
		birth         Date
		place         string
	}{
		{"", "", Male, march, "H501"},
		{"Prova1", "Finto", Male, march, "H501"},
		{"Иванов", "Finto", Male, march, "H501"},
		{"Prova", "Fin/to", Male, march, "H501"},
		{"Prova", "Finto\x00", Male, march, "H501"},
		{"Prova", "Finto", SexUnknown, march, "H501"},
		{"Prova", "Finto", Male, Date{Year: 1985}, "H501"},
		{"Prova", "Finto", Male, Date{Year: 1985, Month: time.February, Day: 29}, "H501"},
		{"Prova", "Finto", Male, fiscalDay("1885-02-02"), "H501"},
		{"Prova", "Finto", Male, march, "h501"},
		{"Prova", "Finto", Male, march, "H50"},
		{"Prova", "Finto", Male, march, "H5O1"},
	} {
		_, err := ComputeFiscalCode(c.surname, c.name, c.sex, c.birth, c.place)
		var fe *FiscalCodeError
		require.ErrorAs(t, err, &fe, "%+v", c)
		assert.Equal(t, FiscalCodeUnderived, fe.Code)
		assert.NotContains(t, err.Error(), "Prova1")
	}
	a := mustFiscalCode(t, "D’Àmbra-Müßig", "Łukasz", Male, march, "Z127")
	b := mustFiscalCode(t, "DAMBRA MUSSIG", "LUKASZ", Male, march, "Z127")
	assert.Equal(t, string(b), string(a))
}

// A code must not get into a log by being printed, and must get whole into JSON.
func TestFiscalCodeIsMasked(t *testing.T) {
	code := mustFiscalCode(t, "Prova", "Finto", Male, fiscalDay("1985-03-01"), "H501")
	var buf bytes.Buffer
	slog.New(slog.NewTextHandler(&buf, nil)).Info("x", "code", code)
	buf.WriteString(fmt.Sprint(code) + fmt.Sprintf("%v %s %+v", code, code, struct{ C FiscalCode }{code}))
	assert.NotContains(t, buf.String(), string(code[:3]))
	assert.Contains(t, buf.String(), strings.Repeat("*", 16))
	data, err := json.Marshal(code)
	require.NoError(t, err)
	assert.Equal(t, `"`+string(code)+`"`, string(data))
	assert.Empty(t, FiscalCode("").String())
}

func mustFiscalCode(t testing.TB, surname, name string, sex Sex, birth Date, place string) FiscalCode {
	t.Helper()
	code, err := ComputeFiscalCode(surname, name, sex, birth, place)
	require.NoError(t, err)
	parsed, err := ParseFiscalCode(string(code))
	require.NoError(t, err)
	require.Equal(t, string(code), string(parsed))
	require.Equal(t, sex, code.Sex())
	require.Equal(t, place, code.Place())
	require.True(t, slices.Contains(code.BirthDates(), birth))
	return code
}

// fiscalDay reads a date that is right.
func fiscalDay(s string) Date {
	d, err := refdata.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// recheckFiscalCode gives a text of sixteen characters the check character that it needs.
func recheckFiscalCode(v string) string { return v[:15] + string(fiscalCheck(v[:15])) }

func ExampleParseFiscalCode() {
	code, err := ParseFiscalCode("prv fnt 85 d43 l219-q")
	var fault *FiscalCodeError
	if errors.As(err, &fault) {
		fmt.Println(fault.Code, fault.Position)
	}
	code, err = ComputeFiscalCode("Prova", "Finta", Female, Date{Year: 1985, Month: time.April, Day: 3}, "L219")
	fmt.Println(string(code), err)
	fmt.Println(code, code.BirthDate(Date{Year: 2026}), code.Sex(), code.Place())
	// Output:
	// check 16
	// PRVFNT85D43L219Y <nil>
	// **************** 1985-04-03 F L219
}
