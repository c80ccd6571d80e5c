package anprxml_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/anprxml"
	"github.com/liste-elettorali/anpr/electoral/refdata"
	"github.com/liste-elettorali/anpr/internal/testenv"
	"github.com/liste-elettorali/anpr/internal/xmlsec"
)

const aglie = "A074" // a comune whose name has an accent

func sections(t testing.TB) []electoral.Section {
	t.Helper()
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	chamber, senate := tables.ChamberColleges(aglie)[0], tables.SenateColleges(aglie)[0]
	european, _ := tables.EuropeanConstituency(aglie)
	regional, _ := tables.RegionalConstituency(aglie)
	base := electoral.Section{
		Comune: aglie, Number: "1", SeatName: "Scuola primaria \"A & B\" <piano terra>",
		Seat: electoral.Address{PostCode: "10011", Comune: aglie,
			Street: electoral.Street{Kind: "VIA", Name: "DELL'UNITÀ D'ITALIA"}, House: electoral.House{Number: "12", Letter: "A"}},
		EuropeanConstituency: european.Name, RegionalConstituency: strings.ToUpper(regional.Name),
		ChamberCollege: electoral.College{Constituency: chamber.Constituency, MultiMember: chamber.MultiMember, SingleMember: chamber.SingleMember},
		SenateCollege:  electoral.College{Constituency: senate.Constituency, MultiMember: senate.MultiMember, SingleMember: senate.SingleMember},
	}
	full := base.Clone()
	full.Number = "2 bis"
	full.DistrictConstituency = "Circoscrizione 1"
	full.Seat.Place, full.Seat.Hamlet = "LOCALITA'", "SAN GRATO"
	full.Seat.Street = electoral.Street{Kind: "VIA", KindCode: "12", KindSource: "1", Name: "ROMA", NameCode: "AB12", NameSource: "2"}
	full.Seat.House = electoral.House{Code: "C1", Source: "1", Metric: "120", Unnumbered: "3", Letter: "B", Suffix: "BIS", Colour: "1",
		Inner: electoral.Inner{Court: "1", Staircase: "2", Unit: "3", UnitSuffix: "4", SubUnit: "5", SubUnitSuffix: "6", OuterStaircase: "7", Secondary: "8", Floor: "9", UnitID: "10", Block: "11"}}
	full.Translations = []electoral.SectionTranslation{
		{LanguageID: "2", SeatName: "Grundschule", Note: "Hof", Place: "Ort", Hamlet: "Weiler", StreetKind: "STRASSE", StreetName: "DANTE", CareOf: "bei"},
		{LanguageID: "3", SeatName: "École"},
	}
	return []electoral.Section{base, full}
}

func electors(t testing.TB) []electoral.Elector {
	t.Helper()
	all := electoral.Status{
		NationalReferendums: electoral.Yes, EuropeanParliament: electoral.Yes, Senate: electoral.Yes, SenateConstituency: "PIEMONTE",
		Chamber: electoral.Yes, ChamberConstituency: "PIEMONTE 1", Regional: electoral.Yes, Comunal: electoral.Yes, District: electoral.No,
	}
	none := electoral.Status{
		NationalReferendums: electoral.No, EuropeanParliament: electoral.No, Senate: electoral.No, Chamber: electoral.No,
		Regional: electoral.No, Comunal: electoral.No, District: electoral.No,
	}
	place := func(section string) *electoral.Enrolment {
		return &electoral.Enrolment{Comune: aglie, Section: section}
	}
	full := electoral.FullyCertifiable
	eu := none
	eu.EuropeanParliament, eu.Comunal = electoral.Yes, electoral.Yes
	return []electoral.Elector{
		{ANPRID: "1", Capacity: electoral.Yes, General: place("1"), Status: all, Certifiability: &full},
		{ANPRID: "1234567890123456", Capacity: electoral.No, Status: none},
		{ANPRID: "3", Capacity: electoral.Yes, Status: eu, EU: electoral.EULists{
			Comunal:    electoral.AddedList{Enrolled: electoral.Yes, Enrolment: place("1")},
			Parliament: electoral.AddedList{Enrolled: electoral.Yes, Enrolment: place("2 bis")}}},
		{ANPRID: "4", Capacity: electoral.Yes, Status: all, Added: electoral.AddedLists{
			Bolzano: electoral.AddedList{Enrolled: electoral.No}, Trento: electoral.AddedList{Enrolled: electoral.Yes, Enrolment: place("1")}}},
	}
}

