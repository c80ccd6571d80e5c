package revision_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// on reads a day.
func on(t testing.TB, s string) electoral.Date {
	t.Helper()
	d, err := refdata.ParseDate(s)
	require.NoError(t, err)
	return d
}

// referendum2026 is the referendum of 22 and 23 March 2026.
func referendum2026(t testing.TB) electoral.Vote {
	return electoral.Vote{Consultation: electoral.NationalReferendum, Day: on(t, "2026-03-22"),
		LastDay: on(t, "2026-03-23"), Called: on(t, "2026-01-14"), Notice: on(t, "2026-02-05")}
}

func extraordinary(t testing.TB, votes ...electoral.Vote) revision.Schedule {
	t.Helper()
	s, err := revision.ExtraordinarySchedule("A074", votes, revision.Terms{})
	require.NoError(t, err)
	return s
}

// written writes each step as "code first/last basis strict vote".
func written(s revision.Schedule) []string {
	var out []string
	for _, step := range s.Steps {
		line := fmt.Sprintf("%s %s/%s %s", step.Code, step.From, step.Day, step.Basis)
		if step.Strict {
			line += " strict"
		}
		if step.Vote != "" {
			line += " " + string(step.Vote)
		}
		out = append(out, line)
	}
	return out
}

// TestCalendarOfMarch2026 is the whole calendar of 22 and 23 March 2026.
func TestCalendarOfMarch2026(t *testing.T) {
	s := extraordinary(t, referendum2026(t))
	require.Equal(t, []string{
		"option-for-italy /2026-01-24 sourced national-referendum",
		"first-round /2026-01-28 open",
		"notice 2026-02-05/2026-02-05 sourced",
		"notice-limit /2026-02-05 sourced strict",
		"added-term-limit /2026-02-05 inferred",
		"first-count /2026-02-15 sourced national-referendum",
		"under-age-list /2026-02-15 sourced",
		"temporarily-abroad /2026-02-18 sourced national-referendum",
		"right-limit /2026-02-20 sourced strict",
		"at-home 2026-02-10/2026-03-02 sourced national-referendum",
		"second-count /2026-03-07 sourced national-referendum",
		"final-limit /2026-03-07 sourced strict",
		"in-hospital /2026-03-19 sourced national-referendum",
		"in-detention /2026-03-19 sourced national-referendum",
		"attestations 2026-02-21/2026-03-23 sourced",
		"blocked 2026-03-08/2026-03-23 sourced strict",
		"after-vote 2026-03-24/2026-04-23 inferred",
	}, written(s))
	require.Empty(t, s.Told)
	for cause, want := range map[revision.Cause]revision.StepCode{
		revision.Death: revision.StepFinalLimit, revision.Restored: revision.StepFinalLimit,
		revision.MovedIn: revision.StepNoticeLimit, revision.MovedOut: revision.StepNoticeLimit,
		revision.RightLost: revision.StepNoticeLimit, revision.CitizenshipLost: revision.StepNoticeLimit,
		revision.OtherSection: revision.StepNoticeLimit, revision.RightAcquired: revision.StepRightLimit,
		revision.TermEnded: revision.StepAddedTermLimit,
	} {
		step, ok := s.Deadline(cause)
		require.True(t, ok, cause)
		require.Equal(t, want, step.Code, cause)
	}
	_, ok := s.Deadline(revision.TurnsEighteen)
	require.False(t, ok)
	underAge, ok := s.Step(revision.StepUnderAgeList)
	require.True(t, ok)
	require.Contains(t, underAge.Italian, "il 22 marzo 2026;", "the first day of voting, not the last")
	for _, step := range s.Steps {
		require.NotEmpty(t, step.Law, step.Code)
		require.NotContains(t, step.Organ.Italian(), "sconosciuto", step.Code)
	}
}

