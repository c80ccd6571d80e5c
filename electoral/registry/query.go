package registry

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// A Query asks for electors of a comune ("consultazione", annex 2, services
// for the comuni 3): by fields of annex 1 and their combinations, by kind of
// operation, by interval of time. All that is given must hold. It reaches the
// electors whom the comune registered or has in one of its lists, and no
// others, whatever the conditions say.
type Query struct {
	// Comune is the officer's.
	Comune string
	// Where are conditions on fields, also derived ones.
	Where []Condition
	// Operations, Revisions, From and To select the electors of whom the
	// operation journal has such an entry, at an instant from From on and
	// before To. If all four are empty, and Since is 0, the journal is not consulted.
	Operations []electoral.Operation
	Revisions  []electoral.Revision
	From, To   time.Time
	// Since selects the electors of whom the journal has an entry of a later change
	// than that with this number. A program that follows the lists gives the Seq of the
	// first page of its query before, the first time of one without Since: it is then
	// told of each elector whom a change has touched, whatever the clock says. Who was
	// deleted from every list is in no page: [Registry.Journal] names him.
	Since int64
	// After is the ANPR id after which the page begins: a page's Next. Limit is
	// the most that it holds, 1 to 1,000; zero means 100.
	After string
	Limit int
}

// A QueryPage is one page of the answer to a [Query], in the order of ANPR id.
// Pages do not overlap, whatever is written between them: an elector who is
// there from the first page to the last stands in exactly one.
type QueryPage struct {
	Found []Listed
	// Next begins the next page; empty on the last.
	Next string
	// Seq is the number of the last change of the comune that the page shows.
	Seq int64
}

// Query returns a page of the electors whom a query selects, with the persons
// behind them.
//
// Codes: of every service; REG-COM-01, REG-CON-01/02/03/04/05/06.
func (r *Registry) Query(ctx context.Context, req electoral.Request, q Query) (QueryPage, error) {
	a := r.begin(req, electoral.OpQuery, q.Comune)
	a.takes("", q)
	limit, faults := pageLimit(q.Limit)
	var page QueryPage
	err := a.read(ctx, append(append(a.officerOf(q.Comune), faults...), q.check()...), func(on *electoral.Entry) error {
		return r.store.View(ctx, func(rd Reader) error {
			page = QueryPage{Found: []Listed{}}
			var err error
			if page.Seq, err = lastSince(ctx, rd, q.Comune, q.Since, "since"); err != nil {
				return err
			}
			err = a.search(ctx, rd, q, func(e electoral.Elector) (bool, error) {
				if len(page.Found) == limit {
					page.Next = page.Found[limit-1].Elector.ANPRID
					return false, nil
				}
				page.Found = append(page.Found, Listed{Elector: e})
				return true, nil
			})
			if err != nil {
				return err
			}
			setRows(on, len(page.Found))
			return r.addPersons(ctx, page.Found)
		})
	})
	if err != nil {
		return QueryPage{}, err
	}
	return page, nil
}

