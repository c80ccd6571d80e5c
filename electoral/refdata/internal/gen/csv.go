package main

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What is in none of the shared files: the dates of the last mergers, the
// treaties of the European Union, spellings.
//
//go:embed known/*.csv
var known embed.FS

// record is one row of a CSV file, by column name.
type record struct {
	file string
	line int
	of   map[string]int
	row  []string
}

func (r record) get(column string) string {
	i, ok := r.of[column]
	if !ok {
		panic(failure{fmt.Errorf("%s: no column %q", r.file, column)})
	}
	return strings.TrimSpace(r.row[i])
}

// failure carries an error out of the generator's nested steps; generate
// recovers it.
type failure struct{ error }

func fail(format string, args ...any) {
	panic(failure{fmt.Errorf(format, args...)})
}

// shared reads a file of the shared folder, mine one of those beside this
// program.
func (g *generator) shared(name string) []record {
	data, err := os.ReadFile(filepath.Join(g.root, "data", filepath.FromSlash(name)))
	if err != nil {
		fail("%w", err)
	}
	return parse(name, data)
}

func mine(name string) []record {
	data, err := known.ReadFile("known/" + name)
	if err != nil {
		fail("%w", err)
	}
	return parse(name, data)
}

func parse(name string, data []byte) []record {
	r := csv.NewReader(bytes.NewReader(data))
	r.ReuseRecord = false
	rows, err := r.ReadAll()
	if err != nil {
		fail("%s: %w", name, err)
	}
	if len(rows) < 2 {
		fail("%s: no rows", name)
	}
	of := make(map[string]int, len(rows[0]))
	for i, c := range rows[0] {
		of[c] = i
	}
	out := make([]record, 0, len(rows)-1)
	for i, row := range rows[1:] {
		out = append(out, record{file: name, line: i + 2, of: of, row: row})
	}
	return out
}
