// Package keyusage names the uses that a certificate allows for its key
// (RFC 5280 clause 4.2.1.3), for error messages.
package keyusage

import (
	"crypto/x509"
	"fmt"
)

// Names returns the names of RFC 5280, in brackets and separated by spaces.
func Names(u x509.KeyUsage) string {
	var names []string
	for i, n := range [...]string{
		"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
		"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
	} {
		if u&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return fmt.Sprint(names)
}
