package electoral

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Admit checks what every service requires of its caller: an id of the request,
// a known actor and method of authentication, credentials of at least level 2
// or a smart card (D.M. 17 October 2022, art. 3 c. 3, art. 4 c. 4). It records
// nothing. The methods of the registry apply it themselves; it is for services
// outside the registry, such as the download of an archived certificate.
func Admit(req Request) Faults {
	var faults Faults
	if !printableID(req.ID) {
		faults = append(faults,
			NewFault(RequestIDMissing, "request.id", strconv.QuoteToASCII(req.ID[:min(len(req.ID), 100)]), nil))
	}
	// The code is personal data: it does not stand in the fault.
	if _, err := ParseFiscalCode(string(req.Actor.FiscalCode)); err != nil {
		faults = append(faults, NewFault(ActorUnknown, "request.actor.fiscalCode", "", nil))
	}
	if !slices.Contains([]Method{SmartCardMethod, CNSMethod, CIEMethod, SPIDMethod}, req.Actor.Method) {
		faults = append(faults,
			NewFault(ActorUnknown.In("method"), "request.actor.method", string(req.Actor.Method), nil))
	}
	if req.Actor.Level < 2 && req.Actor.Method != SmartCardMethod {
		faults = append(faults, NewFault(LevelTooLow, "request.actor.level", strconv.Itoa(req.Actor.Level), nil))
	}
	faults = append(faults, admitTexts(req)...)
	if l := req.Actor.Level; l < 0 || l > 3 {
		faults = append(faults, NewFault(AccessTextUnfit.In("level"), "request.actor.level", strconv.Itoa(l), nil))
	}
	if req.Revision != "" && !slices.Contains(Revisions(), req.Revision) {
		faults = append(faults, NewFault(RevisionUnknown, "request.revision", string(req.Revision), nil))
	}
	return faults
}

// admitTexts checks the texts that go into the access log unchanged: one that
// the log cannot keep would make the call fail without saying why.
func admitTexts(req Request) (faults Faults) {
	if c := req.Actor.ActingFor; c != "" {
		if _, err := ParseFiscalCode(string(c)); err != nil {
			faults = append(faults, NewFault(ActorUnknown.In("acting-for"), "request.actor.actingFor", "", nil))
		}
	}
	for _, text := range []struct {
		path, value string
		most        int
	}{
		{"request.actor.station", req.Actor.Station, MaxStation},
		{"request.actor.device", req.Actor.Device, MaxDevice},
		{"request.actor.accessPoint", req.Actor.AccessPoint, MaxAccessPoint},
		{"request.purpose", req.Purpose, MaxPurpose},
		{"request.procedure", req.Procedure, MaxProcedure},
	} {
		if !recordable(text.value, text.most) {
			faults = append(faults,
				NewFault(AccessTextUnfit, text.path, strconv.QuoteToASCII(text.value[:min(len(text.value), 100)]),
					Args{"most": strconv.Itoa(text.most)}))
		}
	}
	return faults
}

// recordable reports whether the access log can keep a text. An empty text is
// not kept, and is right.
func recordable(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && (s == "" || strings.TrimSpace(s) != "") &&
		strings.IndexFunc(s, func(r rune) bool {
			return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Zl, unicode.Zp)
		}) < 0
}

func printableID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 64
}
