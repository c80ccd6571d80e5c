package verify_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// oneElector is a source of one made-up elector.
type oneElector struct{}

func (oneElector) Home(context.Context, string) (string, error) { return "A952", nil }

func (oneElector) HomeOf(context.Context, electoral.FiscalCode) (anprID, comune string, err error) {
	return "1", "A952", nil
}

func (oneElector) CertificateFacts(context.Context, *electoral.Entry) (electoral.CertificateFacts, error) {
	return electoral.CertificateFacts{
		Person: electoral.Person{ANPRID: "1", Surname: "ESEMPIO", Name: "BRUNA", Sex: electoral.Female,
			Birth:        electoral.Birth{Date: electoral.Date{Year: 1971, Month: 5, Day: 8}, Place: "L219"},
			Citizenships: []electoral.Citizenship{{State: "ITA"}}, Residence: &electoral.Residence{Comune: "A952"}},
		Elector: electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: "A952",
			Section: "12"}},
	}, nil
}

type nowhere struct{}

func (nowhere) Record(context.Context, electoral.Access) error { return nil }

// issued returns a certificate of ours, sealed at a level at a time.
func issued(t testing.TB, ca *sealtest.CA, level seal.Level, at time.Time) []byte {
	t.Helper()
	sealer, err := ca.PAdES(level)
	require.NoError(t, err)
	i, err := certificate.NewIssuer(certificate.Config{Sealer: sealer, Source: oneElector{}, Recorder: nowhere{},
		Key: bytes.Repeat([]byte{1}, 32), BaseURL: "https://verifica.example.it",
		Now: func() time.Time { return at }})
	require.NoError(t, err)
	out, err := i.Issue(t.Context(), certificate.Request{
		Request: electoral.Request{ID: "1", Actor: electoral.Actor{FiscalCode: "SMPBRN71E48L219H",
			Role: electoral.CitizenRole, Method: electoral.CIEMethod, Level: 3}},
		ANPRID: "1", Kind: certificate.CombinedCertificate, Use: certificate.ElectoralUse,
	})
	require.NoError(t, err)
	return out.PDF
}

// An opinion is what a foreign judge says of a file.
type opinion struct {
	accepts, intact bool
	said            string
}

func opinions(t testing.TB, cmd *exec.Cmd) map[string]opinion {
	t.Helper()
	cmd.Stderr = nil
	out, err := cmd.Output()
	require.NoError(t, err)
	got := map[string]opinion{}
	for line := range strings.Lines(string(out)) {
		field := strings.SplitN(strings.TrimSpace(line), "\t", 4)
		require.GreaterOrEqual(t, len(field), 3, line)
		o := opinion{accepts: field[1] == "1", intact: field[2] == "1"}
		if len(field) == 4 {
			o.said = field[3]
		}
		got[field[0]] = o
	}
	return got
}

// A dispute is a class of files about which a judge and we disagree, with the
// reason that makes one of them right.
type dispute struct {
	reason string
	ours   bool // our answer
	is     func(s specimen, r verify.Report, o opinion) bool
}

// failedBy reports whether a check failed for a reason that says this.
func failedBy(r verify.Report, code verify.Code, says string) bool {
	c, _ := r.Check(code)
	return c.Outcome == verify.Failed && strings.Contains(c.Message, says)
}

// refusedFor reports whether a later revision is refused for these reasons and
// no others.
func refusedFor(r verify.Report, codes ...verify.ReasonCode) bool {
	c, _ := r.Check(verify.CodeLaterRevisions)
	return len(c.Reasons) > 0 &&
		!slices.ContainsFunc(c.Reasons, func(r verify.Reason) bool { return !slices.Contains(codes, r.Code) })
}

func said(o opinion, list ...string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(o.said, s) })
}

// in are the spoiled copies that differ at a place.
func in(p place) func(specimen, verify.Report, opinion) bool {
	return func(s specimen, _ verify.Report, _ opinion) bool { return s.place == p }
}

