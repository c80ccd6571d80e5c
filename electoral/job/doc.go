// Package job does background work ("lavori periodici") such as deliveries, sweeps and
// reports: each job when it is due, on one node of several, with a table that says what
// ran, what failed, and what is in the way.
//
// # Who works
//
// Of the [Runner]s on one [Store] one leads, by a lease that ends by itself when its
// program stalls or dies; another takes over then. Only the leader starts jobs, each in a
// goroutine of its own, and none while it runs. A leader that has lost the lease has the
// contexts of its jobs cancelled before another may lead: with the SQL store's standard 30
// seconds a job has 3 seconds to end. One that does not heed its context may run beside its
// successor: what a job does must bear to be done again, as after a crash.
//
// # What is told of a crash
//
// Start and end of a run are on record. A run whose end is not, since its program died or
// lost the lease, is told as [Unknown], and the job runs again when it is due: at once if
// its time has come meanwhile. After a second such end in a row it waits as after a failure,
// since it may be what its program dies of.
//
// # When a job is due
//
// A new job is due at once; then [Job.Every] after the start of its last run, but not
// before a tenth of that after its end. After a failure it is due after [Config.Retry],
// twice that after the next, and so on up to Every. What is asked for ([Runner.Ask]) is due
// at once. A restart changes nothing of it. Instants are those of the leader's clock.
package job
