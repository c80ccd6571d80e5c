package registry

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
)

// A reply is an answer as it is kept.
type reply struct {
	Answer   json.RawMessage  `json:"answer,omitempty"`
	Warnings electoral.Faults `json:"warnings,omitempty"`
	Refusal  electoral.Faults `json:"refusal,omitempty"`
}

// perform runs a writing operation of a comune, a.comune, with effect once: the
// same request id with the same payload gives the earlier answer. fn runs
// within one update, which also keeps the answer; it may run again when the
// store must retry. A refusal is kept too, after what a.refused does. An answer
// that is not on record is not returned, except that to a change that stands.
func perform[T any](ctx context.Context, a *action, admitted electoral.Faults, payload any,
	fn func(w Writer) (T, electoral.Faults, error)) (T, electoral.Faults, error) {
	var none, answer T
	var warnings electoral.Faults
	repeated := false
	admitted = append(admitted, a.checkRecovery()...)
	if a.unwritten || admitted.Err() != nil {
		admitted = a.gated(admitted)
	}
	a.rechain(ctx)
	err := a.passage(admitted).Do(ctx, func(on *electoral.Entry) error {
		if r := a.req.Recovery; r != nil {
			on.Set("recovery", r.Day.String()+" "+strings.TrimSpace(r.Act))
		}
		secret, err := a.secretOf(payload)
		if err != nil {
			return err
		}
		var earlier *reply
		answer, warnings, earlier, err = once(ctx, a, on, secret, fn)
		if err = a.ascertain(ctx, on, err); err != nil {
			on.Withdraw()
		}
		// That the comune has ceased is not the answer to the request: it is nobody's
		// there until a succession is undone.
		if refusal, ok := errors.AsType[electoral.Faults](err); ok && !refusal.Has(electoral.ComuneCeased) {
			// The same request, sent twice at once, may have been answered meanwhile:
			// it gets one answer.
			unkept := a.r.store.Update(ctx, func(w Writer) (err error) {
				on.Withdraw()
				if earlier, err = a.keepRefusal(ctx, w, secret, refusal); err != nil || earlier != nil {
					return err
				}
				return a.recordWithin(ctx, w, on, electoral.Outcome(refusal))
			})
			if unkept = a.ascertain(ctx, on, unkept); unkept != nil {
				on.Withdraw()
			}
			if err = join(err, unkept); unkept != nil {
				earlier = nil
			}
		}
		if a.details != nil {
			a.details(on)
		}
		if earlier != nil {
			repeated = true
			on.SetOutcome(electoral.Repeated)
			answer, warnings = none, earlier.Warnings
			if err := earlier.Refusal.Err(); err != nil {
				return err
			}
			return json.Unmarshal(earlier.Answer, &answer)
		}
		return err
	})
	if err != nil && (repeated || !errors.Is(err, electoral.ErrOutcomeNotRecorded)) {
		return none, nil, err
	}
	return answer, warnings.Warnings(), err
}

// A secret is what a kept answer is sealed with: the request itself.
type secret struct {
	now []byte
	// earlier are the forms that the same request may have had in an earlier
	// version of this program, under which its answer may have been kept.
	earlier [][]byte
	// of returns the secret of the same request to another comune.
	of func(comune string) (secret, error)
}

// secretOf returns the secret under which an answer is kept.
func (a *action) secretOf(payload any) (secret, error) {
	s, err := a.secretAt(a.comune, payload)
	s.of = func(comune string) (secret, error) { return a.secretAt(comune, payload) }
	return s, err
}

func (a *action) secretAt(comune string, payload any) (secret, error) {
	type whole struct {
		Operation           electoral.Operation
		Comune, Subject, ID string
		Payload             any
		Recovery            *electoral.Recovery `json:",omitempty"`
		Message             bool                `json:",omitempty"`
	}
	var s secret
	for i, form := range append([]any{payload}, earlierForms(payload)...) {
		text, err := json.Marshal(whole{
			Operation: a.op, Comune: comune, Subject: a.subject, ID: a.req.ID, Payload: form,
			Recovery: a.req.Recovery, Message: a.req.Message,
		})
		switch {
		case err != nil:
			return secret{}, named(err)
		case i == 0:
			s.now = text
		default:
			s.earlier = append(s.earlier, text)
		}
	}
	return s, nil
}

// earlierForms returns other forms that a payload may have had.
func earlierForms(payload any) []any {
	switch p := payload.(type) {
	case RemovalRequest:
		return p.earlierForms()
	case electoral.Elector:
		if form, ok := earlierForm(p); ok {
			return []any{form}
		}
	}
	return nil
}

// open reads a reply that was sealed with the secret.
func (s secret) open(body []byte) ([]byte, error) {
	data, err := unsealReply(s.now, body)
	for _, form := range s.earlier {
		if err == nil {
			break
		}
		data, err = unsealReply(form, body)
	}
	return data, err
}

// once does the work in one update and keeps its answer, or returns the earlier
// reply.
func once[T any](ctx context.Context, a *action, on *electoral.Entry, s secret,
	fn func(w Writer) (T, electoral.Faults, error)) (answer T, warnings electoral.Faults, earlier *reply, err error) {
	var none T
	err = a.r.store.Update(ctx, func(w Writer) error {
		answer, warnings, earlier = none, nil, nil
		on.Withdraw()
		if err := a.lock(ctx, w); err != nil {
			return err
		}
		told, refusal, err := a.stand(ctx, w)
		if err != nil {
			return err
		}
		if earlier, err = a.earlier(ctx, w, s); earlier != nil {
			return nil
		}
		// A request that was answered before the comune ceased has its answer still.
		if refusal.Err() != nil {
			return refusal
		}
		if err != nil {
			return err
		}
		answer, warnings, err = fn(w)
		if err = a.judged(warnings, err); err != nil {
			return err
		}
		warnings = append(told, warnings...)
		if err := a.besides(ctx, w, nil); err != nil {
			return err
		}
		data, err := json.Marshal(answer)
		if err != nil {
			return named(err)
		}
		if err := a.keep(ctx, w, s, reply{Answer: data, Warnings: warnings.Warnings()}); err != nil {
			return err
		}
		return a.recordWithin(ctx, w, on, electoral.Granted)
	})
	return answer, warnings, earlier, err
}

