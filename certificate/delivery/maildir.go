package delivery

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Maildir is a [Mailbox] in a folder of this machine, in Maildir++ form.
// Another program (mbsync, getmail, an MTA) fetches the mails into it; nothing
// else may empty it. A mail waits in new or cur; it is filed by renaming it
// into a subfolder, durably. It is safe for concurrent use, but two concurrent
// calls may both be given the same mail. Not on Windows, where the colon in the
// names of a Maildir is not allowed ([errors.ErrUnsupported]).
type Maildir struct {
	// Dir is the folder with new, cur and tmp.
	Dir string
	// DoneFolder and OtherFolder are the folders into which mails are filed;
	// they are made if they do not exist. Empty means "Ricevute" and "Da
	// vedere". ASCII, without "/" and ".".
	DoneFolder, OtherFolder string
}

var _ Mailbox = (*Maildir)(nil)

// Receive implements [Mailbox]. The age of a mail is the number at the
// beginning of its name, which is the second of its arrival. Receive holds one
// mail at a time in memory.
func (b *Maildir) Receive(ctx context.Context, n int, take func(context.Context, io.Reader) (Filing, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return fmt.Errorf("delivery: Maildir: %w on Windows: take IMAP", errors.ErrUnsupported)
	}
	root, err := os.OpenRoot(b.Dir)
	if err != nil {
		return maildirFailed(err)
	}
	defer root.Close()
	folders := map[Filing]string{Done: cmp.Or(b.DoneFolder, "Ricevute"), Other: cmp.Or(b.OtherFolder, "Da vedere")}
	for filing, name := range folders {
		if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '/' || r == '.' }) {
			return fmt.Errorf("delivery: Maildir: folder %.40q: expected ASCII without slash and dot", name)
		}
		folders[filing] = "." + name
		for _, part := range []string{"", "/new", "/cur", "/tmp"} {
			if err := root.Mkdir("."+name+part, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
				return maildirFailed(err)
			}
		}
	}
	mails, err := waiting(root)
	if err != nil {
		return maildirFailed(err)
	}
	for _, m := range mails[:min(len(mails), max(n, 0))] {
		if err := ctx.Err(); err != nil {
			return err
		}
		mail, err := readMail(root, m.path())
		if errors.Is(err, fs.ErrNotExist) {
			continue // another program has removed or renamed it
		}
		if err != nil {
			return maildirFailed(err)
		}
		filing, err := take(ctx, mail)
		if err != nil {
			return err
		}
		to, ok := folders[filing]
		if !ok {
			return fmt.Errorf("delivery: mailbox: filing %.20q: expected done or other", filing)
		}
		if err := m.move(root, to); err != nil {
			return maildirFailed(err)
		}
	}
	return nil
}

// A maildirMail is a file in new or cur.
type maildirMail struct {
	part, name string
	second     int64 // 0 if the name does not begin with one
}

func (m maildirMail) path() string { return m.part + "/" + m.name }

// waiting lists the mails, the oldest first.
func waiting(root *os.Root) ([]maildirMail, error) {
	var list []maildirMail
	for _, part := range []string{"new", "cur"} {
		entries, err := fs.ReadDir(root.FS(), part)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			digits, _, _ := strings.Cut(e.Name(), ".")
			second, _ := strconv.ParseInt(digits, 10, 64)
			list = append(list, maildirMail{part, e.Name(), second})
		}
	}
	slices.SortFunc(list, func(a, b maildirMail) int {
		return cmp.Or(cmp.Compare(a.second, b.second), cmp.Compare(a.name, b.name))
	})
	return list, nil
}

// readMail reads a mail, nil if it is too big.
func readMail(root *os.Root, path string) (io.Reader, error) {
	f, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxReceipt+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxReceipt {
		return nil, nil
	}
	return bytes.NewReader(data), nil
}

// move files a mail and marks it as read.
func (m maildirMail) move(root *os.Root, folder string) error {
	name := m.name
	if !strings.Contains(name, ":2,") {
		name += ":2,S"
	}
	if err := root.Rename(m.path(), folder+"/cur/"+name); err != nil {
		return err
	}
	for _, dir := range []string{folder + "/cur", m.part} {
		f, err := root.Open(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// maildirFailed returns an error without the name of a mail, which another
// program has chosen.
func maildirFailed(err error) error {
	for _, known := range []error{fs.ErrNotExist, fs.ErrPermission, fs.ErrExist} {
		if errors.Is(err, known) {
			return fmt.Errorf("delivery: mailbox: %w", known)
		}
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("delivery: mailbox: %w", e.Err)
	}
	return errors.New("delivery: mailbox: the folder cannot be read or written")
}
