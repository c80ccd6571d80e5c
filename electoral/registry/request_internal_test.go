package registry

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/liste-elettorali/anpr/electoral"
)

// TestRequestStates holds the whole table of who may bring a request from which
// state to which (ANPR's table 53), with its names and ends.
func TestRequestStates(t *testing.T) {
	italian := map[RequestState]string{
		1: "bozza", 2: "aperta", 3: "in lavorazione", 4: "respinta", 5: "evasa", 6: "sospesa", 7: "integrata", 9: "in verifica", 10: "in verifica",
		11: "irricevibile", 12: "accolta", 13: "in attesa di convalida", 99: "altro", 8: "stato sconosciuto: 8", 0: "stato sconosciuto: 0",
	}
	citizens := map[RequestState][]RequestState{1: {1, 2}, 2: {1}, 6: {7}}
	officers := map[RequestState][]RequestState{
		2: {3, 6, 11}, 7: {3, 6, 11}, 3: {3, 4, 5, 6, 9, 11, 12, 99}, 9: {3, 4, 5, 6, 9, 11, 12, 99}, 99: {3, 4, 5, 6, 9, 11, 12, 99},
		12: {5, 13}, 13: {3, 5},
	}
	needsNote := map[RequestState]bool{4: true, 6: true, 7: true, 11: true}
	states := map[RequestState]bool{}
	for _, s := range requestStates() {
		states[s] = true
	}
	for from := RequestState(-1); from < 101; from++ {
		_, known := italian[from]
		if known {
			assert.Equal(t, italian[from], from.Italian())
		}
		assert.Equal(t, known && from != 8 && from != 10 && from != 0, states[from], "state %d", from)
		assert.Equal(t, from == 4 || from == 5 || from == 11, from.Closed(), "state %d", from)
		for role, table := range map[electoral.Role]map[RequestState][]RequestState{electoral.CitizenRole: citizens, electoral.OfficerRole: officers} {
			assert.ElementsMatch(t, table[from], from.next(role), "%s from %d", role, from)
			for to := RequestState(-1); to < 101; to++ {
				allowed := false
				for _, s := range table[from] {
					allowed = allowed || s == to
				}
				with := transition(from, requestStep{to: to, note: "perché", refused: electoral.RectificationAction}, role)
				without := transition(from, requestStep{to: to, refused: electoral.RectificationAction}, role)
				assert.Equal(t, !allowed, with.Has(electoral.RectificationAction), "%s from %d to %d", role, from, to)
				assert.Equal(t, allowed && needsNote[to], without.Has(electoral.NoteMissing), "%s from %d to %d", role, from, to)
			}
		}
	}
}

// TestFirstLoadTerm counts the twelve months of art. 7: a day that the last month
// does not have is its last.
func TestFirstLoadTerm(t *testing.T) {
	for _, c := range []struct {
		announced electoral.Date
		months    int
		want      string
	}{
		{electoral.Date{}, 0, ""},
		{electoral.Date{Year: 2026, Month: 2, Day: 28}, 0, "2027-02-28"},
		{electoral.Date{Year: 2024, Month: 2, Day: 29}, 0, "2025-02-28"},
		{electoral.Date{Year: 2023, Month: 1, Day: 31}, 13, "2024-02-29"},
		{electoral.Date{Year: 2026, Month: 8, Day: 31}, 1, "2026-09-30"},
		{electoral.Date{Year: 2026, Month: 11, Day: 30}, 2, "2027-01-30"},
		{electoral.Date{Year: 2026, Month: 12, Day: 31}, 12, "2027-12-31"},
	} {
		last := FirstLoadTerm{Announced: c.announced, Months: c.months}.Last()
		if c.want == "" {
			assert.True(t, last.IsZero())
			continue
		}
		assert.Equal(t, c.want, last.String(), "%v, %d months", c.announced, c.months)
	}
}

// TestCompareNumbers orders ids as numbers, however many digits they have.
func TestCompareNumbers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		sign int
	}{
		{"1", "2", -1}, {"2", "1", 1}, {"10", "9", 1}, {"9", "10", -1}, {"010", "10", 0}, {"0", "", 0}, {"0", "000", 0},
		{"99999999999999999999999999", "99999999999999999999999998", 1}, {"1", "00000000000000000000000002", -1},
	} {
		got := compareNumbers(c.a, c.b)
		assert.Equal(t, c.sign, min(max(got, -1), 1), "%s and %s", c.a, c.b)
	}
}
