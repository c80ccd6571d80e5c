package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
)

// A damage spoils one record of the file of electors, as other programs do.
type damage struct {
	about    string
	record   int // of the file, from 1
	old, new string
}

var damages = []damage{
	{about: "la circoscrizione non è in maiuscolo", record: 100,
		old: "<circoscrcameradeputati>MARCHE<", new: "<circoscrcameradeputati>Marche<"},
	{about: "la sezione non esiste", record: 400, old: "<sezioneelettoralenum>", new: "<sezioneelettoralenum>9"},
	{about: "«elettore» non è S né N", record: 700, old: "<elettore>S<", new: "<elettore>SI<"},
	{about: "manca un'indicazione che ANPR richiede", record: 1000, old: "<comunali>S</comunali>"},
	{about: "un soggetto compare due volte", record: 1300},
}

// makeData writes the files that a comune would have: the persons, and ANPR's
// two files of the first load, with a few wrong records among the right ones.
func (q *quickstart) makeData(context.Context) error {
	if err := os.MkdirAll(q.dir, 0o755); err != nil {
		return err
	}
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{
		Comune: comune, Electors: electors, Seed: 20221017,
	})
	if err != nil {
		return err
	}
	q.step("Un comune inventato su un comune vero: " + g.Comune().Name)
	sections := g.Sections()
	var sectionFile, electorFile, personFile bytes.Buffer
	sw, err := anprxml.NewSectionWriter(&sectionFile, anprxml.WriteConfig{Total: len(sections)})
	if err != nil {
		return err
	}
	for _, s := range sections {
		if err := sw.Write(s); err != nil {
			return err
		}
	}
	if err := sw.Close(); err != nil {
		return err
	}
	ew, err := anprxml.NewElectorWriter(&electorFile, anprxml.WriteConfig{Total: electors})
	if err != nil {
		return err
	}
	var failed error
	if _, err := electoral.WritePersons(&personFile, func(yield func(electoral.Person) bool) {
		for in := range g.Inhabitants() {
			if failed = ew.Write(in.Elector); failed != nil || !yield(in.Person) {
				return
			}
		}
	}); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	if err := ew.Close(); err != nil {
		return err
	}
	damaged, err := spoil(electorFile.String())
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"subentroSezioni.xml": sectionFile.Bytes(), "subentroListe.xml": []byte(damaged),
		"popolazione.ndjson": personFile.Bytes(),
	} {
		if err := os.WriteFile(q.path(name), data, 0o600); err != nil {
			return err
		}
	}
	q.printf("%d sezioni e %d elettori, di cui %d sbagliati apposta:", len(sections), electors, len(damages))
	for _, d := range damages {
		q.printf("  record %4d: %s", d.record, d.about)
	}
	return nil
}

// spoil puts the damages into the text of a file of electors, which has one
// record on each line.
func spoil(file string) (string, error) {
	lines := strings.SplitAfter(file, "\n")
	// two lines before the first record
	const head = 1
	for _, d := range damages {
		i := head + d.record
		switch {
		case i >= len(lines):
			return "", fmt.Errorf("the file has no record %d", d.record)
		case d.old == "":
			lines[i] = lines[i-1]
		case !strings.Contains(lines[i], d.old):
			return "", fmt.Errorf("record %d does not hold %s", d.record, d.old)
		default:
			lines[i] = strings.Replace(lines[i], d.old, d.new, 1)
		}
	}
	return strings.Join(lines, ""), nil
}

// newKey makes a secret for the contrassegni of this run.
func newKey() []byte {
	key := make([]byte, 32)
	rand.Read(key) // never fails
	return key
}
