package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each field has a place in the payload, and an entry one form and no other.
func TestPayloadRoundTrip(t *testing.T) {
	full := fullEntry()
	require.NoError(t, full.Check())
	nonce := [nonceSize]byte{1, 2, 31: 3}
	b := full.appendPlain(nil, nonce)
	require.LessOrEqual(t, len(b), full.plainSize())
	got, err := decodePlain(PlainV2, b)
	require.NoError(t, err)
	assert.Equal(t, full, got)
	var tags []int
	for tag := range plainFields(b) {
		tags = append(tags, tag)
	}
	assert.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}, tags)

	// Any one optional field can be missing, and then it is not in the payload.
	for tag := tagSubject; tag <= tagDetails; tag++ {
		e := fullEntry()
		switch fields[tag].form {
		case textForm:
			*e.text(tag) = ""
		case levelForm:
			e.Level = 0
		case detailsForm:
			e.Details = nil
		}
		require.NotEqual(t, full, e, "tag %d", tag)
		got, err := decodePlain(PlainV2, e.appendPlain(nil, nonce))
		require.NoError(t, err)
		assert.Equal(t, e, got)
	}
	// The bytes of an entry cut anywhere are none: the random ones are at its end.
	for n := range len(b) {
		_, err := decodePlain(PlainV2, b[:n])
		require.Error(t, err, "%d bytes", n)
	}
	e := anEntry()
	e.Details = []Detail{}
	got, err = decodePlain(PlainV2, e.appendPlain(nil, nonce))
	require.NoError(t, err)
	assert.Equal(t, anEntry(), got, "an empty list is none")
	_, err = decodePlain(PlainV1, b)
	require.ErrorContains(t, err, "unknown field 8", "the first kind has no such field")
}

func TestPayloadIsStrict(t *testing.T) {
	required := "\x01\x00\x01x\x02\x00\x08\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x03\x00\x01x\x04\x00\x01x\x05\x00\x01x\x06\x00\x01x"
	random := "\x12\x00\x20" + strings.Repeat("r", nonceSize)
	_, err := decodePlain(PlainV2, []byte(required+random))
	require.NoError(t, err)
	details := func(list string) string {
		return fmt.Sprintf("\x11%c%c%s", len(list)>>8, len(list)&0xff, list)
	}
	_, err = decodePlain(PlainV2, []byte(required+details("\x01a\x00\x00\x01b\x00\x01 ")+random))
	require.NoError(t, err)
	for _, c := range []struct{ want, bad string }{
		{"random bytes is empty", required},
		{"random bytes has 31 bytes, want 32", required + "\x12\x00\x1f" + random[4:]},
		{"random bytes has 33 bytes, want 32", required + "\x12\x00\x21r" + random[3:]},
		{"unknown field 19", required + random + "\x13\x00\x01x"},
		{"unknown field 0", "\x00\x00\x01x" + required + random},
		{"field 18 after field 18", required + random + random},
		{"field 8 after field 9", required + "\x09\x00\x01x\x08\x00\x01x" + random},
		{"field 8 is empty", required + "\x08\x00\x00" + random},
		{"ActorComune has 33 bytes, at most 32", required + "\x08\x00\x21" + strings.Repeat("c", 33) + random},
		{"Role is empty", required + "\x09\x00\x01 " + random},
		{"Station has the character U+000A", required + "\x0c\x00\x01\n" + random},
		{"Level has 2 bytes, want 1", required + "\x0a\x00\x02\x01\x01" + random},
		{"Level is 0", required + "\x0a\x00\x01\x00" + random},
		{"Operation is empty", strings.Replace(required, "\x03\x00\x01x", "", 1) + random},
		{"FiscalCode is empty", random},
		{"field 17 is empty", required + details("") + random},
		{"a key after \"\" that", required + details("\x00\x00\x00") + random},
		{"a key after \"\" that", required + details("\x01A\x00\x00") + random},
		{"a key after \"a\" that", required + details("\x01a\x00\x00\x02a_\x00\x00") + random},
		{"a key after \"\" that", required + details("\x21"+strings.Repeat("k", 33)+"\x00\x00") + random},
		{"the key a after b", required + details("\x01b\x00\x00\x01a\x00\x00") + random},
		{"the key a after a", required + details("\x01a\x00\x00\x01a\x00\x00") + random},
		{"a value of a that has the character U+0000", required + details("\x01a\x00\x01\x00") + random},
		{"a value of a that is not UTF-8", required + details("\x01a\x00\x01\xff") + random},
		{"cut short", required + details("\x01a\x00") + random},
		{"cut short", required + details("\x05a\x00\x00") + random},
		{"a value at byte 4 of 2 bytes, only 1 are left", required + details("\x01a\x00\x02v") + random},
		{"has 4097 bytes, at most 4096", required + details("\x01a\x0f\xfd"+strings.Repeat("v", 4093)) + random},
	} {
		_, err := decodePlain(PlainV2, []byte(c.bad))
		require.ErrorContains(t, err, c.want, "%q", c.bad)
	}
	_, err = decodePlain(PlainV2, []byte(required+details("\x01a\x0f\xfc"+strings.Repeat("v", 4092))+random))
	require.NoError(t, err, "just as much as is accepted")
}

