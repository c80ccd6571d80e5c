package pdf

import "slices"

// DeveloperExtensions are what an extensions dictionary lists, by prefix (clause
// 7.12): each prefix has one or, in an array, several of them.
type DeveloperExtensions map[Name][]DeveloperExtension

// A DeveloperExtension is one developer extensions dictionary (clause 7.12.3).
type DeveloperExtension struct {
	BaseVersion Name
	Level       int64
	Revision    string // a text, decoded
	URL         string // its bytes
}

// maxExtensions bounds what is compared: real files list three or four.
const maxExtensions = 64

// ParseExtensions reads an extensions dictionary. It returns false if anything in
// it is not as clause 7.12 has it: all of it is written directly in the catalog,
// each key is there once, and there are no other keys. None is an empty one.
func ParseExtensions(o Object) (DeveloperExtensions, bool) {
	if o == nil {
		return DeveloperExtensions{}, true
	}
	all, ok := o.(Dict)
	if _, dup := all.Duplicate(); !ok || dup || len(all) > maxExtensions {
		return nil, false
	}
	out := DeveloperExtensions{}
	for _, e := range all {
		if e.Key == "Type" {
			if e.Value != Name("Extensions") {
				return nil, false
			}
			continue
		}
		list, many := e.Value.(Array)
		if !many {
			list = Array{e.Value}
		}
		if len(list) == 0 || len(list) > maxExtensions {
			return nil, false
		}
		for _, o := range list {
			one, ok := parseExtension(o)
			if !ok || slices.Contains(out[e.Key], one) {
				return nil, false
			}
			out[e.Key] = append(out[e.Key], one)
		}
	}
	return out, true
}

func parseExtension(o Object) (e DeveloperExtension, ok bool) {
	d, isDict := o.(Dict)
	if _, dup := d.Duplicate(); !isDict || dup {
		return e, false
	}
	level := false
	for _, entry := range d {
		switch v := entry.Value.(type) {
		case Name:
			switch entry.Key {
			case "Type":
				ok = v == "DeveloperExtensions"
			case "BaseVersion":
				e.BaseVersion, ok = v, isVersion(v)
			default:
				ok = false
			}
		case int64:
			e.Level, level, ok = v, true, entry.Key == "ExtensionLevel"
		case String:
			switch {
			case len(v) > maxCanonical:
				ok = false
			case entry.Key == "ExtensionRevision":
				e.Revision, ok = v.Decode()
			case entry.Key == "URL":
				e.URL, ok = string(v), true
			default:
				ok = false
			}
		default:
			ok = false
		}
		if !ok {
			return e, false
		}
	}
	return e, level && e.BaseVersion != ""
}

// isVersion accepts the names of versions, such as 1.7.
func isVersion(n Name) bool {
	return len(n) == 3 && n[0] >= '1' && n[0] <= '2' && n[1] == '.' && n[2] >= '0' && n[2] <= '9'
}

// Grown reports whether e lists everything that older does, or the same with a
// higher version or level: what a program does that uses more of the format.
func (e DeveloperExtensions) Grown(older DeveloperExtensions) bool {
	for prefix, list := range older {
		for _, was := range list {
			if !slices.ContainsFunc(e[prefix], func(is DeveloperExtension) bool {
				return is == was || is.BaseVersion >= was.BaseVersion && is.Level > was.Level
			}) {
				return false
			}
		}
	}
	return true
}

// same reports whether both list the same, in any order.
func (e DeveloperExtensions) same(others DeveloperExtensions) bool {
	if len(e) != len(others) {
		return false
	}
	for prefix, list := range e { // each of them once, as ParseExtensions has it
		if len(list) != len(others[prefix]) {
			return false
		}
		for _, one := range list {
			if !slices.Contains(others[prefix], one) {
				return false
			}
		}
	}
	return true
}
