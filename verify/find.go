package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/internal/pdf"
)

// A FindCode names why no contrassegno was found in what somebody uploaded.
// The codes are stable.
type FindCode string

// Why no contrassegno was found.
const (
	FindEmpty       FindCode = "empty"              // no bytes
	FindTooLarge    FindCode = "too-large"          // over a limit of [Limits]
	FindFormat      FindCode = "unsupported-format" // neither PNG nor JPEG nor PDF
	FindMalformed   FindCode = "malformed"          // cannot be decoded
	FindEncrypted   FindCode = "encrypted"          // a PDF with a password
	FindNoImage     FindCode = "no-image"           // a PDF with neither a link nor a scanned page
	FindCompression FindCode = "unsupported-image"  // a PDF whose scanned pages are in a form that is not read
	FindNoCode      FindCode = "no-code"            // no QR code is recognised
	FindOtherCode   FindCode = "other-code"         // a QR code that is not a contrassegno
	FindAmbiguous   FindCode = "ambiguous"          // several contrassegni
	FindWork        FindCode = "too-much-work"      // the search stopped before it was through: over [Limits].Work
	FindInterrupted FindCode = "interrupted"        // the context ended
)

// A FindError says why no contrassegno was found.
type FindError struct {
	Code    FindCode
	Message string // in Italian, for people: what is wrong and what to do
	Err     error  // cause, for programs, or nil

	text string // what is wrong, without its subject
}

func (e *FindError) Error() string {
	s := "verify: no contrassegno: " + string(e.Code)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *FindError) Unwrap() error { return e.Err }

// advice tells the person who uploads what to do about it.
var advice = map[FindCode]string{
	FindEmpty:       "Scegliere il file e inviarlo di nuovo.",
	FindTooLarge:    "Inviare un'immagine più piccola: basta il riquadro del codice QR.",
	FindFormat:      "Inviare una fotografia o una scansione in formato PNG, JPEG o PDF.",
	FindMalformed:   "Salvare di nuovo la fotografia o la scansione come PNG, JPEG o PDF e inviarla.",
	FindEncrypted:   "Inviare il file senza password, o una fotografia del codice QR.",
	FindNoImage:     "Inviare il PDF originale, una scansione della stampa o una fotografia del codice QR.",
	FindCompression: "Ripetere la scansione in formato JPEG o PNG.",
	FindNoCode:      "Riprendere il codice QR intero, a fuoco, senza riflessi, con un margine bianco intorno.",
	FindOtherCode: "Riprendere il codice QR che sta in fondo alla prima pagina del certificato, e non un altro " +
		"codice.",
	FindAmbiguous: "Inviare una copia per volta.",
	FindWork: "Inviare una fotografia o un ritaglio del solo riquadro del codice QR: lì la ricerca arriva in " +
		"fondo.",
	FindInterrupted: "Riprovare fra qualche minuto.",
}

// findError makes an error whose text, in Italian, continues its subject.
func findError(code FindCode, err error, format string, args ...any) *FindError {
	return &FindError{Code: code, Err: err, text: clean(fmt.Sprintf(format, args...))}
}

// about completes the message.
func (e *FindError) about(subject string) *FindError {
	e.Message = subject + e.text + ". " + advice[e.Code]
	return e
}

// Bounds of a PDF in which a contrassegno is looked for.
const (
	maxFindPages  = 10
	maxFindImages = 12
)

