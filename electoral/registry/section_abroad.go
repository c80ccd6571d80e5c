package registry

import (
	"context"
	"iter"
	"slices"
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// An AbroadElector is an elector of a comune's general list who lives abroad, with
// what the order of the lists needs of him.
type AbroadElector struct {
	ANPRID, Surname, Name string
	Birth                 electoral.Date
	// Section is the one in which he is.
	Section string
}

// SpreadAlphabetically spreads electors over sections in alphabetical order, as
// D.P.R. 223/1967, art. 36, has it for residents abroad: the first of the alphabet to
// the first section, and so on, in parts that differ by one elector at most. The
// order is that of the printed lists: surname, name, birth, ANPR id, whatever the sex.
// It is the same whatever the order of list, which stays as it is. Without sections it
// yields nothing. A move may have the section in which the elector already is.
//
// That the parts are alphabetical blocks and equal is a choice of this program: the
// article says neither.
func SpreadAlphabetically(list []AbroadElector, sections []string) iter.Seq[PersonMove] {
	keys := make([]listKey, len(list))
	for i, e := range list {
		keys[i] = abroadKey(e)
	}
	return spread(keys, sections)
}

func abroadKey(e AbroadElector) listKey {
	return listKey{pollKey: pollKey{surname: refdata.Fold(e.Surname), name: refdata.Fold(e.Name)}, born: e.Birth,
		id: e.ANPRID, section: e.Section}
}

// spread sorts keys and yields where each goes.
func spread(keys []listKey, sections []string) iter.Seq[PersonMove] {
	slices.SortFunc(keys, listKey.compare)
	return func(yield func(PersonMove) bool) {
		for i, to := range sections {
			for _, k := range keys[i*len(keys)/len(sections) : (i+1)*len(keys)/len(sections)] {
				if !yield(PersonMove{ANPRID: k.id, From: k.section, To: to}) {
					return
				}
			}
		}
	}
}

// SpreadAbroad proposes a section for each elector of the comune's general list who
// lives abroad ([SpreadAlphabetically]), as its officer, and calls yield with each
// in alphabetical order; it returns how many there are. sections are the numbers of
// the sections among which they are spread, in their order, as where the number of
// electors abroad asks for sections of their own; nil means all ordinary sections.
//
// It changes nothing: the officer decides, and may give what he accepts to
// [Registry.MoveElectors] or [Registry.Redraw]. It takes some 150 bytes of memory for
// each elector abroad, and nothing for the others. It stops when yield returns an
// error and returns it.
//
// Codes: of every service; REG-COM-01, REG-SEZ-01/09/10/20.
func (r *Registry) SpreadAbroad(ctx context.Context, req electoral.Request, comune string, sections []string,
	yield func(PersonMove) error) (int, error) {
	a := r.begin(req, electoral.OpSpreadAbroad, comune)
	rows := 0
	err := a.write(ctx, a.officerOf(comune), func(on *electoral.Entry) error {
		defer func() { setRows(on, rows) }() // also of a list that broke off: they have left
		var keys []listKey
		err := r.store.View(ctx, func(rd Reader) error {
			var err error
			if sections, err = a.spreadOver(ctx, rd, sections); err != nil {
				return err
			}
			keys, err = a.abroad(ctx, rd)
			return err
		})
		if err != nil {
			return err
		}
		for m := range spread(keys, sections) {
			rows++
			if err := yield(m); err != nil {
				return err
			}
		}
		return nil
	})
	return rows, err
}

// spreadOver judges the sections that are asked for, or returns all ordinary ones.
func (a *action) spreadOver(ctx context.Context, rd Reader, asked []string) ([]string, error) {
	registered := map[string]electoral.Section{}
	var all []string
	for s, err := range rd.Sections(ctx, a.comune) {
		if err != nil {
			return nil, err
		}
		registered[s.Number] = s
		if s.Kind == electoral.OrdinarySection {
			all = append(all, s.Number)
		}
	}
	if asked == nil {
		slices.SortFunc(all, electoral.CompareSectionNumbers)
		if len(all) == 0 {
			return nil, electoral.Faults{a.r.noSection("sections", a.comune, "")}
		}
		return all, nil
	}
	var faults electoral.Faults
	if len(asked) == 0 {
		faults = append(faults, electoral.NewFault(electoral.MappingEmpty, "sections", "", nil))
	}
	seen := map[string]bool{}
	for i, number := range asked {
		if len(faults) >= maxRedrawFaults {
			break
		}
		path := "sections[" + strconv.Itoa(i) + "]"
		s, ok := registered[number]
		switch {
		case seen[number]:
			faults = append(faults, electoral.NewFault(electoral.MappingTwice.In("put"), path, shown(number),
				electoral.Args{"section": shown(number)}))
		case !ok:
			faults = append(faults, a.r.noSection(path, a.comune, shown(number)))
		case s.Kind != electoral.OrdinarySection:
			faults = append(faults, electoral.NewFault(electoral.SectionNotOrdinary, path, number,
				electoral.Args{"section": number, "kind": s.Kind.Italian()}))
		}
		seen[number] = true
	}
	return asked, faults.Err()
}

// abroad returns what is needed of the electors in the general list who live abroad.
func (a *action) abroad(ctx context.Context, rd Reader) ([]listKey, error) {
	var keys []listKey
	ids, sections := make([]string, 0, moveBatch), make([]string, 0, moveBatch)
	flush := func() error {
		persons, err := a.r.persons(ctx, ids)
		if err != nil {
			return err
		}
		for i, id := range ids {
			if p, known := persons[id]; known && p.Residence == nil && p.Abroad != nil {
				keys = append(keys, abroadKey(AbroadElector{ANPRID: id, Surname: p.Surname, Name: p.Name,
					Birth: p.Birth.Date, Section: sections[i]}))
			}
		}
		ids, sections = ids[:0], sections[:0]
		return nil
	}
	for e, err := range rd.Enrolled(ctx, electoral.GeneralList, a.comune, "") {
		if err != nil {
			return nil, err
		}
		ids, sections = append(ids, e.ANPRID), append(sections, e.General.Section)
		if len(ids) == moveBatch {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	return keys, flush()
}
