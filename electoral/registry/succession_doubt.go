package registry

import (
	"context"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// SuccessionDoubts looks for persons who came with a succession and are now twice in
// lists of the heir, under two ANPR ids with one codice fiscale: each of the comuni
// that became one had them. Both positions are kept; [Registry.MergeIDs] or a removal
// mends it. It is for the officer of the heir, reads the population of everybody who
// came, and returns warnings, [electoral.SuccessionDoubt], up to 1,000.
//
// Codes: of every service; REG-COM-01, SUC-PER-02, SUC-STA-01/02.
func (r *Registry) SuccessionDoubts(ctx context.Context, req electoral.Request, id string) (electoral.Faults, error) {
	a := r.begin(req, electoral.OpReadSuccessions, req.Actor.Comune)
	a.takes("id", id)
	var found electoral.Faults
	err := a.read(ctx, a.officerOf(a.comune), func(on *electoral.Entry) error {
		return r.store.View(ctx, func(rd Reader) error {
			found = electoral.Faults{}
			rep, err := a.successionOf(ctx, rd, id)
			if err != nil {
				return err
			}
			if rep.State != SuccessionDone || rep.Succession.Heir != a.comune {
				return electoral.Faults{electoral.NewFault(electoral.SuccessionStep, "id", id,
					electoral.Args{"state": rep.State.Italian()})}
			}
			d := doubter{action: a, ctx: ctx, rd: rd, seen: map[string]bool{}}
			err = d.run(rep)
			found = append(found, d.found...)
			setRows(on, len(found))
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// doubter looks for persons with two ids.
type doubter struct {
	action *action
	ctx    context.Context
	rd     Reader
	seen   map[string]bool // ids that a doubt names already
	found  electoral.Faults
}

func (d *doubter) run(rep SuccessionReport) error {
	change, err := rep.change(d.ctx, d.rd, rep.Succession.Heir)
	if err != nil || change == 0 {
		return err
	}
	q := JournalSearch{Comune: rep.Succession.Heir, Since: change - 1, Until: change,
		Operations: []electoral.Operation{electoral.OpSucceed}}
	var ids []string
	for e, err := range d.rd.Journal(d.ctx, q) {
		if err != nil {
			return err
		}
		ids = append(ids, e.ANPRID)
	}
	for part := range slices.Chunk(ids, loadBatch) {
		if err := d.batch(part); err != nil || len(d.found) >= maxPage {
			return err
		}
	}
	return nil
}

func (d *doubter) batch(ids []string) error {
	persons, err := d.action.r.persons(d.ctx, ids)
	if err != nil {
		return err
	}
	var codes []electoral.FiscalCode
	for _, id := range ids {
		if p, known := persons[id]; known && p.FiscalCode != "" {
			codes = append(codes, p.FiscalCode)
		}
	}
	byCode := map[electoral.FiscalCode][]string{}
	if many, ok := d.action.r.population.(electoral.IdentityPopulation); ok {
		if byCode, err = many.IDsOfCodes(d.ctx, codes); err != nil {
			return err
		}
	}
	for _, id := range ids {
		for _, other := range byCode[persons[id].FiscalCode] {
			if other == id || d.seen[id] || len(d.found) >= maxPage {
				continue
			}
			if err := d.pair(id, other); err != nil {
				return err
			}
		}
	}
	return nil
}

// pair tells of two ids that are both in lists of the heir.
func (d *doubter) pair(id, other string) error {
	twins, err := twinsAmong(d.ctx, d.rd, []string{id, other}, "")
	if err != nil {
		return err
	}
	for _, t := range twins {
		here := false
		for _, en := range t.elector.Enrolments() {
			here = here || en.Comune == d.action.comune
		}
		if !here {
			return nil
		}
	}
	if len(twins) < 2 {
		return nil
	}
	d.seen[id], d.seen[other] = true, true
	d.found = append(d.found, electoral.NewFault(electoral.SuccessionDoubt.In("found"), "anprId", id,
		electoral.Args{"heir": d.action.r.label(d.action.comune), "first": id, "second": other}))
	return nil
}
