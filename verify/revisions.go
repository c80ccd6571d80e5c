package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/liste-elettorali/anpr/internal/pdf"
)

// laterRevisions judges what was added after the first revision that a seal
// covers, revision by revision.
func (j *judgement) laterRevisions() Check {
	c := Check{Code: CodeLaterRevisions, Outcome: NotDone, Message: "Non verificato: nessuna firma copre per intero una revisione del file."}
	first := -1
	for _, s := range j.report.Signatures {
		if s.Revision >= 0 && !s.Timestamp && (first < 0 || s.Revision < first) {
			first = s.Revision
		}
	}
	if j.file == nil || first < 0 {
		return c
	}
	fail := func(err error) Check {
		c.Outcome, c.Message = Failed, "Dopo la firma è stata aggiunta una modifica non ammessa: "+clean(err.Error())+"."
		return c
	}
	if err := j.vanished(); err != nil {
		return fail(err)
	}
	last := len(j.file.Revisions) - 1
	if first == last {
		c.Outcome, c.Message = Passed, "Dopo la firma non è stato aggiunto nulla."
		return c
	}
	dangling, err := j.file.At(first).Dangling(j.ctx)
	if err != nil {
		return fail(err)
	}
	var kinds []string
	bare := false // something was filled in that no seal covers
	times := map[string]int{}
	for rev := first + 1; rev <= last; rev++ {
		u := &update{ctx: j.ctx, file: j.file, first: first, rev: rev, dangling: dangling, sigs: j.sigs}
		kind, err := u.judge()
		if err != nil {
			return fail(fmt.Errorf("revisione %d: %w", rev+1, err))
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
// and the same.
func (j *judgement) vanished() error {
	for rev := range len(j.file.Revisions) - 1 {
		if j.ctx.Err() != nil {
			return j.ctx.Err()
		}
		old, err := j.file.At(rev).Signatures()
		if err != nil {
			continue // not a form at that time; what became of it is judged as a change
		}
		for _, o := range old {
			if !slices.ContainsFunc(j.sigs, func(s *pdf.Signature) bool {
				return s.Ref == o.Ref && s.ContentsStart == o.ContentsStart && s.FieldRef == o.FieldRef
			}) {
				return fmt.Errorf("la firma «%s» della revisione %d è stata rimossa o sostituita", clean(o.Field), rev+1)
			}
		}
	}
	return nil
}

// An update is one later revision under judgement. Every object that it adds
// or replaces has to be accounted for.
type update struct {
	ctx      context.Context // lives for one call
	file     *pdf.File
	first    int // the revision that is sealed
	rev      int
	dangling map[uint32]bool // object numbers that the signed revision refers to in vain
	sigs     []*pdf.Signature

	old, new pdf.View
	policy   policy // of the signatures before it
	changes  map[uint32]*pdf.Change
	allowed  map[uint32]bool
	uses     map[uint32]int   // of the objects before it, when needed
	widgets  map[pdf.Ref]bool // signature fields that it adds
	signed   []string         // fields that get a signature
	filled   []string         // other fields that it fills in
	notes    []pdf.Ref        // comments that it adds
	signs    bool             // adds a seal
	shows    bool             // adds a signature field that is seen
	stamps   bool             // adds a timestamp
	dss      bool             // adds validation data
}

// judge returns what kind of update it is, or why it is not permitted.
func (u *update) judge() (kind string, err error) {
	if u.file.Revisions[u.rev].NoTable {
		return "", errors.New("aggiunge byte senza una tabella degli oggetti")
	}
	if u.file.Revisions[u.rev].Hybrid {
		return "", errors.New("ha due tabelle degli oggetti, che programmi diversi leggono in modo diverso")
	}
	list, err := u.file.Changes(u.rev)
	if err != nil {
		return "", err
	}
	u.old, u.new = u.file.At(u.rev-1), u.file.At(u.rev)
	u.policy = policyBefore(u.file, u.sigs, u.rev)
	u.changes, u.allowed, u.widgets = map[uint32]*pdf.Change{}, map[uint32]bool{}, map[pdf.Ref]bool{}
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
	for _, step := range []func() error{u.trailer, u.catalog, u.fields, u.pages, u.metadata} {
		if err := step(); err != nil {
			faults = append(faults, err)
		}
	}
	if faults = append(faults, u.rest()...); len(faults) > 0 {
		return "", reasons(faults)
	}
	if err := u.policy.permit(u); err != nil {
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
	for _, e := range is {
		if !slices.Contains(known, e.Key) && !pdf.Equal(e.Value, was.Get(e.Key)) && u.namesStream(e.Value) {
			return fmt.Errorf("la chiusura del file ha la voce %s", clean(string(e.Key)))
		}
	}
	oldSize, _ := u.file.At(u.first).Trailer().Get("Size").(int64)
	newSize, _ := is.Get("Size").(int64)
	if u.rev == len(u.file.Revisions)-1 && newSize < oldSize {
		return errors.New("il file dichiara meno oggetti di prima") // readers ignore those beyond
	}
	oldID, _ := was.Get("ID").(pdf.Array)
	newID, _ := is.Get("ID").(pdf.Array)
	if len(oldID) == 2 && (len(newID) != 2 || !pdf.Equal(oldID[0], newID[0])) {
		return errors.New("cambia l'identificativo del documento")
	}
	return nil
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
		return errors.New("un altro oggetto prende il posto del catalogo")
	}
	if key, dup := is.Duplicate(); dup {
		return fmt.Errorf("il catalogo ha due volte la voce %s", clean(string(key)))
	}
	for _, key := range keysOf(was, is) {
		if pdf.Equal(was.Get(key), is.Get(key)) {
			continue
		}
		switch key {
		case "DSS", "AcroForm", "Version":
		case "Extensions":
			if err := plainDicts(is.Get(key), 3); err != nil {
				return err
			}
		default:
			return fmt.Errorf("cambia la voce %s del catalogo", clean(string(key)))
		}
	}
	if err := u.securityStore(was, is); err != nil {
		return err
	}
	return u.form(was, is)
}

// plainDicts accepts dictionaries of names and numbers without references.
func plainDicts(o pdf.Object, depth int) error {
	d, ok := o.(pdf.Dict)
	if !ok || depth == 0 {
		return errors.New("le estensioni del catalogo non sono ben formate")
	}
	for _, e := range d {
		switch e.Value.(type) {
		case pdf.Name, int64, pdf.String:
		default:
			if err := plainDicts(e.Value, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
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
			return nil, fmt.Errorf("sostituisce l'oggetto %s, che serviva ad altro", ref)
		}
		u.allowed[ref.Num] = true
	}
	return u.new.Resolve(ref)
}

// securityStore accounts for the Document Security Store (ISO 32000-2 clause
// 12.8.4.3): dictionaries and arrays of streams, and nothing else.
func (u *update) securityStore(was, is pdf.Dict) error {
	before := places{}
	collectStore(u.old, was.Get("DSS"), before, 6)
	if is.Get("DSS") == nil {
		if was.Get("DSS") != nil {
			return errors.New("toglie i dati per la verifica")
		}
		return nil
	}
	n := len(u.allowed)
	o, err := u.node(is.Get("DSS"), before)
	if err != nil {
		return err
	}
	store, ok := o.(pdf.Dict)
	if !ok {
		return errors.New("i dati per la verifica non sono ben formati")
	}
	for _, e := range store {
		switch e.Key {
		case "Type":
			err = u.plain(e)
		case "Certs", "CRLs", "OCSPs":
			err = u.streams(e.Value, before)
		case "VRI":
			err = u.vri(e.Value, before)
		default:
			err = fmt.Errorf("i dati per la verifica hanno la voce %s", clean(string(e.Key)))
		}
		if err != nil {
			return err
		}
	}
	u.dss = u.dss || len(u.allowed) > n || !pdf.Equal(was.Get("DSS"), is.Get("DSS"))
	return nil
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

func (u *update) vri(o pdf.Object, before places) error {
	o, err := u.node(o, before)
	if err != nil {
		return err
	}
	all, ok := o.(pdf.Dict)
	if !ok {
		return errors.New("i dati per la verifica non sono ben formati")
	}
	for _, e := range all {
		if e.Key == "Type" {
			if err := u.plain(e); err != nil {
				return err
			}
			continue
		}
		o, err := u.node(e.Value, before)
		if err != nil {
			return err
		}
		one, ok := o.(pdf.Dict)
		if !ok {
			return errors.New("i dati per la verifica di una firma non sono ben formati")
		}
		for _, e := range one {
			switch e.Key {
			case "Type", "TU":
				err = u.plain(e)
			case "Cert", "CRL", "OCSP":
				err = u.streams(e.Value, before)
			case "TS":
				err = u.streams(pdf.Array{e.Value}, before)
			default:
				err = fmt.Errorf("i dati per la verifica di una firma hanno la voce %s", clean(string(e.Key)))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// plain accepts an entry whose value is a name or a text: a stream could be
// drawn by what shares the dictionary.
func (u *update) plain(e pdf.Entry) error {
	o, err := u.new.Resolve(e.Value)
	if err != nil {
		return err
	}
	switch o.(type) {
	case pdf.Name, pdf.String:
		return nil
	}
	return fmt.Errorf("i dati per la verifica hanno una voce %s che non è un nome né una data", clean(string(e.Key)))
}

func (u *update) streams(o pdf.Object, before places) error {
	o, err := u.node(o, before)
	if err != nil {
		return err
	}
	list, ok := o.(pdf.Array)
	if !ok {
		return errors.New("i dati per la verifica non sono un elenco")
	}
	for _, e := range list {
		o, err := u.node(e, nil)
		if err != nil {
			return err
		}
		if _, ok := o.(*pdf.Stream); !ok {
			return errors.New("i dati per la verifica non sono flussi")
		}
	}
	return nil
}

// rest refuses every change to an older object that no step has accounted for,
// and the definition of objects that the signed revision refers to in vain:
// that changes what is shown without touching anything. Other new objects that
// nothing refers to are not part of the document.
func (u *update) rest() []error {
	var faults []error
	for _, num := range slices.Sorted(maps.Keys(u.changes)) {
		switch c := u.changes[num]; {
		case !c.Has:
			faults = append(faults, fmt.Errorf("elimina l'oggetto %d%s", num, kindOf(c.Old)))
		case !c.Had && u.dangling[num]:
			faults = append(faults, fmt.Errorf("definisce l'oggetto %d%s, al quale il documento firmato già rinviava", num, kindOf(c.New)))
		case c.Had && !u.allowed[num]:
			faults = append(faults, fmt.Errorf("sostituisce l'oggetto %d%s", num, kindOf(c.Old)))
		}
	}
	return faults
}

// reasons joins the first few reasons.
func reasons(faults []error) error {
	const most = 4
	if len(faults) > most {
		faults = append(faults[:most:most], fmt.Errorf("e altro (%d)", len(faults)-most))
	}
	var b strings.Builder
	for i, f := range faults {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(f.Error())
	}
	return errors.New(b.String())
}

// kindOf says what an object is, for people.
func kindOf(o pdf.Object) string {
	names := map[pdf.Name]string{"Pages": "elenco delle pagine", "Page": "pagina", "Annot": "annotazione", "Font": "carattere",
		"Metadata": "metadati", "Sig": "firma", "XObject": "immagine o disegno", "Filespec": "allegato", "EmbeddedFile": "allegato"}
	var d pdf.Dict
	switch o := o.(type) {
	case pdf.Dict:
		d = o
	case *pdf.Stream:
		if d = o.Dict; d.Name("Type") == "" {
			return " (contenuto)"
		}
	}
	if n := names[d.Name("Type")]; n != "" {
		return " (" + n + ")"
	}
	return ""
}
