package verify_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

const structured = `{"prova":true,"nonce":"3Q2+796tvu8="}`

func newKey(t testing.TB) []byte {
	key := make([]byte, contrassegno.MinKeySize)
	_, err := rand.Read(key)
	require.NoError(t, err)
	return key
}

func newMark(t testing.TB, key []byte, data string) []byte {
	t.Helper()
	m, err := contrassegno.New("https://anpr.example", key, []byte(data))
	require.NoError(t, err)
	out, err := m.PNG(400)
	require.NoError(t, err)
	return out
}

func TestPicture(t *testing.T) {
	ca, stranger := newCA(t, sealtest.Config{}), newCA(t, sealtest.Config{})
	key, otherKey := newKey(t), newKey(t)
	mark := newMark(t, key, structured)
	page := sealtest.Document("copia", "certificato.json", structured)
	good := verify.Document{Name: "buono.pdf", Data: sealWith(t, ca, page)}
	other := verify.Document{Name: "altro.pdf",
		Data: sealWith(t, ca, sealtest.Document("altro", "certificato.json", `{"altro":1}`))}
	unsealed := verify.Document{Name: "non-sigillato.pdf", Data: page}
	untrusted := verify.Document{Name: "estraneo.pdf", Data: sealWith(t, stranger, page)}
	twice := verify.Document{Name: "doppio.pdf",
		Data: sealWith(t, ca, sealtest.Document("doppio", "certificato.json", structured, "certificato.json", "{}"))}
	renamed := verify.Document{Name: "altro-nome.pdf",
		Data: sealWith(t, ca, sealtest.Document("nome", "allegato.json", structured))}
	broken := verify.Document{Name: "rotto.pdf", Data: []byte("%PDF-1.7")}

	for name, c := range map[string]struct {
		picture            []byte
		docs               []verify.Document
		key                []byte
		decode, auth, doc  verify.Outcome
		valid              bool
		docMessage, signer string
	}{
		"original": {mark, []verify.Document{good}, nil, verify.Passed, verify.Passed, verify.Passed, true,
			"«buono.pdf»", "PROVA"},
		"among others": {mark, []verify.Document{broken, other, untrusted, good}, nil, verify.Passed,
			verify.Passed, verify.Passed, true, "«buono.pdf»", "PROVA"},
		"with the key": {mark, []verify.Document{good}, key, verify.Passed, verify.Passed, verify.Passed, true,
			"«buono.pdf»", "PROVA"},
		"under another key": {mark, []verify.Document{good}, otherKey, verify.Passed, verify.Failed, verify.Passed,
			false, "«buono.pdf»", "PROVA"},
		"no document": {mark, nil, nil, verify.Passed, verify.NotDone, verify.NotDone, false, "non è stato dato",
			""},
		"no document, key": {mark, nil, key, verify.Passed, verify.Passed, verify.NotDone, false, "non è stato dato",
			""},
		"no document, wrong": {mark, nil, otherKey, verify.Passed, verify.Failed, verify.NotDone, false,
			"non è stato dato", ""},
		"other document": {mark, []verify.Document{other, broken}, nil, verify.Passed, verify.NotDone,
			verify.Failed, false, "ad alcuno", ""},
		"unsealed": {mark, []verify.Document{unsealed}, nil, verify.Passed, verify.Failed, verify.Passed,
			false, "non-sigillato", ""},
		"untrusted": {mark, []verify.Document{untrusted}, nil, verify.Passed, verify.Failed, verify.Passed,
			false, "estraneo", "PROVA"},
		"two data": {mark, []verify.Document{twice}, nil, verify.Passed, verify.NotDone, verify.Failed, false,
			"ad alcuno", ""},
		"another name": {mark, []verify.Document{renamed}, nil, verify.Passed, verify.NotDone, verify.Failed,
			false, "ad alcuno", ""},
		"no picture": {[]byte("GIF89a"), []verify.Document{good}, nil, verify.Failed, verify.NotDone,
			verify.NotDone, false, "nessun codice QR", ""},
		"white": {encodePNG(t, image.NewGray(image.Rect(0, 0, 300, 300))), []verify.Document{good}, nil,
			verify.Failed, verify.NotDone, verify.NotDone, false, "nessun codice QR", ""},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := verify.New(verify.Config{Trust: anchors(ca), ContrassegnoKey: c.key, Now: fixedNow})
			require.NoError(t, err)
			r := v.Picture(t.Context(), c.picture, c.docs, now)
			checkReport(t, r)
			assert.Equal(t, verify.KindContrassegno, r.Kind)
			assert.Equal(t, c.decode, outcome(r, verify.CodeDecode))
			assert.Equal(t, c.auth, outcome(r, verify.CodeAuthentic))
			assert.Equal(t, c.doc, outcome(r, verify.CodeMatchesDocument))
			assert.Equal(t, c.valid, r.Valid)
			check, _ := r.Check(verify.CodeMatchesDocument)
			assert.Contains(t, check.Message, c.docMessage)
			assert.Contains(t, r.Signer, c.signer)
		})
	}
}

