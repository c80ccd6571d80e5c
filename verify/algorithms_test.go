package verify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// TestAlgorithms refuses hashes and keys from their date on, at the time that
// counts: that of the judgement, or the one that a time-stamp proves.
func TestAlgorithms(t *testing.T) {
	ca := newCA(t, sealtest.Config{Key: sealtest.RSA2048})
	plain, stamped := padesWith(t, ca, seal.LevelB), padesWith(t, ca, seal.LevelT)
	for name, c := range map[string]struct {
		limits []verify.AlgorithmLimit
		doc    []byte
		at     time.Time
		valid  bool
		says   string
	}{
		"default":      {nil, plain, now, true, ""},
		"none":         {[]verify.AlgorithmLimit{}, plain, now, true, ""},
		"hash refused": {[]verify.AlgorithmLimit{{Name: "SHA-256", Until: now}}, plain, now, false, "SHA-256"},
		"hash until later": {[]verify.AlgorithmLimit{{Name: "SHA-256", Until: now.Add(time.Second)}}, plain, now,
			true, ""},
		"keys refused": {[]verify.AlgorithmLimit{{Name: "RSA", Bits: 3000, Until: now}}, plain, now, false,
			"RSA-2048"},
		"keys large enough": {[]verify.AlgorithmLimit{{Name: "RSA", Bits: 2048, Until: now}}, plain, now, true, ""},
		"other keys":        {[]verify.AlgorithmLimit{{Name: "DSA", Bits: 3000, Until: now}}, plain, now, true, ""},
		"refused since, proved": {[]verify.AlgorithmLimit{{Name: "RSA", Bits: 3000, Until: now.Add(time.Hour)}},
			stamped, now.Add(2 * time.Hour), true, ""},
		"the stamp's too": {[]verify.AlgorithmLimit{{Name: "SHA-256", Until: now.Add(time.Hour)}}, stamped,
			now.Add(2 * time.Hour), false, "SHA-256"},
		"hash since, unproved": {[]verify.AlgorithmLimit{{Name: "SHA-256", Until: now.Add(time.Hour)}}, plain,
			now.Add(2 * time.Hour), false, "SHA-256"},
	} {
		t.Run(name, func(t *testing.T) {
			v := stampVerifier(t, func(cfg *verify.Config) { cfg.Algorithms = c.limits }, ca.Root())
			r := v.PDF(t.Context(), c.doc, c.at)
			checkReport(t, r)
			check, _ := r.Check(verify.CodeTrust)
			assert.Equal(t, c.valid, r.Valid, check.Message)
			assert.Contains(t, check.Message, c.says)
		})
	}
}
