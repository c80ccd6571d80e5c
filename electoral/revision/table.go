package revision

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A StepState is how far a step is on a day.
type StepState string

// The states.
const (
	StepUpcoming StepState = "upcoming" // its first day is still to come
	StepOpen     StepState = "open"
	StepLastDay  StepState = "last-day"
	StepPast     StepState = "past"
	// StepLocked is a step that is past while the lists are blocked before a vote,
	// and the blocking itself.
	StepLocked StepState = "blocked"
)

// Italian returns the state for people.
func (s StepState) Italian() string {
	switch s {
	case StepUpcoming:
		return "da iniziare"
	case StepOpen:
		return "in corso"
	case StepLastDay:
		return "ultimo giorno"
	case StepPast:
		return "scaduto"
	case StepLocked:
		return "liste bloccate"
	}
	return "stato sconosciuto: " + string(s)
}

// A CauseState is what may be done about a cause on a day.
type CauseState string

// The states of a cause.
const (
	CausePossible CauseState = "possible"
	// CauseDoubtful is late by a term that is not known well enough to refuse.
	CauseDoubtful CauseState = "doubtful"
	CauseLate     CauseState = "late"
	CauseBlocked  CauseState = "blocked" // the lists are, and its term is over
)

// Italian returns the state for people.
func (s CauseState) Italian() string {
	switch s {
	case CausePossible:
		return "possibile"
	case CauseDoubtful:
		return "forse tardi"
	case CauseLate:
		return "tardi"
	case CauseBlocked:
		return "bloccato"
	}
	return "stato sconosciuto: " + string(s)
}

// A RowCause is what a [Row] says of one cause.
type RowCause struct {
	Cause Cause      `json:"cause"`
	State CauseState `json:"state"`
	// Until is the last day on which it is possible; zero if it no longer is.
	Until electoral.Date `json:"until,omitzero"`
	// Instead says in Italian what may still be done if it no longer is possible.
	Instead string `json:"instead,omitzero"`
}

// A RowCount counts the lines of a cause in a revision: those still to be decided,
// those accepted and not yet applied, those applied, and those of the first two that
// are late.
type RowCount struct {
	Open     int `json:"open"`
	Accepted int `json:"accepted"`
	Applied  int `json:"applied"`
	Late     int `json:"late"`
}

// A Row is a row of the table of a revision: one step as it stands on a day.
type Row struct {
	Step  Step      `json:"step"`
	State StepState `json:"state"`
	// DaysLeft are the days to the last day; 0 on it, negative after.
	DaysLeft int        `json:"daysLeft"`
	Causes   []RowCause `json:"causes,omitempty"`
	// Counts are filled by the engine; nil in a table made from a schedule alone.
	Counts map[Cause]RowCount `json:"counts,omitempty"`
}

// Table returns the steps as they stand on a day in Italy: how far each is, how many
// days are left, and what of its causes is late, blocked, or possible until when.
func (s Schedule) Table(today electoral.Date) []Row {
	locked := false
	if blocked, ok := s.Step(StepBlocked); ok {
		locked = !today.Before(blocked.From) && !today.After(blocked.Day)
	}
	out := make([]Row, 0, len(s.Steps))
	for _, step := range s.Steps {
		r := Row{Step: step, DaysLeft: daysBetween(today, step.Day), State: step.state(today, locked)}
		for _, c := range step.Causes {
			r.Causes = append(r.Causes, s.rowCause(c, today, locked))
		}
		out = append(out, r)
	}
	return out
}

func (s Step) state(today electoral.Date, locked bool) StepState {
	switch {
	case s.Code == StepBlocked && locked:
		return StepLocked
	case today.Before(s.From):
		return StepUpcoming
	case today == s.Day:
		return StepLastDay
	case !today.After(s.Day):
		return StepOpen
	case locked && len(s.Causes) > 0:
		return StepLocked
	}
	return StepPast
}

func (s Schedule) rowCause(c Cause, today electoral.Date, locked bool) RowCause {
	last, _ := s.Deadline(c)
	r := RowCause{Cause: c, State: CausePossible, Until: last.Day}
	if !today.After(last.Day) {
		return r
	}
	r.Until, r.Instead, r.State = electoral.Date{}, s.instead(c, today), CauseDoubtful
	switch {
	case locked:
		r.State = CauseBlocked
	case last.Strict:
		r.State = CauseLate
	}
	return r
}

// daysBetween counts the days from one complete day to another.
func daysBetween(from, to electoral.Date) int {
	n := to.In(time.UTC).Sub(from.In(time.UTC))
	return int(n.Hours()) / 24
}

