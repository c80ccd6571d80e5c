package audit

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func someRecords(t testing.TB, chain string, n int) []Record {
	t.Helper()
	var out []Record
	head := EmptyHead(chain)
	for i := range n {
		e := anEntry()
		e.RequestID = string(rune('a' + i))
		r, err := NewRecords(fixedRandom(), chain, head, time.Date(2026, 3, 22, 11, 0, i, 0, time.UTC), e)
		require.NoError(t, err)
		out = append(out, r...)
		head = HeadOf(r[0])
	}
	return out
}

func fileOf(t testing.TB, header []byte, records []Record) []byte {
	t.Helper()
	b := bytes.Clone(header)
	var err error
	for _, r := range records {
		b, err = r.AppendBinary(b)
		require.NoError(t, err)
	}
	return b
}

func headerOf(t testing.TB, chain string) []byte {
	t.Helper()
	h, err := FileHeader(chain)
	require.NoError(t, err)
	return h
}

func codes(faults []Fault) []FaultCode {
	var out []FaultCode
	for _, f := range faults {
		if !slices.Contains(out, f.Code) {
			out = append(out, f.Code)
		}
	}
	return out
}

// reseal recomputes the digest and the hash of a record, as a forger would.
func reseal(r *Record) {
	r.PayloadDigest = sha256.Sum256(r.Payload)
	r.Hash = r.computeHash()
}

// What is done to whole records is found, in a file and in a store alike, with
// the place.
func TestTampering(t *testing.T) {
	for _, c := range []struct {
		name   string
		tamper func(r []Record) []Record
		seq    uint64 // of the first fault
		codes  []FaultCode
	}{
		{"payload changed", func(r []Record) []Record { r[2].Payload[4] ^= 1; return r }, 2, []FaultCode{WrongHash}},
		{"payload changed and resealed", func(r []Record) []Record {
			r[2].Payload[4] ^= 1
			reseal(&r[2])
			return r
		}, 3, []FaultCode{BrokenLink}},
		{"time changed", func(r []Record) []Record {
			r[2].Time = r[2].Time.Add(time.Millisecond)
			return r
		}, 2, []FaultCode{WrongHash}},
		{"removed", func(r []Record) []Record {
			return slices.Delete(r, 2, 3)
		}, 3, []FaultCode{WrongSequence, BrokenLink}},
		{"first removed", func(r []Record) []Record { return r[1:] }, 1, []FaultCode{WrongSequence, BrokenLink}},
		{"renumbered", func(r []Record) []Record {
			r = slices.Delete(r, 2, 3)
			r[2].Seq = 2
			reseal(&r[2])
			return r
		}, 2, []FaultCode{BrokenLink, WrongSequence}},
		{"exchanged", func(r []Record) []Record {
			r[1], r[2] = r[2], r[1]
			return r
		}, 2, []FaultCode{WrongSequence, BrokenLink, WrongClock}},
		{"repeated", func(r []Record) []Record {
			return slices.Insert(r, 2, r[1])
		}, 1, []FaultCode{WrongSequence, BrokenLink}},
		{"inserted", func(r []Record) []Record {
			x := r[2]
			x.Seq = 3
			x.Prev = r[2].Hash
			reseal(&x)
			return slices.Insert(r, 3, x)
		}, 3, []FaultCode{WrongSequence, BrokenLink}},
		{"mark of the clock", func(r []Record) []Record {
			r[4].ClockBack = true
			reseal(&r[4])
			return r
		}, 4, []FaultCode{WrongClock}},
		{"payload deleted", func(r []Record) []Record { r[3].Payload = nil; return r }, 3, []FaultCode{NoPayload}},
		{"payload deleted, digest changed", func(r []Record) []Record {
			r[3].Payload = nil
			r[3].PayloadDigest[0] ^= 1
			return r
		}, 3, []FaultCode{WrongHash, NoPayload}},
		{"payload that is no entry", func(r []Record) []Record {
			r[4].Payload = []byte("x")
			reseal(&r[4])
			return r
		}, 4, []FaultCode{BadPayload}},
		{"mark of an append", func(r []Record) []Record { r[3].Begins = false; return r }, 3, []FaultCode{WrongHash}},
	} {
		t.Run(c.name, func(t *testing.T) {
			records := c.tamper(someRecords(t, "H501", 5))
			file, err := VerifyFile(t.Context(), bytes.NewReader(fileOf(t, headerOf(t, "H501"), records)))
			require.NoError(t, err)
			s := &given{list: records}
			require.NoError(t, s.MemoryStore.Append(t.Context(), "H501", someRecords(t, "H501", 1)))
			rep, err := newLog(t, s).Verify(t.Context())
			require.NoError(t, err)
			require.Len(t, rep.Chains, 1)
			require.False(t, rep.OK())
			for _, got := range []ChainReport{file, rep.Chains[0]} {
				require.False(t, got.OK())
				assert.Equal(t, c.seq, got.Faults[0].Seq)
				assert.ElementsMatch(t, c.codes, codes(got.Faults), "%v", got.Faults)
				assert.Equal(t, uint64(len(records)), got.Records, "a wrong record does not hide those after it")
			}
			assert.Positive(t, file.Faults[0].Offset)
			assert.Equal(t, int64(-1), rep.Chains[0].Faults[0].Offset)
			assert.NotEmpty(t, file.Faults[0].Error())
		})
	}
}

