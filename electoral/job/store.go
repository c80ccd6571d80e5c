package job

import (
	"context"
	"errors"
	"time"
)

// Errors of a [Store].
var (
	// ErrHeld means that another node leads.
	ErrHeld = errors.New("job: another node leads")
	// ErrLost means that the caller leads no longer under that term. Nothing was changed.
	ErrLost = errors.New("job: this node leads no longer")
	// ErrUnknown means that there is no job of that name.
	ErrUnknown = errors.New("job: no such job")
	// ErrRunning means that the job runs already.
	ErrRunning = errors.New("job: the job runs already")
)

// An Outcome is how the last run of a job ended.
type Outcome string

// The outcomes.
const (
	// Never is that of a job that has not run yet.
	Never Outcome = "never"
	// Running is that of one that runs.
	Running Outcome = "running"
	// Done and Failed are those of a run that has ended.
	Done   Outcome = "done"
	Failed Outcome = "failed"
	// Stopped is that of a run that was cancelled, because the program ends or leads no
	// longer: no failure.
	Stopped Outcome = "stopped"
	// Unknown is that of a run of which the end is not on record.
	Unknown Outcome = "unknown"
)

// A State is what is on record of a job. Its instants are UTC, to the millisecond; zero
// means that there was none.
type State struct {
	Name  string
	Every time.Duration
	// Due is when it runs next, Asked since when somebody has asked for it to run now.
	Due, Asked time.Time
	// Started and Ended are those of the last run; while it runs Ended is zero.
	Started, Ended time.Time
	Outcome        Outcome
	// Node is where it ran last, Term that of the leader there.
	Node string
	Term int64
	// Note is what a run that was done has said of itself; Code why one has failed.
	Note, Code string
	// Attempts is how many runs have failed, or are unknown, since the last that was done.
	Attempts int
}

// A Result is how a run ended.
type Result struct {
	Name     string
	Ended    time.Time
	Outcome  Outcome // Done, Failed or Stopped
	Note     string
	Code     string
	Due      time.Time // the next
	Attempts int
}

// A Plan is a job that a leader knows.
type Plan struct {
	Name  string
	Every time.Duration
}

// A Leader is who leads.
type Leader struct {
	// Node is empty if nobody leads at this moment.
	Node string
	// Term is that of the last who has led.
	Term int64
	// Ends is until when he does if he is not heard of, by the store's clock; zero if there
	// is no such end.
	Ends time.Time
}

// A Store holds jobs and says who leads. Each method is atomic, also with several programs
// on one store, and may be called concurrently; what it has changed is durable as far as the
// store is.
//
// Package jobtest holds the tests that an implementation must pass.
type Store interface {
	// Lead calls fn if nobody else leads, else it returns [ErrHeld]. The term is higher than
	// each before. The context of fn ends with ctx and when the lead is lost, in time for
	// fn to return before another leads; then the error wraps [ErrLost]. The lead ends when
	// fn returns; else the error is that of fn.
	Lead(ctx context.Context, node string, fn func(ctx context.Context, term int64) error) error
	// Leader returns who leads.
	Leader(ctx context.Context) (Leader, error)

	// Plan adds the jobs that are not there yet, due at an instant, and changes the period
	// of the others: which are due one period after that instant at the latest. Of a run of
	// an earlier term that has not ended it notes that its outcome is [Unknown], which is
	// one more attempt. Jobs that are not in the plan stay. A caller that does not lead
	// under the term gets [ErrLost].
	Plan(ctx context.Context, term int64, jobs []Plan, at time.Time) error
	// Start notes that a job begins, and that nobody asks for it any more. A caller that
	// does not lead under the term gets [ErrLost]; for a job that runs the error is
	// [ErrRunning], and [ErrUnknown] for one that is not there.
	Start(ctx context.Context, term int64, name, node string, at time.Time) error
	// End notes how a run of this term ended. Without a run of this term the error is
	// [ErrUnknown]; a caller that does not lead under the term gets [ErrLost].
	End(ctx context.Context, term int64, r Result) error
	// Ask notes that a job is asked for; [ErrUnknown] if there is none. One that is asked
	// for already stays so since then. It is for everybody.
	Ask(ctx context.Context, name string, at time.Time) error
	// States returns all jobs, in the order of their names.
	States(ctx context.Context) ([]State, error)
}
