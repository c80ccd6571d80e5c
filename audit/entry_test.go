package audit

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A made-up person.
func anEntry() Entry {
	return Entry{
		FiscalCode: "FFCLTR70A01H501Z", Time: time.Date(2026, 3, 22, 10, 0, 0, 123e6, time.UTC),
		Operation: "certificate-issue", Outcome: "granted", RequestID: "r-1", Authentication: "spid", Subject: "42",
	}
}

// An entry with all the fields.
func fullEntry() Entry {
	e := anEntry()
	e.ActorComune, e.Role, e.Level, e.ActingFor = "A271", "operator", 2, "VRDLGU80A01H501Z"
	e.Station, e.Device, e.Purpose, e.Procedure, e.AccessPoint = "s-7", "card 9", "duty of office", "2026/17", "web"
	e.Details = []Detail{{Key: "kind", Value: "2"}, {Key: "list.part-1"}, {Key: "z", Value: " é "}}
	return e
}

// fixedRandom is for the tests to which the random bytes do not matter.
func fixedRandom() io.Reader { return rand.NewChaCha8([32]byte{1}) }

func TestEntryCheck(t *testing.T) {
	require.NoError(t, anEntry().Check())
	e := anEntry()
	e.Subject = ""
	require.NoError(t, e.Check(), "the subject may be empty")
	e.Outcome = "rifiutato: sezione non trovata à è 日本 "
	require.NoError(t, e.Check())

	err := Entry{}.Check()
	faults, ok := err.(EntryFaults)
	require.True(t, ok)
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
		assert.Equal(t, "is empty", f.Problem)
	}
	want := []string{"FiscalCode", "Time", "Operation", "Outcome", "RequestID", "Authentication"}
	assert.Equal(t, want, fields, "all at once")
	assert.Contains(t, err.Error(), "audit: entry: FiscalCode is empty; Time is empty")

	for problem, bad := range map[string]string{
		"is empty":                 "   ",
		"is empty ":                "\u00a0\u2003",
		"not UTF-8 at byte 1":      "a\xffb",
		"not UTF-8 at byte 0":      "\xed\xa0\x80",
		"U+0000 at byte 1":         "a\x00",
		"U+000A at byte 3":         "abc\ngranted",
		"U+007F at byte 0":         "\x7f",
		"U+0085 at byte 0":         "\u0085",
		"U+202E at byte 2":         "ab\u202ec",
		"U+2028 at byte 0":         "\u2028",
		"U+FEFF at byte 0":         "\ufeffa",
		"has 257 bytes, at most 2": strings.Repeat("x", 257),
	} {
		e := anEntry()
		e.Outcome = bad
		err := e.Check()
		require.Error(t, err, "%q", bad)
		assert.Contains(t, err.Error(), strings.TrimSpace(problem))
		assert.Contains(t, err.Error(), "Outcome")
	}
	for _, year := range []int{-1, 1969, 10000, 300000} {
		e := anEntry()
		e.Time = time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)
		require.ErrorContains(t, e.Check(), fmt.Sprintf("year %d", year))
	}
}

func TestEntryFaultsHoldNoPersonalData(t *testing.T) {
	e := anEntry()
	e.FiscalCode += "\n" + e.FiscalCode
	require.NotContains(t, e.Check().Error(), "FFCLTR")
	e.FiscalCode = strings.Repeat("FFCLTR70A01H501Z", 3)
	require.NotContains(t, e.Check().Error(), "FFCLTR")
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "entry", anEntry())
	e = anEntry()
	for _, s := range []string{b.String(), e.String(), fmt.Sprintf("%v %+v %s", e, e, e)} {
		assert.NotContains(t, s, "FFCLTR")
		assert.Contains(t, s, "2026-03-22T10:00:00.123Z certificate-issue")
	}
}

// payloadV1 returns an entry as a payload of PlainV1, which has the same fields
// up to the subject.
func payloadV1(e Entry) []byte {
	b := e.appendPlain(nil, [nonceSize]byte{})
	return b[:len(b)-fieldFrame-nonceSize]
}

func TestPayloadV1IsStrict(t *testing.T) {
	good := payloadV1(anEntry())
	e, err := decodePlain(PlainV1, good)
	require.NoError(t, err)
	assert.Equal(t, anEntry(), e)
	for n := range len(good) {
		if n != len(good)-5 { // the subject alone may be missing
			_, err := decodePlain(PlainV1, good[:n])
			require.Error(t, err, "%d bytes", n)
		}
	}
	cat := func(parts ...string) []byte { return []byte(strings.Join(parts, "")) }
	for want, bad := range map[string][]byte{
		"unknown field 8": append(append([]byte{}, good...), 8, 0, 1, 'x'),
		"unknown field 0": append([]byte{0, 0, 1, 'x'}, good...),
		"ascending":       append(append([]byte{}, good...), 7, 0, 1, 'x'),
		"is empty":        cat("\x01\x00\x00"),
		"has 500 bytes":   cat("\x01\x01\xf4x"),
		"cut short":       append(append([]byte{}, good...), 7),
		"want 8":          cat("\x01\x00\x01x\x02\x00\x01x\x03\x00\x01x\x04\x00\x01x\x05\x00\x01x\x06\x00\x01x"),
		"after the year": cat("\x01\x00\x01x\x02\x00\x08\xff\xff\xff\xff\xff\xff\xff\xff",
			"\x03\x00\x01x\x04\x00\x01x\x05\x00\x01x\x06\x00\x01x"),
		"Operation is empt": cat("\x01\x00\x01x\x02\x00\x08\x00\x00\x00\x00\x00\x00\x00\x01",
			"\x04\x00\x01x\x05\x00\x01x\x06\x00\x01x"),
		"U+000A": cat("\x01\x00\x01\n"),
	} {
		_, err := decodePlain(PlainV1, bad)
		require.ErrorContains(t, err, want)
	}
}

func TestFileName(t *testing.T) {
	for chain, name := range map[string]string{
		"H501": "chain-h501.log", "portale": "chain-+portale.log", "abC1d": "chain-+ab+c1+d.log",
		"A1b-C.d_": "chain-a1+b-+c.+d_.log", "007": "chain-007.log",
	} {
		got, err := FileName(chain)
		require.NoError(t, err)
		assert.Equal(t, name, got)
		back, ok := ChainOf(name)
		assert.True(t, ok)
		assert.Equal(t, chain, back)
	}
	for _, bad := range []string{
		"", "chain-.log", "chain-H501.log", "chain-h501", "h501.log", "chain-+.log", "chain-+1.log", "chain-a+.log",
		"chain-++a.log", "chain-../x.log", "chain--a.log", ".log", "chain-h501.log.log~",
	} {
		_, ok := ChainOf(bad)
		assert.False(t, ok, bad)
	}
	seen := map[string]string{}
	letters := []string{"a", "A", "1", "b", "B", "-", "z", "."}
	for i := range 8 * 8 * 8 * 8 {
		chain := letters[i%8] + letters[i/8%8] + letters[i/64%8] + letters[i/512]
		name, err := FileName(chain)
		if err != nil {
			continue
		}
		require.Empty(t, seen[name], "%s and %s", chain, seen[name])
		require.Equal(t, strings.ToLower(name), name)
		seen[name] = chain
		back, ok := ChainOf(name)
		require.True(t, ok && back == chain, chain)
	}
	require.Greater(t, len(seen), 2000)
}