// TestCalendarWithoutNoticeAndCall computes the one, which it tells, and leaves out
// what hangs on the other.
func TestCalendarWithoutNoticeAndCall(t *testing.T) {
	v := referendum2026(t)
	v.Notice, v.Called = electoral.Date{}, electoral.Date{}
	s := extraordinary(t, v)
	require.Len(t, s.Told, 2)
	require.True(t, s.Told.Has(electoral.RevisionNoticeComputed))
	require.True(t, s.Told.Has(electoral.RevisionStepUnknown))
	require.NoError(t, s.Told.Err(), "warnings")
	_, ok := s.Step(revision.StepOption)
	require.False(t, ok)
	whole := extraordinary(t, referendum2026(t))
	for _, step := range s.Steps {
		same, ok := whole.Step(step.Code)
		require.True(t, ok)
		require.Equal(t, same.Day, step.Day, step.Code)
		if step.Code == revision.StepNoticeLimit {
			require.False(t, step.Strict, "a computed notice does not refuse")
			require.Equal(t, revision.Inferred, step.Basis)
		}
	}
	comunal := v
	comunal.Consultation = electoral.ComunalElection
	applications, ok := extraordinary(t, comunal).Step(revision.StepEUComunal)
	require.True(t, ok)
	require.Equal(t, "2026-02-10", applications.Day.String())
	require.Equal(t, revision.Inferred, applications.Basis)
	require.False(t, applications.Strict)
	v.OptionUntil = on(t, "2025-12-31")
	option, ok := extraordinary(t, v).Step(revision.StepOption)
	require.True(t, ok)
	require.Equal(t, v.OptionUntil, option.Day)
}

// TestCalendarOfTheEuropeanElection2024 counts from the Sunday (D.L. 7/2024, art. 1):
// 8 June is the first day of voting.
func TestCalendarOfTheEuropeanElection2024(t *testing.T) {
	sunday := on(t, "2024-06-09")
	europe := electoral.Vote{Consultation: electoral.EuropeanElection, Day: on(t, "2024-06-08"), LastDay: sunday,
		TermDay: sunday, AgeDay: sunday, AgeLaw: "D.L. 29 gennaio 2024, n. 7, art. 1", Notice: on(t, "2024-04-25")}
	s := extraordinary(t, europe)
	require.Equal(t, []string{
		"eu-parliament /2024-03-11 sourced strict european",
		"first-round /2024-04-17 open",
		"notice 2024-04-25/2024-04-25 sourced",
		"notice-limit /2024-04-25 sourced strict",
		"added-term-limit /2024-04-25 inferred",
		"under-age-list /2024-05-05 sourced",
		"right-limit /2024-05-10 sourced strict",
		"at-home 2024-04-30/2024-05-20 sourced european",
		"final-limit /2024-05-25 sourced strict",
		"in-hospital /2024-06-06 sourced european",
		"in-detention /2024-06-06 sourced european",
		"attestations 2024-05-11/2024-06-09 sourced",
		"blocked 2024-05-26/2024-06-09 sourced strict",
		"after-vote 2024-06-10/2024-07-09 inferred",
	}, written(s))
	require.Empty(t, s.Told)
	underAge, _ := s.Step(revision.StepUnderAgeList)
	require.Contains(t, underAge.Italian, "il 9 giugno 2024;")
	require.Contains(t, underAge.Law, "n. 7, art. 1")

	// With the comunali of the same days both lists of the Union have their term.
	comunal := europe
	comunal.Consultation = electoral.ComunalElection
	s = extraordinary(t, europe, comunal)
	step, ok := s.Deadline(revision.EUApplication)
	require.True(t, ok)
	require.Equal(t, "2024-04-30", step.Day.String())
	require.Equal(t, electoral.ComunalElection, step.Vote)
	limit, _ := s.Step(revision.StepNoticeLimit)
	require.Empty(t, limit.Vote, "of both votes")
}

