//go:build !pkcs11 || !cgo

package pkcs11

func load(string) (library, error) { return nil, ErrNotBuilt }
