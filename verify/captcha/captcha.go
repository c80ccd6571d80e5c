// Package captcha makes and checks the captcha that the public verification of
// a contrassegno asks for (D.M. 17 October 2022, annex 2, Ulteriori specifiche
// tecniche 3: "deve inserire il captcha"): six digits to type, to be read in a
// picture or heard in Italian.
//
//	c, err := captcha.New(captcha.Config{Key: key})
//	challenge, err := c.New(ctx, "verify")        // its ID goes into the form
//	captcha.ServePicture(w, r, c, challenge.ID)   // <img src>, an address of yours
//	captcha.ServeAudio(w, r, c, challenge.ID)     // <audio src>, likewise
//	err = c.Check(ctx, "verify", captcha.Answer{ID: id, Text: typed})
//	if err != nil { … captcha.Message(err) … }    // and a new challenge
//
// It slows down guessing and crawling by programs made for any site, and no others:
// a program made for this one reads the picture with some effort, and one that has
// learnt the ten recorded digits hears nearly every challenge (39 of 40 were
// measured). Sounds that such a program does not understand, people would not
// understand either. What answers it is [Config.Effort]: work that rises with what a
// client uses, and a budget. What protects the originals is that the code of a
// contrassegno cannot be guessed.
package captcha

import (
	"context"
	"errors"
	"time"
)

// A Captcha makes and checks challenges. Methods may be called concurrently.
type Captcha interface {
	// New makes a challenge that only a Check with the same action passes. The
	// action is any text that names what the answer permits.
	New(ctx context.Context, action string) (Challenge, error)
	// Picture returns the challenge as a PNG, Audio as a WAV. For one id they
	// always return the same bytes, so that many askings do not help a program.
	// Errors wrap ErrForged or ErrExpired.
	Picture(ctx context.Context, id string) ([]byte, error)
	Audio(ctx context.Context, id string) ([]byte, error)
	// Check returns nil once at most for a challenge: any answer, right or
	// wrong, uses it up, and of several that come at once one at most passes.
	// Errors wrap ErrWrong, ErrExpired, ErrUsed, ErrForged or ErrWork; any
	// other error means that the answer could not be judged, and does not pass.
	Check(ctx context.Context, action string, a Answer) error
}

// A Challenge is what a person (and, if asked, their browser) has to answer.
type Challenge struct {
	// ID names the challenge; it is safe in an address and in a form, and tells
	// nothing about the answer.
	ID string
	// Expires is when it is no longer accepted.
	Expires time.Time
	// Work is the proof of work asked beside the answer: see [Worked]. Zero, the
	// default, asks for none, and no script is needed.
	Work int
}

// An Answer is what came back.
type Answer struct {
	ID   string
	Text string // as typed: blanks do not matter
	Work string // the proof of work, if the challenge asks for one
}

// What is wrong with an answer. [Message] says it to people.
var (
	ErrWrong   = errors.New("captcha: wrong answer")
	ErrExpired = errors.New("captcha: challenge expired")
	ErrUsed    = errors.New("captcha: challenge already used")
	ErrForged  = errors.New("captcha: no challenge of ours for this action")
	ErrWork    = errors.New("captcha: proof of work missing or insufficient")
	// ErrFull means that the list of used challenges has no room: nothing is
	// accepted until some expire.
	ErrFull = errors.New("captcha: too many challenges used within their life")
)

// Message says in Italian, to people, what an error of a Captcha means and what
// to do. It is empty for nil.
func Message(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrBudget):
		return "Da questa rete sono arrivate troppe richieste di verifica. Riprovare fra qualche minuto."
	case errors.Is(err, ErrWrong):
		return "Il codice inserito non corrisponde a quello proposto. Inserire il nuovo codice."
	case errors.Is(err, ErrExpired):
		return "Il tempo per inserire il codice è scaduto. Inserire il nuovo codice."
	case errors.Is(err, ErrUsed):
		return "Questo codice è già stato usato: ciascuno vale una volta sola. Inserire il nuovo codice."
	case errors.Is(err, ErrForged):
		return "Il codice non è stato proposto per questa operazione. Ricominciare dalla pagina iniziale."
	case errors.Is(err, ErrWork):
		return "Il controllo automatico del browser non è stato completato. Attivare JavaScript, oppure attendere " +
			"qualche istante prima di confermare, e inserire il nuovo codice."
	case errors.Is(err, ErrFull):
		return "Il servizio riceve in questo momento troppe richieste. Riprovare fra qualche minuto."
	default:
		return "Il codice non ha potuto essere controllato. Riprovare fra qualche minuto."
	}
}
