package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/verify"
	"github.com/liste-elettorali/anpr/verify/captcha"
)

// A form asks for the captcha, and for the file where there is no link.
type form struct {
	Title string
	// Action is where it goes, Path the page for uploads.
	Action, Path string
	Upload       bool
	Challenge    captcha.Challenge
	// Fault says what was wrong with the answer before, Field which part of the
	// form it concerns: "codice", "file" or none.
	Fault, Field string
	MaxMiB       int
	Minutes      int
}

func (f form) page() Page {
	p := Page{Title: f.Title}
	if f.Fault != "" {
		p.Errors = []FieldError{{ID: f.Field, Text: "La verifica non è stata eseguita. " + f.Fault}}
	}
	if !f.Upload {
		p.Trail = trail(f.Path)
	}
	return p
}

const (
	linkTitle   = "Verifica di un certificato elettorale"
	uploadTitle = "Verifica di un certificato elettorale stampato"
)

// The actions that the captcha is bound to: an answer for one certificate opens
// no other.
const uploadAction = "verify-upload"

func linkAction(code string) string { return "verify-link " + code }

// ask shows a form with a new challenge.
func (h *Handler) ask(w http.ResponseWriter, r *http.Request, status int, f form, action string) {
	var err error
	f.Challenge, err = h.cfg.Captcha.New(captcha.WithClient(r.Context(), h.cfg.Client(r)), action)
	if errors.Is(err, captcha.ErrBudget) {
		w.Header().Set("Retry-After", "60")
		h.show(w, r, http.StatusTooManyRequests, "notice", notice{Title: "Troppe verifiche da questa rete", Path: h.cfg.Path,
			Text: captcha.Message(err), Advice: "Il certificato non c'entra: la verifica è solo rimandata."})
		return
	}
	if err != nil {
		h.internal(w, r, "captcha", err)
		return
	}
	f.Path, f.MaxMiB = h.cfg.Path, maxUpload>>20
	f.Minutes = int(f.Challenge.Expires.Sub(h.cfg.Now()).Round(time.Minute).Minutes())
	h.show(w, r, status, "form", f)
}

func (h *Handler) askLink(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("code")
	if _, err := h.mark(code); err != nil {
		h.typedLink(w, r)
		return
	}
	h.ask(w, r, http.StatusOK, form{Title: linkTitle, Action: r.URL.EscapedPath()}, linkAction(code))
}

func (h *Handler) askUpload(w http.ResponseWriter, r *http.Request) {
	h.ask(w, r, http.StatusOK, form{Title: uploadTitle, Action: h.cfg.Path, Upload: true}, uploadAction)
}

// typedLink leads from an address as somebody typed it to that of the code.
func (h *Handler) typedLink(w http.ResponseWriter, r *http.Request) {
	mark, err := contrassegno.ParseTyped(r.PathValue("code"), h.cfg.BaseURL)
	if err != nil {
		h.malformed(w, r)
		return
	}
	http.Redirect(w, r, h.link(mark), http.StatusSeeOther)
}

// link is the path of a code on this site.
func (h *Handler) link(mark contrassegno.Mark) string {
	_, prefix, _ := strings.Cut(strings.TrimPrefix(h.cfg.BaseURL, "HTTPS://"), "/")
	if prefix != "" {
		prefix = "/" + prefix
	}
	return prefix + contrassegno.Path + mark.Code()
}

// typedCode leads from a code that was typed into the form to its page, which asks
// for the captcha.
func (h *Handler) typedCode(w http.ResponseWriter, r *http.Request) {
	f := form{Title: uploadTitle, Action: h.cfg.Path, Upload: true, Field: "stampato"}
	r.Body = http.MaxBytesReader(w, r.Body, maxField)
	if err := r.ParseForm(); err != nil {
		f.Fault = brokenForm
		h.ask(w, r, http.StatusBadRequest, f, uploadAction)
		return
	}
	mark, err := contrassegno.ParseTyped(r.PostForm.Get("stampato"), h.cfg.BaseURL)
	switch {
	case err != nil:
		f.Fault = "Il codice scritto non è intero, o ha un carattere sbagliato: sono 26 e poi 13 fra lettere e cifre da 2 " +
			"a 7, come stampati accanto al codice QR."
		h.ask(w, r, http.StatusUnprocessableEntity, f, uploadAction)
	case !h.ours(mark):
		h.elsewhere(w, r)
	default:
		http.Redirect(w, r, h.link(mark), http.StatusSeeOther)
	}
}

// malformed answers to an address that holds no contrassegno.
func (h *Handler) malformed(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusNotFound, "notice", notice{
		Title: "L'indirizzo non è completo", Path: h.cfg.Path,
		Text: "L'indirizzo aperto non contiene un codice intero: è stato copiato solo in parte, o con un errore.",
		Advice: "Inquadrare di nuovo il codice QR con la fotocamera, oppure copiare per intero l'indirizzo " +
			"stampato accanto a esso.",
	})
}

func (h *Handler) internal(w http.ResponseWriter, r *http.Request, what string, err error) {
	h.cfg.Logger.ErrorContext(r.Context(), "verification", "step", what, "error", err)
	h.show(w, r, http.StatusInternalServerError, "notice", notice{
		Title: "Il servizio non è disponibile", Severity: "danger", Path: h.cfg.Path,
		Text:   "La verifica non si è potuta eseguire per un errore del sistema: non dice nulla sul certificato.",
		Advice: "Riprovare fra qualche minuto.",
	})
}

// maxField bounds a field of a form other than the file, in bytes.
const maxField = 1024

func (h *Handler) confirmLink(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("code")
	mark, err := h.mark(code)
	if err != nil {
		h.malformed(w, r)
		return
	}
	f := form{Title: linkTitle, Action: r.URL.EscapedPath()}
	r.Body = http.MaxBytesReader(w, r.Body, 8*maxField)
	if err := r.ParseForm(); err != nil {
		f.Fault = "Il modulo non è arrivato per intero. Riprovare."
		h.ask(w, r, http.StatusBadRequest, f, linkAction(code))
		return
	}
	answer := captcha.Answer{ID: r.PostForm.Get("prova"), Text: r.PostForm.Get("codice"),
		Work: r.PostForm.Get("lavoro")}
	if !h.passed(w, r, f, linkAction(code), answer) {
		return
	}
	h.open(w, r, mark, upload{})
}

// passed checks the captcha; if the answer does not pass it shows the form
// again.
func (h *Handler) passed(w http.ResponseWriter, r *http.Request, f form, action string, a captcha.Answer) bool {
	err := h.cfg.Captcha.Check(r.Context(), action, a)
	status := http.StatusUnprocessableEntity
	switch {
	case err == nil:
		return true
	case errors.Is(err, captcha.ErrFull):
		status = http.StatusServiceUnavailable
	case errors.Is(err, captcha.ErrWrong), errors.Is(err, captcha.ErrExpired), errors.Is(err,
		captcha.ErrUsed), errors.Is(err, captcha.ErrForged), errors.Is(err, captcha.ErrWork):
		f.Field = "codice"
	default:
		h.internal(w, r, "captcha", err)
		return false
	}
	f.Fault = captcha.Message(err)
	if f.Upload {
		f.Fault += " Il file va scelto di nuovo."
		// A browser shows no answer before it has sent the whole file.
		_, _ = io.Copy(io.Discard, r.Body)
	}
	h.ask(w, r, status, f, action)
	return false
}

// An upload is a file with a contrassegno.
type upload struct{ data []byte }

func (u upload) isPDF() bool { return strings.HasPrefix(string(u.data[:min(len(u.data), 5)]), "%PDF-") }

func (h *Handler) confirmUpload(w http.ResponseWriter, r *http.Request) {
	f := form{Title: uploadTitle, Action: h.cfg.Path, Upload: true}
	broken := func(fault string, err error) {
		f.Fault, f.Field = fault, "file"
		status := http.StatusBadRequest
		if errors.Is(err, errTooLarge) && !errors.Is(err, errForm) {
			status = http.StatusRequestEntityTooLarge
		}
		h.ask(w, r, status, f, uploadAction)
	}
	pace(w, r)
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload+64<<10)
	parts, err := r.MultipartReader()
	if err != nil {
		broken(brokenForm, err)
		return
	}
	answer, part, fault, err := readAnswer(parts)
	if err != nil {
		broken(fault, err)
		return
	}
	// Before the file is read: there is room only for those who passed the captcha.
	if !h.passed(w, r, f, uploadAction, answer) {
		return
	}
	client := h.cfg.Client(r)
	back, ok := h.sending.take(client)
	if ok {
		defer back()
		select {
		case h.uploads <- struct{}{}:
			defer func() { <-h.uploads }()
		default:
			ok = false
		}
	}
	if !ok {
		_, _ = io.Copy(io.Discard, r.Body)
		h.busy(w, r, f)
		return
	}
	file, fault, err := readFile(parts, part)
	if err != nil {
		broken(fault, err)
		return
	}
	if len(file.data) == 0 {
		f.Fault, f.Field = "Manca il file con il codice QR. Sceglierlo e inserire il nuovo codice.", "file"
		h.ask(w, r, http.StatusUnprocessableEntity, f, uploadAction)
		return
	}
	mark, fault, err := h.read(r.Context(), client, file)
	switch {
	case errors.Is(err, errBusy):
		h.busy(w, r, f)
		return
	case err != nil:
		f.Fault, f.Field = fault, "file"
		h.ask(w, r, http.StatusUnprocessableEntity, f, uploadAction)
		return
	}
	if !h.ours(mark) {
		h.elsewhere(w, r)
		return
	}
	h.open(w, r, mark, file)
}

