package job

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Job is work that is done again and again.
type Job struct {
	// Name is the job's own: 1 to 40 characters of a-z, 0-9 and hyphen. Required.
	Name string
	// Every is the period, from a second to a year. Required.
	Every time.Duration
	// Most is how long a run may take: then its context ends, and it has failed with the
	// code [CodeTooLong] if it returns an error. Zero means as long as it likes.
	Most time.Duration
	// Do does the work, on any node, and says of it what an operator wants to know, such as
	// how many it has swept: up to 200 bytes, and nothing personal. It ends soon after its
	// context. An error of [Fail] has a code; its text is given to [Config.Failed] only.
	Do func(ctx context.Context) (string, error)
}

// Codes of failures that are not a job's own.
const (
	// CodeFailed is that of an error without a code, CodePanic that of a panic, CodeTooLong
	// that of a run that took longer than [Job.Most].
	CodeFailed  = "failed"
	CodePanic   = "panic"
	CodeTooLong = "too-long"
)

// A Failure is an error with a code that stands in the table, where operators see it.
type Failure struct {
	// Code is 1 to 40 characters of a-z, 0-9 and hyphen.
	Code string
	Err  error
}

// Error returns the code and the text of the error.
func (f *Failure) Error() string {
	if f.Err == nil {
		return f.Code
	}
	return f.Code + ": " + f.Err.Error()
}

// Unwrap returns the error.
func (f *Failure) Unwrap() error { return f.Err }

// Fail gives an error a code. It returns nil for nil.
func Fail(code string, err error) error {
	if err == nil {
		return nil
	}
	return &Failure{Code: code, Err: err}
}

// A PanicError is the error of a job that has panicked.
type PanicError struct {
	Value any
	Stack []byte
}

// Error returns what the job has panicked with. The stack is not in it.
func (p *PanicError) Error() string { return fmt.Sprintf("job: panic: %v", p.Value) }

// A Config says which jobs there are, and how they are run.
type Config struct {
	// Store is required.
	Store Store
	// Jobs are those of this program. All nodes should have the same: the leader does
	// those that it has.
	Jobs []Job
	// Node says to people which program this is, such as the name of its host: up to 64
	// bytes, without control characters and #. Empty means "node".
	Node string
	// Now is the clock; nil means [time.Now].
	Now func() time.Time
	// Poll is how often it is looked for what is due or asked for, and whether the leader
	// is gone; zero means 5 seconds.
	Poll time.Duration
	// Retry is after how long a job that has failed runs again the first time; zero means
	// a minute. A job whose period is shorter runs after its period.
	Retry time.Duration
	// Failed is told of each run that has failed, with the job's error, and with an empty
	// name of each error of the store; nil means nobody. It is called from several
	// goroutines.
	Failed func(name string, err error)
}

const (
	maxNode = 64
	maxNote = 200
	maxYear = 366 * 24 * time.Hour
)

// withDefaults returns a configuration without zeros, or an error that says what is wrong.
func (c Config) withDefaults() (Config, error) {
	if c.Store == nil {
		return c, errors.New("job: Config.Store: expected a store")
	}
	if c.Node == "" {
		c.Node = "node"
	}
	unfit := strings.IndexFunc(c.Node, func(r rune) bool { return r == '#' || unicode.IsControl(r) }) >= 0
	if len(c.Node) > maxNode || !utf8.ValidString(c.Node) || unfit {
		return c, fmt.Errorf("job: Config.Node: expected up to %d bytes of UTF-8 without control characters and #", maxNode)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	for _, d := range []struct {
		name     string
		value    *time.Duration
		standard time.Duration
	}{{"Poll", &c.Poll, 5 * time.Second}, {"Retry", &c.Retry, time.Minute}} {
		if *d.value == 0 {
			*d.value = d.standard
		}
		if *d.value < time.Millisecond || *d.value > maxYear {
			return c, fmt.Errorf("job: Config.%s: %v: expected 1ms to a year", d.name, *d.value)
		}
	}
	c.Jobs = slices.Clone(c.Jobs)
	seen := map[string]bool{}
	for i, j := range c.Jobs {
		switch {
		case !isWord(j.Name):
			return c, fmt.Errorf("job: Config.Jobs[%d].Name: %.50q: expected 1 to 40 characters of a-z, 0-9 and hyphen", i,
				j.Name)
		case seen[j.Name]:
			return c, fmt.Errorf("job: Config.Jobs[%d].Name: %s: there are two of it", i, j.Name)
		case j.Every < time.Second || j.Every > maxYear:
			return c, fmt.Errorf("job: Config.Jobs[%d].Every: %v: expected a second to a year", i, j.Every)
		case j.Most < 0:
			return c, fmt.Errorf("job: Config.Jobs[%d].Most: %v: expected 0 or more", i, j.Most)
		case j.Do == nil:
			return c, fmt.Errorf("job: Config.Jobs[%d].Do: expected a function", i)
		}
		seen[j.Name] = true
	}
	return c, nil
}

var word = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

func isWord(s string) bool { return word.MatchString(s) }

// codeOf returns the code of a job's error.
func codeOf(err error, tooLong bool) string {
	if _, panicked := errors.AsType[*PanicError](err); panicked {
		return CodePanic
	}
	if f, ok := errors.AsType[*Failure](err); ok && isWord(f.Code) {
		return f.Code
	}
	if tooLong {
		return CodeTooLong
	}
	return CodeFailed
}

// noteOf makes of what a job has said of itself what can be kept.
func noteOf(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	for len(s) > maxNote {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// next returns when a job is due that has ended.
func (c Config) next(j Job, started, ended time.Time, attempts int) time.Time {
	if attempts == 0 {
		due, least := started.Add(j.Every), ended.Add(j.Every/10)
		if due.Before(least) {
			return least
		}
		return due
	}
	pause := min(c.Retry, j.Every)
	for range attempts - 1 {
		if pause >= j.Every/2 {
			pause = j.Every
			break
		}
		pause *= 2
	}
	return ended.Add(pause)
}
