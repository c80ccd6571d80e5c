package registry

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
)

// checkArchive holds a succession to the archive of the comuni.
func (a *action) checkArchive(s Succession) electoral.Faults {
	var faults electoral.Faults
	unknown := func(path, comune string) {
		faults = append(faults, electoral.NewFault(electoral.SuccessionComuni.In("unknown"), path, comune,
			electoral.Args{"comune": a.r.label(comune)}))
	}
	heir := a.r.label(s.Heir)
	if s.Day.After(a.today()) {
		faults = append(faults, electoral.NewFault(electoral.SuccessionDay.In("future"), "day", s.Day.String(),
			electoral.Args{"day": s.Day.Italian()}))
	}
	if len(a.r.tables.ComuneHistory(s.Heir)) == 0 || s.Heir == "" {
		unknown("heir", s.Heir)
	} else if _, there := a.r.tables.Comune(s.Heir, s.Day); !there {
		faults = append(faults, electoral.NewFault(electoral.SuccessionDay.In("heir"), "day", s.Day.String(),
			electoral.Args{"heir": heir}))
	}
	for i, comune := range s.Ceased {
		path := "ceased[" + strconv.Itoa(i) + "]"
		if len(a.r.tables.ComuneHistory(comune)) == 0 || comune == "" {
			unknown(path, comune)
			continue
		}
		switch {
		case s.sameCode():
		case s.Kind == TerritoryPassage:
			faults = append(faults, a.standsOn(s, comune, path)...)
		default:
			faults = append(faults, a.ends(s, comune, path)...)
		}
	}
	if faults.Err() == nil {
		faults = append(faults, a.heirInArchive(s)...)
	}
	return faults
}

// standsOn judges whether a comune that cedes territory is there on the day.
func (a *action) standsOn(s Succession, comune, path string) electoral.Faults {
	if last, ended := a.r.endedBy(comune, s.Day); ended {
		return electoral.Faults{electoral.NewFault(electoral.SuccessionDay.In("archive"), path, comune,
			electoral.Args{"comune": a.r.label(comune), "last": last.Italian()})}
	}
	return nil
}

// ends judges whether a comune ended on the day before the succession.
func (a *action) ends(s Succession, comune, path string) electoral.Faults {
	history := a.r.tables.ComuneHistory(comune)
	last := history[len(history)-1].To
	for _, p := range history {
		if p.To.IsZero() {
			last = p.To
			break
		}
	}
	switch {
	case last.IsZero():
		if !a.announced(s, comune) {
			return electoral.Faults{electoral.NewFault(electoral.SuccessionNotAnnounced, path, comune,
				electoral.Args{"comune": a.r.label(comune), "heir": a.r.label(s.Heir), "day": s.Day.Italian()})}
		}
		return electoral.Faults{electoral.NewFault(electoral.SuccessionNotInArchive, path, comune,
			electoral.Args{"comune": a.r.label(comune)})}
	case last.AddDays(1) != s.Day:
		return electoral.Faults{electoral.NewFault(electoral.SuccessionDay.In("archive"), path, comune,
			electoral.Args{"comune": a.r.label(comune), "last": last.Italian()})}
	}
	return nil
}

// An Announcement is a succession that the authority has decided, as the operator of a
// registry has it from the act ([Config.Announced]).
type Announcement struct {
	// Ceased and Heir are Belfiore codes, Day the first day of the heir in the place
	// of the other.
	Ceased, Heir string
	Day          electoral.Date
}

// announced reports whether the operator has the succession of a comune.
func (a *action) announced(s Succession, comune string) bool {
	if a.r.announced == nil {
		return false
	}
	return slices.Contains(a.r.announced(comune), Announcement{Ceased: comune, Heir: s.Heir, Day: s.Day})
}

// heirInArchive compares the heir with what the archive has of it.
func (a *action) heirInArchive(s Succession) electoral.Faults {
	var faults electoral.Faults
	tell := func(comune string) {
		faults = append(faults, electoral.NewFault(electoral.SuccessionNotInArchive.In("heir"), "heir", s.Heir,
			electoral.Args{"comune": a.r.label(comune)}))
	}
	if s.sameCode() {
		was, before := a.r.tables.Comune(s.Heir, s.Day.AddDays(-1))
		is, after := a.r.tables.Comune(s.Heir, s.Day)
		if !before || !after || was.ANPRName == is.ANPRName && was.ProvinceSigla == is.ProvinceSigla {
			faults = append(faults, electoral.NewFault(electoral.SuccessionNotInArchive.In("change"), "day",
				s.Day.String(), electoral.Args{"comune": a.r.label(s.Heir)}))
		}
		return faults
	}
	if s.Kind == TerritoryPassage {
		return nil
	}
	known := a.r.tables.Predecessors(s.Heir)
	for _, comune := range s.Ceased {
		heirs := a.r.tables.Successors(comune)
		switch {
		case slices.Contains(heirs, s.Heir):
		case len(known) > 0:
			faults = append(faults, a.notHeir(s, comune, known))
		case len(heirs) > 0:
			faults = append(faults, a.notHeir(s, comune, nil))
		case !a.announced(s, comune):
			faults = append(faults, electoral.NewFault(electoral.SuccessionNotAnnounced.In("heir"), "heir", s.Heir,
				electoral.Args{"comune": a.r.label(comune), "heir": a.r.label(s.Heir), "day": s.Day.Italian()}))
		default:
			tell(comune)
		}
	}
	for _, comune := range known {
		if s.Kind == Merger && !slices.Contains(s.Ceased, comune) {
			faults = append(faults, electoral.NewFault(electoral.SuccessionNotInArchive.In("incomplete"), "ceased",
				comune, electoral.Args{"heir": a.r.label(s.Heir), "comune": a.r.label(comune)}))
		}
	}
	return faults
}

