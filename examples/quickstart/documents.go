package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/verify"
)

// use reads the registry and changes it, as an officer does every day.
func (q *quickstart) use(ctx context.Context) error {
	q.step("Consultazione e modifica")
	citizen, err := q.citizen(ctx)
	if err != nil {
		return err
	}
	e, err := q.registry.Elector(ctx, q.officer(), citizen.ANPRID)
	if err != nil {
		return err
	}
	e.Status.District = electoral.NotGiven
	warnings, err := q.registry.Change(ctx, q.officer(), e)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		q.printf("Modifica registrata, con un avviso: %s (%s)", w.Message, w.Code)
	}
	n := 0
	count := func(registry.Listed) error { n++; return nil }
	err = q.registry.ListSection(ctx, q.officer(), electoral.GeneralList, comune, e.General.Section, count)
	if err != nil {
		return err
	}
	q.printf("Lista della sezione %s: %d elettori.", e.General.Section, n)

	stranger := q.officer()
	stranger.Actor.Comune = "H501"
	_, err = q.registry.Elector(ctx, stranger, citizen.ANPRID)
	faults, ok := errors.AsType[electoral.Faults](err)
	if !ok {
		return fmt.Errorf("another comune's officer was not refused: %w", err)
	}
	q.printf("Un altro comune chiede gli stessi dati: %s %s", faults[0].Code, faults[0].Message)
	return nil
}

// citizen returns the first resident of the general list.
func (q *quickstart) citizen(ctx context.Context) (found electoral.Person, err error) {
	err = q.registry.ListSection(ctx, q.officer(), electoral.GeneralList, comune, "1", func(l registry.Listed) error {
		if found.ANPRID == "" && l.Person.Residence != nil {
			found = l.Person
		}
		return nil
	})
	if err == nil && found.ANPRID == "" {
		err = errors.New("no resident in section 1")
	}
	return found, err
}

// certificates previews and issues both certificates, at the counter and on
// the portal.
func (q *quickstart) certificates(ctx context.Context) error {
	q.step("Certificati")
	person, err := q.citizen(ctx)
	if err != nil {
		return err
	}
	q.requests++
	// The citizen asks on the portal, about himself.
	portal := electoral.Request{
		ID: fmt.Sprintf("quickstart-%04d", q.requests),
		Actor: electoral.Actor{FiscalCode: person.FiscalCode, Role: electoral.CitizenRole,
			Method: electoral.SPIDMethod, Level: 2},
	}
	ask := certificate.Request{
		Request: portal, ANPRID: person.ANPRID,
		Kind: certificate.EnrolmentCertificate, Use: certificate.ElectoralUse,
	}
	preview, err := q.issuer.Preview(ctx, ask)
	if err != nil {
		return err
	}
	if err := os.WriteFile(q.path("anteprima.pdf"), preview.PDF, 0o600); err != nil {
		return err
	}
	q.printf("Anteprima: %s", preview.Sentence)
	q.requests++
	ask.ID = fmt.Sprintf("quickstart-%04d", q.requests)
	enrolment, err := q.issuer.Issue(ctx, ask)
	if err != nil {
		return err
	}
	// At the counter the officer asks for the other one, for private use.
	rights, err := q.issuer.Issue(ctx, certificate.Request{
		Request: q.officer(), ANPRID: person.ANPRID,
		Kind: certificate.PoliticalRightsCertificate, Use: certificate.PrivateUse,
	})
	if err != nil {
		return err
	}
	picture, err := enrolment.Contrassegno.PNG(600)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"certificato-iscrizione.pdf": enrolment.PDF, "certificato-diritti-politici.pdf": rights.PDF,
		"contrassegno.png": picture,
	} {
		if err := os.WriteFile(q.path(name), data, 0o600); err != nil {
			return err
		}
	}
	q.printf("Emessi: iscrizione nelle liste (protocollo %s), godimento dei diritti politici (protocollo %s).",
		enrolment.Data.Protocol, rights.Data.Protocol)
	q.printf("Contrassegno: %s", enrolment.Contrassegno)
	return nil
}

// verify reads back from the disk what the run made and judges it. It also
// checks that a preview and a spoiled copy do not pass.
func (q *quickstart) verify(ctx context.Context) error {
	q.step("Verifica, senza rete")
	pemData, err := os.ReadFile(q.path("trust.pem"))
	if err != nil {
		return err
	}
	var anchors []*x509.Certificate
	for block, rest := pem.Decode(pemData); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		anchors = append(anchors, cert)
	}
	v, err := verify.New(verify.Config{Trust: anchors, Timestamps: anchors})
	if err != nil {
		return err
	}
	now := time.Now()
	var documents []verify.Document
	for _, name := range []string{"certificato-iscrizione.pdf", "certificato-diritti-politici.pdf"} {
		data, err := os.ReadFile(q.path(name))
		if err != nil {
			return err
		}
		if err := q.expect(name, v.PDF(ctx, data, now), true); err != nil {
			return err
		}
		documents = append(documents, verify.Document{Name: name, Data: data})
	}
	picture, err := os.ReadFile(q.path("contrassegno.png"))
	if err != nil {
		return err
	}
	if err := q.expect("contrassegno.png", v.Picture(ctx, picture, documents, now), true); err != nil {
		return err
	}
	logReport, err := v.Log(ctx, os.DirFS(q.path("audit")))
	if err != nil {
		return err
	}
	if err := q.expect("audit", logReport, true); err != nil {
		return err
	}
	preview, err := os.ReadFile(q.path("anteprima.pdf"))
	if err != nil {
		return err
	}
	if err := q.expect("anteprima.pdf (non deve valere)", v.PDF(ctx, preview, now), false); err != nil {
		return err
	}
	forged := append([]byte(nil), documents[0].Data...)
	forged[len(forged)/2] ^= 1
	return q.expect("un certificato con un bit cambiato (non deve valere)", v.PDF(ctx, forged, now), false)
}

func (q *quickstart) expect(name string, r verify.Report, valid bool) error {
	verdict := "non valido"
	if r.Valid {
		verdict = "valido"
	}
	q.printf("%s: %s", name, verdict)
	for _, c := range r.Checks {
		if c.Outcome != verify.Passed {
			q.printf("  %-16s %-9s %s", c.Code, c.Outcome, c.Message)
		}
	}
	if r.Valid != valid {
		return fmt.Errorf("%s: %s", name, verdict)
	}
	return nil
}
