package certificate

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/liste-elettorali/anpr/electoral"
)

// DataVersion is the version of [Data] that this package writes.
const DataVersion = 1

// A Data is the content of a certificate as structured data. It is embedded
// in the document as canonical JSON ([Data.Encode]); the contrassegno is bound
// to those bytes and not contained in them. It holds no fiscal code.
type Data struct {
	Kind Kind
	// Trial is true if the document is not sealed by a production sealer.
	Trial bool
	// Protocol is the number under which the issue is registered: 1 to 30
	// digits ("numero di protocollo ANPR").
	Protocol string
	// IssuedAt is the instant of issue, UTC, to the millisecond.
	IssuedAt time.Time
	// ValidUntil is the last day of validity in Italy.
	ValidUntil electoral.Date
	Use        Use
	Subject    Subject
	// Enrolment says where the subject is enrolled; nil for a kind that does
	// not state it.
	Enrolment *Enrolment
	Statement Statement
	Issuer    Authority
	// Nonce is random: it makes the digest of the data unguessable.
	Nonce Nonce
}

// A Nonce is 128 random bits.
type Nonce [16]byte

// A Subject is the person that a certificate is about.
type Subject struct {
	// Surname or Name may be empty, not both (ANPR's senzaCognome, senzaNome).
	Surname, Name string
	Sex           electoral.Sex
	Birth         Birth
}

// A Birth is when and where the subject was born, as printed.
type Birth struct {
	// Date may lack the day, or the day and the month.
	Date electoral.Date
	// Place is the comune or the town abroad; empty if only the State is known.
	Place string
	// OtherPlace is the name of Place in the other language of the certificate;
	// empty if it has none.
	OtherPlace string
	// Province is the two letters of the province; empty abroad and for a
	// comune without one.
	Province string
	// State is the name of the State of a birth abroad; empty in Italy.
	State string
}

// An Enrolment is the list, the comune and the section that a certificate of
// enrolment states.
type Enrolment struct {
	List   electoral.List
	Comune Comune
	// Section is the number of the section, Seat the name of its seat; Seat may
	// be empty.
	Section, Seat string
}

// A Comune is a comune with the name that is printed.
type Comune struct {
	// Code is the Belfiore code.
	Code string `json:"code"`
	Name string `json:"name"`
	// OtherName is the name in the other language of the certificate; empty if
	// it has none.
	OtherName string `json:"otherName,omitzero"`
}

// A StatementCode names what a certificate certifies.
type StatementCode string

// The statements.
const (
	EnrolledGeneral      StatementCode = "enrolled-general"
	EnrolledAdded        StatementCode = "enrolled-added"
	EnrolledEUComunal    StatementCode = "enrolled-eu-comunal"
	EnrolledEUParliament StatementCode = "enrolled-eu-parliament"
	PoliticalRights      StatementCode = "political-rights"
)

// StatementCodes returns every statement.
func StatementCodes() []StatementCode {
	return []StatementCode{EnrolledGeneral, EnrolledAdded, EnrolledEUComunal, EnrolledEUParliament, PoliticalRights}
}

// A Statement says what is certified. A combined certificate states both the
// enrolment that Code names and the political rights.
type Statement struct {
	Code StatementCode `json:"code"`
	// Language is the language beside Italian (ISO 639-1), or "it" for Italian
	// alone.
	Language string `json:"language"`
}

// A Channel is the way on which a certificate was asked and issued.
type Channel string

// The channels.
const (
	PortalChannel Channel = "portal" // ANPR's portal, by the citizen himself
	ComuneChannel Channel = "comune" // an electoral office, for any citizen
)

// An Authority is the issuer of a certificate.
type Authority struct {
	Channel Channel
	// Name is the authority in whose name the seal is put.
	Name string
	// Comune is the comune that issues, nil on the portal. It need not be the
	// comune of enrolment.
	Comune *Comune
	// Signer is who signs for the comune, nil on the portal.
	Signer *Signer
}

// A Signer is the person who signs for a comune.
type Signer struct {
	Role SignerRole `json:"role"`
	// Name is name and surname; may be empty.
	Name string `json:"name,omitzero"`
}

