package verify_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

// oneElector is a source of one made-up elector.
type oneElector struct{}

func (oneElector) Home(context.Context, string) (string, error) { return "A952", nil }

func (oneElector) HomeOf(context.Context, electoral.FiscalCode) (anprID, comune string, err error) {
	return "1", "A952", nil
}

func (oneElector) CertificateFacts(context.Context, *electoral.Entry) (electoral.CertificateFacts, error) {
	return electoral.CertificateFacts{
		Person: electoral.Person{ANPRID: "1", Surname: "ESEMPIO", Name: "BRUNA", Sex: electoral.Female,
			Birth:        electoral.Birth{Date: electoral.Date{Year: 1971, Month: 5, Day: 8}, Place: "L219"},
			Citizenships: []electoral.Citizenship{{State: "ITA"}}, Residence: &electoral.Residence{Comune: "A952"}},
		Elector: electoral.Elector{ANPRID: "1", Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: "A952", Section: "12"}},
	}, nil
}

type nowhere struct{}

func (nowhere) Record(context.Context, electoral.Access) error { return nil }

// issued returns a certificate of ours, sealed at a level, now by the machine's
// clock, which pyHanko goes by.
func issued(t testing.TB, ca *sealtest.CA, level seal.Level) []byte {
	t.Helper()
	sealer, err := ca.PAdES(level)
	require.NoError(t, err)
	i, err := certificate.NewIssuer(certificate.Config{Sealer: sealer, Source: oneElector{}, Recorder: nowhere{}, Key: bytes.Repeat([]byte{1}, 32), BaseURL: "https://verifica.example.it"})
	require.NoError(t, err)
	out, err := i.Issue(t.Context(), certificate.Request{
		Request: electoral.Request{ID: "1", Actor: electoral.Actor{FiscalCode: "SMPBRN71E48L219H", Role: electoral.CitizenRole, Method: electoral.CIEMethod, Level: 3}},
		ANPRID:  "1", Kind: certificate.CombinedCertificate, Use: certificate.ElectoralUse,
	})
	require.NoError(t, err)
	return out.PDF
}

// A specimen is a file that the judges are asked about.
type specimen struct {
	name string
	kind string // whole, vector, or what was done to it
	data []byte
}

// spoil makes spoiled copies of a sealed certificate, of every kind in turn.
func spoil(t testing.TB, doc []byte, prefix string, n int, seed uint64) (out []specimen) {
	t.Helper()
	s := &spoiler{t: t, doc: doc, rng: rand.New(rand.NewPCG(seed, 7))}
	s.read()
	kinds := []struct {
		name  string
		share int
		spoil func() []byte
	}{
		{"flip", 8, s.flip}, {"cut", 2, s.cut}, {"swap", 2, s.swap}, {"swap-revision", 1, s.swapLater}, {"revision", 4, s.revision},
		{"metadata", 1, s.metadata}, {"metadata-revision", 2, s.metadataLater}, {"font", 2, s.font}, {"layer", 2, s.layer}, {"tail", 1, s.tail},
	}
	for i := 0; len(out) < n; i++ {
		for _, k := range kinds {
			for range k.share {
				if bad := k.spoil(); len(out) < n && !bytes.Equal(bad, doc) {
					out = append(out, specimen{fmt.Sprintf("%s-%s-%03d.pdf", prefix, k.name, len(out)), k.name, bad})
				}
			}
		}
	}
	return out
}

// A spoiler spoils one document.
type spoiler struct {
	t       testing.TB
	doc     []byte
	rng     *rand.Rand
	file    *pdf.File
	objects map[int]pdf.Object
	numbers []int // of the objects that stand in the file itself
	page    pdf.Ref
	dict    pdf.Dict // of the page
	next    int      // an unused number
}

func text(o pdf.Object) string { return string(pdf.AppendObject(nil, o)) }

