package certificate

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
)

// shelf is an archive in memory.
type shelf struct {
	mu   sync.Mutex
	docs []Archived
	err  error
}

func (s *shelf) Put(_ context.Context, d Archived) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, have := range s.docs {
		if have.ID == d.ID || have.RequestKey == d.RequestKey {
			return ErrArchived
		}
	}
	if s.err == nil {
		s.docs = append(s.docs, d)
	}
	return s.err
}

func (s *shelf) find(match func(Archived) bool) (Archived, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.docs, match); i >= 0 {
		return s.docs[i], nil
	}
	return Archived{}, ErrNotArchived
}

func (s *shelf) Get(_ context.Context, id string) (Archived, error) {
	return s.find(func(d Archived) bool { return d.ID == id })
}

func (s *shelf) ByRequest(_ context.Context, key string) (Archived, error) {
	return s.find(func(d Archived) bool { return d.RequestKey == key })
}

func (s *shelf) Owned(_ context.Context, owner string) iter.Seq2[Archived, error] {
	return func(yield func(Archived, error) bool) {
		for _, d := range slices.Backward(s.docs) {
			if d.Owner == owner && !yield(d, nil) {
				return
			}
		}
	}
}

func (s *shelf) Sweep(_ context.Context, at time.Time) (int, error) {
	n := len(s.docs)
	s.docs = slices.DeleteFunc(s.docs, func(d Archived) bool { return !d.Expires.After(at) })
	return n - len(s.docs), nil
}

// archived makes an issuer with an archive and a clock.
func archived(t testing.TB, now *time.Time) (*Issuer, *journal, *shelf) {
	f := facts()
	f.Person.FiscalCode = "SPSMGR84C48F839A"
	s := &shelf{}
	i, j := newIssuer(t, f, func(c *Config) {
		c.Archive, c.Protocol = s, nil
		c.Now = func() time.Time { return *now }
	})
	return i, j, s
}

func TestIssueOnce(t *testing.T) {
	now := noon
	i, j, s := archived(t, &now)
	req := citizen(EnrolmentCertificate, ElectoralUse)
	first, err := i.Issue(t.Context(), req)
	require.NoError(t, err)
	now = now.Add(time.Hour)
	again, err := i.Issue(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, first, again, "a retry gives the same document")
	require.Len(t, s.docs, 1)
	assert.Equal(t, []string{"requested", "granted", "requested", "repeated"}, j.outcomes())

	other := req
	other.Use = PrivateUse
	_, err = i.Issue(t.Context(), other)
	require.ErrorIs(t, err, RequestReused)
	elsewhere := officer(EnrolmentCertificate, ElectoralUse)
	elsewhere.ID = req.ID
	theirs, err := i.Issue(t.Context(), elsewhere)
	require.NoError(t, err, "the ids of an office are its own")
	assert.NotEqual(t, first.Contrassegno, theirs.Contrassegno)

	s.err = errors.New("disk full")
	req.ID = "r-2"
	_, err = i.Issue(t.Context(), req)
	require.ErrorIs(t, err, s.err, "what is not archived is not released")
	assert.Equal(t, "failed", j.entries[len(j.entries)-1].Outcome)
}

func TestIssueOnceAtOnce(t *testing.T) {
	now := noon
	i, _, s := archived(t, &now)
	var wg sync.WaitGroup
	got := make([]Issued, 8)
	for n := range got {
		wg.Go(func() {
			out, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
			assert.NoError(t, err)
			got[n] = out
		})
	}
	wg.Wait()
	require.Len(t, s.docs, 1)
	for _, out := range got {
		assert.Equal(t, got[0], out)
	}
}

