package registry

import (
	"maps"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
)

// A step moves everybody who is in one section to another.
type step struct {
	from, to string
	// item is the move of the mapping that it belongs to, of which last says that it
	// is done.
	item int
	last bool
}

// steps puts the moves of the mapping in an order in which nobody is moved twice: a
// section is left before others come into it. Of a circle one section waits aside.
func (d *redrawer) steps() []step {
	moves := d.order.Mapping.Sections
	var list []step
	done := map[string]bool{}
	for _, m := range moves {
		var path []int // of moves, each of which leaves the section that the one before enters
		at := map[string]int{}
		number := m.From
		for {
			i, moved := d.moves[number]
			if _, circle := at[number]; circle || !moved || done[number] {
				break
			}
			at[number] = len(path)
			path = append(path, i)
			number = moves[i].To
		}
		first, circle := at[number]
		if circle && !done[number] {
			last := path[len(path)-1]
			list = append(list, step{from: moves[last].From, to: between(), item: last})
			for _, i := range slices.Backward(path[first : len(path)-1]) {
				list = append(list, step{from: moves[i].From, to: moves[i].To, item: i, last: true})
			}
			list = append(list, step{from: between(), to: moves[last].To, item: last, last: true})
			path = path[:first]
			for n, k := range at {
				if k >= first {
					done[n] = true
				}
			}
		}
		for _, i := range slices.Backward(path) {
			list = append(list, step{from: moves[i].From, to: moves[i].To, item: i, last: true})
			done[moves[i].From] = true
		}
	}
	return list
}

// step moves the electors of a section, without those who are named.
func (d *redrawer) step(s step) error {
	origin := d.order.Mapping.Sections[s.item].From
	was, now := d.before[origin], electoral.Section{}
	if s.last {
		now, _ = d.after(s.to)
	}
	b := moveList{d: d, aside: !s.last}
	for e, err := range d.inSection(s.from) {
		if err != nil {
			return err
		}
		if _, named := d.persons[e.ANPRID]; named {
			continue
		}
		m := moved{old: e, next: e.Clone(), from: s.from, to: s.to}
		here := func(n string) bool { return n == s.from }
		relocate(&m.next, d.action.comune, s.to, here)
		if s.last && !sameNeeds(was, now) {
			old := e
			if s.from != origin {
				old = e.Clone()
				relocate(&old, d.action.comune, origin, here)
			}
			d.judge(&old, &m.next)
		}
		if err := b.add(m); err != nil {
			return err
		}
	}
	if err := b.flush(); err != nil {
		return err
	}
	return d.moveNumbers(s)
}

// moved is an elector who goes from one section to another; from is empty if he
// comes from several.
type moved struct {
	old, next electoral.Elector
	from, to  string
}

// moveList writes electors batch by batch.
type moveList struct {
	d     *redrawer
	list  []moved
	aside bool // they only wait, which nobody is told
}

func (b *moveList) add(m moved) error {
	if b.list = append(b.list, m); len(b.list) == moveBatch {
		return b.flush()
	}
	return nil
}

// flush writes those at hand and their entries in the journals.
func (b *moveList) flush() error {
	if len(b.list) == 0 {
		return nil
	}
	homes, err := b.homes()
	if err != nil {
		return err
	}
	type way struct{ home, from, to string }
	together := map[way][]string{}
	var order []way
	mover, many := b.d.w.(SectionMover)
	var notes []JournalEntry
	for i := range b.list {
		m := &b.list[i]
		home := homes[m.old.ANPRID]
		if many && m.from != "" && slices.Equal(m.old.KeptVotes, m.next.KeptVotes) {
			k := way{home: home, from: m.from, to: m.to}
			if together[k] == nil {
				order = append(order, k)
			}
			together[k] = append(together[k], m.old.ANPRID)
		} else if err := b.d.w.PutElector(b.d.ctx, home, m.next); err != nil {
			return err
		}
		if !b.aside {
			notes = b.note(notes, m, home)
			b.d.report.Moved++
		}
	}
	for _, k := range order {
		if err := mover.MoveEnrolled(b.d.ctx, k.home, b.d.action.comune, k.from, k.to, together[k]); err != nil {
			return err
		}
	}
	b.list = b.list[:0]
	if len(notes) == 0 {
		return nil
	}
	return b.d.w.Note(b.d.ctx, notes...)
}

// homes looks up under which comune each was put.
func (b *moveList) homes() (map[string]string, error) {
	if bulk, ok := b.d.w.(bulkHomes); ok {
		ids := make([]string, len(b.list))
		for i := range b.list {
			ids[i] = b.list[i].old.ANPRID
		}
		return bulk.Homes(b.d.ctx, ids)
	}
	homes := make(map[string]string, len(b.list))
	for i := range b.list {
		id := b.list[i].old.ANPRID
		_, home, err := b.d.w.Elector(b.d.ctx, id)
		if err != nil {
			return nil, err
		}
		homes[id] = home
	}
	return homes, nil
}

// note adds the entries of an elector for the journals of every comune that has to do
// with him.
func (b *moveList) note(notes []JournalEntry, m *moved, home string) []JournalEntry {
	a := b.d.action
	entry := JournalEntry{Comune: a.comune, ANPRID: m.old.ANPRID, At: a.at, Operation: a.op, Revision: a.req.Revision}
	first := len(notes)
	notes = append(notes, entry)
	add := func(comune string) {
		if !slices.ContainsFunc(notes[first:], func(o JournalEntry) bool { return o.Comune == comune }) {
			entry.Comune = comune
			notes = append(notes, entry)
		}
	}
	add(home)
	for _, en := range a.r.placesAt(m.old, a.today()) { // the comuni are the same after the move
		add(en.Comune)
	}
	return notes
}

