package certificate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/internal/pdf"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/seal"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

func (c *crowd) collective() CollectiveRequest {
	return CollectiveRequest{Request: officer("", "").Request, Collection: ListCollection, Signer: Signer{Role: MayorDelegate, Name: "LUCA PROVA"}, People: c}
}

// named gives the persons of a crowd names and comuni.
func (c *crowd) named(comuni ...string) {
	n := 0
	for _, id := range c.ids {
		f := c.facts[id]
		var k int
		fmt.Sscan(id, &k)
		f.Person.Surname = []string{"ROSSI", "BIANCHI", "D'ALESSANDRO", "KOVAČEVIĆ", "DELLA VALLE", "Ferrari"}[k%6] + " PROVA"
		f.Person.Name = []string{"MARIA", "ANNA LUCIA", "JOSÉ", "GIUSEPPE", "ŽIVA"}[k%5]
		comune := comuni[k%len(comuni)]
		f.Elector.General = &electoral.Enrolment{Comune: comune, Section: fmt.Sprint(1 + k%90)}
		c.facts[id] = f
		n++
	}
}

func parsePDF(t testing.TB, doc []byte) *pdf.File {
	t.Helper()
	f, err := pdf.Parse(t.Context(), doc, pdf.Limits{})
	require.NoError(t, err)
	return f
}

