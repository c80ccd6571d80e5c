package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// laterRevisions judges what was added after the first revision that a seal
// covers, revision by revision.
func (j *judgement) laterRevisions() Check {
	c := Check{Code: CodeLaterRevisions, Outcome: NotDone,
		Message: "Non verificato: nessuna firma copre per intero una revisione del file."}
	first := -1
	for _, s := range j.report.Signatures {
		if s.Revision >= 0 && !s.Timestamp && (first < 0 || s.Revision < first) {
			first = s.Revision
		}
	}
	if j.file == nil || first < 0 {
		return c
	}
	refused := func(where string, list []Reason, err error) Check {
		c.Outcome, c.Reasons = Failed, list[:min(len(list), maxReasons)]
		c.Message = "Dopo la firma è stata aggiunta una modifica non ammessa: " + where + sentence(list) + "."
		if err != nil {
			c.Message = "La verifica è stata interrotta prima della fine."
		}
		return c
	}
	if list, err := reasons(j.vanished()); len(list) > 0 || err != nil {
		return refused("", list, err)
	}
	last := len(j.file.Revisions) - 1
	if first == last {
		c.Outcome, c.Message = Passed, "Dopo la firma non è stato aggiunto nulla."
		return c
	}
	dangling, err := j.file.At(first).Dangling(j.ctx)
	if err != nil {
		list, err := reasons(first+1, err)
		return refused("", list, err)
	}
	var kinds []string
	bare := false // something was filled in that no seal covers
	times := map[string]int{}
	for rev := first + 1; rev <= last; rev++ {
		u := &update{ctx: j.ctx, file: j.file, first: first, rev: rev, dangling: dangling, sigs: j.sigs}
		kind, err := u.judge()
		if err != nil {
			list, err := reasons(rev+1, err)
			return refused(fmt.Sprintf("revisione %d: ", rev+1), list, err)
		}
		bare = !u.signs && (bare || len(u.filled)+len(u.notes) > 0)
		if times[kind]++; times[kind] == 1 {
			kinds = append(kinds, kind)
		}
		c.Evidence = append(c.Evidence, fmt.Sprintf("revision %d: %s", rev+1, kind))
	}
	for i, kind := range kinds {
		if n := times[kind]; n > 1 {
			kinds[i] = fmt.Sprintf("%s, %d volte", kind, n)
		}
	}
	c.Outcome = Passed
	c.Message = "Dopo la firma sono state aggiunte solo revisioni ammesse (" + strings.Join(kinds, "; ") + ")."
	if bare {
		c.Message += " Ciò che è stato compilato o annotato dopo non è garantito da alcuna firma."
	}
	return c
}

// vanished checks that every signature of an earlier revision is still there
// and the same in the last.
func (j *judgement) vanished() (revision int, err error) {
	var faults []error
	told := map[string]bool{}
	last := len(j.file.Revisions) - 1
	for rev := range last {
		if j.ctx.Err() != nil {
			return 0, j.ctx.Err()
		}
		old, err := j.file.At(rev).Signatures()
		if err != nil {
			continue // not a form at that time; what became of it is judged as a change
		}
		for _, o := range old {
			if !slices.ContainsFunc(j.sigs, func(s *pdf.Signature) bool {
				return s.Ref == o.Ref && s.ContentsStart == o.ContentsStart && s.FieldRef == o.FieldRef
			}) {
				path := at(o.FieldRef, "V")
				if o.FieldRef == (pdf.Ref{}) { // the field is not an object of its own
					path = at(o.Ref)
				}
				if !told[path] {
					told[path] = true
					faults = append(faults, refuse(signatureRemoved, path,
						"field", o.Field, "signed", strconv.Itoa(rev+1)))
				}
			}
		}
	}
	return last + 1, errors.Join(faults...)
}

// An update is one later revision under judgement. Every object that it adds
// or replaces has to be accounted for.
type update struct {
	ctx      context.Context // lives for one call
	file     *pdf.File
	first    int // the revision that is sealed
	rev      int
	dangling map[uint32]bool // numbers to which the signed revision refers and that do not exist
	sigs     []*pdf.Signature

	old, new pdf.View
	policy   policy // of the signatures before it
	changes  map[uint32]*pdf.Change
	allowed  map[uint32]bool
	uses     map[uint32]int    // of the objects before it, when needed
	drawn    map[uint32]bool   // the objects that pages lead to, when needed
	widgets  map[pdf.Ref]bool  // signature fields that it adds
	signed   []string          // fields that get a signature
	filled   []string          // other fields that it fills in
	where    map[string]string // the paths of both
	notes    []pdf.Ref         // comments that it adds
	signs    bool              // adds a seal
	shows    bool              // adds a signature field that is seen
	stamps   bool              // adds a timestamp
	dss      bool              // adds validation data
}

