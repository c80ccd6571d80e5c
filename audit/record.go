package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"time"
)

// A Hash is a SHA-256.
type Hash [sha256.Size]byte

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// A Type says what a record is.
type Type byte

// EntryType is the type of a record that holds an [Entry].
const EntryType Type = 1

// MaxPayload is the most bytes of a payload.
const MaxPayload = 16 << 10

const (
	version       = 1
	flagClockBack = 1
	flagBegins    = 2
	maxChain      = 64

	domainRecord  = "audit-chain/1 record\n"
	domainGenesis = "audit-chain/1 genesis\n"

	frameFront  = 8                                                        // length, complement
	frameBack   = 4                                                        // length
	fixedHeader = formSize + 1 + 8 + 8 + len(Hash{})                       // all but the name
	fixedBody   = fixedHeader + 1 + len(Hash{})                            // all but the name and the payload
	maxBody     = fixedBody + maxChain + MaxPayload                        //
	hashInput   = len(domainRecord) + fixedHeader + maxChain + len(Hash{}) // at most
)

// MaxRecord is the most bytes of a record in a file.
const MaxRecord = frameFront + maxBody + frameBack

// Errors of a record.
var (
	// ErrHash: the content of a record does not agree with its hash.
	ErrHash = errors.New("the content does not agree with its hash")
	// ErrUnknownRecord: the record has a version, a type, a kind of payload or a
	// flag that this version of the package does not know, so a later version wrote
	// it. A store must not remove it as the remains of an interrupted write.
	ErrUnknownRecord = errors.New("not known to this version: a later one wrote it")
	// ErrPayloadDeleted: the payload was deleted; only its digest is left.
	ErrPayloadDeleted = errors.New("the payload was deleted")
)

// A Record is one link of a chain. It is a value; Payload must not be modified.
type Record struct {
	Chain string
	// Seq is the sequence number, from 0 without gaps.
	Seq uint64
	// Time is when it was appended, by the clock of the log, UTC, to the
	// millisecond. The instant of the request is in the entry.
	Time time.Time
	// ClockBack is set if Time is before that of the record before.
	ClockBack bool
	// Begins is set on the first record of an append: the records before it were
	// durable when it was written. With it a store can distinguish the remains of a
	// crash from later damage. A copy of a chain must append from a record with this
	// mark.
	Begins bool
	// Prev is the hash of the record before, or [Genesis].
	Prev Hash
	Type Type
	Kind PayloadKind
	// Payload is nil if it was deleted.
	Payload []byte
	// PayloadDigest is the SHA-256 of the payload.
	PayloadDigest Hash
	// Hash covers all the above, and through Prev all the records before.
	Hash Hash
}

// Genesis returns the hash that the first record of a chain has as that of the
// record before.
func Genesis(chain string) Hash {
	b := append([]byte(domainGenesis), byte(len(chain)))
	return sha256.Sum256(append(b, chain...))
}

// String returns the record's place, time and hash, without personal data.
func (r Record) String() string {
	return fmt.Sprintf("%s/%d %s %x", r.Chain, r.Seq, r.Time.UTC().Format(timeLayout), r.Hash[:8])
}

// Entry returns the entry that the record holds. The error is
// [ErrPayloadDeleted] if the payload was deleted. It does not check the hash:
// see [Record.Check].
func (r Record) Entry() (Entry, error) {
	switch {
	case r.Payload == nil:
		return Entry{}, fmt.Errorf("audit: %s/%d: %w", r.Chain, r.Seq, ErrPayloadDeleted)
	case r.Type != EntryType || !r.Kind.known():
		return Entry{}, r.unknown()
	}
	e, err := decodePlain(r.Kind, r.Payload)
	if err != nil {
		return Entry{}, fmt.Errorf("audit: %s/%d: payload: %w", r.Chain, r.Seq, err)
	}
	return e, nil
}

func (r *Record) unknown() error {
	return fmt.Errorf("audit: %s/%d: type %d, kind %d: %w", r.Chain, r.Seq, r.Type, r.Kind, ErrUnknownRecord)
}

