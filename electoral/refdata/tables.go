package refdata

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./internal/gen -shared ../../../shared -out tables

//go:embed tables/*.tsv.gz
var embedded embed.FS

// Certainty says how far a value of a table may be trusted.
type Certainty string

// The degrees of certainty. A value of GeneralKnowledge may give a warning,
// never a blocking fault.
const (
	// Sourced: read in the source that the table names.
	Sourced Certainty = "sourced"
	// GeneralKnowledge: known to those who work in the field, but not read in
	// a text that could be named.
	GeneralKnowledge Certainty = "general-knowledge"
)

// A Value is a name that a table gives, and how well it is known. From and To
// bound its validity; zero is open or not known.
type Value struct {
	Name      string
	Law       string // of a regional constituency
	Certainty Certainty
	From, To  Date
}

// Tables is a set of reference tables. It never changes after loading and is
// safe for concurrent use. The zero value is empty: nothing is found in it.
type Tables struct {
	date    Date
	sources []Source
	notes   map[string][]string

	regions      []Region
	regionIndex  map[string]int
	provinces    map[string]string
	comuni       []Comune        // by Belfiore and From
	periods      map[string]span // of each Belfiore code in comuni
	predecessors map[string][]string

	states     []State
	byISO3     map[string]int
	byBelfiore map[string]int
	members    []Membership
	abroad     []string

	european      []Constituency
	regional      []Constituency
	regionalOf    map[string]regionalPlace
	chamber       colleges
	senate        colleges
	aliases       map[aliasKey]string
	languages     []Language
	spoken        map[string][]Language
	streets       []StreetKind
	streetsByName map[string]int
	names         func() map[string][]int32
	istats        func() map[string][]int32
}

// reader says how one table is read. A table refers only to tables of earlier
// readers.
type reader struct {
	name    string
	columns []string
	read    func(*Tables, *table) error
}

func readers() []reader {
	return []reader{
		{"regions", regionColumns, (*Tables).readRegions},
		{"provinces", provinceColumns, (*Tables).readProvinces},
		{"comuni", comuneColumns, (*Tables).readComuni},
		{"predecessors", predecessorColumns, (*Tables).readPredecessors},
		{"abroad", abroadColumns, (*Tables).readAbroad},
		{"states", stateColumns, (*Tables).readStates},
		{"eu", membershipColumns, (*Tables).readMembers},
		{"regional", regionalColumns, (*Tables).readRegional},
		{"regional_comuni", regionalPlaceColumns, (*Tables).readRegionalPlaces},
		{"chamber", collegeColumns, func(t *Tables, tab *table) error { return t.chamber.read(tab) }},
		{"chamber_comuni", collegePlaceColumns,
			func(t *Tables, tab *table) error { return t.chamber.readPlaces(t, tab) }},
		{"senate", collegeColumns, func(t *Tables, tab *table) error { return t.senate.read(tab) }},
		{"senate_comuni", collegePlaceColumns,
			func(t *Tables, tab *table) error { return t.senate.readPlaces(t, tab) }},
		{"languages", languageColumns, (*Tables).readLanguages},
		{"comuni_languages", spokenColumns, (*Tables).readSpoken},
		{"street_kinds", streetColumns, (*Tables).readStreets},
		{"aliases", aliasColumns, (*Tables).readAliases},
	}
}

// Embedded returns the tables that come with the SDK, read once and shared: the
// first call takes some tens of milliseconds. It fails only in a broken build.
func Embedded() (*Tables, error) { return loadEmbedded() }

var loadEmbedded = sync.OnceValues(func() (*Tables, error) {
	sub, err := fs.Sub(embedded, "tables")
	if err != nil {
		return nil, err
	}
	return load(sub, sub)
})

