package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/liste-elettorali/anpr/certificate"
	"github.com/liste-elettorali/anpr/internal/folder"
	"github.com/liste-elettorali/anpr/internal/limits"
)

// The parts of the folder, and the suffixes of names.
const (
	keysFolder, documentsFolder = "keys", "documents"
	begunSuffix, goneSuffix     = ".new", ".gone"
)

// magic begins the file of a document. It is followed by the length of the
// header (4 bytes, big-endian), the header, its HMAC, and the content.
const magic = "ANPRARC1"

const maxHeader = 4096

// A disk is the folder on disk.
type disk struct {
	*folder.Folder
	keys, documents *os.File
	sync            func(*os.File) error // replaced by a test with one that fails
}

func openDisk(dir string) (*disk, error) {
	fail := func(err error) error { return fmt.Errorf("archive: %s: %w", dir, err) }
	f, err := folder.Open(dir, 0o077)
	if err != nil {
		return nil, fail(err)
	}
	d := &disk{Folder: f, sync: folder.Sync}
	if err := d.folders(); err != nil {
		return nil, fail(errors.Join(err, d.close()))
	}
	return d, nil
}

// folders opens the folders within, and makes them if there is none yet. If one
// is missing although the other was in use, the archive is damaged, not new.
func (d *disk) folders() (err error) {
	if d.keys, err = d.Root.Open(keysFolder); isGone(err) {
		// Keys are made first and documents last: a crash between the two
		// leaves an empty folder of keys.
		if _, err := d.Root.Stat(documentsFolder); err == nil {
			return corrupt(keysFolder, "the folder of the keys is missing")
		}
		if err := d.Root.Mkdir(keysFolder, 0o700); err != nil {
			return err
		}
		d.keys, err = d.Root.Open(keysFolder)
	}
	if err != nil {
		return err
	}
	if d.documents, err = d.Root.Open(documentsFolder); isGone(err) {
		if names, _ := d.keys.Readdirnames(1); len(names) > 0 {
			return corrupt(documentsFolder, "the folder of the documents is missing, but there are keys")
		}
		if err := d.Root.Mkdir(documentsFolder, 0o700); err != nil {
			return err
		}
		d.documents, err = d.Root.Open(documentsFolder)
	}
	if err != nil {
		return err
	}
	return d.Sync()
}

func (d *disk) close() error {
	var errs []error
	for _, f := range []*os.File{d.keys, d.documents} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(append(errs, d.Close())...)
}

// keep makes a document durable: first its key, then the document under another
// name, then its name. unsure reports that the document may be there in spite
// of the error.
func (d *disk) keep(ctx context.Context, doc certificate.Archived) (unsure bool, err error) {
	key := newKey()
	file, err := encode(key, doc)
	if err != nil {
		return false, err
	}
	newKeyName, newName := keysFolder+"/"+doc.ID+begunSuffix, documentsFolder+"/"+doc.ID+begunSuffix
	err = d.write(newKeyName, key)
	if err == nil {
		err = d.sync(d.keys)
	}
	if err == nil {
		err = d.write(newName, file)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = d.Root.Rename(newName, documentsFolder+"/"+doc.ID)
	}
	if err != nil {
		// If this fails too, opening the folder removes the file.
		_ = d.Root.Remove(newName)
		_ = d.overwrite(newKeyName)
		_ = d.Root.Remove(newKeyName)
		return false, wrapped(err)
	}
	if err := d.sync(d.documents); err != nil {
		return true, wrapped(err)
	}
	// The key is found under either name, so a crash may lose this change.
	if err := d.Root.Rename(newKeyName, keysFolder+"/"+doc.ID); err != nil {
		return true, wrapped(err)
	}
	return false, nil
}

func wrapped(err error) error {
	if err != nil {
		err = fmt.Errorf("archive: %w", err)
	}
	return err
}

// write makes the content of a file durable, but not its name.
func (d *disk) write(name string, data []byte) error {
	f, err := d.Root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = d.sync(f)
	}
	return errors.Join(err, f.Close())
}