// Check recomputes the hash. The error is [ErrHash] if it does not agree.
func (r Record) Check() error {
	if r.Payload != nil && sha256.Sum256(r.Payload) != r.PayloadDigest || r.computeHash() != r.Hash {
		return fmt.Errorf("audit: %s/%d: %w", r.Chain, r.Seq, ErrHash)
	}
	return nil
}

func (r *Record) computeHash() Hash {
	var buf [hashInput]byte
	b := append(buf[:0], domainRecord...)
	b = r.appendHeader(b)
	b = append(b, r.PayloadDigest[:]...)
	return sha256.Sum256(b)
}

func (r *Record) appendHeader(b []byte) []byte {
	flags := byte(0)
	if r.ClockBack {
		flags |= flagClockBack
	}
	if r.Begins {
		flags |= flagBegins
	}
	b = append(b, version, byte(r.Type), byte(r.Kind), flags)
	b = append(b, byte(len(r.Chain)))
	b = append(b, r.Chain...)
	b = binary.BigEndian.AppendUint64(b, r.Seq)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Time.UnixMilli()))
	return append(b, r.Prev[:]...)
}

// AppendBinary appends the record as it stands in a file. It implements
// [encoding.BinaryAppender]. It returns an error for a record that a file cannot
// hold.
func (r Record) AppendBinary(b []byte) ([]byte, error) {
	if err := CheckChain(r.Chain); err != nil {
		return b, err
	}
	if r.Type != EntryType || !r.Kind.known() {
		return b, r.unknown()
	}
	if n := len(r.Payload); n > MaxPayload || r.Payload != nil && n == 0 {
		return b, fmt.Errorf("audit: %s/%d: a payload of %d bytes, want 1 to %d", r.Chain, r.Seq, n, MaxPayload)
	}
	if ms := r.Time.UnixMilli(); ms < 0 || ms > maxTime {
		return b, fmt.Errorf("audit: %s/%d: the time is %v, want 1970 to 9999", r.Chain, r.Seq, r.Time)
	}
	start := len(b)
	b = append(b, make([]byte, frameFront)...)
	b = r.appendHeader(b)
	if r.Payload != nil {
		b = append(append(b, 1), r.Payload...)
	} else {
		b = append(append(b, 0), r.PayloadDigest[:]...)
	}
	b = append(b, r.Hash[:]...)
	n := uint32(len(b) - start - frameFront)
	binary.BigEndian.PutUint32(b[start:], n)
	binary.BigEndian.PutUint32(b[start+4:], ^n)
	return binary.BigEndian.AppendUint32(b, n), nil
}

// DecodeRecord reads the record with which b begins and returns how many bytes
// it takes. It accepts just what AppendBinary writes, and does not check the
// hash. The record does not alias b. The error is [ErrUnknownRecord] if a later
// version wrote the record.
func DecodeRecord(b []byte) (Record, int, error) {
	n, err := frameLength(b)
	if err != nil {
		return Record{}, 0, fmt.Errorf("audit: record: %w", err)
	}
	if len(b) < n {
		return Record{}, 0, fmt.Errorf("audit: record: %d bytes, want %d", len(b), n)
	}
	var r Record
	if err := r.decodeFrame(b[:n], sha256.New()); err != nil {
		return Record{}, 0, fmt.Errorf("audit: record: %w", err)
	}
	r.Payload = clonePayload(r.Payload)
	return r, n, nil
}

