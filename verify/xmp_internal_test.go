package verify

import (
	"encoding/xml"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const rdfOpen = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description`

// FuzzXMP reads packets. What is a plain value at the top says the same written as
// an attribute and as an element, with another prefix.
func FuzzXMP(f *testing.F) {
	for _, s := range []string{
		` xmlns:a="u:" a:b="c"/></rdf:RDF>`, ` xmlns:a="u:"><a:b>c</a:b><a:d><rdf:Bag><rdf:li>e</rdf:li></rdf:Bag></a:d>` +
			`</rdf:Description></rdf:RDF>`, ` xmlns:a="u:"><a:b rdf:parseType="Resource"><a:c xml:lang="it">d</a:c></a:b>` +
			`</rdf:Description></rdf:RDF>`,
	} {
		f.Add([]byte(rdfOpen + s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readXMP(t.Context(), data)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(got), len(data))
		plain := map[string]string{}
		var attrs, elements strings.Builder
		n := 0
		for path, value := range got {
			space, local, ok := strings.Cut(strings.TrimPrefix(path, "{"), "}")
			if !ok || strings.ContainsAny(local, "/[@{}:") || value[0] != '=' || got[path+"@lang"] != "" ||
				strings.ContainsAny(value+space, "\r\n\t") {
				continue
			}
			var v, s strings.Builder
			require.NoError(t, xml.EscapeText(&v, []byte(value[1:])))
			require.NoError(t, xml.EscapeText(&s, []byte(space)))
			fmt.Fprintf(&attrs, ` xmlns:p%d="%s" p%d:%s="%s"`, n, s.String(), n, local, v.String())
			fmt.Fprintf(&elements, `<p%d:%s xmlns:p%d="%s">%s</p%d:%s>`, n, local, n, s.String(), v.String(), n, local)
			plain[path] = value
			n++
		}
		if n > 100 { // of attributes there may be fewer
			return
		}
		for _, packet := range []string{rdfOpen + attrs.String() + "/></rdf:RDF>",
			rdfOpen + ">" + elements.String() + "</rdf:Description></rdf:RDF>"} {
			again, err := readXMP(t.Context(), []byte(packet))
			require.NoError(t, err, packet)
			require.True(t, maps.Equal(plain, again), "%v\n%v\n%s", plain, again, packet)
		}
	})
}
