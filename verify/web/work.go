package web

import (
	_ "embed"
	"net/http"
)

// script finds the proof of work that a captcha may ask ([captcha.Worked]).
//
//go:embed lavoro.js
var script []byte

func (h *Handler) workScript(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=3600")
	_, _ = w.Write(script)
}
