package refdata

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/testenv"
)

func count[T any](seq func(func(T) bool)) (n int) {
	for range seq {
		n++
	}
	return n
}

func TestCounts(t *testing.T) {
	tt := tables(t)
	assert.Equal(t, 7894, count(tt.Comuni(Date{})))
	assert.Equal(t, 7894, count(tt.Comuni(tt.Date())))
	assert.Equal(t, 7901, count(tt.Comuni(on("2023-06-01"))), "the active ones of the archive")
	assert.Equal(t, 7896, count(tt.Comuni(on("2024-06-09"))), "at the European election of 2024")
	var sections, electors, european, residents int
	last := ""
	for c := range tt.Comuni(Date{}) {
		assert.Less(t, last, c.Belfiore)
		last = c.Belfiore
		sections, electors, european, residents = sections+c.Sections, electors+c.Electors, european+c.EuropeanElectors, residents+c.Residents
		assert.NotEmpty(t, c.Province, c.Belfiore)
		assert.NotEmpty(t, c.Region, c.Belfiore)
	}
	assert.Equal(t, []int{61552, 51815280, 49525488, 59574962}, []int{sections, electors, european, residents})

	assert.Len(t, tt.Regions(), 20)
	assert.Len(t, tt.EuropeanConstituencies(), 5)
	assert.Len(t, tt.RegionalConstituencies(), 110)
	assert.Equal(t, []string{"EUROPA", "AMERICA MERIDIONALE", "AMERICA SETTENTRIONALE E CENTRALE", "AFRICA ASIA OCEANIA ANTARTIDE"}, tt.AbroadDivisions())
	for _, c := range []struct {
		all            []College
		constituencies []string
		circ, multi, u int
	}{
		{tt.AllChamberColleges(), tt.ChamberConstituencies(), 28, 49, 147},
		{tt.AllSenateColleges(), tt.SenateConstituencies(), 20, 26, 74},
	} {
		multi := map[string]bool{}
		for _, l := range c.all {
			if l.MultiMember != "" {
				multi[l.Constituency+l.MultiMember] = true
			}
		}
		assert.Len(t, c.all, c.u)
		assert.Len(t, c.constituencies, c.circ)
		assert.Len(t, multi, c.multi)
	}
	assert.Len(t, tt.LanguageTable(), 5)
	assert.Len(t, tt.StreetKinds(), 259)
}

// Every comune of today has its place in each election.
func TestEveryComuneVotesEverywhere(t *testing.T) {
	tt := tables(t)
	inferred := 0
	for c := range tt.Comuni(Date{}) {
		e, ok := tt.EuropeanConstituency(c.Belfiore)
		require.True(t, ok && e.Name != "" && e.Certainty == Sourced, c.Name)
		r, ok := tt.RegionalConstituency(c.Belfiore)
		require.True(t, ok && r.Name != "", c.Name)
		for _, k := range []struct {
			colleges []College
			exists   func(College) bool
		}{{tt.ChamberColleges(c.Belfiore), tt.ChamberCollegeExists}, {tt.SenateColleges(c.Belfiore), tt.SenateCollegeExists}} {
			require.NotEmpty(t, k.colleges, c.Name)
			for _, l := range k.colleges {
				require.True(t, k.exists(l), "%s %s", c.Name, l)
				require.Equal(t, len(k.colleges) > 1, l.Split, c.Name)
				if l.Inferred {
					inferred++
				}
			}
		}
		senate := tt.SenateColleges(c.Belfiore)[0].Constituency
		region, ok := tt.Canonical(KindRegion, senate)
		require.True(t, ok, senate)
		require.Equal(t, c.Region, region)
	}
	assert.Equal(t, 14, inferred, "seven comuni are newer than the colleges, each in one college of either chamber")
}