// A payload whose term has ended can go: the chain still holds.
func TestDeletedPayload(t *testing.T) {
	records := someRecords(t, "H501", 3)
	records[1].Payload = nil
	b := fileOf(t, headerOf(t, "H501"), records)
	rep, err := VerifyFile(t.Context(), bytes.NewReader(b))
	require.NoError(t, err)
	assert.Equal(t, []FaultCode{NoPayload}, codes(rep.Faults), "hash and link are right")
	assert.Equal(t, uint64(1), rep.Deleted)
	assert.Equal(t, HeadOf(records[2]), rep.Head)
	r, err := NewReader(bytes.NewReader(b))
	require.NoError(t, err)
	for _, want := range records {
		got, err := r.Next()
		require.NoError(t, err)
		assert.Equal(t, want, got)
		require.NoError(t, got.Check())
	}
	_, err = records[1].Entry()
	require.ErrorIs(t, err, ErrPayloadDeleted)
	for i := range b { // no byte of such a file is without meaning either
		bad := bytes.Clone(b)
		bad[i] ^= 1
		rep, err := VerifyFile(t.Context(), bytes.NewReader(bad))
		require.NoError(t, err)
		require.NotEqual(t, []FaultCode{NoPayload}, codes(rep.Faults), "byte %d", i)
	}
}

// A range of a chain can be read, and is no whole chain, be it short of one
// record only.
func TestRange(t *testing.T) {
	records := someRecords(t, "H501", 5)
	for first := range uint64(4) {
		first++
		b := fileOf(t, fileHeader("H501", first, records[first-1].Hash), records[first:])
		r, err := NewReader(bytes.NewReader(b))
		require.NoError(t, err)
		assert.Equal(t, first, r.First())
		assert.Equal(t, records[first-1].Hash, r.Previous())
		rep, err := VerifyFile(t.Context(), bytes.NewReader(b))
		require.NoError(t, err)
		require.False(t, rep.OK())
		require.Len(t, rep.Faults, 1)
		assert.Equal(t, WrongSequence, rep.Faults[0].Code)
		assert.Equal(t, first, rep.Faults[0].Seq)
		assert.Contains(t, rep.Faults[0].Problem, fmt.Sprintf("begins at record %d", first))
		folder, err := VerifyFS(t.Context(), fstest.MapFS{"chain-h501.log": {Data: b}})
		require.NoError(t, err)
		require.False(t, folder.OK())
	}
	_, err := NewReader(bytes.NewReader(fileHeader("H501", 0, records[1].Hash)))
	bad, ok := errors.AsType[*FormatError](err)
	require.True(t, ok)
	assert.Contains(t, bad.Problem, "genesis")
}

