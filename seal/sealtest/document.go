package sealtest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
)

// Document returns a small, real PDF of one page that says «PROVA» and the
// given text (ASCII), with the given files embedded (name and content, in
// turn). It is what the tests of sealers and verifiers seal.
func Document(text string, files ...string) []byte {
	var b bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) int {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(offsets)}, args...)...)
		return len(offsets)
	}
	escape := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`)
	b.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	page := fmt.Sprintf("BT /F1 24 Tf 72 720 Td (PROVA - PRIVO DI VALORE) Tj 0 -36 Td (%s) Tj ET", escape.Replace(text))
	object("<< /Type /Pages /Kids [2 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 1 0 R /MediaBox [0 0 595 842] /Contents 3 0 R /Resources << /Font << /F1 4 0 R >> >> >>")
	object("<< /Length %d >>\nstream\n%s\nendstream", len(page), page)
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	info := object("<< /Title (PROVA) /Producer (sealtest) >>")
	var specs, names strings.Builder
	for i := 0; i+1 < len(files); i += 2 {
		name := escape.Replace(files[i])
		data := object("<< /Type /EmbeddedFile /Length %d >>\nstream\n%s\nendstream", len(files[i+1]), files[i+1])
		spec := object("<< /Type /Filespec /F (%s) /UF (%s) /AFRelationship /Data /EF << /F %d 0 R /UF %d 0 R >> >>",
			name, name, data, data)
		fmt.Fprintf(&specs, "%d 0 R ", spec)
		fmt.Fprintf(&names, "(%s) %d 0 R ", name, spec)
	}
	tree := object("<< /EmbeddedFiles << /Names [%s] >> >>", names.String())
	root := object("<< /Type /Catalog /Pages 1 0 R /AF [%s] /Names %d 0 R >>", specs.String(), tree)
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, off := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", off)
	}
	id := sha256.Sum256(b.Bytes())
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R /ID [<%x><%x>] >>\nstartxref\n%d\n%%%%EOF\n",
		len(offsets)+1, root, info, id[:16], id[:16], xref)
	return b.Bytes()
}
