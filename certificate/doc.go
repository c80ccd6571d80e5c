// Package certificate issues the electoral certificates of D.M. Interno 17
// October 2022, annex 2 (services for the comuni 4, services for the citizens
// 3, and "Ulteriori specifiche tecniche dei servizi di certificazione"):
// enrolment in the electoral lists and enjoyment of the political rights.
//
// For most uses, make one [Issuer] at start-up, call [Issuer.Preview], show its
// page to the person who asks, and then call [Issuer.Issue]. [Issuer.Offer]
// says beforehand which kinds can be issued for a person, in which languages,
// and, for a kind that cannot, why not and what would change it. [Assess] gives
// the same reasons without an issuer; [ReasonRules] holds the text and the
// source of every reason.
//
// # The document
//
// A certificate is one A4 page, PDF/A-3a and PDF/UA-1, with the structured
// content as canonical JSON in it ([Data]; its JSON Schema is [DataSchema]).
// The bytes before the seal depend on the data, the configuration and nothing
// else. A document that was not sealed by a production sealer carries
// «DOCUMENTO DI PROVA – PRIVO DI VALORE» on its face, in its text and in its
// metadata. No official model of the page is public: layout and sentences are
// ours, and [Texts], [Rules] and the logo can be replaced.
//
// A collective certificate ([Issuer.Collective]) lists many persons, by comune,
// on as many pages as they take, with data of its own ([CollectiveData]; its
// JSON Schema is [CollectiveDataSchema]). It states enrolment only, leaves out
// every person who was refused, and is given only to officers of the comune
// that issued it. Its contrassegno stands on the last page; the foot of every
// page repeats the code of that contrassegno, so that the pages belong
// together.
//
// # The contrassegno
//
// The contrassegno ([contrassegno.Mark]) is a QR code with the address at which
// a copy is compared with its original. It is computed from the embedded data,
// which does not contain it. 128 bits of the data are random, so that the
// persons behind a code cannot be found by guessing.
//
// # The access log
//
// Every access goes through [electoral.Passage]. An issue has two entries in
// the access log: the request before any work, the outcome before the document
// is released. A preview, an offer, a download, a list of documents and a
// public verification have one entry, which is on record before anything is
// shown. Failures and refusals are recorded too. If the log cannot be written,
// nothing is released.
//
// # Guarantees
//
//   - Unknown does not count as "no": a fact that is not recorded leads to a
//
// refusal of its own, which names what is missing.
//   - A character that cannot be printed leads to a refusal that names it,
//     never
//
// to an empty box.
package certificate
