package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// ErrConflict is returned by an append that does not follow the head of its
// chain: somebody else appended. Nothing was written.
var ErrConflict = errors.New("audit: the records do not follow the head of the chain")

// ErrNoChain is returned for a chain that has no records.
var ErrNoChain = errors.New("audit: no such chain")

// A Head is the end of a chain. Size and Hash together fix all its records:
// kept elsewhere, they show later whether records were taken away or changed.
type Head struct {
	Size uint64    // number of records, and sequence number of the next
	Hash Hash      // of the last record, or [Genesis]
	Time time.Time // of the last record
}

// EmptyHead returns the head of a chain that has no records.
func EmptyHead(chain string) Head { return Head{Hash: Genesis(chain)} }

// HeadOf returns the head of a chain whose last record is r.
func HeadOf(r Record) Head { return Head{Size: r.Seq + 1, Hash: r.Hash, Time: r.Time} }

// A Store keeps chains of records. It is used by several goroutines at once.
// Package audit/audittest has the tests that each store must pass.
type Store interface {
	// Head returns the end of a chain: of one without records, its EmptyHead.
	// It sees all that was appended before the call, by whomever.
	Head(ctx context.Context, chain string) (Head, error)

	// Append adds records to a chain, the first of which must follow its head,
	// and each other the one before; otherwise nothing is written and the error
	// is ErrConflict. The first must be marked as one that begins an append.
	// Comparison and writing are one step: of several appends after the same head,
	// one succeeds.
	//
	// When it returns nil, all the records are durable: they survive a crash of
	// the process and of the machine. After any other error than ErrConflict, or
	// after a crash, some of the first records may have been kept; Head shows how
	// many.
	// If ctx has ended before the call, nothing is written.
	//
	// It keeps no reference to records or their payloads, and does not change them.
	// An append of no records has no effect and returns nil.
	Append(ctx context.Context, chain string, records []Record) error

	// Records yields the records of a chain in order, from a sequence number,
	// up to the head at the time of the call or a later one. A chain without
	// records, or a from beyond its end, yields none. What is yielded belongs to
	// the caller. It stops after the first error, which is a [*FormatError] if
	// what is stored cannot be a record. It returns what is stored and does not
	// check hashes. Appends go on while it is read.
	Records(ctx context.Context, chain string, from uint64) iter.Seq2[Record, error]

	// Chains yields the names of the chains that have records, each once, in
	// ascending order of bytes. It stops after the first error.
	Chains(ctx context.Context) iter.Seq2[string, error]
}

// CheckAppend returns an error, [ErrConflict] where it is one, unless the
// records can be appended to a chain with that head. It does not recompute
// hashes. It is for implementations of [Store].
func CheckAppend(chain string, head Head, records []Record) error {
	if err := CheckChain(chain); err != nil {
		return err
	}
	for i, r := range records {
		switch {
		case i == 0 && !r.Begins:
			return fmt.Errorf("audit: %s/%d: the first record of an append is not marked so", r.Chain, r.Seq)
		case r.Chain != chain:
			return fmt.Errorf("audit: record %d of the append is of chain %q, want %q", i, r.Chain, chain)
		case r.Seq != head.Size:
			return fmt.Errorf("%w: chain %s, record %d of the append has sequence number %d, want %d",
				ErrConflict, chain, i, r.Seq, head.Size)
		case r.Prev != head.Hash:
			return fmt.Errorf("%w: chain %s, record %d has previous hash %s, want %s",
				ErrConflict, chain, r.Seq, r.Prev, head.Hash)
		}
		head = HeadOf(r)
	}
	return nil
}
