package electoral

import (
	"regexp"
	"slices"
)

// askTheOffice is what a citizen reads of a fault that has no text for him.
const askTheOffice = "La richiesta non si può accogliere così com'è. L'ufficio elettorale del comune può dire perché " +
	"e correggere i dati che tiene."

// Citizen returns the fault in words for the person whom it is about: what it
// means for him and what he can do, in Italian, without codes and without law. A
// fault that only officers meet, or whose code has no rule, gives a general
// sentence that says who can help.
func (f Fault) Citizen() string {
	if r, ok := RuleOf(f.Code); ok {
		if text := r.CitizenText(f.Case, f.Args); text != "" {
			return text
		}
	}
	return askTheOffice
}

// CitizenText returns the rule's text for citizens, in the case of that name or,
// if that has none of its own, in the usual case; empty if the rule has none. The
// codes of comuni in the arguments are left out: «Agliè (A074)» is «Agliè».
func (r Rule) CitizenText(name string, args Args) string {
	text := r.Citizen
	i := slices.IndexFunc(r.Cases, func(c Case) bool { return c.Name == name })
	if i >= 0 && r.Cases[i].Citizen != "" {
		text = r.Cases[i].Citizen
	}
	plain := make(Args, len(args))
	for name, value := range args {
		plain[name] = belfioreInBrackets.ReplaceAllString(value, "")
	}
	return plain.fill(text)
}

// belfioreInBrackets is the code after the name of a comune.
var belfioreInBrackets = regexp.MustCompile(` \([A-Z][0-9]{3}\)`)