// FindContrassegno reads the contrassegno of a copy that somebody uploads: a
// picture (PNG or JPEG), a PDF whose pages are scanned pictures (JPEG, Flate
// or fax data in the first 10 pages), or the PDF of a certificate itself,
// where it is the address of its link.
//
// That it is found says nothing of its authenticity: the caller has to check
// it ([contrassegno.Mark.Authentic], or the archive of the issuer) and
// to show the original beside the copy. Errors are *[FindError]. The limits of
// the configuration hold; nothing of data is kept.
func (v *Verifier) FindContrassegno(ctx context.Context, data []byte) (contrassegno.Mark, error) {
	var mark contrassegno.Mark
	var err *FindError
	v = v.made()
	m := &meter{ctx: ctx, left: v.cfg.Limits.Work}
	subject := "Il codice QR non si è potuto leggere: il file "
	switch {
	case len(data) == 0:
		err = findError(FindEmpty, nil, "è vuoto")
	case pdf.Header(data) >= 0 && !isPicture(data):
		mark, err = v.findInPDF(m, data)
	default:
		subject = "Il codice QR non si è potuto leggere: "
		mark, err = v.findInPicture(m, data)
	}
	if err != nil {
		return contrassegno.Mark{}, err.about(subject)
	}
	return mark, nil
}

// isPicture reports whether data begin as a PNG or a JPEG.
func isPicture(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\x89PNG")) || bytes.HasPrefix(data, []byte("\xFF\xD8\xFF"))
}

func (v *Verifier) findInPicture(m *meter, data []byte) (contrassegno.Mark, *FindError) {
	text, err := readQR(m, data, v.cfg.Limits.Picture, v.cfg.Limits.Pixels)
	if err != nil {
		return contrassegno.Mark{}, err
	}
	mark, bad := contrassegno.Parse(text)
	if bad != nil {
		return mark, findError(FindOtherCode, bad, "il codice QR nell'immagine non è quello di un certificato")
	}
	return mark, nil
}

func (v *Verifier) findInPDF(m *meter, data []byte) (contrassegno.Mark, *FindError) {
	var none contrassegno.Mark
	f, departure, err := pdf.ParseUnsealed(m.ctx, data, pdf.Limits(v.cfg.Limits.PDF))
	if err != nil {
		return none, pdfFindError(err)
	}
	pages, err := f.Last().Pages()
	if err != nil {
		return none, pdfFindError(err)
	}
	s := &scan{m: m, view: f.Last(), pixels: v.cfg.Limits.Pixels, seen: map[int]bool{}}
	if err := s.all(f, pages[:min(len(pages), maxFindPages)]); err != nil {
		return none, err
	}
	switch n := len(s.marks); {
	case n > 1 && s.linked > 0 && n > s.linked:
		return none, findError(FindAmbiguous, nil, "contiene %d contrassegni diversi: l'originale di un certificato e "+
			"l'immagine di un altro", n)
	case n > 1:
		return none, findError(FindAmbiguous, nil, "contiene %d contrassegni diversi", n)
	case n == 0 && departure != nil && s.read == 0: // it may have been cut off
		return none, pdfFindError(departure)
	case n == 0:
		return none, s.failed()
	}
	return s.marks[0], nil
}

func pdfFindError(err error) *FindError {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return findError(FindInterrupted, err, "non è stato letto fino in fondo, perché la lettura è stata interrotta")
	case errors.Is(err, pdf.ErrEncrypted):
		return findError(FindEncrypted, err, "è protetto da una password")
	case errors.Is(err, pdf.ErrLimit):
		return findError(FindTooLarge, err, "supera i limiti entro i quali viene letto")
	}
	return findError(FindMalformed, err, "non è un PDF ben formato")
}

// A scan is the search for contrassegni in a PDF: in the links of its pages, in
// pictures and in what is drawn of filled shapes.
type scan struct {
	m      *meter
	view   pdf.View
	pixels int64 // of a picture
	kept   int64 // points of pictures that are kept for another look
	seen   map[int]bool
	tried  int
	read   int   // pictures that were decoded
	left   int   // pictures over a bound
	unread error // the first that could not be decoded
	other  error // of the first QR code that is no contrassegno
	marks  []contrassegno.Mark
	linked int        // how many of them are of links
	later  []*reading // pictures in which a quick look found nothing
}

