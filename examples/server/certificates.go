package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/delivery"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/limits/rates"
	"github.com/liste-elettorali/anpr/transport/session"
	"github.com/liste-elettorali/anpr/verify/web"
)

// maxPerDay bounds the certificates of a kind that a person is issued in a day.
const maxPerDay = 5

// certificatesRate is the class in which the certificates of a person are counted.
const certificatesRate rates.Class = "certificates"

// A blocked is a kind of certificate that cannot be issued now.
type blocked struct {
	Title   string
	Reasons []reason
}

type certificatesPage struct {
	Blocked             []blocked
	Kinds, Uses         []option
	Languages           []option
	Kind, Use, Language string
	KindError, UseError string
	Mine                []mine
	errors              []web.FieldError
}

// A mine is one of the citizen's certificates.
type mine struct {
	ID, Title, IssuedAt, Expires string
	kind                         certificate.Kind
	today                        bool
}

func (st *site) certificates(w http.ResponseWriter, r *http.Request, v *visitor) {
	typed := st.typedBefore(r, v)
	page := certificatesPage{Kind: typed["tipo"], Use: typed["uso"], Language: typed["lingua"]}
	st.showCertificates(w, r, v, http.StatusOK, page, len(typed) > 0)
}

func (st *site) showCertificates(
	w http.ResponseWriter, r *http.Request, v *visitor, status int, page certificatesPage, again bool,
) {
	titles := certificate.Italian().Titles
	offer, err := st.issuer.Offer(r.Context(), v.request(), v.Person)
	if err != nil {
		st.answer(w, r, st.say(r, "cert.failed"), "offer", err)
		return
	}
	page.Mine, page.Languages = st.mine(offer.Kept), st.languages(r, offer.Languages)
	for _, e := range offer.Kinds {
		if len(e.Reasons) > 0 {
			page.Blocked = append(page.Blocked, blocked{titles[e.Kind], certificateReasons(e.Reasons)})
			continue
		}
		key := "kind." + strings.ReplaceAll(string(e.Kind), "-", "")
		page.Kinds = append(page.Kinds, option{Value: string(e.Kind), Label: st.say(r, key)})
	}
	for _, u := range []certificate.Use{certificate.ElectoralUse, certificate.PrivateUse} {
		page.Uses = append(page.Uses, option{string(u), st.say(r, "use."+string(u)), st.say(r, "use."+string(u)+".help")})
	}
	if page.Use == "" && page.UseError == "" {
		page.Use = string(certificate.ElectoralUse)
	}
	if page.Kind == "" && page.KindError == "" && len(page.Kinds) > 0 {
		page.Kind = page.Kinds[0].Value
	}
	if page.Language == "" && len(page.Languages) > 0 {
		page.Language = page.Languages[0].Value
	}
	p := st.inArea(r, "cert.title")
	p.Errors = page.errors
	if again {
		p.Flash = web.Flash{Kind: "info", Text: st.say(r, "session.restored")}
	}
	st.frame.Show(w, r, status, "certificates", p, page)
}

// languages returns the languages that the citizen may choose from; none if
// there is only one.
func (st *site) languages(r *http.Request, offered []string) (out []option) {
	for _, code := range offered {
		if slices.Contains([]string{"de", "fr", "sl"}, code) {
			out = append(out, option{Value: code, Label: st.say(r, "language."+code)})
		}
	}
	if out != nil {
		out = append(out, option{Value: "it", Label: st.say(r, "language.it")})
	}
	return out
}

func (st *site) mine(list []certificate.Archived) (out []mine) {
	texts := certificate.Italian()
	for _, a := range list {
		out = append(out, mine{
			ID: a.ID, Title: texts.Titles[a.Kind], IssuedAt: st.instant(a.IssuedAt), kind: a.Kind,
			Expires: dayOf(a.Expires.AddDate(0, 0, -1), st.rome), today: dayOf(a.IssuedAt, st.rome) == dayOf(st.now(), st.rome),
		})
	}
	return out
}

// issuedToday counts a person's certificates of a kind of today.
func issuedToday(list []mine, kind certificate.Kind) (n int) {
	for _, m := range list {
		if m.kind == kind && m.today {
			n++
		}
	}
	return n
}

