package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/revocation"
)

var (
	codesPDF = []Code{CodeStructure, CodeSignature, CodeCoverage, CodeLaterRevisions, CodeTrust, CodeRevocation,
		CodeTime, CodeLevel}

	requiredPDF = codesPDF[:5]
)

// PDF judges a document as of a time: certificates have to be valid then, or
// when a trusted time-stamp proves that the seal existed. If at is zero, the
// verifier's clock. data is not modified. When ctx ends, the
// report says so and is not valid.
func (v *Verifier) PDF(ctx context.Context, data []byte, at time.Time) Report {
	v = v.made()
	if at.IsZero() {
		at = v.cfg.Now()
	}
	j := &judgement{v: v, ctx: ctx, at: at, size: int64(len(data)), report: Report{Kind: KindPDF, At: at}}
	structure := j.read(data)
	j.report.Checks = append(j.report.Checks, structure)
	switch {
	case j.sigs == nil && structure.Outcome == Failed:
		why := "il file non si può leggere"
		if j.encrypted {
			why = "il file è cifrato"
		}
		j.skip(why)
	case !slices.ContainsFunc(j.sigs, func(s *pdf.Signature) bool { return !s.IsTimestamp() }):
		j.unsealed()
	default:
		j.judge()
	}
	j.report.conclude(requiredPDF...)
	return j.report
}

// A judgement is the work on one document.
type judgement struct {
	v    *Verifier
	ctx  context.Context // lives for one call
	at   time.Time
	size int64 // of the file
	// digested counts the bytes that signatures covered so far.
	digested int64
	// certWork counts what its certificates have cost so far.
	certWork int64
	file     *pdf.File // nil if it could not be parsed
	// encrypted says that this is why it could not be parsed.
	encrypted bool
	// rewritten says that all signatures are as in a file that was written anew.
	rewritten bool
	sigs      []*pdf.Signature
	parts     []part
	// stamps are the document's time-stamps that are intact, judged so far.
	stamps   []*stamp
	evidence evidence
	said     map[pair][]*revocation.Status
	trusted  map[Purpose][]Anchor
	report   Report
}

// read parses the document and says whether every reader sees the same in it.
func (j *judgement) read(data []byte) Check {
	c := Check{Code: CodeStructure, Outcome: Failed}
	f, departure, err := pdf.ParseUnsealed(j.ctx, data, pdf.Limits(j.v.cfg.Limits.PDF))
	if err != nil {
		if j.encrypted = errors.Is(err, pdf.ErrEncrypted); j.encrypted {
			return unreadable(c, err) // what its signatures cover cannot be known either
		}
		j.sigs = pdf.Salvage(data, pdf.Limits(j.v.cfg.Limits.PDF))
		if len(j.sigs) > j.v.cfg.Limits.Signatures {
			j.sigs = nil
		}
		return unreadable(c, err)
	}
	j.file = f
	if departure != nil {
		c.Evidence = append(c.Evidence, departure.Error())
		return j.readUnsealed(c)
	}
	sigs, err := f.Signatures()
	if err != nil {
		return unreadable(c, err)
	}
	if n := len(sigs); n > j.v.cfg.Limits.Signatures {
		c.Message = fmt.Sprintf("Il documento ha %d firme: se ne esaminano al massimo %d.", n,
			j.v.cfg.Limits.Signatures)
		return c
	}
	j.sigs = sigs
	j.rewritten = len(sigs) > 0 && !slices.ContainsFunc(sigs, func(s *pdf.Signature) bool { return !s.Rewritten() })
	if err := f.CheckObjects(j.ctx); err != nil {
		return unreadable(c, err)
	}
	pages, err := f.Last().Pages()
	if err != nil {
		return unreadable(c, err)
	}
	j.report.Pages = len(pages)
	for _, i := range f.Irregular {
		c.Evidence = append(c.Evidence, fmt.Sprintf("byte %d: %s", i.Offset, i.What))
		if i.Ambiguous {
			c.Message = fmt.Sprintf("La struttura del file è ambigua al byte %d: programmi diversi possono mostrare "+
				"documenti diversi.", i.Offset)
			return c
		}
	}
	c.Outcome = Passed
	c.Message = fmt.Sprintf("Il file è un PDF ben formato: %s, %s.", count(len(pages), "pagina", "pagine"),
		count(len(f.Revisions), "revisione", "revisioni"))
	return c
}

// readUnsealed is what is said of a file that no seal is in and that viewers open
// although it is not well formed: it is refused for the seal that it lacks.
func (j *judgement) readUnsealed(c Check) Check {
	pages, err := j.file.Last().Pages()
	if err != nil {
		return unreadable(c, err)
	}
	j.report.Pages = len(pages)
	c.Outcome = Passed
	c.Message = fmt.Sprintf("Il file si legge (%s), benché non rispetti in tutto lo standard dei PDF: se avesse un "+
		"sigillo sarebbe rifiutato.", count(len(pages), "pagina", "pagine"))
	return c
}

