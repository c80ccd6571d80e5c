package verify

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRome compares the zone with the time zone database, at every hour around the
// changes and once a day, for fifty years.
func TestRome(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	require.NoError(t, err)
	same := func(at time.Time) {
		t.Helper()
		want, got := at.In(rome), inRome(at)
		require.Equal(t, want.Format(time.RFC3339+" MST"), got.Format(time.RFC3339+" MST"))
		require.Equal(t, want.Format("02/01/2006 alle 15:04:05"), italianTime(at))
	}
	for at := time.Date(firstRuleYear, 1, 1, 11, 0, 0, 0, time.UTC); at.Year() < 2046; at = at.AddDate(0, 0, 1) {
		same(at)
	}
	for year := firstRuleYear; year < 2046; year++ {
		for _, month := range []time.Month{time.March, time.October} {
			for hour := range 8 * 24 {
				at := time.Date(year, month, 24, hour, 0, 0, 0, time.UTC)
				same(at)
				same(at.Add(-time.Second))
			}
		}
	}
	require.Equal(t, "31/12/1995 alle 23:00:00 UTC", italianTime(time.Date(1996, 1, 1, 0, 0, 0, 0,
		time.FixedZone("", 3600))))
}
