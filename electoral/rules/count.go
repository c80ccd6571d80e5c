package rules

import "github.com/liste-elettorali/anpr/electoral"

// A SeatCount counts the electors of a section for a vote, as the two statements
// before a national vote want them (Prefettura, 35th and 15th day before it).
// Its zero value counts nobody. It is not safe for concurrent use.
type SeatCount struct {
	// Listed are all lines; Struck and Marked those of them that are not plain.
	Listed int `json:"listed"`
	Marked int `json:"marked"`
	Struck int `json:"struck"`
	// Electors are the lines of those who have the right and the status. The
	// others count these, each in one of them: the first that holds, in this
	// order.
	Electors          int `json:"electors"`
	UnderAge          int `json:"underAge"`
	Dead              int `json:"dead"`
	OptedForItaly     int `json:"optedForItaly"`
	WithoutPost       int `json:"withoutPost"`
	ByPost            int `json:"byPost"`
	TemporarilyAbroad int `json:"temporarilyAbroad"`
	// DeadAbroad are those of Dead who lived abroad, where the vote is by post.
	DeadAbroad int `json:"deadAbroad"`
}

// Add counts one line. abroad says that the person lives abroad and that the vote
// is one in which residents abroad vote by post ([Postal]).
func (c *SeatCount) Add(v Voting, abroad bool) {
	c.Listed++
	switch v.Line {
	case electoral.MarkedLine:
		c.Marked++
	case electoral.StruckLine:
		c.Struck++
	}
	r := v.Reasons
	if r.Has(electoral.VoterWithoutCapacity) || r.Has(electoral.VoterStatusNo) {
		return
	}
	c.Electors++
	switch {
	case r.Has(electoral.VoterUnderAge):
		c.UnderAge++
	case r.Has(electoral.VoterDead):
		c.Dead++
		if abroad {
			c.DeadAbroad++
		}
	case r.Has(electoral.VoterOptedForItaly):
		c.OptedForItaly++
	case r.Has(electoral.VoterNoPostalState):
		c.WithoutPost++
	case r.Has(electoral.VoterByPost):
		c.ByPost++
	case r.Has(electoral.VoterTemporarilyAbroad):
		c.TemporarilyAbroad++
	}
}

// Plus returns the sum of two counts.
func (c SeatCount) Plus(o SeatCount) SeatCount {
	return SeatCount{
		Listed: c.Listed + o.Listed, Marked: c.Marked + o.Marked, Struck: c.Struck + o.Struck,
		Electors: c.Electors + o.Electors, UnderAge: c.UnderAge + o.UnderAge, Dead: c.Dead + o.Dead,
		OptedForItaly: c.OptedForItaly + o.OptedForItaly, WithoutPost: c.WithoutPost + o.WithoutPost,
		ByPost: c.ByPost + o.ByPost, TemporarilyAbroad: c.TemporarilyAbroad + o.TemporarilyAbroad,
		DeadAbroad: c.DeadAbroad + o.DeadAbroad,
	}
}

// First returns the count of the 35th day: the electors without those who are
// under age on the first day and without all residents abroad.
func (c SeatCount) First() int {
	return c.Electors - c.UnderAge - c.OptedForItaly - c.WithoutPost - c.ByPost - c.DeadAbroad
}

// Second returns the count of the 15th day: the first without the dead and those
// temporarily abroad, with those who opted for Italy and those who live in States
// without postal vote.
func (c SeatCount) Second() int {
	return c.First() - (c.Dead - c.DeadAbroad) + c.OptedForItaly + c.WithoutPost - c.TemporarilyAbroad
}
