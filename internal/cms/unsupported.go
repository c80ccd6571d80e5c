package cms

import (
	"encoding/asn1"
	"errors"
	"fmt"
)

// algorithmNames are those of algorithms that are not verified here, by their
// object identifiers (RFC 8032, 8692, 8702; NIST's register of algorithms;
// TeleTrusT), so that a report can name them.
var algorithmNames = map[string]string{
	"1.3.101.112": "Ed25519", "1.3.101.113": "Ed448",
	"2.16.840.1.101.3.4.2.4": "SHA-224", "2.16.840.1.101.3.4.2.5": "SHA-512/224",
	"2.16.840.1.101.3.4.2.6": "SHA-512/256",
	"2.16.840.1.101.3.4.2.7": "SHA3-224", "2.16.840.1.101.3.4.2.8": "SHA3-256", "2.16.840.1.101.3.4.2.9": "SHA3-384",
	"2.16.840.1.101.3.4.2.10": "SHA3-512", "2.16.840.1.101.3.4.2.11": "SHAKE128", "2.16.840.1.101.3.4.2.12": "SHAKE256",
	"2.16.840.1.101.3.4.2.17": "SHAKE128", "2.16.840.1.101.3.4.2.18": "SHAKE256",
	"2.16.840.1.101.3.4.3.9": "ECDSA con SHA3-224", "2.16.840.1.101.3.4.3.10": "ECDSA con SHA3-256",
	"2.16.840.1.101.3.4.3.11": "ECDSA con SHA3-384", "2.16.840.1.101.3.4.3.12": "ECDSA con SHA3-512",
	"2.16.840.1.101.3.4.3.13": "RSA con SHA3-224", "2.16.840.1.101.3.4.3.14": "RSA con SHA3-256",
	"2.16.840.1.101.3.4.3.15": "RSA con SHA3-384", "2.16.840.1.101.3.4.3.16": "RSA con SHA3-512",
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44", "2.16.840.1.101.3.4.3.18": "ML-DSA-65",
	"2.16.840.1.101.3.4.3.19": "ML-DSA-87",
	"1.3.6.1.5.5.7.6.30":      "RSASSA-PSS con SHAKE128", "1.3.6.1.5.5.7.6.31": "RSASSA-PSS con SHAKE256",
	"1.3.6.1.5.5.7.6.32": "ECDSA con SHAKE128", "1.3.6.1.5.5.7.6.33": "ECDSA con SHAKE256",
	"1.2.840.10045.4.3.1": "ECDSA con SHA-224", "1.2.840.113549.1.1.14": "RSA con SHA-224",
	"1.2.840.113549.1.1.10": "RSASSA-PSS", "1.2.840.10040.4.1": "DSA", "2.16.840.1.101.3.4.3.2": "DSA con SHA-256",
	"1.3.36.3.2.1": "RIPEMD-160", "1.2.840.113549.2.2": "MD2",
	"1.2.840.10045.2.1": "ECDSA su una curva diversa da P-256, P-384 e P-521",
}

// unsupported makes the error of an algorithm that is not verified here. It says
// nothing about whether the signature is intact.
func unsupported(what string, oid asn1.ObjectIdentifier) error {
	name := algorithmNames[oid.String()]
	if name == "" {
		name = oid.String()
	}
	return &Error{Code: Unsupported, What: fmt.Sprintf("%s %s (%v) is not supported", what, name, oid), Algorithm: name}
}

func unsupportedKey(oid asn1.ObjectIdentifier) error {
	err := unsupported("a key of algorithm", oid)
	var e *Error
	if errors.As(err, &e) {
		e.Algorithm = "chiave " + e.Algorithm
	}
	return err
}
