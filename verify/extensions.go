package verify

import (
	"slices"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// extensions accepts an extensions dictionary (ISO 32000-2 clause 7.12): it tells
// readers what the file may use, and shows nothing. Since PDF 2.0 a prefix may have
// several developer extensions, in an array.
func extensions(path string, o pdf.Object) error {
	all, ok := o.(pdf.Dict)
	if _, dup := all.Duplicate(); dup {
		ok = false
	}
	for _, e := range all {
		list, many := e.Value.(pdf.Array)
		if many && (len(list) == 0 || slices.ContainsFunc(list, func(o pdf.Object) bool { return !developerExtension(o) })) {
			ok = false
		}
		if !many && !plainDicts(pdf.Dict{e}, 3) {
			ok = false
		}
	}
	if !ok {
		return refuse(extensionsForm, path).found(o)
	}
	return nil
}

// developerExtension accepts a developer extensions dictionary (clause 7.12.3).
func developerExtension(o pdf.Object) bool {
	d, ok := o.(pdf.Dict)
	if _, dup := d.Duplicate(); !ok || dup || d.Name("BaseVersion") == "" {
		return false
	}
	if _, ok := d.Get("ExtensionLevel").(int64); !ok {
		return false
	}
	return !slices.ContainsFunc(d, func(e pdf.Entry) bool {
		_, text := e.Value.(pdf.String)
		switch e.Key {
		case "Type":
			return e.Value != pdf.Name("DeveloperExtensions")
		case "URL", "ExtensionRevision":
			return !text
		}
		return e.Key != "BaseVersion" && e.Key != "ExtensionLevel"
	})
}

// plainDicts accepts dictionaries of names and numbers without references.
func plainDicts(o pdf.Object, depth int) bool {
	d, ok := o.(pdf.Dict)
	if _, dup := d.Duplicate(); !ok || dup || depth == 0 {
		return false
	}
	for _, e := range d {
		switch e.Value.(type) {
		case pdf.Name, int64, pdf.String:
		default:
			if !plainDicts(e.Value, depth-1) {
				return false
			}
		}
	}
	return true
}
