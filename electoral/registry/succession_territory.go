package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// propose registers the passage of a part of a territory, with the list of persons,
// for the comune that cedes it to confirm.
func (a *action) propose(ctx context.Context, w Writer,
	rep SuccessionReport) (SuccessionReport, electoral.Faults, error) {
	p, faults, err := a.checkPassage(ctx, w, rep.Succession)
	if err != nil || faults.Err() != nil {
		return rep, nil, join(err, faults.Err())
	}
	list, more, err := a.passing(ctx, w, rep.Succession, p)
	faults = append(faults, more...)
	if err != nil || faults.Err() != nil {
		return rep, nil, join(err, faults.Err())
	}
	rep.State, rep.Electors = SuccessionProposed, len(list)
	if rep.Hash, err = passageHash(rep, list); err != nil {
		return rep, nil, err
	}
	return rep, faults, a.putSuccession(ctx, w, rep)
}

// checkPassage judges a passage of territory by the archive and by what is registered.
func (a *action) checkPassage(ctx context.Context, rd Reader, s Succession) (plan, electoral.Faults, error) {
	faults := a.checkArchive(s)
	standings, err := a.checkStandings(ctx, rd, s)
	if err != nil {
		return plan{}, nil, err
	}
	if faults = append(faults, standings...); faults.Err() != nil {
		return plan{}, faults, nil
	}
	p, sections, err := a.checkSections(ctx, rd, s)
	return p, append(faults, sections...), err
}

// A passingElector is one person of a passage and where he stands: what both comuni
// agree on.
type passingElector struct {
	ANPRID string                                 `json:"anprId"`
	Home   string                                 `json:"home"`
	Places map[electoral.List]electoral.Enrolment `json:"places"`
}

