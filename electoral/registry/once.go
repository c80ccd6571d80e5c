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
	"fmt"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
)

// A reply is an answer as it is kept.
type reply struct {
	Answer   json.RawMessage  `json:"answer,omitempty"`
	Warnings electoral.Faults `json:"warnings,omitempty"`
	Refusal  electoral.Faults `json:"refusal,omitempty"`
}

// perform runs a writing operation of a comune, a.Comune, with effect once:
// the same request id with the same payload gives the earlier answer. fn runs
// within one update, which also keeps the answer; it may run again when the
// store must retry. A refusal is kept too, after what a.refused does.
func perform[T any](ctx context.Context, a *access, admitted electoral.Faults, payload any, fn func(w Writer) (T, electoral.Faults, error)) (T, electoral.Faults, error) {
	var none T
	if err := admitted.Err(); err != nil {
		return none, nil, join(err, a.record(ctx, electoral.Outcome(err)))
	}
	if err := a.record(ctx, electoral.Requested); err != nil {
		return none, nil, err
	}
	secret, err := json.Marshal(struct {
		Operation           electoral.Operation
		Comune, Subject, ID string
		Payload             any
	}{a.Operation, a.Comune, a.Subject, a.RequestID, payload})
	if err != nil {
		err = fmt.Errorf("registry: %w", err)
		return none, nil, join(err, a.record(ctx, electoral.Outcome(err)))
	}
	var answer T
	var warnings electoral.Faults
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
			return fmt.Errorf("registry: %w", err)
		}
		return a.keep(ctx, w, secret, reply{Answer: data, Warnings: warnings.Warnings()})
	})
	if earlier != nil {
		answer, warnings, err = none, earlier.Warnings, earlier.Refusal.Err()
		if err == nil {
			err = json.Unmarshal(earlier.Answer, &answer)
		}
		if unrecorded := a.record(ctx, electoral.Repeated); unrecorded != nil {
			return none, nil, join(err, unrecorded) // nothing is shown that is not on record
		}
		return answer, warnings, err
	}
	if refusal, ok := errors.AsType[electoral.Faults](err); ok && !refusal.Has(electoral.RequestIDReused) && !refusal.Has(electoral.RequestIDOld) {
		err = join(err, a.store.Update(ctx, func(w Writer) error { return a.keepRefusal(ctx, w, secret, refusal) }))
	}
	unrecorded := a.record(ctx, electoral.Outcome(err))
	if err != nil { // then [electoral.ErrOutcomeNotRecorded] would say that the write stands
		if unrecorded != nil {
			err = fmt.Errorf("%w (%v)", err, unrecorded)
		}
		return none, nil, err
	}
	return answer, warnings.Warnings(), unrecorded
}

// keepRefusal keeps a refusal, unless somebody else was served meanwhile.
func (a *access) keepRefusal(ctx context.Context, w Writer, secret []byte, refusal electoral.Faults) error {
	switch earlier, err := a.earlier(ctx, w, secret); {
	case earlier != nil:
		return nil
	case err != nil:
		// Another id came in between: this one can never be repeated.
		if _, late := errors.AsType[electoral.Faults](err); late {
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
	if a.req.Actor.Role == electoral.OfficerRole {
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
			return nil, electoral.Faults{electoral.NewFault(electoral.RequestIDReused, "request.id", a.RequestID, "L'identificativo è già stato usato per una richiesta diversa.", "un identificativo nuovo, oppure la stessa richiesta")}
		}
		return &r, nil
	case err != nil && !errors.Is(err, electoral.ErrNotFound):
		return nil, err
	}
	if !a.ordered() {
		return nil, nil
	}
	last, err := a.lastID(ctx, w)
	if err == nil && last != "" && compareNumbers(a.RequestID, last) <= 0 {
		err = electoral.Faults{electoral.NewFault(electoral.RequestIDOld, "request.id", a.RequestID, "L'identificativo non è noto ed è minore o uguale all'ultimo inviato dal comune.", "un numero maggiore di "+last)}
	}
	return nil, err
}

// ordered says whether the id is one of those of which ANPR wants an order: a
// number that a comune sends.
func (a *access) ordered() bool {
	return a.req.Actor.Role == electoral.OfficerRole && electoral.AllDigits(a.RequestID)
}

func (a *access) lastID(ctx context.Context, w Writer) (string, error) {
	rec, err := w.Record(ctx, a.Comune, ReplyBook, lastReply)
	if errors.Is(err, electoral.ErrNotFound) {
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
		return fmt.Errorf("registry: %w", err)
	}
	body, err := sealReply(secret, data)
	if err != nil {
		return fmt.Errorf("registry: %w", err)
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
		return nil, errors.New("registry: kept reply is too short")
	}
	c, err := replyCipher(secret, body[:replySalt])
	if err != nil {
		return nil, err
	}
	return c.Open(nil, nil, body[replySalt:], nil)
}
