package audit

import (
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
	MaxActorComune    = 32
	MaxRole           = 64
	MaxActingFor      = 128
	MaxStation        = 256
	MaxDevice         = 256
	MaxPurpose        = 256
	MaxProcedure      = 128
	MaxAccessPoint    = 256
	MaxDetailKey      = 32
	// MaxDetails is the most bytes of all the details together: their keys, their
	// values, and 3 more for each.
	MaxDetails = 4 << 10
)

// maxTime is the last millisecond of the year 9999.
const maxTime = 253402300799999

// An Entry is the registration of one transaction (D.M. 17 October 2022, annex 2,
// "Ulteriori specifiche tecniche" 1). The six fields of the decree, from FiscalCode
// to Authentication, are required. The others are optional: an empty text, a Level
// of 0 and an empty list of Details mean "not given".
//
// This package does not interpret the texts. The entry holds personal data: String
// and LogValue leave out the codice fiscale and all the optional fields.
type Entry struct {
	// FiscalCode is that of the person who used the service, the user ("codice
	// fiscale").
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
	// Authentication is how the user was authenticated ("modalità di
	// autenticazione").
	Authentication string
	// Subject identifies the person or thing that the request was about.
	Subject string
	// ActorComune is the comune for which the user works. It can differ from the
	// comune of the chain that holds the entry.
	ActorComune string
	// Role is the user's role.
	Role string
	// Level is the level of assurance of the authentication, 1 to 255, on a scale
	// that the caller chooses. 0 means "not given", so the scale must begin at 1.
	Level uint8
	// ActingFor identifies the person for whom the user, a delegate, acted
	// ("delega").
	ActingFor string
	// Station identifies the workstation ("postazione").
	Station string
	// Device identifies the device of authentication, such as a smart card
	// ("dispositivo").
	Device string
	// Purpose is the purpose of the request ("finalità").
	Purpose string
	// Procedure identifies the proceeding to which the request belongs
	// ("procedimento").
	Procedure string
	// AccessPoint identifies the access point that received the request ("punto di
	// accesso").
	AccessPoint string
	// Details are further facts about the request, in ascending order of key. A
	// detail with an empty value differs from a detail that is not there.
	Details []Detail
}

// A Detail is one fact about a request.
type Detail struct {
	// Key is 1 to 32 of a-z 0-9 . - and unique in its entry.
	Key string
	// Value is a text of the same characters as the other texts of an entry. It may
	// be empty.
	Value string
}

// String returns the entry without personal data.
func (e Entry) String() string {
	return fmt.Sprintf("%s %s (request %s, %s): %s",
		e.Time.UTC().Format(timeLayout), e.Operation, e.RequestID, e.Authentication, e.Outcome)
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

// Check returns all that is wrong with the entry as [EntryFaults], or nil.
func (e Entry) Check() error {
	var faults EntryFaults
	for tag := tagFiscalCode; tag <= tagDetails; tag++ {
		f, problem := fields[tag], ""
		switch f.form {
		case textForm:
			if s := *e.text(tag); s != "" || requiredV2&(1<<tag) != 0 {
				problem = textProblem(s, f.max)
			}
		case timeForm:
			problem = timeProblem(e.Time)
		case detailsForm:
			problem = detailsProblem(e.Details)
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

// textProblem returns what is wrong with a text that is given, or "".
func textProblem[T string | []byte](s T, most int) string {
	if len(s) > most {
		return fmt.Sprintf("has %d bytes, at most %d are accepted", len(s), most)
	}
	plain, blank := ascii(s)
	switch {
	case plain && !blank:
		return ""
	case plain:
		return "is empty"
	}
	if problem := characterProblem(string(s)); problem != "" {
		return problem
	}
	if strings.TrimSpace(string(s)) == "" {
		return "is empty"
	}
	return ""
}

// ascii reports whether a text has only the printable characters of ASCII, and
// whether it has only spaces. It spares most texts the look at each character.
func ascii[T string | []byte](s T) (plain, blank bool) {
	plain, blank = true, true
	for i := range len(s) {
		c := s[i]
		plain = plain && c >= ' ' && c < 0x7f
		blank = blank && c == ' '
	}
	return plain, blank
}

func characterProblem(s string) string {
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
	return ""
}

// detailsProblem returns what is wrong with details, or "". It does not show
// their values.
func detailsProblem(details []Detail) string {
	size, last := 0, ""
	for _, d := range details {
		if problem := detailProblem(d.Key, last, d.Value); problem != "" {
			return problem
		}
		last = d.Key
		if size += detailFrame + len(d.Key) + len(d.Value); size > MaxDetails {
			return fmt.Sprintf("has more than %d bytes, up to the key %s", MaxDetails, last)
		}
	}
	return ""
}

// detailProblem returns what is wrong with a detail that follows the key last,
// or "". The key is shown only if it is one: another may hold anything.
func detailProblem[T string | []byte](key, last, value T) string {
	switch {
	case !isDetailKey(key):
		return fmt.Sprintf("has a key after %q that is not 1 to %d of a-z 0-9 . -", last, MaxDetailKey)
	case string(key) <= string(last):
		return fmt.Sprintf("has the key %s after %s, want ascending order and each once", key, last)
	}
	if plain, _ := ascii(value); !plain {
		if problem := characterProblem(string(value)); problem != "" {
			return fmt.Sprintf("has a value of %s that %s", key, problem)
		}
	}
	return ""
}

func isDetailKey[T string | []byte](key T) bool {
	for i := range len(key) {
		if c := key[i]; c-'a' > 25 && c-'0' > 9 && c != '.' && c != '-' {
			return false
		}
	}
	return len(key) > 0 && len(key) <= MaxDetailKey
}
