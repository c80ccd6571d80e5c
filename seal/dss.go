package seal

import (
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// evidence is what it takes to verify chains offline.
type evidence struct {
	certs []*x509.Certificate
	ocsps [][]byte // OCSPResponse in DER
	crls  [][]byte
}

func (e *evidence) add(o *evidence) {
	e.certs = append(e.certs, o.certs...)
	e.ocsps = append(e.ocsps, o.ocsps...)
	e.crls = append(e.crls, o.crls...)
}

// A store is the Document Security Store (ISO 32000-2 clause 12.8.4.3).
type store struct {
	dict               pdf.Dict
	certs, ocsps, crls pdf.Array
	vri                pdf.Dict
	known              map[[32]byte]pdf.Ref // by SHA-256 of the data
	held               []*x509.Certificate
}

// readStore reads the store of a document that may have one.
func readStore(v pdf.View, catalog pdf.Dict) (*store, error) {
	s := &store{known: map[[32]byte]pdf.Ref{}}
	var err error
	if s.dict, err = v.Dict(catalog, "DSS"); err != nil || s.dict == nil {
		return s, err
	}
	if key, dup := s.dict.Duplicate(); dup {
		return nil, fmt.Errorf("the DSS has the key %s twice", key)
	}
	if s.vri, err = v.Dict(s.dict, "VRI"); err != nil {
		return nil, err
	}
	for _, l := range []struct {
		key  pdf.Name
		list *pdf.Array
	}{{"Certs", &s.certs}, {"OCSPs", &s.ocsps}, {"CRLs", &s.crls}} {
		if *l.list, err = v.Array(s.dict, l.key); err != nil {
			return nil, err
		}
		for _, o := range *l.list {
			if err := s.learn(v, l.key, o); err != nil {
				return nil, fmt.Errorf("%s of the DSS: %w", l.key, err)
			}
		}
	}
	return s, nil
}

func (s *store) learn(v pdf.View, key pdf.Name, o pdf.Object) error {
	ref, ok := o.(pdf.Ref)
	if !ok {
		return fmt.Errorf("found %T, expected references to streams", o)
	}
	o, err := v.Get(ref)
	if err != nil {
		return err
	}
	stream, ok := o.(*pdf.Stream)
	if !ok {
		return fmt.Errorf("object %s is no stream", ref)
	}
	data, err := v.Decode(stream)
	if err != nil {
		return err
	}
	s.known[sha256.Sum256(data)] = ref
	if key == "Certs" {
		if c, err := x509.ParseCertificate(data); err == nil {
			s.held = append(s.held, c) // what is no certificate helps no verifier
		}
	}
	return nil
}

// put returns the stream that holds data, which it writes if it is new.
func (s *store) put(u *pdf.Update, list *pdf.Array, data []byte) pdf.Ref {
	sum := sha256.Sum256(data)
	ref, ok := s.known[sum]
	if !ok {
		ref = u.Reserve()
		u.Stream(ref, data)
		s.known[sum] = ref
	}
	if !slices.Contains(*list, pdf.Object(ref)) {
		*list = append(slices.Clone(*list), ref)
	}
	return ref
}

// add writes evidence and, if it has a key, what of it belongs to one
// signature.
func (s *store) add(u *pdf.Update, key pdf.Name, e *evidence, at time.Time) {
	var certs, ocsps, crls pdf.Array
	once := func(list *pdf.Array, ref pdf.Ref) {
		if !slices.Contains(*list, pdf.Object(ref)) {
			*list = append(*list, ref)
		}
	}
	for _, c := range e.certs {
		once(&certs, s.put(u, &s.certs, c.Raw))
	}
	for _, d := range e.ocsps {
		once(&ocsps, s.put(u, &s.ocsps, d))
	}
	for _, d := range e.crls {
		once(&crls, s.put(u, &s.crls, d))
	}
	if key == "" {
		return
	}
	entry := pdf.Dict{{Key: "Type", Value: pdf.Name("VRI")}}
	for _, l := range []struct {
		key  pdf.Name
		list pdf.Array
	}{{"Cert", certs}, {"OCSP", ocsps}, {"CRL", crls}} {
		if len(l.list) > 0 {
			entry = append(entry, pdf.Entry{Key: l.key, Value: l.list})
		}
	}
	entry = append(entry, pdf.Entry{Key: "TU", Value: date(at.UTC())})
	s.vri = s.vri.With(key, entry)
}

// write writes the store and returns it.
func (s *store) write(u *pdf.Update) pdf.Ref {
	dict := s.dict.With("Type", pdf.Name("DSS"))
	for _, l := range []struct {
		key  pdf.Name
		list pdf.Array
	}{{"Certs", s.certs}, {"OCSPs", s.ocsps}, {"CRLs", s.crls}} {
		if len(l.list) > 0 {
			dict = dict.With(l.key, l.list)
		}
	}
	dict = dict.With("VRI", s.vri) // every seal has an entry by now
	ref := u.Reserve()
	u.Object(ref, dict)
	return ref
}
