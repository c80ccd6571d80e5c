package tagged

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func (w *writer) element(e *Element) {
	if headingLevel(e.tag) > 0 && e.page != nil && e.title != "" {
		w.bookmarks = append(w.bookmarks, bookmark{strings.TrimSpace(e.title), e.page.object})
	}
	w.begin(e.object)
	w.str("<</Type/StructElem/S/" + string(e.tag) + "/P ")
	if e.parent == nil {
		w.ref(w.fixed.tree)
	} else {
		w.ref(e.parent.object)
	}
	if e.page != nil {
		w.str("/Pg ")
		w.ref(e.page.object)
	}
	for _, t := range []struct{ key, text string }{{"Alt", e.attr.Alt}, {"ActualText", e.attr.Actual}, {"T", e.attr.Title}, {"Lang", e.attr.Lang}} {
		if t.text != "" {
			w.str("/" + t.key)
			w.text(t.text)
		}
	}
	w.attributes(e)
	w.str("/K[")
	for _, k := range e.kids {
		w.kid(e, k)
	}
	w.str("]>>")
	w.end()
}

func (w *writer) kid(e *Element, k kid) {
	switch {
	case k.element != nil:
		w.ref(k.element.object)
		w.str(" ")
	case k.annot != nil:
		w.str("<</Type/OBJR/Pg ")
		w.ref(k.page.object)
		w.str("/Obj ")
		w.ref(k.annot.object)
		w.str(">>")
	case k.page == e.page:
		w.int(k.mcid)
		w.str(" ")
	default:
		w.str("<</Type/MCR/Pg ")
		w.ref(k.page.object)
		w.str("/MCID ")
		w.int(k.mcid)
		w.str(">>")
	}
}

func (w *writer) attributes(e *Element) {
	switch e.tag {
	case Figure:
		if e.box != nil {
			w.str("/A<</O/Layout/Placement/Block/BBox[")
			for _, v := range e.box {
				w.num(v)
			}
			w.str("]>>")
		}
	case HeaderCell, DataCell:
		table := ""
		if e.tag == HeaderCell {
			scope := e.attr.Scope
			if scope == "" {
				scope = ColumnScope
			}
			table = "/Scope/" + string(scope)
		}
		if e.attr.ColSpan > 1 {
			table += "/ColSpan " + strconv.Itoa(e.attr.ColSpan)
		}
		if table != "" {
			w.str("/A<</O/Table" + table + ">>")
		}
	case List:
		w.str("/A<</O/List/ListNumbering/None>>")
	}
}

// annotations enters into the parent tree the annotations of the pages, whose
// keys follow those of the pages.
func (w *writer) annotations() {
	for _, p := range w.doc.pages {
		for _, a := range p.annotations {
			w.parents = fmt.Appendf(w.parents, "%d %d 0 R\n", a.key, a.element.object)
		}
	}
}

func (w *writer) structure() {
	w.annotations()
	w.begin(w.fixed.parentTree)
	w.str("<</Nums[")
	w.bytes(w.parents)
	w.str("]>>")
	w.end()
	w.begin(w.fixed.tree)
	w.str("<</Type/StructTreeRoot/K[")
	w.ref(w.doc.root.object)
	w.str("]/ParentTree ")
	w.ref(w.fixed.parentTree)
	w.str("/ParentTreeNextKey ")
	w.int(w.nextKey)
	w.str(">>")
	w.end()
}

// outlines writes bookmarks from the headings of a document of several pages
// and returns their object, 0 if there are none.
func (w *writer) outlines() int {
	items := w.bookmarks
	if len(w.pages) < 2 || len(items) == 0 {
		return 0
	}
	root := w.reserve()
	for range items {
		w.reserve()
	}
	object := func(i int) int { return root + 1 + i }
	w.begin(root)
	w.str(fmt.Sprintf("<</Type/Outlines/Count %d/First %d 0 R/Last %d 0 R>>", len(items), object(0), object(len(items)-1)))
	w.end()
	for i, it := range items {
		w.begin(object(i))
		w.str("<</Title ")
		w.text(it.title)
		w.str(fmt.Sprintf("/Parent %d 0 R/Dest[%d 0 R/Fit]", root, it.page))
		if i > 0 {
			w.str(fmt.Sprintf("/Prev %d 0 R", object(i-1)))
		}
		if i < len(items)-1 {
			w.str(fmt.Sprintf("/Next %d 0 R", object(i+1)))
		}
		w.str(">>")
		w.end()
	}
	return root
}

