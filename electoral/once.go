package electoral

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Repeated is the outcome of an [Access] that gave the answer of an earlier
// request with the same id, and did nothing.
const Repeated = "repeated"

// A reply is an answer as it is kept.
type reply struct {
	Answer   json.RawMessage `json:"answer,omitempty"`
	Warnings Faults          `json:"warnings,omitempty"`
	Refusal  Faults          `json:"refusal,omitempty"`
}

// perform runs a writing operation of a comune, a.Comune, with effect once:
// the same request id with the same payload gives the earlier answer. fn runs
// within one update, which also keeps the answer; it may run again when the
// store must retry. A refusal is kept too, after what a.refused does.
func perform[T any](ctx context.Context, a *access, admitted Faults, payload any, fn func(w Writer) (T, Faults, error)) (T, Faults, error) {
	var none T
	if err := admitted.Err(); err != nil {
		return none, nil, join(err, a.record(ctx, Outcome(err)))
	}
	if err := a.record(ctx, Requested); err != nil {
		return none, nil, err
	}
	secret, err := json.Marshal(struct {
		Operation           Operation
		Comune, Subject, ID string
		Payload             any
	}{a.Operation, a.Comune, a.Subject, a.RequestID, payload})
	if err != nil {
		err = fmt.Errorf("electoral: %w", err)
		return none, nil, join(err, a.record(ctx, Outcome(err)))
	}
	var answer T
	var warnings Faults
	var earlier *reply
	err = a.store.Update(ctx, func(w Writer) error {
		answer, warnings, earlier = none, nil, nil
		var err error
		if earlier, err = a.earlier(ctx, w, secret); err != nil || earlier != nil {
			return err
		}
		if answer, warnings, err = fn(w); err != nil {
			return err
		}
		data, err := json.Marshal(answer)
		if err != nil {
			return fmt.Errorf("electoral: %w", err)
		}
		return a.keep(ctx, w, secret, reply{Answer: data, Warnings: warnings.Warnings()})
	})
	if earlier != nil {
		answer, warnings, err = none, earlier.Warnings, earlier.Refusal.Err()
		if err == nil {
			err = json.Unmarshal(earlier.Answer, &answer)
		}
		if unrecorded := a.record(ctx, Repeated); unrecorded != nil {
			return none, nil, join(err, unrecorded) // nothing is shown that is not on record
		}
		return answer, warnings, err
	}
	if refusal, ok := errors.AsType[Faults](err); ok && !refusal.Has(RequestIDReused) && !refusal.Has(RequestIDOld) {
		err = join(err, a.store.Update(ctx, func(w Writer) error { return a.keepRefusal(ctx, w, secret, refusal) }))
	}
	unrecorded := a.record(ctx, Outcome(err))
	if err != nil { // then [ErrOutcomeNotRecorded] would say that the write stands
		if unrecorded != nil {
			err = fmt.Errorf("%w (%v)", err, unrecorded)
		}
		return none, nil, err
	}
	return answer, warnings.Warnings(), unrecorded
}

// keepRefusal keeps a refusal, unless somebody else was served meanwhile.
func (a *access) keepRefusal(ctx context.Context, w Writer, secret []byte, refusal Faults) error {
	switch earlier, err := a.earlier(ctx, w, secret); {
	case earlier != nil:
		return nil
	case err != nil:
		// Another id came in between: this one can never be repeated.
		if _, late := errors.AsType[Faults](err); late {
			return nil
		}
		return err
	}
	if a.refused != nil {
		if err := a.refused(w, refusal); err != nil {
			return err
		}
	}
	return a.keep(ctx, w, secret, reply{Refusal: refusal})
}

// replyID is the id under which a reply is kept: citizens of one comune do not
// share their ids with each other.
func (a *access) replyID() string {
	if a.req.Actor.Role == OfficerRole {
		return "o:" + a.RequestID
	}
	return "c:" + a.Subject + ":" + a.RequestID
}

// lastReply is the id of the record with the highest number that a comune has
// sent.
const lastReply = "last"

