package registry

import (
	"context"
	"strconv"

	"github.com/liste-elettorali/anpr/electoral"
)

// LowerRequestID sets the last number of the requests of the officer's comune lower,
// after one that was sent by mistake was so high that no other can follow
// ([electoral.RequestIDFar] keeps most of them out). Its own request id must not be a
// number. Requests that were answered keep their answers for as long as [Retention]
// says; after that time a number between the new last one and the old is free, and may
// be given again. The access log has the old number and the new one. LowerRequestID
// returns the old one.
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
