package registry

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/liste-elettorali/anpr/electoral"
)

// redrawPaths are the paths of a service's arguments, up to the field: # stands for
// an index.
type redrawPaths struct {
	put, remove, section, person string
	// from is the path of a section that is left; empty means from, in section.
	from string
}

func indexed(path string, i int) string { return strings.Replace(path, "#", strconv.Itoa(i), 1) }

// fromPath is the path of the section that a move leaves.
func (d *redrawer) fromPath(i int) string {
	return cmp.Or(d.paths.from, indexed(d.paths.section, i)+"from")
}

// shown is a text that names no section, as a fault may hold it.
func shown(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, electoral.Unreadable) && utf8.RuneCountInString(s) <= electoral.MaxText+1 {
		return s
	}
	return strconv.QuoteToASCII(s[:min(len(s), electoral.MaxText)])
}

// maxRedrawFaults bounds the faults of one operation on sections: a mapping of a
// whole comune to a section that is not there has one for each person.
const maxRedrawFaults = 5000

// redrawer is one run of an operation on sections, in one update.
type redrawer struct {
	action *action
	ctx    context.Context
	w      Writer
	order  Redrawing
	paths  redrawPaths
	// renumbers says that one section gets another number and nothing else changes.
	renumbers bool

	// before are the sections of the comune before the operation. put, removed,
	// moves and persons say which item of order is about a section or a person.
	before  map[string]electoral.Section
	put     map[string]int
	removed map[string]int
	moves   map[string]int
	persons map[string]int
	// spellings are the sections that are there afterwards, by the key of their
	// number; made when it is needed.
	spellings map[string]string
	// elsewhere are sections of other comuni; nil for one that is not registered.
	elsewhere sectionCache
	failure   error // of a lookup that cannot return it

	found  []bool // the persons who were found, as in order
	needs  map[need]needed
	lists  []numberedList
	faults electoral.Faults
	report RedrawReport
}

func newRedrawer(ctx context.Context, a *action, w Writer, order Redrawing, paths redrawPaths) *redrawer {
	order.Put = slices.Clone(order.Put) // a kind may be kept: the caller's stay as they are
	return &redrawer{action: a, ctx: ctx, w: w, order: order, paths: paths,
		before: map[string]electoral.Section{}, put: map[string]int{}, removed: map[string]int{},
		moves: map[string]int{}, persons: map[string]int{}, elsewhere: sectionCache{},
		found: make([]bool, len(order.Mapping.Persons)), needs: map[need]needed{}}
}

// fault keeps a fault, up to their bound.
func (d *redrawer) fault(c electoral.Cause, path, value string, args electoral.Args) {
	d.add(electoral.NewFault(c, path, value, args))
}

func (d *redrawer) add(f electoral.Fault) {
	switch {
	case len(d.faults) < maxRedrawFaults:
		d.faults = append(d.faults, f)
	case len(d.faults) == maxRedrawFaults && f.Severity == electoral.Error:
		d.faults = append(d.faults, electoral.NewFault(electoral.MappingFaults, "mapping", "",
			electoral.Args{"most": strconv.Itoa(maxRedrawFaults)}))
	}
}

// run does everything, or returns what is wrong.
func (d *redrawer) run() (RedrawReport, electoral.Faults, error) {
	for s, err := range d.w.Sections(d.ctx, d.action.comune) {
		if err != nil {
			return RedrawReport{}, nil, err
		}
		d.before[s.Number] = s
	}
	d.checkOrder()
	if d.faults.Err() == nil {
		if err := d.apply(); err != nil {
			return RedrawReport{}, nil, err
		}
	} else if err := d.alsoLeft(); err != nil {
		return RedrawReport{}, nil, err
	}
	if err := join(d.failure, d.faults.Err()); err != nil {
		return RedrawReport{}, nil, err
	}
	return d.report, d.faults, nil
}

// checkOrder judges the operation by itself and by the sections of the comune.
func (d *redrawer) checkOrder() {
	o := d.order
	if len(o.Put)+len(o.Delete)+len(o.Mapping.Sections)+len(o.Mapping.Persons) == 0 {
		d.fault(electoral.MappingEmpty, "mapping", "", nil)
	}
	d.checkPut()
	for i, number := range o.Delete {
		path := indexed(d.paths.remove, i)
		_, twice := d.removed[number]
		_, puts := d.put[number]
		_, registered := d.before[number]
		args := electoral.Args{"section": shown(number)}
		switch {
		case twice:
			d.add(electoral.NewFault(electoral.MappingTwice.In("delete"), path, shown(number), args))
		case puts:
			d.add(electoral.NewFault(electoral.MappingTwice.In("put-and-delete"), path, shown(number), args))
		case !registered:
			d.add(d.action.r.noSection(path, d.action.comune, shown(number)))
		}
		if !twice {
			d.removed[number] = i
		}
	}
	d.checkSpellings()
	d.checkMoves()
	d.checkPersons()
	if !d.renumbers && d.action.req.Revision != electoral.SemestralRevision {
		d.fault(electoral.RedrawnOutOfSeason, "request.revision", string(d.action.req.Revision), nil)
	}
	for _, v := range d.action.r.called(d.action.comune) {
		if frozen(v, d.action.today()) {
			d.fault(electoral.RedrawnBeforeVote, "vote.day", v.Day.String(),
				electoral.Args{"day": v.Day.Italian(), "consultation": v.Consultation.Italian()})
		}
	}
}

