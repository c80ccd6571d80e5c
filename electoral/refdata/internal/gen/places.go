package main

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

func (g *generator) regions() {
	var rows [][]string
	for _, r := range g.shared("elettorale/circoscrizioni_europee.csv") {
		rows = append(rows, []string{r.get("cod_regione_istat"), r.get("regione_istat"), r.get("cod_circoscrizione"),
			r.get("circoscrizione"), "sourced", "1979", ""})
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	region := map[string]string{}
	for _, row := range rows {
		region[row[0]] = row[3]
	}
	// The constituency follows the region: hold that against the list by comune.
	of := map[string]string{}
	for _, r := range g.shared("geo/comuni_correnti.csv") {
		of[r.get("cod_catastale")] = region[r.get("cod_regione")]
	}
	for _, r := range g.shared("elettorale/circoscrizioni_europee_comuni.csv") {
		if want, ok := of[r.get("cod_catastale")]; ok && want != r.get("circoscrizione") {
			fail("%s:%d: %s is not in %s, the constituency of its region", r.file, r.line, r.get("comune"), want)
		}
	}
	g.write("regions", "2024-06-10", []string{europee, situas}, []string{
		"The constituencies of the European Parliament are those of L. 18/1979, table A; each takes whole regions.",
	}, []string{"code", "name", "european_code", "european", "certainty", "from", "to"}, rows)
}

func (g *generator) provinces() {
	seen := map[string]string{}
	var rows [][]string
	for _, r := range g.shared("geo/comuni_correnti.csv") {
		sigla, name := r.get("sigla"), r.get("provincia")
		if old, ok := seen[sigla]; ok {
			if old != name {
				fail("%s:%d: province %s is both %s and %s", r.file, r.line, sigla, old, name)
			}
			continue
		}
		seen[sigla] = name
		rows = append(rows, []string{sigla, name})
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	g.write("provinces", "2026-08-14", []string{situas}, nil, []string{"sigla", "name"}, rows)
}

// longForm is how the archive writes the second name of four Slovene comuni.
var longForm = regexp.MustCompile(`^COMUNE DI .+-OBCINA (.+)$`)

func other(name string) string {
	if m := longForm.FindStringSubmatch(name); m != nil {
		return m[1]
	}
	return name
}

// unless returns a value, or nothing if it is what the reader assumes anyway.
func unless(value, assumed string) string {
	if value == assumed {
		return ""
	}
	return value
}

func (g *generator) comuni() {
	current := map[string]record{}
	for _, r := range g.shared("geo/comuni_correnti.csv") {
		current[r.get("cod_catastale")] = r
	}
	changes := map[string]record{}
	for _, r := range mine("changes.csv") {
		changes[r.get("belfiore")] = r
	}
	used := map[string]bool{}
	change := func(belfiore string) record {
		r, ok := changes[belfiore]
		if !ok {
			fail("changes.csv: no row for %s, which the archive and the list of comuni see differently", belfiore)
		}
		used[belfiore] = true
		return r
	}
	var rows [][]string
	for _, a := range g.shared("geo/comuni_archivio_anpr.csv") {
		belfiore, to := a.get("cod_catastale"), a.get("data_cessazione")
		if belfiore == "ND" {
			belfiore = ""
		}
		g.places[belfiore] = true
		c, exists := current[belfiore]
		if to == "9999-12-31" && exists {
			rows = append(rows, presentRow(c, a))
			delete(current, belfiore)
			g.current[belfiore] = true
			continue
		}
		certainty := ""
		if to == "9999-12-31" {
			ch := change(belfiore)
			to, certainty = ch.get("to"), unless(ch.get("certainty"), "sourced")
		}
		rows = append(rows, pastRow(a, belfiore, to, certainty))
	}
	for belfiore, c := range current {
		ch := change(belfiore)
		g.places[belfiore], g.current[belfiore] = true, true
		row := presentRow(c, record{})
		row[1], row[3] = ch.get("from"), unless(ch.get("certainty"), "sourced")
		rows = append(rows, row)
	}
	if len(used) != len(changes) {
		fail("changes.csv: %d rows, of which %d are needed", len(changes), len(used))
	}
	delete(g.places, "")
	slices.SortFunc(rows, func(a, b []string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[14], b[14]))
	})
	g.write("comuni", "2026-08-14", []string{archive, situas, opendata, europee, ownFacts}, []string{
		"28 periods without a Belfiore code (ND in the archive), all past, have the field empty: they are found by name and by ISTAT's code only.",
		"D588: the archive gives this code to both Filago and Marne before 1928; the name that has it today (Filago) wins where periods overlap.",
		"The archive ends in 2023. The mergers of 2024 and 2026 (17 comuni) have their dates from known/changes.csv; of Albaredo Arnaboldi (A134) only the year is known.",
		"The new Sardinian provinces: ISTAT's code and the sigla are those of 2026, with those of 2024 and 2023 beside them; the archive has no date for the change.",
		"Second names that the archive writes as COMUNE DI X-OBCINA Y are kept as Y.",
	}, []string{"belfiore", "from", "to", "certainty", "istat", "previous_istat", "name", "full_name", "other_name",
		"anpr_name", "anpr_other_name", "sigla", "previous_sigla", "region", "anpr_id", "interior_code", "sections",
		"european_electors", "electors", "residents", "lists_since"}, rows)
}