func (a *action) notHeir(s Succession, comune string, known []string) electoral.Fault {
	expected := ""
	for i, c := range known {
		if i > 0 {
			expected += ", "
		}
		expected += a.r.label(c)
	}
	if len(known) == 0 {
		expected = "nessuno, secondo l'archivio; al comune di " + a.r.label(comune) + " è subentrato il comune di " +
			a.r.heirsInArchive(comune)
	}
	return electoral.NewFault(electoral.SuccessionNotHeir, "heir", s.Heir, electoral.Args{
		"comune": a.r.label(comune), "heir": a.r.label(s.Heir), "expected": expected})
}

// checkStandings refuses a comune that has ceased before.
func (a *action) checkStandings(ctx context.Context, rd Reader, s Succession) (electoral.Faults, error) {
	var faults electoral.Faults
	for i, comune := range s.Ceased {
		there, err := standingOf(ctx, rd, comune)
		if err != nil {
			return nil, err
		}
		if there.Heir != "" {
			faults = append(faults, electoral.NewFault(electoral.SuccessionComuni.In("ceased"),
				"ceased["+strconv.Itoa(i)+"]", comune,
				electoral.Args{"comune": a.r.label(comune), "heir": a.r.label(there.Heir)}))
		}
	}
	return faults, nil
}

// A place is a section of a comune.
type place struct{ comune, section string }

// plan is where each section goes, and which sections of the heir take electors from
// more than one.
type plan struct {
	to     map[place]string
	shared map[string]bool
}

// renamed returns a change of code with the mapping that it implies: every section
// keeps its number and its data.
func renamed(ctx context.Context, rd Reader, s Succession) (Succession, error) {
	if !s.Kind.change() || s.sameCode() || len(s.Mapping) > 0 || len(s.Sections) > 0 {
		return s, nil
	}
	for sec, err := range rd.Sections(ctx, s.Ceased[0]) {
		if err != nil {
			return s, err
		}
		s.Mapping = append(s.Mapping, SectionMapping{Comune: s.Ceased[0], Number: sec.Number, To: sec.Number})
		sec = sec.Clone()
		sec.Comune = s.Heir
		if sec.Seat.Comune == s.Ceased[0] {
			sec.Seat.Comune = s.Heir
		}
		s.Sections = append(s.Sections, sec)
	}
	return s, nil
}

// checkSections judges mapping and sections by what is registered.
func (a *action) checkSections(ctx context.Context, rd Reader, s Succession) (plan, electoral.Faults, error) {
	p := plan{to: map[place]string{}, shared: map[string]bool{}}
	var faults electoral.Faults
	if len(s.Mapping) == 0 {
		faults = append(faults, electoral.NewFault(electoral.SuccessionMapping, "mapping", "", nil))
	}
	news, given, err := a.checkGiven(ctx, rd, s)
	if err != nil {
		return p, nil, err
	}
	faults = append(faults, given...)
	electors, err := electorsOf(ctx, rd, append(slices.Clone(s.Ceased), s.Heir))
	if err != nil {
		return p, nil, err
	}
	froms := map[string][]SectionMapping{}
	for i, m := range s.Mapping {
		f, err := a.checkEntry(ctx, rd, s, i, entryCase{plan: p, news: news, electors: electors})
		if err != nil {
			return p, nil, err
		}
		faults = append(faults, f...)
		if f.Err() == nil {
			p.to[place{m.Comune, m.Number}] = m.To
			froms[m.To] = append(froms[m.To], m)
		}
	}
	for to, list := range froms {
		if len(list) < 2 && electors[place{s.Heir, to}] == 0 {
			continue
		}
		p.shared[to] = true
		if slices.ContainsFunc(list, func(m SectionMapping) bool { return !m.Joins }) {
			faults = append(faults, electoral.NewFault(electoral.SuccessionMapping.In("joined"), "mapping", to,
				electoral.Args{"section": to, "heir": a.r.label(s.Heir)}))
		}
	}
	left, err := a.leftBehind(ctx, rd, s, p, electors)
	return p, append(faults, left...), err
}

