package verify

import "time"

// italianTime shows a time as people in Italy read it.
func italianTime(t time.Time) string {
	if t.UTC().Year() < firstRuleYear {
		return t.UTC().Format("02/01/2006 alle 15:04:05 UTC")
	}
	return inRome(t).Format("02/01/2006 alle 15:04:05")
}

// firstRuleYear is the first of the rule of [inRome].
const firstRuleYear = 1996

// inRome returns a time in Italy's zone, without the files of a time zone database:
// in a browser there are none. Since 1996 summer time lasts from the last Sunday of
// March to the last of October, at 1:00 UT (Directive 2000/84/EC, articles 2 and 3,
// and 94/21/EC before it).
func inRome(t time.Time) time.Time {
	t = t.UTC()
	year := t.Year()
	name, hours := "CET", 1
	if !t.Before(lastSunday(year, time.March)) && t.Before(lastSunday(year, time.October)) {
		name, hours = "CEST", 2
	}
	return t.In(time.FixedZone(name, hours*3600))
}

// lastSunday is 1:00 UT of the last Sunday of a month of 31 days.
func lastSunday(year int, month time.Month) time.Time {
	last := time.Date(year, month, 31, 1, 0, 0, 0, time.UTC)
	return last.AddDate(0, 0, -int(last.Weekday()))
}
