package delivery_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
	"github.com/liste-elettorali/anpr/certificate/delivery"
)

// busyOnce is a sender whose server has no time at the first attempt; a program
// takes an SMTP.
type busyOnce struct{ attempts int }

func (s *busyOnce) Send(_ context.Context, m delivery.Message, d delivery.Document) error {
	s.attempts++
	if s.attempts == 1 {
		return &delivery.SendError{Reason: "smtp 451 at RCPT"}
	}
	fmt.Println(len(d.PDF), "bytes to", m.Address)
	return nil
}

// A certificate goes out by e-mail: at the second attempt, and once.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	ctx := context.Background()
	certificates, err := archive.OpenFiles(filepath.Join(dir, "certificates"))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = certificates.Close() }()
	doc := archivetest.Document(1) // made up; the issuer keeps those of a program
	if err := certificates.Put(ctx, doc); err != nil {
		log.Panic(err)
	}
	outbox, err := delivery.OpenSQLite(ctx, filepath.Join(dir, "outbox.db"))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = outbox.Close() }()

	key := make([]byte, 32) // a program keeps it as long as the outbox
	if _, err := rand.Read(key); err != nil {
		log.Panic(err)
	}
	now := doc.IssuedAt // a program leaves the clock out
	courier, err := delivery.New(delivery.Config{
		Outbox: outbox, Archive: certificates, Mail: &busyOnce{}, Key: key, Domain: "certificati.example.it",
		Now: func() time.Time { return now },
	})
	if err != nil {
		log.Panic(err)
	}

	order := delivery.Order{Certificate: doc.ID, Channel: delivery.Email, FiscalCode: "SMPBRN71E48L219H", Email: "bruna@example.it"}
	m, err := courier.Enqueue(ctx, order)
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(m.State)
	for range 3 { // a program calls Run from a timer
		report, err := courier.Run(ctx, 100)
		if err != nil {
			log.Panic(err)
		}
		if m, err = outbox.Get(ctx, order.Certificate, order.Channel); err != nil {
			log.Panic(err)
		}
		fmt.Printf("%+v: %s %q after %d\n", report, m.State, m.Reason, m.Attempts)
		now = now.Add(time.Hour)
	}
	fmt.Printf("address kept: %q\n", m.Address)
	// Output:
	// queued
	// {Sent:0 Retried:1 Failed:0 Skipped:0}: queued "smtp 451 at RCPT" after 1
	// 509 bytes to bruna@example.it
	// {Sent:1 Retried:0 Failed:0 Skipped:0}: sent "" after 2
	// {Sent:0 Retried:0 Failed:0 Skipped:0}: sent "" after 2
	// address kept: ""
}
