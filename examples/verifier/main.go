// Command verifier judges electoral certificates, pictures of contrassegni and
// access logs, offline.
//
//	go run ./examples/verifier [-trust FILE] [-json] [-at TIME] FILE...
//
// It exits with 0 if all are valid, 1 if at least one is not, 2 if one could
// not be read or the usage is wrong.
package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	_ "time/tzdata" // the days are Italy's, wherever the program runs

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/verify"
)

const (
	exitValid = iota
	exitInvalid
	exitUnreadable
)

// maxFile bounds a PDF or a picture, in bytes.
const maxFile = 64 << 20

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// A result is what -json prints about a file.
type result struct {
	File   string         `json:"file"`
	Kind   verify.Kind    `json:"kind"`
	Valid  bool           `json:"valid"`
	Level  verify.Level   `json:"level"`
	Checks []verify.Check `json:"checks"`
	Signer string         `json:"signer"`
	// Time is the claimed time of the seal, RFC 3339; empty if there is none.
	Time string `json:"time"`

	unreadable  bool
	explanation string
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("verifier", flag.ContinueOnError)
	flags.SetOutput(stderr)
	trust := flags.String("trust", "", "`file` PEM dei certificati a cui si dà fiducia")
	asJSON := flags.Bool("json", false, "un oggetto JSON per riga, uno per file")
	atText := flags.String("at", "", "`istante` del giudizio, RFC 3339, oppure AAAA-MM-GG per la fine di quel giorno "+
		"in Italia; se manca, adesso")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "uso: verifier [-trust FILE] [-json] [-at ISTANTE] FILE...\n\nFILE è un PDF, l'immagine "+
			"di un codice QR (PNG, JPEG), un registro degli accessi o la sua cartella.\nEsce con 0 se tutti sono "+
			"validi, 1 se almeno uno non lo è, 2 se uno non si può leggere.")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitValid
	} else if err != nil {
		return exitUnreadable
	}
	if flags.NArg() == 0 {
		flags.Usage()
		return exitUnreadable
	}
	at, err := parseTime(*atText)
	if err != nil {
		fmt.Fprintln(stderr, "verifier:", err)
		return exitUnreadable
	}
	anchors, err := readTrust(*trust)
	if err != nil {
		fmt.Fprintln(stderr, "verifier:", err)
		return exitUnreadable
	}
	verifier, err := verify.New(verify.Config{Trust: anchors, Timestamps: anchors})
	if err != nil {
		fmt.Fprintln(stderr, "verifier:", err)
		return exitUnreadable
	}
	exit := exitValid
	for _, r := range judge(ctx, verifier, flags.Args(), at) {
		if *asJSON {
			err = json.NewEncoder(stdout).Encode(r)
		} else {
			err = print(stdout, r)
		}
		if err != nil {
			fmt.Fprintln(stderr, "verifier:", err)
			return exitUnreadable
		}
		switch {
		case r.unreadable:
			exit = exitUnreadable
		case !r.Valid:
			exit = max(exit, exitInvalid)
		}
	}
	return exit
}

func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	rome, err := time.LoadLocation(electoral.Rome)
	if err != nil {
		return time.Time{}, err
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, rome); err == nil {
		return t.AddDate(0, 0, 1).Add(-time.Second), nil
	}
	return time.Time{}, fmt.Errorf("-at %q: atteso un istante come 2026-11-22T10:00:00Z o 2026-11-22", text)
}

func readTrust(path string) ([]*x509.Certificate, error) {
	if path == "" {
		return nil, nil
	}
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var anchors []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		anchors = append(anchors, cert)
	}
	if len(anchors) == 0 {
		return nil, fmt.Errorf("%s: nessun certificato PEM", path)
	}
	return anchors, nil
}

func readFile(path string) ([]byte, error) {
	// A pipe would wait for its writer; /dev/zero would never end.
	if st, err := os.Stat(path); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: non è un file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s: più di %d MiB", path, maxFile>>20)
	}
	return data, err
}

