// Package recorder registers the accesses of package electoral (D.M. Interno 17
// October 2022, annex 2, "Ulteriori specifiche tecniche" 1) in a log of package
// audit.
//
//	log, err := audit.New(audit.Config{Store: store})
//	rec, err := recorder.New(log, recorder.Config{})
//	services, err := registry.New(registry.Config{Recorder: rec, …})
//
// It fails closed: an access that cannot be kept whole, with all the six fields
// of the decree, is an error, and whoever asked gets no answer.
package recorder

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/electoral"
)

// DefaultChain is the chain of the accesses that are of no comune, unless the
// configuration names another.
const DefaultChain = "portale"

// Config configures a [Recorder].
type Config struct {
	// DefaultChain takes the accesses whose comune is empty, or is not in the
	// form of a Belfiore code: a capital letter and three digits. Whoever asks
	// for comuni that cannot exist must not make chains. If empty, [DefaultChain].
	DefaultChain string
}

// A Recorder is an [electoral.Recorder] on a log. It is safe for concurrent
// use.
type Recorder struct {
	log   *audit.Log
	chain string
}

var _ electoral.Recorder = (*Recorder)(nil)

var errNoStore = errors.New("recorder: the store is nil")

// New makes a recorder.
func New(log *audit.Log, cfg Config) (*Recorder, error) {
	if log == nil {
		return nil, errors.New("recorder: the log is nil")
	}
	if cfg.DefaultChain == "" {
		cfg.DefaultChain = DefaultChain
	}
	if err := audit.CheckChain(cfg.DefaultChain); err != nil {
		return nil, fmt.Errorf("recorder: Config.DefaultChain: %w", err)
	}
	if isBelfiore(cfg.DefaultChain) {
		return nil, fmt.Errorf("recorder: Config.DefaultChain: %s could be a comune", cfg.DefaultChain)
	}
	return &Recorder{log: log, chain: cfg.DefaultChain}, nil
}

// Record implements [electoral.Recorder]: when it returns nil the access is
// durable. The chain is that of the access's comune, failing that of the asker's,
// failing that the default one. The error holds no personal data; it is
// [audit.EntryFaults] if a field is missing or cannot be kept.
func (r *Recorder) Record(ctx context.Context, a electoral.Access) error {
	if r.log == nil {
		return errors.New("recorder: a Recorder without a log: expected one that New has made")
	}
	chain := r.chain
	switch {
	case isBelfiore(a.Comune):
		chain = a.Comune
	case isBelfiore(a.ActorComune):
		chain = a.ActorComune
	}
	if a.Level < 0 || a.Level > math.MaxUint8 {
		return fmt.Errorf("recorder: %s: level %d, expected 0 to %d", chain, a.Level, math.MaxUint8)
	}
	_, err := r.log.Append(ctx, chain, entryOf(a))
	if err != nil {
		return fmt.Errorf("recorder: %s: %w", chain, err)
	}
	return nil
}

// entryOf is an access as the log keeps it.
func entryOf(a electoral.Access) audit.Entry {
	e := audit.Entry{
		FiscalCode:     string(a.FiscalCode), // String would mask it
		Time:           a.At,
		Operation:      string(a.Operation),
		Outcome:        a.Outcome,
		RequestID:      a.RequestID,
		Authentication: string(a.Method),
		Subject:        a.Subject,
		ActorComune:    a.ActorComune,
		Role:           string(a.Role),
		Level:          uint8(a.Level),
		ActingFor:      string(a.ActingFor),
		Station:        a.Station,
		Device:         a.Device,
		Purpose:        a.Purpose,
		Procedure:      a.Procedure,
		AccessPoint:    a.AccessPoint,
	}
	for _, d := range a.Details {
		e.Details = append(e.Details, audit.Detail{Key: d.Key, Value: d.Value})
	}
	return e
}

// accessOf is the counterpart of entryOf.
func (r *Recorder) accessOf(e audit.Entry, chain string) electoral.Access {
	a := electoral.Access{
		FiscalCode: electoral.FiscalCode(e.FiscalCode), At: e.Time, Operation: electoral.Operation(e.Operation), Outcome: e.Outcome,
		RequestID: e.RequestID, Method: electoral.Method(e.Authentication), Subject: e.Subject,
		ActorComune: e.ActorComune, Role: electoral.Role(e.Role), Level: int(e.Level), ActingFor: electoral.FiscalCode(e.ActingFor),
		Station: e.Station, Device: e.Device, Purpose: e.Purpose, Procedure: e.Procedure, AccessPoint: e.AccessPoint,
	}
	for _, d := range e.Details {
		a.Details = append(a.Details, electoral.Detail{Key: d.Key, Value: d.Value})
	}
	if chain != r.chain {
		a.Comune = chain
	}
	return a
}

func isBelfiore(s string) bool {
	if len(s) != 4 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for _, c := range []byte(s[1:]) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
