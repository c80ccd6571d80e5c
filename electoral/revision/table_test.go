package revision_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/revision"
)

func rowOf(t *testing.T, rows []revision.Row, code revision.StepCode) revision.Row {
	t.Helper()
	for _, r := range rows {
		if r.Step.Code == code {
			return r
		}
	}
	require.Fail(t, "no row", code)
	return revision.Row{}
}

func TestTable(t *testing.T) {
	s := extraordinary(t, referendum2026(t))
	for _, c := range []struct {
		day   string
		code  revision.StepCode
		state revision.StepState
		left  int
	}{
		{"2026-02-04", revision.StepNotice, revision.StepUpcoming, 1},
		{"2026-02-05", revision.StepNotice, revision.StepLastDay, 0},
		{"2026-02-06", revision.StepNotice, revision.StepPast, -1},
		{"2026-02-04", revision.StepNoticeLimit, revision.StepOpen, 1},
		{"2026-02-05", revision.StepNoticeLimit, revision.StepLastDay, 0},
		{"2026-02-06", revision.StepNoticeLimit, revision.StepPast, -1},
		{"2026-03-08", revision.StepNoticeLimit, revision.StepLocked, -31},
		{"2026-03-24", revision.StepNoticeLimit, revision.StepPast, -47},
		{"2026-02-09", revision.StepAtHome, revision.StepUpcoming, 21},
		{"2026-02-10", revision.StepAtHome, revision.StepOpen, 20},
		{"2026-03-07", revision.StepBlocked, revision.StepUpcoming, 16},
		{"2026-03-08", revision.StepBlocked, revision.StepLocked, 15},
		{"2026-03-23", revision.StepBlocked, revision.StepLocked, 0},
		{"2026-03-24", revision.StepBlocked, revision.StepPast, -1},
		{"2026-03-28", revision.StepAtHome, revision.StepPast, -26}, // the clock changes on the 29th
		{"2026-03-30", revision.StepAfterVote, revision.StepOpen, 24},
	} {
		row := rowOf(t, s.Table(on(t, c.day)), c.code)
		require.Equal(t, c.state, row.State, "%s on %s", c.code, c.day)
		require.Equal(t, c.left, row.DaysLeft, "%s on %s", c.code, c.day)
		require.Nil(t, row.Counts)
	}
	for _, c := range []struct {
		day   string
		code  revision.StepCode
		cause revision.Cause
		state revision.CauseState
		until string
	}{
		{"2026-02-01", revision.StepFirstRound, revision.MovedOut, revision.CausePossible, "2026-02-05"},
		{"2026-02-06", revision.StepNoticeLimit, revision.MovedOut, revision.CauseLate, ""},
		{"2026-02-06", revision.StepAddedTermLimit, revision.TermEnded, revision.CauseDoubtful, ""},
		{"2026-02-06", revision.StepFinalLimit, revision.Death, revision.CausePossible, "2026-03-07"},
		{"2026-03-08", revision.StepFinalLimit, revision.Death, revision.CauseBlocked, ""},
		{"2026-03-24", revision.StepFinalLimit, revision.Death, revision.CauseLate, ""},
	} {
		for _, got := range rowOf(t, s.Table(on(t, c.day)), c.code).Causes {
			if got.Cause == c.cause {
				require.Equal(t, c.state, got.State, "%s on %s", c.cause, c.day)
				require.Equal(t, c.until, got.Until.String())
				require.Equal(t, c.until == "", got.Instead != "")
			}
		}
	}
}

// TestTableWritten writes a table in each form and reads it again.
func TestTableWritten(t *testing.T) {
	rows := extraordinary(t, referendum2026(t)).Table(on(t, "2026-03-01"))
	for i := range rows {
		if rows[i].Step.Code == revision.StepFinalLimit {
			n := revision.RowCount{Open: 3, Accepted: 2, Applied: 1, Late: 4}
			rows[i].Counts = map[revision.Cause]revision.RowCount{revision.Death: n}
		}
	}
	var text, table, data bytes.Buffer
	require.NoError(t, revision.WriteTableText(&text, rows))
	for _, want := range []string{
		"scadenza 7 marzo 2026: in corso (mancano 6 giorni)\n  ultimo giorno delle cancellazioni dei deceduti",
		"  - decesso: possibile fino al 7 marzo 2026 [da decidere 3, accettate 2, applicate 1, in ritardo 4]\n",
		"10 febbraio 2026 – 2 marzo 2026: in corso (manca 1 giorno)\n" +
			"  domande di voto a domicilio – per i referendum nazionali\n",
		"art. 32; termine dedotto\n",
		"tardi; altrimenti: la revisione dinamica ordinaria, seconda tornata fino al 31 luglio 2026",
	} {
		require.Contains(t, text.String(), want)
	}
	require.NoError(t, revision.WriteTableCSV(&table, rows))
	records, err := csv.NewReader(&table).ReadAll()
	require.NoError(t, err)
	lines := 0
	for _, r := range rows {
		lines += max(1, len(r.Causes))
	}
	require.Len(t, records, lines+1)
	found := false
	for _, r := range records {
		if r[0] == "final-limit" && r[11] == "death" {
			found = true
			require.Equal(t, []string{"", "2026-03-07", "in corso", "6"}, r[2:6])
			require.Equal(t, "letto in una fonte,si,death,possibile,2026-03-07,,3,2,1,4", strings.Join(r[9:], ","))
		}
	}
	require.True(t, found)
	require.NoError(t, revision.WriteTableJSON(&data, rows))
	var read []revision.Row
	require.NoError(t, json.Unmarshal(data.Bytes(), &read))
	require.Equal(t, rows, read)

	data.Reset()
	require.NoError(t, revision.WriteTableJSON(&data, nil))
	require.JSONEq(t, "[]", data.String())
	for _, write := range []func() error{
		func() error { return revision.WriteTableText(brokenWriter{}, rows) },
		func() error { return revision.WriteTableCSV(brokenWriter{}, rows) },
		func() error { return revision.WriteTableJSON(brokenWriter{}, rows) },
	} {
		require.ErrorIs(t, write(), errBroken)
	}
	require.Equal(t, []revision.Row{}, revision.Schedule{}.Table(electoral.Date{Year: 2026, Month: 1, Day: 1}))
}

var errBroken = errors.New("disk full")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
