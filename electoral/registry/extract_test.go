package registry_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/electoral/lists"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

var pollsPurpose = electoral.Purpose{Act: electoral.ChamberAct, Function: "liste per il seggio"}

// townsfolk are five electors of two sections and their persons.
func townsfolk() (persons []electoral.Person, electors []electoral.Elector) {
	for i, who := range []struct {
		id, surname, name string
		sex               electoral.Sex
		birth             electoral.Date
		section           string
	}{
		{"1", "ROSSI", "ANNA", electoral.Female, electoral.Date{Year: 1990, Month: 1, Day: 1}, "2"},
		{"2", "D'ÀRIA", "UGO", electoral.Male, electoral.Date{Year: 1980, Month: 1, Day: 1}, "2"},
		{"3", "DARDI", "CARLO", electoral.Male, electoral.Date{Year: 1970, Month: 1, Day: 1}, "2"},
		{"4", "BIANCHI", "EVA", electoral.Female, electoral.Date{Year: 2009, Month: 2, Day: 1}, "2"}, // 18 on 1 February 2027
		{"5", "VERDI", "ZOE", electoral.Female, electoral.Date{Year: 1960, Month: 1, Day: 1}, "1"},
	} {
		code, _ := electoral.ComputeFiscalCode(who.surname, who.name, who.sex, who.birth, aglie)
		persons = append(persons, electoral.Person{
			ANPRID: who.id, FiscalCode: code, Surname: who.surname, Name: who.name, Sex: who.sex,
			Birth: electoral.Birth{Date: who.birth, Place: aglie}, Citizenships: []electoral.Citizenship{{State: electoral.ItalianState}},
			Residence: &electoral.Residence{Comune: aglie},
		})
		electors = append(electors, electorOf(who.id, aglie, who.section))
		if i == 2 {
			electors[i].Status.Regional = electoral.No
		}
	}
	return persons, electors
}

// lister is a ListWriter that remembers the ids, and fails when told.
type lister struct {
	header electoral.ExtractHeader
	ids    []string
	ended  bool
	fail   error
}

func (l *lister) Begin(h electoral.ExtractHeader) error { l.header = h; return nil }

func (l *lister) Write(e electoral.ExtractedElector) error {
	l.ids = append(l.ids, e.Section+"/"+e.Elector.ANPRID)
	return l.fail
}

func (l *lister) End() error { l.ended = true; return nil }

func eachTown(t *testing.T, run func(t *testing.T, r *registry.Registry, log *notebook)) {
	eachTownAt(t, noon, run)
}

func eachTownAt(t *testing.T, now time.Time, run func(t *testing.T, r *registry.Registry, log *notebook)) {
	eachStore(t, func(t *testing.T, _ *registry.Registry, log *notebook, store registry.Store) {
		persons, electors := townsfolk()
		require.NoError(t, store.Update(t.Context(), func(w registry.Writer) error {
			for _, e := range electors {
				if err := w.PutElector(t.Context(), aglie, e); err != nil {
					return err
				}
			}
			return nil
		}))
		r, err := registry.New(registry.Config{
			Store: store, Population: memory.NewPopulation(persons...), Recorder: log, Now: func() time.Time { return now },
		})
		require.NoError(t, err)
		run(t, r, log)
	})
}

