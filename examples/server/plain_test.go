package main

import (
	"html"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/liste-elettorali/anpr/electoral"
)

// TestPlainWords: the citizen's pages speak to him: «sì», names, what he can do;
// codes and law stand apart and small.
func TestPlainWords(t *testing.T) {
	_, base, _ := start(t, nil)
	c := browser(t)
	resp, text := login(t, c, base, "ignota", "cie-3")
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
	text = html.UnescapeString(text)
	assert.Contains(t, text, "Si rivolga all'ufficio anagrafe del comune dove vive o, se vive all'estero, al consolato.<details class=\"small\">")
	assert.NotContains(t, text, "Atteso")

	login(t, c, base, "jesi", "cie-3")
	_, text = get(t, c, base+"/area/dati")
	text = html.UnescapeString(text)
	for _, want := range []string{">sì<", ">Jesi<", ">Italia centrale<", ">Marche<", "Senato, collegio uninominale Marche"} {
		assert.Contains(t, text, want)
	}
	for _, never := range []string{">si<", " | ", "MARCHE"} {
		assert.NotContains(t, text, never, never)
	}

	ask := func(field electoral.Field, value string) (*http.Response, string) {
		resp, text := post(t, c, base+"/area/rettifica/"+string(field), url.Values{"valore": {value}})
		return resp, html.UnescapeString(text)
	}
	resp, text = ask(electoral.CapacityField, "si")
	assert.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	assert.Contains(t, text, "Il dato è già registrato così come lo chiede: non c'è nulla da correggere.")
	resp, text = ask(electoral.CapacityField, "forse")
	assert.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	assert.Contains(t, text, "dove si risponde «sì» o «no»")
	ask(electoral.CapacityField, " no ")
	comune := electoral.ListField(electoral.GeneralList, electoral.ListComune)
	for typed, says := range map[string]string{"": "Indicare come dovrebbe essere il dato.", "Qualunquelandia": "Nessun comune italiano",
		"san giovanni": "Più comuni hanno questo nome"} {
		resp, text = ask(comune, typed)
		assert.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode, typed)
		assert.Contains(t, text, says)
	}
	ask(comune, "ancona")
	resp, text = ask(comune, "Fano")
	assert.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	assert.Contains(t, text, "Una richiesta su questo dato è già in corso")
	_, text = get(t, c, base+"/area/rettifica")
	text = html.UnescapeString(text)
	assert.Contains(t, text, "Da «sì» a «no».")
	assert.Contains(t, text, "Da «Jesi» a «Ancona».")
}
