package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// A PayloadKind says how the payload of a record is written.
type PayloadKind byte

// The kinds of payload. None is encrypted. 0 is never a kind.
const (
	// PlainV1 has the fields up to the subject. It is read and no longer written:
	// who knows the digest of such a payload, which stays when the payload is
	// deleted, can guess the payload.
	PlainV1 PayloadKind = 1
	// PlainV2 has all the fields, and random bytes that prevent the guessing.
	PlainV2 PayloadKind = 2
)

func (k PayloadKind) known() bool { return k == PlainV1 || k == PlainV2 }

// lastTag is the last field that a payload of the kind may have.
func (k PayloadKind) lastTag() int {
	if k == PlainV1 {
		return tagSubject
	}
	return tagNonce
}

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
	fieldFrame  = 3 // bytes of a field besides its value: tag and length
	detailFrame = 3 // bytes of a detail besides key and value: their lengths
	nonceSize   = 32
)

// A form says how the value of a field is written.
type form byte

const (
	noForm form = iota // there is no such field
	textForm
	timeForm
	levelForm
	detailsForm
	nonceForm
)

type field struct {
	name     string
	form     form
	max      int
	required bool
}

func textField(name string, most int) field { return field{name: name, form: textForm, max: most} }

func requiredText(name string, most int) field {
	return field{name: name, form: textForm, max: most, required: true}
}

func fieldOf(tag int) field {
	switch tag {
	case tagFiscalCode:
		return requiredText("FiscalCode", MaxFiscalCode)
	case tagTime:
		return field{name: "Time", form: timeForm, required: true}
	case tagOperation:
		return requiredText("Operation", MaxOperation)
	case tagOutcome:
		return requiredText("Outcome", MaxOutcome)
	case tagRequestID:
		return requiredText("RequestID", MaxRequestID)
	case tagAuthentication:
		return requiredText("Authentication", MaxAuthentication)
	case tagSubject:
		return textField("Subject", MaxSubject)
	case tagActorComune:
		return textField("ActorComune", MaxActorComune)
	case tagRole:
		return textField("Role", MaxRole)
	case tagLevel:
		return field{name: "Level", form: levelForm}
	case tagActingFor:
		return textField("ActingFor", MaxActingFor)
	case tagStation:
		return textField("Station", MaxStation)
	case tagDevice:
		return textField("Device", MaxDevice)
	case tagPurpose:
		return textField("Purpose", MaxPurpose)
	case tagProcedure:
		return textField("Procedure", MaxProcedure)
	case tagAccessPoint:
		return textField("AccessPoint", MaxAccessPoint)
	case tagDetails:
		return field{name: "Details", form: detailsForm, max: MaxDetails}
	case tagNonce:
		return field{name: "random bytes", form: nonceForm, required: true}
	}
	return field{}
}

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
// for [PlainV1]. It calls visit, unless it is nil, with each value as it is
// accepted.
func scanPlain(kind PayloadKind, b []byte, visit func(tag int, value []byte)) error {
	last := 0
	for at := 0; at < len(b); {
		if len(b)-at < fieldFrame {
			return fmt.Errorf("byte %d: a field is cut short", at)
		}
		tag, n := int(b[at]), int(binary.BigEndian.Uint16(b[at+1:]))
		switch {
		case tag == 0 || tag > kind.lastTag():
			return fmt.Errorf("byte %d: unknown field %d", at, tag)
		case tag <= last:
			return fmt.Errorf("byte %d: field %d after field %d, want ascending order", at, tag, last)
		case n == 0:
			return fmt.Errorf("byte %d: field %d is empty", at, tag)
		case n > len(b)-at-fieldFrame:
			return fmt.Errorf("byte %d: field %d has %d bytes, only %d are left", at, tag, n, len(b)-at-fieldFrame)
		}
		if err := checkMissing(last+1, tag); err != nil {
			return err
		}
		value := b[at+fieldFrame : at+fieldFrame+n]
		f := fieldOf(tag)
		if problem := valueProblem(f, value); problem != "" {
			return EntryFault{f.name, problem}
		}
		if visit != nil {
			visit(tag, value)
		}
		at, last = at+fieldFrame+n, tag
	}
	return checkMissing(last+1, kind.lastTag()+1)
}

// checkMissing returns a fault if one of the fields from a tag up to another,
// which were not found, is required.
func checkMissing(from, to int) error {
	for tag := from; tag < to; tag++ {
		if f := fieldOf(tag); f.required {
			return EntryFault{f.name, "is empty"}
		}
	}
	return nil
}

// valueProblem returns what is wrong with the value of a field, or "".
func valueProblem(f field, b []byte) string {
	want := 0
	switch f.form {
	case textForm:
		return textProblem(b, f)
	case detailsForm:
		return scanDetails(b, nil)
	case timeForm:
		want = 8
	case levelForm:
		want = 1
	case nonceForm:
		want = nonceSize
	}
	switch {
	case len(b) != want:
		return fmt.Sprintf("has %d bytes, want %d", len(b), want)
	case f.form == timeForm && binary.BigEndian.Uint64(b) > maxTime:
		return "is after the year 9999"
	case f.form == levelForm && b[0] == 0:
		return "is 0, which means not given and is not written"
	}
	return ""
}

// scanDetails reads the value of the field Details and returns what is wrong
// with it, or "".
func scanDetails(b []byte, visit func(key, value []byte)) string {
	if len(b) > MaxDetails {
		return fmt.Sprintf("has %d bytes, at most %d are accepted", len(b), MaxDetails)
	}
	var last []byte
	for at := 0; at < len(b); {
		n := int(b[at])
		if len(b)-at < detailFrame+n {
			return fmt.Sprintf("has a detail at byte %d that is cut short", at)
		}
		key := b[at+1 : at+1+n]
		size := int(binary.BigEndian.Uint16(b[at+1+n:]))
		if at += detailFrame + n; size > len(b)-at {
			return fmt.Sprintf("has a value at byte %d of %d bytes, only %d are left", at, size, len(b)-at)
		}
		value := b[at : at+size]
		at += size
		if problem := detailProblem(key, last, value); problem != "" {
			return problem
		}
		if visit != nil {
			visit(key, value)
		}
		last = key
	}
	return ""
}

func decodePlain(kind PayloadKind, b []byte) (Entry, error) {
	var e Entry
	err := scanPlain(kind, b, func(tag int, value []byte) {
		switch fieldOf(tag).form {
		case textForm:
			*e.text(tag) = string(value)
		case timeForm:
			e.Time = fromMilli(binary.BigEndian.Uint64(value))
		case levelForm:
			e.Level = value[0]
		case detailsForm:
			scanDetails(value, func(key, value []byte) {
				e.Details = append(e.Details, Detail{Key: string(key), Value: string(value)})
			})
		}
	})
	if err != nil {
		return Entry{}, err
	}
	return e, nil
}

func fromMilli(ms uint64) time.Time { return time.UnixMilli(int64(ms)).UTC() }
