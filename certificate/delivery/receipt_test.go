package delivery_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/delivery"
)

// certification is a daticert.xml as the rules have it (RFC 6109, 4.6).
func certification(kind, msgid, errore string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<postacert tipo="` + kind + `" errore="` + errore + `">
  <intestazione>
    <mittente>servizio@pec.anpr.example</mittente>
    <destinatari tipo="certificato">mario.rossi@pec.example.org</destinatari>
    <risposte>servizio@pec.anpr.example</risposte>
    <oggetto>Certificato elettorale &amp; altro</oggetto>
  </intestazione>
  <dati>
    <gestore-emittente>Gestore S.p.A.</gestore-emittente>
    <data zona="+0100"><giorno>22/03/2026</giorno><ora>10:15:32</ora></data>
    <identificativo>opec1.20260322101532.1@pec.example.org</identificativo>
    <msgid>&lt;` + msgid + `&gt;</msgid>
    <ricevuta tipo="completa"/>
    <consegna>mario.rossi@pec.example.org</consegna>
  </dati>
</postacert>`
}

// receipt is a receipt as a provider sends it: signed, and within it the text,
// the certification, and the original message.
func receipt(kind, msgid, xml, extra string) string {
	original := "Content-Type: message/rfc822; name=\"postacert.eml\"\r\n\r\n" +
		"X-Ricevuta: avvenuta-consegna\r\nContent-Type: application/xml; name=\"daticert.xml\"\r\n\r\n<postacert tipo=\"errore-consegna\"/>\r\n"
	return strings.Join([]string{
		"X-Ricevuta: " + kind, "X-Riferimento-Message-ID: <" + msgid + ">", "Date: Sun, 22 Mar 2026 10:15:32 +0100", "Subject: CONSEGNA: x",
		"From: posta-certificata@pec.example.org", "MIME-Version: 1.0" + extra, `Content-Type: multipart/signed; micalg=sha-256; protocol="application/pkcs7-signature"; boundary="s"`, "",
		"--s", `Content-Type: multipart/mixed; boundary="m"`, "",
		"--m", "Content-Type: text/plain; charset=utf-8", "", "Il giorno ... è stato consegnato", "",
		"--m", `Content-Type: application/xml; name="daticert.xml"`, "Content-Transfer-Encoding: base64", `Content-Disposition: inline; filename="daticert.xml"`, "",
		base64.StdEncoding.EncodeToString([]byte(xml)), "", "--m", original, "--m--", "",
		"--s", `Content-Type: application/pkcs7-signature; name="smime.p7s"`, "Content-Transfer-Encoding: base64", "", "AAAA", "", "--s--", "",
	}, "\r\n")
}

func TestParseReceipt(t *testing.T) {
	for _, kind := range []delivery.ReceiptType{
		delivery.Acceptance, delivery.NonAcceptance, delivery.TakenInCharge, delivery.DeliveryDone, delivery.DeliveryFailed, delivery.DeliveryLate, delivery.VirusDetected,
	} {
		text := receipt(string(kind), "a.b.c@anpr.example", certification(string(kind), "a.b.c@anpr.example", "no-dest"), "")
		got, err := delivery.ParseReceipt(t.Context(), strings.NewReader(text))
		require.NoError(t, err)
		assert.Equal(t, delivery.Receipt{
			Type: kind, MessageID: "a.b.c@anpr.example", Provider: "Gestore S.p.A.", ProviderID: "opec1.20260322101532.1@pec.example.org",
			At: time.Date(2026, 3, 22, 9, 15, 32, 0, time.UTC), Error: "no-dest", Form: "completa",
		}, got)
	}
}

func TestParseReceiptRefuses(t *testing.T) {
	const kind, id = "accettazione", "a.b.c@anpr.example"
	good := certification(kind, id, "nessuno")
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"mail":             {"Subject: hello\r\n\r\nhello", delivery.ErrNoReceipt},
		"wrapped":          {receipt(kind, id, good, "\r\nX-Trasporto: errore"), delivery.ErrNoReceipt},
		"nothing":          {"", delivery.ErrReceipt},
		"other type":       {receipt("avvenuta-consegna", id, good, ""), delivery.ErrReceipt},
		"other reference":  {receipt(kind, "x@y", good, ""), delivery.ErrReceipt},
		"unknown type":     {receipt("x", id, certification("x", id, ""), ""), delivery.ErrReceipt},
		"a DTD":            {receipt(kind, id, strings.Replace(good, "<postacert", `<!DOCTYPE p [<!ENTITY a "b">]><postacert`, 1), ""), delivery.ErrReceipt},
		"not well formed":  {receipt(kind, id, good[:len(good)-3], ""), delivery.ErrReceipt},
		"two ids":          {receipt(kind, id, strings.Replace(good, "<msgid>", "<msgid>x</msgid><msgid>", 1), ""), delivery.ErrReceipt},
		"two times dati":   {receipt(kind, id, strings.Replace(good, "</postacert>", "<dati/></postacert>", 1), ""), delivery.ErrReceipt},
		"a wrong date":     {receipt(kind, id, strings.Replace(good, "22/03", "32/03", 1), ""), delivery.ErrReceipt},
		"no provider":      {receipt(kind, id, strings.Replace(good, "Gestore S.p.A.", "", 1), ""), delivery.ErrReceipt},
		"no certification": {strings.ReplaceAll(receipt(kind, id, good, ""), "daticert.xml", "x.xml"), delivery.ErrReceipt},
		"another root":     {receipt(kind, id, strings.ReplaceAll(good, "postacert", "altro"), ""), delivery.ErrReceipt},
		"huge":             {receipt(kind, id, good+strings.Repeat(" ", 2<<20), ""), delivery.ErrReceipt},
		"cut":              {receipt(kind, id, good, "")[:900], delivery.ErrReceipt},
		"two of them": {strings.Replace(receipt(kind, id, good, ""), "--s\r\nContent-Type: application/pkcs7",
			"--s\r\nContent-Type: application/xml; name=daticert.xml\r\n\r\n"+good+"\r\n--s\r\nContent-Type: application/pkcs7", 1), delivery.ErrReceipt},
		"nested": {"X-Ricevuta: x\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n" + nested(10), delivery.ErrReceipt},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := delivery.ParseReceipt(t.Context(), strings.NewReader(c.text))
			require.ErrorIs(t, err, c.want)
			assert.NotContains(t, err.Error(), "mario")
		})
	}
}

func nested(depth int) string {
	var b strings.Builder
	for i := range depth {
		fmt.Fprintf(&b, "--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n", i, i+1)
	}
	return b.String()
}

func FuzzParseReceipt(f *testing.F) {
	f.Add([]byte(receipt("accettazione", "a@b", certification("accettazione", "a@b", "nessuno"), "")))
	f.Add([]byte("X-Ricevuta: x\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n" + nested(3)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := delivery.ParseReceipt(t.Context(), bytes.NewReader(data))
		if err == nil && (r.MessageID == "" || r.At.IsZero() || r.ProviderID == "") {
			t.Errorf("an incomplete receipt: %+v", r)
		}
	})
}
