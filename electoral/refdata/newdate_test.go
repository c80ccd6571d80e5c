package refdata_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral/refdata"
)

func TestNewDate(t *testing.T) {
	for _, d := range []refdata.Date{{Year: 2028, Month: 2, Day: 29}, {Year: 1}, {Year: 9999, Month: 12}} {
		got, err := refdata.NewDate(d.Year, d.Month, d.Day)
		require.NoError(t, err)
		require.Equal(t, d, got)
	}
	for _, d := range []refdata.Date{{}, {Year: 2026, Month: 2, Day: 30}, {Year: 2027, Month: 2, Day: 29}, {Year: -5, Month: -1, Day: 99},
		{Year: 2027, Month: 13, Day: 45}, {Year: 10000, Month: 1, Day: 1}, {Year: 2027, Day: 1}} {
		got, err := refdata.NewDate(d.Year, d.Month, d.Day)
		require.Error(t, err, "%v", d)
		require.True(t, got.IsZero())
	}
}