// all looks everywhere, quickly first: one copy may hold several contrassegni.
// Only if there is none it looks again, as long as its budget allows.
func (s *scan) all(f *pdf.File, pages []pdf.Ref) *FindError {
	if err := s.links(f, pages); err != nil {
		return pdfFindError(err)
	}
	for _, page := range pages {
		if err := s.page(page); err != nil {
			return err
		}
	}
	for _, r := range s.later {
		if len(s.marks) > 0 {
			break
		}
		if text, ok := r.deep(); ok {
			s.found(text)
		}
	}
	if s.m.ctx.Err() != nil {
		return pdfFindError(s.m.ctx.Err())
	}
	return nil
}

// failed says why nothing was found.
func (s *scan) failed() *FindError {
	switch {
	case s.other != nil:
		return findError(FindOtherCode, s.other, "contiene un codice QR che non è quello di un certificato")
	case s.left > 0:
		return findError(FindTooLarge, nil, "contiene troppe immagini, o troppo grandi")
	case s.m.out:
		return findError(FindWork, nil, "richiede troppo lavoro, e la ricerca di un codice QR si è fermata prima della "+
			"fine")
	case errors.Is(s.unread, pdf.ErrUnsupported): // the code may well be in that one
		return findError(FindCompression, s.unread, "contiene immagini in una forma che non si sa leggere (%s)",
			strings.TrimPrefix(s.unread.Error(), "pdf: "))
	case s.read > 0:
		return findError(FindNoCode, nil, "contiene immagini in cui non si riconosce alcun codice QR")
	case s.unread != nil:
		return findError(FindMalformed, s.unread, "contiene immagini che non sono ben formate")
	}
	return findError(FindNoImage, nil, "non contiene né il collegamento di un certificato né pagine scansionate")
}

// links notes the contrassegni that links of the pages lead to. If the file embeds
// the data of a certificate, those of other data do not count.
func (s *scan) links(f *pdf.File, pages []pdf.Ref) error {
	for _, page := range pages {
		links, err := s.view.Links(page)
		if err != nil {
			return err
		}
		for _, uri := range links {
			if mark, err := contrassegno.Parse(uri); err == nil && !slices.Contains(s.marks, mark) {
				s.marks = append(s.marks, mark)
			}
		}
	}
	if len(s.marks) > 0 {
		files, err := f.EmbeddedFiles()
		if err != nil {
			return err
		}
		files = slices.DeleteFunc(files, func(f pdf.EmbeddedFile) bool { return f.Name != dataName })
		s.marks = slices.DeleteFunc(s.marks, func(m contrassegno.Mark) bool {
			return len(files) > 0 &&
				!slices.ContainsFunc(files, func(f pdf.EmbeddedFile) bool { return m.Matches(f.Data) })
		})
	}
	s.linked = len(s.marks)
	return nil
}

// page looks at the pictures of a page, the largest first, then at those that are
// strips of one put together, and at what it draws by itself.
func (s *scan) page(page pdf.Ref) *FindError {
	streams, err := s.view.PageImages(page, 50)
	if err != nil {
		return pdfFindError(err)
	}
	area := func(st *pdf.Stream) int {
		w, h, err := s.view.ImageSize(st)
		if err != nil {
			return 0
		}
		return w * h
	}
	order := slices.Clone(streams)
	slices.SortStableFunc(order, func(a, b *pdf.Stream) int { return area(b) - area(a) })
	pictures := map[*pdf.Stream]gray{}
	before := len(s.marks)
	for _, st := range order {
		if n := area(st); n > 0 && n < 21*21 || s.seen[st.Offset] {
			continue // too small for a code, or read already
		}
		s.seen[st.Offset] = true
		img, err := s.decode(st)
		if err != nil {
			return err
		}
		if img == nil {
			continue
		}
		pictures[st] = gray{img.Pix, img.Rect.Dx(), img.Rect.Dy()}
		s.look(pictures[st])
	}
	if whole := strips(streams, pictures); len(s.marks) == before && len(pictures) > 1 && whole.w > 0 {
		s.look(whole)
	}
	if s.linked == 0 && len(pictures) == 0 {
		return s.drawing(page)
	}
	return nil
}

