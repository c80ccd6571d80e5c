package lists_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/lists"
)

// csvByTheLibrary is what encoding/csv makes of rows.
func csvByTheLibrary(t testing.TB, cfg lists.CSVConfig, rows ...electoral.ExtractedElector) string {
	t.Helper()
	var b bytes.Buffer
	if cfg.BOM {
		b.WriteString("\xef\xbb\xbf")
	}
	w := csv.NewWriter(&b)
	if cfg.Semicolon {
		w.Comma = ';'
	}
	w.UseCRLF = true
	var names []string
	for _, c := range lists.ASCIILayout() {
		names = append(names, c.Name)
	}
	require.NoError(t, w.Write(names))
	answer := func(a electoral.Answer) string {
		return map[electoral.Answer]string{electoral.Yes: "S", electoral.No: "N"}[a]
	}
	for _, r := range rows {
		e, p, s := r.Elector, r.Person, r.Elector.Status
		certifiability := ""
		if e.Certifiability != nil {
			certifiability = fmt.Sprint(int(*e.Certifiability))
		}
		var number, abode, state string
		if r.Number != 0 {
			number = fmt.Sprint(r.Number)
		}
		var deed electoral.BirthDeed
		if p.Birth.Deed != nil {
			deed = *p.Birth.Deed
		}
		if p.Residence != nil {
			abode = p.Residence.Abode
		} else if p.Abroad != nil {
			state = p.Abroad.State
		}
		var reasons []string
		for _, f := range r.Reasons {
			reasons = append(reasons, string(f.Code))
		}
		require.NoError(t, w.Write([]string{
			r.Section, e.ANPRID, string(p.FiscalCode), p.Surname, p.Name, string(p.Sex), p.Birth.Date.String(), p.Birth.Place, answer(e.Capacity),
			answer(s.For(electoral.NationalReferendum)), answer(s.For(electoral.EuropeanElection)), answer(s.For(electoral.SenateElection)), s.SenateConstituency,
			answer(s.For(electoral.ChamberElection)), s.ChamberConstituency, answer(s.For(electoral.RegionalElection)), answer(s.For(electoral.ComunalElection)),
			answer(s.For(electoral.DistrictElection)), certifiability, number, deed.Number, deed.Part, deed.Series, abode, state,
			map[electoral.Line]string{electoral.MarkedLine: "annotata", electoral.StruckLine: "depennata"}[r.Line], strings.Join(reasons, " "),
		}))
	}
	w.Flush()
	require.NoError(t, w.Error())
	return b.String()
}

func csvByTheWriter(t testing.TB, cfg lists.CSVConfig, rows ...electoral.ExtractedElector) string {
	t.Helper()
	var b bytes.Buffer
	w := cfg.NewWriter(&b)
	require.NoError(t, w.Begin(electoral.ExtractHeader{}))
	for _, r := range rows {
		require.NoError(t, w.Write(r))
	}
	require.NoError(t, w.End())
	return b.String()
}

// TestCSVIsTheLibrarys holds the writer to the bytes of encoding/csv.
func TestCSVIsTheLibrarys(t *testing.T) {
	rows := extracted(t, 2000)
	for i, date := range []electoral.Date{{}, {Year: 7}, {Year: 1950, Month: 2}, {Year: 1950, Month: 2, Day: 30}, {Year: -3, Month: 1, Day: 1}, {Year: 12345, Month: 1, Day: 1}, {Year: 999, Month: 12, Day: 31}} {
		rows[i].Person.Birth.Date = date
	}
	some := electoral.OnlyPoliticalRights
	rows[9].Elector.Certifiability, rows[10].Elector.Certifiability = nil, &some
	rows[11].Elector.Capacity, rows[12].Elector.Status = electoral.NotGiven, electoral.Status{NationalReferendums: electoral.No, Senate: electoral.Yes}
	for i, text := range oddTexts {
		rows[20+i].Person.Surname, rows[60+i].Section = text, text
	}
	rows[13].Number, rows[13].Line = 812, electoral.StruckLine
	rows[13].Reasons = electoral.Faults{{Code: electoral.VoterUnderAge}, {Code: electoral.VoterByPost}}
	rows[14].Line, rows[14].Person.Birth.Deed = electoral.MarkedLine, &electoral.BirthDeed{Number: "1", Part: "I", Series: "A, B"}
	for _, cfg := range []lists.CSVConfig{{}, {BOM: true}, {Semicolon: true}, {BOM: true, Semicolon: true}} {
		assert.Equal(t, csvByTheLibrary(t, cfg, rows...), csvByTheWriter(t, cfg, rows...))
	}
}

var oddTexts = []string{
	"", `\.`, `\`, `\..`, ",", `"`, `"a"`, "a\nb", "a\rb", "a\r\nb", "\r", "\n", " a", "a ", "\ta", "\u00a0a", "\u2003a", "\u0085", "à, è", "=1+1", "\x00", "\x7f", "\xff", "a\xc3", "'", ";",
}

func FuzzCSVList(f *testing.F) {
	for _, s := range oddTexts {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, section, surname string) {
		row := electoral.ExtractedElector{Section: section, Person: electoral.Person{Surname: surname}}
		for _, cfg := range []lists.CSVConfig{{}, {Semicolon: true}} {
			require.Equal(t, csvByTheLibrary(t, cfg, row), csvByTheWriter(t, cfg, row))
		}
	})
}

// TestASCIIErrorsTellNoName keeps personal data out of the errors.
func TestASCIIErrorsTellNoName(t *testing.T) {
	w := lists.NewASCIIWriter(&bytes.Buffer{})
	for id, surname := range map[string]string{"7": strings.Repeat("SEGRETO ", 7), "8": "SEGRETO 日"} {
		require.NoError(t, w.Write(electoral.ExtractedElector{Elector: electoral.Elector{ANPRID: id}, Person: electoral.Person{Surname: surname}}))
	}
	err := w.End()
	require.ErrorContains(t, err, "elector 7: column cognome holds 56 characters: expected at most 50")
	require.Len(t, w.Replaced(), 1)
	assert.Equal(t, "8", w.Replaced()[0].Value)
	assert.NotContains(t, err.Error()+electoral.Faults(w.Replaced()).Error(), "SEGRETO")
}
