package anprxml

import (
	"slices"

	"github.com/liste-elettorali/anpr/electoral"
)

// The codes of the faults that only a message of ANPR can have.
// [electoral.RuleOf] does not know them; [Rules] does.
const (
	ElementUnknown   electoral.Code = "XML-ELE-01"
	ElementMissing   electoral.Code = "XML-ELE-02"
	ElementRepeated  electoral.Code = "XML-ELE-03"
	ElementNamespace electoral.Code = "XML-ELE-04"
	ElementExclusive electoral.Code = "XML-ELE-05"
	AttributeUnknown electoral.Code = "XML-ATT-01"
	TextUnexpected   electoral.Code = "XML-TXT-01"
	ValueMalformed   electoral.Code = "XML-VAL-01"
	CollegeMalformed electoral.Code = "XML-VAL-02"
	ComuneUnknown    electoral.Code = "XML-COM-01"
	ComuneDisagrees  electoral.Code = "XML-COM-02"
	PlaceNotKept     electoral.Code = "XML-COM-03"
	NotCarried       electoral.Code = "XML-ELE-06"
)

// Rules returns what the codes of this package stand for.
func Rules() []electoral.Rule { return slices.Clone(rules) }

const schemaSource = "schemi ANPR V9.2.7 (tipoDato.xsd, vocabolarioSubentro.xsd)"

// rules are the rules of messages (XML). Read-only.
var rules = []electoral.Rule{
	{
		Code: ElementUnknown, Severity: electoral.Error,
		Description: "il messaggio contiene solo gli elementi dello schema",
		Message:     "L'elemento <{element}> non è previsto in <{parent}>.",
		Expected:    "{expected}",
		Cases: []electoral.Case{
			{Name: "in-text", Message: "L'elemento <{parent}> contiene un altro elemento.", Expected: "solo testo"},
		},
		Source:   schemaSource,
		ANPRCode: "EN489",
	},
	{
		Code: ElementMissing, Severity: electoral.Error,
		Description: "gli elementi obbligatori dello schema sono presenti",
		Message:     "Manca l'elemento <{element}> in <{parent}>.",
		Expected:    "<{element}>",
		Cases: []electoral.Case{
			{Name: "written", Message: "Manca il valore di <{element}>, che ANPR richiede.", Expected: "<{element}>"},
		},
		Source:   schemaSource,
		ANPRCode: "EN489",
	},
	{
		Code: ElementRepeated, Severity: electoral.Error,
		Description: "gli elementi stanno nell'ordine e nel numero dello schema",
		Message:     "L'elemento <{element}> sta più di una volta in <{parent}>.",
		Expected:    "{expected}",
		Cases: []electoral.Case{
			{Name: "order", Message: "L'elemento <{element}> sta fuori ordine in <{parent}>.", Expected: "{expected}"},
		},
		Source:   schemaSource,
		ANPRCode: "EN489",
	},
	{
		Code: ElementNamespace, Severity: electoral.Error,
		Description: "gli elementi sotto la radice non stanno in alcun namespace",
		Message:     "L'elemento <{element}> sta in un namespace.",
		Expected:    "nessun namespace: xmlns=\"\", oppure un prefisso sulla sola radice",
		Source:      schemaSource,
		ANPRCode:    "EN489",
	},
	{
		Code: ElementExclusive, Severity: electoral.Error,
		Description: "tra due elementi alternativi ne sta uno solo",
		Message:     "In <{parent}> stanno sia <{first}> sia <{element}>.",
		Expected:    "uno solo dei due",
		Cases: []electoral.Case{
			{Name: "written", Message: "Sono indicati sia <{element}> sia <{second}>.", Expected: "uno solo dei due"},
		},
		Source:   schemaSource,
		ANPRCode: "EN489",
	},
	{
		Code: AttributeUnknown, Severity: electoral.Error,
		Description: "gli elementi non hanno attributi",
		Message:     "L'elemento <{parent}> ha un attributo.",
		Expected:    "nessun attributo",
		Source:      schemaSource,
		ANPRCode:    "EN489",
	},
	{
		Code: TextUnexpected, Severity: electoral.Error,
		Description: "un elemento composto non contiene testo",
		Message:     "L'elemento <{parent}> contiene testo.",
		Expected:    "solo elementi",
		Source:      schemaSource,
		ANPRCode:    "EN489",
	},
	{
		Code: ValueMalformed, Severity: electoral.Error,
		Description: "il valore ha la forma del suo tipo",
		Message:     "Il valore di <{element}> non è del tipo {type}.",
		Expected:    "{expected}",
		Cases: []electoral.Case{
			{Name: "characters", Message: "Il valore di <{element}> contiene caratteri che l'XML non ammette.",
				Expected: "{expected}"},
		},
		Source:   schemaSource,
		ANPRCode: "EN489",
	},
	{
		Code: CollegeMalformed, Severity: electoral.Error,
		Description: "un collegio è scritto CIRCOSCRIZIONE | Pnn | Unn",
		Message:     "Il collegio non è scritto come nelle tabelle del Ministero.",
		Expected:    "CIRCOSCRIZIONE | Pnn | Unn",
		Source:      schemaSource,
		ANPRCode:    "EN562",
	},
	{
		Code: ComuneUnknown, Severity: electoral.Error,
		Description: "il comune esiste con quel nome, codice ISTAT e provincia",
		Message:     "Il comune non è nelle tabelle.",
		Expected:    "nome, provincia e codice ISTAT di un comune esistente",
		Cases: []electoral.Case{
			{Name: "code", Message: "Il comune non è nelle tabelle.",
				Expected: "il codice catastale di un comune esistente"},
		},
		Source: schemaSource,
	},
	{
		Code: ComuneDisagrees, Severity: electoral.Error,
		Description: "nome, codice ISTAT e provincia sono dello stesso comune",
		Message:     "Nome, codice ISTAT e provincia non sono dello stesso comune.",
		Expected:    "{expected}",
		Source:      schemaSource,
		ANPRCode:    "EN074",
	},
	{
		Code: PlaceNotKept, Severity: electoral.Warning,
		Description: "la località del comune di iscrizione non fa parte dei dati elettorali",
		Message:     "La località del comune di iscrizione non si conserva.",
		Expected:    "nessuna località",
		Cases: []electoral.Case{
			{Name: "section", Message: "La località del comune della sezione non si conserva.",
				Expected: "nessuna località"},
		},
		Source: schemaSource,
	},
	{
		Code: NotCarried, Severity: electoral.Warning,
		Description: "il file del primo caricamento non ha elementi per le cancellazioni e per la perdita del diritto",
		Message:     "Il file non riporta la cancellazione dalla {list}.",
		Expected:    "il servizio 5010, una cancellazione per messaggio",
		Cases: []electoral.Case{
			{Name: "vote", Message: "Il file non riporta il voto che resta nel comune lasciato ({vote}).",
				Expected: "il servizio 5010, che ne riporta uno per cancellazione; " +
					"gli altri al comune di destinazione"},
			{Name: "loss", Message: "Il file riporta la capacità «{capacity}», non che il diritto elettorale è perso.",
				Expected: "una comunicazione al comune di destinazione"},
		},
		Source: schemaSource,
	},
}
