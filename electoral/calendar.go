package electoral

import (
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// Rome is the name of the time zone in which the decree's days are counted.
const Rome = "Europe/Rome"

// A Calendar gives the present instant and the present day in Italy. It is made
// once and is safe for concurrent use if its clock is.
type Calendar struct {
	now  func() time.Time
	rome *time.Location
}

// NewCalendar returns a calendar on a clock; nil means time.Now. Without a time
// zone database it fails: a day counted in another zone may be the wrong one.
// Import time/tzdata in the program where the system has none.
func NewCalendar(now func() time.Time) (*Calendar, error) {
	rome, err := time.LoadLocation(Rome)
	if err != nil {
		return nil, fmt.Errorf("electoral: no time zone database for %s: import time/tzdata in the program: %w", Rome,
			err)
	}
	if now == nil {
		now = time.Now
	}
	return &Calendar{now: now, rome: rome}, nil
}

// Now returns the instant by the clock, in UTC, to the millisecond.
func (c *Calendar) Now() time.Time { return c.now().UTC().Truncate(time.Millisecond) }

// Today returns the present day in Italy.
func (c *Calendar) Today() Date { return c.Day(c.now()) }

// Day returns the day on which an instant falls in Italy.
func (c *Calendar) Day(at time.Time) Date { return refdata.DateOf(at.In(c.rome)) }

// InRome returns the same instant in Italy's time zone.
func (c *Calendar) InRome(at time.Time) time.Time { return at.In(c.rome) }

// Begins returns the instant, in UTC, at which a complete day begins in Italy.
func (c *Calendar) Begins(d Date) time.Time { return d.In(c.rome).UTC() }
