package electoral_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
)

func readPersons(text string) (list []electoral.Person, err error) {
	for p, err := range electoral.ReadPersons(iotest.HalfReader(strings.NewReader(text))) {
		if err != nil {
			return list, err
		}
		list = append(list, p)
	}
	return list, nil
}

func TestPersonsRoundTrip(t *testing.T) {
	var b bytes.Buffer
	n, err := electoral.WritePersons(&b, slices.Values(electoraltest.SamplePersons()))
	require.NoError(t, err)
	assert.Equal(t, len(electoraltest.SamplePersons()), n)
	got, err := readPersons("\n" + strings.TrimSuffix(b.String(), "\n"))
	require.NoError(t, err)
	assert.Equal(t, electoraltest.SamplePersons(), got)
}

func TestReadPersonsRefuses(t *testing.T) {
	const good = `{"anprId":"1","birth":{"date":"1980"},"citizenships":[]}`
	for name, line := range map[string]string{
		"not JSON":       "x",
		"truncated":      good[:20],
		"unknown field":  `{"anprId":"1","email":"a"}`,
		"wrong kind":     `{"anprId":1}`,
		"no id":          `{"surname":"X"}`,
		"date":           `{"anprId":"1","birth":{"date":"1980-13-01"}}`,
		"fiscal code":    `{"anprId":"1","fiscalCode":"PRVNNA80A41H501A"}`,
		"trailing data":  good + good,
		"line too long":  `{"anprId":"1","surname":"` + strings.Repeat("x", 70<<10) + `"}`,
		"array":          `[]`,
		"second is null": `null`,
	} {
		list, err := readPersons(good + "\n" + line + "\n")
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), "line 2", name)
		assert.Len(t, list, 1, name)
		assert.NotContains(t, err.Error(), "PRVNNA80A41H501A", "a codice fiscale stays out of errors")
	}
}

func FuzzReadPersons(f *testing.F) {
	f.Add(`{"anprId":"1","birth":{"date":"1980"},"citizenships":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := readPersons(text)
		if err != nil {
			return
		}
		var b bytes.Buffer
		_, err = electoral.WritePersons(&b, slices.Values(list))
		require.NoError(t, err)
		again, err := readPersons(b.String())
		require.NoError(t, err)
		require.Equal(t, len(list), len(again))
	})
}
