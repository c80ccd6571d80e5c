package audit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The most bytes that the texts of an entry may have.
const (
	MaxFiscalCode     = 32
	MaxOperation      = 64
	MaxOutcome        = 256
	MaxRequestID      = 128
	MaxAuthentication = 64
	MaxSubject        = 128
)

// maxTime is the last millisecond of the year 9999.
const maxTime = 253402300799999

// An Entry is what is registered of one transaction (annex 2, "Ulteriori
// specifiche tecniche" 1): the six fields of the decree and the subject. All
// but the subject are required.
//
// It holds personal data: String and LogValue leave the codice fiscale and the
// subject out.
type Entry struct {
	// FiscalCode is of who used the service ("codice fiscale").
	FiscalCode string
	// Time is the instant of the request ("data-ora-minuti-secondi-millisecondi
	// della richiesta"), kept in UTC; what is below the millisecond is cut off.
	// From 1970 to 9999.
	Time time.Time
	// Operation is what was asked ("operazione richiesta").
	Operation string
	// Outcome is how it ended ("esito della richiesta").
	Outcome string
	// RequestID identifies the request ("identificativo della richiesta").
	RequestID string
	// Authentication is how he was authenticated ("modalità di
	// autenticazione").
	Authentication string
	// Subject identifies whom it is about, opaque to this package. May be empty.
	Subject string
}

// String returns the entry without personal data.
func (e Entry) String() string {
	return fmt.Sprintf("%s %s (request %s, %s): %s", e.Time.UTC().Format(timeLayout), e.Operation, e.RequestID, e.Authentication, e.Outcome)
}

// LogValue implements [slog.LogValuer].
func (e Entry) LogValue() slog.Value { return slog.StringValue(e.String()) }

const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// An EntryFault says why a field of an entry is refused. It does not hold the
// field's value, which may be personal data.
type EntryFault struct {
	Field   string // the name of the field of [Entry]
	Problem string
}

func (f EntryFault) Error() string { return f.Field + " " + f.Problem }

// EntryFaults are all the faults of an entry.
type EntryFaults []EntryFault

func (fs EntryFaults) Error() string {
	texts := make([]string, len(fs))
	for i, f := range fs {
		texts[i] = f.Error()
	}
	return "audit: entry: " + strings.Join(texts, "; ")
}

// The fields in the order of their tags, which count from 1.
const (
	tagFiscalCode = iota + 1
	tagTime
	tagOperation
	tagOutcome
	tagRequestID
	tagAuthentication
	tagSubject
)

type field struct {
	name     string
	max      int
	required bool
}

func fieldOf(tag int) field {
	switch tag {
	case tagFiscalCode:
		return field{"FiscalCode", MaxFiscalCode, true}
	case tagTime:
		return field{"Time", 8, true}
	case tagOperation:
		return field{"Operation", MaxOperation, true}
	case tagOutcome:
		return field{"Outcome", MaxOutcome, true}
	case tagRequestID:
		return field{"RequestID", MaxRequestID, true}
	case tagAuthentication:
		return field{"Authentication", MaxAuthentication, true}
	case tagSubject:
		return field{"Subject", MaxSubject, false}
	}
	return field{}
}

func (e *Entry) text(tag int) *string {
	switch tag {
	case tagFiscalCode:
		return &e.FiscalCode
	case tagOperation:
		return &e.Operation
	case tagOutcome:
		return &e.Outcome
	case tagRequestID:
		return &e.RequestID
	case tagAuthentication:
		return &e.Authentication
	}
	return &e.Subject
}

// Check returns all that is wrong with the entry as [EntryFaults], or nil.
func (e Entry) Check() error {
	var faults EntryFaults
	for tag := tagFiscalCode; tag <= tagSubject; tag++ {
		f, problem := fieldOf(tag), ""
		if tag == tagTime {
			problem = timeProblem(e.Time)
		} else {
			problem = textProblem(*e.text(tag), f)
		}
		if problem != "" {
			faults = append(faults, EntryFault{f.name, problem})
		}
	}
	if faults != nil {
		return faults
	}
	return nil
}

func timeProblem(t time.Time) string {
	switch year := t.UTC().Year(); {
	case t.IsZero():
		return "is empty"
	case year < 1970 || year > 9999:
		return fmt.Sprintf("is in the year %d, want 1970 to 9999", year)
	}
	return ""
}