// preview makes the preview that the citizen may confirm. If he has a valid certificate
// of the same kind already, that one is offered first.
func (st *site) preview(w http.ResponseWriter, r *http.Request, v *visitor) {
	if !st.parseForm(w, r) {
		return
	}
	req := certificate.Request{
		Request: v.request(), ANPRID: v.Person, Kind: certificate.Kind(r.PostForm.Get("tipo")),
		Use:      certificate.Use(r.PostForm.Get("uso")),
		Language: r.PostForm.Get("lingua"),
	}
	if page, ok := st.wrongChoice(r, req); !ok {
		st.showCertificates(w, r, v, http.StatusUnprocessableEntity, page, false)
		return
	}
	leave, ok := st.enter(w, r, v)
	if !ok {
		return
	}
	out, err := st.issuer.Preview(r.Context(), req)
	leave()
	if err != nil {
		st.answer(w, r, st.say(r, "preview.failed"), "preview", err)
		return
	}
	list := st.mine(out.Kept)
	if issuedToday(list, req.Kind) >= maxPerDay {
		st.tooMany(w, r)
		return
	}
	i := slices.IndexFunc(list, func(m mine) bool { return m.kind == req.Kind })
	if i >= 0 && r.PostForm.Get("nuovo") == "" {
		st.frame.Show(w, r, http.StatusOK, "again", st.inArea(r, "again.title", st.inCertificates(r)), struct {
			ID, Expires, Kind, Use, Language string
		}{list[i].ID, list[i].Expires, string(req.Kind), string(req.Use), req.Language})
		return
	}
	// The issue has an id of its own: a second «Conferma» gives the same
	// document.
	req.ID, req.Previewed = newRequestID(), out.Shown
	id, err := st.keepPreview(r.Context(), v, req, out, issuedToday(list, req.Kind))
	if err != nil {
		st.unavailable(w, r, "preview", err)
		return
	}
	http.Redirect(w, r, "/area/anteprima/"+id, http.StatusSeeOther)
}

// enter admits a visitor to costly work, or answers that the service is at its limit.
func (st *site) enter(w http.ResponseWriter, r *http.Request, v *visitor) (leave func(), ok bool) {
	leave, err := st.gate.Enter(r.Context(), v.Person)
	switch {
	case err == nil:
		return leave, true
	case r.Context().Err() != nil:
		st.failed(w, r, "waiting", err)
	default:
		w.Header().Set("Retry-After", "5")
		st.notice(w, r, http.StatusServiceUnavailable, "busy")
	}
	return nil, false
}

func (st *site) inCertificates(r *http.Request) web.Link {
	return web.Link{URL: "/area/certificati", Text: st.say(r, "cert.title")}
}

// wrongChoice says what is missing in the form; what the rules refuse, the issuer does.
func (st *site) wrongChoice(r *http.Request, req certificate.Request) (page certificatesPage, ok bool) {
	page = certificatesPage{Kind: string(req.Kind), Use: string(req.Use), Language: req.Language}
	if req.Kind == "" {
		page.KindError = st.say(r, "cert.kind.missing")
		page.errors = append(page.errors, web.FieldError{ID: "tipo", Text: page.KindError})
	}
	if req.Use == "" {
		page.UseError = st.say(r, "cert.use.missing")
		page.errors = append(page.errors, web.FieldError{ID: "uso", Text: page.UseError})
	}
	return page, len(page.errors) == 0
}

func (st *site) tooMany(w http.ResponseWriter, r *http.Request) {
	st.frame.Show(w, r, http.StatusTooManyRequests, "notice", st.inArea(r, "cert.many.title"), message{
		Text: st.say(r, "cert.many.text", "count", maxPerDay), Next: st.inCertificates(r)})
}

// keepPreview keeps a preview with the session, so that any node of the service has it.
func (st *site) keepPreview(ctx context.Context, v *visitor, req certificate.Request, out certificate.Preview,
	issued int,
) (string, error) {
	asked, err := json.Marshal(req)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(pending{asked, out.PDF, out.Sentence, issued})
	if err != nil {
		return "", err
	}
	return st.sessions.Keep(ctx, v.Session, data, previewLife)
}