// TestCalendarAcrossFebruary counts over the end of February.
func TestCalendarAcrossFebruary(t *testing.T) {
	for day, want := range map[string][4]string{ // notice, 30th, 15th, hospital
		"2026-03-01": {"2026-01-15", "2026-01-30", "2026-02-14", "2026-02-26"},
		"2028-03-01": {"2028-01-16", "2028-01-31", "2028-02-15", "2028-02-27"},
		"2028-02-29": {"2028-01-15", "2028-01-30", "2028-02-14", "2028-02-26"},
		"2028-03-15": {"2028-01-30", "2028-02-14", "2028-02-29", "2028-03-12"},
		"2027-01-31": {"2026-12-17", "2027-01-01", "2027-01-16", "2027-01-28"},
	} {
		s := extraordinary(t, electoral.Vote{Consultation: electoral.RegionalElection, Day: on(t, day)})
		for i, code := range []revision.StepCode{revision.StepNotice, revision.StepRightLimit, revision.StepFinalLimit,
			revision.StepInHospital} {
			step, ok := s.Step(code)
			require.True(t, ok)
			require.Equal(t, want[i], step.Day.String(), "%s before %s", code, day)
		}
	}
	after, _ := extraordinary(t, electoral.Vote{Consultation: electoral.RegionalElection,
		Day: on(t, "2027-01-31")}).Step(revision.StepAfterVote)
	require.Equal(t, "2027-02-28", after.Day.String())
}

// TestTwoVotesOfOneDay: with two notices each vote has its term, and only the last
// refuses.
func TestTwoVotesOfOneDay(t *testing.T) {
	referendum := referendum2026(t)
	comunal := electoral.Vote{Consultation: electoral.ComunalElection, Day: referendum.Day, LastDay: referendum.LastDay,
		Notice: on(t, "2026-02-10")}
	s := extraordinary(t, referendum, comunal)
	var limits []string
	for _, step := range s.Steps {
		if step.Code == revision.StepNoticeLimit {
			limits = append(limits, fmt.Sprint(step.Day, " ", step.Strict, " ", step.Vote))
		}
	}
	require.Equal(t, []string{"2026-02-05 false national-referendum", "2026-02-10 true comunal"}, limits)
	require.True(t, s.Told.Has(electoral.RevisionStepsDiffer))
	require.NoError(t, s.Told.Err())
	deadline, _ := s.Deadline(revision.MovedIn)
	require.Equal(t, comunal.Notice, deadline.Day)
	final, _ := s.Step(revision.StepFinalLimit)
	require.Empty(t, final.Vote, "where they agree there is one step")
	require.True(t, final.Strict)

	between := revision.CheckAdmission(revision.Extraordinary, revision.MovedIn, s, on(t, "2026-02-08"))
	require.Len(t, between, 1)
	require.Equal(t, electoral.RevisionCauseMaybeLate, between[0].Code)
	require.Equal(t, "vote", between[0].Case)
	require.Empty(t, revision.CheckAdmission(revision.Extraordinary, revision.MovedIn, s, on(t, "2026-02-05")))
	late := revision.CheckAdmission(revision.Extraordinary, revision.MovedIn, s, on(t, "2026-02-11"))
	require.Equal(t, electoral.RevisionCauseLate, late[0].Code)

	// The list of art. 33 follows the notice, the count follows the vote: told.
	moved := referendum
	moved.Notice = on(t, "2026-02-07")
	one := extraordinary(t, moved)
	require.Len(t, one.Told, 1)
	require.Equal(t, "under-age", one.Told[0].Case)
	list, _ := one.Step(revision.StepUnderAgeList)
	require.Equal(t, "2026-02-17", list.Day.String())
}

func TestSemestralCalendars(t *testing.T) {
	for _, c := range []struct {
		year, half int
		want       []string
		eighteen   string
	}{
		{2026, 1, []string{
			"semestral-reference-day 2026-02-15/2026-02-15 sourced", "semestral-eighteen-list /2026-02-28 sourced",
			"semestral-proposals /2026-04-10 sourced", "semestral-deposit /2026-04-20 sourced",
			"semestral-decision /2026-06-10 unverified", "semestral-writing /2026-06-20 unverified",
			"semestral-effect 2026-06-30/2026-06-30 sourced"}, "2026-07-01/2026-12-31"},
		{2028, 1, []string{
			"semestral-reference-day 2028-02-15/2028-02-15 sourced", "semestral-eighteen-list /2028-02-29 sourced",
			"semestral-proposals /2028-04-10 sourced", "semestral-deposit /2028-04-20 sourced",
			"semestral-decision /2028-06-10 unverified", "semestral-writing /2028-06-20 unverified",
			"semestral-effect 2028-06-30/2028-06-30 sourced"}, "2028-07-01/2028-12-31"},
		{2027, 2, []string{
			"semestral-reference-day 2027-08-15/2027-08-15 sourced", "semestral-eighteen-list /2027-08-31 sourced",
			"semestral-proposals /2027-10-10 sourced", "semestral-deposit /2027-10-20 unverified",
			"semestral-decision /2027-12-10 unverified", "semestral-writing /2027-12-21 sourced",
			"semestral-effect 2027-12-31/2027-12-31 unverified"}, "2028-01-01/2028-06-30"},
	} {
		s, err := revision.SemestralSchedule(c.year, c.half, revision.Terms{})
		require.NoError(t, err)
		require.Equal(t, c.want, written(s))
		days, ok := s.TurningEighteen()
		require.True(t, ok)
		require.Equal(t, c.eighteen, days.From.String()+"/"+days.To.String())
	}
}

