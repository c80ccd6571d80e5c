package electoral_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

func TestSectionNumbers(t *testing.T) {
	for given, want := range map[string]string{
		"1": "1", "01": "1", "0010": "10", "1 ": "1", "\t1": "1", "12  bis": "12 bis", "012 BIS": "12 BIS",
		"0": "0", "00": "0", "100": "100", "A01": "A1", "1/05": "1/5", "1.0": "1.0", "1\u200b": "1", "e\u0301": "é",
		"": "", " ": "", "１": "１",
	} {
		assert.Equal(t, want, electoral.CanonicalSectionNumber(given), "%q", given)
	}
	for _, same := range [][]string{{"1", "01", "1 ", "１", "\u200b1"}, {"5 bis", "5 BIS", "05  Bis"}, {"é", "e\u0301", "É"}} {
		for _, a := range same {
			assert.True(t, electoral.SameSectionNumber(a, same[0]), "%q", a)
		}
	}
	for _, other := range [][2]string{{"1", "10"}, {"1", "1/A"}, {"1", "I"}, {"e", "é"}, {"0", ""}, {"5bis", "5 bis"}} {
		assert.False(t, electoral.SameSectionNumber(other[0], other[1]), other)
	}
}

// TestSectionOrder sorts from any order into the one that people expect.
func TestSectionOrder(t *testing.T) {
	want := []string{"", "0", "001", "01", "1", "2", "2 BIS", "2 bis", "2/A", "9", "10", "10A", "100", "A1", "A02", "A10",
		"B", "\xff"}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 50 {
		got := slices.Clone(want)
		r.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		slices.SortFunc(got, electoral.CompareSectionNumbers)
		require.Equal(t, want, got)
	}
}

func TestSectionKinds(t *testing.T) {
	for _, k := range electoral.SectionKinds() {
		assert.True(t, k.Known())
		assert.NotContains(t, k.Italian(), "sconosciuto")
		assert.True(t, strings.HasPrefix(k.Italian(), "sezione "))
	}
	assert.False(t, electoral.SectionKind("x").Known())
	assert.Contains(t, electoral.SectionKind("x").Italian(), "sconosciuto: x")
	var old electoral.Section
	require.NoError(t, json.Unmarshal([]byte(`{"comune":"A074","number":"1"}`), &old))
	assert.Equal(t, electoral.OrdinarySection, old.Kind, "what was kept before there were kinds")
	data, err := json.Marshal(old)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "kind")
	assert.Equal(t, "1 elettore", electoral.CountOfElectors(1))
	assert.Equal(t, "0 elettori", electoral.CountOfElectors(0))
}

// FuzzSectionNumber: the usual spelling is one, and the order is one of whole texts.
func FuzzSectionNumber(f *testing.F) {
	for _, s := range []string{"", "01", "1 bis", "\u200b1", "\xff0", "1/05", "e\u0301"} {
		f.Add(s, "1")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		usual := electoral.CanonicalSectionNumber(a)
		if utf8.ValidString(a) {
			require.Equal(t, usual, electoral.CanonicalSectionNumber(usual), "%q", a)
			require.True(t, electoral.SameSectionNumber(a, usual), "%q %q", a, usual)
		}
		require.Equal(t, a == b, electoral.CompareSectionNumbers(a, b) == 0)
		require.Equal(t, electoral.CompareSectionNumbers(a, b) < 0, electoral.CompareSectionNumbers(b, a) > 0)
	})
}
