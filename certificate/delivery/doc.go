// Package delivery brings an issued certificate to the citizen on the channel
// that he has chosen (D.M. Interno 17 October 2022, annex 2, services for the
// citizens 3): the reserved area, where there is nothing to send; his digital
// domicile, by certified e-mail (PEC: D.P.R. 68/2005, D.M. 2 November 2005,
// RFC 6109); the e-mail address of his profile; the access point of CAD (d.lgs.
// 82/2005), art. 64-bis, which is App IO.
//
// A [Courier] takes orders with [Courier.Enqueue] and keeps them in an [Outbox]
// ([SQLOutbox], [FileOutbox]), durable when it returns. [Courier.Run], called
// from time to time, sends what is due; [Courier.Collect] takes in the receipts
// of the PEC mailbox ([IMAP], [Maildir]). Who has a digital domicile a
// [DomicileResolver] knows ([INAD]); [RemoteContent] answers App IO when the
// citizen opens his message.
//
// # Once
//
// Of a certificate there is one message for each channel. That an attempt
// begins is in the outbox before it does, and how it ended afterwards. What
// certainly was not sent is tried again after a pause, with backoff, until the
// courier gives up. If a crash or a broken connection leaves it unknown whether
// a message was sent, it is sent again with the same Message-ID, by which mail
// systems and receipts tell that it is one message.
//
// # Proof
//
// That a message was accepted and delivered is proved by receipts which the PEC
// providers sign. With [Config].PECRoots a receipt counts only if its signature
// leads there ([VerifyReceipt]); whether the provider's certificate was revoked
// is not asked. Receipts come late, twice, in any order, and have their effect
// once: a mail leaves the inbox when the state that follows from it is durable.
// The mails themselves stay in the mailbox, as the proof.
//
// # Personal data
//
// Fiscal code and address are in the outbox until the message is sent, and then
// erased from it; a keyed digest of the addressee remains. INAD alone wants the
// fiscal code in an address; no error of ours repeats it. Errors and reasons
// name the certificate's ID, the channel and the code of an answer, never its
// text, which may repeat an address.
package delivery
