package seal_test

import (
	"crypto/x509"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// drawn returns the content of the appearance that a sealed document shows last.
func drawn(t testing.TB, doc []byte) string {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	view := f.Last()
	fields, err := view.Fields()
	require.NoError(t, err)
	ap, err := view.Dict(fields[len(fields)-1].Dict, "AP")
	require.NoError(t, err)
	o, err := view.Resolve(ap.Get("N"))
	require.NoError(t, err)
	data, err := view.Decode(o.(*pdf.Stream))
	require.NoError(t, err)
	return string(data)
}

var (
	showText = regexp.MustCompile(`\[[^\]]*\]TJ|<[0-9A-F]*> ?Tj`)
	textLine = regexp.MustCompile(`/F(\d) ([0-9.]+) Tf|([0-9.-]+) ([0-9.-]+) (?:Tm|Td)`)
)

// TestDrawn holds what a visible seal looks like: a thin grey frame, a blue bar at
// its left, and the lines one below the other in the middle of its height, the
// first in bold. Whoever changes it looks at the page again.
func TestDrawn(t *testing.T) {
	s := newPAdES(t, padesConfig(t, newCA(t, sealtest.Config{}), seal.LevelB))
	a := framed(1)
	a.Text = "Uno\nDue due\nTre"
	out, err := s.Seal(t.Context(), sealtest.Document("x"), seal.Details{Appearance: a})
	require.NoError(t, err)
	require.Equal(t, `0.725 G 0.5 w 0.25 0.25 219.5 63.5 re S
0.043 0.204 0.404 rg 0 0 2.2 64 re f
BT
/F2 11 Tf 0.043 0.204 0.404 rg 0 Tc 1 0 0 1 8.2 40.606 Tm(…)
ET
BT
/F1 10.12 Tf 0.133 g 0 Tc 1 0 0 1 8.2 28.022 Tm(…)
ET
BT
/F1 10.12 Tf 0.133 g 0 Tc 1 0 0 1 8.2 15.676 Tm(…)
ET
`, showText.ReplaceAllString(drawn(t, out), "(…)"))
}

// sizes returns the sizes of the letters of each block of text.
func sizes(drawn string) (list []float64) {
	for _, m := range textLine.FindAllStringSubmatch(drawn, -1) {
		if m[2] != "" {
			size, _ := strconv.ParseFloat(m[2], 64)
			list = append(list, size)
		}
	}
	return list
}

// TestTextFits seals with frames of less and less height, and asks for the
// largest letters that fit, in steps of half a point, and none below 6 points.
func TestTextFits(t *testing.T) {
	s := newPAdES(t, padesConfig(t, newCA(t, sealtest.Config{}), seal.LevelB))
	doc := sealtest.Document("x")
	framed := func(width, height float64, text string) (string, error) {
		out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: &seal.Appearance{Page: 1, Width: width,
			Height: height, Text: text}})
		if err != nil {
			require.ErrorIs(t, err, seal.ErrDocument)
			return "", err
		}
		return drawn(t, out), nil
	}
	exact := 0
	for size := 11.0; size >= 6; size -= 0.5 {
		height := 1.22 * size
		for _, h := range []float64{height + 6.001, height + 6} {
			if h-6 < height { // floating point: it is a little lower than the text
				continue
			}
			if h-6 == height {
				exact++
			}
			content, err := framed(200, h, "Uno")
			require.NoError(t, err, "%g points", h)
			require.Equal(t, []float64{size}, sizes(content), "%g points", h)
		}
		content, err := framed(200, height+5.99, "Uno")
		if size > 6 {
			require.NoError(t, err)
			require.Equal(t, []float64{size - 0.5}, sizes(content))
			continue
		}
		require.ErrorContains(t, err, "its text does not fit a frame of 200 by 13.31 points")
	}
	require.Positive(t, exact, "a height at which the text just fits")

	// The text has the width between the bar and the margins: 14.2 points less.
	lines := func(width float64) int {
		content, err := framed(width, 60, "Sigillo di prova del comune")
		require.NoError(t, err, "%g points", width)
		return strings.Count(content, "TJ") + strings.Count(content, "Tj")
	}
	const narrowest = 141.4
	require.Equal(t, 1, lines(narrowest), "one line")
	require.Equal(t, 2, lines(narrowest-0.1), "two lines")
	for _, width := range []float64{3, 10, 14.1, 14.3} {
		_, err := framed(width, 800, "Uno")
		require.ErrorContains(t, err, "its text does not fit a frame", "%g points", width)
	}
}

