package audit

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the quick look at a payload accepts is what appendPlain writes of an entry
// that passes Check, which looks at each character. Each byte of four payloads is
// replaced by each other byte.
func TestQuickPlain(t *testing.T) {
	office := benchEntry()
	office.Details = append(office.Details, Detail{Key: "language.of-the-form", Value: " "}, Detail{Key: "z"})
	accent := anEntry()
	accent.Outcome = "non è elettore"
	for name, e := range map[string]Entry{
		"least": anEntry(), "office": office, "full": fullEntry(), "accent": accent,
	} {
		body, err := newPayload(fixedRandom(), e)
		require.NoError(t, err)
		good := body.bytes
		require.Equal(t, name != "accent", quickPlain(good, requiredV2, tagNonce), name)
		quick := 0
		for at := range good {
			b := bytes.Clone(good)
			for c := range 256 {
				b[at] = byte(c)
				if !quickPlain(b, requiredV2, tagNonce) {
					if scanPlain(PlainV2, b) == nil {
						requireOneForm(t, b)
					}
					continue
				}
				quick++
				require.NoError(t, checkFields(b, requiredV2, tagNonce), "%s: byte %d is %#x", name, at, c)
				requireOneForm(t, b)
			}
		}
		require.Equal(t, name != "accent", quick > len(good)*64, "%s: %d were accepted", name, quick)
	}
	first := payloadV1(anEntry())
	require.True(t, quickPlain(first, requiredV1, tagSubject))
	require.False(t, quickPlain(first, requiredV2, tagNonce), "it has no random bytes")
	body, err := newPayload(fixedRandom(), office)
	require.NoError(t, err)
	require.False(t, quickPlain(body.bytes, requiredV1, tagSubject), "it has later fields")
	for n := range body.bytes {
		require.False(t, quickPlain(body.bytes[:n], requiredV2, tagNonce), "%d bytes", n)
		require.Error(t, scanPlain(PlainV2, body.bytes[:n:n]), "%d bytes", n)
	}
}

// No field has another length than it may have.
func TestQuickPlainLengths(t *testing.T) {
	e := anEntry()
	e.Subject = ""
	required := e.appendPlain(nil, [nonceSize]byte{})
	required = required[:len(required)-fieldFrame-nonceSize]
	random := "\x12\x00\x20" + strings.Repeat("r", nonceSize)
	payload := func(parts string) []byte { return append(bytes.Clone(required), parts...) }
	require.True(t, quickPlain(payload(random), requiredV2, tagNonce))
	for tag := tagSubject; tag <= tagNonce; tag++ {
		f := fields[tag]
		for _, n := range []int{0, 1, 2, f.size - 1, f.size, f.size + 1, f.max, f.max + 1, MaxDetails + 1} {
			if n < 0 {
				continue
			}
			parts := string([]byte{byte(tag), byte(n >> 8), byte(n)}) + strings.Repeat("x", n)
			if tag != tagNonce {
				parts += random
			}
			want := n > 0 && (f.form == textForm && n <= f.max || f.form != detailsForm && n == f.size)
			require.Equal(t, want, quickPlain(payload(parts), requiredV2, tagNonce), "%s of %d bytes", f.name, n)
			require.Equal(t, want, scanPlain(PlainV2, payload(parts)) == nil, "%s of %d bytes", f.name, n)
		}
	}
}

// requireOneForm requires that a payload is that of a right entry, and its only one.
func requireOneForm(t *testing.T, b []byte) {
	t.Helper()
	e, err := decodePlain(PlainV2, b)
	require.NoError(t, err)
	require.NoError(t, e.Check())
	require.Equal(t, b, e.appendPlain(nil, [nonceSize]byte(b[len(b)-nonceSize:])))
}