func (w *writer) information(object int) {
	m := w.doc.meta
	w.begin(object)
	w.str("<<")
	for _, t := range []struct{ key, text string }{
		{"Title", m.Title}, {"Author", m.Author}, {"Subject", m.Subject}, {"Creator", m.Creator}, {"Producer", producer},
	} {
		if t.text != "" {
			w.str("/" + t.key)
			w.text(t.text)
		}
	}
	at := m.Created.Format(dateLayout)
	w.str("/CreationDate" + at + "/ModDate" + at + ">>")
	w.end()
}

// catalog keeps to values that an updater which copies it cannot harm: names,
// numbers, references and one plain ASCII string.
func (w *writer) catalog(outlines int, files []int) {
	names := 0
	if len(files) > 0 {
		names = w.reserve()
		order := make([]int, len(files))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int {
			if w.doc.files[a].Name < w.doc.files[b].Name {
				return -1
			}
			return 1
		})
		w.begin(names)
		w.str("<</EmbeddedFiles<</Names[")
		for _, i := range order {
			w.str("(" + w.doc.files[i].Name + ")")
			w.ref(files[i])
		}
		w.str("]>>>>")
		w.end()
	}
	w.begin(w.fixed.catalog)
	w.str("<</Type/Catalog/Pages ")
	w.ref(w.fixed.pages)
	w.str("/Lang(" + w.doc.meta.Lang + ")/MarkInfo<</Marked true>>/ViewerPreferences<</DisplayDocTitle true>>/StructTreeRoot ")
	w.ref(w.fixed.tree)
	w.str("/Metadata ")
	w.ref(w.fixed.meta)
	w.str("/OutputIntents[")
	w.ref(w.fixed.intent)
	w.str("]")
	if names != 0 {
		w.str("/Names ")
		w.ref(names)
		w.str("/AF[")
		for _, f := range files {
			w.ref(f)
			w.str(" ")
		}
		w.str("]")
	}
	if outlines != 0 {
		w.str("/Outlines ")
		w.ref(outlines)
		w.str("/PageMode/UseOutlines")
	}
	w.str(">>")
	w.end()
}

// trailer writes a classic cross-reference table. The file identifier derives
// from the content, so that equal documents are equal files.
func (w *writer) trailer() error {
	if err := w.limits(); err != nil {
		return err
	}
	// Writing into a hash cannot fail.
	_, _ = w.sum.Write(w.out)
	id := hex.EncodeToString(w.sum.Sum(nil)[:16])
	start := w.before + int64(len(w.out))
	w.str("xref\n0 ")
	w.int(len(w.offsets) + 1)
	w.str("\n0000000000 65535 f \n")
	for i, offset := range w.offsets {
		if offset == 0 {
			return errorf("object %d was never written", i+1)
		}
		var line [20]byte
		copy(line[:], "0000000000 00000 n \n")
		for at := 9; offset > 0; at-- {
			line[at] = byte('0' + offset%10)
			offset /= 10
		}
		w.bytes(line[:])
	}
	w.str("trailer\n<<\n/Size ")
	w.int(len(w.offsets) + 1)
	w.str("\n/Root ")
	w.ref(w.fixed.catalog)
	w.str("\n/Info ")
	w.ref(w.fixed.info)
	w.str("\n/ID [<" + id + "><" + id + ">]\n>>\nstartxref\n")
	w.out = strconv.AppendInt(w.out, start, 10)
	w.str("\n%%EOF\n")
	return nil
}

// What a file can hold: the objects of ISO 19005-3, 6.1.13, and the offsets
// that ten digits can tell.
const (
	maxObjects = 8388607
	maxOffset  = 9999999999
)

func (w *writer) limits() error {
	if len(w.offsets) > maxObjects {
		return errorf("the document has %d objects, at most %d are allowed (ISO 19005-3, 6.1.13)", len(w.offsets), maxObjects)
	}
	if n := w.before + int64(len(w.out)); n > maxOffset {
		return errorf("the document has %d bytes, at most %d can be addressed", n, int64(maxOffset))
	}
	return nil
}