func TestExtract(t *testing.T) {
	vote := electoral.Date{Year: 2027, Month: 1, Day: 31}
	for name, c := range map[string]struct {
		x    electoral.Extraction
		want []string
	}{
		"the whole list":         {electoral.Extraction{List: electoral.GeneralList}, []string{"1/5", "2/4", "2/2", "2/3", "2/1"}},
		"one section":            {electoral.Extraction{List: electoral.GeneralList, Section: "1"}, []string{"1/5"}},
		"18 the day after":       {electoral.Extraction{List: electoral.GeneralList, Consultation: electoral.ChamberElection, Day: vote}, []string{"1/5", "2/2", "2/3", "2/1"}},
		"18 on the day":          {electoral.Extraction{List: electoral.GeneralList, Consultation: electoral.ChamberElection, Day: vote.AddDays(1)}, []string{"1/5", "2/4", "2/2", "2/3", "2/1"}},
		"not all for the region": {electoral.Extraction{List: electoral.GeneralList, Section: "2", Consultation: electoral.RegionalElection, Day: vote.AddDays(1)}, []string{"2/4", "2/2", "2/1"}},
		"nobody":                 {electoral.Extraction{List: electoral.GeneralList, Consultation: electoral.DistrictElection, Day: vote}, nil},
		"another list":           {electoral.Extraction{List: electoral.TrentoList}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			eachTown(t, func(t *testing.T, r *registry.Registry, log *notebook) {
				c.x.Comune, c.x.Purpose = aglie, pollsPurpose
				var l lister
				report, err := r.Extract(t.Context(), officer(aglie), c.x, &l)
				n := report.Rows
				require.NoError(t, err)
				assert.Equal(t, c.want, l.ids)
				assert.Equal(t, len(c.want), n)
				assert.Equal(t, len(c.want), l.header.Total)
				assert.True(t, l.ended)
				assert.Equal(t, []string{electoral.Requested, electoral.Granted}, log.outcomes())
				assert.Equal(t, electoral.OpExtract, log.accesses[0].Operation)
			})
		})
	}
}

// TestExtractSexesApart extracts on the last day of the older form and on the
// first of the new one (D.L. 27/2025).
func TestExtractSexesApart(t *testing.T) {
	for day, want := range map[electoral.Date][]string{
		electoral.SingleOrder().AddDays(-1): {"1/5", "2/2", "2/3", "2/4", "2/1"},
		electoral.SingleOrder():             {"1/5", "2/4", "2/2", "2/3", "2/1"},
	} {
		eachTownAt(t, day.In(time.UTC).Add(11*time.Hour), func(t *testing.T, r *registry.Registry, _ *notebook) {
			var l lister
			_, err := r.Extract(t.Context(), officer(aglie), electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose}, &l)
			require.NoError(t, err)
			assert.Equal(t, want, l.ids)
			assert.Equal(t, day.Before(electoral.SingleOrder()), l.header.SexesApart)
		})
	}
}

// TestExtractAlphabetical extracts the general list in one order with one
// numbering, of a vote too.
func TestExtractAlphabetical(t *testing.T) {
	eachTown(t, func(t *testing.T, r *registry.Registry, _ *notebook) {
		x := electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose, Alphabetical: true}
		var s seat
		_, err := r.Extract(t.Context(), officer(aglie), x, &s)
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"4": 1, "2": 2, "3": 3, "1": 4, "5": 5}, s.numbers())
		assert.Equal(t, "1", s.rows[4].Section)
		assert.Equal(t, 5, s.head.Total)

		x.Consultation, x.Day = electoral.ChamberElection, electoral.Date{Year: 2027, Month: 1, Day: 31}
		s = seat{}
		report, err := r.Extract(t.Context(), officer(aglie), x, &s)
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"2": 2, "3": 3, "1": 4, "5": 5}, s.numbers(), "4 is struck off: under age")
		assert.Equal(t, 4, report.Sections["2"].Listed)
	})
}

// TestExtractRevision extracts those whom a revision enrolled, and those whom it
// removed.
func TestExtractRevision(t *testing.T) {
	inTown(t, func(c *town) {
		req := officer(aglie)
		req.Revision = electoral.DynamicRevision
		_, err := c.Enrol(c.ctx(), req, electorOf("1", aglie, "1"))
		require.NoError(t, err)
		_, err = c.Enrol(c.ctx(), officer(aglie), electorOf("22", aglie, "2"))
		require.NoError(t, err)
		c.tick()
		x := electoral.Extraction{Comune: aglie, Purpose: pollsPurpose, Touched: &electoral.Interval{From: c.now.Add(-time.Hour)}}
		for want, change := range map[string]func(*electoral.Extraction){
			"1 22": func(x *electoral.Extraction) { x.Operations = []electoral.Operation{electoral.OpEnrol} },
			"1":    func(x *electoral.Extraction) { x.Revisions = []electoral.Revision{electoral.DynamicRevision} },
			"":     func(x *electoral.Extraction) { x.Operations = []electoral.Operation{electoral.OpRemove} },
		} {
			y := x
			change(&y)
			var l lister
			_, err := c.Extract(c.ctx(), officer(aglie), y, &l)
			require.NoError(t, err)
			var ids []string
			for _, id := range l.ids {
				ids = append(ids, id[strings.Index(id, "/")+1:])
			}
			slices.Sort(ids)
			assert.Equal(t, want, strings.Join(ids, " "))
			y.List = electoral.GeneralList
			l = lister{}
			_, err = c.Extract(c.ctx(), officer(aglie), y, &l)
			require.NoError(t, err)
			assert.Len(t, l.ids, len(strings.Fields(want)))
		}
	})
}

