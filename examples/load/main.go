// Command load makes data as large as the real data.
//
//	go run ./examples/load generate -comune BELFIORE [-n N] [-seed S] -out DIR
//
// writes a made-up population of a real comune: popolazione.ndjson (persons),
// subentroSezioni.xml and subentroListe.xml (ANPR's first-load files) and
// assunzioni.json (the values that no table gives).
//
//	go run ./examples/load national [-factor F] [-comuni N] [-seed S] [-db FILE] [-json]
//
// makes up the whole country, each comune with its real number of electors
// times F, loads it through the registry and measures loading, reading and
// extraction. The database is SQLite, or PostgreSQL if ANPR_DSN holds a
// connection string.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `uso: load generate -comune BELFIORE [-n N] [-seed S] -out DIR
     load national [-factor F] [-comuni N] [-seed S] [-db FILE] [-json]

  generate   inventa la popolazione di un comune reale e ne scrive i file di primo caricamento
  national   inventa tutti i comuni in scala, li carica nel registro e misura
`

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	switch args[0] {
	case "generate":
		return runGenerate(args[1:], stdout, stderr)
	case "national":
		return runNational(args[1:], stdout, stderr)
	case "-h", "-help", "--help", "help":
		fmt.Fprint(stdout, usage)
		return 0
	}
	fmt.Fprintf(stderr, "load: comando %q sconosciuto\n%s", args[0], usage)
	return 2
}

func runGenerate(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("load generate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	comune := flags.String("comune", "", "codice catastale (`Belfiore`) del comune, per esempio E388")
	n := flags.Int("n", 0, "`numero` di elettori; 0: quelli che il comune ha comunicato ad ANPR")
	seed := flags.Uint64("seed", 1, "`seme`: lo stesso seme dà gli stessi dati")
	out := flags.String("out", "", "`cartella` in cui scrivere; si crea se manca")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if *comune == "" || *out == "" || flags.NArg() > 0 {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
		return 2
	}
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: *comune, Electors: *n, Seed: *seed})
	if err != nil {
		fmt.Fprintln(stderr, "load:", err)
		return 2
	}
	if err := generate(g, *out); err != nil {
		fmt.Fprintln(stderr, "load:", err)
		return 1
	}
	fmt.Fprintf(stdout, "%s (%s): %d sezioni, %d elettori in %s\n", g.Comune().Name, g.Comune().Belfiore,
		len(g.Sections()), g.Electors(), *out)
	for _, a := range g.Assumptions() {
		fmt.Fprintf(stdout, "  assunto: %s %s: %s\n", a.Field, a.Value, a.Reason)
	}
	return 0
}

// generate writes the files of a made-up comune. Its memory grows only with the
// set of codici fiscali, which must all differ.
func generate(g *electoraltest.Generator, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	err := write(dir, "subentroSezioni.xml", func(w io.Writer) error {
		sections := g.Sections()
		sw, err := anprxml.NewSectionWriter(w, anprxml.WriteConfig{Total: len(sections)})
		if err != nil {
			return err
		}
		for _, s := range sections {
			if err := sw.Write(s); err != nil {
				return err
			}
		}
		return sw.Close()
	})
	if err != nil {
		return err
	}
	if err := write(dir, "assunzioni.json", func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(g.Assumptions())
	}); err != nil {
		return err
	}
	// One pass writes the persons and the electors together.
	return write(dir, "subentroListe.xml", func(w io.Writer) error {
		ew, err := anprxml.NewElectorWriter(w, anprxml.WriteConfig{Total: g.Electors()})
		if err != nil {
			return err
		}
		err = write(dir, "popolazione.ndjson", func(w io.Writer) error {
			var failed error
			_, err := electoral.WritePersons(w, persons(g, ew, &failed))
			return errors.Join(failed, err)
		})
		return errors.Join(err, ew.Close())
	})
}

// persons yields the persons, and writes the elector of each before it.
func persons(g *electoraltest.Generator, ew *anprxml.ElectorWriter, failed *error) iter.Seq[electoral.Person] {
	return func(yield func(electoral.Person) bool) {
		for in := range g.Inhabitants() {
			if *failed = ew.Write(in.Elector); *failed != nil || !yield(in.Person) {
				return
			}
		}
	}
}

func write(dir, name string, fill func(io.Writer) error) (err error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := fill(w); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return w.Flush()
}