// TestPictureForeignQR reads a code that is not a contrassegno.
func TestPictureForeignQR(t *testing.T) {
	mark := newMark(t, newKey(t), "x")
	v := verifier(t)
	r := v.Picture(t.Context(), mark, nil, now)
	require.Equal(t, verify.Passed, outcome(r, verify.CodeDecode))
	r = v.Picture(t.Context(), foreignQR(t), nil, now)
	assertInvalid(t, r, verify.CodeDecode, "non è quello di un certificato")
}

// TestPictureDistorted reads what cameras and scanners make of it.
func TestPictureDistorted(t *testing.T) {
	v := verifier(t)
	img, err := png.Decode(bytes.NewReader(newMark(t, newKey(t), structured)))
	require.NoError(t, err)
	for name, data := range map[string][]byte{
		"page":          encodePNG(t, onPage(img, 1240, 1754)),
		"big page":      encodePNG(t, onPage(img, 2480, 3508)),
		"jpeg":          encodeJPEG(t, onPage(img, 1240, 1754), 50),
		"poor jpeg":     encodeJPEG(t, onPage(img, 800, 800), 12),
		"quarter turn":  encodePNG(t, turned(img, math.Pi/2)),
		"upside down":   encodePNG(t, turned(img, math.Pi)),
		"ten degrees":   encodePNG(t, turned(img, math.Pi/18)),
		"forty-five":    encodeJPEG(t, turned(img, math.Pi/4), 70),
		"transparent":   encodePNG(t, transparent(img)),
		"16 bits":       encodePNG(t, deep(img)),
		"low contrast":  encodePNG(t, contrast(img)),
		"black surface": encodePNG(t, onColor(img, color.Black)),
	} {
		t.Run(name, func(t *testing.T) {
			r := v.Picture(t.Context(), data, nil, now)
			c, _ := r.Check(verify.CodeDecode)
			assert.Equal(t, verify.Passed, c.Outcome, c.Message)
		})
	}
}

// TestPictureLimits refuses pictures before decoding them.
func TestPictureLimits(t *testing.T) {
	v := verifier(t)
	bomb := encodePNG(t, image.NewGray(image.Rect(0, 0, 30, 30)))
	binary.BigEndian.PutUint32(bomb[16:], 60_000) // width and height of the header
	binary.BigEndian.PutUint32(bomb[20:], 60_000)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	assertInvalid(t, v.Picture(t.Context(), bomb, nil, now), verify.CodeDecode, "60000 × 60000 punti")
	small := encodePNG(t, image.NewGray(image.Rect(0, 0, 5, 5)))
	assertInvalid(t, v.Picture(t.Context(), small, nil, now), verify.CodeDecode, "5 × 5")
	assertInvalid(t, v.Picture(t.Context(), make([]byte, 17<<20), nil, now), verify.CodeDecode, "byte")
	for _, data := range [][]byte{nil, []byte("<svg/>"), []byte("\x89PNG\r\n\x1a\n"), {0xFF, 0xD8, 0xFF},
		[]byte("%PDF-1.7")} {
		assertInvalid(t, v.Picture(t.Context(), data, nil, now), verify.CodeDecode, "")
	}
}

func FuzzPicture(f *testing.F) {
	v, err := verify.New(verify.Config{Now: fixedNow, Limits: verify.Limits{Pixels: 1 << 16}})
	require.NoError(f, err)
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Add([]byte{0xFF, 0xD8, 0xFF})
	f.Add(encodePNG(f, image.NewGray(image.Rect(0, 0, 40, 40))))
	mark, err := contrassegno.New("https://a.it", bytes.Repeat([]byte{7}, contrassegno.MinKeySize), []byte(structured))
	require.NoError(f, err)
	good, err := mark.PNG(200)
	require.NoError(f, err)
	f.Add(good)
	img, err := png.Decode(bytes.NewReader(good))
	require.NoError(f, err)
	f.Add(encodeJPEG(f, img, 5))
	f.Add(surplus(f, good, 50))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := v.Picture(t.Context(), data, nil, now)
		checkReport(t, r)
		if r.Valid {
			t.Fatal("valid without a document")
		}
	})
}
