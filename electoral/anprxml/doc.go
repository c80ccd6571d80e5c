// Package anprxml implements ANPR's own XML of the electoral data: the schemas
// published as version 9.2.7 (tipoDato.xsd, subentroListe.xsd,
// subentroSezioni.xsd, vocabolarioSubentro.xsd), namespaces
// http://sogei.it/ANPR/...
//
// [ReadSections] and [ReadElectors] stream a comune's first-load files into
// [electoral.LoadSource], which the registry's Load takes; [SectionWriter] and
// [ElectorWriter] write them.
//
// # Reading
//
// The readers accept the files of any tool (prefixes, default namespace on the
// root only, CDATA, comments, UTF-8, UTF-16, ISO-8859-1) and judge it as the
// schema does, element by element: order, number, form of the values. A record
// that breaks the schema is still returned, with all its faults, each with the
// element, the value, what was expected and the line; an error outside the
// records, and XML that is not well formed, end the reading with a
// [FormatError] or a syntax error that says where. A document type declaration
// is always refused, and so is a value of more than 1 MiB.
//
// A comune stands in the files by name, ISTAT code and province; it is looked
// up in the reference tables and kept by its Belfiore code.
//
// # Writing
//
// A writer refuses, with all the faults, a record that the schema would
// refuse; above all, a yes-or-no field that was not given is never written as
// N. What it has written is valid against the schema. The file has no element for
// removals, votes kept after them and the loss of the right to vote: the writer
// warns of each. Nor has it one for the kind of a section ([electoral.SectionKind]),
// which only the registry knows: it is not written.
package anprxml
