package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/electoral"
)

func newRequestID() string { return "portale-" + rand.Text() }

// ownRequestID matches what newRequestID returns; a form may send it back.
var ownRequestID = regexp.MustCompile(`^portale-[A-Z2-7]{26}$`)

func (n *session) request() electoral.Request {
	return electoral.Request{ID: newRequestID(), Actor: n.actor}
}

// A reason says to the citizen why something was refused and what he can do. Code
// and Source are for whoever helps him.
type reason struct{ Code, Message, Source string }

func reasonsOf(err error) (out []reason) {
	if refusal, ok := errors.AsType[*certificate.Refusal](err); ok {
		return certificateReasons(refusal.Reasons)
	}
	if faults, ok := errors.AsType[electoral.Faults](err); ok {
		for _, f := range faults.Errors() {
			out = append(out, reason{Code: string(f.Code), Message: f.Citizen(), Source: f.Source})
		}
	}
	return out
}

func certificateReasons(list []certificate.Reason) (out []reason) {
	for _, r := range list {
		out = append(out, reason{Code: string(r.Code), Message: r.Citizen(), Source: r.Source})
	}
	return out
}

// refused answers with the reasons of a refusal.
func (st *site) refused(w http.ResponseWriter, r *http.Request, title string, err error) {
	st.show(w, r, http.StatusForbidden, "notice", title,
		message{Text: "La richiesta non è stata accolta, per questi motivi:", Reasons: reasonsOf(err), Back: "/"})
}

// failed answers an error that is not a refusal. The page shows a number to
// quote; the text of the error goes to the log only.
func (st *site) failed(w http.ResponseWriter, r *http.Request, step string, err error) {
	code := "ERR-" + rand.Text()[:8]
	st.logger.ErrorContext(r.Context(), "failed", "step", step, "code", code, "error", err)
	st.show(w, r, http.StatusInternalServerError, "notice", "L'operazione non è riuscita", message{
		Text: "Il sistema non ha potuto completare la richiesta. Nulla è andato perduto: " +
			"si può ripetere fra qualche minuto.",
		Code: code, Back: "/area",
	})
}

// answer calls refused or failed, depending on the error.
func (st *site) answer(w http.ResponseWriter, r *http.Request, title, step string, err error) {
	if reasonsOf(err) != nil && !errors.Is(err, electoral.ErrNotRecorded) {
		st.refused(w, r, title, err)
		return
	}
	st.failed(w, r, step, err)
}

func (st *site) area(w http.ResponseWriter, r *http.Request, n *session) {
	st.show(w, r, http.StatusOK, "area", "Area riservata", n.name)
}

// An annexPoint is a point of annex 1 with its fields.
type annexPoint struct {
	Title  string
	Fields []electoral.AnnexField
}

func (st *site) data(w http.ResponseWriter, r *http.Request, n *session) {
	record, err := st.registry.PersonalRecord(r.Context(), n.request())
	if err != nil {
		st.answer(w, r, "I dati elettorali non sono disponibili", "data", err)
		return
	}
	points := []annexPoint{
		{Title: "1. Godimento dell'elettorato attivo"}, {Title: "2. Lista generale ordinaria"},
		{Title: "3. Liste aggiunte regionali e comunali"},
		{Title: "4. Liste aggiunte per i cittadini dell'Unione europea"},
		{Title: "5. Consultazioni per le quali si è elettori"},
	}
	for _, f := range record.Annex1.Plain() {
		points[f.Point-1].Fields = append(points[f.Point-1].Fields, f)
	}
	st.show(w, r, http.StatusOK, "data", "I miei dati elettorali", points)
}

// A choice is a kind of certificate, and whether it can be issued.
type choice struct {
	Kind, Title string
	Reasons     []reason
}

type language struct{ Code, Name string }

type certificatesPage struct {
	Choices   []choice
	Any       bool
	Languages []language
	Mine      []mine
}

// A mine is one of the citizen's certificates.
type mine struct {
	ID, Title, IssuedAt, Expires string
}

var languageNames = map[string]string{"de": "tedesco", "fr": "francese", "sl": "sloveno"}

func (st *site) certificates(w http.ResponseWriter, r *http.Request, n *session) {
	texts := certificate.Italian()
	offer, err := st.issuer.Offer(r.Context(), n.request(), n.person)
	if err != nil {
		st.answer(w, r, "I certificati non sono disponibili", "offer", err)
		return
	}
	page := certificatesPage{Languages: languages(offer.Languages), Mine: st.mine(offer.Kept)}
	for _, e := range offer.Kinds {
		page.Choices = append(page.Choices, choice{string(e.Kind), texts.Titles[e.Kind], certificateReasons(e.Reasons)})
		page.Any = page.Any || len(e.Reasons) == 0
	}
	st.show(w, r, http.StatusOK, "certificates", "Certificati elettorali", page)
}

// languages returns the languages that the citizen may choose from; none if
// there is only one.
func languages(offered []string) (out []language) {
	for _, code := range offered {
		if name := languageNames[code]; name != "" {
			out = append(out, language{code, "italiano e " + name})
		}
	}
	if out != nil {
		out = append(out, language{"it", "solo italiano"})
	}
	return out
}

func (st *site) mine(list []certificate.Archived) (out []mine) {
	texts := certificate.Italian()
	for _, a := range list {
		out = append(out, mine{
			ID: a.ID, Title: texts.Titles[a.Kind], IssuedAt: st.instant(a.IssuedAt),
			Expires: a.Expires.In(st.rome).AddDate(0, 0, -1).Format("02/01/2006"),
		})
	}
	return out
}

// preview makes the preview that the citizen may confirm.
func (st *site) preview(w http.ResponseWriter, r *http.Request, n *session) {
	if !parseForm(w, r) {
		st.notice(w, r, http.StatusBadRequest, "Modulo non valido", "Il modulo non è arrivato per intero. Riprovare.")
		return
	}
	req := certificate.Request{
		Request: n.request(), ANPRID: n.person, Kind: certificate.Kind(r.PostForm.Get("tipo")),
		Use:      certificate.Use(r.PostForm.Get("uso")),
		Language: r.PostForm.Get("lingua"),
	}
	out, err := st.issuer.Preview(r.Context(), req)
	if err != nil {
		st.answer(w, r, "Il certificato non si può rilasciare", "preview", err)
		return
	}
	// The issue has an id of its own: a second «Conferma» gives the same
	// document.
	req.ID, req.Previewed = newRequestID(), out.Shown
	id := st.sessions.keep(n, pending{req, out.PDF, out.Sentence})
	http.Redirect(w, r, "/area/anteprima/"+id, http.StatusSeeOther)
}

type previewData struct{ ID, Sentence string }

// waiting returns a preview of the session, or answers that it has expired.
func (st *site) waiting(w http.ResponseWriter, r *http.Request, n *session, id string) (pending, bool) {
	p, ok := st.sessions.waiting(n, id)
	if !ok {
		st.show(w, r, http.StatusGone, "notice", "L'anteprima è scaduta",
			message{Text: "L'anteprima non è più disponibile. Si può chiederne un'altra.", Back: "/area/certificati"})
	}
	return p, ok
}

func (st *site) previewPage(w http.ResponseWriter, r *http.Request, n *session) {
	if p, ok := st.waiting(w, r, n, r.PathValue("id")); ok {
		st.show(w, r, http.StatusOK, "preview", "Anteprima del certificato", previewData{r.PathValue("id"), p.sentence})
	}
}

func (st *site) previewPDF(w http.ResponseWriter, r *http.Request, n *session) {
	if p, ok := st.waiting(w, r, n, r.PathValue("id")); ok {
		writePDF(w, "anteprima.pdf", p.pdf)
	}
}

// writePDF sends a PDF that only a page of the same site may embed.
func writePDF(w http.ResponseWriter, name string, data []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `inline; filename="`+name+`"`)
	h.Set("Content-Security-Policy", "frame-ancestors 'self'")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)
}

func (st *site) issue(w http.ResponseWriter, r *http.Request, n *session) {
	if !parseForm(w, r) {
		st.notice(w, r, http.StatusBadRequest, "Modulo non valido", "Il modulo non è arrivato per intero. Riprovare.")
		return
	}
	p, ok := st.waiting(w, r, n, r.PostForm.Get("anteprima"))
	if !ok {
		return
	}
	out, err := st.issuer.Issue(r.Context(), p.request)
	if err != nil {
		st.answer(w, r, "Il certificato non è stato rilasciato", "issue", err)
		return
	}
	id, _, _ := strings.Cut(out.Contrassegno.Code(), "-")
	http.Redirect(w, r, "/area/certificati/"+id, http.StatusSeeOther)
}

func (st *site) certificate(w http.ResponseWriter, r *http.Request, n *session) {
	list, err := st.issuer.Mine(r.Context(), n.request())
	if err != nil {
		st.answer(w, r, "Il certificato non è disponibile", "certificate", err)
		return
	}
	for _, m := range st.mine(list) {
		if m.ID == r.PathValue("id") {
			st.show(w, r, http.StatusOK, "certificate", "Il certificato è pronto", m)
			return
		}
	}
	st.show(w, r, http.StatusNotFound, "notice", "Il certificato non è disponibile", message{
		Text: "Non c'è un certificato in corso di validità con questo indirizzo tra quelli della persona " +
			"che ha effettuato l'accesso.",
		Back: "/area/certificati",
	})
}

func (st *site) download(w http.ResponseWriter, r *http.Request, n *session) {
	out, err := st.issuer.Download(r.Context(), n.request(), r.PathValue("id"))
	if err != nil {
		st.answer(w, r, "Il certificato non è disponibile", "download", err)
		return
	}
	writePDF(w, "certificato-"+out.Data.Protocol+".pdf", out.PDF)
}

func dateOf(t time.Time) electoral.Date {
	return electoral.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}
