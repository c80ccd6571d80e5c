package certificate

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/liste-elettorali/anpr/certificate/contrassegno"
	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/internal/pdf/tagged"
	"github.com/liste-elettorali/anpr/seal"
)

// A Source gives the facts from which certificates are made;
// [registry.Registry] is one. It is safe for concurrent use.
type Source interface {
	// Home returns the comune (Belfiore code) under which the person with an
	// ANPR id is registered; empty if there is no such person. Accesses to the
	// person's data stand in the chain of the log of that comune. Home is
	// called before the access is on record, and its result is shown to nobody.
	Home(ctx context.Context, anprID string) (comune string, err error)
	// HomeOf returns the ANPR id of the person with a codice fiscale, and what
	// Home returns for that id; both are empty if there is no such person.
	HomeOf(ctx context.Context, code electoral.FiscalCode) (anprID, comune string, err error)
	// CertificateFacts returns the person, the elector and the section of the
	// subject of an access that is on record, if the person who asks may ask
	// for that certificate. It writes no entry. The issuer passes its errors on
	// unchanged.
	CertificateFacts(ctx context.Context, on *electoral.Entry) (electoral.CertificateFacts, error)
}

// An HeirSource is an optional interface of a [Source], found by a type assertion: it
// knows which comune took the place of another ("successione di comuni", D.P.R.
// 223/1967, art. 48). Certificates stay where they are, and the officers of the heir
// may download those of a comune that has ceased.
type HeirSource interface {
	// IsHeir reports whether a comune stands in the place of another that has ceased.
	IsHeir(ctx context.Context, comune, of string) (bool, error)
}

