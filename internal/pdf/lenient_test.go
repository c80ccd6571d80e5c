package pdf_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// TestRebuilt reads files whose end is missing: with a table, with object streams,
// with an update, of which the last object of each number counts.
func TestRebuilt(t *testing.T) {
	for n, data := range seeds()[:2] {
		whole, err := pdf.Parse(t.Context(), data, pdf.Limits{})
		require.NoError(t, err)
		want, err := whole.Last().Pages()
		require.NoError(t, err)
		cut := data[:bytes.LastIndex(data, []byte("startxref"))]
		_, err = pdf.Parse(t.Context(), cut, pdf.Limits{})
		require.ErrorIs(t, err, pdf.ErrStart, n)
		f, departure, err := pdf.ParseUnsealed(t.Context(), cut, pdf.Limits{})
		require.NoError(t, err, n)
		require.ErrorIs(t, departure, pdf.ErrStart)
		got, err := f.Last().Pages()
		require.NoError(t, err)
		require.Equal(t, want, got)
		for _, ref := range got {
			a, err := whole.Last().Get(ref)
			require.NoError(t, err)
			b, err := f.Last().Get(ref)
			require.NoError(t, err)
			require.True(t, pdf.Equal(a, b))
		}
		f, departure, err = pdf.ParseUnsealed(t.Context(), data, pdf.Limits{})
		require.NoError(t, err)
		require.NoError(t, departure)
		require.Len(t, f.Revisions, 1)
	}
	_, _, err := pdf.ParseUnsealed(t.Context(), bytes.ReplaceAll(seeds()[2], []byte("%%EOF"), nil), pdf.Limits{})
	require.ErrorIs(t, err, pdf.ErrSealed, "it has a signature")
	last := "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[3 0 R]>>endobj 3 0 obj<</A 1>>endobj " +
		"3 0 obj<</A 2>>endobj\n"
	f, _, err := pdf.ParseUnsealed(t.Context(), []byte(last), pdf.Limits{})
	require.NoError(t, err)
	o, err := f.Last().Get(pdf.Ref{Num: 3})
	require.NoError(t, err)
	require.True(t, pdf.Equal(pdf.Dict{{Key: "A", Value: int64(2)}}, o))
}

// TestRebuiltBounds counts what is read of files that do not end, at each bound and
// one beyond.
func TestRebuiltBounds(t *testing.T) {
	const head = "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Kids[]>>endobj\n"
	bad := func(n int) string { return strings.Repeat("trailer (\n", n) }
	_, _, err := pdf.ParseUnsealed(t.Context(), []byte(head+bad(8)), pdf.Limits{})
	require.NoError(t, err)
	_, _, err = pdf.ParseUnsealed(t.Context(), []byte(head+bad(9)), pdf.Limits{})
	require.ErrorIs(t, err, pdf.ErrLimit)
	var objects strings.Builder
	for i := range 8 {
		fmt.Fprintf(&objects, "%d 0 obj /Catalog (\n", i+10)
	}
	_, _, err = pdf.ParseUnsealed(t.Context(), []byte(head+objects.String()), pdf.Limits{})
	require.NoError(t, err)
	_, _, err = pdf.ParseUnsealed(t.Context(), []byte(head+objects.String()+"20 0 obj /Catalog (\n"), pdf.Limits{})
	require.ErrorIs(t, err, pdf.ErrLimit)
	_, _, err = pdf.ParseUnsealed(t.Context(), []byte(head), pdf.Limits{Objects: 2})
	require.NoError(t, err)
	_, _, err = pdf.ParseUnsealed(t.Context(), []byte(head), pdf.Limits{Objects: 1})
	require.ErrorIs(t, err, pdf.ErrLimit)
	long := append([]byte(head), bytes.Repeat([]byte(" "), 32<<20-len(head))...)
	_, _, err = pdf.ParseUnsealed(t.Context(), long, pdf.Limits{})
	require.NoError(t, err)
	_, _, err = pdf.ParseUnsealed(t.Context(), append(long, ' '), pdf.Limits{})
	require.ErrorIs(t, err, pdf.ErrLimit)
}

// FuzzUnsealed reads files that are not well formed. Where it is lenient, a strict
// reading fails, and nothing like a signature is in the file.
func FuzzUnsealed(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
		f.Add(append([]byte("\n"), s...))
		f.Add(s[:bytes.LastIndex(s, []byte("startxref"))])
		f.Add(s[:bytes.LastIndex(s, []byte("xref"))])
		f.Add(bytes.Replace(s, []byte("65535 f"), []byte("65536 f"), 1))
	}
	limits := pdf.Limits{Size: 1 << 16, Stream: 1 << 18, Expanded: 1 << 20, Objects: 2000, Revisions: 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, departure, err := pdf.ParseUnsealed(t.Context(), data, limits)
		if err != nil {
			return
		}
		_, strict := pdf.Parse(t.Context(), data, limits)
		require.Equal(t, strict, departure)
		pages, _ := file.Last().Pages()
		for _, p := range pages {
			_, _ = file.Last().PageImages(p, 5)
			_, _ = file.Last().Links(p)
		}
		_, _ = file.EmbeddedFiles()
		if departure == nil {
			return
		}
		require.Empty(t, pdf.Salvage(data, limits))
		sigs, err := file.Signatures()
		require.NoError(t, err)
		require.Empty(t, sigs)
	})
}
