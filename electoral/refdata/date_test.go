package refdata

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// on reads a date that is right.
func on(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestParseDate(t *testing.T) {
	for _, s := range []string{"2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31", "1985-04", "1985"} {
		d, err := ParseDate(s)
		require.NoError(t, err, s)
		assert.Equal(t, s, d.String())
		assert.True(t, d.Valid())
		assert.Equal(t, len(s) == 10, d.Complete())
	}
	for _, s := range []string{"", "0000", "1985-00", "1985-13", "1985-04-00", "1985-04-31", "2023-02-29", "1900-02-29",
		"1985-4-3", "85-04-03", "1985/04/03", "1985-04-03T", "1985-04-03 ", " 1985-04-03", "+985", "１９８５", "1985-0a", "1985-", "19850403"} {
		_, err := ParseDate(s)
		assert.ErrorContains(t, err, "expected", s)
	}
}

func TestDateText(t *testing.T) {
	type v struct {
		D Date `json:"d,omitzero"`
	}
	for _, s := range []string{`{}`, `{"d":"1985-04-03"}`, `{"d":"1985-04"}`, `{"d":"1985"}`} {
		var x v
		require.NoError(t, json.Unmarshal([]byte(s), &x))
		out, err := json.Marshal(x)
		require.NoError(t, err)
		assert.Equal(t, s, string(out))
	}
	var x v
	assert.Error(t, json.Unmarshal([]byte(`{"d":"1985-02-30"}`), &x))
	require.NoError(t, json.Unmarshal([]byte(`{"d":""}`), &x))
	assert.True(t, x.D.IsZero())
	_, err := Date{Year: 1985, Day: 3}.MarshalText()
	assert.Error(t, err)
}

func TestDateOrder(t *testing.T) {
	sorted := []Date{{}, on("1984-12-31"), on("1985"), on("1985-01-02"), on("1985-02"), on("1985-02-02"), on("9999-12-31")}
	for i, a := range sorted {
		for j, b := range sorted {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			assert.Equal(t, want, a.Compare(b), "%s %s", a, b)
			assert.Equal(t, want < 0, a.Before(b))
			assert.Equal(t, want > 0, a.After(b))
		}
	}
	assert.Zero(t, on("1985").Compare(on("1985-01-01")))
	assert.Equal(t, on("1985-12-31"), on("1985").Latest())
	assert.Equal(t, on("2024-02-29"), on("2024-02").Latest())
	assert.Equal(t, on("2024-02-01"), on("2024-02").Earliest())
	assert.True(t, Date{}.Latest().IsZero())
}

func TestDateArithmetic(t *testing.T) {
	assert.Equal(t, on("2022-02-28"), on("2004-02-29").AddYears(18))
	assert.Equal(t, on("2024-02-29"), on("2004-02-29").AddYears(20))
	assert.Equal(t, on("2003-12-31"), on("1985-12-31").AddYears(18))
	assert.Equal(t, on("2003-12"), on("1985-12").AddYears(18))
	assert.True(t, Date{}.AddYears(18).IsZero())
	assert.Equal(t, on("2024-03-01"), on("2024-02-28").AddDays(2))
	assert.Equal(t, on("2023-12-31"), on("2024").AddDays(-1))
	rome, err := time.LoadLocation("Europe/Rome")
	require.NoError(t, err)
	instant := time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC)
	assert.Equal(t, on("2026-11-21"), DateOf(instant))
	assert.Equal(t, on("2026-11-22"), DateOf(instant.In(rome)))
	assert.Equal(t, time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC), on("2026-11-22").In(rome).UTC())
	for _, d := range []Date{{Year: 10000, Month: 1, Day: 1}, {Year: -1}, {Year: 1985, Month: 13}, {Year: 1985, Month: -1, Day: 1},
		{Year: 1985, Month: 1, Day: -1}, {Year: 1985, Day: 1}, {Month: 1, Day: 1}, {}} {
		assert.False(t, d.Valid(), "%#v", d)
	}
}

func TestFold(t *testing.T) {
	for _, same := range [][]string{
		{"AGLIE", "Agliè", "AGLIE'", "aglie’", " Aglie` ", "agli\u00e8", "aglie\u0300"},
		{"TRENTINO ALTO ADIGE/SUDTIROL", "Trentino-Alto Adige/Südtirol", "TRENTINO - ALTO ADIGE / SÜDTIROL"},
		{"SAVOGNA D ISONZO SOVODNJE OB SOCI", "Savogna d'Isonzo-Sovodnje ob Soči", "SAVOGNA D'ISONZO-SOVODNJE OB SOCI"},
		{"SANT ANGELO", "Sant'Angelo", "SANT' ANGELO", "Sant’Angelo"},
		{"KURTINIG AN DER WEINSTRASSE", "Kurtinig an der Weinstraße", "KURTINIG AN DER WEINSTRAẞE"},
		{"ST ULRICH", "St. Ulrich", "ST.ULRICH"},
		{"I ITALIA NORD OCCIDENTALE", "I : ITALIA NORD-OCCIDENTALE", "I - Italia nord-occidentale"},
		{"", "", " ", "'-.", "\xff\xfe"},
		{"A B", "a\xffb", "a\u00a0b", "a\nb"},
	} {
		for _, s := range same {
			assert.Equal(t, same[0], Fold(s), "%q", s)
		}
	}
	assert.NotEqual(t, Fold("Roma"), Fold("Romà1"))
}

func TestElide(t *testing.T) {
	for text, want := range map[string]string{
		"scaduto il 8 marzo 2026; dal 11 novembre 2026 al 8 aprile": "scaduto l'8 marzo 2026; dall'11 novembre 2026 all'8 aprile",
		"Il 8 maggio 2026, prima del 11 luglio":                     "L'8 maggio 2026, prima dell'11 luglio",
		"il 18 marzo 2026, il 1° marzo, il 3 agosto":                "il 18 marzo 2026, il 1° marzo, il 3 agosto",
		"il 8 KiB, sezione 8 marzo, nel 8 giugno":                   "il 8 KiB, sezione 8 marzo, nell'8 giugno",
		"": "",
	} {
		if got := Elide(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
