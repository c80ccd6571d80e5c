package filestore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/liste-elettorali/anpr/audit"
)

// A Recovery says what Open cut off the end of a file: the remains of an
// interrupted write, of which no record was acknowledged.
type Recovery struct {
	Chain   string
	File    string
	Offset  int64  // where the file ends now; 0 if nothing was left and it was removed
	Cut     []byte // what was there
	Problem string
}

// Recoveries returns what Open cut off. The program should report it to the person
// in charge of the log.
func (s *Store) Recoveries() []Recovery { return slices.Clone(s.recoveries) }

func (s *Store) recover(full bool) error {
	entries, err := s.folder.entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, ok := audit.ChainOf(e.Name())
		if !ok || !e.Type().IsRegular() {
			return &CorruptError{
				File: e.Name(), Problem: "it is not the file of a chain, and nothing else may be in the folder",
			}
		}
		c := &chain{name: e.Name(), head: audit.EmptyHead(name)}
		if err := s.recoverChain(c, name, full); err != nil {
			return err
		}
		s.chains[name] = c
	}
	return nil
}

func (s *Store) recoverChain(c *chain, name string, full bool) (err error) {
	f, err := s.folder.open(c.name, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if c.info, err = f.Stat(); err != nil {
		return err
	}
	c.size = c.info.Size()
	if !full {
		ok := false
		if c.head, ok = checkEnd(f, c.size, name); ok {
			return nil
		}
	}
	r := &recovery{file: f, size: c.size, name: c.name, chain: name, head: audit.EmptyHead(name)}
	cut, err := r.scan()
	if err != nil {
		return err
	}
	c.head = r.head
	if cut == nil {
		return nil
	}
	c.size = cut.Offset
	if c.head.Size == 0 {
		// A file without records is not valid: the next append makes a new one.
		cut.Offset, c.size, c.info = 0, 0, nil
		if err := s.folder.remove(c.name); err != nil {
			return err
		}
		err = s.folder.sync()
	} else if err = f.Truncate(c.size); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return fmt.Errorf("filestore: %s: %w", c.name, err)
	}
	s.recoveries = append(s.recoveries, *cut)
	return nil
}

// checkEnd checks the header of a file and its end, as far back as an interrupted
// write can reach. It returns false if anything is wrong there, and not what.
func checkEnd(f io.ReaderAt, size int64, name string) (audit.Head, bool) {
	header, err := audit.FileHeader(name)
	if err != nil || size < int64(len(header)) {
		return audit.Head{}, false
	}
	got := make([]byte, len(header))
	if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, header) {
		return audit.Head{}, false
	}
	const window = int64(maxWrite + 2*audit.MaxRecord)
	from := max(int64(len(header)), size-window)
	b := make([]byte, size-from)
	if _, err := f.ReadAt(b, from); err != nil {
		return audit.Head{}, false
	}
	var head audit.Head
	var after *audit.Record
	for end := len(b); end > 0; {
		rec, n, ok := lastRecord(b[:end], name)
		if !ok || after != nil && (rec.Hash != after.Prev || rec.Seq+1 != after.Seq) {
			return audit.Head{}, false
		}
		if after == nil {
			head = audit.HeadOf(rec)
		}
		end -= n
		after = &rec
		if from > int64(len(header)) && len(b)-end > maxWrite+audit.MaxRecord {
			return head, true
		}
	}
	ok := after != nil && after.Seq == 0 && after.Prev == audit.Genesis(name)
	return head, ok
}

// lastRecord reads the record with which b ends, by the length at its end.
func lastRecord(b []byte, name string) (audit.Record, int, bool) {
	if len(b) < 12 {
		return audit.Record{}, 0, false
	}
	n := int64(binary.BigEndian.Uint32(b[len(b)-4:])) + 12
	if n > int64(len(b)) {
		return audit.Record{}, 0, false
	}
	rec, used, err := audit.DecodeRecord(b[int64(len(b))-n:])
	return rec, used, err == nil && int64(used) == n && rec.Chain == name && rec.Check() == nil
}

// A recovery reads a file from its begin up to the first fault.
type recovery struct {
	file  io.ReaderAt
	size  int64
	name  string
	chain string
	head  audit.Head // of what is right
}

