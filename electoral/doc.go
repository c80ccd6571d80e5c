// Package electoral implements the data, the rules and the services of the
// electoral lists in ANPR: annex 1 ("Dati liste elettorali") and annex 2
// ("Servizi per comuni e cittadini") of the decree of the Minister of the
// Interior of 17 October 2022.
//
// # The data
//
// An [Elector] holds what annex 1 says of a person and ANPR's service 5010
// carries; a [Section] what ANPR's service 5011 carries. [Annex1Of] joins them
// into the flat view of the decree. Names, ages and citizenships are a
// [Person]'s, from a [Population]. Every yes-or-no field is an [Answer]: yes,
// no or not given.
//
// Two facts never merge: the capacity to vote and the enrolment in a list.
//
// # The rules
//
// A [rules.Checker] applies every rule to a record and returns all its [Faults] at
// once: code, field, value, what was expected, Italian text, legal source,
// severity. [Rules] lists them. A value that no table at hand can judge gives
// a warning, never a silent pass and never a refusal.
//
// # The services
//
// A [registry.Registry] stands on a [registry.Store], a [Population] and a [Recorder]. It checks
// who asks, applies the rules, and records each access; it fails closed. The
// same type serves the national side, over all comuni, and a comune's own copy.
//
// # Guarantees
//
// Nothing here opens a file, a socket or a database, reads the environment or
// keeps global state. Nothing panics on input. Days are those of Italy
// (Europe/Rome); instants are UTC, to the millisecond.
package electoral
