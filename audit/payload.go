package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math/bits"
	"time"
)

// A PayloadKind says how the payload of a record is written.
type PayloadKind byte

// The kinds of payload. None is encrypted. 0 is never a kind.
const (
	// PlainV1 has the fields up to the subject. It is read, but no longer written:
	// after such a payload is deleted, it can be guessed from its digest, which
	// stays in the record.
	PlainV1 PayloadKind = 1
	// PlainV2 has all the fields, and random bytes so that it cannot be guessed.
	PlainV2 PayloadKind = 2
)

func (k PayloadKind) known() bool { return k == PlainV1 || k == PlainV2 }

// The fields in the order of their tags, which count from 1.
const (
	tagFiscalCode = iota + 1
	tagTime
	tagOperation
	tagOutcome
	tagRequestID
	tagAuthentication
	tagSubject
	tagActorComune
	tagRole
	tagLevel
	tagActingFor
	tagStation
	tagDevice
	tagPurpose
	tagProcedure
	tagAccessPoint
	tagDetails
	tagNonce
)

const (
	fieldFrame  = 3 // bytes of the tag and the length of a field
	detailFrame = 3 // bytes of the two lengths of a detail
	nonceSize   = 32
)

// A form says how the value of a field is written.
type form byte

const (
	textForm form = iota
	timeForm
	levelForm
	detailsForm
	nonceForm
)

type field struct {
	name string
	form form
	max  int // bytes of a text; 0 in other forms
	size int // bytes of a value that always has as many
}

// fields are the fields by their tags.
var fields = [tagNonce + 1]field{
	tagFiscalCode:     {name: "FiscalCode", form: textForm, max: MaxFiscalCode},
	tagTime:           {name: "Time", form: timeForm, size: 8},
	tagOperation:      {name: "Operation", form: textForm, max: MaxOperation},
	tagOutcome:        {name: "Outcome", form: textForm, max: MaxOutcome},
	tagRequestID:      {name: "RequestID", form: textForm, max: MaxRequestID},
	tagAuthentication: {name: "Authentication", form: textForm, max: MaxAuthentication},
	tagSubject:        {name: "Subject", form: textForm, max: MaxSubject},
	tagActorComune:    {name: "ActorComune", form: textForm, max: MaxActorComune},
	tagRole:           {name: "Role", form: textForm, max: MaxRole},
	tagLevel:          {name: "Level", form: levelForm, size: 1},
	tagActingFor:      {name: "ActingFor", form: textForm, max: MaxActingFor},
	tagStation:        {name: "Station", form: textForm, max: MaxStation},
	tagDevice:         {name: "Device", form: textForm, max: MaxDevice},
	tagPurpose:        {name: "Purpose", form: textForm, max: MaxPurpose},
	tagProcedure:      {name: "Procedure", form: textForm, max: MaxProcedure},
	tagAccessPoint:    {name: "AccessPoint", form: textForm, max: MaxAccessPoint},
	tagDetails:        {name: "Details", form: detailsForm},
	tagNonce:          {name: "random bytes", form: nonceForm, size: nonceSize},
}

// The fields that a payload of each kind must have, a bit for each tag.
const (
	requiredV1 = 1<<tagFiscalCode | 1<<tagTime | 1<<tagOperation | 1<<tagOutcome | 1<<tagRequestID |
		1<<tagAuthentication
	requiredV2 = requiredV1 | 1<<tagNonce
)

// text returns the field of the entry that has a tag of the form of a text.
func (e *Entry) text(tag int) *string {
	switch tag {
	case tagFiscalCode:
		return &e.FiscalCode
	case tagOperation:
		return &e.Operation
	case tagOutcome:
		return &e.Outcome
	case tagRequestID:
		return &e.RequestID
	case tagAuthentication:
		return &e.Authentication
	case tagSubject:
		return &e.Subject
	case tagActorComune:
		return &e.ActorComune
	case tagRole:
		return &e.Role
	case tagActingFor:
		return &e.ActingFor
	case tagStation:
		return &e.Station
	case tagDevice:
		return &e.Device
	case tagPurpose:
		return &e.Purpose
	case tagProcedure:
		return &e.Procedure
	}
	return &e.AccessPoint
}

// A payload is what a record holds, with its digest.
type payload struct {
	bytes  []byte
	digest Hash
}

