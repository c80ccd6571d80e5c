package delivery

import (
	"os"

	"github.com/liste-elettorali/anpr/internal/folder"
)

// FailSync makes the syncs of a folder fail for which fail returns an error.
func (o *FileOutbox) FailSync(fail func() error) {
	o.sync = func(f *os.File) error {
		if err := fail(); err != nil {
			return err
		}
		return folder.Sync(f)
	}
}