func (s *spoiler) read() {
	f, err := pdf.Parse(s.t.Context(), s.doc, pdf.Limits{})
	require.NoError(s.t, err)
	s.file, s.objects, s.next = f, map[int]pdf.Object{}, unused(s.t, s.doc)
	pages, err := f.Last().Pages()
	require.NoError(s.t, err)
	s.page = pages[0]
	for _, ref := range f.Revisions[0].Objects {
		o, err := f.Last().Get(ref)
		require.NoError(s.t, err)
		s.objects[int(ref.Num)] = o
		if !f.Last().InStream(ref.Num) {
			s.numbers = append(s.numbers, int(ref.Num))
		}
	}
	s.dict = s.objects[int(s.page.Num)].(pdf.Dict)
}

func (s *spoiler) any(list []int) int { return list[s.rng.IntN(len(list))] }

// of returns the numbers of the objects that a test picks.
func (s *spoiler) of(is func(pdf.Dict, bool) bool) (list []int) {
	for n, o := range s.objects {
		d, ok := o.(pdf.Dict)
		st, stream := o.(*pdf.Stream)
		if stream {
			d, ok = st.Dict, true
		}
		if ok && is(d, stream) {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	require.NotEmpty(s.t, list)
	return list
}

func (s *spoiler) later(objects map[int]string) []byte { return update(s.t, s.doc, objects, "") }

func (s *spoiler) flip() []byte {
	bad := bytes.Clone(s.doc)
	bad[s.rng.IntN(len(bad))] ^= byte(1 << s.rng.IntN(8))
	return bad
}

func (s *spoiler) cut() []byte { return s.doc[:len(s.doc)-1-s.rng.IntN(len(s.doc)/2)] }

func (s *spoiler) tail() []byte {
	return append(bytes.Clone(s.doc), bytes.Repeat([]byte{' ', '%', 'x', '\n'}, 1+s.rng.IntN(50))...)
}

// swap lets two objects change places in the cross-reference table, or in the
// file.
func (s *spoiler) swap() []byte {
	bad := bytes.Clone(s.doc)
	at := func(n int) int { return bytes.Index(s.doc, fmt.Appendf(nil, "\n%d 0 obj", n)) + 1 }
	var a, b int
	for a == b || at(a) == 0 || at(b) == 0 {
		a, b = s.any(s.numbers), s.any(s.numbers)
	}
	ea, eb := fmt.Appendf(nil, "%010d 00000 n", at(a)), fmt.Appendf(nil, "%010d 00000 n", at(b))
	if i, j := bytes.Index(bad, ea), bytes.Index(bad, eb); i >= 0 && j >= 0 && s.rng.IntN(2) == 0 {
		copy(bad[i:], eb)
		copy(bad[j:], ea)
		return bad
	}
	if at(a) > at(b) {
		a, b = b, a
	}
	end := func(n int) int { return at(n) + bytes.Index(s.doc[at(n):], []byte("endobj")) + 6 }
	return slices.Concat(s.doc[:at(a)], s.doc[at(b):end(b)], s.doc[end(a):at(b)], s.doc[at(a):end(a)], s.doc[end(b):])
}

func (s *spoiler) body(n int) string {
	if st, ok := s.objects[n].(*pdf.Stream); ok {
		return text(st.Dict) + "\nstream\n" + string(st.Raw) + "\nendstream"
	}
	return text(s.objects[n])
}

func (s *spoiler) swapLater() []byte {
	var a, b int
	for a == b {
		a, b = s.any(s.numbers), s.any(s.numbers)
	}
	return s.later(map[int]string{a: s.body(b), b: s.body(a)})
}

func (s *spoiler) catalog(key pdf.Name, value pdf.Object) (int, string) {
	d, ref, err := s.file.Last().Catalog()
	require.NoError(s.t, err)
	return int(ref.Num), text(d.With(key, value))
}

// revision appends one that changes what is shown or done.
func (s *spoiler) revision() []byte {
	content := int(s.dict.Get("Contents").(pdf.Ref).Num)
	page, own := int(s.page.Num), pdf.Ref{Num: uint32(s.next)}
	switch s.rng.IntN(8) {
	case 0:
		return s.later(map[int]string{content: "<< /Length 25 >>\nstream\n0 0 1 rg 0 0 600 600 re f\nendstream"})
	case 1:
		return s.later(map[int]string{page: text(s.dict.With("Rotate", int64(180)))})
	case 2: // a note that hides what is below
		return s.later(map[int]string{page: text(s.dict.With("Annots", pdf.Array{own})), s.next: "<< /Type /Annot /Subtype /FreeText /Rect [100 400 500 500] /Contents (Valido) /DA (/Helv 12 Tf) /F 4 >>"})
	case 3:
		n, cat := s.catalog("OpenAction", pdf.Dict{}.With("S", pdf.Name("JavaScript")).With("JS", pdf.String("app.alert(1)")))
		return s.later(map[int]string{n: cat})
	case 4: // another page
		parent := s.dict.Get("Parent").(pdf.Ref)
		pages := s.objects[int(parent.Num)].(pdf.Dict)
		return s.later(map[int]string{s.next: text(s.dict.With("Annots", nil)), int(parent.Num): text(pages.With("Kids", pdf.Array{s.page, own}).With("Count", int64(2)))})
	case 5: // another file attached
		n, cat := s.catalog("Names", pdf.Dict{}.With("EmbeddedFiles", pdf.Dict{}.With("Names", pdf.Array{pdf.String("x"), own})))
		return s.later(map[int]string{n: cat, s.next: "<< /Type /Filespec /F (x) >>"})
	case 6: // the data that the contrassegno is bound to
		embedded := s.of(func(d pdf.Dict, stream bool) bool { return stream && d.Name("Type") == "EmbeddedFile" })
		return s.later(map[int]string{s.any(embedded): "<< /Type /EmbeddedFile /Length 2 >>\nstream\n{}\nendstream"})
	}
	// a page drawn by an object without name in the document: the content array
	return s.later(map[int]string{s.next: "<< /Length 25 >>\nstream\n0 0 1 rg 0 0 600 600 re f\nendstream", page: text(s.dict.With("Contents", pdf.Array{s.dict.Get("Contents"), own}))})
}

// metadata changes a letter of the title in the file itself.
func (s *spoiler) metadata() []byte {
	bad := bytes.Clone(s.doc)
	at := bytes.Index(s.doc, []byte("<dc:title>"))
	require.Positive(s.t, at)
	bad[at+s.rng.IntN(60)] ^= 2
	return bad
}

func (s *spoiler) metadataLater() []byte {
	info := s.file.Last().Trailer().Get("Info").(pdf.Ref)
	d := s.objects[int(info.Num)].(pdf.Dict)
	switch s.rng.IntN(3) {
	case 0:
		return s.later(map[int]string{int(info.Num): text(d.With("Title", pdf.String("Altro")))})
	case 1:
		return s.later(map[int]string{int(info.Num): text(d.With("Author", pdf.String("Altri")))})
	}
	packet := s.any(s.of(func(d pdf.Dict, stream bool) bool { return stream && d.Name("Type") == "Metadata" }))
	st := s.objects[packet].(*pdf.Stream)
	xmp := bytes.Replace(st.Raw, []byte("Certificat"), []byte("Attestat"), 1)
	require.NotEqual(s.t, st.Raw, xmp)
	return s.later(map[int]string{packet: fmt.Sprintf("<< /Type /Metadata /Subtype /XML /Length %d >>\nstream\n%s\nendstream", len(xmp), xmp)})
}

// font replaces a font, its file or its widths: other letters are shown.
func (s *spoiler) font() []byte {
	fonts := s.of(func(d pdf.Dict, _ bool) bool { return d.Name("Type") == "Font" })
	switch s.rng.IntN(3) {
	case 0:
		return s.later(map[int]string{s.any(fonts): "<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>"})
	case 1:
		files := s.of(func(d pdf.Dict, stream bool) bool { return stream && d.Get("Length1") != nil })
		n := s.any(files)
		st := s.objects[n].(*pdf.Stream)
		other := bytes.Clone(st.Raw)
		other[len(other)/2] ^= 0x55
		return s.later(map[int]string{n: text(st.Dict) + "\nstream\n" + string(other) + "\nendstream"})
	}
	n := s.any(fonts)
	return s.later(map[int]string{n: text(s.objects[n].(pdf.Dict).With("ToUnicode", nil).With("Encoding", pdf.Name("Identity-V")))})
}

// layer hides what is on the page in a layer that is off, or brings one that
// can be switched.
func (s *spoiler) layer() []byte {
	group := pdf.Ref{Num: uint32(s.next)}
	n, cat := s.catalog("OCProperties", pdf.Dict{}.With("OCGs", pdf.Array{group}).With("D", pdf.Dict{}.With("OFF", pdf.Array{group})))
	objects := map[int]string{n: cat, s.next: "<< /Type /OCG /Name (nascosto) >>"}
	if s.rng.IntN(2) == 0 {
		resources, err := s.file.Last().Dict(s.dict, "Resources")
		require.NoError(s.t, err)
		objects[s.next+1] = "<< /Length 12 >>\nstream\n/OC /Ly BDC \nendstream"
		objects[s.next+2] = "<< /Length 4 >>\nstream\nEMC \nendstream"
		objects[int(s.page.Num)] = text(s.dict.With("Contents", pdf.Array{pdf.Ref{Num: uint32(s.next + 1)}, s.dict.Get("Contents"), pdf.Ref{Num: uint32(s.next + 2)}}).
			With("Resources", resources.With("Properties", pdf.Dict{}.With("Ly", group))))
	}
	return s.later(objects)
}

// An opinion is what a foreign judge says of a file.
type opinion struct {
	accepts, intact bool
	said            string
}

func opinions(t testing.TB, cmd *exec.Cmd) map[string]opinion {
	t.Helper()
	cmd.Stderr = nil
	out, err := cmd.Output()
	require.NoError(t, err)
	got := map[string]opinion{}
	for line := range strings.Lines(string(out)) {
		field := strings.SplitN(strings.TrimSpace(line), "\t", 4)
		require.GreaterOrEqual(t, len(field), 3, line)
		o := opinion{accepts: field[1] == "1", intact: field[2] == "1"}
		if len(field) == 4 {
			o.said = field[3]
		}
		got[field[0]] = o
	}
	return got
}

// A dispute is a class of files about which a judge and we disagree, with the
// reason that makes one of them right.
type dispute struct {
	reason string
	ours   bool // our answer
	is     func(s specimen, r verify.Report, o opinion) bool
}

// failedBy reports whether a check failed for a reason that says this.
func failedBy(r verify.Report, code verify.Code, says string) bool {
	c, _ := r.Check(code)
	return c.Outcome == verify.Failed && strings.Contains(c.Message, says)
}

func said(o opinion, list ...string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(o.said, s) })
}

