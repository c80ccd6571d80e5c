package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

func TestGenerate(t *testing.T) {
	dirs := []string{t.TempDir(), filepath.Join(t.TempDir(), "new", "folder")}
	for _, dir := range dirs {
		var out, errs bytes.Buffer
		require.Zero(t, run([]string{"generate", "-comune", "H501", "-n", "500", "-seed", "9", "-out", dir}, &out, &errs), errs.String())
		assert.Contains(t, out.String(), "Roma (H501): 2599 sezioni, 500 elettori")
		assert.Contains(t, out.String(), "assunto: sections[*].chamberCollege", "the comune is split")
	}
	for _, name := range []string{"popolazione.ndjson", "subentroSezioni.xml", "subentroListe.xml", "assunzioni.json"} {
		one, err := os.ReadFile(filepath.Join(dirs[0], name))
		require.NoError(t, err)
		other, err := os.ReadFile(filepath.Join(dirs[1], name))
		require.NoError(t, err)
		assert.True(t, bytes.Equal(one, other), "%s: the same seed makes the same bytes", name)
	}
	persons := map[string]bool{}
	f, err := os.Open(filepath.Join(dirs[0], "popolazione.ndjson"))
	require.NoError(t, err)
	defer f.Close()
	for p, err := range electoral.ReadPersons(f) {
		require.NoError(t, err)
		persons[p.ANPRID] = true
	}
	lists, err := os.Open(filepath.Join(dirs[0], "subentroListe.xml"))
	require.NoError(t, err)
	defer lists.Close()
	source, err := anprxml.ReadElectors(context.Background(), lists, anprxml.ReadConfig{})
	require.NoError(t, err)
	n := 0
	for item, err := range source.Items {
		require.NoError(t, err)
		require.Empty(t, item.Faults)
		require.True(t, persons[item.Record.ANPRID])
		n++
	}
	assert.Equal(t, 500, n)
	assert.Equal(t, source.Declared, n)
	assert.Len(t, persons, n)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"nothing"}, {"generate"}, {"generate", "-comune", "H501"}, {"generate", "-out", "x"},
		{"generate", "-comune", "Z999", "-out", t.TempDir()}, {"generate", "-n", "x"}, {"generate", "-comune", "H501", "-n", "-1", "-out", t.TempDir()}} {
		var out, errs bytes.Buffer
		assert.Equal(t, 2, run(args, &out, &errs), "%v", args)
		assert.NotEmpty(t, errs.String())
	}
	var out bytes.Buffer
	assert.Zero(t, run([]string{"help"}, &out, &out))
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.Equal(t, 1, run([]string{"generate", "-comune", "H501", "-n", "5", "-out", file}, &out, &out))
}

func TestNational(t *testing.T) {
	t.Setenv("ANPR_DSN", "")
	var out, errs bytes.Buffer
	require.Zero(t, run([]string{"national", "-factor", "0.001", "-comuni", "4", "-json"}, &out, &errs), errs.String())
	var r result
	require.NoError(t, json.Unmarshal(out.Bytes(), &r))
	assert.Equal(t, 4, r.Comuni)
	assert.Greater(t, r.Electors, 4000, "Roma, Milano, Napoli and Torino")
	assert.Zero(t, r.Refused)
	assert.Positive(t, r.LoadRate)
	assert.Positive(t, r.ExtractRate)
	assert.Positive(t, r.Bytes)
	out.Reset()
	require.Zero(t, run([]string{"national", "-factor", "0.0001", "-comuni", "2", "-db", filepath.Join(t.TempDir(), "r.db")}, &out, &errs), errs.String())
	assert.Contains(t, out.String(), "In proporzione, per 51800000 elettori")
	assert.Equal(t, 2, run([]string{"national", "-factor", "2"}, &out, &errs))
	file := filepath.Join(t.TempDir(), "there.db")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.Equal(t, 1, run([]string{"national", "-db", file}, &out, &errs), "never over a file that is there")
}

func TestNationalOnPostgres(t *testing.T) {
	t.Setenv("ANPR_DSN", testenv.Postgres(t))
	var out, errs bytes.Buffer
	require.Zero(t, run([]string{"national", "-factor", "0.0005", "-comuni", "6", "-json"}, &out, &errs), errs.String())
	var r result
	require.NoError(t, json.Unmarshal(out.Bytes(), &r))
	assert.Equal(t, "PostgreSQL", r.Database)
	assert.Greater(t, r.Electors, 2000)
	assert.Zero(t, r.Refused)
}
