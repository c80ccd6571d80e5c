package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
)

// AssetPath is where the static files are. Their names change with their content, so
// that browsers keep them.
const AssetPath = "/static/"

// An asset is a static file in the form in which it is served.
type asset struct {
	data, gzip []byte
	mime       string
}

// loadAssets reads the static files; those with styles last, since they name others.
func (f *Frame) loadAssets() error {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return err
	}
	for _, styles := range []bool{false, true} {
		for _, e := range entries {
			if strings.Contains(e.Name(), ".css") != styles {
				continue
			}
			if err := f.loadAsset(e.Name()); err != nil {
				return fmt.Errorf("page: %s: %w", e.Name(), err)
			}
		}
	}
	return nil
}

func (f *Frame) loadAsset(file string) error {
	data, err := assetFiles.ReadFile("assets/" + file)
	if err != nil {
		return err
	}
	name, packed := strings.CutSuffix(file, ".gz")
	a := asset{data: data, mime: map[string]string{
		".css": "text/css; charset=utf-8", ".woff2": "font/woff2", ".js": "text/javascript; charset=utf-8",
		".txt": "text/plain; charset=utf-8", ".svg": "image/svg+xml",
	}[path.Ext(name)]}
	if a.mime == "" {
		return errors.New("of which type?")
	}
	if packed {
		a.gzip = data
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return err
		}
		if a.data, err = io.ReadAll(z); err != nil {
			return err
		}
	}
	if path.Ext(name) == ".css" && !packed {
		for other, served := range f.hashed {
			a.data = bytes.ReplaceAll(a.data, []byte(`url("`+other+`")`), []byte(`url("`+served+`")`))
		}
	}
	sum := sha256.Sum256(a.data)
	ext := path.Ext(name)
	served := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	f.assets[served], f.hashed[name] = a, served
	return nil
}

// address returns where a static file is served.
func (f *Frame) address(name string) (string, error) {
	served, ok := f.hashed[name]
	if !ok {
		return "", fmt.Errorf("no static file %s", name)
	}
	return AssetPath + served, nil
}

// Asset serves the static file that the request names ("name" of the path), and reports
// whether there is one; if not, it has not answered.
func (f *Frame) Asset(w http.ResponseWriter, r *http.Request) bool {
	name, keep := r.PathValue("name"), "public, max-age=31536000, immutable"
	if served, ok := f.hashed[name]; ok { // asked by the name of the file, whose content changes
		name, keep = served, "public, max-age=3600"
	}
	a, ok := f.assets[name]
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", a.mime)
	h.Set("Cache-Control", keep)
	h.Set("Vary", "Accept-Encoding")
	if a.gzip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(a.gzip)
		return true
	}
	_, _ = w.Write(a.data)
	return true
}