func TestComuneAtADate(t *testing.T) {
	tt := tables(t)
	// Corigliano Calabro and Rossano were united on 31 March 2018.
	c, ok := tt.Comune("D005", on("2018-03-30"))
	require.True(t, ok)
	assert.Equal(t, "CORIGLIANO CALABRO", c.Name)
	_, ok = tt.Comune("D005", on("2018-03-31"))
	assert.False(t, ok)
	_, ok = tt.Comune("D005", Date{})
	assert.False(t, ok)
	_, ok = tt.Comune("D005", on("2018"))
	assert.True(t, ok, "of a year alone, any day will do")
	c, ok = tt.Comune("M403", on("2018-03-31"))
	require.True(t, ok)
	assert.Equal(t, "Corigliano-Rossano", c.Name)

	// Girgenti became Agrigento, and is found under either name in its time.
	history := tt.ComuneHistory("A089")
	require.GreaterOrEqual(t, len(history), 2)
	assert.Equal(t, "GIRGENTI", history[0].Name)
	assert.Equal(t, "Agrigento", history[len(history)-1].Name)
	_, ok = tt.ComuneByName("Agrigento", "AG", on("1900-01-01"))
	assert.False(t, ok)
	c, ok = tt.ComuneByName("girgenti", "AG", on("1900-01-01"))
	require.True(t, ok)
	assert.Equal(t, "A089", c.Belfiore)
	history[0].Name = "changed"
	assert.Equal(t, "GIRGENTI", tt.ComuneHistory("A089")[0].Name, "the slice is the caller's own")

	// Fiume: Italian from 1924 to 1947, in a province of its own.
	c, ok = tt.Comune("D620", on("1931-01-01"))
	require.True(t, ok)
	assert.Equal(t, "FU", c.ProvinceSigla)
	assert.Empty(t, c.Region)

	// A province that the person's papers name today need not have existed.
	c, ok = tt.ComuneByName("BRUNICO", "BZ", on("1925-01-01"))
	require.True(t, ok)
	assert.Equal(t, "TN", c.ProvinceSigla)
	_, ok = tt.ComuneByName("BRUNICO", "RM", on("1925-01-01"))
	assert.False(t, ok)

	for _, b := range []string{"", "ND", "a944", "Q999"} {
		_, ok = tt.Comune(b, Date{})
		assert.False(t, ok, b)
		assert.Empty(t, tt.ComuneHistory(b), b)
	}
}

func TestArchiveFaults(t *testing.T) {
	tt := tables(t)
	// D588: Filago and Marne have one code in the same years.
	require.Len(t, tt.ComuneHistory("D588"), 4)
	for at, name := range map[string]string{"1900-01-01": "FILAGO", "1940-01-01": "MARNE", "1970-01-01": "Filago"} {
		c, ok := tt.Comune("D588", on(at))
		require.True(t, ok, at)
		assert.Equal(t, name, c.Name, at)
	}
	c, ok := tt.ComuneByName("MARNE", "BG", on("1900-01-01"))
	require.True(t, ok)
	assert.Equal(t, "D588", c.Belfiore)

	// ND: 28 periods without a code.
	without := 0
	for _, c := range tt.comuni {
		if c.Belfiore == "" {
			without++
			assert.True(t, c.To.Before(on("1975")), c.Name)
		}
	}
	assert.Equal(t, 28, without)
	c, ok = tt.ComuneByName("GONNOSNÒ", "CA", on("1900-01-01"))
	require.True(t, ok)
	assert.Empty(t, c.Belfiore)
	_, ok = tt.ComuneByISTAT(c.ISTAT, on("1900-01-01"))
	assert.True(t, ok)

	// Two comuni of one name in one province: none is returned.
	_, ok = tt.ComuneByName("SAN MARTINO", "TN", on("1925-01-01"))
	assert.False(t, ok)
}

