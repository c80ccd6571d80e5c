package tagged

import (
	"encoding/xml"
	"strings"
	"time"
)

// xmp returns the metadata packet: PDF/A-3a and PDF/UA-1 identification, the
// extension schema that ISO 19005-3 (6.6.2.3) wants for the latter, and the
// same values as the information dictionary.
func (d *Document) xmp(b []byte) []byte {
	m := d.meta
	at := m.Created.Format(time.RFC3339)
	b = append(b, "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"+
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>
<dc:format>application/pdf</dc:format><dc:language><rdf:Bag><rdf:li>`...)
	b = append(b, m.Lang...)
	b = append(b, `</rdf:li></rdf:Bag></dc:language>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">`...)
	b = append(b, escape(m.Title)...)
	b = append(b, "</rdf:li></rdf:Alt></dc:title>\n"...)
	if m.Author != "" {
		b = append(b, "<dc:creator><rdf:Seq><rdf:li>"...)
		b = append(b, escape(m.Author)...)
		b = append(b, "</rdf:li></rdf:Seq></dc:creator>\n"...)
	}
	if m.Subject != "" {
		b = append(b, `<dc:description><rdf:Alt><rdf:li xml:lang="x-default">`...)
		b = append(b, escape(m.Subject)...)
		b = append(b, "</rdf:li></rdf:Alt></dc:description>\n"...)
	}
	if m.Creator != "" {
		b = append(b, "<xmp:CreatorTool>"+escape(m.Creator)+"</xmp:CreatorTool>\n"...)
	}
	for _, e := range [...]string{"<xmp:CreateDate>", at, "</xmp:CreateDate><xmp:ModifyDate>", at, "</xmp:ModifyDate><xmp:MetadataDate>", at, "</xmp:MetadataDate>" +
		"<pdf:Producer>" + producer + "</pdf:Producer>\n</rdf:Description>\n" + extensionSchema + "</rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>"} {
		b = append(b, e...)
	}
	return b
}

const producer = "github.com/liste-elettorali/anpr"

const extensionSchema = `<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema><pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category><pdfaProperty:description>Indicates, which part of ISO 14289 standard is followed</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
`

func escape(s string) string {
	var b strings.Builder
	// Writing into a strings.Builder cannot fail.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