func TestDownload(t *testing.T) {
	now := noon
	i, j, _ := archived(t, &now)
	mine := citizen(EnrolmentCertificate, ElectoralUse)
	out, err := i.Issue(t.Context(), mine)
	require.NoError(t, err)
	office := officer(PoliticalRightsCertificate, PrivateUse)
	theirs, err := i.Issue(t.Context(), office)
	require.NoError(t, err)
	id := func(o Issued) string { return o.Contrassegno.Digest() }

	stranger := mine.Request
	stranger.Actor.FiscalCode = "FFCLTR70A01H501Z"
	elsewhere := office.Request
	elsewhere.Actor.Comune = "H501"
	nobody := mine.Request
	nobody.Actor.Role = ""
	for name, k := range map[string]struct {
		req  electoral.Request
		id   string
		want *Issued
		code Code
	}{
		"owner":                      {mine.Request, id(out), &out, ""},
		"owner, issued by an office": {mine.Request, id(theirs), &theirs, ""},
		"office":                     {office.Request, id(theirs), &theirs, ""},
		"office, not its own":        {office.Request, id(out), nil, NotYours},
		"another office":             {elsewhere, id(theirs), nil, NotYours},
		"another citizen":            {stranger, id(out), nil, NotYours},
		"no role":                    {nobody, id(out), nil, NotYours},
		"none such":                  {mine.Request, "AAAA", nil, Expired},
	} {
		got, err := i.Download(t.Context(), k.req, k.id)
		if k.want == nil {
			require.ErrorIs(t, err, k.code, name)
			assert.Empty(t, got, name)
			assert.Equal(t, string(k.code), j.entries[len(j.entries)-1].Outcome, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, *k.want, got, name)
	}
	list, err := i.Mine(t.Context(), mine.Request)
	require.NoError(t, err)
	assert.Len(t, list, 2)
	_, err = i.Mine(t.Context(), office.Request)
	require.ErrorIs(t, err, NotYours)

	// The last day of validity counts, in Italy; the day after there is nothing.
	last := i.calendar.Begins(out.Data.ValidUntil.AddDays(1))
	now = last.Add(-time.Millisecond)
	_, err = i.Download(t.Context(), mine.Request, id(out))
	require.NoError(t, err)
	_, err = i.Original(t.Context(), "v-1", out.Contrassegno)
	require.NoError(t, err)
	n, err := i.Sweep(t.Context())
	require.NoError(t, err)
	assert.Zero(t, n)
	now = last
	_, err = i.Download(t.Context(), mine.Request, id(out))
	require.ErrorIs(t, err, Expired)
	_, err = i.Original(t.Context(), "v-1", out.Contrassegno)
	require.ErrorIs(t, err, ErrNotArchived, "expired, even before it is swept")
	list, err = i.Mine(t.Context(), mine.Request)
	require.NoError(t, err)
	assert.Empty(t, list)
	n, err = i.Sweep(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	forged, err := contrassegno.Parse(strings.TrimSuffix(out.Contrassegno.String(), out.Contrassegno.Code()[27:]) + "AAAAAAAAAAAAA")
	require.NoError(t, err)
	_, err = i.Original(t.Context(), "v-2", forged)
	require.ErrorIs(t, err, contrassegno.ErrInvalid)

	// The verifications by the public are on record, and nobody's.
	var verified []string
	for _, e := range j.entries {
		if e.Operation == electoral.OpVerifyCertificate {
			assert.Equal(t, electoral.AnonymousReader, e.FiscalCode)
			assert.Equal(t, electoral.NoMethod, e.Method)
			verified = append(verified, e.RequestID+" "+e.Subject+" "+e.Outcome)
		}
	}
	subject := CertificateSubject(id(out))
	assert.Equal(t, []string{"v-1 " + subject + " granted", "v-1 " + subject + " CER-ARC-02", "v-2  CER-ARC-03"}, verified)
	j.failAt = len(j.entries) + 1
	now = noon
	_, err = i.Original(t.Context(), "v-3", out.Contrassegno)
	require.ErrorIs(t, err, electoral.ErrNotRecorded, "what cannot be recorded is not shown")
}

// fallen is an archive that breaks.
type fallen struct{ Archive }

func (fallen) Get(context.Context, string) (Archived, error) { panic("broken") }

// TestOriginalBroken: what breaks is on record too, and breaks no program.
func TestOriginalBroken(t *testing.T) {
	now := time.Date(2026, 3, 22, 11, 0, 0, 0, time.UTC)
	i, j, _ := archived(t, &now)
	out, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
	require.NoError(t, err)
	i.cfg.Archive = fallen{i.cfg.Archive}
	_, err = i.Original(t.Context(), "v-1", out.Contrassegno)
	require.ErrorContains(t, err, "internal error")
	last := j.entries[len(j.entries)-1]
	assert.Equal(t, electoral.OpVerifyCertificate, last.Operation)
	assert.Equal(t, electoral.Failed, last.Outcome)
}

// TestArchiveAdmits asks for what was issued with credentials that the registry
// would refuse: the archive passes by no registry.
func TestArchiveAdmits(t *testing.T) {
	now := noon
	i, j, s := archived(t, &now)
	good := citizen(EnrolmentCertificate, ElectoralUse)
	out, err := i.Issue(t.Context(), good)
	require.NoError(t, err)
	for name, k := range map[string]struct {
		change func(*electoral.Request)
		code   electoral.Code
	}{
		"level":     {func(r *electoral.Request) { r.Actor.Level = 1 }, electoral.LevelTooLow},
		"no method": {func(r *electoral.Request) { r.Actor.Method = "" }, electoral.ActorUnknown},
		"no code":   {func(r *electoral.Request) { r.Actor.FiscalCode = "" }, electoral.ActorUnknown},
		"no id":     {func(r *electoral.Request) { r.ID = "" }, electoral.RequestIDMissing},
	} {
		req := good
		k.change(&req.Request)
		want := electoral.Faults(electoral.Admit(req.Request)).Err()
		for what, call := range map[string]func() (any, error){
			"issue":    func() (any, error) { return i.Issue(t.Context(), req) },
			"preview":  func() (any, error) { return i.Preview(t.Context(), req) },
			"download": func() (any, error) { return i.Download(t.Context(), req.Request, out.Contrassegno.Digest()) },
			"mine":     func() (any, error) { return i.Mine(t.Context(), req.Request) },
		} {
			got, err := call()
			require.Equal(t, want, err, "%s: %s", what, name)
			assert.Empty(t, got, "%s: %s", what, name)
			assert.Equal(t, string(k.code), j.entries[len(j.entries)-1].Outcome, "%s: %s: on record", what, name)
		}
	}
	assert.Len(t, s.docs, 1)
}

func TestIssueAgainExpired(t *testing.T) {
	now := noon
	i, j, _ := archived(t, &now)
	req := citizen(EnrolmentCertificate, ElectoralUse)
	out, err := i.Issue(t.Context(), req)
	require.NoError(t, err)
	end := i.calendar.Begins(out.Data.ValidUntil.AddDays(1))
	now = end.Add(-time.Millisecond)
	_, err = i.Issue(t.Context(), req)
	require.NoError(t, err)
	now = end
	again, err := i.Issue(t.Context(), req)
	require.ErrorIs(t, err, Expired)
	assert.Empty(t, again)
	assert.Equal(t, string(Expired), j.entries[len(j.entries)-1].Outcome)
}

// TestRecoverRepeated leaves open the issue, a repetition of it and another use
// of its id, which was refused: only the first issued something.
func TestRecoverRepeated(t *testing.T) {
	now := noon
	i, j, _ := archived(t, &now)
	req := citizen(EnrolmentCertificate, ElectoralUse)
	_, err := i.Issue(t.Context(), req)
	require.NoError(t, err)
	now = now.Add(time.Second)
	_, err = i.Issue(t.Context(), req)
	require.NoError(t, err)
	now = now.Add(time.Second)
	req.Use = PrivateUse
	_, err = i.Issue(t.Context(), req)
	require.ErrorIs(t, err, RequestReused)
	open := []electoral.Access{j.entries[0], j.entries[2], j.entries[4]}
	j.entries = nil
	n, err := i.Recover(t.Context(), open)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	assert.Equal(t, []string{"granted", "failed", "failed"}, j.outcomes())
}

func TestRecover(t *testing.T) {
	now := noon
	i, j, _ := archived(t, &now)
	req := citizen(EnrolmentCertificate, ElectoralUse)
	// The outcome of the issue cannot be written: as if the program had died.
	j.failAt = 2
	_, err := i.Issue(t.Context(), req)
	require.ErrorIs(t, err, electoral.ErrNotRecorded)
	j.failAt = 0
	open := slices.Clone(j.entries)
	lost := open[0]
	lost.RequestID = "r-lost"
	other := open[0]
	other.Operation = electoral.OpEnrol
	n, err := i.Recover(t.Context(), append(open, lost, other))
	require.NoError(t, err)
	assert.Equal(t, 2, n, "the registry's pairs are not the issuer's")
	assert.Equal(t, []string{"requested", "granted", "failed"}, j.outcomes())
	assert.Equal(t, "r-lost", j.entries[2].RequestID)
	out, err := i.Issue(t.Context(), req)
	require.NoError(t, err)
	assert.NotEmpty(t, out.PDF, "the document was there all the time")
}

// renamed is a source in which the person has got another codice fiscale.
type renamed struct{ source }

func (r renamed) HomeOf(_ context.Context, code electoral.FiscalCode) (anprID, comune string, err error) {
	if code != r.facts.Person.FiscalCode {
		return "", "", nil
	}
	return r.facts.Person.ANPRID, r.facts.Person.Registered(), nil
}

// TestChangedCode: after a change of sex, and so of codice fiscale, a citizen
// keeps his certificates, those too that an earlier version kept under the code
// (life case 49); nobody else gets them with the old code.
func TestChangedCode(t *testing.T) {
	now := noon
	i, _, s := archived(t, &now)
	mine := citizen(EnrolmentCertificate, ElectoralUse)
	out, err := i.Issue(t.Context(), mine)
	require.NoError(t, err)
	id := out.Contrassegno.Digest()

	after := renamed{i.cfg.Source.(source)}
	after.facts.Person.FiscalCode, err = electoral.ComputeFiscalCode("ESPOSITO", "MARIO", electoral.Male, electoral.Date{Year: 1984, Month: 3, Day: 8}, "F839")
	require.NoError(t, err)
	i.cfg.Source = after
	changed := mine.Request
	changed.Actor.FiscalCode = after.facts.Person.FiscalCode
	got, err := i.Download(t.Context(), changed, id)
	require.NoError(t, err)
	assert.Equal(t, out, got)
	list, err := i.Mine(t.Context(), changed)
	require.NoError(t, err)
	assert.Len(t, list, 1)
	_, err = i.Download(t.Context(), mine.Request, id)
	require.ErrorIs(t, err, NotYours, "the old code is nobody's")

	for k := range s.docs {
		s.docs[k].Owner = i.keyed("owner", string(changed.Actor.FiscalCode)) // as an earlier version kept it
	}
	_, err = i.Download(t.Context(), changed, id)
	require.NoError(t, err)
	list, err = i.Mine(t.Context(), changed)
	require.NoError(t, err)
	assert.Len(t, list, 1)
}

// heirs is a source that knows which comune took the place of another.
type heirs struct {
	source
	heir, of string
	err      error
}

func (h heirs) IsHeir(_ context.Context, comune, of string) (bool, error) {
	return comune == h.heir && of == h.of, h.err
}

// TestDownloadByHeir: the officers of the comune that took the place of another may
// download what this one issued, and nobody else may.
func TestDownloadByHeir(t *testing.T) {
	now := noon
	i, j, _ := archived(t, &now)
	office := officer(PoliticalRightsCertificate, PrivateUse)
	out, err := i.Issue(t.Context(), office)
	require.NoError(t, err)
	id := out.Contrassegno.Digest()
	elsewhere := office.Request
	elsewhere.Actor.Comune = "H501"
	plain := i.cfg.Source.(source)
	for name, k := range map[string]struct {
		heir, of string
		err      error
		may      bool
	}{
		"the heir":            {"H501", office.Actor.Comune, nil, true},
		"the heir of another": {"H501", "A109", nil, false},
		"another's heir":      {"A109", office.Actor.Comune, nil, false},
		"it cannot be told":   {"", "", errors.New("disk full"), false},
	} {
		i.cfg.Source = heirs{source: plain, heir: k.heir, of: k.of, err: k.err}
		got, err := i.Download(t.Context(), elsewhere, id)
		switch {
		case k.may:
			require.NoError(t, err, name)
			assert.Equal(t, out.PDF, got.PDF)
			assert.Equal(t, electoral.Granted, j.entries[len(j.entries)-1].Outcome)
		case k.err != nil:
			require.ErrorIs(t, err, k.err, name)
			assert.Empty(t, got)
		default:
			require.ErrorIs(t, err, NotYours, name)
			assert.Empty(t, got)
		}
		_, err = i.Download(t.Context(), office.Request, id)
		require.NoError(t, err, "its own office, whoever else may")
	}
	// An officer of no comune is nobody's heir, nor is anybody the portal's.
	nobody := elsewhere
	nobody.Actor.Comune = ""
	i.cfg.Source = heirs{source: plain, heir: "", of: office.Actor.Comune}
	_, err = i.Download(t.Context(), nobody, id)
	require.ErrorIs(t, err, NotYours)
	mine, err := i.Issue(t.Context(), citizen(EnrolmentCertificate, ElectoralUse))
	require.NoError(t, err)
	i.cfg.Source = heirs{source: plain, heir: "H501", of: ""}
	_, err = i.Download(t.Context(), elsewhere, mine.Contrassegno.Digest())
	require.ErrorIs(t, err, NotYours)
}