// electorsOf counts the electors in each section of some comuni, without those who
// were removed and keep a vote.
func electorsOf(ctx context.Context, rd Reader, comuni []string) (map[place]int, error) {
	electors := map[place]int{}
	for _, comune := range comuni {
		counts, err := rd.Counts(ctx, comune)
		if err != nil {
			return nil, err
		}
		for _, c := range counts {
			if c.List != electoral.StillVotesList {
				electors[place{comune, c.Section}] += c.Count
			}
		}
	}
	return electors, nil
}

// checkGiven judges the data of new sections, and returns their numbers.
func (a *action) checkGiven(ctx context.Context, rd Reader, s Succession) (map[string]bool, electoral.Faults, error) {
	news := map[string]bool{}
	var faults electoral.Faults
	for i, sec := range s.Sections {
		path := "sections[" + strconv.Itoa(i) + "]"
		args := electoral.Args{"section": sec.Number, "heir": a.r.label(s.Heir)}
		for _, f := range a.r.checker.CheckSection(sec, a.today()) {
			f.Path = path + "." + f.Path
			faults = append(faults, f)
		}
		if sec.Comune != s.Heir {
			faults = append(faults, electoral.NewFault(electoral.SuccessionSectionData, path+".comune", sec.Comune,
				electoral.Args{"section": args["section"], "heir": args["heir"]}))
		}
		if news[sec.Number] {
			faults = append(faults, electoral.NewFault(electoral.SuccessionSectionData.In("twice"), path+".number",
				sec.Number, electoral.Args{"section": sec.Number}))
		}
		news[sec.Number] = true
		old, err := rd.Section(ctx, s.Heir, sec.Number)
		switch {
		case errors.Is(err, electoral.ErrNotFound):
		case err != nil:
			return nil, nil, err
		case !reflect.DeepEqual(old, sec):
			faults = append(faults, electoral.NewFault(electoral.SuccessionSectionData.In("other"), path+".number",
				sec.Number, electoral.Args{"section": args["section"], "heir": args["heir"]}))
		}
	}
	return news, faults, nil
}

// entryCase is what an entry of a mapping is judged by.
type entryCase struct {
	plan     plan
	news     map[string]bool
	electors map[place]int
}

func (a *action) checkEntry(ctx context.Context, rd Reader, s Succession, i int,
	in entryCase) (electoral.Faults, error) {
	m, path := s.Mapping[i], "mapping["+strconv.Itoa(i)+"]"
	var faults electoral.Faults
	if !slices.Contains(s.Ceased, m.Comune) {
		return electoral.Faults{electoral.NewFault(electoral.SuccessionMapping.In("comune"), path+".comune", m.Comune,
			electoral.Args{"comune": a.r.label(m.Comune)})}, nil
	}
	if _, twice := in.plan.to[place{m.Comune, m.Number}]; twice {
		faults = append(faults, electoral.NewFault(electoral.SuccessionMapping.In("twice"), path+".number", m.Number,
			electoral.Args{"section": m.Number, "comune": a.r.label(m.Comune)}))
	}
	registered := func(comune, number string) (bool, error) {
		_, err := rd.Section(ctx, comune, number)
		if errors.Is(err, electoral.ErrNotFound) {
			return false, nil
		}
		return err == nil, err
	}
	from, err := registered(m.Comune, m.Number)
	if err != nil {
		return nil, err
	}
	if !from && in.electors[place{m.Comune, m.Number}] == 0 {
		faults = append(faults, electoral.NewFault(electoral.SuccessionMapping.In("not-registered"), path+".number",
			m.Number, electoral.Args{"section": m.Number, "comune": a.r.label(m.Comune)}))
	}
	to, err := registered(s.Heir, m.To)
	if err == nil && !to && !in.news[m.To] {
		faults = append(faults, electoral.NewFault(electoral.SuccessionMapping.In("target"), path+".to", m.To,
			electoral.Args{"section": m.To, "heir": a.r.label(s.Heir)}))
	}
	return faults, err
}

// leftBehind refuses sections of a comune that ceases which go nowhere.
func (a *action) leftBehind(ctx context.Context, rd Reader, s Succession, p plan,
	electors map[place]int) (electoral.Faults, error) {
	if s.Kind == TerritoryPassage {
		return nil, nil
	}
	var faults electoral.Faults
	for _, comune := range s.Ceased {
		var numbers []string
		for sec, err := range rd.Sections(ctx, comune) {
			if err != nil {
				return nil, err
			}
			numbers = append(numbers, sec.Number)
		}
		for at := range electors {
			if at.comune == comune {
				numbers = append(numbers, at.section)
			}
		}
		slices.Sort(numbers)
		for _, number := range slices.Compact(numbers) {
			if _, goes := p.to[place{comune, number}]; goes {
				continue
			}
			count := someElectors(electors[place{comune, number}])
			faults = append(faults, electoral.NewFault(electoral.SuccessionSectionLeft, "mapping", number,
				electoral.Args{"section": number, "comune": a.r.label(comune), "electors": count}))
		}
	}
	return faults, nil
}