// The wire form, in the order of the canonical encoding.
type (
	wireData struct {
		Version    int            `json:"version"`
		Kind       Kind           `json:"kind"`
		Trial      bool           `json:"trial"`
		Protocol   string         `json:"protocol"`
		IssuedAt   string         `json:"issuedAt"`
		ValidUntil string         `json:"validUntil"`
		Use        Use            `json:"use"`
		Subject    wireSubject    `json:"subject"`
		Enrolment  *wireEnrolment `json:"enrolment,omitzero"`
		Statement  Statement      `json:"statement"`
		Issuer     wireIssuer     `json:"issuer"`
		Nonce      string         `json:"nonce"`
	}
	wireSubject struct {
		Surname string        `json:"surname,omitzero"`
		Name    string        `json:"name,omitzero"`
		Sex     electoral.Sex `json:"sex"`
		Birth   wireBirth     `json:"birth"`
	}
	wireBirth struct {
		Date       string `json:"date"`
		Place      string `json:"place,omitzero"`
		OtherPlace string `json:"otherPlace,omitzero"`
		Province   string `json:"province,omitzero"`
		State      string `json:"state,omitzero"`
	}
	wireEnrolment struct {
		List    electoral.List `json:"list"`
		Comune  Comune         `json:"comune"`
		Section string         `json:"section"`
		Seat    string         `json:"seat,omitzero"`
	}
	wireIssuer struct {
		Channel Channel `json:"channel"`
		Name    string  `json:"name"`
		Comune  *Comune `json:"comune,omitzero"`
		Signer  *Signer `json:"signer,omitzero"`
	}
)

const (
	instantLayout = "2006-01-02T15:04:05.000Z"
	maxData       = 32 << 10
	maxField      = 200
)

//go:embed data.schema.json
var dataSchema []byte

// DataSchema returns the JSON Schema (draft 2020-12) of the embedded data.
func DataSchema() []byte { return slices.Clone(dataSchema) }

// newNonce returns random bits; crypto/rand cannot fail.
func newNonce() (n Nonce) {
	_, _ = rand.Read(n[:])
	return n
}

// Encode checks the data and returns its canonical form: UTF-8 in NFC, the
// fields in the order of the schema, no white space, no needless escapes,
// absent fields left out. Equal data gives equal bytes.
func (d Data) Encode() ([]byte, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	w := wireData{
		Version: DataVersion, Kind: d.Kind, Trial: d.Trial, Protocol: d.Protocol,
		IssuedAt: d.IssuedAt.UTC().Format(instantLayout), ValidUntil: d.ValidUntil.String(), Use: d.Use,
		Subject:   wireSubjectOf(d.Subject),
		Enrolment: (*wireEnrolment)(d.Enrolment), Statement: d.Statement,
		Issuer: wireIssuer(d.Issuer), Nonce: hex.EncodeToString(d.Nonce[:]),
	}
	return canonical(w)
}

func wireSubjectOf(s Subject) wireSubject {
	return wireSubject{
		Surname: s.Surname, Name: s.Name, Sex: s.Sex,
		Birth: wireBirth{
			Date: s.Birth.Date.String(), Place: s.Birth.Place, OtherPlace: s.Birth.OtherPlace,
			Province: s.Birth.Province, State: s.Birth.State,
		},
	}
}