// presentRow is the row of a comune that exists; a is its row of the archive,
// without columns for one that is newer than the archive.
func presentRow(c, a record) []string {
	name, full := c.get("denominazione_it"), c.get("denominazione")
	otherName := c.get("denominazione_altra_lingua")
	var from, anprName, anprOther, sigla, id string
	if a.of != nil {
		from, anprName, sigla, id = a.get("data_istituzione"), a.get("denominazione_it_trasl"), a.get("sigla_provincia"), a.get("id_anpr")
		anprOther = other(a.get("altra_denominazione_trasl"))
		if otherName == "" {
			otherName = other(a.get("altra_denominazione"))
		}
	}
	if sigla == c.get("sigla") {
		sigla = ""
	}
	return []string{c.get("cod_catastale"), from, "", "", c.get("cod_istat"), unless(c.get("cod_istat_2024"), c.get("cod_istat")),
		name, unless(full, name), otherName, unless(anprName, strings.ToUpper(name)), unless(anprOther, strings.ToUpper(otherName)),
		c.get("sigla"), sigla, c.get("cod_regione"), id, c.get("codice_elettorale_interno"), number(c.get("sezioni_europee_2024")),
		number(c.get("elettori_europee_2024")), number(c.get("elettori_comunicati_anpr")), number(c.get("residenti_anpr_2024_11_21")),
		c.get("data_subentro_liste_anpr")}
}

func pastRow(a record, belfiore, to, certainty string) []string {
	name, otherName, region := a.get("denominazione_it"), other(a.get("altra_denominazione")), a.get("cod_regione")
	// EX: the territories ceded in 1947; 00: four comuni gone before 1879.
	if region == "EX" || region == "00" {
		region = ""
	}
	return []string{belfiore, a.get("data_istituzione"), to, certainty, a.get("cod_istat"), "", name, "", otherName,
		unless(a.get("denominazione_it_trasl"), strings.ToUpper(name)),
		unless(other(a.get("altra_denominazione_trasl")), strings.ToUpper(otherName)),
		a.get("sigla_provincia"), "", region, a.get("id_anpr"), "", "", "", "", "", ""}
}

func number(s string) string {
	if s == "0" {
		return ""
	}
	return s
}

func (g *generator) predecessors() {
	var rows [][]string
	for _, r := range mine("predecessors.csv") {
		if !g.current[r.get("belfiore")] || !g.places[r.get("predecessor")] || g.current[r.get("predecessor")] {
			fail("predecessors.csv:%d: expected a comune that exists and one that has ceased", r.line)
		}
		rows = append(rows, r.row)
	}
	g.write("predecessors", "2026-11-22", []string{ownFacts}, []string{
		"Only the comuni that are newer than the tables of the colleges.",
	}, []string{"belfiore", "predecessor", "certainty"}, rows)
}

