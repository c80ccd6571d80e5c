package audit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A payload is refused with a time just after the year 9999, and read with the
// last one before it.
func TestLastInstant(t *testing.T) {
	e := anEntry()
	e.Time = time.UnixMilli(maxTime).UTC()
	require.NoError(t, e.Check())
	b := e.appendPlain(nil, [nonceSize]byte{1})
	got, err := decodePlain(PlainV2, b)
	require.NoError(t, err)
	require.Equal(t, e, got)
	at := bytes.Index(b, []byte{tagTime, 0, 8}) + fieldFrame
	binary.BigEndian.PutUint64(b[at:], maxTime+1)
	_, err = decodePlain(PlainV2, b)
	require.ErrorContains(t, err, "Time is after the year 9999")
	b[at-1], b[at] = 7, 0 // a time of seven bytes
	_, err = decodePlain(PlainV2, append(b[:at:at], b[at+1:]...))
	require.ErrorContains(t, err, "Time has 7 bytes, want 8")

	record := someRecords(t, "H501", 1)[0]
	record.Time = time.UnixMilli(maxTime).UTC()
	reseal(&record)
	frame, err := record.AppendBinary(nil)
	require.NoError(t, err)
	again, _, err := DecodeRecord(frame)
	require.NoError(t, err)
	require.Equal(t, record, again)
	at = frameFront + formSize + 1 + len("H501") + 8
	require.Equal(t, uint64(maxTime), binary.BigEndian.Uint64(frame[at:]))
	binary.BigEndian.PutUint64(frame[at:], maxTime+1)
	_, _, err = DecodeRecord(frame)
	require.ErrorContains(t, err, "after the year 9999")
	record.Time = time.UnixMilli(maxTime + 1)
	_, err = record.AppendBinary(nil)
	require.ErrorContains(t, err, "want 1970 to 9999")
	record.Time = time.UnixMilli(-1)
	_, err = record.AppendBinary(nil)
	require.ErrorContains(t, err, "want 1970 to 9999")
	record.Time = time.UnixMilli(0)
	_, err = record.AppendBinary(nil)
	require.NoError(t, err)
}

// frameOf puts a body between its lengths.
func frameOf(body []byte) []byte {
	n := uint32(len(body))
	b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, n), ^n)
	return binary.BigEndian.AppendUint32(append(b, body...), n)
}

// The largest payload is written and read, and one byte more is neither.
func TestLargestPayload(t *testing.T) {
	r := someRecords(t, "H501", 1)[0]
	r.Payload = bytes.Repeat([]byte{7}, MaxPayload)
	reseal(&r)
	b, err := r.AppendBinary(nil)
	require.NoError(t, err)
	got, n, err := DecodeRecord(b)
	require.NoError(t, err)
	require.Equal(t, len(b), n)
	require.Equal(t, r, got)
	r.Payload = append(r.Payload, 7)
	_, err = r.AppendBinary(nil)
	require.ErrorContains(t, err, "want 1 to 16384")
	payloadAt := frameFront + fixedHeader + len("H501") + 1
	body := append(bytes.Clone(b[frameFront:payloadAt]), 7)
	_, _, err = DecodeRecord(frameOf(append(body, b[payloadAt:len(b)-frameBack]...)))
	require.ErrorContains(t, err, "payload mark 1 with 16385 bytes")

	// A digest has the size of a hash; another mark is none.
	r.Payload = nil
	b, err = r.AppendBinary(nil)
	require.NoError(t, err)
	body = b[frameFront : len(b)-frameBack]
	markAt := fixedHeader + len("H501")
	require.Zero(t, body[markAt])
	for _, bad := range [][]byte{
		append(append(bytes.Clone(body[:markAt+1]), 1), body[markAt+1:]...), // a byte more
		append(bytes.Clone(body[:markAt+1]), body[markAt+2:]...),            // a byte less
		append(append(bytes.Clone(body[:markAt]), 2), body[markAt+1:]...),
		append(append(bytes.Clone(body[:markAt]), 0xff), body[markAt+1:]...),
	} {
		_, _, err = DecodeRecord(frameOf(bad))
		require.ErrorContains(t, err, "payload mark")
	}
	r.Payload = []byte{}
	_, err = r.AppendBinary(nil)
	require.ErrorContains(t, err, "a payload of 0 bytes")
}