// canonical encodes the wire form of data.
func canonical(w any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w); err != nil {
		return nil, fmt.Errorf("certificate: data: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ParseData reads the canonical form and nothing else: a byte that
// [Data.Encode] would have written differently is an error with its position.
func ParseData(data []byte) (Data, error) {
	if len(data) > maxData {
		return Data{}, fmt.Errorf("certificate: data of %d bytes, at most %d are accepted", len(data), maxData)
	}
	var w wireData
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return Data{}, fmt.Errorf("certificate: data at byte %d: %w", dec.InputOffset(), err)
	}
	if w.Version != DataVersion {
		return Data{}, fmt.Errorf("certificate: data of version %d, expected %d", w.Version, DataVersion)
	}
	d, err := w.data()
	if err != nil {
		return Data{}, err
	}
	written, err := d.Encode()
	if err != nil {
		return Data{}, err
	}
	if err := sameBytes(written, data); err != nil {
		return Data{}, err
	}
	return d, nil
}

// sameBytes returns an error that says where data differs from its canonical
// form, nil if it does not.
func sameBytes(canonical, data []byte) error {
	if bytes.Equal(canonical, data) {
		return nil
	}
	at := 0
	for at < len(data) && at < len(canonical) && data[at] == canonical[at] {
		at++
	}
	return fmt.Errorf("certificate: data is not in canonical form from byte %d on", at)
}

func (w wireData) data() (d Data, err error) {
	d = Data{
		Kind: w.Kind, Trial: w.Trial, Protocol: w.Protocol, Use: w.Use,
		Enrolment: (*Enrolment)(w.Enrolment), Statement: w.Statement, Issuer: Authority(w.Issuer),
	}
	if d.Subject, err = w.Subject.subject(); err != nil {
		return d, fmt.Errorf("certificate: data: %w", err)
	}
	d.IssuedAt, d.ValidUntil, d.Nonce, err = parseStamp(w.IssuedAt, w.ValidUntil, w.Nonce)
	return d, err
}

func (w wireSubject) subject() (Subject, error) {
	s := Subject{
		Surname: w.Surname, Name: w.Name, Sex: w.Sex,
		Birth: Birth{Place: w.Birth.Place, OtherPlace: w.Birth.OtherPlace, Province: w.Birth.Province,
			State: w.Birth.State},
	}
	if err := s.Birth.Date.UnmarshalText([]byte(w.Birth.Date)); err != nil {
		return s, fmt.Errorf("subject.birth.date: %w", err)
	}
	return s, nil
}

func parseStamp(issuedAt, validUntil, nonce string) (at time.Time, until electoral.Date, n Nonce, err error) {
	if at, err = time.Parse(instantLayout, issuedAt); err != nil {
		return at, until, n, fmt.Errorf("certificate: data: issuedAt %.40q: "+
			"expected an instant such as 2026-01-31T09:30:00.000Z", issuedAt)
	}
	if err := until.UnmarshalText([]byte(validUntil)); err != nil {
		return at, until, n, fmt.Errorf("certificate: data: validUntil: %w", err)
	}
	b, err := hex.DecodeString(nonce)
	if err != nil || len(b) != len(n) {
		return at, until, n, fmt.Errorf("certificate: data: nonce %.40q: expected %d hexadecimal digits",
			nonce, 2*len(n))
	}
	copy(n[:], b)
	return at, until, n, nil
}

// Check returns everything that is wrong with the data, joined; nil if the data
// can be printed and encoded.
func (d Data) Check() error {
	c := newDataCheck()
	if !slices.Contains(Kinds(), d.Kind) {
		c.bad("kind", "%.40q: expected one of %q", d.Kind, Kinds())
	}
	if _, err := ParseUse(string(d.Use)); err != nil {
		*c.errs = append(*c.errs, err)
	}
	c.stamp(d.Protocol, d.IssuedAt, d.ValidUntil)
	d.Subject.check(c.bad, c.text)
	d.checkStatement(c)
	d.Issuer.check(c.bad, c.text)
	return errors.Join(*c.errs...)
}

// A dataCheck gathers what is wrong with data.
type dataCheck struct {
	bad  badFunc
	text textFunc
	errs *[]error
}

func newDataCheck() dataCheck { return dataCheck{errs: new([]error)}.below("") }

// below returns a check of the fields below a path.
func (c dataCheck) below(prefix string) dataCheck {
	out := dataCheck{errs: c.errs}
	out.bad = func(path, format string, args ...any) {
		*c.errs = append(*c.errs, fmt.Errorf("certificate: data: %s%s: %s", prefix, path, fmt.Sprintf(format, args...)))
	}
	out.text = func(path, value string, required bool) {
		if why := badText(value); why != "" {
			out.bad(path, "%s", why)
		} else if required && value == "" {
			out.bad(path, "is missing")
		}
	}
	return out
}

func (c dataCheck) stamp(protocol string, issuedAt time.Time, validUntil electoral.Date) {
	if !digits(protocol, 30) {
		c.bad("protocol", "%.40q: expected 1 to 30 digits", protocol)
	}
	if at := issuedAt.UTC(); at.Year() < 2000 || at.Year() > 9999 || !at.Equal(at.Truncate(time.Millisecond)) {
		c.bad("issuedAt", "%v: expected an instant to the millisecond from the year 2000 on", issuedAt)
	}
	if !validUntil.Complete() || !validUntil.Valid() {
		c.bad("validUntil", "%s: expected a complete date", validUntil)
	}
}

func (c dataCheck) language(path, l string) {
	if len(l) != 2 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz") != "" {
		c.bad(path, "%.10q: expected two small letters (ISO 639-1)", l)
	}
}

type (
	badFunc  func(path, format string, args ...any)
	textFunc func(path, value string, required bool)
)

