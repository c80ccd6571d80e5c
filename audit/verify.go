package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// A FaultCode says what is wrong in a log. A code is never used again for
// something else.
type FaultCode string

// What can be wrong with the bytes.
const (
	Malformed   FaultCode = "malformed"    // bytes that are not in the format
	TornTail    FaultCode = "torn-tail"    // the file ends within a record: a write was interrupted
	EmptyChain  FaultCode = "empty-chain"  // a file without records
	WrongPlace  FaultCode = "wrong-place"  // a chain in the file of another, or a record in another chain
	UnknownFile FaultCode = "unknown-file" // something else in the folder
	NoChains    FaultCode = "no-chains"    // a folder without chains
	BadPayload  FaultCode = "bad-payload"  // a payload that is not in the format
	// UnknownRecord: a record that a later version wrote. The records after it are
	// not read.
	UnknownRecord FaultCode = "unknown-record"
)

// What can be wrong with a chain.
const (
	WrongHash     FaultCode = "wrong-hash"     // the content of a record does not agree with its hash
	BrokenLink    FaultCode = "broken-link"    // the previous hash is not that of the record before
	WrongSequence FaultCode = "wrong-sequence" // records are missing, repeated or out of order
	WrongClock    FaultCode = "wrong-clock"    // the mark of a clock gone back does not agree with the times
	NoPayload     FaultCode = "no-payload"     // a payload was deleted, and nothing says with what right
)

// Structural reports whether the code is about bytes rather than about a chain.
func (c FaultCode) Structural() bool {
	switch c {
	case WrongHash, BrokenLink, WrongSequence, WrongClock, NoPayload:
		return false
	}
	return true
}

// A Fault is one thing wrong in a log.
type Fault struct {
	Code FaultCode
	// File is the name of the file in its folder; empty if it is not known.
	File string
	// Chain is empty if it is not known.
	Chain string
	// Seq is the sequence number of the record.
	Seq uint64
	// Offset is where the record begins in the file; -1 if there is no file.
	Offset int64
	// Problem says what was found and what was expected, in English.
	Problem string
}

func (f Fault) Error() string {
	where := f.Chain
	if f.File != "" {
		where = f.File
	}
	if f.Offset >= 0 {
		where = fmt.Sprintf("%s: byte %d", where, f.Offset)
	}
	return fmt.Sprintf("audit: %s: record %d: %s: %s", where, f.Seq, f.Code, f.Problem)
}

// maxFaults is how many faults of a chain a report holds.
const maxFaults = 100

// A ChainReport says what was found in a chain.
type ChainReport struct {
	Chain string
	// File is the name of the file in its folder, if it was in one.
	File string
	// Records is how many were read, up to a fault that ends the reading.
	Records uint64
	// Deleted is how many of them have no payload any more.
	Deleted uint64
	// ClockBack is how many are marked as earlier than the one before. This is not a
	// fault: clocks do go back.
	ClockBack uint64
	// FirstTime and LastTime are those of the first and of the last record.
	FirstTime, LastTime time.Time
	// Head is the end of the chain. If the chain is right, it fixes all the
	// records: compare it with one that was kept elsewhere.
	Head Head
	// Faults are the first 100, FaultCount is how many there are, and
	// StructuralCount how many of them are of a code that is [FaultCode.Structural].
	Faults                      []Fault
	FaultCount, StructuralCount uint64
}

// OK reports whether the chain has records and no faults.
func (r ChainReport) OK() bool { return r.FaultCount == 0 && r.Records > 0 }

// A Report says what was found in a log.
type Report struct {
	Chains []ChainReport // in ascending order of chain, or of file
	Faults []Fault       // those that are of no chain
}

// OK reports whether the log has chains, all of them right, and nothing else.
func (r Report) OK() bool {
	bad := slices.ContainsFunc(r.Chains, func(c ChainReport) bool { return !c.OK() })
	return len(r.Chains) > 0 && len(r.Faults) == 0 && !bad
}

// AllFaults returns the faults of the report and of its chains.
func (r Report) AllFaults() []Fault {
	all := slices.Clone(r.Faults)
	for _, c := range r.Chains {
		all = append(all, c.Faults...)
	}
	return all
}

// A checker checks the records of one chain, from the first on.
type checker struct {
	report ChainReport
	next   Head // what the next record has to follow
}

func newChecker(chain, file string) *checker {
	return &checker{report: ChainReport{Chain: chain, File: file, Head: EmptyHead(chain)}, next: EmptyHead(chain)}
}

