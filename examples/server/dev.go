package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"net"
	"os"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// A persona is a made-up person; anybody can log in as one.
type persona struct {
	ID, Name, About string
	FiscalCode      electoral.FiscalCode
	anprID          string
}

// comuni are the comuni that are made up: Jesi, and Bolzano for its two
// languages.
var comuni = []string{"E388", "A952"}

var electors = map[string]int{"E388": 600, "A952": 200}

// officer returns a request of the made-up officer of a comune.
func officer(comune, id string) electoral.Request {
	return electoral.Request{ID: id, Actor: electoral.Actor{
		FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: comune, Method: electoral.CIEMethod,
		Level: 3,
	}}
}

// settle makes up the comuni at the first start, and finds the personas.
func (s *system) settle(ctx context.Context) error {
	populations := map[string][]electoraltest.Inhabitant{}
	for _, comune := range comuni {
		g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{
			Comune: comune, Electors: electors[comune], Seed: 20221017, Tables: s.tables,
		})
		if err != nil {
			return err
		}
		inhabitants := slices.Collect(g.Inhabitants())
		populations[comune] = inhabitants
		_, err = s.db.Population().ByANPRID(ctx, inhabitants[0].Person.ANPRID)
		if errors.Is(err, electoral.ErrNotFound) {
			err = s.load(ctx, comune, g.Sections(), inhabitants)
		}
		if err != nil {
			return err
		}
	}
	return s.cast(ctx, populations)
}

// load registers the made-up people of a comune, as its officer.
func (s *system) load(
	ctx context.Context, comune string, sections []electoral.Section, inhabitants []electoraltest.Inhabitant,
) error {
	if _, err := s.db.Population().Put(ctx, func(yield func(electoral.Person, error) bool) {
		for _, in := range inhabitants {
			if !yield(in.Person, nil) {
				return
			}
		}
	}); err != nil {
		return err
	}
	electorsOf := func(yield func(electoral.Elector) bool) {
		for _, in := range inhabitants {
			if !yield(in.Elector) {
				return
			}
		}
	}
	_, err := s.registry.Load(ctx, officer(comune, "caricamento"), comune,
		source(len(sections), slices.Values(sections)), source(len(inhabitants), electorsOf), registry.LoadOptions{})
	return err
}

func source[T any](n int, records iter.Seq[T]) electoral.LoadSource[T] {
	return electoral.LoadSource[T]{Declared: n, Items: func(yield func(electoral.LoadItem[T], error) bool) {
		number := 0
		for r := range records {
			if number++; !yield(electoral.LoadItem[T]{Number: number, Record: r}, nil) {
				return
			}
		}
	}}
}

