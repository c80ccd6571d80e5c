// Package audit implements the access log of D.M. Interno 17 October 2022,
// annex 2, "Ulteriori specifiche tecniche" 1 (six fields for each transaction,
// kept) and annex 3, 1 and 3 (a log that cannot be changed unnoticed).
//
// For most uses, open a store, make a log on it and append:
//
//	store, err := filestore.Open("audit", filestore.Config{})
//	log, err := audit.New(audit.Config{Store: store})
//	record, err := log.Append(ctx, "H501", audit.Entry{…})
//
// [Log.Verify] checks a log through its store; [VerifyFS] and [VerifyFile]
// check files without one.
//
// # Guarantees
//
//   - When Append returns nil, the record is durable and follows every record
//     acknowledged before. A chain is ordered by sequence numbers, not by clocks.
//     When the clock goes back, the record keeps the time that it gave, with a
//     mark.
//   - Verification finds any change of a single byte of a file. It finds records
//     that were changed, removed, inserted or exchanged, unless all the hashes
//     after them were recomputed.
//   - The chain has no key. A person with write access to the files can recompute
//     it, and can remove whole records at its end, or a whole chain. To find that,
//     keep a copy of the chain's [Head] where that person cannot write.
//   - A payload can be deleted when its retention period ends: the hash of a
//     record covers the payload's digest, which stays. The digest does not help to
//     guess the payload, which had 32 random bytes (those of [PlainV1] had none).
//     Verification reports each deleted payload.
//   - A record that a later version wrote is refused, and its file is left
//     unchanged. This version reads all that earlier versions wrote.
//
// New records hold a payload of [PlainV2]. Versions before it refuse a file with
// such a record and leave it unchanged, with one exception: if the power failed
// while records were written, the version before can remove them. After a power
// failure, therefore, open a folder first with the version that wrote it last.
//
// Payloads are not encrypted: the files hold codici fiscali.
//
// # The format
//
// Integers are big-endian and unsigned. A hash is SHA-256. Texts are UTF-8. A
// name of a chain is 1 to 64 of A-Z a-z 0-9 . _ - and begins with a letter or a
// digit; it is written as its length (1 byte) and its bytes.
//
// A file holds one chain, all of it or a range:
//
//	magic       16 bytes  89 "audit-chain/1" 0D 0A
//	chain       name
//	first        8 bytes  sequence number of the first record; 0 in a whole chain
//	previous    32 bytes  hash of the record before it; if first is 0, the genesis hash
//	check       32 bytes  SHA-256 of all the above
//	records               at least one
//
// The genesis hash is SHA-256 of "audit-chain/1 genesis" 0A and the name. A
// record stands in the file as
//
//	length       4 bytes  of the body
//	complement   4 bytes  all the bits of length inverted
//	body:
//	  version    1 byte   1                                  ┐
//	  type       1 byte   1: an entry                        │
//	  kind       1 byte   of the payload: 1 or 2             │
//	  flags      1 byte   sum of 1: earlier than the record  │
//	                      before; 2: first of an append      │ header
//	  chain      name                                        │
//	  sequence   8 bytes  from 0                             │
//	  time       8 bytes  milliseconds since 1970, UTC       │
//	  previous  32 bytes  hash of the record before          ┘
//	  present    1 byte   1: payload follows; 0: its SHA-256 follows
//	  payload             1 to 16,384 bytes, or the 32 of its SHA-256
//	  hash      32 bytes
//	length       4 bytes  again, to read from the end
//
// and its hash is
//
//	SHA-256("audit-chain/1 record" 0A || header || SHA-256(payload))
//
// A payload is a list of fields, each a tag (1 byte), a length (2 bytes) and a
// value, in ascending order of tag, no tag twice, no value empty:
//
//	1 codice fiscale (text, at most 32 bytes)       required
//	2 instant of the request (8 bytes, as time)     required
//	3 operation (text, at most 64)                  required
//	4 outcome (text, at most 256)                   required
//	5 identifier of the request (text, at most 128) required
//	6 mode of authentication (text, at most 64)     required
//	7 subject (text, at most 128)
//
// A payload of kind 2 also has:
//
//	 8 comune of who asked (text, at most 32)
//	 9 role (text, at most 64)
//	10 level of assurance (1 byte, from 1)
//	11 on whose behalf (text, at most 128)
//	12 station (text, at most 256)
//	13 device (text, at most 256)
//	14 purpose (text, at most 256)
//	15 procedure (text, at most 128)
//	16 access point (text, at most 256)
//	17 details (at most 4,096 bytes)
//	18 random bytes (32 bytes)                      required
//
// Details are a list, in ascending order of key (by its bytes), no key twice:
//
//	length  1 byte   of the key
//	key              1 to 32 of a-z 0-9 . -
//	length  2 bytes  of the value
//	value            text; it may be empty or only spaces
//
// Texts hold no control, format, surrogate or separator characters but the
// space (Unicode Cc, Cf, Cs, Zl, Zp), and not only spaces. Nothing else is
// accepted: what a reader does not know is refused, not skipped. Version, type
// and kind are never 0.
//
// In a folder each chain has a file, whose name [FileName] gives, and nothing
// else is in it. [Example_format] shows a file byte by byte.
package audit
