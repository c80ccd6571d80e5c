package contrassegno_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
)

// TestParseTyped reads a code as people type it, and refuses what it would have to
// guess.
func TestParseTyped(t *testing.T) {
	const base = "https://verifica.example.it"
	m, err := contrassegno.New(base, bytes.Repeat([]byte{3}, contrassegno.MinKeySize), []byte(`{"n":3}`))
	require.NoError(t, err)
	code, whole := m.Code(), m.String()
	for _, letter := range "OIB" {
		require.Contains(t, code, string(letter))
	}
	digest, mac, _ := strings.Cut(code, "-")
	for name, typed := range map[string]string{
		"as printed": code, "small": strings.ToLower(code), "without the dash": digest + mac,
		"with spaces": strings.Join(strings.Split(code, ""), " "), "on two lines": digest + "-\r\n" + mac + "\n",
		"another dash": digest + "–" + mac, "minus": digest + "\u2212" + mac, "dash and spaces": digest + " - " + mac,
		"groups": digest[:4] + "-" + digest[4:8] + "-" + digest[8:] + "-" + mac, "a full stop": code + ".",
		"a comma and a space": " " + code + ", ", "the address": whole, "small address": strings.ToLower(whole) + ".",
		"without the scheme":  strings.ToLower(strings.TrimPrefix(whole, "HTTPS://")),
		"address with spaces": strings.ReplaceAll(whole, "/", " / "), "no-break spaces": strings.ReplaceAll(code, "-", "\u00a0"),
		"zero for O": strings.ReplaceAll(code, "O", "0"), "one for I": strings.ReplaceAll(code, "I", "1"),
		"eight for B": strings.ReplaceAll(code, "B", "8"),
	} {
		got, err := contrassegno.ParseTyped(typed, base)
		require.NoError(t, err, "%s: %q", name, typed)
		require.Equal(t, m, got, name)
	}
	for name, typed := range map[string]string{
		"empty": "", "a character less": code[1:], "one more": code + "A", "a nine": "9" + code[1:],
		"a letter with an accent": "É" + code[1:], "a question mark": code + "?", "a plain address": strings.Replace(whole,
			"HTTPS", "HTTP", 1), "half an address": "://" + whole, "two codes": code + code, "another path": strings.Replace(whole,
			"/C/", "/D/", 1), "very long": strings.Repeat(" ", 200) + code,
	} {
		_, err := contrassegno.ParseTyped(typed, base)
		require.ErrorIs(t, err, contrassegno.ErrInvalid, "%s: %q", name, typed)
	}
	other, err := contrassegno.ParseTyped(strings.Replace(whole, "VERIFICA", "ALTRO", 1), base)
	require.NoError(t, err)
	require.Equal(t, "HTTPS://ALTRO.EXAMPLE.IT", other.Base(), "the address that was typed counts")
}

// TestAt keeps code and address apart.
func TestAt(t *testing.T) {
	key := bytes.Repeat([]byte{3}, contrassegno.MinKeySize)
	m, err := contrassegno.New("https://nuovo.example", key, []byte("{}"))
	require.NoError(t, err)
	old, err := m.At("https://vecchio.example/VIA")
	require.NoError(t, err)
	require.Equal(t, "HTTPS://VECCHIO.EXAMPLE/VIA", old.Base())
	require.Equal(t, m.Code(), old.Code())
	require.True(t, old.Authentic(key) && old.Matches([]byte("{}")))
	_, err = m.At("http://x")
	require.Error(t, err)
	_, err = contrassegno.Mark{}.At("https://x.it")
	require.ErrorIs(t, err, contrassegno.ErrInvalid)
}

func FuzzParseTyped(f *testing.F) {
	f.Add("https://verifica.example.it/c/abc", "https://x.it")
	f.Add("ABCDEFGHIJKLMNOPQRSTUVWXYZ-ABCDEFGHIJKLM.", "https://x.it/A")
	f.Fuzz(func(t *testing.T, text, base string) {
		m, err := contrassegno.ParseTyped(text, base)
		if err != nil {
			return
		}
		again, err := contrassegno.Parse(m.String())
		require.NoError(t, err)
		require.Equal(t, m, again)
	})
}
