package electoraltest

import (
	_ "embed"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

//go:embed names/first.tsv
var firstNames string

//go:embed names/surnames.tsv
var surnames string

// A GeneratorConfig says which comune to make up.
type GeneratorConfig struct {
	// Comune is the Belfiore code of a real comune of today. Required.
	Comune string
	// Electors is how many; zero means the number that the comune reported to
	// ANPR.
	Electors int
	// Seed makes another population of the same comune; the same seed makes
	// the same one.
	Seed uint64
	// At is the day at which they live; zero means 1 July 2026.
	At electoral.Date
	// Tables are the reference tables; nil means those embedded in the SDK.
	Tables *refdata.Tables
}

// A Generator makes up a comune: its sections, its electors and the persons
// behind them. The comune, the number of its sections, the constituencies and
// the colleges are real; the persons, with names in their real frequencies and
// valid codici fiscali, and the seats are not. It is deterministic, and safe
// for concurrent use.
type Generator struct {
	cfg      GeneratorConfig
	comune   refdata.Comune
	tables   *refdata.Tables
	sections []electoral.Section
	assumed  []Assumption
	men      weighted
	women    weighted
	family   []string // surnames of the province
	national []string
	births   []string // comuni of birth, near ones more often
	states   []refdata.State
	eu       []refdata.State
	senate   string
	chamber  string
}

// An Assumption is a value of a made-up comune that no table gives.
type Assumption struct {
	// Field is the path of the field, with * for every record.
	Field string `json:"field"`
	Value string `json:"value"`
	// Reason says in Italian why it is assumed.
	Reason string `json:"reason"`
}

// weighted draws names in their frequencies.
type weighted struct {
	names []string
	sums  []int
}

func (w *weighted) add(name string, weight int) {
	total := weight
	if n := len(w.sums); n > 0 {
		total += w.sums[n-1]
	}
	w.names, w.sums = append(w.names, name), append(w.sums, total)
}

func (w *weighted) draw(r *rand.Rand) string {
	i, _ := slices.BinarySearch(w.sums, 1+r.IntN(w.sums[len(w.sums)-1]))
	return w.names[i]
}

// NewGenerator returns a generator. It fails if the comune is not one of
// today's.
func NewGenerator(cfg GeneratorConfig) (*Generator, error) {
	if cfg.Tables == nil {
		tables, err := refdata.Embedded()
		if err != nil {
			return nil, err
		}
		cfg.Tables = tables
	}
	if cfg.At.IsZero() {
		cfg.At = electoral.Date{Year: 2026, Month: 7, Day: 1}
	}
	g := &Generator{cfg: cfg, tables: cfg.Tables}
	var ok bool
	if g.comune, ok = g.tables.Comune(cfg.Comune, cfg.At); !ok || cfg.Comune == "" {
		return nil, fmt.Errorf("electoraltest: comune %q: expected the Belfiore code of a comune in force on %v",
			cfg.Comune, cfg.At)
	}
	if cfg.Electors < 0 {
		return nil, fmt.Errorf("electoraltest: %d electors: expected at least 1", cfg.Electors)
	}
	if g.cfg.Electors == 0 {
		if g.cfg.Electors = g.comune.Electors; g.cfg.Electors == 0 {
			return nil, errors.New("electoraltest: no table says how many electors " + g.comune.Name +
				" has: give a number")
		}
	}
	if err := g.readNames(); err != nil {
		return nil, err
	}
	g.makePlaces()
	g.makeSections()
	return g, nil
}

func (g *Generator) readNames() error {
	for line := range strings.Lines(firstNames) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 3 {
			return fmt.Errorf("electoraltest: names: line %q", line)
		}
		weight, err := strconv.Atoi(f[2])
		if err != nil || weight < 1 {
			return fmt.Errorf("electoraltest: names: line %q", line)
		}
		if f[0] == string(electoral.Male) {
			g.men.add(f[1], weight)
		} else {
			g.women.add(f[1], weight)
		}
	}
	for line := range strings.Lines(surnames) {
		province, name, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		if refdata.Fold(province) == refdata.Fold(g.comune.Province) && province != "" {
			g.family = append(g.family, name)
		}
		g.national = append(g.national, name)
	}
	if len(g.family) == 0 {
		g.family = g.national
	}
	return nil
}