func (d *redrawer) checkPut() {
	for i := range d.order.Put {
		s := &d.order.Put[i]
		path := indexed(d.paths.put, i)
		if !d.renumbers {
			for _, f := range d.action.r.checker.CheckSection(*s, d.action.today()) {
				f.Path = path + f.Path
				d.add(f)
			}
			if s.Comune != "" && s.Comune != d.action.comune {
				d.add(d.action.r.notCompetent(path+"comune", shown(s.Comune), d.action.req.Actor))
			}
		}
		if _, twice := d.put[s.Number]; twice {
			d.fault(electoral.MappingTwice.In("put"), path+"number", shown(s.Number),
				electoral.Args{"section": shown(s.Number)})
			continue
		}
		d.put[s.Number] = i
		if old, known := d.before[s.Number]; known {
			d.action.keepKind(s, old)
			d.seatChanged(old, *s, path)
		}
	}
}

// checkSpellings refuses a new section whose number is another spelling of one that
// is there afterwards.
func (d *redrawer) checkSpellings() {
	if d.renumbers || len(d.put) == 0 {
		return
	}
	registered := map[string]string{}
	for number := range d.before {
		if _, gone := d.removed[number]; !gone {
			registered[electoral.SectionNumberKey(number)] = number
		}
	}
	for i, s := range d.order.Put {
		key := electoral.SectionNumberKey(s.Number)
		if _, known := d.before[s.Number]; known || key == "" {
			continue
		}
		if other, taken := registered[key]; taken && other != s.Number {
			d.add(otherSpelling(indexed(d.paths.put, i)+"number", shown(s.Number), shown(other)))
		}
		registered[key] = s.Number
	}
}

// after returns a section as it is after the operation.
func (d *redrawer) after(number string) (electoral.Section, bool) {
	if i, ok := d.put[number]; ok {
		return d.order.Put[i], true
	}
	if _, gone := d.removed[number]; gone {
		return electoral.Section{}, false
	}
	s, ok := d.before[number]
	return s, ok
}

// checkTarget faults a section to which electors go and which is not there.
func (d *redrawer) checkTarget(path, to string) {
	if _, ok := d.after(to); ok {
		return
	}
	if registered, ok := d.spelled(to); ok {
		d.fault(electoral.MappingTarget.In("spelling"), path, shown(to),
			electoral.Args{"section": shown(to), "comune": d.action.r.label(d.action.comune),
				"registered": registered})
		return
	}
	d.fault(electoral.MappingTarget, path, shown(to),
		electoral.Args{"section": shown(to), "comune": d.action.r.label(d.action.comune)})
}

// spelled returns the section that is there afterwards and of whose number this is
// another spelling.
func (d *redrawer) spelled(number string) (string, bool) {
	if d.spellings == nil {
		d.spellings = map[string]string{}
		keep := func(other string) {
			key := electoral.SectionNumberKey(other)
			first, twice := d.spellings[key]
			if _, ok := d.after(other); ok && (!twice || electoral.CompareSectionNumbers(other, first) < 0) {
				d.spellings[key] = other
			}
		}
		for other := range d.before {
			keep(other)
		}
		for other := range d.put {
			keep(other)
		}
	}
	registered, ok := d.spellings[electoral.SectionNumberKey(number)]
	return registered, ok
}

func (d *redrawer) checkMoves() {
	for i, m := range d.order.Mapping.Sections {
		path := indexed(d.paths.section, i)
		_, registered := d.before[m.From]
		_, removed := d.removed[m.From]
		switch _, twice := d.moves[m.From]; {
		case twice:
			d.fault(electoral.MappingTwice, d.fromPath(i), shown(m.From), electoral.Args{"section": shown(m.From)})
			continue
		case !registered && !removed: // of one that is to be deleted it is said there
			d.add(d.action.r.noSection(d.fromPath(i), d.action.comune, shown(m.From)))
		}
		d.moves[m.From] = i
		if m.From == m.To {
			d.fault(electoral.MappingItself, path+"to", shown(m.To), electoral.Args{"section": shown(m.To)})
			continue
		}
		d.checkTarget(path+"to", m.To)
	}
}

func (d *redrawer) checkPersons() {
	for i, m := range d.order.Mapping.Persons {
		path := indexed(d.paths.person, i)
		if !electoral.ValidANPRID(m.ANPRID) {
			d.fault(electoral.IDMalformed, path+"anprId", shown(m.ANPRID), nil)
			continue
		}
		if _, twice := d.persons[m.ANPRID]; twice {
			d.fault(electoral.MappingTwice.In("person"), path+"anprId", m.ANPRID, nil)
			continue
		}
		d.persons[m.ANPRID] = i
		d.checkTarget(path+"to", m.To)
	}
}

// seatChanged warns that electors must be told of another seat: a vote is near.
func (d *redrawer) seatChanged(old, s electoral.Section, path string) {
	if old.Seat == s.Seat && old.SeatName == s.SeatName {
		return
	}
	today := d.action.today()
	for _, v := range d.action.r.called(d.action.comune) {
		if !noticed(v, today) {
			continue
		}
		d.fault(electoral.SeatChanged, path+"seat", s.Seat.String(), electoral.Args{"day": v.Day.Italian(),
			"consultation": v.Consultation.Italian(), "section": s.Number})
	}
}

// noticed reports whether electors already prepare for a vote: it has been called or
// noticed or, where neither day is known, its lists are closed.
func noticed(v electoral.Vote, today electoral.Date) bool {
	if !v.Day.Complete() || v.Last().Before(today) {
		return false
	}
	if v.Notice.IsZero() && v.Called.IsZero() {
		return frozen(v, today)
	}
	begun := func(day electoral.Date) bool { return !day.IsZero() && !day.After(today) }
	return begun(v.Notice) || begun(v.Called)
}
