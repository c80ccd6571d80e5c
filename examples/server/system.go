package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/filestore"
	"github.com/liste-elettorali/anpr/audit/recorder"
	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/archive"
	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/job"
	jobstore "github.com/liste-elettorali/anpr/electoral/job/sqlstore"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/electoral/sqlstore"
	"github.com/liste-elettorali/anpr/internal/folder"
	"github.com/liste-elettorali/anpr/internal/limits/admission"
	"github.com/liste-elettorali/anpr/internal/limits/rates"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/transport/session"
	sessionstore "github.com/liste-elettorali/anpr/transport/session/sqlstore"
	"github.com/liste-elettorali/anpr/verify"
	"github.com/liste-elettorali/anpr/verify/captcha"
)

// A system holds everything that the pages need.
type system struct {
	opts     options
	base     string // "https://HOST:PORT"
	logger   *slog.Logger
	now      func() time.Time
	rome     *time.Location
	tables   *refdata.Tables
	db       *sqlstore.DB
	archive  *archive.SQL
	logStore *filestore.Store
	recorder *recorder.Recorder
	registry *registry.Registry
	issuer   *certificate.Issuer
	verifier *verify.Verifier
	captcha  captcha.Captcha
	tls      tls.Certificate
	people   []persona
	sessions *session.Manager
	visits   *sessionstore.Store
	outbox   *delivery.FileOutbox
	courier  *delivery.Courier
	persons  *rates.Limiter
	networks *rates.Limiter
	gate     *admission.Gate
	issues   *rates.Limiter // of certificates, by person
	jobs     *job.Runner
	plan     *jobstore.Store
	// unrecorded is when the access log last failed to take an entry: milliseconds since
	// 1970, zero for never.
	unrecorded atomic.Int64
	// ticketKey authenticates the tickets that open originals for a while; it
	// need not outlive the process.
	ticketKey []byte
}

// open makes the system in its folder, and closes the accesses that a crash
// left open in the log.
func open(ctx context.Context, o options, base string, logger *slog.Logger) (s *system, err error) {
	if o.now == nil {
		o.now = time.Now
	}
	s = &system{opts: o, base: base, logger: logger, now: o.now, ticketKey: random(32)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return s, err
	}
	if info, err := os.Stat(o.data); err != nil {
		return s, err
	} else if mode := folder.Mode(info); mode&0o022 != 0 {
		return s, fmt.Errorf("%s: others may write in it (mode %04o), and replace keys and roots: expected 0700",
			o.data, mode)
	}
	if s.rome, err = time.LoadLocation(electoral.Rome); err != nil {
		return s, err
	}
	if s.tables, err = refdata.Embedded(); err != nil {
		return s, err
	}
	for _, step := range []func(context.Context) error{
		s.openStores, s.openSessions, s.openLog, s.openSeal, s.openCourier, s.openCaptcha, s.openTLS, s.settle,
		s.recoverLog, s.openLimits, s.openJobs,
	} {
		if err := step(ctx); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *system) path(name string) string { return filepath.Join(s.opts.data, name) }

func (s *system) openStores(ctx context.Context) (err error) {
	if s.opts.dsn != "" {
		if s.db, err = sqlstore.OpenPostgres(ctx, s.opts.dsn); err != nil {
			return err
		}
		s.archive, err = archive.OpenPostgres(ctx, s.opts.dsn)
		return err
	}
	if s.db, err = sqlstore.OpenSQLite(ctx, s.path("registro.db")); err != nil {
		return err
	}
	s.archive, err = archive.OpenSQLite(ctx, s.path("certificati.db"))
	return err
}

// openSessions opens the sessions of all nodes, which outlive a restart.
func (s *system) openSessions(ctx context.Context) (err error) {
	if s.opts.dsn != "" {
		config := sessionstore.PostgresConfig{DSN: s.opts.dsn}
		if err := config.Migrate(ctx); err != nil {
			return err
		}
		s.visits, err = config.Open(ctx)
	} else {
		config := sessionstore.SQLiteConfig{File: s.path("sessioni.db")}
		if err := config.Migrate(ctx); err != nil {
			return err
		}
		s.visits, err = config.Open(ctx)
	}
	if err != nil {
		return err
	}
	secret, err := s.secret("sessioni.key", 32)
	if err != nil {
		return err
	}
	s.sessions, err = session.New(session.Config{Store: s.visits, Now: s.now, Secret: secret,
		Idle: s.opts.idle, Told: 8 * time.Hour})
	return err
}

// openLimits makes what bounds requests and costly work. A person who is logged in has
// limits of his own, wherever he is; all others behind one address, as those of a school
// or an office, share the larger ones of their network.
func (s *system) openLimits(context.Context) (err error) {
	now := s.now
	if s.persons, err = rates.New(rates.Config{Rates: rates.Person(), Now: now}); err != nil {
		return err
	}
	if s.networks, err = rates.New(rates.Config{Rates: rates.Network(), Now: now}); err != nil {
		return err
	}
	perDay := rates.Rate{Every: 24 * time.Hour / (3 * maxPerDay), Burst: 3 * maxPerDay} // of three kinds
	s.issues, err = rates.New(rates.Config{Rates: map[rates.Class]rates.Rate{certificatesRate: perDay}, Now: now})
	if err != nil {
		return err
	}
	// Making certificates waits for disk and database half of the time.
	many := 2 * runtime.GOMAXPROCS(0)
	s.gate, err = admission.New(admission.Config{Work: many, Wait: many})
	return err
}

// blocked says what keeps the server from answering; nil if nothing does. A log that has
// not taken an entry within the last minute blocks too: nothing is done that is not on
// record.
func (s *system) blocked(ctx context.Context) error {
	_, err := s.registry.Home(ctx, s.people[0].anprID)
	_, logErr := s.logStore.Head(ctx, "portale")
	_, sessionErr := s.sessions.List(ctx, s.people[0].anprID)
	if at := s.unrecorded.Load(); at != 0 && s.now().Sub(time.UnixMilli(at)) < time.Minute {
		logErr = errors.Join(logErr, electoral.ErrNotRecorded)
	}
	return errors.Join(err, logErr, sessionErr)
}

func (s *system) openLog(context.Context) (err error) {
	if s.logStore, err = filestore.Open(s.path("audit"), filestore.Config{}); err != nil {
		return err
	}
	log, err := audit.New(audit.Config{Store: s.logStore})
	if err != nil {
		return err
	}
	if s.recorder, err = recorder.New(log, recorder.Config{}); err != nil {
		return err
	}
	s.registry, err = registry.New(registry.Config{
		Store: s.db.Store(), Population: s.db.Population(), Recorder: s.recorder,
	})
	return err
}

// openSeal makes a certification authority for this run. Its root joins the
// roots of earlier runs, because what those sealed must stay verifiable.
func (s *system) openSeal(context.Context) error {
	ca, err := sealtest.NewCA(sealtest.Config{})
	if err != nil {
		return err
	}
	sealer, err := ca.PAdES(seal.LevelLTA)
	if err != nil {
		return err
	}
	key, err := s.secret("contrassegno.key", contrassegno.MinKeySize)
	if err != nil {
		return err
	}
	s.issuer, err = certificate.NewIssuer(certificate.Config{
		Sealer: sealer, Source: s.registry, Recorder: s.recorder, Key: key, BaseURL: s.base, Archive: s.archive,
		FormerURLs: s.opts.former,
		Tables:     s.tables,
	})
	if err != nil {
		return err
	}
	trust, err := os.ReadFile(s.path("trust.pem"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	// The file is read completely or not at all: if an earlier root is missing,
	// the certificates under it are no longer valid.
	anchors, err := parseAnchors(trust)
	if err != nil {
		return fmt.Errorf("%s: %w", s.path("trust.pem"), err)
	}
	if err := writeFile(s.path("trust.pem"), append(trust, ca.TrustPEM()...), 0o644); err != nil {
		return err
	}
	own, err := parseAnchors(ca.TrustPEM())
	if err != nil {
		return err
	}
	anchors = append(anchors, own...)
	s.verifier, err = verify.New(verify.Config{Trust: anchors, Timestamps: anchors, ContrassegnoKey: key})
	return err
}

// parseAnchors reads certificates in PEM, with text between them. A certificate
// that is cut short is an error; package pem would skip it.
func parseAnchors(data []byte) (list []*x509.Certificate, err error) {
	begun := bytes.Count(data, []byte("-----BEGIN "))
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(list)+1, err)
		}
		list = append(list, c)
	}
	if len(list) != begun {
		return nil, fmt.Errorf("%d certificates can be read of %d", len(list), begun)
	}
	return list, nil
}

