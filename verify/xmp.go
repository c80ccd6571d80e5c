package verify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/internal/xmlsec"
)

// Namespaces of XMP (ISO 16684-1).
const (
	nsRDF  = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	nsXML  = "http://www.w3.org/XML/1998/namespace"
	nsMeta = "adobe:ns:meta/"
	nsXMP  = "http://ns.adobe.com/xap/1.0/"
	nsPDF  = "http://ns.adobe.com/pdf/1.3/"
	nsMM   = "http://ns.adobe.com/xap/1.0/mm/"
)

// What writers bring up to date with every revision.
var xmpMayChange = []string{xmpName(nsXMP, "ModifyDate"), xmpName(nsXMP, "MetadataDate"), xmpName(nsXMP, "CreatorTool"),
	xmpName(nsPDF, "Producer"), xmpName(nsMM, "InstanceID"), xmpName(nsMM, "VersionID")}

// An xmpNode is an element of a packet.
type xmpNode struct {
	name     xmlsec.Name
	attrs    []xmlsec.Attr
	kids     []*xmpNode
	text     string
	comments bool
}

func (n *xmpNode) is(space, local string) bool { return n.name.Space == space && n.name.Local == local }

// blank reports whether an element holds nothing but others.
func (n *xmpNode) blank() bool { return strings.Trim(n.text, " \t\r\n") == "" }

var errXMP = errors.New("the packet is not XMP in a form that is read in one way")

