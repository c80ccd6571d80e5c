package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
)

// narrow says that nothing sticks out of the page (WCAG 1.4.10, 320 px wide: as
// a wide screen at 400 %), but what scrolls by itself, and that what has the
// focus shows it (1.4.11: 3 to 1 against what is around it).
func (w *walk) narrow(heading string) {
	w.t.Helper()
	w.page(heading)
	var wide string
	w.run(emulation.SetScriptExecutionDisabled(false), chromedp.Evaluate(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil), chromedp.Evaluate(`document.documentElement.scrollWidth <= innerWidth ? "" : "the page, " + document.documentElement.scrollWidth + " px\n" +
		Array.from(document.body.querySelectorAll("*")).filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".table-responsive")).map(e => e.outerHTML.slice(0, 200)).join("\n")`, &wide))
	assert.Empty(w.t, wide, "%s page %d: wider than the window", w.name, w.n)
	var weak string
	w.run(chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`(() => {
		const rgb = s => (s.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
		const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
		const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
		const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
		const out = [];
		for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, [tabindex='0']")) {
			if (!e.getClientRects().length) continue;
			e.focus({focusVisible: true, preventScroll: true});
			const s = getComputedStyle(e), shown = [];
			if (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2) shown.push(s.outlineColor);
			const shadow = s.boxShadow.match(/rgba?\([^)]*\)/);
			if (shadow) shown.push(shadow[0]);
			const r = Math.max(0, ...shown.map(c => ratio(rgb(c), behind(e.parentElement))));
			if (r < 3) out.push(r.toFixed(2) + " " + s.outline + " " + s.boxShadow + " " + e.outerHTML.slice(0, 120));
		}
		return out.join("\n");
	})()`, &weak), emulation.SetScriptExecutionDisabled(!w.scripts))
	assert.Empty(w.t, weak, "%s page %d: the focus is hard to see", w.name, w.n)
	var faint string
	w.run(emulation.SetScriptExecutionDisabled(false), chromedp.Evaluate(`(() => {
		const rgb = s => (s.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
		const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
		const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
		const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
		document.activeElement.blur();
		return Array.from(document.querySelectorAll("input[type=text], input[type=file], select, textarea, .site-card, .btn"))
			.filter(e => e.getClientRects().length).map(e => {
				const s = getComputedStyle(e), edge = parseFloat(s.borderTopWidth) >= 1 ? rgb(s.borderTopColor) : rgb(s.backgroundColor);
				return [Math.max(ratio(edge, behind(e.parentElement)), ratio(behind(e), behind(e.parentElement))), e.outerHTML.slice(0, 120)];
			}).filter(([r]) => r < 3).map(([r, h]) => r.toFixed(2) + " " + h).join("\n");
	})()`, &faint), emulation.SetScriptExecutionDisabled(!w.scripts))
	assert.Empty(w.t, faint, "%s page %d: the edge is hard to see (WCAG 1.4.11)", w.name, w.n)
}

// reach goes with the tabulator to an element, as somebody without a mouse.
func (w *walk) reach(selector string) {
	w.t.Helper()
	w.run(emulation.SetScriptExecutionDisabled(false))
	for range 120 {
		var there bool
		w.run(chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`document.activeElement.matches(`+strconv.Quote(selector)+`)`, &there))
		if there {
			w.run(emulation.SetScriptExecutionDisabled(!w.scripts))
			return
		}
	}
	require.Fail(w.t, "the keyboard does not lead there", "%s page %d: %s", w.name, w.n, selector)
}

// TestNarrowLanguages: the words of the other languages, which are longer, stick out of no
// page either, and the pages say in which language they are.
func TestNarrowLanguages(t *testing.T) {
	_, base, _ := start(t, nil)
	w := newWalk(t, base, "lingue", 320, 800, false)
	w.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
	w.open(base + "/accesso")
	w.click("input[name=persona][value=bolzano]")
	w.follow("main button[type=submit]")
	for _, language := range []string{"de", "fr", "sl"} {
		for _, path := range []string{"/", "/aiuto", "/servizi/applications", "/privacy", "/accessibilita", "/valuta", "/verifica",
			"/area", "/area/dati", "/area/rettifica", "/area/domande", "/area/certificati", "/area/accessi-aperti", "/nulla"} {
			w.open(base + path + "?lang=" + language)
			w.narrow(w.text("h1"))
			require.Equal(t, language, w.attribute("html", "lang"))
		}
	}
}

// TestKeyboard goes the citizen's path without a mouse, on a phone's screen and with
// scripts on: login, where he votes, a certificate, logout.
func TestKeyboard(t *testing.T) {
	_, base, _ := start(t, nil)
	w := newWalk(t, base, "tastiera", 390, 844, true)
	w.scripts = true
	w.run(emulation.SetScriptExecutionDisabled(false))
	enter := func(selector, heading string) {
		w.t.Helper()
		w.reach(selector)
		ctx, cancel := context.WithTimeout(w.ctx, 4*time.Minute)
		defer cancel()
		_, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(kb.Enter))
		require.NoError(w.t, err)
		w.page(heading)
	}
	w.open(base + "/")
	w.page("Liste elettorali in ANPR")
	var bar string // of the menu, whose links are white
	w.run(chromedp.Evaluate(`getComputedStyle(document.querySelector(".it-header-navbar-wrapper")).backgroundColor`, &bar))
	require.Equal(t, "rgb(0, 102, 204)", bar)
	enter("main .btn-primary", "Accesso di sviluppo")
	w.reach("input[name=persona]")
	w.run(chromedp.KeyEvent(" "))
	enter("main button[type=submit]", "Area riservata")
	enter(`main a[href="/area/dati"]`, "I miei dati elettorali")
	enter(`nav a[href="/area"]`, "Area riservata")
	enter(`main a[href="/area/certificati"]`, "Certificati elettorali")
	enter("main button[type=submit]", "Anteprima del certificato")
	enter("main form button[type=submit]", "Il certificato")

	// The dialog that warns of the end of the session is reached, and extends it.
	w.run(chromedp.Evaluate(`document.getElementById("scadenza").showModal()`, nil))
	w.judge()
	w.reach("[data-extend]")
	w.run(chromedp.KeyEvent(kb.Enter))
	w.run(chromedp.Poll(`!document.getElementById("scadenza").open`, nil))
	enter(".leave button", "Liste elettorali in ANPR")
}

