package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"iter"

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

// maxText is the most bytes of the texts by their tags; 0 in other forms.
var maxText = [32]uint16{
	tagFiscalCode: MaxFiscalCode, tagOperation: MaxOperation, tagOutcome: MaxOutcome, tagRequestID: MaxRequestID,
	tagAuthentication: MaxAuthentication, tagSubject: MaxSubject, tagActorComune: MaxActorComune, tagRole: MaxRole,
	tagActingFor: MaxActingFor, tagStation: MaxStation, tagDevice: MaxDevice, tagPurpose: MaxPurpose,
	tagProcedure: MaxProcedure, tagAccessPoint: MaxAccessPoint,
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