// spoiledDisputes hold for both judges, by where a copy was spoiled: everywhere
// but in what the seal covers. Vectors have no place.
var spoiledDisputes = []dispute{
	{"behind the seal, in validation data, time-stamps and tables: the judge reads around what is damaged or does " +
		"without it, and the seal covers none of it. Stricter, on purpose: what was issued was something else", false,
		in(behind)},
	{"the digits of the seal's value written otherwise, or other bytes behind it: the value is the same. Stricter, " +
		"on purpose, so that a sealed file has one form", false, in(otherForm)},
	{"certificates and time-stamps within the seal's value, and how it is put together, which its signature does not " +
		"protect: the judge does without. Stricter, on purpose, for the same reason", false, in(unguarded)},
	{"validation data or time-stamps are damaged, which the seal does not guard, and the report gives it a lower " +
		"level; the judge refuses what it cannot read. Nothing that was sealed has changed", true,
		func(s specimen, r verify.Report, _ opinion) bool { return s.place != "" && s.mayStand(r) }},
	{"bytes behind the last revision, which belong to none: the judge reads around them, and nobody's signature " +
		"covers them (isa_B is this attack). We are right", false,
		func(s specimen, r verify.Report, _ opinion) bool {
			return (s.place == appended || s.kind == "vector") &&
				failedBy(r, verify.CodeCoverage, "Dopo l'ultima revisione ci sono")
		}},
}

// disputes are the other classes of each judge, the first that fits counting.
// Whatever is in none fails the test. Those of vectors name the files' faults;
// the files do not change.
var disputes = map[string][]dispute{
	"pyHanko": {
		{"information or metadata changed later: pyHanko permits any change of Info and of XMP, which viewers show. " +
			"We are right", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return s.place == appended && refusedFor(r, "information-entry", "information-replaced",
					"metadata-changed", "metadata-added", "metadata-form")
			}},
		{"a field that held a value when it was signed shows another: for pyHanko it is form filling, ISO 32000-2 " +
			"does not forbid it; it is the shadow attack «replace». We are right (vectors' README)", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return s.kind == "vector" && failedBy(r, verify.CodeLaterRevisions, "conteneva già")
			}},
		{"pyHanko reads no hybrid-reference files; every reader of the standard does, and both tables of the signed " +
			"revision are covered. We are right (vectors' README)", true,
			func(s specimen, _ verify.Report, o opinion) bool {
				return s.kind == "vector" && said(o, "hybrid-reference")
			}},
		{"pyHanko's strict mode refuses a Size that shrinks in a later trailer, or a reference to an object that " +
			"does not exist, which is null (ISO 32000-2 clause 7.3.10). We are right (vectors' README)", true,
			func(s specimen, _ verify.Report, o opinion) bool {
				return s.kind == "vector" && said(o, "sizes must be nondecreasing", "not found in the current context")
			}},
		{"two time-stamps within one signature: pyHanko refuses to read it, RFC 3161 appendix A does not forbid it; " +
			"the report tells it", true,
			func(s specimen, _ verify.Report, o opinion) bool {
				return s.kind == "vector" && said(o, "'signature_time_stamp_token' was duplicated")
			}},
	},
	"DSS": {
		{"changed after the seal, and DSS sees it: its default policy only warns (undefined object modifications, " +
			"visual difference). We are right", false,
			func(s specimen, r verify.Report, o opinion) bool {
				return (s.place == appended || s.kind == "vector") &&
					failedBy(r, verify.CodeLaterRevisions, "non ammessa") && said(o, "undefined object modifications",
					"Visual difference", "annotation")
			}},
		{"changed after the seal where DSS does not look: information, metadata, attachments, objects that nothing " +
			"draws. We are right", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return (s.place == appended || s.kind == "vector") &&
					failedBy(r, verify.CodeLaterRevisions, "non ammessa")
			}},
		{"bytes that no signature covers, behind the last revision or within the range: DSS judges the part that is " +
			"signed. We are right (isa_A, isa_B, tail-uncovered)", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return s.kind == "vector" &&
					(failedBy(r, verify.CodeCoverage, "che nessuna firma copre") || failedBy(r, verify.CodeCoverage,
						"che non copre"))
			}},
	},
}