// overwrite writes zeros over a key. A key that is not there is not an error.
func (d *disk) overwrite(name string) error {
	f, err := d.Root.OpenFile(name, os.O_WRONLY, 0)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, keySize), 0)
	if err == nil {
		err = d.sync(f)
	}
	return errors.Join(err, f.Close())
}

// mark renames documents, durably, to the names of deleted ones, and returns
// how many; the rest of the list is unchanged. unsure reports that after the
// error some may have their old name.
func (d *disk) mark(list []*entry) (marked int, unsure bool, err error) {
	for _, e := range list {
		name := documentsFolder + "/" + e.id
		if err = d.Root.Rename(name, name+goneSuffix); err != nil {
			break
		}
		marked++
	}
	if marked == 0 {
		return 0, false, wrapped(err)
	}
	synced := d.sync(d.documents)
	return marked, synced != nil, wrapped(errors.Join(err, synced))
}

// destroy deletes marked documents: first the keys, then the rest. It returns
// how many are gone completely.
func (d *disk) destroy(list []*entry) (int, error) {
	if len(list) == 0 {
		return 0, nil
	}
	n := 0
	var failed error
	for _, e := range list {
		for _, name := range []string{keysFolder + "/" + e.id, keysFolder + "/" + e.id + begunSuffix} {
			if failed = d.overwrite(name); failed == nil {
				failed = d.removed(name)
			}
			if failed != nil {
				break
			}
		}
		if failed != nil {
			break
		}
		n++
	}
	if n == 0 {
		return 0, wrapped(failed)
	}
	if err := d.sync(d.keys); err != nil {
		return 0, wrapped(errors.Join(failed, err))
	}
	for i, e := range list[:n] {
		if err := d.removed(documentsFolder + "/" + e.id + goneSuffix); err != nil {
			return i, wrapped(errors.Join(failed, err))
		}
	}
	if err := d.sync(d.documents); err != nil {
		return 0, wrapped(errors.Join(failed, err))
	}
	return n, wrapped(failed)
}

// removed removes a file; it is not an error if the file is gone already.
func (d *disk) removed(name string) error {
	if err := d.Root.Remove(name); !isGone(err) {
		return err
	}
	return nil
}

// A state says which files of a document are in one of the folders.
type state struct{ begun, kept, gone bool }

// name returns the name of the file which is there.
func (s state) name(id string) string {
	if s.kept {
		return id
	}
	return id + begunSuffix
}

func (d *disk) list(folder string) (map[string]state, error) {
	entries, err := d.Entries(folder)
	if err != nil {
		return nil, wrapped(err)
	}
	found := make(map[string]state, len(entries))
	for _, e := range entries {
		id, begun := strings.CutSuffix(e.Name(), begunSuffix)
		id, gone := strings.CutSuffix(id, goneSuffix)
		if !isID(id) || begun && gone || gone && folder == keysFolder || !e.Type().IsRegular() {
			return nil, corrupt(folder+"/"+e.Name(), "not a file of the archive, and nothing else may be in the folder")
		}
		s := found[id]
		s.begun, s.gone, s.kept = s.begun || begun, s.gone || gone, s.kept || !begun && !gone
		found[id] = s
	}
	return found, nil
}

// finish ends what was interrupted: it removes what was being kept and what was
// being deleted.
func (d *disk) finish(keys, documents map[string]state, unfinished []*entry) error {
	var orphans []*entry // keys without a document
	for id, has := range documents {
		if !has.begun {
			continue
		}
		if err := d.removed(documentsFolder + "/" + id + begunSuffix); err != nil {
			return wrapped(err)
		}
	}
	for id, has := range keys {
		name := keysFolder + "/" + id
		switch doc := documents[id]; {
		case !has.begun || doc.gone:
		case !doc.kept:
			orphans = append(orphans, &entry{id: id})
		case !has.kept:
			if err := d.Root.Rename(name+begunSuffix, name); err != nil {
				return wrapped(err)
			}
		default: // both names are there, which no crash can cause
			return corrupt(name+begunSuffix, "there is another key of the same document")
		}
	}
	_, err := d.destroy(append(unfinished, orphans...))
	return err
}