func writeSections(t testing.TB, recs []electoral.Section) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := anprxml.NewSectionWriter(&b, anprxml.WriteConfig{Total: len(recs)})
	require.NoError(t, err)
	for _, s := range recs {
		require.NoError(t, w.Write(s))
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func writeElectors(t testing.TB, recs []electoral.Elector) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := anprxml.NewElectorWriter(&b, anprxml.WriteConfig{Total: len(recs), Version: 7})
	require.NoError(t, err)
	for _, e := range recs {
		require.NoError(t, w.Write(e))
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func readElectors(t testing.TB, src io.Reader) (recs []electoral.Elector, faults electoral.Faults, err error) {
	t.Helper()
	file, err := anprxml.ReadElectors(context.Background(), src, anprxml.ReadConfig{})
	if err != nil {
		return nil, nil, err
	}
	for item, err := range file.Items {
		if err != nil {
			return recs, faults, err
		}
		recs, faults = append(recs, item.Record), append(faults, item.Faults...)
	}
	return recs, faults, nil
}

func readSections(t testing.TB, src io.Reader) (recs []electoral.Section, faults electoral.Faults, err error) {
	t.Helper()
	file, err := anprxml.ReadSections(context.Background(), src, anprxml.ReadConfig{})
	if err != nil {
		return nil, nil, err
	}
	for item, err := range file.Items {
		if err != nil {
			return recs, faults, err
		}
		recs, faults = append(recs, item.Record), append(faults, item.Faults...)
	}
	return recs, faults, nil
}

func TestRoundTrip(t *testing.T) {
	gotSections, faults, err := readSections(t, bytes.NewReader(writeSections(t, sections(t))))
	require.NoError(t, err)
	assert.Empty(t, faults)
	assert.Equal(t, sections(t), gotSections)

	gotElectors, faults, err := readElectors(t, bytes.NewReader(writeElectors(t, electors(t))))
	require.NoError(t, err)
	assert.Empty(t, faults)
	assert.Equal(t, electors(t), gotElectors)
}

// xmllint validates a document against one of ANPR's schemas.
func xmllint(t *testing.T, schema string, doc []byte) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "doc.xml")
	require.NoError(t, os.WriteFile(path, doc, 0o600))
	xsd := filepath.Join(testenv.Shared(t), "anpr/wsdl/subentroElettorale", schema)
	out, err := exec.Command(testenv.Tool(t, "xmllint"), "--noout", "--nonet", "--schema", xsd, path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func TestWrittenFilesAreValid(t *testing.T) {
	require.NoError(t, xmllint(t, "subentroSezioni.xsd", writeSections(t, sections(t))))
	require.NoError(t, xmllint(t, "subentroListe.xsd", writeElectors(t, electors(t))))
}

// TestForeignForms reads the same file in the forms that other tools give it.
func TestForeignForms(t *testing.T) {
	doc := string(writeElectors(t, electors(t)))
	body := doc[strings.Index(doc, "?>")+2:]
	utf16le := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(strings.Replace(doc, "UTF-8", "UTF-16", 1))) {
		utf16le = append(utf16le, byte(u), byte(u>>8))
	}
	latin1 := []byte(`<?xml version="1.0" encoding="ISO-8859-1"?>`)
	for _, r := range body {
		require.Less(t, r, rune(256))
		latin1 = append(latin1, byte(r))
	}
	forms := map[string][]byte{
		"another prefix": []byte(strings.NewReplacer("sub:", "anpr-2:", "xmlns:sub", "xmlns:anpr-2").Replace(doc)),
		"default namespace": []byte(strings.NewReplacer("sub:", "", "xmlns:sub", "xmlns",
			"<datiFornitura>", `<datiFornitura xmlns="">`, "<listeElettorali>", `<listeElettorali xmlns="">`).Replace(doc)),
		"CDATA":        []byte(strings.NewReplacer("<elettore>S<", "<elettore><![CDATA[S]]><", "<sezioneelettoralenum>2 bis<", "<sezioneelettoralenum>2<![CDATA[ ]]>bis<").Replace(doc)),
		"comments":     []byte(strings.NewReplacer("<elettore>S", "<!-- - -->\n<?vendor x?><elettore><!--a-->S<!--b-->", "<datiFornitura>", "<!--c--><datiFornitura>").Replace(doc)),
		"references":   []byte(strings.ReplaceAll(doc, "<elettore>S<", "<elettore>&#83;<")),
		"indented":     []byte(strings.ReplaceAll(doc, "><", ">\r\n\t<")),
		"schema hints": []byte(strings.Replace(doc, "<sub:subentroListe ", `<sub:subentroListe xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b" `, 1)),
		"UTF-16":       utf16le,
		"ISO-8859-1":   latin1,
		"byte mark":    append([]byte("\ufeff"), doc...),
		"blanks":       []byte(strings.ReplaceAll(doc, "<numeroTotaleListe>4<", "<numeroTotaleListe>\n 4 <")),
		"lower case":   []byte(strings.ReplaceAll(doc, "<elettore>S<", "<elettore>s<")),
	}
	many := ""
	for i := range 60 { // every namespace of a vendor's context
		many += fmt.Sprintf(" xmlns:ns%d='http://example.it/%d'", i, i)
	}
	forms["many namespaces"] = []byte(strings.Replace(doc, "<sub:subentroListe ", "<sub:subentroListe"+many+" ", 1))
	// the transliterated name goes as it is; so must the accented one
	forms["accented name"] = []byte(strings.ReplaceAll(doc, "AGLIE'", "Agliè"))
	for name, form := range forms {
		got, faults, err := readElectors(t, bytes.NewReader(form))
		require.NoError(t, err, name)
		assert.Empty(t, faults, name)
		assert.Equal(t, electors(t), got, name)
		if name != "UTF-16" && name != "schema hints" {
			assert.NoError(t, xmllint(t, "subentroListe.xsd", form), name)
		}
	}
}

func TestFaultsOfARecord(t *testing.T) {
	doc := string(writeElectors(t, electors(t)))
	cases := []struct {
		name     string
		old, new string
		code     electoral.Code
		tag      string
		value    string
	}{
		{"unknown element", "<elettore>S</elettore>", "<elettore>S</elettore><nuovo>1</nuovo>", anprxml.ElementUnknown, "listaSoggetto/lista", "nuovo"},
		{"missing element", "<regionali>S</regionali>", "", anprxml.ElementMissing, "listaSoggetto/lista/regionali", ""},
		{"missing group", "<lista><elettore>N", "<listaX><elettore>N", anprxml.ElementMissing, "listaSoggetto/lista", ""},
		{"repeated element", "<elettore>S</elettore>", "<elettore>S</elettore><elettore>S</elettore>", anprxml.ElementRepeated, "listaSoggetto/lista", "elettore"},
		{"out of order", "<regionali>S</regionali><comunali>S</comunali>", "<comunali>S</comunali><regionali>S</regionali>", anprxml.ElementRepeated, "listaSoggetto/lista", "regionali"},
		{"value", "<elettore>S<", "<elettore>Si<", anprxml.ValueMalformed, "listaSoggetto/lista/elettore", "Si"},
		{"empty value", "<elettore>S<", "<elettore><", anprxml.ValueMalformed, "listaSoggetto/lista/elettore", ""},
		{"id", "<idSchedaSoggettoANPR>1<", "<idSchedaSoggettoANPR>12345678901234567<", anprxml.ValueMalformed, "listaSoggetto/idSchedaSoggettoANPR", "12345678901234567"},
		{"attribute", "<elettore>S<", "<elettore x='1'>S<", anprxml.AttributeUnknown, "listaSoggetto/lista/elettore", "x=1"},
		{"text in a group", "<lista><elettore>S", "<lista>ciao<elettore>S", anprxml.TextUnexpected, "listaSoggetto/lista", "ciao"},
		{"xsi:type", "<elettore>S<", "<elettore xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='boh'>S<", anprxml.AttributeUnknown, "listaSoggetto/lista/elettore", "i:type=boh"},
		{"no-break space in a group", "<lista><elettore>S", "<lista>\u00a0<elettore>S", anprxml.TextUnexpected, "listaSoggetto/lista", "\u00a0"},
		{"no-break space in an id", "<idSchedaSoggettoANPR>1<", "<idSchedaSoggettoANPR>\u00a01<", anprxml.ValueMalformed, "listaSoggetto/idSchedaSoggettoANPR", "\u00a01"},
		{"namespace", "<elettore>S<", "<elettore xmlns='u'>S<", anprxml.ElementNamespace, "listaSoggetto/lista/elettore", "u"},
		{"element in text", "<elettore>S<", "<elettore>S<b/><", anprxml.ElementUnknown, "listaSoggetto/lista/elettore", "b"},
		{"unknown comune", "<nomeComune>AGLIE'</nomeComune><codiceIstat>001001</codiceIstat>", "<nomeComune>NESSUNO</nomeComune><codiceIstat>999999</codiceIstat>", anprxml.ComuneUnknown, "listaSoggetto/lista/listaGenerale/comune", "NESSUNO (TO) 999999"},
		{"other comune's code", "<codiceIstat>001001<", "<codiceIstat>058091<", anprxml.ComuneDisagrees, "listaSoggetto/lista/listaGenerale/comune", "AGLIE' (TO) 058091"},
		{"list without a flag", "<comregelettoretrento>S<", "<comregelettoretrento>N<", electoral.EnrolmentWithoutAdded, "listaSoggetto/lista/listaAggiuntaComReg/listaBolTreVal", aglie + "/1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			broken := strings.Replace(doc, c.old, c.new, 1)
			if c.name == "missing group" {
				i := strings.Index(doc, "<lista><elettore>N")
				broken = doc[:i] + strings.Replace(strings.Replace(doc[i:], "<lista>", "<listaX>", 1), "</lista>", "</listaX>", 1)
			}
			require.NotEqual(t, doc, broken)
			recs, faults, err := readElectors(t, strings.NewReader(broken))
			require.NoError(t, err)
			assert.Len(t, recs, 4, "the other records are read")
			var found *electoral.Fault
			for i := range faults {
				if faults[i].Code == c.code {
					found = &faults[i]
					break
				}
			}
			require.NotNil(t, found, "%v", faults)
			assert.Equal(t, c.tag, found.Tag)
			assert.Equal(t, c.value, found.Value)
			assert.Equal(t, electoral.Error, found.Severity)
			require.NotNil(t, found.Position)
			assert.Positive(t, found.Position.Line)
			assert.NotEmpty(t, found.Message)
			assert.NotEmpty(t, found.Expected)
			assert.NotEmpty(t, found.Source)
			if !strings.Contains(c.name, "comune") && c.name != "list without a flag" {
				assert.Error(t, xmllint(t, "subentroListe.xsd", []byte(broken)), "xmllint refuses it too")
			}
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	doc := string(writeElectors(t, electors(t)[:1]))
	doc = strings.NewReplacer("<elettore>S<", "<elettore>X<", "<comunali>S</comunali>", "", "<regionali>S<", "<regionali>?<").Replace(doc)
	_, faults, err := readElectors(t, strings.NewReader(doc))
	require.NoError(t, err)
	assert.Len(t, faults, 3)
}

func TestFilesThatCannotBeRead(t *testing.T) {
	doc := string(writeElectors(t, electors(t)))
	cases := []struct {
		name, doc string
		want      error
		contains  string
	}{
		{"truncated", doc[:len(doc)/2], xmlsec.ErrTruncated, ""},
		{"truncated between records", doc[:strings.LastIndex(doc, "</listeElettorali>")], xmlsec.ErrTruncated, ""},
		{"doctype", strings.Replace(doc, "<sub:", "<!DOCTYPE x [<!ENTITY a 'b'>]><sub:", 1), xmlsec.ErrDTD, ""},
		{"other root", strings.ReplaceAll(doc, "subentroListe", "subentroSezioni"), nil, "la radice <subentroListe>"},
		{"trailing data", doc + "<x/>", nil, "second root"},
		{"no namespace", strings.NewReplacer("sub:", "", "xmlns:sub", "x").Replace(doc), nil, "namespace"},
		{"inherited namespace", strings.NewReplacer("sub:", "", "xmlns:sub", "xmlns").Replace(doc), nil, `xmlns=""`},
		{"total", strings.Replace(doc, "<numeroTotaleListe>4<", "<numeroTotaleListe>quattro<", 1), nil, "quattro"},
		{"no records", doc[:strings.Index(doc, "<listaSoggetto>")] + "</listeElettorali></sub:subentroListe>", nil, "almeno un elemento"},
		{"stranger among the records", strings.Replace(doc, "</listaSoggetto>\n<listaSoggetto>", "</listaSoggetto><x/><listaSoggetto>", 1), nil, "listaSoggetto"},
		{"attribute on the root", strings.Replace(doc, "<sub:subentroListe ", "<sub:subentroListe foo='1' ", 1), nil, "nessun attributo"},
		{"attribute in the head", strings.Replace(doc, "<numeroTotaleListe>", "<numeroTotaleListe q='1'>", 1), nil, "nessun attributo"},
		{"no-break space in the head", strings.Replace(doc, "<datiFornitura>", "\u00a0<datiFornitura>", 1), nil, "solo elementi"},
		{"no-break space in the total", strings.Replace(doc, "<numeroTotaleListe>4<", "<numeroTotaleListe>\u00a04<", 1), nil, "cifre"},
		{"value in many pieces", strings.Replace(doc, "<elettore>S<", "<elettore>"+strings.Repeat(strings.Repeat("x", 1000)+"<!---->", 1100)+"<", 1), xmlsec.ErrLimit, "<elettore>"},
		{"not XML", "PK\x03\x04", nil, "outside the root"},
		{"empty", "", xmlsec.ErrTruncated, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readElectors(t, strings.NewReader(c.doc))
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			assert.Contains(t, err.Error(), c.contains)
			assert.Contains(t, err.Error(), "line ")
		})
	}
	file, err := anprxml.ReadElectors(t.Context(), strings.NewReader(doc), anprxml.ReadConfig{MaxBytes: 500})
	if err == nil {
		for _, err = range file.Items {
			if err != nil {
				break
			}
		}
	}
	require.ErrorIs(t, err, xmlsec.ErrLimit)
	file, err = anprxml.ReadElectors(t.Context(), strings.NewReader(doc), anprxml.ReadConfig{MaxRecords: 2})
	require.NoError(t, err)
	n := 0
	for _, err = range file.Items {
		if err != nil {
			break
		}
		n++
	}
	require.ErrorIs(t, err, xmlsec.ErrLimit)
	assert.Equal(t, 2, n)
	_, _, err = readElectors(t, io.MultiReader(strings.NewReader(doc[:700]), errReader{}))
	require.ErrorIs(t, err, errDisk)
}

var errDisk = errors.New("disk")

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errDisk }

func TestWriterRefuses(t *testing.T) {
	var b bytes.Buffer
	w, err := anprxml.NewElectorWriter(&b, anprxml.WriteConfig{Total: 1})
	require.NoError(t, err)
	e := electors(t)[0]
	e.Status.Regional = electoral.NotGiven
	e.Status.Comunal = electoral.NotGiven
	e.Capacity = electoral.NotGiven
	e.General = &electoral.Enrolment{Comune: "Z999", Section: strings.Repeat("x", 201)}
	e.Status.ChamberConstituency = "PIEMONTE\x01"
	err = w.Write(e)
	faults, ok := errors.AsType[electoral.Faults](err)
	require.True(t, ok, "%v", err)
	codes := map[electoral.Code]int{}
	for _, f := range faults {
		codes[f.Code]++
		assert.NotEmpty(t, f.Path)
		assert.NotEmpty(t, f.Tag)
		assert.NotEmpty(t, f.Source)
	}
	assert.Equal(t, map[electoral.Code]int{
		electoral.StatusNotGivenForANPR: 2, anprxml.ElementMissing: 1, anprxml.ComuneUnknown: 1, anprxml.ValueMalformed: 2,
	}, codes)
	require.Error(t, w.Close(), "one announced, none written")

	sw, err := anprxml.NewSectionWriter(&b, anprxml.WriteConfig{Total: 1})
	require.NoError(t, err)
	s := sections(t)[1]
	s.Seat.House.Number = "1"
	s.Translations[1].LanguageID = "DE"
	err = sw.Write(s)
	faults, ok = errors.AsType[electoral.Faults](err)
	require.True(t, ok, "%v", err)
	assert.True(t, faults.Has(anprxml.ElementExclusive))
	assert.True(t, faults.Has(anprxml.ValueMalformed))
	for _, f := range faults {
		if f.Code == anprxml.ValueMalformed {
			assert.Equal(t, "translations[1].languageId", f.Path)
		}
	}
	require.NoError(t, sw.Write(sections(t)[0]))
	require.Error(t, sw.Write(sections(t)[0]), "more than announced")
	require.NoError(t, sw.Close())
	for _, total := range []int{0, -1, 1_000_000_000} {
		_, err := anprxml.NewElectorWriter(&b, anprxml.WriteConfig{Total: total})
		require.Error(t, err)
	}
}

// TestNotCarried: what the file has no element for is told, elector by elector.
func TestNotCarried(t *testing.T) {
	var b bytes.Buffer
	w, err := anprxml.NewElectorWriter(&b, anprxml.WriteConfig{Total: 3})
	require.NoError(t, err)
	e := electors(t)[0]
	require.NoError(t, w.Write(e))
	assert.Empty(t, w.Warnings())
	day := electoral.Date{Year: 2026, Month: 12, Day: 13}
	e.SetRemoval(electoral.Removal{Comune: "A074", List: electoral.TrentoList, Code: electoral.FromTerritorialList})
	e.KeepVote(electoral.KeptVote{Comune: "A074", Consultation: electoral.EuropeanElection, Day: day, Section: "1"})
	e.KeepVote(electoral.KeptVote{Comune: "A109", Consultation: electoral.RegionalElection, Day: day, Section: "1"})
	e.Loss = &electoral.CapacityLoss{Comune: "A074", Day: day}
	wrong := e.Clone()
	wrong.Capacity = electoral.NotGiven
	require.Error(t, w.Write(wrong))
	assert.Empty(t, w.Warnings(), "of what is not written")
	require.NoError(t, w.Write(e))
	require.NoError(t, w.Write(electors(t)[0]))
	require.NoError(t, w.Close())
	var paths []string
	for _, f := range w.Warnings() {
		assert.Equal(t, anprxml.NotCarried, f.Code)
		assert.Equal(t, electoral.Warning, f.Severity)
		assert.Equal(t, 2, f.Record)
		assert.NotContains(t, f.Message, "{")
		paths = append(paths, f.Path)
	}
	assert.Equal(t, []string{"removals", "keptVotes", "keptVotes", "loss"}, paths)
}

func ExampleReadElectors() {
	const file = `<subentroListe xmlns="http://sogei.it/ANPR/subentroListe">
  <datiFornitura xmlns=""><versioneFornitura>1</versioneFornitura><numeroTotaleListe>1</numeroTotaleListe></datiFornitura>
  <listeElettorali xmlns=""><listaSoggetto>
    <idSchedaSoggettoANPR>42</idSchedaSoggettoANPR>
    <lista><elettore>Sì</elettore>
      <referendumnazionali>N</referendumnazionali><elezionimembriue>N</elezionimembriue>
      <senatorepubblica>N</senatorepubblica><cameradeputati>N</cameradeputati>
      <regionali>N</regionali><comunali>N</comunali><circoscrizionali>N</circoscrizionali></lista>
  </listaSoggetto></listeElettorali>
</subentroListe>`
	source, err := anprxml.ReadElectors(context.Background(), strings.NewReader(file), anprxml.ReadConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for item, err := range source.Items {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, f := range item.Faults {
			fmt.Println(f)
		}
	}
	// Output:
	// XML-VAL-01 (riga 5, colonna 12), capacity <listaSoggetto/lista/elettore>: Il valore di <elettore> non è del tipo tipoSN1.; valore "Sì"; atteso: S oppure N [schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)]
}

func FuzzReadElectors(f *testing.F) {
	f.Add(writeElectors(f, electors(f)))
	f.Add(indented(f, writeElectors(f, electors(f))))
	f.Fuzz(func(t *testing.T, doc []byte) {
		require.Equal(t, told(anprxml.ReadElectors, iotest.OneByteReader(bytes.NewReader(doc))), told(anprxml.ReadElectors, bytes.NewReader(doc)))
		recs, faults, err := readElectors(t, bytes.NewReader(doc))
		if err != nil || len(faults) > 0 {
			return
		}
		// What is read without a fault is what the writer would write.
		var b bytes.Buffer
		w, err := anprxml.NewElectorWriter(&b, anprxml.WriteConfig{Total: len(recs)})
		require.NoError(t, err)
		for _, e := range recs {
			if err := w.Write(e); err != nil {
				return // readable, but a rule of the lists forbids it
			}
		}
		require.NoError(t, w.Close())
		again, faults, err := readElectors(t, &b)
		require.NoError(t, err)
		require.Empty(t, faults)
		require.Equal(t, recs, again)
	})
}

func FuzzReadSections(f *testing.F) {
	f.Add(writeSections(f, sections(f)))
	f.Add(indented(f, writeSections(f, sections(f))))
	f.Fuzz(func(t *testing.T, doc []byte) {
		require.Equal(t, told(anprxml.ReadSections, iotest.OneByteReader(bytes.NewReader(doc))), told(anprxml.ReadSections, bytes.NewReader(doc)))
	})
}