func TestVerifyFS(t *testing.T) {
	file := func(chain string, n int) *fstest.MapFile {
		return &fstest.MapFile{Data: fileOf(t, headerOf(t, chain), someRecords(t, chain, n))}
	}
	good := fstest.MapFS{
		"chain-h501.log": file("H501", 3), "chain-+portale.log": file("portale", 1), "chain-f205.log": file("F205", 2),
	}
	with := func(name string, more *fstest.MapFile) fstest.MapFS {
		return fstest.MapFS{"chain-h501.log": file("H501", 3), name: more}
	}
	rep, err := VerifyFS(t.Context(), good)
	require.NoError(t, err)
	require.True(t, rep.OK(), "%v", rep.AllFaults())
	var names []string
	for _, c := range rep.Chains {
		names = append(names, c.Chain)
	}
	assert.Equal(t, []string{"portale", "F205", "H501"}, names)

	foreign := fileOf(t, headerOf(t, "F205"), someRecords(t, "H501", 1))
	for name, c := range map[string]struct {
		fs   fstest.MapFS
		code FaultCode
	}{
		"empty":            {fstest.MapFS{}, NoChains},
		"unknown file":     {with("x", &fstest.MapFile{}), UnknownFile},
		"folder":           {with("chain-f205.log", &fstest.MapFile{Mode: fs.ModeDir}), UnknownFile},
		"folder with file": {with("sub/chain-f205.log", file("F205", 1)), UnknownFile},
		"link":             {with("chain-f205.log", &fstest.MapFile{Mode: fs.ModeSymlink}), UnknownFile},
		"renamed":          {fstest.MapFS{"chain-f205.log": file("H501", 3)}, WrongPlace},
		"empty file":       {fstest.MapFS{"chain-f205.log": {}}, TornTail},
		"header only":      {fstest.MapFS{"chain-f205.log": file("F205", 0)}, EmptyChain},
		"other content":    {fstest.MapFS{"chain-f205.log": {Data: []byte("%PDF-1.7")}}, Malformed},
		"other's record":   {fstest.MapFS{"chain-f205.log": {Data: foreign}}, WrongPlace},
	} {
		rep, err := VerifyFS(t.Context(), c.fs)
		require.NoError(t, err, name)
		require.False(t, rep.OK(), name)
		assert.Contains(t, codes(rep.AllFaults()), c.code, name)
		assert.True(t, c.code.Structural())
	}
}

// What cannot be read is an error, not a verdict.
func TestReadErrors(t *testing.T) {
	broken := errors.New("broken disk")
	b := fileOf(t, headerOf(t, "H501"), someRecords(t, "H501", 3))
	for _, n := range []int{0, 10, 100, 150, 400} {
		src := io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(broken))
		_, err := VerifyFile(t.Context(), src)
		require.ErrorIs(t, err, broken, "%d bytes", n)
	}
	s := &given{list: someRecords(t, "H501", 2), err: broken}
	_, err := newLog(t, s).VerifyChain(t.Context(), "H501")
	require.ErrorIs(t, err, broken)
	s.err = &FormatError{Code: Malformed, Seq: 2, Problem: "x"}
	rep, err := newLog(t, s).VerifyChain(t.Context(), "H501")
	require.NoError(t, err)
	require.Equal(t, []FaultCode{Malformed}, codes(rep.Faults))
	rep, err = VerifyFile(t.Context(), iotest.OneByteReader(bytes.NewReader(b)))
	require.NoError(t, err)
	require.True(t, rep.OK())
	_, err = newLog(t, &MemoryStore{}).VerifyChain(t.Context(), "H501")
	require.ErrorIs(t, err, ErrNoChain)
	all, err := newLog(t, &MemoryStore{}).Verify(t.Context())
	require.NoError(t, err)
	require.False(t, all.OK(), "no chains")
}

// A reader's memory does not grow with what a length claims, nor a report's
// with the faults.
func TestBounds(t *testing.T) {
	bad := append(headerOf(t, "H501"), 0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0)
	rep, err := VerifyFile(t.Context(), bytes.NewReader(bad))
	require.NoError(t, err)
	require.Contains(t, rep.Faults[0].Problem, "the length is 2147483647")
	var many []Record
	for range 500 {
		many = append(many, someRecords(t, "H501", 2)[1])
	}
	rep, err = VerifyFile(t.Context(), bytes.NewReader(fileOf(t, headerOf(t, "H501"), many)))
	require.NoError(t, err)
	assert.Len(t, rep.Faults, maxFaults)
	assert.Equal(t, uint64(1000), rep.FaultCount)
	assert.Equal(t, uint64(0), rep.StructuralCount)
}

