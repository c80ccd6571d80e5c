// Package texts holds the texts of pages in several languages, each by a key.
package texts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A Catalogue holds texts by language and key. It never changes after [Load] and is safe
// for concurrent use. The zero value holds none.
type Catalogue struct {
	languages []string
	texts     map[string]map[string]string
}

// slot is a place in a text for a value, named in braces: "Fino al {day}".
var slot = regexp.MustCompile(`\{([a-z][a-zA-Z]*)\}`)

// Load reads one JSON object of keys and texts for each language, LANGUAGE.json in a
// folder. The first language is the one that decides which keys there are. The error
// names every key that a language lacks or has beside those, every empty text, and every
// text whose places for values are not those of the first language.
func Load(fsys fs.FS, dir string, languages ...string) (*Catalogue, error) {
	c := &Catalogue{languages: slices.Clone(languages), texts: map[string]map[string]string{}}
	var errs []error
	for _, l := range languages {
		data, err := fs.ReadFile(fsys, path.Join(dir, l+".json"))
		if err != nil {
			return nil, fmt.Errorf("texts: %w", err)
		}
		var m map[string]string
		if err := json.Unmarshal(data, &m); err != nil {
			return nil, fmt.Errorf("texts: %s.json: %w", l, err)
		}
		c.texts[l] = m
		first := c.texts[languages[0]]
		for _, key := range slices.Sorted(maps.Keys(first)) {
			text, ok := m[key]
			switch {
			case !ok:
				errs = append(errs, fmt.Errorf("texts: %s: no text %s", l, key))
			case strings.TrimSpace(text) == "":
				errs = append(errs, fmt.Errorf("texts: %s: the text %s is empty", l, key))
			case !slices.Equal(slots(text), slots(first[key])):
				errs = append(errs, fmt.Errorf("texts: %s: %s has the places %v, expected %v", l, key, slots(text),
					slots(first[key])))
			}
		}
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if _, ok := first[key]; !ok {
				errs = append(errs, fmt.Errorf("texts: %s: %s is not in %s", l, key, languages[0]))
			}
		}
	}
	return c, errors.Join(errs...)
}

// slots returns the names of the places in a text, sorted.
func slots(text string) (out []string) {
	for _, m := range slot.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return out
}

// Languages returns the languages, the first one first.
func (c *Catalogue) Languages() []string { return slices.Clone(c.languages) }

// Keys returns the keys, sorted.
func (c *Catalogue) Keys() []string {
	if len(c.languages) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(c.texts[c.languages[0]]))
}

// Say returns a text in a language, or in the first one if there is no such language. The
// arguments are names and values, in turn, for the places in the text. The error names a
// key that is not there, and a place without a value.
func (c *Catalogue) Say(language, key string, args ...any) (string, error) {
	m, ok := c.texts[language]
	if !ok && len(c.languages) > 0 {
		m = c.texts[c.languages[0]]
	}
	text, ok := m[key]
	if !ok {
		return "", fmt.Errorf("texts: no text %q", key)
	}
	if len(args)%2 != 0 {
		return "", fmt.Errorf("texts: %s: a name without a value", key)
	}
	var missing error
	out := slot.ReplaceAllStringFunc(text, func(place string) string {
		for i := 0; i < len(args); i += 2 {
			if args[i] == place[1:len(place)-1] {
				return fmt.Sprint(args[i+1])
			}
		}
		missing = fmt.Errorf("texts: %s: no value for %s", key, place)
		return place
	})
	return out, missing
}

// Accepted returns which of some languages a reader prefers, by the header
// Accept-Language (RFC 9110, clause 12.5.4); the first one if he names none of them.
func Accepted(header string, languages []string) string {
	best, weight := "", 0.0
	for part := range strings.SplitSeq(header[:min(len(header), 500)], ",") {
		tag, q, _ := strings.Cut(part, ";")
		w := 1.0
		if value, ok := strings.CutPrefix(strings.ReplaceAll(q, " ", ""), "q="); ok {
			if _, err := fmt.Sscanf(value, "%g", &w); err != nil || !(w >= 0 && w <= 1) {
				continue
			}
		}
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if w > weight && slices.Contains(languages, primary) {
			best, weight = primary, w
		}
	}
	if best == "" && len(languages) > 0 {
		best = languages[0]
	}
	return best
}