func TestCollective(t *testing.T) {
	c, codes := newCrowd(t, 50)
	c.named("H501", "A944", "F205")
	codes = append(codes, codes[0], "non valido", "RSSMRA80A01H501U")
	i, j := newIssuer(t, facts(), func(cfg *Config) { cfg.Source, cfg.Archive = c, &shelf{} })
	out, err := i.Collective(t.Context(), c.collective(), strings.NewReader(strings.Join(codes, "\n")))
	require.NoError(t, err)
	assert.Equal(t, BatchCount{Rows: 53, Issued: 40, Refused: 13}, out.Count)
	require.Len(t, out.Report, 53)
	assert.Equal(t, NotElector, out.Report[4].Reasons[0].Code)
	assert.Equal(t, PersonRepeated, out.Report[50].Reasons[0].Code)
	assert.Equal(t, FiscalCodeInvalid, out.Report[51].Reasons[0].Code)
	assert.Equal(t, NotInANPR, out.Report[52].Reasons[0].Code)
	assert.Equal(t, "nowhere", out.Report[52].Reasons[0].Case)
	var report bytes.Buffer
	require.NoError(t, out.WriteReport(&report))
	assert.Contains(t, report.String(), "non rilasciato")

	d, err := ParseCollectiveData(out.Embedded)
	require.NoError(t, err)
	assert.Equal(t, out.Data, d)
	assert.Equal(t, 40, d.Persons())
	require.Len(t, d.Groups, 3)
	assert.Equal(t, []string{"Bologna", "Milano", "Roma"}, []string{d.Groups[0].Comune.Name, d.Groups[1].Comune.Name, d.Groups[2].Comune.Name})
	assert.True(t, out.Contrassegno.Matches(out.Embedded))
	assert.NotContains(t, string(out.Embedded), codes[0], "no codice fiscale")
	assert.NotContains(t, string(out.PDF), codes[0])
	files, err := parsePDF(t, out.PDF).EmbeddedFiles()
	require.NoError(t, err)
	require.Len(t, files, 2)
	assert.Equal(t, out.Embedded, files[0].Data, "verify finds it under the name of the others")

	// Each of the 50 persons found, in the chain of his comune, and the request:
	// opened before them and closed after them.
	subjects := map[string][]string{}
	for _, e := range j.entries {
		if e.Subject != "" {
			assert.Equal(t, electoral.OpReadForCertificate, e.Operation)
			assert.Equal(t, "H501", e.Comune)
			assert.Equal(t, "F205", e.ActorComune)
			assert.Equal(t, []electoral.Detail{{Key: "collective", Value: "r-1"}}, e.Details)
		}
		subjects[e.RequestID+" "+e.Subject] = append(subjects[e.RequestID+" "+e.Subject], e.Outcome)
	}
	assert.Len(t, subjects, 51)
	assert.Equal(t, []string{electoral.Granted}, subjects["r-1-1 5000"])
	assert.Equal(t, []string{string(NotElector)}, subjects["r-1-5 5004"])
	assert.Equal(t, []string{electoral.Requested, electoral.Granted}, subjects["r-1 "])
	last := j.entries[len(j.entries)-1]
	assert.Equal(t, electoral.OpIssueCertificate, last.Operation)
	assert.Equal(t, "F205", last.Comune)
	assert.Equal(t, []electoral.Detail{{Key: "certificate", Value: out.Contrassegno.Digest()}, {Key: "rows", Value: "53"}}, last.Details)

	t.Run("again", func(t *testing.T) {
		f := c.facts["5004"] // votes again
		f.Elector.Capacity = electoral.Yes
		c.facts["5004"] = f
		f = c.facts["5000"] // has died since
		f.Person.Death = day("2026-11-20")
		c.facts["5000"] = f
		before := len(j.entries)
		again, err := i.Collective(t.Context(), c.collective(), strings.NewReader(strings.Join(codes, "\n")))
		require.NoError(t, err)
		assert.Equal(t, out.PDF, again.PDF)
		assert.Equal(t, out.Count, again.Count)
		assert.Equal(t, CollectiveClosed, again.Report[4].Reasons[0].Code)
		assert.Equal(t, BatchIssued, again.Report[0].Outcome, "the document names him")
		assert.Len(t, j.entries, before+50+2, "who gets it again has accessed it again")
		_, err = i.Collective(t.Context(), c.collective(), strings.NewReader(codes[0]))
		require.ErrorIs(t, err, RequestReused)
	})
	t.Run("download", func(t *testing.T) {
		id := out.Contrassegno.Digest()
		own := c.collective().Request
		r, err := i.Download(t.Context(), own, id)
		require.NoError(t, err)
		assert.Equal(t, out.PDF, r.PDF)
		require.NotNil(t, r.Collective)
		assert.Equal(t, 40, r.Collective.Persons())
		other := own
		other.Actor.Comune = "H501"
		_, err = i.Download(t.Context(), other, id)
		require.ErrorIs(t, err, NotYours)
		subject := citizen("", "").Request
		subject.Actor.FiscalCode = electoral.FiscalCode(codes[1])
		_, err = i.Download(t.Context(), subject, id)
		require.ErrorIs(t, err, NotYours, "who is in it must not see the others")
		list, err := i.Mine(t.Context(), subject)
		require.NoError(t, err)
		assert.Empty(t, list)
	})
	t.Run("recovery", func(t *testing.T) {
		var open []electoral.Access
		for _, n := range []string{"r-1", "altro-1"} {
			req := c.collective().Request
			req.ID = n
			a := electoral.NewAccess(req, electoral.OpIssueCertificate, noon)
			a.Outcome = electoral.Requested
			open = append(open, a)
		}
		// A version that did not write in which quality it was asked had an open
		// access of each person.
		open = append(open, electoral.Access{RequestID: "r-1-1", At: noon, Operation: electoral.OpIssueCertificate, Outcome: electoral.Requested,
			FiscalCode: c.collective().Actor.FiscalCode, Comune: "F205"})
		before := len(j.entries)
		n, err := i.Recover(t.Context(), open)
		require.NoError(t, err)
		assert.Equal(t, 3, n)
		var got []string
		for _, e := range j.entries[before:] {
			got = append(got, e.Outcome)
		}
		assert.Equal(t, []string{electoral.Granted, electoral.Failed, electoral.Unknown}, got)
	})
}

