// Package limits holds in one place the default limits on what the SDK reads,
// so that they can be reviewed together. A caller who must read more says so
// in the configuration of the reader.
package limits

// XML messages. A first-load file of a big city is far larger than XMLBytes:
// its reader is told so by the caller.
const (
	XMLBytes      = 64 << 20 // of the whole document
	XMLDepth      = 64       // nested elements
	XMLElements   = 5_000_000
	XMLAttributes = 64       // on one element, namespace declarations included
	XMLToken      = 16 << 20 // bytes of one tag, text, comment or instruction
	XMLName       = 1024     // bytes of one name
)
