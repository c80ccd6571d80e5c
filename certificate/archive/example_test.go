package archive_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/archive/archivetest"
)

// A document is found until its last day of validity has ended and a sweep has
// come by. In a program the issuer puts it (certificate.Config.Archive), and a
// timer sweeps.
func ExampleOpenFiles() {
	parent, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(parent) }()

	ctx := context.Background()
	a, err := archive.OpenFiles(filepath.Join(parent, "certificates"))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = a.Close() }()

	doc := archivetest.Document(1) // made up
	if err := a.Put(ctx, doc); err != nil {
		log.Panic(err)
	}
	fmt.Println("kept already:", errors.Is(a.Put(ctx, doc), certificate.ErrArchived))
	kept, err := a.Get(ctx, doc.ID)
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(kept.Comune, len(kept.PDF), "bytes, until", kept.Expires.Format(time.RFC3339))

	for _, at := range []time.Time{kept.Expires.Add(-time.Millisecond), kept.Expires} {
		n, err := a.Sweep(ctx, at)
		if err != nil {
			log.Panic(err)
		}
		fmt.Println("deleted:", n)
	}
	_, err = a.Get(ctx, doc.ID)
	fmt.Println(errors.Is(err, certificate.ErrNotArchived))
	// Output:
	// kept already: true
	// A074 509 bytes, until 2026-09-18T22:00:00Z
	// deleted: 0
	// deleted: 1
	// true
}

// A request that comes twice gets the certificate that it got the first time.
func ExampleFiles_ByRequest() {
	parent, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(parent) }()

	ctx := context.Background()
	a, err := archive.OpenFiles(filepath.Join(parent, "certificates"))
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = a.Close() }()

	doc := archivetest.Document(1) // made up
	for range 2 {
		kept, err := a.ByRequest(ctx, doc.RequestKey)
		switch {
		case errors.Is(err, certificate.ErrNotArchived):
			fmt.Println("a new request: issue and keep")
			if err := a.Put(ctx, doc); err != nil {
				log.Panic(err)
			}
		case err != nil:
			log.Panic(err)
		default:
			fmt.Println("answered before:", kept.ID == doc.ID, kept.PayloadKey == doc.PayloadKey)
		}
	}
	// Output:
	// a new request: issue and keep
	// answered before: true true
}
