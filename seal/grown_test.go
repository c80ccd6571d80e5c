package seal

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// TestCheckGrown: what a visible seal may change of an object, and what not.
func TestCheckGrown(t *testing.T) {
	ref := func(n uint32) pdf.Ref { return pdf.Ref{Num: n} }
	page := pdf.Dict{{Key: "Type", Value: pdf.Name("Page")}, {Key: "Contents", Value: ref(3)},
		{Key: "Annots", Value: pdf.Array{ref(4)}}}
	leaf := pdf.Dict{{Key: "Limits", Value: pdf.Array{int64(0), int64(2)}},
		{Key: "Nums", Value: pdf.Array{int64(0), ref(5)}}}
	for name, c := range map[string]struct {
		was, is pdf.Object
		good    bool
	}{
		"an annotation more":   {page, page.With("Annots", pdf.Array{ref(4), ref(9)}), true},
		"the first annotation": {page[:2], page[:2:2].With("Annots", pdf.Array{ref(9)}), true},
		"with tab order":       {page, page.With("Tabs", pdf.Name("S")), true},
		"other tab order":      {page.With("Tabs", pdf.Name("R")), page.With("Tabs", pdf.Name("S")), false},
		"other contents":       {page, page.With("Contents", ref(9)), false},
		"contents lost":        {page, pdf.Dict{page[0], page[2]}, false},
		"an action":            {page, page.With("AA", ref(9)), false},
		"annotation replaced":  {page, page.With("Annots", pdf.Array{ref(9), ref(4)}), false},
		"annotation lost":      {page, page.With("Annots", pdf.Array{ref(9)}), false},
		"three annotations":    {page, page.With("Annots", pdf.Array{ref(4), ref(7), ref(8), ref(9)}), false},
		"twice the key":        {page, append(page[:3:3], page[1]), false},
		"a number more": {leaf, leaf.With("Nums", pdf.Array{int64(0), ref(5), int64(3), ref(9)}).With("Limits",
			pdf.Array{int64(0), int64(3)}), true},
		"other lower limit":     {leaf, leaf.With("Limits", pdf.Array{int64(1), int64(3)}), false},
		"an array of its own":   {pdf.Array{ref(1)}, pdf.Array{ref(1), ref(2)}, true},
		"an array that shrinks": {pdf.Array{ref(1), ref(2)}, pdf.Array{ref(1)}, false},
		"a single child": {pdf.Dict{{Key: "K", Value: ref(1)}},
			pdf.Dict{{Key: "K", Value: pdf.Array{ref(1), ref(2)}}}, true},
		"a child replaced": {pdf.Dict{{Key: "K", Value: ref(1)}},
			pdf.Dict{{Key: "K", Value: pdf.Array{ref(3), ref(2)}}}, false},
		"another sort": {page, pdf.Array{}, false},
		"a stream":     {&pdf.Stream{Dict: page}, &pdf.Stream{Dict: page}, false},
	} {
		err := checkGrown(c.was, c.is)
		assert.Equal(t, c.good, err == nil, "%s: %v", name, err)
	}
}
