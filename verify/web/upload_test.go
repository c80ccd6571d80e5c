package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
)

// upload sends a file with the answer to a captcha.
func upload(t *testing.T, h http.Handler, id, text, name string, data []byte) page {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	require.NoError(t, m.WriteField("prova", id))
	require.NoError(t, m.WriteField("codice", text))
	f, err := m.CreateFormFile("file", name)
	require.NoError(t, err)
	_, err = f.Write(data)
	require.NoError(t, err)
	require.NoError(t, m.Close())
	r := httptest.NewRequest(http.MethodPost, "/verifica", &b)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return do(t, h, r)
}

func TestUpload(t *testing.T) {
	k, h := newKit(t, nil)
	send := func(name string, data []byte) page {
		return upload(t, h, get(t, h, "/verifica").prova(t), answer, name, data)
	}
	png, err := k.issued.Contrassegno.PNG(500)
	require.NoError(t, err)
	p := send("foto.png", png)
	assert.Equal(t, http.StatusOK, p.code)
	assert.Contains(t, p.text, "ESPOSITO PROVA")
	assert.NotContains(t, p.words(), "Il file caricato")
	p = send("certificato.pdf", k.issued.PDF)
	assert.Equal(t, http.StatusOK, p.code)
	assert.Contains(t, p.words(), "identico all’originale, byte per byte")
	p = send("certificato.pdf", append(bytes.Clone(k.issued.PDF), '\n'))
	assert.Equal(t, http.StatusOK, p.code, "what is shown is the original, whatever was uploaded")
	assert.Contains(t, p.words(), "Il file caricato non è l’originale")
	assert.Len(t, k.book.entries, 3)

	for name, c := range map[string]struct {
		data []byte
		code int
		says string
	}{
		"niente":    {nil, http.StatusUnprocessableEntity, "Manca il file"},
		"testo.txt": {[]byte("ciao"), http.StatusUnprocessableEntity, "PNG, JPEG o PDF"},
		"grande.png": {append(bytes.Clone(png), make([]byte, 16<<20)...), http.StatusRequestEntityTooLarge,
			"supera i 16 MiB"},
		"vuota.png": {png[:20], http.StatusUnprocessableEntity, "La verifica non è stata eseguita."},
	} {
		p := send(name, c.data)
		assert.Equal(t, c.code, p.code, name)
		assert.Contains(t, p.words(), c.says, name)
		assert.Contains(t, p.text, `aria-invalid="true"`, name)
	}
	long := upload(t, h, get(t, h, "/verifica").prova(t), strings.Repeat("1", 2000), "foto.png", png)
	assert.Equal(t, http.StatusBadRequest, long.code)
	assert.NotContains(t, long.words(), "Il file supera", "it is not the file that is too long")
	wrong := upload(t, h, get(t, h, "/verifica").prova(t), "1", "foto.png", png)
	assert.Equal(t, http.StatusUnprocessableEntity, wrong.code)
	assert.Contains(t, wrong.words(), "Il file va scelto di nuovo.")

	// A contrassegno of ours on the address of somebody else.
	fake, err := contrassegno.Parse("HTTPS://VERIFICA.EXAMPLE.COM/C/" + k.issued.Contrassegno.Code())
	require.NoError(t, err)
	png, err = fake.PNG(500)
	require.NoError(t, err)
	p = send("truffa.png", png)
	assert.Equal(t, http.StatusUnprocessableEntity, p.code)
	assert.Contains(t, p.words(), "rinvia a un altro sito")
	assert.Len(t, k.book.entries, 3, "nothing was opened")

	// Forms that are none.
	for _, contentType := range []string{"", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x"} {
		r := httptest.NewRequest(http.MethodPost, "/verifica",
			strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc"))
		r.Header.Set("Content-Type", contentType)
		assert.Equal(t, http.StatusBadRequest, do(t, h, r).code, contentType)
	}
}

// held is the beginning of an upload; the rest comes only when it is released.
type held struct {
	io.Reader
	reached, release chan struct{}
	once             sync.Once
}

func (b *held) Read(p []byte) (int, error) {
	if n, err := b.Reader.Read(p); err == nil {
		return n, nil
	}
	b.once.Do(func() { close(b.reached) })
	<-b.release
	return 0, io.EOF
}

func (b *held) Close() error { return nil }

// slow begins so many uploads and holds them in the middle of their file, until
// what it returns is called. When it returns, each waits for its file or was
// answered without it.
func slow(t *testing.T, h http.Handler, n int, before func() string) (end func()) {
	t.Helper()
	release := make(chan struct{})
	var wg sync.WaitGroup
	for range n {
		const file = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\nabc"
		body := &held{Reader: strings.NewReader(before() + file), reached: make(chan struct{}), release: release}
		r := httptest.NewRequest(http.MethodPost, "/verifica", body)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		done := make(chan struct{})
		wg.Go(func() {
			h.ServeHTTP(httptest.NewRecorder(), r)
			close(done)
		})
		select {
		case <-body.reached:
		case <-done:
		}
	}
	return func() {
		close(release)
		wg.Wait()
	}
}

// TestBusy holds as many uploads as there may be.
func TestBusy(t *testing.T) {
	k, h := newKit(t, nil)
	end := slow(t, h, 32, func() string {
		return "--x\r\nContent-Disposition: form-data; name=\"prova\"\r\n\r\n" + get(t, h, "/verifica").prova(t) +
			"\r\n--x\r\nContent-Disposition: form-data; name=\"codice\"\r\n\r\n" + answer + "\r\n"
	})
	png, err := k.issued.Contrassegno.PNG(500)
	require.NoError(t, err)
	p := upload(t, h, get(t, h, "/verifica").prova(t), answer, "foto.png", png)
	assert.Equal(t, http.StatusServiceUnavailable, p.code)
	assert.NotEmpty(t, p.head.Get("Retry-After"))
	end()
	assert.Equal(t, http.StatusOK, upload(t, h, get(t, h, "/verifica").prova(t), answer, "foto.png", png).code)
}

// TestNoRoomWithoutCaptcha: uploads without a captcha keep nobody out, and
// their files are not kept in memory.
func TestNoRoomWithoutCaptcha(t *testing.T) {
	k, h := newKit(t, nil)
	defer slow(t, h, 40, func() string { return "" })()
	defer slow(t, h, 40, func() string {
		return "--x\r\nContent-Disposition: form-data; name=\"codice\"\r\n\r\n" + answer + "\r\n"
	})()
	png, err := k.issued.Contrassegno.PNG(500)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, upload(t, h, get(t, h, "/verifica").prova(t), answer, "foto.png", png).code)
}