// waiting returns a preview of the session, or answers that it has expired.
func (st *site) waiting(w http.ResponseWriter, r *http.Request, v *visitor, id string) (
	req certificate.Request, p pending, ok bool,
) {
	data, err := st.sessions.Kept(r.Context(), v.Session, id)
	if err == nil {
		if err = json.Unmarshal(data, &p); err == nil {
			err = json.Unmarshal(p.Request, &req)
		}
	}
	switch {
	case err == nil:
		return req, p, true
	case errors.Is(err, session.ErrNotKept):
		st.frame.Show(w, r, http.StatusGone, "notice", st.inArea(r, "preview.gone"),
			message{Text: st.say(r, "preview.gone.text"), Next: st.inCertificates(r)})
	default:
		st.unavailable(w, r, "preview", err)
	}
	return req, p, false
}

func (st *site) previewPage(w http.ResponseWriter, r *http.Request, v *visitor) {
	if _, p, ok := st.waiting(w, r, v, r.PathValue("id")); ok {
		st.frame.Show(w, r, http.StatusOK, "preview", st.inArea(r, "preview.title", st.inCertificates(r)),
			struct{ ID, Sentence string }{r.PathValue("id"), p.Sentence})
	}
}

func (st *site) previewPDF(w http.ResponseWriter, r *http.Request, v *visitor) {
	if _, p, ok := st.waiting(w, r, v, r.PathValue("id")); ok {
		writePDF(w, "inline", "anteprima.pdf", p.PDF)
	}
}

// writePDF sends a PDF that only a page of the same site may embed.
func writePDF(w http.ResponseWriter, as, name string, data []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", as+`; filename="`+name+`"`)
	h.Set("Content-Security-Policy", "frame-ancestors 'self'")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data)
}

func (st *site) issue(w http.ResponseWriter, r *http.Request, v *visitor) {
	if !st.parseForm(w, r) {
		return
	}
	req, p, ok := st.waiting(w, r, v, r.PostForm.Get("anteprima"))
	if !ok || !st.mayIssue(w, r, v, req.Kind, p.Issued) {
		return
	}
	leave, ok := st.enter(w, r, v)
	if !ok {
		return
	}
	out, err := st.issuer.Issue(r.Context(), req)
	leave()
	if err != nil {
		st.answer(w, r, st.say(r, "issue.failed"), "issue", err)
		return
	}
	id, _, _ := strings.Cut(out.Contrassegno.Code(), "-")
	http.Redirect(w, r, "/area/certificati/"+id+"?rilasciato", http.StatusSeeOther)
}

// mayIssue reports whether a person may be issued another certificate of a kind today, or
// answers that he may not. issued is how many he had when the preview was made: without
// one, only the number of all his requests of a day is looked at.
func (st *site) mayIssue(w http.ResponseWriter, r *http.Request, v *visitor, kind certificate.Kind, issued int) bool {
	if _, ok := st.issues.Allow(certificatesRate, v.Person); !ok {
		st.tooMany(w, r)
		return false
	}
	if issued == 0 {
		return true
	}
	kept, err := st.issuer.Mine(r.Context(), v.request())
	if err != nil {
		st.answer(w, r, st.say(r, "cert.failed"), "mine", err)
		return false
	}
	if issuedToday(st.mine(kept), kind) >= maxPerDay {
		st.tooMany(w, r)
		return false
	}
	return true
}

// A certificatePage is that of one certificate, and how it can be sent.
type certificatePage struct {
	mine
	Channels                   []option
	Channel, Address           string
	ChannelError, AddressError string
	errors                     []web.FieldError
	restored                   bool
}

func (st *site) certificate(w http.ResponseWriter, r *http.Request, v *visitor) {
	typed := st.typedBefore(r, v)
	st.showCertificate(w, r, v, http.StatusOK, certificatePage{Channel: typed["canale"], Address: typed["indirizzo"],
		restored: len(typed) > 0})
}

