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
	// Typed is the printed code as it was typed.
	Typed string
	// Summary is Fault above the form; ItalianFault says that Fault is in Italian only.
	Summary      string
	ItalianFault bool
	MaxMiB       int
	Minutes      int
}

func (f form) page(up string) Page {
	p := Page{Title: f.Title}
	if f.Fault != "" {
		p.Errors = []FieldError{{ID: f.Field, Text: f.Summary}}
	}
	if !f.Upload {
		p.Trail = trail(f.Path, up)
	}
	return p
}

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
		n := h.notice(r, "budget")
		h.show(w, r, http.StatusTooManyRequests, "notice", n)
		return
	}
	if err != nil {
		h.internal(w, r, "captcha", err)
		return
	}
	f.Path, f.MaxMiB = h.cfg.Path, maxUpload>>20
	f.Minutes = int(f.Challenge.Expires.Sub(h.cfg.Now()).Round(time.Minute).Minutes())
	f.Title = h.say(r, "link.title")
	if f.Upload {
		f.Title = h.say(r, "upload.title")
	}
	if f.Fault != "" {
		f.Summary = h.say(r, "form.notdone", "fault", f.Fault)
	}
	h.show(w, r, status, "form", f)
}

func (h *Handler) askLink(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("code")
	if _, err := h.mark(code); err != nil {
		h.typedLink(w, r)
		return
	}
	h.ask(w, r, http.StatusOK, form{Action: r.URL.EscapedPath()}, linkAction(code))
}

func (h *Handler) askUpload(w http.ResponseWriter, r *http.Request) {
	h.ask(w, r, http.StatusOK, form{Action: h.cfg.Path, Upload: true}, uploadAction)
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
	f := form{Action: h.cfg.Path, Upload: true, Field: "stampato"}
	r.Body = http.MaxBytesReader(w, r.Body, maxField)
	if err := r.ParseForm(); err != nil {
		f.Fault = h.say(r, "form.broken")
		h.ask(w, r, http.StatusBadRequest, f, uploadAction)
		return
	}
	f.Typed = r.PostForm.Get("stampato")
	mark, err := contrassegno.ParseTyped(f.Typed, h.cfg.BaseURL)
	switch {
	case err != nil:
		f.Fault = h.say(r, "typed.wrong")
		h.ask(w, r, http.StatusUnprocessableEntity, f, uploadAction)
	case !h.ours(mark):
		h.elsewhere(w, r)
	default:
		http.Redirect(w, r, h.link(mark), http.StatusSeeOther)
	}
}

// malformed answers to an address that holds no contrassegno.
func (h *Handler) malformed(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusNotFound, "notice", h.notice(r, "malformed"))
}

func (h *Handler) internal(w http.ResponseWriter, r *http.Request, what string, err error) {
	h.cfg.Logger.ErrorContext(r.Context(), "verification", "step", what, "error", err)
	h.show(w, r, http.StatusInternalServerError, "notice", h.notice(r, "internal").danger())
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
	f := form{Action: r.URL.EscapedPath()}
	r.Body = http.MaxBytesReader(w, r.Body, 8*maxField)
	if err := r.ParseForm(); err != nil {
		f.Fault = h.say(r, "form.broken")
		h.ask(w, r, http.StatusBadRequest, f, linkAction(code))
		return
	}
	answer := captcha.Answer{ID: r.PostForm.Get("prova"), Text: r.PostForm.Get("codice"),
		Work: r.PostForm.Get("lavoro")}
	if !h.passed(w, r, f, linkAction(code), answer) {
		return
	}
	leave, err := h.links.Enter(r.Context(), h.cfg.Client(r))
	if err != nil {
		h.busyWith(w, r, f, linkAction(code))
		return
	}
	defer leave()
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
	f.Fault = h.say(r, captchaKey(err))
	if f.Upload {
		f.Fault += " " + h.say(r, "file.again")
		// A browser shows no answer before it has sent the whole file.
		_, _ = io.Copy(io.Discard, r.Body)
	}
	h.ask(w, r, status, f, action)
	return false
}

// sayFault says what is wrong with a form, by its key.
func (h *Handler) sayFault(r *http.Request, key string) string {
	if key == largeFile {
		return h.say(r, largeFile, "max", maxUpload>>20)
	}
	return h.say(r, key)
}

// captchaKey is the key of what a person is told of an answer that does not pass.
func captchaKey(err error) string {
	for key, is := range map[string]error{"captcha.wrong": captcha.ErrWrong, "captcha.expired": captcha.ErrExpired,
		"captcha.used": captcha.ErrUsed, "captcha.forged": captcha.ErrForged, "captcha.work": captcha.ErrWork} {
		if errors.Is(err, is) {
			return key
		}
	}
	return "captcha.full"
}

// An upload is a file with a contrassegno.
type upload struct{ data []byte }

func (u upload) isPDF() bool { return strings.HasPrefix(string(u.data[:min(len(u.data), 5)]), "%PDF-") }

func (h *Handler) confirmUpload(w http.ResponseWriter, r *http.Request) {
	f := form{Action: h.cfg.Path, Upload: true}
	broken := func(fault string, err error) {
		f.Fault, f.Field = h.sayFault(r, fault), "file"
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
	sent, err := h.sending.Enter(r.Context(), client)
	if err != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		h.busy(w, r, f)
		return
	}
	defer sent()
	file, fault, err := readFile(parts, part)
	if err != nil {
		broken(fault, err)
		return
	}
	if len(file.data) == 0 {
		f.Fault, f.Field = h.say(r, "file.missing"), "file"
		h.ask(w, r, http.StatusUnprocessableEntity, f, uploadAction)
		return
	}
	leave, err := h.reading.Enter(r.Context(), client)
	if err != nil {
		h.busy(w, r, f)
		return
	}
	defer leave()
	mark, fault, err := h.read(r.Context(), file)
	if err != nil {
		f.Fault, f.Field, f.ItalianFault = fault, "file", true
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
	h.busyWith(w, r, f, uploadAction)
}

func (h *Handler) busyWith(w http.ResponseWriter, r *http.Request, f form, action string) {
	w.Header().Set("Retry-After", "10")
	f.Fault = h.say(r, "form.busy")
	h.ask(w, r, http.StatusServiceUnavailable, f, action)
}

// elsewhere answers to a contrassegno that leads to another site.
func (h *Handler) elsewhere(w http.ResponseWriter, r *http.Request) {
	site := strings.ToLower(strings.TrimPrefix(h.cfg.BaseURL, "HTTPS://"))
	h.show(w, r, http.StatusUnprocessableEntity, "notice", h.notice(r, "elsewhere", "site", site))
}

var (
	errTooLarge = errors.New("web: the file is too large")
	errForm     = errors.New("web: the form is not as expected")
)

// The keys of what can be wrong with a form.
const (
	brokenForm = "form.broken"
	largeFile  = "file.large"
	manyFiles  = "file.many"
)

// readPart reads a part of the form without touching the disk. fault is the key of what
// people are told.
func readPart(part *multipart.Part, limit int64) (data []byte, fault string, err error) {
	data, err = io.ReadAll(io.LimitReader(part, limit+1))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge || int64(len(data)) > limit {
		return nil, largeFile, errTooLarge
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
			return upload{}, manyFiles, errForm
		}
	}
}

// read finds the contrassegno in an uploaded file. fault is for people.
func (h *Handler) read(ctx context.Context, file upload) (mark contrassegno.Mark, fault string, err error) {
	bound, stop := context.WithTimeout(ctx, readMost)
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