// alsoLeft tells, of an operation that is refused anyway, who is in the sections to be
// deleted, where the mapping moves nobody out of them.
func (d *redrawer) alsoLeft() error {
	if len(d.removed) == 0 || len(d.persons) > 0 {
		return nil
	}
	counts, err := d.counts(d.order.Delete)
	if err != nil {
		return err
	}
	for _, number := range d.order.Delete {
		if _, moves := d.moves[number]; !moves {
			if _, err := d.left(number, counts); err != nil {
				return err
			}
		}
	}
	return nil
}

// left faults a section to be deleted in which somebody is, and returns those who are
// there only for votes that are over.
func (d *redrawer) left(number string, counts []ListCount) ([]electoral.Elector, error) {
	var parts []string
	var past []electoral.Elector
	total := 0
	for _, l := range placeLists() {
		n := 0
		for _, c := range counts {
			if c.List == l && c.Section == number {
				n = c.Count
			}
		}
		if l == electoral.StillVotesList && n > 0 {
			var err error
			if n, past, err = d.stillVoting(number); err != nil {
				return nil, err
			}
		}
		if n > 0 {
			total += n
			parts = append(parts, electoral.CountOfElectors(n)+" nella "+l.Italian())
		}
	}
	if total > 0 {
		d.fault(electoral.SectionNotEmpty, indexed(d.paths.remove, d.removed[number]), shown(number),
			electoral.Args{"section": shown(number), "electors": strings.Join(parts, ", ")})
	}
	return past, nil
}

// stillVoting counts the electors who keep a vote still to come in a section, and
// returns the others.
func (d *redrawer) stillVoting(number string) (n int, past []electoral.Elector, err error) {
	over := d.action.r.over(d.action.today())
	for e, err := range d.w.Enrolled(d.ctx, electoral.StillVotesList, d.action.comune, number) {
		if err != nil {
			return 0, nil, err
		}
		if slices.ContainsFunc(e.KeptVotes, func(v electoral.KeptVote) bool {
			return v.Comune == d.action.comune && v.Section == number && !over(v)
		}) {
			n++
		} else {
			past = append(past, e)
		}
	}
	return n, past, nil
}

// finish deletes sections and warns of the sizes of the others.
func (d *redrawer) finish() error {
	touched := d.touched()
	counts, err := d.counts(slices.Collect(maps.Keys(touched)))
	if err != nil {
		return err
	}
	for _, number := range d.order.Delete {
		past, err := d.left(number, counts)
		if err != nil {
			return err
		}
		for _, e := range past { // as Expire does: nobody else can find them any more
			_, home, err := d.w.Elector(d.ctx, e.ANPRID)
			if err != nil {
				return err
			}
			e.DropVotes(func(v electoral.KeptVote) bool {
				return v.Comune == d.action.comune && v.Section == number
			})
			if err := d.w.PutElector(d.ctx, home, e); err != nil {
				return err
			}
		}
		if err := d.w.RemoveSection(d.ctx, d.action.comune, number); err != nil {
			return err
		}
		d.report.Deleted++
	}
	if !d.renumbers {
		d.sizes(touched, counts)
	}
	return nil
}

// fewSections is the most sections that are counted one by one.
const fewSections = 100

// counts counts the electors of sections; those of others may be among them.
func (d *redrawer) counts(sections []string) ([]ListCount, error) {
	if c, ok := d.w.(SectionCounter); ok && len(sections) <= fewSections {
		return c.CountsIn(d.ctx, d.action.comune, sections)
	}
	return d.w.Counts(d.ctx, d.action.comune)
}

// touched returns the sections that the operation has to do with, with the path of
// each.
func (d *redrawer) touched() map[string]string {
	touched := map[string]string{}
	mark := func(number, path string) {
		if _, again := touched[number]; !again {
			touched[number] = path
		}
	}
	for i, s := range d.order.Put {
		mark(s.Number, indexed(d.paths.put, i)+"number")
	}
	for i, m := range d.order.Mapping.Sections {
		mark(m.To, indexed(d.paths.section, i)+"to")
		mark(m.From, d.fromPath(i))
	}
	for i, m := range d.order.Mapping.Persons {
		mark(m.To, indexed(d.paths.person, i)+"to")
		if m.From != "" {
			mark(m.From, indexed(d.paths.person, i)+"from")
		}
	}
	for i, number := range d.order.Delete {
		mark(number, indexed(d.paths.remove, i))
	}
	return touched
}

// sizes warns of the sections that the operation has touched and that are left too
// small or too large.
func (d *redrawer) sizes(touched map[string]string, counts []ListCount) {
	electors := map[string]int{}
	for _, c := range counts {
		if c.List == electoral.GeneralList {
			electors[c.Section] = c.Count
		}
	}
	for _, number := range slices.SortedFunc(maps.Keys(touched), electoral.CompareSectionNumbers) {
		s, there := d.after(number)
		if !there {
			continue
		}
		for _, f := range d.action.r.checker.CheckSectionSize(s, electors[number], d.action.today()) {
			f.Path = touched[number]
			d.add(f)
		}
	}
}