func TestEntryCheckOptional(t *testing.T) {
	for tag := tagSubject; tag <= tagAccessPoint; tag++ {
		f := fields[tag]
		if f.form != textForm {
			continue
		}
		for problem, bad := range map[string]string{
			"is empty": "  ", "U+000A": "a\nb", "not UTF-8": "\xff", "at most": strings.Repeat("x", f.max+1),
		} {
			e := fullEntry()
			*e.text(tag) = bad
			require.ErrorContains(t, e.Check(), f.name, "%q", bad)
			require.ErrorContains(t, e.Check(), problem, "%q", bad)
		}
		e := fullEntry()
		*e.text(tag) = strings.Repeat("x", f.max)
		require.NoError(t, e.Check(), f.name)
	}
	long := strings.Repeat("v", 4000)
	for problem, bad := range map[string][]Detail{
		"a key after \"\"":            {{Value: "x"}},
		"a key after \"a\"":           {{Key: "a"}, {Key: "FFCLTR70A01H501Z"}},
		"the key b after b":           {{Key: "b"}, {Key: "b"}},
		"the key a after b":           {{Key: "b"}, {Key: "a"}},
		"a value of a that has the c": {{Key: "a", Value: "FFCLTR70A01H501Z\u202e"}},
		"more than 4096 bytes":        {{Key: "a", Value: long}, {Key: "b", Value: long[:89]}},
		"up to the key c":             {{Key: "c", Value: strings.Repeat("v", 1<<20)}},
	} {
		e := fullEntry()
		e.Details = bad
		err := e.Check()
		require.ErrorContains(t, err, "Details", "%v", bad)
		require.ErrorContains(t, err, problem)
		require.NotContains(t, err.Error(), "FFCLTR")
		_, err = newLog(t, &MemoryStore{}).Append(t.Context(), "H501", e)
		require.IsType(t, EntryFaults{}, err)
	}
	e := fullEntry()
	e.Details = []Detail{{Key: "a", Value: long}, {Key: "b", Value: long[:88]}}
	require.NoError(t, e.Check(), "just as much as is accepted")
}

// The payloads of equal entries differ, so that none can be found from its
// digest by trying entries.
func TestPayloadCannotBeGuessed(t *testing.T) {
	l := newLog(t, &MemoryStore{})
	var digests []Hash
	for range 3 {
		r, err := l.Append(t.Context(), "H501", anEntry())
		require.NoError(t, err)
		require.Equal(t, PlainV2, r.Kind)
		digests = append(digests, r.PayloadDigest)
	}
	made, err := NewRecords(newRandom(), "H501", EmptyHead("H501"), time.UnixMilli(0), anEntry(), anEntry())
	require.NoError(t, err)
	digests = append(digests, made[0].PayloadDigest, made[1].PayloadDigest)
	slices.SortFunc(digests, func(a, b Hash) int { return bytes.Compare(a[:], b[:]) })
	require.Len(t, slices.Compact(digests), 5)
}

// newRandom returns the bytes 0, 1, 2… to 255 and again.
func newRandom() io.Reader { return &counter{} }

type counter struct{ n byte }

func (c *counter) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = c.n
		c.n++
	}
	return len(b), nil
}

// Without random bytes nothing is written.
func TestNoRandomBytes(t *testing.T) {
	broken := errors.New("broken")
	for _, random := range []io.Reader{iotest.ErrReader(broken), io.LimitReader(newRandom(), nonceSize-1)} {
		s := &MemoryStore{}
		l, err := New(Config{Store: s})
		require.NoError(t, err)
		l.random = random
		_, err = l.Append(t.Context(), "H501", anEntry())
		require.ErrorContains(t, err, "random bytes")
		h, err := s.Head(context.Background(), "H501")
		require.NoError(t, err)
		require.Equal(t, EmptyHead("H501"), h)
		_, err = NewRecords(iotest.ErrReader(broken), "H501", h, time.UnixMilli(0), anEntry())
		require.ErrorIs(t, err, broken)
	}
}

