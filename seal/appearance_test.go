package seal_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
	"github.com/liste-elettorali/anpr/verify"
)

func framed(page int) *seal.Appearance {
	return &seal.Appearance{Page: page, X: 60, Y: 700, Width: 220, Height: 64}
}

// widget returns the field of the last signature and its appearance's matrix.
func widget(t *testing.T, doc []byte) (pdf.Dict, pdf.View) {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	fields, err := f.Last().Fields()
	require.NoError(t, err)
	o, err := f.Last().Get(fields[len(fields)-1].Ref)
	require.NoError(t, err)
	return o.(pdf.Dict), f.Last()
}

func TestAppearance(t *testing.T) {
	ca := newCA(t, sealtest.Config{})
	s := newPAdES(t, padesConfig(t, ca, seal.LevelB))
	at := time.Date(2026, 11, 22, 9, 41, 7, 0, time.FixedZone("CET", 3600))
	cfg := verify.Config{Trust: pool(t, writeTrust(t, ca))}
	v, err := verify.New(cfg)
	require.NoError(t, err)

	t.Run("tagged", func(t *testing.T) {
		out, err := s.Seal(t.Context(), page(t),
			seal.Details{Time: time.Now().In(at.Location()), Reason: "Rilascio", Appearance: framed(-1)})
		require.NoError(t, err)
		r := v.PDF(t.Context(), out, time.Time{})
		assert.True(t, r.Valid, "%+v", r.Checks)
		field, view := widget(t, out)
		assert.Contains(t, field.Get("TU").(pdf.String).Text(), "Sigillo elettronico. ")
		assert.Contains(t, field.Get("TU").(pdf.String).Text(), ". Rilascio")
		cat, _, err := view.Catalog()
		require.NoError(t, err)
		tree, err := view.Dict(cat, "StructTreeRoot")
		require.NoError(t, err)
		parents, err := view.Dict(tree, "ParentTree")
		require.NoError(t, err)
		nums, err := view.Array(parents, "Nums")
		require.NoError(t, err)
		require.Equal(t, field.Get("StructParent"), nums[len(nums)-2])
		o, err := view.Resolve(nums[len(nums)-1])
		require.NoError(t, err)
		element := o.(pdf.Dict)
		assert.Equal(t, pdf.Name("Form"), element.Name("S"))
		assert.Equal(t, field.Get("TU").(pdf.String).Text(), element.Get("Alt").(pdf.String).Text())
		assert.Equal(t, "it-IT", element.Get("Lang").(pdf.String).Text())
		parent, err := view.Dict(element, "P")
		require.NoError(t, err)
		assert.Equal(t, pdf.Name("Document"), parent.Name("S"))

		_, err = s.Seal(t.Context(), out, seal.Details{Appearance: framed(1)})
		require.ErrorIs(t, err, seal.ErrDocument)
		assert.ErrorContains(t, err, "tagged and already signed")
		_, err = s.Seal(t.Context(), out, seal.Details{})
		require.NoError(t, err, "invisibly it may")
	})
	t.Run("what it says", func(t *testing.T) {
		tool := testenv.Tool(t, "pdftotext")
		a := framed(1)
		a.Text = "Siegel\n{name}\n{location}{reason}\nam {date} um {time}\n{location}"
		a.Lang = "de-IT"
		out, err := s.Seal(t.Context(), page(t),
			seal.Details{Time: time.Now().In(at.Location()), Reason: "Ausstellung", Appearance: a})
		require.NoError(t, err)
		path := filepath.Join(t.TempDir(), "a.pdf")
		require.NoError(t, os.WriteFile(path, out, 0o600))
		field, _ := widget(t, out)
		now := time.Now().In(at.Location()).Format("02/01/2006")
		assert.Regexp(t, `^Siegel\. .+\. Ausstellung\. am `+now+` um \d\d\.\d\d$`, field.Get("TU").(pdf.String).Text())
		// pdftotext does not read appearances; what is printed is read by eye and by veraPDF.
		text := command(t, tool, path, "-")
		assert.Contains(t, text, "DOCUMENTO DI PROVA")
	})
	t.Run("others' documents", func(t *testing.T) {
		doc := sealtest.Document("di altri")
		for n := range 2 { // the second beside the first
			out, err := s.Seal(t.Context(), doc,
				seal.Details{Appearance: &seal.Appearance{Page: 1, X: 60, Y: 500 + 100*float64(n), Width: 200,
					Height: 70}})
			require.NoError(t, err)
			r := v.PDF(t.Context(), out, time.Time{})
			assert.True(t, r.Valid, "%+v", r.Checks)
			field, _ := widget(t, out)
			assert.Nil(t, field.Get("StructParent"))
			doc = out
		}
	})
	t.Run("turned pages", func(t *testing.T) {
		plain := sealtest.Document("di altri")
		turned := func(degrees int) []byte {
			return rewrite(t, bytes.Replace(plain, []byte("/MediaBox [0 0 595 842] "),
				fmt.Appendf(nil, "/Rotate %d/MediaBox[5 9 600 851]", degrees), 1))
		}
		for degrees, want := range map[int]pdf.Array{
			0: {15.0, 771.0, 215.0, 831.0}, 90: {25.0, 19.0, 85.0, 219.0}, 180: {390.0, 29.0, 590.0, 89.0},
			-90: {520.0, 641.0, 580.0, 841.0}, 270: {520.0, 641.0, 580.0, 841.0}, 450: {25.0, 19.0, 85.0, 219.0},
		} {
			out, err := s.Seal(t.Context(), turned(degrees),
				seal.Details{Appearance: &seal.Appearance{Page: 1, X: 10, Y: 20, Width: 200, Height: 60}})
			require.NoError(t, err, degrees)
			field, _ := widget(t, out)
			assert.Equal(t, want, field.Get("Rect"), degrees)
			turn := int64((degrees%360 + 360) % 360)
			mk, _ := field.Get("MK").(pdf.Dict)
			if turn == 0 {
				assert.Nil(t, mk)
			} else {
				assert.Equal(t, turn, mk.Get("R"), degrees)
			}
			// The page as it is shown has 595 by 842 points, or 842 by 595.
			width, height := 595.0, 842.0
			if turn%180 == 90 {
				width, height = height, width
			}
			for name, c := range map[string]struct {
				a    seal.Appearance
				good bool
			}{
				"in the corner":    {seal.Appearance{Page: 1, X: width - 200, Y: height - 60, Width: 200, Height: 60}, true},
				"all of the page":  {seal.Appearance{Page: 1, Width: width, Height: height}, true},
				"over the right":   {seal.Appearance{Page: 1, X: width - 199, Width: 200, Height: 60}, false},
				"over the bottom":  {seal.Appearance{Page: 1, Y: height - 59, Width: 200, Height: 60}, false},
				"over the left":    {seal.Appearance{Page: 1, X: -1, Width: 200, Height: 60}, false},
				"over the top":     {seal.Appearance{Page: 1, Y: -1, Width: 200, Height: 60}, false},
				"no width at all":  {seal.Appearance{Page: 1, Height: 60}, false},
				"no height at all": {seal.Appearance{Page: 1, Width: 200}, false},
			} {
				_, err := s.Seal(t.Context(), turned(degrees), seal.Details{Appearance: &c.a})
				if c.good {
					assert.NoError(t, err, "%d: %s", degrees, name)
					continue
				}
				assert.ErrorIs(t, err, seal.ErrDocument, "%d: %s", degrees, name)
				assert.ErrorContains(t, err, fmt.Sprintf("which has %g by %g", width, height), "%d: %s", degrees, name)
			}
		}
		for _, degrees := range []int{45, 91, -1} {
			_, err := s.Seal(t.Context(), turned(degrees), seal.Details{Appearance: framed(1)})
			assert.ErrorIs(t, err, seal.ErrDocument)
			assert.ErrorContains(t, err, fmt.Sprintf("turned by %d degrees", degrees))
		}
	})
	t.Run("refused", func(t *testing.T) {
		doc := page(t)
		for want, a := range map[string]seal.Appearance{
			"page 0: expected 1 to":  {X: 1, Y: 1, Width: 100, Height: 50},
			"page 9: expected 1 to":  {Page: 9, X: 1, Y: 1, Width: 100, Height: 50},
			"page -9: expected 1 to": {Page: -9, X: 1, Y: 1, Width: 100, Height: 50},
			"expected one on page 1": {Page: 1, X: 500, Y: 1, Width: 100, Height: 50},
			"by 50 points at -1, 1":  {Page: 1, X: -1, Y: 1, Width: 100, Height: 50},
			"does not fit a frame":   {Page: 1, X: 1, Y: 1, Width: 40, Height: 20},
			"character U+05D0":       {Page: 1, X: 1, Y: 1, Width: 100, Height: 50, Text: "Sigillo \u05d0"},
			"character U+0007":       {Page: 1, X: 1, Y: 1, Width: 100, Height: 50, Text: "Sigillo \a"},
			"no glyph":               {Page: 1, X: 1, Y: 1, Width: 100, Height: 50, Text: "印"},
			"its text is empty":      {Page: 1, X: 1, Y: 1, Width: 100, Height: 50, Text: "{location}"},
			"2001 bytes: expected at most": {Page: 1, X: 1, Y: 1, Width: 100, Height: 50,
				Text: strings.Repeat("a", 2001)},
		} {
			out, err := s.Seal(t.Context(), doc, seal.Details{Appearance: &a})
			require.ErrorIs(t, err, seal.ErrDocument, want)
			assert.ErrorContains(t, err, want)
			assert.Nil(t, out)
		}
		old, err := ca.Sealer()
		require.NoError(t, err)
		_, err = old.Seal(t.Context(), doc, seal.Details{Appearance: framed(1)})
		assert.ErrorContains(t, err, "no visible seal")
	})
}

