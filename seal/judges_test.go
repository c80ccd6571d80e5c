package seal_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// A sample is a sealed file for the judges.
type sample struct {
	name, path string
	level      seal.Level
	tagged     bool
}

// samples seals with every key at every level, and what only some do. All
// share one root, as the judges are started once.
func samples(t *testing.T) (trust string, list []sample) {
	t.Helper()
	dir := t.TempDir()
	trust = filepath.Join(dir, "trust.pem")
	var roots []byte
	add := func(name string, level seal.Level, doc []byte) {
		s := sample{name: name, path: filepath.Join(dir, name+".pdf"), level: level, tagged: !strings.HasPrefix(name, "altrui")}
		require.NoError(t, os.WriteFile(s.path, doc, 0o600))
		list = append(list, s)
	}
	doc := page(t)
	for _, key := range []sealtest.Key{sealtest.P256, sealtest.P384, sealtest.RSA2048, sealtest.RSA3072, sealtest.RSA4096} {
		ca := newCA(t, sealtest.Config{Key: key, CRLOnly: key == sealtest.P384, Qualified: key == sealtest.RSA2048})
		roots = append(roots, ca.TrustPEM()...)
		for _, pss := range []bool{false, true} {
			if pss && !strings.HasPrefix(string(key), "RSA") {
				continue
			}
			for _, level := range allLevels {
				cfg := padesConfig(t, ca, level)
				cfg.PSS = pss
				out, err := newPAdES(t, cfg).Seal(t.Context(), doc, seal.Details{Reason: "Rilascio", Location: "Roma"})
				require.NoError(t, err)
				add(fmt.Sprintf("%s-%v-%s", key, map[bool]string{true: "pss", false: "pkcs1"}[pss], level), level, out)
			}
		}
		if key != sealtest.P256 {
			continue
		}
		for _, level := range allLevels {
			cfg := padesConfig(t, ca, level)
			cfg.Certify = true
			out, err := newPAdES(t, cfg).Seal(t.Context(), doc, seal.Details{})
			require.NoError(t, err)
			add("certificato-"+string(level), level, out)
			out, err = newPAdES(t, padesConfig(t, ca, level)).Seal(t.Context(), sealtest.Document("di altri"), seal.Details{})
			require.NoError(t, err)
			add("altrui-"+string(level), level, out)
			seen := seal.Details{Time: time.Now().In(time.FixedZone("CET", 3600)), Reason: "Rilascio", Appearance: framed(-1)}
			out, err = newPAdES(t, padesConfig(t, ca, level)).Seal(t.Context(), doc, seen)
			require.NoError(t, err)
			add("visibile-"+string(level), level, out)
			out, err = newPAdES(t, padesConfig(t, ca, level)).Seal(t.Context(), sealtest.Document("di altri"), seen)
			require.NoError(t, err)
			add("altrui-visibile-"+string(level), level, out)
		}
		ext, err := ca.Extender()
		require.NoError(t, err)
		for _, from := range allLevels {
			out, err := newPAdES(t, padesConfig(t, ca, from)).Seal(t.Context(), doc, seal.Details{})
			require.NoError(t, err)
			out, err = ext.Extend(t.Context(), out, seal.LevelLTA)
			require.NoError(t, err)
			add("esteso-da-"+string(from), seal.LevelLTA, out)
		}
	}
	require.NoError(t, os.WriteFile(trust, roots, 0o600))
	return trust, list
}

func cache() string {
	if dir := os.Getenv("ANPR_CI_CACHE"); dir != "" {
		return dir
	}
	return "/var/cache/anpr-ci"
}

// lines runs a judge that prints one line for each file, and returns them by
// the name of the file.
func lines(t *testing.T, cmd *exec.Cmd) map[string]string {
	t.Helper()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s%s", out, stderr.String())
	found := map[string]string{}
	for _, l := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		name, verdict, _ := strings.Cut(l, "\t")
		found[strings.TrimSuffix(name, ".pdf")] = verdict
		testenv.Verdict(t, "%s", strings.ReplaceAll(l, "\t", " "))
	}
	return found
}

func need(t *testing.T, path string) string {
	t.Helper()
	testenv.Judge(t, path)
	_, err := os.Stat(path)
	require.NoError(t, err)
	return path
}