// newPayload writes an entry that has been checked as one of [PlainV2].
func newPayload(random io.Reader, e Entry) (payload, error) {
	var nonce [nonceSize]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return payload{}, fmt.Errorf("audit: the random bytes of a payload: %w", err)
	}
	b := e.appendPlain(make([]byte, 0, e.plainSize()), nonce)
	return payload{bytes: b, digest: sha256.Sum256(b)}, nil
}

// plainSize returns at least the number of bytes that appendPlain appends.
func (e *Entry) plainSize() int {
	n := tagNonce*fieldFrame + 8 + 1 + nonceSize
	for tag := tagFiscalCode; tag <= tagAccessPoint; tag++ {
		if tag != tagTime && tag != tagLevel {
			n += len(*e.text(tag))
		}
	}
	for _, d := range e.Details {
		n += detailFrame + len(d.Key) + len(d.Value)
	}
	return n
}

// appendPlain appends an entry that has been checked as a payload of [PlainV2].
func (e *Entry) appendPlain(b []byte, nonce [nonceSize]byte) []byte {
	for tag := tagFiscalCode; tag <= tagAccessPoint; tag++ {
		switch {
		case tag == tagTime:
			b = append(b, tagTime, 0, 8)
			b = binary.BigEndian.AppendUint64(b, uint64(e.Time.UnixMilli()))
		case tag == tagLevel && e.Level != 0:
			b = append(b, tagLevel, 0, 1, e.Level)
		case tag != tagLevel:
			if s := *e.text(tag); s != "" {
				b = append(b, byte(tag), byte(len(s)>>8), byte(len(s)))
				b = append(b, s...)
			}
		}
	}
	if len(e.Details) > 0 {
		start := len(b)
		b = append(b, tagDetails, 0, 0)
		for _, d := range e.Details {
			b = append(b, byte(len(d.Key)))
			b = append(b, d.Key...)
			b = append(b, byte(len(d.Value)>>8), byte(len(d.Value)))
			b = append(b, d.Value...)
		}
		binary.BigEndian.PutUint16(b[start+1:], uint16(len(b)-start-fieldFrame))
	}
	b = append(b, tagNonce, 0, nonceSize)
	return append(b, nonce[:]...)
}

// scanPlain reads a payload and accepts just what appendPlain writes, or wrote
// for [PlainV1].
func scanPlain(kind PayloadKind, b []byte) error {
	required, lastTag := uint32(requiredV2), tagNonce
	if kind == PlainV1 {
		required, lastTag = requiredV1, tagSubject
	}
	last, seen := 0, uint32(0)
	for at := 0; at < len(b); {
		if len(b)-at < fieldFrame {
			return fmt.Errorf("byte %d: a field is cut short", at)
		}
		tag, n := int(b[at]), int(b[at+1])<<8|int(b[at+2])
		value := b[at+fieldFrame:]
		if tag <= last || tag > lastTag || n == 0 || n > len(value) {
			return frameFault(at, tag, last, lastTag, n, len(value))
		}
		// Nearly every value passes these quick checks. The others get the full one.
		f := &fields[tag]
		var fine bool
		switch {
		case n > f.max:
			fine = n == f.size && (tag == tagNonce || tag == tagLevel && value[0] != 0 ||
				tag == tagTime && binary.BigEndian.Uint64(value) <= maxTime)
		case n <= 8 && len(value) >= 8 && value[0] != ' ':
			fine = unprintable(firstBytes(binary.LittleEndian.Uint64(value), n)) == 0
		default:
			fine = printable(value, n)
		}
		if !fine {
			if problem := f.problem(value, n); problem != "" {
				return EntryFault{f.name, problem}
			}
		}
		seen |= 1 << tag
		at, last = at+fieldFrame+n, tag
	}
	if missing := required &^ seen; missing != 0 {
		return EntryFault{fields[bits.TrailingZeros32(missing)].name, "is empty"}
	}
	return nil
}

// frameFault says what is wrong with the tag or the length of a field.
func frameFault(at, tag, last, lastTag, n, left int) error {
	switch {
	case tag == 0 || tag > lastTag:
		return fmt.Errorf("byte %d: unknown field %d", at, tag)
	case tag <= last:
		return fmt.Errorf("byte %d: field %d after field %d, want ascending order", at, tag, last)
	case n == 0:
		return fmt.Errorf("byte %d: field %d is empty", at, tag)
	}
	return fmt.Errorf("byte %d: field %d has %d bytes, only %d are left", at, tag, n, left)
}

// eachByte has 1 in each of its bytes.
const eachByte = 0x0101010101010101