// TestCollectiveStructure counts what a screen reader finds: one table a
// comune, whatever the pages, each with one row of heads.
func TestCollectiveStructure(t *testing.T) {
	c, codes := newCrowd(t, 150)
	c.named("H501", "A944", "F205")
	i, _ := newIssuer(t, facts(), func(cfg *Config) { cfg.Source = c })
	out, err := i.Collective(t.Context(), c.collective(), strings.NewReader(strings.Join(codes, "\n")))
	require.NoError(t, err)
	again, _, err := out.Data.render(i, nil, out.Embedded, &out.Contrassegno)
	require.NoError(t, err)
	assert.Equal(t, out.PDF, again, "the same data, the same bytes")
	count := map[pdf.Name]int{}
	f := parsePDF(t, out.PDF)
	for _, ref := range f.Revisions[0].Objects {
		o, err := f.Last().Get(ref)
		require.NoError(t, err)
		if d, ok := o.(pdf.Dict); ok && d.Name("Type") == "StructElem" {
			count[d.Name("S")]++
		}
	}
	persons := out.Data.Persons()
	require.Equal(t, 120, persons)
	// The first table is of the details: 7 rows with one head each.
	for tag, want := range map[pdf.Name]int{"H1": 1, "H2": 3 + 1, "Table": 1 + 3, "THead": 3, "TBody": 3, "TR": 7 + 3 + persons, "TH": 7 + 3*4 + persons, "TD": 7 + 3*persons} {
		assert.Equal(t, want, count[tag], "%s", tag)
	}
	pages, err := f.Last().Pages()
	require.NoError(t, err)
	assert.Greater(t, len(pages), 3)
}

func collectiveData() CollectiveData {
	d := enrolmentData()
	return CollectiveData{
		Trial: true, Protocol: d.Protocol, IssuedAt: d.IssuedAt, ValidUntil: d.ValidUntil, Collection: ReferendumCollection, List: electoral.GeneralList,
		Language: "it", Issuer: d.Issuer, Nonce: d.Nonce,
		Groups: []CollectiveGroup{{Comune: d.Enrolment.Comune, Entries: []CollectiveEntry{
			{Row: 2, Subject: d.Subject, Section: "7"}, {Row: 1, Subject: d.Subject, Section: "8/B"},
		}}},
	}
}

// TestCollectiveSchema holds the published schema and the parser together.
func TestCollectiveSchema(t *testing.T) {
	var schema map[string]any
	require.NoError(t, json.Unmarshal(CollectiveDataSchema(), &schema))
	valid := func(data []byte) error {
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			return err
		}
		return validate(schema, schema, v, "$")
	}
	b, err := collectiveData().Encode()
	require.NoError(t, err)
	require.NoError(t, valid(b))
	d, err := ParseCollectiveData(b)
	require.NoError(t, err)
	assert.Equal(t, collectiveData(), d)
	for _, change := range [][2]string{
		{`"version":1`, `"version":2`}, {`"collective-enrolment"`, `"enrolment"`}, {`"use":"electoral"`, `"use":"private"`}, {`"referendum"`, `"x"`}, {`"general"`, `"x"`},
		{`"language":"it"`, `"language":"ita"`}, {`"row":2`, `"row":0`}, {`"row":2`, `"row":1.5`}, {`"section":"7"`, `"section":""`}, {`"sex":"F"`, `"sex":""`},
		{`"groups":[`, `"groups":[],"x":[`}, {`"nonce":"01`, `"nonce":"0Z`}, {`"trial":true,`, ``}, {`"code":"H501"`, `"code":"H5010"`},
	} {
		bad := []byte(strings.Replace(string(b), change[0], change[1], 1))
		require.NotEqual(t, string(b), string(bad), change[0])
		assert.Error(t, valid(bad), "the schema, %s", change[1])
		_, err := ParseCollectiveData(bad)
		assert.Error(t, err, "the parser, %s", change[1])
	}
	for want, change := range map[string]func(*CollectiveData){
		"groups[0].entries[1].row":             func(d *CollectiveData) { d.Groups[0].Entries[1].Row = 2 },
		"groups[1].comune.code":                func(d *CollectiveData) { d.Groups = append(d.Groups, d.Groups[0]) },
		"groups: 0 persons":                    func(d *CollectiveData) { d.Groups = nil },
		"groups[0].entries[0].subject.surname": func(d *CollectiveData) { d.Groups[0].Entries[0].Subject.Surname = "A\a" },
		"issuer.channel":                       func(d *CollectiveData) { d.Issuer = Authority{Channel: PortalChannel, Name: "X"} },
	} {
		d := collectiveData()
		change(&d)
		assert.ErrorContains(t, d.Check(), want)
	}
}

