package registry

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// A Retention says how long the registry's own books keep what is no longer
// needed for the lists. Nothing is removed before [Registry.Expire] has run,
// and its bytes stand in the files until the store is purged.
type Retention struct {
	// Replies is how long the answer to a request can be had again with the
	// same id. They can be read only with the request. Zero means seven days.
	Replies time.Duration
	// Closed is how long a conflict, a rectification or an application stays
	// after it is closed. What a rectification says of present and asked values
	// goes at once. Zero means 180 days, which ANPR keeps its notices (D.P.C.M.
	// 194/2014, annex D).
	Closed time.Duration
	// Journal is how long the operation journal keeps an entry, and so how long
	// a first load can be undone. Zero means for ever: it holds no value.
	Journal time.Duration
}

func (r Retention) withDefaults() Retention {
	if r.Replies == 0 {
		r.Replies = 7 * 24 * time.Hour
	}
	if r.Closed == 0 {
		r.Closed = 180 * 24 * time.Hour
	}
	return r
}

// An Expiry counts what [Registry.Expire] removed.
type Expiry struct {
	// Records are replies, conflicts, rectifications and applications; Journal
	// the entries of the operation journal.
	Records, Journal int
	// Votes counts the votes of removed electors that are over: without another
	// the comune that they left no longer finds them.
	Votes int
}

// over says of a kept vote whether it is over on a day: after the last day of the
// vote called in its comune or, if none is known, after its day.
func (r *Registry) over(today electoral.Date) func(electoral.KeptVote) bool {
	return func(v electoral.KeptVote) bool {
		vote, _ := r.voteOf(v.Comune, v.Consultation, v.Day)
		return vote.Last().Before(today)
	}
}

// placesAt yields the places of an elector without the votes that are over: their
// comune no longer has to do with him.
func (r *Registry) placesAt(e electoral.Elector, today electoral.Date) iter.Seq2[electoral.List, electoral.Enrolment] {
	e.DropVotes(r.over(today))
	return e.Places()
}

// pastVotes clears the votes of removed electors that are over.
func (r *Registry) pastVotes(ctx context.Context, w Writer, comune string, today electoral.Date) (int, error) {
	isOver := r.over(today)
	past := func(v electoral.KeptVote) bool { return v.Comune == comune && isOver(v) }
	var over []electoral.Elector
	seen := map[string]bool{} // who has votes in two sections is yielded in each
	votes := 0
	for e, err := range w.Enrolled(ctx, electoral.StillVotesList, comune, "") {
		if err != nil {
			return 0, err
		}
		if slices.ContainsFunc(e.KeptVotes, past) && !seen[e.ANPRID] {
			seen[e.ANPRID] = true
			over = append(over, e.Clone())
		}
	}
	for _, e := range over {
		_, home, err := w.Elector(ctx, e.ANPRID)
		if err != nil {
			return 0, err
		}
		before := len(e.KeptVotes)
		e.DropVotes(past)
		votes += before - len(e.KeptVotes)
		if err := w.PutElector(ctx, home, e); err != nil {
			return 0, err
		}
	}
	return votes, nil
}

// forgetJoined takes from the loads that can no longer be undone what only
// their undoing needs.
func forgetJoined(ctx context.Context, w Writer, comune string, before time.Time) error {
	var past []Record
	var bodies []loadRecord
	for rec, err := range w.Records(ctx, RecordSearch{Book: LoadBook, Comune: comune}) {
		if err != nil {
			return err
		}
		var first loadRecord
		if err := decodeRecord(rec, &first); err != nil {
			return err
		}
		if first.Joined != nil && !first.At.After(before) {
			first.Joined = nil
			past, bodies = append(past, rec), append(bodies, first)
		}
	}
	for i, rec := range past {
		if err := putRecord(ctx, w, rec, bodies[i]); err != nil {
			return err
		}
	}
	return nil
}

// Expire removes from the books of the named comuni what [Retention] no longer
// keeps, and the places of removed electors for votes that are over. Without
// names it does so for every comune of the last twenty years. It is meant for a
// daily task, followed by the purge of the store. It is not an access to
// anybody's data and is not recorded.
func (r *Registry) Expire(ctx context.Context, comuni ...string) (Expiry, error) {
	r = r.made()
	at := r.calendar.Now()
	if len(comuni) == 0 {
		// Replies to persons without a comune stand under the empty code, and
		// comuni that have ceased may have left something.
		named := map[string]bool{"": true}
		for year := range 20 {
			for c := range r.tables.Comuni(r.calendar.Day(at).AddYears(-year)) {
				named[c.Belfiore] = true
			}
		}
		comuni = slices.Sorted(maps.Keys(named))
	}
	var sum Expiry
	for _, comune := range comuni {
		var one Expiry
		err := r.store.Update(ctx, func(w Writer) error {
			one = Expiry{}
			var err error
			if one.Records, err = w.ExpireRecords(ctx, comune, at); err != nil {
				return err
			}
			if err == nil {
				one.Votes, err = r.pastVotes(ctx, w, comune, r.calendar.Day(at))
			}
			if err == nil && r.retention.Journal > 0 {
				one.Journal, err = w.Forget(ctx, comune, at.Add(-r.retention.Journal))
				if err == nil {
					err = forgetJoined(ctx, w, comune, at.Add(-r.retention.Journal))
				}
			}
			return err
		})
		if err != nil {
			return sum, err
		}
		sum.Records += one.Records
		sum.Journal += one.Journal
		sum.Votes += one.Votes
	}
	return sum, nil
}
