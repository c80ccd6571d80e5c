// Package refdata holds the dated reference tables behind the electoral lists
// of D.M. 17 October 2022: comuni from 1861 on (ANPR's archive), states,
// membership of the European Union, constituencies and colleges of every
// election, other languages, kinds of streets.
//
// For most uses, call [Embedded] once and ask: each question about a place names
// a date, since comuni, codes and constituencies change.
//
//	tables, err := refdata.Embedded()
//	if err != nil { ... }
//	c, ok := tables.Comune("A952", refdata.Date{Year: 1985, Month: time.April, Day: 3})
//
// [Load] brings newer tables in the same format, one or all.
//
// Join on the Belfiore code. ISTAT's code follows the province, and 377
// Sardinian comuni changed theirs between 2024 and 2026.
//
// Guarantees: Tables never change after loading and are safe for concurrent
// use. Each table carries its date, its sources and their licences
// ([Tables.Sources]) and its known gaps ([Tables.Notes]). A value that rests on
// general knowledge says so ([Certainty]): it may warn, never block. Names are
// compared with [Fold]; codes are compared as they are, in capitals.
package refdata