// Load returns tables of which some are newer than the embedded ones: for each
// table it reads NAME.tsv or NAME.tsv.gz from the root of fsys, and takes the
// embedded one where fsys has neither. At least one must be there, and any
// other .tsv or .tsv.gz file is an error, so that a misspelt name is not passed
// over. The names are regions, provinces, comuni, predecessors, abroad, states,
// eu, regional, regional_comuni, chamber, chamber_comuni, senate,
// senate_comuni, languages, comuni_languages, street_kinds and aliases.
//
// A file is UTF-8 with LF line ends. It begins with the lines
// "#anpr-refdata 1", "#table NAME" and "#date DATE", then one or more lines
// "#source name|origin|licence|date" and any number of "#note text", then the
// line of the column names and one line for each row, fields parted by tabs;
// [TableText] shows those of the embedded tables. Everything is
// checked, also between tables: the first thing that is not as expected gives a
// [*ParseError], or an error that wraps one of io/fs.
func Load(fsys fs.FS) (*Tables, error) {
	if fsys == nil {
		return nil, errors.New("refdata: the file system is nil")
	}
	sub, err := fs.Sub(embedded, "tables")
	if err != nil {
		return nil, err
	}
	return load(fsys, sub)
}

func load(fsys, base fs.FS) (*Tables, error) {
	present, err := present(fsys)
	if err != nil {
		return nil, err
	}
	t := &Tables{notes: map[string][]string{}}
	opened := make([]func() (*table, error), 0, 17)
	for _, r := range readers() {
		from := base
		if slices.Contains(present, r.name) {
			from = fsys
		}
		opened = append(opened, ahead(func() (*table, error) { return open(from, r) }))
	}
	var failed error
	for i, r := range readers() {
		// All are waited for: the caller's file system is not used after load.
		tab, err := opened[i]()
		if err == nil && failed == nil {
			err = r.read(t, tab)
		}
		if failed != nil {
			continue
		}
		if failed = err; err == nil {
			t.sources = append(t.sources, tab.sources...)
			t.notes[r.name] = tab.notes
		}
	}
	if failed != nil {
		return nil, failed
	}
	t.names = sync.OnceValue(t.buildNames)
	t.istats = sync.OnceValue(t.buildISTAT)
	return t, nil
}

// ahead starts f and returns what waits for its result: the tables are unpacked
// while those before them are read.
func ahead[T any](f func() (T, error)) func() (T, error) {
	get := sync.OnceValues(f)
	go func() { _, _ = get() }()
	return get
}

func open(fsys fs.FS, r reader) (*table, error) {
	file, text, err := readFile(fsys, r.name)
	if pe := (*ParseError)(nil); err != nil && !errors.As(err, &pe) {
		return nil, fmt.Errorf("refdata: table %s: %w", r.name, err)
	}
	if err != nil {
		return nil, err
	}
	return openTable(file, text, r.name, r.columns)
}

// present lists the tables of a file system and refuses a file that is not one.
func present(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("refdata: list of tables: %w", err)
	}
	known := make([]string, 0, 17)
	for _, r := range readers() {
		known = append(known, r.name)
	}
	var names []string
	for _, e := range entries {
		name, isTable := strings.CutSuffix(strings.TrimSuffix(e.Name(), ".gz"), ".tsv")
		if !isTable {
			continue
		}
		if !slices.Contains(known, name) {
			return nil, &ParseError{File: e.Name(), Value: name, Expected: "the name of a table: " +
				strings.Join(known, ", ")}
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, &ParseError{File: ".", Value: "no table", Expected: "at least one file NAME.tsv or NAME.tsv.gz"}
	}
	return names, nil
}

// TableText returns the text of an embedded table, uncompressed: a template
// for a newer one that [Load] is to read. The error wraps [fs.ErrNotExist] for
// an unknown name.
func TableText(name string) ([]byte, error) {
	sub, err := fs.Sub(embedded, "tables")
	if err != nil {
		return nil, err
	}
	if name == "" || path.Base(name) != name || name == "." {
		return nil, fmt.Errorf("refdata: table %.40q: %w", name, fs.ErrNotExist)
	}
	_, text, err := readFile(sub, name)
	if err != nil {
		return nil, fmt.Errorf("refdata: table %.40q: %w", name, err)
	}
	return []byte(text), nil
}

// Date returns the date of the state of the comuni: today's, as far as these
// tables know.
func (t *Tables) Date() Date { return t.date }

// Sources returns where each table comes from, in the order of the tables. The
// slice is the caller's own.
func (t *Tables) Sources() []Source { return slices.Clone(t.sources) }

// Notes returns what must be known of a table: what was left out, what is
// doubtful. The slice is the caller's own.
func (t *Tables) Notes(table string) []string { return slices.Clone(t.notes[table]) }