func FuzzParseCollectiveData(f *testing.F) {
	b, err := collectiveData().Encode()
	require.NoError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseCollectiveData(b)
		if err != nil {
			return
		}
		again, err := d.Encode()
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("accepted %q, which is written %q (%v)", b, again, err)
		}
	})
}

func TestCollectiveFailsClosed(t *testing.T) {
	c, codes := newCrowd(t, 9)
	rows := strings.Join(codes, "\n")
	total := 2 + 9
	for failAt := 1; failAt <= total; failAt++ {
		a := &shelf{}
		i, j := newIssuer(t, facts(), func(cfg *Config) { cfg.Source, cfg.Archive = c, a })
		j.failAt = failAt
		req := c.collective()
		req.Workers = 1
		out, err := i.Collective(t.Context(), req, strings.NewReader(rows))
		require.ErrorIs(t, err, electoral.ErrNotRecorded, failAt)
		assert.Equal(t, failAt <= 10, errors.Is(err, electoral.ErrRequestNotRecorded), failAt)
		assert.Equal(t, failAt > 10, errors.Is(err, electoral.ErrOutcomeNotRecorded), failAt)
		assert.Nil(t, out.PDF, failAt)
		assert.Equal(t, failAt > 10, len(a.docs) == 1, "nothing is made before everybody is on record: %d", failAt)
	}
	for name, change := range map[string]func(*Config, *CollectiveRequest){
		"sealer":  func(cfg *Config, _ *CollectiveRequest) { cfg.Sealer = plainSealer{err: errors.New("no key")} },
		"archive": func(cfg *Config, _ *CollectiveRequest) { cfg.Archive = &shelf{err: errors.New("full")} },
		"finder":  func(_ *Config, r *CollectiveRequest) { r.People = &crowd{c.facts, c.ids, errors.New("down")} },
		"panic":   func(_ *Config, r *CollectiveRequest) { r.People = panickingFinder{} },
		"protocol": func(cfg *Config, _ *CollectiveRequest) {
			cfg.Protocol = func(context.Context, Request) (string, error) { return "", errors.New("down") }
		},
	} {
		req := c.collective()
		i, j := newIssuer(t, facts(), func(cfg *Config) { cfg.Source = c; change(cfg, &req) })
		out, err := i.Collective(t.Context(), req, strings.NewReader(rows))
		require.Error(t, err, name)
		assert.Nil(t, out.PDF, name)
		open := map[string]int{}
		for _, e := range j.entries {
			switch {
			case e.Operation == electoral.OpReadForCertificate: // what was read of a person was read, whatever follows
				assert.NotEqual(t, electoral.Requested, e.Outcome)
			case e.Outcome == electoral.Requested:
				open[e.RequestID]++
			default:
				open[e.RequestID]--
				assert.Equal(t, electoral.Failed, e.Outcome, name)
			}
		}
		assert.Len(t, open, 1)
		for id, n := range open {
			assert.Zero(t, n, "%s: %s stays open", name, id)
		}
	}
}

type panickingFinder struct{}

func (panickingFinder) ByFiscalCode(context.Context, electoral.FiscalCode) (electoral.Person, error) {
	panic("out of order")
}

// TestCollectiveIsNoKindOfOne: the services for one person do not make it.
func TestCollectiveIsNoKindOfOne(t *testing.T) {
	i, _ := newIssuer(t, facts(), nil)
	_, err := i.Issue(t.Context(), officer(CollectiveCertificate, ElectoralUse))
	require.ErrorIs(t, err, KindUnknown)
	_, err = i.Preview(t.Context(), officer(CollectiveCertificate, ElectoralUse))
	require.ErrorIs(t, err, KindUnknown)
	d := enrolmentData()
	d.Kind = CollectiveCertificate
	require.ErrorContains(t, d.Check(), "data: kind")
	k, err := ParseKind(string(CollectiveCertificate))
	require.NoError(t, err, "an archive keeps it")
	assert.NotContains(t, Kinds(), k)
}