// drawing looks at what a page draws of filled shapes: the code of a certificate
// that was printed to PDF. One has hundreds of dark squares.
func (s *scan) drawing(page pdf.Ref) *FindError {
	const fewest = 100
	d, err := s.view.Draw(page, s.m.take)
	switch {
	case errors.Is(err, pdf.ErrWork) || s.m.ctx.Err() != nil:
		return nil // all tells it
	case errors.Is(err, pdf.ErrLimit):
		s.left++
		return nil
	case err != nil || d.Shapes < fewest:
		return nil // a page of text, in a form that is not read
	}
	s.read++
	s.look(gray{d.Image.Pix, d.Image.Rect.Dx(), d.Image.Rect.Dy()})
	return nil
}

// decode decodes a picture within the bounds, nil if it is left out.
func (s *scan) decode(st *pdf.Stream) (*image.Gray, *FindError) {
	if s.tried >= maxFindImages {
		s.left++
		return nil, nil
	}
	s.tried++
	img, err := s.view.Image(st, s.pixels, s.m.take)
	switch {
	case s.m.ctx.Err() != nil:
		return nil, pdfFindError(s.m.ctx.Err())
	case errors.Is(err, pdf.ErrWork):
		return nil, nil // what is found so far counts, and failed tells it
	case errors.Is(err, pdf.ErrLimit):
		s.left++
		return nil, nil
	case err != nil:
		if s.unread == nil {
			s.unread = err
		}
		return nil, nil
	}
	s.read++
	return img, nil
}

// look takes a quick look at a picture, and keeps it for another.
func (s *scan) look(g gray) {
	r, err := newReading(s.m, g)
	if err != nil {
		return
	}
	if text, ok := r.quick(); ok {
		s.found(text)
		return
	}
	if n := int64(len(r.full.pix) + len(r.small.pix)); n <= s.pixels-s.kept {
		s.kept += n
		s.later = append(s.later, r)
	} else {
		s.m.out = true
	}
}

// found notes what a code says.
func (s *scan) found(text string) {
	mark, bad := contrassegno.Parse(text)
	if bad != nil {
		if s.other == nil {
			s.other = bad
		}
	} else if !slices.Contains(s.marks, mark) {
		s.marks = append(s.marks, mark)
	}
}

// strips puts pictures of the same width below each other, in the order in
// which the page names them: some scanners cut a page so, through the code.
func strips(order []*pdf.Stream, pictures map[*pdf.Stream]gray) (whole gray) {
	for _, st := range order {
		g, ok := pictures[st]
		if !ok {
			continue
		}
		if whole.w != 0 && whole.w != g.w {
			return gray{}
		}
		whole.w, whole.h = g.w, whole.h+g.h
		whole.pix = append(whole.pix, g.pix...)
	}
	return whole
}

// formatName names a kind of file that is not read, by its first bytes.
func formatName(data []byte) string {
	head := data[:min(len(data), 512)]
	text := strings.ToLower(string(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")))
	brand := ""
	if len(head) >= 12 && string(head[4:8]) == "ftyp" {
		brand = string(head[8:12])
	}
	switch {
	case strings.HasPrefix(text, "<svg"), strings.HasPrefix(text, "<?xml") && strings.Contains(text, "<svg"):
		return "un disegno SVG"
	case slices.Contains([]string{"heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"}, brand):
		return "una fotografia HEIC"
	case brand == "avif" || brand == "avis":
		return "un'immagine AVIF"
	case strings.HasPrefix(text, "gif8"):
		return "un'immagine GIF"
	case strings.HasPrefix(text, "riff") && len(head) >= 12 && string(head[8:12]) == "WEBP":
		return "un'immagine WebP"
	case bytes.HasPrefix(head, []byte("II*\x00")), bytes.HasPrefix(head, []byte("MM\x00*")):
		return "un'immagine TIFF"
	case strings.HasPrefix(text, "bm") && len(head) >= 26:
		return "un'immagine BMP"
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "un archivio ZIP o un documento di testo"
	case strings.HasPrefix(text, "<"):
		return "una pagina HTML o XML"
	}
	return ""
}
