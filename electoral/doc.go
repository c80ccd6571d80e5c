// Package electoral holds the data and the words of the electoral lists in ANPR:
// annex 1 ("Dati liste elettorali") and annex 2 ("Servizi per comuni e
// cittadini") of the decree of the Minister of the Interior of 17 October 2022.
//
// # The data
//
// An [Elector] holds what annex 1 says of a person and ANPR's service 5010
// carries; a [Section] holds what ANPR's service 5011 carries. [Annex1Of] joins
// them into the flat view of the decree. Names, ages and citizenships belong to a
// [Person], who comes from a [Population]. A yes-or-no field is an [Answer]: yes,
// no or not given.
//
// The capacity to vote and the enrolment in a list are two facts that are kept
// apart.
//
// # Faults
//
// What is wrong with a record, and why a call is refused, is reported as
// [Faults], all at once: each [Fault] has a code, a field, the value, what was
// expected, an Italian text, the legal source and a severity. [Rules] lists the
// rules behind the codes.
//
// # Access
//
// All work on electors' data runs through a [Passage]: it writes an [Access] to
// the log of a [Recorder] and fails closed. [Admit] checks the caller of a service.
//
// # The rooms
//
// The other packages stand on this one, which imports none of them but refdata:
//
//   - rules judges electors and sections by every rule;
//   - registry has the services of annex 2 and what a store must do for them;
//   - memory and sqlstore keep the data, in memory or in SQLite or PostgreSQL;
//   - lists writes extracted lists as CSV, NDJSON, ASCII and PDF;
//   - anprxml reads and writes ANPR's XML;
//   - refdata has the dated tables of comuni, States, constituencies and colleges;
//   - electoraltest has the suites that a store must pass, and made-up comuni.
//
// # Guarantees
//
// Nothing here opens a file, a socket or a database, reads the environment or
// keeps global state. Nothing panics on input. Days are those of Italy
// (Europe/Rome); instants are in UTC, to the millisecond.
package electoral