func (c *checker) fault(code FaultCode, seq uint64, offset int64, format string, args ...any) {
	c.report.FaultCount++
	if code.Structural() {
		c.report.StructuralCount++
	}
	if len(c.report.Faults) < maxFaults {
		c.report.Faults = append(c.report.Faults, Fault{
			Code: code, File: c.report.File, Chain: c.report.Chain, Seq: seq, Offset: offset,
			Problem: fmt.Sprintf(format, args...),
		})
	}
}

// record judges the next record. badPayload is what scanPlain found; intact says
// whether the content agrees with its digest and hash; offset is -1 if there is no
// file.
func (c *checker) record(r *Record, badPayload error, intact bool, offset int64) {
	rep := &c.report
	if rep.Records == 0 {
		rep.FirstTime = r.Time
	}
	rep.Records++
	if r.Chain != rep.Chain {
		c.fault(WrongPlace, r.Seq, offset, "the record is of chain %s, want %s", r.Chain, rep.Chain)
	}
	if r.Seq != c.next.Size {
		c.fault(WrongSequence, r.Seq, offset, "the sequence number is %d, want %d", r.Seq, c.next.Size)
	}
	if r.Prev != c.next.Hash {
		c.fault(BrokenLink, r.Seq, offset, "the hash of the record before is %s, want %s", r.Prev, c.next.Hash)
	}
	if !intact {
		c.fault(WrongHash, r.Seq, offset, "%v", ErrHash)
	}
	if want := clockBack(r.Time, c.next); r.ClockBack != want {
		c.fault(WrongClock, r.Seq, offset, "the mark of a clock gone back is %t, want %t", r.ClockBack, want)
	}
	if r.Payload == nil {
		rep.Deleted++
		c.fault(NoPayload, r.Seq, offset, "%v", ErrPayloadDeleted)
	} else if r.Type != EntryType || !r.Kind.known() {
		c.fault(UnknownRecord, r.Seq, offset, "type %d, kind %d: %v", r.Type, r.Kind, ErrUnknownRecord)
	} else if badPayload != nil {
		c.fault(BadPayload, r.Seq, offset, "%v", badPayload)
	}
	if r.ClockBack {
		rep.ClockBack++
	}
	c.next.Size, c.next.Hash, c.next.Time = r.Seq+1, r.Hash, r.Time
}

// end completes the report. err is the error that ended the reading, or nil. A
// [*FormatError] becomes a fault; end returns any other.
func (c *checker) end(err error) (ChainReport, error) {
	if bad, ok := errors.AsType[*FormatError](err); ok {
		c.fault(bad.Code, bad.Seq, bad.Offset, "%s", bad.Problem)
		err = nil
	}
	if c.report.Records > 0 {
		c.report.Head, c.report.LastTime = c.next, c.next.Time
	}
	return c.report, err
}

// VerifyChain checks all the records of a chain. What is wrong with them is in
// the report; the error says why they could not be read to the end, and is
// [ErrNoChain] if there are none.
func (l *Log) VerifyChain(ctx context.Context, chain string) (ChainReport, error) {
	if err := check(ctx, chain); err != nil {
		return ChainReport{}, err
	}
	if l.store == nil {
		return ChainReport{}, errNotMade
	}
	c := newChecker(chain, "")
	for r, err := range l.store.Records(ctx, chain, 0) {
		if err != nil {
			return c.end(err)
		}
		c.record(&r, scanPlain(r.Kind, r.Payload), r.Check() == nil, -1)
	}
	if c.report.Records == 0 {
		return c.report, fmt.Errorf("%w: %s", ErrNoChain, chain)
	}
	return c.end(nil)
}

// Verify checks all the chains of the store. What is wrong with them is in the
// report; the error says why they could not be read to the end. Memory grows
// with the number of chains, not of records.
func (l *Log) Verify(ctx context.Context) (Report, error) {
	var rep Report
	if l.store == nil {
		return rep, errNotMade
	}
	for chain, err := range l.store.Chains(ctx) {
		if err != nil {
			return rep, err
		}
		c, err := l.VerifyChain(ctx, chain)
		rep.Chains = append(rep.Chains, c)
		if err != nil {
			return rep, err
		}
	}
	if len(rep.Chains) == 0 {
		rep.Faults = append(rep.Faults, Fault{Code: NoChains, Offset: -1, Problem: "the log has no chains"})
	}
	return rep, nil
}