func (g *generator) languages() {
	rows := [][]string{}
	for _, r := range g.shared("anpr/lingue.csv") {
		rows = append(rows, []string{r.get("id"), r.get("descrizione"), "1"})
	}
	rows = append(rows, []string{"LLD", "Ladina", "0"})
	g.write("languages", "2019-03-11", []string{anprTab}, []string{
		"LLD is the code of ISO 639-2: ANPR's table 14 has no Ladin.",
	}, []string{"code", "name", "in_anpr"}, rows)

	code := map[string]string{"sloveno": "SL", "ladino": "LLD"}
	rows = rows[:0]
	minority := map[string]bool{}
	var ladin, slovene [][]string
	for _, r := range g.shared("geo/comuni_minoranze.csv") {
		c, ok := code[r.get("lingua")]
		if !ok || !g.current[r.get("cod_catastale")] {
			fail("%s:%d: unknown language %q or comune %q", r.file, r.line, r.get("lingua"), r.get("cod_catastale"))
		}
		row := []string{r.get("cod_catastale"), c, r.get("nome_altra_lingua"), r.get("certezza")}
		if minority[row[0]] = true; c == "SL" {
			slovene = append(slovene, row)
		} else {
			ladin = append(ladin, row)
		}
	}
	for _, r := range g.shared("geo/comuni_multilingui.csv") {
		b := r.get("cod_catastale")
		switch r.get("sigla") {
		case "BZ":
			rows = append(rows, []string{b, "DE", r.get("denominazione_altra_lingua_istat2026"), "sourced"})
		case "AO":
			rows = append(rows, []string{b, "FR", capitalised(r.get("altra_denominazione_anpr2023")), "sourced"})
		default:
			if !minority[b] {
				fail("%s:%d: %s has a second name but no language", r.file, r.line, b)
			}
		}
	}
	rows = append(append(rows, slovene...), ladin...)
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	g.write("comuni_languages", "2026-11-22", []string{situas, archive, ontopia, ownFacts}, []string{
		"German: all comuni of the province of Bolzano. French: all of Valle d'Aosta, where the official names are French already. Slovene: 32 comuni, of which 12 names are sourced. Ladin: 17 comuni; the names of Gardena, Badia and Belluno are from general knowledge.",
		"No Friulian names.",
	}, []string{"belfiore", "language", "name", "certainty"}, rows)
}

// capitalised turns the one French name in capitals, AOSTE, into mixed case.
func capitalised(s string) string {
	if s == "" {
		return ""
	}
	return s[:1] + strings.ToLower(s[1:])
}

func (g *generator) states() {
	rows, at, missing := g.anprStates()
	g.addStates(&rows, at, missing)
	divisions := []string{"EUROPA", "AMERICA MERIDIONALE", "AMERICA SETTENTRIONALE E CENTRALE", "AFRICA ASIA OCEANIA ANTARTIDE"}
	nations := map[string]string{}
	for _, r := range g.shared("elettorale/ripartizioni_estero_nazioni.csv") {
		if !slices.Contains(divisions, r.get("ripartizione")) {
			fail("%s:%d: unknown division %q", r.file, r.line, r.get("ripartizione"))
		}
		if r.get("iso3") != "" {
			nations[r.get("iso3")] = r.get("ripartizione")
		}
	}
	manual := map[string]string{}
	for _, r := range mine("abroad.csv") {
		manual[r.get("iso3")] = r.get("division")
	}
	for i, row := range rows {
		iso, continent := row[1], missing[row[1]]
		switch {
		case iso == "" || iso == "ITA":
		case nations[iso] != "":
			rows[i][15], rows[i][16] = nations[iso], "sourced"
			delete(nations, iso)
		case manual[iso] != "":
			rows[i][15], rows[i][16] = manual[iso], "general-knowledge"
		case continent == "Europa":
			rows[i][15], rows[i][16] = divisions[0], "general-knowledge"
		case continent == "Africa" || continent == "Asia" || continent == "Oceania":
			rows[i][15], rows[i][16] = divisions[3], "general-knowledge"
		}
	}
	if len(nations) != 0 {
		fail("states of the constituency Estero that are in no table of states: %v", nations)
	}
	var abroad [][]string
	for _, d := range divisions {
		abroad = append(abroad, []string{d})
	}
	g.write("abroad", "2022-09-25", []string{politics}, []string{
		"The names are those of the Ministry's results; ANPR's own strings are not published.",
	}, []string{"name"}, abroad)
	g.write("states", "2026-05", []string{anprTab, istatEst, pyCF, politics, ownFacts}, []string{
		"ANPR's table of 2019, with the codes that ISTAT and python-codicefiscale add, and the ceased states.",
		"ISO 3166-1 alpha-2 of the United Kingdom is GB here (ANPR: UK).",
		"The division of the constituency Estero is that of the electors listed in 2022; elsewhere it follows from the continent, as general knowledge. It is left out for Aruba, Bonaire, Curacao, Clipperton, South Georgia and what has no ISO code.",
	}, stateColumns, rows)
}