func (g *Generator) makePlaces() {
	var near, far []string
	for c := range g.tables.Comuni(g.cfg.At) {
		switch {
		case c.Belfiore == "" || c.From.IsZero():
		case c.ProvinceSigla == g.comune.ProvinceSigla:
			near = append(near, c.Belfiore)
		default:
			far = append(far, c.Belfiore)
		}
	}
	// six of ten in the comune, three in the province, one elsewhere
	for i := range 1000 {
		switch {
		case i%10 < 6:
			g.births = append(g.births, g.comune.Belfiore)
		case i%10 < 9 && len(near) > 0:
			g.births = append(g.births, near[i%len(near)])
		default:
			g.births = append(g.births, far[i*7919%len(far)])
		}
	}
	for s := range g.tables.States() {
		if s.Belfiore == "" || s.ISO3 == "" || s.ISO3 == electoral.ItalianState || !s.To.IsZero() {
			continue
		}
		if s.AbroadDivision != "" {
			g.states = append(g.states, s)
		}
		if g.tables.EUMember(s.ISO3, g.cfg.At) {
			g.eu = append(g.eu, s)
		}
	}
}

func (g *Generator) assume(field, value, reason string) {
	g.assumed = append(g.assumed, Assumption{field, value, reason})
}

// Assumptions returns the values that no table gives.
func (g *Generator) Assumptions() []Assumption { return slices.Clone(g.assumed) }

// Comune returns the comune as the tables have it.
func (g *Generator) Comune() refdata.Comune { return g.comune }

// Electors returns how many electors the generator makes.
func (g *Generator) Electors() int { return g.cfg.Electors }

// Sections returns the sections, in the order of their numbers.
func (g *Generator) Sections() []electoral.Section {
	out := make([]electoral.Section, len(g.sections))
	for i, s := range g.sections {
		out[i] = s.Clone()
	}
	return out
}

func (g *Generator) makeSections() {
	count := g.comune.Sections
	if count == 0 {
		count = max(1, g.cfg.Electors/800)
		g.assume("sections", strconv.Itoa(count),
			"nessuna tabella dice quante sezioni ha il comune: una ogni 800 elettori")
	}
	r := g.rand(0)
	base := electoral.Section{Comune: g.comune.Belfiore}
	if v, ok := g.tables.EuropeanConstituency(g.comune.Belfiore); ok {
		base.EuropeanConstituency = v.Name
	}
	regional, ok := g.tables.RegionalConstituency(g.comune.Belfiore)
	base.RegionalConstituency = strings.ToUpper(regional.Name)
	if !ok {
		base.RegionalConstituency = strings.ToUpper(g.comune.Province)
	}
	if !ok || regional.Certainty != refdata.Sourced {
		g.assume("sections[*].regionalConstituency", base.RegionalConstituency,
			"la circoscrizione regionale non ha una fonte certa")
	}
	chamber, senate := g.tables.ChamberColleges(g.comune.Belfiore), g.tables.SenateColleges(g.comune.Belfiore)
	g.collegesOf(chamber, "chamberCollege")
	g.collegesOf(senate, "senateCollege")
	g.chamber, g.senate = chamber[0].Constituency, senate[0].Constituency
	if g.comune.Residents > 250_000 {
		g.assume("electors[*].status.district", "no",
			"le circoscrizioni di decentramento del comune non stanno nelle tabelle")
	}
	g.assume("sections[*].seat", "", "le sedi e gli indirizzi sono inventati")
	var seat electoral.Section
	for i := range count {
		if i%3 == 0 { // a school has three polling rooms
			seat = g.seat(r, base)
		}
		s := seat.Clone()
		s.Number = strconv.Itoa(i + 1)
		s.ChamberCollege = college(chamber[i*len(chamber)/count])
		s.SenateCollege = college(senate[i*len(senate)/count])
		g.sections = append(g.sections, s)
	}
}

