package tagged_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
)

func Example() {
	engine, err := tagged.New(tagged.Config{})
	if err != nil {
		panic(err)
	}
	d := engine.NewDocument(tagged.Metadata{Title: "Elenco", Lang: "it-IT", Created: time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)})
	flow := &tagged.Flow{Doc: d, Left: 60, Top: 60, Right: 60, Bottom: 60}
	flow.Block(d.Root().Add(tagged.H1), d.Layout(flow.Width(), 0, tagged.Left, tagged.Span{Style: tagged.Style{Face: tagged.Bold, Size: 20}, Text: "Elenco"}))
	pdf, err := d.Bytes()
	fmt.Println(string(pdf[:8]), bytes.HasSuffix(pdf, []byte("%%EOF\n")), err)
	fmt.Println(engine.Check(tagged.Regular, "Ольга"))
	// Output:
	// %PDF-1.7 true <nil>
	// tagged: character U+041E 'О' at position 1: the font has no glyph for it (font TitilliumWeb-Regular)
}
