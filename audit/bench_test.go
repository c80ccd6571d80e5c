package audit

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each benchmark measures its limit in the same run, on the same bytes, in turn
// with the work, and reports the work's speed as a share of the limit. It compares
// the fastest of each: other programs of the machine only slow them down.
//
//	go test -run '^$' -bench . ./audit

// fastest runs the functions in turn and returns the shortest time of each.
func fastest(b *testing.B, work, limit func()) (workTime, limitTime time.Duration) {
	b.Helper()
	var works, limits []time.Duration
	for b.Loop() {
		begin := time.Now()
		work()
		middle := time.Now()
		limit()
		works, limits = append(works, middle.Sub(begin)), append(limits, time.Since(middle))
	}
	return slices.Min(works), slices.Min(limits)
}

// An entry of an office, with values as long as those of a service: identifiers
// of 26 letters, a station known by its certificate's SHA-256.
func benchEntry() Entry {
	e := fullEntry()
	e.RequestID, e.Subject, e.Station = "Q4ZJ7K2MXW5D3TNAVB6RHEYCPU", "123456789", strings.Repeat("5ec0de4a", 8)
	e.Device, e.Procedure, e.AccessPoint, e.Purpose = "", "2026/000123", "anpr-sportello", ""
	e.ActingFor = ""
	e.Details = []Detail{{Key: "certificate", Value: "enrolment"}, {Key: "language", Value: "it"}}
	return e
}

const benchRecords = 10_000

// The limit of one core: SHA-256 of each payload, and of each header with the
// digest that this gave. What a verification does besides is to read and to check
// everything else.
func BenchmarkVerifyFile(b *testing.B) {
	for name, entry := range map[string]Entry{"least": anEntry(), "office": benchEntry()} {
		b.Run(name, func(b *testing.B) {
			file := headerOf(b, "H501")
			head := EmptyHead("H501")
			random := fixedRandom()
			var payloads, headers [][]byte
			var hashes []Hash
			for i := range benchRecords {
				body, err := newPayload(random, entry)
				require.NoError(b, err)
				r := next("H501", head, time.UnixMilli(int64(i)), body, true)
				head = HeadOf(r)
				file, err = r.AppendBinary(file)
				require.NoError(b, err)
				payloads, hashes = append(payloads, body.bytes), append(hashes, r.Hash)
				headers = append(headers, append(r.appendHeader([]byte(domainRecord)), r.PayloadDigest[:]...))
			}
			b.ReportAllocs()
			verify := func() {
				rep, err := VerifyFile(b.Context(), bytes.NewReader(file))
				if err != nil || !rep.OK() || rep.Head != head {
					b.Fatal(err, rep.Faults)
				}
			}
			hash := func() {
				for i, input := range headers {
					digest := sha256.Sum256(payloads[i])
					copy(input[len(input)-len(digest):], digest[:])
					if sha256.Sum256(input) != hashes[i] {
						b.Fatal("another hash")
					}
				}
			}
			work, limit := fastest(b, verify, hash)
			b.ReportMetric(benchRecords/work.Seconds(), "records/s")
			b.ReportMetric(100*limit.Seconds()/work.Seconds(), "%-of-hashing")
		})
	}
}

// What the writer of a chain does for each record that cannot be done by its
// callers: the header's hash, and the record's bytes.
func BenchmarkNext(b *testing.B) {
	body, err := newPayload(fixedRandom(), benchEntry())
	require.NoError(b, err)
	at := time.Date(2026, 3, 22, 10, 0, 0, 0, time.UTC)
	first := next("H501", EmptyHead("H501"), at, body, true)
	input := append(first.appendHeader([]byte(domainRecord)), first.PayloadDigest[:]...)
	var buf []byte
	work, limit := fastest(b, func() {
		head := EmptyHead("H501")
		for range benchRecords {
			r := next("H501", head, at, body, true)
			head = HeadOf(r)
			if buf, err = r.AppendBinary(buf[:0]); err != nil {
				b.Fatal(err)
			}
		}
	}, func() {
		for range benchRecords {
			sha256.Sum256(input)
		}
	})
	b.ReportMetric(benchRecords/work.Seconds(), "records/s")
	b.ReportMetric(100*limit.Seconds()/work.Seconds(), "%-of-hashing")
}