// A Config holds the parts of an [Issuer]. Sealer, Source, Recorder, Key and
// BaseURL are required.
type Config struct {
	Sealer   seal.Sealer
	Source   Source
	Recorder electoral.Recorder
	// Key authenticates the contrassegno: at least [contrassegno.MinKeySize]
	// secret bytes. It must stay the same as long as issued certificates are
	// valid.
	Key []byte
	// BaseURL is where the contrassegno leads: "https://HOST", at most 38
	// characters of host; a path must be in capitals.
	BaseURL string
	// FormerURLs are the addresses that the service had before, as BaseURL: a
	// certificate sealed under one of them keeps its contrassegno.
	FormerURLs []string
	// Authority is the authority in whose name the seal is put. Empty means
	// "Direzione centrale per i servizi elettorali" (D.M. 17 October 2022,
	// annex 2).
	Authority string
	// Texts holds texts by language (ISO 639-1); for a language that is missing
	// the texts of [AllTexts] are used.
	Texts map[string]Texts
	// Rules are the legal rules; nil means [DefaultRules].
	Rules *Rules
	// Logo is the Ministry's logo as PNG or JPEG, at most 2 MiB. Nil means a
	// neutral drawing that is plainly a placeholder.
	Logo []byte
	// VisibleSeal reserves a place on the page for a visible seal, beside the
	// signer's line; the sealer must draw it, as [seal.PAdES] does. False means
	// an invisible seal.
	VisibleSeal bool
	// Protocol gives the number of an issue, 1 to 30 digits. Nil means 25
	// digits: 17 from the instant and 8 random ones.
	Protocol func(ctx context.Context, req Request) (string, error)
	// Archive keeps what is issued until it expires; nil keeps nothing. With an
	// archive an issue happens once: the same request id gives the same
	// document.
	Archive Archive
	// Tables are the reference tables; nil means [refdata.Embedded].
	Tables *refdata.Tables
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// A Request asks for one certificate.
type Request struct {
	electoral.Request
	// ANPRID identifies the person that the certificate is about.
	ANPRID string
	Kind   Kind
	Use    Use
	// List is the list that a certificate of enrolment states; empty means the
	// first list, in the order of annex 1, in which the person is enrolled.
	List electoral.List
	// Language is the language beside Italian, as ISO 639-1, or "it" for none.
	// Empty means the language of the comune of residence, if it has one.
	Language string
	// Signer signs for the comune of an officer. The zero role means [Mayor],
	// as in ANPR. It must be zero for a citizen: a certificate of the portal is
	// not signed.
	Signer Signer
	// Previewed is the Shown of the [Preview] that was confirmed; empty if
	// nothing was previewed. If the page would show something else now, the
	// issue is refused with [PreviewOutdated], so that only what was confirmed
	// is issued.
	Previewed string
}

// An Issued is an issued certificate.
type Issued struct {
	// PDF is the sealed document.
	PDF  []byte
	Data Data
	// Embedded are the bytes of the data in the document, to which the
	// contrassegno is bound.
	Embedded     []byte
	Contrassegno contrassegno.Mark
	// Collective is the data of a collective certificate; Data is zero then.
	// Only [Issuer.Download] and [Issuer.Original] return such an Issued. Nil
	// otherwise.
	Collective *CollectiveData
}

// An Offer says what can be issued for a person now, and which documents are
// kept for him.
type Offer struct {
	// Kinds are all the kinds, each with the reasons against it.
	Kinds []Eligibility `json:"kinds"`
	// Languages are the languages beside Italian in which a certificate can be
	// issued, as ISO 639-1: those in force where the person is registered, as
	// far as there are texts.
	Languages []string `json:"languages"`
	// Kept are the certificates that have not expired, the latest first,
	// without the documents, if a citizen asks about himself. Nil for others,
	// and without an archive.
	Kept []Archived `json:"-"`
}

// An Eligibility says whether a kind can be issued for a person.
type Eligibility struct {
	Kind Kind `json:"kind"`
	// Reasons say why the kind cannot be issued; empty if it can.
	Reasons []Reason `json:"reasons"`
}

// An Issuer previews and issues certificates. It is safe for concurrent use.
type Issuer struct {
	cfg  Config
	base string
	// formerBases are those of Config.FormerURLs, as a contrassegno has them.
	formerBases []string
	engine      *tagged.Engine
	logo        *tagged.Image
	rules       Rules
	texts       map[string]*Texts
	calendar    *electoral.Calendar
	// The schemas that documents embed, compressed.
	schema, collectiveSchema []byte
	buffers                  chan []byte
}

const sealReason = "Sigillo elettronico del certificato (CAD, art. 62, comma 3)"

const defaultAuthority = "Direzione centrale per i servizi elettorali"

// NewIssuer checks the configuration and prepares fonts, texts and tables. The error
// says what is missing or wrong: sealer, source, recorder, base address and key of the
// contrassegno, rules, logo, a text that the font cannot print, the time zones.
func NewIssuer(cfg Config) (*Issuer, error) {
	switch {
	case cfg.Sealer == nil:
		return nil, errors.New("certificate: issuer without a sealer")
	case cfg.Source == nil:
		return nil, errors.New("certificate: issuer without a source")
	case cfg.Recorder == nil:
		return nil, errors.New("certificate: issuer without a recorder")
	}
	i := &Issuer{
		cfg: cfg, texts: make(map[string]*Texts), buffers: make(chan []byte, runtime.GOMAXPROCS(0)),
		schema: tagged.Compress(dataSchema), collectiveSchema: tagged.Compress(collectiveSchema),
	}
	i.cfg.Key = slices.Clone(cfg.Key)
	if i.cfg.Authority == "" {
		i.cfg.Authority = defaultAuthority
	}
	probe, err := contrassegno.New(cfg.BaseURL, cfg.Key, nil)
	if err != nil {
		return nil, err
	}
	i.base = probe.Base()
	for _, former := range cfg.FormerURLs {
		mark, err := probe.At(former)
		if err != nil {
			return nil, fmt.Errorf("certificate: Config.FormerURLs: %w", err)
		}
		i.formerBases = append(i.formerBases, mark.Base())
	}
	if i.rules = DefaultRules(); cfg.Rules != nil {
		i.rules = *cfg.Rules
	}
	if err := i.rules.check(); err != nil {
		return nil, err
	}
	if i.calendar, err = electoral.NewCalendar(cfg.Now); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if cfg.Tables == nil {
		if i.cfg.Tables, err = refdata.Embedded(); err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
	}
	if cfg.Logo != nil {
		if i.logo, err = tagged.ParseImage(cfg.Logo); err != nil {
			return nil, fmt.Errorf("certificate: logo: %w", err)
		}
	}
	if i.engine, err = tagged.New(tagged.Config{}); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	return i, i.loadTexts()
}

// loadTexts checks that every text is there and that the font can print it, so
// that later only a person's data can fail.
func (i *Issuer) loadTexts() error {
	all := map[string]Texts{}
	for _, t := range AllTexts() {
		all[t.Language] = t
	}
	for language, t := range i.cfg.Texts {
		if t.Language != language {
			return fmt.Errorf("certificate: texts of %q are in %q", language, t.Language)
		}
		all[language] = t
	}
	for language, t := range all {
		if err := t.check(); err != nil {
			return err
		}
		for _, e := range t.entries() {
			if err := i.engine.Check(tagged.Regular, e.text); err != nil {
				return fmt.Errorf("certificate: texts %q: %s: %w", language, e.name, err)
			}
		}
		i.texts[language] = &t
	}
	for _, list := range [][]UseText{i.rules.Formulas, i.rules.Stamps} {
		for _, t := range list {
			for _, text := range append(slices.Collect(maps.Values(t.Translations)), t.Text) {
				if err := i.engine.Check(tagged.Bold, text); err != nil {
					return fmt.Errorf("certificate: rules: %w", err)
				}
			}
		}
	}
	if err := i.engine.Check(tagged.Regular, i.cfg.Authority); err != nil {
		return fmt.Errorf("certificate: authority: %w", err)
	}
	return nil
}

// Offer says, for each kind, whether it can be issued now and, if not, every
// reason; and in which languages. It issues nothing and shows nothing else
// about the person, except that a citizen also sees what is kept for him. It is
// one access, on record before Offer returns. The error is that of
// [electoral.Admit], of the source, of the archive or of the log
// ([electoral.ErrNotRecorded]); what cannot be issued is no error.
func (i *Issuer) Offer(ctx context.Context, req electoral.Request, anprID string) (Offer, error) {
	p := i.passage(ctx, req, electoral.OpReadForCertificate, anprID)
	p.ReadOnly = true
	var out Offer
	err := p.Do(ctx, func(on *electoral.Entry) error {
		facts, err := i.cfg.Source.CertificateFacts(ctx, on)
		if err != nil {
			return err
		}
		at := i.calendar.Day(on.Access().At)
		for _, k := range Kinds() {
			_, err := i.compose(facts, Request{Request: req, ANPRID: anprID, Kind: k, Use: ElectoralUse}, at)
			e := Eligibility{Kind: k, Reasons: []Reason{}}
			if refusal, ok := errors.AsType[*Refusal](err); ok {
				e.Reasons = refusal.Reasons
			} else if err != nil {
				return err
			}
			out.Kinds = append(out.Kinds, e)
		}
		out.Languages = i.languages(facts.Person)
		if i.cfg.Archive != nil && req.Actor.Role == electoral.CitizenRole {
			out.Kept, err = i.kept(ctx, i.owners(anprID, req.Actor.FiscalCode), on.Access().At)
		}
		return err
	})
	if err != nil {
		return Offer{}, err
	}
	return out, nil
}

// languages returns the languages beside Italian that are in force where a
// person is registered and for which there are texts.
func (i *Issuer) languages(p electoral.Person) []string {
	out := []string{}
	for _, l := range i.cfg.Tables.Languages(p.Registered()) {
		if code := strings.ToLower(l.Code); i.texts[code] != nil {
			out = append(out, code)
		}
	}
	return out
}

// Issue issues a certificate. It checks eligibility, composes the data, draws
// the page with its contrassegno, seals it and archives it. The request is on
// record before any of this; the outcome is on record after the document is
// archived and before Issue returns.
//
// With an archive, the id of an earlier request gives the same document, and
// nothing new is issued. The same id with another content is refused with
// [RequestReused]; once the document's validity is over, with [Expired].
//
// The errors are those of [Issuer.Preview], and those of the sealer, the
// protocol and the archive. After [electoral.ErrRequestNotRecorded] nothing was
// begun. After [electoral.ErrOutcomeNotRecorded] the document is archived but
// not released, and the same id gives it.
func (i *Issuer) Issue(ctx context.Context, req Request) (Issued, error) {
	var out Issued
	p := i.passage(ctx, req.Request, electoral.OpIssueCertificate, req.ANPRID)
	err := p.Do(ctx, func(on *electoral.Entry) error {
		k := keys{request: i.requestKey(req.Request), payload: i.payloadKey(req)}
		var repeated bool
		var err error
		if out, repeated, err = i.earlier(ctx, req.Kind, k); err == nil && !repeated {
			out, repeated, err = i.issue(ctx, on, req, k)
		}
		if repeated {
			on.SetOutcome(electoral.Repeated)
		}
		on.Set("certificate", out.Contrassegno.Digest())
		return err
	})
	if err != nil {
		return Issued{}, err
	}
	return out, nil
}

func (i *Issuer) issue(ctx context.Context, on *electoral.Entry, req Request, k keys) (Issued, bool, error) {
	facts, err := i.cfg.Source.CertificateFacts(ctx, on)
	if err != nil {
		return Issued{}, false, err
	}
	at := on.Access().At
	d, err := i.compose(facts, req, i.calendar.Day(at))
	if err != nil {
		return Issued{}, false, err
	}
	if req.Previewed != "" {
		shown := i.shown(d)
		if shown == "" || !hmac.Equal([]byte(req.Previewed), []byte(shown)) {
			return Issued{}, false, refuse(req.Kind, PreviewOutdated, "previewed")
		}
	}
	d.IssuedAt, d.Trial, d.Nonce = at, !i.cfg.Sealer.Production(), newNonce()
	if d.Protocol, err = i.protocol(ctx, req, at); err != nil {
		return Issued{}, false, err
	}
	k.owner = i.owner(facts.Person.ANPRID)
	return i.produce(ctx, d, k)
}

// compose makes the data of a certificate, without the fields that only an
// issue sets (instant, trial, nonce, protocol). Its error is a [*Refusal] with
// every reason.
func (i *Issuer) compose(facts electoral.CertificateFacts, req Request, at electoral.Date) (Data, error) {
	reasons := i.named(Assess(facts, req.Kind, req.List, at))
	refuse := func(c Code, field string) { reasons = append(reasons, newReason(c, field)) }
	if _, err := ParseUse(string(req.Use)); err != nil {
		refuse(UseUnknown, "use")
	}
	language, ok := i.language(facts, req.Language)
	if !ok {
		refuse(LanguageNotInForce, "language")
	}
	enrolment, _ := req.Kind.states()
	d := Data{
		Kind: req.Kind, Use: req.Use, Statement: Statement{PoliticalRights, language},
		Issuer: Authority{Channel: PortalChannel, Name: i.cfg.Authority},
	}
	switch {
	case req.Actor.Role == electoral.OfficerRole:
		d.Issuer.Channel = ComuneChannel
		comune, ok := i.cfg.Tables.Comune(req.Actor.Comune, at)
		if !ok {
			refuse(IssuingComuneUnknown, "actor.comune")
		}
		signer := Signer{Role: req.Signer.Role, Name: clean(req.Signer.Name)}
		if signer.Role == "" {
			signer.Role = Mayor
		}
		if _, err := ParseSignerRole(string(signer.Role)); err != nil {
			refuse(SignerUnknown, "signer.role")
		}
		d.Issuer.Comune, d.Issuer.Signer = ptrTo(i.comune(req.Actor.Comune, comune, language)), &signer
	case req.Signer != Signer{}:
		refuse(SignerUnknown, "signer")
	}
	if list, en, ok := enrolmentOf(facts.Elector, req.List); ok && enrolment {
		comune, known := i.cfg.Tables.Comune(en.Comune, at)
		if !known {
			refuse(ComuneUnknown, "elector."+list.Path()+".comune")
		}
		d.Statement.Code = statementOf(list)
		d.Enrolment = &Enrolment{List: list, Comune: i.comune(en.Comune, comune, language), Section: clean(en.Section)}
		if s := facts.Section; s != nil && s.Comune == en.Comune && s.Number == en.Section {
			d.Enrolment.Seat = clean(s.SeatName)
		}
	}
	d.Subject = subjectOf(facts.Person, i.cfg.Tables, language)
	if len(reasons) == 0 {
		reasons = i.unprintable(d)
	}
	if len(reasons) > 0 {
		return Data{}, &Refusal{Kind: req.Kind, Reasons: reasons}
	}
	var err error
	d.ValidUntil, err = i.rules.ValidUntil(d.Kind, at)
	return d, err
}

// named puts the name of a comune beside its code in the reasons that name one:
// [Assess] has no tables.
func (i *Issuer) named(reasons []Reason) []Reason {
	for n, r := range reasons {
		if code := r.Args["comune"]; r.Code == BetweenComuni && code != "" {
			reasons[n] = newCase(r.Code, r.Case, r.Field, electoral.Args{"comune": i.cfg.Tables.ComuneLabel(code)})
		}
	}
	return reasons
}

func ptrTo[T any](v T) *T { return &v }

// comune returns a comune as it is printed; beside another language with its
// Italian name alone.
func (i *Issuer) comune(code string, c refdata.Comune, language string) Comune {
	if other := otherName(i.cfg.Tables, c, language); other != "" {
		return Comune{code, c.Name, other}
	}
	if language != italianCode {
		return Comune{Code: code, Name: c.Name}
	}
	return Comune{Code: code, Name: c.FullName}
}

// language returns the language beside Italian: the one that was asked, or that
// of the comune of residence or of the register of Italians abroad ("ove vige
// il multilinguismo"). It returns false if the one asked is not in force there.
func (i *Issuer) language(facts electoral.CertificateFacts, asked string) (string, bool) {
	if asked == italianCode {
		return italianCode, true
	}
	for _, code := range i.languages(facts.Person) {
		if asked == "" || asked == code {
			return code, true
		}
	}
	return italianCode, asked == ""
}

const italianCode = "it"

// unprintable returns a reason for each datum that the page or the data cannot
// hold as it is.
func (i *Issuer) unprintable(d Data) (out []Reason) {
	type field struct{ path, text string }
	fields := []field{
		{"person.surname", d.Subject.Surname}, {"person.name", d.Subject.Name},
		{"person.birth.placeName", d.Subject.Birth.Place},
		{"person.birth.place", d.Subject.Birth.State + d.Subject.Birth.OtherPlace},
	}
	if e := d.Enrolment; e != nil {
		fields = append(fields, field{"elector.comune", e.Comune.Name}, field{"elector.section", e.Section},
			field{"section.seatName", e.Seat})
	}
	if d.Issuer.Signer != nil {
		fields = append(fields, field{"actor.comune", d.Issuer.Comune.Name}, field{"signer.name", d.Issuer.Signer.Name})
	}
	for _, f := range fields {
		err := i.engine.Check(tagged.Bold, f.text)
		if err == nil {
			if err = i.engine.Check(tagged.Regular, f.text); err == nil {
				if why := badText(f.text); why != "" {
					out = append(out, newCase(TextTooLong, "field", f.path,
						electoral.Args{"most": strconv.Itoa(maxField)}))
				}
				continue
			}
		}
		if c, ok := errors.AsType[*tagged.CharacterError](err); ok {
			out = append(out, characterReason(c, f.path))
		} else {
			out = append(out, newReason(CharacterNotPrintable, f.path))
		}
	}
	return out
}

// characterReason returns the reason that names a character which the font, or
// the page, does not have.
func characterReason(c *tagged.CharacterError, path string) Reason {
	shown := fmt.Sprintf("U+%04X", c.Char)
	if c.Visible() {
		shown = "«" + string(c.Char) + "» (" + shown + ")"
	}
	name := "character"
	switch c.Reason {
	case tagged.RightToLeft:
		name = "right-to-left"
	case tagged.ControlCharacter, tagged.FormatCharacter:
		name = "control"
	case tagged.NotUTF8:
		name = "not-utf-8"
	}
	return newCase(CharacterNotPrintable, name, path,
		electoral.Args{"character": shown, "position": strconv.Itoa(c.Position)})
}

// clean puts a text from a register into the form of the data: NFC, without
// spaces around it. A character that cannot be printed stays, and is refused by
// name later.
func clean(s string) string { return strings.Trim(norm.NFC.String(s), " ") }