// classes are those that count with a judge.
func classes(judge string) []dispute {
	return slices.Concat(spoiledDisputes, disputes[judge])
}

// compare judges specimens beside a foreign judge, fails on what is not among
// the disputes and prints the table.
func compare(t *testing.T, judge string, v *verify.Verifier, files []specimen, answers map[string]opinion) {
	t.Helper()
	both, neither := 0, 0
	table := map[verdict]int{}
	example := map[verdict]string{}
	for _, s := range files {
		o, ok := answers[s.name]
		require.True(t, ok, "%s says nothing of %s", judge, s.name)
		r := v.PDF(t.Context(), s.data, time.Time{})
		ours, theirs := r.Valid, o.accepts
		if s.kind == "vector" { // nobody is trusted: the same but for trust
			ours, theirs = intactReport(r), o.intact
		} else {
			judged(t, s, r)
		}
		switch {
		case ours && theirs:
			both++
		case !ours && !theirs:
			neither++
		default:
			list := classes(judge)
			i := slices.IndexFunc(list, func(d dispute) bool { return d.ours == ours && d.is(s, r, o) })
			if i < 0 {
				var why []string
				for _, c := range r.Checks {
					if c.Outcome == verify.Failed {
						why = append(why, c.Message)
					}
				}
				t.Errorf("%s (%s): here %v %q, %s %v (%s)", s.name, s.place, ours, why, judge, theirs, o.said)
				continue
			}
			d := verdict{list[i].reason, ours}
			table[d]++
			example[d] = s.name
		}
	}
	testenv.Verdict(t, "beside %s, %d files: both accept %d, both refuse %d", judge, len(files), both, neither)
	for _, d := range slices.SortedFunc(maps.Keys(table),
		func(a, b verdict) int { return strings.Compare(a.reason, b.reason) }) {
		who := judge + " would"
		if d.ours {
			who = "we"
		}
		testenv.Verdict(t, "  %3d only %s accept: %s (such as %s)", table[d], who, d.reason, example[d])
	}
}

// A verdict is a line of the table: a class, and who accepts its files.
type verdict struct {
	reason string
	ours   bool
}

func intactReport(r verify.Report) bool {
	for _, code := range []verify.Code{verify.CodeStructure, verify.CodeSignature, verify.CodeCoverage,
		verify.CodeLaterRevisions} {
		if c, _ := r.Check(code); c.Outcome != verify.Passed {
			return false
		}
	}
	return true
}

// spoiled makes whole and spoiled certificates of ours from a seed, keys and
// nonces included, n of each level.
func spoiled(t *testing.T, seed uint64, at time.Time, n map[seal.Level]int) (*sealtest.CA, *verify.Verifier,
	map[seal.Level][]specimen) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, seed)
	ca, err := sealtest.NewCA(sealtest.Config{Now: func() time.Time { return at }})
	require.NoError(t, err)
	out := map[seal.Level][]specimen{}
	for _, level := range slices.Sorted(maps.Keys(n)) {
		doc := issued(t, ca, level, at)
		whole := specimen{name: fmt.Sprintf("whole-%d-%s.pdf", seed, level), kind: "whole", data: doc,
			level: verify.Level(level)}
		out[level] = append([]specimen{whole}, spoil(t, doc, level, n[level], seed)...)
	}
	v, err := verify.New(verify.Config{Trust: append(ca.Chain()[1:], ca.Root()),
		Timestamps: append(ca.Chain()[1:], ca.Root())})
	require.NoError(t, err)
	return ca, v, out
}

