package captcha_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"

	"github.com/liste-elettorali/anpr/verify/captcha"
)

// A form without scripts: the id goes into it, picture and sound have their own
// addresses.
func Example() {
	key := make([]byte, captcha.MinKeySize)
	if _, err := rand.Read(key); err != nil {
		fmt.Println(err)
		return
	}
	c, err := captcha.New(captcha.Config{Key: key})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /captcha/{id}/immagine", func(w http.ResponseWriter, r *http.Request) {
		captcha.ServePicture(w, r, c, r.PathValue("id"))
	})
	mux.HandleFunc("GET /captcha/{id}/audio", func(w http.ResponseWriter, r *http.Request) {
		captcha.ServeAudio(w, r, c, r.PathValue("id"))
	})

	ctx := context.Background()
	challenge, err := c.New(ctx, "verify")
	if err != nil {
		fmt.Println(err)
		return
	}
	err = c.Check(ctx, "verify", captcha.Answer{ID: challenge.ID, Text: "non so"})
	fmt.Println(errors.Is(err, captcha.ErrWrong))
	fmt.Println(captcha.Message(err))
	err = c.Check(ctx, "verify", captcha.Answer{ID: challenge.ID, Text: "123456"})
	fmt.Println(captcha.Message(err))
	// Output:
	// true
	// Il codice inserito non corrisponde a quello proposto. Inserire il nuovo codice.
	// Questo codice è già stato usato: ciascuno vale una volta sola. Inserire il nuovo codice.
}