// readXMP returns what a packet says, by the path of each statement: the same for
// every way to write it (ISO 16684-1 clause 7), of which programs use several.
// The error says that it cannot be read, or not in one way.
func readXMP(ctx context.Context, data []byte) (map[string]string, error) {
	root, err := xmpTree(ctx, data)
	if err != nil {
		return nil, err
	}
	if root.is(nsMeta, "xmpmeta") {
		if len(root.kids) != 1 || !root.blank() {
			return nil, errXMP
		}
		root = root.kids[0]
	}
	if !root.is(nsRDF, "RDF") || len(root.attrs) > 0 || !root.blank() {
		return nil, errXMP
	}
	r := xmpReading{}
	for _, d := range root.kids {
		if !d.is(nsRDF, "Description") || !d.blank() {
			return nil, errXMP
		}
		if err := r.properties("", d, true); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func xmpTree(ctx context.Context, data []byte) (*xmpNode, error) {
	const (
		most  = 1 << 20 // bytes
		depth = 32
	)
	if len(data) > most {
		return nil, errXMP
	}
	in, err := xmlsec.NewReader(ctx, bytes.NewReader(data), xmlsec.Limits{Bytes: 2 * most, Depth: depth, Attributes: 256})
	if err != nil {
		return nil, err
	}
	top := &xmpNode{}
	path := []*xmpNode{top}
	for {
		tok, err := in.Next()
		if errors.Is(err, io.EOF) {
			return top.kids[0], nil
		}
		if err != nil {
			return nil, err
		}
		last := path[len(path)-1]
		switch tok.Kind {
		case xmlsec.StartElement:
			for _, b := range tok.Bindings {
				if strings.ContainsAny(b.URI, "{}") { // paths would be ambiguous
					return nil, errXMP
				}
			}
			n := &xmpNode{name: tok.Name, attrs: append([]xmlsec.Attr(nil), tok.Attrs...)}
			last.kids, path = append(last.kids, n), append(path, n)
		case xmlsec.EndElement:
			path = path[:len(path)-1]
		case xmlsec.Text:
			last.text += string(tok.Data)
		case xmlsec.Comment:
			last.comments = true
		case xmlsec.Instruction:
			if tok.Name.Local != "xpacket" || len(path) > 1 {
				return nil, errXMP
			}
		}
	}
}

// An xmpReading holds statements by their path.
type xmpReading map[string]string

// say records a statement; one made twice could be read in two ways.
func (r xmpReading) say(path, what string) error {
	if _, twice := r[path]; twice {
		return errXMP
	}
	r[path] = what
	return nil
}

// xmpPath is the path of a property, with its namespace: prefixes are free to
// choose.
func xmpPath(path string, name xmlsec.Name) string {
	if path != "" {
		path += "/"
	}
	return path + xmpName(name.Space, name.Local)
}

func xmpName(space, local string) string { return "{" + space + "}" + local }

// xmpPrefixes are those that people know.
var xmpPrefixes = strings.NewReplacer(xmpName("http://purl.org/dc/elements/1.1/", ""), "dc:",
	xmpName(nsXMP, ""), "xmp:", xmpName(nsPDF, ""), "pdf:", xmpName(nsMM, ""), "xmpMM:",
	xmpName("http://www.aiim.org/pdfa/ns/id/", ""), "pdfaid:",
	xmpName("http://www.aiim.org/pdfua/ns/id/", ""), "pdfuaid:", "{", "", "}", " ")

// plainXMP reports whether a statement is missing or a plain value.
func plainXMP(statement string) bool { return statement == "" || statement[0] == '=' }

// properties reads the attributes and elements of a node: of a description, or of
// what stands for one.
func (r xmpReading) properties(path string, n *xmpNode, top bool) error {
	for _, a := range n.attrs {
		switch {
		case a.Name.Space == nsRDF && a.Name.Local == "about":
			if a.Value != "" {
				return errXMP
			}
		case a.Name.Space == nsRDF && a.Name.Local == "parseType" && a.Value == "Resource":
			// pyHanko writes it on descriptions too, where it says nothing.
		case a.Name.Space == "" || a.Name.Space == nsRDF || a.Name.Space == nsXML:
			return errXMP
		default:
			if err := r.say(xmpPath(path, a.Name), "="+a.Value); err != nil {
				return err
			}
		}
	}
	for _, kid := range n.kids {
		if kid.name.Space == "" || kid.name.Space == nsRDF {
			return errXMP
		}
		if err := r.value(xmpPath(path, kid.name), kid); err != nil {
			return err
		}
	}
	if !top {
		return r.say(path, "{}")
	}
	return nil
}

// value reads the value of a property.
func (r xmpReading) value(path string, n *xmpNode) error {
	var own []xmlsec.Attr // properties written as attributes
	resource, uri := false, false
	for _, a := range n.attrs {
		switch {
		case a.Name.Space == nsXML && a.Name.Local == "lang":
			if err := r.say(path+"@lang", a.Value); err != nil {
				return err
			}
		case a.Name.Space == nsRDF && a.Name.Local == "parseType" && a.Value == "Resource":
			resource = true
		case a.Name.Space == nsRDF && a.Name.Local == "resource":
			uri = true
			what := "<" + a.Value + ">"
			if absoluteURI.MatchString(a.Value) { // of which this is another spelling (clause 7.5)
				what = "=" + a.Value
			}
			if err := r.say(path, what); err != nil {
				return err
			}
		case a.Name.Space == "" || a.Name.Space == nsRDF || a.Name.Space == nsXML:
			return errXMP
		default:
			own = append(own, a)
		}
	}
	empty := len(n.kids) == 0 && n.text == "" && !n.comments
	switch {
	case uri || len(own) > 0:
		if !empty || resource || uri && len(own) > 0 {
			return errXMP
		}
		if uri {
			return nil
		}
		return r.properties(path, &xmpNode{attrs: own}, false)
	case resource:
		if !n.blank() {
			return errXMP
		}
		return r.properties(path, &xmpNode{kids: n.kids}, false)
	case len(n.kids) == 0:
		if n.comments {
			return errXMP
		}
		return r.say(path, "="+n.text)
	case len(n.kids) > 1 || !n.blank():
		return errXMP
	}
	return r.node(path, n.kids[0])
}

// node reads the element that is the value of a property: a structure or a list.
func (r xmpReading) node(path string, n *xmpNode) error {
	if n.name.Space != nsRDF || !n.blank() {
		return errXMP
	}
	switch n.name.Local {
	case "Description":
		return r.properties(path, n, false)
	case "Bag", "Seq", "Alt":
		if len(n.attrs) > 0 {
			return errXMP
		}
		for i, item := range n.kids {
			if !item.is(nsRDF, "li") {
				return errXMP
			}
			if err := r.value(path+"["+strconv.Itoa(i+1)+"]", item); err != nil {
				return err
			}
		}
		return r.say(path, n.name.Local)
	}
	return errXMP
}

// absoluteURI is one with its scheme (RFC 3986 clause 4.3).
var absoluteURI = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^ \t\r\n]+$`)

// xmpDate is a date of XMP (ISO 16684-1 clause 8.2.1.2) with its zone.
var xmpDate = regexp.MustCompile(`^=(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?:Z|[+-]00:00)$`)

// sameXMP reports whether two statements say the same. UT has three spellings.
func sameXMP(path, a, b string) bool {
	if a == b {
		return true
	}
	if path != xmpName(nsXMP, "CreateDate") {
		return false
	}
	x, y := xmpDate.FindStringSubmatch(a), xmpDate.FindStringSubmatch(b)
	return x != nil && y != nil && x[1] == y[1]
}
