package seal_test

import (
	"context"
	"fmt"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

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
