package delivery

import (
	"context"
	"errors"
	"io"
)

// A Filing says where a mail is filed after it was taken in.
type Filing string

// The filings.
const (
	Done  Filing = "done"  // a receipt of a message of ours, which has had its effect
	Other Filing = "other" // all the rest: for a person to look at
)

// A Mailbox is the sender's PEC mailbox. [IMAP] and [Maildir] are
// implementations; package deliverytest has the tests that an implementation
// must pass.
type Mailbox interface {
	// Receive calls take with at most n of the waiting mails, the oldest first,
	// and files each mail as take says, after take has returned. If take
	// returns an error, Receive ends and returns it. A mail that was not filed,
	// because take returned an error, the program died or the connection broke,
	// is given again by a later call. A nil reader stands for a mail that is
	// too big to be a receipt. Errors hold no personal data.
	Receive(ctx context.Context, n int, take func(ctx context.Context, mail io.Reader) (Filing, error)) error
}

// A Collection counts the mails that [Courier.Collect] has taken in.
type Collection struct {
	// Changed are receipts that changed the state of a message; Known are those
	// that changed nothing, such as a receipt that comes twice.
	Changed, Known int
	// Refused are receipts that break the rules or that no provider has signed.
	// Others are mails that are not receipts, or whose message is not in the
	// outbox.
	Refused, Others int
}

// Collect takes in at most n mails of a mailbox as [Courier.Receipt] does. A
// mail is filed when the state that follows from it is durable. If a crash or a
// broken connection comes between the two, a later call takes the mail in
// again, and it changes nothing. Collect ends early with an error of the
// mailbox, of the outbox or of the context; the mails that it has counted were
// filed, or will be given again.
func (c *Courier) Collect(ctx context.Context, box Mailbox, n int) (Collection, error) {
	var found Collection
	switch {
	case box == nil:
		return found, errors.New("delivery: the mailbox is nil")
	case c.cfg.Outbox == nil:
		return found, errNotMade
	}
	err := box.Receive(ctx, n, func(ctx context.Context, mail io.Reader) (Filing, error) {
		if mail == nil {
			found.Others++
			return Other, nil
		}
		_, _, changed, err := c.take(ctx, mail)
		switch {
		case errors.Is(err, ErrNoReceipt), errors.Is(err, ErrUnknown):
			found.Others++
			return Other, nil
		case errors.Is(err, ErrUntrusted), errors.Is(err, ErrReceipt):
			found.Refused++
			return Other, nil
		case err != nil:
			return "", err
		case changed:
			found.Changed++
		default:
			found.Known++
		}
		return Done, nil
	})
	return found, err
}