// lock takes for the update what is known to be needed: the comune that acts and, as
// far as it was looked up for the log, the one that has registered the person.
func (a *action) lock(ctx context.Context, w Writer) error {
	locker, ok := w.(Locker)
	if !ok || a.chain == a.comune || a.chain == "" {
		return nil
	}
	return locker.Lock(ctx, a.comune, a.chain)
}

// join returns the one error of two that is not nil, or both joined, so that
// the usual single error keeps its type.
func join(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return errors.Join(a, b)
}

// keepRefusal keeps a refusal, or returns the reply that the same request has got
// meanwhile.
func (a *action) keepRefusal(ctx context.Context, w Writer, s secret, refusal electoral.Faults) (*reply, error) {
	switch earlier, err := a.earlier(ctx, w, s); {
	case earlier != nil:
		return earlier, nil
	case err != nil:
		// The id is too old, or of another request, or became so in between: a
		// refusal for that reason is not the answer to it.
		if _, late := errors.AsType[electoral.Faults](err); late {
			return nil, nil
		}
		return nil, err
	}
	if a.refused != nil {
		if err := a.refused(w, refusal); err != nil {
			return nil, err
		}
	}
	if err := a.besides(ctx, w, refusal); err != nil {
		return nil, err
	}
	return nil, a.keep(ctx, w, s, reply{Refusal: refusal})
}

// besides does what [Registry.Also] adds to the update.
func (a *action) besides(ctx context.Context, w Writer, refusal electoral.Faults) error {
	if a.r.also == nil {
		return nil
	}
	return a.r.also(ctx, w, refusal)
}

// replyID is the id under which a reply is kept: citizens of one comune do not
// share their ids with each other.
func (a *action) replyID() string {
	if a.req.Actor.Role == electoral.OfficerRole {
		return "o:" + a.req.ID
	}
	return "c:" + a.subject + ":" + a.req.ID
}

// earlier returns the reply to a request that was answered before, or nil. It
// refuses an id that was used for another request, and one that is a number
// lower than the last.
func (a *action) earlier(ctx context.Context, w Writer, s secret) (*reply, error) {
	rec, err := w.Record(ctx, a.comune, ReplyBook, a.replyID())
	switch {
	case err == nil && (rec.Expires.IsZero() || rec.Expires.After(a.at)):
		var r reply
		if data, err := s.open(rec.Body); err != nil || json.Unmarshal(data, &r) != nil {
			return nil, electoral.Faults{electoral.NewFault(electoral.RequestIDReused, "request.id", a.req.ID, nil)}
		}
		return &r, nil
	case err != nil && !errors.Is(err, electoral.ErrNotFound):
		return nil, err
	}
	if r, err := a.earlierThere(ctx, w, s); r != nil || err != nil {
		return r, err
	}
	if !a.ordered() {
		return nil, nil
	}
	last, err := a.lastID(ctx, w)
	if err != nil {
		return nil, err
	}
	return nil, a.r.inOrder(a.req.ID, last).Err()
}

// earlierThere returns the reply to a request that a comune whose place the acting one
// took has answered before. The ids of the two are apart: another request with that id
// is no fault.
func (a *action) earlierThere(ctx context.Context, w Writer, s secret) (*reply, error) {
	for _, comune := range a.before {
		rec, err := w.Record(ctx, comune, ReplyBook, a.replyID())
		if errors.Is(err, electoral.ErrNotFound) || err == nil && !rec.Expires.After(a.at) {
			continue
		}
		if err != nil {
			return nil, err
		}
		there, err := s.of(comune)
		if err != nil {
			return nil, err
		}
		var r reply
		if data, err := there.open(rec.Body); err == nil && json.Unmarshal(data, &r) == nil {
			return &r, nil
		}
	}
	return nil, nil
}

// keep keeps the reply of a request.
func (a *action) keep(ctx context.Context, w Writer, s secret, r reply) error {
	data, err := json.Marshal(r)
	if err != nil {
		return named(err)
	}
	body, err := sealReply(s.now, data)
	if err != nil {
		return named(err)
	}
	rec := Record{Comune: a.comune, Book: ReplyBook, ID: a.replyID(), At: a.at,
		Expires: a.at.Add(a.r.retention.Replies), Body: body}
	if err := w.PutRecord(ctx, rec); err != nil || !a.ordered() {
		return err
	}
	return w.PutRecord(ctx, Record{Comune: a.comune, Book: ReplyBook, ID: lastReply, At: a.at, Body: []byte(a.req.ID)})
}

// A kept reply may hold values of which a later change must leave no trace
// (annex 2, services for the comuni 5). Its key is the request itself: only a
// caller who sends the same request again can read it, or find out that it is
// the same.

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
		return nil, errors.New("registry: kept reply is too short")
	}
	c, err := replyCipher(secret, body[:replySalt])
	if err != nil {
		return nil, err
	}
	return c.Open(nil, nil, body[replySalt:], nil)
}
