package rules_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/rules"
)

// ruleCase is a file of testdata: a record, what is known beside it, and every
// fault that it must give.
type ruleCase struct {
	About    string              `json:"about"`
	At       electoral.Date      `json:"at"`
	Notice   electoral.Date      `json:"notice"`
	Elector  *electoral.Elector  `json:"elector"`
	Section  *electoral.Section  `json:"section"`
	Person   *electoral.Person   `json:"person"`
	Sections []electoral.Section `json:"sections"`
	Faults   []ruleFault         `json:"faults"`
}

type ruleFault struct {
	Code  electoral.Code `json:"code"`
	Path  string         `json:"path"`
	Value string         `json:"value"`
}

func (c ruleCase) run(checker *rules.Checker) electoral.Faults {
	if c.Section != nil {
		return checker.CheckSection(*c.Section, c.At)
	}
	in := rules.Circumstances{At: c.At, Notice: c.Notice, Person: c.Person}
	if c.Sections != nil {
		in.Section = func(comune, number string) (s electoral.Section, found, known bool) {
			for _, s := range c.Sections {
				known = known || s.Comune == comune
				if s.Comune == comune && s.Number == number {
					return s, true, true
				}
			}
			return electoral.Section{}, false, known
		}
	}
	return checker.CheckElector(*c.Elector, in)
}

// TestRules runs testdata/{valid,invalid}: the name of a file is the rule.
func TestRules(t *testing.T) {
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, kind := range []string{"valid", "invalid"} {
		files, err := filepath.Glob(filepath.Join("testdata", kind, "*.json"))
		require.NoError(t, err)
		for _, path := range files {
			name := strings.TrimSuffix(filepath.Base(path), ".json")
			t.Run(kind+"/"+name, func(t *testing.T) {
				data, err := os.ReadFile(path)
				require.NoError(t, err)
				d := json.NewDecoder(bytes.NewReader(data))
				d.DisallowUnknownFields()
				var c ruleCase
				require.NoError(t, d.Decode(&c))
				require.NotEmpty(t, c.About)
				require.True(t, (c.Elector != nil) != (c.Section != nil))

				rule := electoral.Code(strings.Join(strings.Split(name, "-")[:3], "-"))
				_, known := electoral.RuleOf(rule)
				require.True(t, known, "the name of the file is no rule")
				seen[kind+string(rule)] = true

				got := []ruleFault{}
				faults := c.run(checker)
				for _, f := range faults {
					got = append(got, ruleFault{f.Code, f.Path, f.Value})
					assertComplete(t, f)
				}
				assert.Equal(t, c.Faults, got)
				assert.Equal(t, kind == "invalid", electoral.Faults(faults).Has(rule))
			})
		}
	}
	for _, r := range electoral.Rules() {
		// STA-02 is the writers', which test it; DAT-01 is tested by TestImpossibleDays,
		// since no JSON holds a date that does not exist.
		elsewhere := slices.Contains([]string{"REG-", "VOT-", "REV-", "SUC-"}, string(r.Code)[:4]) // not the checker's
		if elsewhere || r.Code == electoral.StatusNotGivenForANPR || r.Code == electoral.DayImpossible {
			continue
		}
		assert.True(t, seen["valid"+string(r.Code)], "%s has no valid case", r.Code)
		assert.True(t, seen["invalid"+string(r.Code)], "%s has no invalid case", r.Code)
	}
}

// assertComplete holds a fault to what every refusal must say.
func assertComplete(t *testing.T, f electoral.Fault) {
	t.Helper()
	r, ok := electoral.RuleOf(f.Code)
	require.True(t, ok, f.Code)
	assert.Equal(t, r.Severity, f.Severity)
	if own := strings.HasPrefix(string(f.Code), "ELE-AGG-") || strings.HasPrefix(string(f.Code), "SEZ-REG-"); own && f.Source != r.Source {
		// That of the one territory or region. It names no other.
		assert.Regexp(t, `statuto|L\.P\.|L\.R\.|L\.Cost|legge|D\.P\.R\.|d\.lgs\.`, f.Source)
		assert.LessOrEqual(t, strings.Count(f.Source, "art. 1")+strings.Count(f.Source, "320 del 1994")+strings.Count(f.Source, "statuto"), 1, f.Source)
	} else {
		assert.Equal(t, r.Source, f.Source)
	}
	assert.NotEmpty(t, f.Path, f.Code)
	assert.NotEmpty(t, f.Tag, "%s %s", f.Code, f.Path)
	assert.NotEmpty(t, f.Message, f.Code)
	assert.NotEmpty(t, f.Expected, f.Code)
	assert.True(t, strings.HasSuffix(f.Message, "."), f.Message)
	assert.ErrorIs(t, f, f.Code)
}

func TestCatalogue(t *testing.T) {
	var codes []electoral.Code
	for _, r := range electoral.Rules() {
		assert.Regexp(t, `^(ELE|SEZ|REG|VOT|REV|SUC)-[A-Z]{2,3}-\d\d$`, string(r.Code))
		assert.NotEmpty(t, r.Description)
		assert.NotEmpty(t, r.Source)
		assert.Contains(t, []electoral.Severity{electoral.Error, electoral.Warning}, r.Severity)
		codes = append(codes, r.Code)
	}
	slices.Sort(codes)
	assert.Equal(t, len(codes), len(slices.Compact(codes)), "a code stands for one rule")
	assert.ErrorContains(t, electoral.SectionUnknown, "ELE-ISC-05")
}

// TestCheckNeverPanics gives the checker records of nothing and of garbage.
func FuzzCheckElector(f *testing.F) {
	files, err := filepath.Glob("testdata/*/ELE-*.json")
	require.NoError(f, err)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
	}
	checker, err := rules.NewChecker(rules.Config{})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		var c ruleCase
		if json.Unmarshal(data, &c) != nil || c.Elector == nil {
			return
		}
		c.Section = nil
		for _, fault := range c.run(checker) {
			if fault.Code == "" || fault.Message == "" || fault.Expected == "" {
				t.Fatalf("incomplete fault %+v", fault)
			}
		}
	})
}