// Each flag beyond the two that are known is one of a later version.
func TestFlagsOfALaterVersion(t *testing.T) {
	b, err := someRecords(t, "H501", 1)[0].AppendBinary(nil)
	require.NoError(t, err)
	for flags := range 256 {
		b[frameFront+3] = byte(flags)
		_, _, err := DecodeRecord(b)
		require.Equal(t, flags > 3, errors.Is(err, ErrUnknownRecord), "flags %d", flags)
	}
}

// A whole record at the end of a file, whose first length says that it is longer,
// is damage and not the remains of an interrupted write; also where its last byte
// is one of the zeros with which a file can grow.
func TestLongerThanItIs(t *testing.T) {
	records := someRecords(t, "H501", 2)
	e := anEntry()
	zeros := 0
	for n := range 257 {
		e.Station = strings.Repeat("s", n%200+1)
		e.Device = strings.Repeat("d", n-n%200+1)
		r, err := NewRecords(fixedRandom(), "H501", HeadOf(records[0]), records[1].Time, e)
		require.NoError(t, err)
		frame, err := r[0].AppendBinary(nil)
		require.NoError(t, err)
		if frame[len(frame)-1] == 0 {
			zeros++
		}
		size := binary.BigEndian.Uint32(frame) + 1
		binary.BigEndian.PutUint32(frame, size)
		binary.BigEndian.PutUint32(frame[4:], ^size)
		file := append(fileOf(t, headerOf(t, "H501"), records[:1]), frame...)
		rep, err := VerifyFile(t.Context(), bytes.NewReader(file))
		require.NoError(t, err)
		require.Equal(t, []FaultCode{Malformed}, codes(rep.Faults), "%d bytes", len(frame))
		require.Contains(t, rep.Faults[0].Problem, fmt.Sprintf("the length of a record of %d bytes is wrong", len(frame)))
	}
	require.Positive(t, zeros)
}

// What a store gives is not exported if a file cannot hold it.
func TestExportOfWhatNoFileHolds(t *testing.T) {
	records := someRecords(t, "H501", 2)
	records[1].Type = 2
	var b bytes.Buffer
	err := newLog(t, &given{list: records}).Export(t.Context(), &b, "H501")
	require.ErrorIs(t, err, ErrUnknownRecord)
	require.Zero(t, b.Len())
}

// A batch ends with the record with which it reaches its size, or its number.
func TestBatchBounds(t *testing.T) {
	const overhead = frameFront + fixedBody + maxChain + frameBack
	entry := func(size int) Entry {
		e := anEntry()
		e.Details = []Detail{{Key: "fill", Value: ""}}
		have := len(e.appendPlain(nil, [nonceSize]byte{})) + overhead
		e.Details[0].Value = strings.Repeat("x", size-have)
		return e
	}
	for _, c := range []struct {
		size  int
		sizes []int // of the batches of 200 entries that wait
	}{
		{4096, []int{64, 64, 64, 8}}, {4095, []int{65, 65, 65, 5}}, {4097, []int{64, 64, 64, 8}},
		{400, []int{200}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var sizes []int
			gate := make(chan struct{})
			l := newLog(t, &hooked{before: func(r []Record) error {
				sizes = append(sizes, len(r))
				<-gate
				return nil
			}})
			var wg sync.WaitGroup
			for range 201 {
				wg.Go(func() {
					_, err := l.Append(t.Context(), "H501", entry(c.size))
					assert.NoError(t, err)
				})
				synctest.Wait()
			}
			close(gate)
			wg.Wait()
			require.Equal(t, append([]int{1}, c.sizes...), sizes, "%d bytes", c.size)
		})
	}
}

var errFolder = errors.New("broken folder")