// scan returns what has to be cut off, nil if the file is right, or a
// [*CorruptError] if it is wrong in another way than a crash leaves it.
func (r *recovery) scan() (*Recovery, error) {
	src, err := audit.NewReader(io.NewSectionReader(r.file, 0, r.size))
	if err != nil {
		return r.judge(0, err)
	}
	good := src.Offset()
	corrupt := func(format string, args ...any) error {
		return &CorruptError{File: r.name, Offset: src.Offset(), Problem: fmt.Sprintf(format, args...)}
	}
	if src.Chain() != r.chain || src.First() != 0 {
		problem := fmt.Sprintf("it holds chain %s from record %d, want %s from 0", src.Chain(), src.First(), r.chain)
		return nil, &CorruptError{File: r.name, Problem: problem}
	}
	for {
		rec, err := src.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return r.judge(good, err)
		}
		switch {
		case rec.Chain != r.chain:
			err = corrupt("a record of chain %s, want %s", rec.Chain, r.chain)
		case rec.Seq != r.head.Size:
			err = corrupt("the sequence number is %d, want %d", rec.Seq, r.head.Size)
		case rec.Prev != r.head.Hash:
			err = corrupt("the hash of the record before is %s, want %s", rec.Prev, r.head.Hash)
		case rec.Check() != nil:
			err = corrupt("record %d: %v", rec.Seq, audit.ErrHash)
		}
		if err != nil {
			return r.judge(good, err)
		}
		good, r.head = src.End(), audit.HeadOf(rec)
	}
}

// judge decides whether what is wrong from an offset on was left by an
// interrupted write.
func (r *recovery) judge(good int64, found error) (*Recovery, error) {
	bad, isFormat := errors.AsType[*audit.FormatError](found)
	corrupt, isCorrupt := errors.AsType[*CorruptError](found)
	switch {
	case isFormat:
		corrupt = &CorruptError{File: r.name, Offset: bad.Offset, Problem: bad.Problem}
	case !isCorrupt:
		return nil, found // the disk, not the content
	}
	// A record of a later version may have been acknowledged.
	later := isFormat && bad.Code == audit.UnknownRecord
	if later || r.size-good > int64(maxWrite+audit.MaxRecord) {
		return nil, corrupt
	}
	tail := make([]byte, r.size-good)
	if _, err := r.file.ReadAt(tail, good); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("filestore: %s: byte %d: %w", r.name, good, err)
	}
	if good == 0 && isFormat && bad.Code == audit.TornTail {
		// What is there of the header must be that of this chain.
		header, err := audit.FileHeader(r.chain)
		if err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(header, bytes.TrimRight(tail, "\x00")) {
			return nil, corrupt
		}
	}
	if at := laterAppend(tail); at > 0 {
		corrupt.Problem += fmt.Sprintf("; an append that was begun afterwards is at byte %d", good+at)
		return nil, corrupt
	}
	torn := isFormat && (bad.Code == audit.TornTail || bad.Code == audit.EmptyChain)
	if !torn && !hasHole(tail, good) {
		return nil, corrupt
	}
	return &Recovery{Chain: r.chain, File: r.name, Offset: good, Cut: tail, Problem: corrupt.Problem}, nil
}

// laterAppend returns the place in a tail, after its begin, of a whole record that
// begins an append, or 0. All that is before such a record was durable, so that an
// interrupted write cannot be what is wrong with it. A record of a later version is
// taken as one that begins an append.
func laterAppend(tail []byte) int64 {
	for at := 1; at < len(tail); at++ {
		rec, _, err := audit.DecodeRecord(tail[at:])
		if errors.Is(err, audit.ErrUnknownRecord) || err == nil && rec.Begins && rec.Check() == nil {
			return int64(at)
		}
	}
	return 0
}

// hasHole reports whether a sector of the tail, or the part of a sector that is in
// the tail, was never written and reads as zeros. A change of a single byte of a
// whole record does not look like that: of 6 zeros at its begin, two are in the
// length's complement, which is ff ff there; of 16 zeros at its end, 12 are in the
// hash. Fewer zeros in these places are not taken for a hole.
func hasHole(tail []byte, offset int64) bool {
	const sector, leastFirst, least = 512, 6, 16
	if isZero(tail) {
		return len(tail) > 0
	}
	for first := true; len(tail) > 0; first = false {
		n := min(int64(len(tail)), sector-offset%sector)
		if (n >= least || first && n >= leastFirst) && isZero(tail[:n]) {
			return true
		}
		tail, offset = tail[n:], offset+n
	}
	return false
}

func isZero(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }
