package captcha

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
)

// TestOCR reports how many pictures Tesseract reads, told to look for one line
// of digits. It fails on no rate: a program made for these pictures would do
// better than a reader of printed pages.
func TestOCR(t *testing.T) {
	tool, dir := testenv.Tool(t, "tesseract"), t.TempDir()
	d, err := New(Config{Key: bytes.Repeat([]byte{6}, MinKeySize)})
	require.NoError(t, err)
	const pictures = 200
	var list, answers []string
	for i := range pictures {
		c, err := d.New(t.Context(), "prova")
		require.NoError(t, err)
		tok, err := openToken(d.cfg.Key, c.ID)
		require.NoError(t, err)
		png, err := d.Picture(t.Context(), c.ID)
		require.NoError(t, err)
		path := filepath.Join(dir, fmt.Sprintf("%03d.png", i))
		require.NoError(t, os.WriteFile(path, png, 0o600))
		list, answers = append(list, path), append(answers, string(tok.answer[:]))
	}
	// Tesseract itself ends with a floating point exception on some pictures:
	// then it has read none of its batch.
	const batch = 10
	names := filepath.Join(dir, "list.txt")
	pages, crashed := make([]string, pictures), 0
	for from := 0; from < pictures; from += batch {
		require.NoError(t, os.WriteFile(names, []byte(strings.Join(list[from:from+batch], "\n")+"\n"), 0o600))
		cmd := exec.CommandContext(t.Context(), tool, names, "stdout", "--psm", "7", "-c",
			"tessedit_char_whitelist=0123456789")
		cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
		out, err := cmd.Output()
		if err != nil {
			crashed++
			continue
		}
		read := strings.Split(string(out), "\f") // one for each picture
		require.GreaterOrEqual(t, len(read), batch)
		copy(pages[from:from+batch], read)
	}
	require.Less(t, crashed, pictures/batch/2, "it reads hardly anything")
	whole, digits := 0, 0
	for i, answer := range answers {
		got := strings.Join(strings.Fields(pages[i]), "")
		if got == answer {
			whole++
		}
		for k := range min(len(got), len(answer)) {
			if got[k] == answer[k] {
				digits++
			}
		}
	}
	t.Logf("Tesseract reads %d of %d pictures, and %d of %d digits in their place; it crashed on %d of %d batches",
		whole, pictures, digits, pictures*count, crashed, pictures/batch)
}
