package qualified_test

import (
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/seal/qualified"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func ExampleCheck() {
	ca, err := sealtest.NewCA(sealtest.Config{}) // its certificate claims nothing
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range qualified.Check(ca.Chain()[0], ca.Chain()[1:], time.Now()) {
		fmt.Println(f.Code, f.Message)
	}
	// Output:
	// qc-statements L'estensione qcStatements manca.
	// qc-compliance Il certificato non si dichiara qualificato.
	// qc-type Il certificato non dichiara di servire ai sigilli elettronici.
	// qc-sscd Il certificato non dichiara che la chiave sta in un dispositivo qualificato.
}