func TestDynamicCalendars(t *testing.T) {
	for year := 2024; year <= 2028; year++ {
		for half, month := range []string{"01", "07"} {
			s, err := revision.DynamicSchedule(year, half+1, revision.Terms{})
			require.NoError(t, err)
			require.Equal(t, []string{
				fmt.Sprintf("dynamic-removal-round /%d-%s-10 sourced", year, month),
				fmt.Sprintf("dynamic-exchange /%d-%s-10 sourced", year, month),
				fmt.Sprintf("dynamic-enrolment-round /%d-%s-31 sourced", year, month),
			}, written(s))
			require.Equal(t, []revision.Kind{revision.DynamicFirst, revision.DynamicFirst, revision.DynamicSecond},
				[]revision.Kind{s.Steps[0].Kind, s.Steps[1].Kind, s.Steps[2].Kind})
			_, ok := s.TurningEighteen()
			require.False(t, ok)
		}
	}
}

func TestScheduleAt(t *testing.T) {
	s := extraordinary(t, referendum2026(t))
	codes := func(day string) (out []string) {
		for _, step := range s.At(on(t, day)) {
			out = append(out, string(step.Code))
		}
		return out
	}
	require.NotContains(t, codes("2026-02-09"), "at-home")
	require.Contains(t, codes("2026-02-10"), "at-home")
	require.Contains(t, codes("2026-03-02"), "at-home")
	require.NotContains(t, codes("2026-03-03"), "at-home")
	require.Equal(t, []string{"attestations", "blocked"}, codes("2026-03-23"))
	require.Equal(t, []string{"after-vote"}, codes("2026-03-24"))
	require.Empty(t, codes("2026-04-24"))
}

func TestScheduleRefusals(t *testing.T) {
	vote := referendum2026(t)
	other := vote
	other.Consultation, other.Day, other.LastDay = electoral.ComunalElection, on(t, "2026-03-23"), electoral.Date{}
	none := electoral.Vote{Consultation: "x", Day: electoral.Date{Year: 2026, Month: 2, Day: 30}}
	for _, c := range []struct {
		name string
		make func() (revision.Schedule, error)
		want string
	}{
		{"year", func() (revision.Schedule, error) {
			return revision.SemestralSchedule(1966, 1, revision.Terms{})
		}, " schedule.year"},
		{"far year", func() (revision.Schedule, error) {
			return revision.DynamicSchedule(2201, 1, revision.Terms{})
		}, " schedule.year"},
		{"half", func() (revision.Schedule, error) {
			return revision.DynamicSchedule(2026, 3, revision.Terms{})
		}, "half schedule.half"},
		{"no half", func() (revision.Schedule, error) {
			return revision.SemestralSchedule(2026, 0, revision.Terms{})
		}, "half schedule.half"},
		{"no vote", func() (revision.Schedule, error) {
			return revision.ExtraordinarySchedule("A074", nil, revision.Terms{})
		}, "votes schedule.votes"},
		{"twice", func() (revision.Schedule, error) {
			return revision.ExtraordinarySchedule("A074", []electoral.Vote{vote, vote}, revision.Terms{})
		}, "votes schedule.votes"},
		{"two days", func() (revision.Schedule, error) {
			return revision.ExtraordinarySchedule("A074", []electoral.Vote{vote, other}, revision.Terms{})
		}, "days schedule.votes"},
		{"no comune", func() (revision.Schedule, error) {
			return revision.ExtraordinarySchedule(" ", []electoral.Vote{vote}, revision.Terms{})
		}, "comune schedule.comune"},
		{"no such day", func() (revision.Schedule, error) {
			return revision.ExtraordinarySchedule("A074", []electoral.Vote{none}, revision.Terms{})
		}, " vote.day"},
		{"terms", func() (revision.Schedule, error) {
			return revision.SemestralSchedule(2026, 1, revision.Terms{Own: []revision.Term{{Step: "x"}}})
		}, " terms.own[0].step"},
	} {
		s, err := c.make()
		var faults electoral.Faults
		require.ErrorAs(t, err, &faults, c.name)
		require.True(t, slices.ContainsFunc(faults, func(f electoral.Fault) bool { return f.Case+" "+f.Path == c.want }),
			"%s: %v", c.name, err)
		require.Empty(t, s.Steps, c.name)
	}
}

