package xmlsec

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
)

// dump writes the tokens of a document in a form that is easy to compare.
func dump(src io.Reader, l Limits) (string, error) {
	d, err := NewReader(context.Background(), src, l)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for {
		tok, err := d.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		switch tok.Kind {
		case StartElement:
			fmt.Fprintf(&b, "<{%s}%s", tok.Name.Space, tok.Name.QName())
			for _, n := range tok.Bindings {
				fmt.Fprintf(&b, " xmlns:%s=%q", n.Prefix, n.URI)
			}
			for _, a := range tok.Attrs {
				fmt.Fprintf(&b, " {%s}%s=%q", a.Name.Space, a.Name.QName(), a.Value)
			}
			b.WriteString(">")
		case EndElement:
			fmt.Fprintf(&b, "</{%s}%s>", tok.Name.Space, tok.Name.QName())
		case Text:
			fmt.Fprintf(&b, "%q", tok.Data)
		case Comment:
			fmt.Fprintf(&b, "[comment %q]", tok.Data)
		case Instruction:
			fmt.Fprintf(&b, "[pi %s %q]", tok.Name.Local, tok.Data)
		}
	}
}

var wellFormed = []struct{ name, doc, want string }{
	{"plain", `<a>x</a>`, `<{}a>"x"</{}a>`},
	{"empty element", `<a b='1' c="2"/>`, `<{}a {}b="1" {}c="2"></{}a>`},
	{"declaration", `<?xml version="1.0" encoding='utf-8' standalone = "yes" ?><a/>`, `<{}a></{}a>`},
	{"byte order mark", "\ufeff<a/>", `<{}a></{}a>`},
	{"prefixes", `<p:a xmlns:p="u"><p:b xmlns="v" p:c="1" c="1"><d/></p:b></p:a>`,
		`<{u}p:a xmlns:p="u"><{u}p:b xmlns:="v" {u}p:c="1" {}c="1"><{v}d></{v}d></{u}p:b></{u}p:a>`},
	{"default undeclared", `<a xmlns="u"><b xmlns=""/></a>`, `<{u}a xmlns:="u"><{}b xmlns:=""></{}b></{u}a>`},
	{"scope ends", `<a><b xmlns:p="u"><p:c/></b><b xmlns:p="v"><p:c/></b></a>`,
		`<{}a><{}b xmlns:p="u"><{u}p:c></{u}p:c></{}b><{}b xmlns:p="v"><{v}p:c></{v}p:c></{}b></{}a>`},
	{"default scope ends", `<a xmlns="u"><b xmlns="v"><c/></b><c/><b xmlns=""><c/></b><c/></a>`,
		`<{u}a xmlns:="u"><{v}b xmlns:="v"><{v}c></{v}c></{v}b><{u}c></{u}c><{}b xmlns:=""><{}c></{}c></{}b><{u}c></{u}c></{u}a>`},
	{"element xmlns", `<xmlns xmlns="u"/>`, `<{u}xmlns xmlns:="u"></{u}xmlns>`},
	{"xml prefix", `<a xml:lang="it"/>`, `<{}a {http://www.w3.org/XML/1998/namespace}xml:lang="it"></{}a>`},
	{"references", `<a b="&lt;&#10;&quot;x&apos;">&amp;&#65;&#x42;&#0000000000000000000067;&gt;</a>`, `<{}a {}b="<\n\"x'">"&ABC>"</{}a>`},
	{"line ends", "<a b='1\r\n2\t3\r4'>x\r\ny\rz</a>", `<{}a {}b="1 2 3 4">"x\ny\nz"</{}a>`},
	{"cdata", `<a><![CDATA[<&]] >]]></a>`, `<{}a>"<&]] >"</{}a>`},
	{"cdata brackets", `<a><![CDATA[]]]]></a>`, `<{}a>"]]"</{}a>`},
	{"comments and instructions", "<?p?><!--x-y--><a><!----><?q r s?></a> <!--z-->\n", `[pi p ""][comment "x-y"]<{}a>[comment ""][pi q "r s"]</{}a>[comment "z"]`},
	{"greater-than in a value", `<a b=">">x > y</a>`, `<{}a {}b=">">"x > y"</{}a>`},
	{"names", `<élan.1-2·3/>`, `<{}élan.1-2·3></{}élan.1-2·3>`},
	{"blank before the end", "<a\n></a\t>", `<{}a></{}a>`},
	{"name of the fifth edition", "<\u05b3/>", "<{}\u05b3></{}\u05b3>"},
	{"beyond the BMP", "<a>\U0001F5F3</a>", `<{}a>"🗳"</{}a>`},
}