func TestSardinianCodes(t *testing.T) {
	tt := tables(t)
	changed := 0
	for c := range tt.Comuni(Date{}) {
		if c.PreviousISTAT == "" {
			continue
		}
		changed++
		assert.Equal(t, "20", c.RegionCode, c.Name)
		for _, code := range []string{c.ISTAT, c.PreviousISTAT} {
			got, ok := tt.ComuneByISTAT(code, tt.Date())
			require.True(t, ok, code)
			assert.Equal(t, c.Belfiore, got.Belfiore, code)
		}
		for _, sigla := range []string{c.ProvinceSigla, c.PreviousSigla} {
			got, ok := tt.ComuneByName(c.Name, sigla, Date{})
			require.True(t, ok, c.Name)
			assert.Equal(t, c.Belfiore, got.Belfiore)
		}
	}
	assert.Equal(t, 377, changed)
	c, ok := tt.ComuneByISTAT("111006", Date{})
	require.True(t, ok)
	assert.Equal(t, "Buggerru", c.Name)
	assert.Equal(t, "119001", c.ISTAT)
}

func TestNewComuni(t *testing.T) {
	tt := tables(t)
	for belfiore, name := range map[string]string{"M435": "Uggiate con Ronago", "M436": "Sovizzo", "M437": "Setteville", "M438": "Santa Caterina d'Este", "M439": "Castegnero Nanto"} {
		c, ok := tt.Comune(belfiore, Date{})
		require.True(t, ok, name)
		assert.Equal(t, name, c.Name)
		assert.Equal(t, strings.ToUpper(name), c.ANPRName)
		assert.Empty(t, c.ANPRID)
		_, ok = tt.Comune(belfiore, c.From.AddDays(-1))
		assert.False(t, ok)
		assert.NotEmpty(t, tt.Predecessors(belfiore))
		for _, p := range tt.Predecessors(belfiore) {
			old, ok := tt.Comune(p, c.From.AddDays(-1))
			require.True(t, ok, p)
			assert.Equal(t, c.From.AddDays(-1), old.To)
			_, ok = tt.Comune(p, c.From)
			assert.False(t, ok, p)
			assert.Equal(t, []string{belfiore}, tt.Successors(p))
		}
		assert.Empty(t, tt.Successors(belfiore))
		colleges := tt.ChamberColleges(belfiore)
		require.Len(t, colleges, 1)
		assert.True(t, colleges[0].Inferred)
	}
	c, ok := tt.ComuneByName("Sovizzo", "VI", on("2024-01-21"))
	require.True(t, ok)
	assert.Equal(t, "I879", c.Belfiore)
	c, ok = tt.ComuneByName("Sovizzo", "VI", on("2024-01-22"))
	require.True(t, ok)
	assert.Equal(t, "M436", c.Belfiore)
	c, ok = tt.Comune("A134", on("2023-12-31"))
	require.True(t, ok, "only the year of the end is known")
	_, ok = tt.Comune("A134", on("2024-01-01"))
	require.False(t, ok)
	assert.Equal(t, GeneralKnowledge, c.Certainty)
}

func TestNamesOfComuni(t *testing.T) {
	tt := tables(t)
	for name, belfiore := range map[string]string{
		"BOLZANO/BOZEN": "A952", "Bozen": "A952", "bolzano": "A952", "BOZEN/BOLZANO": "A952", "Bolzano - Bozen": "A952",
		"CASTELBELLO-CIARDES/KASTELBELL-TSCHARS":             "C062",
		"COMUNE DI SAVOGNA D'ISONZO-OBCINA SOVODNJE OB SOČI": "I479", "COMUNE DI DUINO AURISINA-OBCINA DEVIN NABREŽINA": "D383",
		"SAVOGNA D'ISONZO-SOVODNJE OB SOČI": "I479", "SAVOGNA D'ISONZO-SOVODNJE OB SOCI": "I479", "Sovodnje ob Soči": "I479",
		"AGLIE'": "A074", "Agliè": "A074", "EPPAN AN DER WEINSTRASSE": "A332", "Eppan an der Weinstraße": "A332",
		"MÜHLWALD": "I593", "MUEHLWALD": "I593", "Aoste": "A326", "REGGIO NELL'EMILIA": "H223", "MONTEMAGNO MONFERRATO": "F556", "MONTEMAGNO": "F556",
	} {
		c, ok := tt.ComuneByName(name, "", Date{})
		if assert.True(t, ok, name) {
			assert.Equal(t, belfiore, c.Belfiore, name)
		}
	}
	// Every name that a table gives leads back to its comune.
	for c := range tt.Comuni(Date{}) {
		for _, name := range []string{c.Name, c.FullName, c.OtherName, c.ANPRName, c.ANPROtherName} {
			if name != "" {
				got, ok := tt.ComuneByName(name, c.ProvinceSigla, Date{})
				require.True(t, ok, "%s (%s)", name, c.ProvinceSigla)
				require.Equal(t, c.Belfiore, got.Belfiore, name)
			}
		}
	}
	_, ok := tt.ComuneByName("", "", Date{})
	assert.False(t, ok)
	// Without the province a name that two comuni have is not enough.
	_, ok = tt.ComuneByName("Samone", "", Date{})
	assert.False(t, ok)
	c, ok := tt.ComuneByName("Samone", "TN", Date{})
	require.True(t, ok)
	assert.Equal(t, "H754", c.Belfiore)
}

