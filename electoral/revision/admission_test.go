package revision_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

// TestAdmissionTable reads the table of the notes, which is in testdata, cell by cell.
func TestAdmissionTable(t *testing.T) {
	f, err := os.Open("testdata/admission.txt")
	require.NoError(t, err)
	defer f.Close()
	seen := map[revision.Cause]bool{}
	answers := map[string]electoral.Answer{"yes": electoral.Yes, "no": electoral.No, "?": electoral.NotGiven}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		cells := strings.Fields(lines.Text())
		require.Len(t, cells, 5, lines.Text())
		cause := revision.Cause(cells[0])
		seen[cause] = true
		for i, k := range revision.Kinds() {
			want, marked := strings.CutSuffix(cells[i+1], "*")
			answer, until, _ := strings.Cut(want, "@")
			got := revision.Admits(k, cause)
			require.Equal(t, answers[answer], got.Answer, "%s in %s", cause, k)
			require.Equal(t, revision.StepCode(until), got.Until, "%s in %s", cause, k)
			require.Equal(t, marked, got.Basis != revision.Sourced, "%s in %s", cause, k)
			require.NotEmpty(t, got.Law)
			require.NotEmpty(t, got.Source)
		}
	}
	for _, cause := range revision.Causes() {
		require.True(t, seen[cause], cause)
	}
}

// TestAdmissionAgreesWithTheSchedules: the step until which a cause is admitted has the
// cause in its schedule, and no schedule has a cause that its revision does not admit.
func TestAdmissionAgreesWithTheSchedules(t *testing.T) {
	semestral, err := revision.SemestralSchedule(2026, 1, revision.Terms{})
	require.NoError(t, err)
	dynamic, err := revision.DynamicSchedule(2026, 1, revision.Terms{})
	require.NoError(t, err)
	comunal := referendum2026(t)
	comunal.Consultation = electoral.ComunalElection
	for k, s := range map[revision.Kind]revision.Schedule{revision.Semestral: semestral, revision.DynamicFirst: dynamic,
		revision.DynamicSecond: dynamic, revision.Extraordinary: extraordinary(t, comunal)} {
		for _, c := range revision.Causes() {
			a := revision.Admits(k, c)
			if a.Answer == electoral.Yes {
				step, ok := s.Deadline(c)
				require.True(t, ok, "%s in %s", c, k)
				require.Equal(t, a.Until, step.Code, "%s in %s", c, k)
				require.Equal(t, k, step.Kind)
				continue
			}
			for _, step := range s.Steps {
				if step.Kind == k {
					require.NotContains(t, step.Causes, c, "%s in %s", c, k)
				}
			}
		}
	}
}

// TestOnlySourcedRefuses tries every cause in every revision on every day of half a
// year: an error always rests on a sourced answer or on a strict step.
func TestOnlySourcedRefuses(t *testing.T) {
	comunal := referendum2026(t)
	comunal.Consultation = electoral.ComunalElection
	semestral, err := revision.SemestralSchedule(2026, 1, revision.Terms{})
	require.NoError(t, err)
	dynamic, err := revision.DynamicSchedule(2026, 1, revision.Terms{})
	require.NoError(t, err)
	refused := map[electoral.Code]int{}
	for k, s := range map[revision.Kind]revision.Schedule{revision.Semestral: semestral, revision.DynamicFirst: dynamic,
		revision.DynamicSecond: dynamic, revision.Extraordinary: extraordinary(t, comunal)} {
		for _, c := range append(revision.Causes(), "name-changed") {
			for day := on(t, "2026-01-01"); day.Before(on(t, "2026-05-01")); day = day.AddDays(1) {
				for _, f := range revision.CheckAdmission(k, c, s, day) {
					require.Equal(t, "line.cause", f.Path)
					require.Equal(t, string(c), f.Value)
					require.NotEmpty(t, f.Source)
					require.NotContains(t, f.Message+f.Expected, "{")
					if f.Severity != electoral.Error {
						continue
					}
					refused[f.Code]++
					a := revision.Admits(k, c)
					if f.Code == electoral.RevisionCauseRefused {
						require.True(t, a.Answer == electoral.No && a.Basis == revision.Sourced, "%s in %s", c, k)
						continue
					}
					require.Equal(t, revision.Extraordinary, k, "%s on %s: %v", c, day, f)
					last, ok := s.Deadline(c)
					blocked, _ := s.Step(revision.StepBlocked)
					require.True(t, ok && day.After(last.Day) && (last.Strict || blocked.Strict && !day.Before(blocked.From)))
				}
			}
		}
	}
	require.NotZero(t, refused[electoral.RevisionCauseRefused])
	require.NotZero(t, refused[electoral.RevisionCauseLate])
}

