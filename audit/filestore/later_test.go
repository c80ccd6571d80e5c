package filestore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/audittest"
)

// byLater returns the bytes of a record as a later version could have written
// it: of another kind, with the right hash.
func byLater(t testing.TB, r audit.Record, change func(form []byte)) []byte {
	t.Helper()
	b, err := r.AppendBinary(nil)
	require.NoError(t, err)
	const front = 8
	change(b[front : front+4])
	header := b[front : front+4+1+len(r.Chain)+8+8+32]
	payload := sha256.Sum256(r.Payload)
	hash := sha256.Sum256(slices.Concat([]byte("audit-chain/1 record\n"), header, payload[:]))
	copy(b[len(b)-4-32:], hash[:])
	return b
}

// refused opens a file in both ways: it must be called damaged from an offset
// on, and stay as it is.
func refused(t testing.TB, data []byte, offset int, why string) {
	t.Helper()
	for _, full := range []bool{false, true} {
		dir := put(t, data)
		_, err := Open(dir, Config{Full: full})
		var corrupt *CorruptError
		require.ErrorAs(t, err, &corrupt, why)
		require.Equal(t, int64(offset), corrupt.Offset, why)
		got, err := os.ReadFile(filepath.Join(dir, chainFile))
		require.NoError(t, err)
		require.Equal(t, data, got, why)
	}
}

// What a later version wrote is never cut off as the remains of an interrupted
// write, be it whole or torn, be there holes after it or before it.
func TestLaterVersionIsNotCut(t *testing.T) {
	data, ends, records := smallLog(t, 6)
	next := audittest.Grow(t, "H501", audit.HeadOf(records[5]), 1)
	for why, change := range map[string]func(form []byte){
		"version": func(form []byte) { form[0] = 2 },
		"type":    func(form []byte) { form[1] = 2 },
		"kind":    func(form []byte) { form[2] = 3 },
		"flags":   func(form []byte) { form[3] |= 4 },
	} {
		later := byLater(t, next[0], change)
		whole := slices.Concat(data, later)
		refused(t, whole, len(data), why)
		for _, n := range []int{8 + 4, 20, len(later) / 2, len(later) - 1} {
			refused(t, slices.Concat(data, later[:n]), len(data), why+", torn")
		}
		// The file grew and the power failed, after it or in it.
		refused(t, slices.Concat(whole, make([]byte, 700)), len(data), why+", with a hole after it")
		refused(t, slices.Concat(data, later[:60], make([]byte, 1200)), len(data), why+", with a hole in it")
		// That it is there shows that what is before was durable, more than a sector.
		holed := bytes.Clone(data)
		clear(holed[ends[2]:])
		refused(t, slices.Concat(holed, later), ends[2], why+", with a hole before it")
	}
	// The same without it is what an interrupted write leaves.
	for _, torn := range [][]byte{slices.Concat(data, make([]byte, 700)), data[:len(data)-1]} {
		s, err := Open(put(t, torn), Config{})
		require.NoError(t, err)
		require.Len(t, s.Recoveries(), 1)
		require.NoError(t, s.Close())
	}
}

// A field that this version does not know is no reason to cut a record either,
// or not to go on with the chain: Verify tells of it.
func TestUnknownFieldIsKept(t *testing.T) {
	records := audittest.Grow(t, "H501", audit.EmptyHead("H501"), 1)
	file, err := audit.FileHeader("H501")
	require.NoError(t, err)
	r := records[0]
	r.Payload = append(bytes.Clone(r.Payload), 19, 0, 1, 'x')
	b := byLater(t, r, func([]byte) {})
	r.PayloadDigest = sha256.Sum256(r.Payload)
	copy(r.Hash[:], b[len(b)-4-32:])
	require.NoError(t, r.Check())
	require.Equal(t, len(b)-12, int(binary.BigEndian.Uint32(b)))
	dir := put(t, append(file, b...))
	s, err := Open(dir, Config{Full: true})
	require.NoError(t, err)
	require.Empty(t, s.Recoveries())
	require.NoError(t, s.Append(t.Context(), "H501", audittest.Grow(t, "H501", audit.HeadOf(r), 1)))
	require.NoError(t, s.Close())
	rep := verifyDir(t, dir)
	require.Len(t, rep.Chains[0].Faults, 1)
	require.Equal(t, audit.BadPayload, rep.Chains[0].Faults[0].Code)
	require.Equal(t, uint64(2), rep.Chains[0].Records)
}

// What an interrupted write of the first kind of payload left is still cut off.
func TestFirstKindIsRecovered(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "testdata", "kind1.log"))
	require.NoError(t, err)
	for n := len(b) - 1; n > len(b)-60; n-- {
		s, err := Open(put(t, b[:n]), Config{})
		require.NoError(t, err, "%d bytes", n)
		require.Len(t, s.Recoveries(), 1)
		h, err := s.Head(t.Context(), "H501")
		require.NoError(t, err)
		require.Equal(t, uint64(2), h.Size)
		require.NoError(t, s.Close())
	}
}

// The file of a chain that begins after its first record is not the chain's.
func TestRangeIsRefused(t *testing.T) {
	data, ends, records := smallLog(t, 4)
	for first := 1; first < 4; first++ {
		header := bytes.Clone(data[:ends[0]])
		at := ends[0] - 32 - 32 - 8
		binary.BigEndian.PutUint64(header[at:], uint64(first))
		copy(header[at+8:], records[first-1].Hash[:])
		check := sha256.Sum256(header[:ends[0]-32])
		copy(header[ends[0]-32:], check[:])
		refused(t, slices.Concat(header, data[ends[first]:]), 0, "a range")
	}
}
