package verify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/audit"
	"github.com/liste-elettorali/anpr/audit/audittest"
	"github.com/liste-elettorali/anpr/audit/filestore"
	"github.com/liste-elettorali/anpr/verify"
)

// aLog writes a log of two chains as a service does.
func aLog(t testing.TB) (dir string, l *audit.Log) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "audit")
	s, err := filestore.Open(dir, filestore.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	l, err = audit.New(audit.Config{Store: s, Now: fixedNow})
	require.NoError(t, err)
	for i := range 6 {
		_, err := l.Append(t.Context(), []string{"H501", "portale"}[i%2], audittest.Entry(i))
		require.NoError(t, err)
	}
	return dir, l
}

func judgeLog(t testing.TB, fsys fs.FS) verify.Report {
	t.Helper()
	r, err := verifier(t).Log(t.Context(), fsys)
	require.NoError(t, err)
	checkLogReport(t, r)
	return r
}

func checkLogReport(t testing.TB, r verify.Report) {
	t.Helper()
	require.Equal(t, verify.KindLog, r.Kind)
	require.Equal(t, now, r.At)
	require.Len(t, r.Checks, 5)
	for i, code := range []verify.Code{verify.CodeStructure, verify.CodeChain, verify.CodeTree, verify.CodeCheckpoint,
		verify.CodeAnchor} {
		require.Equal(t, code, r.Checks[i].Code)
		require.NotEmpty(t, r.Checks[i].Message)
		if i > 1 {
			require.Equal(t, verify.NotDone, r.Checks[i].Outcome, "nothing of it is checked yet")
		}
	}
	require.Equal(t, outcome(r, verify.CodeStructure) == verify.Passed && outcome(r, verify.CodeChain) == verify.Passed,
		r.Valid)
}

func message(r verify.Report, code verify.Code) string {
	c, _ := r.Check(code)
	return c.Message
}

func TestLog(t *testing.T) {
	dir, l := aLog(t)
	r := judgeLog(t, os.DirFS(dir))
	require.True(t, r.Valid)
	assert.Equal(t, "Il registro è ben formato: 2 catene, 6 registrazioni.", message(r, verify.CodeStructure))
	assert.Contains(t, message(r, verify.CodeCheckpoint), "se alla fine di una catena mancano registrazioni intere")
	assert.Contains(t, message(r, verify.CodeCheckpoint), "manca una catena intera")
	head, err := l.Head(t.Context(), "H501")
	require.NoError(t, err)
	c, _ := r.Check(verify.CodeChain)
	assert.Contains(t, fmt.Sprint(c.Evidence), head.Hash.String())

	var b bytes.Buffer
	require.NoError(t, l.Export(t.Context(), &b, "H501"))
	r, err = verifier(t).LogFile(t.Context(), &b)
	require.NoError(t, err)
	checkLogReport(t, r)
	require.True(t, r.Valid)
	assert.Equal(t, "Il registro è ben formato: 1 catena, 3 registrazioni.", message(r, verify.CodeStructure))
}

// Whatever byte of whatever file of the folder changes, the log is not valid.
func TestLogAnyByte(t *testing.T) {
	dir, _ := aLog(t)
	files := fstest.MapFS{}
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, names, 2)
	for _, e := range names {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		files[e.Name()] = &fstest.MapFile{Data: data}
	}
	require.True(t, judgeLog(t, files).Valid)
	for name, f := range files {
		good := f.Data
		for i := range good {
			for _, mask := range []byte{0x01, 0x20, 0x80, 0xff} {
				f.Data = bytes.Clone(good)
				f.Data[i] ^= mask
				require.False(t, judgeLog(t, files).Valid, "%s, byte %d ^ %02x", name, i, mask)
				r, err := verifier(t).LogFile(t.Context(), bytes.NewReader(f.Data))
				require.NoError(t, err)
				require.False(t, r.Valid, "%s, byte %d ^ %02x", name, i, mask)
			}
		}
		f.Data = good
	}
	require.True(t, judgeLog(t, files).Valid)
}