func TestStates(t *testing.T) {
	tt := tables(t)
	s, ok := tt.State("FRA")
	require.True(t, ok)
	assert.Equal(t, "Z110", s.Belfiore)
	assert.Equal(t, "EUROPA", s.AbroadDivision)
	assert.Equal(t, Sourced, s.AbroadCertainty)
	s, ok = tt.StateByBelfiore("Z105")
	require.True(t, ok)
	assert.Equal(t, "CSK", s.ISO3)
	assert.Equal(t, "CESSATO", s.Kind)
	assert.Equal(t, on("1993-01-01"), s.To)
	for _, z := range []string{"Z221", "Z520", "Z723", "Z518", "Z350"} {
		_, ok = tt.StateByBelfiore(z)
		assert.True(t, ok, z)
	}
	s, ok = tt.State("GBR")
	require.True(t, ok)
	assert.Equal(t, "GB", s.ISO2)
	for _, code := range []string{"", "fra", "FR", "ZZZ", "Z110"} {
		_, ok = tt.State(code)
		assert.False(t, ok, code)
	}
	d, ok := tt.AbroadDivision("AFG")
	assert.True(t, ok)
	assert.Equal(t, "AFRICA ASIA OCEANIA ANTARTIDE", d)
	_, ok = tt.AbroadDivision("ITA")
	assert.False(t, ok)
	for s := range tt.States() {
		if s.Kind == "STATO" && s.ISO3 != "ITA" {
			assert.NotEmpty(t, s.AbroadDivision, s.Name)
		}
	}
}

func TestEUMembership(t *testing.T) {
	tt := tables(t)
	for _, c := range []struct {
		iso3, at string
		want     bool
	}{
		{"GBR", "1972-12-31", false}, {"GBR", "1973-01-01", true}, {"GBR", "2020-01-31", true}, {"GBR", "2020-02-01", false},
		{"HRV", "2013-06-30", false}, {"HRV", "2013-07-01", true}, {"ITA", "1957-12-31", false}, {"ITA", "1958-01-01", true},
		{"CHE", "2024-01-01", false}, {"NOR", "2024-01-01", false}, {"", "2024-01-01", false}, {"ita", "2024-01-01", false},
	} {
		assert.Equal(t, c.want, tt.EUMember(c.iso3, on(c.at)), "%s %s", c.iso3, c.at)
	}
	assert.False(t, tt.EUMember("GBR", Date{}))
	assert.True(t, tt.EUMember("DEU", Date{}))
	for at, n := range map[string]int{"1958-01-01": 6, "1973-01-01": 9, "1981-01-01": 10, "1986-01-01": 12, "1995-01-01": 15,
		"2004-05-01": 25, "2007-01-01": 27, "2013-07-01": 28, "2020-02-01": 27} {
		members := 0
		for s := range tt.States() {
			if tt.EUMember(s.ISO3, on(at)) {
				members++
			}
		}
		assert.Equal(t, n, members, at)
	}
	assert.Len(t, tt.EUMemberships(), 28)
}

