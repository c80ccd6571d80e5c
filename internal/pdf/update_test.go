package pdf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func TestAppendObject(t *testing.T) {
	o := pdf.Dict{
		{Key: "A#b c", Value: pdf.Array{int64(-3), 0.5, 2.0, true, nil, pdf.Ref{Num: 7, Gen: 2}}},
		{Key: "S", Value: pdf.String("a(b)\\\x00\xff")}, {Key: "T", Value: pdf.TextString("Perché (no)")}, {Key: "P", Value: pdf.TextString("plain")},
		{Key: "D", Value: pdf.Dict{{Key: "N", Value: pdf.Name("x/y(z)")}}},
	}
	f, err := pdf.Parse(t.Context(), sealtest.Document("oggetti"), pdf.Limits{})
	require.NoError(t, err)
	u, err := f.NewUpdate(0, map[uint32]bool{400: true})
	require.NoError(t, err)
	ref := u.Reserve()
	assert.Equal(t, uint32(401), ref.Num, "a number to which something refers in vain is not taken")
	u.Object(ref, o)
	st := u.Reserve()
	u.Stream(st, []byte("dati"))
	_, err = u.Finish([]byte("seconda"))
	require.NoError(t, err)
	_, err = u.Finish(nil)
	assert.Error(t, err)

	// A second update goes behind the first without reading it again.
	v := u.Then(100)
	v.Object(ref, pdf.Name("altro"))
	out, err := v.Finish([]byte("terza"))
	require.NoError(t, err)
	again, err := pdf.Parse(t.Context(), out, pdf.Limits{})
	require.NoError(t, err)
	require.NoError(t, again.CheckObjects(t.Context()))
	require.Len(t, again.Revisions, 3)
	assert.Zero(t, again.Trailing)
	got, err := again.At(1).Get(ref)
	require.NoError(t, err)
	assert.True(t, pdf.Equal(o, got), "%v", got)
	got, err = again.Last().Get(ref)
	require.NoError(t, err)
	assert.Equal(t, pdf.Name("altro"), got)
	got, err = again.Last().Get(st)
	require.NoError(t, err)
	assert.Equal(t, "dati", string(got.(*pdf.Stream).Raw))
	id := again.Last().Trailer().Get("ID").(pdf.Array)
	assert.True(t, pdf.Equal(f.Last().Trailer().Get("ID").(pdf.Array)[0], id[0]))
	assert.Equal(t, pdf.String("terza"), id[1])

	w := again
	two, err := w.NewUpdate(0, nil)
	require.NoError(t, err)
	two.Object(ref, nil)
	two.Object(ref, nil)
	_, err = two.Finish(nil)
	assert.ErrorContains(t, err, "written twice")
}

func TestUpdateRefuses(t *testing.T) {
	f, err := pdf.Parse(t.Context(), append(sealtest.Document("coda"), "xyz"...), pdf.Limits{})
	require.NoError(t, err)
	_, err = f.NewUpdate(0, nil)
	assert.ErrorContains(t, err, "3 bytes behind")
}

// TestUpdateForeign updates what qpdf writes, with tables and with streams,
// and lets qpdf read it.
func TestUpdateForeign(t *testing.T) {
	qpdf := testenv.Tool(t, "qpdf")
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	require.NoError(t, os.WriteFile(in, sealtest.Document("di altri"), 0o600))
	for _, mode := range []string{"disable", "generate"} {
		out := filepath.Join(dir, mode+".pdf")
		run(t, qpdf, "--object-streams="+mode, in, out)
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		f, err := pdf.Parse(t.Context(), data, pdf.Limits{})
		require.NoError(t, err)
		u, err := f.NewUpdate(1000, nil)
		require.NoError(t, err)
		cat, ref, err := f.Last().Catalog()
		require.NoError(t, err)
		u.Object(ref, cat.With("Lang", pdf.String("it-IT")))
		data, err = u.Finish([]byte("0123456789abcdef"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(out, data, 0o600))
		assert.Contains(t, run(t, qpdf, "--check", out), "No syntax or stream encoding errors")
		assert.Contains(t, run(t, qpdf, "--show-object="+"trailer", out), "/Root")
		again, err := pdf.Parse(t.Context(), data, pdf.Limits{})
		require.NoError(t, err)
		changes, err := again.Changes(1)
		require.NoError(t, err)
		var had []pdf.Ref
		for _, c := range changes {
			if c.Had {
				had = append(had, c.Ref)
			}
		}
		assert.Equal(t, []pdf.Ref{ref}, had)
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}
