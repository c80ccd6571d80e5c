//go:build !pkcs11 || !cgo

package pkcs11

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStub: a program without the tag says what it lacks and how to build it.
func TestStub(t *testing.T) {
	m, err := Load("/usr/lib/softhsm/libsofthsm2.so")
	require.Nil(t, m)
	require.ErrorIs(t, err, ErrNotBuilt)
	require.ErrorContains(t, err, "-tags pkcs11")
}
