package job

import (
	"context"
	"time"
)

// A Status is what is on record of all jobs, for an operator's page.
type Status struct {
	Leader Leader
	// Jobs are in the order of their names; also those of which this program knows nothing.
	Jobs []State
	// Problems are what somebody should look at, in the order of the jobs.
	Problems []Problem
}

// A ProblemCode says what is wrong.
type ProblemCode string

// The problems.
const (
	// NoLeader means that no node works.
	NoLeader ProblemCode = "no-leader"
	// Failing means that the last run has failed.
	Failing ProblemCode = "failing"
	// Vanished means that of the last run no end is on record.
	Vanished ProblemCode = "vanished"
	// Late means that a job is due for longer than a period and a minute, and does not run.
	Late ProblemCode = "late"
	// Long means that a run takes longer than [Job.Most], or than ten periods and a minute.
	Long ProblemCode = "long"
)

// A Problem is something that somebody should look at.
type Problem struct {
	Code ProblemCode
	// Job is the name of the job; empty if it is not about one.
	Job string
	// Since is since when, as far as that is on record.
	Since time.Time
}

// Status returns what is on record of all jobs, and what is wrong with those that this
// program has. It may be called on any node.
func (r *Runner) Status(ctx context.Context) (Status, error) {
	if r.c.Store == nil {
		return Status{}, errNoRunner
	}
	leader, err := r.c.Store.Leader(ctx)
	if err != nil {
		return Status{}, err
	}
	states, err := r.c.Store.States(ctx)
	if err != nil {
		return Status{}, err
	}
	out, now := Status{Leader: leader, Jobs: states}, r.now()
	if leader.Node == "" {
		out.Problems = append(out.Problems, Problem{Code: NoLeader})
	}
	for _, s := range states {
		for _, j := range r.c.Jobs {
			if p := problem(j, s, now); j.Name == s.Name && p.Code != "" {
				out.Problems = append(out.Problems, p)
			}
		}
	}
	return out, nil
}

// problem returns what is wrong with a job, if anything is.
func problem(j Job, s State, now time.Time) Problem {
	most := j.Most
	if most == 0 {
		most = 10*min(j.Every, maxYear) + time.Minute
	}
	p := Problem{Job: s.Name}
	switch {
	case s.Outcome == Running && now.Sub(s.Started) > most:
		p.Code, p.Since = Long, s.Started
	case s.Outcome == Running:
	case s.Outcome == Failed:
		p.Code, p.Since = Failing, s.Ended
	case s.Outcome == Unknown:
		p.Code, p.Since = Vanished, s.Started
	case now.Sub(s.Due) > j.Every+time.Minute:
		p.Code, p.Since = Late, s.Due
	}
	return p
}
