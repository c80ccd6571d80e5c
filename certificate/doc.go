// Package certificate issues the electoral certificates of D.M. Interno
// 17 October 2022, annex 2 (services for the comuni 4, services for the
// citizens 3, and "Ulteriori specifiche tecniche dei servizi di
// certificazione"): enrolment in the electoral lists and enjoyment of the
// political rights.
//
// For most uses, make one [Issuer] at start-up and call [Issuer.Preview], show
// its page to who asked, and then [Issuer.Issue]. [Issuer.Eligibility] says
// beforehand which kinds can be issued for a person and, if not, why and what
// would change it; [Assess] does the same without an issuer.
//
// # The document
//
// A certificate is one A4 page, PDF/A-3a and PDF/UA-1, with the structured
// content as canonical JSON in it ([Data]; its JSON Schema is [DataSchema]).
// The bytes before the seal depend on the data, the configuration and nothing
// else. What is not sealed by a production sealer carries «DOCUMENTO DI PROVA –
// PRIVO DI VALORE» on its face, in its text and in its metadata. No official
// model of the page is public: layout and sentences are ours, and [Texts],
// [Rules] and the logo can be replaced.
//
// A collective certificate ([Issuer.Collective]) lists many persons, by comune,
// on as many pages as they take, with data of its own ([CollectiveData]; its
// JSON Schema is [CollectiveDataSchema]). It states enrolment only, holds nobody
// who was refused, and is given to no one but officers of the comune that issued
// it. Its contrassegno stands on the last page; the code of it at the foot of
// each ties the pages together.
//
// # The contrassegno
//
// The QR code with the address where a copy is compared with its original
// ([contrassegno.Mark]) is of the embedded data, which does not contain it. 128 bits
// of the data are random, so that the persons behind a code cannot be found by
// guessing.
//
// # Guarantees
//
//   - The request is in the access log before any work is done for it, the
//     outcome before the document is released, failures and refusals included.
//     If the log cannot be written, nothing is released.
//   - Unknown is not "no": a fact that is not recorded leads to a refusal of
//     its own, which says what is missing.
//   - A character that cannot be printed gives a refusal that names it, never
//     an empty box.
package certificate
