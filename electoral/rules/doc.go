// Package rules judges what annex 1 of D.M. Interno 17 October 2022 holds: a
// [Checker] applies the rules of the decree, of the electoral laws and of ANPR's
// practice to an elector and to a section, and returns every fault at once. It
// also says who votes in a vote, in which list and section, and how, with every
// reason and its law ([Checker.Voting]; nothing else decides it), and until when an
// application or a choice counts.
//
// It reads tables and keeps nothing; it uses neither a store nor a service.
package rules