func unreadable(c Check, err error) Check {
	c.Evidence = append(c.Evidence, err.Error())
	switch {
	case errors.Is(err, pdf.ErrHeader):
		c.Message = "Prima dell'inizio del PDF ci sono altri byte: un file sigillato deve cominciare con %PDF" +
			detail(err)
	case errors.Is(err, pdf.ErrStart):
		c.Message = "Il file è danneggiato: la sua fine manca, o non dice dove sta la tabella degli oggetti (startxref). " +
			"Un file sigillato non si legge per ricostruzione" + detail(err)
	case errors.Is(err, pdf.ErrFreeEntry):
		c.Message = "La tabella degli oggetti ha una voce libera oltre il massimo: un file sigillato non si legge per " +
			"ricostruzione" + detail(err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		c.Message = "La verifica è stata interrotta prima della fine."
	case errors.Is(err, pdf.ErrEncrypted):
		c.Message = "Il file è cifrato: non si può verificare."
	case errors.Is(err, pdf.ErrNotPDF):
		c.Message = "Il file non è un PDF."
	case errors.Is(err, pdf.ErrLimit):
		c.Message = "Il file supera i limiti entro i quali viene letto" + detail(err)
	default:
		c.Message = "La struttura del file non è regolare: il file è danneggiato, o non rispetta lo standard dei PDF" +
			detail(err)
	}
	return c
}

// detail ends a sentence with what only people who know the format understand,
// in English.
func detail(err error) string {
	return " (dettaglio tecnico: " + clean(strings.TrimPrefix(err.Error(), "pdf: ")) + ")."
}

// skip reports the remaining checks as not done.
func (j *judgement) skip(why string) {
	for _, code := range codesPDF[len(j.report.Checks):] {
		j.add(code, NotDone, "Non verificato: "+why+".")
	}
}

func (j *judgement) add(code Code, outcome Outcome, message string) {
	j.report.Checks = append(j.report.Checks, Check{Code: code, Outcome: outcome, Message: message})
}

func (j *judgement) unsealed() {
	message := "Il documento non ha alcun sigillo né firma."
	if len(j.sigs) > 0 {
		message = "Il documento ha solo marche temporali: nessun sigillo ne indica l'autore."
	}
	j.add(CodeSignature, Failed, message)
	j.skip("il documento non è sigillato")
}

// judge checks each signature, then what came after, and sums up.
func (j *judgement) judge() {
	for _, s := range j.sigs {
		j.parts = append(j.parts, j.examine(s))
	}
	j.readEvidence()
	j.documentStamps()
	for n := range j.parts {
		j.signature(&j.parts[n])
		j.report.Signatures = append(j.report.Signatures, j.parts[n].out)
	}
	later := j.laterRevisions()
	for i := range j.report.Signatures {
		s := &j.report.Signatures[i]
		s.Checks = slices.Insert(s.Checks,
			slices.IndexFunc(s.Checks, func(c Check) bool { return c.Code == CodeCoverage })+1, later)
	}
	for _, code := range codesPDF[1:] {
		j.report.Checks = append(j.report.Checks, j.sum(code))
	}
	var signers []string
	levels := map[Level]bool{}
	for _, s := range j.report.Signatures {
		if s.Timestamp {
			continue
		}
		if s.Signer != "" && !slices.Contains(signers, s.Signer) {
			signers = append(signers, s.Signer)
		}
		if j.report.Time.IsZero() {
			j.report.Time = s.Time
		}
		levels[s.Level] = true
	}
	j.report.Signer = strings.Join(signers, "; ")
	for _, l := range []Level{LevelNone, LevelLegacy, LevelBB, LevelBT, LevelBLT, LevelBLTA} { // the lowest of all
		if levels[l] {
			j.report.Level = l
			break
		}
	}
}

// sum gives the worst outcome of a check over all signatures, with the reasons
// of those that have it.
func (j *judgement) sum(code Code) Check {
	out := Check{Code: code, Outcome: NotDone, Message: "Non verificato."}
	rank := func(o Outcome) int { return slices.Index([]Outcome{Passed, NotDone, Failed}, o) }
	worst := -1
	var messages []string
	for _, s := range j.report.Signatures {
		for _, c := range s.Checks {
			if c.Code != code || rank(c.Outcome) < worst {
				continue
			}
			if rank(c.Outcome) > worst {
				worst, messages, out.Evidence, out.Reasons = rank(c.Outcome), nil, nil, nil
			}
			message := c.Message
			if len(j.report.Signatures) > 1 && code != CodeLaterRevisions {
				message = fmt.Sprintf("«%s»: %s", clean(s.Field), message)
			}
			if !slices.Contains(messages, message) {
				messages = append(messages, message)
				out.Evidence = append(out.Evidence, c.Evidence...)
				out.Reasons = append(out.Reasons, c.Reasons...)
			}
			out.Outcome = c.Outcome
		}
	}
	if len(messages) > 0 {
		out.Message = strings.Join(messages, " ")
	}
	return out
}
