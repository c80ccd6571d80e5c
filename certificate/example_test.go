package certificate_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// register is a source with one made-up person; a program takes an
// registry.Registry.
type register struct{}

func (register) Home(context.Context, string) (string, error) { return "A952", nil }

func (register) HomeOf(context.Context, electoral.FiscalCode) (anprID, comune string, err error) {
	return "1", "A952", nil
}

func (register) CertificateFacts(_ context.Context, on *electoral.Entry) (electoral.CertificateFacts, error) {
	return made(on.Access().Subject), nil
}

func made(anprID string) electoral.CertificateFacts {
	return electoral.CertificateFacts{
		Person: electoral.Person{
			ANPRID: anprID, Surname: "ESEMPIO", Name: "BRUNA", Sex: electoral.Female,
			Birth:        electoral.Birth{Date: electoral.Date{Year: 1971, Month: time.May, Day: 8}, Place: "L219"},
			Citizenships: []electoral.Citizenship{{State: "ITA"}},
			Residence:    &electoral.Residence{Comune: "A952"},
		},
		Elector: electoral.Elector{ANPRID: anprID, Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: "A952", Section: "12"}},
	}
}

// printer is a recorder that prints; a program takes one on an audit log.
type printer struct{}

func (printer) Record(_ context.Context, a electoral.Access) error {
	fmt.Println(a.Operation, a.Outcome)
	return nil
}

func Example() {
	ca, err := sealtest.NewCA(sealtest.Config{})
	if err != nil {
		panic(err)
	}
	sealer, err := ca.Sealer()
	if err != nil {
		panic(err)
	}
	issuer, err := certificate.NewIssuer(certificate.Config{
		Sealer: sealer, Source: register{}, Recorder: printer{},
		Key: []byte("a secret of thirty-two bytes ..."), BaseURL: "https://verifica.example.it",
	})
	if err != nil {
		panic(err)
	}
	req := certificate.Request{
		Request: electoral.Request{ID: "1", Actor: electoral.Actor{FiscalCode: "SMPBRN71E48L219H", Role: electoral.CitizenRole, Method: electoral.SPIDMethod, Level: 2}},
		ANPRID:  "42", Kind: certificate.EnrolmentCertificate, Use: certificate.ElectoralUse,
	}
	preview, err := issuer.Preview(context.Background(), req)
	if err != nil {
		panic(err)
	}
	fmt.Println(preview.Sentence)
	issued, err := issuer.Issue(context.Background(), req)
	if err != nil {
		panic(err)
	}
	fmt.Println(issued.Data.Trial, issued.Contrassegno.Matches(issued.Embedded))
	// Output:
	// certificate-preview granted
	// Visti i dati registrati nell'Anagrafe nazionale della popolazione residente, si certifica che ESEMPIO BRUNA, nata a Torino (TO) l'8 maggio 1971, è iscritta nelle liste elettorali del Comune di Bolzano.
	// certificate-issue requested
	// certificate-issue granted
	// true true
}

func ExampleAssess() {
	facts := made("42")
	facts.Elector.General = nil
	for _, r := range certificate.Assess(facts, certificate.EnrolmentCertificate, "", electoral.Date{Year: 2026, Month: 11, Day: 22}) {
		fmt.Printf("%s: %s\n", r.Code, r.Message)
		fmt.Println(r.Remedy)
	}
	// Output:
	// CER-ISC-01: La persona non risulta iscritta in alcuna lista elettorale.
	// L'iscrizione nelle liste di un comune; intanto si può chiedere, se spetta, il certificato di godimento dei diritti politici.
}

// people finds persons by their codice fiscale; a program takes an
// electoral.Population.
type people struct{}

func (people) ByFiscalCode(ctx context.Context, code electoral.FiscalCode) (electoral.Person, error) {
	return made(string(code[:6])).Person, nil
}

func ExampleIssuer_Collective() {
	ca, err := sealtest.NewCA(sealtest.Config{})
	if err != nil {
		panic(err)
	}
	sealer, err := ca.PAdES(seal.LevelB)
	if err != nil {
		panic(err)
	}
	issuer, err := certificate.NewIssuer(certificate.Config{
		Sealer: sealer, Source: register{}, Recorder: silent{},
		Key: []byte("a secret of thirty-two bytes ..."), BaseURL: "https://verifica.example.it",
	})
	if err != nil {
		panic(err)
	}
	issued, err := issuer.Collective(context.Background(), certificate.CollectiveRequest{
		Request:    electoral.Request{ID: "1", Actor: electoral.Actor{FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: "A952", Method: electoral.SmartCardMethod}},
		Collection: certificate.ListCollection, People: people{},
	}, strings.NewReader("codice fiscale\nSMPBRN71E48L219H\nRSSMRA80A01H501U\nsbagliato\n"))
	if err != nil {
		panic(err)
	}
	fmt.Printf("%+v\n", issued.Count)
	fmt.Println(certificate.Italian().CollectiveSentence(issued.Data))

	v, err := verify.New(verify.Config{Trust: []*x509.Certificate{ca.Root()}})
	if err != nil {
		panic(err)
	}
	picture, err := issued.Contrassegno.PNG(400)
	if err != nil {
		panic(err)
	}
	r := v.Picture(context.Background(), picture, []verify.Document{{Name: "collettivo.pdf", Data: issued.PDF}}, time.Time{})
	fmt.Println(r.Valid)
	// Output:
	// {Rows:3 Issued:2 Refused:1 Failed:0}
	// Visti i dati registrati nell'Anagrafe nazionale della popolazione residente, si certifica che le 2 persone elencate di seguito sono iscritte nelle liste elettorali del Comune di Bolzano.
	// true
}

type silent struct{}

func (silent) Record(context.Context, electoral.Access) error { return nil }