// TestCollectiveAtOnce: of requests with one id that cross, one issues.
func TestCollectiveAtOnce(t *testing.T) {
	c, codes := newCrowd(t, 9)
	a := &shelf{}
	i, _ := newIssuer(t, facts(), func(cfg *Config) { cfg.Source, cfg.Archive = c, a })
	type result struct {
		IssuedCollective
		err error
	}
	results := make(chan result)
	for range 6 {
		go func() {
			out, err := i.Collective(t.Context(), c.collective(), strings.NewReader(strings.Join(codes, "\n")))
			results <- result{out, err}
		}()
	}
	first := <-results
	require.NoError(t, first.err)
	for range 5 {
		r := <-results
		require.NoError(t, r.err)
		assert.True(t, bytes.Equal(first.PDF, r.PDF))
		assert.Equal(t, first.Report, r.Report)
	}
	assert.Len(t, a.docs, 1)
}

func TestCollectiveRefused(t *testing.T) {
	c, codes := newCrowd(t, 5)
	for name, k := range map[string]struct {
		change func(*CollectiveRequest)
		rows   string
		want   error
		text   string
	}{
		"a citizen":        {func(r *CollectiveRequest) { r.Request = citizen("", "").Request }, codes[0], NotYours, ""},
		"no purpose":       {func(r *CollectiveRequest) { r.Collection = "" }, codes[0], UseUnknown, ""},
		"no such list":     {func(r *CollectiveRequest) { r.List = "x" }, codes[0], NotInList, ""},
		"language":         {func(r *CollectiveRequest) { r.Language = "de" }, codes[0], LanguageNotInForce, ""},
		"signer":           {func(r *CollectiveRequest) { r.Signer.Role = "x" }, codes[0], NobodyCertified, ""},
		"nobody":           {func(*CollectiveRequest) {}, codes[4], NobodyCertified, ""},
		"nobody is people": {func(r *CollectiveRequest) { r.People = nil }, codes[0], nil, "without people"},
		"empty":            {func(*CollectiveRequest) {}, "", nil, "the CSV is empty"},
		"long id":          {func(r *CollectiveRequest) { r.ID = strings.Repeat("x", 58) }, codes[0], nil, "58 characters"},
		"too many":         {func(*CollectiveRequest) {}, strings.Repeat("X\n", MaxCollective+1), nil, "divide the request"},
	} {
		req := c.collective()
		k.change(&req)
		i, _ := newIssuer(t, facts(), func(cfg *Config) { cfg.Source = c })
		out, err := i.Collective(t.Context(), req, strings.NewReader(k.rows))
		require.Error(t, err, name)
		if k.want != nil {
			require.ErrorIs(t, err, k.want, name)
		}
		assert.ErrorContains(t, err, k.text, name)
		assert.Nil(t, out.PDF, name)
		if k.want == error(NobodyCertified) {
			assert.Len(t, out.Report, 1, name)
		}
	}
}

