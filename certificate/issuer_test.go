package certificate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/memory"
	"github.com/liste-elettorali/anpr/electoral/registry"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
	"github.com/liste-elettorali/anpr/seal"
)

func TestIssue(t *testing.T) {
	i, j := newIssuer(t, facts(), nil)
	r, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
	require.NoError(t, err)
	assert.Equal(t, []string{electoral.Requested, electoral.Granted}, j.outcomes())
	assert.Equal(t, electoral.Access{
		FiscalCode: "SPSMGR84C48F839A", At: noon, Operation: electoral.OpIssueCertificate, Outcome: electoral.Requested,
		RequestID: "r-1", Method: electoral.CIEMethod, Subject: "1000001", Comune: "H501", Role: electoral.CitizenRole, Level: 3,
	}, j.entries[0])
	assert.True(t, r.Contrassegno.Matches(r.Embedded))
	assert.True(t, r.Contrassegno.Authentic(testKey))
	d, err := ParseData(r.Embedded)
	require.NoError(t, err)
	assert.Equal(t, r.Data, d)
	assert.Equal(t, Data{
		Kind: EnrolmentCertificate, Protocol: "20261122000417", IssuedAt: noon, ValidUntil: day("2027-05-22"), Use: ElectoralUse,
		Subject:   Subject{"ESPOSITO PROVA", "MARIA GRAZIA", electoral.Female, Birth{Date: day("1984-03-08"), Place: "Napoli", Province: "NA"}},
		Enrolment: &Enrolment{electoral.GeneralList, Comune{Code: "H501", Name: "Roma"}, "1024", "SCUOLA ELEMENTARE DI PROVA"},
		Statement: Statement{EnrolledGeneral, "it"}, Issuer: Authority{Channel: PortalChannel, Name: defaultAuthority}, Nonce: d.Nonce,
	}, d)
	assert.NotContains(t, string(r.Embedded), "SPSMGR84C48F839A")
	again, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
	require.NoError(t, err)
	assert.NotEqual(t, r.Data.Nonce, again.Data.Nonce)
	assert.NotEqual(t, r.Contrassegno, again.Contrassegno)
}

func TestIssueByAComune(t *testing.T) {
	i, j := newIssuer(t, facts(), nil)
	req := officer(EnrolmentCertificate, PrivateUse)
	r, err := i.Issue(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, Authority{ComuneChannel, defaultAuthority, &Comune{Code: "F205", Name: "Milano"}, &Signer{MayorDelegate, "LUCA PROVA"}}, r.Data.Issuer)
	assert.Equal(t, "Roma", r.Data.Enrolment.Comune.Name, "who issues need not be who enrols")
	assert.Equal(t, "H501", j.entries[0].Comune, "the comune of the person sees who asked")
	assert.Equal(t, "F205", j.entries[0].ActorComune)
	req.Signer = Signer{}
	r, err = i.Issue(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, Mayor, r.Data.Issuer.Signer.Role)
}

