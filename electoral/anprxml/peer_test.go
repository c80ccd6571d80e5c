package anprxml_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"

	"github.com/beevik/etree"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
	"github.com/liste-elettorali/anpr/electoral/electoraltest"
	"github.com/liste-elettorali/anpr/electoral/refdata"
)

// The peer of the benchmarks: what one writes with encoding/xml to read the
// same files, a struct of the same fields for each record.
type (
	peerComune struct {
		Name     string `xml:"nomeComune"`
		ISTAT    string `xml:"codiceIstat"`
		Province string `xml:"siglaProvinciaIstat"`
		Place    string `xml:"descrizioneLocalita"`
	}
	peerEnrolment struct {
		Comune  peerComune `xml:"comune"`
		Section string     `xml:"sezioneelettoralenum"`
	}
	peerElector struct {
		ID             string              `xml:"idSchedaSoggettoANPR"`
		List           peerList            `xml:"lista"`
		Certifiability *peerCertifiability `xml:"certificabilita"`
	}
	peerCertifiability struct {
		Code string `xml:"soggettoCertificabile"`
	}
	peerList struct {
		Capacity           string         `xml:"elettore"`
		General            *peerEnrolment `xml:"listaGenerale"`
		EU                 *peerEU        `xml:"listaAggiuntaUE"`
		Added              *peerAdded     `xml:"listaAggiuntaComReg"`
		Referendums        string         `xml:"referendumnazionali"`
		European           string         `xml:"elezionimembriue"`
		Senate             string         `xml:"senatorepubblica"`
		SenateConstituency string         `xml:"circoscrsenatorepubblica"`
		Chamber            string         `xml:"cameradeputati"`
		ChamberConst       string         `xml:"circoscrcameradeputati"`
		Regional           string         `xml:"regionali"`
		Comunal            string         `xml:"comunali"`
		District           string         `xml:"circoscrizionali"`
	}
	peerEU struct {
		Comunal        string         `xml:"ueelettorecomunali"`
		ComunalList    *peerEnrolment `xml:"listaAggiuntaUEComunali"`
		Parliament     string         `xml:"ueelettoreparlamento"`
		ParliamentList *peerEnrolment `xml:"listaAggiuntaUEParlamento"`
	}
	peerAdded struct {
		Bolzano     string         `xml:"comregelettorebolzano"`
		Trento      string         `xml:"comregelettoretrento"`
		AostaValley string         `xml:"comregelettorevalledaosta"`
		List        *peerEnrolment `xml:"listaBolTreVal"`
	}

	peerSection struct {
		Comune       *peerComune       `xml:"comune"`
		Number       string            `xml:"sezioneelettoralenum"`
		SeatName     string            `xml:"sezioneelettoraledenom"`
		Seat         peerAddress       `xml:"sezioneelettoraleind"`
		European     string            `xml:"circoscrelezionimembriue"`
		Chamber      string            `xml:"collegiocameradeputati"`
		Regional     string            `xml:"circoscrregionali"`
		District     string            `xml:"circosrizioneelezcircosc"`
		Senate       string            `xml:"collegiosenatorepubblica"`
		Translations []peerTranslation `xml:"altraLinguaSezione"`
	}
	peerAddress struct {
		PostCode string     `xml:"cap"`
		Comune   peerComune `xml:"comune"`
		Hamlet   string     `xml:"frazione"`
		Street   peerStreet `xml:"toponimo"`
		House    *peerHouse `xml:"numeroCivico"`
	}
	peerStreet struct {
		KindCode   string `xml:"codSpecie"`
		Kind       string `xml:"specie"`
		KindSource string `xml:"specieFonte"`
		NameCode   string `xml:"codToponimo"`
		Name       string `xml:"denominazioneToponimo"`
		NameSource string `xml:"toponimoFonte"`
	}
	peerHouse struct {
		Code       string     `xml:"codiceCivico"`
		Source     string     `xml:"civicoFonte"`
		Number     string     `xml:"numero"`
		Metric     string     `xml:"metrico"`
		Unnumbered string     `xml:"progSNC"`
		Letter     string     `xml:"lettera"`
		Suffix     string     `xml:"esponente1"`
		Colour     string     `xml:"colore"`
		Inner      *peerInner `xml:"civicoInterno"`
	}
	peerInner struct {
		Court          string `xml:"corte"`
		Staircase      string `xml:"scala"`
		Unit           string `xml:"interno1"`
		UnitSuffix     string `xml:"espInterno1"`
		SubUnit        string `xml:"interno2"`
		SubUnitSuffix  string `xml:"espInterno2"`
		OuterStaircase string `xml:"scalaEsterna"`
		Secondary      string `xml:"secondario"`
		Floor          string `xml:"piano"`
		UnitID         string `xml:"nui"`
		Block          string `xml:"isolato"`
	}
	peerTranslation struct {
		SeatName string `xml:"sezioneelettoraledenomtrad"`
		Address  struct {
			Language string `xml:"idLingua"`
			Note     string `xml:"noteIndirizzo"`
			Place    string `xml:"descrizioneLocalita"`
			Hamlet   string `xml:"frazione"`
			Kind     string `xml:"specie"`
			Name     string `xml:"denominazioneToponimo"`
			CareOf   string `xml:"presso"`
		} `xml:"altraLinguaIndirizzo"`
	}
)

// peerRecords streams a file through encoding/xml: each element tag into a T.
func peerRecords[T any](src io.Reader, tag string, each func(*T)) error {
	d := xml.NewDecoder(src)
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := tok.(xml.StartElement); ok && start.Name.Local == tag {
			rec := new(T)
			if err := d.DecodeElement(rec, &start); err != nil {
				return err
			}
			each(rec)
		}
	}
}

