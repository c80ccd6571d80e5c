// Package web serves the verification of electoral certificates to the public
// (D.M. Interno 17 October 2022, annex 2, Ulteriori specifiche tecniche 2 and
// 3; CAD, art. 23 c. 2-bis): whoever holds a copy on paper gets to see the
// sealed original, after a captcha and «Conferma», along both paths of the
// decree:
//
//   - with a smartphone, whose camera opens the address of the contrassegno:
//     GET /C/CODE;
//   - with a PC, by uploading the contrassegno as a picture (PNG, JPEG) or the
//     page that holds it as a PDF: GET /verifica.
//
// For most uses:
//
//	h, err := web.New(web.Config{
//		Originals: issuer, Verifier: verifier, Captcha: digits,
//		BaseURL: "https://HOST", Key: key, Layout: layout,
//	})
//	mux.Handle("/", h) // or h.Paths() one by one
//
// # Guarantees
//
//   - An original is opened only to those who passed the captcha and hold an authentic
//     contrassegno, read in the picture or followed as a link, and for ten
//     minutes. Each opening is on record before it is answered.
//   - A certificate that expired or was deleted is said to be so, and nothing of
//     it is shown; so is a contrassegno that is not authentic, or that leads to
//     another site.
//   - The answer is that of package verify: every check with its outcome, in
//     Italian, beside what to compare on the copy.
//   - Nothing needs JavaScript, but the captcha's proof of work if it is asked.
//     Pages are valid against WCAG 2.1 AA as far as the caller's layout is.
//   - Uploads are bounded in bytes, pixels and number at a time, touch no disk,
//     and are read only after the captcha: it stands before the file in the form.
//     How often one client may ask
//     is for the server around it to bound; an upload that stands still is cut off.
//   - The codes of contrassegni stand in addresses, as the decree wants («link
//     (URL)»): a server that logs addresses logs keys to certificates, and should
//     log [Handler.Pattern] instead.
//
// Addresses in the pages are absolute paths, those of [Handler.Paths]: a reverse
// proxy must pass them as they are, without taking a prefix away.
//
// The pages are fragments of HTML with the class names of Bootstrap Italia; the
// [Layout] of the caller gives them head, style, header and footer, and sets the
// Content-Security-Policy, which must permit images, audio and objects of the
// same origin (img-src, media-src, object-src 'self'), and scripts if the captcha
// asks for work. Their texts are there in Italian, German, French and Slovene.
package web