// TestScheduleProperties: for any votes the steps are in order, and none refuses that
// is not sourced or whose notice was computed.
func TestScheduleProperties(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	checkSchedules(t, rand.New(rand.NewPCG(seed, 1)), 400)
}

func checkSchedules(t *testing.T, r *rand.Rand, n int) {
	for range n {
		day := on(t, "2000-01-01").AddDays(r.IntN(36500))
		var votes []electoral.Vote
		for _, c := range electoral.Consultations() {
			if r.IntN(3) > 0 {
				continue
			}
			v := electoral.Vote{Consultation: c, Day: day}
			for _, d := range []*electoral.Date{&v.Notice, &v.Called} {
				if r.IntN(2) == 0 {
					*d = day.AddDays(-1 - r.IntN(200))
				}
			}
			if r.IntN(2) == 0 {
				v.LastDay = day.AddDays(1)
			}
			if r.IntN(3) == 0 {
				v.TermDay = day.AddDays(r.IntN(3) - 1)
			}
			votes = append(votes, v)
		}
		s, err := revision.ExtraordinarySchedule("A074", votes, revision.Terms{})
		if len(votes) == 0 {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		for i, step := range s.Steps {
			require.True(t, step.Day.Complete() && step.Day.Valid(), step)
			require.False(t, i > 0 && step.Day.Before(s.Steps[i-1].Day), "steps out of order: %v", votes)
			require.False(t, step.Strict && step.Basis != revision.Sourced, "%v of %v", step, votes)
			require.NotContains(t, step.Italian, "{")
		}
		for _, c := range revision.Causes() {
			last, ok := s.Deadline(c)
			if !ok {
				continue
			}
			for _, step := range s.Steps {
				require.False(t, slices.Contains(step.Causes, c) && step.Day.After(last.Day))
			}
			// On its last day a cause is never refused, and the day after only if the
			// step is strict or the lists are blocked.
			require.NoError(t, electoral.Faults(revision.CheckAdmission(revision.Extraordinary, c, s, last.Day)).Err(), "%s of %v", c, votes)
			err := electoral.Faults(revision.CheckAdmission(revision.Extraordinary, c, s, last.Day.AddDays(1))).Err()
			require.True(t, !last.Strict || err != nil, "%s of %v", c, votes)
		}
	}
}

// TestStepCodes: each step is in one schedule or another, and has its words.
func TestStepCodes(t *testing.T) {
	seen := map[revision.StepCode]bool{}
	chamber, europe := referendum2026(t), referendum2026(t)
	chamber.Consultation, europe.Consultation = electoral.ComunalElection, electoral.EuropeanElection
	semestral, err := revision.SemestralSchedule(2026, 1, revision.Terms{})
	require.NoError(t, err)
	dynamic, err := revision.DynamicSchedule(2026, 1, revision.Terms{})
	require.NoError(t, err)
	for _, s := range []revision.Schedule{semestral, dynamic, extraordinary(t, referendum2026(t), chamber, europe)} {
		for _, step := range s.Steps {
			seen[step.Code] = true
			require.Equal(t, s.Kind.Revision(), step.Kind.Revision())
			require.False(t, strings.HasPrefix(step.Basis.Italian(), "fonte sconosciuta"))
		}
	}
	for _, code := range revision.StepCodes() {
		require.True(t, seen[code], code)
	}
	require.Len(t, seen, len(revision.StepCodes()))
}