// judge returns what kind of update it is, or why it is not permitted.
func (u *update) judge() (kind string, err error) {
	if u.file.Revisions[u.rev].NoTable {
		return "", refuse(bytesWithoutTable, "")
	}
	if u.file.Revisions[u.rev].Hybrid {
		return "", refuse(hybridTable, "trailer/XRefStm")
	}
	list, err := u.file.Changes(u.rev)
	if err != nil {
		return "", err
	}
	u.old, u.new = u.file.At(u.rev-1), u.file.At(u.rev)
	u.policy = policyBefore(u.file, u.sigs, u.rev)
	u.changes, u.allowed, u.widgets = map[uint32]*pdf.Change{}, map[uint32]bool{}, map[pdf.Ref]bool{}
	u.where = map[string]string{}
	for i := range list {
		u.changes[list[i].Ref.Num] = &list[i]
	}
	for _, s := range u.sigs {
		if s.Revision == u.rev {
			u.stamps = u.stamps || s.IsTimestamp()
			u.signs = u.signs || !s.IsTimestamp()
		}
	}
	var faults []error
	for _, step := range []func() error{u.trailer, u.catalog, u.fields, u.structure, u.pages,
		u.metadata} {
		faults = append(faults, step())
	}
	faults = append(faults, u.rest(named(errors.Join(faults...))), u.policy.permit(u))
	if err := errors.Join(faults...); err != nil {
		return "", err
	}
	switch {
	case u.signs && len(u.filled) > 0:
		return "un'altra firma, con la compilazione di " + u.filledNames(), nil
	case u.signs:
		return "un'altra firma", nil
	case len(u.filled) > 0:
		return "compilazione di " + u.filledNames(), nil
	case len(u.notes) > 0:
		return count(len(u.notes), "annotazione", "annotazioni"), nil
	case u.stamps:
		return "marca temporale", nil
	case u.dss:
		return "dati per la verifica", nil
	case len(list) == 0:
		return "nessun cambiamento", nil
	}
	return "dati tecnici", nil
}

