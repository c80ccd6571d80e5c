package verify_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// leastNeighbours is how many hostile files stand beside each form that is
// accepted.
const leastNeighbours = 20

// A respelling is a form in which what a sealed document says may be written
// again, with files that look like it and are refused.
type respelling struct {
	name     string
	accepted []map[int]string
	hostile  []map[int]string
}

const (
	respelledText = "Perché – così"
	respelledDate = "D:20261130063103Z"
	respelledExt  = "<< /ESIC << /BaseVersion /1.7 /ExtensionLevel 2 >> >>"
)

func utf16Hex(s string) string {
	var b strings.Builder
	b.WriteString("FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String()
}

// A desk is a sealed document with one of everything that no page draws, and a
// form.
type desk struct {
	later
	catalog, seal int      // objects
	fields        []string // of the form
}

const deskPacket = `<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" ` +
	`xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Certificato</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>Ente</rdf:li><rdf:li>Altro</rdf:li></rdf:Seq></dc:creator>
<xmp:CreateDate>2026-11-30T06:31:03Z</xmp:CreateDate><pdf:Producer>anpr</pdf:Producer>
</rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>`

func packet(xmp string) string { return stream("/Type /Metadata /Subtype /XML", []byte(xmp)) }

func newDesk(t testing.TB) desk {
	t.Helper()
	ca := newCA(t, sealtest.Config{})
	hex := "<" + utf16Hex(respelledText) + ">"
	base := sheet{"/Contents 11 0 R /Annots [12 0 R 13 0 R] /AF [15 0 R]", []string{
		"<< /Title " + hex + " /Ufficio " + hex + " /CreationDate (" + respelledDate + ") /Trapped /False >>",
		"<< /Type /Filespec /F (dati.json) /UF " + hex + " /Desc " + hex + " /EF << /F 6 0 R >> >>",
		stream("/Type /EmbeddedFile", []byte("{}")),
		"<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info " + hex + " >>",
		"<< /Type /Outlines /First 9 0 R /Last 9 0 R /Count 1 >>",
		"<< /Title " + hex + " /Parent 8 0 R /Dest [3 0 R /Fit] >>",
		packet(deskPacket),
		stream("", []byte(written)),
		"<< " + widget + " /FT /Tx /T (campo) /V (1000) /DA (/F1 9 Tf 0 g /H#65lv 9 Tf) /Rect [0 0 200 20] /F 4 >>",
		"<< /Type /Annot /Subtype /Link /Rect [0 30 9 39] /Contents " + hex + " /P 3 0 R >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
		"<< /Type /Filespec /F (altro.json) /Desc " + hex + " /EF << /F 6 0 R >> >>",
	}}.pdf()
	base = update(t, base, map[int]string{1: "<< /Type /Catalog /Pages 2 0 R /Lang (it-IT) /AF [5 0 R] /OutputIntents " +
		"[7 0 R] /Outlines 8 0 R /Metadata 10 0 R /Extensions " + respelledExt +
		" /AcroForm << /Fields [12 0 R] /DR << /Font << /F1 14 0 R /F2 14 0 R >> >> >> >>"},
		"/Root 1 0 R /Info 4 0 R /ID [<00><00>]")
	sealer, err := ca.PAdES(seal.LevelB)
	require.NoError(t, err)
	doc, err := sealer.Seal(t.Context(), base, seal.Details{})
	require.NoError(t, err)
	d := desk{later: later{ca, doc, stampVerifier(t, nil, ca.Root())}, catalog: 1}
	require.True(t, d.v.PDF(t.Context(), doc, now).Valid)
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	sigs, err := f.Signatures()
	require.NoError(t, err)
	d.seal = int(sigs[0].FieldRef.Num)
	d.fields = strings.Split(formFields(t, doc), " ")
	return d
}

// object returns an object of the document with its entries replaced: an empty
// text takes one away, and a key may stand for several entries.
func (d desk) object(t testing.TB, num int, key, entry string) string {
	t.Helper()
	f, err := pdf.Parse(t.Context(), d.doc, pdf.Limits{})
	require.NoError(t, err)
	o, err := f.Last().Get(pdf.Ref{Num: uint32(num)})
	require.NoError(t, err)
	out := "<<"
	for _, e := range o.(pdf.Dict) {
		if string(e.Key) != key {
			out += fmt.Sprintf(" /%s %s", e.Key, text(e.Value))
		}
	}
	return out + " " + entry + " >>"
}

// texts are the spellings of a text at a key, and hostile ones.
func (d desk) texts(t testing.TB, name string, num int, key, was string) respelling {
	t.Helper()
	write := func(entry string) map[int]string { return map[int]string{num: d.object(t, num, key, entry)} }
	value := func(v string) map[int]string { return write("/" + key + " " + v) }
	r := respelling{name: name}
	latin := strings.NewReplacer("é", `\351`, "ì", `\354`, "–", `\205`).Replace(was)
	half := len(utf16Hex(was)) / 8 * 4
	utf8BOM := fmt.Sprintf("<EFBBBF%X>", was)
	accented := strings.NewReplacer("é", "e\u0301", "ì", "i\u0300", "it", "i\u0307t", "ill",
		"\u0131ll").Replace(was)
	for _, v := range []string{"(" + latin + ")", utf8BOM, "<" + strings.ToLower(utf16Hex(was)) + ">",
		"<" + utf16Hex(was)[:8] + "\n" + utf16Hex(was)[8:] + ">"} {
		r.accepted = append(r.accepted, value(v))
	}
	r.accepted = append(r.accepted, write(fmt.Sprintf("/%s#%02x (%s)", key[:len(key)-1], key[len(key)-1], latin)))
	for _, v := range []string{
		"(" + latin + " )", "( " + latin + ")", "(" + strings.ToUpper(latin) + "X)", "(" + latin[1:] + ")", "()", "<>",
		"<" + utf16Hex(accented) + ">", "<" + utf16Hex(strings.Replace(was, was[:1], "\u0440", 1)) + ">",
		"<" + utf16Hex(was+"\u200b") + ">", "<" + utf16Hex("\u202e"+was) + ">", "<" + utf16Hex(was+"\uffff") + ">",
		"<" + utf16Hex(was) + "00>", "<" + utf16Hex(was) + "D83D>", "<" + utf16Hex(was) + "DE00>", "<" + utf16Hex(was) +
			"0000>",
		"<FFFE" + utf16Hex(was)[4:] + ">", "<FEFF" + utf16Hex(was) + ">", "<" + utf16Hex(was)[:half] + "FEFF" +
			utf16Hex(was)[half:] + ">",
		"<FEFF001B00690074001B" + utf16Hex(was)[4:] + ">", "<EFBBBF" + fmt.Sprintf("%X", was) + "C3>",
		"<EFBBBFEFBBBF" + fmt.Sprintf("%X", was) + ">", "<EFBBBF" + fmt.Sprintf("%X", was) + "C080>",
		"(" + latin + `\237)`, "(" + latin + `\010)`, "(" + latin + `\000)`, "(" + latin + `\255)`, "(" + latin + "\\r)",
		"/" + strings.ReplaceAll(was[:2], " ", ""), "[(" + latin + ")]", "17", "true", "null", "9 0 R",
		"<< /a (" + latin + ") >>",
	} {
		r.hostile = append(r.hostile, value(v))
	}
	for _, entry := range []string{"",
		fmt.Sprintf("/%s (%s) /%s (Altro)", key, latin, key),
		fmt.Sprintf("/%s (%s) /%s#%02x (Altro)", key, latin, key[:len(key)-1], key[len(key)-1]),
		fmt.Sprintf("/%s (%s) /Altra#2FVoce (x)", key, latin),
	} {
		r.hostile = append(r.hostile, write(entry))
	}
	next := unused(t, d.doc)
	r.hostile = append(r.hostile, map[int]string{num: d.object(t, num, key, fmt.Sprintf("/%s %d 0 R", key, next)),
		next: "(" + latin + ")"})
	if strings.Contains(was, "é") { // bytes of UTF-8 without a mark are other characters
		r.hostile = append(r.hostile, value(fmt.Sprintf("<%X>", was)), value("("+strings.ReplaceAll(latin, `\205`,
			`\204`)+")"), value("("+strings.ReplaceAll(latin, `\205`, "-")+")"))
	}
	return r
}

func (d desk) dates(t testing.TB) respelling {
	t.Helper()
	r := respelling{name: "date"}
	write := func(entry string) map[int]string { return map[int]string{4: d.object(t, 4, "CreationDate", entry)} }
	value := func(v string) map[int]string { return write("/CreationDate (" + v + ")") }
	for _, v := range []string{"D:20261130063103+00'00'", "D:20261130063103+00'00", "D:20261130063103-00'00'",
		"D:20261130063103Z00'00'", "D:20261130063103+00", `\104:20261130063103Z`} {
		r.accepted = append(r.accepted, value(v))
	}
	r.accepted = append(r.accepted, write("/CreationDate <"+utf16Hex(respelledDate)+">"))
	for _, v := range []string{"D:20261130063104Z", "D:20261130063203Z", "D:20261130073103Z", "D:20261129063103Z",
		"D:20261030063103Z", "D:20251130063103Z", "D:20261130073103+01'00'", "D:20261130063103+01'00'",
		"D:20261130063103", "D:202611300631Z", "D:2026", "D:00001130063103Z", "20261130063103Z", "D:20261131063103Z",
		"D:20261330063103Z", "D:20261130243103Z", "D:20261130066003Z", "D:20261130063160Z", "D:20261130063103+24'00'",
		"D:20261130063103+00'60'", "D:20261130063103+ 0'00'", "D:20261130063103+0_'00'", "D:20261130063103z",
		"D:20261130063103Z01'00'", "D:20261130063103Z ", "D:20261130063103Zx", " D:20261130063103Z", "d:20261130063103Z",
		"D:-0261130063103Z", "", "D:", "D:20261130063103+00'00''", "2026-11-30T06:31:03Z"} {
		r.hostile = append(r.hostile, value(v))
	}
	for _, entry := range []string{"", "/CreationDate /D:20261130063103Z", "/CreationDate 20261130063103",
		"/CreationDate (" + respelledDate + ") /Creation#44ate (D:2020)",
		"/CreationDate <FFFE" + utf16Hex(respelledDate)[4:] + ">"} {
		r.hostile = append(r.hostile, write(entry))
	}
	return r
}

func (d desk) extensions(t testing.TB) respelling {
	t.Helper()
	r := respelling{name: "extensions"}
	write := func(entry string) map[int]string {
		return map[int]string{d.catalog: d.object(t, d.catalog, "Extensions", entry)}
	}
	esic := "/BaseVersion /1.7 /ExtensionLevel 2"
	iso := "<< /Type /DeveloperExtensions /BaseVersion /2.0 /ExtensionLevel 32001 >>"
	for _, v := range []string{
		"<< /ESIC << /ExtensionLevel 2 /BaseVersion /1.7 >> >>", "<< /ESIC [<< " + esic + " >>] >>",
		"<< /ESIC << " + esic + " >> /ISO_ [" + iso + " << /BaseVersion /2.0 /ExtensionLevel 32002 >>] >>",
		"<< /Type /Extensions /ESIC << " + esic + " >> /ADBE " + iso + " >>",
		"<< /ESIC << /BaseVersion /1.7 /ExtensionLevel 5 >> >>",
		"<< /ESIC << " + esic + " >> /ISO_ << /BaseVersion /2.0 /ExtensionLevel 1 /ExtensionRevision <FEFF003A> " +
			"/URL (https://iso.org) >> >>",
	} {
		r.accepted = append(r.accepted, write("/Extensions "+v))
	}
	for _, v := range []string{
		"[]", "null", "/ESIC", "(ESIC)", "17", "<< /ISO_ [] >>", "<< /ISO_ [[" + iso + "]] >>", "<< /ISO_ [" + iso +
			" null] >>", "<< /ISO_ [" + iso + " 11 0 R] >>", "<< /ISO_ [(x)] >>", "<< /ISO_ [/x] >>", "<< /ISO_ [1] >>",
		"<< /ISO_ [<< >>] >>", "<< /ISO_ [<< /BaseVersion /2.0 >>] >>", "<< /ISO_ [<< /ExtensionLevel 1 >>] >>",
		"<< /ISO_ [<< /BaseVersion /2.0 /ExtensionLevel 1.0 >>] >>",
		"<< /ISO_ [<< /BaseVersion /2.0 /ExtensionLevel (1) >>] >>",
		"<< /ISO_ [<< /BaseVersion (2.0) /ExtensionLevel 1 >>] >>", "<< /ISO_ [<< " + esic + " /S /JavaScript >>] >>",
		"<< /ISO_ [<< " + esic + " /Type /Action >>] >>", "<< /ISO_ [<< " + esic + " /JS (app.alert) >>] >>",
		"<< /ISO_ [<< " + esic + " /URL << >> >>] >>", "<< /ISO_ [<< " + esic + " /URL 11 0 R >>] >>",
		"<< /ISO_ [<< " + esic + " /ExtensionLevel 9 >>] >>", "<< /ISO_ [<< " + esic + " /Extension#4cevel 9 >>] >>",
		"<< /ISO_ [" + iso + "] /ISO_ [" + iso + "] >>", "<< /ISO_ [" + iso + "] /#49SO_ [" + iso + "] >>",
		"<< /ESIC << " + esic + " /A << /B [1] >> >> >>", "<< /ESIC << " + esic + " /BaseVersion /2.0 >> >>",
		"<< /ESIC << " + esic + " >> /A#2FB 9 0 R >>", "<< /ESIC << " + esic + " >> /ISO_ 11 0 R >>",
		"<< /ISO_ [<< " + esic + " /ExtensionRevision [(x)] >>] >>",
	} {
		r.hostile = append(r.hostile, write("/Extensions "+v))
	}
	r.hostile = append(r.hostile, write(""))
	next := unused(t, d.doc)
	r.hostile = append(r.hostile, map[int]string{d.catalog: d.object(t, d.catalog, "Extensions",
		fmt.Sprintf("/Extensions %d 0 R", next)), next: respelledExt})
	return r
}

// highlight are changes of the seal's own field, which is not on any page.
func (d desk) highlight(t testing.TB) respelling {
	t.Helper()
	r := respelling{name: "highlighting of an invisible seal"}
	add := func(key, entry string) map[int]string { return map[int]string{d.seal: d.object(t, d.seal, key, entry)} }
	for _, mode := range []string{"N", "I", "O", "P", "T", "#4e"} {
		r.accepted = append(r.accepted, add("H", "/H /"+mode))
	}
	for _, entry := range []string{"/H /X", "/H /n", "/H (N)", "/H [/N]", "/H 9 0 R", "/H << >>", "/H /N /H /P",
		"/H /N /#48 /P", "/H /N /AP << /N 11 0 R >>", "/H /N /MK << /R 90 >>", "/H /N /A << /S /JavaScript /JS (x) >>",
		"/H /N /AA << /E << /S /Named /N /Print >> >>", "/H /N /BS << /W 9 >>", "/H /N /DA (/F1 9 Tf)", "/H /N /DV (x)",
		"/H /N /Opt [(x)]", "/H /N /OC 9 0 R", "/H /N /StructParent 1", "/h /N", "/H#20 /N", "/H /N#20", "/H 1",
		"/H true", "/H /N /C [1 0 0]"} {
		r.hostile = append(r.hostile, add("H", entry))
	}
	for key, entry := range map[string]string{"Rect": "/Rect [0 0 595 842] /H /N", "F": "/F 4 /H /N", "T": "/T (x) /H /N",
		"V": "/H /N", "FT": "/FT /Tx /H /N", "P": "/P 3 0 R /H /P", "Subtype": "/Subtype /Link /H /N"} {
		r.hostile = append(r.hostile, add(key, entry))
	}
	return r
}

func (d desk) rectangles(t testing.TB) respelling {
	t.Helper()
	r := respelling{name: "rectangle of an invisible seal"}
	value := func(v string) map[int]string { return map[int]string{d.seal: d.object(t, d.seal, "Rect", "/Rect "+v)} }
	for _, v := range []string{"[0.0 0.0 0.0 0.0]", "[0 0. 0 .0]", "[-0 0 +0 0]", "[00 0 0 0.00]"} {
		r.accepted = append(r.accepted, value(v))
	}
	for _, v := range []string{"[0 0 1 1]", "[0 0 0 0.001]", "[0 0 0]", "[0 0 0 0 0]", "[]", "(0 0 0 0)", "0",
		"[/0 0 0 0]",
		"[(0) 0 0 0]", "[null 0 0 0]", "[9 0 R 0 0 0]", "[0 0 595 842]", "[0 0 0 [0]]", "9 0 R", "<< >>", "null", "[1 1 1 1]",
		"[0 0 0 1]", "[0 0 0 false]", "[-1 0 0 0]", "[0 0 0 0] /#52ect [0 0 9 9]", "[0 0 99999999999999999 0]"} {
		r.hostile = append(r.hostile, value(v))
	}
	return r
}

// form are what programs add to the form by default.
func (d desk) form(t testing.TB) respelling {
	t.Helper()
	r := respelling{name: "defaults of the form"}
	fields := "/Fields [" + strings.Join(d.fields, " ") + "] /SigFlags 3"
	// F1 is used by a field, and so is Helv, which has no font.
	const dr = "/DR << /Font << /F1 14 0 R /F2 14 0 R >> >>"
	next := unused(t, d.doc)
	font := "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
	write := func(entries string) map[int]string {
		m := map[int]string{d.catalog: d.object(t, d.catalog, "AcroForm", "/AcroForm << "+entries+" >>")}
		if strings.Contains(entries, fmt.Sprint(next, " 0 R")) {
			m[next] = font
		}
		return m
	}
	fresh := fmt.Sprintf("%d 0 R", next)
	for _, e := range []string{"/NeedAppearances false", "/Q 0", "/CO []", "/NeedAppearances false /Q 0 /CO []",
		"/DA (/F1 0 Tf 0 g)"} {
		r.accepted = append(r.accepted, write(fields+" "+dr+" "+e))
	}
	for _, e := range []string{"/DR << /Font << /F1 14 0 R /F2 14 0 R /Cour " + fresh + " >> >>",
		"/DR << /Font << /F1 14 0 R /F2 14 0 R >> /ProcSet [/PDF /Text] >>",
		"/DR << /Font << /F1 14 0 R /F2 14 0 R >> /XObject << >> >>",
		"/DA (/F1 0 Tf 0 g) /DR << /Font << /ZaDb " + fresh + " /F2 14 0 R /F1 14 0 R >> >>"} {
		r.accepted = append(r.accepted, write(fields+" "+e))
	}
	for _, e := range []string{"/NeedAppearances true", "/Need#41ppearances true", "/NeedAppearances 1",
		"/NeedAppearances (false)", "/NeedAppearances false /NeedAppearances true",
		"/NeedAppearances false /Need#41ppearances true", "/NeedAppearances 9 0 R", "/Q 1", "/Q 2", "/Q (0)", "/Q 0.5",
		"/CO [12 0 R]", "/CO 9 0 R", "/XFA 11 0 R", "/XFA [(x) 11 0 R]", "/DA 9", "/DA /F1", "/DA 9 0 R", "/DA [(x)]",
		"/JS (app.alert)"} {
		r.hostile = append(r.hostile, write(fields+" "+dr+" "+e))
	}
	for _, e := range []string{"/DR << /Font << /F2 14 0 R /F1 " + fresh + " >> >>",
		"/DR << /Font << /F1 14 0 R /F2 " + fresh + " >> >>", "/DR << /Font << /F2 14 0 R /F1 14 0 R /Helv " + fresh +
			" >> >>", "/DR << /Font << /F2 14 0 R /F1 14 0 R /#48elv " + fresh + " >> >>",
		"/DR << /Font << /F2 14 0 R /F1 14 0 R /#461 " + fresh + " >> >>",
		"/DR << /Font << >> >>", "/DR << >>", "", "/DR 11 0 R", "/DR [14 0 R]", "/DR << /Font 14 0 R >>",
		"/DR << /Font << /F2 14 0 R /F1 14 0 R >> /Font << /F1 " + fresh + " >> >>",
		"/DR << /Font << /F2 14 0 R /F1 14 0 R >> /XObject << /F1 " + fresh + " >> >>", "/DR << /Font [14 0 R] >>", "/DR (x)",
		"/DR << /Font << /F1 << /Type /Font /Subtype /Type3 >> >> >>",
		"/DR << /Font << /F2 14 0 R /F1 14 0 R >> >> /DR << /Font << /F1 " + fresh + " >> >>",
		"/DR << /Font << /F2 14 0 R /F1 14 0 R >> >> /D#52 << /Font << /F1 " + fresh + " >> >>"} {
		r.hostile = append(r.hostile, write(fields+" "+e))
	}
	m := write(fields + " " + dr)
	m[14] = font
	r.hostile = append(r.hostile, m)
	return r
}

func (d desk) metadata() respelling {
	r := respelling{name: "metadata"}
	rep := func(pairs ...string) map[int]string {
		out := strings.NewReplacer(pairs...).Replace(deskPacket)
		if out == deskPacket {
			panic(fmt.Sprint("nothing to replace: ", pairs))
		}
		return map[int]string{10: packet(out)}
	}
	const format, title = "<dc:format>application/pdf</dc:format>", `<rdf:li xml:lang="x-default">Certificato</rdf:li>`
	about := `rdf:about="" `
	r.accepted = []map[int]string{
		rep(format, "", about, about+`dc:format="application/pdf" `), rep("dc:", "d:", "xmlns:dc=", "xmlns:d="),
		rep(about, ""), rep("x:xmpmeta", "y:xmpmeta", "xmlns:x=", `y:xmptk="altro" xmlns:y=`),
		rep(">anpr<", ">altro programma<"), rep("Certificato", "Cert&#105;ficato"),
		rep("Certificato", "<![CDATA[Certificato]]>"), rep("03Z<", "03+00:00<"),
		rep("</dc:creator>", "</dc:creator><xmp:ModifyDate>2027-01-01</xmp:ModifyDate>"),
		rep("<dc:title>", `</rdf:Description><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" `+
			`xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"><dc:title>`),
	}
	r.hostile = []map[int]string{
		rep("Certificato", "Attestato"), rep("Certificato", "Certificato "), rep("Certificato", " Certificato"),
		rep("x-default", "it"), rep(title, title+`<rdf:li xml:lang="it">Altro</rdf:li>`), rep(title, ""),
		rep(about, about+`dc:format="application/pdf" `), rep(format, format+format), rep(format, ""),
		rep("rdf:Alt", "rdf:Bag"), rep("<rdf:li>Ente</rdf:li><rdf:li>Altro</rdf:li>",
			"<rdf:li>Altro</rdf:li><rdf:li>Ente</rdf:li>"),
		rep("Certificato", "Certi<!-- x -->ficato"), rep(about, `rdf:about="altro" `),
		rep("<?xpacket begin", "<!DOCTYPE x><?xpacket begin"), rep("</x:xmpmeta>", `<rdf:RDF xmlns:rdf="`+
			`http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>`),
		rep("<dc:title>", `<dc:title rdf:parseType="Literal">`), rep("<dc:title>", "Valido<dc:title>"),
		rep("03Z<", "03+01:00<"), rep("03Z<", "04Z<"), rep("03Z<", "03<"), rep("purl.org/dc/elements", "purl.org/dc/altro"),
		rep("<dc:format>", "<dc:format xml:lang='it'>"), rep("<dc:format>", "<dc:format rdf:ID='x'>"),
		rep(format, format+"<dc:rights>Valido</dc:rights>"), rep("</rdf:RDF>", "<x:altro/></rdf:RDF>"),
		rep("rdf:RDF", "rdf:Altro"), rep("<rdf:Description", "Valido<rdf:Description"), rep(">anpr<", "><rdf:Bag/><"),
		rep(">anpr<", "><rdf:Bag><rdf:li>anpr</rdf:li></rdf:Bag><"), rep("rdf:Description", "rdf:Descrizione"),
		rep("<dc:title>", `<dc:title rdf:resource="x">`), rep("</x:xmpmeta>", "</x:xmpmeta><x/>"),
		rep(about, about+`rdf:nodeID="x" `), {10: packet("")}, {10: packet("\x00" + deskPacket)},
		{10: stream("/Type /Metadata /Subtype /XML /Filter /DCTDecode", []byte(deskPacket))},
	}
	return r
}

func (d desk) all(t testing.TB) []respelling {
	t.Helper()
	return []respelling{
		d.texts(t, "title", 4, "Title", respelledText), d.texts(t, "information of one's own", 4, "Ufficio", respelledText),
		d.texts(t, "language", d.catalog, "Lang", "it-IT"),
		d.texts(t, "description of an attachment", 5, "Desc", respelledText),
		d.texts(t, "name of an attachment", 5, "UF", respelledText),
		d.texts(t, "output intent", 7, "Info", respelledText), d.texts(t, "bookmark", 9, "Title", respelledText),
		d.texts(t, "name of an invisible seal", d.seal, "T", "Sigillo1"),
		d.dates(t), d.extensions(t), d.highlight(t), d.rectangles(t), d.form(t), d.metadata(),
	}
}

// TestRespelled accepts what no page draws in other spellings of the same value,
// and refuses twenty files that look like each.
func TestRespelled(t *testing.T) {
	d := newDesk(t)
	for _, r := range d.all(t) {
		t.Run(r.name, func(t *testing.T) {
			for _, o := range r.accepted {
				report := d.v.PDF(t.Context(), d.with(t, o), now)
				checkReport(t, report)
				require.True(t, report.Valid, "%v: %+v", o, report.Checks)
			}
			seen := map[string]bool{}
			for _, o := range r.hostile {
				seen[fmt.Sprint(o)] = true
				report := d.v.PDF(t.Context(), d.with(t, o), now)
				checkReport(t, report)
				require.False(t, report.Valid, "%v", o)
				if c, _ := report.Check(verify.CodeLaterRevisions); c.Outcome == verify.Failed {
					require.NotEmpty(t, c.Reasons)
				}
			}
			require.Len(t, seen, len(r.hostile), "each another file")
			require.GreaterOrEqual(t, len(r.hostile), leastNeighbours)
		})
	}
}

// TestRespelledWhereDrawn writes again what a page leads to: there no value may
// have another spelling, not even of the same text.
func TestRespelledWhereDrawn(t *testing.T) {
	d := newDesk(t)
	latin := strings.NewReplacer("é", `\351`, "ì", `\354`, "–", `\205`).Replace(respelledText)
	for name, o := range map[string]map[int]string{
		"contents of a link":           {13: d.object(t, 13, "Contents", "/Contents ("+latin+")")},
		"an attachment of the page":    {15: d.object(t, 15, "Desc", "/Desc ("+latin+")")},
		"name of a field":              {12: d.object(t, 12, "T", "/T <"+utf16Hex("campo")+">")},
		"value of a field":             {12: d.object(t, 12, "V", "/V <"+utf16Hex("1000")+">")},
		"appearance of a field":        {12: d.object(t, 12, "DA", "/DA (/F1 9 Tf 0 g  /Helv 9 Tf)")},
		"rectangle of a field":         {12: d.object(t, 12, "Rect", "/Rect [0.0 0 200 20]")},
		"media box of the page":        {3: d.object(t, 3, "MediaBox", "/MediaBox [0.0 0 595 842]")},
		"trapped, which is a name":     {4: d.object(t, 4, "Trapped", "/Trapped (False)")},
		"embedded file name, as bytes": {5: d.object(t, 5, "F", "/F <"+utf16Hex("dati.json")+">")},
	} {
		t.Run(name, func(t *testing.T) {
			r := d.v.PDF(t.Context(), d.with(t, o), now)
			checkReport(t, r)
			require.False(t, r.Valid)
			c, _ := r.Check(verify.CodeLaterRevisions)
			require.NotEmpty(t, c.Reasons)
		})
	}
}

// TestSameName adds signatures in fields of the same name as another, by whatever
// spelling, or of a name that readers may take for two.
func TestSameName(t *testing.T) {
	d := newDesk(t)
	next := unused(t, d.doc)
	sign := func(name string) []byte {
		root, catalog := catalogWith(t, d.doc, "AcroForm", fmt.Sprintf(
			"<< /Fields [%s %d 0 R] /SigFlags 3 /DR << /Font << /F1 14 0 R /F2 14 0 R >> >> >>",
			strings.Join(d.fields, " "), next+1))
		return d.sign(t, map[int]string{root: catalog, next + 1: fmt.Sprintf(
			"<< %s /Rect [0 0 0 0] /FT /Sig /T %s /V %d 0 R >>", widget, name, next)}, next, nil)
	}
	d.permitted(t, sign("(Altra)"))
	d.permitted(t, sign("<"+utf16Hex("Altra – firma")+">"))
	for _, name := range []string{"(campo)", "<" + utf16Hex("campo") + ">", "<EFBBBF63616D706F>", "(c\\141mpo)",
		"(Sigillo1)", "<" + utf16Hex("Sigillo1") + ">", "<FFFE63006100>", "<FEFF00>", "<FEFFD83D>", "()", "(\\237)",
		"<FEFF0063FEFF>", "(a\\000)"} {
		d.refused(t, sign(name), "il cui nome")
	}
}

// bothOpinions asks pyHanko and EU DSS about the files of a folder, at the same
// time.
func bothOpinions(t *testing.T, trust, dir string) (pyHanko, dss map[string]opinion) {
	t.Helper()
	java, arguments := testenv.DSS(t, "1g")
	python := testenv.PyHanko(t)
	t.Run("judges", func(t *testing.T) {
		t.Run("pyHanko", func(t *testing.T) {
			t.Parallel()
			pyHanko = opinions(t, exec.CommandContext(t.Context(), python, filepath.Join("testdata", "verdicts.py"), trust,
				dir))
		})
		t.Run("DSS", func(t *testing.T) {
			t.Parallel()
			dss = opinions(t, exec.CommandContext(t.Context(), java, append(arguments, "../.ci/dss/Folder.java", trust,
				dir)...))
		})
	})
	return pyHanko, dss
}

// TestRespelledJudged asks pyHanko and EU DSS about every form that is accepted:
// none may be looser than both. The table of what each says goes to the verdicts.
func TestRespelledJudged(t *testing.T) {
	testenv.Judge(t, "pyHanko, EU DSS")
	d := newDesk(t)
	dir, trust := t.TempDir(), filepath.Join(t.TempDir(), "trust.pem")
	require.NoError(t, os.WriteFile(trust, d.ca.TrustPEM(), 0o600))
	var names []string
	for i, r := range d.all(t) {
		for j, o := range r.accepted {
			name := fmt.Sprintf("%02d-%02d.pdf", i, j)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), d.with(t, o), 0o600))
			names = append(names, name+"\t"+r.name)
		}
	}
	pyHanko, dss := bothOpinions(t, trust, dir)
	only := map[string][]string{}
	for _, n := range names {
		name, form, _ := strings.Cut(n, "\t")
		require.True(t, pyHanko[name].intact || dss[name].intact, "%s (%s): looser than both: %s; %s", name, form,
			pyHanko[name].said, dss[name].said)
		for judge, o := range map[string]opinion{"pyHanko": pyHanko[name], "DSS": dss[name]} {
			if !o.intact {
				only[judge+" refuses: "+form] = append(only[judge+" refuses: "+form], name)
			}
		}
	}
	testenv.Verdict(t, "%d respelled files, all accepted here and by at least one of pyHanko and DSS", len(names))
	var table []string
	for line, list := range only {
		table = append(table, fmt.Sprintf("  %s: %d (the value is the same: we are right)", line, len(list)))
	}
	slices.Sort(table)
	for _, line := range table {
		testenv.Verdict(t, "%s", line)
	}
}
