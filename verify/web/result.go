package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/verify"
)

// A result is the page of an original that was found.
type result struct {
	Title string
	Valid bool
	Path  string
	// Original leads to the document; empty if its seal is not valid.
	Original string
	Minutes  int
	// Compare is what must stand on the copy in the same words.
	Compare []row
	// Checks are those of the contrassegno and of the sealed document.
	Contrassegno, Document []verify.Check
	Signer                 string
	Level                  verify.Level
	SealedAt               string
	// Uploaded is what an uploaded PDF is beside the original: empty if none
	// was, "same" or "other".
	Uploaded string
	Trial    bool
}

// A row is a datum of the copy; Lang is the language of its value where that is
// not Italian.
type row struct{ Name, Value, Lang string }

func (r result) page(up string) Page { return Page{Title: r.Title, Trail: trail(r.Path, up)} }

// open shows the original to which a contrassegno leads, beside what to compare.
func (h *Handler) open(w http.ResponseWriter, r *http.Request, mark contrassegno.Mark, file upload) {
	id := newID()
	issued, err := h.cfg.Originals.Original(r.Context(), id, mark)
	switch {
	case errors.Is(err, contrassegno.ErrInvalid):
		h.forged(w, r)
		return
	case errors.Is(err, certificate.ErrNotArchived):
		h.gone(w, r)
		return
	case err != nil:
		h.internal(w, r, "original", err)
		return
	}
	pair, report := h.judge(r, mark, issued)
	out := result{
		Title: h.say(r, "result.title"), Path: h.cfg.Path, Valid: pair.Valid && report.Valid,
		Contrassegno: pair.Checks, Document: report.Checks, Signer: report.Signer, Level: report.Level,
		Compare: h.compare(issued), Minutes: int(ticketLife.Minutes()),
	}
	_, out.Trial = about(issued)
	if !report.Time.IsZero() {
		out.SealedAt = h.instant(report.Time)
	}
	if !out.Valid {
		// Nothing is shown that the seal does not vouch for.
		h.unconfirmed(w, r, pair, report)
		return
	}
	if file.isPDF() {
		out.Uploaded = "other"
		if string(file.data) == string(issued.PDF) {
			out.Uploaded = "same"
		}
	}
	out.Original = h.cfg.Path + "/originale/" + h.newTicket(id, mark)
	h.show(w, r, http.StatusOK, "result", out)
}

// judge judges an original, alone and as that to which a contrassegno leads.
func (h *Handler) judge(r *http.Request, mark contrassegno.Mark, issued certificate.Issued) (pair,
	report verify.Report) {
	now := h.cfg.Now()
	documents := []verify.Document{{Name: "originale", Data: issued.PDF}}
	return h.cfg.Verifier.Contrassegno(r.Context(), mark, documents, now), h.cfg.Verifier.PDF(r.Context(), issued.PDF,
		now)
}

func (h *Handler) unconfirmed(w http.ResponseWriter, r *http.Request, pair, report verify.Report) {
	n := h.notice(r, "unconfirmed").danger()
	n.Checks = slices.Concat(pair.Checks, report.Checks)
	h.show(w, r, http.StatusOK, "notice", n)
}

func (h *Handler) forged(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusNotFound, "notice", h.notice(r, "forged").danger())
}

func (h *Handler) gone(w http.ResponseWriter, r *http.Request) {
	h.show(w, r, http.StatusGone, "notice", h.notice(r, "gone"))
}