// encode returns the file of a document.
func encode(key []byte, doc certificate.Archived) ([]byte, error) {
	head, err := headerOf(doc).bytes()
	if err != nil {
		return nil, err
	}
	sum, err := mac(key, head)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, len(magic)+4+len(head)+len(sum)+4+len(doc.PDF)+len(doc.Embedded)+16)
	b = append(b, magic...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(head)))
	b = append(append(b, head...), sum...)
	return encrypt(b, key, head, doc.PDF, doc.Embedded)
}

// decodeHeader reads the beginning of a file and returns the header and its
// bytes.
func decodeHeader(r io.Reader, id string, key []byte) (header, []byte, error) {
	var h header
	fail := func(problem string) (header, []byte, error) { return h, nil, corrupt(documentsFolder+"/"+id, problem) }
	begin := make([]byte, len(magic)+4)
	if _, err := io.ReadFull(r, begin); err != nil || string(begin[:len(magic)]) != magic {
		return fail("it does not begin with " + magic)
	}
	n := binary.BigEndian.Uint32(begin[len(magic):])
	if n > maxHeader {
		return fail(fmt.Sprintf("a header of %d bytes, expected at most %d", n, maxHeader))
	}
	head, sum := make([]byte, n), make([]byte, macSize)
	if _, err := io.ReadFull(r, head); err != nil {
		return fail("it ends within the header")
	}
	if _, err := io.ReadFull(r, sum); err != nil {
		return fail("it ends within the header")
	}
	if err := checkMAC(key, head, sum); err != nil {
		return h, nil, fmt.Errorf("%s/%s: %w", documentsFolder, id, err)
	}
	if err := json.Unmarshal(head, &h); err != nil {
		return fail("its header is no JSON")
	}
	if h.Version != version || h.ID != id {
		return fail(fmt.Sprintf("its header is of document %.26q in version %d, expected version %d",
			h.ID, h.Version, version))
	}
	return h, head, nil
}

// header reads the header of a document that is kept.
func (d *disk) header(id string) (header, error) { return d.headerWith(id, id) }

func (d *disk) headerWith(id, keyName string) (header, error) {
	key, err := d.read(keysFolder+"/"+keyName, keySize)
	if err != nil {
		return header{}, err
	}
	f, err := d.Root.Open(documentsFolder + "/" + id)
	if err != nil {
		return header{}, wrapped(err)
	}
	defer f.Close()
	begin := make([]byte, len(magic)+4+maxHeader+macSize)
	n, err := io.ReadFull(f, begin)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return header{}, wrapped(err)
	}
	h, _, err := decodeHeader(bytes.NewReader(begin[:n]), id, key)
	return h, err
}

// document reads a document that is kept.
func (d *disk) document(id string) (certificate.Archived, error) {
	none := certificate.Archived{}
	key, err := d.read(keysFolder+"/"+id, keySize)
	if err != nil {
		return none, err
	}
	file, err := d.read(documentsFolder+"/"+id, limits.PDFBytes+2*maxHeader)
	if err != nil {
		return none, err
	}
	r := bytes.NewReader(file)
	h, head, err := decodeHeader(r, id, key)
	if err != nil {
		return none, err
	}
	out := h.archived()
	if out.PDF, out.Embedded, err = decrypt(key, head, file[len(file)-r.Len():]); err != nil {
		return none, fmt.Errorf("%s/%s: %w", documentsFolder, id, err)
	}
	return out, nil
}

// read reads a file of at most so many bytes.
func (d *disk) read(name string, most int64) ([]byte, error) {
	f, err := d.Root.Open(name)
	if err != nil {
		return nil, wrapped(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, wrapped(err)
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, corrupt(name, fmt.Sprintf("expected a regular file of at most %d bytes", most))
	}
	b := make([]byte, info.Size())
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, wrapped(err)
	}
	return b, nil
}