var (
	objectStart = regexp.MustCompile(`(?m)^(\d+) 0 obj\b`)
	tableStart  = regexp.MustCompile(`(?m)^xref\n0 (\d+)\n`)
	tableAt     = regexp.MustCompile(`startxref\n\d+\n`)
)

// rewrite returns a document of one revision, whose text was changed, with a
// cross-reference table that is right.
func rewrite(t testing.TB, doc []byte) []byte {
	t.Helper()
	table := tableStart.FindSubmatchIndex(doc)
	require.NotNil(t, table)
	out := bytes.Clone(doc)
	for _, at := range objectStart.FindAllSubmatchIndex(doc[:table[0]], -1) {
		n, err := strconv.Atoi(string(doc[at[2]:at[3]]))
		require.NoError(t, err)
		copy(out[table[1]+20*n:], fmt.Sprintf("%010d", at[0]))
	}
	return tableAt.ReplaceAll(out, fmt.Appendf(nil, "startxref\n%d\n", table[0]))
}

func writeTrust(t *testing.T, ca *sealtest.CA) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trust.pem")
	require.NoError(t, os.WriteFile(path, ca.TrustPEM(), 0o600))
	return path
}

func replaceOnce(t *testing.T, s, from, to string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(s, from))
	return strings.Replace(s, from, to, 1)
}
