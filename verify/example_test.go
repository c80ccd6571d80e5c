package verify_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

func ExampleVerifier_PDF() {
	clock := func() time.Time { return time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) }
	ca, err := sealtest.NewCA(sealtest.Config{Now: clock})
	if err != nil {
		fmt.Println(err)
		return
	}
	sealer, err := ca.Sealer()
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := sealer.Seal(context.Background(), sealtest.Document("esempio"), seal.Details{})
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := verify.New(verify.Config{Trust: []*x509.Certificate{ca.Root()}, Now: clock})
	if err != nil {
		fmt.Println(err)
		return
	}
	report := v.PDF(context.Background(), sealed, clock())
	fmt.Println("valido:", report.Valid)
	for _, c := range report.Checks {
		fmt.Println(c.Code, c.Outcome)
	}
	sealed[100] ^= 1
	report = v.PDF(context.Background(), sealed, clock())
	fmt.Println("dopo la modifica di un byte:", report.Valid)
	// Output:
	// valido: true
	// structure passed
	// signature passed
	// coverage passed
	// later-revisions passed
	// trust passed
	// revocation not-done
	// time not-done
	// level passed
	// dopo la modifica di un byte: false
}

func ExampleVerifier_Picture() {
	v, err := verify.New(verify.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report := v.Picture(context.Background(), []byte("<svg/>"), nil, time.Now())
	fmt.Println(report.Valid, report.Checks[0].Message)
	// Output: false Nell'immagine non si è potuto leggere alcun codice QR: il file è un disegno SVG, non un'immagine PNG né JPEG. Inviare una fotografia o una scansione in formato PNG, JPEG o PDF.
}

// An authority is trusted for seals until it was withdrawn, and another for
// time-stamps. A trusted list would stand behind the same interface.
func ExampleAnchors() {
	ca, err := sealtest.NewCA(sealtest.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	withdrawn := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	trusted := verify.Anchors{
		{Certificate: ca.Root(), Purposes: []verify.Purpose{verify.PurposeSeal}, Until: withdrawn, Qualified: true},
		{Certificate: ca.Root(), Purposes: []verify.Purpose{verify.PurposeTimestamp}},
	}
	if _, err := verify.New(verify.Config{Source: trusted}); err != nil {
		fmt.Println(err)
		return
	}
	list, err := trusted.Anchors(context.Background(), verify.PurposeTimestamp)
	fmt.Println(len(list), err)
	// Output: 1 <nil>
}

// What somebody uploads leads to the original, or to what to tell them.
func ExampleVerifier_FindContrassegno() {
	v, err := verify.New(verify.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = v.FindContrassegno(context.Background(), []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"))
	var why *verify.FindError
	if errors.As(err, &why) {
		fmt.Println(why.Code)
		fmt.Println(why.Message)
	}
	// Output:
	// unsupported-format
	// Il codice QR non si è potuto leggere: il file è un disegno SVG, non un'immagine PNG né JPEG. Inviare una fotografia o una scansione in formato PNG, JPEG o PDF.
}
