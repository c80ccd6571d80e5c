package registry

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// An ExtractReport says what an extraction held.
type ExtractReport struct {
	// Rows is how many rows were written.
	Rows int `json:"rows"`
	// Seq is the number of the last change of the comune that the rows show: the next
	// extraction of what was touched begins there ([electoral.Interval].Since).
	Seq int64 `json:"seq"`
	// Sections count the lines of each section of the list of a vote, written or
	// not, by the numbers of the sections; nil without a vote.
	Sections map[string]rules.SeatCount `json:"sections,omitempty"`
	// Told are the warnings about the whole list.
	Told electoral.Faults `json:"told"`
}

// Extract writes a list through w, as the officer of its comune, and says what
// it held. The access is on record before the first row. Memory grows with the
// two largest sections, not with the list: while one is written, the next is read.
// An extraction of those who turn 18, or of those touched in any list, takes memory
// for all of them, an alphabetical one for what it sorts them by, some 150 bytes
// each. A section's electors without a person in the population stand last and
// without a name.
//
// Every line of a list is judged by [rules.Checker.Voting] or, without a vote, by
// [rules.Checker.Standing]. From the fifteenth day before a vote the numbers of
// its lists are stored before the list leaves.
//
// Codes: of every service, of a vote; REG-COM-01, REG-CON-04/05/06,
// REG-EST-01/02/03/04, REG-SEZ-01, VOT-DAT-01/02, VOT-EST-04.
func (r *Registry) Extract(ctx context.Context, req electoral.Request, x electoral.Extraction,
	w electoral.ListWriter) (ExtractReport, error) {
	if w == nil {
		return ExtractReport{}, errors.New("registry: the list writer is nil")
	}
	a := r.begin(req, electoral.OpExtract, x.Comune)
	a.takes("", x)
	a.purpose = strings.TrimSpace(x.Purpose.Function)
	var report ExtractReport
	var vote electoral.Vote
	if x.Consultation != "" {
		vote, _ = r.voteOf(x.Comune, x.Consultation, x.Day)
	}
	faults := append(append(a.officerOf(x.Comune), checkExtraction(x)...), checkVote(x, vote)...)
	err := a.write(ctx, faults, func(on *electoral.Entry) error {
		defer func() { setRows(on, report.Rows) }() // also of a list that broke off: they have left
		on.Set("act", string(x.Purpose.Act))
		on.Set("list", string(x.List))
		on.Set("section", x.Section)
		on.Set("consultation", string(x.Consultation))
		return a.numbered(ctx, x, vote, func(e *extractor) error {
			var err error
			report, err = e.write(w)
			return err
		})
	})
	return report, err
}

// write gives the list to a writer.
func (e *extractor) write(w electoral.ListWriter) (ExtractReport, error) {
	report := ExtractReport{}
	today := e.action.today()
	since := int64(0)
	if t := e.x.Touched; t != nil {
		since = t.Since
	}
	var err error
	if report.Seq, err = lastSince(e.ctx, e.rd, e.x.Comune, since, "touched.since"); err != nil {
		return report, err
	}
	if err := e.sectionExists(); err != nil {
		return report, err
	}
	if e.x.Consultation != "" {
		report.Told = e.action.r.checker.PostalStates(e.vote)
		if err := e.readChoices(); err != nil {
			return report, err
		}
	}
	total, err := e.total(w)
	if err != nil {
		return report, err
	}
	e.counts = nil
	if e.x.Consultation != "" {
		e.counts = map[string]rules.SeatCount{}
	}
	head := electoral.ExtractHeader{Extraction: e.x, Vote: e.vote, Told: report.Told, Total: total, Today: today,
		SexesApart: electoral.SexesApart(today)}
	if err := w.Begin(head); err != nil {
		return report, err
	}
	if err := e.each(func(row *electoral.ExtractedElector) error {
		if err := w.Write(*row); err != nil {
			return err
		}
		report.Rows++
		return nil
	}); err != nil {
		return report, err
	}
	report.Sections = e.counts
	return report, w.End()
}

