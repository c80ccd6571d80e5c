// Package xmlsec reads XML 1.0 (fifth edition) with namespaces the way that
// signed messages and files of other people's making must be read: strictly,
// in a stream, within limits.
//
// A [Reader] refuses whatever is not well formed, as libxml2 would, and also
// what is lawful but has no place in a message: a document type declaration,
// an undeclared prefix, an encoding that it does not know, data after the root
// element. It never resolves anything outside the document.
//
// It reads UTF-8, US-ASCII, ISO-8859-1, ISO-8859-15, Windows-1252 and UTF-16,
// told by the byte order mark and by the XML declaration.
package xmlsec