func TestColleges(t *testing.T) {
	tt := tables(t)
	assert.Len(t, tt.ChamberColleges("H501"), 7)
	assert.Len(t, tt.SenateColleges("H501"), 3)
	assert.Equal(t, []College{{Constituency: "VALLE D'AOSTA", SingleMember: "U01", SingleMemberName: "AOSTA"}}, tt.ChamberColleges("A326"))
	bolzano := tt.SenateColleges("A952")
	require.Len(t, bolzano, 1)
	assert.Equal(t, "TRENTINO-ALTO ADIGE/SÜDTIROL | | U04", bolzano[0].String())
	assert.NotEmpty(t, tt.ChamberColleges("L487"), "a comune that has ceased since keeps its own")
	assert.Nil(t, tt.ChamberColleges("D005"), "one that ceased before has none")
	assert.Nil(t, tt.SenateColleges("Q999"))

	for s, want := range map[string]bool{
		"PIEMONTE 1 | P01 | U01": true, "piemonte 1|P01|U01": true, "PIEMONTE 1 | P02 | U01": false, "PIEMONTE | P01 | U01": false,
		"PIEMONTE 1 | | U01": false, "VALLE D'AOSTA | | U01": true, "VALLE D'AOSTA/VALLÉE D'AOSTE | | U01": true, "VALLE D'AOSTA | P01 | U01": false,
		"TRENTINO-ALTO ADIGE | P01 | U01": true, "TRENTINO ALTO ADIGE/SUDTIROL | P01 | U04": true, "MARCHE | P01 | U05": false,
	} {
		c, err := ParseCollege(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, tt.ChamberCollegeExists(c), s)
	}
	assert.True(t, tt.SenateCollegeExists(College{Constituency: "TRENTINO-ALTO ADIGE", SingleMember: "U06"}))
	assert.False(t, tt.SenateCollegeExists(College{Constituency: "TRENTINO-ALTO ADIGE", MultiMember: "P01", SingleMember: "U06"}))
	assert.True(t, tt.SenateCollegeExists(College{Constituency: "LAZIO", MultiMember: "P02"}))
	assert.False(t, tt.SenateCollegeExists(College{Constituency: "LAZIO", MultiMember: "P03"}))
	assert.True(t, tt.SenateCollegeExists(College{Constituency: "Lazio"}))
	assert.False(t, tt.SenateCollegeExists(College{}))
	for _, s := range []string{"", "PIEMONTE 1", "PIEMONTE 1 | P01", "| P01 | U01", "A | P1 | U01", "A | P01 | ", "A | P01 | U1", "A|P01|U01|", "A|U01|P01"} {
		_, err := ParseCollege(s)
		assert.ErrorContains(t, err, "expected", s)
	}
	for _, c := range append(tt.AllChamberColleges(), tt.AllSenateColleges()...) {
		back, err := ParseCollege(c.String())
		require.NoError(t, err)
		assert.Equal(t, College{Constituency: c.Constituency, MultiMember: c.MultiMember, SingleMember: c.SingleMember}, back)
	}
}

func TestCanonical(t *testing.T) {
	tt := tables(t)
	for _, c := range []struct {
		kind       Kind
		name, want string
	}{
		{KindChamber, "Trentino-Alto Adige", "TRENTINO-ALTO ADIGE/SÜDTIROL"}, {KindSenate, "TRENTINO ALTO ADIGE", "TRENTINO-ALTO ADIGE/SÜDTIROL"},
		{KindChamber, "piemonte 2", "PIEMONTE 2"}, {KindEuropean, "Italia nord-orientale", "II : ITALIA NORD-ORIENTALE"},
		{KindEuropean, "II - ITALIA NORD ORIENTALE", "II : ITALIA NORD-ORIENTALE"}, {KindAbroad, "Africa, Asia, Oceania e Antartide", "AFRICA ASIA OCEANIA ANTARTIDE"},
		{KindRegion, "Valle d’Aosta", "Valle d'Aosta/Vallée d'Aoste"}, {KindRegional, "FORLI'-CESENA", "Forlì-Cesena"}, {KindRegional, "L’AQUILA", "L'Aquila"},
	} {
		got, ok := tt.Canonical(c.kind, c.name)
		assert.True(t, ok, c.name)
		assert.Equal(t, c.want, got)
	}
	_, ok := tt.Canonical(KindChamber, "PIEMONTE")
	assert.False(t, ok)
	_, ok = tt.Canonical("", "MARCHE")
	assert.False(t, ok)
	names := map[string]bool{}
	for _, c := range tt.RegionalConstituencies() {
		names[Fold(c.Name)] = true
	}
	assert.Len(t, names, 110, "no two regional constituencies have one name")
}

