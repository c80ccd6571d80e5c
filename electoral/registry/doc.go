// Package registry offers the services on the electoral lists in ANPR (D.M.
// Interno 17 October 2022, annex 2) to the comuni and to the citizens: first load
// with trial, resuming and undo, enrolment, change, removal, capacity, conflicts
// between comuni, merged ANPR ids, choices of how to vote, queries, extraction,
// rectifications, the applications of citizens of the European Union, the succession
// of comuni, and the sections: list, change, deletion, renumbering, re-drawing
// ([Registry.Redraw]), and a proposal of where residents abroad go.
//
// A [Registry] stands on a [Store], which keeps the data, an
// [electoral.Population], which gives the persons, and an [electoral.Recorder],
// which writes the access log. The same type serves the national side, over all
// comuni, and a comune's own copy.
//
// # One way through
//
// Every service checks its caller, applies the rules of package rules and runs
// through an [electoral.Passage]. The access stands in the log of the comune under
// which the person is registered, so that this comune sees who reads its electors;
// for a list, a query or a batch, in the log of the comune of the list. What
// cannot be recorded is neither done nor shown.
//
// # Once
//
// A writing service has its effect once for each request id: the same request
// again gets the earlier answer or refusal, another one with that id is refused.
// [Retention] says how long answers are kept.
//
// # Guarantees
//
// A writing service does all or nothing, in one update of the store, and is
// durable when it returns; a resumable first load does so for each of its steps. A
// refusal lists every fault. No earlier value is kept. A Registry may be used by
// several goroutines at once.
package registry
