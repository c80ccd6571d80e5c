// Package limits holds in one place the default limits of the readers of large
// input, XML and PDF, so that they can be reviewed together. A caller who must
// read more says so in the configuration of the reader. Limits that a format
// itself sets (the fields of a log entry, the parts of a signature) stand with
// the format.
package limits

// XML messages. A first-load file of a big city is far larger than XMLBytes:
// its reader is told so by the caller.
const (
	XMLBytes      = 64 << 20 // of the whole document
	XMLDepth      = 64       // nested elements
	XMLElements   = 5_000_000
	XMLAttributes = 64       // on one element, namespace declarations included
	XMLToken      = 16 << 20 // bytes of one tag, text, comment or instruction
)

// PDF documents.
const (
	PDFBytes     = 128 << 20 // of the file
	PDFDepth     = 64        // nesting of arrays, dictionaries and trees
	PDFObjects   = 500_000   // cross-reference entries of all revisions
	PDFRevisions = 250
	PDFStream    = 64 << 20   // bytes of one stream after decoding
	PDFExpanded  = 256 << 20  // bytes of all streams after decoding
	PDFWork      = 40_000_000 // objects and values that are looked at, each time
	PDFValues    = 200_000    // elements of arrays and dictionaries beyond one for each eight bytes of the file
)
