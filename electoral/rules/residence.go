package rules

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// A ResidenceRule is the residence that the law asks of who votes in a territory
// with an added list of its own. It is dated, and its shape can be replaced,
// because a change of the law is pending for Bolzano.
type ResidenceRule struct {
	// List is the added list of those who do not have that residence. With
	// [electoral.EUComunalList] the rule is that for citizens of another Member
	// State in the province of Bolzano, who have no added list elsewhere.
	List electoral.List
	// From and To bound the notices of convocation to which it applies; To is
	// excluded; a zero date does not bound them.
	From, To electoral.Date
	Shape    ResidenceShape
}

// A ResidenceShape judges the residence of a person on the day of the notice.
type ResidenceShape interface {
	// Judge judges the stays of a person, the latest first. It must not change
	// them.
	Judge(stays []Stay, day electoral.Date) Residence
	// Years is the length of the residence, for texts.
	Years() int
}

// A Stay is an unbroken time in one province.
type Stay struct {
	// Province is the two-letter code; empty if the person lived nowhere in
	// Italy.
	Province string
	// Unknown says that it is not known where he lived.
	Unknown bool
	// From is the first day, zero for the earliest stay; To is the day on which
	// the next stay begins, zero for the present one.
	From, To electoral.Date
}

// A Residence is what a [ResidenceShape] says.
type Residence struct {
	// Met is Yes if the person has the residence, NotGiven if the periods that
	// are known do not tell.
	Met electoral.Answer
	// Elsewhere says that he has the years, but the greater part in another
	// province that counts.
	Elsewhere bool
}

// Uninterrupted asks for some years without a break in one province: Trento and
// Valle d'Aosta.
type Uninterrupted struct {
	Province string
	Term     int // years
}

// Years implements [ResidenceShape].
func (u Uninterrupted) Years() int { return u.Term }

// Judge implements [ResidenceShape].
func (u Uninterrupted) Judge(stays []Stay, day electoral.Date) Residence {
	_, met := spent(stays, []string{u.Province}, u.Term, day)
	return Residence{Met: met}
}

// GreaterPart asks for some years without a break in some provinces together, of
// which the greater part in the first; if the parts are equal, the last stay
// decides: Bolzano.
type GreaterPart struct {
	Provinces []string
	Term      int // years
}

// Years implements [ResidenceShape].
func (g GreaterPart) Years() int { return g.Term }

// Judge implements [ResidenceShape].
func (g GreaterPart) Judge(stays []Stay, day electoral.Date) Residence {
	days, met := spent(stays, g.Provinces, g.Term, day)
	if met != electoral.Yes {
		return Residence{Met: met}
	}
	for _, p := range g.Provinces[1:] {
		if days[p] > days[g.Provinces[0]] || days[p] == days[g.Provinces[0]] && lastIn(stays, day) == p {
			return Residence{Met: electoral.No, Elsewhere: true}
		}
	}
	return Residence{Met: electoral.Yes}
}

// spent says whether a person spent the years before a day in some provinces
// without a break, and counts the days of them in each.
func spent(stays []Stay, provinces []string, years int, day electoral.Date) (map[string]int, electoral.Answer) {
	days := map[string]int{}
	from := day.AddYears(-years)
	for _, s := range stays {
		if !s.From.Before(day) {
			continue // after the notice
		}
		switch {
		case s.Unknown:
			return days, electoral.NotGiven
		case !slices.Contains(provinces, s.Province):
			return days, electoral.No
		}
		end := day
		if !s.To.IsZero() && s.To.Before(day) {
			end = s.To
		}
		if s.From.IsZero() || !s.From.AddYears(years).After(day) {
			days[s.Province] += daysBetween(from, end)
			return days, electoral.Yes
		}
		days[s.Province] += daysBetween(s.From, end)
	}
	return days, electoral.NotGiven
}

// lastIn returns the province of the stay at a day.
func lastIn(stays []Stay, day electoral.Date) string {
	for _, s := range stays {
		if s.From.Before(day) {
			return s.Province
		}
	}
	return ""
}

func daysBetween(a, b electoral.Date) int {
	return max(0, int(b.In(time.UTC).Sub(a.In(time.UTC))/(24*time.Hour)))
}

// DefaultResidenceRules returns the rules that this version knows: four years in
// Trentino-Alto Adige, the greater part in the province, for Bolzano (Statute,
// art. 25 and 63; D.P.R. 50/1973, art. 5; L.P. Bolzano 14/2017, art. 5); one year
// for Trento (D.P.R. 50/1973, art. 1) and for Valle d'Aosta (d.lgs. 320/1994,
// art. 5). That the four years hold for the citizens of another Member State who
// vote for the comune rests on the practice of comuni of the province; it is
// told, and decides nothing.
func DefaultResidenceRules() []ResidenceRule {
	bolzano := GreaterPart{Provinces: []string{"BZ", "TN"}, Term: 4}
	return []ResidenceRule{
		{List: electoral.BolzanoList, Shape: bolzano},
		{List: electoral.TrentoList, Shape: Uninterrupted{Province: "TN", Term: 1}},
		{List: electoral.AostaValleyList, Shape: Uninterrupted{Province: "AO", Term: 1}},
		{List: electoral.EUComunalList, Shape: bolzano},
	}
}

