package audit

import (
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// A chain name that is longer than what is left of its record is damage.
func TestChainNameBeyondTheRecord(t *testing.T) {
	r := someRecords(t, "H501", 1)[0]
	r.Payload = nil
	b, err := r.AppendBinary(nil)
	require.NoError(t, err)
	require.Equal(t, byte(4), b[frameFront+formSize])
	for n := range 256 {
		b[frameFront+formSize] = byte(n)
		got, _, err := DecodeRecord(b)
		if n == 4 {
			require.NoError(t, err)
			require.Equal(t, r, got)
			continue
		}
		require.Error(t, err, "%d", n)
		require.Zero(t, got, "%d", n)
	}
}

// A fault names the file in which it is, or else the chain.
func TestFaultSaysWhere(t *testing.T) {
	f := Fault{Code: WrongHash, File: "chain-h501.log", Chain: "H501", Seq: 7, Offset: 99, Problem: "prova"}
	require.Equal(t, "audit: chain-h501.log: byte 99: record 7: wrong-hash: prova", f.Error())
	f.Offset = 0
	require.Equal(t, "audit: chain-h501.log: byte 0: record 7: wrong-hash: prova", f.Error())
	f.File, f.Offset = "", -1
	require.Equal(t, "audit: H501: record 7: wrong-hash: prova", f.Error())
}

// A backwardFS is a folder whose files are listed in another order.
type backwardFS struct{ fstest.MapFS }

type backwardDir struct{ fs.ReadDirFile }

func (d backwardDir) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := d.ReadDirFile.ReadDir(n)
	slices.Reverse(entries)
	return entries, err
}

func (b backwardFS) Open(name string) (fs.File, error) {
	f, err := b.MapFS.Open(name)
	if dir, ok := f.(fs.ReadDirFile); ok {
		return backwardDir{dir}, err
	}
	return f, err
}

// A report lists chains by the names of their files, in whatever order a folder
// gives them.
func TestOrderOfTheReport(t *testing.T) {
	files := fstest.MapFS{}
	for _, chain := range []string{"A001", "H501", "Z999"} {
		name, err := FileName(chain)
		require.NoError(t, err)
		files[name] = &fstest.MapFile{Data: fileOf(t, headerOf(t, chain), someRecords(t, chain, 1))}
	}
	rep, err := VerifyFS(t.Context(), backwardFS{files})
	require.NoError(t, err)
	var chains []string
	for _, c := range rep.Chains {
		chains = append(chains, c.Chain)
	}
	require.Equal(t, []string{"A001", "H501", "Z999"}, chains)
}