// disputes are all that are known with pyHanko and EU DSS, the first that fits
// counting. Whatever is not among them fails the test.
var disputes = map[string][]dispute{
	"pyHanko": {
		{"bytes behind the last revision: pyHanko reads around them, and nobody's signature covers them (isa_B is this attack). We are right", false,
			func(_ specimen, r verify.Report, _ opinion) bool {
				return failedBy(r, verify.CodeCoverage, "Dopo l'ultima revisione ci sono")
			}},
		{"title or author changed later: pyHanko permits any change of Info and of XMP, which viewers show. We are right", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return s.kind == "metadata-revision" && failedBy(r, verify.CodeLaterRevisions, "")
			}},
		{"bytes behind the CMS within Contents, which no signature covers: pyHanko ignores them. Nothing is shown differently: we are stricter, on purpose, so that a sealed file has one form", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return s.kind == "flip" && failedBy(r, verify.CodeSignature, "seguito da altri dati")
			}},
		{"the hexadecimal digits of Contents written otherwise, the same value: stricter, on purpose, for the same reason", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return s.kind == "flip" && failedBy(r, verify.CodeCoverage, "forma regolare")
			}},
		{"the SubFilter of the document time-stamp is spoiled: pyHanko then counts no time-stamp. Stricter, on purpose", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return s.kind == "flip" && failedBy(r, verify.CodeSignature, "«MarcaTemporale1»: Il formato della firma")
			}},
		{"a field that held a value when it was signed shows another: for pyHanko it is form filling, ISO 32000-2 does not forbid it; it is the shadow attack «replace». We are right (vectors' README)", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return s.kind == "vector" && failedBy(r, verify.CodeLaterRevisions, "conteneva già")
			}},
		{"pyHanko reads no hybrid-reference files; every reader of the standard does, and both tables of the signed revision are covered. We are right (vectors' README)", true,
			func(_ specimen, _ verify.Report, o opinion) bool { return said(o, "hybrid-reference") }},
		{"pyHanko's strict mode refuses a Size that shrinks in a later trailer, or a reference to an object that does not exist, which is null (ISO 32000-2 clause 7.3.10). We are right (vectors' README)", true,
			func(_ specimen, _ verify.Report, o opinion) bool {
				return said(o, "sizes must be nondecreasing", "not found in the current context")
			}},
		{"two time-stamps within one signature: pyHanko refuses to read it, RFC 3161 appendix A does not forbid it; the report tells it", true,
			func(_ specimen, _ verify.Report, o opinion) bool {
				return said(o, "'signature_time_stamp_token' was duplicated")
			}},
	},
	"DSS": {
		{"changed after the seal, and DSS sees it: its default policy only warns (undefined object modifications, visual difference). We are right", false,
			func(_ specimen, r verify.Report, o opinion) bool {
				return failedBy(r, verify.CodeLaterRevisions, "") && said(o, "undefined object modifications", "Visual difference", "annotation")
			}},
		{"changed after the seal where DSS does not look: information, metadata, attachments, objects that nothing draws. We are right", false,
			func(_ specimen, r verify.Report, _ opinion) bool {
				return failedBy(r, verify.CodeLaterRevisions, "non ammessa")
			}},
		{"bytes that no signature covers, behind the last revision or within the range: DSS judges the part that is signed. We are right (isa_A, isa_B, tail-uncovered)", false,
			func(_ specimen, r verify.Report, _ opinion) bool {
				return failedBy(r, verify.CodeCoverage, "che nessuna firma copre") || failedBy(r, verify.CodeCoverage, "che non copre")
			}},
		{"the document time-stamp is not intact, or cannot be read: DSS judges the seal without it. Stricter, on purpose", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return s.kind != "vector" && (failedBy(r, verify.CodeSignature, "«MarcaTemporale1»") || failedBy(r, verify.CodeCoverage, "«MarcaTemporale1»"))
			}},
		{"bytes behind the CMS within Contents, or its digits written otherwise: DSS ignores them. Stricter, on purpose, so that a sealed file has one form", false,
			func(s specimen, r verify.Report, _ opinion) bool {
				return s.kind == "flip" && (failedBy(r, verify.CodeSignature, "seguito da altri dati") || failedBy(r, verify.CodeCoverage, "forma regolare"))
			}},
	},
}

