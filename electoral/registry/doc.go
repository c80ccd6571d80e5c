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
//
// What a caller hands in is judged before anything else looks at it, field by field: a
// date that the calendar does not have, a text that cannot be read or kept, a value that
// its type does not have are faults with path and value, all at once, beside what the
// service itself finds. Zero values are refused with an error. A nil context may panic;
// a nil function that a service is given may panic too, which Passage turns into an
// [electoral.PanicError].
//
// # Codes
//
// The doc of a service ends with the codes that its faults and warnings can have, those
// of the lines that it writes among them. Many share these:
//
//   - of every service: ELE-DAT-01, ELE-ID-01, REG-ACC-01/02/03/04/07/08, REG-DAT-01/02.
//   - of every input: ELE-DAT-01, ELE-ID-01, REG-DAT-01/02.
//   - of a change: REG-ACC-05/06/09, REG-CAP-05/06, SUC-CES-01/02.
//   - of a section: ELE-DAT-01, REG-SEZ-19, SEZ-CIR-01, SEZ-COL-01/02/03/04/05/06,
//     SEZ-COM-01/02, SEZ-EUR-01/02/03, SEZ-LIN-01/02/03, SEZ-NUM-01/02/03,
//     SEZ-REG-01/02/03, SEZ-SED-01/02/03/04/05/06, SEZ-TXT-01.
//   - of an elector: ELE-AGG-01/02/03/04/05/06/07/08/09/10/11, ELE-CAP-01/02/03,
//     ELE-CER-01/02, ELE-DAT-01, ELE-GEN-01/02, ELE-ID-01, ELE-ISC-01/02/03/04/05/06,
//     ELE-PER-01/02/03/04/05/06,
//     ELE-STA-01/03/04/05/06/07/08/09/10/11/12/13/14/15/16/17/18/19/20/21,
//     ELE-UE-01/02/03/04/05/06/07/08/09/10/11/12/13.
//   - of a vote: ELE-AGG-06, ELE-DAT-01, VOT-AGG-01, VOT-CAP-01/02, VOT-CIT-01/02,
//     VOT-EST-01/02/03/05/06/07, VOT-ETA-01/02, VOT-LIS-01/02, VOT-MOD-01,
//     VOT-PER-01/02/03, VOT-STA-01/02.
package registry