// collectives are collective certificates of each sort, sealed by a test seal.
func collectives(t testing.TB) map[string][]byte {
	t.Helper()
	ca, err := sealtest.NewCA(sealtest.Config{})
	require.NoError(t, err)
	out := map[string][]byte{}
	for name, k := range map[string]struct {
		n       int
		issuer  string
		comuni  []string
		level   seal.Level
		visible bool
		plain   bool // a production sealer's page, not sealed
		list    electoral.List
	}{
		"collettivo-it":           {n: 60, issuer: "F205", comuni: []string{"H501", "A944", "F205"}, level: seal.LevelB},
		"collettivo-originale":    {n: 125, issuer: "F205", comuni: []string{"F205"}, plain: true},
		"collettivo-uno":          {n: 1, issuer: "F205", comuni: []string{"F205"}, level: seal.LevelT, visible: true},
		"collettivo-de":           {n: 70, issuer: "A952", comuni: []string{"A952", "F132"}, level: seal.LevelLTA, visible: true},
		"collettivo-de-originale": {n: 70, issuer: "A952", comuni: []string{"A952", "F132"}, plain: true},
		"collettivo-fr":           {n: 30, issuer: "A326", comuni: []string{"A326"}, level: seal.LevelLT},
		"collettivo-sl":           {n: 30, issuer: "D383", comuni: []string{"D383"}, level: seal.LevelLTA},
	} {
		c, codes := newCrowd(t, k.n)
		c.named(k.comuni...)
		for id, f := range c.facts {
			f.Person.Birth.Place = k.comuni[0]
			c.facts[id] = f
		}
		i, _ := newIssuer(t, facts(), func(cfg *Config) {
			cfg.Source, cfg.VisibleSeal = c, k.visible
			if !k.plain {
				sealer, err := ca.PAdES(k.level)
				require.NoError(t, err)
				cfg.Sealer, cfg.Now = sealer, time.Now
			}
		})
		req := c.collective()
		req.Actor.Comune = k.issuer
		r, err := i.Collective(t.Context(), req, strings.NewReader(strings.Join(codes, "\n")))
		require.NoError(t, err, name)
		out[name] = r.PDF
	}
	return out
}

func TestCollectiveForeign(t *testing.T) {
	testenv.Tool(t, "pdftotext")
	for name, doc := range collectives(t) {
		path := filepath.Join(t.TempDir(), "c.pdf")
		require.NoError(t, os.WriteFile(path, doc, 0o600))
		if *keep != "" {
			require.NoError(t, os.WriteFile(filepath.Join(*keep, name+".pdf"), doc, 0o600))
		}
		text := strings.Join(strings.Fields(tool(t, "pdftotext", "-layout", path, "-")), " ")
		pages := len(strings.Split(tool(t, "pdftotext", path, "-"), "\f")) - 1
		assert.Contains(t, text, fmt.Sprintf("Pagina %d di %d", pages, pages), name)
		assert.Contains(t, text, "Certificato collettivo di iscrizione nelle liste elettorali", name)
		assert.NotContains(t, text, "godimento", name)
		assert.Equal(t, pages > 1, strings.Contains(string(doc), "/Outlines"), name)
		if name == "collettivo-uno" { // its time grows with the square of the elements
			tree := strings.Join(strings.Fields(tool(t, "pdfinfo", "-struct-text", path)), " ")
			assert.Contains(t, tree, "la persona indicata di seguito è iscritta nelle liste elettorali", name)
			assert.NotContains(t, tree, "Pagina ", name)
		}
		picture := filepath.Join(t.TempDir(), "last")
		tool(t, "pdftoppm", "-r", "150", "-f", fmt.Sprint(pages), "-png", "-singlefile", "-gray", path, picture)
		mark, err := contrassegno.Parse(readQR(t, picture+".png"))
		require.NoError(t, err, name)
		files, err := parsePDF(t, doc).EmbeddedFiles()
		require.NoError(t, err)
		assert.True(t, mark.Matches(files[0].Data), name)
	}
}

// TestCollectiveOfThousands makes the largest certificate.
func TestCollectiveOfThousands(t *testing.T) {
	c, codes := newCrowd(t, 7200) // as many as the crowd has different birthdays
	c.named("H501", "A944", "F205")
	i, _ := newIssuer(t, facts(), func(cfg *Config) { cfg.Source = c })
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	out, err := i.Collective(t.Context(), c.collective(), strings.NewReader(strings.Join(codes, "\n")))
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	assert.Equal(t, 5760, out.Count.Issued)
	pages, err := parsePDF(t, out.PDF).Last().Pages()
	require.NoError(t, err)
	assert.Greater(t, len(pages), 100)
	t.Logf("%d persons, %d pages, %d bytes: %v, %d MB allocated", out.Count.Issued, len(pages), len(out.PDF), time.Since(began), (after.TotalAlloc-before.TotalAlloc)>>20)
}