func (s *system) openCaptcha(context.Context) (err error) {
	if s.captcha = s.opts.captcha; s.captcha != nil {
		return nil
	}
	// The list of used challenges ends with the process, and so must the key.
	effort, err := captcha.NewRising(captcha.RisingConfig{Now: s.now})
	if err != nil {
		return err
	}
	s.captcha, err = captcha.New(captcha.Config{Key: random(captcha.MinKeySize), Effort: effort})
	return err
}

// recoverLog records an outcome for the accesses that were in progress when the
// process ended.
func (s *system) recoverLog(ctx context.Context) error {
	left, err := s.recorder.Open(ctx, s.logStore)
	if err != nil {
		return err
	}
	n, err := s.issuer.Recover(ctx, left)
	if n > 0 {
		s.logger.InfoContext(ctx, "recovered", "accesses", n)
	}
	return err
}

func (s *system) close() error {
	var errs []error
	if s.logStore != nil {
		errs = append(errs, s.logStore.Close())
	}
	if s.plan != nil {
		errs = append(errs, s.plan.Close())
	}
	if s.outbox != nil {
		errs = append(errs, s.outbox.Close())
	}
	if s.visits != nil {
		errs = append(errs, s.visits.Close())
	}
	if s.archive != nil {
		errs = append(errs, s.archive.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	return errors.Join(errs...)
}

// secret reads a key; at the first start it makes the key.
func (s *system) secret(name string, size int) ([]byte, error) {
	key, err := os.ReadFile(s.path(name))
	switch {
	case errors.Is(err, os.ErrNotExist):
		key = random(size)
		return key, writeFile(s.path(name), key, 0o600)
	case err != nil:
		return nil, err
	case len(key) != size:
		return nil, fmt.Errorf("%s: %d bytes, expected %d", s.path(name), len(key), size)
	}
	return key, nil
}

// writeFile replaces a file as a whole, durably: after a crash it holds either
// the new content or the old.
func writeFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return folder.SyncPath(filepath.Dir(path))
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}
