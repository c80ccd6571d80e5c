package verify

// The codes of revisionRules.
const (
	unreadableRevision     ReasonCode = "unreadable"
	bytesWithoutTable      ReasonCode = "bytes-without-table"
	hybridTable            ReasonCode = "hybrid-table"
	signatureRemoved       ReasonCode = "signature-removed"
	trailerEntry           ReasonCode = "trailer-entry"
	sizeShrinks            ReasonCode = "size-shrinks"
	identifierChanged      ReasonCode = "identifier-changed"
	keyTwice               ReasonCode = "key-twice"
	catalogReplaced        ReasonCode = "catalog-replaced"
	catalogEntry           ReasonCode = "catalog-entry"
	extensionsForm         ReasonCode = "extensions-form"
	objectInUse            ReasonCode = "object-in-use"
	objectReplaced         ReasonCode = "object-replaced"
	objectDeleted          ReasonCode = "object-deleted"
	objectDefined          ReasonCode = "dangling-object-defined"
	nestedTooDeep          ReasonCode = "nested-too-deep"
	storeRemoved           ReasonCode = "validation-data-removed"
	storeForm              ReasonCode = "validation-data-form"
	storeEntry             ReasonCode = "validation-data-entry"
	malformedForm          ReasonCode = "form-form"
	formEntry              ReasonCode = "form-entry"
	formResource           ReasonCode = "form-resource"
	structureEntry         ReasonCode = "structure-entry"
	formFieldsRemoved      ReasonCode = "form-fields-removed"
	formFieldOld           ReasonCode = "form-field-not-new"
	newFieldForm           ReasonCode = "new-field-form"
	newFieldType           ReasonCode = "new-field-not-signature"
	newFieldName           ReasonCode = "new-field-name"
	signatureFieldUnsigned ReasonCode = "signature-field-changed"
	signatureFieldEntry    ReasonCode = "signature-field-entry"
	signatureFieldPage     ReasonCode = "signature-field-page"
	signatureFieldLook     ReasonCode = "signature-field-appearance"
	stampVisible           ReasonCode = "timestamp-visible"
	fieldNotFillable       ReasonCode = "field-not-fillable"
	fieldReadOnly          ReasonCode = "field-read-only"
	fieldHidden            ReasonCode = "field-hidden"
	fieldCovers            ReasonCode = "field-covers-page"
	fieldNotEmpty          ReasonCode = "field-not-empty"
	fieldEntry             ReasonCode = "field-entry"
	fieldDate              ReasonCode = "field-date"
	fieldValueForm         ReasonCode = "field-value"
	fieldState             ReasonCode = "field-state"
	appearanceForm         ReasonCode = "field-appearance-form"
	appearanceEntry        ReasonCode = "field-appearance-entry"
	appearanceNotEmpty     ReasonCode = "field-appearance-not-empty"
	pageRemoved            ReasonCode = "page-removed"
	pageEntry              ReasonCode = "page-entry"
	annotationsRemoved     ReasonCode = "annotations-removed"
	annotationAdded        ReasonCode = "annotation-added"
	annotationOld          ReasonCode = "annotation-not-new"
	annotationKind         ReasonCode = "annotation-kind"
	annotationEntry        ReasonCode = "annotation-entry"
	annotationOpen         ReasonCode = "annotation-open"
	annotationDark         ReasonCode = "annotation-dark"
	informationReplaced    ReasonCode = "information-replaced"
	informationEntry       ReasonCode = "information-entry"
	metadataForm           ReasonCode = "metadata-form"
	metadataChanged        ReasonCode = "metadata-changed"
	metadataAdded          ReasonCode = "metadata-added"
	signingForbidden       ReasonCode = "signing-forbidden"
	fillingForbidden       ReasonCode = "filling-forbidden"
	visibleForbidden       ReasonCode = "visible-signature-forbidden"
	fieldLocked            ReasonCode = "field-locked"
)