// A brokenFS is a folder that cannot be listed to its end, or a file in it that
// cannot be opened.
type brokenFS struct {
	fstest.MapFS
	open string
	list bool
}

type brokenDir struct{ fs.ReadDirFile }

func (d brokenDir) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, _ := d.ReadDirFile.ReadDir(n)
	return entries, errFolder
}

func (b brokenFS) Open(name string) (fs.File, error) {
	if name == b.open {
		return nil, errFolder
	}
	f, err := b.MapFS.Open(name)
	if dir, ok := f.(fs.ReadDirFile); ok && b.list {
		return brokenDir{dir}, err
	}
	return f, err
}

// A folder that cannot be read to its end is an error, not a verdict.
func TestFolderErrors(t *testing.T) {
	files := fstest.MapFS{"chain-h501.log": {Data: fileOf(t, headerOf(t, "H501"), someRecords(t, "H501", 1))}}
	for name, fsys := range map[string]brokenFS{
		"no folder": {MapFS: files, open: "."}, "no file": {MapFS: files, open: "chain-h501.log"},
		"no list": {MapFS: files, list: true},
	} {
		rep, err := VerifyFS(t.Context(), fsys)
		require.ErrorIs(t, err, errFolder, name)
		require.False(t, rep.OK(), name)
	}
}

// Records that were read stay as they are while the reader goes on, also beyond
// what it holds in memory at once.
func TestReadRecordsStay(t *testing.T) {
	records, err := NewRecords(fixedRandom(), "H501", EmptyHead("H501"), time.Unix(1, 0).UTC(),
		slices.Repeat([]Entry{fullEntry()}, 600)...)
	require.NoError(t, err)
	r, err := NewReader(bytes.NewReader(fileOf(t, headerOf(t, "H501"), records)))
	require.NoError(t, err)
	var got []Record
	for range records {
		rec, err := r.Next()
		require.NoError(t, err)
		got = append(got, rec)
	}
	require.Equal(t, records, got)
}

// Each character of a key of a detail is one of those that are accepted, in an
// entry as in a payload.
func TestDetailKeyCharacters(t *testing.T) {
	for c := range 256 {
		for _, key := range []string{string([]byte{byte(c)}), string([]byte{'a', byte(c), 'b'})} {
			good := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-'
			e := anEntry()
			e.Details = []Detail{{Key: key}}
			require.Equal(t, good, e.Check() == nil, "%q", key)
			_, err := decodePlain(PlainV2, e.appendPlain(nil, [nonceSize]byte{1}))
			require.Equal(t, good, err == nil, "%q", key)
		}
	}
}

// A file that ends within the two lengths of a record, which do not agree as far as
// they are there, is damaged.
func TestCutWithinTheLengths(t *testing.T) {
	records := someRecords(t, "H501", 2)
	begin := len(fileOf(t, headerOf(t, "H501"), records[:1]))
	whole := fileOf(t, headerOf(t, "H501"), records)
	for n := 1; n < frameFront; n++ {
		for i := -1; i < n; i++ {
			b := bytes.Clone(whole[:begin+n])
			want := TornTail
			if i >= 0 {
				b[begin+i] ^= 0x41
				if n > 4 && (i >= 4 || i+4 < n) {
					want = Malformed
				}
			}
			rep, err := VerifyFile(t.Context(), bytes.NewReader(b))
			require.NoError(t, err)
			require.Equal(t, []FaultCode{want}, codes(rep.Faults), "%d bytes, byte %d changed", n, i)
		}
	}
}

// A fault of the folder itself has no place in a file.
func TestFaultsOfTheFolder(t *testing.T) {
	for _, fsys := range []fstest.MapFS{{"altro.txt": {}}, {}} {
		rep, err := VerifyFS(t.Context(), fsys)
		require.NoError(t, err)
		require.NotEmpty(t, rep.Faults)
		for _, f := range rep.Faults {
			require.Equal(t, int64(-1), f.Offset)
			require.NotContains(t, f.Error(), "byte ")
		}
	}
	rep, err := newLog(t, &MemoryStore{}).Verify(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(-1), rep.Faults[0].Offset)
}
