package tagged

import (
	"bytes"
	"compress/zlib"
	_ "embed"
	"fmt"
	"io"
	"runtime"
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
	// Fallback and FallbackBold draw what those have no glyphs for ([Engine.Spans]);
	// nil means none.
	Fallback, FallbackBold []byte
}

// An Engine makes documents. It holds the fonts and the colour profile, which
// are prepared once. It is safe for concurrent use; a [Document] is not.
type Engine struct {
	fonts   [faces]*Font // nil for a fallback that is not given
	profile []byte       // compressed sRGB profile
	// What documents use one after the other. No sync.Pool, which every
	// collection of garbage empties: a compressor is 0.6 MB.
	writers   chan *zlib.Writer
	scratches chan *scratch
}

// New prepares an engine.
func New(cfg Config) (*Engine, error) {
	n := runtime.GOMAXPROCS(0)
	e := &Engine{profile: deflate(sRGB(), zlib.BestCompression), writers: make(chan *zlib.Writer, n), scratches: make(chan *scratch, n)}
	for i, data := range [faces][]byte{cfg.Regular, cfg.Bold, cfg.Fallback, cfg.FallbackBold} {
		if data == nil {
			if i >= int(Fallback) {
				continue
			}
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
	var w *zlib.Writer
	select {
	case w = <-e.writers:
		w.Reset(out)
	default:
		var err error
		if w, err = zlib.NewWriterLevel(out, zlib.BestSpeed); err != nil {
			panic("tagged: impossible compression level: " + err.Error())
		}
	}
	// Writing into a bytes.Buffer cannot fail.
	_, _ = w.Write(data)
	_ = w.Close()
	w.Reset(io.Discard)
	select {
	case e.writers <- w:
	default:
	}
	return out.Bytes()
}

func errorf(format string, args ...any) error { return fmt.Errorf("tagged: "+format, args...) }
