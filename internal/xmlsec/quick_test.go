package xmlsec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// trace is all that a reader tells of a document: tokens, places, the error.
// Two ways to read it are the same only if their traces are.
func trace(src io.Reader, l Limits) string {
	var b strings.Builder
	d, err := NewReader(context.Background(), src, l)
	if err != nil {
		return err.Error()
	}
	for {
		tok, err := d.Next()
		if err != nil {
			var syntax *SyntaxError
			if errors.As(err, &syntax) {
				fmt.Fprintf(&b, "%v %v", syntax.Pos, syntax.Err)
			}
			fmt.Fprintf(&b, "%v %d", err, d.Depth())
			return b.String()
		}
		uri, ok := d.Lookup("")
		fmt.Fprintf(&b, "%d %+v %+v %+v %q %v %v | %v %d %q %v\n", tok.Kind, tok.Name, tok.Attrs, tok.Bindings, tok.Data, tok.CDATA, tok.Pos, d.Pos(), d.Depth(), uri, ok)
	}
}

// judges compares the quick way with the code that judges every form: read
// byte by byte, a document goes through that alone.
func judges(t *testing.T, doc string, l Limits) {
	t.Helper()
	want := trace(iotest.OneByteReader(strings.NewReader(doc)), l)
	require.Equal(t, want, trace(strings.NewReader(doc), l), "%q", doc)
	require.Equal(t, want, trace(iotest.DataErrReader(iotest.HalfReader(strings.NewReader(doc))), l), "%q", doc)
}

func TestQuickReadsAsTheRest(t *testing.T) {
	for _, c := range wellFormed {
		judges(t, c.doc, Limits{})
	}
	for _, c := range malformed {
		judges(t, c.doc, Limits{})
	}
	// Names that stay known where they no longer stand for the same.
	for _, doc := range []string{
		`<r xmlns="u"><p:a xmlns:p="u"/><p:a></p:a></r>`,
		`<r xmlns="u"><p:a xmlns:p="u">x</p:a><p:a xmlns:p="v">x</p:a><p:b xmlns:p="u"><p:a>x</p:a></p:b><p:b xmlns:p="w"><p:a>x</p:a></p:b></r>`,
		`<r><a xmlns="u"><a xmlns=""><a xmlns="u"/><a/></a><a/></a><a/></r>`,
	} {
		judges(t, doc, Limits{})
	}
	records := `<?xml version="1.0"?><r xmlns="u"><h xmlns="">` + strings.Repeat("<a>\n  <b>x</b><c>\n</c></a>", 2) +
		`<a xmlns="v"><b>y</b></a><a><b>z</b></a></h><a><b/></a><p:a xmlns:p="w"><p:b>1</p:b><b>2</b></p:a></r>` + "\n"
	judges(t, records, Limits{})
	for elements := range int64(24) {
		judges(t, records, Limits{Elements: elements + 1})
		judges(t, records, Limits{Depth: int(elements) + 1})
	}
	// Cut everywhere; pieces put in, or in the place of a byte.
	for i := range len(records) {
		judges(t, records[:i], Limits{})
		for _, piece := range []string{"<", ">", "&", "]]>", "\r", "\n", "\x00", "\xff", "é", "/", " ", "a", ":", "<b>", "</b>", "<!--x-->", ` xmlns="q"`, "<![CDATA[x]]>"} {
			judges(t, records[:i]+piece+records[i+i%2:], Limits{})
		}
	}
}

// TestQuickAcrossChunks reads a document larger than the buffer in pieces of
// changing size.
func TestQuickAcrossChunks(t *testing.T) {
	var b strings.Builder
	b.WriteString("<r>\n")
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 9000 {
		fmt.Fprintf(&b, "<a%d>%s</a%d>%s", i%50, strings.Repeat("x", r.IntN(40)), i%50, strings.Repeat("\n ", r.IntN(3)))
	}
	doc := b.String() + "</r>"
	require.Greater(t, len(doc), 3*64<<10)
	want := trace(iotest.OneByteReader(strings.NewReader(doc)), Limits{})
	assert.Contains(t, want, "EOF")
	for range 5 {
		assert.True(t, want == trace(&uneven{strings.NewReader(doc), r}, Limits{}))
	}
}

// uneven reads any number of bytes at a time.
type uneven struct {
	src io.Reader
	r   *rand.Rand
}

func (u *uneven) Read(p []byte) (int, error) {
	return u.src.Read(p[:min(len(p), 1+u.r.IntN(1+u.r.IntN(70<<10)))])
}

// TestReaderMemory reads documents that try to make the tables of names grow.
func TestReaderMemory(t *testing.T) {
	for name, piece := range map[string]func(i int) string{
		"names":      func(i int) string { return fmt.Sprintf("<n%d>x</n%d>", i, i) },
		"long names": func(i int) string { n := fmt.Sprintf("n%d-%s", i, strings.Repeat("x", 4000)); return "<" + n + "/>" },
		"namespaces": func(i int) string { return fmt.Sprintf("<a xmlns='u%d'><b>x</b></a>", i) },
		"prefixes":   func(i int) string { return fmt.Sprintf("<p%d:a xmlns:p%d='u'/>", i, i) },
		"attributes": func(i int) string { return fmt.Sprintf("<a b%d='v%d'/>", i, i) },
		"back again": func(i int) string { return fmt.Sprintf("<a xmlns='u%d'/><z/><n%d/><z/>", i%2, i) },
	} {
		grown := func(n int) uint64 {
			i := -1
			d, err := NewReader(t.Context(), pieces(func() string {
				switch i++; {
				case i == 0:
					return "<r>"
				case i <= n:
					return piece(i)
				case i == n+1:
					return "</r>"
				}
				return ""
			}), Limits{Bytes: -1, Elements: -1})
			require.NoError(t, err, name)
			for err == nil {
				_, err = d.Next()
			}
			require.ErrorIs(t, err, io.EOF, name)
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			runtime.KeepAlive(d)
			return m.HeapAlloc
		}
		one, few, many := grown(1), grown(5_000), grown(20_000)
		assert.Less(t, few, one+4<<20, "%s: of the tables when full", name)
		// A word for each further element would be 120 kB.
		assert.Less(t, many, few+64<<10, name)
	}
}

// pieces reads what a function returns until that is empty.
func pieces(next func() string) io.Reader { return &piecewise{next: next} }

type piecewise struct {
	next func() string
	left string
}

func (p *piecewise) Read(b []byte) (int, error) {
	if p.left == "" {
		if p.left = p.next(); p.left == "" {
			return 0, io.EOF
		}
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}
