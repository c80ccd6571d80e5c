package audit

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// scanPlain reads a payload and accepts just what appendPlain writes, or wrote
// for [PlainV1].
func scanPlain(kind PayloadKind, b []byte) error {
	required, lastTag := uint32(requiredV2), tagNonce
	if kind == PlainV1 {
		required, lastTag = requiredV1, tagSubject
	}
	if quickPlain(b, required, lastTag) {
		return nil
	}
	return checkFields(b, required, lastTag)
}

// checkFields makes the full check of a payload, with the tags that it must have and
// the last that it may have.
func checkFields(b []byte, required uint32, lastTag int) error {
	last, seen := 0, uint32(0)
	for at := 0; at < len(b); {
		if len(b)-at < fieldFrame {
			return fmt.Errorf("byte %d: a field is cut short", at)
		}
		tag, n := int(b[at]), int(b[at+1])<<8|int(b[at+2])
		start, end := at+fieldFrame, at+fieldFrame+n
		if tag <= last || tag > lastTag || n == 0 || end > len(b) {
			return frameFault(at, tag, last, lastTag, n, len(b)-start)
		}
		f := &fields[tag]
		if problem := f.problem(b[:end], n); problem != "" {
			return EntryFault{f.name, problem}
		}
		at, last, seen = end, tag, seen|1<<tag
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

// quickPlain reports whether a payload is certainly one that scanPlain accepts.
// Nearly every one is, and then the full check is not needed. It returns false for
// a text that is not ASCII or begins with a space, and for what is wrong. What it
// found in the words of all the texts is looked at once, at the end.
func quickPlain(b []byte, required uint32, lastTag int) bool {
	var high, low uint64 = 0, math.MaxUint64 // as in unprintable: bits that must be 0, and 1
	last, seen, at := 0, uint32(0), 0
	for len(b)-at > fieldFrame {
		tag, n, first := int(b[at]), int(b[at+1])<<8|int(b[at+2]), b[at+fieldFrame]
		start, end := at+fieldFrame, at+fieldFrame+n
		if tag <= last || tag > lastTag || end > len(b) {
			return false
		}
		at, last, seen = end, tag, seen|1<<(tag&31)
		if uint(n-1) >= uint(maxText[tag&31]) { // it is no text, or its length is wrong
			fine := tag == tagTime && n == 8 && binary.BigEndian.Uint64(b[start:end]) <= maxTime ||
				tag == tagLevel && n == 1 && first != 0 || tag == tagNonce && n == nonceSize ||
				tag == tagDetails && n > 0 && scanDetails(b[:end], n) == ""
			if !fine {
				return false
			}
			continue
		}
		if first == ' ' || end < 8 {
			return false
		}
		// As printable does, but a call for each field would cost too much.
		x := binary.LittleEndian.Uint64(b[end-8 : end : end])
		if n < 8 {
			x = x>>(uint(64-8*n)&63) | ' '*eachByte<<(uint(8*n)&63)
		}
		high, low = high|x|(x+eachByte), low&(x+0x60*eachByte)
		for ; start < end-8; start += 8 {
			x := binary.LittleEndian.Uint64(b[start : start+8 : start+8])
			high, low = high|x|(x+eachByte), low&(x+0x60*eachByte)
		}
	}
	return at == len(b) && required&^seen == 0 && (high|^low)&highBits == 0
}

// problem returns what is wrong with the value of a field, or "". The value is
// the last n bytes of b.
func (f *field) problem(b []byte, n int) string {
	value := b[len(b)-n:]
	switch f.form {
	case textForm:
		return textProblem(value, f.max)
	case detailsForm:
		return scanDetails(b, n)
	case timeForm:
		if n == f.size && binary.BigEndian.Uint64(value) > maxTime {
			return "is after the year 9999"
		}
	case levelForm:
		if n == f.size && value[0] == 0 {
			return "is 0, which means not given and is not written"
		}
	}
	if n != f.size {
		return fmt.Sprintf("has %d bytes, want %d", n, f.size)
	}
	return ""
}

// scanDetails reads the value of the field Details, the last n bytes of b, and
// returns what is wrong with it, or "".
func scanDetails(b []byte, n int) string {
	if n > MaxDetails {
		return fmt.Sprintf("has %d bytes, at most %d are accepted", n, MaxDetails)
	}
	start := len(b) - n
	var last []byte
	lastOrder := uint64(0)
	for at := start; at < len(b); {
		keyEnd := at + 1 + int(b[at])
		valueAt := keyEnd + 2
		if valueAt > len(b) {
			return fmt.Sprintf("has a detail at byte %d that is cut short", at-start)
		}
		size := int(b[keyEnd])<<8 | int(b[keyEnd+1])
		end := valueAt + size
		if end > len(b) {
			return fmt.Sprintf("has a value at byte %d of %d bytes, only %d are left",
				valueAt-start, size, len(b)-valueAt)
		}
		key := b[at+1 : keyEnd]
		order := keyOrder(b[:keyEnd], len(key))
		if order <= lastOrder || size > 0 && !printable(b[:end], size) {
			if problem := detailProblem(key, last, b[valueAt:end]); problem != "" {
				return problem
			}
		}
		if at, last, lastOrder = end, key, order; order == 0 {
			lastOrder = math.MaxUint64 // it is not known, so the next key gets the full check
		}
	}
	return ""
}
