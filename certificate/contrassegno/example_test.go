package contrassegno_test

import (
	"errors"
	"fmt"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
)

func ExampleParse() {
	key := []byte("a secret of thirty-two bytes ...")
	data := []byte(`{"version":1}`) // what a certificate embeds
	m, err := contrassegno.New("https://verifica.example.it", key, data)
	if err != nil {
		panic(err)
	}
	fmt.Println(m)
	read, err := contrassegno.Parse(m.String())
	fmt.Println(err, read.Authentic(key), read.Matches(data), read.Matches([]byte("other")))
	_, err = contrassegno.Parse("https://verifica.example.it/C/X")
	fmt.Println(errors.Is(err, contrassegno.ErrInvalid))
	// Output:
	// HTTPS://VERIFICA.EXAMPLE.IT/C/EQYPDIVNFGBNABTYQVEIUTEJ4I-DZOHPOBAUSFA6
	// <nil> true true false
	// true
}
