package electoral

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxPersonLine bounds one line of a file of persons, in bytes.
const maxPersonLine = 64 << 10

// ReadPersons reads a file of persons in NDJSON: one [Person] in JSON a line,
// UTF-8; blank lines do not count. It yields each person, or an error that
// names the line and ends the reading: a field that is not known, a value of
// the wrong kind, a malformed ANPR id or codice fiscale, a line of more than 64
// KiB. Memory does not grow with the file. A nil r is an error.
func ReadPersons(r io.Reader) iter.Seq2[Person, error] {
	return func(yield func(Person, error) bool) {
		if r == nil {
			yield(Person{}, errors.New("electoral: persons: the reader is nil"))
			return
		}
		lines := bufio.NewReaderSize(r, maxPersonLine)
		for n := 1; ; n++ {
			line, err := lines.ReadSlice('\n')
			if len(line) == 0 && errors.Is(err, io.EOF) {
				return
			}
			if err != nil && !errors.Is(err, io.EOF) {
				if errors.Is(err, bufio.ErrBufferFull) {
					err = fmt.Errorf("more than %d bytes", maxPersonLine)
				}
				yield(Person{}, fmt.Errorf("electoral: persons, line %d: %w", n, err))
				return
			}
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			p, err := parsePerson(line)
			if err != nil {
				yield(Person{}, fmt.Errorf("electoral: persons, line %d: %w", n, err))
				return
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

func parsePerson(line []byte) (Person, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	var p Person
	if err := d.Decode(&p); err != nil {
		return Person{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Person{}, errors.New("data after the person: expected the end of the line")
	}
	if !ValidANPRID(p.ANPRID) {
		return Person{}, fmt.Errorf("anprId %q: expected 1 to 16 digits", p.ANPRID)
	}
	if p.FiscalCode != "" {
		code, err := ParseFiscalCode(string(p.FiscalCode))
		if err != nil {
			return Person{}, fmt.Errorf("person %s: fiscalCode: %w", p.ANPRID, err)
		}
		p.FiscalCode = code
	}
	return p, nil
}

// WritePersons writes a file of persons in NDJSON, as [ReadPersons] reads it,
// and returns their number. Neither w nor persons may be nil.
func WritePersons(w io.Writer, persons iter.Seq[Person]) (int, error) {
	switch {
	case w == nil:
		return 0, errors.New("electoral: persons: the writer is nil")
	case persons == nil:
		return 0, errors.New("electoral: persons: the sequence is nil")
	}
	out := bufio.NewWriterSize(w, maxPersonLine)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	n := 0
	for p := range persons {
		if err := enc.Encode(p); err != nil {
			return n, fmt.Errorf("electoral: person %s: %w", p.ANPRID, err)
		}
		n++
	}
	return n, out.Flush()
}
