package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuickstart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	for range 2 { // the second run begins anew in the same folder
		var out, errs bytes.Buffer
		require.Zero(t, run(t.Context(), []string{"-out", dir}, &out, &errs), "%s%s", out.String(), errs.String())
		assert.Contains(t, out.String(), "40 sezioni, 2395 elettori registrati, 5 rifiutati, 2400 letti, 2400 dichiarati")
		for _, d := range damages {
			assert.Contains(t, out.String(), d.about)
		}
		for _, code := range []string{"ELE-STA-06", "ELE-ISC-05", "XML-VAL-01", "XML-ELE-02", "REG-CAR-02", "REG-COM-01"} {
			assert.Contains(t, out.String(), code)
		}
	}
	for _, name := range []string{"certificato-iscrizione.pdf", "certificato-diritti-politici.pdf", "anteprima.pdf", "contrassegno.png", "trust.pem"} {
		st, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Positive(t, st.Size())
	}
	logs, err := filepath.Glob(filepath.Join(dir, "audit", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, logs)
	for _, path := range append(logs, filepath.Join(dir, "registro.db")) {
		st, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), st.Mode().Perm(), path)
	}
}

func TestUsage(t *testing.T) {
	var out bytes.Buffer
	assert.Zero(t, run(t.Context(), []string{"-h"}, &out, &out))
	theirs := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(theirs, "audit"), 0o700))
	log := filepath.Join(theirs, "audit", "chain.log")
	require.NoError(t, os.WriteFile(log, []byte("somebody's log"), 0o600))
	assert.Equal(t, 1, run(t.Context(), []string{"-out", theirs}, &out, &out))
	kept, err := os.ReadFile(log)
	require.NoError(t, err)
	assert.Equal(t, "somebody's log", string(kept))
	assert.Equal(t, 2, run(t.Context(), []string{"-x"}, &out, &out))
	assert.Equal(t, 2, run(t.Context(), []string{"extra"}, &out, &out))
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.Equal(t, 1, run(t.Context(), []string{"-out", file}, &out, &out))
	assert.Contains(t, out.String(), "quickstart:")
}
