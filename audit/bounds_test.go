package audit

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCutRecordIsTheNext cuts a file within its last record and changes one byte
// of what is left: only what can be the begin of the record that would follow is
// taken for the remains of an interrupted write.
func TestCutRecordIsTheNext(t *testing.T) {
	records := someRecords(t, "H501", 3)
	whole := fileOf(t, headerOf(t, "H501"), records)
	begin := len(fileOf(t, headerOf(t, "H501"), records[:2]))
	header := frameFront + len(records[2].appendHeader(nil))
	timeAt := header - len(Hash{}) - 8
	for i := range header {
		b := bytes.Clone(whole[:begin+header+1])
		b[begin+i] ^= 0x40
		rep, err := VerifyFile(t.Context(), bytes.NewReader(b))
		require.NoError(t, err)
		require.Len(t, rep.Faults, 1, "byte %d", i)
		assert.Equal(t, i >= timeAt && i < timeAt+8, rep.Faults[0].Code == TornTail, "byte %d of %d: %s", i, header,
			rep.Faults[0].Problem)
	}
}

// TestFormOfARecord tells what was never written from what a later version wrote.
func TestFormOfARecord(t *testing.T) {
	for i, c := range []struct {
		form    []byte
		unknown bool // to this version
		bad     bool
	}{
		{[]byte{version, byte(EntryType), byte(PlainV2), 0}, false, false},
		{[]byte{version, byte(EntryType), byte(PlainV1), flagClockBack | flagBegins}, false, false},
		{[]byte{version + 1, byte(EntryType), byte(PlainV2), 0}, true, false},
		{[]byte{version, byte(EntryType) + 1, byte(PlainV2), 0}, true, false},
		{[]byte{version, byte(EntryType), 200, 0}, true, false},
		{[]byte{version, byte(EntryType), byte(PlainV2), 0x80}, true, false},
		{[]byte{0, byte(EntryType), byte(PlainV2), 1}, false, true},
		{[]byte{version, 0, byte(PlainV2), 1}, false, true},
		{[]byte{version, byte(EntryType), 0, 1}, false, true},
		{[]byte{version, byte(EntryType)}, false, false},
		{nil, false, false},
	} {
		err := checkForm(c.form)
		assert.Equal(t, c.unknown, errors.Is(err, ErrUnknownRecord), "%d: %v", i, err)
		assert.Equal(t, c.unknown || c.bad, err != nil, "%d: %v", i, err)
	}
}

// TestRecordsAreTheCallers reads records and asks that one read later does not
// change one read before.
func TestRecordsAreTheCallers(t *testing.T) {
	records := someRecords(t, "H501", 3)
	r, err := NewReader(bytes.NewReader(fileOf(t, headerOf(t, "H501"), records)))
	require.NoError(t, err)
	var got []Record
	for range records {
		rec, err := r.Next()
		require.NoError(t, err)
		got = append(got, rec)
	}
	assert.Equal(t, records, got)
	_, err = r.Next()
	assert.ErrorIs(t, err, io.EOF)
}

// pieces counts what is written to it.
type pieces struct{ n, total, largest int }

func (p *pieces) Write(b []byte) (int, error) {
	p.n++
	p.total += len(b)
	p.largest = max(p.largest, len(b))
	return len(b), nil
}

// TestExportInPieces exports a chain of some size: neither record by record nor
// all of it in memory; an error of the store is not taken for the chain's end.
func TestExportInPieces(t *testing.T) {
	records, err := NewRecords(fixedRandom(), "H501", EmptyHead("H501"), time.Unix(1, 0),
		slices.Repeat([]Entry{anEntry()}, 1500)...)
	require.NoError(t, err)
	l := newLog(t, &given{list: records})
	var p pieces
	require.NoError(t, l.Export(t.Context(), &p, "H501"))
	assert.Equal(t, len(fileOf(t, headerOf(t, "H501"), records)), p.total)
	assert.Equal(t, p.total/(64<<10)+1, p.n)
	assert.Less(t, p.largest, 66<<10)

	broken := errors.New("broken")
	l = newLog(t, &given{list: records[:2], err: broken})
	assert.ErrorIs(t, l.Export(t.Context(), &pieces{}, "H501"), broken)
}

// TestStoppedBetweenRecords ends readings and verifications midway.
func TestStoppedBetweenRecords(t *testing.T) {
	s := &MemoryStore{}
	records := someRecords(t, "H501", 3)
	require.NoError(t, s.Append(t.Context(), "H501", records))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for r, err := range s.Records(ctx, "H501", 0) {
		if last = err; err == nil {
			assert.Equal(t, records[n], r)
			n++
			cancel()
		}
	}
	assert.Equal(t, 1, n)
	assert.ErrorIs(t, last, context.Canceled)
	_, err := VerifyFile(ctx, bytes.NewReader(nil))
	assert.ErrorIs(t, err, context.Canceled, "before the file is looked at")
	_, err = NewRecords(fixedRandom(), "..", Head{}, time.Now(), anEntry())
	assert.Error(t, err)
	rep, err := VerifyFile(t.Context(), bytes.NewReader(fileOf(t, headerOf(t, "H501"), records)))
	require.NoError(t, err)
	assert.Equal(t, records[0].Time, rep.FirstTime)
	assert.Equal(t, records[2].Time, rep.Head.Time)
}

// TestRangeBeginsAfterTheClockWentBack verifies records whose first says that the
// clock went back from one that is not there.
func TestRangeBeginsAfterTheClockWentBack(t *testing.T) {
	at := time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)
	head := EmptyHead("H501")
	var records []Record
	for _, d := range []time.Duration{0, -time.Hour, time.Second} {
		r, err := NewRecords(fixedRandom(), "H501", head, at.Add(d), anEntry())
		require.NoError(t, err)
		records, head = append(records, r...), HeadOf(r[0])
	}
	require.True(t, records[1].ClockBack)
	rep, err := VerifyFile(t.Context(),
		bytes.NewReader(fileOf(t, fileHeader("H501", 1, records[0].Hash), records[1:])))
	require.NoError(t, err)
	require.Len(t, rep.Faults, 1, "%v", rep.Faults)
	assert.Equal(t, WrongSequence, rep.Faults[0].Code)
	assert.Equal(t, uint64(1), rep.ClockBack)
}
