package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// BenchmarkVoting decides who votes beside the check of the same elector, in the
// same run: the ratio is of the two.
func BenchmarkVoting(b *testing.B) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(b, err)
	for name, change := range map[string]func(*electoral.Person){
		"resident": func(*electoral.Person) {},
		"Bolzano":  func(p *electoral.Person) { p.Residence.Comune, p.Residence.Since = "A952", day(b, "2025-01-01") },
		"abroad": func(p *electoral.Person) {
			p.Residence, p.Abroad = nil, &electoral.Abroad{Comune: "A074", State: "CHE"}
		},
	} {
		b.Run(name, func(b *testing.B) {
			p := adult(b, "A074")
			change(p)
			e := voter(p.Registered())
			e.ANPRID = "1"
			vote := electoral.Vote{Consultation: electoral.RegionalElection, Day: day(b, "2026-12-13"), Notice: day(b, "2026-10-29")}
			in := rules.Circumstances{At: day(b, "2026-11-22"), Notice: vote.Notice, Person: p}
			var check, voting time.Duration
			b.ReportAllocs()
			for b.Loop() {
				began := time.Now()
				for range 100 {
					checker.CheckElector(e, in)
				}
				middle := time.Now()
				for range 100 {
					checker.Voting(rules.VotingCase{Elector: &e, Person: p, Vote: vote})
				}
				check += middle.Sub(began)
				voting += time.Since(middle)
			}
			b.ReportMetric(float64(voting)/float64(check), "of-check")
			b.ReportMetric(float64(voting.Nanoseconds())/float64(100*b.N), "ns/vote")
		})
	}
}
