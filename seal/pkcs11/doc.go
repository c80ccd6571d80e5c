// Package pkcs11 seals with a key that stays in a device: an HSM, a smart card
// or another token with a PKCS #11 library (OASIS PKCS #11 2.40 and 3.0).
//
// The library is loaded by cgo. So that programs that need none of it build
// without a C compiler, the real package is behind the build tag pkcs11:
//
//	CGO_ENABLED=1 go build -tags pkcs11 ./...
//
// Without the tag [Load] fails with [ErrNotBuilt]. For most uses:
//
//	m, err := pkcs11.Load("/usr/lib/softhsm/libsofthsm2.so")
//	defer m.Close()
//	key, err := pkcs11.Open(ctx, pkcs11.Config{Module: m, TokenLabel: "sigilli", KeyLabel: "sigillo", PIN: readPIN})
//	defer key.Close()
//	sealer, err := seal.NewPAdES(seal.PAdESConfig{Signer: key, Chain: key.Chain()})
//
// # When the device fails
//
// A session that the device has forgotten (restarted, token pulled out and put
// back) is opened again, once, within the call that finds out. When calls fail
// even so, several in a row, the key counts as unreachable: further calls fail
// at once with [ErrUnreachable] and the cause, until after a while one of them
// goes through as a trial.
//
// Every signature is verified with the public key before it is handed on.
package pkcs11

import (
	"errors"
	"fmt"
	"time"

	"github.com/liste-elettorali/anpr/internal/remotekey"
)

var (
	// ErrNotBuilt means that the program was built without PKCS #11.
	ErrNotBuilt = errors.New("PKCS #11 is not part of this program: build it with CGO_ENABLED=1 and -tags pkcs11")

	// ErrToken means that the token is not there, or that more than one fits.
	ErrToken = errors.New("token not found")

	// ErrKey means that the token has no such key, or more than one, or that
	// the key is of a kind that seals do not use.
	ErrKey = errors.New("key not found on the token")

	// ErrPIN means that the token refused the PIN, or that no PIN was to be
	// had. A [Key] whose PIN was refused never logs in again, since tokens lock
	// themselves after a few wrong ones: open a new one.
	ErrPIN = errors.New("login refused")

	// ErrClosed means that key or module have been closed.
	ErrClosed = errors.New("closed")

	// ErrUnreachable means that token or device do not answer, just now or for
	// some time. A later call may succeed.
	ErrUnreachable = remotekey.ErrUnreachable

	// ErrSignature means that the device returned something that the public key
	// does not verify.
	ErrSignature = remotekey.ErrSignature

	// ErrUnsupported means that the key cannot make such a signature.
	ErrUnsupported = remotekey.ErrUnsupported
)

// Config says which key to use, and how. Token and key must each be named by at
// least one of their two attributes, and the names must fit exactly one.
type Config struct {
	// Module is the library. Required; it must outlive the key.
	Module *Module

	TokenLabel  string // as given when the token was initialised
	TokenSerial string // serial number

	KeyLabel string // CKA_LABEL of the private key
	KeyID    []byte // CKA_ID of the private key

	// PIN returns the user's PIN. It is called when a login is needed: by
	// [Open], after a reconnection and, for a key that wants it (attribute
	// CKA_ALWAYS_AUTHENTICATE), for each signature. It may be called by several
	// goroutines at a time. The PIN is passed on to the token and not kept. If
	// nil, nothing logs in, as for a token with its own PIN pad or with none.
	PIN func() (string, error)

	// MaxSessions is how many signatures are made at a time; further calls
	// wait. If zero, 4.
	MaxSessions int

	// Timeout is for one signature, waiting and a reconnection included. If
	// zero, 15 s. PKCS #11 has no way to abandon a call: one that hangs keeps
	// its session until the library returns.
	Timeout time.Duration

	// Failures is after how many unreachable calls in a row the key counts as
	// unreachable. If zero, 5.
	Failures int

	// Cooldown is how long it does, until the next trial. If zero, 30 s.
	Cooldown time.Duration

	// Now is the clock of the cooldown. If nil, time.Now.
	Now func() time.Time
}

// A Code is what a PKCS #11 function returned other than CKR_OK. Errors wrap
// it where there is one.
type Code uint

// Error returns the name of the code in the standard, or its number.
func (c Code) Error() string {
	if name, ok := codeNames[c]; ok {
		return name
	}
	return fmt.Sprintf("CKR_%#08x", uint(c))
}