// TestSlowUploads: one client whose uploads trickle keeps no place from others.
func TestSlowUploads(t *testing.T) {
	k, h := newKit(t, nil)
	server := httptest.NewServer(h)
	defer server.Close()
	png, err := k.issued.Contrassegno.PNG(500)
	require.NoError(t, err)
	open := func() int {
		k.captcha.mu.Lock()
		defer k.captcha.mu.Unlock()
		return len(k.captcha.open)
	}
	var held []*io.PipeWriter
	var done sync.WaitGroup
	for range 32 { // as many as there are places
		id := get(t, h, "/verifica").prova(t)
		body, w := io.Pipe()
		held = append(held, w)
		m := multipart.NewWriter(w)
		done.Go(func() {
			_ = m.WriteField("prova", id)
			_ = m.WriteField("codice", answer)
			if f, err := m.CreateFormFile("file", "foto.png"); err == nil {
				_, _ = f.Write(png[:8]) // and no more
			}
		})
		done.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/verifica", body)
			if err != nil {
				return
			}
			r.Header.Set("Content-Type", m.FormDataContentType())
			if resp, err := http.DefaultClient.Do(r); err == nil {
				_ = resp.Body.Close()
			}
			_ = body.Close()
		})
	}
	require.Eventually(t, func() bool { return open() == 0 && h.Uploads() == 8 }, time.Minute, 5*time.Millisecond,
		"all have passed the captcha, and have no more than their share")
	p := upload(t, h, get(t, h, "/verifica").prova(t), answer, "foto.png", png)
	require.Equal(t, http.StatusOK, p.code, "somebody else is served")
	for _, w := range held {
		_ = w.CloseWithError(io.ErrUnexpectedEOF)
	}
	done.Wait()
}