// original serves the document itself.
func (h *Handler) original(w http.ResponseWriter, r *http.Request) {
	id, mark, err := h.openTicket(r.PathValue("ticket"))
	if err != nil {
		h.show(w, r, http.StatusGone, "notice", h.notice(r, "ended", "minutes", int(ticketLife.Minutes())))
		return
	}
	issued, err := h.cfg.Originals.Original(r.Context(), id, mark)
	switch {
	case errors.Is(err, contrassegno.ErrInvalid):
		h.forged(w, r)
		return
	case errors.Is(err, certificate.ErrNotArchived):
		h.gone(w, r)
		return
	case err != nil:
		h.internal(w, r, "original", err)
		return
	}
	// Between the page and this nothing was judged again: what may not be shown
	// may have changed in the archive meanwhile.
	if pair, report := h.judge(r, mark, issued); !pair.Valid || !report.Valid {
		h.unconfirmed(w, r, pair, report)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "application/pdf")
	protocol, _ := about(issued)
	head.Set("Content-Disposition", `inline; filename="originale-`+protocol+`.pdf"`)
	head.Set("Content-Security-Policy", "frame-ancestors 'self'")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Content-Length", strconv.Itoa(len(issued.PDF)))
	_, _ = w.Write(issued.PDF)
}

func (h *Handler) instant(t time.Time) string {
	t = t.In(h.rome)
	return h.texts.Day(dateOf(t)) + ", ore " + t.Format("15.04")
}

// compare lists what the copy must show, with the names that it has on the page.
func (h *Handler) compare(i certificate.Issued) []row {
	if i.Collective != nil {
		return h.compareCollective(i)
	}
	t, d := h.texts, i.Data
	rows := []row{
		{Name: "Tipo di certificato", Value: t.Titles[d.Kind]},
		{Name: "Persona", Value: strings.TrimSpace(d.Subject.Surname + " " + d.Subject.Name)},
		{Name: "Che cosa certifica", Value: t.Sentence(d)},
	}
	for _, other := range certificate.AllTexts() {
		if other.Language == d.Statement.Language && other.Language != t.Language {
			rows = append(rows, row{"Nell’altra lingua", other.Sentence(d), other.Language})
		}
	}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, row{Name: name, Value: value})
		}
	}
	if e := d.Enrolment; e != nil {
		section := e.Section
		if e.Seat != "" {
			section += " – " + e.Seat
		}
		add(t.Labels.Comune, e.Comune.Name)
		add(t.Labels.Section, section)
	}
	add(t.Labels.Use, t.Uses[d.Use])
	return append(rows, h.compareIssue(d.Issuer, d.IssuedAt, d.ValidUntil, d.Protocol, i.Contrassegno)...)
}

// compareCollective lists what stands once on a collective certificate; the
// persons are compared with the document itself.
func (h *Handler) compareCollective(i certificate.Issued) []row {
	t, d := h.texts, i.Collective
	rows := []row{{Name: "Tipo di certificato", Value: t.Collective.Title},
		{Name: t.Collective.Purpose, Value: t.Collective.Purposes[d.Collection]}}
	for _, g := range d.Groups {
		rows = append(rows, row{Name: t.Collective.Persons + ", " + g.Comune.Name, Value: strconv.Itoa(len(g.Entries)) +
			", da confrontare con l’originale riga per riga"})
	}
	return append(rows, h.compareIssue(d.Issuer, d.IssuedAt, d.ValidUntil, d.Protocol, i.Contrassegno)...)
}

// compareIssue lists what every certificate says of its issue.
func (h *Handler) compareIssue(by certificate.Authority, at time.Time, until electoral.Date, protocol string,
	mark contrassegno.Mark) (rows []row) {
	l := h.texts.Labels
	if by.Comune != nil {
		rows = append(rows, row{Name: l.IssuedBy, Value: by.Comune.Name})
	}
	if s := by.Signer; s != nil {
		rows = append(rows, row{Name: "Firma", Value: strings.TrimSpace(h.texts.Signers[s.Role] + " " + s.Name)})
	}
	return append(rows, row{Name: l.Issued, Value: h.instant(at)}, row{Name: l.ValidUntil, Value: h.texts.Day(until)},
		row{Name: l.Protocol, Value: protocol}, row{Name: "Codice stampato accanto al codice QR", Value: mark.Code()})
}

// about returns what a certificate of either sort says of itself.
func about(i certificate.Issued) (protocol string, trial bool) {
	if i.Collective != nil {
		return i.Collective.Protocol, i.Collective.Trial
	}
	return i.Data.Protocol, i.Data.Trial
}

func dateOf(t time.Time) electoral.Date {
	return electoral.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
}