func TestLogReasons(t *testing.T) {
	file := func(chain string, n int, change func([]audit.Record) []audit.Record) *fstest.MapFile {
		b, err := audit.FileHeader(chain)
		require.NoError(t, err)
		records := audittest.Grow(t, chain, audit.EmptyHead(chain), n)
		if change != nil {
			records = change(records)
		}
		for _, r := range records {
			b, err = r.AppendBinary(b)
			require.NoError(t, err)
		}
		return &fstest.MapFile{Data: b}
	}
	good := file("H501", 4, nil)
	const passed, failed, notDone = verify.Passed, verify.Failed, verify.NotDone
	for name, c := range map[string]struct {
		fs               fstest.MapFS
		structure, chain verify.Outcome
		say              string
	}{
		"empty folder": {fstest.MapFS{}, failed, notDone, "non contiene il file di alcuna catena"},
		"unknown file": {fstest.MapFS{"chain-h501.log": good, "note\u202e.txt": {}}, failed, notDone,
			"c'è «note\ufffd.txt», che non è"},
		"torn tail": {fstest.MapFS{"chain-h501.log": {Data: good.Data[:len(good.Data)-7]}}, failed, notDone,
			"finisce a metà di una registrazione"},
		"no records": {fstest.MapFS{"chain-h501.log": file("H501", 0, nil)}, failed, notDone,
			"non contiene registrazioni"},
		"other file": {fstest.MapFS{"chain-h501.log": {Data: []byte("%PDF-1.7\n")}}, failed, notDone,
			"non ha l'intestazione"},
		"renamed": {fstest.MapFS{"chain-f205.log": good}, failed, notDone, "non contiene la catena che dovrebbe"},
		"removed": {fstest.MapFS{"chain-h501.log": file("H501", 4,
			func(r []audit.Record) []audit.Record { return slices.Delete(r, 1, 2) })},
			passed, failed, "Mancano registrazioni"},
		"changed": {fstest.MapFS{"chain-h501.log": file("H501", 4,
			func(r []audit.Record) []audit.Record { r[2].Payload[4] ^= 1; return r })},
			passed, failed, "file «chain-h501.log», registrazione 2 (byte"},
		"deleted": {fstest.MapFS{"chain-h501.log": file("H501", 4,
			func(r []audit.Record) []audit.Record { r[2].Payload = nil; return r })},
			passed, failed, "Il contenuto è stato cancellato"},
		"many": {fstest.MapFS{"chain-h501.log": file("H501", 200, func(r []audit.Record) []audit.Record {
			for i := range r {
				r[i].Begins = false
			}
			return r
		})}, passed, failed, "Ci sono altri 195 errori."},
	} {
		r := judgeLog(t, c.fs)
		assert.Equal(t, c.structure, outcome(r, verify.CodeStructure), name)
		assert.Equal(t, c.chain, outcome(r, verify.CodeChain), name)
		assert.Contains(t, message(r, verify.CodeStructure)+message(r, verify.CodeChain), c.say, name)
	}
	// What the report says cannot be seen, cannot.
	short := &fstest.MapFile{Data: file("H501", 2, nil).Data}
	assert.True(t, judgeLog(t, fstest.MapFS{"chain-h501.log": short}).Valid)

	r, err := verifier(t).LogFile(t.Context(), bytes.NewReader([]byte("altro")))
	require.NoError(t, err)
	assert.Contains(t, message(r, verify.CodeStructure), "Il file non è una catena del registro")
}

// What cannot be read is an error, and never valid.
func TestLogCannotBeRead(t *testing.T) {
	dir, l := aLog(t)
	broken := errors.New("disco guasto")
	r, err := verifier(t).LogFile(t.Context(), iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	checkLogReport(t, r)
	assert.Contains(t, message(r, verify.CodeStructure), "disco guasto")
	var b bytes.Buffer
	require.NoError(t, l.Export(t.Context(), &b, "H501"))
	r, err = verifier(t).LogFile(t.Context(), io.MultiReader(bytes.NewReader(b.Bytes()), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
	require.False(t, r.Valid)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err = verifier(t).Log(ctx, os.DirFS(dir))
	require.ErrorIs(t, err, context.Canceled)
	checkLogReport(t, r)
	assert.Contains(t, message(r, verify.CodeStructure), "interrotta")
	_, err = verifier(t).Log(t.Context(), os.DirFS(filepath.Join(dir, "no")))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func ExampleVerifier_Log() {
	v, err := verify.New(verify.Config{})
	if err != nil {
		panic(err)
	}
	header, err := audit.FileHeader("H501")
	if err != nil {
		panic(err)
	}
	folder := fstest.MapFS{"chain-h501.log": {Data: header}} // records are missing
	report, err := v.Log(context.Background(), folder)
	if err != nil {
		panic(err)
	}
	fmt.Println(report.Valid)
	for _, c := range report.Checks[:2] {
		fmt.Println(c.Code, c.Outcome, c.Message)
	}
	// Output:
	// false
	// structure failed Il file «chain-h501.log» non contiene registrazioni.
	// chain not-done Non verificato: nessuna registrazione si può leggere.
}
