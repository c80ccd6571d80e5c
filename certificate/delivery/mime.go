package delivery

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"
)

// A Letter is the text of a mail, beside the certificate. It must hold no
// personal data: mail servers keep subjects in their logs.
type Letter struct{ Subject, Body string }

// standardLetter is used where none is configured.
var standardLetter = Letter{
	Subject: "Certificato elettorale",
	Body: "In allegato il certificato richiesto.\n\n" +
		"L'autenticità può essere verificata con il contrassegno stampato sul certificato.\n" +
		"Messaggio automatico: non rispondere a questo indirizzo.\n",
}

// base64Line is how many bytes make a line of 76 characters.
const base64Line = 57

// compose writes the mail of a message. The same message gives the same mail,
// except for its date and boundary.
func compose(from string, m Message, d Document, l Letter, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	for _, h := range [][2]string{
		{"From", "<" + from + ">"}, {"To", "<" + m.Address + ">"},
		{"Subject", mime.QEncoding.Encode("utf-8", l.Subject)},
		{"Date", at.Format(time.RFC1123Z)}, {"Message-ID", "<" + m.MessageID + ">"},
		{"Auto-Submitted", "auto-generated"},
		{"MIME-Version", "1.0"}, {"Content-Type", `multipart/mixed; boundary="` + parts.Boundary() + `"`},
	} {
		if strings.ContainsAny(h[1], "\r\n") {
			return nil, fmt.Errorf("delivery: header %s: expected one line", h[0])
		}
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	text, err := parts.CreatePart(textproto.MIMEHeader{
		"Content-Type": {"text/plain; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err != nil {
		return nil, err
	}
	q := quotedprintable.NewWriter(text)
	if _, err := q.Write([]byte(l.Body)); err != nil {
		return nil, err
	}
	if err := q.Close(); err != nil {
		return nil, err
	}
	name := pdfName(m.Certificate)
	file, err := parts.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {`application/pdf; name="` + name + `"`},
		"Content-Disposition":       {`attachment; filename="` + name + `"`},
		"Content-Transfer-Encoding": {"base64"},
	})
	if err != nil {
		return nil, err
	}
	line := make([]byte, base64.StdEncoding.EncodedLen(base64Line), base64.StdEncoding.EncodedLen(base64Line)+2)
	for rest := d.PDF; len(rest) > 0; {
		n := min(base64Line, len(rest))
		line = base64.StdEncoding.AppendEncode(line[:0], rest[:n])
		if _, err := file.Write(append(line, "\r\n"...)); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	if err := parts.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
