package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var firstYear = regexp.MustCompile(`^[0-9]{4}`)

func (g *generator) regional() {
	region := map[string]string{}
	for _, r := range g.shared("geo/comuni_correnti.csv") {
		region[r.get("regione")] = r.get("cod_regione")
	}
	type key struct{ region, name string }
	code := map[key]string{}
	var rows [][]string
	for i, r := range g.shared("elettorale/circoscrizioni_regionali.csv") {
		k := key{r.get("regione"), r.get("circoscrizione")}
		if region[k.region] == "" || code[k] != "" {
			fail("%s:%d: unknown region or constituency given twice", r.file, r.line)
		}
		code[k] = fmt.Sprintf("%03d", i+1)
		rows = append(rows, []string{code[k], region[k.region], k.name, r.get("legge"), firstYear.FindString(r.get("valid_from")), r.get("certezza")})
	}
	g.write("regional", "2026-11-22", []string{regional, situas}, []string{
		"The names are those of the provinces or of the law, not ANPR's own table, which is not published; citations of the laws are partly from memory.",
		"Sardegna follows the provinces before 2016: check after L.R. 7/2021. Umbria, Molise and Valle d'Aosta: one constituency each, its name is to be checked.",
	}, []string{"code", "region", "name", "law", "from", "certainty"}, rows)

	rows = nil
	for _, r := range g.shared("elettorale/circoscrizioni_regionali_comuni.csv") {
		c := code[key{r.get("regione"), r.get("circoscrizione")}]
		if c == "" || !g.current[r.get("cod_catastale")] {
			fail("%s:%d: unknown constituency or comune", r.file, r.line)
		}
		rows = append(rows, []string{r.get("cod_catastale"), c, unless(r.get("certezza"), "sourced")})
	}
	if len(rows) != len(g.current) {
		fail("regional constituencies: %d comuni, expected %d", len(rows), len(g.current))
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	g.write("regional_comuni", "2026-11-22", []string{regional, situas, archive, europee}, []string{
		"Made by the rule of each region; matched comune by comune against results only for Veneto, Liguria, Campania and Puglia. General knowledge: Udine and Tolmezzo, two comuni near Firenze.",
	}, []string{"belfiore", "constituency", "certainty"}, rows)
}

var (
	multiName  = regexp.MustCompile(`^(.+) - (P[0-9]{2})$`)
	singleName = regexp.MustCompile(`^(?:(.+) - )?(U[0-9]{2}) \((.+)\)$`)
)

// colleges writes the colleges of one chamber and those of each comune.
func (g *generator) colleges(table, file string) {
	type node struct{ level, parent, name string }
	nodes := map[string]node{}
	var order []string
	for _, r := range g.shared("elettorale/collegi_" + file + "_2020.csv") {
		nodes[r.get("codice")] = node{r.get("livello"), r.get("codice_padre"), r.get("denominazione")}
		order = append(order, r.get("codice"))
	}
	var rows [][]string
	byName, multiOf := map[string]string{}, map[string]string{}
	for _, code := range order {
		n := nodes[code]
		if n.level != "UNINOMINALE" {
			continue
		}
		m := singleName.FindStringSubmatch(n.name)
		parent, multi := nodes[n.parent], ""
		if parent.level == "PLURINOMINALE" {
			p := multiName.FindStringSubmatch(parent.name)
			if p == nil {
				fail("%s: college %q", file, parent.name)
			}
			multi, parent = p[2], nodes[parent.parent]
			if p[1] != parent.name {
				fail("%s: college %q lies in %q", file, p[0], parent.name)
			}
		}
		if m == nil || parent.level != "CIRCOSCRIZIONE" || m[1] != "" && m[1] != parent.name {
			fail("%s: college %q lies in %q", file, n.name, parent.name)
		}
		short := fmt.Sprintf("%03d", len(rows)+1)
		rows = append(rows, []string{short, code, parent.name, multi, m[2], m[3]})
		byName[parent.name+"|"+n.name], multiOf[short] = short, nodes[n.parent].name
	}
	g.write(table, "2020-12-23", []string{politics}, []string{
		"The colleges of D.Lgs. 177/2020, as the Ministry's results of 2022 have them.",
	}, []string{"code", "eligendo", "constituency", "multi_member", "single_member", "name"}, rows)

	of, divided := map[string][]string{}, map[string]bool{}
	for _, r := range g.shared("elettorale/collegi_" + file + "_2020_comuni.csv") {
		b := r.get("cod_catastale")
		code := byName[r.get("circoscrizione")+"|"+r.get("collegio_uninominale")]
		if code == "" || !g.places[b] {
			fail("%s:%d: unknown college or comune", r.file, r.line)
		}
		if multi := r.get("collegio_plurinominale"); multi != "" && multiOf[code] != multi {
			fail("%s:%d: %s is not in %s", r.file, r.line, r.get("collegio_uninominale"), multi)
		}
		of[b] = append(of[b], code)
		divided[b] = r.get("comune_diviso") == "1"
	}
	rows = nil
	for b, codes := range of {
		slices.Sort(codes)
		if (len(codes) > 1) != divided[b] {
			fail("%s: comune %s: %d colleges, but comune_diviso is %t", file, b, len(codes), divided[b])
		}
		rows = append(rows, []string{b, strings.Join(codes, ",")})
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	g.write(table+"_comuni", "2022-09-25", []string{politics, archive}, []string{
		"The comuni of 2022, of which 17 have ceased since; those made from them are found through the table predecessors.",
	}, []string{"belfiore", "codes"}, rows)
}