// judge judges every file; a picture is judged together with the PDFs among
// them.
func judge(ctx context.Context, v *verify.Verifier, paths []string, at time.Time) []result {
	contents := make([][]byte, len(paths))
	failures := make([]error, len(paths))
	var documents []verify.Document
	for i, path := range paths {
		if st, err := os.Stat(path); err == nil && st.IsDir() {
			continue
		}
		if isLog(path) {
			continue
		}
		contents[i], failures[i] = readFile(path)
		if isPDF(contents[i]) {
			documents = append(documents, verify.Document{Name: filepath.Base(path), Data: contents[i]})
		}
	}
	results := make([]result, len(paths))
	for i, path := range paths {
		report, err := verify.Report{}, failures[i]
		if err == nil {
			report, err = one(ctx, v, path, contents[i], documents, at)
		}
		results[i] = result{File: path, Kind: report.Kind, Valid: report.Valid, Level: report.Level,
			Checks: report.Checks, Signer: report.Signer}
		if err == nil {
			results[i].explanation = report.Explain()
		}
		if !report.Time.IsZero() {
			results[i].Time = report.Time.UTC().Format(time.RFC3339)
		}
		if err != nil {
			results[i].unreadable = true
			results[i].Kind = kindOf(path)
			results[i].Checks = []verify.Check{{Code: verify.CodeStructure, Outcome: verify.Failed,
				Message: unreadable(err)}}
		}
	}
	return results
}

// unreadable says why a file could not be read.
func unreadable(err error) string {
	message := "Il file non si può leggere: " + err.Error() + "."
	if errors.Is(err, errUnknown) {
		message = "Il file non si può leggere: " + errUnknown.Error() + "."
		var why *verify.FindError
		if errors.As(err, &why) && why.Code == verify.FindFormat {
			message += " " + why.Message
		}
	}
	return message
}

var errUnknown = errors.New("non è un PDF, né un'immagine PNG o JPEG, né un registro degli accessi")

func one(
	ctx context.Context, v *verify.Verifier, path string, data []byte, documents []verify.Document, at time.Time,
) (verify.Report, error) {
	switch {
	case isPDF(data):
		return v.PDF(ctx, data, at), nil
	case isPicture(data):
		return v.Picture(ctx, data, documents, at), nil
	case data != nil:
		// For a picture in another format, the error says which one, and what to do.
		if _, err := v.FindContrassegno(ctx, data); err != nil {
			return verify.Report{}, errors.Join(errUnknown, err)
		}
		return verify.Report{}, errUnknown
	}
	if st, err := os.Stat(path); err == nil && st.IsDir() {
		return v.Log(ctx, os.DirFS(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return verify.Report{}, err
	}
	defer f.Close()
	return v.LogFile(ctx, f)
}

// kindOf guesses, from its name, what kind of file an unreadable one was meant
// to be.
func kindOf(path string) verify.Kind {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png", ".jpg", ".jpeg":
		return verify.KindContrassegno
	case ".log", "":
		return verify.KindLog
	}
	return verify.KindPDF
}

// isPDF looks for the header within the first 1,024 bytes, where readers
// accept it.
func isPDF(data []byte) bool {
	return bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-"))
}

func isPicture(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) || bytes.HasPrefix(data, []byte("\xff\xd8\xff"))
}

var signs = map[verify.Outcome]string{verify.Passed: "sì", verify.Failed: "NO", verify.NotDone: "--"}

func print(w io.Writer, r result) error {
	verdict := "NON VALIDO"
	switch {
	case r.unreadable:
		verdict = "NON LEGGIBILE"
	case r.Valid:
		verdict = "VALIDO"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.File, verdict)
	if r.explanation != "" {
		fmt.Fprintf(&b, "  %s\n", r.explanation)
	}
	if r.Signer != "" {
		fmt.Fprintf(&b, "  sigillato da: %s\n", r.Signer)
	}
	if r.Time != "" {
		fmt.Fprintf(&b, "  data dichiarata: %s\n", r.Time)
	}
	if r.Level != "" {
		fmt.Fprintf(&b, "  livello: %s\n", r.Level)
	}
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "  [%s] %-16s %s\n", signs[c.Outcome], c.Code, c.Message)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
