package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/liste-elettorali/anpr/certificate/delivery"
)

// openCourier makes what sends certificates to citizens. In the development environment
// there is no mail: what would be sent is left in the folder "posta".
func (s *system) openCourier(context.Context) error {
	var err error
	if s.outbox, err = delivery.OpenFiles(s.path("consegne")); err != nil {
		return err
	}
	dir := s.path("posta")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	key, err := s.secret("consegne.key", 32)
	if err != nil {
		return err
	}
	send := folderPost{dir}
	s.courier, err = delivery.New(delivery.Config{Outbox: s.outbox, Archive: s.archive, PEC: send, Mail: send, IO: send,
		Domiciles: madeUpDomiciles{}, Key: key, Domain: "prova.invalid", Now: s.now})
	return err
}

// deliverDue sends what is due.
func (s *system) deliverDue(ctx context.Context) error {
	_, err := s.courier.Run(ctx, 100)
	return err
}

// folderPost is a [delivery.Sender] that leaves the document in a folder.
type folderPost struct{ dir string }

// Send implements [delivery.Sender].
func (p folderPost) Send(_ context.Context, m delivery.Message, d delivery.Document) error {
	return writeFile(filepath.Join(p.dir, fmt.Sprintf("%s.%s.pdf", m.Certificate, m.Channel)), d.PDF, 0o600)
}

// madeUpDomiciles is a [delivery.DomicileResolver] of made-up addresses.
type madeUpDomiciles struct{}

// Domicile implements [delivery.DomicileResolver].
func (madeUpDomiciles) Domicile(context.Context, string) (string, error) {
	return "prova-" + hex.EncodeToString(random(4)) + "@pec.prova.invalid", nil
}