func textProblem[T string | []byte](s T, f field) string {
	if len(s) > f.max {
		return fmt.Sprintf("has %d bytes, at most %d are accepted", len(s), f.max)
	}
	plain, blank := true, true
	for i := range len(s) {
		c := s[i]
		plain = plain && c >= ' ' && c < 0x7f
		blank = blank && c == ' '
	}
	switch {
	case plain && blank && (f.required || len(s) > 0):
		return "is empty"
	case plain:
		return ""
	}
	return unicodeProblem(string(s))
}

func unicodeProblem(s string) string {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return fmt.Sprintf("is not UTF-8 at byte %d", i)
			}
		}
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Zl, unicode.Zp) {
			return fmt.Sprintf("has the character %U at byte %d, which is not accepted", r, i)
		}
	}
	if strings.TrimSpace(s) == "" {
		return "is empty"
	}
	return ""
}

// appendPlain appends the plain payload of an entry that has been checked.
func (e Entry) appendPlain(b []byte) []byte {
	for tag := tagFiscalCode; tag <= tagSubject; tag++ {
		if tag == tagTime {
			b = append(b, tagTime, 0, 8)
			b = binary.BigEndian.AppendUint64(b, uint64(e.Time.UnixMilli()))
			continue
		}
		s := *e.text(tag)
		if s == "" {
			continue
		}
		b = append(b, byte(tag), byte(len(s)>>8), byte(len(s)))
		b = append(b, s...)
	}
	return b
}

// plainFields are the values of a plain payload, by tag; they alias it.
type plainFields [tagSubject + 1][]byte

// parsePlain reads a plain payload and accepts just what appendPlain writes.
func parsePlain(b []byte) (plainFields, error) {
	var fields plainFields
	last := 0
	for at := 0; at < len(b); {
		if len(b)-at < 3 {
			return fields, fmt.Errorf("byte %d: a field is cut short", at)
		}
		tag, n := int(b[at]), int(binary.BigEndian.Uint16(b[at+1:]))
		f := fieldOf(tag)
		switch {
		case f.max == 0:
			return fields, fmt.Errorf("byte %d: unknown field %d", at, tag)
		case tag <= last:
			return fields, fmt.Errorf("byte %d: field %d after field %d, want ascending order", at, tag, last)
		case n == 0:
			return fields, fmt.Errorf("byte %d: field %d is empty", at, tag)
		case n > len(b)-at-3:
			return fields, fmt.Errorf("byte %d: field %d has %d bytes, only %d are left", at, tag, n, len(b)-at-3)
		}
		fields[tag] = b[at+3 : at+3+n]
		at, last = at+3+n, tag
	}
	for tag := tagFiscalCode; tag <= tagSubject; tag++ {
		f := fieldOf(tag)
		if tag != tagTime {
			if problem := textProblem(fields[tag], f); problem != "" {
				return fields, EntryFault{f.name, problem}
			}
			continue
		}
		if n := len(fields[tag]); n != 8 {
			return fields, EntryFault{f.name, fmt.Sprintf("has %d bytes, want 8", n)}
		}
		if ms := binary.BigEndian.Uint64(fields[tag]); ms > maxTime {
			return fields, EntryFault{f.name, "is after the year 9999"}
		}
	}
	return fields, nil
}

func decodePlain(b []byte) (Entry, error) {
	fields, err := parsePlain(b)
	if err != nil {
		return Entry{}, err
	}
	var e Entry
	for tag := tagFiscalCode; tag <= tagSubject; tag++ {
		if tag == tagTime {
			e.Time = fromMilli(binary.BigEndian.Uint64(fields[tag]))
		} else {
			*e.text(tag) = string(fields[tag])
		}
	}
	return e, nil
}

func fromMilli(ms uint64) time.Time { return time.UnixMilli(int64(ms)).UTC() }

var errChainName = errors.New("want 1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter or a digit")

// CheckChain returns an error if the text cannot be the name of a chain.
func CheckChain(chain string) error {
	ok := chain != "" && len(chain) <= maxChain
	for i := range len(chain) {
		if !ok {
			break
		}
		c := chain[i]
		alnum := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		ok = alnum || i > 0 && (c == '.' || c == '_' || c == '-')
	}
	if !ok {
		return fmt.Errorf("audit: chain name %.80q: %w", chain, errChainName)
	}
	return nil
}
