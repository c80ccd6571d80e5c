package audit

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each limit stands beside what is measured against it, on the same bytes.

func aPayload(b *testing.B) payload {
	b.Helper()
	p, err := newPayload(fixedRandom(), anEntry())
	require.NoError(b, err)
	return p
}

func BenchmarkChain(b *testing.B) {
	body := aPayload(b)
	at := time.Date(2026, 3, 22, 10, 0, 0, 0, time.UTC)
	b.Run("limit/sha256 of the same bytes", func(b *testing.B) {
		r := next("H501", EmptyHead("H501"), at, body, true)
		input := append(append([]byte(domainRecord), r.appendHeader(nil)...), make([]byte, 32)...)
		for b.Loop() {
			sha256.Sum256(body.bytes)
			sha256.Sum256(input)
		}
	})
	b.Run("records", func(b *testing.B) {
		head := EmptyHead("H501")
		for b.Loop() {
			head = HeadOf(next("H501", head, at, body, true))
		}
	})
}

func benchFile(b *testing.B, n int) []byte {
	file := headerOf(b, "H501")
	head := EmptyHead("H501")
	body := aPayload(b)
	for i := range n {
		r := next("H501", head, time.UnixMilli(int64(i)), body, true)
		head = HeadOf(r)
		file, _ = r.AppendBinary(file)
	}
	return file
}

func BenchmarkVerify(b *testing.B) {
	const n = 10_000
	file := benchFile(b, n)
	per := func(b *testing.B) {
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "records/s")
	}
	b.Run("limit/sha256 of the same bytes", func(b *testing.B) {
		payload := aPayload(b).bytes
		input := make([]byte, len(domainRecord)+4+5+16+64)
		for b.Loop() {
			for range n {
				sha256.Sum256(payload)
				sha256.Sum256(input)
			}
		}
		per(b)
	})
	b.Run("VerifyFile", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rep, err := VerifyFile(b.Context(), bytes.NewReader(file))
			if err != nil || !rep.OK() {
				b.Fatal(err, rep.Faults)
			}
		}
		per(b)
	})
}
