package archivetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
)

// Document returns made-up document number n. Documents differ in every key and
// in their owner; each is issued one second after the one before it.
func Document(n int) certificate.Archived {
	sum := func(what string) []byte {
		s := sha256.Sum256(fmt.Appendf(nil, "%s %d", what, n))
		return s[:]
	}
	at := time.Date(2026, 3, 22, 10, 0, 0, 123e6, time.UTC).Add(time.Duration(n) * time.Second)
	r := rand.New(rand.NewPCG(uint64(n), 1))
	pdf := []byte("%PDF-1.7\n")
	for range 500 {
		pdf = append(pdf, byte(r.Uint32()))
	}
	return certificate.Archived{
		ID:         base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum("id"))[:26],
		RequestKey: hex.EncodeToString(sum("request")), PayloadKey: hex.EncodeToString(sum("payload")),
		Owner:  hex.EncodeToString(sum("owner")),
		Comune: []string{"", "A074", "H501"}[n%3], Kind: certificate.Kinds()[n%3],
		IssuedAt: at, Expires: time.Date(2026, 9, 18, 22, 0, 0, 0, time.UTC),
		PDF: pdf, Embedded: fmt.Appendf(nil, `{"number":%d,"text":"è"}`, n),
	}
}

func same(t *testing.T, want, got certificate.Archived) {
	t.Helper()
	want.IssuedAt, want.Expires = want.IssuedAt.UTC(), want.Expires.UTC()
	assert.True(t, bytes.Equal(want.PDF, got.PDF), "the PDF differs")
	assert.True(t, bytes.Equal(want.Embedded, got.Embedded), "the embedded data differ")
	want.PDF, want.Embedded, got.PDF, got.Embedded = nil, nil, nil, nil
	assert.Equal(t, want, got)
	assert.Equal(t, time.UTC, got.Expires.Location())
}

func put(t *testing.T, a certificate.Archive, list ...certificate.Archived) {
	t.Helper()
	for _, d := range list {
		require.NoError(t, a.Put(t.Context(), d))
	}
}

func get(t *testing.T, a certificate.Archive, id string) certificate.Archived {
	t.Helper()
	d, err := a.Get(t.Context(), id)
	require.NoError(t, err)
	return d
}

func sweep(t *testing.T, a certificate.Archive, at time.Time) int {
	t.Helper()
	n, err := a.Sweep(t.Context(), at)
	require.NoError(t, err)
	return n
}

func list(t *testing.T, a certificate.Archive, owner string) (out []certificate.Archived) {
	t.Helper()
	for d, err := range a.Owned(t.Context(), owner) {
		require.NoError(t, err)
		out = append(out, d)
	}
	return out
}

func ids(t *testing.T, a certificate.Archive, owner string) (out []string) {
	t.Helper()
	for _, d := range list(t, a, owner) {
		out = append(out, d.ID)
	}
	return out
}

// absent asserts that no method finds a document.
func absent(t *testing.T, a certificate.Archive, d certificate.Archived) {
	t.Helper()
	_, err := a.Get(t.Context(), d.ID)
	assert.ErrorIs(t, err, certificate.ErrNotArchived)
	_, err = a.ByRequest(t.Context(), d.RequestKey)
	assert.ErrorIs(t, err, certificate.ErrNotArchived)
	assert.NotContains(t, ids(t, a, d.Owner), d.ID)
}
