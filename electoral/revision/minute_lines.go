package revision

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/electoral/registry"
)

// Minute returns the record of a sitting of a revision, or with zero of all of it:
// what was applied, and what was rejected or withdrawn, with what is open still. It
// is made from the lines for as long as these are kept ([Retention]); names are
// those of the population today.
//
// Codes: of every service; REG-COM-01, REV-RIV-01/03.
func (e *Engine) Minute(ctx context.Context, req electoral.Request, comune, id string, sitting int) (Minute, error) {
	var m Minute
	call := registry.Call{Request: req, Operation: electoral.OpRevisionMinute, Comune: comune}
	err := registry.Inspect(ctx, e.made().registry, call, func(on *electoral.Entry) error {
		var list []LineView
		var h Header
		err := e.cfg.Store.View(ctx, func(rd registry.Reader) error {
			var err error
			if h, err = headerOf(ctx, rd, comune, id); err != nil {
				return err
			}
			if sitting < 0 || sitting > len(h.Sittings) {
				return electoral.Faults{electoral.NewFault(electoral.RevisionStep.In("sitting"), "sitting",
					strconv.Itoa(sitting), electoral.Args{"count": strconv.Itoa(len(h.Sittings))})}
			}
			list, err = e.minuteLines(ctx, rd, h, sitting)
			return err
		})
		if err != nil {
			return err
		}
		if err := e.persons(ctx, list); err != nil {
			return err
		}
		m = e.minute(h, sitting, list)
		on.Set("revision", h.ID)
		on.Set("sitting", strconv.Itoa(sitting))
		on.Set("rows", strconv.Itoa(len(list)))
		return nil
	})
	if err != nil {
		return Minute{}, err
	}
	return m, nil
}

// minuteLines reads the lines that a minute names: those settled in its sitting, and
// those that could not be applied and are open still.
func (e *Engine) minuteLines(ctx context.Context, rd registry.Reader, h Header, sitting int) ([]LineView, error) {
	var list []LineView
	for l, err := range lines(ctx, rd, h, "", LineApplied, LineRejected, LineWithdrawn, LineOpen) {
		if err != nil {
			return nil, err
		}
		open := l.State == LineOpen
		if open && len(l.Refused) == 0 || !open && sitting != 0 && l.Sitting != sitting {
			continue
		}
		v, err := e.viewOf(ctx, rd, h, l)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (e *Engine) minute(h Header, sitting int, list []LineView) Minute {
	tables := e.cfg.Checker.Tables()
	m := Minute{Revision: h.ID, Comune: h.Comune, ComuneName: h.Comune, Kind: h.Kind, Sitting: sitting,
		Made: e.calendar.Today()}
	m.Day = m.Made
	switch {
	case sitting > 0:
		m.Day = h.Sittings[sitting-1]
	case len(h.Sittings) > 0:
		m.Day = h.Sittings[len(h.Sittings)-1]
	}
	if c, ok := tables.Comune(h.Comune, m.Day); ok {
		m.ComuneName = c.Name
	}
	if len(h.Votes) > 0 {
		v := h.Votes[0]
		m.Vote = &v
	}
	told := map[electoral.Code]bool{}
	for _, v := range list {
		l := minuteLine(tables, v)
		part := &m.Changed
		switch {
		case v.Line.Effect == Enrol && v.Line.Step > 0: // whatever became of his certifiability
			part = &m.Enrolled
		case v.Line.State == LineOpen:
			part = &m.Refused
		case v.Line.State != LineApplied:
			part = &m.Rejected
		case v.Line.Effect == Enrol, v.Line.Effect == CarryOut && v.Line.Code == 0:
			part = &m.Enrolled
		case v.Line.Effect == Remove, v.Line.Effect == CarryOut:
			part = &m.Removed
		}
		*part = append(*part, l)
		for _, f := range v.Line.Doubts {
			if f.Severity == electoral.Warning && !told[f.Code] && v.Line.State == LineApplied {
				told[f.Code] = true
				m.Told = append(m.Told, f)
			}
		}
	}
	for _, part := range [][]MinuteLine{m.Enrolled, m.Removed, m.Changed, m.Refused, m.Rejected} {
		slices.SortStableFunc(part, func(a, b MinuteLine) int {
			return cmp.Or(cmp.Compare(refdata.Fold(a.Surname), refdata.Fold(b.Surname)),
				cmp.Compare(refdata.Fold(a.Name), refdata.Fold(b.Name)), a.Birth.Compare(b.Birth),
				cmp.Compare(a.ANPRID, b.ANPRID))
		})
	}
	return m
}

func minuteLine(tables *refdata.Tables, v LineView) MinuteLine {
	l := v.Line
	out := MinuteLine{ANPRID: l.ANPRID, Cause: l.Cause, What: whatOf(l), Law: l.Law, Code: l.Code,
		Section: orText(l.Section, l.From), Day: l.Decision.Day, Reason: l.Decision.Reason}
	if person := v.Person; person != nil {
		out.Surname, out.Name, out.Birth = person.Surname, person.Name, person.Birth.Date
		place := person.Birth.BirthPlace(tables)
		out.BirthPlace = place.Name
		if place.State != "" {
			out.BirthPlace = orText(place.Name, place.State)
			if place.Name != "" {
				out.BirthPlace += " (" + place.State + ")"
			}
		}
	}
	for _, ev := range v.Evidence {
		text := ev.Text
		if ev.Reference != "" && ev.Source == FromDocument {
			text += " (" + ev.Reference + ")"
		}
		out.Evidence = append(out.Evidence, text)
	}
	if l.State == LineOpen && len(l.Refused) > 0 {
		out.Reason = l.Refused[0].Message
	}
	return out
}

// whatOf says in Italian what a line does.
func whatOf(l Line) string {
	section := func(number string) string {
		if number == "" {
			return ""
		}
		return ", sezione " + number
	}
	switch l.Effect {
	case Enrol:
		return "iscrizione nella " + l.List.Italian() + section(l.Section)
	case Remove:
		return "cancellazione dalla " + l.List.Italian() + section(l.From)
	case LoseRight:
		return "perdita del diritto di voto; resta nella " + l.List.Italian() + section(l.From)
	case RecoverRight:
		return "riacquisto del diritto di voto; " + l.List.Italian() + section(l.From)
	case MoveSection:
		return "passaggio dalla sezione " + l.From + " alla sezione " + l.Section
	case CarryOut:
		if l.Code != 0 {
			return "cancellazione a domanda dalla " + l.List.Italian() + section(l.From)
		}
		return "iscrizione a domanda nella " + l.List.Italian() + section(l.Section)
	case Attest:
		return "ammissione al voto con attestazione del sindaco" + section(l.Section)
	case StrikeOff:
		return "depennamento dalla copia per il seggio" + section(l.From)
	}
	return "effetto da scegliere nella " + l.List.Italian()
}