// filledNames lists the fields that were filled in.
func (u *update) filledNames() string {
	const most = 5
	var b strings.Builder
	for i, name := range u.filled[:min(len(u.filled), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("«" + clean(name) + "»")
	}
	if n := len(u.filled) - most; n > 0 {
		fmt.Fprintf(&b, " e altri %d", n)
	}
	return b.String()
}

// trailer checks that the trailer names nothing new.
func (u *update) trailer() error {
	was, is := u.old.Trailer(), u.new.Trailer()
	known := []pdf.Name{"Size", "Root", "Prev", "Info", "ID", "Type", "W", "Index", "Length", "Filter", "DecodeParms"}
	var faults []error
	for _, e := range is {
		if !slices.Contains(known, e.Key) && !pdf.Equal(e.Value, was.Get(e.Key)) && u.namesStream(e.Value) {
			faults = append(faults, refuse(trailerEntry, "trailer/"+keyText(e.Key), "key",
				string(e.Key)).found(e.Value))
		}
	}
	oldSize, _ := u.file.At(u.first).Trailer().Get("Size").(int64)
	newSize, _ := is.Get("Size").(int64)
	if u.rev == len(u.file.Revisions)-1 && newSize < oldSize {
		// Readers ignore the objects beyond.
		faults = append(faults, refuse(sizeShrinks, "trailer/Size").found(is.Get("Size")))
	}
	oldID, _ := was.Get("ID").(pdf.Array)
	newID, _ := is.Get("ID").(pdf.Array)
	if len(oldID) == 2 && (len(newID) != 2 || !pdf.Equal(oldID[0], newID[0])) {
		faults = append(faults, refuse(identifierChanged, "trailer/ID").found(is.Get("ID")))
	}
	return errors.Join(faults...)
}

// namesStream reports whether a value leads to data. Some programs open what
// entries of their own in the trailer name instead of the document
// (AdditionalStreams).
func (u *update) namesStream(o pdf.Object) bool {
	found := false
	pdf.EachRef(o, func(ref pdf.Ref) {
		r, err := u.new.Resolve(ref)
		_, stream := r.(*pdf.Stream)
		found = found || err != nil || stream
	})
	return found
}

// catalogs returns the catalog before and after.
func (u *update) catalogs() (was, is pdf.Dict, err error) {
	if was, _, err = u.old.Catalog(); err == nil {
		is, _, err = u.new.Catalog()
	}
	return was, is, err
}

// catalog checks the catalog and the objects that it allows to change.
func (u *update) catalog() error {
	was, oldRef, err := u.old.Catalog()
	if err != nil {
		return err
	}
	is, newRef, err := u.new.Catalog()
	if err != nil {
		return err
	}
	if c := u.changes[newRef.Num]; oldRef == newRef || c != nil && !c.Had {
		u.allowed[newRef.Num] = true
	} else {
		return refuse(catalogReplaced, "trailer/Root").found(newRef)
	}
	if key, dup := is.Duplicate(); dup {
		return refuse(keyTwice, at(newRef, key), "what", "il catalogo", "key", string(key))
	}
	var faults []error
	for _, key := range keysOf(was, is) {
		if pdf.Same(catalogType(key), was.Get(key), is.Get(key)) {
			continue
		}
		switch key {
		case "DSS", "AcroForm", "Version":
		case "Extensions":
			faults = append(faults, extensions(at(newRef, key), is.Get(key)))
		default:
			faults = append(faults, refuse(catalogEntry, at(newRef, key), "key", string(key)).found(is.Get(key)))
		}
	}
	faults = append(faults, u.securityStore(newRef, was, is), u.form(newRef, was, is))
	return errors.Join(faults...)
}

func keysOf(a, b pdf.Dict) []pdf.Name {
	var keys []pdf.Name
	seen := make(map[pdf.Name]bool, len(a)+len(b))
	for _, d := range []pdf.Dict{a, b} {
		for _, e := range d {
			if !seen[e.Key] {
				seen[e.Key] = true
				keys = append(keys, e.Key)
			}
		}
	}
	return keys
}

// places counts how often objects stood at places where they may be replaced.
type places map[pdf.Ref]int

// anywhere is for an object whose new content does no harm wherever else it is
// used.
const anywhere = math.MaxInt

// node accounts for an object that stands at a permitted place. An object that
// existed before may only be replaced if it stood at such places before and
// nowhere else: what the page draws could be listed in the store of validation
// data too.
func (u *update) node(o pdf.Object, before places) (pdf.Object, error) {
	ref, ok := o.(pdf.Ref)
	if !ok {
		return o, nil
	}
	if c := u.changes[ref.Num]; c != nil {
		if _, stream := c.New.(*pdf.Stream); c.Had && (stream || before[ref] == 0 || u.used(ref) > before[ref]) {
			return nil, refuse(objectInUse, at(ref), "object", ref.String()).found(c.New)
		}
		u.allowed[ref.Num] = true
	}
	return u.new.Resolve(ref)
}

// securityStore accounts for the Document Security Store (ISO 32000-2 clause
// 12.8.4.3): dictionaries and arrays of streams, and nothing else.
func (u *update) securityStore(catalog pdf.Ref, was, is pdf.Dict) error {
	before := places{}
	collectStore(u.old, was.Get("DSS"), before, 6)
	if is.Get("DSS") == nil {
		if was.Get("DSS") != nil {
			return refuse(storeRemoved, at(catalog, "DSS"))
		}
		return nil
	}
	n := len(u.allowed)
	path := below(at(catalog), pdf.Entry{Key: "DSS", Value: is.Get("DSS")})
	o, err := u.node(is.Get("DSS"), before)
	if err != nil {
		return err
	}
	store, ok := o.(pdf.Dict)
	if !ok {
		return refuse(storeForm, path, "expected", "atteso un dizionario").found(o)
	}
	var faults []error
	for _, e := range store {
		switch e.Key {
		case "Type":
			faults = append(faults, u.plain(path, e))
		case "Certs", "CRLs", "OCSPs":
			faults = append(faults, u.streams(below(path, e), e.Value, before))
		case "VRI":
			faults = append(faults, u.vri(below(path, e), e.Value, before))
		default:
			faults = append(faults, refuse(storeEntry, below(path, e), "key", string(e.Key)).found(e.Value))
		}
	}
	u.dss = u.dss || len(u.allowed) > n || !pdf.Equal(was.Get("DSS"), is.Get("DSS"))
	return errors.Join(faults...)
}

// below is the path of the value of an entry: of the object that it refers to,
// if it is a reference.
func below(path string, e pdf.Entry) string {
	if ref, ok := e.Value.(pdf.Ref); ok {
		return at(ref)
	}
	return path + "/" + keyText(e.Key)
}

// collectStore counts the references within a store.
func collectStore(v pdf.View, o pdf.Object, into places, depth int) {
	if ref, ok := o.(pdf.Ref); ok {
		if into[ref]++; into[ref] > 1 {
			return
		}
	}
	r, err := v.Resolve(o)
	if err != nil || depth == 0 {
		return
	}
	switch r := r.(type) {
	case pdf.Dict:
		for _, e := range r {
			collectStore(v, e.Value, into, depth-1)
		}
	case pdf.Array:
		for _, e := range r {
			collectStore(v, e, into, depth-1)
		}
	}
}

func (u *update) vri(path string, o pdf.Object, before places) error {
	o, err := u.node(o, before)
	if err != nil {
		return err
	}
	all, ok := o.(pdf.Dict)
	if !ok {
		return refuse(storeForm, path, "expected", "atteso un dizionario").found(o)
	}
	var faults []error
	for _, e := range all {
		if e.Key == "Type" {
			faults = append(faults, u.plain(path, e))
			continue
		}
		faults = append(faults, u.vriOf(below(path, e), e.Value, before))
	}
	return errors.Join(faults...)
}

// vriOf accounts for the validation data of one signature.
func (u *update) vriOf(path string, o pdf.Object, before places) error {
	o, err := u.node(o, before)
	if err != nil {
		return err
	}
	one, ok := o.(pdf.Dict)
	if !ok {
		return refuse(storeForm, path, "expected", "atteso un dizionario").found(o)
	}
	var faults []error
	for _, e := range one {
		switch e.Key {
		case "Type", "TU":
			faults = append(faults, u.plain(path, e))
		case "Cert", "CRL", "OCSP":
			faults = append(faults, u.streams(below(path, e), e.Value, before))
		case "TS":
			faults = append(faults, u.streams(below(path, e), pdf.Array{e.Value}, before))
		default:
			faults = append(faults, refuse(storeEntry, below(path, e), "key", string(e.Key)).found(e.Value))
		}
	}
	return errors.Join(faults...)
}

// plain accepts an entry whose value is a name or a text: a stream could be
// drawn by what shares the dictionary.
func (u *update) plain(path string, e pdf.Entry) error {
	o, err := u.new.Resolve(e.Value)
	if err != nil {
		return err
	}
	switch o.(type) {
	case pdf.Name, pdf.String:
		return nil
	}
	return refuse(storeForm, path+"/"+keyText(e.Key), "expected",
		"la voce "+clean(string(e.Key))+" è un nome o una data").found(o)
}

func (u *update) streams(path string, o pdf.Object, before places) error {
	o, err := u.node(o, before)
	if err != nil {
		return err
	}
	list, ok := o.(pdf.Array)
	if !ok {
		return refuse(storeForm, path, "expected", "atteso un elenco").found(o)
	}
	var faults []error
	for i, e := range list {
		o, err := u.node(e, nil)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if _, ok := o.(*pdf.Stream); !ok {
			item := pdf.Entry{Key: pdf.Name(strconv.Itoa(i)), Value: e}
			faults = append(faults, refuse(storeForm, below(path, item), "expected", "atteso un flusso").found(o))
		}
	}
	return errors.Join(faults...)
}

// named returns the objects that refusals are about.
func named(err error) map[string]bool {
	out := map[string]bool{}
	list, _ := reasons(0, err) // an interruption is an error of its own
	for _, r := range list {
		object, _, _ := strings.Cut(r.Path, "/")
		out[object] = true
	}
	return out
}

// rest refuses every change to an older object that no step has accounted for
// or refused. It also refuses to define an object that the signed revision refers
// to and that did not exist: that changes what is shown without touching anything.
// Other new objects that nothing refers to are not part of the document.
func (u *update) rest(refused map[string]bool) error {
	var faults []error
	for _, num := range slices.Sorted(maps.Keys(u.changes)) {
		c := u.changes[num]
		code, o := ReasonCode(""), c.Old
		switch {
		case !c.Has:
			code = objectDeleted
		case !c.Had && u.dangling[num]:
			code, o = objectDefined, c.New
		case c.Had && !u.allowed[num]:
			code = objectReplaced
		}
		if code == objectReplaced {
			if of, known := restType(dictOf(c.Old)); known {
				same, err := u.respelled(of, c)
				if err != nil {
					return err
				}
				if same {
					continue
				}
			}
		}
		if code != "" && !(code == objectReplaced && refused[at(c.Ref)]) {
			faults = append(faults, refuse(code, at(c.Ref), "object", strconv.FormatUint(uint64(num), 10), "kind",
				kindOf(o)))
		}
	}
	return errors.Join(faults...)
}

func dictOf(o pdf.Object) pdf.Dict {
	d, _ := o.(pdf.Dict)
	return d
}

// kindOf says what an object is, for people.
func kindOf(o pdf.Object) string {
	names := map[pdf.Name]string{"Pages": "elenco delle pagine", "Page": "pagina", "Annot": "annotazione",
		"Font":     "carattere",
		"Metadata": "metadati", "Sig": "firma", "XObject": "immagine o " +
			"disegno", "Filespec": "allegato", "EmbeddedFile": "allegato"}
	var d pdf.Dict
	switch o := o.(type) {
	case pdf.Dict:
		d = o
	case *pdf.Stream:
		if d = o.Dict; d.Name("Type") == "" {
			return "contenuto"
		}
	}
	return names[d.Name("Type")]
}