func TestCheckAdmission(t *testing.T) {
	comunal := referendum2026(t)
	comunal.Consultation = electoral.ComunalElection
	vote := extraordinary(t, comunal)
	semestral, err := revision.SemestralSchedule(2026, 1, revision.Terms{})
	require.NoError(t, err)
	dynamic, err := revision.DynamicSchedule(2026, 1, revision.Terms{})
	require.NoError(t, err)
	for _, c := range []struct {
		kind     revision.Kind
		cause    revision.Cause
		s        revision.Schedule
		day      string
		want     string   // code, case and severity; empty for none
		contains []string // in message, expected and source
	}{
		{revision.Extraordinary, revision.Death, vote, "2026-03-07", "", nil},
		{revision.Extraordinary, revision.Death, vote, "2026-03-08", "REV-CAL-08  error",
			[]string{"scaduto il 7 marzo 2026", "prima tornata fino al 10 luglio 2026", "art. 32"}},
		{revision.Extraordinary, revision.MovedIn, vote, "2026-02-05", "", nil},
		{revision.Extraordinary, revision.MovedIn, vote, "2026-02-06", "REV-CAL-08  error",
			[]string{"scaduto il 5 febbraio 2026", "seconda tornata fino al 31 luglio 2026", "quarto comma"}},
		{revision.Extraordinary, revision.RightAcquired, vote, "2026-02-20", "", nil},
		{revision.Extraordinary, revision.RightAcquired, vote, "2026-02-21", "REV-CAL-08  error",
			[]string{"scaduto il 20 febbraio 2026", "art. 32-bis", "fino al 23 marzo 2026"}},
		{revision.Extraordinary, revision.EUApplication, vote, "2026-02-10", "", nil},
		{revision.Extraordinary, revision.EUApplication, vote, "2026-02-11", "REV-CAL-08  error",
			[]string{"n. 197, art. 3"}},
		{revision.Extraordinary, revision.TermEnded, vote, "2026-02-05", "REV-CAL-07 inferred warning", nil},
		{revision.Extraordinary, revision.TurnsEighteen, vote, "2026-02-05", "REV-CAL-06  error",
			[]string{"revisione semestrale fino al 10 aprile 2026"}},
		{revision.Extraordinary, revision.CourtOrder, vote, "2026-03-10", "REV-CAL-07  warning", nil},
		{revision.Extraordinary, "name-changed", vote, "2026-03-10", "REV-CAL-07  warning", nil},
		{revision.Semestral, revision.TurnsEighteen, semestral, "2026-04-10", "", nil},
		{revision.Semestral, revision.TurnsEighteen, semestral, "2026-04-11", "REV-CAL-09  warning",
			[]string{"10 ottobre 2026"}},
		{revision.Semestral, revision.Death, semestral, "2026-04-01", "REV-CAL-06  error",
			[]string{"prima tornata fino al 10 luglio 2026", "prima di un voto"}},
		{revision.Semestral, revision.EUApplication, semestral, "2026-04-01", "REV-CAL-07  warning", nil},
		{revision.DynamicFirst, revision.Death, dynamic, "2026-01-10", "", nil},
		{revision.DynamicFirst, revision.Death, dynamic, "2026-01-11", "REV-CAL-09  warning", []string{"10 luglio 2026"}},
		{revision.DynamicFirst, revision.MovedIn, dynamic, "2026-01-05", "REV-CAL-06  error",
			[]string{"seconda tornata fino al 31 gennaio 2026"}},
		{revision.DynamicSecond, revision.Restored, dynamic, "2026-01-20", "REV-CAL-07  warning", nil},
		{revision.DynamicSecond, revision.SectionsRedrawn, dynamic, "2026-11-01", "REV-CAL-06  error",
			[]string{"revisione semestrale fino al 10 aprile 2027"}},
		{revision.Extraordinary, revision.EUApplication, extraordinary(t, referendum2026(t)), "2026-02-01",
			"REV-CAL-07 term warning", nil},
	} {
		faults := revision.CheckAdmission(c.kind, c.cause, c.s, on(t, c.day))
		name := string(c.kind) + " " + string(c.cause) + " " + c.day
		if c.want == "" {
			require.Empty(t, faults, name)
			continue
		}
		require.Len(t, faults, 1, name)
		f := faults[0]
		require.Equal(t, c.want, string(f.Code)+" "+f.Case+" "+string(f.Severity), name)
		for _, part := range c.contains {
			require.Contains(t, f.Message+" "+f.Expected+" "+f.Source, part, name)
		}
	}
	blocked := revision.CheckAdmission(revision.Extraordinary, revision.TermEnded, vote, on(t, "2026-03-10"))
	require.Len(t, blocked, 2)
	require.Equal(t, "blocked", blocked[1].Case)
	require.Equal(t, electoral.Error, blocked[1].Severity)
	require.Contains(t, blocked[1].Message, "7 marzo 2026")
	require.Contains(t, blocked[1].Expected, "23 marzo 2026")
	doubtful := revision.CheckAdmission(revision.Extraordinary, revision.TermEnded, vote, on(t, "2026-02-06"))
	require.Len(t, doubtful, 2)
	require.NoError(t, electoral.Faults(doubtful).Err())

	require.Equal(t, "kind", revision.CheckAdmission("x", revision.Death, vote, on(t, "2026-02-05"))[0].Case)
	noDay := revision.CheckAdmission(revision.Semestral, revision.Death, vote, electoral.Date{Year: 2026})
	require.Equal(t, "day", noDay[0].Case)
	// The calendar of another revision says nothing of the term.
	other := revision.CheckAdmission(revision.DynamicFirst, revision.Death, vote, on(t, "2026-07-01"))
	require.Len(t, other, 1)
	require.Equal(t, "term", other[0].Case)
	// A round that would end while the lists are blocked is not offered.
	july := referendum2026(t)
	july.Day, july.LastDay, july.Notice = on(t, "2026-07-19"), on(t, "2026-07-20"), on(t, "2026-06-04")
	july.Called = electoral.Date{}
	late := revision.CheckAdmission(revision.Extraordinary, revision.MovedOut, extraordinary(t, july), on(t, "2026-06-20"))
	require.Contains(t, late[0].Expected, "10 gennaio 2027")
}
