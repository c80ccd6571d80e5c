package verify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/verify"
)

// TestStructure signs a tagged document as iText does: the widget gets an element
// in the structure tree. Files that look like it change what is told of the page
// to whoever does not see it.
func TestStructure(t *testing.T) {
	l := sealedSheet(t, "/Contents 4 0 R /StructParents 0", "/MarkInfo << /Marked true >> /StructTreeRoot 5 0 R",
		stream("", []byte("/P << /MCID 0 >> BDC "+written+" EMC")),
		"<< /Type /StructTreeRoot /K [6 0 R] /ParentTree 8 0 R /ParentTreeNextKey 1 >>",
		"<< /Type /StructElem /S /Document /P 5 0 R /K [7 0 R] >>",
		"<< /Type /StructElem /S /P /P 6 0 R /Pg 3 0 R /K 0 /ActualText (Mille) >>",
		"<< /Nums [0 [7 0 R]] >>")
	next := unused(t, l.doc) // the signature, then field, element, parent tree and one more
	field, element, tree, more := next+1, next+2, next+3, next+4
	sign := func(change func(map[int]string)) []byte {
		root, catalog := catalogWith(t, l.doc, "AcroForm", fmt.Sprintf("<< /Fields [%s %d 0 R] /SigFlags 3 >>",
			formFields(t, l.doc), field))
		objects := map[int]string{
			root: catalog,
			field: fmt.Sprintf("<< %s /Rect [0 0 0 0] /F 132 /FT /Sig /T (Altra) /V %d 0 R /H /N /StructParent 1 >>", widget,
				next),
			element: fmt.Sprintf("<< /Type /StructElem /S /Form /P 6 0 R /Pg 3 0 R /K << /Type /OBJR /Obj %d 0 R >> >>",
				field),
			tree: fmt.Sprintf("<< /Nums [0 [7 0 R] 1 %d 0 R] >>", element),
			5: fmt.Sprintf("<< /Type /StructTreeRoot /K [6 0 R] /ParentTree %d 0 R /ParentTreeNextKey 2 /RoleMap << >> >>",
				tree),
			6: fmt.Sprintf("<< /Type /StructElem /S /Document /P 5 0 R /K [7 0 R %d 0 R] >>", element),
		}
		if change != nil {
			change(objects)
		}
		return l.sign(t, objects, next, nil)
	}
	// in replaces a part of an object.
	in := func(num int, was, is string) func(map[int]string) {
		return func(o map[int]string) {
			require.Contains(t, o[num], was)
			o[num] = strings.Replace(o[num], was, is, 1)
		}
	}
	also := func(num int, text string) func(map[int]string) { return func(o map[int]string) { o[num] = text } }
	both := func(list ...func(map[int]string)) func(map[int]string) {
		return func(o map[int]string) {
			for _, f := range list {
				f(o)
			}
		}
	}
	apart := both(in(tree, "[7 0 R]", fmt.Sprintf("%d 0 R", more)), also(more, "[7 0 R]"))
	for name, change := range map[string]func(map[int]string){
		"as iText": nil, "a list of its own": apart, "an array of one": in(element, "/K <<", "/K [<<"),
	} {
		if name == "an array of one" {
			change = both(change, in(element, ">> >>", ">>] >>"))
		}
		doc := sign(change)
		r := l.v.PDF(t.Context(), doc, now)
		require.True(t, r.Valid, "%s: %+v", name, r.Checks)
	}
	elem := fmt.Sprintf(" %d 0 R] >>", element)
	hostile := map[string]func(map[int]string){
		"text of a paragraph":         also(7, "<< /Type /StructElem /S /P /P 6 0 R /Pg 3 0 R /K 0 /ActualText (Duemila) >>"),
		"alternative of the document": in(6, "/K [7", "/Alt (Altro) /K [7"),
		"actual text of the document": in(6, "/K [7", "/ActualText (Altro) /K [7"),
		"language of the document":    in(6, "/K [7", "/Lang (en) /K [7"),
		"a paragraph is taken away":   in(6, "/K [7 0 R", "/K ["),
		"a paragraph is replaced":     in(6, "/K [7 0 R", fmt.Sprintf("/K [%d 0 R", element)),
		"the element comes first":     in(6, fmt.Sprintf("[7 0 R %d 0 R]", element), fmt.Sprintf("[%d 0 R 7 0 R]", element)),
		"the element is a paragraph":  in(element, "/S /Form", "/S /P"),
		"the element has a text":      in(element, "/Pg", "/ActualText (Valido) /Pg"),
		"the element has a title":     in(element, "/Pg", "/T (Valido) /Pg"),
		"the element has attributes":  in(element, "/Pg", "/A << /O /Layout >> /Pg"),
		"the element twice a key":     in(element, "/S /Form", "/S /Form /#53 /P"),
		"the element marks content":   in(element, fmt.Sprintf("<< /Type /OBJR /Obj %d 0 R >>", field), "0"),
		"and marks content too":       both(in(element, "/K << /Type", "/K [0 << /Type"), in(element, ">> >>", ">>] >>")),
		"the element of another page": both(in(element, "/Pg 3 0 R", fmt.Sprintf("/Pg %d 0 R", more)),
			also(more, "<< /Type /Page >>")),
		"the element of another":   in(element, "/P 6 0 R", "/P 7 0 R"),
		"the element of no widget": in(element, fmt.Sprintf("/Obj %d 0 R", field), "/Obj 7 0 R"),
		"the element takes the content": both(in(6, elem, " 4 0 R] >>"), func(o map[int]string) {
			o[4], o[tree] = o[element], strings.Replace(o[tree], fmt.Sprintf("1 %d 0 R", element), "1 4 0 R", 1)
		}),
		"an element that was there": in(6, elem, " 7 0 R] >>"),
		"an element in the array":   in(6, elem, " << /Type /StructElem /S /P /P 6 0 R >>] >>"),
		"two elements, one a text": both(in(6, elem, fmt.Sprintf(" %d 0 R %d 0 R] >>", element, more)), also(more,
			"<< /Type /StructElem /S /P /P 6 0 R /ActualText (x) >>")),
		"the tree loses a page":       in(tree, "0 [7 0 R] ", ""),
		"the tree gives a page away":  in(tree, "0 [7 0 R]", fmt.Sprintf("0 [%d 0 R]", element)),
		"the tree has a number twice": in(tree, "1 ", "0 [7 0 R] 1 "),
		"the tree takes a number":     in(tree, fmt.Sprintf("1 %d", element), fmt.Sprintf("0 %d", element)),
		"the tree names what was":     in(tree, fmt.Sprintf("1 %d 0 R", element), "1 7 0 R"),
		"the tree is a circle":        in(tree, "/Nums", fmt.Sprintf("/Kids [%d 0 R] /Nums", tree)),
		"the tree of an old object": both(in(5, fmt.Sprintf("/ParentTree %d", tree), "/ParentTree 8"),
			also(8, fmt.Sprintf("<< /Nums [0 [%d 0 R]] >>", element))),
		"the tree is odd":              in(tree, "] >>", " 2] >>"),
		"the tree is away":             in(5, fmt.Sprintf("/ParentTree %d 0 R", tree), ""),
		"numbers are given again":      in(5, "NextKey 2", "NextKey 0"),
		"roles are mapped":             in(5, "/RoleMap << >>", "/RoleMap << /P /Artifact >>"),
		"classes":                      in(5, "/RoleMap << >>", "/ClassMap << >>"),
		"the root has another child":   in(5, "/K [6 0 R]", fmt.Sprintf("/K [%d 0 R]", element)),
		"the root has a key twice":     in(5, "/K [6 0 R]", "/K [6 0 R] /#4b [7 0 R]"),
		"another root":                 nil,
		"the widget takes a number":    in(field, "/StructParent 1", "/StructParent 0"),
		"the widget has no number":     in(field, "/StructParent 1", "/StructParent (1)"),
		"the widget highlights oddly":  in(field, "/H /N", "/H (N)"),
		"the widget highlights in two": in(field, "/H /N", "/H /N /#48 /P"),
	}
	hostile["another root"] = func(o map[int]string) {
		for num, text := range o {
			o[num] = strings.Replace(text, "/StructTreeRoot 5 0 R", fmt.Sprintf("/StructTreeRoot %d 0 R", more), 1)
		}
		o[more] = o[5]
	}
	require.GreaterOrEqual(t, len(hostile), leastNeighbours)
	for name, change := range hostile {
		t.Run(name, func(t *testing.T) {
			r := l.v.PDF(t.Context(), sign(change), now)
			checkReport(t, r)
			require.False(t, r.Valid)
			require.Equal(t, verify.Passed, outcome(r, verify.CodeStructure), "%+v", r.Checks)
			require.Equal(t, verify.Passed, outcome(r, verify.CodeSignature), "%+v", r.Checks)
			c, _ := r.Check(verify.CodeLaterRevisions)
			require.NotEmpty(t, c.Reasons, "%+v", r.Checks)
		})
	}
	// Without a signature there is nothing to add to the tree for.
	doc := l.with(t, map[int]string{
		6:    "<< /Type /StructElem /S /Document /P 5 0 R /K [7 0 R " + fmt.Sprint(next) + " 0 R] >>",
		next: "<< /Type /StructElem /S /Form /P 6 0 R /Pg 3 0 R /K << /Type /OBJR /Obj 7 0 R >> >>"})
	require.False(t, l.v.PDF(t.Context(), doc, now).Valid)
}
