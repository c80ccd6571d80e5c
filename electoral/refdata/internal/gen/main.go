// Command gen makes the embedded tables of package refdata from the shared
// material and from the few facts in known/. Its output depends on these files
// only: same input, same text.
//
//	go run ./internal/gen -shared ../../../shared -out tables
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	shared := flag.String("shared", "../../../shared", "folder with data/geo, data/elettorale and data/anpr")
	out := flag.String("out", "tables", "folder to write NAME.tsv.gz to")
	flag.Parse()
	if err := run(*shared, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(shared, out string) error {
	tables, err := generate(shared)
	if err != nil {
		return err
	}
	for name, text := range tables {
		var buf bytes.Buffer
		z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(text); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name+".tsv.gz"), buf.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

type generator struct {
	root   string
	tables map[string][]byte
	// current are the Belfiore codes of the comuni that exist.
	current map[string]bool
	// places are the codes of all comuni that there ever were.
	places map[string]bool
}

// generate returns the text of every table by its name.
func generate(shared string) (tables map[string][]byte, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failure:
			err = r.error
		default:
			panic(r)
		}
	}()
	g := &generator{root: shared, tables: map[string][]byte{}, current: map[string]bool{}, places: map[string]bool{}}
	g.regions()
	g.provinces()
	g.comuni()
	g.predecessors()
	g.states()
	g.eu()
	g.regional()
	g.colleges("chamber", "camera")
	g.colleges("senate", "senato")
	g.languages()
	g.streets()
	g.aliases()
	return g.tables, nil
}

// Sources, as each table names them.
const (
	archive  = "ANPR, archivio storico dei comuni|https://github.com/italia/anpr src/archivi/ANPR_archivio_comuni.csv|CC-BY-4.0|2023-10-03"
	situas   = "ISTAT SITUAS, elenco dei comuni|https://github.com/ondata/liberiamoli-tutti dati_ricostruzione/risorse/2026-08-14_situas_comuni.csv|CC-BY-4.0|2026-08-14"
	opendata = "ANPR open data, popolazione residente e subentro delle liste elettorali|https://github.com/mfortini/anpr-opendata|CC0-1.0|2024-11-21"
	europee  = "Eligendo, elezioni europee 2024|https://github.com/ondata/elezioni_europee_2024|CC-BY-4.0|2024-06-10"
	politics = "Eligendo, elezioni politiche 2022|https://github.com/ondata/elezioni-politiche-2022|CC-BY-4.0|2022-09-25"
	anprTab  = "ANPR, tabelle di decodifica|https://github.com/italia/anpr src/_static/xlsx|CC-BY-4.0|2019-03-11"
	istatEst = "ISTAT, stati esteri|https://github.com/kamaladafrica/codice-fiscale|Apache-2.0|2020"
	pyCF     = "ANPR, stati esteri cessati e territori, da python-codicefiscale|https://github.com/fabiocaccamo/python-codicefiscale|MIT|2026-05"
	ownFacts = "fatti pubblici raccolti per questo progetto|electoral/refdata/internal/gen/known|BSD-3-Clause|2026-11-22"
	regional = "leggi elettorali regionali, raccolta di questo progetto sui nomi ISTAT|electoral/refdata/SOURCES.md|BSD-3-Clause|2026-11-22"
	ontopia  = "ANPR, ISTAT e Ontopia, denominazioni in altra lingua|https://github.com/italia/daf-ontologie-vocabolari-controllati|CC-BY-4.0|2026-08-14"
)

// write stores a table. Every field must be free of tabs and line ends.
func (g *generator) write(name, date string, sources, notes, columns []string, rows [][]string) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "#anpr-refdata 1\n#table %s\n#date %s\n", name, date)
	for _, s := range sources {
		fmt.Fprintf(&b, "#source %s\n", s)
	}
	for _, n := range notes {
		fmt.Fprintf(&b, "#note %s\n", n)
	}
	b.WriteString(strings.Join(columns, "\t") + "\n")
	for _, row := range rows {
		if len(row) != len(columns) {
			fail("%s: row %q: %d fields, expected %d", name, row, len(row), len(columns))
		}
		for _, f := range row {
			if strings.ContainsAny(f, "\t\r\n") {
				fail("%s: field %q: tab or line end", name, f)
			}
		}
		b.WriteString(strings.Join(row, "\t") + "\n")
	}
	g.tables[name] = b.Bytes()
}

func (g *generator) eu() {
	var rows [][]string
	members := map[string]bool{}
	for _, r := range mine("eu.csv") {
		rows = append(rows, r.row)
		if r.get("to") == "" {
			members[r.get("iso3")] = true
		}
	}
	for _, r := range g.shared("geo/stati_esteri.csv") {
		if members[r.get("iso3")] != (r.get("ue27") == "1") {
			fail("%s:%d: %s: eu.csv and ue27 disagree", r.file, r.line, r.get("iso3"))
		}
	}
	g.write("eu", "2026-11-22", []string{ownFacts}, []string{
		"The members of today agree with ISTAT's list (without the United Kingdom). The dates are those of the treaties, from general knowledge.",
	}, []string{"iso3", "from", "to", "source", "certainty"}, rows)
}

func (g *generator) streets() {
	var rows [][]string
	for _, r := range g.shared("anpr/specie_toponimo.csv") {
		rows = append(rows, []string{r.get("id"), r.get("descrizione")})
	}
	g.write("street_kinds", "2019-03-11", []string{anprTab}, nil, []string{"id", "name"}, rows)
}

func (g *generator) aliases() {
	var rows [][]string
	for _, r := range mine("aliases.csv") {
		rows = append(rows, r.row)
	}
	slices.SortFunc(rows, func(a, b []string) int { return slices.Compare(a, b) })
	g.write("aliases", "2026-11-22", []string{ownFacts}, nil, []string{"kind", "alias", "name"}, rows)
}