// printable reports whether the first n bytes of b, at least one, are printable
// ASCII, and the first is not a space. It reads eight bytes at a time, and returns
// false where they would go beyond the end of b. In a payload of [PlainV2] the
// random bytes follow the texts, so that this does not happen.
func printable(b []byte, n int) bool {
	if len(b) < 8 || b[0] == ' ' {
		return false
	}
	bad := uint64(0)
	for ; n > 8 && len(b) >= 16; b, n = b[8:], n-8 {
		bad |= unprintable(binary.LittleEndian.Uint64(b))
	}
	return n <= 8 && bad|unprintable(firstBytes(binary.LittleEndian.Uint64(b), n)) == 0
}

// firstBytes returns 1 to 8 bytes of a word, with spaces in place of the others.
func firstBytes(x uint64, n int) uint64 {
	mask := ^uint64(0) >> (uint(-8*n) & 63)
	return x&mask | ' '*eachByte&^mask
}

// unprintable returns 0 if all the eight bytes of a word are printable ASCII. For
// each byte, the high bit of x is set if it is not ASCII, that of x+1 if it is 7f,
// and that of x+60 is not set if it is a control character.
func unprintable(x uint64) uint64 {
	return (x | (x + eachByte) | ^(x + 0x60*eachByte)) & (0x80 * eachByte)
}

// problem returns what is wrong with the value of a field, or "". The value is
// the first n bytes of b.
func (f *field) problem(b []byte, n int) string {
	switch f.form {
	case textForm:
		return textProblem(b[:n], f.max)
	case detailsForm:
		return scanDetails(b, n)
	case timeForm:
		if n == f.size && binary.BigEndian.Uint64(b) > maxTime {
			return "is after the year 9999"
		}
	case levelForm:
		if n == f.size && b[0] == 0 {
			return "is 0, which means not given and is not written"
		}
	}
	if n != f.size {
		return fmt.Sprintf("has %d bytes, want %d", n, f.size)
	}
	return ""
}

// scanDetails reads the value of the field Details, the first n bytes of b, and
// returns what is wrong with it, or "".
func scanDetails(b []byte, n int) string {
	if n > MaxDetails {
		return fmt.Sprintf("has %d bytes, at most %d are accepted", n, MaxDetails)
	}
	var last []byte
	for at := 0; at < n; {
		keyEnd := at + 1 + int(b[at])
		valueAt := keyEnd + 2
		if valueAt > n {
			return fmt.Sprintf("has a detail at byte %d that is cut short", at)
		}
		key, size := b[at+1:keyEnd], int(b[keyEnd])<<8|int(b[keyEnd+1])
		if size > n-valueAt {
			return fmt.Sprintf("has a value at byte %d of %d bytes, only %d are left", valueAt, size, n-valueAt)
		}
		value := b[valueAt:]
		if !isDetailKey(key) || string(key) <= string(last) || size > 0 && !printable(value, size) {
			if problem := detailProblem(key, last, value[:size]); problem != "" {
				return problem
			}
		}
		at, last = valueAt+size, key
	}
	return ""
}

func decodePlain(kind PayloadKind, b []byte) (Entry, error) {
	var e Entry
	if err := scanPlain(kind, b); err != nil {
		return e, err
	}
	for tag, value := range plainFields(b) {
		switch fields[tag].form {
		case textForm:
			*e.text(tag) = string(value)
		case timeForm:
			e.Time = fromMilli(binary.BigEndian.Uint64(value))
		case levelForm:
			e.Level = value[0]
		case detailsForm:
			for key, value := range plainDetails(value) {
				e.Details = append(e.Details, Detail{Key: string(key), Value: string(value)})
			}
		}
	}
	return e, nil
}

// plainFields yields the tags and values of a payload that has been accepted.
func plainFields(b []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for len(b) > 0 {
			end := fieldFrame + int(binary.BigEndian.Uint16(b[1:]))
			if !yield(int(b[0]), b[fieldFrame:end]) {
				return
			}
			b = b[end:]
		}
	}
}

// plainDetails yields the keys and values of details that have been accepted.
func plainDetails(b []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		for len(b) > 0 {
			keyEnd := 1 + int(b[0])
			end := keyEnd + 2 + int(binary.BigEndian.Uint16(b[keyEnd:]))
			if !yield(b[1:keyEnd], b[keyEnd+2:end]) {
				return
			}
			b = b[end:]
		}
	}
}

func fromMilli(ms uint64) time.Time { return time.UnixMilli(int64(ms)).UTC() }
