// Command server is the complete system in its first form: the public
// verification of certificates and the citizen's reserved area, on the
// registry, the issuer, the archive and the access log of the SDK.
//
//	go run ./examples/server -dev [-addr 127.0.0.1:8443] [-base-url URL] [-former-url URL]...
//		[-trusted-proxies NETWORKS] [-data DIR] [-dsn DSN]
//
// With -dev it makes up two comuni and their people, a certification authority
// and a TLS certificate, and lets anybody log in as one of those people.
// Without -dev it refuses to start: it cannot identify real people yet.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // the days are Italy's, wherever the program runs

	"github.com/liste-elettorali/anpr/internal/limits/clients"
	"github.com/liste-elettorali/anpr/verify/captcha"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options hold the command line.
type options struct {
	addr, data, dsn string
	dev             bool
	base            string   // where browsers find the service; empty for addr
	former          []string // addresses that the service had before
	proxies         clients.Proxies
	idle            time.Duration // after which a session ends; zero is the usual
	// now is the clock; nil means time.Now.
	now func() time.Time
	// captcha replaces the real one in tests; nil means the real one.
	captcha captcha.Captcha
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8443", "`indirizzo` su cui ascoltare, in TLS")
	flags.StringVar(&o.data, "data", "", "`cartella` dei dati; se manca, una nuova cartella temporanea")
	flags.StringVar(&o.dsn, "dsn", "", "database PostgreSQL per registro, archivio, sessioni e lavori (o la variabile ANPR_DSN); "+
		"se manca, SQLite nella cartella dei dati")
	flags.Func("former-url", "un `indirizzo` che il servizio aveva prima, come https://HOST: i certificati con "+
		"quel codice QR restano verificabili; si può ripetere", func(s string) error {
		o.former = append(o.former, s)
		return nil
	})
	flags.Func("base-url", "`indirizzo` con cui il servizio si raggiunge, come https://HOST: finisce nei codici QR; "+
		"se manca, quello di -addr", func(s string) (err error) {
		o.base, err = origin(s)
		return err
	})
	flags.Func("trusted-proxies", "`reti` dei proxy davanti al servizio, come 10.0.0.0/8,192.0.2.1: di loro si crede "+
		"a X-Forwarded-For", func(s string) (err error) {
		o.proxies, err = clients.Parse(s)
		return err
	})
	flags.BoolVar(&o.dev, "dev", false, "ambiente di sviluppo: persone, comuni, sigillo e accesso inventati")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintln(stderr, "uso: server -dev [-addr INDIRIZZO] [-base-url URL] [-former-url URL]... [-trusted-proxies RETI] "+
			"[-data CARTELLA] [-dsn DSN]")
		return 2
	}
	if !o.dev {
		fmt.Fprintln(stderr, "server: senza -dev non parte: l'identificazione di persone vere (CIE, SPID, CNS) "+
			"non c'è ancora, e chiunque entrerebbe come chiunque.")
		return 2
	}
	if o.dsn == "" {
		o.dsn = os.Getenv("ANPR_DSN") // every user of the machine can read argv
	}
	if o.data == "" {
		dir, err := os.MkdirTemp("", "anpr-server-")
		if err != nil {
			fmt.Fprintln(stderr, "server:", err)
			return 1
		}
		o.data = dir
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	if err := serve(ctx, o, stdout, logger, nil); err != nil {
		fmt.Fprintln(stderr, "server:", err)
		return 1
	}
	return 0
}

// How many connections are open at a time, in all and from one network.
const (
	maxConnections = 4000
	maxOfNetwork   = 256
)

// serve runs the server until ctx ends. ready, if not nil, is called with the
// system and its address once the server listens.
func serve(
	ctx context.Context, o options, stdout io.Writer, logger *slog.Logger, ready func(*system, string),
) (err error) {
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	base := o.base
	if base == "" {
		if at, err := netip.ParseAddrPort(listener.Addr().String()); err != nil || at.Addr().IsUnspecified() ||
			!at.Addr().Unmap().Is4() {
			return fmt.Errorf("-addr %s: atteso un indirizzo IPv4 preciso, come 127.0.0.1:8443, "+
				"perché finisce nei contrassegni; o -base-url", o.addr)
		}
		base = "https://" + listener.Addr().String()
	}
	s, err := open(ctx, o, base, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	handler, err := s.handler()
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, TLSConfig: tlsConfig(s.tls),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 60 * time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 32 << 10, ErrorLog: serverErrors(logger),
	}
	maintenance, stopMaintenance := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.jobs.Run(maintenance); err != nil {
			logger.Error("jobs", "error", err)
		}
	}()
	defer func() { stopMaintenance(); <-done }()

	fmt.Fprintf(stdout, "In ascolto su %s\n  area riservata:  %s/accesso\n  verifica:        %s/verifica\n"+
		"Dati in %s; il certificato TLS è di prova (%s), e il browser va convinto.\n",
		base, base, base, o.data, "tls.pem")
	if ready != nil {
		ready(s, base)
	}
	failed := make(chan error, 1)
	bounded := &clients.Listener{Listener: listener, Proxies: o.proxies, All: maxConnections, Each: maxOfNetwork}
	go func() { failed <- server.ServeTLS(bounded, "", "") }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err := server.Shutdown(shutdown); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

// tlsConfig takes TLS 1.3 and, of 1.2, what has forward secrecy and authenticated
// encryption: no suites with CBC.
func tlsConfig(cert tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, CipherSuites: []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}}
}

// origin reads an address of the service, without path, as browsers send it in Origin.
func origin(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(u.Host, ":") {
		return "", errors.New("atteso un indirizzo come https://elettorale.example.it, senza percorso")
	}
	return "https://" + strings.TrimSuffix(strings.ToLower(u.Host), ":443"), nil
}

// serverErrors returns the logger for net/http. It drops connections that end
// in their handshake: scanners cause them, and browsers that do not know the
// certificate yet.
func serverErrors(logger *slog.Logger) *log.Logger { return log.New(serverLog{logger}, "", 0) }

type serverLog struct{ logger *slog.Logger }

// remote matches the address of a client, which is personal data.
var remote = regexp.MustCompile(`(\d+\.\d+\.\d+\.\d+|\[[0-9A-Fa-f:.%]+\]):\d+`)

func (s serverLog) Write(line []byte) (int, error) {
	if text := strings.TrimSpace(string(line)); !strings.HasPrefix(text, "http: TLS handshake error") &&
		!strings.HasPrefix(text, "http2: server") {
		s.logger.Error("net/http", "says", remote.ReplaceAllString(text, "ADDRESS"))
	}
	return len(line), nil
}