// compare judges specimens beside a foreign judge, fails on what is not among
// the disputes and prints the table.
func compare(t *testing.T, judge string, v *verify.Verifier, files []specimen, answers map[string]opinion) {
	t.Helper()
	both, neither := 0, 0
	table := map[string]int{}
	example := map[string]string{}
	for _, s := range files {
		o, ok := answers[s.name]
		require.True(t, ok, "%s says nothing of %s", judge, s.name)
		r := v.PDF(t.Context(), s.data, time.Time{})
		ours, theirs := r.Valid, o.accepts
		if s.kind == "vector" { // nobody is trusted: the same but for trust
			ours, theirs = intactReport(r), o.intact
		}
		if s.kind == "whole" {
			assert.True(t, ours, "%s: %+v", s.name, r.Checks)
		} else if s.kind != "vector" {
			assert.False(t, ours, "%s is spoiled and valid here; %s: %v", s.name, judge, theirs)
		}
		switch {
		case ours && theirs:
			both++
		case !ours && !theirs:
			neither++
		default:
			i := slices.IndexFunc(disputes[judge], func(d dispute) bool { return d.ours == ours && d.is(s, r, o) })
			if i < 0 {
				var why []string
				for _, c := range r.Checks {
					if c.Outcome == verify.Failed {
						why = append(why, c.Message)
					}
				}
				t.Errorf("%s: here %v %q, %s %v (%s)", s.name, ours, why, judge, theirs, o.said)
				continue
			}
			table[disputes[judge][i].reason]++
			example[disputes[judge][i].reason] = s.name
		}
	}
	testenv.Verdict(t, "beside %s, %d files: both accept %d, both refuse %d", judge, len(files), both, neither)
	for _, reason := range slices.Sorted(maps.Keys(table)) {
		testenv.Verdict(t, "  %3d only %s accept: %s (such as %s)", table[reason], map[bool]string{true: "we", false: judge + " would"}[disputed(judge, reason).ours], reason, example[reason])
	}
}