// TestPrint: on paper there is what was asked for, without what leads elsewhere.
func TestPrint(t *testing.T) {
	_, base, _ := start(t, nil)
	w := newWalk(t, base, "stampa", 1280, 900, false)
	w.run(emulation.SetEmulatedMedia().WithMedia("print"))
	w.open(base + "/aiuto")
	var shown string
	w.run(emulation.SetScriptExecutionDisabled(false), chromedp.Evaluate(`Array.from(document.querySelectorAll(".site-nav, .site-help, footer, .breadcrumb-container, .btn")).filter(e => e.getClientRects().length).map(e => e.className).join(" ")`, &shown))
	assert.Empty(t, shown)
	assert.Contains(t, w.text("main"), "Un dato che vedo non è giusto")
}

// TestForcedColours: where the visitor's own colours replace those of the page, a
// button still has an edge.
func TestForcedColours(t *testing.T) {
	_, base, _ := start(t, nil)
	w := newWalk(t, base, "contrasto", 1280, 900, false)
	w.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}))
	for _, path := range []string{"/", "/verifica", "/accesso"} {
		w.open(base + path)
		var buttons, bare int
		w.run(emulation.SetScriptExecutionDisabled(false), chromedp.Evaluate(`document.querySelectorAll(".btn").length`, &buttons),
			chromedp.Evaluate(`Array.from(document.querySelectorAll(".btn")).filter(e => parseFloat(getComputedStyle(e).borderTopWidth) < 1).length`, &bare), emulation.SetScriptExecutionDisabled(true))
		assert.Positive(t, buttons, path)
		assert.Zero(t, bare, path)
	}
}

// TestNarrow walks everything as on the narrowest screen that counts.
func TestNarrow(t *testing.T) {
	s, base, _ := start(t, nil)
	issued := issue(t, s, "jesi", certificate.EnrolmentCertificate)
	w := newWalk(t, base, "stretto", 320, 800, false)
	// Half way through a transition no colour is what it will be.
	w.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
	w.open(base + "/")
	w.narrow("Liste elettorali in ANPR")
	w.open(base + "/verifica")
	w.narrow("Verifica di un certificato elettorale stampato")

	// A file beyond the limit gets an answer, not a broken connection.
	large := filepath.Join(t.TempDir(), "grande.png")
	require.NoError(t, os.WriteFile(large, append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 40<<20)...), 0o600))
	for answer, says := range map[string]string{answer: "supera i 16 MiB", "000000": "non corrisponde"} {
		w.open(base + "/verifica")
		w.run(chromedp.SetUploadFiles("#file", []string{large}, chromedp.ByQuery))
		w.confirm(answer)
		w.narrow("Verifica di un certificato elettorale stampato")
		assert.Contains(t, w.text("#errore"), says)
	}
	w.open(strings.Replace(issued.Contrassegno.String(), "HTTPS://", "https://", 1))
	w.narrow("Verifica di un certificato elettorale")
	w.confirm(answer)
	w.narrow("Il certificato è autentico")
	w.open(base + "/C/X")
	w.narrow("L’indirizzo non è completo")

	w.open(base + "/accesso")
	w.narrow("Accesso di sviluppo")
	w.click("input[name=persona][value=jesi]")
	w.follow("main button[type=submit]")
	w.narrow("Area riservata")
	for path, heading := range map[string]string{
		"/area/dati": "I miei dati elettorali", "/area/rettifica": "Chiedi una correzione", "/area/accessi": "Chi ha usato i miei dati", "/privacy": "Informativa privacy",
		"/accessibilita": "Dichiarazione di accessibilità", "/aiuto": "Aiuto", "/valuta": "Valuta il servizio",
		"/servizi/certificates": "Chiedere un certificato elettorale", "/area/domande": "Domande dei cittadini dell’Unione europea",
		"/area/domande/europee":          "Domanda di iscrizione: Lista aggiunta per il Parlamento europeo",
		"/area/rettifica/general.comune": "Correzione: Il mio comune",
		"/area/accessi-aperti":           "Accessi aperti", "/accesso/conferma": "Conferma la tua identità",
	} {
		w.open(base + path)
		w.narrow(heading)
	}
	w.open(base + "/area/certificati")
	w.narrow("Certificati elettorali")
	w.follow("main form button[type=submit]")
	w.narrow("C’è già un certificato valido")
	w.follow("main form button[type=submit]")
	w.narrow("Anteprima del certificato")
	w.follow("main form button[type=submit]")
	w.narrow("Il certificato")
}