// TestJudges lets strangers judge every level and key.
func TestJudges(t *testing.T) {
	testenv.Judge(t, "pyHanko, EU DSS, veraPDF and others")
	trust, list := samples(t)
	t.Run("pyHanko", func(t *testing.T) { judgePyHanko(t, trust, list) })
	t.Run("EU DSS", func(t *testing.T) { judgeDSS(t, trust, list) })
	t.Run("veraPDF", func(t *testing.T) {
		vera := testenv.Tool(t, "verapdf")
		var paths []string
		for _, s := range list {
			if s.tagged && (strings.HasPrefix(s.name, "P-256") || strings.HasPrefix(s.name, "esteso") || strings.HasPrefix(s.name, "certificato") || strings.HasPrefix(s.name, "visibile")) {
				paths = append(paths, s.path)
			}
		}
		for _, flavour := range []string{"3a", "ua1"} {
			out, err := exec.CommandContext(t.Context(), vera, append([]string{"-f", flavour, "--format", "text"}, paths...)...).CombinedOutput()
			require.NoError(t, err, "%s", out)
			passed := 0
			for _, p := range paths {
				if assert.Contains(t, string(out), "PASS "+p, flavour) {
					passed++
				}
			}
			testenv.Verdict(t, "veraPDF %s: %d of %d sealed documents pass", flavour, passed, len(paths))
		}
	})
	t.Run("pdfsig, qpdf, mutool", func(t *testing.T) {
		pdfsig, qpdf, mutool := testenv.Tool(t, "pdfsig"), testenv.Tool(t, "qpdf"), testenv.Tool(t, "mutool")
		for _, s := range list {
			out, err := exec.CommandContext(t.Context(), qpdf, "--check", s.path).CombinedOutput()
			require.NoError(t, err, "%s: %s", s.name, out)
			assert.Contains(t, string(out), "No syntax or stream encoding errors", s.name)
			// It gives an exit status to document time-stamps, which it cannot judge.
			out, _ = exec.CommandContext(t.Context(), pdfsig, "-nocert", s.path).CombinedOutput()
			assert.Contains(t, string(out), "Signature is Valid", s.name)
			assert.Contains(t, string(out), "ETSI.CAdES.detached", s.name)
			out, _ = exec.CommandContext(t.Context(), mutool, "sign", "-v", s.path).CombinedOutput()
			switch text := strings.ToLower(string(out)); {
			case strings.Contains(s.name, "-pss-"): // its OpenSSL interface (PKCS7) does not know RSASSA-PSS
			case s.level.AtLeast(seal.LevelLT): // it tells of the validation data
				assert.Contains(t, text, "the signature is valid but there have been edits since signing", s.name)
			default:
				assert.Contains(t, text, "unchanged since signing", s.name)
			}
		}
		if !t.Failed() {
			testenv.Verdict(t, "pdfsig, qpdf, mutool: all of %d accepted", len(list))
		}
	})
	t.Run("verify", func(t *testing.T) {
		valid := 0
		for _, s := range list {
			doc, err := os.ReadFile(s.path)
			require.NoError(t, err)
			v, err := verify.New(verify.Config{Trust: pool(t, trust)})
			require.NoError(t, err)
			r := v.PDF(t.Context(), doc, time.Time{})
			if assert.True(t, r.Valid, "%s: %+v", s.name, r.Checks) {
				valid++
			}
		}
		testenv.Verdict(t, "verify: %d of %d valid", valid, len(list))
	})
}

func pool(t *testing.T, path string) []*x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var out []*x509.Certificate
	for b, rest := pem.Decode(data); b != nil; b, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(b.Bytes)
		require.NoError(t, err)
		out = append(out, c)
	}
	return out
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func judgePyHanko(t *testing.T, trust string, list []sample) {
	t.Helper()
	args := []string{"testdata/judge.py", trust}
	for _, s := range list {
		args = append(args, s.path+":"+string(s.level))
	}
	got := lines(t, exec.CommandContext(t.Context(), need(t, filepath.Join(cache(), "pyhanko", "bin", "python")), args...))
	for _, s := range list {
		assert.Contains(t, got[s.name], "bottom_line=True", s.name)
		if s.level != seal.LevelB {
			assert.Contains(t, got[s.name], "timestamp=True", s.name)
		}
		switch {
		case s.level != seal.LevelLTA:
		case s.name == "esteso-da-B-B":
			// EN 319 142-1 clause 6.3 is content with a document time-stamp where the
			// signature holds none, and DSS finds B-LTA in it. pyHanko's procedure
			// ends where it finds no signature-time-stamp, whatever time-stamps of the
			// document there are (ades.py: "TODO conditionally enforce this"), so that
			// no other order of time-stamp and validation data would pass. If this
			// fails, pyHanko has mended it: expect AdESPassed.OK.
			assert.Contains(t, got[s.name], "ades_lta=AdESIndeterminate.SIG_CONSTRAINTS_FAILURE", s.name)
		default:
			assert.Contains(t, got[s.name], "ades_lta=AdESPassed.OK", s.name)
		}
	}
}

func judgeDSS(t *testing.T, trust string, list []sample) {
	t.Helper()
	need(t, filepath.Join(cache(), "dss", "lib", "dss-validation-6.2.jar"))
	args := []string{"-Xmx512m", "-cp", filepath.Join(cache(), "dss", "lib", "*"), "../.ci/dss/Judge.java", trust}
	for _, s := range list {
		args = append(args, s.path)
	}
	got := lines(t, exec.CommandContext(t.Context(), testenv.Tool(t, "java"), args...))
	for _, s := range list {
		assert.Contains(t, got[s.name], "PAdES-BASELINE-"+strings.TrimPrefix(string(s.level), "B-")+"\t", s.name)
		if s.level.AtLeast(seal.LevelLT) {
			assert.True(t, strings.HasPrefix(got[s.name], "TOTAL_PASSED"), s.name)
		} else {
			// Without revocation data nobody can say more, offline.
			assert.True(t, strings.HasPrefix(got[s.name], "INDETERMINATE\tCERTIFICATE_CHAIN_GENERAL_FAILURE"), s.name)
			assert.Contains(t, got[s.name], "[The certificate validation is not conclusive!, No revocation data found for the certificate!, w:", s.name)
		}
	}
}