// generated returns the first-load files of a made-up comune: Roma, with its
// own number of sections.
func generated(t testing.TB, n int) (sections, electors []byte) {
	t.Helper()
	g, err := electoraltest.NewGenerator(electoraltest.GeneratorConfig{Comune: "H501", Electors: n, Seed: 1})
	require.NoError(t, err)
	recs := make([]electoral.Elector, 0, n)
	for in := range g.Inhabitants() {
		recs = append(recs, in.Elector)
	}
	return writeSections(t, g.Sections()), writeElectors(t, recs)
}

func peerAnswer(s string) electoral.Answer {
	return map[string]electoral.Answer{"S": electoral.Yes, "N": electoral.No, "": electoral.NotGiven}[s]
}

func peerEnrolled(t *testing.T, tables *refdata.Tables, p *peerEnrolment) *electoral.Enrolment {
	if p == nil {
		return nil
	}
	c, ok := tables.ComuneByISTAT(p.Comune.ISTAT, electoral.Date{})
	require.True(t, ok)
	assert.Equal(t, c.ANPRName, p.Comune.Name)
	assert.Equal(t, c.ProvinceSigla, p.Comune.Province)
	return &electoral.Enrolment{Comune: c.Belfiore, Section: p.Section}
}

func (p *peerElector) elector(t *testing.T, tables *refdata.Tables) electoral.Elector {
	l := p.List
	e := electoral.Elector{
		ANPRID: p.ID, Capacity: peerAnswer(l.Capacity), General: peerEnrolled(t, tables, l.General),
		Status: electoral.Status{
			NationalReferendums: peerAnswer(l.Referendums), EuropeanParliament: peerAnswer(l.European),
			Senate: peerAnswer(l.Senate), SenateConstituency: l.SenateConstituency,
			Chamber: peerAnswer(l.Chamber), ChamberConstituency: l.ChamberConst,
			Regional: peerAnswer(l.Regional), Comunal: peerAnswer(l.Comunal), District: peerAnswer(l.District),
		},
	}
	if l.EU != nil {
		e.EU.Comunal = electoral.AddedList{Enrolled: peerAnswer(l.EU.Comunal), Enrolment: peerEnrolled(t, tables, l.EU.ComunalList)}
		e.EU.Parliament = electoral.AddedList{Enrolled: peerAnswer(l.EU.Parliament), Enrolment: peerEnrolled(t, tables, l.EU.ParliamentList)}
	}
	if l.Added != nil {
		for _, a := range []struct {
			list   *electoral.AddedList
			answer string
		}{{&e.Added.Bolzano, l.Added.Bolzano}, {&e.Added.Trento, l.Added.Trento}, {&e.Added.AostaValley, l.Added.AostaValley}} {
			if a.list.Enrolled = peerAnswer(a.answer); a.list.Enrolled == electoral.Yes {
				a.list.Enrolment = peerEnrolled(t, tables, l.Added.List)
			}
		}
	}
	if p.Certifiability != nil {
		code := electoral.Certifiability(p.Certifiability.Code[0] - '0')
		e.Certifiability = &code
	}
	return e
}

// TestReadsWhatEncodingXMLReads holds the values of a generated file, compact
// and indented, to those that encoding/xml reads; and so shows that the peer
// of the benchmarks does the same work.
func TestReadsWhatEncodingXMLReads(t *testing.T) {
	tables, err := refdata.Embedded()
	require.NoError(t, err)
	sections, electors := generated(t, 2000)
	for name, doc := range map[string][]byte{"compact": electors, "indented": indented(t, electors)} {
		got, faults, err := readElectors(t, bytes.NewReader(doc))
		require.NoError(t, err, name)
		require.Empty(t, faults, name)
		var want []electoral.Elector
		require.NoError(t, peerRecords(bytes.NewReader(doc), "listaSoggetto", func(p *peerElector) { want = append(want, p.elector(t, tables)) }), name)
		require.Len(t, want, 2000, name)
		assert.Equal(t, want, got, name)
	}
	for name, doc := range map[string][]byte{"compact": sections, "indented": indented(t, sections)} {
		got, faults, err := readSections(t, bytes.NewReader(doc))
		require.NoError(t, err, name)
		require.Empty(t, faults, name)
		var peer []peerSection
		require.NoError(t, peerRecords(bytes.NewReader(doc), "sezione", func(p *peerSection) { peer = append(peer, *p) }), name)
		require.Len(t, peer, len(got), name)
		for i, p := range peer {
			s := got[i]
			assert.Equal(t, []string{p.Number, p.SeatName, p.European, p.Regional, p.District, p.Chamber, p.Senate, p.Seat.PostCode, p.Seat.Street.Kind, p.Seat.Street.Name, p.Seat.House.Number},
				[]string{s.Number, s.SeatName, s.EuropeanConstituency, s.RegionalConstituency, s.DistrictConstituency, s.ChamberCollege.String(), s.SenateCollege.String(), s.Seat.PostCode, s.Seat.Street.Kind, s.Seat.Street.Name, s.Seat.House.Number}, name)
		}
	}
}

// indented gives a file the form that most tools write: one element a line.
func indented(t testing.TB, doc []byte) []byte {
	t.Helper()
	d := etree.NewDocument()
	require.NoError(t, d.ReadFromBytes(doc))
	d.Indent(2)
	out, err := d.WriteToBytes()
	require.NoError(t, err)
	return out
}
