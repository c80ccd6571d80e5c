// Package revision keeps the electoral lists by revisions ("revisioni delle liste
// elettorali", D.P.R. 223/1967, art. 4-16, 32-33): the semestral one, the two
// rounds of the dynamic ordinary one, and the extraordinary one before a vote.
//
// # Days
//
// [SemestralSchedule], [DynamicSchedule] and [ExtraordinarySchedule] compute the
// days of a revision, [Admits] says what each revision admits. A day or an answer
// of the law that was not found in a source warns and never refuses; each can be set
// ([Terms]).
//
// # Work
//
// An [Engine] stands on a [registry.Registry]. [Engine.Open] compares the population
// register with the lists and the applications and proposes lines: whom to enrol, to
// remove, to strike off, to move, with cause, article, ANPR's code, last day, what
// each rests on and what is doubtful. The officer decides each ([Engine.Decide]),
// adds what no register can know ([Engine.Add]), and applies what was accepted
// ([Engine.Apply]), in the order in which ANPR takes operations. What is refused
// stays open with its faults. [Engine.Table] says before a vote what is late, what is
// blocked and what may still be done; [Engine.Minute] makes the minute of each
// sitting; [Engine.Close] ends the revision.
//
// Where the law is open, such as how the loss of citizenship is registered, a line
// has no effect of its own: the officer chooses, and the minute says that the
// question is open.
//
// A revision and its lines are records of the registry's store, in books of their
// own. A line is applied in one update with its own state, so that it is done once
// whatever breaks, and whoever else works on the revision.
package revision