var stateColumns = []string{"belfiore", "iso3", "iso2", "name", "anpr_id", "istat", "foreign", "interior", "kind", "sovereign",
	"citizenship", "birth", "residence", "from", "to", "abroad", "abroad_certainty"}

// anprStates returns the rows of ANPR's table, where each ISO code stands in
// them, and its continent.
func (g *generator) anprStates() (rows [][]string, at map[string]int, continent map[string]string) {
	at, continent = map[string]int{}, map[string]string{}
	flag := map[string]string{"S": "1", "N": "0", "": "0"}
	for _, r := range g.shared("geo/stati_esteri.csv") {
		name := strings.TrimSpace(r.get("denominazione"))
		if name == "" {
			continue
		}
		iso2 := r.get("iso2")
		switch iso2 {
		case "n.d.":
			iso2 = ""
		case "UK":
			iso2 = "GB"
		}
		iso3 := r.get("iso3")
		if iso3 == "ZZZ" {
			iso3 = ""
		}
		if iso3 != "" {
			at[iso3], continent[iso3] = len(rows), r.get("continente_istat")
		}
		rows = append(rows, []string{r.get("cod_at_belfiore"), iso3, iso2, name, r.get("id_anpr"), r.get("cod_istat"), r.get("cod_mae"),
			r.get("cod_min"), r.get("tipo"), r.get("iso3_sovrano"), flag[r.get("cittadinanza")], flag[r.get("nascita")], flag[r.get("residenza")],
			"", "", "", ""})
	}
	return rows, at, continent
}

// addStates adds the Belfiore codes and the states that ANPR's table lacks.
func (g *generator) addStates(rows *[][]string, at map[string]int, continent map[string]string) {
	codes := map[string]bool{}
	for _, row := range *rows {
		codes[row[0]] = true
	}
	add := func(row []string) {
		if i, ok := at[row[1]]; ok && row[1] != "" {
			if (*rows)[i][0] != "" {
				fail("state %s has the Belfiore codes %s and %s", row[1], (*rows)[i][0], row[0])
			}
			(*rows)[i][0] = row[0]
		} else {
			if row[1] != "" {
				at[row[1]] = len(*rows)
			}
			*rows = append(*rows, row)
		}
		codes[row[0]] = true
	}
	for _, r := range g.shared("geo/stati_esteri_istat.csv") {
		if b := r.get("cod_at_belfiore"); b != "" && !codes[b] {
			add([]string{b, r.get("iso3"), r.get("iso2"), strings.ToUpper(r.get("denominazione_it")), "", r.get("cod_istat"), "", r.get("cod_min"),
				"TERRITORIO", r.get("iso3_stato_padre"), "0", "1", "0", "", "", "", ""})
			if _, ok := continent[r.get("iso3")]; !ok {
				continent[r.get("iso3")] = r.get("continente")
			}
		}
	}
	for _, r := range mine("states.csv") {
		add([]string{r.get("belfiore"), r.get("iso3"), r.get("iso2"), r.get("name"), "", "", "", "", r.get("kind"), r.get("sovereign"),
			"0", "1", "0", "", "", "", ""})
	}
	for _, r := range g.shared("geo/stati_cessati.csv") {
		from := unless(r.get("data_inizio"), "1900-01-01") // the sources' "from the beginning"
		add([]string{r.get("cod_at_belfiore"), r.get("iso3"), "", strings.ToUpper(r.get("denominazione")), "", r.get("cod_istat"), "", "", "CESSATO",
			"", "0", "1", "0", from, r.get("data_fine"), "", ""})
	}
}
