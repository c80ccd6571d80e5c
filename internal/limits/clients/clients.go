// Package clients says who asks: the address of the client of an HTTP request, behind
// proxies or not, in one place for all that is counted by it.
package clients

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks of the proxies that are trusted to say, in X-Forwarded-For,
// for whom they ask. The zero value trusts none: then whoever connects is the client.
type Proxies []netip.Prefix

// Parse reads networks and addresses, separated by commas.
func Parse(list string) (Proxies, error) {
	var out Proxies
	for text := range strings.SplitSeq(list, ",") {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); err != nil && addrErr == nil && addr.Zone() == "" {
			prefix, err = addr.Unmap().Prefix(addr.Unmap().BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("proxy %.60q: expected an address, or a network like 10.0.0.0/8", text)
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}

func (p Proxies) trusts(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// Address returns the address of the client: of who connects or, if that is a trusted
// proxy, of the nearest in X-Forwarded-For that is none. What stands before it, anybody
// may have written. It is not valid if the server does not know it.
func (p Proxies) Address(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at := from.Addr().Unmap().WithZone("")
	list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(list) - 1; i >= 0 && p.trusts(at); i-- {
		next, err := parse(strings.TrimSpace(list[i]))
		if err != nil {
			break // the proxy says something else: it counts for all whom it hides
		}
		at = next
	}
	return at
}

// parse reads an address with or without a port: some proxies write one.
func parse(text string) (netip.Addr, error) {
	if from, err := netip.ParseAddrPort(text); err == nil {
		return from.Addr().Unmap().WithZone(""), nil
	}
	a, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return a.Unmap().WithZone(""), err
}

// Network names the client of a request by what one household or office has: an IPv4
// address, or 64 bits of one of IPv6. It is empty if the server does not know it.
func (p Proxies) Network(r *http.Request) string {
	a := p.Address(r)
	switch {
	case !a.IsValid():
		return ""
	case a.Is4():
		return a.String()
	}
	prefix, _ := a.Prefix(64) // an address of IPv6 has them
	return prefix.String()
}