// VerifyFile checks a file that holds one whole chain. What is wrong with it is
// in the report, with the chain's name if it could be read; the error says why
// it could not be read to the end. Memory does not grow with the file.
func VerifyFile(ctx context.Context, r io.Reader) (ChainReport, error) {
	return verifyFile(ctx, r, "", "", nil)
}

// verifyFile checks a file; chain is the one that its name promises, or empty.
func verifyFile(ctx context.Context, src io.Reader, file, chain string, again func() bool) (ChainReport, error) {
	if err := ctx.Err(); err != nil {
		return ChainReport{}, err
	}
	r, err := newReader(src, again)
	if err != nil {
		c := &checker{report: ChainReport{Chain: chain, File: file}}
		return c.end(err)
	}
	c := newChecker(r.Chain(), file)
	if chain != "" && chain != r.Chain() {
		c.fault(WrongPlace, 0, 0, "the file of chain %s holds chain %s", chain, r.Chain())
	}
	if r.First() != 0 {
		// A range proves nothing about the records before it.
		c.fault(WrongSequence, r.First(), 0, "the file begins at record %d, want 0", r.First())
		c.next = Head{Size: r.First(), Hash: r.Previous()}
	}
	for n := uint(0); ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return c.end(ctx.Err())
		}
		if err := r.next(); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return c.end(err)
		}
		rec := &r.last
		if n == 0 && r.First() != 0 && rec.ClockBack {
			c.next.Time = fromMilli(maxTime) // that of the record before is not known
		}
		// Between the two hashes of a record: the processor works on both at once.
		badPayload := scanPlain(rec.Kind, rec.Payload)
		c.record(rec, badPayload, r.intact(), r.Offset())
	}
}

// maxFiles is how many files of a folder are looked at.
const maxFiles = 1_000_000

// VerifyFS checks a folder of chain files, such as filestore writes. A store may
// write them at the same time: at a torn end VerifyFS waits up to a quarter of a
// second for the rest. What is wrong is in the report, also a file in the folder
// that is not that of a chain (but for ".lock", by which filestore holds a folder on
// Windows); the error says why the folder could not be read to the end. Memory grows
// with the number of files, not of records.
//
// It cannot see that whole records are missing at the end of a chain, or a
// whole chain: compare the heads with ones that were kept elsewhere.
func VerifyFS(ctx context.Context, fsys fs.FS) (Report, error) {
	var rep Report
	entries, err := readDir(ctx, fsys)
	if err != nil {
		return rep, err
	}
	for _, e := range entries {
		if e.Name() == lockFile && e.Type().IsRegular() {
			continue
		}
		chain, ok := ChainOf(e.Name())
		if !ok || !e.Type().IsRegular() {
			rep.Faults = append(rep.Faults, Fault{
				Code: UnknownFile, File: e.Name(), Offset: -1, Problem: "it is not the file of a chain",
			})
			continue
		}
		f, err := fsys.Open(e.Name())
		if err != nil {
			return rep, fmt.Errorf("audit: %w", err)
		}
		c, err := verifyFile(ctx, f, e.Name(), chain, growing(ctx))
		f.Close()
		rep.Chains = append(rep.Chains, c)
		if err != nil {
			return rep, fmt.Errorf("audit: %s: %w", e.Name(), err)
		}
	}
	if len(rep.Chains) == 0 {
		rep.Faults = append(rep.Faults, Fault{Code: NoChains, Offset: -1, Problem: "the folder has no file of a chain"})
	}
	return rep, nil
}

// lockFile is the file by which filestore holds a folder on Windows.
const lockFile = ".lock"

func readDir(ctx context.Context, fsys fs.FS) ([]fs.DirEntry, error) {
	if fsys == nil {
		return nil, errors.New("audit: the file system is nil")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	dir, err := fsys.Open(".")
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer dir.Close()
	list, ok := dir.(fs.ReadDirFile)
	if !ok {
		return nil, errors.New("audit: the folder cannot be listed")
	}
	var entries []fs.DirEntry
	for {
		some, err := list.ReadDir(1024)
		entries = append(entries, some...)
		if len(entries) > maxFiles {
			return nil, fmt.Errorf("audit: the folder has more than %d files", maxFiles)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// growing waits for a writer in another process to finish a record of which a part
// is there: up to a quarter of a second, in steps that double.
func growing(ctx context.Context) func() bool {
	wait := time.Millisecond
	return func() bool {
		if wait > 128*time.Millisecond {
			return false
		}
		wait *= 2
		select {
		case <-time.After(wait / 2):
			return true
		case <-ctx.Done():
			return false
		}
	}
}