func TestChosenList(t *testing.T) {
	f := facts()
	foreigner(&f)
	i, _ := newIssuer(t, f, nil)
	for list, code := range map[electoral.List]StatementCode{"": EnrolledEUComunal, electoral.EUComunalList: EnrolledEUComunal, electoral.EUParliamentList: EnrolledEUParliament} {
		req := citizen(EnrolmentCertificate, ElectoralUse)
		req.List = list
		r, err := i.Issue(t.Context(), req)
		require.NoError(t, err)
		assert.Equal(t, code, r.Data.Statement.Code)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f *electoral.CertificateFacts, r *Request)
		code   Code
		field  string
	}{
		"dead":                 {func(f *electoral.CertificateFacts, _ *Request) { f.Person.Death = day("2020-01-01") }, Deceased, "person.death"},
		"kind":                 {func(_ *electoral.CertificateFacts, r *Request) { r.Kind = "tessera" }, KindUnknown, "kind"},
		"use":                  {func(_ *electoral.CertificateFacts, r *Request) { r.Use = "" }, UseUnknown, "use"},
		"portal with a signer": {func(_ *electoral.CertificateFacts, r *Request) { r.Signer.Role = Mayor }, SignerUnknown, "signer"},
		"officer of nowhere": {func(_ *electoral.CertificateFacts, r *Request) {
			r.Actor.Role, r.Actor.Comune = electoral.OfficerRole, "X999"
		}, IssuingComuneUnknown, "actor.comune"},
		"signer's role": {func(_ *electoral.CertificateFacts, r *Request) {
			r.Actor.Role, r.Actor.Comune, r.Signer.Role = electoral.OfficerRole, "F205", "king"
		}, SignerUnknown, "signer.role"},
		"comune of enrolment": {func(f *electoral.CertificateFacts, _ *Request) { f.Elector.General.Comune = "X999" }, ComuneUnknown, "elector.general.comune"},
		"Cyrillic name":       {func(f *electoral.CertificateFacts, _ *Request) { f.Person.Name = "Иван" }, CharacterNotPrintable, "person.name"},
		"Hebrew name":         {func(f *electoral.CertificateFacts, _ *Request) { f.Person.Surname = "שלום" }, CharacterNotPrintable, "person.surname"},
		"control character":   {func(f *electoral.CertificateFacts, _ *Request) { f.Person.Surname = "ROS\x1bSI" }, CharacterNotPrintable, "person.surname"},
		"not UTF-8":           {func(f *electoral.CertificateFacts, _ *Request) { f.Person.Surname = "ROS\xe0" }, CharacterNotPrintable, "person.surname"},
		"line in the seat":    {func(f *electoral.CertificateFacts, _ *Request) { f.Section.SeatName = "a\nb" }, CharacterNotPrintable, "section.seatName"},
		"name of 201":         {func(f *electoral.CertificateFacts, _ *Request) { f.Person.Name = strings.Repeat("A", 201) }, TextTooLong, "person.name"},
	} {
		f, req := facts(), citizen(EnrolmentCertificate, ElectoralUse)
		c.change(&f, &req)
		i, j := newIssuer(t, f, nil)
		r, err := i.Issue(t.Context(), req)
		require.ErrorIs(t, err, c.code, name)
		assert.Empty(t, r.PDF)
		refusal, ok := errors.AsType[*Refusal](err)
		require.True(t, ok)
		assert.Equal(t, c.field, refusal.Reasons[0].Field, name)
		assert.Equal(t, []string{electoral.Requested, string(c.code)}, j.outcomes(), name)
		assert.NotContains(t, err.Error(), "ROS", "no personal data in errors")
	}
}

func TestRefusalNamesTheCharacter(t *testing.T) {
	for name, want := range map[string]string{
		"Anna Ж": "Il carattere «Ж» (U+0416), in posizione 6, non si può riportare sul certificato.",
		"a\x00":  "Il carattere U+0000, in posizione 2, non si può riportare sul certificato: è un carattere di controllo.",
		"م":      "Il carattere «م» (U+0645), in posizione 1, non si può riportare sul certificato: la scrittura da destra a sinistra non è prevista.",
	} {
		f := facts()
		f.Person.Name = name
		i, _ := newIssuer(t, f, nil)
		_, err := i.Preview(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
		refusal, ok := errors.AsType[*Refusal](err)
		require.True(t, ok)
		assert.Equal(t, want, refusal.Reasons[0].Message)
	}
}

func TestRefusalHasEveryReason(t *testing.T) {
	f := facts()
	f.Person.Death, f.Elector.Capacity, f.Elector.General = day("2020-01-01"), electoral.No, nil
	i, _ := newIssuer(t, f, nil)
	_, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, "x"))
	for _, c := range []Code{Deceased, NotElector, NotEnrolled, UseUnknown} {
		assert.ErrorIs(t, err, c)
	}
	refusal, _ := errors.AsType[*Refusal](err)
	b, err := json.Marshal(refusal)
	require.NoError(t, err)
	assert.Contains(t, string(b), `"anprCode":"EN228"`)
}