// What several rules rest on.
const (
	isoUpdates  = "ISO 32000-2, 7.5.6 (aggiornamenti incrementali)"
	isoDocMDP   = "ISO 32000-2, 12.8.2.2 (DocMDP)"
	isoFieldMDP = "ISO 32000-2, 12.8.2.4 (FieldMDP) e 12.7.5.5 (Lock)"
	isoDSS      = "ISO 32000-2, 12.8.4.3 (DSS); EN 319 142-1, 5.4.2"
	isoForm     = "ISO 32000-2, 12.7 (moduli)"
	isoSignHere = "ISO 32000-2, 12.7.5.5 (campi firma)"
	isoStamp    = "ISO 32000-2, 12.8.5; EN 319 142-1, 5.4.3 (marca temporale del documento)"
	isoWidgets  = "ISO 32000-2, 12.5.5 (aspetto delle annotazioni)"
	shadow      = "oltre lo standard, contro gli attacchi «shadow» (Mainka, Mladenov, Rohlmann, NDSS 2021)"
)

// revisionRules is in the order of the parts of a file. Messages complete the
// sentence «una revisione …».
var revisionRules = []RevisionRule{
	// The file.
	{Code: unreadableRevision, Message: "non si può leggere (dettaglio tecnico: {detail})",
		Expected: "oggetti ben formati", Source: isoUpdates},
	{Code: bytesWithoutTable, Message: "aggiunge byte senza una tabella degli oggetti",
		Expected: "una tabella degli oggetti per ogni revisione", Source: isoUpdates},
	{Code: hybridTable, Message: "ha due tabelle degli oggetti, che programmi diversi leggono in modo diverso",
		Expected: "una tabella degli oggetti sola", Source: "ISO 32000-2, 7.5.8.4 (XRefStm)"},
	{Code: signatureRemoved, Message: "la firma «{field}» della revisione {signed} è stata rimossa o sostituita",
		Expected: "ogni firma precedente, com'era", Source: "ISO 32000-2, 12.8.1 (firme)"},
	{Code: trailerEntry, Message: "la chiusura del file ha la voce {key}",
		Expected: "le voci dello standard, o quelle di prima", Source: "ISO 32000-2, 7.5.5 (chiusura del file)"},
	{Code: sizeShrinks, Message: "il file dichiara meno oggetti di prima",
		Expected: "Size non minore che nella revisione firmata", Source: "ISO 32000-2, 7.5.5 (chiusura del file)"},
	{Code: identifierChanged, Message: "cambia l'identificativo del documento",
		Expected: "due stringhe, la prima come prima", Source: "ISO 32000-2, 14.4 (identificativi dei file)"},
	{Code: keyTwice, Message: "{what} ha due volte la voce {key}",
		Expected: "ogni voce una volta", Source: "ISO 32000-2, 7.3.7 (dizionari)"},

	// Objects.
	{Code: objectInUse, Message: "sostituisce l'oggetto {object}, che serviva ad altro",
		Expected: "un oggetto nuovo", Source: isoUpdates},
	{Code: objectReplaced, Message: "sostituisce l'oggetto {object} ({kind})",
		Expected: "l'oggetto com'era", Source: isoDocMDP},
	{Code: objectDeleted, Message: "elimina l'oggetto {object} ({kind})",
		Expected: "l'oggetto com'era", Source: isoDocMDP},
	{Code: objectDefined,
		Message:  "definisce l'oggetto {object} ({kind}), al quale il documento firmato già rinviava",
		Expected: "un numero al quale il documento firmato non rinvia", Source: shadow},
	{Code: nestedTooDeep, Message: "gli oggetti aggiunti sono annidati troppo in profondità",
		Expected: "pochi livelli", Source: "limite di questo programma"},

	// The catalog.
	{Code: catalogReplaced, Message: "un altro oggetto prende il posto del catalogo",
		Expected: "lo stesso catalogo, o uno nuovo", Source: "ISO 32000-2, 7.7.2 (catalogo)"},
	{Code: catalogEntry, Message: "cambia la voce {key} del catalogo",
		Expected: "solo AcroForm, DSS, Extensions e Version", Source: isoDocMDP},
	{Code: extensionsForm, Message: "le estensioni del catalogo non sono ben formate",
		Expected: "dizionari di nomi, testi e numeri, scritti nel catalogo, o elenchi di tali dizionari",
		Source:   "ISO 32000-2, 7.12 (estensioni)"},

	// Validation data.
	{Code: storeRemoved, Message: "toglie i dati per la verifica",
		Expected: "i dati di prima, o altri in più", Source: isoDSS},
	{Code: storeForm, Message: "i dati per la verifica non sono ben formati ({expected})",
		Expected: "dizionari e elenchi di flussi", Source: isoDSS},
	{Code: storeEntry, Message: "i dati per la verifica hanno la voce {key}",
		Expected: "solo le voci dello standard", Source: isoDSS},

	// The form.
	{Code: malformedForm, Message: "il modulo non è ben formato", Expected: "un dizionario", Source: isoForm},
	{Code: formEntry, Message: "cambia la voce {key} del modulo",
		Expected: "solo Fields e SigFlags; i valori predefiniti; DR e DA se nessun campo ne cambia", Source: isoForm},
	{Code: formResource, Message: "cambia la risorsa {name} con cui si scrive nei campi del modulo",
		Expected: "le risorse di prima, e altre che nessun campo usa", Source: shadow},
	{Code: formFieldsRemoved, Message: "toglie o riordina i campi del modulo",
		Expected: "i campi di prima, seguiti da campi firma nuovi", Source: isoForm},
	{Code: formFieldOld, Message: "aggiunge al modulo un campo che non è nuovo",
		Expected: "un oggetto nuovo", Source: isoForm},
	{Code: newFieldForm, Message: "il nuovo campo {field} non è ben formato",
		Expected: "un dizionario", Source: isoForm},
	{Code: newFieldType, Message: "aggiunge il campo {field}, che non è di firma",
		Expected: "campi firma soltanto", Source: isoDocMDP},
	{Code: newFieldName,
		Message:  "aggiunge il campo «{field}», il cui nome è quello di un altro campo o si legge in più modi",
		Expected: "un nome leggibile in un solo modo, che nessun campo ha", Source: "ISO 32000-2, 12.7.4.2 (nomi dei campi)"},

	// The structure of a tagged document.
	{Code: structureEntry, Message: "cambia la voce {key} della struttura del documento",
		Expected: "la struttura di prima, seguita dagli elementi dei nuovi campi firma",
		Source:   "ISO 32000-2, 14.7 (struttura logica)"},

	// Fields of signatures.
	{Code: signatureFieldUnsigned, Message: "cambia il campo di firma {field} senza che vi sia apposta una firma",
		Expected: "un campo vuoto che riceve una firma", Source: isoSignHere},
	{Code: signatureFieldEntry, Message: "cambia la voce {key} del campo di firma {field}",
		Expected: "la firma e il suo aspetto", Source: isoSignHere},
	{Code: signatureFieldPage, Message: "il campo di firma {field} non sta su una pagina del documento",
		Expected: "una pagina che c'era", Source: isoSignHere},
	{Code: signatureFieldLook, Message: "cambia ciò che il campo di firma {field} mostrava già",
		Expected: "un campo che non mostrava nulla", Source: shadow},
	{Code: stampVisible, Message: "la marca temporale del campo {field} si vede sulla pagina",
		Expected: "un campo senza aspetto o senza superficie", Source: isoStamp},

	// Other fields.
	{Code: fieldNotFillable, Message: "cambia il campo «{field}», che non è da compilare",
		Expected: "un testo, una scelta o una casella", Source: isoDocMDP},
	{Code: fieldReadOnly, Message: "compila il campo «{field}», che è di sola lettura",
		Expected: "un campo da compilare", Source: "ISO 32000-2, tabella 227 (ReadOnly)"},
	{Code: fieldHidden, Message: "compila il campo «{field}», che è nascosto",
		Expected: "un campo che si vede", Source: shadow},
	{Code: fieldCovers, Message: "compila il campo «{field}», che copre gran parte della pagina",
		Expected: "al più mezza pagina A4", Source: shadow},
	{Code: fieldNotEmpty,
		Message:  "sostituisce ciò che il campo «{field}» conteneva già quando è stato firmato",
		Expected: "un campo vuoto", Source: shadow},
	{Code: fieldEntry, Message: "campo «{field}»: cambia la sua voce {key}",
		Expected: "il valore e il suo aspetto", Source: isoDocMDP},
	{Code: fieldDate, Message: "campo «{field}»: la data non è ben formata",
		Expected: "una stringa", Source: "ISO 32000-2, tabella 166 (M)"},
	{Code: fieldValueForm, Message: "campo «{field}»: il valore non è un testo",
		Expected: "testi, nomi o numeri in oggetti nuovi", Source: "ISO 32000-2, 12.7.5 (tipi di campo)"},
	{Code: fieldState, Message: "campo «{field}»: prende uno stato che non aveva",
		Expected: "uno degli aspetti che il campo aveva già", Source: shadow},
	{Code: appearanceForm, Message: "campo «{field}»: l'aspetto non è un disegno ben formato",
		Expected: "un flusso di tipo Form", Source: isoWidgets},
	{Code: appearanceEntry, Message: "campo «{field}»: cambia la voce {key} dell'aspetto",
		Expected: "solo l'aspetto normale, N", Source: isoWidgets},
	{Code: appearanceNotEmpty, Message: "campo «{field}»: mostrava già qualcosa quando è stato firmato",
		Expected: "un campo senza testi né immagini", Source: shadow},

	// Pages and what comments on them.
	{Code: pageRemoved, Message: "toglie la pagina {page}", Expected: "la pagina com'era", Source: isoDocMDP},
	{Code: pageEntry, Message: "cambia la voce {key} della pagina {page}",
		Expected: "solo Annots", Source: isoDocMDP},
	{Code: annotationsRemoved, Message: "toglie o riordina le annotazioni della pagina {page}",
		Expected: "le annotazioni di prima, seguite da altre", Source: isoDocMDP},
	{Code: annotationAdded, Message: "aggiunge un'annotazione alla pagina {page}",
		Expected: "solo i campi delle firme nuove; altre annotazioni solo se la firma le ammette (DocMDP 3)",
		Source:   isoDocMDP},
	{Code: annotationOld, Message: "aggiunge un'annotazione alla pagina {page} che non è nuova",
		Expected: "un oggetto nuovo", Source: isoDocMDP},
	{Code: annotationKind,
		Message:  "aggiunge un'annotazione alla pagina {page} ({kind}), che può coprire ciò che vi sta",
		Expected: "Text, Popup, Highlight, Underline o Squiggly", Source: shadow},
	{Code: annotationEntry, Message: "aggiunge alla pagina {page} un'annotazione con la voce {key}",
		Expected: "le voci che non mostrano né avviano nulla", Source: shadow},
	{Code: annotationOpen, Message: "aggiunge alla pagina {page} un'annotazione aperta",
		Expected: "un'annotazione chiusa", Source: shadow},
	{Code: annotationDark, Message: "aggiunge alla pagina {page} un'evidenziazione scura",
		Expected: "un colore attraverso il quale si legge", Source: shadow},

	// What is said of the document.
	{Code: informationReplaced, Message: "fa passare un altro oggetto per le informazioni sul documento",
		Expected: "lo stesso oggetto, o uno nuovo", Source: "ISO 32000-2, 14.3.3 (informazioni sul documento)"},
	{Code: informationEntry, Message: "cambia {key} fra le informazioni sul documento",
		Expected: "solo ModDate e Producer", Source: "ISO 32000-2, 14.3.3 (informazioni sul documento)"},
	{Code: metadataForm, Message: "cambia i metadati in una forma che non si sa leggere",
		Expected: "XMP ben formato", Source: "ISO 32000-2, 14.3.2 (metadati)"},
	{Code: metadataChanged, Message: "cambia i metadati ({what})",
		Expected: "solo date e programmi", Source: "ISO 32000-2, 14.3.2 (metadati)"},
	{Code: metadataAdded, Message: "aggiunge ai metadati ({what})",
		Expected: "solo date e programmi", Source: "ISO 32000-2, 14.3.2 (metadati)"},

	// What the signatures permit.
	{Code: signingForbidden, Message: "aggiunge una firma, che la firma di certificazione non ammette",
		Expected: "solo dati per la verifica e marche temporali", Source: isoDocMDP},
	{Code: fillingForbidden,
		Message:  "compila il campo «{field}», e la firma non ammette che si compilino campi",
		Expected: "solo dati per la verifica e marche temporali", Source: isoDocMDP},
	{Code: visibleForbidden, Message: "aggiunge alla pagina una firma visibile, che la firma non ammette",
		Expected: "una firma invisibile, o in un campo che c'era", Source: isoDocMDP},
	{Code: fieldLocked, Message: "cambia il campo «{field}», che la firma «{by}» ha bloccato",
		Expected: "il campo com'era", Source: isoFieldMDP},
}
