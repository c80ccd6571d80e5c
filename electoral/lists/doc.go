// Package lists writes extracted electoral lists ("estrazione delle liste",
// D.M. Interno 17 October 2022, annex 2, services for the comuni 3) as CSV, as
// ASCII with fixed columns, as NDJSON, and as the PDF of a polling station.
//
// The PDF has the form of the day: one order and one numbering since 30 June 2025
// (D.L. 27/2025, art. 2-bis), men and women apart before. A name with letters that
// a format lacks stops no list, and is told of.
//
// Each writer is an [electoral.ListWriter], which the registry's Extract calls.
package lists