// passing returns those who pass with a part of a territory, in the order of their
// ids.
func (a *action) passing(ctx context.Context, rd Reader, s Succession,
	p plan) ([]passingElector, electoral.Faults, error) {
	ids, faults, err := a.passingIDs(ctx, rd, s, p)
	if err != nil || faults.Err() != nil {
		return nil, faults, err
	}
	list := make([]passingElector, 0, len(ids))
	for _, id := range sortedKeys(ids) {
		e, home, err := rd.Elector(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		who := passingElector{ANPRID: id, Home: home, Places: map[electoral.List]electoral.Enrolment{}}
		for l, en := range e.Enrolments() {
			if slices.Contains(s.Ceased, en.Comune) {
				who.Places[l] = en
			}
		}
		list = append(list, who)
	}
	return list, nil, nil
}

// passingIDs returns the ids of those who pass, and judges those that were given.
func (a *action) passingIDs(ctx context.Context, rd Reader, s Succession,
	p plan) (map[string]bool, electoral.Faults, error) {
	from := s.Ceased[0]
	there := map[string]bool{}
	for at := range p.to {
		for _, l := range append(electoral.Lists(), electoral.StillVotesList) {
			if l == electoral.StillVotesList && len(s.Persons) > 0 {
				continue
			}
			for e, err := range rd.Enrolled(ctx, l, from, at.section) {
				if err != nil {
					return nil, nil, err
				}
				there[e.ANPRID] = true
			}
		}
	}
	if len(s.Persons) == 0 {
		if len(there) == 0 {
			return nil, electoral.Faults{electoral.NewFault(electoral.SuccessionPersons.In("empty"), "persons", "", nil)}, nil
		}
		return there, nil, nil
	}
	var faults electoral.Faults
	ids := map[string]bool{}
	for i, id := range s.Persons {
		path := fmt.Sprintf("persons[%d]", i)
		switch {
		case ids[id]:
			faults = append(faults, electoral.NewFault(electoral.SuccessionPersons.In("twice"), path, id, nil))
		case !there[id]:
			faults = append(faults, electoral.NewFault(electoral.SuccessionPersons, path, id,
				electoral.Args{"comune": a.r.label(from)}))
		}
		ids[id] = true
	}
	return ids, faults, nil
}

// passageHash stands for a proposal and its list.
func passageHash(rep SuccessionReport, list []passingElector) (string, error) {
	h := sha256.New()
	for _, v := range []any{rep.ID, rep.Succession, list} {
		data, err := json.Marshal(v)
		if err != nil {
			return "", named(err)
		}
		h.Write(data)
		h.Write([]byte{'\n'})
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// PassingPersons returns the ANPR ids of those whom a proposal of the officer's comune
// lets pass, as things stand now, in their order: at most limit, 1 to 1,000 (zero means
// 100), after an id. The comune that cedes the territory reads them before it confirms.
//
// Codes: of every service, of a section; REG-COM-01, REG-CON-06, SUC-COM-01/02/03/04,
// SUC-DAT-02, SUC-PER-01, SUC-SEZ-01/02/03, SUC-STA-01/02.
func (r *Registry) PassingPersons(ctx context.Context, req electoral.Request, id, after string,
	limit int) ([]string, error) {
	a := r.begin(req, electoral.OpReadSuccessions, req.Actor.Comune)
	a.takes("id", id)
	a.takes("after", after)
	limit, faults := pageLimit(limit)
	var page []string
	err := a.read(ctx, append(a.officerOf(a.comune), faults...), func(on *electoral.Entry) error {
		return r.store.View(ctx, func(rd Reader) error {
			page = []string{}
			rep, err := a.successionOf(ctx, rd, id)
			if err != nil {
				return err
			}
			if rep.State != SuccessionProposed {
				return electoral.Faults{electoral.NewFault(electoral.SuccessionStep, "id", id,
					electoral.Args{"state": rep.State.Italian()})}
			}
			p, faults, err := a.checkPassage(ctx, rd, rep.Succession)
			if err != nil || faults.Err() != nil {
				return join(err, faults.Err())
			}
			ids, faults, err := a.passingIDs(ctx, rd, rep.Succession, p)
			if err != nil || faults.Err() != nil {
				return join(err, faults.Err())
			}
			for _, id := range sortedKeys(ids) {
				if id > after && len(page) < limit {
					page = append(page, id)
				}
			}
			setRows(on, len(page))
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// ConfirmSuccession carries out the passage of a part of a territory that the other
// comune has proposed, as the officer of the comune that cedes it. hash is the
// proposal's ([SuccessionReport].Hash): it stands for the list of persons and for
// where each of them is. If anything of that has changed since, nothing is done, and
// [electoral.SuccessionPersons] asks for a new proposal.
//
// Codes: of every service, of a change, of a section; REG-COM-01, SUC-COM-01/02/03/04,
// SUC-DAT-02, SUC-PER-01/02, SUC-SEZ-01/02/03, SUC-STA-01/02/04/05.
func (r *Registry) ConfirmSuccession(ctx context.Context, req electoral.Request,
	id, hash string) (SuccessionReport, electoral.Faults, error) {
	r = r.made()
	a := r.begin(req, electoral.OpConfirmSuccession, req.Actor.Comune)
	a.takes("id", id)
	a.takes("hash", hash)
	admitted := a.gated(a.officerOf(a.comune))
	var s Succession
	err := r.store.View(ctx, func(rd Reader) error {
		rep, err := a.successionOf(ctx, rd, id)
		s = rep.Succession
		if _, unknown := err.(electoral.Faults); unknown {
			return nil // it is judged in the update
		}
		return err
	})
	if err != nil {
		a.failed = named(err)
	}
	payload := struct{ ID, Hash string }{id, hash}
	return inChains(ctx, a, admitted, s, func() (SuccessionReport, electoral.Faults, error) {
		return perform(ctx, a, admitted, payload, func(w Writer) (SuccessionReport, electoral.Faults, error) {
			return a.confirm(ctx, w, id, hash)
		})
	})
}

func (a *action) confirm(ctx context.Context, w Writer, id, hash string) (SuccessionReport, electoral.Faults, error) {
	rep, err := a.successionOf(ctx, w, id)
	if err != nil {
		return rep, nil, err
	}
	s := rep.Succession
	switch {
	case rep.State != SuccessionProposed:
		return rep, nil, electoral.Faults{electoral.NewFault(electoral.SuccessionStep, "id", id,
			electoral.Args{"state": rep.State.Italian()})}
	case a.comune != s.Ceased[0]:
		return rep, nil, electoral.Faults{electoral.NewFault(electoral.SuccessionStep.In("side"), "id", id,
			electoral.Args{"comune": a.r.label(s.Ceased[0])})}
	case hash != rep.Hash:
		return rep, nil, electoral.Faults{electoral.NewFault(electoral.SuccessionStep.In("list"), "hash", hash, nil)}
	}
	p, faults, err := a.checkPassage(ctx, w, s)
	if err != nil || faults.Err() != nil {
		return rep, nil, join(err, faults.Err())
	}
	list, more, err := a.passing(ctx, w, s, p)
	if err != nil {
		return rep, nil, err
	}
	now, err := passageHash(rep, list)
	if err != nil {
		return rep, nil, err
	}
	if more.Err() != nil || now != rep.Hash {
		return rep, nil, append(more, electoral.NewFault(electoral.SuccessionPersons.In("changed"), "persons", id, nil))
	}
	rep.State, rep.At, rep.Electors = SuccessionDone, a.at, 0
	m := a.newSuccession(ctx, w, rep, s, p)
	m.ids = map[string]bool{}
	for _, who := range list {
		m.ids[who.ANPRID] = true
	}
	if err := m.run(); err != nil {
		return rep, nil, err
	}
	return m.rep, append(faults, m.told...), nil
}

// WithdrawSuccession ends a proposal that is not confirmed, as the officer of either
// comune.
//
// Codes: of every service, of a change; REG-COM-01, SUC-STA-01/02.
func (r *Registry) WithdrawSuccession(ctx context.Context, req electoral.Request, id string) (SuccessionReport, error) {
	a := r.begin(req, electoral.OpWithdrawSuccession, req.Actor.Comune)
	a.takes("id", id)
	rep, _, err := perform(ctx, a, a.officerOf(a.comune), id, func(w Writer) (SuccessionReport, electoral.Faults, error) {
		rep, err := a.successionOf(ctx, w, id)
		if err != nil {
			return rep, nil, err
		}
		if rep.State != SuccessionProposed {
			return rep, nil, electoral.Faults{electoral.NewFault(electoral.SuccessionStep, "id", id,
				electoral.Args{"state": rep.State.Italian()})}
		}
		rep.State = SuccessionWithdrawn
		return rep, nil, a.putSuccession(ctx, w, rep)
	})
	return rep, err
}
