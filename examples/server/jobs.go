package main

import (
	"context"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/electoral/erasure"
	"github.com/liste-elettorali/anpr/electoral/job"
	jobstore "github.com/liste-elettorali/anpr/electoral/job/sqlstore"
)

// openJobs plans the work that no request waits for. Of several nodes on one database one
// does it.
func (s *system) openJobs(ctx context.Context) (err error) {
	if s.opts.dsn != "" {
		s.plan, err = jobstore.OpenPostgres(ctx, s.opts.dsn)
	} else {
		s.plan, err = jobstore.OpenSQLite(ctx, s.path("lavori.db"))
	}
	if err != nil {
		return err
	}
	s.jobs, err = job.New(job.Config{Store: s.plan, Jobs: s.work(), Now: s.now,
		Failed: func(name string, err error) { s.logger.Error("job", "name", name, "error", err) }})
	return err
}

// work is what is done again and again: what has expired is deleted, the databases are
// purged of what they still hold of it, what is due is sent.
func (s *system) work() []job.Job {
	day := 24 * time.Hour
	return []job.Job{
		{Name: "sweep-certificates", Every: day, Do: func(ctx context.Context) (string, error) {
			n, err := s.issuer.Sweep(ctx)
			return fmt.Sprintf("%d deleted", n), err
		}},
		{Name: "expire-requests", Every: day, Do: func(ctx context.Context) (string, error) {
			_, err := s.registry.Expire(ctx, comuni...)
			return "", err
		}},
		{Name: "sweep-sessions", Every: 5 * time.Minute, Do: func(ctx context.Context) (string, error) {
			n, err := s.sessions.Sweep(ctx)
			return fmt.Sprintf("%d deleted", n), err
		}},
		{Name: "deliver", Every: time.Minute, Do: func(ctx context.Context) (string, error) {
			return "", s.deliverDue(ctx)
		}},
		{Name: "purge-registry", Every: day, Do: purging(s.db.Purge)},
		{Name: "purge-archive", Every: day, Do: purging(s.archive.Purge)},
	}
}

// purging purges with the usual bounds, which issue, download and verification do not
// feel. What is in the way then is for the next day.
func purging(
	purge func(context.Context, erasure.Config) (erasure.Report, error),
) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		_, err := purge(ctx, erasure.Config{})
		return "", err
	}
}