// judged asserts what a report on a certificate of ours may say.
func judged(t *testing.T, s specimen, r verify.Report) {
	t.Helper()
	if s.kind == "whole" {
		assert.True(t, r.Valid, "%s: %+v", s.name, r.Checks)
		assert.Equal(t, s.level, r.Level, s.name)
	} else if r.Valid {
		assert.True(t, s.mayStand(r), "%s (%s): valid, %s: %+v", s.name, s.place, r.Level, r.Checks)
	}
}

// TestSpoiled judges spoiled copies of certificates: none is valid but those
// whose seal is intact and that are worth less than the whole one.
func TestSpoiled(t *testing.T) {
	first := testenv.Seed(t, 20221017)
	for seed := first; seed < first+testenv.Seeds(t); seed++ {
		_, v, lists := spoiled(t, seed, now, map[seal.Level]int{seal.LevelB: 60, seal.LevelT: 60, seal.LevelLT: 0,
			seal.LevelLTA: 60})
		for _, list := range lists {
			for _, s := range list {
				r := v.PDF(t.Context(), s.data, now)
				checkReport(t, r)
				judged(t, s, r)
			}
		}
	}
}

// TestAgrees judges whole and spoiled certificates of ours and all the vectors
// beside pyHanko, and a part of them beside EU DSS. Each disagreement must be
// of a class, with the reason why one of the two is right.
func TestAgrees(t *testing.T) {
	testenv.Judge(t, "pyHanko, EU DSS")
	first, at := testenv.Seed(t, 20221017), testenv.Time(t)
	for seed := first; seed < first+testenv.Seeds(t); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			var vectors []specimen
			if seed == first {
				vectors = vectorFiles(t)
			}
			agrees(t, seed, at, vectors)
		})
	}
}

func vectorFiles(t *testing.T) (list []specimen) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(testenv.Shared(t), "vectors", "pdf", "*", "*.pdf"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		list = append(list, specimen{name: "vector-" + filepath.Base(path), kind: "vector", data: data})
	}
	return list
}

// agrees judges the copies of one seed and, if there are vectors, those too:
// then there are more copies.
func agrees(t *testing.T, seed uint64, at time.Time, vectors []specimen) {
	n := map[seal.Level]int{seal.LevelB: 250, seal.LevelT: 100, seal.LevelLT: 0, seal.LevelLTA: 150}
	if vectors == nil {
		n = map[seal.Level]int{seal.LevelB: 20, seal.LevelT: 40, seal.LevelLT: 0, seal.LevelLTA: 60}
	}
	ca, v, lists := spoiled(t, seed, at, n)
	all, dss := slices.Clone(vectors), slices.Clone(vectors)
	for level, list := range lists {
		all = append(all, list...)
		if level.AtLeast(seal.LevelLT) { // without revocation data DSS comes to no conclusion
			dss = append(dss, list...)
		}
	}
	folder := func(list []specimen) string {
		dir := t.TempDir()
		for _, s := range list {
			require.NoError(t, os.WriteFile(filepath.Join(dir, s.name), s.data, 0o600))
		}
		return dir
	}
	trust := filepath.Join(t.TempDir(), "trust.pem")
	require.NoError(t, os.WriteFile(trust, ca.TrustPEM(), 0o600))
	t.Run("pyHanko", func(t *testing.T) {
		t.Parallel() // its time is that of other programs
		cmd := exec.CommandContext(t.Context(), testenv.PyHanko(t), filepath.Join("testdata", "verdicts.py"), trust,
			folder(all))
		compare(t, "pyHanko", v, all, opinions(t, cmd))
	})
	t.Run("DSS", func(t *testing.T) {
		t.Parallel()
		java, arguments := testenv.DSS(t, "1g")
		cmd := exec.CommandContext(t.Context(), java, append(arguments, "../.ci/dss/Folder.java", trust,
			folder(dss))...)
		compare(t, "DSS", v, dss, opinions(t, cmd))
	})
}
