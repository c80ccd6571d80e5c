package electoral

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNotRecorded is wrapped by the error of a call whose access, or its outcome,
// could not be written to the access log ([Passage.Do]).
var ErrNotRecorded = errors.New("electoral: access not recorded")

var (
	// ErrRequestNotRecorded means that nothing was begun: the call may be
	// repeated. It wraps [ErrNotRecorded].
	ErrRequestNotRecorded = fmt.Errorf("%w: the request, of which nothing was begun", ErrNotRecorded)
	// ErrOutcomeNotRecorded means that the work was done, and that this is not on
	// record: what was to be read is not shown; what was to be written stands,
	// and the same id asks for the answer again. It wraps [ErrNotRecorded].
	ErrOutcomeNotRecorded = fmt.Errorf("%w: the outcome of what was done", ErrNotRecorded)
	// ErrUnknown is wrapped by the error of a change of which it is not known
	// whether it stands; the same request id asks again. The access log keeps
	// [Unknown] of it.
	ErrUnknown = errors.New("electoral: it is not known whether the change stands")
)

// recordTerm is how long an entry may take. A caller who leaves does not take
// the entry with him: what was done must be on record.
const recordTerm = 10 * time.Second

// A Passage is the one way through to electors' data: whatever is done with them
// is done by [Passage.Do], which keeps it on record and fails closed.
type Passage struct {
	// Recorder writes the log. Required.
	Recorder Recorder
	// Access is what is asked, by whom and about whom; its Outcome is not used.
	Access Access
	// Refused is why who asks is not admitted, or nil. Then nothing is done, and
	// the refusal is on record.
	Refused error
	// ReadOnly says that the work changes nothing, and that nothing of what it
	// reads leaves before it is done. Then one entry tells all that the decree
	// wants (annex 2, Ulteriori specifiche tecniche 1). Any other work has two:
	// [Requested], before it, so that what a crash interrupts is on record, and
	// the outcome.
	ReadOnly bool
}

// An Entry is an access whose work is being done. Only [Passage.Do] makes one
// that is on record; it is for the goroutine of the work.
type Entry struct {
	access  Access
	outcome string
	open    bool
	only    bool // ReadOnly
}

// Access returns what is on record, or will be.
func (e *Entry) Access() Access { return e.access }

// OnRecord reports whether the work is being done, so that the access is on
// record, or will be before anything of it is shown. It is false for nil, for
// the zero value and once the work has ended.
func (e *Entry) OnRecord() bool { return e != nil && e.open }

// SetOutcome makes the outcome another than that of the error: [Repeated].
func (e *Entry) SetOutcome(outcome string) { e.outcome = outcome }

// SetSubject names whom a read-only access turned out to be about, and the
// comune in whose chain it stands. Of another access, whose request is on record
// by now, it changes nothing.
func (e *Entry) SetSubject(subject, comune string) {
	if e.only {
		e.access.Subject, e.access.Comune = subject, comune
	}
}

// Set adds a detail to the outcome's entry, in place of the one with its key. An
// empty value adds nothing; one that the log could not keep, or that is longer
// than [MaxDetail] bytes, is quoted and cut.
func (e *Entry) Set(key, value string) {
	if !recordable(value, MaxDetail) {
		value = strconv.QuoteToASCII(value)
		value = value[:min(len(value), MaxDetail)]
	}
	i, found := slices.BinarySearchFunc(e.access.Details, key,
		func(d Detail, key string) int { return strings.Compare(d.Key, key) })
	switch {
	case value == "":
	case found:
		e.access.Details[i].Value = value
	default:
		e.access.Details = slices.Insert(slices.Clip(e.access.Details), i, Detail{Key: key, Value: value})
	}
}

// A PanicError is the error of a work that panicked: in a store, a population, a
// sealer or another part that the caller has plugged in.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine, as runtime/debug.Stack gives it
}

func (e *PanicError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }

// Do does the work of an access and keeps it on record. When it returns nil the
// work was done, and its outcome is durable in the log. The errors are:
//
//   - Refused, or that of the work, whose outcome is on record; a panic of the
//     work is a [*PanicError];
//   - [ErrRequestNotRecorded]: nothing was begun;
//   - [ErrOutcomeNotRecorded]: the work was done, its outcome is not on record;
//   - Refused, or that of the work, with [ErrNotRecorded], whose outcome is not on
//     record. Of a change it is the work's alone, and says so in its text: who
//     asks for ErrNotRecorded would take the change for one that was done.
func (p Passage) Do(ctx context.Context, work func(on *Entry) error) error {
	e := &Entry{access: p.Access, only: p.ReadOnly}
	err := p.Refused
	if err == nil && !p.ReadOnly {
		if err := p.record(ctx, e.access, Requested); err != nil {
			return fmt.Errorf("%w: %w", ErrRequestNotRecorded, err)
		}
	}
	if err == nil {
		e.open = true
		err = safely(func() error { return work(e) })
		e.open = false
	}
	outcome := e.outcome
	if outcome == "" {
		outcome = Outcome(err)
	}
	unrecorded := p.record(ctx, e.access, outcome)
	switch {
	case unrecorded == nil:
		return err
	case err == nil:
		return fmt.Errorf("%w: %w", ErrOutcomeNotRecorded, unrecorded)
	case p.ReadOnly || p.Refused != nil:
		return fmt.Errorf("%w (%w: %w)", err, ErrNotRecorded, unrecorded)
	}
	return fmt.Errorf("%w (this outcome is not on record: %w)", err, unrecorded)
}

func (p Passage) record(ctx context.Context, a Access, outcome string) error {
	a.Outcome = outcome
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTerm)
	defer cancel()
	return p.Recorder.Record(ctx, a)
}

func safely(work func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{Value: r, Stack: debug.Stack()}
		}
	}()
	return work()
}

// A refusal is an error that says by which code the log keeps it.
type refusal interface {
	error
	RefusalCode() string
}

// Outcome returns what the access log keeps of how a call ended: [Granted],
// [Unknown], [Failed], or of a refusal the code of its first reason: the
// RefusalCode of an error that has this method, as [Faults] do.
func Outcome(err error) string {
	if err == nil {
		return Granted
	}
	if errors.Is(err, ErrUnknown) {
		return Unknown
	}
	if r, ok := errors.AsType[refusal](err); ok && r.RefusalCode() != "" {
		return r.RefusalCode()
	}
	return Failed
}