var malformed = []struct{ name, doc, want string }{
	{"empty", ``, "no root element"},
	{"only blanks", "  \n", "no root element"},
	{"text before", `x<a/>`, "outside the root"},
	{"text behind", `<a/>x`, "outside the root"},
	{"two roots", `<a/><b/>`, "second root"},
	{"truncated element", `<a><b>x</b>`, "ends inside <a>"},
	{"truncated tag", `<a b="1`, "ends inside a tag"},
	{"truncated comment", `<a><!-- x -`, "ends inside a comment"},
	{"truncated cdata", `<a><![CDATA[ x ]]`, "ends inside a CDATA"},
	{"truncated end", `<a></a`, "ends inside an end tag"},
	{"wrong end", `<a></b>`, "expected </a>"},
	{"end alone", `</a>`, "without a start tag"},
	{"unquoted", `<a b=1/>`, "not in quotes"},
	{"no value", `<a b/>`, "without a value"},
	{"no blank", `<a b="1"c="2"/>`, "expected a blank"},
	{"duplicate attribute", `<a b="1" b="2"/>`, "stands twice"},
	{"duplicate by namespace", `<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>`, "stands twice"},
	{"less-than in value", `<a b="<"/>`, "&lt;"},
	{"less-than in tag", `<a <b/>`, "inside a tag"},
	{"bare less-than", `<a>1 < 2</a>`, "without a name"},
	{"ampersand", `<a>x & y</a>`, "reference"},
	{"unknown entity", `<a>&nbsp;</a>`, "reference"},
	{"reference to nothing", `<a>&#0;</a>`, "reference"},
	{"reference to a surrogate", `<a>&#xD800;</a>`, "reference"},
	{"reference too large", `<a>&#x110000;</a>`, "reference"},
	{"cdata end in text", `<a>]]></a>`, "]]&gt;"},
	{"double hyphen", `<a><!-- x -- y --></a>`, "--"},
	{"control character", "<a>\x01</a>", "U+0001"},
	{"control in comment", "<a><!--\x02--></a>", "U+0002"},
	{"noncharacter", "<a>\uffff</a>", "U+FFFF"},
	{"not UTF-8", "<a>\xff</a>", "not UTF-8"},
	{"overlong UTF-8", "<a>\xc0\xaf</a>", "not UTF-8"},
	{"surrogate in UTF-8", "<a>\xed\xa0\x80</a>", "not UTF-8"},
	{"doctype", `<!DOCTYPE a><a/>`, "document type declaration"},
	{"doctype with entities", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x">]><a>&b;</a>`, "document type declaration"},
	{"late declaration", ` <?xml version="1.0"?><a/>`, "not at the begin"},
	{"declaration in content", `<a><?XML x?></a>`, "not at the begin"},
	{"unknown encoding", `<?xml version="1.0" encoding="EBCDIC-CP-IT"?><a/>`, "EBCDIC"},
	{"version", `<?xml version="2.0"?><a/>`, "2.0"},
	{"standalone", `<?xml version="1.0" standalone="si"?><a/>`, "si"},
	{"order of declaration", `<?xml encoding="UTF-8" version="1.0"?><a/>`, "in this order"},
	{"undeclared prefix", `<p:a/>`, "not declared"},
	{"undeclared prefix of attribute", `<a p:b="1"/>`, "not declared"},
	{"prefix undeclared", `<a xmlns:p=""/>`, "undeclares"},
	{"reserved prefix", `<a xmlns:xml="u"/>`, "reserved"},
	{"reserved URI", `<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>`, "reserved"},
	{"xmlns prefix", `<a xmlns:xmlns="u"/>`, "reserved"},
	{"two colons", `<a:b:c xmlns:a="u"/>`, "prefix:name"},
	{"empty local name", `<a: xmlns:a="u"/>`, "prefix:name"},
	{"name with a digit", `<1a/>`, "without a name"},
	{"ascii declared", "<?xml version='1.0' encoding='US-ASCII'?><a>\xe8</a>", "not US-ASCII"},
	{"cdata outside", `<![CDATA[x]]><a/>`, "outside"},
	{"NUL", "<a>\x00</a>", "U+0000"},
}

func TestReader(t *testing.T) {
	for _, c := range wellFormed {
		t.Run(c.name, func(t *testing.T) {
			got, err := dump(strings.NewReader(c.doc), Limits{})
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			slow, err := dump(iotest.OneByteReader(strings.NewReader(c.doc)), Limits{})
			require.NoError(t, err, "byte by byte")
			assert.Equal(t, c.want, slow, "byte by byte")
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range malformed {
		t.Run(c.name, func(t *testing.T) {
			_, err := dump(strings.NewReader(c.doc), Limits{})
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			assert.Contains(t, err.Error(), c.want)
			assert.Positive(t, syntax.Pos.Line)
			_, slow := dump(iotest.OneByteReader(strings.NewReader(c.doc)), Limits{})
			assert.Error(t, slow, "byte by byte")
		})
	}
}

func TestReaderEncodings(t *testing.T) {
	const text = "Città d'Agliè — €"
	encode := func(big, mark bool, decl string) []byte {
		s := decl + "<a>" + text + "</a>"
		if mark {
			s = "\ufeff" + s
		}
		var out []byte
		for _, u := range utf16.Encode([]rune(s)) {
			if big {
				out = append(out, byte(u>>8), byte(u))
			} else {
				out = append(out, byte(u), byte(u>>8))
			}
		}
		return out
	}
	decl := `<?xml version="1.0" encoding="UTF-16"?>`
	docs := map[string][]byte{
		"utf-16be": encode(true, true, decl), "utf-16le": encode(false, true, decl),
		"utf-16 no declaration": encode(true, true, ""),
		"utf-16le no mark":      encode(false, false, `<?xml version="1.0" encoding="UTF-16LE"?>`),
	}
	for name, doc := range docs {
		for _, slow := range []bool{false, true} {
			var src io.Reader = strings.NewReader(string(doc))
			if slow {
				src = iotest.OneByteReader(src)
			}
			got, err := dump(src, Limits{})
			require.NoError(t, err, name)
			assert.Equal(t, fmt.Sprintf("<{}a>%q</{}a>", text), got, name)
		}
	}
	got, err := dump(strings.NewReader("<?xml version='1.0' encoding='ISO-8859-1'?><a b='\xe8'>\xc0</a>"), Limits{})
	require.NoError(t, err)
	assert.Equal(t, `<{}a {}b="è">"À"</{}a>`, got)
	got, err = dump(strings.NewReader("<?xml version='1.0' encoding='windows-1252'?><a>\x80</a>"), Limits{})
	require.NoError(t, err)
	assert.Equal(t, `<{}a>"€"</{}a>`, got)
	for name, doc := range map[string]string{
		"undefined byte": "<?xml version='1.0' encoding='windows-1252'?><a>\x81</a>",
		"lone surrogate": string(encode(true, true, "")[:10]) + "\xd8\x00\x00x",
		"half a unit":    string(encode(true, true, "")) + "x",
		"contradiction":  "\ufeff<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
		"utf-32":         "\x00\x00\xfe\xff\x00\x00\x00<",
		"not utf-16":     "<?xml version='1.0' encoding='UTF-16'?><a/>",
	} {
		_, err := dump(strings.NewReader(doc), Limits{})
		assert.Error(t, err, name)
	}
}

func TestReaderPositions(t *testing.T) {
	d, err := NewReader(t.Context(), strings.NewReader("<?xml version='1.0'?>\n<a>\n  <b c='1'/>è<d/></a>"), Limits{})
	require.NoError(t, err)
	want := map[string]Position{"a": {2, 1, 22}, "b": {3, 3, 28}, "d": {3, 15, 40}}
	for {
		tok, err := d.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if tok.Kind == StartElement {
			assert.Equal(t, want[tok.Name.Local], tok.Pos, tok.Name.Local)
		}
	}
	_, err = dump(strings.NewReader("<a>\n\n  <b></a>"), Limits{})
	var syntax *SyntaxError
	require.ErrorAs(t, err, &syntax)
	assert.Equal(t, Position{3, 6, 10}, syntax.Pos)
}

func TestReaderLimits(t *testing.T) {
	for name, c := range map[string]struct {
		doc string
		l   Limits
	}{
		"bytes":      {"<a>" + strings.Repeat("x", 200) + "</a>", Limits{Bytes: 100}},
		"depth":      {strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70), Limits{}},
		"elements":   {"<a>" + strings.Repeat("<b/>", 20) + "</a>", Limits{Elements: 10}},
		"attributes": {"<a b='1' c='1' d='1'/>", Limits{Attributes: 2}},
		"token":      {"<a>" + strings.Repeat("x", 300<<10) + "</a>", Limits{Token: 64 << 10}},
	} {
		_, err := dump(strings.NewReader(c.doc), c.l)
		assert.ErrorIs(t, err, ErrLimit, name)
	}
	_, err := dump(strings.NewReader(`<!DOCTYPE a><a/>`), Limits{})
	require.ErrorIs(t, err, ErrDTD)
	_, err = dump(strings.NewReader(`<a>`), Limits{})
	require.ErrorIs(t, err, ErrTruncated)
	boom := errors.New("boom")
	_, err = dump(io.MultiReader(strings.NewReader("<a>"), iotest.ErrReader(boom)), Limits{})
	require.ErrorIs(t, err, boom)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, err := NewReader(ctx, strings.NewReader("<a>"+strings.Repeat("<b/>", 2000)+"</a>"), Limits{})
	require.NoError(t, err)
	for err == nil {
		_, err = d.Next()
	}
	require.ErrorIs(t, err, context.Canceled)
}

// TestReaderAgreesWithLibxml2 holds the verdicts beside xmllint's; a document
// type declaration and an undeclared prefix are refused by us alone.
func TestReaderAgreesWithLibxml2(t *testing.T) {
	xmllint := testenv.Tool(t, "xmllint")
	dir := t.TempDir()
	accepts := func(doc string) bool {
		path := filepath.Join(dir, "doc.xml")
		require.NoError(t, os.WriteFile(path, []byte(doc), 0o600))
		return exec.Command(xmllint, "--noout", "--nonet", path).Run() == nil
	}
	for _, c := range wellFormed {
		assert.True(t, accepts(c.doc), c.name)
	}
	ours := map[string]bool{
		"doctype": true, "doctype with entities": true,
		// libxml2 tells these as namespace errors and goes on
		"undeclared prefix": true, "undeclared prefix of attribute": true, "prefix undeclared": true,
		"reserved prefix": true, "reserved URI": true, "xmlns prefix": true, "two colons": true, "empty local name": true,
		"duplicate by namespace": true, "version": true,
	}
	for _, c := range malformed {
		if !ours[c.name] {
			assert.False(t, accepts(c.doc), c.name)
		}
	}
}

func TestReaderRefusesSharedDTDs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testenv.Shared(t), "vectors/xml/*/*/test/*.xml"))
	require.NoError(t, err)
	more, err := filepath.Glob(filepath.Join(testenv.Shared(t), "vectors/xml/xml-crypto/*.xml"))
	require.NoError(t, err)
	files = append(files, more...)
	require.NotEmpty(t, files)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		_, err = dump(strings.NewReader(string(data)), Limits{})
		if strings.Contains(string(data), "<!DOCTYPE") {
			require.ErrorIs(t, err, ErrDTD, path)
		} else {
			require.NoError(t, err, path)
		}
	}
}

