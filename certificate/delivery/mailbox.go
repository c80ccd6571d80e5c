package delivery

import (
	"context"
	"errors"
	"io"
)

// A Filing is where a mail goes that has been taken in.
type Filing string

// The filings.
const (
	Done  Filing = "done"  // a receipt of a message of ours, which has had its effect
	Other Filing = "other" // all the rest: for a person to look at
)

// A Mailbox is the sender's PEC mailbox. Package deliverytest has the tests that
// an implementation has to pass; [IMAP] and [Maildir] are two.
type Mailbox interface {
	// Receive calls take with the mails that wait, the oldest first, at most n,
	// and files each as take says, after it has returned. A mail that was not
	// filed, because take returned an error (which ends the call and is returned),
	// because the program died or the connection broke, is given again by a later
	// call. A nil reader stands for a mail that is too big to be a receipt. Errors
	// hold no personal data.
	Receive(ctx context.Context, n int, take func(ctx context.Context, mail io.Reader) (Filing, error)) error
}

// A Collection counts what [Courier.Collect] has found.
type Collection struct {
	// Changed are receipts that changed the state of a message; Known those that
	// changed nothing, as one that comes twice.
	Changed, Known int
	// Refused are receipts that break the rules or that no provider has signed,
	// Others counts mails that are not receipts, or are of messages not in the outbox.
	Refused, Others int
}

// Collect takes in at most n mails of a mailbox as [Courier.Receipt] does. A
// mail is filed when the state that follows from it is durable: a crash between
// the two, or a connection that breaks, brings it once more, and it changes
// nothing. Collect ends early with an error of the mailbox, of the outbox or of
// the context; what it has counted was filed, or will be found again.
func (c *Courier) Collect(ctx context.Context, box Mailbox, n int) (Collection, error) {
	var found Collection
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
