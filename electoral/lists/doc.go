// Package lists writes extracted electoral lists ("estrazione delle liste",
// D.M. Interno 17 October 2022, annex 2, services for the comuni 3) as CSV, as
// ASCII with fixed columns, as NDJSON, and as the PDF of a polling station.
//
// Each writer is an [electoral.ListWriter], which the registry's Extract calls.
package lists
