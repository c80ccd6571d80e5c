//go:build pkcs11 && cgo

package pkcs11

import (
	"errors"
	"fmt"

	p11 "github.com/miekg/pkcs11"
)

// native is a library of the operating system, called by cgo.
type native struct{ ctx *p11.Ctx }

func load(path string) (library, error) {
	ctx := p11.New(path)
	if ctx == nil {
		return nil, errors.New("no PKCS #11 library that this program can load")
	}
	return native{ctx}, nil
}

// code gives errors of the binding our type.
func code(err error) error {
	var e p11.Error
	if errors.As(err, &e) {
		return Code(e)
	}
	return err
}

func (n native) initialize() error { return code(n.ctx.Initialize()) }

func (n native) finalize() error { return code(n.ctx.Finalize()) }

func (n native) slots() ([]slot, error) {
	ids, err := n.ctx.GetSlotList(true)
	if err != nil {
		return nil, code(err)
	}
	slots := make([]slot, 0, len(ids))
	for _, id := range ids {
		info, err := n.ctx.GetTokenInfo(id)
		if err != nil {
			continue // pulled out in between, or not initialised: it has no name to be found by
		}
		slots = append(slots, slot{id: id, label: info.Label, serial: info.SerialNumber})
	}
	return slots, nil
}

func (n native) openSession(slot uint) (uint, error) {
	s, err := n.ctx.OpenSession(slot, p11.CKF_SERIAL_SESSION)
	return uint(s), code(err)
}

func (n native) closeSession(session uint) error {
	return code(n.ctx.CloseSession(p11.SessionHandle(session)))
}

func (n native) loggedIn(session uint) (bool, error) {
	info, err := n.ctx.GetSessionInfo(p11.SessionHandle(session))
	if err != nil {
		return false, code(err)
	}
	return info.State == p11.CKS_RO_USER_FUNCTIONS || info.State == p11.CKS_RW_USER_FUNCTIONS, nil
}

func (n native) login(session uint, pin string, kind loginKind) error {
	return code(n.ctx.Login(p11.SessionHandle(session), uint(kind), pin))
}

// maxObjects bounds a search.
const maxObjects = 256

func (n native) find(session uint, q query) ([]uint, error) {
	s := p11.SessionHandle(session)
	attributes := []*p11.Attribute{p11.NewAttribute(p11.CKA_CLASS, q.class)}
	if q.label != "" {
		attributes = append(attributes, p11.NewAttribute(p11.CKA_LABEL, q.label))
	}
	if len(q.id) > 0 {
		attributes = append(attributes, p11.NewAttribute(p11.CKA_ID, q.id))
	}
	if err := n.ctx.FindObjectsInit(s, attributes); err != nil {
		return nil, code(err)
	}
	handles, err := n.findAll(s)
	if end := n.ctx.FindObjectsFinal(s); err == nil {
		err = end
	}
	if err != nil {
		return nil, code(err)
	}
	objects := make([]uint, len(handles))
	for i, h := range handles {
		objects[i] = uint(h)
	}
	return objects, nil
}

// findAll asks until nothing more comes: a library may give fewer at a time
// than it is asked for.
func (n native) findAll(s p11.SessionHandle) ([]p11.ObjectHandle, error) {
	var all []p11.ObjectHandle
	for {
		some, _, err := n.ctx.FindObjects(s, maxObjects)
		if err != nil || len(some) == 0 {
			return all, err
		}
		if all = append(all, some...); len(all) > maxObjects {
			return nil, fmt.Errorf("more than %d objects of one class", maxObjects)
		}
	}
}

func (n native) attribute(session, object, typ uint) ([]byte, error) {
	got, err := n.ctx.GetAttributeValue(p11.SessionHandle(session), p11.ObjectHandle(object),
		[]*p11.Attribute{p11.NewAttribute(typ, nil)})
	if err != nil {
		return nil, code(err)
	}
	if len(got) != 1 {
		return nil, fmt.Errorf("%d attributes of type %#x: expected 1", len(got), typ)
	}
	return got[0].Value, nil
}

func (n native) sign(session, key uint, m mechanism, between func() error, data []byte) ([]byte, error) {
	var params any
	if m.id == ckmRSAPKCSPSS {
		params = p11.NewPSSParams(m.hash, m.mgf, m.salt)
	}
	s := p11.SessionHandle(session)
	if err := n.ctx.SignInit(s, []*p11.Mechanism{p11.NewMechanism(m.id, params)}, p11.ObjectHandle(key)); err != nil {
		return nil, code(err)
	}
	if between != nil {
		if err := between(); err != nil {
			return nil, err
		}
	}
	sig, err := n.ctx.Sign(s, data)
	return sig, code(err)
}
