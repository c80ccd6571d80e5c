package anprxml_test

import (
	"bytes"
	"testing"

	"github.com/beevik/etree"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/electoral"
)

// foreignElectors writes a file of one elector with another tool, from the
// schema alone: every optional element of an elector of the general list.
func foreignElectors() *etree.Document {
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0" encoding="UTF-8" standalone="yes"`)
	doc.CreateComment(" prodotto dal gestionale ")
	root := doc.CreateElement("ns2:subentroListe")
	root.CreateAttr("xmlns:ns2", "http://sogei.it/ANPR/subentroListe")
	root.CreateAttr("xmlns:ns3", "http://sogei.it/ANPR/vocabolarioSubentro")
	text := func(parent *etree.Element, tag, value string) { parent.CreateElement(tag).SetText(value) }
	supply := root.CreateElement("datiFornitura")
	text(supply, "versioneFornitura", "1")
	text(supply, "numeroTotaleListe", "1")
	subject := root.CreateElement("listeElettorali").CreateElement("listaSoggetto")
	text(subject, "idSchedaSoggettoANPR", "0042")
	list := subject.CreateElement("lista")
	text(list, "elettore", "S")
	general := list.CreateElement("listaGenerale")
	comune := general.CreateElement("comune")
	text(comune, "nomeComune", "AGLIE'")
	text(comune, "siglaProvinciaIstat", "TO")
	general.CreateElement("sezioneelettoralenum").CreateCData("1 & \"bis\"")
	for _, f := range [][2]string{
		{"referendumnazionali", "S"}, {"elezionimembriue", "S"}, {"senatorepubblica", "S"}, {"circoscrsenatorepubblica", "PIEMONTE"},
		{"cameradeputati", "S"}, {"circoscrcameradeputati", "PIEMONTE 1"}, {"regionali", "s"}, {"comunali", "S"}, {"circoscrizionali", "n"},
	} {
		text(list, f[0], f[1])
	}
	text(subject.CreateElement("certificabilita"), "soggettoCertificabile", "2")
	return doc
}

func TestReadsWhatEtreeWrites(t *testing.T) {
	for name, shape := range map[string]func(*etree.Document){
		"compact": func(*etree.Document) {}, "indented": func(d *etree.Document) { d.Indent(2) }, "tabs": func(d *etree.Document) { d.IndentTabs() },
		"CR LF": func(d *etree.Document) { d.IndentWithSettings(&etree.IndentSettings{Spaces: 4, UseCRLF: true}) },
	} {
		doc := foreignElectors()
		shape(doc)
		data, err := doc.WriteToBytes()
		require.NoError(t, err, name)
		require.NoError(t, xmllint(t, "subentroListe.xsd", data), name)
		got, faults, err := readElectors(t, bytes.NewReader(data))
		require.NoError(t, err, name)
		assert.Empty(t, faults, name)
		full := electoral.FullyCertifiable
		want := electors(t)[0]
		want.ANPRID, want.General.Section, want.Certifiability = "0042", `1 & "bis"`, &full
		want.Status.District = electoral.No
		assert.Equal(t, []electoral.Elector{want}, got, name)
	}
}

// TestEtreeReadsWhatWeWrite is the other direction.
func TestEtreeReadsWhatWeWrite(t *testing.T) {
	doc := etree.NewDocument()
	require.NoError(t, doc.ReadFromBytes(writeSections(t, sections(t))))
	assert.Equal(t, "http://sogei.it/ANPR/subentroSezioni", doc.Root().NamespaceURI())
	first := doc.FindElement("//sezione[1]/sezioneelettoraledenom")
	require.NotNil(t, first)
	assert.Equal(t, sections(t)[0].SeatName, first.Text())
	assert.Empty(t, first.NamespaceURI())
}