func (g *Generator) collegesOf(colleges []refdata.College, field string) {
	if len(colleges) > 1 {
		g.assume("sections[*]."+field, "",
			"il comune è diviso tra "+strconv.Itoa(len(colleges))+
				" collegi: le sezioni vi sono ripartite in ordine di numero")
	}
	if colleges[0].Inferred {
		g.assume("sections[*]."+field, college(colleges[0]).String(),
			"il comune è più recente dei collegi: quello dei comuni da cui è nato")
	}
}

func college(c refdata.College) electoral.College {
	return electoral.College{Constituency: c.Constituency, MultiMember: c.MultiMember, SingleMember: c.SingleMember}
}

var (
	schools = []string{"SCUOLA PRIMARIA", "SCUOLA DELL'INFANZIA", "SCUOLA MEDIA", "LICEO", "ISTITUTO COMPRENSIVO",
		"ISTITUTO TECNICO", "PALESTRA COMUNALE"}
	honours = []string{"ARIOSTO", "BECCARIA", "BOCCACCIO", "CARDUCCI", "COLLODI", "DANTE ALIGHIERI", "DE AMICIS",
		"FOSCOLO", "GALILEI", "GARIBALDI", "GOZZANO", "LEOPARDI", "MANZONI", "MAZZINI", "MONTESSORI", "PASCOLI",
		"PELLICO", "PETRARCA", "PIRANDELLO", "TASSO", "VERDI", "VOLTA"}
	kinds = []string{"VIA", "VIALE", "PIAZZA", "CORSO", "LARGO"}
)

func (g *Generator) seat(r *rand.Rand, base electoral.Section) electoral.Section {
	s := base
	s.SeatName = pick(r, schools) + " " + pick(r, honours)
	s.Seat = electoral.Address{
		// The tables hold no post codes; what matters to ANPR is five digits.
		PostCode: "00100", Comune: g.comune.Belfiore,
		Street: electoral.Street{Kind: pick(r, kinds), Name: pick(r, honours)},
		House:  electoral.House{Number: strconv.Itoa(1 + r.IntN(120))},
	}
	return s
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// rand returns the stream of random numbers of a part. It makes test data,
// never secrets.
func (g *Generator) rand(part uint64) *rand.Rand {
	return rand.New(rand.NewPCG(g.cfg.Seed,
		part<<32|uint64(len(g.comune.Belfiore))<<24|uint64(g.cfg.Electors)&0xFFFFFF))
}

// An Inhabitant is a made-up person with his electoral data.
type Inhabitant struct {
	Person  electoral.Person
	Elector electoral.Elector
}

// Inhabitants yields the electors and the persons behind them, in the order of
// their ids. Of a hundred, some four live abroad, one is a citizen of another
// Member State in its added lists, and a few per thousand moved to Bolzano,
// Trento or Valle d'Aosta and are in an added list.
func (g *Generator) Inhabitants() iter.Seq[Inhabitant] {
	return func(yield func(Inhabitant) bool) {
		r := g.rand(1)
		// Two persons never share a codice fiscale; its hash is enough here.
		seen := make(map[uint64]struct{}, g.cfg.Electors)
		for i := range g.cfg.Electors {
			in := g.inhabitant(r, i)
			for tries := 0; ; tries++ {
				h := digest(string(in.Person.FiscalCode))
				if _, twice := seen[h]; !twice || tries > 1000 {
					seen[h] = struct{}{}
					break
				}
				g.draw(r, &in.Person)
			}
			if !yield(in) {
				return
			}
		}
	}
}

// digest is FNV-1a, the same in every run.
func digest(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