func TestDecodeRecord(t *testing.T) {
	r := someRecords(t, "H501", 1)[0]
	b, err := r.AppendBinary(nil)
	require.NoError(t, err)
	got, n, err := DecodeRecord(append(bytes.Clone(b), "more"...))
	require.NoError(t, err)
	assert.Equal(t, len(b), n)
	assert.Equal(t, r, got)
	for i := range len(b) {
		_, _, err := DecodeRecord(b[:i])
		require.Error(t, err)
	}
	assert.Contains(t, r.String(), "H501/0 2026-03-22T11:00:00.000Z")
	assert.NotContains(t, r.String(), "FFCLTR")
}

// Any input ends in a report; of one that is right, the same bytes can be
// written again.
func FuzzVerifyFile(f *testing.F) {
	records := someRecords(f, "H501", 3)
	good := fileOf(f, headerOf(f, "H501"), records)
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(fileHeader("H501", 7, Hash{}))
	records[1].Payload = nil
	f.Add(fileOf(f, headerOf(f, "H501"), records))
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, err := VerifyFile(t.Context(), bytes.NewReader(b))
		require.NoError(t, err)
		r, err := NewReader(bytes.NewReader(b))
		if err != nil {
			require.False(t, rep.OK())
			return
		}
		again := fileHeader(r.Chain(), r.First(), r.Previous())
		for {
			rec, err := r.Next()
			if err != nil {
				if rep.OK() {
					require.ErrorIs(t, err, io.EOF)
					require.Equal(t, b, again)
				}
				break
			}
			if again, err = rec.AppendBinary(again); err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
		}
		require.True(t, bytes.HasPrefix(b, again))
	})
}

// Any payload that is accepted has one form.
func FuzzDecodeEntry(f *testing.F) {
	nonce := [nonceSize]byte{31: 7}
	full, plain := fullEntry(), anEntry()
	f.Add(byte(PlainV1), payloadV1(plain))
	f.Add(byte(PlainV2), plain.appendPlain(nil, nonce))
	f.Add(byte(PlainV2), full.appendPlain(nil, nonce))
	f.Add(byte(PlainV2), []byte{1, 0, 1, 'x'})
	f.Fuzz(func(t *testing.T, kind byte, b []byte) {
		if !PayloadKind(kind).known() {
			return
		}
		e, err := decodePlain(PayloadKind(kind), b)
		if err != nil {
			return
		}
		require.NoError(t, e.Check())
		if PayloadKind(kind) == PlainV1 {
			require.Equal(t, b, payloadV1(e))
			return
		}
		require.Equal(t, b, e.appendPlain(nil, [nonceSize]byte(b[len(b)-nonceSize:])))
	})
}

// A growingFile ends for a time in the middle of a record.
type growingFile struct {
	fs.File
	data []byte
	cut  int // where it ends at first
	ends int // how often
}

func (g *growingFile) Read(b []byte) (int, error) {
	if g.cut == 0 && g.ends > 0 {
		g.ends--
		return 0, io.EOF
	}
	src := g.data
	if g.ends > 0 {
		src = src[:g.cut]
	}
	n := copy(b, src)
	g.data = g.data[n:]
	g.cut = max(0, g.cut-n)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

type growingFS struct {
	fstest.MapFS
	cut, ends int
}

func (g growingFS) Open(name string) (fs.File, error) {
	f, err := g.MapFS.Open(name)
	if err != nil || name == "." {
		return f, err
	}
	return &growingFile{File: f, data: g.MapFS[name].Data, cut: g.cut, ends: g.ends}, nil
}

// Whoever verifies a folder while it is written waits for the rest of a record,
// and not for ever.
func TestVerifyWaitsForTheRest(t *testing.T) {
	data := fileOf(t, headerOf(t, "H501"), someRecords(t, "H501", 3))
	for _, cut := range []int{20, 100, len(data) - 1} {
		synctest.Test(t, func(t *testing.T) {
			for ends, ok := range map[int]bool{0: true, 1: true, 8: true, 9: false, 1000: false} {
				begin := time.Now()
				fsys := growingFS{fstest.MapFS{"chain-h501.log": {Data: data}}, cut, ends}
				rep, err := VerifyFS(t.Context(), fsys)
				require.NoError(t, err)
				require.Equal(t, ok, rep.OK(), "cut at %d, %d times", cut, ends)
				if !ok {
					require.Equal(t, []FaultCode{TornTail}, codes(rep.AllFaults()))
					require.Equal(t, 255*time.Millisecond, time.Since(begin), "of the clock of the test")
				}
			}
		})
	}
}