const (
	ckrHostMemory         Code = 0x02
	ckrSlotIDInvalid      Code = 0x03
	ckrGeneralError       Code = 0x05
	ckrFunctionFailed     Code = 0x06
	ckrDeviceError        Code = 0x30
	ckrDeviceMemory       Code = 0x31
	ckrDeviceRemoved      Code = 0x32
	ckrKeyHandleInvalid   Code = 0x60
	ckrObjectInvalid      Code = 0x82
	ckrPINIncorrect       Code = 0xA0
	ckrPINInvalid         Code = 0xA1
	ckrPINLenRange        Code = 0xA2
	ckrPINExpired         Code = 0xA3
	ckrPINLocked          Code = 0xA4
	ckrSessionClosed      Code = 0xB0
	ckrSessionInvalid     Code = 0xB3
	ckrTokenNotPresent    Code = 0xE0
	ckrTokenUnrecognized  Code = 0xE1
	ckrAlreadyLoggedIn    Code = 0x100
	ckrNotLoggedIn        Code = 0x101
	ckrNotInitialized     Code = 0x190
	ckrAlreadyInitialized Code = 0x191
)

var codeNames = map[Code]string{
	ckrHostMemory: "CKR_HOST_MEMORY", ckrSlotIDInvalid: "CKR_SLOT_ID_INVALID", ckrGeneralError: "CKR_GENERAL_ERROR",
	ckrFunctionFailed: "CKR_FUNCTION_FAILED", ckrDeviceError: "CKR_DEVICE_ERROR", ckrDeviceMemory: "CKR_DEVICE_MEMORY",
	ckrDeviceRemoved: "CKR_DEVICE_REMOVED", ckrKeyHandleInvalid: "CKR_KEY_HANDLE_INVALID",
	ckrObjectInvalid: "CKR_OBJECT_HANDLE_INVALID",
	ckrPINIncorrect:  "CKR_PIN_INCORRECT", ckrPINInvalid: "CKR_PIN_INVALID", ckrPINLenRange: "CKR_PIN_LEN_RANGE",
	ckrPINExpired: "CKR_PIN_EXPIRED", ckrPINLocked: "CKR_PIN_LOCKED", ckrSessionClosed: "CKR_SESSION_CLOSED",
	ckrSessionInvalid: "CKR_SESSION_HANDLE_INVALID", ckrTokenNotPresent: "CKR_TOKEN_NOT_PRESENT",
	ckrTokenUnrecognized: "CKR_TOKEN_NOT_RECOGNIZED", ckrAlreadyLoggedIn: "CKR_USER_ALREADY_LOGGED_IN",
	ckrNotLoggedIn: "CKR_USER_NOT_LOGGED_IN", ckrNotInitialized: "CKR_CRYPTOKI_NOT_INITIALIZED",
	ckrAlreadyInitialized: "CKR_CRYPTOKI_ALREADY_INITIALIZED",
	0x12:                  "CKR_ATTRIBUTE_TYPE_INVALID",
	0x54:                  "CKR_FUNCTION_NOT_SUPPORTED", 0x68: "CKR_KEY_FUNCTION_NOT_PERMITTED",
	0x70: "CKR_MECHANISM_INVALID",
	0x71: "CKR_MECHANISM_PARAM_INVALID", 0x90: "CKR_OPERATION_ACTIVE", 0xB1: "CKR_SESSION_COUNT",
	0x21: "CKR_DATA_LEN_RANGE", 0x63: "CKR_KEY_TYPE_INCONSISTENT", 0x62: "CKR_KEY_SIZE_RANGE",
}

// lost reports whether an error says that session, token or device are gone,
// so that connecting anew may help.
func lost(err error) bool {
	var c Code
	if !errors.As(err, &c) {
		return false
	}
	switch c {
	case ckrHostMemory, ckrSlotIDInvalid, ckrGeneralError, ckrFunctionFailed, ckrDeviceError, ckrDeviceMemory,
		ckrDeviceRemoved,
		ckrKeyHandleInvalid, ckrObjectInvalid, ckrSessionClosed, ckrSessionInvalid, ckrTokenNotPresent,
		ckrTokenUnrecognized,
		ckrNotLoggedIn, ckrNotInitialized:
		return true
	}
	return false
}
