package main

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

const committed = "../../tables"

// The committed tables are those that the shared material gives today. The text
// is compared, not the compressed bytes, which may change with Go's release.
func TestCommittedTables(t *testing.T) {
	made, err := generate(testenv.Shared(t))
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(committed, "*"))
	require.NoError(t, err)
	assert.Len(t, files, len(made))
	all := fstest.MapFS{}
	for name, text := range made {
		f, err := os.Open(filepath.Join(committed, name+".tsv.gz"))
		require.NoError(t, err)
		z, err := gzip.NewReader(f)
		require.NoError(t, err)
		old, err := io.ReadAll(z)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		if string(old) != string(text) {
			t.Errorf("%s.tsv.gz is not what the generator makes: run go generate ./electoral/refdata", name)
		}
		all[name+".tsv"] = &fstest.MapFile{Data: text}
	}
	_, err = refdata.Load(all)
	require.NoError(t, err)
}

// Two runs give the same text: no order of a map shows.
func TestGeneratorIsDeterministic(t *testing.T) {
	shared := testenv.Shared(t)
	a, err := generate(shared)
	require.NoError(t, err)
	b, err := generate(shared)
	require.NoError(t, err)
	assert.Equal(t, a, b)
}

// No personal or unlicensed file may find its way into the tables.
func TestSourcesAreThoseThatMayBeUsed(t *testing.T) {
	made, err := generate(testenv.Shared(t))
	require.NoError(t, err)
	doc, err := os.ReadFile("../../SOURCES.md")
	require.NoError(t, err)
	for name, text := range made {
		for line := range strings.Lines(string(text)) {
			source, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "#source ")
			if !ok {
				continue
			}
			part := strings.Split(source, "|")
			require.Len(t, part, 4, name)
			assert.Contains(t, string(doc), part[0], "SOURCES.md must name every source")
			assert.NotContains(t, part[2], "SA")
		}
	}
}

func TestGeneratorReportsWhatIsMissing(t *testing.T) {
	_, err := generate(t.TempDir())
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Error(t, run(t.TempDir(), t.TempDir()))
}
