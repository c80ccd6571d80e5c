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
	// ErrOutcomeNotRecorded means that the work was done and that its outcome
	// is not on record. Data that were read are not returned; a change stands,
	// and a call with the same request id returns its answer. It wraps
	// [ErrNotRecorded].
	ErrOutcomeNotRecorded = fmt.Errorf("%w: the outcome of what was done", ErrNotRecorded)
	// ErrUnknown is wrapped by the error of a change that may or may not have
	// taken effect; a call with the same request id settles it. The access log
	// keeps such a change as [Unknown].
	ErrUnknown = errors.New("electoral: it is not known whether the change stands")
)

// recordTerm bounds the writing of an entry. A caller who cancels does not
// cancel the entry: what was done must be on record.
const recordTerm = 10 * time.Second

// A Passage is the one way through to electors' data: all work on them runs in
// [Passage.Do], which records it and fails closed.
type Passage struct {
	// Recorder writes the log. Required.
	Recorder Recorder
	// Access is what is asked, by whom and about whom; its Outcome is not used.
	Access Access
	// Refused is the reason why the caller is not admitted; nil if he is. If it
	// is set, no work is done and the refusal is recorded.
	Refused error
	// ReadOnly says that the work changes nothing and gives out none of what it
	// reads before it has ended. One entry then holds all that the decree
	// requires (annex 2, Ulteriori specifiche tecniche 1). Any other work has
	// two entries: [Requested] before it, so that work interrupted by a crash
	// is on record, and the outcome after it.
	ReadOnly bool
}

// An Entry is an access whose work is running. Only [Passage.Do] makes one that
// is on record, and only the goroutine of the work uses it.
type Entry struct {
	access  Access
	outcome string
	open    bool
	only    bool // ReadOnly
}

// Access returns the access as it is, or will be, on record.
func (e *Entry) Access() Access { return e.access }

// OnRecord reports whether the work is running, so that the access is on record
// or will be before any result is shown. It is false for nil, for the zero
// value and after the work.
func (e *Entry) OnRecord() bool { return e != nil && e.open }

// SetOutcome sets an outcome, such as [Repeated], in place of the one that
// follows from the work's error.
func (e *Entry) SetOutcome(outcome string) { e.outcome = outcome }

// SetSubject sets the person whom a read-only access turned out to be about,
// and the comune in whose chain it stands. It does nothing for any other
// access, whose request is on record already.
func (e *Entry) SetSubject(subject, comune string) {
	if e.only {
		e.access.Subject, e.access.Comune = subject, comune
	}
}

// Set adds a detail to the outcome's entry, in place of one with the same key.
// An empty value adds nothing; one that the log could not keep, or that is
// longer than [MaxDetail] bytes, is quoted and cut.
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

// A PanicError is the error of work that panicked: in a store, a population, a
// sealer or another part that the caller has plugged in.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine, as runtime/debug.Stack gives it
}

func (e *PanicError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }

// Do runs the work of an access and records it. When it returns nil, the work
// was done and its outcome is durable in the log. The errors are:
//
//   - Refused, or the error of the work: its outcome is on record. A panic of the
//     work is a [*PanicError].
//   - [ErrRequestNotRecorded]: nothing was begun.
//   - [ErrOutcomeNotRecorded]: the work was done, and its outcome is not on record.
//   - Refused, or the error of read-only work, and [ErrNotRecorded]: the outcome
//     is not on record. The error of a change does not wrap ErrNotRecorded, since
//     a caller who finds it would take the change for done; its text says that the
//     outcome is not on record.
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

// A refusal is an error that gives the code under which the log keeps it.
type refusal interface {
	error
	RefusalCode() string
}

// Outcome returns the outcome that the access log keeps of a call's error:
// [Granted] for nil, [Unknown], [Failed], or for a refusal the code of its
// first reason, which its method RefusalCode returns, as that of [Faults] does.
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
