package delivery_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/certificate/delivery"
)

// Mail goes to the PEC provider with TLS, or not at all. What went wrong is told
// without the address, and whether to try again.
func ExampleSMTP() {
	sender := &delivery.SMTP{
		Server: "localhost:1", // as "smtps.pec.example.it:465"; nobody listens here
		User:   "servizio@pec.comune.example.it", Password: os.Getenv("PEC_PASSWORD"), From: "servizio@pec.comune.example.it",
	}
	m := delivery.Message{Certificate: archivetest.Document(1).ID, Channel: delivery.DigitalDomicile, MessageID: "x@comune.example.it", Address: "bruna@pec.example.it"}
	err := sender.Send(context.Background(), m, delivery.Document{PDF: archivetest.Document(1).PDF})
	if failed, ok := errors.AsType[*delivery.SendError](err); ok {
		fmt.Printf("%s; final: %t\n", failed.Reason, failed.Permanent)
	}
	// Output: smtp connection broken at connect; final: false
}

// The mailbox of receipts; a program gives it to Courier.Collect from a timer.
func ExampleIMAP() {
	box := &delivery.IMAP{
		Server: "localhost:1", // as "imaps.pec.example.it:993"; nobody listens here
		User:   "servizio@pec.comune.example.it", Password: os.Getenv("PEC_PASSWORD"),
	}
	err := box.Receive(context.Background(), 100, func(_ context.Context, mail io.Reader) (delivery.Filing, error) {
		return delivery.Other, nil
	})
	fmt.Println(err)
	// Output: delivery: mailbox: imap connection broken at connect
}

// letters is a mailbox in memory; a program takes an IMAP.
type letters []string

func (l *letters) Receive(ctx context.Context, n int, take func(context.Context, io.Reader) (delivery.Filing, error)) error {
	for ; n > 0 && len(*l) > 0; n-- {
		if _, err := take(ctx, strings.NewReader((*l)[0])); err != nil {
			return err
		}
		*l = (*l)[1:]
	}
	return nil
}

// Receipts arrive in any order and more than once; each has its effect once.
func ExampleCourier_Collect() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	outbox, err := delivery.OpenFiles(filepath.Join(dir, "outbox"))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = outbox.Close() }()
	courier, err := delivery.New(delivery.Config{
		Outbox: outbox, Archive: vault{}, PEC: &sender{}, Domiciles: register{"SMPBRN71E48L219H": "bruna@pec.example.it"},
		Key: bytes.Repeat([]byte{1}, 32), Domain: "comune.example.it", // a program sets PECRoots too
		Now: func() time.Time { return archivetest.Document(1).IssuedAt },
	})
	if err != nil {
		log.Panic(err)
	}
	ctx := context.Background()
	m, err := courier.Enqueue(ctx, delivery.Order{Certificate: archivetest.Document(1).ID, Channel: delivery.DigitalDomicile, FiscalCode: "SMPBRN71E48L219H"})
	if err != nil {
		log.Panic(err)
	}
	if _, err := courier.Run(ctx, 10); err != nil {
		log.Panic(err)
	}
	box := &letters{"Subject: offerta\r\n\r\nx"}
	for _, kind := range []string{"avvenuta-consegna", "accettazione", "avvenuta-consegna"} {
		*box = append(*box, receipt(kind, m.MessageID, certification(kind, m.MessageID, "nessuno"), ""))
	}
	found, err := courier.Collect(ctx, box, 100)
	if err != nil {
		log.Panic(err)
	}
	m, err = outbox.Get(ctx, m.Certificate, m.Channel)
	if err != nil {
		log.Panic(err)
	}
	fmt.Printf("%+v: %s\n", found, m.State)
	// Output: {Changed:1 Known:2 Refused:0 Others:1}: delivered
}

