package certificate

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

// CollectiveDataVersion is the version of [CollectiveData] that this package
// writes.
const CollectiveDataVersion = 1

// A CollectiveData is the content of a collective certificate as structured
// data, as [Data] is that of one person's certificate. It holds no fiscal code.
type CollectiveData struct {
	Trial      bool
	Protocol   string
	IssuedAt   time.Time
	ValidUntil electoral.Date
	// Collection is what the certificate is for; the use is electoral.
	Collection Collection
	// List is the list in which each of the persons is certified to be
	// enrolled.
	List     electoral.List
	Language string
	// Groups hold the persons by comune of enrolment.
	Groups []CollectiveGroup
	Issuer Authority
	Nonce  Nonce
}

// A CollectiveGroup holds the persons enrolled in one comune.
type CollectiveGroup struct {
	Comune  Comune
	Entries []CollectiveEntry
}

// A CollectiveEntry is one person of a collective certificate.
type CollectiveEntry struct {
	// Row is the number of the person's row in the request, from 1.
	Row     int
	Subject Subject
	// Section is the number of the section.
	Section string
}

type (
	wireCollective struct {
		Version    int            `json:"version"`
		Kind       Kind           `json:"kind"`
		Trial      bool           `json:"trial"`
		Protocol   string         `json:"protocol"`
		IssuedAt   string         `json:"issuedAt"`
		ValidUntil string         `json:"validUntil"`
		Use        Use            `json:"use"`
		Collection Collection     `json:"collection"`
		List       electoral.List `json:"list"`
		Language   string         `json:"language"`
		Groups     []wireGroup    `json:"groups"`
		Issuer     wireIssuer     `json:"issuer"`
		Nonce      string         `json:"nonce"`
	}
	wireGroup struct {
		Comune  Comune      `json:"comune"`
		Entries []wireEntry `json:"entries"`
	}
	wireEntry struct {
		Row     int         `json:"row"`
		Subject wireSubject `json:"subject"`
		Section string      `json:"section"`
	}
)

// MaxCollective is how many persons one collective certificate may hold.
const MaxCollective = 10_000

const maxCollectiveData = 64 << 20

//go:embed collective.schema.json
var collectiveSchema []byte

// CollectiveDataSchema returns the JSON Schema (draft 2020-12) of the data that
// a collective certificate embeds.
func CollectiveDataSchema() []byte { return slices.Clone(collectiveSchema) }

// Encode checks the data and returns its canonical form, as [Data.Encode] does.
func (d CollectiveData) Encode() ([]byte, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	w := wireCollective{
		Version: CollectiveDataVersion, Kind: CollectiveCertificate, Trial: d.Trial, Protocol: d.Protocol,
		IssuedAt: d.IssuedAt.UTC().Format(instantLayout), ValidUntil: d.ValidUntil.String(), Use: ElectoralUse,
		Collection: d.Collection,
		List:       d.List, Language: d.Language, Issuer: wireIssuer(d.Issuer), Nonce: hex.EncodeToString(d.Nonce[:]),
	}
	for _, g := range d.Groups {
		group := wireGroup{Comune: g.Comune}
		for _, e := range g.Entries {
			group.Entries = append(group.Entries, wireEntry{e.Row, wireSubjectOf(e.Subject), e.Section})
		}
		w.Groups = append(w.Groups, group)
	}
	return canonical(w)
}

// ParseCollectiveData reads the canonical form and nothing else, as [ParseData]
// does.
func ParseCollectiveData(data []byte) (CollectiveData, error) {
	if len(data) > maxCollectiveData {
		return CollectiveData{}, fmt.Errorf("certificate: data of %d bytes, at most %d are accepted",
			len(data), maxCollectiveData)
	}
	var w wireCollective
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return CollectiveData{}, fmt.Errorf("certificate: data at byte %d: %w", dec.InputOffset(), err)
	}
	if w.Version != CollectiveDataVersion || w.Kind != CollectiveCertificate || w.Use != ElectoralUse {
		return CollectiveData{},
			fmt.Errorf("certificate: data of kind %.40q, use %.40q and version %d, expected %q, %q and %d",
				w.Kind, w.Use, w.Version, CollectiveCertificate, ElectoralUse, CollectiveDataVersion)
	}
	d := CollectiveData{
		Trial: w.Trial, Protocol: w.Protocol, Collection: w.Collection, List: w.List, Language: w.Language,
		Issuer: Authority(w.Issuer),
	}
	var err error
	if d.IssuedAt, d.ValidUntil, d.Nonce, err = parseStamp(w.IssuedAt, w.ValidUntil, w.Nonce); err != nil {
		return CollectiveData{}, err
	}
	for _, g := range w.Groups {
		group := CollectiveGroup{Comune: g.Comune}
		for n, e := range g.Entries {
			s, err := e.Subject.subject()
			if err != nil {
				return CollectiveData{}, fmt.Errorf("certificate: data: entry %d of %s: %w", n, g.Comune.Code, err)
			}
			group.Entries = append(group.Entries, CollectiveEntry{e.Row, s, e.Section})
		}
		d.Groups = append(d.Groups, group)
	}
	written, err := d.Encode()
	if err != nil {
		return CollectiveData{}, err
	}
	if err := sameBytes(written, data); err != nil {
		return CollectiveData{}, err
	}
	return d, nil
}

// Check returns everything that is wrong with the data, joined; nil if it can
// be printed and encoded.
func (d CollectiveData) Check() error {
	c := newDataCheck()
	c.stamp(d.Protocol, d.IssuedAt, d.ValidUntil)
	if d.Collection != ListCollection && d.Collection != ReferendumCollection {
		c.bad("collection", "%.40q: expected %q or %q", d.Collection, ListCollection, ReferendumCollection)
	}
	if statementOf(d.List) == "" {
		c.bad("list", "%.40q: expected one of %v", d.List, electoral.Lists())
	}
	c.language("language", d.Language)
	if d.Issuer.Channel != ComuneChannel {
		c.bad("issuer.channel", "%.40q: expected %q", d.Issuer.Channel, ComuneChannel)
	}
	d.Issuer.check(c.bad, c.text)
	rows, comuni := map[int]bool{}, map[string]bool{}
	for n, g := range d.Groups {
		path := fmt.Sprintf("groups[%d]", n)
		g.Comune.check(path+".comune", c.bad, c.text)
		if comuni[g.Comune.Code] {
			c.bad(path+".comune.code", "%.10q comes twice", g.Comune.Code)
		}
		comuni[g.Comune.Code] = true
		if len(g.Entries) == 0 {
			c.bad(path+".entries", "is empty")
		}
		for k, e := range g.Entries {
			sub := c.below(fmt.Sprintf("%s.entries[%d].", path, k))
			if e.Row < 1 || rows[e.Row] {
				sub.bad("row", "%d: expected the number of a row, each once", e.Row)
			}
			rows[e.Row] = true
			e.Subject.check(sub.bad, sub.text)
			sub.text("section", e.Section, true)
		}
	}
	if n := len(rows); n < 1 || n > MaxCollective {
		c.bad("groups", "%d persons: expected 1 to %d", n, MaxCollective)
	}
	return errors.Join(*c.errs...)
}

// Persons returns how many persons the certificate holds.
func (d CollectiveData) Persons() (n int) {
	for _, g := range d.Groups {
		n += len(g.Entries)
	}
	return n
}