func TestCertainty(t *testing.T) {
	tt := tables(t)
	counts := map[Certainty]int{}
	for c := range tt.Comuni(Date{}) {
		v, _ := tt.RegionalConstituency(c.Belfiore)
		counts[v.Certainty]++
	}
	assert.Equal(t, map[Certainty]int{Sourced: 7767, GeneralKnowledge: 127}, counts)
	v, ok := tt.RegionalConstituency("D612")
	require.True(t, ok)
	assert.Equal(t, Value{Name: "Firenze 1", Law: "L.R. 26/09/2014 n. 51", Certainty: Sourced, From: on("2014")}, v)
	v, ok = tt.EuropeanConstituency("A944")
	require.True(t, ok)
	assert.Equal(t, "II : ITALIA NORD-ORIENTALE", v.Name)
	_, ok = tt.EuropeanConstituency("D620")
	assert.False(t, ok, "no region, no constituency")
}

func TestLanguages(t *testing.T) {
	tt := tables(t)
	per := map[string]int{}
	for c := range tt.Comuni(Date{}) {
		for _, l := range tt.Languages(c.Belfiore) {
			per[l.Code]++
			assert.Equal(t, l.Code != "LLD", l.InANPR)
		}
	}
	assert.Equal(t, map[string]int{"DE": 116, "FR": 74, "SL": 32, "LLD": 17}, per)
	assert.Equal(t, []Language{
		{Code: "DE", Name: "Tedesca", InANPR: true, OtherName: "St. Ulrich", Certainty: Sourced},
		{Code: "LLD", Name: "Ladina", OtherName: "Urtijëi", Certainty: GeneralKnowledge},
	}, tt.Languages("G140"))
	assert.Empty(t, tt.Languages("H501"))
	k, ok := tt.StreetKind("via")
	require.True(t, ok)
	assert.Equal(t, "VIA", k.Name)
	_, ok = tt.StreetKind("autobahn")
	assert.False(t, ok)
}

// Every past and present name of ANPR's archive is found at its own dates.
func TestArchiveNames(t *testing.T) {
	f, err := os.Open(filepath.Join(testenv.Shared(t), "data", "geo", "comuni_archivio_anpr.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	col := func(name string) int { return slices.Index(rows[0], name) }
	tt, ambiguous := tables(t), 0
	for _, row := range rows[1:] {
		from, to := on(row[col("data_istituzione")]), on(row[col("data_cessazione")])
		for _, at := range []Date{from, to} {
			if at.Year == 9999 || at.Year > 2023 {
				continue
			}
			c, ok := tt.ComuneByName(row[col("denominazione_it_trasl")], row[col("sigla_provincia")], at)
			if !ok {
				ambiguous++
				continue
			}
			if want := row[col("cod_catastale")]; want != "ND" {
				require.Equal(t, want, c.Belfiore, "%v", row)
			}
			c, ok = tt.ComuneByISTAT(row[col("cod_istat")], at)
			require.True(t, ok)
			require.Contains(t, []string{row[col("cod_catastale")], ""}, c.Belfiore)
		}
	}
	assert.Less(t, ambiguous, 25, "only the eight pairs of one name in one province")
}