// An outline is the elements of a document, with their namespaces, and the text
// between them.
type outline struct {
	pieces []string
	text   string
	depth  int
}

func (o *outline) tag(mark, space, local string, deeper int) {
	if local == "xmlns" {
		space = "" // encoding/xml never puts an element of this name in a namespace
	}
	o.pieces, o.text = append(o.pieces, o.text, mark+space+" "+local), ""
	o.depth += deeper
}

func ownOutline(doc []byte) ([]string, error) {
	d, err := NewReader(context.Background(), bytes.NewReader(doc), Limits{})
	if err != nil {
		return nil, err
	}
	var o outline
	for {
		tok, err := d.Next()
		if errors.Is(err, io.EOF) {
			return o.pieces, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok.Kind {
		case StartElement:
			o.tag("<", tok.Name.Space, tok.Name.Local, 1)
		case EndElement:
			o.tag(">", tok.Name.Space, tok.Name.Local, -1)
		case Text:
			o.text += string(tok.Data)
		}
	}
}

func standardOutline(doc []byte) ([]string, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	var o outline
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return o.pieces, nil
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			o.tag("<", tok.Name.Space, tok.Name.Local, 1)
		case xml.EndElement:
			o.tag(">", tok.Name.Space, tok.Name.Local, -1)
		case xml.CharData:
			if o.depth > 0 { // ours has none outside the root
				o.text += string(tok)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, c := range wellFormed {
		f.Add([]byte(c.doc))
	}
	for _, c := range malformed {
		f.Add([]byte(c.doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		judges(t, string(doc), Limits{})
		judges(t, string(doc), Limits{Elements: 3, Depth: 3, Attributes: 2})
		if _, err := dump(strings.NewReader(string(doc)), Limits{}); err != nil {
			return
		}
		// What we accept, encoding/xml accepts too, where it knows the encoding;
		// its names are those of the fourth edition, so only ASCII is compared.
		if !bytes.ContainsFunc(doc, func(r rune) bool { return r >= utf8.RuneSelf }) && !bytes.Contains(doc, []byte("encoding")) && !bytes.Contains(doc, []byte("version")) {
			want, err := standardOutline(doc)
			require.NoError(t, err, "encoding/xml refuses")
			got, err := ownOutline(doc)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}
