package anpr_test

import (
	"reflect"

	"github.com/liste-elettorali/anpr/electoral/job"
	jobstore "github.com/liste-elettorali/anpr/electoral/job/sqlstore"
	"github.com/liste-elettorali/anpr/transport/session"
	sessionstore "github.com/liste-elettorali/anpr/transport/session/sqlstore"
)

// walkedTransport are the rows of walked for the packages under transport.
func walkedTransport() []walk {
	return []walk{
		{name: "transport/session.New", function: reflect.ValueOf(session.New)},
		{name: "transport/session.NewMemory", function: reflect.ValueOf(session.NewMemory)},
		{name: "transport/session.Beginning", typ: reflect.TypeFor[session.Beginning]()},
		{name: "transport/session.Config", typ: reflect.TypeFor[session.Config]()},
		{name: "transport/session.Digest", typ: reflect.TypeFor[session.Digest]()},
		{name: "transport/session.Draft", typ: reflect.TypeFor[session.Draft]()},
		{name: "transport/session.DraftRoom", typ: reflect.TypeFor[session.DraftRoom]()},
		{name: "transport/session.Identity", typ: reflect.TypeFor[session.Identity]()},
		{name: "transport/session.Listed", typ: reflect.TypeFor[session.Listed]()},
		{name: "transport/session.Manager", typ: reflect.TypeFor[session.Manager]()},
		{name: "transport/session.Memory", typ: reflect.TypeFor[session.Memory]()},
		{name: "transport/session.Record", typ: reflect.TypeFor[session.Record]()},
		{name: "transport/session.Renewal", typ: reflect.TypeFor[session.Renewal]()},
		{name: "transport/session.Room", typ: reflect.TypeFor[session.Room]()},
		{name: "transport/session.Session", typ: reflect.TypeFor[session.Session]()},
		{name: "transport/session.Thing", typ: reflect.TypeFor[session.Thing]()},
		{name: "transport/session/sqlstore.Grants", function: reflect.ValueOf(sessionstore.Grants)},
		{name: "transport/session/sqlstore.Migrations", function: reflect.ValueOf(sessionstore.Migrations)},
		{name: "transport/session/sqlstore.OpenPostgres", function: reflect.ValueOf(sessionstore.OpenPostgres)},
		{name: "transport/session/sqlstore.OpenSQLite", function: reflect.ValueOf(sessionstore.OpenSQLite)},
		{name: "transport/session/sqlstore.PostgresConfig", typ: reflect.TypeFor[sessionstore.PostgresConfig]()},
		{name: "transport/session/sqlstore.Role", typ: reflect.TypeFor[sessionstore.Role]()},
		{name: "transport/session/sqlstore.SQLiteConfig", typ: reflect.TypeFor[sessionstore.SQLiteConfig]()},
		{name: "transport/session/sqlstore.Store", typ: reflect.TypeFor[sessionstore.Store]()},
	}
}

// walkedJobs are the rows of walked for the packages under electoral/job.
func walkedJobs() []walk {
	return []walk{
		{name: "electoral/job.Fail", function: reflect.ValueOf(job.Fail)},
		{name: "electoral/job.New", function: reflect.ValueOf(job.New)},
		{name: "electoral/job.NewMemory", function: reflect.ValueOf(job.NewMemory)},
		{name: "electoral/job.Config", typ: reflect.TypeFor[job.Config]()},
		{name: "electoral/job.Failure", typ: reflect.TypeFor[job.Failure]()},
		{name: "electoral/job.Job", typ: reflect.TypeFor[job.Job]()},
		{name: "electoral/job.Leader", typ: reflect.TypeFor[job.Leader]()},
		{name: "electoral/job.Memory", typ: reflect.TypeFor[job.Memory]()},
		{name: "electoral/job.Outcome", typ: reflect.TypeFor[job.Outcome]()},
		{name: "electoral/job.PanicError", typ: reflect.TypeFor[job.PanicError]()},
		{name: "electoral/job.Plan", typ: reflect.TypeFor[job.Plan]()},
		{name: "electoral/job.Problem", typ: reflect.TypeFor[job.Problem]()},
		{name: "electoral/job.ProblemCode", typ: reflect.TypeFor[job.ProblemCode]()},
		{name: "electoral/job.Result", typ: reflect.TypeFor[job.Result]()},
		{name: "electoral/job.Runner", typ: reflect.TypeFor[job.Runner]()},
		{name: "electoral/job.State", typ: reflect.TypeFor[job.State]()},
		{name: "electoral/job.Status", typ: reflect.TypeFor[job.Status]()},
		{name: "electoral/job/sqlstore.Grants", function: reflect.ValueOf(jobstore.Grants)},
		{name: "electoral/job/sqlstore.Migrations", function: reflect.ValueOf(jobstore.Migrations)},
		{name: "electoral/job/sqlstore.OpenPostgres", function: reflect.ValueOf(jobstore.OpenPostgres)},
		{name: "electoral/job/sqlstore.OpenSQLite", function: reflect.ValueOf(jobstore.OpenSQLite)},
		{name: "electoral/job/sqlstore.PostgresConfig", typ: reflect.TypeFor[jobstore.PostgresConfig]()},
		{name: "electoral/job/sqlstore.Role", typ: reflect.TypeFor[jobstore.Role]()},
		{name: "electoral/job/sqlstore.SQLiteConfig", typ: reflect.TypeFor[jobstore.SQLiteConfig]()},
		{name: "electoral/job/sqlstore.Store", typ: reflect.TypeFor[jobstore.Store]()},
	}
}