// testdata/kind1.log was written by the last version that had no other kind
// (commit c96b67b). It is read for ever, and its chain can be gone on with.
func TestFirstKindIsRead(t *testing.T) {
	b, err := os.ReadFile("testdata/kind1.log")
	require.NoError(t, err)
	rep, err := VerifyFile(t.Context(), bytes.NewReader(b))
	require.NoError(t, err)
	assert.Equal(t, []FaultCode{NoPayload}, codes(rep.Faults), "the second has no payload any more")
	assert.Equal(t, uint64(3), rep.Records)
	assert.Equal(t, uint64(2), rep.ClockBack)

	r, err := NewReader(bytes.NewReader(b))
	require.NoError(t, err)
	var records []Record
	for range 3 {
		rec, err := r.Next()
		require.NoError(t, err)
		require.NoError(t, rec.Check())
		require.Equal(t, PlainV1, rec.Kind)
		records = append(records, rec)
	}
	require.Equal(t, b, fileOf(t, headerOf(t, "H501"), records), "and written as it was")
	want := anEntry()
	want.Outcome = "requested"
	got, err := records[0].Entry()
	require.NoError(t, err)
	assert.Equal(t, want, got)
	_, err = records[1].Entry()
	require.ErrorIs(t, err, ErrPayloadDeleted)
	want.Outcome, want.Subject = "rifiutato: non è elettore", ""
	got, err = records[2].Entry()
	require.NoError(t, err)
	assert.Equal(t, want, got)

	s := &MemoryStore{}
	require.NoError(t, s.Append(t.Context(), "H501", records[:1]))
	l := newLog(t, s)
	_, err = l.Append(t.Context(), "H501", fullEntry())
	require.NoError(t, err)
	all, err := l.Verify(t.Context())
	require.NoError(t, err)
	require.True(t, all.OK(), "%v", all.AllFaults())
}

// What a later version wrote is refused where it stands, whole or cut, and is
// told from damage.
func TestLaterVersion(t *testing.T) {
	records := someRecords(t, "H501", 3)
	head := fileOf(t, headerOf(t, "H501"), records[:2])
	last := fileOf(t, nil, records[2:])
	const form = frameFront
	for name, change := range map[string][formSize]byte{
		"version": {2, 1, 2, 2}, "type": {1, 2, 2, 2}, "kind": {1, 1, 3, 2}, "flags": {1, 1, 2, 6},
		"all": {9, 9, 9, 9},
	} {
		later := bytes.Clone(last)
		copy(later[form:], change[:])
		_, _, err := DecodeRecord(later)
		require.ErrorIs(t, err, ErrUnknownRecord, name)
		differs := slices.IndexFunc(change[:], func(c byte) bool { return c > 2 }) // the first that is unknown
		if name == "version" || name == "type" {
			differs = slices.Index(change[:], 2)
		}
		for n := form + differs + 1; n <= len(later); n++ {
			rep, err := VerifyFile(t.Context(), bytes.NewReader(slices.Concat(head, later[:n])))
			require.NoError(t, err)
			require.Equal(t, []FaultCode{UnknownRecord}, codes(rep.Faults), "%s: %d bytes", name, n)
			require.Equal(t, int64(len(head)), rep.Faults[0].Offset)
			require.Equal(t, uint64(2), rep.Records)
		}
	}
	require.True(t, UnknownRecord.Structural())
	// Bytes that were never written are none that a later version wrote.
	for i := range formSize - 1 {
		hole := bytes.Clone(last)
		hole[form+i] = 0
		_, _, err := DecodeRecord(hole)
		require.Error(t, err)
		require.NotErrorIs(t, err, ErrUnknownRecord)
	}
	// Nor does this version write or read them.
	for _, change := range []func(*Record){
		func(r *Record) { r.Kind = 3 }, func(r *Record) { r.Kind = 0 }, func(r *Record) { r.Type = 2 },
	} {
		r := records[2]
		change(&r)
		_, err := r.AppendBinary(nil)
		require.ErrorIs(t, err, ErrUnknownRecord)
		_, err = r.Entry()
		require.ErrorIs(t, err, ErrUnknownRecord)
		s := &given{list: []Record{records[0], records[1], r}}
		rep, err := newLog(t, s).VerifyChain(t.Context(), "H501")
		require.NoError(t, err)
		require.Contains(t, codes(rep.Faults), UnknownRecord)
	}
	// A field that is not known makes the payload one that cannot be read, also
	// where hash and chain are right.
	r := records[2]
	r.Payload = append(bytes.Clone(r.Payload), 19, 0, 1, 'x')
	reseal(&r)
	rep, err := VerifyFile(t.Context(), bytes.NewReader(fileOf(t, head, []Record{r})))
	require.NoError(t, err)
	require.Equal(t, []FaultCode{BadPayload}, codes(rep.Faults))
	require.Contains(t, rep.Faults[0].Problem, "unknown field 19")
	_, err = r.Entry()
	require.ErrorContains(t, err, "unknown field 19")
}
