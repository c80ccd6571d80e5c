package registry

import (
	"context"
	"errors"
	"math/big"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
)

// LowerRequestID sets the last number of the requests of the officer's comune lower,
// after one that was sent by mistake was so high that no other can follow
// ([electoral.RequestIDFar] keeps most of them out). Its own request id must not be a
// number. Requests that were answered keep their answers for as long as [Retention]
// says; after that time a number between the new last one and the old is free, and may
// be given again. The access log has the old number and the new one. LowerRequestID
// returns the old one.
//
// Codes: of every service, of a change; REG-COM-01.
func (r *Registry) LowerRequestID(ctx context.Context, req electoral.Request, comune, last string) (string, error) {
	a := r.begin(req, electoral.OpLowerRequestID, comune)
	faults := a.officerOf(comune)
	if last == "" || !electoral.AllDigits(last) || len(last) > maxNumber || electoral.AllDigits(req.ID) {
		faults = append(faults, electoral.NewFault(electoral.RequestIDFar.In("digits"), "last",
			strconv.QuoteToASCII(last[:min(len(last), 100)]), electoral.Args{"most": strconv.Itoa(maxNumber)}))
	}
	from := ""
	a.details = func(on *electoral.Entry) {
		on.Set("last-was", from)
		on.Set("last-is", last)
	}
	old, _, err := perform(ctx, a, faults, last, func(w Writer) (string, electoral.Faults, error) {
		was, err := a.lastID(ctx, w)
		if err != nil {
			return "", nil, err
		}
		from = was
		if was == "" || compareNumbers(last, was) >= 0 {
			return "", nil, electoral.Faults{electoral.NewFault(electoral.RequestIDFar.In("lower"), "last", last,
				electoral.Args{"last": was})}
		}
		return was, nil, w.PutRecord(ctx, Record{Comune: comune, Book: ReplyBook, ID: lastReply, At: a.at,
			Body: []byte(last)})
	})
	return old, err
}

// lastReply is the id of the record with the highest number that a comune has
// sent.
const lastReply = "last"

// ordered reports whether ANPR requires the id to be higher than the last: a
// number that a comune sends.
func (a *action) ordered() bool {
	return a.req.Actor.Role == electoral.OfficerRole && electoral.AllDigits(a.req.ID) &&
		a.op != electoral.OpLowerRequestID
}

func (a *action) lastID(ctx context.Context, w Writer) (string, error) {
	rec, err := w.Record(ctx, a.comune, ReplyBook, lastReply)
	if errors.Is(err, electoral.ErrNotFound) {
		return "", nil
	}
	return string(rec.Body), err
}

// inOrder judges the number of a request by the last one of its comune, which is empty
// if it has sent none: each is higher, but not so much that a slip of the pen would
// shut out all that follow.
func (r *Registry) inOrder(id, last string) electoral.Faults {
	fault := func(c electoral.Cause) electoral.Faults {
		return electoral.Faults{electoral.NewFault(c, "request.id", id,
			electoral.Args{"last": last, "most": strconv.FormatInt(r.idStep, 10)})}
	}
	switch {
	case len(strings.TrimLeft(id, "0")) > maxNumber:
		return electoral.Faults{electoral.NewFault(electoral.RequestIDFar.In("long"), "request.id", id,
			electoral.Args{"most": strconv.Itoa(maxNumber)})}
	case last == "":
		return nil
	case compareNumbers(id, last) <= 0:
		return electoral.Faults{electoral.NewFault(electoral.RequestIDOld, "request.id", id,
			electoral.Args{"last": last})}
	}
	is, _ := new(big.Int).SetString(id, 10)
	was, _ := new(big.Int).SetString(last, 10)
	if is == nil || was == nil || is.Sub(is, was).Cmp(big.NewInt(r.idStep)) > 0 {
		return fault(electoral.RequestIDFar)
	}
	return nil
}

// maxNumber is the most digits of the number of a request: ANPR's ids have at most 30
// characters (tipoIdOperazioneComune).
const maxNumber = 30

// DefaultIDStep is by how much at most the number of a request may exceed the last one
// of its comune, where [Config.IDStep] is zero.
const DefaultIDStep = 1_000_000_000

// compareNumbers compares two texts of digits as numbers.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