// busy asks to come back.
func (h *Handler) busy(w http.ResponseWriter, r *http.Request, f form) {
	w.Header().Set("Retry-After", "10")
	f.Fault = "Il servizio legge in questo momento troppi file. Riprovare fra qualche secondo."
	h.ask(w, r, http.StatusServiceUnavailable, f, uploadAction)
}

// elsewhere answers to a contrassegno that leads to another site.
func (h *Handler) elsewhere(w http.ResponseWriter, r *http.Request) {
	site := strings.ToLower(strings.TrimPrefix(h.cfg.BaseURL, "HTTPS://"))
	h.show(w, r, http.StatusUnprocessableEntity, "notice", notice{
		Title: "Il codice QR rinvia a un altro sito", Path: h.cfg.Path,
		Text: "Il codice QR è ben formato, ma il suo indirizzo non è quello di questo servizio (" + site +
			"), né uno che esso aveva prima. Di per sé non vuol dire che il documento sia falso: questo servizio non lo " +
			"può verificare.",
		Advice: "Se il documento è di un'altra amministrazione, verificarlo sul sito di questa, scrivendone l'indirizzo a " +
			"mano anziché aprire quello del codice. Se invece dovrebbe essere di questo servizio, non accettarlo per ora: " +
			"chi lo ha presentato può chiederne uno nuovo al proprio comune o sul sito di ANPR.",
	})
}

var (
	errTooLarge = errors.New("web: the file is too large")
	errBusy     = errors.New("web: too many pictures at once")
	errForm     = errors.New("web: the form is not as expected")
)

const brokenForm = "Il modulo non è arrivato per intero. Riprovare."

// readPart reads a part of the form without touching the disk. fault is for
// people.
func readPart(part *multipart.Part, limit int64) (data []byte, fault string, err error) {
	data, err = io.ReadAll(io.LimitReader(part, limit+1))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge || int64(len(data)) > limit {
		return nil, fmt.Sprintf("Il file supera i %d MiB. Ritagliare l'immagine attorno al codice QR, o usare una "+
			"risoluzione più bassa.", maxUpload>>20), errTooLarge
	}
	if err != nil {
		return nil, brokenForm, err
	}
	return data, "", nil
}

// readAnswer reads the form up to the file, whose part it returns: nil if there
// is none.
func readAnswer(parts *multipart.Reader) (a captcha.Answer, file *multipart.Part, fault string, err error) {
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return a, nil, "", nil
		}
		if err != nil {
			return a, nil, brokenForm, err
		}
		if part.FormName() == "file" {
			if a.ID == "" {
				return a, nil, brokenForm, fmt.Errorf("%w: the file comes before the captcha", errForm)
			}
			return a, part, "", nil
		}
		data, _, err := readPart(part, maxField)
		if err != nil {
			return a, nil, brokenForm, fmt.Errorf("%w: field %.20q: %w", errForm, part.FormName(), err)
		}
		switch part.FormName() {
		case "prova":
			a.ID = string(data)
		case "codice":
			a.Text = string(data)
		case "lavoro":
			a.Work = string(data)
		}
	}
}

// readFile reads the file and the end of the form.
func readFile(parts *multipart.Reader, part *multipart.Part) (file upload, fault string, err error) {
	if part == nil {
		return file, "", nil
	}
	if file.data, fault, err = readPart(part, maxUpload); err != nil {
		return upload{}, fault, err
	}
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return file, "", nil
		case err != nil:
			return upload{}, brokenForm, err
		case part.FormName() == "file":
			return upload{}, "È arrivato più di un file: sceglierne uno solo.", errForm
		}
	}
}

// read finds the contrassegno in an uploaded file, so many at a time. fault is
// for people.
func (h *Handler) read(
	ctx context.Context, client string, file upload,
) (mark contrassegno.Mark, fault string, err error) {
	wait, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	back, ok := h.reading.wait(wait, client)
	if !ok {
		return mark, "", errBusy
	}
	defer back()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-wait.Done():
		return mark, "", errBusy
	}
	bound, stop := context.WithTimeout(ctx, 15*time.Second)
	defer stop()
	mark, err = h.cfg.Verifier.FindContrassegno(bound, file.data)
	if err != nil {
		fault = h.readFault(err)
	}
	return mark, fault, err
}

// readFault says to people why nothing was read.
func (h *Handler) readFault(err error) string {
	if e, ok := errors.AsType[*verify.FindError](err); ok {
		return e.Message + " Il codice di controllo va inserito di nuovo."
	}
	return "Il file non si può leggere. Usare una fotografia o una scansione in formato PNG, JPEG o PDF."
}
