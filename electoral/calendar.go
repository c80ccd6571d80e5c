package electoral

import (
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// Rome is the name of the time zone in which the decree's days are counted.
const Rome = "Europe/Rome"

// A Calendar gives the present instant and the present day in Italy. It is made
// once and is safe for concurrent use if its clock is. The zero Calendar runs on
// time.Now; on a system without a time zone database it counts days one hour east
// of UTC, also in summer: make one with [NewCalendar], which fails there.
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
func (c *Calendar) Now() time.Time { return c.clock().UTC().Truncate(time.Millisecond) }

// Today returns the present day in Italy.
func (c *Calendar) Today() Date { return c.Day(c.clock()) }

// Day returns the day on which an instant falls in Italy.
func (c *Calendar) Day(at time.Time) Date { return refdata.DateOf(at.In(c.zone())) }

// InRome returns the same instant in Italy's time zone.
func (c *Calendar) InRome(at time.Time) time.Time { return at.In(c.zone()) }

// Begins returns the instant, in UTC, at which a complete day begins in Italy.
func (c *Calendar) Begins(d Date) time.Time { return d.In(c.zone()).UTC() }

func (c *Calendar) clock() time.Time {
	if c.now == nil {
		return time.Now()
	}
	return c.now()
}

func (c *Calendar) zone() *time.Location {
	if c.rome != nil {
		return c.rome
	}
	if rome, err := time.LoadLocation(Rome); err == nil {
		return rome
	}
	return time.FixedZone(Rome, 60*60)
}
