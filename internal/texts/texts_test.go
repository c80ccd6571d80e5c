package texts_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/texts"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestLoad(t *testing.T) {
	c, err := texts.Load(fstest.MapFS{"t/it.json": file(`{"a": "Fino al {day}", "b": "sì"}`),
		"t/de.json": file(`{"a": "Bis {day}", "b": "ja"}`)}, "t", "it", "de")
	require.NoError(t, err)
	require.Equal(t, []string{"it", "de"}, c.Languages())
	require.Equal(t, []string{"a", "b"}, c.Keys())
	for language, want := range map[string]string{"it": "Fino al 7", "de": "Bis 7", "fr": "Fino al 7"} {
		text, err := c.Say(language, "a", "day", 7)
		require.NoError(t, err)
		require.Equal(t, want, text)
	}
	text, err := c.Say("it", "a", "day", "{b}")
	require.NoError(t, err)
	require.Equal(t, "Fino al {b}", text, "a value is no text")
	for _, args := range [][]any{{"x"}, {"a"}, {"a", "day"}, {"a", "other", 1}} {
		_, err := c.Say("it", args[0].(string), args[1:]...)
		require.Error(t, err, "%v", args)
	}
	var none texts.Catalogue
	_, err = none.Say("it", "a")
	require.Error(t, err)
	require.Empty(t, none.Keys())

	_, err = texts.Load(fstest.MapFS{"it.json": file(`{"a": "Fino al {day}", "b": "sì", "c": "x"}`),
		"de.json": file(`{"a": "Bis {tag}", "d": "ja", "c": " "}`)}, ".", "it", "de")
	for _, want := range []string{"de: a has the places [tag], expected [day]", "de: no text b", "c is empty", "d is not in it"} {
		require.ErrorContains(t, err, want)
	}
	for _, bad := range []fstest.MapFS{{}, {"it.json": file(`[]`)}, {"it.json": file(`{"a": 1}`)}} {
		_, err := texts.Load(bad, ".", "it")
		require.Error(t, err)
	}
}

func TestAccepted(t *testing.T) {
	for header, want := range map[string]string{"": "it", "de": "de", "de-AT,it;q=0.5": "de", "en, fr;q=0.3, sl;q=0.4": "sl",
		"it;q=0.5, de;q=0.9": "de", "en": "it", "de;q=0": "it", "de;q=x, fr;q=0.1": "fr", "de;q=NaN": "it", "FR-ch": "fr"} {
		require.Equal(t, want, texts.Accepted(header, []string{"it", "de", "fr", "sl"}), header)
	}
	require.Empty(t, texts.Accepted("de", nil))
}

func FuzzAccepted(f *testing.F) {
	f.Add("de-AT;q=0.7, it")
	f.Fuzz(func(t *testing.T, header string) {
		require.Contains(t, []string{"it", "de"}, texts.Accepted(header, []string{"it", "de"}))
	})
}