// A territory is where an added list serves.
type territory struct {
	list     electoral.List
	province string
	name     string
	law      string
}

func territories() []territory {
	return []territory{
		{electoral.BolzanoList, "BZ", "provincia di Bolzano",
			"D.P.R. 31 agosto 1972, n. 670 (statuto), artt. 25 e 63; D.P.R. n. 50 del 1973, art. 5; L.P. Bolzano n. " +
				"14 del 2017, art. 5"},
		{electoral.TrentoList, "TN", "provincia di Trento", "D.P.R. n. 50 del 1973, art. 1"},
		{electoral.AostaValleyList, "AO", "Valle d'Aosta", "d.lgs. n. 320 del 1994, art. 5"},
	}
}

func checkResidenceRules(list []ResidenceRule) error {
	for _, r := range list {
		known := r.List == electoral.EUComunalList ||
			slices.ContainsFunc(territories(), func(t territory) bool { return t.list == r.List })
		if !known || r.Shape == nil || r.Shape.Years() < 0 {
			return errors.New("rules: residence rule of list " + strconv.Quote(string(r.List)) +
				": expected one of the added lists of a territory, or that of the Union, and a shape")
		}
		if g, ok := r.Shape.(GreaterPart); ok && len(g.Provinces) == 0 {
			return errors.New("rules: residence rule of list " + strconv.Quote(string(r.List)) + " without a province")
		}
	}
	return nil
}

// residence judges whether a person has the residence that a list's rule asks on
// a day. known is false if there is no rule for that day, or if he does not live
// in Italy.
func (c *Checker) residence(l electoral.List, p *electoral.Person,
	day electoral.Date) (r Residence, years int, known bool) {
	i := slices.IndexFunc(c.residences, func(r ResidenceRule) bool {
		return r.List == l && (r.From.IsZero() || !r.From.After(day)) && (r.To.IsZero() || r.To.After(day))
	})
	if i < 0 || p == nil || p.Residence == nil {
		return Residence{}, 0, false
	}
	shape := c.residences[i].Shape
	return shape.Judge(c.stays(p.Residence), day), shape.Years(), true
}

// stays returns the stays of a residence, the latest first and without a gap:
// what is not known is a stay too.
func (c *Checker) stays(r *electoral.Residence) []Stay {
	if !r.Since.Complete() {
		return []Stay{{Unknown: true}}
	}
	out := []Stay{c.stay(r.Comune, r.Since, electoral.Date{})}
	for _, e := range r.Earlier {
		begin := out[len(out)-1].From
		if !e.From.Complete() || !e.To.Complete() || e.To.After(begin) || !e.From.Before(e.To) {
			return append(out, Stay{Unknown: true, To: begin}) // the periods contradict each other
		}
		if e.To.Before(begin) {
			out = append(out, Stay{From: e.To, To: begin})
		}
		out = append(out, c.stay(e.Comune, e.From, e.To))
	}
	begin := out[len(out)-1].From
	nowhere := r.Earlier != nil && len(r.Earlier) == 0
	return append(joined(out), Stay{Unknown: !nowhere, To: begin})
}

func (c *Checker) stay(comune string, from, to electoral.Date) Stay {
	province := c.province(comune, from)
	return Stay{Province: province, Unknown: province == "", From: from, To: to}
}

// joined joins stays in the same province that follow each other.
func joined(stays []Stay) []Stay {
	out := stays[:1]
	for _, s := range stays[1:] {
		if last := &out[len(out)-1]; last.Province == s.Province && last.Unknown == s.Unknown {
			last.From = s.From
			continue
		}
		out = append(out, s)
	}
	return out
}

func (c *Checker) province(comune string, at electoral.Date) string {
	if found, ok := c.tables.Comune(comune, at); ok {
		return found.ProvinceSigla
	}
	history := c.tables.ComuneHistory(comune)
	if len(history) == 0 {
		return ""
	}
	return history[len(history)-1].ProvinceSigla
}

// term returns a number of years for texts: «1 anno», «4 anni».
func term(years int) string {
	if years == 1 {
		return "1 anno"
	}
	return strconv.Itoa(years) + " anni"
}

// AddedListOf returns the added list that serves the territory in which a comune
// lies on a day; false if none does.
func (c *Checker) AddedListOf(comune string, day electoral.Date) (electoral.List, bool) {
	province := c.made().province(comune, day)
	for _, t := range territories() {
		if t.province == province {
			return t.list, true
		}
	}
	return "", false
}

// HasResidence judges, by the rule in force on a day, whether a person has lived in
// the territory of an added list as long as the law asks; NotGiven if that is not
// known, or if no rule holds on that day.
func (c *Checker) HasResidence(l electoral.List, p *electoral.Person, day electoral.Date) electoral.Answer {
	r, _, known := c.made().residence(l, p, day)
	if !known {
		return electoral.NotGiven
	}
	return r.Met
}
