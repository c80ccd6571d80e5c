package contrassegno

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
)

var testKey = []byte("0123456789abcdef0123456789abcdef")

// testBase has the most characters of host for which the code keeps its size.
const testBase = "https://www.anagrafenazionale.interno.it"

func TestMark(t *testing.T) {
	data := []byte("the data")
	c, err := New(testBase+"/", testKey, data)
	require.NoError(t, err)

	// The definition of the package documentation, step by step.
	sum := sha256.Sum256(data)
	digest := base32.StdEncoding.EncodeToString(sum[:])[:26]
	h := hmac.New(sha256.New, testKey)
	h.Write([]byte("it.anpr.contrassegno.v1\x00" + digest))
	mac := base32.StdEncoding.EncodeToString(h.Sum(nil))[:13]
	assert.Equal(t, "HTTPS://WWW.ANAGRAFENAZIONALE.INTERNO.IT/C/"+digest+"-"+mac, c.String())

	assert.True(t, c.Matches(data))
	assert.True(t, c.Authentic(testKey))
	assert.False(t, c.Matches([]byte("the data.")))
	assert.False(t, c.Authentic([]byte("another key, thirty-two bytes...")))
	assert.False(t, c.Authentic(nil))
	again, err := Parse(c.String())
	require.NoError(t, err)
	assert.Equal(t, c, again)
	browser, err := Parse("https://www.anagrafenazionale.interno.it/C/" + c.Code())
	require.NoError(t, err)
	assert.Equal(t, c, browser)

	var zero Mark
	assert.Empty(t, zero.String())
	assert.False(t, zero.Matches(data))
	assert.False(t, zero.Authentic(testKey))
	_, err = zero.PNG(400)
	assert.ErrorIs(t, err, ErrInvalid)
}

func TestEveryChangedCharacterIsNoticed(t *testing.T) {
	data := []byte("the data")
	c, err := New(testBase, testKey, data)
	require.NoError(t, err)
	payload := []byte(c.String())
	for i := len("HTTPS://WWW.ANAGRAFENAZIONALE.INTERNO.IT"); i < len(payload); i++ {
		for _, b := range []byte("A7-/a0") {
			if payload[i] == b {
				continue
			}
			changed := bytes.Clone(payload)
			changed[i] = b
			got, err := Parse(string(changed))
			assert.False(t, err == nil && got.Matches(data) && got.Authentic(testKey), "%s", changed)
		}
	}
}

func TestBaseURL(t *testing.T) {
	host38 := strings.Repeat("a", 35) + ".it"
	for base, want := range map[string]string{
		"https://example.it":       "",
		"HTTPS://EXAMPLE.IT/":      "",
		"https://127.0.0.1:8443":   "",
		"https://example.it/V/X":   "",
		"https://" + host38:        "",
		"https://" + host38 + "aa": "1 too many",
		"":                         "expected",
		"https://":                 "expected",
		"http://example.it":        "expected",
		"https://example.it/v":     "'v'",
		"https://example.it/A?b":   "'?'",
		"https://exàmple.it":       "character",
		"https://user@example.it":  "'@'",
		"https://a..it":            "host",
		"https://.it":              "host",
		"https://example.it/A:B":   "':'",
	} {
		c, err := New(base, testKey, nil)
		if want != "" {
			assert.ErrorContains(t, err, want, base)
			continue
		}
		if assert.NoError(t, err, base) {
			again, err := Parse(c.String())
			require.NoError(t, err)
			assert.Equal(t, c, again)
			q, err := c.qr()
			require.NoError(t, err)
			assert.LessOrEqual(t, q.VersionNumber, 4, base)
		}
	}
	_, err := New(testBase, testKey[:31], nil)
	assert.ErrorContains(t, err, "31 bytes")
}

func TestParseIsStrict(t *testing.T) {
	c, err := New("https://example.it", testKey, nil)
	require.NoError(t, err)
	s := c.String()
	for name, bad := range map[string]string{
		"empty":         "",
		"code only":     c.Code(),
		"path only":     "/C/" + c.Code(),
		"space before":  " " + s,
		"newline after": s + "\n",
		"query":         s + "?x",
		"slash":         s + "/",
		"lower code":    strings.ToLower(s),
		"one less":      s[:len(s)-1],
		"one more":      s + "A",
		"digit one":     s[:len(s)-1] + "1",
		"other path":    strings.Replace(s, "/C/", "/D/", 1),
		"no hyphen":     strings.Replace(s, "-", "A", 1),
		"http":          strings.Replace(s, "HTTPS", "HTTP", 1),
		"user":          strings.Replace(s, "EXAMPLE", "A@EXAMPLE", 1),
		"double slash":  strings.Replace(s, "/C/", "//C/", 1),
		"long":          "HTTPS://" + strings.Repeat("A", 100) + "/C/" + c.Code(),
		"nul":           strings.Replace(s, "EXAMPLE", "EX\x00MPLE", 1),
	} {
		_, err := Parse(bad)
		assert.ErrorIs(t, err, ErrInvalid, name)
	}
}

func TestPNG(t *testing.T) {
	c, err := New(testBase, testKey, nil)
	require.NoError(t, err)
	for _, size := range []int{-1, 0, 100, 9000} {
		_, err := c.PNG(size)
		assert.ErrorContains(t, err, "pixels")
	}
	data, err := c.PNG(400)
	require.NoError(t, err)
	cfg, err := png.DecodeConfig(bytes.NewReader(data))
	require.NoError(t, err)
	assert.Equal(t, [2]int{400, 400}, [2]int{cfg.Width, cfg.Height})
	path := filepath.Join(t.TempDir(), "c.png")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	assert.Equal(t, c.String(), readQR(t, path))
}

// readQR reads a QR code with zbarimg.
func readQR(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command(testenv.Tool(t, "zbarimg"), "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable",
		path).Output()
	require.NoError(t, err)
	return strings.TrimSuffix(string(out), "\n")
}

// TestForeignLetters: a letter of another script that package strings maps to one of ours is
// no letter of ours: the address would lead to another host than it shows.
func TestForeignLetters(t *testing.T) {
	c, err := New("https://issi.example", testKey, nil)
	require.NoError(t, err)
	for _, other := range []string{"HTTPS://ıSSI.EXAMPLE", "HTTPS://IſSI.EXAMPLE", "HTTPſ://ISSI.EXAMPLE"} {
		_, err := New(other, testKey, nil)
		require.Error(t, err, other)
		_, err = Parse(other + Path + c.Code())
		require.ErrorIs(t, err, ErrInvalid, other)
		_, err = ParseTyped(other+Path+c.Code(), "https://issi.example")
		require.ErrorIs(t, err, ErrInvalid, other)
	}
	for _, code := range []string{strings.Replace(c.Code(), c.Code()[:1], "ı", 1), "ſ" + c.Code()[1:]} {
		_, err = ParseTyped(code, "https://issi.example")
		require.ErrorIs(t, err, ErrInvalid, code)
	}
}

func FuzzParse(f *testing.F) {
	c, err := New("https://example.it/A", testKey, nil)
	require.NoError(f, err)
	f.Add(c.String())
	f.Add("https://x/C/")
	f.Add("HTTPS://[::1]/C/" + c.Code())
	f.Fuzz(func(t *testing.T, payload string) {
		c, err := Parse(payload)
		if err != nil {
			return
		}
		if !strings.EqualFold(c.String(), payload) {
			t.Fatalf("%q is read as %q", payload, c)
		}
		if again, err := Parse(c.String()); err != nil || again != c {
			t.Fatalf("%q cannot be read again: %v", c, err)
		}
	})
}