func (s Subject) check(bad badFunc, text textFunc) {
	text("subject.surname", s.Surname, s.Name == "")
	text("subject.name", s.Name, s.Surname == "")
	if !slices.Contains([]electoral.Sex{electoral.Male, electoral.Female, electoral.SexUnknown}, s.Sex) {
		bad("subject.sex", "%.10q: expected M, F or N", s.Sex)
	}
	b := s.Birth
	if !b.Date.Valid() {
		bad("subject.birth.date", "%s: expected a date, or its year and month, or its year", b.Date)
	}
	text("subject.birth.place", b.Place, b.State == "")
	text("subject.birth.otherPlace", b.OtherPlace, false)
	text("subject.birth.state", b.State, false)
	if b.Province != "" && (b.State != "" || len(b.Province) != 2 ||
		strings.Trim(b.Province, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		bad("subject.birth.province", "%.10q: expected two capitals, and none for a birth abroad", b.Province)
	}
}

// checkStatement checks that kind, statement and enrolment agree.
func (d Data) checkStatement(c dataCheck) {
	bad, text := c.bad, c.text
	if !slices.Contains(StatementCodes(), d.Statement.Code) {
		bad("statement.code", "%.40q: expected one of %v", d.Statement.Code, StatementCodes())
	}
	c.language("statement.language", d.Statement.Language)
	e := d.Enrolment
	if enrolment, _ := d.Kind.states(); !enrolment {
		if e != nil {
			bad("enrolment", "a certificate %q states none", d.Kind)
		}
		if d.Statement.Code != PoliticalRights {
			bad("statement.code", "%q in a certificate %q", d.Statement.Code, d.Kind)
		}
		return
	}
	if e == nil {
		bad("enrolment", "is missing")
		return
	}
	if code := statementOf(e.List); code == "" || code != d.Statement.Code {
		bad("enrolment.list", "%.40q does not go with the statement %q", e.List, d.Statement.Code)
	}
	if d.Kind == CombinedCertificate && d.Statement.Code != EnrolledGeneral && d.Statement.Code != EnrolledAdded {
		bad("statement.code", "%q in a certificate %q", d.Statement.Code, d.Kind)
	}
	e.Comune.check("enrolment.comune", bad, text)
	text("enrolment.section", e.Section, true)
	text("enrolment.seat", e.Seat, false)
}

// statementOf returns the statement that a certificate of enrolment in a list
// makes; empty for an unknown list.
func statementOf(l electoral.List) StatementCode {
	switch l {
	case electoral.GeneralList:
		return EnrolledGeneral
	case electoral.BolzanoList, electoral.TrentoList, electoral.AostaValleyList:
		return EnrolledAdded
	case electoral.EUComunalList:
		return EnrolledEUComunal
	case electoral.EUParliamentList:
		return EnrolledEUParliament
	}
	return ""
}

func (a Authority) check(bad badFunc, text textFunc) {
	text("issuer.name", a.Name, true)
	switch a.Channel {
	case PortalChannel:
		if a.Comune != nil || a.Signer != nil {
			bad("issuer", "a certificate of the portal has neither comune nor signer")
		}
	case ComuneChannel:
		if a.Comune == nil || a.Signer == nil {
			bad("issuer", "a certificate of a comune has a comune and a signer")
			return
		}
		a.Comune.check("issuer.comune", bad, text)
		if _, err := ParseSignerRole(string(a.Signer.Role)); err != nil {
			bad("issuer.signer.role", "%.40q: expected %q, %q or %q", a.Signer.Role, Mayor, DeputyMayor, MayorDelegate)
		}
		text("issuer.signer.name", a.Signer.Name, false)
	default:
		bad("issuer.channel", "%.40q: expected %q or %q", a.Channel, PortalChannel, ComuneChannel)
	}
}

func (c Comune) check(path string, bad badFunc, text textFunc) {
	if len(c.Code) != 4 || c.Code[0] < 'A' || c.Code[0] > 'Z' || !digits(c.Code[1:], 3) {
		bad(path+".code", "%.10q: expected a Belfiore code, a capital and three digits", c.Code)
	}
	text(path+".name", c.Name, true)
	text(path+".otherName", c.OtherName, false)
}

func digits(s string, most int) bool {
	return s != "" && len(s) <= most && strings.Trim(s, "0123456789") == ""
}

// badText says why a text cannot stand in the data; empty if it can.
func badText(s string) string {
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case n > maxField:
		return fmt.Sprintf("has %d characters, expected at most %d", n, maxField)
	case !norm.NFC.IsNormalString(s):
		return "is not in Unicode normal form C"
	case strings.TrimSpace(s) != s:
		return "begins or ends with white space"
	}
	n := 0
	for _, r := range s {
		n++
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || r == utf8.RuneError {
			return fmt.Sprintf("character U+%04X at position %d cannot be printed", r, n)
		}
	}
	return ""
}