// cast chooses the personas: one for each situation of a citizen.
func (s *system) cast(ctx context.Context, populations map[string][]electoraltest.Inhabitant) error {
	used := map[string]bool{}
	pick := func(comune string, fits func(electoraltest.Inhabitant) bool) (electoraltest.Inhabitant, bool) {
		for _, in := range populations[comune] {
			if !used[in.Person.ANPRID] && in.Person.FiscalCode != "" && fits(in) {
				used[in.Person.ANPRID] = true
				return in, true
			}
		}
		return electoraltest.Inhabitant{}, false
	}
	resident := func(in electoraltest.Inhabitant) bool {
		return in.Person.Residence != nil && in.Elector.General != nil
	}
	abroad := func(in electoraltest.Inhabitant) bool { return in.Person.Abroad != nil }
	european := func(in electoraltest.Inhabitant) bool {
		_, ok := in.Elector.EnrolmentIn(electoral.EUComunalList)
		return ok
	}
	for _, p := range []struct {
		id, about, comune string
		fits              func(electoraltest.Inhabitant) bool
		then              func(context.Context, electoraltest.Inhabitant) error
	}{
		{id: "jesi", comune: "E388", fits: resident, then: s.looked,
			about: "È nella lista generale di Jesi: può chiedere tutti i certificati."},
		{id: "bolzano", comune: "A952", fits: resident,
			about: "Risiede a Bolzano: i suoi certificati sono in italiano e in tedesco."},
		{id: "estero", comune: "E388", fits: abroad,
			about: "Vive all'estero ed è nella lista generale di Jesi, tramite l'AIRE."},
		{id: "europea", comune: "E388", fits: european,
			about: "È di un altro Stato dell'Unione europea, nelle liste aggiunte: " +
				"può chiedere il certificato di iscrizione."},
		{id: "trasferita", comune: "E388", fits: resident, then: s.removed,
			about: "È stata cancellata dalle liste per emigrazione e non è ancora iscritta altrove: " +
				"le spetta un solo certificato."},
		{id: "sospesa", comune: "E388", fits: resident, then: s.incapable,
			about: "Ha perso la capacità elettorale: non le spetta alcun certificato."},
	} {
		in, ok := pick(p.comune, p.fits)
		if !ok {
			return fmt.Errorf("nobody among the made-up people of %s is %q", p.comune, p.id)
		}
		if p.then != nil {
			if err := p.then(ctx, in); err != nil {
				return fmt.Errorf("persona %q: %w", p.id, err)
			}
		}
		s.people = append(s.people, persona{
			ID: p.id, Name: in.Person.Name + " " + in.Person.Surname, About: p.about,
			FiscalCode: in.Person.FiscalCode, anprID: in.Person.ANPRID,
		})
	}
	code, err := electoral.ComputeFiscalCode("INVENTATI", "OSPITE", electoral.Male,
		electoral.Date{Year: 1980, Month: 1, Day: 1}, "E388")
	if err != nil {
		return err
	}
	s.people = append(s.people, persona{ID: "ignota", Name: "OSPITE INVENTATI",
		About: "Non è iscritto in ANPR: il servizio non lo può ammettere.", FiscalCode: code})
	return nil
}

// looked makes the officer consult a person once, so that the citizen finds the
// officer among those who used his data.
func (s *system) looked(ctx context.Context, in electoraltest.Inhabitant) error {
	seen, err := s.recorder.About(ctx, s.logStore, in.Person.ANPRID)
	if err != nil || len(seen) > 0 {
		return err
	}
	_, err = s.registry.Elector(ctx, officer("E388", "consultazione-1"), in.Person.ANPRID)
	return err
}

// removed and incapable bring a person into a state. They may be repeated: a
// request with the same id has effect once.
func (s *system) removed(ctx context.Context, in electoraltest.Inhabitant) error {
	e, err := s.registry.Elector(ctx, officer("E388", "consultazione-2"), in.Person.ANPRID)
	if err != nil || len(e.Removals) > 0 {
		return err
	}
	_, _, err = s.registry.Remove(ctx, officer("E388", "cancellazione-1"),
		registry.RemovalRequest{ANPRID: in.Person.ANPRID, List: electoral.GeneralList,
			Cause: electoral.CauseMoved})
	return err
}

func (s *system) incapable(ctx context.Context, in electoraltest.Inhabitant) error {
	e, err := s.registry.Elector(ctx, officer("E388", "consultazione-3"), in.Person.ANPRID)
	if err != nil || e.Capacity == electoral.No {
		return err
	}
	_, _, err = s.registry.SetCapacity(ctx, officer("E388", "capacita-1"),
		registry.CapacityChange{ANPRID: in.Person.ANPRID, Capacity: electoral.No})
	return err
}

// openTLS reads the certificate of the development server, or makes one.
func (s *system) openTLS(context.Context) error {
	path := s.path("tls.pem")
	data, err := os.ReadFile(path)
	if err == nil {
		if s.tls, err = tls.X509KeyPair(data, data); err == nil && s.tls.Leaf != nil &&
			s.now().Before(s.tls.Leaf.NotAfter) {
			return nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "PROVA - server di sviluppo"},
		NotBefore: s.now().Add(-time.Hour), NotAfter: s.now().AddDate(0, 3, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	data = append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	if err := writeFile(path, data, 0o600); err != nil {
		return err
	}
	s.tls, err = tls.X509KeyPair(data, data)
	return err
}