func TestOffer(t *testing.T) {
	f := facts()
	f.Elector.Certifiability = ptr(electoral.OnlyPoliticalRights)
	i, j := newIssuer(t, f, nil)
	offer, err := i.Offer(t.Context(), citizen("", "").Request, "1000001")
	require.NoError(t, err)
	list := offer.Kinds
	assert.Empty(t, offer.Languages)
	require.Len(t, list, len(Kinds()))
	assert.Equal(t, OnlyPoliticalRights, list[0].Reasons[0].Code)
	assert.Empty(t, list[1].Reasons)
	require.Len(t, j.entries, 1)
	assert.Equal(t, electoral.OpReadForCertificate, j.entries[0].Operation)
	assert.Equal(t, electoral.Granted, j.entries[0].Outcome)
	_, err = i.Offer(t.Context(), citizen("", "").Request, "2")
	assert.ErrorIs(t, err, electoral.ErrNotFound)
}

func TestNothingWithoutTheLog(t *testing.T) {
	for _, failAt := range []int{1, 2} {
		i, j := newIssuer(t, facts(), nil)
		j.failAt = failAt
		r, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
		assert.ErrorIs(t, err, electoral.ErrNotRecorded)
		assert.Equal(t, failAt == 1, errors.Is(err, electoral.ErrRequestNotRecorded))
		assert.Equal(t, failAt == 2, errors.Is(err, electoral.ErrOutcomeNotRecorded))
		assert.ErrorIs(t, err, errJournal)
		assert.Empty(t, r)
		i, j = newIssuer(t, facts(), nil)
		j.failAt = 1
		p, err := i.Preview(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
		assert.ErrorIs(t, err, electoral.ErrNotRecorded)
		assert.Empty(t, p)
	}
}

type panicking struct{ plainSealer }

func (panicking) Seal(context.Context, []byte, seal.Details) ([]byte, error) { panic("broken token") }

func TestFailuresAreRecorded(t *testing.T) {
	broken := errors.New("token does not answer")
	for name, c := range map[string]struct {
		change  func(*Config)
		request func(*Request)
		outcome string
	}{
		"sealer":   {func(c *Config) { c.Sealer = plainSealer{err: broken} }, nil, electoral.Failed},
		"panic":    {func(c *Config) { c.Sealer = panicking{} }, nil, electoral.Failed},
		"protocol": {func(c *Config) { c.Protocol = func(context.Context, Request) (string, error) { return "", broken } }, nil, electoral.Failed},
		"number":   {func(c *Config) { c.Protocol = func(context.Context, Request) (string, error) { return "A/1", nil } }, nil, electoral.Failed},
		"unknown":  {nil, func(r *Request) { r.ANPRID = "7" }, electoral.Failed},
	} {
		i, j := newIssuer(t, facts(), c.change)
		req := citizen(EnrolmentCertificate, ElectoralUse)
		if c.request != nil {
			c.request(&req)
		}
		r, err := i.Issue(t.Context(), req)
		require.Error(t, err, name)
		assert.Empty(t, r)
		assert.Equal(t, []string{electoral.Requested, c.outcome}, j.outcomes(), name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	i, j := newIssuer(t, facts(), nil)
	_, err := i.Issue(ctx, citizen(EnrolmentCertificate, ElectoralUse))
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{electoral.Requested, electoral.Failed}, j.outcomes(), "the pair is closed although the request is gone")
}

func TestDayIsThatOfRome(t *testing.T) {
	f := facts()
	f.Person.Birth.Date = day("2008-07-01")
	late := time.Date(2026, 6, 30, 22, 30, 0, 0, time.UTC) // half past midnight in Rome
	i, _ := newIssuer(t, f, func(c *Config) { c.Now = func() time.Time { return late } })
	r, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
	require.NoError(t, err, "eighteen today, in Italy")
	assert.Equal(t, "2027-01-01", r.Data.ValidUntil.String())
	assert.Equal(t, late, r.Data.IssuedAt)
}

func TestDefaultProtocol(t *testing.T) {
	i, _ := newIssuer(t, facts(), func(c *Config) { c.Protocol = nil })
	r, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
	require.NoError(t, err)
	assert.Regexp(t, `^20261122094107123[0-9]{8}$`, r.Data.Protocol)
}

func TestNewIssuerChecksItsConfiguration(t *testing.T) {
	var logo bytes.Buffer
	require.NoError(t, png.Encode(&logo, image.NewGray(image.Rect(0, 0, 4, 4))))
	good := func() Config {
		return Config{Sealer: plainSealer{}, Source: source{}, Recorder: &journal{}, Key: testKey, BaseURL: testBase, Logo: logo.Bytes()}
	}
	_, err := NewIssuer(good())
	require.NoError(t, err)
	for want, change := range map[string]func(*Config){
		"without a sealer":                func(c *Config) { c.Sealer = nil },
		"without a source":                func(c *Config) { c.Source = nil },
		"without a recorder":              func(c *Config) { c.Recorder = nil },
		"contrassegno: the key":           func(c *Config) { c.Key = nil },
		"contrassegno: address":           func(c *Config) { c.BaseURL = "example.it" },
		"neither a PNG nor a JPEG":        func(c *Config) { c.Logo = []byte("<svg/>") },
		"no validity for the kind":        func(c *Config) { c.Rules = &Rules{} },
		"texts of \"de\" are in \"it\"":   func(c *Config) { c.Texts = map[string]Texts{"de": Italian()} },
		"Preamble: tagged: character U+0": func(c *Config) { x := Italian(); x.Preamble = "Ж"; c.Texts = map[string]Texts{"it": x} },
		"authority: tagged: character":    func(c *Config) { c.Authority = "a\n" },
		"rules: tagged: character":        func(c *Config) { r := DefaultRules(); r.Stamps = []UseText{{Text: "Ж"}}; c.Rules = &r },
	} {
		cfg := good()
		change(&cfg)
		_, err := NewIssuer(cfg)
		assert.ErrorContains(t, err, want)
	}
}

// TestSamePageForTheSameData: the bytes before the seal depend on nothing else.
func TestSamePageForTheSameData(t *testing.T) {
	d := enrolmentData()
	d.Subject.Surname = "ESPOSITO"
	embedded, err := d.Encode()
	require.NoError(t, err)
	c, err := contrassegno.New(testBase, testKey, embedded)
	require.NoError(t, err)
	var pages [][]byte
	for range 2 {
		i, _ := newIssuer(t, facts(), nil)
		for range 2 {
			page, err := i.render(d, embedded, &c)
			require.NoError(t, err)
			pages = append(pages, page)
		}
	}
	for _, p := range pages[1:] {
		assert.True(t, bytes.Equal(pages[0], p))
	}
	assert.Less(t, len(pages[0]), 70_000)
}

func TestIssueConcurrently(t *testing.T) {
	i, j := newIssuer(t, facts(), nil)
	errs := make(chan error)
	for range 8 {
		go func() {
			_, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
			errs <- err
		}()
	}
	for range 8 {
		assert.NoError(t, <-errs)
	}
	assert.Len(t, j.entries, 16)
}

func logoPNG(t *testing.T) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 80, 40))
	for n := range 80 * 40 {
		img.SetNRGBA(n%80, n/80, color.NRGBA{0, 90, 160, uint8(n)})
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

var _ Source = (*registry.Registry)(nil)

// TestIssueFromTheRegistry takes the content from the registry itself.
func TestIssueFromTheRegistry(t *testing.T) {
	f := facts()
	f.Person.FiscalCode = "SPSMGR84C48F839A"
	store := memory.NewStore()
	require.NoError(t, store.Update(t.Context(), func(w registry.Writer) error {
		return errors.Join(w.PutSection(t.Context(), *f.Section), w.PutElector(t.Context(), "H501", f.Elector))
	}))
	log := &journal{}
	registry, err := registry.New(registry.Config{
		Store: store, Population: memory.NewPopulation(f.Person), Recorder: log, Now: func() time.Time { return noon },
	})
	require.NoError(t, err)
	i, _ := newIssuer(t, f, func(c *Config) { c.Source, c.Recorder = registry, log })
	r, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
	require.NoError(t, err)
	assert.Equal(t, "SCUOLA ELEMENTARE DI PROVA", r.Data.Enrolment.Seat)
	var entries []string
	for _, e := range log.entries {
		entries = append(entries, string(e.Operation)+" "+e.Outcome)
	}
	assert.Equal(t, []string{"certificate-issue requested", "certificate-issue granted"}, entries)

	other := citizen(EnrolmentCertificate, ElectoralUse)
	other.Actor.FiscalCode = "FFCLTR70A01H501Z"
	_, err = i.Issue(t.Context(), other)
	assert.ErrorIs(t, err, electoral.OtherPerson)
	assert.Equal(t, string(electoral.OtherPerson), log.entries[len(log.entries)-1].Outcome)
}

// TestTableNamesArePrintable: no comune and no State fails for its name.
func TestTableNamesArePrintable(t *testing.T) {
	i, _ := newIssuer(t, facts(), nil)
	n := 0
	for c := range i.cfg.Tables.Comuni(electoral.Date{}) {
		n++
		for _, name := range []string{c.Name, c.FullName} {
			assert.NoError(t, i.engine.Check(tagged.Bold, name))
			assert.Empty(t, badText(name), name)
		}
	}
	assert.Greater(t, n, 7800)
	for s := range i.cfg.Tables.States() {
		assert.NoError(t, i.engine.Check(tagged.Regular, s.Name))
		assert.Empty(t, badText(s.Name), s.Name)
	}
}

// changing is a source whose facts may change between two calls.
type changing struct {
	source
	facts *electoral.CertificateFacts
}

func (s changing) CertificateFacts(context.Context, *electoral.Entry) (electoral.CertificateFacts, error) {
	return *s.facts, nil
}

// TestPreviewed confirms a preview: what is issued is what was shown, or it is
// refused.
func TestPreviewed(t *testing.T) {
	now := noon
	f := facts()
	i, _ := newIssuer(t, f, func(c *Config) { c.Source, c.Now = changing{source{f}, &f}, func() time.Time { return now } })
	req := officer(EnrolmentCertificate, PrivateUse)
	p, err := i.Preview(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, p.Shown, 64)
	req.ID, req.Previewed = "confirmed", p.Shown
	now = now.Add(26 * time.Hour) // the validity is counted from the issue
	out, err := i.Issue(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, i.texts[italianCode].Sentence(out.Data), p.Sentence)

	for name, change := range map[string]func(*electoral.CertificateFacts, *Request){
		"section": func(f *electoral.CertificateFacts, _ *Request) {
			f.Elector.General = &electoral.Enrolment{Comune: "H501", Section: "7"}
		},
		"name": func(f *electoral.CertificateFacts, _ *Request) { f.Person.Surname = "ROSSI PROVA" },
		"kind": func(_ *electoral.CertificateFacts, r *Request) { r.Kind = CombinedCertificate },
		"use":  func(_ *electoral.CertificateFacts, r *Request) { r.Use = ElectoralUse },
		"signer": func(_ *electoral.CertificateFacts, r *Request) {
			r.Signer = Signer{Role: DeputyMayor, Name: "ANNA PROVA"}
		},
		"forged": func(_ *electoral.CertificateFacts, r *Request) { r.Previewed = strings.Repeat("0", 64) },
	} {
		f = facts()
		other := req
		other.ID = "confirmed-" + name
		change(&f, &other)
		_, err := i.Issue(t.Context(), other)
		require.ErrorIs(t, err, PreviewOutdated, name)
	}
}
