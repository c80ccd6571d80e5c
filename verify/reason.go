package verify

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// A ReasonCode names a [RevisionRule]. It does not change from one version to
// the next.
type ReasonCode string

// A RevisionRule is one rule for what may follow a seal. [RevisionRules] lists
// them all.
type RevisionRule struct {
	Code ReasonCode `json:"code"`
	// Message says in Italian what a revision did, for people. It has the
	// arguments of a [Reason] in braces: "cambia la voce {key} del catalogo".
	Message string `json:"message"`
	// Expected says in Italian what would have been accepted.
	Expected string `json:"expected"`
	// Source is the clause or the attack that the rule rests on.
	Source string `json:"source"`
}

// RevisionRules returns the rules for what may follow a seal, in the order of
// the parts of a file. The slice is the caller's.
func RevisionRules() []RevisionRule { return slices.Clone(revisionRules) }

// A Reason says why a later revision of a PDF is refused: one breach of one
// [RevisionRule].
type Reason struct {
	Code ReasonCode `json:"code"`
	// Revision is that of the file, counted from 1.
	Revision int `json:"revision"`
	// Path is where in the file: a reference to an object and keys below it, as
	// "3 0 R/Annots", or keys below the trailer, as "trailer/ID". Empty where it
	// concerns the whole revision.
	Path string `json:"path"`
	// Arguments are those of the message, by name. They come from the document,
	// in printable characters and at most 200 of each.
	Arguments map[string]string `json:"arguments,omitempty"`
	// Value is what was found at the path, in the syntax of a PDF and at most
	// 200 characters; empty where it says nothing.
	Value string `json:"value,omitempty"`
	// Message, in Italian, is that of the rule with its arguments.
	Message string `json:"message"`
	// Expected and Source are those of the rule.
	Expected string `json:"expected"`
	Source   string `json:"source"`
}

// maxReasons bounds the reasons of a check: hostile files have many.
const maxReasons = 1000

// A refusal is a reason on its way to the report.
type refusal struct{ Reason }

func (r *refusal) Error() string { return r.Message }

// found adds what was found.
func (r *refusal) found(o pdf.Object) *refusal {
	if o != nil {
		const most = 1000 // clean cuts to what is shown
		text := pdf.AppendObject(nil, o)
		r.Value = clean(string(text[:min(len(text), most)]))
	}
	return r
}

// refuse makes a refusal by a rule: arguments are pairs of name and value.
func refuse(code ReasonCode, path string, arguments ...string) *refusal {
	rule := revisionRules[slices.IndexFunc(revisionRules, func(r RevisionRule) bool { return r.Code == code })]
	r := &refusal{Reason{Code: code, Path: path, Message: rule.Message, Expected: rule.Expected, Source: rule.Source}}
	if len(arguments) == 0 {
		return r
	}
	r.Arguments = make(map[string]string, len(arguments)/2)
	var pairs []string
	for pair := range slices.Chunk(arguments, 2) {
		r.Arguments[pair[0]] = clean(pair[1])
		pairs = append(pairs, "{"+pair[0]+"}", clean(pair[1]))
	}
	r.Message = strings.ReplaceAll(strings.NewReplacer(pairs...).Replace(r.Message), " ()", "")
	return r
}

// at is the path of a place below an object.
func at(ref pdf.Ref, keys ...pdf.Name) string {
	path := ref.String()
	for _, k := range keys {
		path += "/" + keyText(k)
	}
	return path
}

// reasons turns the errors of a revision into reasons: one that is not a
// refusal means that something could not be read. It returns an error only when
// the judgement was interrupted.
func reasons(revision int, errs ...error) ([]Reason, error) {
	var list []Reason
	for _, err := range errs {
		var r *refusal
		switch joined, many := err.(interface{ Unwrap() []error }); {
		case err == nil:
		case many:
			below, err := reasons(revision, joined.Unwrap()...)
			if err != nil {
				return nil, err
			}
			list = append(list, below...)
		case errors.As(err, &r):
			r.Revision = revision
			list = append(list, r.Reason)
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return nil, err
		default:
			r = refuse(unreadableRevision, "", "detail", strings.TrimPrefix(err.Error(), "pdf: "))
			r.Revision = revision
			list = append(list, r.Reason)
		}
	}
	return list, nil
}

// sentence joins the first few reasons, for people.
func sentence(list []Reason) string {
	const most = 4
	var b strings.Builder
	for i, r := range list[:min(len(list), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(r.Message)
	}
	if n := len(list) - most; n > 0 {
		b.WriteString(", e altro (" + count(n, "cosa", "cose") + ")")
	}
	return b.String()
}
