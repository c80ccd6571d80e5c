// Package delivery brings an issued certificate to the citizen on the channel
// that he has chosen (D.M. Interno 17 October 2022, annex 2, services for the
// citizens 3): the reserved area, where there is nothing to send; his digital
// domicile, by certified e-mail (PEC: D.P.R. 68/2005, D.M. 2 November 2005, RFC
// 6109); the e-mail address of his profile; the access point of CAD (d.lgs.
// 82/2005), art. 64-bis, which is App IO.
//
// A [Courier] takes orders with [Courier.Enqueue] and keeps them in an [Outbox]
// ([SQLOutbox], [FileOutbox]), durably when Enqueue returns. [Courier.Run],
// called from time to time, sends what is due. [Courier.Collect] takes in the
// receipts of the PEC mailbox ([IMAP], [Maildir]). A [DomicileResolver]
// ([INAD]) finds the digital domicile of a person. [RemoteContent] answers App
// IO when the citizen opens his message.
//
// # Once
//
// A certificate has one message for each channel. The outbox holds the
// beginning of an attempt before the attempt begins, and its outcome
// afterwards. A message that was certainly not sent is tried again after a
// pause, with backoff, until the courier gives up. If a crash or a broken
// connection leaves it unknown whether a message was sent, it is sent again
// with the same Message-ID, by which mail systems and receipts recognise that
// it is one message.
//
// # Proof
//
// Receipts that the PEC providers sign prove that a message was accepted and
// delivered. With [Config].PECRoots a receipt counts only if its signature
// leads to one of those certificates ([VerifyReceipt]); the revocation of the
// provider's certificate is not checked. Receipts come late, twice, and in any
// order, and have their effect once: a mail leaves the inbox when the state
// that follows from it is durable. The mails themselves stay in the mailbox, as
// the proof.
//
// # Personal data
//
// Fiscal code and address are in the outbox until the message is sent, and then
// erased from it; a keyed digest of the addressee remains. INAD alone requires
// the fiscal code in an address (URL); our errors never repeat it. Errors and
// reasons name the certificate's ID, the channel and the code of an answer,
// never its text, which may repeat an address.
//
// # In a vendor's database
//
// On PostgreSQL the outbox stands in a schema of its own, on the program's own pool if it
// has one; to make its table ([PostgresConfig.Migrate], or the scripts of [Migrations])
// and to use it ([PostgresConfig.Open]) are apart, and [Grants] says which rights each
// role needs: as in package electoral/sqlstore, with which it may share schema and pool.
package delivery
