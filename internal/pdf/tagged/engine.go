package tagged

import (
	"bytes"
	"compress/zlib"
	_ "embed"
	"fmt"
	"io"
	"sync"
)

//go:embed fonts/TitilliumWeb-Regular.ttf
var titilliumRegular []byte

//go:embed fonts/TitilliumWeb-Bold.ttf
var titilliumBold []byte

// A Config says what the documents of an engine share. Its zero value uses
// Titillium Web, the typeface of the Italian public administration's design
// system, under the SIL Open Font License 1.1 (fonts/OFL.txt).
type Config struct {
	Regular, Bold []byte // TrueType files; nil means Titillium Web
}

// An Engine makes documents. It holds the fonts and the colour profile, which
// are prepared once. It is safe for concurrent use; a [Document] is not.
type Engine struct {
	fonts   [2]*Font
	profile []byte // compressed sRGB profile
	writers sync.Pool
}

// New prepares an engine.
func New(cfg Config) (*Engine, error) {
	e := &Engine{profile: deflate(sRGB(), zlib.BestCompression)}
	for i, data := range [][]byte{cfg.Regular, cfg.Bold} {
		if data == nil {
			data = [][]byte{titilliumRegular, titilliumBold}[i]
		}
		f, err := ParseFont(data)
		if err != nil {
			return nil, err
		}
		e.fonts[i] = f
	}
	return e, nil
}

// Font returns the font of a face.
func (e *Engine) Font(face Face) *Font { return e.fonts[face] }

// compress appends the zlib stream of data to dst.
func (e *Engine) compress(dst []byte, data []byte) []byte {
	out := bytes.NewBuffer(dst)
	w, _ := e.writers.Get().(*zlib.Writer)
	if w == nil {
		var err error
		if w, err = zlib.NewWriterLevel(out, zlib.BestSpeed); err != nil {
			panic("tagged: impossible compression level: " + err.Error())
		}
	} else {
		w.Reset(out)
	}
	// Writing into a bytes.Buffer cannot fail.
	_, _ = w.Write(data)
	_ = w.Close()
	w.Reset(io.Discard)
	e.writers.Put(w)
	return out.Bytes()
}

func errorf(format string, args ...any) error { return fmt.Errorf("tagged: "+format, args...) }