func disputed(judge, reason string) dispute {
	i := slices.IndexFunc(disputes[judge], func(d dispute) bool { return d.reason == reason })
	return disputes[judge][i]
}

func intactReport(r verify.Report) bool {
	for _, code := range []verify.Code{verify.CodeStructure, verify.CodeSignature, verify.CodeCoverage, verify.CodeLaterRevisions} {
		if c, _ := r.Check(code); c.Outcome != verify.Passed {
			return false
		}
	}
	return true
}

// TestAgrees judges whole and spoiled certificates of ours and all the vectors
// beside pyHanko, and a part of them beside EU DSS. Each disagreement must be
// of a known class, with the reason why one of the two is right.
func TestAgrees(t *testing.T) {
	t.Parallel() // most of its time is that of other programs
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	var own, dss, vectors []specimen
	for _, l := range []struct {
		level seal.Level
		n     int
	}{{seal.LevelB, 250}, {seal.LevelT, 100}, {seal.LevelLT, 0}, {seal.LevelLTA, 150}} {
		doc := issued(t, ca, l.level)
		whole := specimen{"whole-" + string(l.level) + ".pdf", "whole", doc}
		list := append([]specimen{whole}, spoil(t, doc, string(l.level), l.n, 20221017)...)
		own = append(own, list...)
		if l.level.AtLeast(seal.LevelLT) { // without revocation data DSS comes to no conclusion
			dss = append(dss, list...)
		}
	}
	paths, err := filepath.Glob(filepath.Join(testenv.Shared(t), "vectors", "pdf", "*", "*.pdf"))
	require.NoError(t, err)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		vectors = append(vectors, specimen{"vector-" + filepath.Base(path), "vector", data})
	}
	folder := func(list ...specimen) string {
		dir := t.TempDir()
		for _, s := range list {
			require.NoError(t, os.WriteFile(filepath.Join(dir, s.name), s.data, 0o600))
		}
		return dir
	}
	trust := filepath.Join(t.TempDir(), "trust.pem")
	require.NoError(t, os.WriteFile(trust, ca.TrustPEM(), 0o600))
	v, err := verify.New(verify.Config{Trust: append(ca.Chain()[1:], ca.Root()), Timestamps: append(ca.Chain()[1:], ca.Root())})
	require.NoError(t, err)

	all := append(slices.Clone(own), vectors...)
	compare(t, "pyHanko", v, all, opinions(t, exec.CommandContext(t.Context(), python(t), filepath.Join("testdata", "verdicts.py"), trust, folder(all...))))

	lib := filepath.Join(ciCache(), "dss", "lib")
	if _, err := os.Stat(lib); err != nil {
		testenv.Need(t, lib)
	}
	all = append(slices.Clone(dss), vectors...)
	compare(t, "DSS", v, all, opinions(t, exec.CommandContext(t.Context(), testenv.Tool(t, "java"), "-Xmx1g", "-cp", filepath.Join(lib, "*"), "../.ci/dss/Folder.java", trust, folder(all...))))
}