// TestFrameBounds seals with frames that just lie on the page, or are just large
// enough to be looked at.
func TestFrameBounds(t *testing.T) {
	s := newPAdES(t, padesConfig(t, newCA(t, sealtest.Config{}), seal.LevelB))
	doc := sealtest.Document("x")
	const off, small = "expected one on page 1", "does not fit a frame"
	width, height, slack := 595.0, 842.0, 0.01
	for _, c := range []struct {
		x, y, width, height float64
		says                string
	}{
		{-0.01, -0.01, 200, 60, ""}, {-0.011, 0, 200, 60, off}, {0, -0.011, 200, 60, off},
		{0, 0, width + slack, 60, ""}, {0, 0, width + 0.011, 60, off},
		{0, 0, 200, height + slack, ""}, {0, 0, 200, height + 0.011, off},
		{0, 0, 3, 60, small}, {0, 0, 2.999, 60, off}, {0, 0, 200, 3, small}, {0, 0, 200, 2.999, off},
	} {
		_, err := s.Seal(t.Context(), doc, seal.Details{Appearance: &seal.Appearance{Page: 1, X: c.x, Y: c.y,
			Width: c.width, Height: c.height, Text: "Uno"}})
		if c.says == "" {
			require.NoError(t, err, "%v", c)
			continue
		}
		require.ErrorContains(t, err, "visible seal: ", "%v", c)
		require.ErrorContains(t, err, c.says, "%v", c)
	}
}

// TestText fills in the text of a visible seal.
func TestText(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	subject := ca.Chain()[0].Subject
	at := time.Now().In(time.FixedZone("CET", 3600))
	long := strings.Repeat("parola ", 285) + "parol"
	require.Len(t, long, 2000)
	for _, c := range []struct{ text, want string }{
		{"", "Sigillo elettronico. " + subject.CommonName + ". " + subject.Organization[0] +
			at.Format(". Apposto il 02/01/2006, ore 15.04. ") + "Rilascio"},
		{"{name}\n\n  a  \n{reason}{reason}", subject.CommonName + ". a. RilascioRilascio"},
		{"Luogo: {location}\nMotivo: {reason}", "Motivo: Rilascio"},
		{"{reason} {location}\nb", "Rilascio. b"},
		{"a {location} b {location}\n{nome}", "{nome}"},
		{long, long},
	} {
		s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
		out, err := s.Seal(t.Context(), sealtest.Document("x"), seal.Details{Time: at, Reason: "Rilascio",
			Appearance: &seal.Appearance{Page: 1, Width: 595, Height: 842, Text: c.text}})
		require.NoError(t, err, "%.40q", c.text)
		field, _ := widget(t, out)
		require.Equal(t, c.want, field.Get("TU").(pdf.String).Text(), "%.40q", c.text)
	}
	for _, text := range []string{"{location}", "Luogo: {location}", " \n\n ", long + "x"} {
		_, err := newPAdES(t, padesConfig(t, ca, seal.LevelB)).Seal(t.Context(), sealtest.Document("x"),
			seal.Details{Appearance: &seal.Appearance{Page: 1, Width: 595, Height: 842, Text: text}})
		require.ErrorIs(t, err, seal.ErrDocument, "%.40q", text)
	}
}

// TestNameOnce says once what is name and organization.
func TestNameOnce(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	chain, err := ca.Issue(ca.Signer().Public(), nil)
	require.NoError(t, err)
	for _, name := range []string{chain[0].Subject.Organization[0], "PROVA - altro"} {
		cfg := padesConfig(t, ca, seal.LevelB)
		cfg.Chain = issueNamed(t, ca, name)
		a := framed(1)
		a.Text = "{name}\n{organization}"
		out, err := newPAdES(t, cfg).Seal(t.Context(), sealtest.Document("x"), seal.Details{Appearance: a})
		require.NoError(t, err)
		field, _ := widget(t, out)
		want := name
		if name == "PROVA - altro" {
			want = fmt.Sprintf("%s. %s", name, chain[0].Subject.Organization[0])
		}
		require.Equal(t, want, field.Get("TU").(pdf.String).Text())
	}
}

// issueNamed certifies the authority's key for a seal of another name.
func issueNamed(t testing.TB, ca *sealtest.CA, name string) []*x509.Certificate {
	t.Helper()
	chain, err := ca.Issue(ca.Signer().Public(), func(c *x509.Certificate) { c.Subject.CommonName = name })
	require.NoError(t, err)
	return chain
}
