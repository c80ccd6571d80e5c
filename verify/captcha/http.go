package captcha

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"
)

// ServePicture answers with the picture of the challenge, never to be stored:
// 404 if it is not one of ours, 410 if it expired, each with its message in
// Italian as plain text. None of w, r and c may be nil.
func ServePicture(w http.ResponseWriter, r *http.Request, c Captcha, id string) {
	serve(w, r, id, "image/png", c.Picture)
}

// ServeAudio answers with the sound of the challenge as [ServePicture] does,
// also in parts, which some browsers require.
func ServeAudio(w http.ResponseWriter, r *http.Request, c Captcha, id string) {
	serve(w, r, id, "audio/wav", c.Audio)
}

func serve(w http.ResponseWriter, r *http.Request, id, contentType string, render func(context.Context, string) ([]byte,
	error)) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "Metodo non ammesso.", http.StatusMethodNotAllowed)
		return
	}
	data, err := render(r.Context(), id)
	if err != nil {
		status := http.StatusInternalServerError
		switch {
		case errors.Is(err, ErrForged):
			status = http.StatusNotFound
		case errors.Is(err, ErrExpired):
			status = http.StatusGone
		}
		http.Error(w, Message(err), status)
		return
	}
	h.Set("Content-Type", contentType)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
