package seal_test

import (
	"context"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func ExamplePAdES() {
	ca, err := sealtest.NewCA(sealtest.Config{}) // in production: a qualified certificate and its key
	if err != nil {
		fmt.Println(err)
		return
	}
	tsa, err := ca.Timestamper() // in production: seal.NewTSA with the addresses of authorities
	if err != nil {
		fmt.Println(err)
		return
	}
	sealer, err := seal.NewPAdES(seal.PAdESConfig{
		Signer: ca.Signer(), Chain: append(ca.Chain(), ca.Root()), Level: seal.LevelLTA,
		Timestamp: tsa, Revocation: ca.Revocation(), // in production: seal.NewRevocation
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := sealer.Seal(context.Background(), sealtest.Document("esempio"), seal.Details{Reason: "Rilascio"})
	if err != nil {
		fmt.Println(err)
		return
	}
	term, err := seal.TermOf(context.Background(), sealed)
	fmt.Println(term.Level, term.Until.After(time.Now()), err)
	// Output: B-LTA true <nil>
}

func ExamplePDFSign() {
	ca, err := sealtest.NewCA(sealtest.Config{}) // in production: a qualified certificate and its key
	if err != nil {
		fmt.Println(err)
		return
	}
	sealer, err := seal.NewPDFSign(seal.PDFSignConfig{Signer: ca.Signer(), Chain: ca.Chain()})
	if err != nil {
		fmt.Println(err)
		return
	}
	doc := sealtest.Document("esempio")
	sealed, err := sealer.Seal(context.Background(), doc, seal.Details{Reason: "Rilascio"})
	fmt.Println(err, sealer.Production(), len(sealed) > len(doc))
	// Output: <nil> false true
}