// earlier returns the reply to a request that was answered before, or nil. It
// refuses an id that was used for another request, and one that is a number
// lower than the last.
func (a *access) earlier(ctx context.Context, w Writer, secret []byte) (*reply, error) {
	rec, err := w.Record(ctx, a.Comune, ReplyBook, a.replyID())
	switch {
	case err == nil && (rec.Expires.IsZero() || rec.Expires.After(a.At)):
		var r reply
		if data, err := unsealReply(secret, rec.Body); err != nil || json.Unmarshal(data, &r) != nil {
			return nil, Faults{NewFault(RequestIDReused, "request.id", a.RequestID, "L'identificativo è già stato usato per una richiesta diversa.", "un identificativo nuovo, oppure la stessa richiesta")}
		}
		return &r, nil
	case err != nil && !errors.Is(err, ErrNotFound):
		return nil, err
	}
	if !a.ordered() {
		return nil, nil
	}
	last, err := a.lastID(ctx, w)
	if err == nil && last != "" && compareNumbers(a.RequestID, last) <= 0 {
		err = Faults{NewFault(RequestIDOld, "request.id", a.RequestID, "L'identificativo non è noto ed è minore o uguale all'ultimo inviato dal comune.", "un numero maggiore di "+last)}
	}
	return nil, err
}

// ordered says whether the id is one of those of which ANPR wants an order: a
// number that a comune sends.
func (a *access) ordered() bool { return a.req.Actor.Role == OfficerRole && AllDigits(a.RequestID) }

func (a *access) lastID(ctx context.Context, w Writer) (string, error) {
	rec, err := w.Record(ctx, a.Comune, ReplyBook, lastReply)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return string(rec.Body), err
}

// compareNumbers compares two texts of digits as numbers.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// keep keeps the reply of a request.
func (a *access) keep(ctx context.Context, w Writer, secret []byte, r reply) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("electoral: %w", err)
	}
	body, err := sealReply(secret, data)
	if err != nil {
		return fmt.Errorf("electoral: %w", err)
	}
	if err := w.PutRecord(ctx, Record{Comune: a.Comune, Book: ReplyBook, ID: a.replyID(), At: a.At, Expires: a.At.Add(a.retention.Replies), Body: body}); err != nil || !a.ordered() {
		return err
	}
	return w.PutRecord(ctx, Record{Comune: a.Comune, Book: ReplyBook, ID: lastReply, At: a.At, Body: []byte(a.RequestID)})
}

// A kept reply may hold values that a later change must leave no trace of
// (annex 2, services for the comuni 5). Its key is the request itself: only
// who sends the same request again can read it, or tell that it is the same.

const replySalt = 16

func replyCipher(secret, salt []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, salt, "anpr electoral reply", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func sealReply(secret, data []byte) ([]byte, error) {
	salt := make([]byte, replySalt)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	c, err := replyCipher(secret, salt)
	if err != nil {
		return nil, err
	}
	return c.Seal(salt, nil, data, nil), nil
}

func unsealReply(secret, body []byte) ([]byte, error) {
	if len(body) < replySalt {
		return nil, errors.New("electoral: kept reply is too short")
	}
	c, err := replyCipher(secret, body[:replySalt])
	if err != nil {
		return nil, err
	}
	return c.Open(nil, nil, body[replySalt:], nil)
}

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
	// Votes are the places that removed electors kept for a vote that is over:
	// the comune that they left knows them no more.
	Votes int
}

// pastVotes clears the votes of removed electors that are over.
func pastVotes(ctx context.Context, w Writer, comune string, today Date) (int, error) {
	var over []Elector
	for e, err := range w.Enrolled(ctx, StillVotesList, comune, "") {
		if err != nil {
			return 0, err
		}
		if !e.Removal.stillVotes(today) {
			over = append(over, e.Clone())
		}
	}
	for _, e := range over {
		_, home, err := w.Elector(ctx, e.ANPRID)
		if err != nil {
			return 0, err
		}
		e.Removal.StillVotes = nil
		if err := w.PutElector(ctx, home, e); err != nil {
			return 0, err
		}
	}
	return len(over), nil
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

// Expire removes from the books of some comuni, or with none named of all
// those of the last twenty years, what [Retention] keeps no longer, and the
// places of removed electors for votes that are over. It is meant for a daily
// task, followed by the purge of the store; it is no access to anybody's data
// and is not recorded.
func (r *Registry) Expire(ctx context.Context, comuni ...string) (Expiry, error) {
	at := r.now().UTC().Truncate(time.Millisecond)
	if len(comuni) == 0 {
		// Replies to who is of no comune stand under the empty code; and comuni
		// that are no more may have left something.
		named := map[string]bool{"": true}
		for year := range 20 {
			for c := range r.checker.Tables().Comuni(today(at).AddYears(-year)) {
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
				one.Votes, err = pastVotes(ctx, w, comune, today(at))
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
