package electoraltest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/rules"
	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestGenerator makes comuni of every special kind and holds what it makes to
// every rule.
func TestGenerator(t *testing.T) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	at := electoral.Date{Year: 2026, Month: 11, Day: 22}
	for comune, about := range map[string]string{
		"E388": "ordinary", "H501": "with several colleges", "A952": "Bolzano", "L378": "Trento", "A326": "Aosta",
		"A254": "with an uncertain regional constituency", "M439": "newer than the colleges", "B354": "with a new ISTAT code", "I479": "with two names",
	} {
		t.Run(about, func(t *testing.T) {
			g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: comune, Electors: 3000, Seed: 7})
			require.NoError(t, err)
			sections := map[string]electoral.Section{}
			for _, s := range g.Sections() {
				require.NoError(t, electoral.Faults(checker.CheckSection(s, at)).Err())
				sections[s.Number] = s
			}
			if n := g.Comune().Sections; n > 0 {
				assert.Len(t, sections, n, "the real number of sections")
			}
			find := func(c, number string) (electoral.Section, bool, bool) {
				s, ok := sections[number]
				return s, ok, c == comune
			}
			ids, codes, lists := map[string]bool{}, map[electoral.FiscalCode]bool{}, map[electoral.List]int{}
			for in := range g.Inhabitants() {
				faults := checker.CheckElector(in.Elector, rules.Circumstances{At: at, Person: &in.Person, Section: find})
				require.NoError(t, electoral.Faults(faults).Err())
				code, err := electoral.ParseFiscalCode(string(in.Person.FiscalCode))
				require.NoError(t, err)
				require.True(t, code.MatchesPerson(in.Person.Surname, in.Person.Name, in.Person.Sex, in.Person.Birth.Date, in.Person.Birth.Place))
				require.False(t, ids[in.Person.ANPRID] || codes[code])
				ids[in.Person.ANPRID], codes[code] = true, true
				for l := range in.Elector.Enrolments() {
					lists[l]++
				}
			}
			assert.Len(t, ids, 3000)
			assert.Positive(t, lists[electoral.EUComunalList])
			assert.Greater(t, lists[electoral.GeneralList], 2900)
			assert.NotEmpty(t, g.Assumptions())
		})
	}
}

func TestGeneratorIsDeterministic(t *testing.T) {
	make := func(seed uint64) (list []electoraltest.Inhabitant) {
		g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "E388", Electors: 300, Seed: seed})
		require.NoError(t, err)
		for in := range g.Inhabitants() {
			list = append(list, in)
		}
		return list
	}
	assert.Equal(t, make(1), make(1))
	assert.NotEqual(t, make(1), make(2))
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "E388"})
	require.NoError(t, err)
	assert.Equal(t, g.Comune().Electors, g.Electors(), "the real number of electors")
	for _, bad := range []electoraltest.GeneratorConfig{{}, {Comune: "Z999"}, {Comune: "E388", Electors: -1}} {
		_, err := electoraltest.NewGenerator(bad)
		assert.Error(t, err)
	}
}

// TestNames makes the tables of names again from the shared ones.
func TestNames(t *testing.T) {
	shared := testenv.Shared(t)
	script, err := filepath.Abs("names/gen.py")
	require.NoError(t, err)
	cmd := exec.Command(testenv.Tool(t, "python3"), script, filepath.Join(shared, "data/nomi"))
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, name := range []string{"first.tsv", "surnames.tsv"} {
		want, err := os.ReadFile(filepath.Join(cmd.Dir, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("names", name))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got))
	}
}

func BenchmarkInhabitants(b *testing.B) {
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "E388", Electors: 10_000})
	require.NoError(b, err)
	for b.Loop() {
		for range g.Inhabitants() {
		}
	}
}
