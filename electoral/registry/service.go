package registry

import (
	"context"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// Config returns what the registry stands on, with its defaults filled in. The
// store and the population behind it are the registry's own.
func (r *Registry) Config() Config {
	if r == nil || r.calendar == nil {
		return Config{}
	}
	return Config{
		Store: r.store, Population: r.population, Recorder: r.recorder, Checker: r.checker, Now: r.calendar.Now,
		Retention: r.retention, Votes: r.votes, FirstLoad: r.firstLoad, DeathCode: r.deathCode,
		Interim: slices.Clone(r.interim), Announced: r.announced,
		IDStep: r.idStep,
	}
}

// Also returns a registry whose writing services call fn in the update in which
// they do their work and keep their answer, or keep a refusal, which fn then gets:
// what fn writes stands if and only if the answer does. fn is not called for an
// answer to an earlier request with the same id. It may be called again when the
// store must retry. An error of fn is that of the service, of which nothing is then
// done. The services otherwise are those of r.
func (r *Registry) Also(fn func(ctx context.Context, w Writer, refused electoral.Faults) error) *Registry {
	with := *r.made()
	with.also = fn
	return &with
}

// A Call is one call of a service that another package offers on the registry's
// store, to the officer of a comune.
type Call struct {
	Request   electoral.Request
	Operation electoral.Operation
	// Comune is the Belfiore code of the comune whose lists it is about, in whose
	// chain of the log it stands unless Subject says another.
	Comune string
	// Subject is the ANPR id of the one person whom the call names, if it names one:
	// the access then stands in the chain of the comune under which he is registered.
	Subject string
	// Payload is what was asked; it must be fit for JSON.
	Payload any
	// Refused are reasons to refuse the call beside those of the caller.
	Refused electoral.Faults
}

// callName is the name of a service of another package, of as many characters as the
// access log keeps.
type callName struct{ Operation electoral.Operation }

const maxOperation = 64

// unnamed stands in the log for a service without a name that it could keep.
const unnamed electoral.Operation = "unnamed"

// beginCall begins a call of another package.
func (r *Registry) beginCall(ctx context.Context, c Call) *action {
	a := r.begin(c.Request, c.Operation, c.Comune)
	if electoral.ValidANPRID(c.Subject) {
		a = r.beginAbout(ctx, c.Request, c.Operation, c.Comune, c.Subject)
	}
	if faults := inputs.Faults("", callName{c.Operation}); len(faults) > 0 {
		a.unfit, a.unwritten = append(a.unfit, faults...), true
		a.op = unnamed // the log could not keep it
	}
	a.takesID("anprId", c.Subject)
	return a
}

// Perform runs a writing service of another package as those of the registry run:
// admitted, on record, with its effect once for each request id, in one update.
// See [Registry] for the errors.
//
// Codes: of every service, of a change; REG-COM-01.
func Perform[T any](ctx context.Context, r *Registry, c Call,
	fn func(w Writer) (T, electoral.Faults, error)) (T, electoral.Faults, error) {
	a := r.beginCall(ctx, c)
	return perform(ctx, a, append(a.officerOf(c.Comune), c.Refused...), c.Payload, fn)
}

// Inspect runs a reading service of another package: fn reads, and may set details
// of the access; nothing that it read may leave before Inspect returns nil.
//
// Codes: of every service; REG-COM-01.
func Inspect(ctx context.Context, r *Registry, c Call, fn func(on *electoral.Entry) error) error {
	a := r.beginCall(ctx, c)
	return a.read(ctx, append(a.officerOf(c.Comune), c.Refused...), fn)
}

// Carry runs a service of another package that works in several steps, each of
// which is durable by itself: the request is on record before fn, the outcome
// after. What makes a repetition harmless is fn's own.
//
// Codes: of every service; REG-COM-01.
func Carry(ctx context.Context, r *Registry, c Call, fn func(on *electoral.Entry) error) error {
	a := r.beginCall(ctx, c)
	return a.write(ctx, append(a.officerOf(c.Comune), c.Refused...), fn)
}
