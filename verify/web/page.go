package web

import (
	"html/template"
	"io"
	"net/http"
)

// A Page is what a [Layout] puts into its frame: one model for the pages of the
// verification and for those of the program around it.
type Page struct {
	// Title is the heading, which is the page's h1, and the text of its title, before
	// which a layout says that there are Errors.
	Title string
	// Lang is the language of Title and Body, as ISO 639-1.
	Lang string
	// Trail are the pages above this one, the highest first, without the home page
	// («Sei in»). Back leads to the page before this one in its path; empty for none.
	Trail []Link
	Back  Link
	// Flash is what has just been done, said above the content; without a text, nothing.
	Flash Flash
	// Errors are what is wrong in the form of the page, in the order of its fields: a
	// layout lists them above the form, each as a link to its field.
	Errors []FieldError
	// Body goes into the element main, below the heading.
	Body template.HTML
	// Status is the HTTP status that goes with it, already written.
	Status int
}

// A Link leads to an address of the site, or to another.
type Link struct{ URL, Text string }

// A Flash is a message: its Kind is "success", "info", "warning" or "danger".
type Flash struct{ Kind, Text string }

// A FieldError says what is wrong in the field whose HTML id is ID; without an ID, in the
// form as a whole.
type FieldError struct{ ID, Text string }

// A Layout writes a whole HTML page around the content. It may be called
// concurrently.
type Layout func(w io.Writer, r *http.Request, p Page) error

// bare is the layout without style.
func bare(w io.Writer, _ *http.Request, p Page) error {
	return bareTemplate.Execute(w, p)
}

var bareTemplate = template.Must(template.New("bare").Parse(`<!doctype html>
<html lang="{{or .Lang "it"}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{if .Errors}}Errore: {{end}}{{.Title}}</title></head>
<body><main><h1>{{.Title}}</h1>{{with .Flash.Text}}<p role="status">{{.}}</p>{{end}}
{{if .Errors}}<ul role="alert">{{range .Errors}}<li>{{if .ID}}<a href="#{{.ID}}">{{.Text}}</a>{{else}}{{.Text}}{{end}}</li>{{end}}</ul>{{end}}
{{.Body}}</main></body></html>
`))