// WriteTableJSON writes a table as one JSON array, one row a line.
//
// Codes: ELE-DAT-01.
func WriteTableJSON(w io.Writer, rows []Row) error {
	if w == nil {
		return errNoWriter
	}
	if err := printable(rows); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	b.WriteByte('[')
	for i, r := range rows {
		data, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("revision: table: step %s: %w", r.Step.Code, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(data)
	}
	b.WriteString("\n]\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("revision: table: %w", err)
	}
	return nil
}

// WriteTableCSV writes a table as CSV (RFC 4180) in UTF-8, with the names of the
// columns: a row for each cause of a step, and one for a step that has none.
//
// Codes: ELE-DAT-01.
func WriteTableCSV(w io.Writer, rows []Row) error {
	if w == nil {
		return errNoWriter
	}
	if err := printable(rows); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	records := [][]string{{"passo", "descrizione", "dal", "al", "stato", "giorni", "organo", "consultazione", "norma",
		"fonte", "tassativo", "causa", "situazione", "fino al", "altrimenti", "da decidere", "accettate", "applicate",
		"in ritardo"}}
	for _, r := range rows {
		step := r.Step
		head := []string{string(step.Code), step.Italian, step.From.String(), step.Day.String(), r.State.Italian(),
			strconv.Itoa(r.DaysLeft), step.Organ.Italian(), string(step.Vote), step.Law, step.Basis.Italian(),
			electoral.AnswerOf(step.Strict).String()}
		if len(r.Causes) == 0 {
			records = append(records, append(head, make([]string, 8)...))
		}
		for _, c := range r.Causes {
			record := append(slices.Clone(head), string(c.Cause), c.State.Italian(), c.Until.String(), c.Instead)
			counts := make([]string, 4)
			if n, ok := r.Counts[c.Cause]; ok {
				counts = []string{strconv.Itoa(n.Open), strconv.Itoa(n.Accepted), strconv.Itoa(n.Applied),
					strconv.Itoa(n.Late)}
			}
			records = append(records, append(record, counts...))
		}
	}
	if err := out.WriteAll(records); err != nil {
		return fmt.Errorf("revision: table: %w", err)
	}
	return nil
}

// WriteTableText writes a table for people, as plain text in Italian.
//
// Codes: ELE-DAT-01.
func WriteTableText(w io.Writer, rows []Row) error {
	if w == nil {
		return errNoWriter
	}
	if err := printable(rows); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	for _, r := range rows {
		step := r.Step
		when := "scadenza " + step.Day.Italian()
		switch {
		case step.From == step.Day:
			when = step.Day.Italian()
		case !step.From.IsZero():
			when = step.From.Italian() + " – " + step.Day.Italian()
		}
		fmt.Fprintf(b, "%s: %s (%s)\n", when, r.State.Italian(), leftText(r.DaysLeft))
		vote := ""
		if step.Vote != "" {
			vote = " – per " + step.Vote.Italian()
		}
		fmt.Fprintf(b, "  %s%s\n  %s; %s", step.Italian, vote, step.Organ.Italian(), step.Law)
		if step.Basis != Sourced {
			b.WriteString("; " + step.Basis.Italian())
		}
		b.WriteByte('\n')
		for _, c := range r.Causes {
			fmt.Fprintf(b, "  - %s: %s", c.Cause.Italian(), c.State.Italian())
			if !c.Until.IsZero() {
				b.WriteString(refdata.Elide(" fino al " + c.Until.Italian()))
			}
			if c.Instead != "" {
				b.WriteString("; altrimenti: " + c.Instead)
			}
			if n, ok := r.Counts[c.Cause]; ok {
				b.WriteString(" [" + n.Italian() + "]")
			}
			b.WriteByte('\n')
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("revision: table: %w", err)
	}
	return nil
}

// Italian returns the counts for people.
func (n RowCount) Italian() string {
	parts := []string{"da decidere " + strconv.Itoa(n.Open), "accettate " + strconv.Itoa(n.Accepted),
		"applicate " + strconv.Itoa(n.Applied)}
	if n.Late > 0 {
		parts = append(parts, "in ritardo "+strconv.Itoa(n.Late))
	}
	return strings.Join(parts, ", ")
}

// Italian returns for people how well a date or an answer is known.
func (b Basis) Italian() string {
	switch b {
	case Sourced:
		return "letto in una fonte"
	case Unverified:
		return "termine non verificato"
	case Inferred:
		return "termine dedotto"
	case Open, "":
		return "termine non accertato"
	}
	return "fonte sconosciuta: " + string(b)
}

func leftText(days int) string {
	switch {
	case days == 0:
		return "oggi"
	case days == 1:
		return "manca 1 giorno"
	case days > 1:
		return "mancano " + strconv.Itoa(days) + " giorni"
	case days == -1:
		return "da 1 giorno"
	}
	return "da " + strconv.Itoa(-days) + " giorni"
}
