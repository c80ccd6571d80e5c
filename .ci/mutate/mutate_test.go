package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMutate runs every mutant of a small module and compares what became of
// each with a list that was checked by hand. To write it anew, set UPDATE=1.
func TestMutate(t *testing.T) {
	o := options{
		root: filepath.Join("testdata", "sample"), seed: 1, minutes: 10, workers: 2, equivalents: "equivalents.txt",
		areas: []area{{name: "all", sources: []string{"lib/*.go"}, tests: []string{"lib", "outside", "missing"}}},
	}
	var said strings.Builder
	results, err := mutate(t.Context(), o, func(format string, args ...any) { fmt.Fprintf(&said, format+"\n", args...) })
	require.NoError(t, err)
	var lines []string
	for m, v := range results[0].verdicts {
		lines = append(lines, fmt.Sprintf("%03d %s: %s", m.line, v, strings.ReplaceAll(m.String(), "\n", " ")))
	}
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("testdata", "sample.golden")
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
	require.Contains(t, said.String(), "left out: lib TestBroken: it fails without a mutant")
	require.Contains(t, said.String(), "no tests in missing")
	require.Contains(t, said.String(), "\nkilled ")
}
