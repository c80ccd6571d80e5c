package pkcs11

import (
	"errors"
	"fmt"
	"sync"
)

// A library is what this package uses of a PKCS #11 library. Its errors are of
// type [Code].
type library interface {
	initialize() error
	finalize() error
	slots() ([]slot, error) // those that hold a token
	openSession(slot uint) (session uint, err error)
	closeSession(session uint) error
	loggedIn(session uint) (bool, error) // the user, not the security officer
	login(session uint, pin string, kind loginKind) error
	find(session uint, q query) (objects []uint, err error)
	attribute(session, object, typ uint) ([]byte, error)
	// sign makes a signature over data; between, unless nil, is called once the
	// operation has begun.
	sign(session, key uint, m mechanism, between func() error, data []byte) ([]byte, error)
}

// A slot is a slot with its token.
type slot struct {
	id            uint
	label, serial string
}

type loginKind uint // CKU_…

const (
	loginUser      loginKind = 1
	loginOperation loginKind = 2 // CKU_CONTEXT_SPECIFIC: for one operation of a key that wants it
)

// A query selects objects by class and, if not empty, by label and id.
type query struct {
	class uint
	label string
	id    []byte
}

// A mechanism says how to sign; hash, mgf and salt are for RSASSA-PSS.
type mechanism struct{ id, hash, mgf, salt uint }

// Constants of the standard, by their names there.
const (
	ckoCertificate, ckoPublicKey, ckoPrivateKey = 1, 2, 3
	ckkRSA, ckkEC                               = 0, 3

	ckaValue              = 0x11
	ckaCertificateType    = 0x80
	ckaKeyType            = 0x100
	ckaID                 = 0x102
	ckaModulus            = 0x120
	ckaPublicExponent     = 0x122
	ckaECParams           = 0x180
	ckaECPoint            = 0x181
	ckaAlwaysAuthenticate = 0x202

	ckmRSAPKCS, ckmRSAPKCSPSS, ckmECDSA = 0x01, 0x0D, 0x1041
	ckmSHA256, ckmSHA384, ckmSHA512     = 0x250, 0x260, 0x270
	ckgSHA256, ckgSHA384, ckgSHA512     = 2, 3, 4
)

// A Module is a loaded PKCS #11 library. A library can be initialised once in
// a process: load it once, and open all keys from the one Module. It is safe
// for concurrent use.
type Module struct {
	lib library

	// Calls into the library hold mu for reading; initialising it anew, which
	// would pull the ground from under them, holds it for writing.
	mu         sync.RWMutex
	generation uint64 // of the initialisation; handles of an earlier one mean nothing
	closed     bool
}

// Load loads and initialises the PKCS #11 library in a file. The caller closes
// the module after the keys opened from it. It fails with [ErrNotBuilt] in a
// program built without the tag, and when the library is in use in this process
// already.
func Load(path string) (*Module, error) {
	lib, err := load(path)
	if err != nil {
		return nil, fmt.Errorf("pkcs11: %s: %w", path, err)
	}
	m, err := newModule(lib)
	if errors.Is(err, ckrAlreadyInitialized) {
		return nil, fmt.Errorf("pkcs11: %s is in use in this process already: open all keys from one Module: %w", path,
			err)
	}
	if err != nil {
		return nil, fmt.Errorf("pkcs11: %s does not initialise: %w", path, err)
	}
	return m, nil
}

func newModule(lib library) (*Module, error) {
	if err := lib.initialize(); err != nil {
		return nil, err
	}
	return &Module{lib: lib, generation: 1}, nil
}

// Close ends the use of the library. It waits for calls that are under way.
// Keys opened from the module fail with [ErrClosed].
func (m *Module) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.lib == nil {
		return nil
	}
	m.closed = true
	if err := m.lib.finalize(); err != nil && !errors.Is(err, ckrNotInitialized) {
		return fmt.Errorf("pkcs11: %w", err)
	}
	return nil
}

// do calls f with the library, if it has not been initialised anew since the
// given generation, which f's handles belong to.
func (m *Module) do(generation uint64, f func(library) error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed || m.lib == nil {
		return ErrClosed
	}
	if generation != m.generation {
		return ckrSessionInvalid
	}
	return f(m.lib)
}

func (m *Module) current() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.generation
}

// restart initialises the library anew, unless someone has since the given
// generation. Many libraries notice only then that a device is back.
func (m *Module) restart(generation uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || m.lib == nil {
		return ErrClosed
	}
	if generation != m.generation {
		return nil
	}
	m.generation++
	// It may have been finalised behind our back, which is as good.
	if err := m.lib.finalize(); err != nil && !errors.Is(err, ckrNotInitialized) {
		return fmt.Errorf("the library does not let go: %w", err)
	}
	if err := m.lib.initialize(); err != nil {
		return fmt.Errorf("the library does not initialise again: %w", err)
	}
	return nil
}