func TestExtractRefuses(t *testing.T) {
	eachTown(t, func(t *testing.T, r *registry.Registry, log *notebook) {
		good := electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose}
		for _, c := range []struct {
			code   electoral.Code
			change func(*electoral.Extraction)
		}{
			{electoral.ExtractionList, func(x *electoral.Extraction) { x.List = "x" }},
			{electoral.ExtractionVote, func(x *electoral.Extraction) { x.Consultation = electoral.ChamberElection }},
			{electoral.ExtractionVote, func(x *electoral.Extraction) { x.Day = electoral.Date{Year: 2027, Month: 1, Day: 1} }},
			{electoral.ExtractionVote, func(x *electoral.Extraction) {
				x.Consultation, x.Day = "x", electoral.Date{Year: 2027, Month: 1, Day: 1}
			}},
			{electoral.ExtractionVote, func(x *electoral.Extraction) {
				x.Consultation, x.Day = electoral.ChamberElection, electoral.Date{Year: 2027}
			}},
			{electoral.ExtractionVote, func(x *electoral.Extraction) { x.Lines = electoral.StruckLines }},
			{electoral.ExtractionVote, func(x *electoral.Extraction) { x.Reason = electoral.VoterUnderAge }},
			{electoral.VoteDay, func(x *electoral.Extraction) {
				x.Consultation, x.Day = electoral.ChamberElection, electoral.Date{Year: 2927, Month: 1, Day: 1}
			}},
			{electoral.ExtractionScope, func(x *electoral.Extraction) { x.Operations = []electoral.Operation{electoral.OpEnrol} }},
			{electoral.ExtractionScope, func(x *electoral.Extraction) { x.Section, x.Alphabetical = "1", true }},
			{electoral.ExtractionPurpose, func(x *electoral.Extraction) { x.Purpose.Act = "x" }},
			{electoral.ExtractionPurpose, func(x *electoral.Extraction) { x.Purpose.Function = "  a " }},
			{electoral.SectionNotFound, func(x *electoral.Extraction) { x.Section = "99" }},
			{electoral.NotCompetent, func(x *electoral.Extraction) { x.Comune = airasca }},
		} {
			x := good
			c.change(&x)
			var l lister
			_, err := r.Extract(t.Context(), officer(aglie), x, &l)
			refused(t, log, err, c.code)
			assert.Empty(t, l.ids)
			assert.False(t, l.ended)
		}
		full := errors.New("disk full")
		l := lister{fail: full}
		_, err := r.Extract(t.Context(), officer(aglie), good, &l)
		require.ErrorIs(t, err, full)
		assert.Len(t, l.ids, 1)
		assert.Equal(t, electoral.Failed, log.outcomes()[len(log.accesses)-1])
	})
}

