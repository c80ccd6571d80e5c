// Package tagged writes tagged PDF 1.7 (ISO 32000-1) that is PDF/A-3a (ISO
// 19005-3) and PDF/UA-1 (ISO 14289-1) at the same time.
//
// Make one [Engine] at start-up, a [Document] for each file, elements under its
// [Document.Root] in the order in which they are to be read, and place blocks
// of text, figures and links as their content. [Flow] fills page after page. A
// long document is written while it is made: [Engine.NewStream].
//
//	d := engine.NewDocument(tagged.Metadata{Title: "Elenco", Lang: "it-IT", Created: now})
//	flow := &tagged.Flow{Doc: d, Left: 60, Top: 60, Right: 60, Bottom: 60}
//	style := tagged.Style{Face: tagged.Bold, Size: 20}
//	flow.Block(d.Root().Add(tagged.H1), d.Layout(flow.Width(), 0, tagged.Left, tagged.Span{Style: style, Text: "Elenco"}))
//	pdf, err := d.Bytes()
//
// # Guarantees
//
//   - The same calls with the same values give the same bytes; the file
//     identifier derives from the content.
//   - What has no glyph is an error that names the character and its position,
//     never an empty box; so are control characters and right-to-left text.
//   - What the standards forbid and a caller could do by mistake is an error: a
//     figure without alternative text, a skipped heading level, a row outside
//     of a table, content outside of the structure.
//   - The cross-reference table is a classic one and the catalog holds only
//     names, references and one ASCII string, so that simple tools can append
//     an incremental update, such as a seal.
package tagged
