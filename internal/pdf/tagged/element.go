package tagged

// A Tag is a standard structure type (ISO 32000-1, 14.8.4).
type Tag string

// The structure types that this package writes.
const (
	DocumentTag Tag = "Document"
	Section     Tag = "Sect"
	Division    Tag = "Div"
	H1          Tag = "H1"
	H2          Tag = "H2"
	H3          Tag = "H3"
	Paragraph   Tag = "P"
	Figure      Tag = "Figure"
	Table       Tag = "Table"
	TableHead   Tag = "THead"
	TableBody   Tag = "TBody"
	TableRow    Tag = "TR"
	HeaderCell  Tag = "TH"
	DataCell    Tag = "TD"
	List        Tag = "L"
	ListItem    Tag = "LI"
	Label       Tag = "Lbl"
	ListBody    Tag = "LBody"
	Link        Tag = "Link"
	FormField   Tag = "Form"
	SpanTag     Tag = "Span"
	Note        Tag = "Note"
)

// parents holds the structure types that a type may stand in, where ISO
// 14289-1 and ISO 32000-1 restrict it.
var parents = map[Tag][]Tag{
	TableHead:  {Table},
	TableBody:  {Table},
	TableRow:   {Table, TableHead, TableBody},
	HeaderCell: {TableRow},
	DataCell:   {TableRow},
	ListItem:   {List},
	Label:      {ListItem, Note},
	ListBody:   {ListItem},
}

// A Scope says which cells a header cell describes.
type Scope string

// The scopes.
const (
	RowScope    Scope = "Row"
	ColumnScope Scope = "Column"
)

// Attributes are what a structure element may carry besides its content.
type Attributes struct {
	Alt     string // alternative text; required for a Figure
	Actual  string // the text that the content stands for
	Lang    string // if it differs from the document's
	Title   string
	Scope   Scope // of a HeaderCell; empty means Column
	ColSpan int   // of a cell; 0 means 1
}

// An Element is a node of the structure tree, which is what a screen reader
// follows. Its children are read in the order in which they were added.
type Element struct {
	doc    *Document
	parent *Element
	tag    Tag
	attr   Attributes
	kids   []kid
	box    *[4]float64 // of a figure: union of what was drawn, PDF coordinates
	page   *Page       // the first page with content of its own
	title  string      // of a heading: its text, for the bookmarks
	object int         // number, given when written
}

// A kid is a child element, a marked-content sequence or an annotation.
type kid struct {
	element *Element
	page    *Page
	mcid    int
	annot   *annotation
}

// Add appends a child of the given type and returns it.
func (e *Element) Add(tag Tag) *Element { return e.AddWith(tag, Attributes{}) }

// AddWith appends a child with attributes and returns it.
func (e *Element) AddWith(tag Tag, attr Attributes) *Element {
	d := e.doc
	if e.object != 0 && e != d.root {
		d.fail(errorf("a %s is added to a %s that is written already", tag, e.tag))
	}
	child := &Element{doc: d, parent: e, tag: tag, attr: attr}
	d.elements = append(d.elements, child)
	e.kids = append(e.kids, kid{element: child})
	if allowed, restricted := parents[tag]; restricted && !contains(allowed, e.tag) {
		d.fail(errorf("a %s stands in a %s, expected one of %v", tag, e.tag, allowed))
	}
	if tag == Figure && attr.Alt == "" {
		d.fail(errorf("a Figure has no alternative text (ISO 14289-1, 7.3)"))
	}
	if attr.Lang != "" && !validLang(attr.Lang) {
		d.fail(errorf("language %q of a %s is no language tag", attr.Lang, tag))
	}
	for _, s := range []string{attr.Alt, attr.Actual, attr.Title} {
		if err := plainText(s); err != nil {
			d.fail(err)
		}
	}
	d.checkHeading(tag)
	return child
}

// checkHeading holds headings to ISO 14289-1, 7.4.2: the first is an H1 and
// none skips a level.
func (d *Document) checkHeading(tag Tag) {
	level := headingLevel(tag)
	if level == 0 {
		return
	}
	if level > d.heading+1 {
		d.fail(errorf("heading %s follows level %d: a level is skipped (ISO 14289-1, 7.4.2)", tag, d.heading))
	}
	d.heading = level
}

func headingLevel(tag Tag) int {
	switch tag {
	case H1:
		return 1
	case H2:
		return 2
	case H3:
		return 3
	}
	return 0
}

func contains(tags []Tag, t Tag) bool {
	for _, a := range tags {
		if a == t {
			return true
		}
	}
	return false
}

// validLang accepts the shape of RFC 5646 tags: letters, digits and hyphens.
func validLang(s string) bool {
	if len(s) < 2 || len(s) > 35 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

func (e *Element) grow(x0, y0, x1, y1 float64) {
	if e.box == nil {
		e.box = &[4]float64{x0, y0, x1, y1}
		return
	}
	b := e.box
	b[0], b[1], b[2], b[3] = min(b[0], x0), min(b[1], y0), max(b[2], x1), max(b[3], y1)
}