func TestExtractFormats(t *testing.T) {
	eachTown(t, func(t *testing.T, r *registry.Registry, _ *notebook) {
		extract := func(w electoral.ListWriter) {
			t.Helper()
			report, err := r.Extract(t.Context(), officer(aglie), electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose}, w)
			n := report.Rows
			require.NoError(t, err)
			require.Equal(t, 5, n)
		}
		var b bytes.Buffer
		extract(lists.NewCSVWriter(&b))
		rows, err := csv.NewReader(&b).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 6)
		assert.Equal(t, "sezioneelettoralenum", rows[0][0])
		assert.Equal(t, []string{"2", "2"}, rows[3][:2])
		assert.Equal(t, []string{"D'ÀRIA", "UGO", "M", "1980-01-01", aglie, "S"}, rows[3][3:9])

		b.Reset()
		extract(lists.NewNDJSONWriter(&b))
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		require.Len(t, lines, 5)
		var row struct {
			Section string
			Elector electoral.Elector
			Person  electoral.Person
		}
		require.NoError(t, json.Unmarshal([]byte(lines[3]), &row))
		assert.Equal(t, "DARDI", row.Person.Surname)
		assert.Equal(t, electoral.No, row.Elector.Status.Regional)

		b.Reset()
		extract(lists.NewASCIIWriter(&b))
		lines = strings.Split(strings.TrimSuffix(b.String(), "\r\n"), "\r\n")
		require.Len(t, lines, 5)
		layout := lists.ASCIILayout()
		last := layout[len(layout)-1]
		for _, line := range lines {
			assert.Len(t, line, last.From+last.Width-1)
		}
		assert.Equal(t, "D'A'RIA", strings.TrimSpace(lines[2][layout[3].From-1:layout[3].From-1+layout[3].Width]))

		b.Reset()
		w, err := anprxml.NewListWriter(&b, anprxml.WriteConfig{})
		require.NoError(t, err)
		extract(w)
		source, err := anprxml.ReadElectors(t.Context(), &b, anprxml.ReadConfig{})
		require.NoError(t, err)
		assert.Equal(t, 5, source.Declared)
		var ids []string
		for item, err := range source.Items {
			require.NoError(t, err)
			require.Empty(t, item.Faults)
			ids = append(ids, item.Record.ANPRID)
		}
		assert.Equal(t, []string{"5", "4", "2", "3", "1"}, ids)
	})
}

func TestASCIIRefusesWhatDoesNotFit(t *testing.T) {
	var b bytes.Buffer
	w := lists.NewASCIIWriter(&b)
	write := func(id, surname string) {
		require.NoError(t, w.Write(electoral.ExtractedElector{Elector: electoral.Elector{ANPRID: id}, Person: electoral.Person{Surname: surname}}))
	}
	for _, id := range []string{"7", "8"} {
		write(id, strings.Repeat("A", 51))
	}
	write("9", "日本")
	write("10", "A\nB")
	err := w.End()
	require.ErrorContains(t, err, "elector 7: column cognome")
	require.ErrorContains(t, err, "elector 8: column cognome", "all of them")
	require.Len(t, w.Replaced(), 2)
	assert.Equal(t, "9", w.Replaced()[0].Value)
	assert.Contains(t, b.String(), "A?B")
}

func TestPDFListOfTheRegistry(t *testing.T) {
	eachTown(t, func(t *testing.T, r *registry.Registry, _ *notebook) {
		var b bytes.Buffer
		w, err := lists.NewPDFWriter(&b, lists.PDFConfig{})
		require.NoError(t, err)
		report, err := r.Extract(t.Context(), officer(aglie), electoral.Extraction{List: electoral.GeneralList, Comune: aglie, Purpose: pollsPurpose}, w)
		n := report.Rows
		require.NoError(t, err)
		require.Equal(t, 5, n)
		name := filepath.Join(t.TempDir(), "list.pdf")
		require.NoError(t, os.WriteFile(name, b.Bytes(), 0o600))
		out, err := exec.Command(testenv.Tool(t, "pdftotext"), "-raw", name, "-").Output()
		require.NoError(t, err)
		text := string(out)
		names := regexp.MustCompile(`(?m)^\d+ \S+ \S+`).FindAllString(text, -1)
		assert.Equal(t, []string{"1 VERDI ZOE", "1 BIANCHI EVA", "2 D'ÀRIA UGO", "3 DARDI CARLO", "4 ROSSI ANNA"}, names)
		assert.NotContains(t, text, "votazione")
		assert.NotContains(t, text, "Sede:")
	})
}