func (st *site) showCertificate(w http.ResponseWriter, r *http.Request, v *visitor, status int, page certificatePage) {
	list, err := st.issuer.Mine(r.Context(), v.request())
	if err != nil {
		st.answer(w, r, st.say(r, "cert.gone"), "certificate", err)
		return
	}
	all := st.mine(list)
	i := slices.IndexFunc(all, func(m mine) bool { return m.ID == r.PathValue("id") })
	if i < 0 {
		st.frame.Show(w, r, http.StatusNotFound, "notice", st.inArea(r, "cert.gone", st.inCertificates(r)), message{
			Text: st.say(r, "cert.gone.text"), Next: st.inCertificates(r)})
		return
	}
	page.mine = all[i]
	for _, c := range []delivery.Channel{delivery.Email, delivery.DigitalDomicile, delivery.AppIO} {
		key := "channel." + strings.ReplaceAll(string(c), "-", "")
		page.Channels = append(page.Channels, option{string(c), st.say(r, key), st.say(r, key+".help")})
	}
	p := st.inArea(r, "cert.one", st.inCertificates(r))
	p.Errors = page.errors
	switch q := r.URL.Query(); {
	case q.Has("rilasciato"):
		p.Flash = web.Flash{Kind: "success", Text: st.say(r, "cert.ready")}
	case q.Has("inviato"):
		p.Flash = web.Flash{Kind: "success", Text: st.say(r, "deliver.done")}
	case page.restored:
		p.Flash = web.Flash{Kind: "info", Text: st.say(r, "session.restored")}
	}
	st.frame.Show(w, r, status, "certificate", p, page)
}

// deliver takes the order to send a certificate on the channel that the citizen chooses
// (annex 2, services for the citizens 3).
func (st *site) deliver(w http.ResponseWriter, r *http.Request, v *visitor) {
	if !st.parseForm(w, r) {
		return
	}
	page := certificatePage{Channel: r.PostForm.Get("canale"), Address: strings.TrimSpace(r.PostForm.Get("indirizzo"))}
	channel := delivery.Channel(page.Channel)
	if !slices.Contains([]delivery.Channel{delivery.Email, delivery.DigitalDomicile, delivery.AppIO}, channel) {
		page.ChannelError = st.say(r, "deliver.channel.missing")
		page.errors = append(page.errors, web.FieldError{ID: "canale", Text: page.ChannelError})
	}
	if channel == delivery.Email && !isAddress(page.Address) {
		page.AddressError = st.say(r, "deliver.address.wrong")
		page.errors = append(page.errors, web.FieldError{ID: "indirizzo", Text: page.AddressError})
	}
	if len(page.errors) > 0 {
		st.showCertificate(w, r, v, http.StatusUnprocessableEntity, page)
		return
	}
	id := r.PathValue("id")
	list, err := st.issuer.Mine(r.Context(), v.request())
	if err != nil {
		st.answer(w, r, st.say(r, "deliver.failed"), "deliver", err)
		return
	}
	if !slices.ContainsFunc(list, func(a certificate.Archived) bool { return a.ID == id }) {
		st.showCertificate(w, r, v, http.StatusNotFound, page) // says that it is not there
		return
	}
	began, message := st.now().Truncate(time.Millisecond), delivery.Message{}
	err = st.record(r.Context(), v, electoral.OpDeliver, func() error {
		var err error
		message, err = st.courier.Enqueue(r.Context(), delivery.Order{Certificate: id, Channel: channel,
			FiscalCode: string(v.Actor.FiscalCode), Email: page.Address})
		return err
	})
	if err != nil {
		st.answer(w, r, st.say(r, "deliver.failed"), "deliver", err)
		return
	}
	if message.Created.Before(began) { // one message for each channel
		page.AddressError = st.say(r, "deliver.already", "at", st.instant(message.Created))
		page.errors = append(page.errors, web.FieldError{ID: "canale", Text: page.AddressError})
		st.showCertificate(w, r, v, http.StatusConflict, page)
		return
	}
	http.Redirect(w, r, "/area/certificati/"+id+"?inviato", http.StatusSeeOther)
}

func (st *site) download(w http.ResponseWriter, r *http.Request, v *visitor) {
	out, err := st.issuer.Download(r.Context(), v.request(), r.PathValue("id"))
	if err != nil {
		st.answer(w, r, st.say(r, "cert.gone"), "download", err)
		return
	}
	writePDF(w, "attachment", "certificato-"+out.Data.Protocol+".pdf", out.PDF)
}