// sectionExists refuses a section that is not registered and in which nobody of
// the list is: an empty page would say that nobody votes there.
func (e *extractor) sectionExists() error {
	if e.x.List == "" || e.x.Section == "" {
		return nil
	}
	_, err := e.rd.Section(e.ctx, e.x.Comune, e.x.Section)
	if !errors.Is(err, electoral.ErrNotFound) {
		return err
	}
	for _, err := range e.rd.Enrolled(e.ctx, e.x.List, e.x.Comune, e.x.Section) {
		return err
	}
	return electoral.Faults{electoral.NewFault(electoral.SectionNotFound, "section", e.x.Section,
		electoral.Args{"section": e.x.Section, "comune": e.action.r.tables.ComuneLabel(e.x.Comune)})}
}

// voteOf returns a vote in a comune by its consultation and its first day: the one
// that is called there, with all its days, or else one of that day alone and false.
func (r *Registry) voteOf(comune string, c electoral.Consultation, day electoral.Date) (v electoral.Vote, called bool) {
	for _, v := range r.called(comune) {
		if v.Consultation == c && v.Day == day {
			return v, true
		}
	}
	return electoral.Vote{Consultation: c, Day: day}, false
}

// checkVote judges the days of the vote of an extraction.
func checkVote(x electoral.Extraction, v electoral.Vote) electoral.Faults {
	if x.Consultation == "" || x.Day.IsZero() || !slices.Contains(electoral.Consultations(), x.Consultation) ||
		!x.Day.Complete() {
		return nil // told by checkExtraction
	}
	return v.Check()
}

// checkExtraction judges what is asked.
func checkExtraction(x electoral.Extraction) electoral.Faults {
	var faults electoral.Faults
	fault := func(c electoral.Cause, path, value string, args electoral.Args) {
		faults = append(faults, electoral.NewFault(c, path, value, args))
	}
	listed := x.List != ""
	switch {
	case listed && !slices.Contains(electoral.Lists(), x.List), !listed && x.Section != "":
		fault(electoral.ExtractionList, "list", string(x.List), nil)
	case listed && x.Turning18 != nil, !listed && x.Turning18 == nil &&
		x.Touched == nil, x.Turning18 != nil && x.Touched != nil:
		fault(electoral.ExtractionScope, "list", string(x.List), nil)
	}
	if (x.Consultation == "") != x.Day.IsZero() ||
		x.Consultation != "" && (!listed || !slices.Contains(electoral.Consultations(), x.Consultation)) ||
		!x.Day.IsZero() && !x.Day.Complete() {
		fault(electoral.ExtractionVote, "consultation", string(x.Consultation)+" "+x.Day.String(), nil)
	}
	known := slices.Contains(
		[]electoral.LineChoice{electoral.SeatLines, electoral.StruckLines, electoral.AllLines}, x.Lines)
	chosen := x.Lines != electoral.SeatLines || x.Reason != ""
	copies := x.Purpose.Act == electoral.ListCopiesAct
	if !known || chosen && (copies || x.Consultation == "") {
		fault(electoral.ExtractionVote.In("lines"), "lines", string(x.Lines), nil)
	}
	if (copies || x.Touched == nil) && len(x.Operations)+len(x.Revisions) > 0 ||
		x.Alphabetical && (!listed || x.Section != "") {
		fault(electoral.ExtractionScope.In("choice"), "list", string(x.List), nil)
	}
	if d := x.Turning18; d != nil && (!d.From.Complete() || !d.To.Complete() || d.To.Before(d.From)) {
		fault(electoral.QueryInterval, "turning18", d.From.String()+" "+d.To.String(), nil)
	}
	if t := x.Touched; t != nil {
		if t.From.IsZero() && t.To.IsZero() && t.Since == 0 {
			fault(electoral.QueryInterval.In("no-bound"), "touched", "", nil)
		}
		faults = append(append(faults, checkInterval(t.From, t.To, nil, nil)...), checkSince("touched.since", t.Since)...)
	}
	if !slices.Contains(electoral.Acts(), x.Purpose.Act) {
		faults = append(faults,
			electoral.NewFault(electoral.ExtractionPurpose, "purpose.act", string(x.Purpose.Act), nil))
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(x.Purpose.Function)); n < 3 || n > electoral.MaxText {
		faults = append(faults,
			electoral.NewFault(electoral.ExtractionPurpose.In("function"), "purpose.function", x.Purpose.Function, nil))
	}
	return faults
}