// clonePayload returns nil for nil, which is a deleted payload.
func clonePayload(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// frameLength reads the front of a frame and returns the length of the whole.
func frameLength(b []byte) (int, error) {
	if n := frameSize(b); n > 0 {
		return n, nil
	}
	if len(b) < frameFront {
		return 0, fmt.Errorf("%d bytes, want at least %d", len(b), frameFront)
	}
	n, c := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if n != ^c {
		return 0, fmt.Errorf("the length %08x and its complement %08x do not agree", n, c)
	}
	return 0, fmt.Errorf("the length is %d, want %d to %d", n, fixedBody+1, maxBody)
}

// frameSize returns the length of a whole frame by its front, or 0 if the front is
// short or wrong.
func frameSize(b []byte) int {
	if len(b) < frameFront {
		return 0
	}
	n := binary.BigEndian.Uint32(b)
	if n != ^binary.BigEndian.Uint32(b[4:]) || n < uint32(fixedBody+1) || n > uint32(maxBody) {
		return 0
	}
	return frameFront + int(n) + frameBack
}

// decodeFrame reads a whole frame whose front is right. The payload aliases b. If
// the chain is the one that r has, it is not allocated again. h is a SHA-256, which
// decodeFrame resets: to use one again is faster than sha256.Sum256.
func (r *Record) decodeFrame(b []byte, h hash.Hash) error {
	// This is first, so that a torn record of a later version is recognised.
	if form := b[frameFront : frameFront+formSize]; !formKnown(form) {
		if err := checkForm(form); err != nil {
			return err
		}
	}
	front, back := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[len(b)-frameBack:])
	if front != back {
		return fmt.Errorf("the length is %d before the record and %d after it", front, back)
	}
	return r.decodeBody(b[frameFront:len(b)-frameBack], h)
}

// formSize is how many bytes of a body say how the rest of it is written.
const formSize = 4

// checkForm judges the first bytes of a body, up to formSize: version, type, kind
// and flags. The error is [ErrUnknownRecord] if a later version wrote them. It is
// another if version, type or kind is 0: no version writes that, and bytes that
// were lost in a crash read as 0.
func checkForm(b []byte) error {
	known := true
	for i, c := range b {
		if c == 0 && i < formSize-1 {
			return fmt.Errorf("byte %d of the record is 0, so it was never written", i)
		}
		switch i {
		case 0:
			known = c == version
		case 1:
			known = known && Type(c) == EntryType
		case 2:
			known = known && PayloadKind(c).known()
		case 3:
			known = known && c <= flagClockBack|flagBegins
		}
	}
	if !known {
		return fmt.Errorf("version, type, kind, flags %x: %w", b, ErrUnknownRecord)
	}
	return nil
}

// formKnown reports whether checkForm accepts formSize bytes.
func formKnown(b []byte) bool {
	return b[0] == version && Type(b[1]) == EntryType && PayloadKind(b[2]).known() && b[3] <= flagClockBack|flagBegins
}

// decodeBody reads a body whose first bytes checkForm has accepted, as
// decodeFrame does.
func (r *Record) decodeBody(b []byte, h hash.Hash) error {
	n := int(b[formSize])
	if n > len(b)-fixedBody {
		return fmt.Errorf("a chain name of %d bytes, %d are left", n, len(b)-fixedBody)
	}
	if name := b[formSize+1 : formSize+1+n]; string(name) != r.Chain || n == 0 {
		r.Chain = string(name)
		if err := CheckChain(r.Chain); err != nil {
			return err
		}
	}
	r.Type, r.Kind = Type(b[1]), PayloadKind(b[2])
	r.ClockBack, r.Begins = b[3]&flagClockBack != 0, b[3]&flagBegins != 0
	b = b[formSize+1+n:]
	r.Seq = binary.BigEndian.Uint64(b)
	ms := binary.BigEndian.Uint64(b[8:])
	if ms > maxTime {
		return fmt.Errorf("time %d is after the year 9999", ms)
	}
	r.Time = fromMilli(ms)
	b = b[16:]
	r.Prev = Hash(b)
	present, payload := b[len(Hash{})], b[len(Hash{})+1:len(b)-len(Hash{})]
	r.Hash = Hash(b[len(b)-len(Hash{}):])
	switch {
	case present == 1 && len(payload) <= MaxPayload:
		r.Payload = payload
		h.Reset()
		h.Write(payload)
		h.Sum(r.PayloadDigest[:0])
	case present == 0 && len(payload) == len(Hash{}):
		r.Payload = nil
		r.PayloadDigest = Hash(payload)
	default:
		return fmt.Errorf("payload mark %d with %d bytes, want 1 with at most %d or 0 with %d",
			present, len(payload), MaxPayload, len(Hash{}))
	}
	return nil
}