// Count returns how many electors a query selects; After and Limit must be
// zero.
//
// Codes: of every service; REG-COM-01, REG-CON-01/02/03/04/05/06.
func (r *Registry) Count(ctx context.Context, req electoral.Request, q Query) (int, error) {
	a := r.begin(req, electoral.OpCount, q.Comune)
	a.takes("", q)
	faults := append(a.officerOf(q.Comune), q.check()...)
	if q.After != "" || q.Limit != 0 {
		faults = append(faults, electoral.NewFault(electoral.QueryPaging.In("count"), "after", q.After, nil))
	}
	n := 0
	err := a.read(ctx, faults, func(*electoral.Entry) error {
		return r.store.View(ctx, func(rd Reader) error {
			n = 0
			if _, err := lastSince(ctx, rd, q.Comune, q.Since, "since"); err != nil {
				return err
			}
			return a.search(ctx, rd, q, func(electoral.Elector) (bool, error) { n++; return true, nil })
		})
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// search calls fn for each elector whom a query selects, until it returns
// false.
func (a *action) search(ctx context.Context, rd Reader, q Query, fn func(electoral.Elector) (bool, error)) error {
	s := Search{Comune: q.Comune, After: q.After}
	var derived []Condition
	for _, c := range q.Where {
		if fieldOf(c.Field).Derived {
			derived = append(derived, c)
		} else {
			s.Where = append(s.Where, c)
		}
	}
	if q.journal() {
		s.Touched = &JournalSearch{Since: q.Since, From: q.From, To: q.To, Operations: q.Operations, Revisions: q.Revisions}
	}
	cache := sectionCache{}
	for e, err := range rd.Search(ctx, s) {
		if err != nil {
			return err
		}
		if len(derived) > 0 {
			annex, err := a.r.annex1(ctx, rd, e, cache, a.today())
			if err != nil {
				return err
			}
			if slices.ContainsFunc(derived, func(c Condition) bool { return !c.holds(&e, &annex) }) {
				continue
			}
		}
		if more, err := fn(e); err != nil || !more {
			return err
		}
	}
	return nil
}

func fieldOf(f electoral.Field) electoral.FieldInfo {
	info, _ := electoral.InfoOf(f)
	return info
}

// addPersons fills in the persons.
func (r *Registry) addPersons(ctx context.Context, list []Listed) error {
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].Elector.ANPRID
	}
	persons, err := r.persons(ctx, ids)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Person = persons[list[i].Elector.ANPRID]
	}
	return nil
}

// persons returns the persons whom the population holds, many at once where it can.
func (r *Registry) persons(ctx context.Context, ids []string) (map[string]electoral.Person, error) {
	if many, ok := r.population.(electoral.BulkPopulation); ok {
		return many.ByANPRIDs(ctx, ids)
	}
	persons := make(map[string]electoral.Person, len(ids))
	for _, id := range ids {
		switch p, err := r.population.ByANPRID(ctx, id); {
		case err == nil:
			persons[id] = p
		case !errors.Is(err, electoral.ErrNotFound):
			return nil, err
		}
	}
	return persons, nil
}

func (q Query) journal() bool {
	return len(q.Operations)+len(q.Revisions) > 0 || !q.From.IsZero() || !q.To.IsZero() || q.Since != 0
}

// check judges what is asked.
func (q Query) check() electoral.Faults {
	faults := append(checkInterval(q.From, q.To, q.Operations, q.Revisions), checkSince("since", q.Since)...)
	if q.After != "" && !electoral.ValidANPRID(q.After) {
		faults = append(faults, electoral.NewFault(electoral.QueryPaging.In("after"), "after", q.After, nil))
	}
	for i, c := range q.Where {
		path := "where[" + strconv.Itoa(i) + "]"
		info := fieldOf(c.Field)
		switch {
		case info.Field == "":
			faults = append(faults, electoral.NewFault(electoral.QueryField, path+".field", string(c.Field), nil))
			continue
		case len(c.In) == 0:
			faults = append(faults, electoral.NewFault(electoral.QueryValue, path+".in", "", nil))
		}
		for j, v := range c.In {
			if info.Answer && !slices.Contains([]string{electoral.Yes.String(), electoral.No.String(),
				electoral.NotGiven.String()}, v) {
				faults = append(faults,
					electoral.NewFault(electoral.QueryValue.In("answer"), path+".in["+strconv.Itoa(j)+"]", v,
						electoral.Args{"field": info.Italian}))
			}
		}
		for j, other := range q.Where[:i] {
			if contradict(other, c) {
				faults = append(faults,
					electoral.NewFault(electoral.QueryContradiction, path, string(c.Field),
						electoral.Args{"other": strconv.Itoa(j)}))
			}
		}
	}
	return faults
}

// contradict reports whether two conditions on one field never hold together.
func contradict(a, b Condition) bool {
	if a.Field != b.Field || a.Not && b.Not || len(a.In) == 0 || len(b.In) == 0 {
		return false
	}
	if a.Not {
		a, b = b, a
	}
	// What a allows must be forbidden by b.
	return !slices.ContainsFunc(a.In, func(v string) bool { return slices.Contains(b.In, v) != b.Not })
}

func checkInterval(from, to time.Time, operations []electoral.Operation,
	revisions []electoral.Revision) electoral.Faults {
	var faults electoral.Faults
	if !from.IsZero() && !to.IsZero() && !to.After(from) {
		faults = append(faults,
			electoral.NewFault(electoral.QueryInterval.In("backwards"), "to", to.UTC().Format(time.RFC3339Nano),
				electoral.Args{"from": refdata.DateOf(from.UTC()).Italian() + from.UTC().Format(", ore 15:04:05 UTC")}))
	}
	for i, op := range operations {
		if !slices.Contains(JournalOperations(), op) {
			faults = append(faults,
				electoral.NewFault(electoral.QueryOperation, "operations["+strconv.Itoa(i)+"]", string(op),
					electoral.Args{"expected": joinTexts(JournalOperations())}))
		}
	}
	for i, v := range revisions {
		if !slices.Contains(electoral.Revisions(), v) {
			faults = append(faults,
				electoral.NewFault(electoral.RevisionUnknown.In("query"), "revisions["+strconv.Itoa(i)+"]", string(v),
					electoral.Args{"expected": joinTexts(electoral.Revisions())}))
		}
	}
	return faults
}

// checkSince refuses what is no number of a change.
func checkSince(path string, since int64) electoral.Faults {
	if since >= 0 {
		return nil
	}
	return electoral.Faults{electoral.NewFault(electoral.QueryPaging.In("since"), path, strconv.FormatInt(since, 10), nil)}
}

// lastSince returns the number of the last change of a comune to whoever goes on after
// another one, and refuses him where the journal no longer has all that follow, or where
// it has not come so far.
func lastSince(ctx context.Context, rd Reader, comune string, since int64, path string) (int64, error) {
	s, err := rd.Sequence(ctx, comune)
	if err != nil {
		return 0, err
	}
	args := electoral.Args{"forgotten": strconv.FormatInt(s.Forgotten, 10), "last": strconv.FormatInt(s.Last, 10)}
	value := strconv.FormatInt(since, 10)
	switch {
	case since > 0 && since < s.Forgotten:
		return 0, electoral.Faults{electoral.NewFault(electoral.QueryPaging.In("forgotten"), path, value, args)}
	case since > s.Last:
		return 0, electoral.Faults{electoral.NewFault(electoral.QueryPaging.In("ahead"), path, value, args)}
	}
	return s.Last, nil
}

func joinTexts[S ~string](list []S) string {
	s := ""
	for i, v := range list {
		if i > 0 {
			s += ", "
		}
		s += string(v)
	}
	return s
}

// JournalOperations returns the operations that the operation journal knows.
func JournalOperations() []electoral.Operation {
	return []electoral.Operation{electoral.OpEnrol, electoral.OpChange, electoral.OpRemove, electoral.OpAnnul,
		electoral.OpLoseCapacity, electoral.OpRecoverCapacity, electoral.OpCertifiability,
		electoral.OpLoad, electoral.OpUndoLoad, electoral.OpDecideApplication, electoral.OpMergeIDs,
		electoral.OpDeleteSection, electoral.OpRenumberSection, electoral.OpRedraw, electoral.OpMoveElectors,
		electoral.OpSucceed, electoral.OpUndoSuccession}
}

// A JournalPage is one page of the operation journal, in the order of the changes'
// numbers, of ANPR id and of operation.
type JournalPage struct {
	Entries []JournalEntry
	// Next is the last entry, after which the next page begins; nil on the last
	// page.
	Next *JournalEntry
	// Seq is the number of the last change of the comune that the page shows: after
	// the last page, what follows begins there.
	Seq int64
}

// Journal returns a page of the operation journal of the officer's comune:
// which electors were touched, when and how, without any value. s.ANPRIDs
// holds at most 1,000; limit is 1 to 1,000, zero means 100. The officer of the comune
// that took the place of another reads also the journal of this one.
//
// A program that follows a comune reads all pages of the entries since the Seq of its
// last round: it is told of each operation once. If the journal has forgotten some of
// them ([Retention]), it is refused, and begins again with a whole list.
//
// Codes: of every service; REG-COM-01, REG-CON-04/05/06.
func (r *Registry) Journal(ctx context.Context, req electoral.Request, s JournalSearch,
	limit int) (JournalPage, error) {
	a := r.begin(req, electoral.OpJournal, s.Comune)
	a.takes("", s)
	limit, faults := pageLimit(limit)
	faults = append(faults, checkInterval(s.From, s.To, s.Operations, s.Revisions)...)
	faults = append(append(faults, checkSince("since", s.Since)...), checkSince("until", s.Until)...)
	if len(s.ANPRIDs) > maxPage {
		faults = append(faults,
			electoral.NewFault(electoral.QueryPaging.In("ids"), "anprIds", strconv.Itoa(len(s.ANPRIDs)),
				electoral.Args{"most": strconv.Itoa(maxPage)}))
	}
	var page JournalPage
	err := a.read(ctx, append(a.officerOrHeir(ctx, s.Comune), faults...), func(*electoral.Entry) error {
		return r.store.View(ctx, func(rd Reader) error {
			page = JournalPage{Entries: []JournalEntry{}}
			var err error
			if page.Seq, err = lastSince(ctx, rd, s.Comune, s.Since, "since"); err != nil {
				return err
			}
			for e, err := range rd.Journal(ctx, s) {
				if err != nil {
					return err
				}
				if len(page.Entries) == limit {
					page.Next = &page.Entries[limit-1]
					return nil
				}
				page.Entries = append(page.Entries, e)
			}
			return nil
		})
	})
	if err != nil {
		return JournalPage{}, err
	}
	return page, nil
}

// ElectorByFiscalCode is [Registry.Elector] by codice fiscale. The code is
// compared as it is, so that omocodes are different codes.
//
// Codes: of every service; REG-COM-01, REG-ELE-01, REG-PER-01.
func (r *Registry) ElectorByFiscalCode(ctx context.Context, req electoral.Request,
	code electoral.FiscalCode) (Listed, error) {
	r = r.made()
	a := r.begin(req, electoral.OpReadElector, req.Actor.Comune)
	var out Listed
	faults := a.admit()
	if _, err := electoral.ParseFiscalCode(string(code)); err != nil {
		faults = append(faults, electoral.NewFault(electoral.PersonUnknown.In("invalid-code"), "fiscalCode", "", nil))
	}
	if req.Actor.Role != electoral.OfficerRole && code != req.Actor.FiscalCode {
		// Neither who has the code nor whether anybody has it is revealed.
		faults = append(faults, himself(req.Actor, electoral.Person{})...)
	}
	var person electoral.Person
	if faults.Err() == nil {
		var err error
		switch person, err = r.population.ByFiscalCode(ctx, code); {
		case err == nil:
			a.subject = person.ANPRID
			a.route(ctx, person.ANPRID)
		case errors.Is(err, electoral.ErrNotFound):
			faults = append(faults, electoral.NewFault(electoral.PersonUnknown.In("code"), "fiscalCode", "", nil))
		default:
			a.failed = named(err)
		}
	}
	err := a.read(ctx, faults, func(*electoral.Entry) error {
		found, err := r.stored(ctx, person.ANPRID)
		if err != nil {
			return err
		}
		out = Listed{Elector: found.elector, Person: person}
		return r.mayRead(req.Actor, person, found, a.today()).Err()
	})
	if err != nil {
		return Listed{}, err
	}
	return out, nil
}
