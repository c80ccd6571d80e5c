package verify_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// fields are signature fields, all with a value.
func fields(n int) sheet {
	s := sheet{}
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("%d 0 R", 4+2*i))
		s.objects = append(s.objects, fmt.Sprintf("<< /FT /Sig /T (f%d) /V %d 0 R >>", i, 5+2*i),
			"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] /Contents "+
				"<3000> >>")
	}
	s.page = "/X [" + strings.Join(list, " ") + "]"
	return s
}

// withForm lets the catalog name a form.
func withForm(t *testing.T, doc []byte, form string) []byte {
	t.Helper()
	n, catalog := catalogWith(t, doc, "AcroForm", form)
	return update(t, doc, map[int]string{n: catalog}, "/Root 1 0 R")
}

// TestBadInput gives what no seal is in. Each has an answer within limits, with
// the reason in Italian.
func TestBadInput(t *testing.T) {
	v := verifier(t)
	many := fields(51)
	list := many.page[len("/X "):]
	many.page = ""
	loop := func(objects ...string) []byte { return sheet{objects: objects}.pdf() }
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	wide := "<<" + strings.Repeat(" /a 1", 100_000) + " >>"
	xref := sheet{}.pdf()
	xref = bytes.Replace(xref, []byte("/Root 1 0 R"), fmt.Appendf(nil, "/Root 1 0 R /Prev %d",
		bytes.Index(xref, []byte("xref\n0"))), 1)
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"51 signatures": {withForm(t, many.pdf(), "<< /Fields "+list+" >>"),
			"51 firme: se ne esaminano al massimo 50"},
		"pages in a circle": {bytes.Replace(loop(), []byte("/Kids [3 0 R]"), []byte("/Kids [2 0 R]"), 1),
			"twice in a tree"},
		"a page twice": {bytes.Replace(loop(), []byte("/Kids [3 0 R] /Count 1"),
			[]byte("/Kids [3 0 R 3 0 R]   "), 1), "twice in a tree"},
		"fields in a circle": {withForm(t, loop("<< /T (a) /Kids [5 0 R] >>", "<< /T (b) /Kids [4 0 R] >>"),
			"<< /Fields [4 0 R] >>"), "twice in the form"},
		"tables in a circle": {xref, "loops"},
		"a length of itself": {loop("<< /Length 4 0 R >>\nstream\nx\nendstream"), "needed to read itself"},
		"lengths of each other": {loop("<< /Length 5 0 R >>\nstream\nx\nendstream",
			"<< /Length 4 0 R >>\nstream\nx\nendstream"), "needed to read itself"},
		"references in a circle":  {loop("4 0 R"), ""},
		"a length of 10 GB":       {loop("<< /Length 10737418240 >>\nstream\nx\nendstream"), "length 10737418240"},
		"a negative length":       {loop("<< /Length -1 >>\nstream\nx\nendstream"), "length -1"},
		"a length beyond 64 bits": {loop("<< /Length 99999999999999999999999999 >>\nstream\nx\nendstream"), ""},
		"a table of 4 billion": {bytes.Replace(loop(), []byte("xref\n0 4"), []byte("xref\n0 4294967295"), 1),
			"byte"},
		"arrays in arrays":     {loop(deep), "nested"},
		"too many elements":    {loop("[" + strings.Repeat("0 ", 1_000_000) + "]"), "supera i limiti"},
		"too many keys":        {loop(wide), "supera i limiti"},
		"a string without end": {loop("(" + strings.Repeat("(", 1000)), ""},
		"header alone":         {[]byte("%PDF-1.7"), ""},
		"an SVG":               {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "non è un PDF"},
		"a HEIC": {append([]byte{0, 0, 0, 24}, "ftypheic\x00\x00\x00\x00mif1heic"...),
			"non è un PDF"},
		"encrypted": {bytes.Replace(loop(), []byte("/Root"), []byte("/Encrypt << >> /Root"), 1),
			"cifrato"},
		"a table and its trailers": {bytes.Repeat([]byte("%PDF-1.7\nxref\n0 1\n0000000000 65535 f "+
			"\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"), 2000), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := v.PDF(t.Context(), c.data, now)
			runtime.ReadMemStats(&after)
			checkReport(t, r)
			assert.False(t, r.Valid)
			if c.says != "" {
				assertInvalid(t, r, verify.CodeStructure, c.says)
			}
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(24<<20+20*len(c.data)), "memory")
			_, err := v.FindContrassegno(t.Context(), c.data)
			assert.Error(t, err)
		})
	}
}

// TestEncrypted is refused with every cipher that qpdf writes.
func TestEncrypted(t *testing.T) {
	qpdf, dir := testenv.Tool(t, "qpdf"), t.TempDir()
	base := filepath.Join(dir, "base.pdf")
	require.NoError(t, os.WriteFile(base, sealWith(t, newCA(t, sealtest.Config{}), sealtest.Document("cifrato")),
		0o600))
	for _, bits := range []string{"40", "128", "256"} {
		out := filepath.Join(dir, bits+".pdf")
		args := []string{"--encrypt", "", "padrone", bits, "--", base, out}
		if bits != "256" {
			args = append([]string{"--allow-weak-crypto"}, args...)
		}
		command(t, qpdf, args...)
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		assertInvalid(t, verifier(t).PDF(t.Context(), data, now), verify.CodeStructure, "Il file è cifrato")
		findError(t, verifier(t), data, verify.FindEncrypted, "password")
	}
}

// TestPictureMemory declares sizes that the data does not have.
func TestPictureMemory(t *testing.T) {
	v := verifier(t)
	for name, c := range map[string]struct {
		kind byte // PNG colour type
		bits byte
		side uint32
		says string
	}{
		"gray":      {0, 8, 7000, "7000 × 7000 punti"},
		"deep":      {6, 16, 5000, "5000 × 5000 punti"}, // 200 MB
		"overflow":  {0, 8, 1<<31 - 1, "2147483647 × 2147483647 punti"},
		"no pixels": {2, 8, 0, "ben formata"},
	} {
		bomb := encodePNG(t, image.NewGray(image.Rect(0, 0, 30, 30)))
		binary.BigEndian.PutUint32(bomb[16:], c.side)
		binary.BigEndian.PutUint32(bomb[20:], c.side)
		bomb[24], bomb[25] = c.bits, c.kind
		binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := v.Picture(t.Context(), bomb, nil, now)
		runtime.ReadMemStats(&after)
		c1, _ := r.Check(verify.CodeDecode)
		assert.Contains(t, c1.Message, c.says, name)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20), name)
	}
}
