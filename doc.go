// Package anpr is the map of the SDK for the electoral lists in ANPR, the
// Italian national population register: the decree of the Minister of the
// Interior of 17 October 2022 and the circular Dait 74/2025. It has no API of
// its own.
//
// A comune's electoral lists go in, checked rule by rule; sealed and verifiable
// certificates come out; each access is logged in a chain that cannot be
// changed unseen.
//
// # Packages by task
//
//   - Know what annex 1 holds: [electoral], its words, faults and accesses, and
//     its tables of comuni, States and constituencies ([electoral/refdata]).
//   - Check a record, and know who votes, where and how: [electoral/rules].
//   - Read and write ANPR's own files: [electoral/anprxml].
//   - Keep the lists: [electoral/registry] on a store, in memory
//     ([electoral/memory]) or in SQL ([electoral/sqlstore]).
//   - Write extracted lists, and print one for a polling station:
//     [electoral/lists].
//   - Issue certificates, with preview and contrassegno: [certificate],
//     [certificate/contrassegno]; keep them until they expire:
//     [certificate/archive]; bring them to the citizen: [certificate/delivery].
//   - Seal a PDF: [seal], with the key in a device ([seal/pkcs11]) or in a
//     service ([seal/csc]), and a certificate that [seal/qualified] accepts.
//   - Log accesses: [audit], in files ([audit/filestore]), fed by the registry
//     ([audit/recorder]).
//   - Verify a certificate, a contrassegno or a log, offline: [verify]; let the
//     public do it on your site: [verify/web], with its captcha
//     ([verify/captcha]).
//   - Serve people: their sessions on web pages ([transport/session], in SQL
//     [transport/session/sqlstore]), background work on one of several nodes
//     ([electoral/job], in SQL [electoral/job/sqlstore]).
//   - Test one's own: [electoral/electoraltest], [audit/audittest],
//     [seal/sealtest], [certificate/archive/archivetest],
//     [certificate/delivery/deliverytest], [transport/session/sessiontest],
//     [electoral/job/jobtest].
//
// The example of this package is the whole flow. The programs in examples are
// complete: quickstart does the main job without any service.
//
// # Layers
//
// Arrows go one way: examples, then the services (registry, certificate, verify),
// then rules, then electoral, seal and audit, then refdata and internal. audit and
// seal know nothing of elections; electoral knows no store and no font; verify
// knows no store, no registry and no issuer. A test holds the tree to this.
//
// # One way through
//
// Whatever is done with an elector's data goes through [electoral.Passage]. A change
// is on record as asked before it is made, and its outcome after it; a reading is on
// record before its answer leaves. What cannot be recorded is neither done nor shown.
//
// # What may be nil
//
// A context must not be nil: a nil one panics, as everywhere in Go, and so does a
// method of a nil pointer. A zero value, a nil reader, writer, function, store or
// element of a slice is an error that says what was expected, or has a meaning that
// its documentation gives.
//
// # Compatibility
//
// Before version 1 anything may change, and CHANGELOG.md says how. What is
// written to last does not: the codes of faults, the bytes of the access log,
// the structured data in a certificate and its contrassegno are read by every
// later version.
//
// [electoral]: https://pkg.go.dev/github.com/liste-elettorali/anpr/electoral
// [electoral/refdata]: https://pkg.go.dev/github.com/liste-elettorali/anpr/electoral/refdata
// [electoral/anprxml]: https://pkg.go.dev/github.com/liste-elettorali/anpr/electoral/anprxml
// [electoral/sqlstore]: https://pkg.go.dev/github.com/liste-elettorali/anpr/electoral/sqlstore
// [electoral/electoraltest]: https://pkg.go.dev/github.com/liste-elettorali/anpr/electoral/electoraltest
// [certificate]: https://pkg.go.dev/github.com/liste-elettorali/anpr/certificate
// [certificate/contrassegno]: https://pkg.go.dev/github.com/liste-elettorali/anpr/certificate/contrassegno
// [seal]: https://pkg.go.dev/github.com/liste-elettorali/anpr/seal
// [seal/sealtest]: https://pkg.go.dev/github.com/liste-elettorali/anpr/seal/sealtest
// [audit]: https://pkg.go.dev/github.com/liste-elettorali/anpr/audit
// [certificate/archive/archivetest]: https://pkg.go.dev/github.com/liste-elettorali/anpr/certificate/archive/archivetest
// [certificate/delivery/deliverytest]: https://pkg.go.dev/github.com/liste-elettorali/anpr/certificate/delivery/deliverytest
// [audit/filestore]: https://pkg.go.dev/github.com/liste-elettorali/anpr/audit/filestore
// [audit/recorder]: https://pkg.go.dev/github.com/liste-elettorali/anpr/audit/recorder
// [audit/audittest]: https://pkg.go.dev/github.com/liste-elettorali/anpr/audit/audittest
// [verify]: https://pkg.go.dev/github.com/liste-elettorali/anpr/verify
// [certificate/archive]: https://pkg.go.dev/github.com/liste-elettorali/anpr/certificate/archive
// [certificate/delivery]: https://pkg.go.dev/github.com/liste-elettorali/anpr/certificate/delivery
// [seal/qualified]: https://pkg.go.dev/github.com/liste-elettorali/anpr/seal/qualified
// [seal/pkcs11]: https://pkg.go.dev/github.com/liste-elettorali/anpr/seal/pkcs11
// [seal/csc]: https://pkg.go.dev/github.com/liste-elettorali/anpr/seal/csc
// [verify/captcha]: https://pkg.go.dev/github.com/liste-elettorali/anpr/verify/captcha
// [verify/web]: https://pkg.go.dev/github.com/liste-elettorali/anpr/verify/web
// [transport/session]: https://pkg.go.dev/github.com/liste-elettorali/anpr/transport/session
// [transport/session/sqlstore]: https://pkg.go.dev/github.com/liste-elettorali/anpr/transport/session/sqlstore
// [transport/session/sessiontest]: https://pkg.go.dev/github.com/liste-elettorali/anpr/transport/session/sessiontest
// [electoral/job]: https://pkg.go.dev/github.com/liste-elettorali/anpr/electoral/job
// [electoral/job/sqlstore]: https://pkg.go.dev/github.com/liste-elettorali/anpr/electoral/job/sqlstore
// [electoral/job/jobtest]: https://pkg.go.dev/github.com/liste-elettorali/anpr/electoral/job/jobtest
//
// [registry.Registry]: https://pkg.go.dev/github.com/liste-elettorali/anpr/electoral#Registry
package anpr