// A receipt that nobody has signed says what it claims, and why that proves
// nothing.
func ExampleVerifyReceipt() {
	text := outer("avvenuta-consegna", "x@comune.example.it") + entity(certification("avvenuta-consegna", "x@comune.example.it", "nessuno"))
	roots := x509.NewCertPool() // of the PEC providers' certificates
	r, err := delivery.VerifyReceipt(context.Background(), strings.NewReader(text), roots)
	fmt.Println(r.Type, r.At.Format(time.DateTime))
	fmt.Println(err)
	// Output:
	// avvenuta-consegna 2026-03-22 09:15:32
	// delivery: receipt: its signature proves nothing: it is not signed
}

// The digital domicile of a person; that he has none is an answer.
func ExampleINAD() {
	server := httptest.NewTLSServer(&inad{body: domiciles(domicile("mario@pec.example.org", "", ""))}) // a program leaves Base and Client out
	defer server.Close()
	index, err := delivery.NewINAD(delivery.INADConfig{
		Tokens: voucher{token: "the.voucher"}, // of PDND
		Base:   server.URL + "/rest/inad/v1/domiciliodigitale", Client: server.Client(), Reference: "Prot. 1/2026",
	})
	if err != nil {
		log.Panic(err)
	}
	for _, code := range []string{citizen, "SMPBRN71E48L219H"} {
		address, err := index.Domicile(context.Background(), code)
		fmt.Printf("%q %t\n", address, errors.Is(err, delivery.ErrNoDomicile))
	}
	// Output:
	// "mario@pec.example.org" false
	// "" true
}

// A message of App IO carries no certificate: the app fetches it.
func ExampleNewIO() {
	server := httptest.NewTLSServer(&appIO{known: true, allowed: true}) // a program leaves Base and Client out
	defer server.Close()
	sender, err := delivery.NewIO(delivery.IO{
		Key: "the-key", Configuration: "01HMRBX079WA5SGYBQP1A7FSKH", Base: server.URL + "/api/v1", Client: server.Client(),
		Subject:  "Certificato elettorale",
		Markdown: "Il certificato che hai richiesto è pronto: lo trovi in allegato a questo messaggio, fino alla sua scadenza.",
	})
	if err != nil {
		log.Panic(err)
	}
	m := delivery.Message{Certificate: archivetest.Document(1).ID, Channel: delivery.AppIO, FiscalCode: citizen}
	fmt.Println(sender.Send(context.Background(), m, delivery.Document{}))
	// Output: <nil>
}

// The content of App IO's messages is for their addressees.
func ExampleRemoteContent() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	outbox, err := delivery.OpenFiles(filepath.Join(dir, "outbox"))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = outbox.Close() }()
	key := bytes.Repeat([]byte{1}, 32) // a program's is random, and kept
	courier, err := delivery.New(delivery.Config{Outbox: outbox, Archive: vault{}, IO: &sender{}, Key: key, Domain: "comune.example.it"})
	if err != nil {
		log.Panic(err)
	}
	m, err := courier.Enqueue(context.Background(), delivery.Order{Certificate: archivetest.Document(1).ID, Channel: delivery.AppIO, FiscalCode: citizen})
	if err != nil {
		log.Panic(err)
	}
	handler, err := delivery.RemoteContent(delivery.RemoteConfig{
		Outbox: outbox, Key: key, APIKeyHeader: "X-Api-Key", APIKey: "0123456789abcdef", Subject: "Certificato", Markdown: "In allegato.",
		Open: func(context.Context, string, string) (delivery.Document, error) { // certificate.Issuer's Download
			return delivery.Document{PDF: archivetest.Document(1).PDF}, nil
		},
	})
	if err != nil {
		log.Panic(err)
	}
	for _, code := range []string{citizen, "SMPBRN71E48L219H"} {
		r := httptest.NewRequest(http.MethodGet, "/messages/"+m.Certificate, nil)
		r.Header.Set("X-Api-Key", "0123456789abcdef")
		r.Header.Set("fiscal_code", code)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 404
}

// An outbox without a database.
func ExampleFileOutbox() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	outbox, err := delivery.OpenFiles(filepath.Join(dir, "outbox"))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = outbox.Close() }()
	_, err = delivery.OpenFiles(filepath.Join(dir, "outbox"))
	fmt.Println(errors.Is(err, delivery.ErrLocked), "for a second program")
	// Output: true for a second program
}