// Texts around the lengths at which the quick look reads otherwise, with one byte
// that is wrong in each place: none is accepted.
func TestQuickPlainTexts(t *testing.T) {
	for n := 1; n <= 40; n++ {
		e := anEntry()
		e.Outcome = strings.Repeat("o", n)
		b := e.appendPlain(nil, [nonceSize]byte{})
		start := bytes.Index(b, []byte(e.Outcome))
		require.True(t, quickPlain(b, requiredV2, tagNonce), "%d bytes", n)
		for at := range n {
			for _, c := range []byte{0x00, 0x1f, 0x7f, 0x80, 0xa0, 0xff} {
				bad := bytes.Clone(b)
				bad[start+at] = c
				require.False(t, quickPlain(bad, requiredV2, tagNonce), "%d bytes, byte %d is %#x", n, at, c)
				require.ErrorContains(t, scanPlain(PlainV2, bad), "Outcome")
			}
		}
		bad := bytes.Clone(b)
		copy(bad[start:], strings.Repeat(" ", n))
		require.ErrorContains(t, scanPlain(PlainV2, bad), "Outcome is empty")
	}
}

// The look at eight characters at a time says just what the look at each does.
func TestPrintable(t *testing.T) {
	before := []byte("\x00\xff\x80\x7f before")
	for n := 1; n <= 20; n++ {
		for at := range n {
			for c := range 256 {
				text := bytes.Repeat([]byte("a"), n)
				text[at] = byte(c)
				want := c >= ' ' && c < 0x7f
				require.Equal(t, want, printable(append(bytes.Clone(before), text...), n), "%q", text)
				require.Equal(t, want && n >= 8, printable(text, n), "%q: with less than 8 bytes it does not know", text)
			}
		}
		for _, pair := range [][2]byte{{0xff, 0x1f}, {0x80, 0x1f}, {0xff, 0x7f}, {0x1f, 0xff}, {0xa0, 0xff}} {
			for at := range n - 1 { // what one byte adds to its neighbour must not make up for it
				text := bytes.Repeat([]byte("a"), n)
				text[at], text[at+1] = pair[0], pair[1]
				require.False(t, printable(append(bytes.Clone(before), text...), n), "%q", text)
			}
		}
	}
}

// The number of a key is not 0 just where the key is one, and greater only if the key
// comes later.
func TestKeyOrder(t *testing.T) {
	const before = "\x00\xff before"
	order := func(key string) uint64 { return keyOrder([]byte(before+key), len(key)) }
	for n := range MaxDetailKey + 9 {
		for at := range n {
			for c := range 256 {
				key := bytes.Repeat([]byte("k"), n)
				key[at] = byte(c)
				require.Equal(t, isDetailKey(key), order(string(key)) > 0, "%q", key)
			}
		}
		require.Equal(t, n > 0 && n <= MaxDetailKey, order(strings.Repeat("k", n)) > 0, "%d bytes", n)
	}
	for pair := range 1 << 16 { // what one byte adds to its neighbour must not make up for it
		key := []byte("kkkkkkkkk")
		key[3], key[4] = byte(pair>>8), byte(pair)
		if got := order(string(key)) > 0; got != isDetailKey(key) {
			require.Equal(t, isDetailKey(key), got, "%q", key)
		}
	}
	keys := []string{
		"-", ".", "0", "9", "a", "a-", "a0", "aa", "abcdefg", "abcdefgh", "abcdefgha", "abcdefghb", "abcdefgi",
		"b", "z", "zzzzzzzz", "zzzzzzzzz", "zzzzzzzzzzzzzzzzzzzzzzzz",
	}
	require.True(t, slices.IsSorted(keys))
	for i, a := range keys {
		for j, b := range keys {
			require.False(t, order(a) > order(b) && i <= j, "%s, %s", a, b)
			if first := min(len(a), 8); a[:first] != b[:min(len(b), 8)] {
				require.Equal(t, i > j, order(a) > order(b), "%s, %s: their first 8 bytes differ", a, b)
			}
		}
	}
	require.Zero(t, keyOrder([]byte("short"), 5), "with less than 8 bytes it does not know")
	problem := scanDetails([]byte("\x01b\x00\x00\x08aaaaaaaa\x00\x00"), 15)
	require.Contains(t, problem, "the key aaaaaaaa after b", "nor whether the next comes later")
}
