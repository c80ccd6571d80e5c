package main

import (
	"html"
	"net/http"
	"net/url"
	"strings"
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
	assert.Contains(t, text, "Si rivolga all'ufficio anagrafe del comune dove vive o, se vive all'estero, al consolato. <span class=\"d-block small")
	assert.NotContains(t, text, "Atteso")

	login(t, c, base, "jesi", "cie-3")
	_, text = get(t, c, base+"/area/dati")
	text = html.UnescapeString(text)
	for _, want := range []string{">sì<", ">Jesi<", ">Italia centrale<", ">Marche<", "Senato, collegio uninominale Marche"} {
		assert.Contains(t, text, want)
	}
	for _, never := range []string{">si<", " | ", "MARCHE"} {
		assert.NotContains(t, text, never)
	}

	ask := func(field electoral.Field, value string) (*http.Response, string) {
		resp, text := post(t, c, base+"/area/rettifica", url.Values{"campo": {string(field)}, "valore": {value}})
		return resp, html.UnescapeString(text)
	}
	resp, text = ask(electoral.CapacityField, "Sì")
	assert.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	assert.Contains(t, text, "Il dato è già registrato così come lo chiede: non c'è nulla da correggere.")
	resp, text = ask(electoral.CapacityField, "forse")
	assert.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	assert.Contains(t, text, "dove si risponde «sì» o «no»")
	ask(electoral.CapacityField, " NO ")
	_, text = ask(electoral.ListField(electoral.GeneralList, electoral.ListComune), "A271")
	if !strings.Contains(text, "Richieste inviate") {
		_, text = get(t, c, base+"/area/rettifica")
		text = html.UnescapeString(text)
	}
	assert.Contains(t, text, "Da «sì» a «no».")
	assert.Contains(t, text, "Da «Jesi» a «Ancona».")
}
