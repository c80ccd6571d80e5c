package rules

import (
	"fmt"
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
)

// A day is a date of a record with its path.
type day struct {
	path string
	date electoral.Date
}

// noSuchDays judges dates: each that is given must exist in the calendar. Nothing else
// can be judged by one that does not.
func noSuchDays(days []day) []electoral.Fault {
	var faults []electoral.Fault
	for _, d := range days {
		if !d.date.IsZero() && !d.date.Valid() {
			faults = append(faults, electoral.NewFault(electoral.DayImpossible, d.path, d.date.String(),
				electoral.Args{"date": d.date.String()}))
		}
	}
	return faults
}

// decisionDay judges the day at which a record is judged.
func decisionDay(at electoral.Date) []electoral.Fault {
	if at.IsZero() {
		return []electoral.Fault{electoral.NewFault(electoral.DayImpossible.In("missing"), "at", "", nil)}
	}
	return noSuchDays([]day{{path: "at", date: at}})
}

// daysOf are the dates of an elector and of his circumstances.
func daysOf(e electoral.Elector, in Circumstances) []day {
	days := []day{{path: "notice", date: in.Notice}}
	for i, r := range e.Removals {
		days = append(days, day{path: "removals[" + strconv.Itoa(i) + "].day", date: r.Day})
	}
	for i, v := range e.KeptVotes {
		days = append(days, day{path: "keptVotes[" + strconv.Itoa(i) + "].day", date: v.Day})
	}
	if e.Loss != nil {
		days = append(days, day{path: "loss.day", date: e.Loss.Day})
	}
	if p := in.Person; p != nil {
		days = append(days, day{path: "person.birth.date", date: p.Birth.Date}, day{path: "person.death", date: p.Death})
		if r := p.Residence; r != nil {
			days = append(days, day{path: "person.residence.since", date: r.Since})
		}
		if a := p.Abroad; a != nil {
			days = append(days, day{path: "person.abroad.since", date: a.Since})
		}
		for i, c := range p.Citizenships {
			path := "person.citizenships[" + strconv.Itoa(i) + "]"
			days = append(days, day{path: path + ".from", date: c.From}, day{path: path + ".to", date: c.To})
		}
	}
	for i, q := range in.Choices {
		path := "choices[" + strconv.Itoa(i) + "]"
		days = append(days, day{path: path + ".day", date: q.Day}, day{path: path + ".received", date: q.Received},
			day{path: path + ".withdrawn", date: q.Withdrawn})
	}
	return days
}

// days refuses dates of the configuration that do not exist.
func (c *Checker) days() error {
	var days []day
	for i, r := range c.residences {
		path := "Residences[" + strconv.Itoa(i) + "]"
		days = append(days, day{path: path + ".From", date: r.From}, day{path: path + ".To", date: r.To})
	}
	for i, s := range c.sizes {
		path := "SectionSizes[" + strconv.Itoa(i) + "]"
		days = append(days, day{path: path + ".From", date: s.From}, day{path: path + ".To", date: s.To})
	}
	for i, s := range c.withoutPost {
		path := "WithoutPost[" + strconv.Itoa(i) + "]"
		days = append(days, day{path: path + ".From", date: s.From}, day{path: path + ".To", date: s.To})
	}
	if faults := noSuchDays(days); len(faults) > 0 {
		return fmt.Errorf("rules: Config: %w", electoral.Faults(faults))
	}
	return nil
}
